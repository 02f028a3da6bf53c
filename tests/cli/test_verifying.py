"""``ceteris verify`` as a person types it."""

import json
import os
from pathlib import Path

import pytest
from tests.conftest import ceteris


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study that was run."""
    monkeypatch.chdir(tmp_path)
    words = ("digits-optimizers", "--seeds", "1", "--set", "train.steps=5")
    assert ceteris("run", *words).returncode == 0
    return Path(os.environ["CETERIS_HOME"]) / "studies" / "digits-optimizers"


def test_a_whole_study_and_a_damaged_one(folder: Path) -> None:
    whole = ceteris("verify", "digits-optimizers")
    assert whole.returncode == 0, whole.stderr
    assert "4 run identities right" in whole.stdout
    assert whole.stdout.rstrip().endswith("is whole")
    found = json.loads(ceteris("verify", str(folder), "--json").stdout)
    assert found["whole"]
    assert found["problems"] == []
    assert found["checked"]["run identities"] == 4

    damaged = next((folder / "arrays").rglob("*.safetensors"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    said = ceteris("verify", "digits-optimizers")
    assert said.returncode == 1
    assert "its content has changed" in said.stdout
    for part in ("received:", "expected:", "fix:"):
        assert part in said.stdout
    assert "is not whole (problems: 1)" in said.stdout
    again = ceteris("verify", str(folder), "--json")
    assert again.returncode == 1
    (problem,) = json.loads(again.stdout)["problems"]
    assert problem.keys() == {"what", "received", "expected", "fix"}


def test_a_database_without_a_beginning_is_a_problem_and_not_a_riddle(folder: Path) -> None:
    (folder / "study.sqlite").write_bytes(b"")
    said = ceteris("verify", "digits-optimizers")
    assert said.returncode == 1
    assert "the study's database is damaged" in said.stdout
    words = ("run", "digits-optimizers", "--seeds", "1", "--set", "train.steps=5")
    refused = ceteris(*words)
    assert refused.returncode == 2
    assert "the study's database is damaged" in refused.stderr
    assert "--fresh" in refused.stderr
    assert ceteris(*words, "--fresh").returncode == 0
    assert (folder.parent / "digits-optimizers~1").is_dir()
