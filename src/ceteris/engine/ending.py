"""From the state a run ended in to its outcome: the one place where the test part is opened."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import torch

from ceteris.engine.beginning import begin
from ceteris.engine.digest import outcome_digest
from ceteris.engine.learner import Learner
from ceteris.engine.loop import Record, train
from ceteris.engine.material import Material
from ceteris.engine.measure import LOSS_OF, logits_of
from ceteris.engine.precision import products_in
from ceteris.engine.selfcheck import checked
from ceteris.engine.task import Interrupted, Outcome, Task
from ceteris.evaluate import accuracy
from ceteris.study.metrics import LAST_STEPS


def train_run(task: Task, listen: Callable[[int], bool]) -> Outcome | Interrupted:
    """Train one run, measure it, and open its test part once, at the end.

    Args:
        task: the run.
        listen: called a few times a second with the number of steps done; True asks to stop.

    Raises:
        CeterisError: the user's own code is at fault, or this machine computes a step wrongly.
    """
    recipe = task.recipe.train
    error = checked(recipe.precision, recipe.optimizer)
    with products_in(recipe.precision):
        ended = _train_run(task, listen)
    if isinstance(ended, Interrupted):
        return ended
    # What the check found on this machine is kept with the run.
    return replace(ended, metrics={**ended.metrics, "selfcheck_error": error})


def _train_run(task: Task, listen: Callable[[int], bool]) -> Outcome | Interrupted:
    material, learner = begin(task)
    _say_flat(material)
    total = task.recipe.train.total_steps(len(task.rows.train))
    record = Record(loss=torch.zeros(total), right=torch.zeros(total, dtype=torch.int32))
    ended = train(task, material, learner, record, listen)
    if isinstance(ended, Interrupted):
        return ended
    curves = _curves(record, ended.steps)
    if ended.diverged_at is not None:
        return Outcome(
            status="diverged",
            sentence=f"the loss was no longer finite at step {ended.diverged_at}",
            steps=ended.steps,
            duration_s=ended.duration_s,
            arrays={"curves": curves, "normalisation": material.normalisation.arrays},
            digest=outcome_digest(curves, None),
        )
    weights = learner.weights()
    metrics = {key: values[-1] for key, values in record.curves.items() if key != "step"}
    metrics["train_loss_last_100"] = float(record.loss[-LAST_STEPS:].double().mean())
    predictions = _predictions(task, material, learner)
    if len(task.rows.test):
        logits, labels = predictions["test_logits"], material.labels.numpy()[task.rows.test]
        metrics["test_loss"] = LOSS_OF[task.recipe.train.loss](logits, labels)
        metrics["test_accuracy"] = accuracy(logits, labels)
    arrays: dict[str, Mapping[str, np.ndarray]] = {
        "curves": curves,
        "predictions": predictions,
        "normalisation": material.normalisation.arrays,
    }
    if task.keep_weights != "none":
        arrays["weights"] = record.best
    arrays |= {f"weights_step_{step:09d}": kept for step, kept in record.kept.items()}
    return Outcome(
        status="finished",
        sentence=f"trained for {ended.steps:,} steps",
        steps=ended.steps,
        duration_s=ended.duration_s,
        metrics=metrics,
        arrays=arrays,
        digest=outcome_digest(curves, weights),
    )


def _predictions(task: Task, material: Material, learner: Learner) -> dict[str, np.ndarray]:
    """Logits on validation and test images with their row numbers, for paired comparisons."""
    parts = {"validation": task.rows.validation, "test": task.rows.test}
    found: dict[str, np.ndarray] = {}
    for part, rows in parts.items():
        if len(rows):
            train = task.recipe.train
            found[f"{part}_logits"] = logits_of(
                learner.passes, material, rows, train.views, train.loss
            )
            found[f"{part}_rows"] = rows
    return found


def _say_flat(material: Material) -> None:
    """A channel of one value is no mistake of the run's, and yet nobody expects it."""
    flat = material.normalisation.flat
    if flat:
        which = "channel " if len(flat) == 1 else "channels "
        warnings.warn(
            f"{which}{', '.join(str(channel) for channel in flat)} of 0 to "
            f"{material.shape[2] - 1}: one value in all training images, so it is centred and "
            "divided by 1",
            stacklevel=2,
        )


def _curves(record: Record, steps: int) -> dict[str, np.ndarray]:
    """The record as arrays, nothing after the last step that counts."""
    kept = sum(1 for step in record.curves["step"] if step <= steps)
    curves = {
        f"evaluated_{key}": np.array(values[:kept], dtype=np.float64)
        for key, values in record.curves.items()
    }
    curves["step_loss"] = record.loss[:steps].numpy().copy()
    curves["step_right"] = record.right[:steps].numpy().copy()
    return curves
