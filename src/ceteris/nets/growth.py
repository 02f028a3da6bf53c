"""How a convolutional network's time grows: the big-O of He and Sun, and what a report printed."""

from collections.abc import Sequence
from dataclasses import dataclass

from ceteris.nets.costs import side_formula
from ceteris.nets.layer import Shape
from ceteris.nets.layers import Conv

SYMBOLS = "O(sum_l f_(l-1) k_l^2 f_l m_l^2),  m_l = floor((n_l + 2p - k_l)/s_l) + 1"


@dataclass(frozen=True)
class Term:
    """One convolution in the sum.

    Args:
        name: of the layer.
        channels: f_(l-1), of its input.
        kernel: k_l.
        filters: f_l.
        height, width: of its output; both are m_l where images are square.
        side: where m_l comes from, numbers filled in.
        printed: the product of both sides by the report's ``floor((n - k)/s)``.
    """

    name: str
    channels: int
    kernel: int
    filters: int
    height: int
    width: int
    side: str
    printed: int

    @property
    def value(self) -> int:
        """The layer's multiplications."""
        return self.channels * self.kernel**2 * self.filters * self.height * self.width

    @property
    def text(self) -> str:
        """The term with its numbers."""
        square = self.height == self.width
        side = f"{self.height}^2" if square else f"{self.height}*{self.width}"
        return f"{self.channels:,}*{self.kernel}^2*{self.filters:,}*{side}"


@dataclass(frozen=True)
class Growth:
    """The sum over all convolutions of a network.

    ``f`` filters, ``k`` kernel, ``n`` and ``m`` sides of input and output, ``p`` padding, ``s``
    stride. He and Sun, "Convolutional neural networks at constrained time cost" (2015),
    arXiv:1412.1710. They leave out dense layers and pooling, which took 5 to 10% of the time.
    """

    terms: tuple[Term, ...]

    @property
    def value(self) -> int:
        """The sum: the convolutions' multiply-adds."""
        return sum(term.value for term in self.terms)

    @property
    def printed(self) -> int:
        """The sum with the output side that R2.4 printed, which misses padding and the 1."""
        return sum(term.value // (term.height * term.width) * term.printed for term in self.terms)


def growth(convolutions: Sequence[tuple[str, Conv, Shape, Shape]]) -> Growth | None:
    """Fill in the sum; None where there is no convolution.

    Args:
        convolutions: name, layer, input shape (H, W, C) and output shape of each.

    Example:
        >>> found = growth([("conv_1", Conv(16, 5), (100, 100, 3), (96, 96, 16))])
        >>> found.terms[0].text, found.value, found.printed
        ('3*5^2*16*96^2', 11059200, 10830000)
    """
    terms = tuple(_term(*convolution) for convolution in convolutions)
    return Growth(terms) if terms else None


def _term(name: str, layer: Conv, input_shape: Shape, output_shape: Shape) -> Term:
    height, width, channels = input_shape
    (above, below), _ = layer.zeros_around(input_shape)
    printed = [max(0, (side - layer.kernel) // layer.stride) for side in (height, width)]
    return Term(
        name=name,
        channels=channels,
        kernel=layer.kernel,
        filters=layer.filters,
        height=output_shape[0],
        width=output_shape[1],
        side=side_formula(height, above + below, layer.kernel, layer.stride),
        printed=printed[0] * printed[1],
    )
