"""A data set in memory: images, labels, and what must be known about them.

Also :class:`Content`, the same before it is in memory: what a reader hands to the cache.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ceteris.data.copies import first_copies, flat_rows

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class DataSet:
    """Labelled images, those that may be trained on first.

    Args:
        name: the name it has in the register.
        images: uint8 (N, H, W, C), C-contiguous; may be a copy-on-write memory map.
        labels: int64 (N,), each 0 <= label < K.
        classes: the K names of the classes, by label.
        num_train: rows ``[0, num_train)`` may be trained on; the rest is the published test part,
            which may be empty.
        pixel_max: the largest value a pixel can have: what scaling to 0..1 divides by.
        digest: SHA-256 (hex) over the content, see :func:`content_digest`.
        notes: what whoever learns from it must know, for example which files were left out.

    Raises:
        ValueError: the arrays do not have the form above. This is our mistake and no user's.

    Example:
        >>> data = DataSet("toy", np.zeros((3, 2, 4, 1), np.uint8), np.array([0, 1, 1]),
        ...                ("a", "b"), num_train=2, pixel_max=255, digest="")
        >>> data.shape, data.num_classes
        ((2, 4, 1), 2)
    """

    name: str
    images: Images
    labels: Labels
    classes: tuple[str, ...]
    num_train: int
    pixel_max: int
    digest: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if images.dtype != np.uint8 or images.ndim != 4 or not images.flags.c_contiguous:
            raise ValueError(f"images must be C-contiguous uint8 (N, H, W, C), not {images.shape}")
        if labels.dtype != np.int64 or labels.shape != images.shape[:1]:
            raise ValueError(f"labels must be int64 ({len(images)},), not {labels.shape}")
        if len(labels) and not 0 <= labels.min() <= labels.max() < len(self.classes):
            raise ValueError(f"labels must lie in 0..{len(self.classes) - 1}")
        if not 0 < self.num_train <= len(images):
            raise ValueError(f"num_train must lie in 1..{len(images)}, not {self.num_train}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape (H, W, C) of one image."""
        _, height, width, channels = self.images.shape
        return (height, width, channels)

    @property
    def num_classes(self) -> int:
        """K, the number of classes."""
        return len(self.classes)

    @cached_property
    def first_copies(self) -> Rows:
        """For each image the first row with its pixels, see :func:`first_copies`; looked for once.

        It takes a third of a second for 60,000 images, less than checking their digest does, so it
        is kept in memory and not on disk.
        """
        return first_copies(self.images)

    @cached_property
    def flat(self) -> Rows:
        """The rows whose image is one colour from corner to corner; looked for once."""
        return flat_rows(self.images)


@dataclass(frozen=True, eq=False)
class Content:
    """What a reader found, its images one block after another so that a large set fits.

    Args:
        name: the name of the set in the register.
        shape: (N, H, W, C) of all images together.
        blocks: called once; yields uint8 (n, H, W, C), the n adding up to N.
        labels: int64 (N,).
        classes, num_train, pixel_max, notes: as in :class:`DataSet`.
        files: the file of each image, by row; empty where they have none of their own.
    """

    name: str
    shape: tuple[int, int, int, int]
    blocks: Callable[[], Iterator[Images]]
    labels: Labels
    classes: tuple[str, ...]
    num_train: int
    pixel_max: int
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()

    @classmethod
    def of_arrays(
        cls,
        name: str,
        images: Iterable[Images],
        labels: Labels,
        *,
        classes: tuple[str, ...],
        num_train: int,
        pixel_max: int,
    ) -> "Content":
        """Content that is in memory already, in one or more blocks."""
        parts = tuple(images)
        total = sum(len(part) for part in parts)
        height, width, channels = parts[0].shape[1:]
        return cls(
            name=name,
            shape=(total, height, width, channels),
            blocks=lambda: iter(parts),
            labels=labels,
            classes=classes,
            num_train=num_train,
            pixel_max=pixel_max,
        )


def digest_of_frame(
    shape: tuple[int, ...], classes: tuple[str, ...], num_train: int, pixel_max: int
) -> "hashlib._Hash":
    """Begin the hash of a content; the pixels and then the labels are still to be added.

    ``SHA256(frame as JSON || 0 || pixels in C order || labels as little-endian int64)``. The frame
    holds the shape, so the lengths of what follows are fixed and no two contents can collide by
    concatenation. The name is no content: a set may be called something else and stay the same.
    """
    frame = {
        "shape": list(shape),
        "classes": list(classes),
        "num_train": num_train,
        "pixel_max": pixel_max,
    }
    return hashlib.sha256(json.dumps(frame, sort_keys=True).encode() + b"\0")


def content_digest(
    images: Images, labels: Labels, *, classes: tuple[str, ...], num_train: int, pixel_max: int
) -> str:
    """SHA-256 (hex) over images, labels, classes, ``num_train`` and ``pixel_max``.

    Args:
        images: uint8 (N, H, W, C).
        labels: int64 (N,).
        classes: the K names.
        num_train: rows before this one may be trained on.
        pixel_max: the largest value a pixel can have.

    Example:
        >>> images, labels = np.zeros((2, 1, 1, 1), np.uint8), np.array([0, 1])
        >>> a = content_digest(images, labels, classes=("a", "b"), num_train=2, pixel_max=255)
        >>> b = content_digest(images, labels, classes=("a", "b"), num_train=1, pixel_max=255)
        >>> len(a), a == b
        (64, False)
    """
    digest = digest_of_frame(images.shape, classes, num_train, pixel_max)
    digest.update(np.ascontiguousarray(images).data)
    digest.update(labels.astype("<i8").tobytes())
    return digest.hexdigest()
