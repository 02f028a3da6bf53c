"""A changed batch is what a slow reference says, and its draws are the seed's and the step's."""

import cmath
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.engine.augment import Draws, apply, augmentation, draw
from ceteris.seeds import Streams
from ceteris.study.spec import AugmentSpec

Fill = Literal["edge", "zero"]

SPECS = st.builds(
    AugmentSpec,
    rotation=st.sampled_from([0.0, 10.0, 180.0]),
    shift=st.sampled_from([0.0, 0.1, 1.0]),
    zoom=st.sampled_from([0.0, 0.1, 0.8]),
    flip=st.booleans(),
    crop=st.sampled_from([0, 1, 4]),
    brightness=st.sampled_from([0.0, 0.3]),
    erase=st.sampled_from([0.0, 0.5, 1.0]),
    fill=st.sampled_from(["edge", "zero"]),
)
EVERYTHING = AugmentSpec(
    rotation=10, shift=0.1, zoom=0.1, flip=True, crop=4, brightness=0.1, erase=0.5
)


def batch(*shape: int, seed: int = 0) -> torch.Tensor:
    """Images of that shape (B, C, H, W) in channels-last memory, as a material returns them."""
    num_images, channels, height, width = shape
    pixels = np.random.default_rng(seed).random((num_images, height, width, channels))
    return torch.from_numpy(pixels.astype(np.float32)).permute(0, 3, 1, 2)


def nothing(num_images: int) -> Draws:
    """Draws that change nothing."""
    return Draws(
        mirrored=np.zeros(num_images, dtype=bool),
        scale=np.ones(num_images),
        angle=np.zeros(num_images),
        shift=np.zeros((num_images, 2)),
        window=np.zeros((num_images, 2), dtype=np.int64),
        gain=np.ones(num_images),
        erased=np.zeros((num_images, 4), dtype=np.int64),
    )


def reference(images: np.ndarray, draws: Draws, fill: Fill) -> np.ndarray:
    """Image by image and pixel by pixel in float64; the plane of the picture is complex, y up."""
    changed = np.zeros(images.shape)
    num_images, _, height, width = images.shape
    for i in range(num_images):
        top, left, tall, wide = draws.erased[i]
        for y in range(height):
            for x in range(width):
                down, right = y + draws.window[i, 0], x + draws.window[i, 1]
                if not (0 <= down < height and 0 <= right < width):
                    continue
                if top <= y < top + tall and left <= x < left + wide:
                    continue
                down, right = down - draws.shift[i, 0], right - draws.shift[i, 1]
                place = complex(right - (width - 1) / 2, (height - 1) / 2 - down)
                place *= cmath.exp(-1j * draws.angle[i]) / draws.scale[i]
                right = (width - 1) / 2 + (-place.real if draws.mirrored[i] else place.real)
                down = (height - 1) / 2 - place.imag
                changed[i, :, y, x] = draws.gain[i] * bilinear(images[i], down, right, fill)
    return changed


def bilinear(image: np.ndarray, y: float, x: float, fill: Fill) -> np.ndarray:
    """The weighted mean of the four pixels (C, H, W) around a place."""
    _, height, width = image.shape
    value = np.zeros(len(image))
    for row in (int(np.floor(y)), int(np.floor(y)) + 1):
        for column in (int(np.floor(x)), int(np.floor(x)) + 1):
            weight = (1 - abs(y - row)) * (1 - abs(x - column))
            if fill == "edge":
                inside = image[:, min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
            elif 0 <= row < height and 0 <= column < width:
                inside = image[:, row, column]
            else:
                continue
            value += weight * inside
    return value


@settings(deadline=None, max_examples=150)
@given(
    spec=SPECS,
    shape=st.tuples(
        st.integers(1, 3), st.sampled_from([1, 3]), st.integers(1, 8), st.integers(1, 8)
    ),
    seed=st.integers(0, 99),
)
def test_every_combination_is_what_the_reference_says(
    spec: AugmentSpec, shape: tuple[int, int, int, int], seed: int
) -> None:
    images = batch(*shape, seed=seed)
    draws = draw(spec, Streams(0, seed), 3, shape[0], shape[2:])
    found = augmentation(spec, Streams(0, seed))(images, 3)
    expected = reference(images.double().numpy(), draws, spec.fill)
    # A place of up to 40 pixels in float32 is right to about 1e-5 of a pixel.
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("fill", ["edge", "zero"])
def test_draws_that_change_nothing_give_the_same_bits(fill: Fill) -> None:
    images = batch(4, 3, 9, 6)
    assert torch.equal(apply(images, nothing(4), fill), images)
    # The same through the resampling: one image of the batch moves, the others must not.
    draws = nothing(4)
    draws.angle[0] = 0.1
    assert torch.equal(apply(images, draws, fill)[1:], images[1:])
    assert not torch.equal(apply(images, draws, fill)[0], images[0])


def test_a_mirrored_picture() -> None:
    images = batch(2, 3, 5, 4)
    found = apply(images, replace(nothing(2), mirrored=np.array([True, False])), "edge")
    assert torch.equal(found[0], images[0].flip(2))
    assert torch.equal(found[1], images[1])


@pytest.mark.parametrize(("degrees", "turns"), [(90, 1), (180, 2), (-90, 3)])
@pytest.mark.parametrize("side", [6, 7])
def test_a_picture_turned_by_right_angles(degrees: float, turns: int, side: int) -> None:
    images = batch(2, 1, side, side)
    found = apply(images, replace(nothing(2), angle=np.radians([degrees, 0.0])), "zero")
    expected = np.rot90(images[0].numpy(), turns, axes=(1, 2))
    np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-6)
    assert torch.equal(found[1], images[1])


