"""The layers, as values: a description is a tuple of them.

It knows nothing of PyTorch: counts and shapes are known when a study is declared, and
:mod:`ceteris.nets.build` makes the module from it. Conventions are Keras's: images are (H, W, C)
with channels last, ``"same"`` padding puts the odd row at the end.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, final

from ceteris.errors import CeterisError, shown
from ceteris.nets.images import image, sides
from ceteris.nets.layer import UNSAID, Layer, Shape, Weight
from ceteris.nets.pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from ceteris.nets.residual import Residual
from ceteris.nets.values import choice, count, flag, number, wrong_value

CLASSES = "classes"  # units of the last dense layer: as many as the data has classes
ACTIVATIONS = ("relu", "leaky_relu", "tanh", "sigmoid", "gelu")
# Maas, Hannun and Ng (2013), and torch's; Keras's layer has 0.3, its function 0.2.
LEAKY_SLOPE = 0.01


@final
@dataclass(frozen=True)
class Dense(Layer):
    """``y = W x + b``, every output from every input.

    Args:
        units: outputs, 1 or more, or ``"classes"``: as many as the data has classes.

    Example:
        >>> Dense(256).output_shape((16928,)), sum(
        ...     math.prod(w.shape) for w in Dense(256).weights((16928,)))
        ((256,), 4333824)
    """

    kind: ClassVar[str] = "dense"
    units: int | str

    def __post_init__(self) -> None:
        if self.units != CLASSES:
            if isinstance(self.units, str):
                raise wrong_value("dense", "units", self.units, f'a whole number, or "{CLASSES}"')
            object.__setattr__(self, "units", count("dense", "units", self.units))

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (units,); refuse an image."""
        if len(input_shape) != 1:
            raise self._not_flat(input_shape)
        return (self._units(),)

    def weights(self, input_shape: Shape) -> tuple[Weight, ...]:
        """Return W (units, F) and b (units,)."""
        fan_in, units = math.prod(input_shape), self._units()
        return (
            Weight("weight", (units, fan_in), True, fan_in, units, "weight"),
            Weight("bias", (units,), True, fan_in, units, "bias"),
        )

    def _units(self) -> int:
        if isinstance(self.units, str):
            raise ValueError("the number of classes is filled in by ceteris.nets.with_classes")
        return self.units

    def _not_flat(self, input_shape: Shape) -> CeterisError:
        features, last, units = math.prod(input_shape), input_shape[-1], self._units()
        # R0.6 made this mistake in Keras, which does not refuse it.
        return CeterisError(
            "a flatten layer is missing before the dense layer",
            received=f"an image of shape {shown(input_shape)} into dense({units})",
            expected=f"{features:,} values in a row, which is {(features + 1) * units:,} parameters"
            f" (Keras would apply the dense layer to the last axis alone: {(last + 1) * units:,})",
            fix='put "flatten" before it',
        )


