"""The networks that have a name: the reports' own, and ``mlp`` for any chain of dense layers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ceteris.errors import CeterisError, nearest, shown, unknown_name
from ceteris.nets.layer import Layer, Shape
from ceteris.nets.layers import (
    ACTIVATIONS,
    CLASSES,
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
)
from ceteris.nets.values import choice, count, counts, flag, number


@dataclass(frozen=True)
class Argument:
    """What a named network can be asked to do differently.

    Args:
        name: its key in ``[network]``.
        default: its value if not said.
        kind: ``"count"`` 1 or more; ``"counts"`` a list of those; ``"fraction"`` in [0, 1);
            ``"flag"`` true or false; ``"activation"`` one of the activations' names.
        doc: what it is.
    """

    name: str
    default: Any
    kind: Literal["count", "counts", "fraction", "flag", "activation"]
    doc: str

    def check(self, owner: str, value: object) -> Any:
        """Return the value in its plain type.

        Raises:
            CeterisError: it is of the wrong type or out of range.
        """
        match self.kind:
            case "count":
                return count(owner, self.name, value)
            case "counts":
                return counts(owner, self.name, value)
            case "fraction":
                return number(owner, self.name, value, low=0, below=1)
            case "flag":
                return flag(owner, self.name, value)
            case "activation":
                return choice(owner, self.name, value, ACTIVATIONS)


@dataclass(frozen=True)
class Network:
    """A named network.

    Args:
        name: its key in the register.
        title: what it is, in a line.
        reports: the items of the reports that use it; each finds it too.
        arguments: what may be varied.
        make: from those, all of them, its layers.
        input_shape: (H, W, C) of the images it was made for; None where any will do.
        num_classes: of the data it was made for.
    """

    name: str
    title: str
    reports: tuple[str, ...]
    arguments: tuple[Argument, ...]
    make: Callable[..., tuple[Layer, ...]]
    input_shape: Shape | None = None
    num_classes: int = 10


def make_network(
    name: str, arguments: Mapping[str, object] | None = None, where: str = ""
) -> tuple[Layer, ...]:
    """Make the layers of a named network.

    Args:
        name: in the register, or a report's item, for example ``"R3.5"``.
        arguments: what to do differently.
        where: file and table, for messages.

    Raises:
        CeterisError: there is no such network, or it has no such argument or not that value.

    Example:
        >>> make_network("mlp", {"hidden": [30]})
        (Flatten(), Dense(units=30), Activation(name='relu', slope=None), Dense(units='classes'))
    """
    network = find_network(name, where)
    known = {argument.name: argument for argument in network.arguments}
    owner = f"the network '{network.name}'"
    values = {argument.name: argument.default for argument in network.arguments}
    for key, value in (arguments or {}).items():
        if key not in known:
            raise _unknown_argument(owner, key, list(known), where)
        try:
            values[key] = known[key].check(owner, value)
        except CeterisError as error:
            raise _placed(error, f"{where}.{key}" if where else "") from None
    return network.make(**values)


def find_network(name: str, where: str = "") -> Network:
    """Find a network by its name or by the item of a report that uses it.

    Raises:
        CeterisError: there is none; the nearest name is suggested.

    Example:
        >>> find_network("R3.5").name
        'fashion-cnn'
    """
    for network in NETWORKS.values():
        if name == network.name or name in network.reports:
            return network
    raise unknown_name("network", name, NETWORKS, where=where)


def _mlp(hidden: list[int], activation: str, batch_norm: bool, dropout: float) -> tuple[Layer, ...]:
    """Chain: flatten; for each size dense, [batch norm], activation, [dropout]; dense."""
    layers: list[Layer] = [Flatten()]
    for units in hidden:
        layers.append(Dense(units))
        if batch_norm:
            layers.append(BatchNorm())
        layers.append(Activation(activation))
        layers += _dropped(dropout)
    layers.append(Dense(CLASSES))
    return tuple(layers)


_RELU = Activation("relu")


def _dropped(rate: float) -> tuple[Layer, ...]:
    return (Dropout(rate),) if rate else ()


def _counting_cnn() -> tuple[Layer, ...]:
    # The exercise names no activation; relu adds no parameter.
    return (
        *(Conv(16, 5), _RELU, MaxPool(2)),
        *(Conv(32, 3), _RELU, MaxPool(2)),
        *(Flatten(), Dense(256), _RELU, Dense(CLASSES)),
    )


def _cifar10_cnn(dropout: float) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    for filters in (64, 128, 256, 512):
        layers += [Conv(filters, 3, padding="same"), _RELU, MaxPool(2)]
    layers.append(Flatten())
    for units in (128, 256, 512, 1024):
        layers += [Dense(units), _RELU]
    return (*layers, *_dropped(dropout), Dense(CLASSES))


def _cifar10_seventy(dropout: float) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    for filters in (98, 256):
        layers += [Conv(filters, 2), _RELU, Conv(filters, 2), _RELU, MaxPool(2)]
    return (*layers, Flatten(), Dense(256), _RELU, *_dropped(dropout), Dense(CLASSES))


def _fer2013_cnn(slope: float, conv_dropout: float, dropout: float) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    for filters in (64, 128, 192, 256, 512):
        convolution = (
            Conv(filters, 3, padding="same"),
            BatchNorm(),
            Activation("leaky_relu", slope),
        )
        layers += [*convolution, *convolution, MaxPool(2), *_dropped(conv_dropout)]
    return (*layers, Flatten(), *_normed_dense([512, 512], dropout), Dense(CLASSES))


def _fer2013_mlp(dropout: float) -> tuple[Layer, ...]:
    return (Flatten(), *_normed_dense([1024] * 4 + [512], dropout), Dense(CLASSES))


def _normed_dense(hidden: list[int], dropout: float) -> tuple[Layer, ...]:
    """Chain, of R2: for each size dense, relu, and only then batch norm; [dropout]."""
    layers: list[Layer] = []
    for units in hidden:
        layers += [Dense(units), _RELU, BatchNorm(), *_dropped(dropout)]
    return tuple(layers)


def _fashion_cnn(n1: int, n2: int, dropout: float) -> tuple[Layer, ...]:
    return (
        *(Conv(n1, 5), _RELU, MaxPool(2)),
        *(Conv(n2, 5), _RELU, MaxPool(2)),
        *(Flatten(), Dense(120), _RELU),
        *_dropped(dropout),
        Dense(CLASSES),
    )


def _sized_mlp(
    name: str, title: str, reports: tuple[str, ...], hidden: list[int], *, batch_norm: bool = False
) -> Network:
    """Make an mlp whose sizes are a report's; the rest of its arguments may vary."""

    def make(activation: str, batch_norm: bool, dropout: float) -> tuple[Layer, ...]:
        return _mlp(hidden, activation, batch_norm, dropout)

    flagged = Argument("batch_norm", batch_norm, "flag", _BATCH_NORM.doc)
    return Network(name, title, reports, (_ACTIVATION, flagged, _DROPOUT), make)


