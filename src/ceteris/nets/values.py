"""Checks of single values in layers and networks; each returns the value in its plain type.

``owner`` is whose value it is, in the user's words (``"dense"``, ``"the network 'mlp'"``).
"""

import math
from collections.abc import Collection
from numbers import Integral, Real

from ceteris.errors import CeterisError, nearest, shown

# Above any layer that fits a machine of today; it keeps products of sizes within 64 bits.
MOST = 1_000_000


def count(owner: str, key: str, value: object) -> int:
    """Check a size: a whole number, 1 to :data:`MOST`.

    Example:
        >>> count("dense", "units", 100)
        100
    """
    # True is an Integral, and never meant as a size. NumPy's integers are.
    whole = int(value) if isinstance(value, Integral) and not isinstance(value, bool) else 0
    if not 1 <= whole <= MOST:
        raise wrong_value(owner, key, value, f"a whole number, 1 to {MOST:,}")
    return whole


def counts(owner: str, key: str, value: object) -> list[int]:
    """Check a list of sizes, which may be empty.

    Example:
        >>> counts("the network 'mlp'", "hidden", (100, 50))
        [100, 50]
    """
    if not isinstance(value, list | tuple):
        raise wrong_value(owner, key, value, "a list of whole numbers, for example [100, 100]")
    return [count(owner, f"{key}[{i}]", size) for i, size in enumerate(value)]


def number(owner: str, key: str, value: object, *, low: float, below: float) -> float:
    """Check a finite number with ``low <= value < below``.

    Example:
        >>> number("dropout", "rate", 0, low=0, below=1)
        0.0
    """
    real = isinstance(value, Real) and not isinstance(value, bool)
    try:
        plain = float(value) if real else math.nan  # type: ignore[arg-type]  # real says it is one
    except OverflowError:  # a whole number of more than 308 digits
        plain = math.nan
    if not low <= plain < below:  # NaN fails both
        upper = f" and less than {below:g}" if math.isfinite(below) else ""
        raise wrong_value(owner, key, value, f"a number, {low:g} or more{upper}")
    return plain + 0.0  # -0.0 is 0.0: one number, one description


def flag(owner: str, key: str, value: object) -> bool:
    """Check a value that is true or false, and not 0 or 1.

    Example:
        >>> flag("the network 'mlp'", "batch_norm", True)
        True
    """
    if not isinstance(value, bool):
        raise wrong_value(owner, key, value, "true or false")
    return value


def choice(owner: str, key: str, value: object, known: Collection[str]) -> str:
    """Check a word that is one of the known ones.

    Example:
        >>> choice("conv", "padding", "same", ("valid", "same"))
        'same'
    """
    if not isinstance(value, str) or value not in known:
        guess = nearest(value, known) if isinstance(value, str) else None
        fix = f"did you mean '{guess}'?" if guess else f"change {key}"
        raise wrong_value(owner, key, value, f"one of {', '.join(known)}", fix)
    return value


def wrong_value(owner: str, key: str, value: object, expected: str, fix: str = "") -> CeterisError:
    """Make the error for a value of the wrong type or out of its range."""
    return CeterisError(
        f"'{key}' of {owner} cannot be {shown(value)}",
        received=f"{key} = {shown(value)}",
        expected=expected,
        fix=fix or f"change {key}",
    )