@pytest.mark.parametrize("fill", ["edge", "zero"])
def test_a_picture_shifted_by_whole_pixels(fill: Fill) -> None:
    images = batch(1, 2, 6, 5)
    found = apply(images, replace(nothing(1), shift=np.array([[2.0, -1.0]])), fill)[0]
    assert torch.equal(found[:, 2:, :-1], images[0, :, :-2, 1:])
    if fill == "zero":
        assert not found[:, :2].any()
        assert not found[:, :, -1].any()
    else:
        assert torch.equal(found[:, :2, :-1], images[0, :, :1, 1:].expand(-1, 2, -1))
        assert torch.equal(found[:, 2:, -1], images[0, :, :-2, -1])


def test_half_a_pixel_is_the_mean_of_two() -> None:
    images = batch(1, 1, 3, 4)
    found = apply(images, replace(nothing(1), shift=np.array([[0.0, 0.5]])), "edge")
    expected = (images[:, :, :, :-1] + images[:, :, :, 1:]) / 2
    torch.testing.assert_close(found[:, :, :, 1:], expected)
    assert torch.equal(found[:, :, :, 0], images[:, :, :, 0])


def test_a_picture_twice_as_large_shows_its_middle() -> None:
    images = batch(1, 1, 9, 9)
    found = apply(images, replace(nothing(1), scale=np.array([2.0])), "edge")
    assert torch.equal(found[0, 0, ::2, ::2], images[0, 0, 2:7, 2:7])


@pytest.mark.parametrize("fill", ["edge", "zero"])
def test_a_window_of_the_padded_picture(fill: Fill) -> None:
    images = batch(200, 3, 8, 6)
    spec = AugmentSpec(crop=2, flip=True, fill=fill)
    draws = draw(spec, Streams(0, 0), 0, 200, (8, 6))
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)))
    found = augmentation(spec, Streams(0, 0))(images, 0).numpy()
    for i, (down, right) in enumerate(draws.window + 2):
        picture = padded[i, :, :, ::-1] if draws.mirrored[i] else padded[i]
        assert np.array_equal(found[i], picture[:, down : down + 8, right : right + 6])
    assert len({tuple(window) for window in draws.window.tolist()}) == 25
    assert 0 < draws.mirrored.sum() < 200


def test_brightness_multiplies_and_erasing_sets_to_zero() -> None:
    images = batch(2, 3, 6, 6)
    draws = replace(nothing(2), gain=np.array([1.5, 1.0]))
    draws.erased[1] = (1, 2, 3, 4)
    found = apply(images, draws, "edge")
    assert torch.equal(found[0], images[0] * 1.5)
    assert not found[1, :, 1:4, 2:6].any()
    kept = torch.ones(6, 6, dtype=torch.bool)
    kept[1:4, 2:6] = False
    assert torch.equal(found[1, :, kept], images[1, :, kept])


