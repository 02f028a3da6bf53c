"""From a task to a network that is ready for its first step."""

from collections.abc import Mapping
from functools import partial

from torch import nn

from ceteris.engine.kernels import Chain
from ceteris.engine.learner import Learner
from ceteris.engine.material import Material, open_material
from ceteris.engine.network import decayed_names, make_module
from ceteris.engine.passes import Passes
from ceteris.engine.precision import DTYPES
from ceteris.engine.starting import freeze, put_weights
from ceteris.engine.task import Task
from ceteris.engine.ways import Ways
from ceteris.nets import Standing, walk
from ceteris.seeds import Streams


def begin(task: Task) -> tuple[Material, Learner]:
    """The images of a run, mapped, and its network with the run's initial weights.

    Raises:
        CeterisError: the user's own code is at fault, or the weights it starts from are gone.
    """
    network, train = task.recipe.network, task.recipe.train
    material = open_material(task.data, task.recipe.data.scale, task.rows.train)
    module = make_module(
        network,
        train,
        make=task.make,
        streams=Streams(task.root_seed, task.seed),
        input_shape=material.shape,
        num_classes=material.num_classes,
    )
    if task.start is not None:
        put_weights(module, task.start)
    still = freeze(module, task.frozen)
    by_hand = None
    if network.reference is None:
        standings = walk(network.layers, material.shape, material.num_classes)
        by_hand = partial(chain, standings, ways=task.ways, precision=train.precision)
    return material, Learner(module, train, decayed_names(module, network), by_hand, still)


def chain(
    standings: tuple[Standing, ...], module: nn.Module, *, ways: Mapping[str, Ways], precision: str
) -> Passes:
    """The hand-written passes of a described network's module."""
    return Chain(standings, module, ways=ways, dtype=DTYPES[precision])
