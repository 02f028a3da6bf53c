"""How long a study will take and how much it will keep, measured on this machine beforehand."""

import sys
import time
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from ceteris.engine.augment import augmentation
from ceteris.engine.beginning import begin
from ceteris.engine.learner import Learner
from ceteris.engine.material import Material
from ceteris.engine.measure import logits_of
from ceteris.engine.precision import products_in
from ceteris.engine.task import Task
from ceteris.seeds import Streams

_WARM_STEPS = 3
_MEASURED_S = 0.4  # per program: long enough for tens of steps of a small network
_EVALUATED = 1000  # images


@dataclass(frozen=True)
class Forecast:
    """Seconds of one worker's time, and bytes kept on disk."""

    seconds: float
    bytes_kept: int


def forecast(tasks: list[Task]) -> Forecast:
    """Time a few steps and a piece of evaluation of each program, and multiply.

    Args:
        tasks: all runs to be trained. Their checkpoints are not touched and nothing is written.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as a worker has
    try:
        with redirect_stdout(sys.stderr):  # a user's network may print; the answer is on the other
            return _forecast(tasks)
    finally:
        torch.set_num_threads(threads)


def _forecast(tasks: list[Task]) -> Forecast:
    rates: dict[str, tuple[float, float, int]] = {}
    seconds, kept = 0.0, 0
    for task in tasks:
        program = task.arm
        if program not in rates:
            rates[program] = _measure(task)
        per_step, per_image, num_weights = rates[program]
        seconds += _run_seconds(task, per_step, per_image)
        kept += _run_bytes(task, num_weights)
    return Forecast(seconds, kept)


def _measure(task: Task) -> tuple[float, float, int]:
    """Seconds a step, seconds an evaluated image, and numbers kept as weights."""
    with products_in(task.recipe.train.precision):
        return _timed(task)


def _timed(task: Task) -> tuple[float, float, int]:
    material, learner = begin(task)
    rows = torch.from_numpy(task.rows.train)
    augment = augmentation(task.recipe.train.augment, Streams(task.root_seed, task.seed))
    size = min(task.recipe.train.batch_size, len(rows))
    done, began = 0, 0.0
    while done < _WARM_STEPS + 1 or time.perf_counter() - began < _MEASURED_S:
        if done == _WARM_STEPS:
            began = time.perf_counter()
        picked = rows[torch.randint(len(rows), (size,))]
        images, labels = material.batch(picked, partial(augment, step=done))
        learner.step(images, labels, 1e-6, done + 1)
        done += 1
    per_step = (time.perf_counter() - began) / (done - _WARM_STEPS)
    return per_step, _evaluation(learner, material, task.rows.train), _numbers(learner)


def _evaluation(learner: Learner, material: Material, rows: np.ndarray) -> float:
    piece = rows[:_EVALUATED]
    began = time.perf_counter()
    logits_of(learner.passes, material, piece)
    return (time.perf_counter() - began) / len(piece)


def _numbers(learner: Learner) -> int:
    return sum(array.size for array in learner.weights().values())


def _run_seconds(task: Task, per_step: float, per_image: float) -> float:
    train = task.recipe.train
    total = train.total_steps(len(task.rows.train))
    evaluations = _evaluations(task)
    of_train = {"every": evaluations, "end": 1, "never": 0}[train.measure_train]
    seen = evaluations * len(task.rows.validation) + len(task.rows.test)
    if train.views is not None:
        seen *= train.views.count
    return total * per_step + per_image * (of_train * len(task.rows.train) + seen)


def _evaluations(task: Task) -> int:
    train = task.recipe.train
    num_images = len(task.rows.train)
    every = (
        train.steps_per_epoch(num_images)
        if train.evaluate_every == "epoch"
        else train.evaluate_every
    )
    return -(-train.total_steps(num_images) // every)


def _run_bytes(task: Task, num_weights: int) -> int:
    copies = {"none": 0, "best": 1, "all": 1 + _evaluations(task)}[task.keep_weights]
    predicted = len(task.rows.validation) + len(task.rows.test)
    per_prediction = 8 + 4 * 10  # a row number and the logits; ten classes are typical
    per_step = 4 + 4  # loss and number right
    return (
        4 * num_weights * copies
        + predicted * per_prediction
        + per_step * task.recipe.train.total_steps(len(task.rows.train))
    )
