"""One training step on this machine against the same step in float64 NumPy.

A wrong kernel (it has happened in compilers and libraries) trains a network that looks merely
mediocre. The reference is written out here by hand and shares no code with the engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from ceteris.engine.learner import Learner
from ceteris.factors import OPTIMIZERS, initial_states, optimizer_options
from ceteris.nets import build, parse_layers
from ceteris.study import TrainRecipe

_BATCH, _INPUTS, _HIDDEN, _CLASSES = 128, 64, 100, 10
# float32 carries about 7 digits; sums over 128 images and 100 units lose two or three of them.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Check:
    """One comparison: the largest error, relative to the largest expected number."""

    name: str
    error: float

    @property
    def passed(self) -> bool:
        """Whether the step is right to the precision of float32."""
        return self.error <= TOLERANCE


def check_steps() -> list[Check]:
    """The gradient of a dense network, and one update of every optimizer, on this machine."""
    generator = np.random.default_rng(0)
    x = generator.random((_BATCH, _INPUTS))
    labels = generator.integers(0, _CLASSES, _BATCH)
    weights = {
        "dense_1.weight": generator.normal(0, 0.2, (_HIDDEN, _INPUTS)),
        "dense_1.bias": generator.normal(0, 0.1, _HIDDEN),
        "dense_2.weight": generator.normal(0, 0.2, (_CLASSES, _HIDDEN)),
        "dense_2.bias": generator.normal(0, 0.1, _CLASSES),
    }
    gradient = reference_gradient(x, labels, weights)
    expected = np.concatenate([gradient[name].ravel() for name in weights])
    checks: list[Check] = []
    for name in OPTIMIZERS:
        learner = _learner(name, weights)
        before = learner.parameters.double().numpy().copy()
        images = torch.from_numpy(x.astype(np.float32)).view(_BATCH, 1, 8, 8)
        learner.step(images, torch.from_numpy(labels), 0.01, 1)
        moved = learner.parameters.double().numpy() - before
        found = learner.gradient.double().numpy()
        if not checks:
            checks.append(Check("gradient", _error(found, expected)))
        # From the gradient that was found: rules that divide by its size blow up its rounding.
        checks.append(Check(name, _error(moved, _expected_move(name, before, found))))
    return checks


def reference_gradient(
    x: np.ndarray, labels: np.ndarray, weights: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Gradients of mean cross-entropy of a dense, relu, dense network, by the chain rule.

    Args:
        x: (B, inputs), float64.
        labels: (B,).
        weights: ``dense_1`` and ``dense_2``, weight (out, in) and bias (out,).
    """
    before = x @ weights["dense_1.weight"].T + weights["dense_1.bias"]
    hidden = np.maximum(before, 0)
    logits = hidden @ weights["dense_2.weight"].T + weights["dense_2.bias"]
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    shares[np.arange(len(x)), labels] -= 1
    to_logits = shares / len(x)
    to_before = (to_logits @ weights["dense_2.weight"]) * (before > 0)
    return {
        "dense_1.weight": to_before.T @ x,
        "dense_1.bias": to_before.sum(0),
        "dense_2.weight": to_logits.T @ hidden,
        "dense_2.bias": to_logits.sum(0),
    }


def _learner(optimizer: str, weights: Mapping[str, np.ndarray]) -> Learner:
    layers = parse_layers(
        [
            "flatten",
            {"layer": "dense", "units": _HIDDEN},
            "relu",
            {"layer": "dense", "units": "classes"},
        ],
        "doctor",
    )
    module = build(layers, (8, 8, 1), _CLASSES)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(torch.from_numpy(weights[name]))
    recipe = TrainRecipe(
        steps=1,
        epochs=None,
        images_seen=None,
        batch_size=_BATCH,
        sampling="permutation",
        last_batch="keep",
        loss="cross_entropy",
        loss_recorded="before",
        optimizer=optimizer,
        optimizer_options=optimizer_options(optimizer, "book", {}),
        weight_decay=0.0,
        decay="l2",
        initializer=None,
        initializer_options={},
        schedule="constant",
        schedule_options={},
        evaluate_every="epoch",
    )
    return Learner(module, recipe, frozenset())


def _expected_move(optimizer: str, p: np.ndarray, g: np.ndarray) -> np.ndarray:
    """The update in float64: the optimizer's own function, proved against the formula in tests."""
    parameters, gradient = torch.from_numpy(p.copy()), torch.from_numpy(g.copy())
    options = optimizer_options(optimizer, "book", {})
    states = initial_states(OPTIMIZERS[optimizer], parameters, options)
    OPTIMIZERS[optimizer].update(
        parameters, gradient, states, 1, 0.01, options, torch.empty_like(parameters)
    )
    moved: np.ndarray = parameters.numpy() - p
    return moved


def _error(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found - expected).max() / np.abs(expected).max())
