"""One run from its first step to its outcome.

The loop never sees the test part: it is handed images to train on and images to validate on, and
:mod:`ceteris.engine.ending` opens the test once the loop has ended.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ceteris.engine.augment import augmentation
from ceteris.engine.checkpoint import Keeper, read_checkpoint, write_checkpoint
from ceteris.engine.learner import Learner
from ceteris.engine.material import Material
from ceteris.engine.measure import LOSS_OF, logits_of
from ceteris.engine.order import epoch_order
from ceteris.engine.randomness import capture, fenced, restore, seed_globals
from ceteris.engine.task import Interrupted, Task
from ceteris.evaluate import accuracy
from ceteris.factors import multipliers
from ceteris.seeds import Purpose, Streams

_LOOK_EVERY_S = 0.25  # between two looks at the clock's other duties: stop requests, checkpoints


@dataclass
class Record:
    """What a run writes down as it goes.

    Args:
        loss: float32 (T,), the recorded loss of each step.
        right: int32 (T,), how many of each step's batch were right in training mode.
        curves: metric name -> its value at each evaluation; ``step`` among them.
        best: weights of the best evaluation so far (lowest validation loss; the last without
            validation), and its loss.
        kept: step -> weights, where every evaluation's are kept.
    """

    loss: Tensor
    right: Tensor
    curves: dict[str, list[float]] = field(default_factory=lambda: {"step": []})
    best: dict[str, np.ndarray] = field(default_factory=dict)
    best_loss: float = float("inf")
    kept: dict[int, dict[str, np.ndarray]] = field(default_factory=dict)


@dataclass(frozen=True)
class LoopEnd:
    """The state the loop ended in: ``diverged_at`` is the step of the first loss not finite."""

    steps: int
    diverged_at: int | None
    duration_s: float


def train(
    task: Task,
    material: Material,
    learner: Learner,
    record: Record,
    listen: Callable[[int], bool],
) -> LoopEnd | Interrupted:
    """Train a run to its end, from its last checkpoint if it has one.

    Args:
        task: the run. Its test rows are not read here.
        material: all images; only the rows of the task's training and validation parts are used.
        learner: the network and its update rule, freshly made.
        record: of the right length, empty.
        listen: called a few times a second with the number of steps done; True asks to stop.

    Returns:
        How it ended, or :class:`Interrupted` with a checkpoint written, or a warning that says why
        none could be.
    """
    recipe, rows = task.recipe.train, torch.from_numpy(task.rows.train)
    streams = Streams(task.root_seed, task.seed)
    num_images = len(rows)
    per_epoch = recipe.steps_per_epoch(num_images)
    total = recipe.total_steps(num_images)
    every = per_epoch if recipe.evaluate_every == "epoch" else recipe.evaluate_every
    drawn = num_images if _keeps_short_batch(task) else per_epoch * recipe.batch_size
    base_rate = float(recipe.optimizer_options["learning_rate"])
    rates = base_rate * multipliers(recipe.schedule, recipe.schedule_options, total)

    augment = augmentation(recipe.augment, streams)
    seed_globals(streams, Purpose.DROPOUT)
    first, spent = _resume(task, learner, record)
    keeper = Keeper(task.checkpoint_every_s)
    began = looked = time.perf_counter()
    checked = first
    batches: tuple[Tensor, ...] = ()
    for step in range(first, total):
        epoch, within = divmod(step, per_epoch)
        if not batches or within == 0:
            order = epoch_order(
                streams, epoch, num_images=num_images, num_drawn=drawn, sampling=recipe.sampling
            )
            batches = torch.split(rows[torch.from_numpy(order)], recipe.batch_size)
        images, labels = material.batch(batches[within], partial(augment, step=step))
        record.loss[step], record.right[step] = learner.step(images, labels, rates[step], step + 1)
        done = step + 1
        evaluated = done % every == 0 or done == total
        now = time.perf_counter()
        due = keeper.due(now, epoch_ended=done % per_epoch == 0)
        if not (evaluated or due) and now - looked < _LOOK_EVERY_S:
            continue
        looked = now
        bad = _first_not_finite(record.loss, checked, done)
        if bad is None and evaluated and not _evaluate(task, material, learner, record, done):
            bad = step
        if bad is not None:
            return LoopEnd(bad, bad + 1, spent + now - began)
        checked = done
        save = partial(_save, task, learner, record, done, spent + time.perf_counter() - began)
        if listen(done) and done < total:
            keeper.keep_at_stop(done, save)
            return Interrupted(done)
        if due and done < total:
            keeper.keep(done, save)
    return LoopEnd(total, None, spent + time.perf_counter() - began)


def _keeps_short_batch(task: Task) -> bool:
    train = task.recipe.train
    return train.sampling == "permutation" and train.last_batch == "keep"


def _first_not_finite(loss: Tensor, start: int, stop: int) -> int | None:
    finite = loss[start:stop].isfinite()
    if bool(finite.all()):
        return None
    return start + int(finite.logical_not().nonzero()[0])


def _evaluate(task: Task, material: Material, learner: Learner, record: Record, done: int) -> bool:
    """Append one evaluation to the curves; False if a loss of it is not finite."""
    recipe = task.recipe.train
    since = int(record.curves["step"][-1]) if record.curves["step"] else 0
    sizes = _images_between(task, since, done)
    values: dict[str, float] = {
        "step": float(done),
        "train_loss_running": float(record.loss[since:done].double().mean()),
        "train_accuracy_running": float(record.right[since:done].sum()) / sizes,
    }
    with fenced():
        for part, rows in _measured(task, done).items():
            views = None if part == "train" else recipe.views
            logits = logits_of(learner.passes, material, rows, views, recipe.loss)
            labels = material.labels.numpy()[rows]
            values[f"{part}_loss"] = LOSS_OF[recipe.loss](logits, labels)
            values[f"{part}_accuracy"] = accuracy(logits, labels)
    if not np.isfinite([values[key] for key in values if key.endswith("loss")]).all():
        return False
    if recipe.measure_train == "end":  # curves of one run have one length
        values = {"train_loss": np.nan, "train_accuracy": np.nan} | values
    for key, value in values.items():
        record.curves.setdefault(key, []).append(value)
    _keep(task, learner, record, done, values.get("validation_loss"))
    return True


def _measured(task: Task, done: int) -> dict[str, np.ndarray]:
    """The parts that an evaluation after ``done`` steps measures, with their rows."""
    train = task.recipe.train
    last = done == train.total_steps(len(task.rows.train))
    parts = {"validation": task.rows.validation} if len(task.rows.validation) else {}
    if train.measure_train == "every" or (train.measure_train == "end" and last):
        parts = {"train": task.rows.train, **parts}
    return parts


def _images_between(task: Task, start: int, stop: int) -> int:
    """Images trained on in steps [start, stop): all batches are full but an epoch's last."""
    train = task.recipe.train
    images = (stop - start) * train.batch_size
    if _keeps_short_batch(task):
        num_images = len(task.rows.train)
        per_epoch = train.steps_per_epoch(num_images)
        short_by = per_epoch * train.batch_size - num_images
        images -= short_by * (stop // per_epoch - start // per_epoch)
    return images


def _keep(
    task: Task, learner: Learner, record: Record, done: int, validation_loss: float | None
) -> None:
    if task.keep_weights == "none":
        return
    if task.keep_weights == "all":
        record.kept[done] = learner.weights()
    # Without validation images no evaluation is better than another: the last one is kept.
    if validation_loss is None or validation_loss < record.best_loss:
        record.best = learner.weights()
        record.best_loss = float("inf") if validation_loss is None else validation_loss


def _save(task: Task, learner: Learner, record: Record, done: int, duration_s: float) -> None:
    state: dict[str, Any] = {f"learner.{k}": v for k, v in learner.state().items()}
    state |= capture()
    state |= {f"curve.{k}": np.array(v, dtype=np.float64) for k, v in record.curves.items()}
    state |= {f"best.{k}": v for k, v in record.best.items()}
    for step, weights in record.kept.items():
        state |= {f"kept.{step}.{k}": v for k, v in weights.items()}
    state["loss"] = record.loss[:done].numpy()
    state["right"] = record.right[:done].numpy()
    state["numbers"] = np.array([done, duration_s, record.best_loss], dtype=np.float64)
    write_checkpoint(task.checkpoints, done, state)


def _resume(task: Task, learner: Learner, record: Record) -> tuple[int, float]:
    """Go back to the last checkpoint, if there is one: steps done and seconds spent so far."""
    state = read_checkpoint(task.checkpoints)
    if state is None:
        return 0, 0.0
    done, duration_s, record.best_loss = state["numbers"].tolist()
    learner.load(_under(state, "learner."))
    restore(state)
    record.curves = {k: v.tolist() for k, v in _under(state, "curve.").items()}
    record.best = _under(state, "best.")
    for key, value in _under(state, "kept.").items():
        step, _, name = key.partition(".")
        record.kept.setdefault(int(step), {})[name] = value
    record.loss[: int(done)] = torch.from_numpy(state["loss"])
    record.right[: int(done)] = torch.from_numpy(state["right"])
    return int(done), float(duration_s)


def _under(state: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(prefix): v for key, v in state.items() if key.startswith(prefix)}
