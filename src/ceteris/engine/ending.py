"""From the state a run ended in to its outcome: the one place where the test part is opened."""

import hashlib
from collections.abc import Callable, Mapping

import numpy as np
import torch

from ceteris.engine.beginning import begin
from ceteris.engine.learner import Learner
from ceteris.engine.loop import Record, train
from ceteris.engine.material import Material
from ceteris.engine.measure import LOSS_OF, logits_of
from ceteris.engine.task import Interrupted, Outcome, Task
from ceteris.evaluate import accuracy
from ceteris.study.metrics import LAST_STEPS


def train_run(task: Task, listen: Callable[[int], bool]) -> Outcome | Interrupted:
    """Train one run, measure it, and open its test part once, at the end.

    Args:
        task: the run.
        listen: called a few times a second with the number of steps done; True asks to stop.

    Raises:
        CeterisError: the user's own code is at fault.
    """
    material, learner = begin(task)
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
            arrays={"curves": curves},
            digest=digest_of(curves),
        )
    weights = learner.weights()
    metrics = {key: values[-1] for key, values in record.curves.items() if key != "step"}
    metrics["train_loss_last_100"] = float(record.loss[-LAST_STEPS:].double().mean())
    predictions = _predictions(task, material, learner)
    if len(task.rows.test):
        logits, labels = predictions["test_logits"], material.labels.numpy()[task.rows.test]
        metrics["test_loss"] = LOSS_OF[task.recipe.train.loss](logits, labels)
        metrics["test_accuracy"] = accuracy(logits, labels)
    arrays: dict[str, Mapping[str, np.ndarray]] = {"curves": curves, "predictions": predictions}
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
        digest=digest_of({**curves, **{f"weights.{k}": v for k, v in weights.items()}}),
    )


def digest_of(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over names, types, shapes and bytes, in the order of the names.

    Example:
        >>> digest_of({"a": np.zeros(2)}) == digest_of({"a": np.zeros(2)})
        True
        >>> digest_of({"a": np.zeros(2)}) == digest_of({"b": np.zeros(2)})
        False
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _predictions(task: Task, material: Material, learner: Learner) -> dict[str, np.ndarray]:
    """Logits on validation and test images with their row numbers, for paired comparisons."""
    parts = {"validation": task.rows.validation, "test": task.rows.test}
    found: dict[str, np.ndarray] = {}
    for part, rows in parts.items():
        if len(rows):
            found[f"{part}_logits"] = logits_of(learner.module, material, rows)
            found[f"{part}_rows"] = rows
    return found


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
