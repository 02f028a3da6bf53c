r"""Dense layers: ``y = x W^T + b``.

Backward, with g the gradient of y: ``dW = g^T x``, ``db = sum over the batch of g``,
``dx = g W``. The products write straight into the views of the flat gradient.

In bfloat16 everything is stored in float32 and only the factors of a product are rounded
(:func:`ceteris.engine.precision.products_in`): sums are float32, and no copy of the weights is
made.
"""

import torch
from torch import Tensor


class DenseKernel:
    """A dense layer.

    Args:
        weight: (units, F), a view of the flat parameters; likewise ``bias`` (units,).
        weight_gradient, bias_gradient: views of the flat gradient, written by each backward pass;
            None of a layer that is frozen.
    """

    fresh = True

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor,
        weight_gradient: Tensor | None,
        bias_gradient: Tensor | None,
    ) -> None:
        self._weight = weight
        self._transposed = weight.t()
        self._bias = bias
        self._weight_gradient = weight_gradient
        self._bias_gradient = bias_gradient
        self._x = weight

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """(B, F) to (B, units)."""
        if training:
            self._x = x
        return torch.addmm(self._bias, x, self._transposed)

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """(B, units) to (B, F)."""
        if self._weight_gradient is not None:
            torch.mm(gradient.t(), self._x, out=self._weight_gradient)
            torch.sum(gradient, 0, out=self._bias_gradient)
        return torch.mm(gradient, self._weight) if wanted else None
