r"""One training step in float64 NumPy, by the chain rule, sharing no code with the engine.

The network: two convolutions (3x3, zeros around) with relu, maximum pooling (2x2), batch
normalisation, dropout; a residual block of a convolution with relu; another whose paths are dense
and the mean of the image; relu, dense, cross-entropy.
"""

import math
from collections.abc import Iterator, Mapping

import numpy as np

EPSILON = 1e-3  # of the batch normalisation


def reference_gradient(
    x: np.ndarray, labels: np.ndarray, weights: Mapping[str, np.ndarray], mask: np.ndarray
) -> dict[str, np.ndarray]:
    """Gradients of the mean cross-entropy.

    Args:
        x: images (B, H, W, C), H and W even.
        labels: (B,).
        weights: by name: ``conv_1``, ``conv_2``, ``residual_1.conv_1`` (O, C, 3, 3),
            ``batch_norm_1`` scale and shift, ``residual_2.dense_1`` and ``dense_1`` (out, in),
            each with its bias.
        mask: of the dropout, (B, H/2, W/2, O): 0, or one over the share that is kept.

    Returns:
        A gradient for each of ``weights``, of its shape.
    """
    images, height, width, _ = x.shape
    first = _convolved(x, weights["conv_1.weight"], weights["conv_1.bias"])
    second = np.maximum(first, 0)
    before = _convolved(second, weights["conv_2.weight"], weights["conv_2.bias"])
    blocks = np.maximum(before, 0).reshape(images, height // 2, 2, width // 2, 2, -1)
    blocks = blocks.transpose(0, 1, 3, 5, 2, 4).reshape(images, height // 2, width // 2, -1, 4)
    chosen = blocks.argmax(-1)[..., None]
    pooled = np.take_along_axis(blocks, chosen, -1)[..., 0]

    deviation = pooled - pooled.mean((0, 1, 2))
    sd = np.sqrt((deviation**2).mean((0, 1, 2)) + EPSILON)
    normal = deviation / sd
    dropped = (normal * weights["batch_norm_1.scale"] + weights["batch_norm_1.shift"]) * mask
    within = _convolved(
        dropped, weights["residual_1.conv_1.weight"], weights["residual_1.conv_1.bias"]
    )
    summed = dropped + np.maximum(within, 0)
    rows, filters = summed.reshape(images, -1), weights["residual_2.dense_1.weight"]
    through = rows @ filters.T + weights["residual_2.dense_1.bias"]
    hidden = np.maximum(through + summed.mean((1, 2)), 0)
    logits = hidden @ weights["dense_1.weight"].T + weights["dense_1.bias"]

    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    to_logits = (shares - np.eye(shares.shape[1])[labels]) / images
    to_hidden = (to_logits @ weights["dense_1.weight"]) * (hidden > 0)
    to_summed = (to_hidden @ filters).reshape(summed.shape)
    to_summed += to_hidden[:, None, None] / math.prod(summed.shape[1:3])
    to_dropped, within_weight, within_bias = _back(
        to_summed * (within > 0), dropped, weights["residual_1.conv_1.weight"]
    )
    to_normal = (to_summed + to_dropped) * mask
    to_shift, to_scale = to_normal.sum((0, 1, 2)), (to_normal * normal).sum((0, 1, 2))
    count = pooled[..., 0].size
    to_pooled = (to_normal - (to_shift + normal * to_scale) / count) / sd
    to_pooled *= weights["batch_norm_1.scale"]
    to_blocks = np.zeros_like(blocks)
    np.put_along_axis(to_blocks, chosen, to_pooled[..., None], -1)
    to_blocks = to_blocks.reshape(*chosen.shape[:-1], 2, 2).transpose(0, 1, 4, 2, 5, 3)
    to_before = to_blocks.reshape(before.shape) * (before > 0)
    to_second, second_weight, second_bias = _back(to_before, second, weights["conv_2.weight"])
    to_first = to_second * (first > 0)
    _, first_weight, first_bias = _back(to_first, x, weights["conv_1.weight"])
    return {
        "conv_1.weight": first_weight,
        "conv_1.bias": first_bias,
        "conv_2.weight": second_weight,
        "conv_2.bias": second_bias,
        "batch_norm_1.scale": to_scale,
        "batch_norm_1.shift": to_shift,
        "residual_1.conv_1.weight": within_weight,
        "residual_1.conv_1.bias": within_bias,
        "residual_2.dense_1.weight": to_hidden.T @ rows,
        "residual_2.dense_1.bias": to_hidden.sum(0),
        "dense_1.weight": to_logits.T @ hidden,
        "dense_1.bias": to_logits.sum(0),
    }


def _convolved(x: np.ndarray, filters: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """(B, H, W, C) to (B, H, W, O): the sum over the nine places of a filter."""
    y: np.ndarray = np.zeros((*x.shape[:3], len(filters))) + bias
    for i, j, window in _windows(x):
        y += window @ filters[:, :, i, j].T
    return y


def _back(
    g: np.ndarray, x: np.ndarray, filters: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of a convolution's input, filters and bias, given that of its output."""
    to_filters = np.zeros_like(filters)
    for i, j, window in _windows(x):
        to_filters[:, :, i, j] = np.einsum("bhwo,bhwc->oc", g, window)
    to_x = np.zeros_like(x)
    for i, j, window in _windows(g):
        to_x += window @ filters[:, :, 2 - i, 2 - j]
    return to_x, to_filters, g.sum((0, 1, 2))


def _windows(x: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """The image moved by each of the nine places of a filter, zeros coming in."""
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    for i in range(3):
        for j in range(3):
            yield i, j, padded[:, i : i + height, j : j + width]
