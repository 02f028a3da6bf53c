"""Which way is fastest for a convolution, measured on the machine at hand."""

import time
from collections.abc import Callable, Iterable
from statistics import median

import torch

from ceteris.engine.kernels import ConvolutionKernel, split_zeros
from ceteris.engine.precision import DTYPES
from ceteris.engine.ways import Convolution, Way, Ways

_REPEATS = 3
# Columns must be clearly faster: near a tie the library's own way is taken, so that a repeated
# measurement says the same.
_CLEARLY = 0.85
_HOPELESS = 1.3  # times the library's at best so far: not measured further


def fastest_ways(convolutions: Iterable[Convolution]) -> dict[str, Ways]:
    """Measure each convolution, one thread, and choose.

    The gradient of the weights is tried with the forward pass by both ways, for the two share
    their columns; then that of the input.

    Returns:
        :attr:`Convolution.key` -> its ways.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as a worker has
    try:
        return {convolution.key: _fastest(convolution) for convolution in convolutions}
    finally:
        torch.set_num_threads(threads)


def _fastest(convolution: Convolution) -> Ways:
    pairs: list[tuple[Way, Way]] = [("columns", "columns"), ("direct", "columns")]
    best = _better(convolution, Ways(), [Ways(a, b) for a, b in pairs], wanted=False)
    if convolution.first or convolution.layer.stride != 1:
        return best
    other = Ways(best.forward, best.to_weights, "columns")
    return _better(convolution, best, [other], wanted=True)


def _better(convolution: Convolution, library: Ways, others: list[Ways], *, wanted: bool) -> Ways:
    """The fastest of some ways, the library's unless another is clearly faster."""
    steps = {ways: _step(convolution, ways, wanted) for ways in (library, *others)}
    for step in steps.values():
        step()  # the first call of each sets up its kernels
    taken: dict[Ways, list[float]] = {ways: [] for ways in steps}
    for _ in range(_REPEATS):
        for ways, step in steps.items():
            if not taken[ways] or min(taken[ways]) < _HOPELESS * min(taken[library]):
                began = time.perf_counter()
                step()
                taken[ways].append(time.perf_counter() - began)
    best = min(steps, key=lambda ways: median(taken[ways]))
    return best if median(taken[best]) < _CLEARLY * median(taken[library]) else library


def _step(convolution: Convolution, ways: Ways, wanted: bool) -> Callable[[], object]:
    """Both passes of a convolution on made-up numbers."""
    height, width, channels = convolution.input_shape
    layer, dtype = convolution.layer, DTYPES[convolution.precision]
    border, zeros = split_zeros(layer.zeros_around(convolution.input_shape))
    filters = torch.rand(layer.filters, layer.kernel, layer.kernel, channels).permute(0, 3, 1, 2)
    biases = torch.rand(layer.filters)
    kernel = ConvolutionKernel(
        filters,
        biases,
        torch.empty_like(filters),
        torch.empty_like(biases),
        stride=layer.stride,
        zeros=zeros,
        ways=ways,
        dtype=dtype,
    )
    x = torch.rand(convolution.batch_size, height, width, channels).to(dtype)
    if border is not None:
        x = border.forward(x, training=True)
    gradient = torch.rand_like(kernel.forward(x, training=True))

    def both() -> None:
        kernel.forward(x, training=True)
        kernel.backward(gradient, wanted)

    return both
