"""The numbers and choices a factor is set by: one declaration, checked in one place.

An option says its range once; the same declaration checks a study, writes the reference page and
drives the tests. Whether it is a *value* or a *program* factor stands here too.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from numbers import Real
from typing import Literal

from ceteris.errors import CeterisError, shown, unknown_name

Value = float | bool | str
Kind = Literal["value", "program"]

PRESETS = ("keras", "book", "torch")


@dataclass(frozen=True)
class Option:
    """One number, flag or choice.

    What is accepted follows from the default: a flag for ``True`` or ``False``, one of ``choices``
    for text, a whole number for an ``int``, any finite number for a ``float``.

    Args:
        name: as in a study's ``[train]``.
        default: where no preset says otherwise.
        low, high: the range of a number; None is no bound.
        low_open, high_open: True where the bound itself is refused.
        choices: what text may be.
        doc: one line, with the unit where there is one.
        kind: ``"value"`` if the compiled step can take it as an input, else ``"program"``.
        part: a number below 1 is a fraction of the run, a whole number a count of steps.

    Example:
        >>> momentum = Option("momentum", 0.9, low=0.0, high=1.0, high_open=True)
        >>> momentum.check(0)
        0.0
        >>> momentum.expected()
        'a number from 0 to 1, 1 itself excluded'
    """

    name: str
    default: Value
    _: KW_ONLY
    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False
    choices: tuple[str, ...] = ()
    doc: str = ""
    kind: Kind = "value"
    part: bool = False

    def check(self, value: object, where: str = "") -> Value:
        """Read a value in the type of the default, or say what was expected.

        Args:
            value: what was given.
            where: file and table, for example ``"lr.toml, train"``.

        Raises:
            CeterisError: of another type, out of range, infinite or not a number.
        """
        found = self._read(value)
        if found is not None:
            return found
        at = f"{where}.{self.name}" if where else ""
        raise CeterisError(
            f"'{self.name}' cannot be {shown(value)}",
            received=f"{self.name} = {shown(value)}" + (f"  ({at})" if at else ""),
            expected=self.expected(),
            fix=f"change {self.name}, for example to {_written(self.default)}",
        )

    def expected(self) -> str:
        """Say in words what is accepted."""
        if isinstance(self.default, bool):
            return "true or false"
        if isinstance(self.default, str):
            return f"one of {', '.join(self.choices)}"
        if self.part:
            return "a fraction of the run between 0 and 1, or a whole number of steps, 1 or more"
        noun = "a whole number" if isinstance(self.default, int) else "a number"
        return noun + _range_in_words(self)

    def _read(self, value: object) -> Value | None:
        if isinstance(self.default, bool):
            return value if isinstance(value, bool) else None
        if isinstance(self.default, str):
            return value if isinstance(value, str) and value in self.choices else None
        number = _finite(value)
        if number is None or not self._in_range(number):
            return None
        if self.part:
            return number if number < 1 else _whole(number)
        return _whole(number) if isinstance(self.default, int) else number

    def _in_range(self, number: float) -> bool:
        above = self.low is None or number > self.low or (number == self.low and not self.low_open)
        below = (
            self.high is None or number < self.high or (number == self.high and not self.high_open)
        )
        return above and below


def complete(
    what: str,
    options: Sequence[Option],
    defaults: Mapping[str, Mapping[str, Value]],
    preset: str,
    given: Mapping[str, object],
    where: str,
) -> dict[str, Value]:
    """Find every option's value: given, else the preset's, else the option's own default.

    Args:
        what: whose options they are, for example ``"adam option"``, for messages.
        options: all there are.
        defaults: preset -> option -> value, where a preset differs.
        preset: whose defaults fill in what is not given.
        given: what the study says, by name of the option.
        where: file and table.

    Raises:
        CeterisError: unknown preset or option (with the nearest name), or a value out of range.
    """
    if preset not in PRESETS:
        raise unknown_name("preset", preset, PRESETS, where=where)
    by_name = {option.name: option for option in options}
    for key in given:
        if key not in by_name:
            at = f"{where}.{key}" if where else ""
            raise unknown_name(what, key, by_name, where=at)
    preferred = defaults.get(preset, {})
    return {
        name: option.check(given[name], where)
        if name in given
        else preferred.get(name, option.default)
        for name, option in by_name.items()
    }


def _finite(value: object) -> float | None:
    # bool is a number to Python; `learning_rate = true` is a mistake all the same.
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _whole(number: float) -> int | None:
    return int(number) if number.is_integer() else None


def _written(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}'" if isinstance(value, str) else f"{value:.4g}"


def _range_in_words(option: Option) -> str:
    low, high = option.low, option.high
    if low is None and high is None:
        return ""
    if high is None:
        return f" more than {low:g}" if option.low_open else f", {low:g} or more"
    if low is None:
        return f" less than {high:g}" if option.high_open else f", {high:g} or less"
    excluded = [
        f"{bound:g}"
        for bound, is_open in ((low, option.low_open), (high, option.high_open))
        if is_open
    ]
    words = f" from {low:g} to {high:g}"
    if len(excluded) == 2:
        return f"{words}, both excluded"
    return f"{words}, {excluded[0]} itself excluded" if excluded else words
