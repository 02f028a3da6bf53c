"""What one run needs, nothing left to default: ``[data]``, ``[network]`` and ``[train]`` resolved.

A recipe's :meth:`Recipe.identity` is what the digest of a run is made from. It holds what the
result depends on and nothing else: not the arm's name, not its position, not where a file lies.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ceteris.data import DataSource, Scale, SplitRecipe
from ceteris.nets import CodeReference, FunctionReference, Layer
from ceteris.study.spec import AugmentSpec, ViewsSpec


@dataclass(frozen=True)
class DataRecipe:
    """What is learned from: the set, its split, and how pixels are scaled."""

    source: DataSource
    split: SplitRecipe
    scale: Scale


@dataclass(frozen=True)
class NetworkRecipe:
    """What learns: layers, or a reference to code that makes a module.

    Args:
        layers: the described network; empty where code makes it.
        reference: the user's own code; None for a described network.
        function: the callable itself where the study was declared with one in Python.
        arguments: what the code is called with.
    """

    layers: tuple[Layer, ...]
    reference: CodeReference | FunctionReference | None
    function: Callable[..., Any] | None
    arguments: Mapping[str, Any]

    def identity(self) -> dict[str, Any]:
        """The layers as tables, or the digest of the code with its arguments."""
        if self.reference is None:
            return {"layers": [layer.to_dict() for layer in self.layers]}
        return {"code": self.reference.digest, "arguments": dict(self.arguments)}


@dataclass(frozen=True)
class TrainRecipe:
    """How it is trained. Exactly one of ``steps``, ``epochs`` and ``images_seen`` is set.

    Args:
        optimizer_options: complete, ``learning_rate`` among them.
        weight_decay: 0 or more; of weights only, never of biases or batch norm.
        initializer: None leaves a user's own module as its constructor made it.
        measure_train: when the training part is measured in evaluation mode.
        precision: of products; ``"auto"`` until a plan is made, for it depends on the machine.
        augment: chance changes of the training images; None where nothing of it is on.
        views: what evaluation is averaged over; None where it is of the image alone.
        start: words that name the stored runs whose weights it starts from.
        freeze: words that name the layers that stay as they start.
    """

    steps: int | None
    epochs: int | None
    images_seen: int | None
    batch_size: int
    sampling: Literal["permutation", "replacement"]
    last_batch: Literal["keep", "drop"]
    loss: str
    loss_recorded: Literal["before", "after"]
    optimizer: str
    optimizer_options: Mapping[str, float | str | bool]
    weight_decay: float
    decay: Literal["l2", "decoupled"]
    initializer: str | None
    initializer_options: Mapping[str, float | str | bool]
    schedule: str
    schedule_options: Mapping[str, float | str | bool]
    evaluate_every: int | Literal["epoch"]
    measure_train: Literal["every", "end", "never"]
    precision: Literal["float32", "bfloat16", "auto"]
    augment: AugmentSpec | None
    views: ViewsSpec | None = None
    start: str | None = None
    freeze: tuple[str, ...] = ()

    def steps_per_epoch(self, num_images: int) -> int:
        """Batches in one pass over ``num_images``, the short one counted where it is kept.

        Example:
            >>> TrainRecipe.batches(num_images=1000, batch_size=300, last_batch="keep")
            4
        """
        return self.batches(num_images, self.batch_size, self.last_batch)

    @staticmethod
    def batches(num_images: int, batch_size: int, last_batch: str) -> int:
        """``ceil(N / B)`` where the last short batch is kept, ``floor(N / B)`` where dropped."""
        full, rest = divmod(num_images, batch_size)
        return full + (1 if rest and last_batch == "keep" else 0)

    def total_steps(self, num_images: int) -> int:
        """The run's length in steps T for a training part of ``num_images``."""
        if self.steps is not None:
            return self.steps
        if self.epochs is not None:
            return self.epochs * self.steps_per_epoch(num_images)
        return -(-(self.images_seen or 0) // self.batch_size)


@dataclass(frozen=True)
class Recipe:
    """Data, network and training of one arm, resolved."""

    data: DataRecipe
    network: NetworkRecipe
    train: TrainRecipe

    def identity(self) -> dict[str, Any]:
        """What a run's result depends on, as JSON can hold it, apart from data digest and seed.

        Also apart from the weights it starts from and the layers that stay: what their words come
        to is known once the network is counted and the stored runs are opened.
        """
        tables = {"augment": self.train.augment, "views": self.train.views}
        return {
            "scale": self.data.scale,
            "network": self.network.identity(),
            "train": {
                key: dict(value) if isinstance(value, Mapping) else value
                for key, value in asdict(self.train).items()
                if key not in ("augment", "views", "start", "freeze")
            }
            | {key: table.identity() for key, table in tables.items() if table},
        }


@dataclass(frozen=True)
class Arm:
    """One choice of level for every factor.

    Args:
        name: unique in its study; from the levels, or given.
        levels: factor -> level, as declared.
        recipe: what a run of this arm does.
    """

    name: str
    levels: Mapping[str, Any]
    recipe: Recipe
