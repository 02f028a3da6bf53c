"""What augmentation makes of images, to be looked at: by the very code a step uses."""

from functools import partial

import numpy as np
import torch

from ceteris.data import Normalisation
from ceteris.engine.augment import augmentation
from ceteris.engine.material import Scaling
from ceteris.seeds import Streams
from ceteris.study.spec import AugmentSpec


def preview(
    images: np.ndarray, augment: AugmentSpec, *, num_draws: int, seed: int, pixel_max: int
) -> np.ndarray:
    """Some images as the first steps of a run would change them, each step another draw.

    Args:
        images: uint8 (N, H, W, C): the batch of every step.
        augment: what is on.
        num_draws: steps.
        seed: of the run.
        pixel_max: the largest value a pixel can have.

    Returns:
        uint8 (N, num_draws, H, W, C), 0 black and 255 white; what is brighter is cut at white.

    Example:
        >>> one = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
        >>> preview(one, AugmentSpec(flip=True), num_draws=5, seed=0, pixel_max=255).shape
        (1, 5, 2, 2, 1)
    """
    channels = images.shape[3]
    unit = Normalisation.of_arrays(np.zeros(channels), np.full(channels, float(pixel_max)))
    scaling = Scaling(unit, images.shape[1:])
    change = augmentation(augment, Streams(0, seed))
    pixels = torch.from_numpy(np.ascontiguousarray(images))
    steps = []
    for step in range(num_draws):
        changed = scaling.of(pixels, partial(change, step=step))
        light = changed.permute(0, 2, 3, 1).mul(255).round_().clamp_(0, 255)
        steps.append(light.to(torch.uint8).numpy())
    return np.stack(steps, axis=1)
