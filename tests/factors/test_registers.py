"""The contract of every register: being in one is what gets an entry tested."""

import inspect
import math
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from ceteris import factors
from ceteris.errors import CeterisError
from ceteris.factors import (
    DECAYS,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    PRESETS,
    SCHEDULES,
    Option,
    decay_options,
    initializer_options,
    optimizer_options,
    schedule_options,
)

Complete = Callable[[str, str, Mapping[str, object], str], dict[str, Any]]


def _schedule_options(
    name: str, preset: str, given: Mapping[str, object], where: str
) -> dict[str, Any]:
    return schedule_options(name, given, where)


REGISTERS: dict[str, tuple[Mapping[str, Any], Complete]] = {
    "optimizer": (OPTIMIZERS, optimizer_options),
    "initializer": (INITIALIZERS, initializer_options),
    "schedule": (SCHEDULES, _schedule_options),
}
ENTRIES = [(kind, name) for kind, (register, _) in REGISTERS.items() for name in register]
ALL = [
    pytest.param(register, name, id=f"{kind}-{name}")
    for kind, register in {
        **{kind: register for kind, (register, _) in REGISTERS.items()},
        "loss": LOSSES,
        "decay": DECAYS,
    }.items()
    for name in register
]


def _options() -> Iterator[Any]:
    for kind, name in ENTRIES:
        for option in REGISTERS[kind][0][name].options:
            yield pytest.param(kind, name, option, id=f"{kind}-{name}-{option.name}")


def _refused(option: Option) -> list[object]:
    """Values no such option accepts: wrong types, NaN, infinities, and just beyond each bound."""
    wrong: list[object] = [None, [], {}, "fast", b"a", float("nan"), math.inf, -math.inf]
    if isinstance(option.default, bool):
        return [*wrong, 0, 1, "true"]
    if isinstance(option.default, str):
        return [*wrong, "", option.default.upper(), True, 0]
    wrong += [True, 10**400]
    if isinstance(option.default, int):
        wrong.append(option.default + 0.5)
    if option.low is not None:
        wrong.append(option.low if option.low_open else math.nextafter(option.low, -math.inf))
    if option.high is not None:
        wrong.append(option.high if option.high_open else math.nextafter(option.high, math.inf))
    return wrong


@pytest.mark.parametrize(("register", "name"), ALL)
def test_an_entry_is_filed_under_its_name_and_says_what_it_is(
    register: Mapping[str, Any], name: str
) -> None:
    entry = register[name]
    assert entry.name == name == name.lower()
    assert entry.title.strip() == entry.title != ""
    assert entry.formula.strip() == entry.formula != ""
    assert entry.kind in ("value", "program")


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
@pytest.mark.parametrize("preset", PRESETS)
def test_defaults_are_complete_in_order_and_accepted_by_their_own_options(
    kind: str, name: str, preset: str
) -> None:
    register, complete = REGISTERS[kind]
    filled = complete(name, preset, {}, "")
    assert list(filled) == [option.name for option in register[name].options]
    assert complete(name, preset, filled, "") == filled
    for option in register[name].options:
        assert type(option.check(filled[option.name])) is type(filled[option.name])


@pytest.mark.parametrize(("kind", "name", "option"), list(_options()))
def test_an_option_says_what_it_is(kind: str, name: str, option: Option) -> None:
    assert option.doc.strip() == option.doc != ""
    assert option.kind in ("value", "program")
    assert option.check(option.default) == option.default
    assert bool(option.choices) == isinstance(option.default, str)


@pytest.mark.parametrize(("kind", "name", "option"), list(_options()))
def test_an_option_refuses_what_it_should_and_says_where(
    kind: str, name: str, option: Option
) -> None:
    complete = REGISTERS[kind][1]
    for value in _refused(option):
        with pytest.raises(CeterisError) as caught:
            complete(name, "keras", {option.name: value}, "a.toml, train")
        assert caught.value.what.startswith(f"'{option.name}' cannot be ")
        assert f"(a.toml, train.{option.name})" in caught.value.received
        assert caught.value.expected == option.expected()


@pytest.mark.parametrize(("kind", "name", "option"), list(_options()))
def test_an_option_accepts_its_choices_and_its_closed_bounds(
    kind: str, name: str, option: Option
) -> None:
    complete = REGISTERS[kind][1]
    accepted: list[Any] = list(option.choices)
    if option.low is not None and not option.low_open:
        accepted.append(option.low)
    if option.high is not None and not option.high_open and not option.part:
        accepted.append(option.high)
    for value in accepted:
        assert complete(name, "keras", {option.name: value}, "")[option.name] == value


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_an_unknown_option_is_refused_with_the_nearest(kind: str, name: str) -> None:
    register, complete = REGISTERS[kind]
    for option in register[name].options:
        typo = option.name[:-2] + option.name[-1]
        with pytest.raises(CeterisError) as caught:
            complete(name, "keras", {typo: 1}, "a.toml, train")
        assert caught.value.what == f"there is no {name} option '{typo}'"
        assert caught.value.fix == f"did you mean '{option.name}'?"
    with pytest.raises(CeterisError) as caught:
        complete(name, "keras", {"zzzz": 1}, "a.toml, train")
    assert caught.value.what == f"there is no {name} option 'zzzz'"


@pytest.mark.parametrize("kind", REGISTERS)
@pytest.mark.parametrize("name", [3, None, [], "", "ADAMM\x1b[31m"])
def test_an_unknown_name_is_refused_whatever_it_is(kind: str, name: Any) -> None:
    with pytest.raises(CeterisError) as caught:
        REGISTERS[kind][1](name, "keras", {}, "a.toml, train")
    assert caught.value.what.startswith(f"there is no {kind} ")
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("find", "typo", "meant"),
    [
        (factors.find_optimizer, "adm", "adam"),
        (factors.find_initializer, "he_norml", "he_normal"),
        (factors.find_initializer, "glorot_unifrom", "glorot_uniform"),
        (factors.find_schedule, "cosin", "cosine"),
        (factors.find_loss, "cross_entrpy", "cross_entropy"),
        (factors.find_factor, "learning_rat", "learning_rate"),
    ],
)
def test_a_misspelt_name_suggests_the_nearest(
    find: Callable[[str, str], Any], typo: str, meant: str
) -> None:
    with pytest.raises(CeterisError) as caught:
        find(typo, "a.toml, train")
    assert caught.value.fix == f"did you mean '{meant}'?"
    assert caught.value.received.endswith("(a.toml, train)")


@pytest.mark.parametrize("complete", [optimizer_options, initializer_options, decay_options])
def test_an_unknown_preset_is_refused(complete: Complete) -> None:
    name = "he_normal" if complete is initializer_options else "adam"
    with pytest.raises(CeterisError, match="there is no preset 'kears'"):
        complete(name, "kears", {}, "")


def test_every_update_names_its_paper_and_shows_its_formula() -> None:
    for optimizer in OPTIMIZERS.values():
        text = inspect.getdoc(optimizer.update) or ""
        assert "p <- p" in text
        assert any(f"({year})" in text for year in range(1950, 2030)), optimizer.name


def test_importing_the_room_imports_no_heavy_library() -> None:
    code = (
        "import sys, ceteris.factors\n"
        "heavy = {'torch', 'sklearn', 'pandas', 'matplotlib', 'scipy.stats', 'keras'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_room_lists_its_public_names_and_has_them_all() -> None:
    assert factors.__all__ == sorted(set(factors.__all__), key=lambda n: (not n.isupper(), n))
    for name in factors.__all__:
        assert hasattr(factors, name)
