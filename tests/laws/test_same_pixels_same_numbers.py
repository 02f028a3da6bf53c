"""Law: a picture that holds a training image's pixels gets exactly the logits evaluation gives it.

For digits of 0..16, for a folder that is resized as it is read, for each way pixels are scaled, and
for evaluation that is averaged over views. Everything between a file and a network stands between
the two sides: decoding, colour, size, range, normalisation, weights, ways, passes.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.predict.conftest import write_scenes
from tests.training import train_here

from ceteris.conduct import open_trained, training_data
from ceteris.data.own_pictures import Preparation, prepare_picture
from ceteris.data.pictures import read_picture
from ceteris.predict.predicting import open_network, predict
from ceteris.predict.votes import softmax

TRAIN: dict[str, Any] = {"steps": 20, "batch_size": 16, "optimizer": "sgd", "learning_rate": 0.05}
CONV: list[Any] = [{"layer": "conv", "filters": 3, "kernel": 3}, "batch_norm", "relu", "flatten",
                   {"layer": "dense", "units": "classes"}]  # fmt: skip


@pytest.mark.parametrize(
    ("scale", "network", "views"),
    [
        ("unit", {"name": "mlp", "hidden": [12]}, {}),
        ("none", {"name": "mlp", "hidden": [12], "batch_norm": True}, {}),
        ("standard", {"layers": CONV}, {"flip": True}),
    ],
)
def test_digits_of_0_to_16(
    scale: str, network: dict[str, Any], views: dict[str, Any], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    # Without validation images the last weights are kept, of which the stored logits are.
    train_here(home, name="law", seeds=1, data={"name": "digits", "images": 200, "scale": scale},
               network=network, train={**TRAIN, "views": views})  # fmt: skip
    (run,) = open_trained(home, "law")
    data, rows = training_data(run, home=home, data_folder=None), run.split.test
    folder = tmp_path / "pictures"
    folder.mkdir()
    for place, row in enumerate(rows):
        light = np.rint(data.images[row, :, :, 0] * (255 / 16)).astype(np.uint8)
        Image.fromarray(light).save(folder / f"{place:04d}.png")
    _same(run, folder, home, data.images[rows], run.predictions["test_logits"])


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write_scenes(tmp_path / "scenes")
    train_here(home, name="law", seeds=1, network={"layers": CONV}, train=TRAIN,
               data={"name": "folder", "path": str(tmp_path / "scenes"), "size": [16, 24],
                     "test": 0.25})  # fmt: skip
    (run,) = open_trained(home, "law")
    data, rows = training_data(run, home=home, data_folder=None), run.split.test
    files = {
        read_picture(f.read_bytes(), f.name, size=(16, 24), colour="rgb").tobytes(): f
        for f in (tmp_path / "scenes").glob("*/*.png")
    }
    folder = tmp_path / "pictures"
    folder.mkdir()
    for place, row in enumerate(rows):  # the very files, in the order of the test part
        original = files[data.images[row].tobytes()].read_bytes()
        (folder / f"{place:04d}.png").write_bytes(original)
    _same(run, folder, home, data.images[rows], run.predictions["test_logits"])


def _same(run: Any, folder: Path, home: Path, pixels: np.ndarray, logits: np.ndarray) -> None:
    fit = "stretch" if run.source.name == "folder" else "pad"
    how = Preparation(run.input_shape, run.pixel_max, fit)  # type: ignore[arg-type]
    files = sorted(folder.iterdir())
    own = np.stack([prepare_picture(f.read_bytes(), f.name, how).pixels for f in files])
    assert np.array_equal(own, pixels)
    assert np.array_equal(open_network(run).logits(own), logits)
    rows = predict("law", [folder], home=home).rows
    expected = softmax(logits)
    for row, probabilities in zip(rows, expected, strict=True):
        assert [row.probabilities[name] for name in run.classes] == probabilities.tolist()
