"""Activations, dropout and flatten: layers that change every number by itself, or none.

Each backward pass is the derivative times the gradient, from what is cheapest to keep: of relu
the output (its sign is the input's), of tanh and sigmoid the output, of the others the input.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ceteris.nets import Activation

_LIBRARY = torch.ops.aten
_STEPS = 2**16  # of a rate


class ActivationKernel:
    """relu, leaky relu, tanh, sigmoid or gelu.

    Args:
        activation: its name, and the slope of a leaky relu.
        in_place: whether the input may be overwritten: nobody else reads it.
    """

    fresh = False

    def __init__(self, activation: Activation, *, in_place: bool) -> None:
        self._name = activation.name
        self._in_place = in_place
        self._slope = activation.slope or 0.0
        self._kept = torch.empty(0)

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """Any shape, unchanged."""
        y = self._output(x if self._in_place or self._name == "gelu" else x.clone())
        if training:
            self._kept = x if self._name == "gelu" else y
        return y

    def _output(self, x: Tensor) -> Tensor:
        match self._name:
            case "relu":
                return x.relu_()
            case "leaky_relu":
                return torch.nn.functional.leaky_relu_(x, self._slope)
            case "tanh":
                return x.tanh_()
            case "sigmoid":
                return x.sigmoid_()
            case _:
                return torch.nn.functional.gelu(x)

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """Derivative times gradient."""
        return self._to_input(gradient) if wanted else None

    def _to_input(self, gradient: Tensor) -> Any:
        kept = self._kept
        match self._name:
            case "relu":
                write = _LIBRARY.threshold_backward.grad_input
                return write(gradient, kept, 0, grad_input=gradient)
            case "leaky_relu":
                return _LIBRARY.leaky_relu_backward(gradient, kept, self._slope, True)
            case "tanh":
                return _LIBRARY.tanh_backward(gradient, kept)
            case "sigmoid":
                return _LIBRARY.sigmoid_backward(gradient, kept)
            case _:
                return _LIBRARY.gelu_backward(gradient, kept)


class DropoutKernel:
    """Dropout: each number is kept with probability 1 - rate and divided by it.

    The mask is one draw for each number in the order of memory, whatever its type, so that two
    number types with one seed drop the same units.

    Args:
        rate: share that is set to zero, in [0, 1), taken to the next of 65,536 steps.
    """

    fresh = False

    def __init__(self, rate: float) -> None:
        # At least one step of the 65,536 is kept, as some are for every rate below 1.
        self._kept_steps = max(1, round((1.0 - rate) * _STEPS))
        self._scale = _STEPS / self._kept_steps
        self._mask = torch.empty(0)

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """Any shape, unchanged."""
        if not training or self._kept_steps == _STEPS:
            return x
        self._mask = draw_mask(x.shape, self._kept_steps).to(x.dtype)
        return torch.mul(x, self._mask).mul_(self._scale)

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """The same mask on the gradient."""
        if not wanted:
            return None
        if self._kept_steps == _STEPS:
            return gradient
        return gradient.mul_(self._mask).mul_(self._scale)


def draw_mask(shape: torch.Size, kept_steps: int) -> Tensor:
    """Ones and zeros, uint8; each is one with probability ``kept_steps / 65536``.

    Sixteen random bits for each number, from a generator whose key is the next draw of the global
    one: twenty times as fast as the library's own ``bernoulli_``, which takes a tenth of the step
    of a network with much dropout.
    """
    key = int(torch.randint(2**62, ()))
    count = shape.numel()
    bits = np.random.SFC64(key).random_raw(-(-count // 4)).view(np.uint16)
    return torch.from_numpy((bits[:count] < kept_steps).view(np.uint8)).view(shape)


class FlattenKernel:
    """(B, H, W, C) to (B, H W C), and to float32: what follows is dense."""

    fresh = False

    def __init__(self) -> None:
        self._shape: torch.Size = torch.Size()
        self._dtype = torch.float32

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """Rows of values stay as they are."""
        self._shape, self._dtype = x.shape, x.dtype
        return x.reshape(len(x), -1).float()

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """The same numbers in the shape of the image."""
        return gradient.to(self._dtype).view(self._shape) if wanted else None
