"""Whether a picture is one of the run's own images, pixel by pixel, and of which part."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ceteris.data import DataSet, Split
from ceteris.data.dataset import Images

_AT_ONCE = 1000  # images of the data set held at a time
# Training first: an image that is in several parts was trained on.
_PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class OwnImages:
    """What a run learned from, and which row was used for what.

    Args:
        data: the set.
        split: of the run.
    """

    data: DataSet
    split: Split

    def find(self, pictures: Images) -> Mapping[int, str]:
        """Picture -> which image of the run it is, in words; only those that are one.

        Args:
            pictures: uint8 (n, H, W, C) as the network is given them, 0..``pixel_max``.
        """
        wanted: dict[bytes, list[int]] = {}
        for place, picture in enumerate(pictures):
            wanted.setdefault(picture.tobytes(), []).append(place)
        found: dict[int, str] = {}
        for part in _PARTS:
            rows: np.ndarray = getattr(self.split, part)
            for start in range(0, len(rows), _AT_ONCE):
                some = rows[start : start + _AT_ONCE]
                for row, image in zip(some.tolist(), self.data.images[some], strict=True):
                    for place in wanted.get(image.tobytes(), ()):
                        found.setdefault(place, self._named(part, row))
        return found

    def _named(self, part: str, row: int) -> str:
        called = "training" if part == "train" else part
        return f"{called} image {row}, class {self.data.classes[self.data.labels[row]]}"
