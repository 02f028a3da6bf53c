"""What PyTorch has no module for, or has under other conventions than a description's.

Weights start at zero: drawing them is the engine's, from the run's own streams, so building a
network consumes no random number and costs no time.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F  # noqa: N812  (the name everyone knows it by)
from torch import Tensor, nn


class ZeroLinear(nn.Linear):
    """``nn.Linear`` that draws nothing."""

    def reset_parameters(self) -> None:
        """Set weight and bias to zero."""
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)


class ZeroConv2d(nn.Conv2d):
    """``nn.Conv2d`` that draws nothing and keeps its kernel channels last, as it is read."""

    def reset_parameters(self) -> None:
        """Set weight and bias to zero."""
        self.weight = nn.Parameter(torch.zeros_like(self.weight, memory_format=torch.channels_last))
        if self.bias is not None:
            nn.init.zeros_(self.bias)


class UnevenConv2d(ZeroConv2d):
    """A convolution on an image with more zeros at its end than at its start.

    Keras's (and TensorFlow's) ``"same"`` for even kernels, and for strides that do not fit.

    Args:
        in_channels: C.
        out_channels: filters.
        kernel: side of a filter.
        stride: pixels between two places of a filter.
        zeros: columns before and after, rows above and below: the order of ``F.pad``.
        bias: whether each filter has one.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int,
        zeros: tuple[int, int, int, int],
        bias: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels, kernel, stride, bias=bias)
        self.zeros = zeros

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002  (the name in nn.Conv2d)
        """(B, C, H, W) to (B, filters, H', W')."""
        return F.conv2d(F.pad(input, self.zeros), self.weight, self.bias, self.stride)


class FlattenLast(nn.Module):
    """(B, C, H, W) to (B, H W C): Keras's order. In channels-last memory it copies nothing."""

    def forward(self, images: Tensor) -> Tensor:
        """Reorder, then flatten; a row of values stays as it is."""
        return images.permute(0, 2, 3, 1).flatten(1) if images.dim() == 4 else images


class GlobalPool(nn.Module):
    """(B, C, H, W) to (B, C): the mean of each channel, or its largest value.

    Args:
        largest: take the largest value; of equal ones the gradient goes to the first.
    """

    def __init__(self, *, largest: bool) -> None:
        super().__init__()
        self.largest = largest

    def forward(self, images: Tensor) -> Tensor:
        """One value for each channel."""
        rows = images.flatten(2)
        return rows.max(2).values if self.largest else rows.mean(2)

    def extra_repr(self) -> str:
        """Say which for ``print(module)``."""
        return "largest" if self.largest else "mean"


class ResidualBlock(nn.Module):
    """The sum of two paths: ``layers(x) + shortcut(x)``.

    The layers are its own submodules, so that they are called ``residual_1.conv_1``.

    Args:
        layers: name -> module, in order.
        shortcut: of the other path; empty, it leaves x as it is.
    """

    def __init__(self, layers: Mapping[str, nn.Module], shortcut: nn.Sequential) -> None:
        super().__init__()
        self._names = tuple(layers)
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Both paths, added."""
        y = x
        for name in self._names:
            y = self.get_submodule(name)(y)
        out: Tensor = y + self.shortcut(x)
        return out


class BatchNormalization(nn.Module):
    """Batch normalisation with Keras's running statistics.

    Training: ``(x - mean) / sqrt(var + epsilon) * scale + shift`` with mean and var of the batch,
    and ``running = momentum * running + (1 - momentum) * batch``. Evaluation: the same with the
    running ones. As in Keras, the running variance is of the biased variance, ``1/n``;
    PyTorch's takes ``1/(n - 1)``, which is 0.8% more at a batch of 128, and refuses a batch of one,
    whose output here is ``shift``.

    Args:
        channels: of the input, its axis 1: (B, C) or (B, C, H, W).
        momentum: the share that is kept; PyTorch's ``momentum`` is one minus this.
        epsilon: added to the variance under the root.
    """

    running_mean: Tensor
    running_variance: Tensor

    def __init__(self, channels: int, momentum: float, epsilon: float) -> None:
        super().__init__()
        self.momentum = momentum
        self.epsilon = epsilon
        self.scale = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_variance", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise; in training mode the running statistics move."""
        if not self.training:
            return F.batch_norm(
                x,
                self.running_mean,
                self.running_variance,
                self.scale,
                self.shift,
                eps=self.epsilon,
            )
        out: Tensor
        out, mean, inverse_sd = torch.native_batch_norm(
            x, self.scale, self.shift, None, None, True, 0.0, self.epsilon
        )
        self.move(mean, inverse_sd)
        return out

    @torch.no_grad()
    def move(self, mean: Tensor, inverse_sd: Tensor) -> None:
        """Move the running statistics towards a batch's.

        Args:
            mean: of each channel.
            inverse_sd: ``1 / sqrt(var + epsilon)`` of each, as the library's kernel hands it back:
                the variance from it costs no second pass.
        """
        # Rounding can leave a zero variance just below zero.
        variance = inverse_sd.pow(-2).sub_(self.epsilon).clamp_min_(0.0)
        self.running_mean.lerp_(mean, 1.0 - self.momentum)
        self.running_variance.lerp_(variance, 1.0 - self.momentum)

    def extra_repr(self) -> str:
        """Say sizes and options for ``print(module)``."""
        return f"{len(self.scale)}, momentum={self.momentum}, epsilon={self.epsilon}"
