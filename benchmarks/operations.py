"""How many floating-point operations a work takes, and what share of a machine's peak that is.

Counted are multiplications and additions of the dense layers and convolutions alone; whatever else
a step does (activations, pooling, the update) is time without credit.
"""

from collections.abc import Mapping, Sequence

from benchmarks.works import Work


def dense(inputs: int, units: int) -> int:
    """Multiply-adds of a dense layer for one image, forward."""
    return inputs * units


def convolution(output_side: int, kernel: int, channels: int, filters: int) -> int:
    """Multiply-adds of a square convolution on a square image, forward."""
    return output_side**2 * kernel**2 * channels * filters


def training_operations(layers: Sequence[int], images: int) -> int:
    """Operations of training on so many images, repeats counted.

    Each layer is computed forward, and backward once for its weights and once for its input; the
    first layer's input needs no gradient. A multiply-add is two operations.

    Args:
        layers: multiply-adds of each layer for one image, forward, first layer first.
        images: through a training step.

    Example:
        >>> training_operations([10, 5], images=1)
        70
    """
    return 2 * images * (3 * sum(layers) - layers[0])


def evaluation_operations(layers: Sequence[int], images: int) -> int:
    """Operations of a forward pass over so many images.

    Example:
        >>> evaluation_operations([10, 5], images=1)
        30
    """
    return 2 * images * sum(layers)


def work_operations(work: Work) -> int:
    """Operations of a whole work: every run's training, and its evaluation on the test part."""
    layers = LAYERS[work.name]
    evaluated = work.num_runs * NUM_TEST[work.data]
    return training_operations(layers, work.images_trained) + evaluation_operations(
        layers, evaluated
    )


NUM_TEST: Mapping[str, int] = {"fashion-mnist": 10_000, "digits": 360, "cifar10": 10_000}

_MLP = (dense(100, 100),) * 3 + (dense(100, 10),)
_CIFAR_CNN = (
    convolution(32, 3, 3, 64),
    convolution(16, 3, 64, 128),
    convolution(8, 3, 128, 256),
    convolution(4, 3, 256, 512),
    *(dense(2048, 128), dense(128, 256), dense(256, 512), dense(512, 1024), dense(1024, 10)),
)
# work -> multiply-adds of its layers
LAYERS: Mapping[str, tuple[int, ...]] = {
    "A": (dense(784, 100), *_MLP),
    "B": (dense(64, 100), *_MLP),
    "C": _CIFAR_CNN,
    "C32": _CIFAR_CNN,
}
