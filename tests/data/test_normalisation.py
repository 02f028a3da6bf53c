"""Statistics of the training part alone, exact, and what each scale says of itself."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ceteris.data import DataSet, Normalisation, normalisation_of
from ceteris.data.normalisation import mean_and_deviation


def data_of(images: np.ndarray, pixel_max: int = 255) -> DataSet:
    labels = np.arange(len(images)) % 2
    return DataSet("toy", images, labels, ("a", "b"), len(images), pixel_max, digest="")


IMAGES = arrays.arrays(
    np.uint8, st.tuples(st.integers(2, 6), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
)


@given(images=IMAGES)
def test_standard_is_mean_and_deviation_by_channel(images: np.ndarray) -> None:
    rows = np.arange(0, len(images), 2)
    found = normalisation_of(data_of(images), "standard", rows)
    chosen = images[rows].astype(np.float64)
    deviations = chosen.std(axis=(0, 1, 2))
    flat = np.ptp(chosen, axis=(0, 1, 2)) == 0
    np.testing.assert_allclose(found.offset, chosen.mean(axis=(0, 1, 2)), rtol=1e-6)
    np.testing.assert_allclose(found.divisor, np.where(flat, 1, deviations), rtol=1e-6)
    assert found.flat == tuple(np.flatnonzero(flat))
    assert found.offset.dtype == found.divisor.dtype == np.float32


@given(images=IMAGES)
def test_standard_reads_the_rows_it_is_given_and_no_other(images: np.ndarray) -> None:
    rows = np.arange(len(images) - 1)
    changed = images.copy()
    changed[-1] = 255 - changed[-1]
    one, two = (normalisation_of(data_of(i), "standard", rows) for i in (images, changed))
    assert one.offset.tolist() == two.offset.tolist()
    assert one.divisor.tolist() == two.divisor.tolist()


def test_the_deviation_is_exact_where_sums_of_floats_are_not() -> None:
    # A billion pixels of 254 and 255: a running sum of squares in float64 loses the variance.
    counts = np.zeros(256, np.int64)
    counts[254], counts[255] = 10**15, 1
    mean, deviation = mean_and_deviation(counts)
    n = 10**15 + 1
    assert mean == pytest.approx(254 + 1 / n, rel=1e-15)
    assert deviation == pytest.approx(math.sqrt(Fraction(10**15, n * n)), rel=1e-12)


def test_many_images_are_counted_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 4, 4, 3), dtype=np.uint8)
    rows = np.arange(3, 47)
    whole = normalisation_of(data_of(images), "standard", rows)
    monkeypatch.setattr("ceteris.data.normalisation._PIXELS_AT_ONCE", 7 * 48)
    pieces = normalisation_of(data_of(images), "standard", rows)
    assert whole.offset.tolist() == pieces.offset.tolist()
    assert whole.divisor.tolist() == pieces.divisor.tolist()


def test_unit_and_none_read_no_pixel() -> None:
    data = data_of(np.zeros((2, 1, 1, 3), np.uint8), pixel_max=16)
    unit, none = (normalisation_of(data, scale, np.array([10**9])) for scale in ("unit", "none"))
    assert (unit.offset.tolist(), unit.divisor.tolist()) == ([0] * 3, [16] * 3)
    assert (none.offset.tolist(), none.divisor.tolist()) == ([0] * 3, [1] * 3)


def test_what_is_stored_comes_back() -> None:
    kept = Normalisation.of_arrays(np.array([1.5, 0]), np.array([2.0, 3.0]))
    back = Normalisation.of_arrays(**kept.arrays)
    assert back.offset.tolist() == [1.5, 0]
    assert back.divisor.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("offset", "divisor"),
    [([0.0], [0.0]), ([0.0], [-1.0]), ([np.nan], [1.0]), ([0.0], [np.inf]), ([], []),
     ([0.0, 0.0], [1.0]), ([[0.0]], [[1.0]])],
)  # fmt: skip
def test_arrays_that_are_no_normalisation_are_refused(offset: list, divisor: list) -> None:
    with pytest.raises(ValueError, match=r"offset|finite"):
        Normalisation.of_arrays(np.array(offset), np.array(divisor))
