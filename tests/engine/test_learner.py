"""A step of the learner against autograd, PyTorch's optimizers, and itself after a round trip."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from ceteris.engine.learner import Learner
from ceteris.errors import CeterisError
from ceteris.study import Study, TrainRecipe


def recipe(**train: Any) -> TrainRecipe:
    """A complete training recipe from a study's [train] table."""
    table = {"steps": 1, "optimizer": "sgd", "learning_rate": 0.1, **train}
    study = Study(name="x", preset="torch", data={"name": "digits"}, network="mlp", train=table)
    return study.arms[0].recipe.train


def cnn() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        # A bias before batch norm has no gradient but rounding, which Adam would blow up.
        nn.Conv2d(3, 4, 3, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4 * 16, 5),
    )


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    pixels = torch.rand(8, 6, 6, 3, generator=generator)
    return pixels.permute(0, 3, 1, 2), torch.randint(5, (8,), generator=generator)


@pytest.mark.parametrize(
    ("train", "make"),
    [
        ({"optimizer": "sgd"}, lambda p: torch.optim.SGD(p, lr=0.1)),
        ({"optimizer": "momentum"}, lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
        ({"optimizer": "adam"}, lambda p: torch.optim.Adam(p, lr=0.1)),
        (
            {"optimizer": "sgd", "weight_decay": 0.3},
            lambda p: torch.optim.SGD(
                [{"params": [x for x in p if x.dim() > 1], "weight_decay": 0.3},
                 {"params": [x for x in p if x.dim() == 1], "weight_decay": 0.0}], lr=0.1),
        ),
        (
            {"optimizer": "adamw", "weight_decay": 0.3},
            lambda p: torch.optim.AdamW(
                [{"params": [x for x in p if x.dim() > 1], "weight_decay": 0.3},
                 {"params": [x for x in p if x.dim() == 1], "weight_decay": 0.0}], lr=0.1),
        ),
    ],
)  # fmt: skip
def test_five_steps_equal_a_plain_loop(train: dict[str, Any], make: Any) -> None:
    plain, ours = cnn(), cnn()
    optimizer = make(list(plain.parameters()))
    decayed = frozenset(n for n, p in ours.named_parameters() if p.dim() > 1)
    learner = Learner(ours, recipe(**train), decayed)
    images, labels = batch()
    for number in range(1, 6):
        optimizer.zero_grad()
        expected = nn.functional.cross_entropy(plain(images), labels)
        expected.backward()
        optimizer.step()
        loss, _ = learner.step(images, labels, 0.1, number)
        assert float(loss) == pytest.approx(float(expected.detach()), rel=1e-5)
    for one, two in zip(plain.parameters(), ours.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=2e-4, atol=2e-6)


def test_parameters_are_views_into_one_vector() -> None:
    module = cnn()
    before = {name: p.detach().clone() for name, p in module.named_parameters()}
    learner = Learner(module, recipe(), frozenset())
    for name, parameter in module.named_parameters():
        assert torch.equal(parameter, before[name])
        assert (
            parameter.untyped_storage().data_ptr()
            == learner.parameters.untyped_storage().data_ptr()
        )
    learner.parameters.zero_()
    assert all(not p.any() for p in module.parameters())
    assert module[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_frozen_parameters_stay_as_they_are() -> None:
    module = cnn()
    module[0].weight.requires_grad_(False)
    before = module[0].weight.clone()
    learner = Learner(module, recipe(), frozenset())
    learner.step(*batch(), 0.1, 1)
    assert torch.equal(module[0].weight, before)


def test_decay_spares_biases() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(108, 5))
    with torch.no_grad():
        module[1].bias.fill_(1.0)
    images, labels = torch.zeros(4, 3, 6, 6), torch.tensor([0, 1, 2, 3])
    plain = Learner(module, recipe(weight_decay=0.5), frozenset({"1.weight"}))
    weight = module[1].weight.detach().clone()
    plain.step(images, labels, 0.1, 1)  # black images: no gradient reaches the weights
    torch.testing.assert_close(module[1].weight.detach(), weight * (1 - 0.1 * 0.5))
    assert float(module[1].bias.detach().mean()) == pytest.approx(1.0, abs=1e-6)


def test_the_recorded_loss_after_is_that_of_the_updated_network_in_evaluation_mode() -> None:
    learner = Learner(cnn(), replace(recipe(), loss_recorded="after"), frozenset())
    images, labels = batch()
    loss, _ = learner.step(images, labels, 0.1, 1)
    learner.module.eval()
    with torch.no_grad():
        expected = nn.functional.cross_entropy(learner.module(images), labels)
    assert float(loss) == pytest.approx(float(expected), rel=1e-6)


def test_the_number_right_is_counted_in_training_mode() -> None:
    learner = Learner(cnn(), recipe(), frozenset())
    images, labels = batch()
    with torch.no_grad():
        expected = int((learner.module(images).argmax(1) == labels).sum())
    _, right = learner.step(images, labels, 0.1, 1)
    assert int(right) == expected


@pytest.mark.parametrize("optimizer", ["momentum", "adam", "rmsprop", "adagrad"])
def test_state_and_load_continue_to_the_bit(optimizer: str) -> None:
    images, labels = batch()
    one = Learner(cnn(), recipe(optimizer=optimizer), frozenset())
    for number in (1, 2):
        one.step(images, labels, 0.01, number)
    two = Learner(cnn(), recipe(optimizer=optimizer), frozenset())
    two.load(one.state())
    for learner in (one, two):
        learner.step(images, labels, 0.01, 3)
    a, b = one.weights(), two.weights()
    assert all(np.array_equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize(
    ("module", "what"),
    [
        (nn.Flatten(), "has nothing to train"),
        (nn.Linear(3, 3, dtype=torch.float64), "is not float32"),
    ],
)
def test_modules_that_cannot_be_trained(module: nn.Module, what: str) -> None:
    with pytest.raises(CeterisError, match=what):
        Learner(module, recipe(), frozenset())
