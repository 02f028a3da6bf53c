"""Frozen layers stay to the bit, whatever the rest does; stored weights come to their places."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from torch import nn

from ceteris.engine import Frozen, Start, frozen_by, has_bfloat16
from ceteris.engine.beginning import chain
from ceteris.engine.learner import Learner
from ceteris.engine.passes import Automatic
from ceteris.engine.precision import products_in
from ceteris.engine.selfcheck import _recipe
from ceteris.engine.starting import freeze, list_held, put_weights
from ceteris.errors import CeterisError
from ceteris.factors import optimizer_options
from ceteris.nets import build, parse_layers, walk

PRECISIONS = ("float32", "bfloat16") if has_bfloat16() else ("float32",)
SHAPE, CLASSES = (6, 6, 2), 3
CONV = {"layer": "conv", "filters": 4, "kernel": 3, "padding": "same"}
NORM = {"layer": "batch_norm", "momentum": 0.9, "epsilon": 1e-3}
LAST = {"layer": "dense", "units": "classes"}
BLOCK = {"layer": "residual", "layers": [CONV, NORM, "relu", CONV]}
LAYERS = parse_layers([CONV, NORM, "relu", "max_pool", BLOCK, "flatten", LAST], "test")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def described() -> nn.Module:
    torch.manual_seed(0)
    module = build(LAYERS, SHAPE, CLASSES)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.3)
    return module


def own() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        *(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.3), nn.Conv2d(4, 4, 3)),
        *(nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, CLASSES)),
    )


def learner(
    make: Callable[[], nn.Module], words: list[str], optimizer: str, precision: str, decay: str
) -> tuple[Learner, Frozen]:
    module = make()
    frozen = frozen_by(words, list_held(module), "", own=make is own) if words else Frozen()
    still = freeze(module, frozen)
    train = replace(
        _recipe(precision, optimizer),
        optimizer_options=optimizer_options(optimizer, "keras", {}),
        weight_decay=0.1,
        decay="decoupled" if decay == "decoupled" else "l2",
    )
    by_hand = None
    if make is described:
        by_hand = partial(chain, walk(LAYERS, SHAPE, CLASSES), ways={}, precision=precision)
    decayed = frozenset(name for name, p in module.named_parameters() if p.dim() > 1)
    return Learner(module.train(), train, decayed, by_hand, still), frozen


def batch(number: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(number)
    images = torch.rand(8, *SHAPE, generator=generator).permute(0, 3, 1, 2)
    return images, torch.randint(CLASSES, (8,), generator=generator)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("optimizer", "decay"), [("momentum", "l2"), ("adam", "decoupled")])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (described, ["body"]),
        (described, ["conv_1", "batch_norm_1"]),
        (described, ["residual_1"]),
        (described, ["dense_1", "residual_1.batch_norm_1"]),  # frozen above what is trained
        (own, ["body"]),
        (own, ["0", "1"]),
        (own, ["5", "7"]),
    ],
)
def test_what_is_frozen_stays_to_the_bit_and_the_rest_moves(
    make: Callable[[], nn.Module], words: list[str], optimizer: str, decay: str, precision: str
) -> None:
    found, frozen = learner(make, words, optimizer, precision, decay)
    before = found.weights()
    with products_in(precision):
        for number in range(3):
            found.step(*batch(number), 0.05, number + 1)
            found.passes.evaluate(batch(9)[0])  # looking must not wake what stands still
    after = found.weights()
    stays = {n for n in before if n in frozen.parameters or n.rpartition(".")[0] in frozen.still}
    assert stays
    assert frozen.still or not any("norm" in word or word in "15" for word in words)
    for name, array in before.items():
        same = after[name].tobytes() == array.tobytes()
        # Batch normalisation takes away what a bias before it adds, so its gradient may be zero.
        assert same == (name in stays) or name.endswith(("conv_1.bias", "0.bias", "4.bias")), name
        assert same or name not in stays
    held = {h.name: h for h in list_held(found.module)}
    assert found.parameters.numel() == sum(h.size for h in held.values() if h.trained)


@pytest.mark.parametrize("words", [["conv_1", "batch_norm_1"], ["residual_1"], ["batch_norm"]])
def test_the_passes_by_hand_are_autograds_with_frozen_layers_in_evaluation(
    words: list[str],
) -> None:
    hand, frozen = learner(described, words, "sgd", "float32", "l2")
    module = described()
    still = freeze(module, frozen)
    auto = Learner(module.train(), _recipe("float32", "sgd"), frozenset(), None, still)
    assert isinstance(auto.passes, Automatic)
    images, labels = batch(0)
    for passes in (hand.passes, auto.passes):
        logits = passes.forward(images)
        passes.backward(torch.nn.functional.one_hot(labels, CLASSES) - logits.softmax(1))
    torch.testing.assert_close(hand.gradient, auto.gradient, rtol=1e-4, atol=1e-5)
    assert float(hand.gradient.abs().max()) > 0


def test_a_frozen_body_is_not_gone_through_backwards() -> None:
    found, _ = learner(described, ["body"], "sgd", "float32", "l2")
    whole, _ = learner(described, [], "sgd", "float32", "l2")
    entered: list[str] = []

    def spied(kernel: object) -> object:
        backward = kernel.backward  # type: ignore[attr-defined]
        name = type(kernel).__name__

        def noted(*words: object) -> object:
            entered.append(name)
            return backward(*words)

        kernel.backward = noted  # type: ignore[attr-defined]
        return kernel

    for each in (found, whole):
        entered.clear()
        sequence = each.passes._whole  # type: ignore[attr-defined]
        sequence.kernels = [spied(kernel) for kernel in sequence.kernels]
        each.step(*batch(0), 0.1, 1)
        assert ("ConvolutionKernel" in entered) == (each is whole)
        assert "DenseKernel" in entered


def stored(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
    content = safetensors.numpy.save(arrays)
    path = folder / f"{hashlib.sha256(content).hexdigest()}.safetensors"
    path.write_bytes(content)
    return path


def test_stored_weights_are_written_over_those_that_were_drawn(tmp_path: Path) -> None:
    arrays = {
        name: np.ascontiguousarray(t.detach().numpy())
        for name, t in described().state_dict().items()
    }
    module = build(LAYERS, SHAPE, CLASSES)
    taken = tuple(name for name in arrays if not name.startswith("dense_1"))
    put_weights(module, Start(stored(tmp_path, arrays), taken, ""))
    for name, tensor in module.state_dict().items():
        same = np.array_equal(tensor.numpy(), arrays[name])
        assert same == (name in taken), name
    assert module.get_parameter("conv_1.weight").is_contiguous(memory_format=torch.channels_last)


def test_weights_that_are_gone_or_damaged_are_refused(tmp_path: Path) -> None:
    module = build(LAYERS, SHAPE, CLASSES)
    path = stored(tmp_path, {"conv_1.bias": np.ones(4, np.float32)})
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    for start in (
        Start(path, ("conv_1.bias",), ""),
        Start(tmp_path / "gone.safetensors", ("conv_1.bias",), ""),
        Start(None, ("conv_1.bias",), ""),
    ):
        with pytest.raises(CeterisError, match="gone or damaged"):
            put_weights(module, start)
    assert not module.get_parameter("conv_1.bias").detach().any()
