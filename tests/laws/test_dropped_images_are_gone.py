"""Law: what is dropped is gone from training, and nothing else of a split has moved."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.data import DROPS, DataSet, Split, SplitRecipe, make_split
from ceteris.errors import CeterisError


@st.composite
def sets(draw: st.DrawFn) -> DataSet:
    """Up to 24 images of one or two pixels, so few values that copies and flat ones abound."""
    number = draw(st.integers(6, 24))
    pixels = draw(st.lists(st.integers(0, 8), min_size=number, max_size=number))
    labels = draw(st.lists(st.integers(0, 1), min_size=number, max_size=number))
    values = np.array(pixels, dtype=np.uint8)
    images = np.stack([values // 3, values % 3], axis=1).reshape(number, 1, 2, 1)
    return DataSet(
        name="made-up",
        images=images,
        labels=np.array(labels, dtype=np.int64),
        classes=("a", "b"),
        num_train=draw(st.integers(number // 2, number - 1)),
        pixel_max=255,
        digest="",
    )


recipes = st.builds(
    SplitRecipe,
    validation=st.integers(0, 2),
    validation_by=st.sampled_from(["first", "last", "random"]),
    seed=st.integers(0, 99),
    drop=st.sets(st.sampled_from(list(DROPS)), min_size=1).map(
        lambda words: tuple(word for word in DROPS if word in words)
    ),
)


def pixels(data: DataSet, rows: np.ndarray) -> list[bytes]:
    return sorted(image.tobytes() for image in data.images[rows])


def split_or_none(data: DataSet, recipe: SplitRecipe) -> Split | None:
    try:
        return make_split(data, recipe)
    except CeterisError as error:
        if "every training image" not in error.what:
            raise
        return None


@settings(deadline=None, max_examples=100)
@given(sets(), recipes)
def test_what_is_dropped_is_gone_and_nothing_else_moves(data: DataSet, recipe: SplitRecipe) -> None:
    plain = make_split(data, SplitRecipe(**{**vars(recipe), "drop": ()}))
    split = split_or_none(data, recipe)
    if split is None:
        return
    assert np.array_equal(split.test, plain.test)
    assert np.array_equal(split.validation, plain.validation)
    assert set(split.train) <= set(plain.train)
    assert set(split.unused) == set(plain.unused) | (set(plain.train) - set(split.train))
    train = pixels(data, split.train)
    if "leaked" in recipe.drop:
        held = pixels(data, np.concatenate([split.validation, split.test]))
        assert not set(train) & set(held)
    if "duplicates" in recipe.drop:
        labelled = [(data.images[row].tobytes(), data.labels[row]) for row in split.train]
        assert len(set(labelled)) == len(labelled)
    if "conflicting" in recipe.drop:
        labels: dict[bytes, set[int]] = {}
        for row in plain.train:
            labels.setdefault(data.images[row].tobytes(), set()).add(int(data.labels[row]))
        assert all(len(labels[image]) == 1 for image in train)
    if "flat" in recipe.drop:
        assert not any(data.images[row].min() == data.images[row].max() for row in split.train)


@settings(deadline=None, max_examples=60)
@given(sets(), st.randoms(use_true_random=False), recipes)
def test_the_order_of_the_rows_does_not_matter_for_which_pixels_are_dropped(
    data: DataSet, random: object, recipe: SplitRecipe
) -> None:
    order = list(range(data.num_train))
    random.shuffle(order)  # type: ignore[attr-defined]
    rows = np.array([*order, *range(data.num_train, len(data.images))])
    moved = DataSet(**{**_fields(data), "images": data.images[rows], "labels": data.labels[rows]})
    asked = SplitRecipe(drop=recipe.drop)
    one, two = split_or_none(data, asked), split_or_none(moved, asked)
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert pixels(data, one.train) == pixels(moved, two.train)


@settings(deadline=None, max_examples=60)
@given(sets(), recipes)
def test_labels_of_held_out_images_choose_nothing(data: DataSet, recipe: SplitRecipe) -> None:
    split = split_or_none(data, recipe)
    held = np.setdiff1d(
        np.arange(len(data.images)),
        make_split(data, SplitRecipe(**{**vars(recipe), "drop": ()})).train,
    )
    labels = data.labels.copy()
    labels[held] = 1 - labels[held]
    other = split_or_none(DataSet(**{**_fields(data), "labels": labels}), recipe)
    assert (split is None) == (other is None)
    if split is not None and other is not None:
        assert np.array_equal(split.train, other.train)


def _fields(data: DataSet) -> dict[str, object]:
    return {name: getattr(data, name) for name in DataSet.__dataclass_fields__}
