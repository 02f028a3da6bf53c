"""What is shown of augmentation is what a run trains on, to the bit of a pixel."""

from pathlib import Path

import numpy as np
import pytest
import torch

from ceteris.conduct import prepare, tasks_of
from ceteris.engine.ending import train_run
from ceteris.engine.learner import Learner
from ceteris.engine.preview import preview
from ceteris.engine.selfcheck import checked
from ceteris.study import Study
from ceteris.study.spec import AugmentSpec

MOVES = AugmentSpec(rotation=20, shift=0.1, flip=True, crop=1, brightness=0.3, erase=0.5, zoom=0.2)


def test_a_preview_is_the_batches_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = Study(
        name="small",
        data={"name": "digits"},
        network={"name": "mlp", "hidden": [4]},
        train={"steps": 3, "batch_size": 8, "optimizer": "sgd", "augment": MOVES.identity()},
        seeds=2,
    )
    plan = prepare(study, home=tmp_path / "home")
    task = tasks_of(plan)[1]
    checked("float32", "sgd")  # before what follows is written down
    seen: list[np.ndarray] = []
    batches: list[np.ndarray] = []
    step, select = Learner.step, torch.Tensor.index_select

    def record(self: Learner, images: torch.Tensor, *rest: object) -> object:
        seen.append(images.permute(0, 2, 3, 1).clone().numpy())
        return step(self, images, *rest)  # type: ignore[arg-type]

    def watch(self: torch.Tensor, dim: int, rows: torch.Tensor) -> torch.Tensor:
        if self.dtype == torch.uint8 and len(batches) < 3:
            batches.append(plan.data.images[rows.numpy()])
        return select(self, dim, rows)

    monkeypatch.setattr(Learner, "step", record)
    monkeypatch.setattr(torch.Tensor, "index_select", watch)
    train_run(task, lambda _: False)
    assert len(seen) == len(batches) == 3
    for number, (images, trained_on) in enumerate(zip(batches, seen, strict=True)):
        shown = preview(images, MOVES, num_draws=3, seed=1, pixel_max=16)[:, number]
        expected = np.rint(trained_on * np.float32(255)).clip(0, 255)
        assert np.array_equal(shown, expected)


def test_draws_differ_by_step_and_seed_and_images_are_left_alone() -> None:
    images = np.random.default_rng(0).integers(0, 256, (5, 9, 8, 3), dtype=np.uint8)
    before = images.copy()
    one = preview(images, MOVES, num_draws=4, seed=0, pixel_max=255)
    assert one.shape == (5, 4, 9, 8, 3)
    assert one.dtype == np.uint8
    assert np.array_equal(images, before)
    assert len({one[:, step].tobytes() for step in range(4)}) == 4
    assert np.array_equal(one, preview(images, MOVES, num_draws=4, seed=0, pixel_max=255))
    other = preview(images, MOVES, num_draws=4, seed=1, pixel_max=255)
    assert not np.array_equal(one, other)
    fewer = preview(images, MOVES, num_draws=2, seed=0, pixel_max=255)
    assert np.array_equal(one[:, :2], fewer)


def test_brighter_than_white_is_white() -> None:
    white = np.full((50, 1, 1, 1), 16, np.uint8)
    found = preview(white, AugmentSpec(brightness=0.5), num_draws=1, seed=0, pixel_max=16)
    assert found.max() == 255
    assert found.min() < 200
    assert (found == 255).mean() > 0.3
