import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ceteris.data.cifar_formats import Batch, parse_pickle, parse_records
from ceteris.errors import CeterisError

SHAPE, NUM_CLASSES = (2, 1, 3), 3
PLANES = np.arange(12, dtype=np.uint8).reshape(2, 6)
# NumPy 1 under Python 2 wrote the published batches; this is one of its arrays, written by hand
# from the pickle format's description: protocol 2, numpy.core.multiarray, bytes without a kind.
OLD_ARRAY = (
    b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    b"(K\x01K\x02K\x06\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
    b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x0c" + PLANES.tobytes() + b"tb"
)


def pickled(batch: Any, protocol: int = 4) -> bytes:
    return pickle.dumps(batch, protocol=protocol)


def parse(content: bytes, *, shape: tuple[int, int, int] = SHAPE) -> Batch:
    return parse_pickle(content, shape=shape, num_classes=NUM_CLASSES, where="b")


def records(content: bytes) -> Batch:
    return parse_records(content, shape=SHAPE, num_classes=NUM_CLASSES, where="b")


def refused(content: bytes, parse: Callable[[bytes], Batch] = parse) -> CeterisError:
    with pytest.raises(CeterisError) as caught:
        parse(content)
    return caught.value


@given(
    planes=npst.arrays(np.uint8, st.tuples(st.integers(1, 9), st.just(6))),
    data=st.data(),
    protocol=st.integers(3, 4),  # Python 3 writes bytes with a function's help before 3
)
def test_both_formats_give_what_was_written(
    planes: np.ndarray, data: st.DataObject, protocol: int
) -> None:
    labels = data.draw(
        st.lists(st.integers(0, NUM_CLASSES - 1), min_size=len(planes), max_size=len(planes))
    )
    rows = b"".join(bytes([y]) + x.tobytes() for x, y in zip(planes, labels, strict=True))
    for batch in (parse(pickled({b"data": planes, b"labels": labels}, protocol)), records(rows)):
        assert np.array_equal(batch.planes, planes)
        assert batch.labels.tolist() == labels
        assert (batch.planes.dtype, batch.labels.dtype) == (np.uint8, np.int64)


def test_an_array_as_python_2_wrote_it() -> None:
    batch = parse(b"\x80\x02}(U\x04data" + OLD_ARRAY + b"U\x06labels](K\x02K\x00eu.")
    assert np.array_equal(batch.planes, PLANES)
    assert batch.labels.tolist() == [2, 0]


class Runs:
    """A pickle that calls ``function`` when it is opened."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.call


@pytest.mark.parametrize(
    ("function", "arguments", "named"),
    [
        (os.mkdir, ("ran",), ".mkdir"),
        (exec, ("open('ran', 'w')",), ".exec"),
        (eval, ("open('ran', 'w')",), ".eval"),
        (getattr, ("text", "upper"), ".getattr"),
        (np.load, ("x.npy",), "numpy.load"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_runs_something_is_stopped(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    four_parts: Callable[..., None],
    function: Callable[..., object],
    arguments: tuple[object, ...],
    named: str,
    protocol: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    error = refused(pickled({"data": Runs(function, *arguments)}, protocol))
    four_parts(error, what="b tries to run something, and was stopped", expected="and nothing else")
    assert named in error.received
    assert not (tmp_path / "ran").exists()


def test_names_from_elsewhere_are_stopped_too() -> None:
    assert "ceteris" in refused(b"\x80\x02cceteris.errors\nshown\n.").received
    assert "kept elsewhere" in refused(b"\x80\x02U\x01xQ.").received


@pytest.mark.parametrize(
    ("batch", "received", "expected"),
    [
        ([1], "a list", "a dict with data and labels"),
        ({b"data": PLANES}, "a dict", "data and labels"),
        ({b"data": [1], b"labels": [1]}, "[1]", "unsigned bytes (N, 6)"),
        ({b"data": PLANES[:, :5], b"labels": [1, 1]}, "uint8 (2, 5)", "(N, 6)"),
        ({b"data": PLANES.astype(int), b"labels": [1, 1]}, "int64 (2, 6)", "unsigned bytes"),
        ({b"data": PLANES[:0], b"labels": []}, "uint8 (0, 6)", "unsigned bytes"),
        ({b"data": PLANES, b"labels": [1]}, "[1]", "a list of 2 whole numbers"),
        ({b"data": PLANES, b"labels": [1, 1.0]}, "[1, 1.0]", "a list of 2 whole numbers"),
        ({b"data": PLANES, b"labels": [1, True]}, "[1, True]", "a list of 2 whole numbers"),
        ({b"data": PLANES, b"labels": [2, 3]}, "label 3 in row 2", "labels from 0 to 2"),
        ({b"data": PLANES, b"labels": [-1, 0]}, "label -1 in row 1", "labels from 0 to 2"),
        ({b"data": PLANES, b"labels": [0, 1 << 70]}, "[0, 118", "labels from 0 to 2"),
    ],
)
def test_a_pickle_of_something_else(
    four_parts: Callable[..., None], batch: object, received: str, expected: str
) -> None:
    error = refused(pickled(batch))
    four_parts(error, what="b is not a batch", received=received, expected=expected, fix="get b")


def test_a_torn_pickle_is_a_clear_error(four_parts: Callable[..., None]) -> None:
    content = pickled({b"data": PLANES, b"labels": [1, 2]})
    for length in range(len(content)):
        four_parts(refused(content[:length]), what="b is not a batch", expected="a pickle")
    four_parts(refused(b"<html>not found</html>"), what="b is not a batch", expected="a pickle")


@pytest.mark.parametrize(
    ("content", "received", "expected"),
    [
        (b"", "0 bytes", "records of 7 bytes"),
        (bytes(13), "13 bytes", "records of 7 bytes"),
        (bytes(7) + b"\x03" + bytes(6), "label 3 in row 2", "labels from 0 to 2"),
    ],
)
def test_records_that_are_none(
    four_parts: Callable[..., None], content: bytes, received: str, expected: str
) -> None:
    four_parts(refused(content, records), what="b is not", received=received, expected=expected)
