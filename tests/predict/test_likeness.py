"""Distances and their thresholds, against arithmetic done the plain way."""

import numpy as np
import pytest

from ceteris.predict.likeness import SPACES, Cloud, Reference, as_points, measure

RNG = np.random.default_rng(0)


def some(number: int) -> dict[str, np.ndarray]:
    return {space: RNG.normal(size=(number, 5)).astype(np.float32) for space in SPACES}


def test_pixels_are_as_far_as_the_nearest_training_image() -> None:
    reference, points = some(40), some(700)
    apart = np.linalg.norm(points["pixels"][:, None] - reference["pixels"][None], axis=2)
    found = Reference.of(reference).distances(points)["pixels"]
    assert found == pytest.approx(apart.min(axis=1), rel=1e-3)
    assert Reference.of(reference).distances(reference)["pixels"].max() < 1e-2


def test_a_cloud_measures_in_deviations_and_knows_correlations() -> None:
    first = RNG.normal(size=20_000)
    second = 0.9 * first + np.sqrt(1 - 0.81) * RNG.normal(size=20_000)
    cloud = Cloud.of(np.stack([3 + 2 * first, 100 * second], axis=1).astype(np.float32))
    along = np.array([[3 + 2 * 2, 100 * 2]], np.float32)
    across = np.array([[3 + 2 * 2, -100 * 2]], np.float32)
    # Of a pair with correlation r, d^2 = (a^2 - 2 r a b + b^2) / (1 - r^2).
    assert cloud.distances(along)[0] == pytest.approx(np.sqrt(8 * 0.1 / 0.19), rel=0.05)
    assert cloud.distances(across)[0] == pytest.approx(np.sqrt(8 * 1.9 / 0.19), rel=0.1)


def test_fewer_images_than_coordinates_and_coordinates_that_never_move_will_do() -> None:
    points = RNG.normal(size=(6, 30)).astype(np.float32)
    points[:, 3] = 0.25
    cloud = Cloud.of(points)
    assert np.isfinite(cloud.distances(RNG.normal(size=(9, 30)).astype(np.float32))).all()
    still = Cloud.of(np.zeros((4, 2), np.float32))
    assert still.distances(np.zeros((1, 2), np.float32)).tolist() == [0.0]


def test_points_are_shares_of_the_largest_pixel() -> None:
    images = np.full((1, 1, 2, 1), 8, np.uint8)
    points = as_points(images, np.array([[3.0, 4.0]], np.float32), 16)
    assert points["pixels"].tolist() == [[0.5, 0.5]]
    assert points["features"].tolist() == [[3.0, 4.0]]


def test_very_many_features_are_thinned_out() -> None:
    images = np.zeros((2, 2, 2, 1), np.uint8)
    points = as_points(images, np.zeros((2, 70_000), np.float32), 255)
    assert points["features"].shape == (2, 1024)


def test_statistics_are_lightness_contrast_edges_and_colourfulness() -> None:
    board = (np.indices((4, 4)).sum(axis=0) % 2 * 255).astype(np.uint8)
    grey = as_points(board[None, ..., None], np.zeros((1, 1), np.float32), 255)["statistics"]
    assert grey[0] == pytest.approx([0.5, 0.5, 12 / 16, 12 / 16])
    red = np.zeros((1, 4, 4, 3), np.uint8)
    red[..., 0] = 255
    colour = as_points(red, np.zeros((1, 1), np.float32), 255)["statistics"]
    assert colour[0] == pytest.approx([1, 0, 0, *[0] * 9, 1])
    one = as_points(np.zeros((1, 1, 1, 1), np.uint8), np.zeros((1, 1), np.float32), 255)
    assert one["statistics"].tolist() == [[0, 0, 0, 0]]


def test_about_one_in_a_hundred_ordinary_images_is_called_unlike() -> None:
    reference = Reference.of(some(500))
    likeness = measure(reference, some(3000), "validation")
    assert 9 <= likeness.called <= 30  # at most a third of a percent in each of the three spaces

    def called(points: dict[str, np.ndarray]) -> np.ndarray:
        found = reference.distances(points)
        return np.any([found[s] > likeness.thresholds[s] for s in SPACES], axis=0)

    assert 0.003 < called(some(4000)).mean() < 0.02
    assert called({space: points + 20 for space, points in some(10).items()}).all()
