"""Images as the step reads them: uint8 in a shared memory map, gathered and scaled by the batch."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ceteris.data import Normalisation, Scale, normalisation_of, open_parsed

Change = Callable[[Tensor], Tensor]


class Scaling:
    """Pixels as a network is given them: a :class:`~ceteris.data.Normalisation` applied.

    Training images are changed before a mean is subtracted from them, never after: what
    augmentation brings in is black and its brightness multiplies light, whatever the scale. Where
    nothing is subtracted the two orders are one, and pixels are scaled first.

    Args:
        normalisation: of the run.
        shape: (H, W, C) of an image.
    """

    def __init__(self, normalisation: Normalisation, shape: tuple[int, int, int]) -> None:
        offset, divisor = normalisation.offset, normalisation.divisor
        linear = not offset.any() and len(set(divisor.tolist())) == 1
        self._factor = 1.0 / float(divisor[0]) if linear else 1.0
        self._offset: Tensor | None = None
        if not linear:
            # Written out for every pixel: broadcasting over the innermost axis is slow.
            self._offset = torch.from_numpy(np.broadcast_to(offset, shape).copy())
            self._divisor = torch.from_numpy(np.broadcast_to(divisor, shape).copy())

    def of(self, pixels: Tensor, change: Change | None = None) -> Tensor:
        """What the network is given.

        Args:
            pixels: uint8 (B, H, W, C); left as it is.
            change: of a training batch, float32 (B, C, H, W), black being 0.

        Returns:
            float32 (B, C, H, W) in channels-last memory.

        Example:
            >>> light = Normalisation.of_arrays(np.array([0.0]), np.array([4.0]))
            >>> Scaling(light, (1, 2, 1)).of(torch.tensor([[[[2], [4]]]], dtype=torch.uint8))
            tensor([[[[0.5000, 1.0000]]]])
        """
        found = pixels.to(torch.float32)
        if self._factor != 1.0:
            found.mul_(self._factor)
        images = found.permute(0, 3, 1, 2)
        if change is not None:
            images = change(images)
        if self._offset is not None:
            images.permute(0, 2, 3, 1).sub_(self._offset).div_(self._divisor)
        return images


@dataclass(frozen=True)
class Material:
    """All images of a data set, of which a run is given row numbers.

    Args:
        images: uint8 (N, H, W, C), mapped copy-on-write: workers share the pages.
        labels: int64 (N,).
        num_classes: K.
        normalisation: of the run; stored with it.
        scaling: the same, ready to be applied.
    """

    images: Tensor
    labels: Tensor
    num_classes: int
    normalisation: Normalisation
    scaling: Scaling

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, C)."""
        height, width, channels = self.images.shape[1:]
        return int(height), int(width), int(channels)

    def batch(self, rows: Tensor, change: Change | None = None) -> tuple[Tensor, Tensor]:
        """The images and labels of some rows.

        Args:
            rows: int64 (B,).
            change: what happens to the images of a training batch before they are normalised.

        Returns:
            float32 (B, C, H, W) in channels-last memory, and int64 (B,).
        """
        pixels = self.images.index_select(0, rows)
        return self.scaling.of(pixels, change), self.labels.index_select(0, rows)


def open_material(folder: Path, scale: Scale, train: np.ndarray) -> Material:
    """The parsed data set in ``folder``, memory-mapped.

    Args:
        folder: of the parsed set.
        scale: the run's; ``"standard"`` reads every training image once.
        train: int64, rows of the run's training part.
    """
    data = open_parsed(folder)
    found = normalisation_of(data, scale, train)
    return Material(
        images=torch.from_numpy(data.images),
        labels=torch.from_numpy(np.asarray(data.labels)),
        num_classes=data.num_classes,
        normalisation=found,
        scaling=Scaling(found, data.shape),
    )