@pytest.mark.parametrize("spec", [EVERYTHING, AugmentSpec(brightness=0.1), AugmentSpec(flip=True)])
def test_what_was_given_is_left_as_it_is(spec: AugmentSpec) -> None:
    images = batch(8, 3, 9, 7)
    before = images.clone()
    found = augmentation(spec, Streams(0, 0))(images, 0)
    assert torch.equal(images, before)
    assert found.data_ptr() != images.data_ptr()
    assert found.shape == images.shape
    assert found.stride() == images.stride()
    assert found.dtype == torch.float32


def test_batches_in_another_memory_order_are_the_same_images() -> None:
    images = batch(4, 3, 9, 7)
    change = augmentation(EVERYTHING, Streams(0, 0))
    assert torch.equal(change(images, 0), change(images.contiguous(), 0))


def test_none_of_it_returns_the_very_batch() -> None:
    images = batch(2, 1, 4, 4)
    assert augmentation(None, Streams(0, 0))(images, 0) is images


ALL_ON: dict[str, Any] = EVERYTHING.model_dump()


@pytest.mark.parametrize("option", [key for key in ALL_ON if key != "fill"])
def test_what_an_option_draws_depends_on_seed_and_step_alone(option: str) -> None:
    def drawn(spec: AugmentSpec, root: int, seed: int, step: int, num_images: int) -> bytes:
        draws = draw(spec, Streams(root, seed), step, num_images, (32, 24))
        field = {
            "rotation": draws.angle,
            "shift": draws.shift,
            "zoom": draws.scale,
            "flip": draws.mirrored,
            "crop": draws.window,
            "brightness": draws.gain,
            "erase": draws.erased,
        }[option]
        return field[:24].tobytes()

    alone = AugmentSpec(**{option: ALL_ON[option]})
    first = drawn(alone, 0, 0, 0, 24)
    assert drawn(alone, 0, 0, 0, 24) == first
    assert drawn(EVERYTHING, 0, 0, 0, 24) == first, "what else is on"
    assert drawn(alone, 0, 0, 0, 60) == first, "how many images follow"
    other = {drawn(alone, *place, 24) for place in [(1, 0, 0), (0, 1, 0), (0, 0, 1)]}
    assert len(other | {first}) == 4


def test_draws_fill_their_ranges_evenly() -> None:
    spec = AugmentSpec(rotation=30, shift=0.25, zoom=0.4, flip=True, crop=3, brightness=0.2)
    num_images = 20_000
    draws = draw(spec, Streams(0, 0), 0, num_images, (40, 20))
    for values, low, high in [
        (draws.angle, -np.pi / 6, np.pi / 6),
        (draws.shift[:, 0], -10, 10),
        (draws.shift[:, 1], -5, 5),
        (draws.scale, 0.6, 1.4),
        (draws.gain, 0.8, 1.2),
    ]:
        share = (values - low) / (high - low)
        assert share.min() >= 0
        assert share.max() <= 1
        # 2,000 expected in each tenth, standard deviation 42: five of those is one in a million.
        assert np.all(np.abs(np.histogram(share, 10, (0, 1))[0] - 2000) < 5 * 42.5)
    for axis in (0, 1):
        counts = np.bincount(draws.window[:, axis] + 3, minlength=7)
        assert np.all(np.abs(counts - num_images / 7) < 5 * 50)
    assert abs(draws.mirrored.sum() - num_images / 2) < 5 * 71
    columns = [draws.angle, *draws.shift.T, draws.scale, draws.mirrored, *draws.window.T]
    related = np.corrcoef(np.array([*columns, draws.gain])) - np.eye(8)
    assert np.abs(related).max() < 5 / np.sqrt(num_images), "every draw is its own"


def test_erased_rectangles_lie_inside_and_are_as_large_as_published() -> None:
    num_images = 20_000
    spec = AugmentSpec(erase=0.3)
    erased = draw(spec, Streams(0, 0), 0, num_images, (100, 200)).erased
    found = erased[erased[:, 2] > 0]
    # 0.3 of 20,000 with a standard deviation of 65.
    assert abs(len(found) - 0.3 * num_images) < 5 * 65
    top, left, height, width = found.T
    assert top.min() >= 0
    assert left.min() >= 0
    assert (top + height).max() == 100
    assert (left + width).max() == 200
    area, aspect = height * width / 20_000, height / width
    assert 0.015 < area.min() < 0.03
    assert 0.35 < area.max() < 0.41
    assert 0.28 < aspect.min() < 0.32
    assert 3 < aspect.max() < 3.5
    assert not erased[erased[:, 2] == 0].any()
