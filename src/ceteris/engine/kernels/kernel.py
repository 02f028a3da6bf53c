"""What a kernel is: one layer's forward and backward pass, written by hand."""

from typing import Protocol

from torch import Tensor


class Kernel(Protocol):
    """One layer, between two tensors with the batch first and channels last.

    Images are (B, H, W, C), rows of values (B, F). A kernel may keep what its backward pass needs
    from the last forward pass in training mode, and nothing else from batch to batch.

    Attributes:
        fresh: what it returns, forward and backward, is a new tensor that it does not keep, and
            what it is given is only read. Whoever comes next may then write into the tensor.
    """

    @property
    def fresh(self) -> bool:
        """See above."""

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """The layer's output. In training mode, what the backward pass needs is kept."""

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """Write the gradients of the layer's own parameters; give that of its input.

        Args:
            gradient: of the loss with respect to the output of the last forward pass. It may be
                overwritten by a kernel that is not ``fresh``.
            wanted: whether somebody needs the gradient of the input; None is returned if not.
        """
