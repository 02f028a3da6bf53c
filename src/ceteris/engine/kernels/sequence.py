"""Kernels one after another: a whole network, or one path of a residual block."""

from collections.abc import Sequence

from torch import Tensor

from ceteris.engine.kernels.kernel import Kernel


class SequenceKernel:
    """Forward from the first to the last, backward from the last to the first.

    Args:
        kernels: in order, one or more.
        first_trained: index of the first that has parameters; their number if none has. Where
            nobody needs the gradient of the input, the backward pass ends there.
    """

    def __init__(self, kernels: Sequence[Kernel], first_trained: int) -> None:
        self.kernels = list(kernels)
        self._first_trained = first_trained
        self.fresh = self.kernels[-1].fresh

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """What the last kernel gives."""
        for kernel in self.kernels:
            x = kernel.forward(x, training)
        return x

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """The gradient of the first kernel's input."""
        end = 0 if wanted else self._first_trained
        back: Tensor | None = gradient
        for index in range(len(self.kernels) - 1, end - 1, -1):
            if back is not None:
                back = self.kernels[index].backward(back, wanted or index > end)
        return back if wanted else None
