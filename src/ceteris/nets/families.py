"""Networks of any size, for images of any size: dense chains, VGG and residual networks."""

from collections.abc import Sequence

from ceteris.nets.layer import Layer
from ceteris.nets.layers import CLASSES, Activation, BatchNorm, Conv, Dense, Dropout, Flatten
from ceteris.nets.named import Argument, Network
from ceteris.nets.pooling import GlobalAvgPool, GlobalMaxPool, MaxPool
from ceteris.nets.residual import Residual
from ceteris.nets.values import wrong_value

# Convolutions of each stage; a stage ends by halving the image. Simonyan and Zisserman (2015),
# "Very deep convolutional networks for large-scale image recognition", table 1: A, B, D and E.
VGG_STAGES = {11: (1, 1, 2, 2, 2), 13: (2,) * 5, 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
DEEPEST_RESNET = 1202  # of He et al.


def mlp(hidden: list[int], activation: str, batch_norm: bool, dropout: float) -> tuple[Layer, ...]:
    """Chain: flatten; for each size dense, [batch norm], activation, [dropout]; dense."""
    layers: list[Layer] = [Flatten()]
    for units in hidden:
        layers.append(Dense(units))
        if batch_norm:
            layers.append(BatchNorm())
        layers.append(Activation(activation))
        layers += dropped(dropout)
    layers.append(Dense(CLASSES))
    return tuple(layers)


def dropped(rate: float) -> tuple[Layer, ...]:
    """Return dropout, or no layer where nothing is dropped."""
    return (Dropout(rate),) if rate else ()


def _vgg(
    depth: int, width: int, activation: str, batch_norm: bool, dropout: float
) -> tuple[Layer, ...]:
    if depth not in VGG_STAGES:
        known = ", ".join(map(str, VGG_STAGES))
        raise wrong_value("the network 'vgg'", "depth", depth, f"one of {known}")
    layers: list[Layer] = []
    for filters, convolutions in zip((1, 2, 4, 8, 8), VGG_STAGES[depth], strict=True):
        for _ in range(convolutions):
            layers.append(Conv(filters * width, 3, padding="same"))
            layers += [*_normed(batch_norm), Activation(activation)]
        layers.append(MaxPool(2))
    # The last window is the image that is left: 2x2 of 32x32, and 1x1 of 28x28, where no window
    # of 2x2 would fit.
    layers[-1] = GlobalMaxPool()
    return (*layers, *dropped(dropout), Dense(CLASSES))


def _resnet(
    depth: int, width: int, activation: str, batch_norm: bool, dropout: float
) -> tuple[Layer, ...]:
    blocks, rest = divmod(depth - 2, 6)
    if rest or not 1 <= blocks <= (DEEPEST_RESNET - 2) // 6:
        raise wrong_value(
            "the network 'resnet'",
            "depth",
            depth,
            f"6 n + 2, from 8 to {DEEPEST_RESNET:,}: 20, 32, 44, 56 and 110 are the usual ones",
            "for 18 and 34 write the network 'resnet18' or 'resnet34'"
            if depth in (18, 34)
            else f"write depth = {min(max(1, round((depth - 2) / 6)), 200) * 6 + 2}",
        )
    return _residual_stages((blocks,) * 3, width, activation, batch_norm, dropout)


def _resnet18(width: int, activation: str, batch_norm: bool, dropout: float) -> tuple[Layer, ...]:
    return _residual_stages((2, 2, 2, 2), width, activation, batch_norm, dropout)


def _resnet34(width: int, activation: str, batch_norm: bool, dropout: float) -> tuple[Layer, ...]:
    return _residual_stages((3, 4, 6, 3), width, activation, batch_norm, dropout)


def _residual_stages(
    stages: Sequence[int], width: int, activation: str, batch_norm: bool, dropout: float
) -> tuple[Layer, ...]:
    """Chain: a convolution; stages of blocks, each twice as wide and half as large; mean; dense.

    A block is two convolutions 3x3 with the sum before the second activation. Where it changes the
    shape, its shortcut is a convolution 1x1 (He et al.'s option B).
    """
    after: Layer = Activation(activation)
    layers: list[Layer] = [*_convolution(width, 3, 1, batch_norm), after]
    before = width
    for stage, blocks in enumerate(stages):
        filters = width * 2**stage
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            through = (
                *(*_convolution(filters, 3, stride, batch_norm), after),
                *_convolution(filters, 3, 1, batch_norm),
            )
            same = stride == 1 and filters == before
            around = () if same else _convolution(filters, 1, stride, batch_norm)
            layers += [Residual(through, around), after]
            before = filters
    return (*layers, GlobalAvgPool(), *dropped(dropout), Dense(CLASSES))


def _resnet9(width: int, activation: str, batch_norm: bool, dropout: float) -> tuple[Layer, ...]:
    """Chain: 1, 2, [2 2], 4, [8 8] widths; a pool ends the second, the fourth and the fifth."""

    def activated(times: int) -> tuple[Layer, ...]:
        return (*_convolution(times * width, 3, 1, batch_norm), Activation(activation))

    return (
        *activated(1),
        *(*activated(2), MaxPool(2), Residual((*activated(2), *activated(2)))),
        *(*activated(4), MaxPool(2)),
        *(*activated(8), MaxPool(2), Residual((*activated(8), *activated(8)))),
        *(GlobalMaxPool(), *dropped(dropout), Dense(CLASSES)),
    )


def _convolution(filters: int, kernel: int, stride: int, batch_norm: bool) -> tuple[Layer, ...]:
    # Batch normalisation subtracts a mean, and any bias with it.
    conv = Conv(filters, kernel, stride, "same", bias=not batch_norm)
    return (conv, *_normed(batch_norm))


def _normed(batch_norm: bool) -> tuple[Layer, ...]:
    return (BatchNorm(),) if batch_norm else ()


ACTIVATION = Argument("activation", "relu", "activation", "after every hidden layer")
BATCH_NORM = Argument(
    "batch_norm", False, "flag", "batch normalisation between a hidden layer and its activation"
)
DROPOUT = Argument("dropout", 0.0, "fraction", "dropout after each hidden layer's activation")


def _convolutional(width: int, *depth: Argument) -> tuple[Argument, ...]:
    return (
        *depth,
        Argument("width", width, "count", "filters of the first stage; later ones have multiples"),
        Argument("activation", "relu", "activation", "after every convolution"),
        Argument("batch_norm", True, "flag", "batch normalisation after every convolution"),
        Argument("dropout", 0.0, "fraction", "dropout before the last layer"),
    )


FAMILIES = (
    Network(
        "mlp",
        "dense layers of any number and size",
        (),
        (
            Argument("hidden", [100], "counts", "sizes of the hidden layers, first to last"),
            *(ACTIVATION, BATCH_NORM, DROPOUT),
        ),
        mlp,
    ),
    Network(
        "vgg",
        "VGG for small images: five stages of convolutions 3x3, the last pooled whole, dense",
        (),
        _convolutional(
            64, Argument("depth", 16, "count", "of the published network: 11, 13, 16 or 19")
        ),
        _vgg,
    ),
    Network(
        "resnet",
        "residual network for small images: three stages of blocks, mean of the image, dense",
        (),
        _convolutional(16, Argument("depth", 20, "count", "layers with weights: 6 n + 2")),
        _resnet,
    ),
    Network(
        "resnet9",
        "nine layers, two of the stages with a residual block, the largest of the image, dense",
        (),
        _convolutional(64),
        _resnet9,
    ),
    Network(
        "resnet18",
        "ResNet-18 whose first convolution is 3x3 without stride: four stages, for small images",
        (),
        _convolutional(64),
        _resnet18,
    ),
    Network(
        "resnet34",
        "ResNet-34 whose first convolution is 3x3 without stride: four stages, for small images",
        (),
        _convolutional(64),
        _resnet34,
    ),
)
