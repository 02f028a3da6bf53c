import numpy as np
import pytest

from ceteris.data import DataSet
from ceteris.data.dataset import Content, content_digest

IMAGES = np.arange(24, dtype=np.uint8).reshape(4, 3, 2, 1)
LABELS = np.array([0, 1, 0, 1])
FRAME = {"classes": ("a", "b"), "num_train": 3, "pixel_max": 255}


def make(**changed: object) -> DataSet:
    fields: dict[str, object] = {"name": "x", "images": IMAGES, "labels": LABELS, "digest": ""}
    return DataSet(**{**fields, **FRAME, **changed})


def test_shape_and_classes() -> None:
    data = make()
    assert data.shape == (3, 2, 1)
    assert data.num_classes == 2


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"images": IMAGES.astype(np.float32)}, "uint8"),
        ({"images": IMAGES[..., 0]}, "uint8"),
        ({"images": np.asfortranarray(np.ones((4, 3, 2, 3), np.uint8))}, "C-contiguous"),
        ({"labels": LABELS[:3]}, "labels must be int64"),
        ({"labels": LABELS.astype(np.int32)}, "labels must be int64"),
        ({"labels": np.array([0, 1, 2, 0])}, r"0\.\.1"),
        ({"labels": np.array([0, -1, 1, 0])}, r"0\.\.1"),
        ({"num_train": 0}, "num_train"),
        ({"num_train": 5}, "num_train"),
    ],
)
def test_arrays_of_another_form_are_our_mistake(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make(**changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"images": IMAGES ^ np.uint8(1)},
        {"images": IMAGES.reshape(4, 2, 3, 1)},
        {"labels": np.array([0, 1, 1, 1])},
        {"classes": ("a", "c")},
        {"classes": ("b", "a")},
        {"num_train": 4},
        {"pixel_max": 16},
    ],
)
def test_the_digest_depends_on_everything_that_is_content(changed: dict[str, object]) -> None:
    fields = {"images": IMAGES, "labels": LABELS, **FRAME}
    assert content_digest(**fields) == content_digest(**fields)
    assert content_digest(**{**fields, **changed}) != content_digest(**fields)


def test_the_digest_is_of_values_and_not_of_memory() -> None:
    strided = np.zeros((4, 3, 4, 1), np.uint8)
    strided[:, :, ::2] = IMAGES
    assert content_digest(strided[:, :, ::2], LABELS, **FRAME) == content_digest(
        IMAGES, LABELS, **FRAME
    )


def test_content_of_arrays_adds_up_its_blocks() -> None:
    content = Content.of_arrays("x", [IMAGES[:1], IMAGES[1:]], LABELS, **FRAME)
    assert content.shape == (4, 3, 2, 1)
    assert np.array_equal(np.concatenate(list(content.blocks())), IMAGES)
