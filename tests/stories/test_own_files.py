"""Files of one's own: a folder with a broken picture to be left out, and an array file."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.conftest import ceteris

STUDY = """
name = "pets"
seeds = 1
primary_metric = "train_loss_last_100"
[data]
{data}
[network]
name = "mlp"
hidden = [2]
[train]
steps = 2
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_was_left_out_is_said_before_and_after(here: Path) -> None:
    for name, grey in (("cat", 0), ("dog", 255)):
        (here / "pets" / name).mkdir(parents=True)
        for number in range(5):
            Image.new("L", (4, 4), grey).save(here / "pets" / name / f"{number}.png")
    (here / "pets" / "dog" / "3.png").write_bytes(b"broken")
    (here / "pets.toml").write_text(STUDY.format(data='name = "folder"\npath = "pets"'))
    refused = ceteris("run", "pets.toml")
    assert refused.returncode == 2
    assert "skip_broken = true" in refused.stderr
    (here / "pets.toml").write_text(
        STUDY.format(data='name = "folder"\npath = "pets"\nskip_broken = true')
    )
    done = ceteris("run", "pets.toml")
    assert done.returncode == 0, done.stderr
    assert "1 of 10 files were left out" in done.stderr
    shown = " ".join(ceteris("show", "pets").stdout.split())
    assert "Note: 1 of 10 files were left out" in shown
    assert "'dog/3.png' ('no format we know')" in shown


def test_an_array_file_is_trained_on(here: Path) -> None:
    images = np.arange(90, dtype=np.uint8).reshape(10, 3, 3)
    np.savez(here / "mine.npz", images=images, labels=np.arange(10) % 2)
    data = 'name = "npz"\npath = "mine.npz"\nclasses = ["cat", "dog"]'
    (here / "pets.toml").write_text(STUDY.format(data=data))
    done = ceteris("run", "pets.toml", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "8 training, 0 validation, 2 test images" in done.stdout
