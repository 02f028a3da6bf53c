"""Whether a picture is light on dark where the training images are dark on light, or the reverse.

Told by the border: what a picture shows stands in its middle, what it is drawn on reaches its edge.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceteris.data.dataset import Images

_OUTSIDE = 0.25  # of the whole range from black to white, beyond what training borders have


@dataclass(frozen=True)
class Borders:
    """How light the borders of training images are, 0 black to 1 white.

    Args:
        low, high: 98% of the training images lie between.
    """

    low: float
    high: float

    def outside(self, level: float) -> float:
        """How far beyond the usual range a border is.

        Example:
            >>> Borders(0.0, 0.25).outside(0.75)
            0.5
        """
        return max(0.0, self.low - level, level - self.high)

    def suspects(self, level: float) -> bool:
        """Whether a border is far outside, and inverted would be far nearer.

        Example:
            >>> light_on_dark = Borders(0.0, 0.25)
            >>> light_on_dark.suspects(0.95), light_on_dark.suspects(0.1)
            (True, False)
            >>> Borders(0.0, 1.0).suspects(1.0)  # photographs have borders of every kind
            False
        """
        beyond = self.outside(level)
        return beyond > _OUTSIDE and self.outside(1 - level) < beyond / 2


def borders_of(images: Images, pixel_max: int) -> Borders:
    """The usual range of some training images' borders."""
    low, high = np.percentile(border_levels(images, pixel_max), (1, 99))
    return Borders(float(low), float(high))


def border_levels(images: Images, pixel_max: int) -> NDArray[np.float64]:
    """How light each image's outermost pixels are on average: float64 (N,), 0 to 1.

    Example:
        >>> dark = np.zeros((1, 3, 3, 1), np.uint8)
        >>> dark[0, 1, 1] = 16
        >>> border_levels(dark, 16).tolist()
        [0.0]
    """
    edge = np.ones(images.shape[1:3], dtype=np.bool_)
    edge[1:-1, 1:-1] = False
    outermost = images[:, edge]  # (N, number of edge pixels, C)
    return np.asarray(outermost.mean(axis=(1, 2)) / pixel_max, dtype=np.float64)
