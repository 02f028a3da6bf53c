"""Every kernel, in every order that matters, against autograd in float64."""

import copy
from typing import Any

import pytest
import torch
from tests.engine.kernels.conftest import (
    by_hand,
    described,
    filled,
    images,
    recipe,
    reference,
    relative,
)

from ceteris.engine.beginning import name_layers
from ceteris.engine.kernels import Chain, Named, pooled_first
from ceteris.engine.learner import Learner
from ceteris.engine.precision import products_in
from ceteris.engine.ways import Ways
from ceteris.nets import LAYERS

SHAPE = (9, 8, 3)
OUT = ["flatten", {"layer": "dense", "units": "classes"}]


def conv(filters: int = 4, kernel: int = 3, **more: Any) -> dict[str, Any]:
    return {"layer": "conv", "filters": filters, "kernel": kernel, **more}


DENSE = {"layer": "dense", "units": 6}
NETWORKS = {
    "dense": ["flatten", DENSE, "relu", DENSE, "tanh", *OUT[1:]],
    "one layer": OUT,
    "every activation": [
        *("flatten", DENSE, "relu", DENSE, "tanh", DENSE, "sigmoid", DENSE, "gelu", DENSE),
        *({"layer": "leaky_relu", "slope": 0.1}, *OUT[1:]),
    ],
    "an activation after another": ["flatten", DENSE, "tanh", "sigmoid", "relu", *OUT[1:]],
    "an activation first": ["tanh", "flatten", DENSE, "relu", *OUT[1:]],
    "convolutions": [conv(), "relu", conv(5, 3, padding="same"), "tanh", *OUT],
    "a stride": [conv(4, 3, stride=2), "relu", conv(3, 3, padding="same", stride=2), *OUT],
    "more zeros after than before": [conv(4, 2, padding="same"), "relu", conv(4, 4), *OUT],
    "pooling": [conv(), "relu", "max_pool", conv(4, 2), "gelu", "max_pool", *OUT],
    "pooling that overlaps": [
        *(conv(), "relu", {"layer": "max_pool", "size": 3, "stride": 2}, *OUT),
    ],
    "mean pooling": [conv(), "relu", "average_pool", conv(4, 2), *OUT],
    "pooling first": ["max_pool", conv(4, 2), "relu", *OUT],
    "batch norm": [
        *(conv(), "batch_norm", {"layer": "leaky_relu", "slope": 0.1}, "max_pool", "flatten"),
        *(DENSE, "batch_norm", "relu", *OUT[1:]),
    ],
    "batch norm first": ["batch_norm", conv(), "relu", *OUT],
    "batch norm after an activation": [conv(), "relu", "batch_norm", "max_pool", *OUT],
}


def test_every_kind_of_layer_is_in_some_network() -> None:
    used = {
        layer if isinstance(layer, str) else layer["layer"]
        for layers in NETWORKS.values()
        for layer in layers
    }
    assert used | {"dropout"} == set(LAYERS)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("way", ["direct", "columns"])
def test_both_passes_equal_autograd(name: str, way: Any) -> None:
    layers = described(*NETWORKS[name])
    module = filled(layers, SHAPE)
    names = [n.name for n in name_layers(layers, SHAPE, 5) if n.name.startswith("conv")]
    strided = {n.name for n in name_layers(layers, SHAPE, 5) if getattr(n.layer, "stride", 1) != 1}
    ways = {n: Ways(way, way, "direct" if n in strided else way) for n in names}
    before = copy.deepcopy(module)
    learner = by_hand(module, layers, SHAPE, ways=ways)
    x = images(SHAPE)
    to_logits = torch.randn(7, 5, generator=torch.Generator().manual_seed(2))
    logits, gradient = reference(before, x, to_logits)
    found = learner.passes.forward(x.clone(memory_format=torch.channels_last))
    learner.passes.backward(to_logits.clone())
    assert relative(found, logits) < 1e-5
    assert relative(learner.gradient, gradient) < 1e-5


@pytest.mark.parametrize("name", NETWORKS)
def test_evaluation_equals_the_module(name: str) -> None:
    layers = described(*NETWORKS[name])
    learner = by_hand(filled(layers, SHAPE), layers, SHAPE)
    x = images(SHAPE)
    learner.passes.forward(x.clone())  # running statistics move
    kept = x.clone()
    found = learner.passes.evaluate(x)
    double = copy.deepcopy(learner.module).double().eval()
    assert relative(found, double(x.double()).detach()) < 1e-5
    assert torch.equal(x, kept)  # the images are the caller's: the book measures them twice


def test_running_statistics_move_as_the_modules_do() -> None:
    layers = described(*NETWORKS["batch norm"])
    one, two = filled(layers, SHAPE), filled(layers, SHAPE)
    by_hand(one, layers, SHAPE).passes.forward(images(SHAPE))
    two(images(SHAPE))
    for name, buffer in two.named_buffers():
        torch.testing.assert_close(one.get_buffer(name), buffer)


