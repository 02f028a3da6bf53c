"""Two small studies that have been run: digits of 0..16, and a folder of coloured scenes."""

import atexit
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.predict.own_pictures import scene
from tests.training import train_here


@dataclass(frozen=True)
class Trained:
    """A home with the studies "digits" and "scenes", and the folder the scenes are in."""

    home: Path
    scenes: Path


@cache
def trained_once() -> Trained:
    """Both studies, trained once for every test that asks for them."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    root = Path(folder.name)
    train_here(
        root / "home",
        name="digits",
        seeds=3,
        data={"name": "digits", "validation": 0.2},
        network={"name": "mlp", "hidden": [32]},
        train={"steps": 400, "batch_size": 32, "optimizer": "adam", "learning_rate": 0.005,
               "evaluate_every": 400},
    )  # fmt: skip
    write_scenes(root / "scenes")
    convolution = {"layer": "conv", "filters": 4, "kernel": 3}
    train_here(
        root / "home",
        name="scenes",
        seeds=1,
        data={"name": "folder", "path": str(root / "scenes"), "size": [32, 32], "colour": "rgb",
              "test": 0.2, "scale": "standard"},
        network={"layers": [convolution, "relu", {"layer": "max_pool", "size": 4}, "flatten",
                            {"layer": "dense", "units": "classes"}]},
        train={"steps": 40, "batch_size": 16, "optimizer": "adam", "evaluate_every": 40,
               "precision": "float32"},
        arms={"plain": {"learning_rate": 0.01}, "slow": {"learning_rate": 0.001}},
    )  # fmt: skip
    return Trained(root / "home", root / "scenes")


@pytest.fixture
def here() -> Trained:
    """The two studies; they are not to be changed."""
    return trained_once()


def write_scenes(folder: Path) -> None:
    """40 pictures of two kinds, 48 wide and 40 high, each a little different."""
    rng = np.random.default_rng(0)
    for kind in ("sea", "wood"):
        (folder / kind).mkdir(parents=True)
        plain = np.asarray(scene(kind, (48, 40))).astype(np.int64)
        for i in range(20):
            noisy = plain + rng.integers(-30, 31, plain.shape) + rng.integers(-20, 21)
            image = Image.fromarray(noisy.clip(0, 255).astype(np.uint8))
            image.save(folder / kind / f"{i:02d}.png")
