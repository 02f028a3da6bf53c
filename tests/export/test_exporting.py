"""Writing whole or not at all, and what is refused; a run from its store to the file."""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import safetensors
import safetensors.numpy
from tests.training import train_study

from ceteris.cli.exporting import choose_run, print_export
from ceteris.conduct import Trained, open_trained, training_data
from ceteris.engine.inference import Network
from ceteris.errors import CeterisError
from ceteris.export import FORMS, export, exporting
from ceteris.study import Study

CODE = '''
from torch import nn

def make(wide=4):
    return nn.Sequential(
        *(nn.Conv2d(1, wide, 3), nn.BatchNorm2d(wide), nn.GELU()),
        *(nn.Flatten(), nn.Linear(36 * wide, 10)),
    )

class Chooses(nn.Module):
    """Its way depends on the values of its batch, which no trace can hold."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(64, 10)

    def forward(self, images):
        x = self.layer(images.flatten(1))
        return x * 9 if len(images) == 5 else x
'''


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Trained]:
    """One run of a described network and two of a module of one's own."""
    folder = tmp_path_factory.mktemp("export")
    (folder / "net.py").write_text(CODE)
    study = Study(
        name="exported",
        seeds=1,
        data={"name": "digits", "validation": 0.2, "scale": "standard"},
        network={"name": "mlp", "hidden": [8]},
        train={"steps": 8, "optimizer": "adam"},
        arms={
            "described": {},
            "own": {"network": {"code": str(folder / "net.py:make"), "wide": 3}},
            "chooses": {"network": {"code": str(folder / "net.py:Chooses")}},
        },
    )
    home = folder / "home"
    train_study(study, home)
    return {trained.arm: trained for trained in open_trained(home, "exported")}


def home_of(runs: Mapping[str, Trained]) -> Path:
    return runs["own"].folder.parent.parent


def expected(trained: Trained, pixels: np.ndarray) -> np.ndarray:
    network = Network(
        trained.network,
        trained.train,
        trained.weights,
        ways=trained.ways,
        normalisation=trained.normalisation,
        input_shape=trained.input_shape,
        num_classes=len(trained.classes),
    )
    return network.logits(pixels)


