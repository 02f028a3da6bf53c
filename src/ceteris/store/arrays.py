"""Arrays in files named by their content.

One set of named arrays is one safetensors file, called by the SHA-256 digest of its bytes:
``arrays/ab/abcdef....safetensors``. So a file is written once and never changed, two runs with
the same weights share one, and damage can be seen. Never pickle.

Format: https://github.com/huggingface/safetensors (8 bytes header size, JSON header, data).
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ceteris.atomic import make_folder, sweep, sync_folder, write_whole
from ceteris.errors import CeterisError, shown
from ceteris.store.faults import place, told

if TYPE_CHECKING:
    import numpy as np

    Arrays = Mapping[str, np.ndarray]

ARRAYS = "arrays"

# The names, types and shapes of a set of arrays: about 100 bytes each. The format itself allows
# 100 MB, which a damaged file could make us parse.
LONGEST_HEADER_BYTES = 1 << 20

_SIZE_BYTES = 8
_DIGEST = re.compile(r"[0-9a-f]{64}")
# What NumPy and safetensors both have; complex is left out, as other readers do not know it.
_KINDS = "?bBhHiIlLqQefd"


def array_path(folder: Path, digest: str) -> Path:
    """Where the set of arrays with this digest is kept in a study's folder."""
    if not _DIGEST.fullmatch(digest):  # it becomes a path, and the database may be anybody's
        raise CeterisError(
            "the name of an array file is not a digest",
            received=f"{shown(digest)}  ({place(folder)})",
            expected="64 characters of 0-9 and a-f",
            fix="put back a copy of the folder, or run the study again with --fresh",
        )
    return folder / ARRAYS / digest[:2] / f"{digest}.safetensors"


def write_arrays(folder: Path, arrays: "Arrays") -> str:
    """Write a set of arrays, lasting when this returns; what is there already is kept.

    Args:
        folder: the study's folder.
        arrays: name -> array, of any shape; bool, integers or floats up to 64 bits.

    Returns:
        the digest it is read by.

    Raises:
        TypeError, ValueError: for arrays or names that the format cannot hold.
        CeterisError: when the disk cannot take it; nothing is left then.
    """
    data = _encoded(arrays)
    digest = hashlib.sha256(data).hexdigest()
    path = array_path(folder, digest)
    with told(folder, "writing arrays"):
        make_folder(path.parent)
        if _is_whole(path, data):
            sync_folder(path.parent)  # it may have been written by a process killed before this
        else:
            write_whole(path, data)
    return digest


def read_arrays(folder: Path, digest: str, *, verify: bool = True) -> "dict[str, np.ndarray]":
    """Read a set of arrays.

    Args:
        folder: the study's folder.
        digest: what :func:`write_arrays` returned.
        verify: compare the bytes with the digest; without it only the header is checked.

    Raises:
        CeterisError: when the file is missing, cut short or changed.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path = array_path(folder, digest)
    with told(folder, "reading arrays"):
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise _damaged(path, "it is missing") from None
    header_bytes = int.from_bytes(data[:_SIZE_BYTES], "little")
    if len(data) < _SIZE_BYTES or header_bytes > len(data) - _SIZE_BYTES:
        raise _damaged(path, "it is cut short")
    if header_bytes > LONGEST_HEADER_BYTES:
        raise _damaged(path, f"its header has {header_bytes} bytes")
    if verify and hashlib.sha256(data).hexdigest() != digest:
        raise _damaged(path, "its content has changed")
    try:
        return load(data)
    except (SafetensorError, KeyError, ValueError) as error:
        raise _damaged(path, str(error)) from error


def sweep_arrays(folder: Path) -> None:
    """Remove the unfinished files that a killed process left in a study's folder."""
    for part in (folder / ARRAYS).glob("*"):
        sweep(part)


def _encoded(arrays: "Arrays") -> bytes:
    import numpy as np
    from safetensors.numpy import save

    plain: dict[str, np.ndarray] = {}
    for name, array in arrays.items():
        if name == "__metadata__":
            raise ValueError("the format keeps the name '__metadata__' for itself")
        if not isinstance(array, np.ndarray) or array.dtype.char not in _KINDS:
            kind = getattr(array, "dtype", type(array).__name__)
            raise TypeError(f"array {name!r} is of type {kind}; it must be bool, int or float")
        # safetensors copies memory as it lies: it must be row by row, low byte first.
        plain[name] = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
    data = save(plain)
    if int.from_bytes(data[:_SIZE_BYTES], "little") > LONGEST_HEADER_BYTES:
        raise ValueError(f"{len(plain)} arrays are too many for one set")
    return data


def _is_whole(path: Path, data: bytes) -> bool:
    try:
        return path.stat().st_size == len(data) and path.read_bytes() == data
    except FileNotFoundError:
        return False


def _damaged(path: Path, reason: str) -> CeterisError:
    return CeterisError(
        f"an array file of the study is damaged: {reason}",
        received=place(path),
        expected="the file as it was written, which its name is the digest of",
        fix="put back a copy of the folder, or run the study again with --fresh",
    )
