"""One training step on this machine against the same step in float64 NumPy.

A wrong kernel (it has happened in compilers and libraries) trains a network that looks merely
mediocre. Every number type and every way of computing that a study may use is checked; the
reference (:mod:`ceteris.engine.reference`) shares no code with the engine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch

from ceteris.engine.beginning import chain
from ceteris.engine.kernels import draw_mask
from ceteris.engine.learner import Learner
from ceteris.engine.machine import has_bfloat16
from ceteris.engine.precision import products_in
from ceteris.engine.reference import EPSILON, reference_gradient
from ceteris.engine.ways import Way, Ways
from ceteris.errors import CeterisError
from ceteris.factors import OPTIMIZERS, initial_states, optimizer_options
from ceteris.nets import build, parse_layers, walk
from ceteris.study import TrainRecipe

_BATCH, _SHAPE, _FILTERS, _CLASSES = 64, (6, 6, 3), 8, 10
_DROPPED = 0.25
_WAYS: tuple[Way, ...] = ("direct", "columns")

# The error of a whole gradient, as a share of its length. float32 carries 7 digits, and sums over
# 64 images of 36 places lose two of them; bfloat16 carries 2 to 3, and where rounding changes which
# value of a window is the largest, the gradient takes another way.
ALLOWED: Mapping[str, float] = {"float32": 1e-5, "bfloat16": 0.25}


@dataclass(frozen=True)
class Check:
    """One comparison.

    Args:
        name: what was computed.
        error: the length of the difference over the length of what was expected.
        allowed: for the number type.
    """

    name: str
    error: float
    allowed: float

    @property
    def passed(self) -> bool:
        """Whether the step is right to the precision of its number type (nan is not)."""
        return self.error <= self.allowed


def check_steps() -> list[Check]:
    """The gradient in every number type and way of this machine, one update of every optimizer."""
    return [
        check_mask(),
        *(check for precision in precisions_here() for check in check_precision(precision)),
        *check_updates(OPTIMIZERS),
    ]


def precisions_here() -> tuple[str, ...]:
    """The number types that this machine computes in."""
    return ("float32", "bfloat16") if has_bfloat16() else ("float32",)


def check_precision(precision: str) -> list[Check]:
    """The gradient of a network with layers of most kinds, by every way."""
    return [_gradient(precision, way) for way in _WAYS]


def check_updates(optimizers: Iterable[str]) -> list[Check]:
    """One update of each optimizer, from the gradient that was found.

    Rules that divide by the gradient's size would blow up its rounding otherwise.
    """
    checks = []
    for name in optimizers:
        learner = _learner("float32", "direct", name)
        before = learner.parameters.double().numpy().copy()
        images, labels = _images()
        learner.step(images, labels, 0.01, 1)
        moved = learner.parameters.double().numpy() - before
        found = learner.gradient.double().numpy()
        expected = _expected_move(name, before, found)
        # A step is the difference of two numbers a hundred times its size.
        checks.append(Check(name, _error(moved, expected), 100 * ALLOWED["float32"]))
    return checks


@cache
def checked(precision: str, optimizer: str) -> float:
    """The largest error of what a run would use; once in a process, some tens of milliseconds.

    Raises:
        CeterisError: an error is larger than allowed, so nothing may be trained here.
    """
    checks = [check_mask(), *check_precision(precision), *check_updates([optimizer])]
    wrong = [check for check in checks if not check.passed]
    if wrong:
        raise CeterisError(
            "this machine computes a training step wrongly, so nothing is trained on it",
            received="; ".join(f"{check.name}: error {check.error:.1e}" for check in wrong),
            expected="; ".join(f"{check.allowed:.0e} or less" for check in wrong),
            fix="run ceteris doctor, then another version of PyTorch or another precision",
        )
    return max(check.error for check in checks)


def _gradient(precision: str, way: Way) -> Check:
    learner = _learner(precision, way, "sgd")
    images, labels = _images()
    torch.manual_seed(0)
    with products_in(precision):
        learner.step(images, labels, 0.0, 1)
    expected = reference_gradient(
        images.permute(0, 2, 3, 1).double().numpy(), labels.numpy(), _weights(), _mask()
    )
    flat = {name: g.transpose(0, 2, 3, 1) if g.ndim == 4 else g for name, g in expected.items()}
    error = _error(
        learner.gradient.double().numpy(), np.concatenate([g.ravel() for g in flat.values()])
    )
    return Check(f"gradient, {precision}, {way}", error, ALLOWED[precision])


def _images() -> tuple[torch.Tensor, torch.Tensor]:
    generator = np.random.default_rng(1)
    pixels = torch.from_numpy(generator.random((_BATCH, *_SHAPE), dtype=np.float32))
    return pixels.permute(0, 3, 1, 2), torch.from_numpy(generator.integers(0, _CLASSES, _BATCH))


def _weights() -> dict[str, np.ndarray]:
    """Of a usual size, in float64, every value one that float32 holds."""
    generator = np.random.default_rng(0)
    places = _SHAPE[0] // 2 * _SHAPE[1] // 2
    shapes: dict[str, tuple[int, ...]] = {
        "conv_1.weight": (_FILTERS, _SHAPE[2], 3, 3),
        "conv_1.bias": (_FILTERS,),
        "conv_2.weight": (_FILTERS, _FILTERS, 3, 3),
        "conv_2.bias": (_FILTERS,),
        "batch_norm_1.scale": (_FILTERS,),
        "batch_norm_1.shift": (_FILTERS,),
        "residual_1.conv_1.weight": (_FILTERS, _FILTERS, 3, 3),
        "residual_1.conv_1.bias": (_FILTERS,),
        "residual_2.dense_1.weight": (_FILTERS, places * _FILTERS),
        "residual_2.dense_1.bias": (_FILTERS,),
        "dense_1.weight": (_CLASSES, _FILTERS),
        "dense_1.bias": (_CLASSES,),
    }
    weights = {}
    for name, shape in shapes.items():
        spread = np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.1
        drawn = generator.normal(1.0 if name.endswith("scale") else 0.0, spread, shape)
        weights[name] = drawn.astype(np.float32).astype(np.float64)
    return weights


def _mask() -> np.ndarray:
    """The dropout's mask: what the engine draws after the same start, zeros and 1 / kept."""
    torch.manual_seed(0)
    shape = torch.Size((_BATCH, _SHAPE[0] // 2, _SHAPE[1] // 2, _FILTERS))
    kept: np.ndarray = draw_mask(shape, round((1 - _DROPPED) * 2**16)).double().numpy()
    return kept / (1 - _DROPPED)


def check_mask() -> Check:
    """How far the share that dropout keeps is from what it should be, against five deviations."""
    mask = _mask() > 0
    deviation = np.sqrt(_DROPPED * (1 - _DROPPED) / mask.size)
    return Check("dropout mask", float(abs(mask.mean() - (1 - _DROPPED))), float(5 * deviation))


def _learner(precision: str, way: Way, optimizer: str) -> Learner:
    conv = {"layer": "conv", "filters": _FILTERS, "kernel": 3, "padding": "same"}
    norm = {"layer": "batch_norm", "momentum": 0.9, "epsilon": EPSILON}
    block = {"layer": "residual", "layers": [conv, "relu"]}
    hidden = {"layer": "dense", "units": _FILTERS}
    two_ends = {"layers": ["flatten", hidden], "shortcut": ["global_average_pool"]}
    last = {"layer": "dense", "units": "classes"}
    layers = parse_layers(
        [
            *(conv, "relu", conv, "relu", "max_pool", norm),
            *({"layer": "dropout", "rate": _DROPPED}, block),
            *({"layer": "residual", **two_ends}, "relu", last),
        ],
        "doctor",
    )
    module = build(layers, _SHAPE, _CLASSES)
    weights = _weights()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(torch.from_numpy(weights[name]))
    standings = walk(layers, _SHAPE, _CLASSES)
    every = Ways(way, way, way)
    ways = {"conv_1": Ways(way, way), "conv_2": every, "residual_1.conv_1": every}
    by_hand = partial(chain, standings, ways=ways, precision=precision)
    return Learner(module, _recipe(precision, optimizer), frozenset(), by_hand)


def _recipe(precision: str, optimizer: str) -> TrainRecipe:
    return TrainRecipe(
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
        measure_train="every",
        precision="bfloat16" if precision == "bfloat16" else "float32",
        augment=None,
    )


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
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))
