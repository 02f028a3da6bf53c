"""The works that are timed: what is trained, how long, by whom, and what must be reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

MLP_ARMS = ("sgd", "momentum", "adagrad", "adam")


@dataclass(frozen=True)
class Bar:
    """What the ratio peer / Ceteris of wall times must reach, and what is aimed at."""

    must: float | None
    aim: float | None


UNJUDGED = Bar(None, None)  # shown beside


@dataclass(frozen=True)
class Work:
    """One work, the same for every peer.

    Args:
        name: a letter; the study is ``studies/NAME.toml``.
        title: what it is, in a line.
        data: a set of :mod:`benchmarks.data`.
        num_train: images to train on.
        arms: what is trained with every seed.
        seeds: runs of each arm.
        batch_size: images in a step.
        steps: length of a run in steps, batches drawn with replacement; or None.
        epochs: length in passes over the images, each in a fresh order; or None.
        bars: who does it besides Ceteris -> what the ratio must reach.
        peers_of: the work whose peers' times count for this one too; itself if empty.
    """

    name: str
    title: str
    data: str
    num_train: int
    arms: tuple[str, ...]
    seeds: int
    batch_size: int
    steps: int | None = None
    epochs: int | None = None
    bars: Mapping[str, Bar] = field(default_factory=dict)
    peers_of: str = ""

    @property
    def num_runs(self) -> int:
        """Trained networks."""
        return len(self.arms) * self.seeds

    @property
    def images_trained(self) -> int:
        """Images through a training step in all runs, repeats counted."""
        if self.steps is not None:
            return self.num_runs * self.steps * self.batch_size
        return self.num_runs * (self.epochs or 0) * self.num_train


WORKS: Mapping[str, Work] = {
    work.name: work
    for work in (
        Work(
            "A",
            "R4.0 on Fashion-MNIST, 4 optimizers x 8 seeds x 2,000 steps",
            data="fashion-mnist",
            num_train=60_000,
            arms=MLP_ARMS,
            seeds=8,
            batch_size=128,
            steps=2000,
            bars={
                "keras-tf": Bar(7, 12),
                "keras-tf-tuned": UNJUDGED,
                "torch": Bar(2.5, 4),
                "numpy": Bar(3.5, 6),
                "jax": Bar(None, 1.2),
            },
        ),
        Work(
            "B",
            "R4.0 on digits, the same",
            data="digits",
            num_train=1437,
            arms=MLP_ARMS,
            seeds=8,
            batch_size=128,
            steps=2000,
            bars={"torch": Bar(3, 5), "numpy": Bar(2.5, 4)},
        ),
        Work(
            "C",
            "R0.7 plain and dropout, batch 32, 1 epoch of CIFAR-10, 2 seeds",
            data="cifar10",
            num_train=50_000,
            arms=("plain", "dropout"),
            seeds=2,
            batch_size=32,
            epochs=1,
            bars={"keras-tf": Bar(1.5, 1.9), "torch": Bar(2.2, 2.8)},
        ),
        Work(
            "C32",
            "the same, Ceteris in float32",
            data="cifar10",
            num_train=50_000,
            arms=("plain", "dropout"),
            seeds=2,
            batch_size=32,
            epochs=1,
            bars={"keras-tf": Bar(0.9, 1.2), "torch": Bar(1.4, 1.8)},
            peers_of="C",
        ),
        Work(
            "D",
            "R3.5, batch 32, 5 epochs of Fashion-MNIST, 4 seeds",
            data="fashion-mnist",
            num_train=60_000,
            arms=("cnn",),
            seeds=4,
            batch_size=32,
            epochs=5,
            bars={
                "keras-tf": Bar(2.5, 4),
                "keras-tf-tuned": UNJUDGED,
                "torch": Bar(1.5, 2.2),
            },
        ),
        Work(
            "E",
            "R2.1 with augmentation, batch 32, 1 epoch of 2,000 images of FER-2013, 4 seeds",
            data="fer2013",
            num_train=2000,
            arms=("cnn",),
            seeds=4,
            batch_size=32,
            epochs=1,
            bars={"keras-tf": Bar(1.5, 2)},
        ),
    )
}


def scaled(work: Work, scale: float) -> Work:
    """The work made smaller: fewer seeds, and below one seed fewer steps or images.

    Args:
        work: the full one.
        scale: above 0, at most 1.

    Example:
        >>> small = scaled(WORKS["A"], 0.05)
        >>> small.seeds, small.steps
        (1, 800)
    """
    seeds = max(1, round(work.seeds * scale))
    rest = min(1.0, work.seeds * scale / seeds)
    small = replace(work, seeds=seeds)
    if work.steps is not None:
        return replace(small, steps=max(1, round(work.steps * rest)))
    return replace(small, num_train=max(work.batch_size, round(work.num_train * rest)))
