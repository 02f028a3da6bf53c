"""The network of a run: built or made by the user's code, its initial weights drawn by the seed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import cloudpickle
import torch
from torch import nn

from ceteris.engine.held import Held
from ceteris.engine.randomness import fenced, seed_globals
from ceteris.engine.starting import list_held
from ceteris.factors import INITIALIZERS, draw, draws_biases, standard_uniforms
from ceteris.nets import (
    CodeReference,
    Explanation,
    build,
    check_module,
    guarded,
    load_function,
    weight_places,
)
from ceteris.seeds import Purpose, Streams
from ceteris.study.recipe import NetworkRecipe, TrainRecipe


def make_module(
    network: NetworkRecipe,
    train: TrainRecipe,
    *,
    make: bytes,
    streams: Streams,
    input_shape: tuple[int, int, int],
    num_classes: int,
) -> nn.Module:
    """A module with the run's initial weights.

    Args:
        network, train: of the arm.
        make: the user's function by value; empty for described networks and code in a file.
        streams: of the run's seed; the global generators are left where they were.
        input_shape: (H, W, C).
        num_classes: K.

    Raises:
        CeterisError: the user's code fails or does not make a network for these images.
    """
    with fenced():
        if network.reference is None:
            module = build(network.layers, input_shape, num_classes)
        else:
            # Own code draws from the global generators, so they start at the run's stream.
            seed_globals(streams, Purpose.INITIAL_WEIGHTS)
            function = _function(network, make)
            module = function(**network.arguments)
            check_module(module, input_shape, num_classes, _name(network))
        if train.initializer is not None:
            _draw_weights(module, train, streams)
    return module.train()


def decayed_names(module: nn.Module, network: NetworkRecipe) -> frozenset[str]:
    """The parameters weight decay applies to: weights of layers, not biases, not batch norm."""
    if network.reference is None:
        return frozenset(place.name for place in weight_places(module) if place.role == "weight")
    # Of an unknown module the usual rule: matrices and kernels decay, vectors do not.
    return frozenset(name for name, p in module.named_parameters() if p.dim() > 1)


def _function(network: NetworkRecipe, make: bytes) -> Callable[..., Any]:
    if isinstance(network.reference, CodeReference):
        return load_function(network.reference)
    # The function came from this study's own conductor over a private pipe, never from disk.
    return guarded(cloudpickle.loads(make), _name(network))


def _name(network: NetworkRecipe) -> str:
    """What messages call the user's code."""
    if isinstance(network.reference, CodeReference):
        return f"{network.reference.function} in {Path(network.reference.file).name}"
    return getattr(network.reference, "name", "the function")


def _draw_weights(module: nn.Module, train: TrainRecipe, streams: Streams) -> None:
    """Draw each weight from the stream of its layer, so that arms share draws where shapes do."""
    initializer = INITIALIZERS[train.initializer or ""]
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for place in weight_places(module):
            parameter = parameters[place.name]
            if place.role == "weight" or (place.role == "bias" and draws_biases(initializer)):
                uniforms = standard_uniforms(streams, place.layer, place.role, place.shape)
                values = draw(
                    initializer,
                    train.initializer_options,
                    place.shape,
                    place.fan_in,
                    place.fan_out,
                    uniforms,
                )
                parameter.copy_(torch.from_numpy(values))
            elif place.role == "bias":
                parameter.zero_()


def function_by_value(function: Callable[..., Any]) -> bytes:
    """The function with everything it refers to in its own module, as bytes for a worker.

    By value, since a worker cannot import a notebook, nor a script that is running.
    """
    module = sys.modules.get(function.__module__)
    if module is None or module.__name__ == "__main__":
        return bytes(cloudpickle.dumps(function))
    cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps(function))
    finally:
        cloudpickle.unregister_pickle_by_value(module)


def hold(
    network: NetworkRecipe, input_shape: tuple[int, int, int], num_classes: int
) -> tuple[Held, ...]:
    """What an arm's network holds, found by making it once; a user's own module is checked."""
    with _made_once(network, input_shape, num_classes) as module:
        return list_held(module)


def explain_made(
    network: NetworkRecipe, input_shape: tuple[int, int, int], num_classes: int, title: str
) -> Explanation:
    """The user's own module explained by one pass; it is made once and checked."""
    from ceteris.nets.traced import trace

    with _made_once(network, input_shape, num_classes) as module:
        return trace(module, input_shape, num_classes, title=title)


@contextmanager
def _made_once(
    network: NetworkRecipe, input_shape: tuple[int, int, int], num_classes: int
) -> Iterator[nn.Module]:
    """A network to look at, with weights that mean nothing."""
    # Standard output belongs to the answer; what the user's code prints goes beside it.
    with fenced(), redirect_stdout(sys.stderr):
        if network.reference is None:
            yield build(network.layers, input_shape, num_classes)
            return
        seed_globals(Streams(root=0, seed=0), Purpose.INITIAL_WEIGHTS)
        own = network.function
        function = _function(network, b"") if own is None else guarded(own, _name(network))
        module = function(**network.arguments)
        check_module(module, input_shape, num_classes, _name(network))
        yield module


def count_trained(
    network: NetworkRecipe, input_shape: tuple[int, int, int], num_classes: int
) -> int:
    """Trained parameters of the user's own module, which is made once and checked."""
    return sum(held.size for held in hold(network, input_shape, num_classes) if held.trained)
