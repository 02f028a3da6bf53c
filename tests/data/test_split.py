from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceteris.data import (
    DataSet,
    DataSource,
    Split,
    SplitRecipe,
    make_split,
    open_data,
    split_digest,
)
from ceteris.errors import CeterisError

Make = Callable[..., DataSet]
PARTS = ("train", "validation", "test", "unused")
BY = ("first", "last", "random", "stratified")
laws = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # make_data holds no state
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, int, SplitRecipe]:
    """Labels of up to 5 classes, how many may be trained on, and a recipe that fits them."""
    num_classes = draw(st.integers(2, 5))
    # Every class 4 times over, so that each stratified part below can hold every class.
    more = draw(st.lists(st.integers(0, num_classes - 1), max_size=40))
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(num_classes * 4 + len(more))
    labels = np.array([*range(num_classes)] * 4 + more)[order]
    published = draw(st.booleans())
    test = None if published else draw(st.integers(num_classes, len(labels) // 4))
    held = np.concatenate([labels, labels[:3]]) if published else labels
    pool = len(labels) - (test or 0)
    # A pool without one of its classes is still large enough: parts are counted by classes there.
    images = draw(st.none() | st.integers(2 * num_classes, pool))
    used = pool if images is None else images
    validation = draw(st.just(0) | st.integers(num_classes, used - 1))
    recipe = SplitRecipe(
        images=images,
        images_by=draw(st.sampled_from(BY)),
        validation=validation,
        validation_by=draw(st.sampled_from(BY)),
        test=test,
        test_by=draw(st.sampled_from(BY)),
        seed=draw(st.integers(0, 2**70)),
        resample=draw(st.booleans()),
    )
    return held, len(labels), recipe


def same(first: Split, second: Split, *parts: str) -> bool:
    return all(
        np.array_equal(getattr(first, part), getattr(second, part)) for part in parts or PARTS
    )


@laws
@given(cases(), st.integers(0, 3))
def test_parts_are_disjoint_and_cover(
    make_data: Make, case: tuple[np.ndarray, int, SplitRecipe], replicate: int
) -> None:
    labels, num_train, recipe = case
    data = make_data(labels, num_train=num_train)
    split = make_split(data, recipe, replicate=replicate)
    parts = [getattr(split, part) for part in PARTS]
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(len(labels)))
    for part in parts:
        assert part.dtype == np.int64
        assert np.array_equal(part, np.sort(part))
    used = len(split.train) + len(split.validation)
    assert len(split.train) > 0
    assert len(split.validation) == recipe.validation
    assert recipe.images is None or used == recipe.images
    if num_train < len(labels):
        assert split.test.tolist() == list(range(num_train, len(labels)))
    else:
        assert len(split.test) == recipe.test


def assert_in_proportion(labels: np.ndarray, part: np.ndarray, pool: np.ndarray) -> None:
    for label in np.unique(labels[pool]):
        exact = len(part) * np.count_nonzero(labels[pool] == label) / len(pool)
        assert abs(np.count_nonzero(labels[part] == label) - exact) < 1


@laws
@given(cases())
def test_stratified_parts_are_within_one_of_their_proportion(
    make_data: Make, case: tuple[np.ndarray, int, SplitRecipe]
) -> None:
    labels, num_train, recipe = case
    recipe = replace(
        recipe, images_by="stratified", validation_by="stratified", test_by="stratified"
    )
    split = make_split(make_data(labels, num_train=num_train), recipe)
    used = np.concatenate([split.train, split.validation])
    pool = np.concatenate([used, split.unused])
    assert_in_proportion(labels, split.validation, used)
    assert_in_proportion(labels, used, pool)
    if num_train == len(labels):
        assert_in_proportion(labels, split.test, np.arange(len(labels)))


@laws
@given(cases(), st.integers(0, 3))
def test_the_same_recipe_gives_the_same_split(
    make_data: Make, case: tuple[np.ndarray, int, SplitRecipe], replicate: int
) -> None:
    labels, num_train, recipe = case
    data = make_data(labels, num_train=num_train)
    first = make_split(data, recipe, replicate=replicate)
    second = make_split(make_data(labels, num_train=num_train), recipe, replicate=replicate)
    assert same(first, second)
    assert split_digest(first) == split_digest(second)


@laws
@given(cases(), st.integers(1, 3))
def test_a_replicate_never_moves_the_test_part(
    make_data: Make, case: tuple[np.ndarray, int, SplitRecipe], replicate: int
) -> None:
    labels, num_train, recipe = case
    data = make_data(labels, num_train=num_train)
    split, other = make_split(data, recipe), make_split(data, recipe, replicate=replicate)
    assert same(split, other, "test")
    if not recipe.resample:
        assert same(split, other)
    assert same(make_split(data, replace(recipe, resample=False)), split)


@laws
@given(cases())
def test_what_else_is_asked_for_does_not_move_a_part(
    make_data: Make, case: tuple[np.ndarray, int, SplitRecipe]
) -> None:
    labels, num_train, recipe = case
    data = make_data(labels, num_train=num_train)
    split = make_split(data, recipe)
    plain = make_split(data, replace(recipe, images=None, validation=0))
    assert same(split, plain, "test")
    subset = make_split(data, replace(recipe, validation=0))
    assert same(split, subset, "test", "unused")


@pytest.mark.parametrize("by", ["first", "last", "random"])
def test_more_images_keep_those_there_were(make_data: Make, by: str) -> None:
    data = make_data(np.arange(60) % 3)
    recipe = SplitRecipe(images=1, images_by=by, test=10)  # type: ignore[arg-type]
    before: set[int] = set()
    for images in range(1, 51):
        rows = set(make_split(data, replace(recipe, images=images)).train.tolist())
        assert before < rows
        before = rows


@pytest.mark.parametrize("by", ["random", "stratified"])
def test_new_rows_at_the_end_do_not_reorder_the_old(make_data: Make, by: str) -> None:
    labels = np.arange(90) % 3
    recipe = SplitRecipe(test=30, test_by=by)  # type: ignore[arg-type]
    small = set(make_split(make_data(labels), recipe).test.tolist())
    large = set(make_split(make_data(np.arange(99) % 3), recipe).test.tolist())
    # A new row may take an old one's place; no old row comes in that was not in before.
    assert {row for row in large if row < 90} <= small


@pytest.mark.parametrize("by", ["random", "stratified"])
@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_another_seed_gives_another_split(make_data: Make, part: str, by: str) -> None:
    data = make_data(np.arange(300) % 3)
    recipe = SplitRecipe(
        images=150,
        images_by=by,
        validation=60,
        validation_by=by,
        test=60,
        test_by=by,  # type: ignore[arg-type]
    )
    drawn = {
        getattr(make_split(data, replace(recipe, seed=seed)), part).tobytes() for seed in range(20)
    }
    assert len(drawn) == 20


@pytest.mark.parametrize("by", ["random", "stratified"])
@pytest.mark.parametrize(
    ("asked", "part"), [({"validation": 60}, "validation"), ({"images": 150}, "unused")]
)
def test_resampling_draws_each_part_for_each_replicate(
    make_data: Make, asked: dict[str, int], part: str, by: str
) -> None:
    # One part at a time: a validation part taken from a subset that moves would move anyway.
    data = make_data(np.arange(300) % 3)
    recipe = SplitRecipe(**asked, images_by=by, validation_by=by, test=60, resample=True)  # type: ignore[arg-type]
    splits = [make_split(data, recipe, replicate=replicate) for replicate in range(10)]
    assert len({getattr(split, part).tobytes() for split in splits}) == 10
    assert len({split.test.tobytes() for split in splits}) == 1


def test_the_parts_are_drawn_from_streams_of_their_own(make_data: Make) -> None:
    data = make_data(np.arange(200) % 2)
    whole = SplitRecipe(test=100, test_by="random")
    test = make_split(data, whole).test
    halves = make_data(np.arange(200) % 2, num_train=199)  # a published part of one image
    validation = make_split(halves, SplitRecipe(validation=100, validation_by="random")).validation
    subset = make_split(halves, SplitRecipe(images=100, images_by="random")).train
    assert len({test.tobytes(), validation.tobytes(), subset.tobytes()}) == 3


def test_random_parts_are_evenly_drawn(make_data: Make) -> None:
    data = make_data(np.arange(40) % 2)
    counts = np.zeros(40)
    for seed in range(600):
        recipe = SplitRecipe(test=10, test_by="random", seed=seed)
        counts[make_split(data, recipe).test] += 1
    # Each count is binomial(600, 1/4): mean 150, sd 10.6; five sd leave a 1 in 40,000 accident,
    # and the seeds are fixed.
    assert np.abs(counts - 150).max() < 5 * 10.6


def test_first_and_last(make_data: Make) -> None:
    data = make_data(np.arange(12) % 2, num_train=10)
    recipe = SplitRecipe(images=6, images_by="last", validation=2, validation_by="first")
    split = make_split(data, recipe)
    assert split.unused.tolist() == [0, 1, 2, 3]
    assert split.validation.tolist() == [4, 5]
    assert split.train.tolist() == [6, 7, 8, 9]
    assert split.test.tolist() == [10, 11]


@pytest.mark.parametrize("available", [7, 100, 1437, 60_000])
@pytest.mark.parametrize("fraction", [0.2, 0.145, 0.35, 0.5, 0.715, 0.25])
def test_fractions_are_rounded_half_up(make_data: Make, available: int, fraction: float) -> None:
    data = make_data(np.append(np.arange(available) % 2, 0), num_train=available)
    split = make_split(data, SplitRecipe(validation=fraction, validation_by="last"))
    exact = Decimal(str(fraction)) * available
    assert Decimal(-1) / 2 < len(split.validation) - exact <= Decimal(1) / 2


def test_half_an_image_as_written_is_rounded_up(make_data: Make) -> None:
    data = make_data(np.append(np.arange(100) % 2, 0), num_train=100)
    assert 0.145 * 100 < 14.5  # in binary; as written it is 14.5
    split = make_split(data, SplitRecipe(validation=0.145, validation_by="last"))
    assert len(split.validation) == 15


def test_ties_of_remainders_go_to_the_earlier_class(make_data: Make) -> None:
    data = make_data(np.append(np.arange(8) % 4, 0), num_train=8)
    split = make_split(data, SplitRecipe(validation=6))
    assert np.bincount(data.labels[split.validation]).tolist() == [2, 2, 1, 1]


def test_digits_are_split_as_in_the_reports(tmp_path: Path) -> None:
    data, _ = open_data(DataSource("digits"), cache=tmp_path, data_folder=None)
    split = make_split(data, SplitRecipe(validation=0.2))
    assert [len(getattr(split, part)) for part in PARTS] == [1150, 287, 360, 0]
    assert_in_proportion(data.labels, split.test, np.arange(1797))
    assert len(make_split(data, SplitRecipe(test=0.5)).test) == 899


class TestDigest:
    recipe = SplitRecipe(test=6, validation=4)

    def test_it_is_of_all_parts(self, make_data: Make) -> None:
        split = make_split(make_data(np.arange(30) % 2), self.recipe)
        digests = {split_digest(split)}
        for first in PARTS:
            for second in PARTS:
                if first < second:
                    swapped = {first: getattr(split, second), second: getattr(split, first)}
                    digests.add(split_digest(replace(split, **swapped)))
        assert len(digests) == 7

    def test_rows_cannot_move_from_part_to_part(self) -> None:
        rows = [np.array([row]) for row in range(4)]
        none = rows[0][:0]
        first = Split(np.concatenate(rows[:2]), rows[2], none, none)
        second = Split(rows[0], np.concatenate(rows[1:3]), none, none)
        assert split_digest(first) != split_digest(second)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"images": 21},
            {
                "what": "more images are asked for than there are",
                "received": "images = 21",
                "expected": "at most 20",
            },
        ),
        ({"validation": 20}, {"what": "the validation part leaves no image to train on"}),
        ({"validation": 99}, {"received": "validation = 99", "expected": "fewer than the 20"}),
        (
            {"images": 10, "validation": 10},
            {"what": "leaves no image to train on", "expected": "fewer than the 10"},
        ),
        (
            {"validation": 0.999},
            {"what": "leaves no image", "received": "validation = 0.999 of 20 images"},
        ),
        (
            {"validation": 0.001},
            {
                "what": "the validation part would be empty",
                "received": "validation = 0.001 of 20 images",
                "fix": "or 0 for none",
            },
        ),
        (
            {"validation": 2},
            {
                "what": "a stratified part of validation is smaller than the number of classes",
                "received": "2 images for 3 classes",
                "expected": "3 images or more",
                "fix": 'validation_by = "random"',
            },
        ),
        (
            {"images": 2, "images_by": "stratified"},
            {"what": "a stratified part of images", "fix": 'images_by = "random"'},
        ),
        (
            {"test": 0.2},
            {"what": "has a published test part", "received": "test = 0.2", "fix": "take out"},
        ),
        ({"images": 0}, {"what": "images has a value", "received": "images = 0"}),
        ({"images": 2.5}, {"received": "images = 2.5", "expected": "a whole number"}),
        ({"images": True}, {"received": "images = True"}),
        ({"validation": -1}, {"received": "validation = -1", "fix": "validation = 0.2"}),
        ({"validation": 1.0}, {"received": "validation = 1.0", "expected": "a fraction below 1"}),
        ({"validation": float("nan")}, {"received": "validation = nan"}),
        ({"validation": True}, {"received": "validation = True"}),
        ({"validation": "0.2"}, {"received": "validation = '0.2'"}),
        ({"test": 0}, {"what": "test has a value", "fix": "test = 0.2"}),
        ({"seed": -1}, {"what": "seed has a value", "received": "seed = -1"}),
        ({"images_by": "frist"}, {"received": "'frist'  (images_by)", "fix": "'first'"}),
        ({"validation_by": "stratify"}, {"received": "(validation_by)", "fix": "'stratified'"}),
        ({"test_by": None}, {"received": "None  (test_by)"}),
    ],
)
def test_a_recipe_that_does_not_fit(
    make_data: Make,
    four_parts: Callable[..., None],
    changed: dict[str, object],
    said: dict[str, str],
) -> None:
    data = make_data(np.arange(24) % 3, num_train=20)
    with pytest.raises(CeterisError) as caught:
        make_split(data, replace(SplitRecipe(), **changed))  # type: ignore[arg-type]
    four_parts(caught.value, **said)


@pytest.mark.parametrize(
    ("test", "said"),
    [
        (24, {"what": "the test part leaves no image", "expected": "fewer than the 24"}),
        (0.01, {"what": "the test part would be empty", "received": "0.01 of 24 images"}),
        (2, {"what": "a stratified part of test", "fix": 'test_by = "random"'}),
    ],
)
def test_a_test_part_that_does_not_fit(
    make_data: Make, four_parts: Callable[..., None], test: float, said: dict[str, str]
) -> None:
    with pytest.raises(CeterisError) as caught:
        make_split(make_data(np.arange(24) % 3), SplitRecipe(test=test))
    four_parts(caught.value, **said)


def test_a_set_of_no_register_has_no_default(
    make_data: Make, four_parts: Callable[..., None]
) -> None:
    data = make_data(np.arange(24) % 3, name="own")
    with pytest.raises(CeterisError) as caught:
        make_split(data, SplitRecipe())
    four_parts(caught.value, what="own has no test part", fix="write test = 0.2")