@pytest.mark.parametrize("arm", ["described", "own"])
def test_a_stored_run_as_onnx_gives_its_own_outputs_on_raw_pixels(
    runs: Mapping[str, Trained], arm: str, tmp_path: Path
) -> None:
    trained = runs[arm]
    written = export(trained, "onnx", tmp_path / "net.onnx")
    pixels = training_data(trained, home=home_of(runs), data_folder=None).images[:7]
    session = onnxruntime.InferenceSession(written.path, providers=["CPUExecutionProvider"])
    logits, probabilities = session.run(["logits", "probabilities"], {"pixels": np.array(pixels)})
    np.testing.assert_allclose(logits, expected(trained, np.array(pixels)), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    words = session.get_modelmeta().custom_metadata_map
    assert words["run"] == trained.run_id
    assert words["data_licence"] == "CC BY 4.0"
    assert json.loads(words["classes"]) == list(trained.classes)
    assert json.loads(words["preparation"]) == written.facts.header["preparation"]
    assert json.loads(words["preparation"])["size"] == {"height": 8, "width": 8}
    assert written.num_bytes == written.path.stat().st_size


def test_what_a_trace_cannot_hold_is_refused(runs: Mapping[str, Trained], tmp_path: Path) -> None:
    with pytest.raises(CeterisError, match="would give other outputs than the module") as caught:
        export(runs["chooses"], "onnx", tmp_path / "net.onnx")
    assert "5 images" in caught.value.received
    assert list(tmp_path.iterdir()) == []


def test_what_the_exporter_has_no_word_for_is_refused(
    runs: Mapping[str, Trained], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    def fail(*words: object, **more: object) -> None:
        raise RuntimeError("no operator for this\nand a page of more")

    monkeypatch.setattr(torch.onnx, "export", fail)
    with pytest.raises(CeterisError, match="cannot write this module as ONNX") as caught:
        export(runs["own"], "onnx", tmp_path / "net.onnx")
    assert caught.value.received == "RuntimeError: no operator for this"


def test_weights_have_a_header_that_says_everything(
    runs: Mapping[str, Trained], tmp_path: Path
) -> None:
    trained = runs["own"]
    path = export(trained, "safetensors", tmp_path / "net.safetensors").path
    found = safetensors.numpy.load_file(path)
    assert {k: v.tobytes() for k, v in found.items()} == {
        k: v.tobytes() for k, v in trained.weights.items()
    }
    with safetensors.safe_open(path, "numpy") as file:
        metadata = file.metadata()
    assert list(metadata) == ["ceteris"]  # more would be written in another order each time
    header = json.loads(metadata["ceteris"])
    assert header["classes"] == list(trained.classes)
    assert header["normalisation"]["offset"] == trained.normalisation.offset.tolist()
    assert header["about"]["arm"] == "own"
    assert header["preparation"]["fit"] == "pad"
    assert header["preparation"]["resampling"] == "BILINEAR"
    assert (header["preparation"]["mode"], header["preparation"]["largest"]) == ("L", 16)
    assert any("alpha_composite" in step for step in header["preparation"]["steps"])


def test_a_folder_for_pytorch_is_refused_for_ones_own_code(
    runs: Mapping[str, Trained], tmp_path: Path
) -> None:
    with pytest.raises(CeterisError, match="already PyTorch") as caught:
        export(runs["own"], "torch", tmp_path / "net")
    assert "--to safetensors" in caught.value.fix
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_overwritten_and_no_folder_is_made_up(
    runs: Mapping[str, Trained], form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written = export(runs["described"], form)
    assert written.path.name == f"exported-described-0{FORMS[form].suffix}"
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(CeterisError, match="is not overwritten"):
        export(runs["described"], form)
    with pytest.raises(CeterisError, match="is not there") as caught:
        export(runs["described"], form, tmp_path / "no" / "net")
    assert "make the folder" in caught.value.fix
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
    # Equal runs, equal files.
    again = export(runs["described"], form, tmp_path / f"again{FORMS[form].suffix}").path
    for path in [again] if again.is_file() else sorted(again.iterdir()):
        twin = written.path if again.is_file() else written.path / path.name
        assert path.read_bytes() == twin.read_bytes()


@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_written_leaves_nothing(
    runs: Mapping[str, Trained], form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = iter(range(9))

    def full(path: Path, content: bytes) -> None:
        if next(count) == (1 if form == "torch" else 0):  # of two files the second
            raise OSError(28, "No space left on device")
        path.write_bytes(content)

    monkeypatch.setattr(exporting, "write_whole", full)
    with pytest.raises(CeterisError, match="No space left on device"):
        export(runs["described"], form, tmp_path / "net")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("package", "arm"), [("onnx", "described"), ("onnxruntime", "own")])
def test_without_the_extra_it_is_said_how_to_get_it(
    runs: Mapping[str, Trained],
    package: str,
    arm: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(CeterisError, match="not installed") as caught:
        export(runs[arm], "onnx", tmp_path / "net.onnx")
    assert caught.value.fix == 'pip install "ceteris[onnx]"'
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_form_names_the_nearest(runs: Mapping[str, Trained]) -> None:
    with pytest.raises(CeterisError, match="there is no form 'onx'") as caught:
        export(runs["described"], "onx")
    assert caught.value.fix == "did you mean 'onnx'?"


def test_the_first_seed_is_taken_and_one_arm_asked_for(runs: Mapping[str, Trained]) -> None:
    trained = runs["own"]
    other = replace(trained, seed=3)
    assert choose_run((other, trained), "exported:own") is trained
    with pytest.raises(CeterisError, match="several arms") as caught:
        choose_run(tuple(runs.values()), "exported")
    assert caught.value.fix == "name it: exported:described"


def test_the_form_must_be_said_and_all_of_them_are_named(runs: Mapping[str, Trained]) -> None:
    with pytest.raises(CeterisError, match="not said in which form") as caught:
        print_export("exported:own", None, None, home_of(runs), allow_code=True, json=False)
    for form in FORMS:
        assert f"--to {form}" in caught.value.expected
    assert caught.value.fix == "for example: ceteris export exported:own --to onnx"


def test_the_verb_says_what_was_written(
    runs: Mapping[str, Trained], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options: dict[str, Any] = {"home": home_of(runs), "allow_code": False}
    out = tmp_path / "net.safetensors"
    print_export("exported:own", "safetensors", out, **options, json=False)
    printed = capsys.readouterr().out
    assert f"wrote {out}" in printed
    assert "pixels (batch, 8, 8, 1), channels last, 0 to 16" in printed
    with pytest.raises(CeterisError, match="--no-code"):  # ONNX executes it, weights do not
        print_export("exported:own", "onnx", tmp_path / "net.onnx", **options, json=False)
    print_export("exported:described:0", "torch", tmp_path / "net", **options, json=True)
    content = json.loads(capsys.readouterr().out)
    assert content["form"] == "torch"
    assert content["about"]["study"] == "exported"
