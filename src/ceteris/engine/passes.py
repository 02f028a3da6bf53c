"""The passes of a network: by hand for described ones, by autograd for any other module."""

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
    """

    def __init__(self, module: nn.Module, gradient: Tensor, precision: str) -> None:
        self._module = module
        self._gradient = gradient
        self._half = precision == "bfloat16"
        self._logits = torch.empty(0)

    def forward(self, images: Tensor) -> Tensor:
        """Logits, and a record of how they came about."""
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
        self._module.train()
        return logits

    def _cast(self) -> AbstractContextManager[object]:
        return torch.autocast("cpu", torch.bfloat16) if self._half else nullcontext()
