"""Chance changes of a training batch: one map from image to image, one resampling.

The draws of a step depend on the seed, the step and the name of the option, and on nothing else.
So two arms with one seed turn image i of step t by the same angle, whatever else each of them has
switched on and however large its batches are, and a resumed run draws its step again. The network
is evaluated on images as they are: only the loop's training step calls this.
"""

import math
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from ceteris.seeds import Purpose, Streams
from ceteris.study.spec import AugmentSpec

# Zhong et al., "Random erasing data augmentation" (2017), section 3: share of the image's area,
# and height over width.
_ERASED_AREA = (0.02, 0.4)
_ERASED_ASPECT = (0.3, 1 / 0.3)


class Augmentation(Protocol):
    """A chance change of a training batch that depends on the step."""

    def __call__(self, images: Tensor, step: int) -> Tensor:
        """The batch (B, C, H, W) of a step, 0 for the first, changed."""


@dataclass(frozen=True)
class Draws:
    """What happens to each image of a batch, in the order in which it happens.

    Args:
        mirrored: bool (B,).
        scale: float64 (B,), 1 leaves the size.
        angle: float64 (B,), radians, positive turns the picture counter-clockwise.
        shift: float64 (B, 2), pixels down and to the right.
        window: int64 (B, 2), where the kept window begins, down and to the right.
        gain: float64 (B,), what pixels are multiplied by.
        erased: int64 (B, 4), top, left, height and width; height 0 where nothing is erased.
    """

    mirrored: np.ndarray
    scale: np.ndarray
    angle: np.ndarray
    shift: np.ndarray
    window: np.ndarray
    gain: np.ndarray
    erased: np.ndarray


def augmentation(augment: AugmentSpec | None, streams: Streams) -> Augmentation:
    """The function of a training batch and its step that changes the batch; of None, leaves it.

    The function takes float32 (B, C, H, W) and the step, 0 for the first, and returns the same
    shape, channels last, in memory of its own; without augmentation the very tensor it was given.

    Example:
        >>> turn = augmentation(AugmentSpec(rotation=10), Streams(0, 0))
        >>> images = torch.rand(2, 1, 8, 8)
        >>> bool((turn(images, 5) == turn(images, 5)).all())
        True
        >>> bool((turn(images, 5) == turn(images, 6)).all())
        False
    """
    if augment is None:
        return lambda images, step: images

    def change(images: Tensor, step: int) -> Tensor:
        num_images, _, height, width = images.shape
        draws = draw(augment, streams, step, num_images, (height, width))
        return apply(images, draws, augment.fill)

    return change


def draw(
    augment: AugmentSpec, streams: Streams, step: int, num_images: int, size: tuple[int, int]
) -> Draws:
    """The draws of one step.

    Args:
        augment: ranges; an option that is off is not drawn, and no other option's draws move.
        streams: of the run's seed.
        step: 0 for the first.
        num_images: B; the first images of a step draw the same however many follow.
        size: height and width in pixels.
    """

    def uniform(option: str, count: int) -> np.ndarray:
        """float64 (count, B) in [0, 1)."""
        if not getattr(augment, option):
            return np.full((count, num_images), 0.5)  # the middle of every range
        generator = streams.generator(Purpose.AUGMENTATION, option, step)
        return generator.random((num_images, count)).T

    def either_way(option: str, count: int = 1) -> np.ndarray:
        """float64 (count, B) in [-most, most)."""
        most: float = getattr(augment, option)
        return most * (2 * uniform(option, count) - 1)

    whole = np.floor(uniform("crop", 2) * (2 * augment.crop + 1)).astype(np.int64)
    return Draws(
        mirrored=uniform("flip", 1)[0] < 0.5,
        scale=1 + either_way("zoom")[0],
        angle=np.radians(either_way("rotation")[0]),
        shift=either_way("shift", 2).T * size,
        window=(whole - augment.crop).T,
        gain=1 + either_way("brightness")[0],
        erased=_rectangles(uniform("erase", 5), augment.erase, size),
    )


def apply(images: Tensor, draws: Draws, fill: Literal["edge", "zero"]) -> Tensor:
    """A batch changed as drawn.

    Args:
        images: float32 (B, C, H, W).
        draws: of B images.
        fill: what rotation, shift and zoom bring in from outside.

    Returns:
        float32 (B, C, H, W), channels last; what was given is left as it is. An image that is only
        mirrored, or moved by whole pixels, is copied and not blurred.
    """
    pixels = images.permute(0, 2, 3, 1).contiguous()
    size = (int(images.shape[2]), int(images.shape[3]))
    maps, weights = source_maps(draws, size), _weights(draws, size)
    if (maps != np.eye(2, 3)).any():
        pixels = resample(pixels, maps, fill)
    if weights is not None:
        pixels = pixels * weights.to(pixels.device)
    return pixels.permute(0, 3, 1, 2)


def source_maps(draws: Draws, size: tuple[int, int]) -> np.ndarray:
    """Where each pixel of the changed image comes from: ``source = map @ (y, x, 1)``.

    The picture is mirrored, scaled and turned about its centre, shifted, and the window taken; a
    source is found by undoing that from the last to the first. With centre c, angle a and scale z

        source = c + M R(a) (p + window - shift - c) / z,  R(a) = [[cos a, sin a], [-sin a, cos a]]

    in (y, x), y down, where M changes the sign of x in mirrored images.

    Returns:
        float64 (B, 2, 3).
    """
    cos, sin = np.cos(draws.angle) / draws.scale, np.sin(draws.angle) / draws.scale
    mirror = np.where(draws.mirrored, -1.0, 1.0)
    linear = np.array([[cos, sin], [-sin * mirror, cos * mirror]]).transpose(2, 0, 1)
    centre = (np.array(size) - 1) / 2
    constant = centre + np.einsum("bij,bj->bi", linear, draws.window - draws.shift - centre)
    return np.concatenate([linear, constant[:, :, None]], axis=2)


