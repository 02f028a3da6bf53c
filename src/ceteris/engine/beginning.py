"""From a task to a network that is ready for its first step."""

from collections.abc import Mapping
from functools import partial

from torch import nn

from ceteris.engine.kernels import Chain, Named
from ceteris.engine.learner import Learner
from ceteris.engine.material import Material, open_material
from ceteris.engine.network import decayed_names, make_module
from ceteris.engine.passes import Passes
from ceteris.engine.precision import DTYPES
from ceteris.engine.task import Task
from ceteris.engine.ways import Ways
from ceteris.nets import Layer, Shape, account
from ceteris.seeds import Streams


def begin(task: Task) -> tuple[Material, Learner]:
    """The images of a run, mapped, and its network with the run's initial weights.

    Raises:
        CeterisError: the user's own code is at fault.
    """
    network, train = task.recipe.network, task.recipe.train
    material = open_material(task.data, task.recipe.data.scale)
    module = make_module(
        network,
        train,
        make=task.make,
        streams=Streams(task.root_seed, task.seed),
        input_shape=material.shape,
        num_classes=material.num_classes,
    )
    by_hand = None
    if network.reference is None:
        named = name_layers(network.layers, material.shape, material.num_classes)
        by_hand = partial(chain, named, ways=task.ways, precision=train.precision)
    return material, Learner(module, train, decayed_names(module, network), by_hand)


def name_layers(
    layers: tuple[Layer, ...], input_shape: Shape, num_classes: int
) -> tuple[Named, ...]:
    """The layers of a description with the names and shapes that its module has."""
    rows = account(layers, input_shape, num_classes)
    shapes = [input_shape, *(row.output_shape for row in rows)]
    return tuple(
        Named(row.name, layer, shape)
        for row, layer, shape in zip(rows, layers, shapes, strict=False)
    )


def chain(
    named: tuple[Named, ...], module: nn.Module, *, ways: Mapping[str, Ways], precision: str
) -> Passes:
    """The hand-written passes of a described network's module."""
    return Chain(named, module, ways=ways, dtype=DTYPES[precision])
