"""Checkpoints of a run in training: written beside, moved into place, checked by digest, two kept.

A checkpoint is one safetensors file named ``<step>-<digest>.safetensors`` after the bytes it holds.
So a torn or flipped file does not match its own name and is passed over for the one before it.
A disk that cannot take one costs a warning, never the run: see :class:`Keeper`.
"""

import hashlib
import shutil
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import safetensors.numpy

from ceteris.atomic import sweep, sync_folder, write_whole
from ceteris.errors import CeterisError

_KEPT = 2
_DIGEST_CHARS = 32  # 128 bits of SHA-256: chance agreement is out of reach, names stay readable
_APART = 50.0  # times what the last one took: checkpoints cost a run 2% at most
_EPOCH_SHARE = 1 / 3  # of the interval, from which the end of an epoch is worth a checkpoint


class Keeper:
    """When a run's next checkpoint is due, and what happens when it cannot be written.

    One is due when the interval has passed, at the end of an epoch when a third of it has, and
    never sooner than 50 times what the last one took, so that checkpoints cost 2% at most on any
    disk. One that cannot be written is a warning, and the next is tried when it is due.

    Args:
        every_s: the interval; 0 for as often as the 2% allow.
        clock: seconds; another one for tests.

    Example:
        >>> now = iter([0.0, 30.0, 31.0])
        >>> keeper = Keeper(30.0, clock=lambda: next(now))
        >>> keeper.due(9.9, epoch_ended=True), keeper.due(10.0, epoch_ended=True)
        (False, True)
        >>> keeper.keep(500, lambda: None)  # it takes from second 30 to second 31
        >>> keeper.due(80.9, epoch_ended=False), keeper.due(81.0, epoch_ended=False)
        (False, True)
    """

    def __init__(self, every_s: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self._every_s = every_s
        self._clock = clock
        self._last = clock()
        self._took_s = 0.0
        self._warned = False

    def due(self, now: float, *, epoch_ended: bool) -> bool:
        """Whether it is time; ``now`` is of the same clock."""
        wanted = self._every_s * (_EPOCH_SHARE if epoch_ended else 1.0)
        return now - self._last >= max(wanted, _APART * self._took_s)

    def keep(self, step: int, write: Callable[[], None]) -> None:
        """Write a checkpoint; if it cannot be written, warn, once until one can be again."""
        began = self._clock()
        try:
            write()
            self._warned = False
        except CeterisError as error:
            if not self._warned:
                warnings.warn(_not_kept(step, error), RuntimeWarning, stacklevel=2)
            self._warned = True
        self._last = self._clock()
        self._took_s = self._last - began

    def keep_at_stop(self, step: int, write: Callable[[], None]) -> None:
        """The same for the checkpoint a stopped run goes on from: always warns."""
        self._warned = False
        self.keep(step, write)


def write_checkpoint(folder: Path, step: int, state: Mapping[str, np.ndarray]) -> None:
    """Keep ``state`` as the checkpoint of ``step``; older ones beyond two are deleted.

    Args:
        folder: the run's own; made if need be. The one above it must be there: a study that was
            moved while it runs must not be begun once more at its old place.
        step: steps done.
        state: name -> array.

    Raises:
        CeterisError: the disk is full or cannot be written; older checkpoints are untouched.
    """
    # Not `ascontiguousarray`: it gives a single number an axis, with which it fits no buffer.
    content = safetensors.numpy.save({key: np.asarray(v, order="C") for key, v in state.items()})
    digest = _digest(content)
    try:
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)
        write_whole(folder / f"{step:012d}-{digest}.safetensors", content)
    except OSError as error:
        raise CeterisError(
            f"a checkpoint cannot be written: {error.strerror or error}",
            received=f"{folder}, {len(content):,} bytes",
            expected="room and permission to write there",
            fix="free some space and run the same command again: it resumes",
        ) from error
    with suppress(OSError):  # what is left behind is removed with the next one
        for old in list_checkpoints(folder)[_KEPT:]:
            old.unlink(missing_ok=True)
        sweep(folder)


def read_checkpoint(folder: Path) -> dict[str, np.ndarray] | None:
    """The newest checkpoint that is whole, or None. A damaged one is passed over with a warning."""
    found = list_checkpoints(folder)
    for number, path in enumerate(found, start=1):
        content = _whole(path)
        if content is not None:
            return safetensors.numpy.load(content)
        instead = "the one before it is used" if number < len(found) else "the run begins anew"
        warnings.warn(f"checkpoint {path.name} is damaged; {instead}", RuntimeWarning, stacklevel=2)
    return None


def remove_checkpoints(folder: Path) -> None:
    """Delete a run's checkpoints and its folder, once its outcome is in the store.

    Whatever cannot be deleted now stays: it costs room, and the run is safe.
    """
    shutil.rmtree(folder, ignore_errors=True)


def list_checkpoints(folder: Path) -> list[Path]:
    """Newest first. Files that are still being written have another ending and do not match."""
    return sorted(folder.glob("*-*.safetensors"), reverse=True) if folder.is_dir() else []


def is_whole(path: Path) -> bool:
    """Whether a checkpoint file can be read and is what its name says."""
    return _whole(path) is not None


def _whole(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:  # a disk that cannot read it any more: as good as damaged
        return None
    return content if _digest(content) == path.stem.partition("-")[2] else None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_DIGEST_CHARS]


def _not_kept(step: int, error: CeterisError) -> str:
    reason = error.what.partition(": ")[2] or error.what
    return (
        f"no checkpoint could be written at step {step:,} ({reason}); if it is stopped, the run "
        "goes on from an earlier one"
    )
