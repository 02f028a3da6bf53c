"""A described network as a chain of kernels, and the same weights under autograd in float64."""

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ceteris.engine.beginning import chain
from ceteris.engine.learner import Learner
from ceteris.engine.ways import Ways
from ceteris.nets import Layer, build, parse_layers, walk, with_batch_norm_defaults
from ceteris.study import Study, TrainRecipe


def described(*layers: Any) -> tuple[Layer, ...]:
    return with_batch_norm_defaults(parse_layers(list(layers), "test"), 0.9, 1e-3)


def recipe(**train: Any) -> TrainRecipe:
    table = {"steps": 1, "optimizer": "sgd", "learning_rate": 0.1, **train}
    study = Study(name="x", preset="torch", data={"name": "digits"}, network="mlp", train=table)
    return study.arms[0].recipe.train


def filled(layers: tuple[Layer, ...], shape: tuple[int, int, int], classes: int = 5) -> nn.Module:
    """A module with weights of a usual size, biases and scales off their start."""
    generator = torch.Generator().manual_seed(0)
    module = build(layers, shape, classes)
    with torch.no_grad():
        for parameter in module.parameters():
            fan_in = parameter[0].numel() if parameter.dim() > 1 else 25
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.add_(noise / fan_in**0.5)
    return module


def by_hand(
    module: nn.Module,
    layers: tuple[Layer, ...],
    shape: tuple[int, int, int],
    *,
    ways: Mapping[str, Ways] | None = None,
    precision: str = "float32",
) -> Learner:
    standings = walk(layers, shape, 5)
    return Learner(
        module,
        recipe(),
        frozenset(),
        lambda flat: chain(standings, flat, ways=ways or {}, precision=precision),
    )


def images(shape: tuple[int, int, int], count: int = 7) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, *shape, generator=generator).permute(0, 3, 1, 2)


def reference(module: nn.Module, x: Tensor, to_logits: Tensor) -> tuple[Tensor, Tensor]:
    """Logits and the flat gradient by autograd in float64; the module is left as it was."""
    double = copy.deepcopy(module).double()
    for parameter in double.parameters():
        parameter.grad = None
    logits = double(x.double())
    logits.backward(to_logits.double())
    gradients = [
        (p.grad.permute(0, 2, 3, 1) if p.dim() == 4 else p.grad).reshape(-1)
        for p in double.parameters()
        if p.grad is not None
    ]
    return logits.detach(), torch.cat(gradients)


def relative(found: Tensor, expected: Tensor) -> float:
    return float((found.double() - expected).abs().max() / expected.abs().max())