@final
@dataclass(frozen=True)
class Conv(Layer):
    """Square filters moved over an image, and a bias for each filter.

    Side of the output, for input side n, kernel k, stride s: ``"valid"``
    ``floor((n - k) / s) + 1``; ``"same"`` ``ceil(n / s)``, with zeros around the image, the odd
    row and column of them at the end.

    Args:
        filters: channels of the output.
        kernel: side of a filter.
        stride: pixels between two places of a filter.
        padding: ``"valid"`` or ``"same"``.
        bias: whether each filter has one; where batch normalisation follows it takes it out again.

    Example:
        >>> Conv(5, 2).output_shape((128, 128, 3))
        (127, 127, 5)
    """

    kind: ClassVar[str] = "conv"
    filters: int
    kernel: int
    stride: int = 1
    padding: str = "valid"
    bias: bool = field(default=True, metadata=UNSAID)

    def __post_init__(self) -> None:
        for key in ("filters", "kernel", "stride"):
            object.__setattr__(self, key, count("conv", key, getattr(self, key)))
        choice("conv", "padding", self.padding, ("valid", "same"))
        flag("conv", "bias", self.bias)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (H', W', filters) by the formula above; refuse a filter larger than the image."""
        height, width, _ = image("conv", input_shape)
        if self.padding == "same":
            return (-(-height // self.stride), -(-width // self.stride), self.filters)
        found = sides("conv", "kernel", self.kernel, self.stride, input_shape)
        return (*found, self.filters)

    def weights(self, input_shape: Shape) -> tuple[Weight, ...]:
        """Return the filters (filters, C, kernel, kernel), and a bias for each if it has one."""
        channels, area = input_shape[-1], self.kernel**2
        shape = (self.filters, channels, self.kernel, self.kernel)
        fan_in, fan_out = area * channels, area * self.filters
        filters = Weight("weight", shape, True, fan_in, fan_out, "weight")
        biases = Weight("bias", (self.filters,), True, fan_in, fan_out, "bias")
        return (filters, biases) if self.bias else (filters,)

    def zeros_around(self, input_shape: Shape) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return rows of zeros (above, below) and columns (before, after) the image.

        ``"same"``: ``max(0, (ceil(n / s) - 1) s + k - n)`` in all, the smaller half first.

        Example:
            >>> Conv(1, 2, padding="same").zeros_around((8, 8, 1))
            ((0, 1), (0, 1))
        """
        if self.padding == "valid":
            return ((0, 0), (0, 0))
        totals = [
            max(0, (-(-side // self.stride) - 1) * self.stride + self.kernel - side)
            for side in input_shape[:2]
        ]
        rows, columns = ((total // 2, total - total // 2) for total in totals)
        return rows, columns


@final
@dataclass(frozen=True)
class Flatten(Layer):
    """An image as one row of values: row by row, pixel by pixel, channel by channel.

    Example:
        >>> Flatten().output_shape((24, 24, 16))
        (9216,)
    """

    kind: ClassVar[str] = "flatten"

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (H W C,)."""
        return (math.prod(input_shape),)

    def weights(self, input_shape: Shape) -> tuple[Weight, ...]:
        """Return none."""
        return ()


@final
@dataclass(frozen=True)
class BatchNorm(Layer):
    """``scale (x - mean) / sqrt(variance + epsilon) + shift``, by feature or channel.

    Training takes mean and (biased) variance from the batch; evaluation takes the running ones,
    ``running = momentum running + (1 - momentum) batch``. Ioffe and Szegedy (2015); Keras's form.

    Args:
        momentum: the share that is kept, 0 <= momentum < 1. PyTorch's word means one minus this.
        epsilon: 0 or more. For both, None leaves it to the study's preset.
    """

    kind: ClassVar[str] = "batch_norm"
    momentum: float | None = None
    epsilon: float | None = None

    def __post_init__(self) -> None:
        for key, below in (("momentum", 1.0), ("epsilon", math.inf)):
            value = getattr(self, key)
            if value is not None:
                checked = number("batch_norm", key, value, low=0, below=below)
                object.__setattr__(self, key, checked)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's."""
        return input_shape

    def weights(self, input_shape: Shape) -> tuple[Weight, ...]:
        """Return scale, shift, running mean and running variance, each (C,)."""
        size = input_shape[-1]
        return (
            Weight("scale", (size,), True, size, size, "scale"),
            Weight("shift", (size,), True, size, size, "shift"),
            Weight("running_mean", (size,), False, size, size, "running"),
            Weight("running_variance", (size,), False, size, size, "running"),
        )


@final
@dataclass(frozen=True)
class Dropout(Layer):
    """While training, each value is 0 with probability ``rate``, else divided by ``1 - rate``.

    A new mask every step. Srivastava et al. (2014), in the inverted form of Keras and PyTorch;
    the book's form multiplies by ``1 - rate`` when it evaluates instead.

    Args:
        rate: 0 <= rate < 1.
    """

    kind: ClassVar[str] = "dropout"
    rate: float

    def __post_init__(self) -> None:
        rate = number("dropout", "rate", self.rate, low=0, below=1)
        object.__setattr__(self, "rate", rate)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's."""
        return input_shape

    def weights(self, input_shape: Shape) -> tuple[Weight, ...]:
        """Return none."""
        return ()


@final
@dataclass(frozen=True)
class Activation(Layer):
    """A function applied value by value.

    relu ``max(0, x)``; leaky_relu ``x`` or ``slope x`` below 0; tanh; sigmoid ``1/(1 + exp(-x))``;
    gelu ``x (1 + erf(x / sqrt 2)) / 2``.

    Args:
        name: one of the five.
        slope: of leaky_relu alone, below 1; 0.01 if not said.
    """

    name: str
    slope: float | None = None

    def __post_init__(self) -> None:
        choice("an activation", "name", self.name, ACTIVATIONS)
        if self.name == "leaky_relu":
            slope = LEAKY_SLOPE if self.slope is None else self.slope
            slope = number("leaky_relu", "slope", slope, low=0, below=1)
            object.__setattr__(self, "slope", slope)
        elif self.slope is not None:
            raise wrong_value(self.name, "slope", self.slope, "no slope: leaky_relu alone has one")

    @property
    def kind(self) -> str:
        """The function's name."""
        return self.name

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the input's."""
        return input_shape

    def weights(self, input_shape: Shape) -> tuple[Weight, ...]:
        """Return none."""
        return ()


LAYERS: Mapping[str, type[Layer]] = {
    "dense": Dense,
    "conv": Conv,
    "max_pool": MaxPool,
    "average_pool": AvgPool,
    "global_max_pool": GlobalMaxPool,
    "global_average_pool": GlobalAvgPool,
    "flatten": Flatten,
    "batch_norm": BatchNorm,
    "dropout": Dropout,
    "residual": Residual,
    **dict.fromkeys(ACTIVATIONS, Activation),
}