def _last_dropout(default: float) -> Argument:
    return Argument("dropout", default, "fraction", "dropout before the last layer")


_HIDDEN = Argument("hidden", [100], "counts", "sizes of the hidden layers, first to last")
_ACTIVATION = Argument("activation", "relu", "activation", "after every hidden layer")
_BATCH_NORM = Argument(
    "batch_norm", False, "flag", "batch normalisation between a hidden layer and its activation"
)
_DROPOUT = Argument("dropout", 0.0, "fraction", "dropout after each hidden layer's activation")

_NETWORKS = (
    Network(
        "mlp",
        "dense layers of any number and size",
        (),
        (_HIDDEN, _ACTIVATION, _BATCH_NORM, _DROPOUT),
        _mlp,
    ),
    Network(
        "counting-cnn",
        "two convolutions with pooling, dense 256: the exercise in counting parameters",
        ("R0.6",),
        (),
        _counting_cnn,
        input_shape=(100, 100, 3),
    ),
    Network(
        "cifar10-cnn",
        "four convolutions 3x3 with pooling, dense 128, 256, 512, 1024",
        ("R0.7",),
        (_last_dropout(0.0),),
        _cifar10_cnn,
        input_shape=(32, 32, 3),
    ),
    _sized_mlp(
        "fashion-batchnorm", "512, batch normalisation, relu", ("R1.7",), [512], batch_norm=True
    ),
    Network(
        "fer2013-cnn",
        "five blocks of two convolutions 3x3 with batch normalisation, dense 512 twice",
        ("R2.1",),
        (
            Argument("slope", 0.1, "fraction", "of the leaky relu after each convolution"),
            Argument("conv_dropout", 0.3, "fraction", "dropout after each block"),
            Argument("dropout", 0.5, "fraction", "dropout after each hidden dense layer"),
        ),
        _fer2013_cnn,
        input_shape=(48, 48, 1),
        num_classes=7,
    ),
    Network(
        "fer2013-mlp",
        "1024 four times and 512, relu, batch normalisation after it",
        ("R2.2",),
        (Argument("dropout", 0.5, "fraction", "dropout after each hidden layer"),),
        _fer2013_mlp,
        input_shape=(48, 48, 1),
        num_classes=7,
    ),
    _sized_mlp("fashion-mlp", "20 and 30, relu", ("R3.1", "R3.2", "R3.3", "R3.4"), [20, 30]),
    Network(
        "fashion-cnn",
        "two convolutions 5x5 with pooling, dense 120",
        ("R3.5", "R3.6"),
        (
            Argument("n1", 6, "count", "filters of the first convolution"),
            Argument("n2", 16, "count", "filters of the second convolution"),
            _last_dropout(0.2),
        ),
        _fashion_cnn,
        input_shape=(28, 28, 1),
    ),
    Network(
        "cifar10-seventy",
        "two blocks of two convolutions 2x2, dense 256",
        ("R3.7",),
        (_last_dropout(0.2),),
        _cifar10_seventy,
        input_shape=(32, 32, 3),
    ),
    _sized_mlp("mlp-4x100", "four hidden layers of 100", ("R4.0", "R4.1"), [100] * 4),
    _sized_mlp("mlp-5x100", "five hidden layers of 100", ("R4.2",), [100] * 5),
    _sized_mlp(
        "mlp-6x100", "six hidden layers of 100", ("R4.3", "R4.4", "R4.5", "R4.6"), [100] * 6
    ),
)
NETWORKS: Mapping[str, Network] = {network.name: network for network in _NETWORKS}


def _unknown_argument(owner: str, key: object, known: list[str], where: str) -> CeterisError:
    guess = nearest(str(key), known)
    return CeterisError(
        f"{owner} has no argument {shown(key)}",
        received=f"{key}" + (f"  ({where})" if where else ""),
        expected=f"one of {', '.join(known)}",
        fix=f"did you mean '{guess}'?" if guess else "remove it, or use one of those above",
    )


def _placed(error: CeterisError, where: str) -> CeterisError:
    received = error.received + (f"  ({where})" if where else "")
    return CeterisError(error.what, received=received, expected=error.expected, fix=error.fix)
