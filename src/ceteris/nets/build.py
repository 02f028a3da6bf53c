"""From a description to a ``torch.nn.Module``, and where a module's weights are.

PyTorch is imported when a function here is called and not before.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ceteris.nets.layer import Layer, Role, Shape
from ceteris.nets.layers import Activation, BatchNorm, Conv, Dense, Dropout, Flatten
from ceteris.nets.pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from ceteris.nets.residual import Residual
from ceteris.nets.walk import SHORTCUT, Standing, walk

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Place:
    """One trained parameter of a module, and what drawing its initial values depends on.

    Args:
        name: as ``named_parameters`` gives it, for example ``"dense_1.weight"``.
        layer: the submodule it belongs to, for example ``"dense_1"``.
        role: what it is for.
        shape: of the parameter.
        fan_in: inputs of one unit of its layer, a kernel's area counted in.
        fan_out: outputs, likewise.
    """

    name: str
    layer: str
    role: Role
    shape: Shape
    fan_in: int
    fan_out: int


def build(layers: Sequence[Layer], input_shape: Shape, num_classes: int) -> "nn.Sequential":
    """Make the module of a description, its weights zero.

    Submodules and parameters are named as in :func:`ceteris.nets.account`: ``dense_1.weight``.
    Building draws no random number. Batch normalisation starts at scale 1, shift 0, running mean
    0, running variance 1.

    Args:
        layers: the description; batch normalisation filled in by ``with_batch_norm_defaults``.
        input_shape: of one image, (H, W, C).
        num_classes: K.

    Returns:
        A module in training mode: float images (B, C, H, W), fastest in channels-last memory, to
        logits (B, K).

    Raises:
        CeterisError: the description does not make a network for such images.

    Example:
        >>> print(build([Flatten(), Dense("classes")], (28, 28, 1), 10))
        Sequential(
          (flatten_1): FlattenLast()
          (dense_1): ZeroLinear(in_features=784, out_features=10, bias=True)
        )
    """
    from torch import nn

    # A block comes after what is inside it, which it takes from here.
    made: dict[str, nn.Module] = {}
    for standing in walk(layers, input_shape, num_classes):
        made[standing.name] = _module(standing, made)
    return nn.Sequential(OrderedDict(made))


def weight_places(module: "nn.Module") -> list[Place]:
    """List the parameters of a module whose initial values can be drawn by a formula.

    Those of dense layers and convolutions that train, and of the batch normalisation of described
    networks (roles ``"scale"`` and ``"shift"``, which start at 1 and 0). Others, and parameters
    that are frozen, shared with an earlier layer or computed from others, are left out: they are
    to be kept as their constructor made them.

    ``fan_in`` of a weight (out, in, ...) is ``in`` times the kernel's area, ``fan_out`` is ``out``
    times it, as in Keras and PyTorch.

    Args:
        module: a described network's, or a user's own.

    Example:
        >>> [place.name for place in weight_places(build([Flatten(), Dense(2)], (1, 1, 1), 2))]
        ['dense_1.weight', 'dense_1.bias']
    """
    from torch import nn

    from ceteris.nets.modules import BatchNormalization

    # A parameter has one name here, the first; a computed weight has none.
    names = {id(p): name for name, p in module.named_parameters() if p.requires_grad}
    found = []
    for layer, part in module.named_modules():
        roles: dict[str, Role] = {}
        fan_in = fan_out = 0
        if isinstance(part, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
            roles = {"weight": "weight", "bias": "bias"}
            area = math.prod(part.weight.shape[2:])
            fan_in, fan_out = part.weight.shape[1] * area, part.weight.shape[0] * area
        elif isinstance(part, BatchNormalization):
            roles = {"scale": "scale", "shift": "shift"}
            fan_in = fan_out = len(part.scale)
        for attribute, role in roles.items():
            parameter = getattr(part, attribute)  # None: a layer without bias
            name = f"{layer}.{attribute}" if layer else attribute
            if names.get(id(parameter)) == name:
                shape = tuple(parameter.shape)
                found.append(Place(name, layer, role, shape, fan_in, fan_out))
    return found


def _module(standing: Standing, made: dict[str, "nn.Module"]) -> "nn.Module":
    from torch import nn

    from ceteris.nets import modules

    layer, input_shape = standing.layer, standing.input_shape
    match layer:
        case Dense():
            return modules.ZeroLinear(input_shape[0], layer.output_shape(input_shape)[0])
        case Conv():
            return _convolution(layer, input_shape)
        case MaxPool():
            return nn.MaxPool2d(layer.size, layer.stride)
        case AvgPool():
            return nn.AvgPool2d(layer.size, layer.stride)
        case GlobalAvgPool() | GlobalMaxPool():
            return modules.GlobalPool(largest=isinstance(layer, GlobalMaxPool))
        case Flatten():
            return modules.FlattenLast()
        case Residual():
            around = nn.Sequential(_taken(made, f"{standing.name}.{SHORTCUT}."))
            return modules.ResidualBlock(_taken(made, f"{standing.name}."), around)
        case BatchNorm(momentum=float() as momentum, epsilon=float() as epsilon):
            return modules.BatchNormalization(input_shape[-1], momentum, epsilon)
        case BatchNorm():
            raise ValueError("batch normalisation is filled in by with_batch_norm_defaults")
        case Dropout():
            return nn.Dropout(layer.rate)
        case Activation(name="leaky_relu", slope=float() as slope):
            return nn.LeakyReLU(slope)
        case Activation():
            functions: dict[str, type[nn.Module]] = {
                "relu": nn.ReLU,
                "tanh": nn.Tanh,
                "sigmoid": nn.Sigmoid,
                "gelu": nn.GELU,
            }
            return functions[layer.name]()
    raise TypeError(f"no module is known for {layer!r}")


def _convolution(layer: Conv, input_shape: Shape) -> "nn.Module":
    from ceteris.nets import modules

    channels = input_shape[-1]
    (above, below), (before, after) = layer.zeros_around(input_shape)
    if (above, before) == (below, after):
        return modules.ZeroConv2d(
            channels,
            layer.filters,
            layer.kernel,
            layer.stride,
            padding=(above, before),
            bias=layer.bias,
        )
    zeros = (before, after, above, below)
    return modules.UnevenConv2d(
        channels, layer.filters, layer.kernel, layer.stride, zeros, layer.bias
    )


def _taken(made: dict[str, "nn.Module"], prefix: str) -> "OrderedDict[str, nn.Module]":
    """Take the modules of a path out of those made, by their names within it."""
    names = [name for name in made if name.startswith(prefix)]
    return OrderedDict((name.removeprefix(prefix), made.pop(name)) for name in names)
