"""A width that was solved for: as rows, as JSON, and as what to write into a study."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ceteris.nets import Layer, Match


@dataclass(frozen=True)
class Solved:
    """A network made as large as wanted.

    Args:
        title: of the network.
        vary: what was varied.
        match: the nearest width, and its neighbour.
        value: of what was varied, at that width.
        other_value: at the neighbour; None where there is none.
        like: title of the network whose size was wanted; empty for a number.
        before: what the network has of the quantity as it was asked for.
        lines: what to write into a study.
    """

    title: str
    vary: str
    match: Match
    value: int | list[int]
    other_value: int | list[int] | None
    like: str
    before: int
    lines: str

    @property
    def share(self) -> float:
        """The remainder as a share of what was wanted."""
        return self.match.remainder / self.match.wanted


def match_as_json(solved: Solved) -> dict[str, Any]:
    """What was found, as JSON can hold it."""
    match = solved.match
    return {
        "title": solved.title,
        "vary": solved.vary,
        "quantity": match.quantity,
        "wanted": match.wanted,
        "like": solved.like or None,
        "value": solved.value,
        "found": match.found,
        "remainder": match.remainder,
        "remainder_share": solved.share,
        "next_value": solved.other_value,
        "next_found": match.other_found,
        "before": solved.before,
        "study": solved.lines,
    }


def network_line(name: str, arguments: Mapping[str, Any]) -> str:
    """``network = {...}`` for a study file.

    Example:
        >>> network_line("mlp", {"hidden": [9, 5], "batch_norm": True})
        'network = { name = "mlp", hidden = [9, 5], batch_norm = true }'
    """
    pairs = [f"{key} = {_toml(value)}" for key, value in {"name": name, **arguments}.items()]
    return f"network = {{ {', '.join(pairs)} }}"


def layers_lines(layers: tuple[Layer, ...]) -> str:
    """``[network]`` with ``layers`` for a study file.

    Example:
        >>> from ceteris.nets import Dense, Flatten
        >>> print(layers_lines((Flatten(), Dense("classes"))))
        [network]
        layers = [
            "flatten",
            { layer = "dense", units = "classes" },
        ]
    """
    entries = []
    for layer in layers:
        table = layer.to_dict()
        entries.append(_toml(table if len(table) > 1 else layer.kind))
    return "\n".join(["[network]", "layers = [", *(f"    {e}," for e in entries), "]"])


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    # A JSON string, number, true or false is TOML's.
    return json.dumps(value, ensure_ascii=False)
