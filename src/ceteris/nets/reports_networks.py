"""The networks of the reports, each with its items."""

from ceteris.nets.families import ACTIVATION, BATCH_NORM, DROPOUT, dropped, mlp
from ceteris.nets.layer import Layer
from ceteris.nets.layers import CLASSES, Activation, BatchNorm, Conv, Dense, Flatten
from ceteris.nets.named import Argument, Network
from ceteris.nets.pooling import MaxPool

_RELU = Activation("relu")


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
    return (*layers, *dropped(dropout), Dense(CLASSES))


def _cifar10_seventy(dropout: float) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    for filters in (98, 256):
        layers += [Conv(filters, 2), _RELU, Conv(filters, 2), _RELU, MaxPool(2)]
    return (*layers, Flatten(), Dense(256), _RELU, *dropped(dropout), Dense(CLASSES))


def _fer2013_cnn(slope: float, conv_dropout: float, dropout: float) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    for filters in (64, 128, 192, 256, 512):
        convolution = (
            Conv(filters, 3, padding="same"),
            BatchNorm(),
            Activation("leaky_relu", slope),
        )
        layers += [*convolution, *convolution, MaxPool(2), *dropped(conv_dropout)]
    return (*layers, Flatten(), *_normed_dense([512, 512], dropout), Dense(CLASSES))


def _fer2013_mlp(hidden: list[int], dropout: float) -> tuple[Layer, ...]:
    return (Flatten(), *_normed_dense(hidden, dropout), Dense(CLASSES))


def _normed_dense(hidden: list[int], dropout: float) -> tuple[Layer, ...]:
    """Chain, of R2: for each size dense, relu, and only then batch norm; [dropout]."""
    layers: list[Layer] = []
    for units in hidden:
        layers += [Dense(units), _RELU, BatchNorm(), *dropped(dropout)]
    return tuple(layers)


def _fashion_cnn(n1: int, n2: int, dropout: float) -> tuple[Layer, ...]:
    return (
        *(Conv(n1, 5), _RELU, MaxPool(2)),
        *(Conv(n2, 5), _RELU, MaxPool(2)),
        *(Flatten(), Dense(120), _RELU),
        *dropped(dropout),
        Dense(CLASSES),
    )


def _sized_mlp(
    name: str, title: str, reports: tuple[str, ...], hidden: list[int], *, batch_norm: bool = False
) -> Network:
    """Make an mlp whose sizes are a report's; the rest of its arguments may vary."""

    def make(activation: str, batch_norm: bool, dropout: float) -> tuple[Layer, ...]:
        return mlp(hidden, activation, batch_norm, dropout)

    flagged = Argument("batch_norm", batch_norm, "flag", BATCH_NORM.doc)
    return Network(name, title, reports, (ACTIVATION, flagged, DROPOUT), make)


def _last_dropout(default: float) -> Argument:
    return Argument("dropout", default, "fraction", "dropout before the last layer")


REPORTS_NETWORKS = (
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
        (
            Argument("hidden", [1024] * 4 + [512], "counts", "sizes of the hidden layers"),
            Argument("dropout", 0.5, "fraction", "dropout after each hidden layer"),
        ),
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
