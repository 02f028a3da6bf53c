"""Checkpoints of a run in training: written beside, moved into place, checked by digest, two kept.

A checkpoint is one safetensors file named ``<step>-<digest>.safetensors`` after the bytes it holds.
So a torn or flipped file does not match its own name and is passed over for the one before it.
"""

import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import safetensors.numpy

from ceteris.atomic import make_folder, write_whole
from ceteris.errors import CeterisError

_KEPT = 2
_DIGEST_CHARS = 32  # 128 bits of SHA-256: chance agreement is out of reach, names stay readable


def write_checkpoint(folder: Path, step: int, state: Mapping[str, np.ndarray]) -> None:
    """Keep ``state`` as the checkpoint of ``step``; older ones beyond two are deleted.

    Raises:
        CeterisError: the disk is full or cannot be written; older checkpoints are untouched.
    """
    content = safetensors.numpy.save({key: np.ascontiguousarray(v) for key, v in state.items()})
    digest = hashlib.sha256(content).hexdigest()[:_DIGEST_CHARS]
    try:
        make_folder(folder)
        write_whole(folder / f"{step:012d}-{digest}.safetensors", content)
    except OSError as error:
        raise CeterisError(
            f"a checkpoint cannot be written: {error.strerror or error}",
            received=f"{folder}, {len(content):,} bytes",
            expected="room and permission to write there",
            fix="free some space and run the same command again: it resumes",
        ) from error
    for old in _checkpoints(folder)[_KEPT:]:
        old.unlink(missing_ok=True)


def read_checkpoint(folder: Path) -> dict[str, np.ndarray] | None:
    """The newest checkpoint that is whole, or None. A damaged one is passed over with a warning."""
    for path in _checkpoints(folder):
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest()[:_DIGEST_CHARS] == path.stem.partition("-")[2]:
            return safetensors.numpy.load(content)
        warnings.warn(
            f"checkpoint {path.name} is damaged; the one before it is used",
            RuntimeWarning,
            stacklevel=2,
        )
    return None


def remove_checkpoints(folder: Path) -> None:
    """Delete a run's checkpoints and its folder, once its outcome is in the store."""
    if folder.is_dir():
        for path in folder.iterdir():
            path.unlink(missing_ok=True)
        folder.rmdir()


def _checkpoints(folder: Path) -> list[Path]:
    """Newest first. Files that are still being written have another ending and do not match."""
    return sorted(folder.glob("*-*.safetensors"), reverse=True) if folder.is_dir() else []
