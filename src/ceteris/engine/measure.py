"""A network measured on some images: forward passes here, arithmetic in :mod:`ceteris.evaluate`."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch

from ceteris.engine.material import Material
from ceteris.engine.passes import Passes
from ceteris.evaluate import cross_entropy, mse

# In pieces of one size, always: the size can change the last bits of a matrix product. Of large
# images fewer, or the activations of a convolutional network fill the memory and leave the cache.
_IMAGES_AT_ONCE = 500
_NUMBERS_AT_ONCE = 2**18

# The losses of `ceteris.factors.LOSSES` as float64 arithmetic over arrays.
LOSS_OF: Mapping[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "cross_entropy": cross_entropy,
    "mse": mse,
}


def logits_of(passes: Passes, material: Material, rows: np.ndarray) -> np.ndarray:
    """The network's outputs on some rows, in evaluation mode, float32 (len(rows), K)."""
    out = torch.empty(len(rows), material.num_classes)
    at_once = max(1, min(_IMAGES_AT_ONCE, _NUMBERS_AT_ONCE // math.prod(material.shape)))
    for start in range(0, len(rows), at_once):
        piece = torch.from_numpy(rows[start : start + at_once])
        images, _ = material.batch(piece)
        out[start : start + len(piece)] = passes.evaluate(images)
    return out.numpy()
