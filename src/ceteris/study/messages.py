"""From pydantic's findings to the four parts of our errors."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ceteris.errors import CeterisError, nearest, shown
from ceteris.factors import FACTORS
from ceteris.study.spec import AugmentSpec, DataSpec, TrainSpec, ViewsSpec

# What each kind of finding expects, in words a person would use. `{...}` is filled from the
# finding's context. A kind that is not here falls back to pydantic's own sentence.
_EXPECTED: Mapping[str, str] = {
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "string_too_short": "text of {min_length} characters or more",
    "string_too_long": "text of {max_length} characters or fewer",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "literal_error": "{expected}",
    "dict_type": "a table of keys and values",
    "model_type": "a table of keys and values",
    "list_type": "a list in square brackets",
    "tuple_type": "a list in square brackets",
    "too_short": "{min_length} or more entries",
    "too_long": "{max_length} or fewer entries",
    "missing": "a value",
}


# What to write for a value that is of no use, by key, where an example says more than "change it".
_EXAMPLES: Mapping[str, str] = {
    "augment": "{ rotation = 10, flip = true }",
    "views": "{ flip = true }",
    "start": '"STUDY:ARM"',
    "freeze": '"body"',
    "drop": '["leaked"]',
}
# Where a key may stand that was written in another table; the first that has it.
_TABLES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("data", DataSpec),
    ("train", TrainSpec),
    ("train.augment", AugmentSpec),
    ("train.views", ViewsSpec),
)


def four_parts(
    error: ValidationError, *, model: type[BaseModel], label: str, prefix: Sequence[str] = ()
) -> CeterisError:
    """The first finding of pydantic as our error, with the file and the dotted key.

    Args:
        error: what pydantic raised.
        model: the model it was raised for; its field names are what an unknown key is compared to.
        label: the file, or ``"Study(...)"`` in Python.
        prefix: where the model sits in the file, for example ``("train",)``.
    """
    # A union reports a finding for every member; the deepest speaks about what the user meant.
    finding = max(error.errors(), key=lambda item: len(item["loc"]))
    path = [*prefix, *(str(part) for part in finding["loc"] if not _is_tag(part))]
    key = ".".join(path)
    where = f"{label}, {key}" if label else key
    if finding["type"] == "extra_forbidden":
        return _unknown_key(path, _fields_at(model, finding["loc"][:-1]), label)
    if finding["type"] == "missing":
        return CeterisError(
            f"'{key}' is missing",
            received=f"no {key}  ({label})",
            expected="a value for it",
            fix=f"add {path[-1]} = ..." + (f" in [{'.'.join(path[:-1])}]" if path[:-1] else ""),
        )
    return CeterisError(
        f"'{key}' cannot be {shown(finding['input'])}",
        received=f"{path[-1] if path else 'the study'} = {shown(finding['input'])}  ({where})",
        expected=_expected(finding),
        fix=_fix(path, finding),
    )


def unknown_key(path: Sequence[str], known: Sequence[str], label: str) -> CeterisError:
    """The error for a key that nothing reads, with the nearest one suggested."""
    return _unknown_key(list(path), list(known), label)


def _unknown_key(path: list[str], known: list[str], label: str) -> CeterisError:
    table = ".".join(path[:-1])
    guess = _elsewhere(path[-1])
    if guess is None or guess == ".".join(path):
        guess = nearest(path[-1], known)
    return CeterisError(
        f"there is no key {shown(path[-1])} in " + (f"[{table}]" if table else "a study"),
        received=f"{'.'.join(path)}  ({label})",
        expected=f"one of {', '.join(sorted(known))}",
        fix=f"did you mean '{guess}'?" if guess else "remove it, or use one of the keys above",
    )


def _elsewhere(key: str) -> str | None:
    """The dotted place of a key that was written in a table that does not have it."""
    if key in FACTORS:
        return FACTORS[key].path
    return next((f"{table}.{key}" for table, model in _TABLES if key in model.model_fields), None)


def _fix(path: Sequence[str], finding: ErrorDetails) -> str:
    if finding["type"] == "value_error" and path and path[-1] in _EXAMPLES:
        return f"write {path[-1]} = {_EXAMPLES[path[-1]]}"
    return f"change {'.'.join(path)}"


def _expected(finding: ErrorDetails) -> str:
    text = _EXPECTED.get(finding["type"])
    if text is None:
        return finding["msg"].removeprefix("Value error, ")
    return text.format(**finding.get("ctx", {}))


def _is_tag(part: int | str) -> bool:
    # Members of a union appear in the location under pydantic's own names for them.
    return isinstance(part, str) and (
        "[" in part or part.startswith("constrained-") or part in {"float", "int", "str", "bool"}
    )


def _fields_at(model: type[BaseModel], location: Sequence[Any]) -> list[str]:
    current: type[BaseModel] = model
    for part in location:
        field = current.model_fields.get(str(part))
        annotation = field.annotation if field else None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            current = annotation
    return list(current.model_fields)
