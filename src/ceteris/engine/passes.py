"""The passes of a network: by hand for described ones, by autograd for any other module."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch
from torch import Tensor, nn


class Passes(Protocol):
    """How a network gets from images to logits, and from a gradient back to its parameters'."""

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, K), float32, detached, of images (B, C, H, W) in training mode."""

    def backward(self, to_logits: Tensor) -> None:
        """Write the gradient of every parameter, given that of the last forward's logits."""

    def evaluate(self, images: Tensor) -> Tensor:
        """Logits in evaluation mode; nothing is kept."""


class Automatic:
    """Any module, by autograd; in bfloat16 under PyTorch's autocast.

    Args:
        module: in training mode; left so.
        gradient: the flat vector that the parameters' ``grad`` are views of.
        precision: ``"float32"`` or ``"bfloat16"``.
        still: submodules that are in evaluation mode throughout: their statistics are frozen.
    """

    def __init__(
        self,
        module: nn.Module,
        gradient: Tensor,
        precision: str,
        still: Sequence[nn.Module] = (),
    ) -> None:
        self._module = module
        self._still = still
        self._gradient = gradient
        self._half = precision == "bfloat16"
        self._logits = torch.empty(0)

    def forward(self, images: Tensor) -> Tensor:
        """Logits, and a record of how they came about."""
        self._train()
        with self._cast():
            self._logits = self._module(images).float()
        return self._logits.detach()

    def backward(self, to_logits: Tensor) -> None:
        """The record, read backwards."""
        self._gradient.zero_()
        torch.autograd.backward(self._logits, to_logits)

    def evaluate(self, images: Tensor) -> Tensor:
        """Logits in evaluation mode."""
        self._module.eval()
        with torch.no_grad(), self._cast():
            logits: Tensor = self._module(images).float()
        self._train()
        return logits

    def _train(self) -> None:
        """Training mode, but for what stands still."""
        self._module.train()
        for part in self._still:
            part.eval()

    def _cast(self) -> AbstractContextManager[object]:
        return torch.autocast("cpu", torch.bfloat16) if self._half else nullcontext()
