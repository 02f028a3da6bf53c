"""The folder for PyTorch works where there is no Ceteris, and gives the same outputs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from tests.export.conftest import CLASSES, NETWORKS, facts_for, layers_of, logits_of, pixels_for

from ceteris.export.torch_code import torch_code, torch_weights

# What a user would write, once for every folder, in a process that must not know of us.
_USE = """
import sys, importlib.util, pathlib, numpy
sys.modules["ceteris"] = None
for folder in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    spec = importlib.util.spec_from_file_location("model", folder / "model.py")
    model = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(model)
    network = model.load()
    pixels = numpy.load(folder / "pixels.npy")
    numpy.save(folder / "logits.npy", network(model.torch.from_numpy(pixels)).detach().numpy())
    (folder / "first.txt").write_text(model.classify(network, pixels)[0][0][0])
assert not [name for name in sys.modules if name.startswith("ceteris.")]
"""


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every network written, then loaded and used by one process."""
    root = tmp_path_factory.mktemp("torch")
    for number, entries in enumerate(NETWORKS.values()):
        facts, folder = facts_for(layers_of(entries)), root / f"{number:02d}"
        folder.mkdir()
        (folder / "model.py").write_text(torch_code(facts), "utf-8")
        (folder / "weights.safetensors").write_bytes(safetensors.numpy.save(torch_weights(facts)))
        np.save(folder / "pixels.npy", pixels_for(facts))
    words = [sys.executable, "-W", "error", "-c", _USE, str(root)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stderr
    return root


@pytest.mark.parametrize("name", NETWORKS)
def test_a_process_without_ceteris_gets_the_same_outputs(name: str, used: Path) -> None:
    facts = facts_for(layers_of(NETWORKS[name]))
    folder = used / f"{list(NETWORKS).index(name):02d}"
    expected = logits_of(facts, pixels_for(facts))
    np.testing.assert_allclose(np.load(folder / "logits.npy"), expected, rtol=1e-4, atol=1e-4)
    assert (folder / "first.txt").read_text("utf-8") == CLASSES[expected[0].argmax()]


def test_the_code_is_plain_to_read_and_names_what_a_study_named_safely() -> None:
    text = torch_code(facts_for(layers_of(NETWORKS["conv 2/1 same"])))
    assert '("conv_1_zeros", nn.ZeroPad2d((0, 1, 0, 1))),' in text
    assert '("conv_1", nn.Conv2d(3, 4, 2)),' in text
    assert "FlattenLast" in text
    assert "class Residual" not in text
    assert text.startswith('"""study:arm \'x\' / /xfc:0, a trained network')
    compile(text, "model.py", "exec")
    assert max(len(line) for line in text.splitlines()) <= 100


def test_batch_normalisations_numbers_have_pytorchs_names() -> None:
    found = torch_weights(facts_for(layers_of(NETWORKS["blocks"])))
    assert "layers.residual_2.shortcut.batch_norm_1.running_var" in found
    assert "layers.residual_2.layers.residual_1.layers.conv_1.weight" in found
    assert found["layers.residual_1.layers.batch_norm_1.num_batches_tracked"].shape == ()
