"""Several views of an image, and what the network makes of all of them: test-time augmentation.

The views are fixed, not drawn: evaluated twice, an image gives the same bits.
"""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import pad

from ceteris.study.spec import ViewsSpec


def averaged(
    evaluate: Callable[[Tensor], Tensor], images: Tensor, views: ViewsSpec | None, loss: str
) -> Tensor:
    """The network's outputs on some images, averaged over their views.

    With V views x_v and z = f(x) the outputs, for a network trained on cross-entropy

        p = 1/V sum_v softmax(f(x_v)),    z = log p

    so that softmax(z) is the mean of the probabilities. For one trained on ``"mse"``, whose loss
    reads the outputs as they are, z is the mean of the outputs.

    Args:
        evaluate: the network in evaluation mode: of (B, C, H, W), its outputs (B, K).
        images: float32 (B, C, H, W), normalised.
        views: None for the image alone, which is evaluated once and nothing else done.
        loss: what the network was trained on.

    Returns:
        float32 (B, K).

    Example:
        >>> images = torch.tensor([[[[1.0, 2.0]]]])
        >>> first = lambda x: torch.stack([x[:, 0, 0, 0], 0 * x[:, 0, 0, 0]], dim=1)
        >>> averaged(first, images, ViewsSpec(flip=True), "mse")
        tensor([[1.5000, 0.0000]])
    """
    if views is None:
        return evaluate(images)
    found = [evaluate(view) for view in views_of(images, views)]
    if loss == "mse":
        return torch.stack(found).mean(0)
    logs = torch.stack([outputs.log_softmax(1) for outputs in found])
    return logs.logsumexp(0) - math.log(len(found))


def views_of(images: Tensor, views: ViewsSpec) -> Iterator[Tensor]:
    """The images, then their other views, each (B, C, H, W) with the channels last in memory."""
    for moved in _moved(images, views.shift_pixels):
        yield moved
        if views.flip:
            yield moved.flip(3).contiguous(memory_format=torch.channels_last)


def _moved(images: Tensor, pixels: int) -> Iterator[Tensor]:
    yield images
    if not pixels:
        return
    height, width = images.shape[2:]
    around = pad(images, (pixels, pixels, pixels, pixels), mode="replicate")
    for down, right in ((0, 1), (2, 1), (1, 0), (1, 2)):
        top, left = down * pixels, right * pixels
        window = around[:, :, top : top + height, left : left + width]
        yield window.contiguous(memory_format=torch.channels_last)
