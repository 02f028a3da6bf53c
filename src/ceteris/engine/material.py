"""Images as the step reads them: uint8 in a shared memory map, gathered and scaled by the batch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ceteris.data import open_parsed


@dataclass(frozen=True)
class Material:
    """All images of a data set, of which a run is given row numbers.

    Args:
        images: uint8 (N, H, W, C), mapped copy-on-write: workers share the pages.
        labels: int64 (N,).
        num_classes: K.
        factor: what a pixel is multiplied by, 1/255 (1/16 for digits) or 1.
    """

    images: Tensor
    labels: Tensor
    num_classes: int
    factor: float

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C)."""
        height, width, channels = self.images.shape[1:]
        return int(height), int(width), int(channels)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The images and labels of some rows.

        Args:
            rows: int64 (B,).

        Returns:
            float32 (B, C, H, W) in channels-last memory, and int64 (B,).
        """
        pixels = self.images.index_select(0, rows).to(torch.float32)
        if self.factor != 1.0:
            pixels.mul_(self.factor)
        return pixels.permute(0, 3, 1, 2), self.labels.index_select(0, rows)


def open_material(folder: Path, scale: Literal["unit", "none"]) -> Material:
    """The parsed data set in ``folder``, memory-mapped."""
    data = open_parsed(folder)
    return Material(
        images=torch.from_numpy(data.images),
        labels=torch.from_numpy(np.asarray(data.labels)),
        num_classes=data.num_classes,
        factor=1.0 / data.pixel_max if scale == "unit" else 1.0,
    )
