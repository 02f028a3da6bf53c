"""Which stored runs a user means: ``STUDY``, ``STUDY@VARIANT``, ``STUDY:ARM:SEED``, or a run's id.

A name of a variant or an arm may hold any character, so where each ends is told by the store.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ceteris.errors import CeterisError, nearest, shown, unknown_name
from ceteris.store import Design, RunRecord, Store, is_ours, list_studies, open_home, study_folder
from ceteris.study import catalogue

_RUN_ID = re.compile(r"[0-9a-f]{6,32}")
_MOST_SHOWN = 8  # names in a message


@dataclass(frozen=True)
class NamedRuns:
    """What some words name.

    Args:
        folder: of the study.
        design: the latest of the variant, or the one a run's id was found in.
        runs: every run of the design.
        chosen: those that are meant, in the same order.
        arm: named, or None where the words leave the choice of an arm open.
    """

    folder: Path
    design: Design
    runs: tuple[RunRecord, ...]
    chosen: tuple[RunRecord, ...]
    arm: str | None


def find_runs(words: str, home: Path | None) -> NamedRuns:
    """The runs that some words name, ended or not.

    Args:
        words: ``STUDY`` (a name, or the path of its folder), ``STUDY@VARIANT``, either with
            ``:ARM`` or ``:ARM:SEED``; or the first six or more characters of a run's id.
        home: ``--home``; None for ``CETERIS_HOME`` or ``~/.ceteris``.

    Raises:
        CeterisError: there is no such study, variant, arm, seed or run; says what there is.
    """
    study, rest = _study_and_rest(words)
    if not rest and not is_ours(Path(words)) and _RUN_ID.fullmatch(words):
        opened = open_home(home, create=False)
        if study not in list_studies(opened):
            found = _by_id(words, [opened.studies / n for n in list_studies(opened)])
            if found is not None:
                return found
    folder = find_folder(study, home)
    with Store.open(folder, write=False) as store:
        variants = tuple(dict.fromkeys(design.variant for design in store.designs()))
        variant, rest = _variant(study, rest, variants)
        design = store.latest(variant)
        if design is None:
            raise unknown_variant(study, variant, variants)
        runs = tuple(store.runs(design))
    chosen = _chosen(design, runs, rest, words)
    return NamedRuns(folder, design, runs, chosen, chosen[0].arm if rest else None)


def find_folder(study: str, home: Path | None) -> Path:
    """The folder of a stored study, by its name or by the path of the folder itself.

    Raises:
        CeterisError: nothing of that name was run; says what there is.
    """
    folder = Path(study)
    if is_ours(folder):
        return folder
    opened = open_home(home, create=False)
    there = list_studies(opened)
    if study in list_studies(opened, aside=True):  # NAME~1, after --fresh
        return opened.studies / study
    folder = study_folder(opened, study)
    if study not in there:
        name = study.removesuffix(".toml")
        guess = nearest(name, there)
        fix = "look at what was run and what is built in: ceteris list"
        if guess != name and (name in catalogue() or Path(study).is_file()):
            fix = f"run it first: ceteris run {study}"
        elif guess:
            fix = f"did you mean '{guess}'?"
        if Path(study).is_file() and not study.endswith(".toml"):
            fix = "name a study that was run, or a file of runs that ends in .csv"
        raise CeterisError(
            f"no study {shown(study)} has been run here",
            received=f"{shown(study)}  (in {opened.studies})",
            expected=f"one of {', '.join(there)}" if there else "a study that was run",
            fix=fix,
        )
    return folder


def unknown_variant(study: str, variant: str, known: Iterable[str]) -> CeterisError:
    """The error for a study that was run, but not as this variant."""
    there = [f"{study}@{name}" if name else study for name in known]
    what = f"its variant {shown(variant)}" if variant else "it as it stands, only variants"
    return CeterisError(
        f"the study {shown(study)} was run, but not {what}",
        received=shown(f"{study}@{variant}" if variant else study),
        expected=f"one of {', '.join(there)}",
        fix=f"for example: ceteris show {there[0]}",
    )


def _study_and_rest(words: str) -> tuple[str, str]:
    """The longest beginning that is the folder of a study, or the part before ``@`` and ``:``."""
    places = [i for i, character in enumerate(words) if character in "@:"]
    for place in [len(words), *reversed(places)]:
        if words[:place] and is_ours(Path(words[:place])):
            return words[:place], words[place:]
    place = places[0] if places else len(words)
    return words[:place], words[place:]


def _variant(study: str, rest: str, known: Iterable[str]) -> tuple[str, str]:
    """The variant, and what is left of the words."""
    if not rest.startswith("@"):
        return "", rest
    for name in sorted(known, key=len, reverse=True):
        if name and rest.startswith(name, 1) and rest[1 + len(name) :][:1] in ("", ":"):
            return name, rest[1 + len(name) :]
    raise unknown_variant(study, rest[1:], known)


def _chosen(
    design: Design, runs: tuple[RunRecord, ...], rest: str, words: str
) -> tuple[RunRecord, ...]:
    if not rest:
        return runs
    arms, asked = [arm.name for arm in design.arms], rest[1:]
    if asked in arms:
        return tuple(run for run in runs if run.arm == asked)
    arm, _, seed = asked.rpartition(":")
    if arm not in arms:
        raise unknown_name("arm", arm if seed.isdecimal() and arm else asked, arms, where=words)
    of_arm = [run for run in runs if run.arm == arm]
    found = tuple(run for run in of_arm if str(run.seed) == seed)
    if not found:
        raise CeterisError(
            f"arm {shown(arm)} has no seed {shown(seed)}",
            received=shown(words),
            expected=f"one of {', '.join(str(run.seed) for run in of_arm)}",
            fix=f"leave the seed out for all of them: {shown(words.rpartition(':')[0])}",
        )
    return found


def _by_id(prefix: str, folders: Iterable[Path]) -> NamedRuns | None:
    """The run whose id begins so; the same run in several studies is one run."""
    found: dict[str, NamedRuns] = {}
    for folder in folders:
        with Store.open(folder, write=False) as store:
            for design in reversed(store.designs()):
                runs = tuple(store.runs(design))
                for run in runs:
                    if run.run_id.startswith(prefix):
                        named = NamedRuns(folder, design, runs, (run,), run.arm)
                        found.setdefault(run.run_id, named)
    if len(found) > 1:
        raise CeterisError(
            f"{len(found)} runs begin with {shown(prefix)}",
            received=shown(prefix),
            expected=f"the beginning of one: {', '.join(sorted(found)[:_MOST_SHOWN])}",
            fix="write more of its characters",
        )
    return next(iter(found.values()), None)
