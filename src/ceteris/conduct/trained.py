"""Trained networks as the store keeps them, ready to be used again: to predict, look at, or export.

A run's identity holds its whole recipe, so nothing is resolved once more and no study file is
needed. Code of the user's own is not stored: it is found by its digest, from where the study was
declared.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from ceteris.conduct.finding import NamedRuns, find_runs
from ceteris.conduct.permission import permit_code
from ceteris.data import (
    DATA_SETS,
    DataSet,
    DataSource,
    Normalisation,
    Split,
    find_parsed,
    open_data,
)
from ceteris.engine import Ways, convolutions
from ceteris.errors import CeterisError, shown
from ceteris.nets import CodeReference, function_reference, parse_layers, read_reference
from ceteris.store import Design, RunRecord, open_home, read_arrays
from ceteris.study.recipe import NetworkRecipe, TrainRecipe
from ceteris.study.spec import AugmentSpec, ViewsSpec

_USABLE = ("finished", "stopped")
_MOST_SHOWN = 8  # runs in a message
_PIXEL_MAX = {"digits": 16}  # every other published set has pixels of 8 bits


@dataclass(frozen=True, eq=False)
class Trained:
    """One run that has ended, with what is needed to use its network.

    Args:
        study, variant, arm, seed, run_id: which run; the variant is empty for the study as it is.
        root_seed: of its streams.
        is_baseline: its arm is the one the others are compared with.
        num_seeds: runs its arm should have; some may not have finished.
        network, train: its recipe.
        ways: name of a convolution -> how it was computed.
        normalisation: from pixels of 0..``pixel_max`` to what the network is given.
        classes: names by label.
        input_shape: (H, W, C) of an image.
        pixel_max: the largest value a pixel of its data set can have.
        source, data_digest: what it learned from.
        metrics: name -> value at the end of the run.
        folder: of its study.
        arrays: name of a set of arrays -> digest.
    """

    study: str
    variant: str
    arm: str
    seed: int
    run_id: str
    root_seed: int
    is_baseline: bool
    num_seeds: int
    network: NetworkRecipe
    train: TrainRecipe
    ways: Mapping[str, Ways]
    normalisation: Normalisation
    classes: tuple[str, ...]
    input_shape: tuple[int, int, int]
    pixel_max: int
    source: DataSource
    data_digest: str
    metrics: Mapping[str, float]
    folder: Path
    arrays: Mapping[str, str]

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """Parameters and buffers by name; read from the disk and checked each time."""
        return read_arrays(self.folder, self.arrays["weights"])

    @property
    def predictions(self) -> dict[str, np.ndarray]:
        """Logits of its own validation and test images at its end, with their row numbers."""
        return read_arrays(self.folder, self.arrays["predictions"])

    @property
    def split(self) -> Split:
        """The rows it was trained, validated and tested on."""
        kept = read_arrays(self.folder, self.arrays["split"])
        none = np.empty(0, dtype=np.int64)  # the first studies did not keep what is unused
        return Split(**{field.name: kept.get(field.name, none) for field in fields(Split)})

    @property
    def name(self) -> str:
        """What messages and files call it: ``study@variant:arm:seed``."""
        variant = f"@{self.variant}" if self.variant else ""
        return f"{self.study}{variant}:{self.arm}:{self.seed}"


def open_trained(
    home: Path | None,
    words: str,
    *,
    allow_code: bool = True,
    announce: Callable[[str], None] = lambda _: None,
    function: Callable[..., Any] | None = None,
) -> tuple[Trained, ...]:
    """The finished runs that some words name, by arm as declared, then by seed.

    Args:
        home: ``--home``; None for ``CETERIS_HOME`` or ``~/.ceteris``.
        words: as :func:`ceteris.conduct.finding.find_runs` takes them.
        allow_code: False refuses runs whose network is made by the user's own file.
        announce: told each such file, since it is executed when the network is made.
        function: the Python function the study was declared with, where it was.

    Returns:
        One run or more; those that diverged, failed or have not ended are left out.

    Raises:
        CeterisError: nothing of that name was run, none of the runs has finished, their weights
            were not kept, or their code is not here or has changed.
    """
    named = find_runs(words, home)
    usable = _usable(named, words)
    cache = open_home(home, create=False).cache
    references = _references(named.design)
    found = tuple(_trained(run, named, cache, references, function) for run in usable)
    permit_code([run.network for run in found], allow_code, announce)
    return found


def training_data(trained: Trained, *, home: Path | None, data_folder: Path | None) -> DataSet:
    """The very data a run learned from, known by its digest.

    What was parsed is taken from the home's cache; else the source is looked for and parsed into
    the cache, as when the study was run.

    Raises:
        CeterisError: it is no longer here, or has changed.
    """
    cache = open_home(home, create=False).cache
    parsed = find_parsed(cache, trained.data_digest)
    if parsed is not None:
        return parsed
    data, _ = open_data(trained.source, cache=cache, data_folder=data_folder)
    if data.digest != trained.data_digest:
        raise CeterisError(
            f"the data that {shown(trained.study)} learned from has changed",
            received=f"content with digest {data.digest[:12]}",
            expected=f"content with digest {trained.data_digest[:12]}",
            fix="put back the data as it was, or run the study anew with --fresh",
        )
    return data


def _usable(named: NamedRuns, words: str) -> tuple[RunRecord, ...]:
    ended = tuple(run for run in named.chosen if run.status in _USABLE)
    if not ended:
        states = [f"{run.arm}, seed {run.seed}: {run.status}" for run in named.chosen]
        waiting = any(run.status not in ("diverged",) for run in named.chosen)
        more = ", ..." if len(states) > _MOST_SHOWN else ""
        raise CeterisError(
            "there is no trained network, for none of these runs has finished",
            received=f"{shown(words)}: {'; '.join(states[:_MOST_SHOWN])}{more}",
            expected="a run that has finished",
            fix="run the study to its end: the same ceteris run command goes on"
            if waiting
            else "choose another arm, or lower the learning rate and run the study again",
        )
    kept = tuple(run for run in ended if "weights" in run.arrays)
    if not kept:
        raise CeterisError(
            "the weights of these runs were not kept",
            received=f'{shown(words)}, declared with keep_weights = "none"',
            expected='a study with keep_weights = "best" or "all"',
            fix='write keep_weights = "best", and train it anew with --fresh '
            "(keeps the old results aside)",
        )
    return kept


def _trained(
    run: RunRecord,
    named: NamedRuns,
    cache: Path,
    references: Mapping[str, CodeReference],
    function: Callable[..., Any] | None,
) -> Trained:
    design, identity = named.design, run.recipe
    resolved, declared = design.spec["resolved"], design.spec["declared"]["data"]
    known = {field.name for field in fields(DataSource)}
    source = DataSource(**{key: _tuples(v) for key, v in declared.items() if key in known})
    shape, pixel_max = _frame(resolved, source, str(identity["data"]), cache)
    train = _train_recipe(identity["train"])
    network = _network_recipe(identity["network"], references, function)
    classes = tuple(resolved["classes"])
    return Trained(
        study=resolved["name"],
        variant=design.variant,
        arm=run.arm,
        seed=run.seed,
        run_id=run.run_id,
        root_seed=run.root_seed,
        is_baseline=run.arm == resolved["baseline"],
        num_seeds=sum(other.arm == run.arm for other in named.runs),
        network=network,
        train=train,
        ways=_ways(network, train, shape, len(classes), identity.get("ways", {})),
        normalisation=_normalisation(named.folder, run, shape[2], pixel_max),
        classes=classes,
        input_shape=shape,
        pixel_max=pixel_max,
        source=source,
        data_digest=str(identity["data"]),
        metrics=run.metrics,
        folder=named.folder,
        arrays=run.arrays,
    )


def _tuples(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _frame(
    resolved: Mapping[str, Any], source: DataSource, digest: str, cache: Path
) -> tuple[tuple[int, int, int], int]:
    """Shape of an image and largest pixel; a study from before they were kept is looked up."""
    if "input_shape" in resolved:
        height, width, channels = resolved["input_shape"]
        return (height, width, channels), int(resolved["pixel_max"])
    data = find_parsed(cache, digest)
    if data is not None:
        return data.shape, data.pixel_max
    entry = DATA_SETS.get(source.name)
    if entry is not None and entry.shape is not None:
        return entry.shape, _PIXEL_MAX.get(entry.name, 255)
    raise CeterisError(
        "the shape of the images this study learned from is no longer known",
        received=f"a study of {shown(source.name)} made before shapes were kept with it",
        expected="a study that says it, or its data parsed in the home's cache",
        fix="run the study again: nothing is trained that was trained before",
    )


def _normalisation(folder: Path, run: RunRecord, channels: int, pixel_max: int) -> Normalisation:
    """What the run kept; of a run made before it was kept, what its scale says."""
    if "normalisation" in run.arrays:
        kept = read_arrays(folder, run.arrays["normalisation"])
        return Normalisation.of_arrays(kept["offset"], kept["divisor"])
    divisor = float(pixel_max) if run.recipe["scale"] == "unit" else 1.0
    return Normalisation.of_arrays(np.zeros(channels), np.full(channels, divisor))


def _train_recipe(stored: Mapping[str, Any]) -> TrainRecipe:
    """A recipe as an identity holds it; what is off is not named there."""
    values: dict[str, Any] = {
        field.name: stored.get(field.name, None if field.default is MISSING else field.default)
        for field in fields(TrainRecipe)
    }
    if values["augment"] is not None:
        values["augment"] = AugmentSpec(**values["augment"])
    if values["views"] is not None:
        values["views"] = ViewsSpec(**values["views"])
    return TrainRecipe(**values)


def _network_recipe(
    stored: Mapping[str, Any],
    references: Mapping[str, CodeReference],
    function: Callable[..., Any] | None,
) -> NetworkRecipe:
    if "layers" in stored:
        return NetworkRecipe(parse_layers(stored["layers"]), None, None, {})
    digest, arguments = str(stored["code"]), dict(stored["arguments"])
    if digest in references:
        return NetworkRecipe((), references[digest], None, arguments)
    if function is not None and (own := function_reference(function)).digest == digest:
        return NetworkRecipe((), own, function, arguments)
    given = "the function given has another digest" if function is not None else "not found"
    raise CeterisError(
        "the code that makes this network is not here as it was, and code is not stored with runs",
        received=f"code with digest {digest[:12]}: {given}",
        expected="the file the study names, unchanged, in the folder the command is started in; "
        "or in Python the function itself",
        fix="go to the folder of the study's file; in Python give network=... the function",
    )


def _references(design: Design) -> dict[str, CodeReference]:
    """The code that a study names and that is here, by its digest; nothing is executed.

    Paths in a study are relative to its file, and where that lay is not stored: the working folder
    is where it is looked for.
    """
    found: dict[str, CodeReference] = {}
    for text in dict.fromkeys(_texts(design.spec["declared"])):
        if ".py:" in text:
            try:
                reference = read_reference(text, Path.cwd())
            except CeterisError:  # said by whoever needs this very code
                continue
            found[reference.digest] = reference
    return found


def _texts(value: object) -> Iterator[str]:
    """Every text in a declaration: code is named in [network], in factors and in arms."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item)


def _ways(
    network: NetworkRecipe,
    train: TrainRecipe,
    shape: tuple[int, int, int],
    num_classes: int,
    words: Mapping[str, str],
) -> dict[str, Ways]:
    """An identity says ways by what was measured; a network needs them by layer."""
    if network.reference is not None or not words:
        return {}
    found = convolutions(
        network.layers,
        shape,
        num_classes,
        batch_size=train.batch_size,
        precision=train.precision,
    )
    return {c.name: Ways.read(words[c.key]) for c in found if c.key in words}
