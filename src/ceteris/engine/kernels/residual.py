"""Residual blocks: ``y = layers(x) + shortcut(x)``.

Backward, with g the gradient of y: both paths are given g, and ``dx`` is the sum of what they hand
back; with no shortcut that is g itself. He et al., "Deep residual learning for image recognition"
(2016).

Three tensors are read by more than one: x by both paths, which is why a path that begins with an
activation does not compute it in place; g by both, which is why a path that may overwrite its
gradient is given a copy; and what the layers give, which takes the sum only where none of them
keeps it.
"""

import torch
from torch import Tensor

from ceteris.engine.kernels.kernel import Kernel


class ResidualKernel:
    """The sum of two paths.

    In bfloat16 the sum is rounded to the number type of what the layers give.

    Args:
        layers: of the first path.
        shortcut: of the other path; None leaves x as it is.
    """

    fresh = True

    def __init__(self, layers: Kernel, shortcut: Kernel | None) -> None:
        self._layers, self._shortcut = layers, shortcut
        self._x_dtype = self._around_dtype = torch.float32

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """Any shape, to the one that both paths end in."""
        through = self._layers.forward(x, training)
        around = x if self._shortcut is None else self._shortcut.forward(x, training)
        if training:
            self._x_dtype, self._around_dtype = x.dtype, around.dtype
        around = around.to(through.dtype)
        return through.add_(around) if self._layers.fresh else through + around

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """The shape of x."""
        around: Tensor | None = gradient.to(self._around_dtype)
        if self._shortcut is not None and around is not None:
            unshared = around if self._shortcut.fresh else around.clone()
            around = self._shortcut.backward(unshared, wanted)
        # From here on nobody but the layers and, with no shortcut, the sum below reads it.
        unshared = gradient if self._layers.fresh else gradient.clone()
        through = self._layers.backward(unshared, wanted)
        if not wanted or through is None or around is None:
            return None
        return through.to(self._x_dtype).add_(around.to(self._x_dtype))
