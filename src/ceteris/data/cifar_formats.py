"""The two formats of a CIFAR batch: a Python pickle, and plain records.

    pickle: a dict with ``data``, uint8 (N, C H W), and ``labels``, a list of N numbers
    record: one byte of label, then C H W bytes of pixels

In both the pixels are plane after plane: all reds row by row, then all greens, then all blues.

A pickle can call any function there is. Ours may name only what NumPy's arrays are made of, and is
opened only after its digest was found to be the published one.

Source: A. Krizhevsky, "The CIFAR-10 dataset", section "Dataset layout".
"""

import io
import math
import pickle
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn

import numpy as np

from ceteris.data.dataset import Images, Labels
from ceteris.errors import CeterisError, shown

# What arrays are rebuilt by has no public name, but every array says it of itself.
_RECONSTRUCT: Any = np.empty(0).__reduce__()[0]
_ALLOWED: Mapping[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class Batch(NamedTuple):
    """What a batch holds: planes uint8 (N, C H W) and labels int64 (N,)."""

    planes: Images
    labels: Labels


def parse_pickle(
    content: bytes | bytearray, *, shape: tuple[int, int, int], num_classes: int, where: str
) -> Batch:
    """Return what a Python batch holds.

    Args:
        content: the file, unpacked.
        shape: (H, W, C) of its images.
        num_classes: K.
        where: the file, for messages.

    Raises:
        CeterisError: it names anything but arrays, is no pickle, or holds something else.

    Example:
        >>> content = pickle.dumps(
        ...     {b"data": np.zeros((1, 4), np.uint8), b"labels": [2]}, protocol=4)
        >>> parse_pickle(content, shape=(2, 2, 1), num_classes=3, where="x").labels
        array([2])
    """
    try:
        batch = _ArraysOnly(io.BytesIO(content), encoding="bytes").load()
    except _ForeignNameError as error:
        raise CeterisError(
            f"{where} tries to run something, and was stopped",
            received=shown(str(error)),
            expected="arrays, lists and text, and nothing else",
            fix="do not trust where it is from; use the published file",
        ) from None
    except Exception as error:  # a broken pickle may raise nearly anything, its format says
        raise _another(where, f"{type(error).__name__}: {error}", "a pickle") from error
    return _checked(batch, shape, num_classes, where)


def parse_records(
    content: bytes | bytearray, *, shape: tuple[int, int, int], num_classes: int, where: str
) -> Batch:
    r"""Return what a binary batch holds, its planes a view and no copy.

    Args:
        content: the file, unpacked.
        shape: (H, W, C) of its images.
        num_classes: K.
        where: the file, for messages.

    Raises:
        CeterisError: it is not a whole number of records, or a label is too large.

    Example:
        >>> parse_records(b"\2abcd", shape=(2, 2, 1), num_classes=3, where="x").planes
        array([[ 97,  98,  99, 100]], dtype=uint8)
    """
    size = 1 + math.prod(shape)
    if not content or len(content) % size:
        raise _another(where, f"{len(content):,} bytes", f"records of {size:,} bytes each")
    records = np.frombuffer(content, np.uint8).reshape(-1, size)
    labels = records[:, 0].astype(np.int64)
    _check_labels(labels, num_classes, where)
    return Batch(records[:, 1:], labels)


class _ForeignNameError(Exception):
    """A pickle named something that is not allowed."""


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise _ForeignNameError(f"{module}.{name}")
        return _ALLOWED[module, name]

    def persistent_load(self, pid: Any) -> NoReturn:
        raise _ForeignNameError(f"an object kept elsewhere: {pid!r}")


def _checked(batch: Any, shape: tuple[int, int, int], num_classes: int, where: str) -> Batch:
    if not isinstance(batch, dict) or not {b"data", b"labels"} <= batch.keys():
        raise _another(where, f"a {type(batch).__name__}", "a dict with data and labels")
    planes, labels, size = batch[b"data"], batch[b"labels"], math.prod(shape)
    whole = isinstance(planes, np.ndarray) and planes.dtype == np.uint8 and planes.ndim == 2
    if not whole or planes.shape[1] != size or not len(planes):
        form = f"{planes.dtype} {planes.shape}" if isinstance(planes, np.ndarray) else repr(planes)
        raise _another(where, form, f"data: an array of unsigned bytes (N, {size:,})")
    if (
        not isinstance(labels, list)
        or len(labels) != len(planes)
        or not all(type(label) is int for label in labels)
    ):
        raise _another(where, repr(labels), f"labels: a list of {len(planes):,} whole numbers")
    try:
        numbers = np.array(labels, dtype=np.int64)
    except OverflowError:
        raise _another(where, repr(labels), f"labels from 0 to {num_classes - 1}") from None
    _check_labels(numbers, num_classes, where)
    return Batch(planes, numbers)


def _check_labels(labels: Labels, num_classes: int, where: str) -> None:
    wrong = np.flatnonzero((labels < 0) | (labels >= num_classes))
    if len(wrong):
        row = int(wrong[0])
        raise _another(
            where, f"label {labels[row]} in row {row + 1:,}", f"labels from 0 to {num_classes - 1}"
        )


def _another(where: str, received: str, expected: str) -> CeterisError:
    return CeterisError(
        f"{where} is not a batch of images",
        received=shown(received),
        expected=expected,
        fix=f"get {where} again from where it is published",
    )
