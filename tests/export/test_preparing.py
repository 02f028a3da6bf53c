"""``prepare`` of an exported ``model.py`` gives the pixels of ``ceteris predict``, bit for bit."""

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.export.conftest import NETWORKS, facts_for, layers_of
from tests.predict.conftest import trained_once

from ceteris.conduct import open_trained
from ceteris.data import DATA_SETS
from ceteris.data.own_pictures import Fit, Preparation, default_fit, prepare_picture
from ceteris.export import export
from ceteris.export.preparing import recipe
from ceteris.export.torch_code import torch_code
from ceteris.predict import Wanted, predict

RNG = np.random.default_rng(0)


def noise(height: int, width: int, *channels: int) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, *channels), dtype=np.uint8)


def write_all(folder: Path) -> None:
    """Larger, smaller, oblong, of the size itself; turned, transparent, deep, of every mode."""
    for height, width in ((70, 100), (7, 10), (50, 33), (3, 90), (4, 3), (1, 1), (1000, 3)):
        Image.fromarray(noise(height, width, 3)).save(folder / f"colour_{height}x{width}.png")
        Image.fromarray(noise(height, width)).save(folder / f"grey_{height}x{width}.png")
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = turn
        image = Image.fromarray(noise(21, 34, 3))
        image.save(folder / f"turned_{turn}.jpg", exif=exif.tobytes(), quality=90)
    Image.fromarray(noise(40, 31, 4)).save(folder / "transparent.png")
    Image.fromarray(noise(40, 31, 4)).save(folder / "transparent.webp", lossless=True)
    Image.fromarray(noise(9, 31, 2), "LA").save(folder / "transparent_grey.png")
    palette = Image.fromarray(noise(20, 30, 3)).quantize(8)
    palette.save(folder / "palette.png", transparency=3)
    deep = RNG.integers(0, 65536, (20, 30)).astype(np.uint16)
    Image.fromarray(deep).save(folder / "deep.png")
    Image.fromarray(noise(20, 30, 4), "CMYK").save(folder / "print.jpg")
    Image.fromarray(noise(20, 30) > 99).save(folder / "bits.bmp")


def model_of(folder: Path, **changed: Any) -> Any:
    """The module that is written for a network of some input."""
    channels = changed["input_shape"][2]
    facts = replace(
        facts_for(layers_of(NETWORKS["dense alone"]), changed["input_shape"]),
        **changed,
        offset=np.zeros(channels, np.float32),
    )
    path = folder / "model.py"
    path.write_text(torch_code(facts), "utf-8")
    return loaded(path)


def loaded(path: Path) -> Any:
    """The module that a file holds."""
    spec = importlib.util.spec_from_file_location("model", path)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    write_all(folder)
    return folder


@pytest.mark.parametrize(
    ("shape", "largest", "fit"),
    [
        ((7, 10, 3), 255, "pad"),
        ((8, 8, 1), 16, "pad"),
        ((7, 10, 1), 255, "stretch"),
        ((32, 32, 3), 255, "stretch"),
    ],
)
def test_the_same_pixels(
    shape: tuple[int, int, int], largest: int, fit: Fit, pictures: Path, tmp_path: Path
) -> None:
    model = model_of(tmp_path, input_shape=shape, pixel_max=largest, fit=fit)
    how = Preparation(shape, largest, fit)
    files = sorted(pictures.iterdir())
    assert len(files) == 29
    for path in files:
        expected = prepare_picture(path.read_bytes(), path.name, how).pixels
        found = model.prepare(path)
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, expected, err_msg=path.name)


def test_a_network_that_takes_no_pictures_has_none(tmp_path: Path) -> None:
    model = model_of(tmp_path, input_shape=(4, 4, 2), pixel_max=255)
    assert not hasattr(model, "prepare")
    assert recipe((4, 4, 2), 255, "pad") is None


def test_the_default_is_what_training_pictures_became() -> None:
    assert default_fit(DATA_SETS["digits"]) == "pad"
    assert default_fit(DATA_SETS["folder"]) == "stretch"


@pytest.mark.parametrize("study", ["digits:digits:0", "scenes:plain:0"])
def test_an_exported_run_is_given_what_predict_gives_it(
    study: str, pictures: Path, tmp_path: Path
) -> None:
    home = trained_once().home
    (run,) = open_trained(home, study)
    model = loaded(export(run, "torch", tmp_path / "net").path / "model.py")
    network = model.load()
    found = predict(study, [pictures], home=home, wanted=Wanted(likeness=False))
    assert len(found.rows) == 29
    for row in found.rows:
        ((label, share), *_) = model.classify(network, model.prepare(row.name)[None])[0]
        assert share == pytest.approx(row.probability, abs=1e-4)
        assert label == row.label or row.margin < 1e-3
