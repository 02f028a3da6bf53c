"""What a kernel is: one layer's forward and backward pass, written by hand."""

from typing import Protocol

from torch import Tensor


class Kernel(Protocol):
    """One layer, between two tensors with the batch first and channels last.

    Images are (B, H, W, C), rows of values (B, F). A kernel may keep what its backward pass needs
    from the last forward pass in training mode, and nothing else from batch to batch.
    """

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """The layer's output. In training mode, what the backward pass needs is kept."""

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """Write the gradients of the layer's own parameters; give that of its input.

        Args:
            gradient: of the loss with respect to the output of the last forward pass. It may be
                overwritten.
            wanted: whether somebody needs the gradient of the input; None is returned if not.
        """
