"""What goes to a worker and what comes back: plain values, nothing that holds a file open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from ceteris.engine.ways import Ways
from ceteris.study.recipe import Recipe

Status = Literal["finished", "stopped", "diverged", "failed"]


@dataclass(frozen=True)
class Rows:
    """Row numbers of the images a run may train on, choose on and, at its end, be tested on."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Start:
    """Stored weights that a run begins with.

    Args:
        file: safetensors, named by the digest of its bytes. None where the stored run is gone:
            a run that has ended needs it no more.
        taken: names of the arrays that are taken over; the others begin as they are drawn.
        digest: over these arrays: what a run's identity holds of them.
    """

    file: Path | None
    taken: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class Frozen:
    """What of a network stays as it begins.

    Args:
        parameters: names of parameters that are not trained.
        still: submodules whose own buffers stay: they are computed in evaluation mode throughout.
    """

    parameters: tuple[str, ...] = ()
    still: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.parameters or self.still)


@dataclass(frozen=True)
class Task:
    """One run to train.

    Args:
        run_id: digest of everything the result depends on; names the run's checkpoints.
        arm: for messages only; nothing is drawn from it.
        seed, root_seed: the replicate and the study's root seed.
        recipe: complete.
        make: the user's own function by value (``cloudpickle``), or empty.
        data: the folder of parsed arrays that every worker maps.
        rows: the split of this run.
        checkpoints: folder the run's checkpoints are kept in.
        checkpoint_every_s: seconds of training between two checkpoints.
        keep_weights: which weights come back with the outcome.
        ways: name of a convolution -> how it is computed; the library's way where it is not said.
        start: weights it begins with; None begins with weights drawn by the seed alone.
        frozen: what stays as it begins.
    """

    run_id: str
    arm: str
    seed: int
    root_seed: int
    recipe: Recipe
    make: bytes
    data: Path
    rows: Rows
    checkpoints: Path
    checkpoint_every_s: float = 30.0
    keep_weights: Literal["none", "best", "all"] = "best"
    ways: Mapping[str, Ways] = field(default_factory=dict)
    start: Start | None = None
    frozen: Frozen = field(default_factory=Frozen)


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Args:
        status: how; an interrupted run has not ended (:class:`Interrupted`).
        sentence: why, in words.
        steps: updates that count; of a diverged run, those before the first loss not finite.
        duration_s: seconds of training and evaluation, over all sessions of the run.
        metrics: name -> number at the end of the run (:mod:`ceteris.study.metrics`).
        arrays: set name -> arrays: ``curves``, ``predictions``, ``weights``, ``normalisation``.
        digest: SHA-256 over final weights and curves; equal digests, equal runs.
    """

    status: Status
    sentence: str
    steps: int
    duration_s: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    arrays: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    digest: str = ""


@dataclass(frozen=True)
class Interrupted:
    """A run that was asked to stop: it has not ended, its checkpoint waits at this step."""

    step: int