@pytest.mark.parametrize("rate", [0.3, 0.0])
def test_dropout_drops_the_same_in_both_passes(rate: float) -> None:
    layers = described("flatten", {"layer": "dropout", "rate": rate}, *OUT[1:])
    module = filled(layers, (4, 4, 2))
    learner = by_hand(module, layers, (4, 4, 2))
    torch.manual_seed(3)
    x = torch.ones(50, 2, 4, 4)
    learner.passes.forward(x)
    learner.passes.backward(torch.ones(50, 5))
    # dW = g^T x: with ones for g and x each weight's gradient counts the kept inputs, scaled.
    kept = learner.gradient[: 5 * 32].view(5, 32)[0] * (1 - rate)
    assert torch.equal(kept.round(), kept.round().clamp(0, 50))
    torch.testing.assert_close(kept, kept.round(), atol=1e-3, rtol=0)
    share = float(kept.mean()) / 50
    assert abs(share - (1 - rate)) < 0.05
    evaluated = learner.passes.evaluate(x)
    torch.testing.assert_close(evaluated, module.eval()(x))


def test_dropout_between_layers_masks_the_gradient() -> None:
    layers = described("flatten", DENSE, {"layer": "dropout", "rate": 0.5}, *OUT[1:])
    learner = by_hand(filled(layers, (4, 4, 1)), layers, (4, 4, 1))
    torch.manual_seed(0)
    x = images((4, 4, 1), count=1)
    learner.passes.forward(x)
    learner.passes.backward(torch.ones(1, 5))
    last = learner.module.get_parameter("dense_2.weight").grad
    first = learner.module.get_parameter("dense_1.weight").grad
    assert last is not None
    assert first is not None
    dropped = last.abs().sum(0) == 0  # inputs of the last layer that were zero
    assert 0 < int(dropped.sum()) < 6
    assert torch.equal(first.abs().sum(1) == 0, dropped)


def test_two_number_types_with_one_seed_drop_the_same_units() -> None:
    layers = described(conv(), {"layer": "dropout", "rate": 0.5}, *OUT)
    kept = []
    for precision in ("float32", "bfloat16"):
        module = filled(layers, SHAPE)
        learner = by_hand(module, layers, SHAPE, precision=precision)
        torch.manual_seed(0)
        learner.passes.forward(images(SHAPE))
        learner.passes.backward(torch.ones(7, 5))
        weight = module.get_parameter("dense_1.weight").grad
        assert weight is not None
        kept.append(weight == 0)
    assert torch.equal(*kept)


@pytest.mark.parametrize("name", ["convolutions", "pooling", "batch norm", "mean pooling"])
@pytest.mark.parametrize("way", ["direct", "columns"])
def test_bfloat16_is_as_close_to_float64_as_autocast_is(name: str, way: Any) -> None:
    layers = described(*NETWORKS[name])
    module = filled(layers, SHAPE)
    ways = {f"conv_{i}": Ways(way, way, way) for i in (1, 2)}
    learner = by_hand(copy.deepcopy(module), layers, SHAPE, ways=ways, precision="bfloat16")
    x = images(SHAPE, count=64)
    to_logits = torch.randn(64, 5, generator=torch.Generator().manual_seed(2))
    logits, gradient = reference(module, x, to_logits)
    autocast = Learner(copy.deepcopy(module), recipe(precision="bfloat16"), frozenset())
    errors = []
    for each in (learner, autocast):
        with products_in("bfloat16"):
            found = each.passes.forward(x.clone(memory_format=torch.channels_last))
            each.passes.backward(to_logits.clone())
        assert each.parameters.dtype == each.gradient.dtype == found.dtype == torch.float32
        # bfloat16 has 8 bits of fraction: 0.4% a rounding, some of them in a row.
        assert 1e-4 < relative(found, logits) < 0.05
        errors.append(float((each.gradient.double() - gradient).norm() / gradient.norm()))
    assert 1e-4 < errors[0] < 1.5 * errors[1]


def test_pooling_first_changes_no_bit() -> None:
    for name in ("pooling", "batch norm", "pooling that overlaps"):
        layers = described(*NETWORKS[name])
        named = name_layers(layers, SHAPE, 5)
        moved = pooled_first(named)
        assert [n.name for n in moved] != [n.name for n in named]
        answers = []
        for order in (named, moved):
            module = filled(layers, SHAPE)
            learner = by_hand(module, layers, SHAPE)
            passes = learner.passes
            assert isinstance(passes, Chain)
            passes._kernels = Chain(  # the same kernels in one order or the other
                _unmovable(order), module, ways={}, dtype=torch.float32
            )._kernels
            x = images(SHAPE)
            logits = passes.forward(x.clone())
            passes.backward(torch.ones(7, 5))
            answers.append((logits, learner.gradient.clone()))
        assert torch.equal(answers[0][0], answers[1][0])
        assert torch.equal(answers[0][1], answers[1][1])


class _Order(list[Named]):
    """Layers whose order stays as it is given."""


def _unmovable(named: Any) -> Any:
    return _Order(named)


@pytest.fixture(autouse=True)
def _keep_given_orders(monkeypatch: pytest.MonkeyPatch) -> None:
    from ceteris.engine.kernels import chain as module

    moves = module.pooled_first
    monkeypatch.setattr(
        module, "pooled_first", lambda named: named if isinstance(named, _Order) else moves(named)
    )


def test_the_images_need_no_gradient() -> None:
    """The first trained layer is asked for no gradient of its input: it would be wasted."""
    layers = described(*NETWORKS["convolutions"])
    learner = by_hand(filled(layers, SHAPE), layers, SHAPE)
    passes = learner.passes
    assert isinstance(passes, Chain)
    asked = []
    first = passes._kernels[0]
    backward = first.backward
    first.backward = lambda g, wanted: asked.append(wanted) or backward(g, wanted)  # type: ignore[method-assign]
    passes.forward(images(SHAPE))
    passes.backward(torch.ones(7, 5))
    assert asked == [False]
