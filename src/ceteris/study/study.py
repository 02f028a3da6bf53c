"""A declared study: its tables, and the arms they come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ceteris.study.design import baseline, resolve
from ceteris.study.messages import four_parts
from ceteris.study.recipe import Arm
from ceteris.study.spec import StudySpec


@dataclass(frozen=True)
class Origin:
    """Where a study was declared.

    Args:
        label: the file's name as messages say it, ``"Study(...)"`` for Python.
        folder: what relative paths in the study are relative to.
        source: the text it was read from; empty for Python.
        variant: the overrides in words (``"quick"``, ``"train.steps=600"``), empty without any.
    """

    label: str
    folder: Path
    source: str = ""
    variant: str = ""


class Study:
    """The question: data, network, training recipe, factors and number of seeds.

    The keyword arguments are the keys of a study file; tables are dictionaries
    (:class:`ceteris.study.spec.StudySpec` lists them all). Everything is checked here, before
    anything trains.

    Raises:
        CeterisError: anything that could not be trained or compared.

    Example:
        >>> study = Study(
        ...     name="rates", data={"name": "digits"}, network="mlp",
        ...     train={"steps": 50, "optimizer": "sgd"},
        ...     factors={"learning_rate": [0.1, 0.01]}, seeds=3,
        ... )
        >>> [arm.name for arm in study.arms]
        ['learning_rate=0.1', 'learning_rate=0.01']
        >>> study.baseline
        'learning_rate=0.1'
    """

    def __init__(self, **declared: Any) -> None:
        self._declare(declared, Origin(label="Study(...)", folder=Path.cwd()))

    @classmethod
    def from_table(cls, table: Mapping[str, Any], origin: Origin) -> "Study":
        """A study from a parsed table, with errors that name its file."""
        study = cls.__new__(cls)
        study._declare(table, origin)
        return study

    def _declare(self, table: Mapping[str, Any], origin: Origin) -> None:
        try:
            self.spec = StudySpec.model_validate(dict(table))
        except ValidationError as error:
            raise four_parts(error, model=StudySpec, label=origin.label) from None
        self.origin = origin
        self.arms: tuple[Arm, ...] = resolve(self.spec, label=origin.label, folder=origin.folder)

    @property
    def name(self) -> str:
        """The study's name, which names its folder."""
        return self.spec.name

    @property
    def variant(self) -> str:
        """The overrides in words; empty for the study as it stands."""
        return self.origin.variant

    @property
    def baseline(self) -> str:
        """The name of the arm the others are compared with."""
        return baseline(self.spec, self.arms, self.origin.label)

    def to_json(self) -> dict[str, Any]:
        """What was declared, as JSON can hold it: the record of the question."""
        declared = self.spec.model_dump(exclude_unset=True)
        network = dict(declared["network"])
        reference = self.arms[0].recipe.network.reference
        if reference is not None:
            network["digest"] = reference.digest
        if callable(network.get("function")):
            network["function"] = getattr(network["function"], "__name__", "function")
        declared["network"] = network
        found: dict[str, Any] = plain(declared)
        return found

    def __repr__(self) -> str:
        return f"Study({self.name!r}, {len(self.arms)} arms, {self.spec.seeds} seeds)"


def plain(value: Any) -> Any:
    """A value as JSON can hold it: mappings, tuples, and callables by their names.

    Example:
        >>> plain({"hidden": (5, 5), "network": len})
        {'hidden': [5, 5], 'network': 'len'}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if callable(value):
        return getattr(value, "__name__", "function")
    return value
