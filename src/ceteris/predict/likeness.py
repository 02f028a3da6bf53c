"""How far a picture lies from the training images, and where "unlike" begins.

Three distances, because each misses what another sees: noise can look to a network like a class it
knows, and something else altogether can be as near in pixels as an ordinary picture.

* ``pixels``: Euclidean distance to the nearest training image, pixels as shares of the largest;
* ``features``: Mahalanobis distance, to all training images together, of what the network's last
  layer is given;
* ``statistics``: the same of the picture's lightness, contrast, edges and colourfulness.

Each threshold is a percentile over held-out images, so high that the three together call about 1%
of ordinary pictures unlike. References: Lee et al., "A simple unified framework for detecting
out-of-distribution samples" (NeurIPS 2018) for distances in features; ours is to one mean, not to
one of each class, and is shrunk towards independent coordinates so that few images will do.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceteris.data.dataset import Images

Floats = NDArray[np.float64]
Points = Mapping[str, NDArray[np.float32]]

SPACES = ("pixels", "features", "statistics")
PERCENTILE = 100 - 1 / len(SPACES)
_SHRUNK = 0.01  # share of the identity in a correlation matrix
_MOST_FEATURES = 1024  # coordinates; a matrix of their correlations is inverted
_AT_ONCE = 500  # pictures whose distances to all training images are held at a time


@dataclass(frozen=True, eq=False)
class Cloud:
    """Points summed up by their means, deviations and correlations.

    Args:
        mean, deviation: float64 (F,).
        precision: float64 (F, F), the inverse of their correlations, shrunk.
    """

    mean: Floats
    deviation: Floats
    precision: Floats

    @classmethod
    def of(cls, points: NDArray[np.float32]) -> "Cloud":
        """Sum up float32 (N, F)."""
        exact = points.astype(np.float64)
        mean, deviation = exact.mean(axis=0), exact.std(axis=0)
        # A coordinate that hardly ever moves must not decide alone as soon as it does.
        deviation += 1e-3 * float(exact.std()) + 1e-9
        scaled = (exact - mean) / deviation
        correlations = scaled.T @ scaled / max(len(scaled), 1)
        size = float(np.trace(correlations)) / len(correlations) + 1e-9
        shrunk = (1 - _SHRUNK) * correlations + _SHRUNK * size * np.eye(len(correlations))
        return cls(mean, deviation, np.linalg.inv(shrunk))

    def distances(self, points: NDArray[np.float32]) -> Floats:
        """Mahalanobis distances, float64 (N,): sqrt(z P z) of the scaled difference z.

        Example:
            >>> cloud = Cloud(np.zeros(1), np.ones(1), np.eye(1))
            >>> cloud.distances(np.array([[-2.0]], np.float32)).tolist()
            [2.0]
        """
        scaled = (points - self.mean) / self.deviation
        squared = np.einsum("ij,ij->i", scaled @ self.precision, scaled)
        return np.asarray(np.sqrt(np.maximum(squared, 0)))


@dataclass(frozen=True, eq=False)
class Reference:
    """Training images as pictures are compared with them.

    Args:
        pixels: float32 (N, H W C).
        clouds: ``"features"`` and ``"statistics"``.
    """

    pixels: NDArray[np.float32]
    clouds: Mapping[str, Cloud]

    @classmethod
    def of(cls, points: Points) -> "Reference":
        """Training images of :func:`as_points`."""
        clouds = {space: Cloud.of(points[space]) for space in SPACES if space != "pixels"}
        return cls(points["pixels"], clouds)

    def distances(self, points: Points) -> dict[str, Floats]:
        """How far pictures are, by space, float64 (n,)."""
        apart = {space: cloud.distances(points[space]) for space, cloud in self.clouds.items()}
        return {"pixels": _nearest(self.pixels, points["pixels"]), **apart}


@dataclass(frozen=True, eq=False)
class Likeness:
    """Thresholds, and what they were measured on.

    Args:
        reference: of training images.
        thresholds: by space; a picture farther away in one of them is unlike.
        num_held_out: images they were measured on.
        called: how many of those are called unlike all the same.
        held_out: what these images are: ``"validation"`` or ``"training"``.
    """

    reference: Reference
    thresholds: Mapping[str, float]
    num_held_out: int
    called: int
    held_out: str


def as_points(images: Images, features: NDArray[np.float32], pixel_max: int) -> Points:
    """Images in the three spaces.

    Args:
        images: uint8 (N, H, W, C) of 0..``pixel_max``.
        features: float32 (N, F); of very many, some evenly spaced are taken.
        pixel_max: the largest value of a pixel.
    """
    some = np.linspace(0, features.shape[1] - 1, min(features.shape[1], _MOST_FEATURES))
    shares = images.astype(np.float32) / np.float32(pixel_max)
    return {
        "pixels": shares.reshape(len(images), -1),
        "features": features[:, some.round().astype(np.int64)],
        "statistics": _statistics(shares),
    }


def measure(reference: Reference, held_out: Points, of: str) -> Likeness:
    """Thresholds over held-out images that are none of the reference's.

    Args:
        reference: of training images.
        held_out: of :func:`as_points`.
        of: ``"validation"`` or ``"training"``, for the words.
    """
    found = reference.distances(held_out)
    thresholds = {
        space: float(np.percentile(values, PERCENTILE, method="higher"))
        for space, values in found.items()
    }
    beyond = np.any([values > thresholds[space] for space, values in found.items()], axis=0)
    return Likeness(reference, thresholds, len(beyond), int(beyond.sum()), of)


def _nearest(reference: NDArray[np.float32], points: NDArray[np.float32]) -> Floats:
    """Distance to the nearest, by |a - b|^2 = |a|^2 + |b|^2 - 2 a b."""
    squares = np.einsum("ij,ij->i", reference, reference)
    found = np.empty(len(points), dtype=np.float64)
    for start in range(0, len(points), _AT_ONCE):
        some = points[start : start + _AT_ONCE]
        least = (squares - 2 * some @ reference.T).min(axis=1)
        squared = np.einsum("ij,ij->i", some, some) + least
        found[start : start + _AT_ONCE] = np.sqrt(np.maximum(squared, 0))
    return found


def _statistics(shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each image and channel lightness, contrast and edges; colourfulness where it has colour.

    Args:
        shares: float32 (N, H, W, C), 0 to 1.
    """
    axes = (1, 2)
    found = [
        shares.mean(axes),
        shares.std(axes),
        # Of an image one pixel wide there are no neighbours to differ from.
        *(
            np.abs(np.diff(shares, axis=axis)).sum(axes) / max(shares[0, ..., 0].size, 1)
            for axis in axes
        ),
    ]
    if shares.shape[3] > 1:
        found.append((shares.max(3) - shares.min(3)).mean(axes)[:, None])
    return np.concatenate(found, axis=1)
