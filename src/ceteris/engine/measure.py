"""A network measured on some images: forward passes here, arithmetic in :mod:`ceteris.evaluate`."""

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch

from ceteris.engine.material import Material
from ceteris.engine.passes import Passes
from ceteris.engine.views import averaged
from ceteris.evaluate import cross_entropy, mse
from ceteris.study.spec import ViewsSpec

# In pieces of one size, always: the size can change the last bits of a matrix product. Of large
# images fewer, or the activations of a convolutional network fill the memory and leave the cache.
_IMAGES_AT_ONCE = 500
_NUMBERS_AT_ONCE = 2**18

# The losses of `ceteris.factors.LOSSES` as float64 arithmetic over arrays.
LOSS_OF: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "cross_entropy": cross_entropy,
    "mse": mse,
}


def logits_of(
    passes: Passes,
    material: Material,
    rows: np.ndarray,
    views: ViewsSpec | None = None,
    loss: str = "cross_entropy",
) -> np.ndarray:
    """The network's outputs on some rows, in evaluation mode, float32 (len(rows), K).

    Args:
        passes: of the network.
        material: its images.
        rows: int64, which of them.
        views: what the outputs are averaged over (:func:`ceteris.engine.views.averaged`).
        loss: what the network was trained on; says what is averaged.
    """
    out = torch.empty(len(rows), material.num_classes)
    start = 0
    for piece in pieces(material, rows):
        images, _ = material.batch(torch.from_numpy(piece))
        out[start : start + len(piece)] = averaged(passes.evaluate, images, views, loss)
        start += len(piece)
    return out.numpy()


def pieces(material: Material, rows: np.ndarray) -> Iterator[np.ndarray]:
    """The rows in pieces as they are evaluated."""
    at_once = max(1, min(_IMAGES_AT_ONCE, _NUMBERS_AT_ONCE // math.prod(material.shape)))
    for start in range(0, len(rows), at_once):
        yield rows[start : start + at_once]
