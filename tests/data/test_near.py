"""Near duplicates: planted ones are found, and images that are merely alike are not."""

import io

import numpy as np
import pytest
from PIL import Image

from ceteris.data import DataSet, near
from ceteris.data.near import agreement, near_pairs

SIDE = 32


def scenes(number: int, channels: int = 1, side: int = SIDE) -> np.ndarray:
    """Pictures with large shapes and fine texture, as photographs have; each another one."""
    noise = np.random.default_rng(1).normal(size=(number, side, side, channels))
    down, across = np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side), indexing="ij")
    falling = (1 / side + np.hypot(down, across)) ** -2  # large shapes above all
    fields = np.fft.ifft2(np.fft.fft2(noise, axes=(1, 2)) * falling[..., np.newaxis], axes=(1, 2))
    fields = fields.real / fields.real.std(axis=(1, 2), keepdims=True)
    return np.clip(125 + 40 * fields, 0, 255).astype(np.uint8)


def as_set(images: np.ndarray, num_train: int | None = None) -> DataSet:
    labels = np.arange(len(images)) % 2
    return DataSet("made-up", images, labels, ("a", "b"), num_train or len(images), 255, "")


def jpeg(image: np.ndarray) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(image[..., 0]).save(stream, "JPEG", quality=85)
    return np.asarray(Image.open(stream))[..., np.newaxis]


def brighter(image: np.ndarray) -> np.ndarray:
    return np.clip(image * 0.8 + 30, 0, 255).astype(np.uint8)


def moved(image: np.ndarray) -> np.ndarray:
    return np.roll(image, 1, axis=0)


def mirrored(image: np.ndarray) -> np.ndarray:
    return image[:, ::-1]


def noisy(image: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(2).normal(0, 3, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("change", "few"),
    [(jpeg, 0), (brighter, 0), (moved, 0), (mirrored, 0), (noisy, 0), (moved, 1000)],
)
def test_planted_near_duplicates_are_found_and_nothing_else(
    change: object, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near, "_FEW", few)
    images = scenes(90)
    planted = {(row, row + 45) for row in range(0, 45, 5)}
    for first, second in planted:
        images[second] = change(images[first])  # type: ignore[operator]
    found = near_pairs(as_set(images))
    assert not found.not_searched
    pairs = {(pair.first, pair.second) for pair in found.pairs}
    assert pairs <= planted
    assert len(pairs) >= 0.9 * len(planted)
    assert all(pair.mirrored == (change is mirrored) for pair in found.pairs)


def test_what_is_missed_is_what_the_definition_leaves_out() -> None:
    """A crop and a shift of four pixels are other pixels: said in the documentation."""
    images = scenes(100)
    images[70] = np.roll(images[10], 4, axis=1)
    images[80] = images[20][4:28, 4:28].repeat(2, 0).repeat(2, 1)[8:40, 8:40]
    assert near_pairs(as_set(images)).pairs == ()


def test_colour_is_brought_to_grey_and_the_same_set_gives_the_same_pairs() -> None:
    images = scenes(100, channels=3)
    images[70] = brighter(images[5])
    first, second = near_pairs(as_set(images)), near_pairs(as_set(images.copy()))
    assert [(pair.first, pair.second) for pair in first.pairs] == [(5, 70)]
    assert first == second


def test_copies_count_once_and_flat_images_not_at_all() -> None:
    images = scenes(60)
    images[40] = images[41] = images[3]
    images[50] = 7
    images[51] = 8
    images[30] = brighter(images[3])
    found = near_pairs(as_set(images))
    assert [(pair.first, pair.second) for pair in found.pairs] == [(3, 30)]


def test_large_pictures_are_shrunk() -> None:
    images = scenes(12, side=80)
    images[9] = jpeg(images[2])
    assert [(pair.first, pair.second) for pair in near_pairs(as_set(images)).pairs] == [(2, 9)]


def test_outlines_that_are_all_alike_are_not_guessed_about() -> None:
    images = np.zeros((200, SIDE, SIDE, 1), np.uint8)
    generator = np.random.default_rng(0)
    for image in images:
        edge = generator.integers(10, 13)
        image[6:26, edge : SIDE - edge] = generator.integers(150, 250)
    found = near_pairs(as_set(images))
    assert found.pairs == ()
    assert found.not_searched.startswith("images of one class look so much alike here")
    assert "check larger versions of them" in found.not_searched


def test_small_images_are_not_guessed_about() -> None:
    found = near_pairs(as_set(scenes(10)[:, :8, :8].copy()))
    assert found.pairs == ()
    assert found.not_searched.startswith("images of 8 x 8 pixels are too small")
    assert "check larger versions of them, of 16 pixels a side" in found.not_searched


def test_the_search_is_announced_only_where_it_takes_place() -> None:
    told: list[int] = []
    near_pairs(as_set(scenes(10)[:, :8, :8].copy()), begins=told.append)
    alike = np.zeros((200, SIDE, SIDE, 1), np.uint8)
    for row, image in enumerate(alike):
        image[6:26, 10 + row % 3 : 22] = 150 + row % 100
    near_pairs(as_set(alike), begins=told.append)
    assert told == []
    near_pairs(as_set(scenes(30)), begins=told.append)
    assert told == [30]


def test_only_the_rows_asked_for_are_looked_at() -> None:
    images = scenes(60)
    images[40] = brighter(images[3])
    images[50] = brighter(images[5])
    found = near_pairs(as_set(images), np.arange(45))
    assert [(pair.first, pair.second) for pair in found.pairs] == [(3, 40)]


def test_a_set_of_one_image_has_no_pair() -> None:
    assert near_pairs(as_set(scenes(1))).pairs == ()


def test_agreement_is_the_formula() -> None:
    """One shift, by hand, in float64: r of the inner pixels and of the inner pixels' detail."""
    one, two = scenes(2).astype(np.float64)[..., 0]
    expected = max(
        min(
            np.corrcoef(one[1:-1, 1:-1].ravel(), _seen(two, down, right).ravel())[0, 1],
            np.corrcoef(_fine(one)[1:-1, 1:-1].ravel(), _seen(_fine(two), down, right).ravel())[
                0, 1
            ],
        )
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
    )
    alike, detail = agreement(*(scene.astype(np.uint8)[None, ..., None] for scene in (one, two)))
    assert min(float(alike[0]), float(detail[0])) == pytest.approx(expected, abs=1e-4)


def _seen(image: np.ndarray, down: int, right: int) -> np.ndarray:
    height, width = image.shape
    return image[1 + down : height - 1 + down, 1 + right : width - 1 + right]


def _fine(image: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
    return image[1:-1, 1:-1] - windows.mean(axis=(2, 3))
