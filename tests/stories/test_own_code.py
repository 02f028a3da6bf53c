"""A network of one's own: named before it is executed, refused on request, never run to read."""

import json
import os
from pathlib import Path

import pytest
from tests.conftest import ceteris

import ceteris as api

NET = """
from pathlib import Path
from torch import nn

def make(width=4):
    Path("executed").touch()
    print("printed by the network")
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))
"""

STUDY = """
name = "own"
seeds = 2
network = "my_net.py:make"
[data]
name = "digits"
[train]
steps = 20
optimizer = "sgd"
learning_rate = 0.1
[factors]
"network.width" = [4, 8]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("my_net.py").write_text(NET, "utf-8")
    Path("own.toml").write_text(STUDY, "utf-8")
    return tmp_path


def test_a_file_of_ones_own(folder: Path) -> None:
    refused = ceteris("run", "own.toml", "--no-code")
    assert refused.returncode == 2
    assert "my_net.py" in refused.stderr
    assert not Path("executed").exists()
    assert not Path(os.environ["CETERIS_HOME"]).exists()

    planned = ceteris("run", "own.toml", "--dry-run", "--json")
    assert json.loads(planned.stdout)["runs"] == 4
    done = ceteris("run", "own.toml", "--json")
    assert done.returncode == 0, done.stderr
    assert "executing" in done.stderr
    assert "my_net.py (code digest " in done.stderr
    found = json.loads(done.stdout)
    assert [arm["parameters"] for arm in found["arms"]] == [64 * 4 + 4 + 50, 64 * 8 + 8 + 90]

    # Reading executes nothing: not even where the file is gone.
    Path("my_net.py").unlink()
    Path("executed").unlink()
    assert ceteris("show", "own").returncode == 0
    assert ceteris("compare", "own").returncode == 0
    assert not Path("executed").exists()


def test_changed_code_is_another_run(folder: Path) -> None:
    assert ceteris("run", "own.toml").returncode == 0
    Path("my_net.py").write_text(NET.replace("nn.ReLU", "nn.Tanh"), "utf-8")
    done = ceteris("run", "own.toml")
    assert done.returncode == 0
    assert "changed since the last time: network.digest" in done.stderr
    assert "already trained" not in done.stderr


def test_code_that_fails_in_training_fails_its_runs(folder: Path) -> None:
    breaks = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(64, 10)
    def forward(self, x):
        if self.training:
            raise RuntimeError("my own mistake")
        return self.last(x.flatten(1))

def make(width=4):
    return Net()
"""
    Path("my_net.py").write_text(breaks, "utf-8")
    text = STUDY.replace('"network.width" = [4, 8]', "learning_rate = [0.1, 0.2]")
    Path("own.toml").write_text(text.replace("learning_rate = 0.1\n", ""), "utf-8")
    done = ceteris("run", "own.toml", "--json")
    assert done.returncode == 1
    runs = json.loads(done.stdout)["runs"]
    assert {r["status"] for r in runs} == {"failed"}
    assert all("my own mistake  (my_net.py, line 11, in forward)" in r["sentence"] for r in runs)


def test_a_function_from_python(tmp_path: Path) -> None:
    from torch import nn

    def make(width: int = 4) -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))

    study = api.Study(
        name="python",
        data={"name": "digits"},
        network=make,
        train={"steps": 30, "optimizer": "sgd", "learning_rate": 0.1},
        factors={"network.width": [4, 8]},
        seeds=2,
    )
    answer = api.run(study, home=tmp_path / "home")
    assert [run.status for run in answer.runs] == ["finished"] * 4
    again = api.run(study, home=tmp_path / "home")
    assert again.runs == answer.runs
    assert len({run.digest for run in answer.runs}) == 4
