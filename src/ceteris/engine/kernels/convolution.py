r"""Convolutions, in two ways that give the same sums in another order.

``direct`` hands the layer to the library's convolution (oneDNN). ``columns`` writes the window of
each place as a row (im2col) and makes one matrix product of them all::

    columns (B H' W', k k C) of x;   y = columns W^T + b;   dW = g^T columns

and the gradient of the input, for stride 1, is the convolution of g with the filters turned by
half a turn, again by columns. The library rearranges the filters into blocks at every call, which
costs more than the products where there are many filters and few places for them: at 256 to 512
filters on 4x4 pixels in batches of 32, columns are four times as fast in bfloat16. Where images
are large they are slower, for the columns are k k times the image. Which of the two is used is
measured for each layer and pass (:mod:`ceteris.engine.choices`) and frozen with the study.

Chellapilla, Puri and Simard, "High performance convolutional neural networks for document
processing" (2006).
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

from ceteris.engine.ways import Ways

Zeros = tuple[tuple[int, int], tuple[int, int]]


class ConvolutionKernel:
    """A convolution with as many zeros before the image as after.

    Args:
        weight: (O, C, k, k), channels last in memory, a view of the flat parameters.
        bias: (O,), likewise; None for a convolution without.
        weight_gradient, bias_gradient: views of the flat gradient, written by each backward pass;
            None where the layer is frozen, and of a bias that is not there.
        stride: pixels between two windows.
        zeros: rows of zeros above and below the image, columns before and after it.
        ways: how each pass is computed; ``to_input`` by columns needs stride 1.
        dtype: of images, filters and products; parameters and their gradients are float32.
    """

    fresh = True

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        weight_gradient: Tensor | None,
        bias_gradient: Tensor | None,
        *,
        stride: int,
        zeros: tuple[int, int],
        ways: Ways,
        dtype: torch.dtype,
    ) -> None:
        self._weight, self._bias = weight, bias
        self._weight_gradient, self._bias_gradient = weight_gradient, bias_gradient
        self._stride, self._zeros, self._ways, self._dtype = stride, zeros, ways, dtype
        # The filters in the number type of the products; the master stays float32.
        self._w = weight if dtype == torch.float32 else torch.empty_like(weight, dtype=dtype)
        self._b = bias
        if bias is not None and dtype != torch.float32:
            self._b = torch.empty_like(bias, dtype=dtype)
        self._x = self._columns = torch.empty(0)
        self._given = dtype

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """(B, H, W, C) to (B, H', W', O)."""
        self._given, x = x.dtype, x.to(self._dtype)
        if self._w is not self._weight:
            self._w.copy_(self._weight)
            if self._b is not None and self._bias is not None:
                self._b.copy_(self._bias)
        keeps = training and self._weight_gradient is not None
        wants = {self._ways.forward} | ({self._ways.to_weights} if keeps else set())
        columns = self._unfold(x, self._zeros, self._stride) if "columns" in wants else x
        if training:
            self._x, self._columns = x, columns
        if self._ways.forward == "columns":
            return _product(columns, self._rows(self._w).t(), self._b)
        stride = (self._stride, self._stride)
        first = _channels_first(x)
        y = torch.convolution(
            first, self._w, self._b, stride, self._zeros, (1, 1), False, (0, 0), 1
        )
        return _channels_last(y)

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """(B, H', W', O) to (B, H, W, C)."""
        trained = self._weight_gradient is not None
        own_weights = self._ways.to_weights == "columns"
        own_input = self._ways.to_input == "columns"
        dx = self._by_library(gradient, wanted and not own_input, trained and not own_weights)
        if self._weight_gradient is not None and own_weights:
            rows = gradient.flatten(0, 2)  # (B H' W', O)
            turned = rows.t()
            if self._dtype != torch.float32:
                # The products of bfloat16 are half as fast again with their factors in order.
                turned = turned.contiguous()
            self._rows(self._weight_gradient).copy_(turned @ self._columns.flatten(0, 2))
            if self._bias_gradient is not None:
                torch.sum(rows, 0, dtype=torch.float32, out=self._bias_gradient)
        if wanted and own_input:
            last = self._w.shape[2] - 1
            columns = self._unfold(gradient, (last - self._zeros[0], last - self._zeros[1]), 1)
            filters = self._w.permute(2, 3, 0, 1).flip(0, 1)  # (k, k, O, C), by half a turn
            dx = _product(columns, filters.reshape(-1, filters.shape[3]), None)
        return None if dx is None else dx.to(self._given)

    def _by_library(self, gradient: Tensor, to_input: bool, to_weights: bool) -> Tensor | None:
        """The passes that the library computes, in one call: it shares work between them."""
        if not to_input and not to_weights:
            return None
        dx, dw, db = torch.ops.aten.convolution_backward(
            _channels_first(gradient),
            _channels_first(self._x),
            self._w,
            None if self._b is None else [len(self._b)],
            [self._stride, self._stride],
            list(self._zeros),
            [1, 1],
            False,
            [0, 0],
            1,
            [to_input, to_weights, to_weights and self._b is not None],
        )
        if self._weight_gradient is not None and to_weights:
            self._weight_gradient.copy_(dw)
            if self._bias_gradient is not None:
                self._bias_gradient.copy_(db)
        return _channels_last(dx) if to_input else None

    def _unfold(self, x: Tensor, zeros: tuple[int, int], stride: int) -> Tensor:
        """The windows of images as rows: (B, H, W, C) to (B, H', W', k k C)."""
        kernel = self._w.shape[2]
        x = pad(x, (0, 0, zeros[1], zeros[1], zeros[0], zeros[0])).contiguous()
        images, height, width, channels = x.shape
        down, right = (height - kernel) // stride + 1, (width - kernel) // stride + 1
        row, column = width * channels, channels
        windows = x.as_strided(
            (images, down, right, kernel, kernel, channels),
            (height * row, stride * row, stride * column, row, column, 1),
        )
        return windows.reshape(images, down, right, -1)

    def _rows(self, filters: Tensor) -> Tensor:
        """A filter a row, in the order of a window: (O, C, k, k) to (O, k k C), the same memory."""
        return filters.permute(0, 2, 3, 1).flatten(1)


class BorderKernel:
    """Zeros around images, where there are more of them after than before.

    Args:
        zeros: ((above, below), (before, after)).
    """

    fresh = True

    def __init__(self, zeros: Zeros) -> None:
        (self._above, self._below), (self._before, self._after) = zeros

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """(B, H, W, C) to (B, above + H + below, before + W + after, C)."""
        return pad(x, (0, 0, self._before, self._after, self._above, self._below))

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """The gradient without the border's."""
        if not wanted:
            return None
        height, width = gradient.shape[1:3]
        rows = slice(self._above, height - self._below)
        return gradient[:, rows, self._before : width - self._after].contiguous()


def split_zeros(zeros: Zeros) -> tuple[BorderKernel | None, tuple[int, int]]:
    """Who adds a convolution's zeros: a border before it, or it itself where they are even.

    Example:
        >>> split_zeros(((1, 1), (2, 2)))
        (None, (1, 2))
    """
    (above, below), (before, after) = zeros
    even = above == below and before == after
    return (None, (above, before)) if even else (BorderKernel(zeros), (0, 0))


def _product(columns: Tensor, matrix: Tensor, bias: Tensor | None) -> Tensor:
    """Each window's row times a matrix (k k C, O): (B, H', W', O)."""
    rows = columns.flatten(0, 2)
    y = rows @ matrix if bias is None else torch.addmm(bias, rows, matrix)
    return y.view(*columns.shape[:3], -1)


def _channels_first(images: Tensor) -> Tensor:
    """As the library names its axes; the memory stays as it is."""
    return images.permute(0, 3, 1, 2)


def _channels_last(images: Tensor) -> Tensor:
    return images.permute(0, 2, 3, 1).contiguous()
