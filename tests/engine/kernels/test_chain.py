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

from ceteris.engine.kernels import Chain, pooled_first
from ceteris.engine.kernels import chain as chain_module
from ceteris.engine.kernels.residual import ResidualKernel
from ceteris.engine.kernels.sequence import SequenceKernel
from ceteris.engine.learner import Learner
from ceteris.engine.precision import products_in
from ceteris.engine.ways import Ways
from ceteris.nets import LAYERS, Conv, each_layer, walk

SHAPE = (9, 8, 3)
OUT = ["flatten", {"layer": "dense", "units": "classes"}]


def conv(filters: int = 4, kernel: int = 3, **more: Any) -> dict[str, Any]:
    return {"layer": "conv", "filters": filters, "kernel": kernel, **more}


def block(*layers: Any, **more: Any) -> dict[str, Any]:
    return {"layer": "residual", "layers": list(layers), **more}


DENSE = {"layer": "dense", "units": 6}
SAME, SAME3 = conv(4, 3, padding="same"), conv(3, 3, padding="same")
HALF = conv(6, 1, stride=2, bias=False)
HALVED = [conv(6, 3, stride=2, padding="same", bias=False), "relu", conv(6, padding="same")]
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
    "no bias": [conv(bias=False), "relu", conv(4, 2, bias=False, padding="same"), *OUT],
    "the mean of the image": [conv(), "relu", "global_average_pool", *OUT[1:]],
    "the largest of the image": [conv(), "leaky_relu", "global_max_pool", "tanh", *OUT[1:]],
    "an identity": [
        *(conv(), "relu", block(SAME, "batch_norm", "relu", SAME, "batch_norm"), "relu", *OUT),
    ],
    "a projection": [
        *(conv(), "relu", block(*HALVED, "batch_norm", shortcut=[HALF, "batch_norm"]), "relu"),
        *OUT,
    ],
    # What each of these would break is read by the other path too, or was kept by the layer before.
    "a block that begins with an activation": [conv(), block("relu", SAME), "tanh", *OUT],
    "two blocks that begin with an activation": [
        *(conv(), "tanh", block("tanh", SAME), block("relu", "max_pool", shortcut=["max_pool"])),
        *OUT,
    ],
    "a block that ends with an activation": [
        *(conv(), block(SAME, "relu"), block(SAME, "tanh", shortcut=["relu"]), "relu", *OUT),
    ],
    "a block of activations": [conv(), block("relu"), "relu", block("gelu", "tanh"), "tanh", *OUT],
    "a pool after a block": [conv(), "relu", block(SAME), "relu", "max_pool", *OUT],
    "an activation before a pool in a block": [
        *(conv(), "relu", block("leaky_relu", "max_pool", SAME, shortcut=["max_pool"]), *OUT),
    ],
    "a block first": [block(conv(3, 3, padding="same"), "relu"), conv(), *OUT],
    "a block of nothing trained first": [block("tanh", shortcut=["relu"]), conv(), *OUT],
    "a projection first": [block(SAME, "relu", shortcut=[conv(4, 1)]), "relu", *OUT],
    "a block in a block": [
        *(conv(), block(SAME, block("relu", SAME, block("tanh")), "relu"), "relu", *OUT),
    ],
    "dense blocks": [
        *("flatten", DENSE, block(DENSE, "relu", DENSE), "relu"),
        *(block("relu", {**DENSE, "units": 4}, shortcut=[{**DENSE, "units": 4}]),),
        *OUT[1:],
    ],
    "a block of which only the shortcut is trained": [
        *(conv(), block("average_pool", shortcut=[conv(4, 2, stride=2)]), *OUT),
    ],
    "flattened in both paths": [conv(), block("flatten", "relu", shortcut=["flatten"]), *OUT[1:]],
    # Where convolutions give bfloat16.
    "one path in float32": [block(SAME3, "relu"), block("relu", shortcut=[SAME3]), conv(), *OUT],
}


def test_every_kind_of_layer_is_in_some_network() -> None:
    used = {layer.kind for layers in NETWORKS.values() for layer in each_layer(described(*layers))}
    assert used | {"dropout"} == set(LAYERS)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("way", ["direct", "columns"])
def test_both_passes_equal_autograd(name: str, way: Any) -> None:
    layers = described(*NETWORKS[name])
    module = filled(layers, SHAPE)
    ways = {
        s.name: Ways(way, way, "direct" if s.layer.stride != 1 else way)
        for s in walk(layers, SHAPE, 5)
        if isinstance(s.layer, Conv)
    }
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


IN_BFLOAT16 = [
    *("convolutions", "pooling", "batch norm", "mean pooling", "batch norm first", "no bias"),
    *("an identity", "a projection", "a projection first", "the mean of the image"),
    *("a block that begins with an activation", "a block in a block", "one path in float32"),
]


@pytest.mark.parametrize("name", IN_BFLOAT16)
@pytest.mark.parametrize("way", ["direct", "columns"])
def test_bfloat16_is_as_close_to_float64_as_autocast_is(name: str, way: Any) -> None:
    layers = described(*NETWORKS[name])
    module = filled(layers, SHAPE)
    ways = {
        s.name: Ways(way, way, "direct" if s.layer.stride != 1 else way)
        for s in walk(layers, SHAPE, 5)
        if isinstance(s.layer, Conv)
    }
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


@pytest.mark.parametrize(
    "name",
    [
        *("pooling", "batch norm", "pooling that overlaps", "a pool after a block"),
        *("an activation before a pool in a block", "the largest of the image"),
    ],
)
def test_pooling_first_changes_no_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    layers = described(*NETWORKS[name])
    orders, answers = [], []
    for move in (list, pooled_first):  # the same kernels in one order or the other
        monkeypatch.setattr(chain_module, "pooled_first", move)
        learner = by_hand(filled(layers, SHAPE), layers, SHAPE)
        orders.append(_kinds(learner.passes))
        logits = learner.passes.forward(images(SHAPE))
        learner.passes.backward(torch.ones(7, 5))
        answers.append((logits, learner.gradient.clone()))
    assert orders[0] != orders[1]
    assert torch.equal(answers[0][0], answers[1][0])
    assert torch.equal(answers[0][1], answers[1][1])


def _kinds(passes: Any) -> list[Any]:
    """What a chain computes, in order, blocks as lists."""
    assert isinstance(passes, Chain)

    def inside(kernel: Any) -> Any:
        if isinstance(kernel, ResidualKernel):
            return [inside(kernel._layers), inside(kernel._shortcut)]
        if isinstance(kernel, SequenceKernel):
            return [inside(part) for part in kernel.kernels]
        return type(kernel).__name__

    return list(inside(passes._whole))


def test_the_images_need_no_gradient() -> None:
    """The first trained layer is asked for no gradient of its input: it would be wasted."""
    layers = described(*NETWORKS["convolutions"])
    learner = by_hand(filled(layers, SHAPE), layers, SHAPE)
    passes = learner.passes
    assert isinstance(passes, Chain)
    asked = []
    first = passes._whole.kernels[0]
    backward = first.backward
    first.backward = lambda g, wanted: asked.append(wanted) or backward(g, wanted)  # type: ignore[method-assign]
    passes.forward(images(SHAPE))
    passes.backward(torch.ones(7, 5))
    assert asked == [False]
