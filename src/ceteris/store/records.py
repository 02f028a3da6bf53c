"""What the store hands out: frozen values, and how they are made from rows.

What is written down as text is canonical JSON: keys sorted, no spaces, ASCII, no nan. Equal
values are equal text, so two declarations can be compared as they lie.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# "pending" has not begun; "running" has begun and not ended, or was interrupted.
STATUSES = ("pending", "running", "finished", "stopped", "diverged", "failed")
ENDED = frozenset({"finished", "stopped", "diverged", "failed"})
# A result for good. "failed" is the machine's doing, so such a run may be tried again.
FINAL = frozenset({"finished", "stopped", "diverged"})


@dataclass(frozen=True)
class Arm:
    """One arm of a design.

    Args:
        name: unique in the design.
        levels: factor -> level.
        parameters: number of trained parameters of its network.
    """

    name: str
    levels: dict[str, Any]
    parameters: int


@dataclass(frozen=True)
class Design:
    """One revision of one variant of a study, as it was declared.

    Args:
        id: number in the database.
        variant: which variant of the study.
        revision: 1 for the first declaration of the variant, then 2, 3, ...
        spec: the complete study, with every default filled in.
        source: the text it was declared in.
        environment: what the study was frozen on when this was added; None if it was not yet.
        arms: in the order of declaration.
    """

    id: int
    variant: str
    revision: int
    spec: dict[str, Any]
    source: str
    environment: dict[str, Any] | None
    arms: tuple[Arm, ...]


@dataclass(frozen=True)
class RunRecord:
    """One run as the store knows it.

    Args:
        run_id: its identity.
        arm: name of the arm, in the design that was asked.
        seed: the replicate.
        status: one of ``STATUSES``.
        sentence: what there is to say about how it ended; empty before.
        steps: trained, 0 before it ended.
        duration_s: wall-clock seconds of training, 0 before it ended.
        attempts: how often it was started.
        metrics: name -> value; nan and infinities come back as they were.
        arrays: name of the set -> digest.
        digest: over final weights and curves; None where there are none.
        recipe: everything that determines the run.
        root_seed: of its streams.
        environment: what it ran on; None before it ended.
    """

    run_id: str
    arm: str
    seed: int
    status: str
    sentence: str = ""
    steps: int = 0
    duration_s: float = 0.0
    attempts: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    arrays: dict[str, str] = field(default_factory=dict)
    digest: str | None = None
    recipe: dict[str, Any] = field(default_factory=dict)
    root_seed: int = 0
    environment: dict[str, Any] | None = None


@dataclass(frozen=True)
class Look:
    """One time that a complete comparison was shown.

    Args:
        number: 1 for the variant's first look, then 2, 3, ...
        revision: of the design that was looked at.
        seeds: number of seeds it had.
        role: ``"deciding"`` or ``"exploratory"``.
    """

    number: int
    revision: int
    seeds: int
    role: str


def canonical(value: Mapping[str, Any]) -> str:
    """Return the one text of a JSON object.

    Raises:
        ValueError: for nan and infinities, which JSON does not have.
        TypeError: for values or keys that JSON does not have.

    Example:
        >>> canonical({"b": 1, "a": [0.5, None]})
        '{"a":[0.5,null],"b":1}'
    """
    return json.dumps(dict(value), sort_keys=True, allow_nan=False, separators=(",", ":"))


def parsed(text: str) -> dict[str, Any]:
    """Return the object that :func:`canonical` made a text of.

    Raises:
        ValueError: when the text is not that of an object.
    """
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, found {type(value).__name__}")
    return value


def from_column(value: float | None) -> float:
    """Return a metric as it was given: NULL stands for nan."""
    return math.nan if value is None else float(value)
