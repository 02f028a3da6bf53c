r"""Batch normalisation, with the running statistics of :class:`ceteris.nets.BatchNormalization`.

Training: ``y = (x - mean) / sqrt(var + epsilon) * scale + shift`` over the batch (and the places
of an image). Backward, with h the normalised x and n numbers for each channel::

    dshift = sum g,   dscale = sum g h,
    dx = scale / sqrt(var + epsilon) (g - (dshift + h dscale) / n)

Ioffe and Szegedy, "Batch normalization" (2015). The sums are the library's, in float32 also where
images are bfloat16.

Frozen, the layer is what it is in evaluation, also while the others train: ``y`` is a multiple of x
plus a constant, the running statistics do not move, and ``dx = scale / sqrt(var + epsilon) g``.
"""

from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from ceteris.nets.modules import BatchNormalization


class BatchNormKernel:
    """Batch normalisation of rows (B, F) or images (B, H, W, C).

    Args:
        module: holds scale, shift and running statistics, which it moves.
        scale_gradient, shift_gradient: views of the flat gradient, written by each backward pass;
            None of a layer that is frozen.
    """

    fresh = True

    def __init__(
        self,
        module: "BatchNormalization",
        scale_gradient: Tensor | None,
        shift_gradient: Tensor | None,
    ) -> None:
        self._module = module
        self._scale_gradient, self._shift_gradient = scale_gradient, shift_gradient
        self._x = self._mean = self._inverse_sd = torch.empty(0)

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """The shape of ``x``."""
        module, first = self._module, _channels_first(x)
        if not training or self._scale_gradient is None:
            y = torch.nn.functional.batch_norm(
                first,
                module.running_mean,
                module.running_variance,
                module.scale,
                module.shift,
                eps=module.epsilon,
            )
            return _channels_last(y)
        y, mean, inverse_sd = torch.native_batch_norm(
            first, module.scale, module.shift, None, None, True, 0.0, module.epsilon
        )
        self._x, self._mean, self._inverse_sd = first, mean, inverse_sd
        module.move(mean, inverse_sd)
        return _channels_last(y)

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """The shape of ``x``."""
        if self._scale_gradient is None or self._shift_gradient is None:
            return self._frozen_backward(gradient) if wanted else None
        dx, dscale, dshift = torch.ops.aten.native_batch_norm_backward(
            _channels_first(gradient),
            self._x,
            self._module.scale,
            None,
            None,
            self._mean,
            self._inverse_sd,
            True,
            self._module.epsilon,
            [wanted, True, True],
        )
        self._scale_gradient.copy_(dscale)
        self._shift_gradient.copy_(dshift)
        return _channels_last(dx) if wanted else None

    def _frozen_backward(self, gradient: Tensor) -> Tensor:
        module = self._module
        inverse_sd = (module.running_variance + module.epsilon).rsqrt_()
        # A new tensor: where paths meet, others read the gradient too.
        return gradient * (module.scale.detach() * inverse_sd).to(gradient.dtype)


def _channels_first(x: Tensor) -> Tensor:
    return x.permute(0, 3, 1, 2) if x.dim() == 4 else x


def _channels_last(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).contiguous() if x.dim() == 4 else x
