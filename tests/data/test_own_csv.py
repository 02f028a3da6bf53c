"""CSV files of one's own: every layout that is understood, and what is wrong in any other."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ceteris.data import DataSet, DataSource, open_data
from ceteris.errors import CeterisError

# Two images of 2x2, labels 0 and 1, in every layout.
LAYOUTS: dict[str, tuple[str, dict[str, Any]]] = {
    "names": ("label,a,b,c,d\n0,1,2,3,4\n1,5,6,7,255\n", {}),
    "no names": ("0,1,2,3,4\n1,5,6,7,255\n", {}),
    "CRLF": ("label,a,b,c,d\r\n0,1,2,3,4\r\n1,5,6,7,255\r\n", {}),
    "no end": ("0,1,2,3,4\n1,5,6,7,255", {}),
    "empty lines": ("\n0,1,2,3,4\n\n1,5,6,7,255\n\n", {}),
    "spaces": ("label,pixels\n0,1 2 3 4\n1,5 6 7 255\n", {}),
    "spaces, no names": ("0,1 2 3 4\n1,5 6 7 255\n", {}),
    "byte order mark": ("\ufefflabel,pixels\n0,1 2 3 4\n1,5 6 7 255\n", {}),
    "any case": ("a,b,Label,c,d\n1,2,0,3,4\n5,6,1,7,255\n", {}),
    "emotion": ("emotion,pixels\n0,1 2 3 4\n1,5 6 7 255\n", {}),
    "last": ("1,2,3,4,0\n5,6,7,255,1\n", {"label_column": "last"}),
    "named": ("digit,a,b,c,d\n0,1,2,3,4\n1,5,6,7,255\n", {"label_column": "digit"}),
    "numbers as names": ("0,1,2,3,label\n1,2,3,4,0\n5,6,7,255,1\n", {}),
    "texts": ("cat,1,2,3,4\ndog,5,6,7,255\n", {}),
    "texts and names": ("class,pixels\ncat,1 2 3 4\ndog,5 6 7 255\n", {}),
}


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., DataSet]:
    def make(text: str | bytes, **said: Any) -> DataSet:
        content = text.encode() if isinstance(text, str) else text
        (tmp_path / "a.csv").write_bytes(content)
        source = DataSource("csv", path=str(tmp_path / "a.csv"), **said)
        return open_data(source, cache=tmp_path / "cache", data_folder=None)[0]

    return make


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout(opened: Callable[..., DataSet], layout: str) -> None:
    text, said = LAYOUTS[layout]
    data = opened(text, **said)
    assert data.images.reshape(2, 4).tolist() == [[1, 2, 3, 4], [5, 6, 7, 255]]
    assert data.labels.tolist() == [0, 1]
    assert data.classes == (("cat", "dog") if "texts" in layout else ("0", "1"))


def test_packed(opened: Callable[..., DataSet]) -> None:
    assert opened(gzip.compress(LAYOUTS["names"][0].encode())).images.shape == (2, 2, 2, 1)


def test_size_and_colour(opened: Callable[..., DataSet]) -> None:
    data = opened("0,1,2,3,4,5,6\n1,0,0,0,0,0,0\n", size=(1, 2), colour="rgb")
    assert data.images[0].tolist() == [[[1, 2, 3], [4, 5, 6]]]


def test_many_rows_come_in_blocks(opened: Callable[..., DataSet]) -> None:
    data = opened("".join(f"{row % 2},{row % 256}\n" for row in range(600)))
    assert data.images.reshape(-1).tolist() == [row % 256 for row in range(600)]


def test_test_rows_in_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("0,1\n1,2\n")
    (tmp_path / "b.csv").write_text("label,pixels\n1,3\n")
    source = DataSource("csv", path=str(tmp_path / "a.csv"), test_path=str(tmp_path / "b.csv"))
    data, _ = open_data(source, cache=tmp_path / "cache", data_folder=None)
    assert (data.num_train, data.images.reshape(-1).tolist()) == (2, [1, 2, 3])


@pytest.mark.parametrize(
    ("text", "said", "what", "received"),
    [
        ("", {}, "holds no images", "an empty file"),
        ("\n \n", {}, "holds no images", "an empty file"),
        ("label\n1\n", {}, "line 1 of", "1 column"),
        ("label,pixels\n", {}, "holds no images", "line 1 alone"),
        (",label,a\n0,1,2\n", {}, "line 1 of", "a column without a name"),
        ("digit,a\n0,1\n1,2\n", {}, "cannot be told", "digit, a"),
        ("label,class,a\n0,1,2\n1,1,2\n", {}, "cannot be told", "label, class, a"),
        ("digit,a\n0,1\n1,2\n", {"label_column": "dgit"}, "cannot be told", "digit, a"),
        ("0,1\n1,2\n", {"label_column": "digit"}, "cannot be told", "no names in line 1"),
        ("label,pixels,Usage\n0,1 2 3 4,Training\n", {}, "neither the label", "Usage"),
        ("0,1,2,3\n1,1,2,3\n", {}, "do not have the size", "3 numbers"),
        ("0,1,2,3,4\n1,1,2,3\n", {}, "line 2: the row", "4 columns"),
        ("0,1 2 3 4\n1,1 2 3\n", {}, "line 2: the row", "3 pixels"),
        ("0,1,2,3,4\n1,1,2,3,256\n", {}, "line 2: the row", "pixel 4 is '256'"),
        ("0,1,2,3,4\n1,1,2,3,-1\n", {}, "line 2: the row", "pixel 4 is '-1'"),
        ("0,1,2,3,4\n1,1,,3,1\n", {}, "line 2: the row", "pixel 2 is ''"),
        ("0,1.0,2,3,4\n1,1,2,3,1\n", {}, "line 1: the row", "pixel 1 is '1.0'"),
        ("0,1,2,3,4\n,1,2,3,4\n", {}, "line 2: the row", "no label"),
        ("0,1\n7,2\n", {"classes": tuple("abcdefg")}, "a label that is none", "label 7 of image 2"),
        ("0,1\n-1,2\n", {"classes": ("a", "b")}, "a label that is none", "label '0' of image 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(
    opened: Callable[..., DataSet],
    four_parts: Callable[..., None],
    tmp_path: Path,
    text: str,
    said: dict[str, Any],
    what: str,
    received: str,
) -> None:
    with pytest.raises(CeterisError) as caught:
        opened(text, **said)
    four_parts(caught.value, what=what, received=received)
    assert str(tmp_path / "a.csv") in caught.value.what
    assert not list(tmp_path.glob("cache/parsed/*"))
