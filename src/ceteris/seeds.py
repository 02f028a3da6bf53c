"""One root seed, many named, independent streams.

A stream is named by what it is for and by the identity of the run it serves, never by the
position of the run in a list. Two consequences are laws of this project:

* adding an arm or a seed changes no existing run;
* the arm is not part of the name, so two arms with the same seed draw the same batch order,
  the same standard initial draws and the same masks: they are *paired*.

The key of a stream is the SHA-256 digest of its name, each part prefixed by its kind and length
so that no two names can collide by concatenation. Reference for keyed, counter-based streams:
Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011).
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Purpose(StrEnum):
    """What a stream is for. One purpose, one stream: no draw of one ever moves another."""

    INITIAL_WEIGHTS = "initial weights"
    BATCH_ORDER = "batch order"
    DROPOUT = "dropout"
    AUGMENTATION = "augmentation"
    SUBSET = "subset"
    SPLIT = "split"
    SAMPLE = "sample"


def derive(*parts: str | int) -> int:
    """A 128-bit key from the named parts.

    Example:
        >>> derive("a", 1) == derive("a", 1)
        True
        >>> derive("a", "b") == derive("ab")
        False
    """
    digest = hashlib.sha256()
    for part in parts:
        text = f"{type(part).__name__}:{part}".encode()
        digest.update(len(text).to_bytes(8, "big"))
        digest.update(text)
    return int.from_bytes(digest.digest()[:16], "big")


@dataclass(frozen=True)
class Streams:
    """The streams of every run that has this seed, whatever its arm.

    Args:
        root: the root seed of the study, any integer of 0 or more.
        seed: the replicate, 0 or more.

    Example:
        >>> a = Streams(root=0, seed=1).generator(Purpose.BATCH_ORDER, 3)
        >>> b = Streams(root=0, seed=1).generator(Purpose.BATCH_ORDER, 3)
        >>> bool((a.permutation(9) == b.permutation(9)).all())
        True
    """

    root: int
    seed: int

    def key(self, purpose: Purpose, *parts: str | int) -> int:
        """The stream's key, 0 <= key < 2**63: what other libraries take as a seed."""
        return derive(self.root, self.seed, purpose.value, *parts) >> 65

    def generator(self, purpose: Purpose, *parts: str | int) -> np.random.Generator:
        """A fresh NumPy generator at the start of the stream."""
        key = derive(self.root, self.seed, purpose.value, *parts)
        return np.random.Generator(np.random.Philox(key=key))
