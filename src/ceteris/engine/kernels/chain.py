"""A described network as a chain of kernels: forward to the end, backward to the beginning.

Autograd does the same for any module (:mod:`ceteris.engine.passes`) and is the reference in the
tests. By hand nothing is recorded, gradients are written where the update reads them, and layers
can be computed in the order and the number type that is fastest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from ceteris.engine.kernels.batch_norm import BatchNormKernel
from ceteris.engine.kernels.convolution import ConvolutionKernel, split_zeros
from ceteris.engine.kernels.dense import DenseKernel
from ceteris.engine.kernels.global_pooling import GlobalAvgPoolKernel, GlobalMaxPoolKernel
from ceteris.engine.kernels.kernel import Kernel
from ceteris.engine.kernels.pointwise import ActivationKernel, DropoutKernel, FlattenKernel
from ceteris.engine.kernels.pooling import AvgPoolKernel, MaxPoolKernel
from ceteris.engine.kernels.residual import ResidualKernel
from ceteris.engine.kernels.sequence import SequenceKernel
from ceteris.engine.ways import Ways
from ceteris.nets import (
    Activation,
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool,
    Residual,
    Standing,
)

if TYPE_CHECKING:
    from ceteris.nets.modules import BatchNormalization

# Activations that never turn two values round, so that the largest of a window is the same
# before and after them: pooled first, they have a quarter of the numbers to go through.
_RISING = ("relu", "leaky_relu")


class Chain:
    """The passes of a described network.

    Args:
        standings: its layers, as :func:`ceteris.nets.walk` gives them.
        module: holds parameters (with ``grad`` set to views of the flat gradient) and buffers.
        ways: name of a convolution -> how it is computed; ``direct`` where it is not said.
        dtype: of images between convolutions; dense layers take float32.
    """

    def __init__(
        self,
        standings: Sequence[Standing],
        module: nn.Module,
        *,
        ways: Mapping[str, Ways],
        dtype: torch.dtype,
    ) -> None:
        self._whole = _Maker(standings, module, ways, dtype).path("")

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, K), float32, in training mode.

        Args:
            images: float32 (B, C, H, W), channels last in memory.
        """
        return self._through(images, training=True)

    def evaluate(self, images: Tensor) -> Tensor:
        """Logits in evaluation mode; nothing is kept."""
        return self._through(images, training=False)

    @torch.no_grad()
    def backward(self, to_logits: Tensor) -> None:
        """Write every parameter's gradient, given that of the last forward pass's logits."""
        self._whole.backward(to_logits, wanted=False)

    @torch.no_grad()
    def _through(self, images: Tensor, *, training: bool) -> Tensor:
        return self._whole.forward(images.permute(0, 2, 3, 1), training)


def pooled_first(layers: Sequence[Standing]) -> list[Standing]:
    """The layers of a path with every rising activation moved behind the maximum that follows it.

    Values and gradients stay the same to the bit: where the largest value of a window is cut to
    zero, so is its gradient. Only the order of layers changes; shapes are given anew.
    """
    moved = list(layers)
    for index in range(len(moved) - 1):
        first, then = moved[index], moved[index + 1]
        rising = isinstance(first.layer, Activation) and first.layer.name in _RISING
        if rising and isinstance(then.layer, MaxPool | GlobalMaxPool):
            pooled = then.output_shape
            moved[index : index + 2] = [
                Standing(then.name, then.layer, first.input_shape, pooled),
                Standing(first.name, first.layer, pooled, pooled),
            ]
    return moved


@dataclass(frozen=True)
class _Maker:
    """Makes the kernels of a network's paths; arguments as :class:`Chain`'s."""

    standings: Sequence[Standing]
    module: nn.Module
    ways: Mapping[str, Ways]
    dtype: torch.dtype

    def path(self, prefix: str) -> SequenceKernel:
        """The layers whose names begin with ``prefix``; blocks among them hold their own paths."""
        kernels: list[Kernel] = []
        trained: int | None = None
        for standing in pooled_first(self._own(prefix)):
            part = self.module.get_submodule(standing.name)
            # The first of a path may not write into what it is given: others read it too.
            fresh = bool(kernels) and kernels[-1].fresh
            kernels += self._kernels(standing, part, fresh)
            if trained is None and any(p.requires_grad for p in part.parameters()):
                trained = len(kernels) - 1
        return SequenceKernel(kernels, len(kernels) if trained is None else trained)

    def _own(self, prefix: str) -> list[Standing]:
        """The layers of a path, without those inside its blocks."""
        return [
            standing
            for standing in self.standings
            if standing.name.startswith(prefix) and "." not in standing.name[len(prefix) :]
        ]

    def _kernels(self, standing: Standing, part: nn.Module, fresh: bool) -> list[Kernel]:
        match layer := standing.layer:
            case Dense():
                return [DenseKernel(*_trained(part, "weight", "bias"))]
            case Conv():
                return self._convolution(layer, standing, part)
            case MaxPool():
                return [MaxPoolKernel(layer.size, layer.stride or layer.size)]
            case AvgPool():
                return [AvgPoolKernel(layer.size, layer.stride or layer.size)]
            case GlobalMaxPool():
                return [GlobalMaxPoolKernel()]
            case GlobalAvgPool():
                return [GlobalAvgPoolKernel()]
            case BatchNorm():
                module = cast("BatchNormalization", part)
                return [BatchNormKernel(module, *_trained(part, "scale", "shift")[2:])]
            case Activation():
                return [ActivationKernel(layer, in_place=fresh)]
            case Dropout():
                return [DropoutKernel(layer.rate)]
            case Flatten():
                return [FlattenKernel()]
            case Residual():
                shortcut = self.path(f"{standing.name}.shortcut.") if layer.shortcut else None
                return [ResidualKernel(self.path(f"{standing.name}."), shortcut)]
        raise TypeError(f"no kernel is known for {layer!r}")

    def _convolution(self, layer: Conv, standing: Standing, part: nn.Module) -> list[Kernel]:
        border, zeros = split_zeros(layer.zeros_around(standing.input_shape))
        weight, to_weight = _trained(part, "weight")
        bias, to_bias = _trained(part, "bias") if layer.bias else (None, None)
        kernel = ConvolutionKernel(
            weight,
            bias,
            to_weight,
            to_bias,
            stride=layer.stride,
            zeros=zeros,
            ways=self.ways.get(standing.name, Ways()),
            dtype=self.dtype,
        )
        return [kernel] if border is None else [border, kernel]


def _trained(part: nn.Module, *names: str) -> tuple[Any, ...]:
    """Parameters, then the views their gradients are written to: None where they are frozen."""
    parameters = [getattr(part, name) for name in names]
    return (*(p.detach() for p in parameters), *(p.grad for p in parameters))
