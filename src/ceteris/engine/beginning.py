"""From a task to a network that is ready for its first step."""

from ceteris.engine.learner import Learner
from ceteris.engine.material import Material, open_material
from ceteris.engine.network import decayed_names, make_module
from ceteris.engine.task import Task
from ceteris.seeds import Streams


def begin(task: Task) -> tuple[Material, Learner]:
    """The images of a run, mapped, and its network with the run's initial weights.

    Raises:
        CeterisError: the user's own code is at fault.
    """
    material = open_material(task.data, task.recipe.data.scale)
    module = make_module(
        task.recipe.network,
        task.recipe.train,
        make=task.make,
        streams=Streams(task.root_seed, task.seed),
        input_shape=material.shape,
        num_classes=material.num_classes,
    )
    return material, Learner(module, task.recipe.train, decayed_names(module, task.recipe.network))