def resample(pixels: Tensor, maps: np.ndarray, fill: Literal["edge", "zero"]) -> Tensor:
    """The images seen through affine maps: bilinear, or copied where a map is whole numbers.

    Args:
        pixels: float32 (B, H, W, C), contiguous.
        maps: float64 (B, 2, 3), from the place (y, x, 1) of a pixel to its source (y, x).
        fill: beyond the border, the nearest pixel or zero.
    """
    num_images, height, width, channels = pixels.shape
    ring = 1 if fill == "zero" else 0
    # Zero beyond the border is the nearest pixel of an image with a border of zeros.
    source = torch.nn.functional.pad(pixels, (0, 0, ring, ring, ring, ring)) if ring else pixels
    rows, columns = height + 2 * ring, width + 2 * ring
    # Per image and axis: what y, x and 1 are multiplied by, in float32 as the pixels.
    factors = torch.from_numpy(maps.astype(np.float32)).to(pixels.device)
    y = torch.arange(height, dtype=torch.float32, device=pixels.device).view(1, height, 1)
    x = torch.arange(width, dtype=torch.float32, device=pixels.device).view(1, 1, width)

    def place(axis: int, last: int) -> tuple[Tensor, Tensor]:
        """Whole part and remainder of the source's place on one axis, (B, H, W)."""
        by_y, by_x, constant = factors[:, axis, :, None, None].unbind(1)
        exact = (by_y * y + (constant + ring)) + by_x * x
        exact = exact.clamp_(0, last)
        # The last pixel is its neighbour's neighbour, so that there is always a next one.
        floor = exact.to(torch.int32).clamp_(max=max(last - 1, 0))
        return floor, exact.sub_(floor)

    top, down = place(0, rows - 1)
    left, right = place(1, columns - 1)
    first = torch.arange(num_images, dtype=torch.int32, device=pixels.device).view(-1, 1, 1)
    index = ((first * rows + top).mul_(columns)).add_(left)
    flat = source.reshape(-1, channels).squeeze(1)  # one channel: single numbers are faster to take
    shape = (num_images, height, width, channels)
    below, beside = columns if rows > 1 else 0, 1 if columns > 1 else 0

    def take(offset: int) -> Tensor:
        return flat.index_select(0, (index + offset).view(-1)).view(shape)

    # Mirrored and cropped alone: the same bits as below, with one place read instead of four.
    if bool((maps == np.round(maps)).all()):
        index += down.to(torch.int32).mul_(below).add_(right.to(torch.int32).mul_(beside))
        return take(0)
    # Written out for every channel: broadcasting over the innermost axis is three times slower.
    right, down = (part.unsqueeze(3).expand(shape).contiguous() for part in (right, down))
    # lerp is exact at both ends: weights of 0 and 1 copy.
    above = torch.lerp(take(0), take(beside), right)
    under = torch.lerp(take(below), take(below + beside), right)
    return torch.lerp(above, under, down)


def _rectangles(uniforms: np.ndarray, probability: float, size: tuple[int, int]) -> np.ndarray:
    """Erased rectangles: area and aspect drawn, sides cut to the image, then placed inside it.

    Zhong et al. draw again until a rectangle fits; cutting it gives each image one draw, whatever
    the others drew. The aspect is drawn by its logarithm, so that tall and wide are as likely.
    """
    whether, area, aspect, top, left = uniforms
    least, most = _ERASED_AREA
    flat, tall = (math.log(bound) for bound in _ERASED_ASPECT)
    pixels = (least + (most - least) * area) * math.prod(size)
    ratio = np.exp(flat + (tall - flat) * aspect)
    height = np.clip(np.round(np.sqrt(pixels * ratio)), 1, size[0])
    width = np.clip(np.round(np.sqrt(pixels / ratio)), 1, size[1])
    top, left = np.floor(top * (size[0] - height + 1)), np.floor(left * (size[1] - width + 1))
    found = np.stack([top, left, height, width], axis=1).astype(np.int64)
    return np.where((whether < probability)[:, None], found, 0)


def _weights(draws: Draws, size: tuple[int, int]) -> Tensor | None:
    """What pixels are multiplied by, float32 (B, H or 1, W or 1, 1); None where it is 1."""
    if not draws.window.any() and not draws.erased.any() and (draws.gain == 1).all():
        return None
    weights = draws.gain.astype(np.float32)[:, None, None]
    y, x = np.arange(size[0])[:, None], np.arange(size[1])
    if draws.window.any():
        down, right = draws.window.T[:, :, None, None]
        weights = weights * ((y + down >= 0) & (y + down < size[0]))
        weights = weights * ((x + right >= 0) & (x + right < size[1]))
    if draws.erased.any():
        top, left, height, width = draws.erased.T[:, :, None, None]
        erased = (y >= top) & (y < top + height) & (x >= left) & (x < left + width)
        weights = weights * ~erased
    return torch.from_numpy(weights).unsqueeze(3)
