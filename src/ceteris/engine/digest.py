"""The digest of a run's outcome, without torch: whoever has the arrays can derive it again."""

import hashlib
from collections.abc import Mapping

import numpy as np


def digest_of(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over names, types, shapes and bytes, in the order of the names.

    Example:
        >>> digest_of({"a": np.zeros(2)}) == digest_of({"a": np.zeros(2)})
        True
        >>> digest_of({"a": np.zeros(2)}) == digest_of({"b": np.zeros(2)})
        False
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def outcome_digest(
    curves: Mapping[str, np.ndarray], weights: Mapping[str, np.ndarray] | None
) -> str:
    """The digest of a run: over its curves and, unless it diverged, its final weights.

    Example:
        >>> curves = {"step_loss": np.zeros(3)}
        >>> outcome_digest(curves, None) == digest_of(curves)
        True
    """
    return digest_of({**curves, **{f"weights.{k}": v for k, v in (weights or {}).items()}})
