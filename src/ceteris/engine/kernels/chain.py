"""A described network as a chain of kernels: forward to the end, backward to the beginning.

Autograd does the same for any module (:mod:`ceteris.engine.passes`) and is the reference in the
tests. By hand nothing is recorded, gradients are written where the update reads them, and layers
can be computed in the order and the number type that is fastest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from ceteris.engine.kernels.batch_norm import BatchNormKernel
from ceteris.engine.kernels.convolution import ConvolutionKernel, split_zeros
from ceteris.engine.kernels.dense import DenseKernel
from ceteris.engine.kernels.kernel import Kernel
from ceteris.engine.kernels.pointwise import ActivationKernel, DropoutKernel, FlattenKernel
from ceteris.engine.kernels.pooling import AvgPoolKernel, MaxPoolKernel
from ceteris.engine.ways import Ways
from ceteris.nets import (
    Activation,
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool,
    Shape,
)

if TYPE_CHECKING:
    from ceteris.nets.modules import BatchNormalization

# Activations that never turn two values round, so that the largest of a window is the same
# before and after them: pooled first, they have a quarter of the numbers to go through.
_RISING = ("relu", "leaky_relu")


@dataclass(frozen=True)
class Named:
    """A layer, the submodule that holds its parameters, and the shape it is given."""

    name: str
    layer: Layer
    input_shape: Shape


class Chain:
    """The passes of a described network.

    Args:
        layers: with their names and input shapes, in order.
        module: holds parameters (with ``grad`` set to views of the flat gradient) and buffers.
        ways: name of a convolution -> how it is computed; ``direct`` where it is not said.
        dtype: of images between convolutions; dense layers take float32.
    """

    def __init__(
        self,
        layers: Sequence[Named],
        module: nn.Module,
        *,
        ways: Mapping[str, Ways],
        dtype: torch.dtype,
    ) -> None:
        self._kernels: list[Kernel] = []
        trained: int | None = None  # index of the first kernel with parameters
        before: Layer | None = None
        for named in pooled_first(layers):
            part = module.get_submodule(named.name)
            self._kernels += _kernels(named, part, before, ways.get(named.name, Ways()), dtype)
            if trained is None and any(True for _ in part.parameters()):
                trained = len(self._kernels) - 1
            before = named.layer
        self._first_trained = trained or 0

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
        gradient: Tensor | None = to_logits
        for index in range(len(self._kernels) - 1, self._first_trained - 1, -1):
            if gradient is not None:
                gradient = self._kernels[index].backward(gradient, index > self._first_trained)

    @torch.no_grad()
    def _through(self, images: Tensor, *, training: bool) -> Tensor:
        x = images.permute(0, 2, 3, 1)
        for kernel in self._kernels:
            x = kernel.forward(x, training)
        return x


def pooled_first(layers: Sequence[Named]) -> list[Named]:
    """The layers with every rising activation moved behind the maximum pooling that follows it.

    Values and gradients stay the same to the bit: where the largest value of a window is cut to
    zero, so is its gradient. Only the order of layers changes; input shapes are given anew.
    """
    moved = list(layers)
    for index in range(len(moved) - 1):
        first, then = moved[index], moved[index + 1]
        rising = isinstance(first.layer, Activation) and first.layer.name in _RISING
        if rising and isinstance(then.layer, MaxPool):
            pool = Named(then.name, then.layer, first.input_shape)
            after = then.layer.output_shape(first.input_shape)
            moved[index : index + 2] = [pool, Named(first.name, first.layer, after)]
    return moved


def _kernels(
    named: Named, part: nn.Module, before: Layer | None, ways: Ways, dtype: torch.dtype
) -> list[Kernel]:
    match layer := named.layer:
        case Dense():
            return [DenseKernel(*_trained(part, "weight", "bias"))]
        case Conv():
            border, zeros = split_zeros(layer.zeros_around(named.input_shape))
            kernel = ConvolutionKernel(
                *_trained(part, "weight", "bias"),
                stride=layer.stride,
                zeros=zeros,
                ways=ways,
                dtype=dtype,
            )
            return [kernel] if border is None else [border, kernel]
        case MaxPool():
            return [MaxPoolKernel(layer.size, layer.stride or layer.size)]
        case AvgPool():
            return [AvgPoolKernel(layer.size, layer.stride or layer.size)]
        case BatchNorm():
            return [
                BatchNormKernel(
                    cast("BatchNormalization", part), *_trained(part, "scale", "shift")[2:]
                )
            ]
        case Activation():
            fresh = isinstance(before, Dense | Conv | MaxPool | AvgPool | BatchNorm)
            return [ActivationKernel(layer, in_place=fresh)]
        case Dropout():
            return [DropoutKernel(layer.rate)]
        case Flatten():
            return [FlattenKernel()]
    raise TypeError(f"no kernel is known for {layer!r}")


def _trained(part: nn.Module, *names: str) -> tuple[Tensor, ...]:
    """Two parameters, then the views their gradients are written to."""
    parameters = [getattr(part, name) for name in names]
    return (*(p.detach() for p in parameters), *(p.grad for p in parameters))
