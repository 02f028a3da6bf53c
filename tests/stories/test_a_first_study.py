"""A user's path: start a study, look before, run it, look after, change it, remove it."""

import json
import os
from pathlib import Path

import pytest
from tests.conftest import ceteris


def _flat(text: str) -> str:
    return " ".join(text.split())


def _json(*words: str) -> dict:
    done = ceteris(*words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    assert ceteris("init", "rates.toml").returncode == 0
    text = Path("rates.toml").read_text("utf-8")
    text = text.replace("epochs = 10 ", "epochs = 2 ").replace("seeds = 8 ", "seeds = 3 ")
    Path("rates.toml").write_text(text, "utf-8")
    return "rates.toml"


def test_from_init_to_remove(study: str) -> None:
    first = ceteris("run", study)
    assert first.returncode == 0, first.stderr
    said = _flat(first.stdout)
    assert "Does a smaller learning rate help?" in said
    assert "Difference in validation_accuracy from learning_rate=0.01, the baseline" in said
    assert "on this split" in said
    assert "3 seeds cannot show p < 0.25" in said
    assert "\x1b" not in first.stdout
    assert max(len(line) for line in first.stdout.splitlines()[:-1]) <= 80
    assert "2 arms x 3 seeds = 6 runs" in first.stderr

    again = _json("run", study, "--json")
    runs = {(r["arm"], r["seed"]): r for r in again["runs"]}
    assert len(runs) == 6
    assert all(r["status"] == "finished" for r in runs.values())
    assert _json("show", "rates", "--json") == again

    more = ceteris("run", study, "--seeds", "4", "--json")
    found = json.loads(more.stdout)
    assert "6 of 8 runs were already trained" in more.stderr
    assert {(r["arm"], r["seed"]): r for r in found["runs"]}.items() >= runs.items()
    assert {c["role"] for c in found["comparisons"]} == {"exploratory"}
    assert "more than the 1 the study declared" in found["notes"][-1]

    fewer = ceteris("run", study, "--seeds", "2")
    assert fewer.returncode == 2
    assert "already has more seeds" in fewer.stderr

    half = ceteris("run", study, "--seeds", "4", "--set", "train.batch_size=64", "--json")
    variant = json.loads(half.stdout)["study"]["variant"]
    assert variant == "train.batch_size=64"
    assert _json("show", f"rates@{variant}", "--json")["study"]["variant"] == variant
    assert _json("show", "rates", "--json")["runs"] == found["runs"]

    assert ceteris("remove", "rates", "--yes").returncode == 0
    assert ceteris("show", "rates").returncode == 2


def test_a_changed_study_says_so_and_reuses_what_it_can(study: str) -> None:
    assert ceteris("run", study, "--quick").returncode == 0
    assert "rates@quick" in ceteris("list").stdout
    only = ceteris("show", "rates")
    assert only.returncode == 2
    assert "for example: ceteris show rates@quick" in only.stderr
    text = Path(study).read_text("utf-8")
    Path(study).write_text(text.replace("[0.01, 0.001]", "[0.01, 0.003]"), "utf-8")
    done = ceteris("run", study, "--quick")
    assert done.returncode == 0
    assert "changed since the last time: factors.learning_rate: [0.01, 0.001] -> " in done.stderr
    assert "3 of 6 runs were already trained" in done.stderr


def test_a_copied_study_is_read_elsewhere(study: str, tmp_path: Path) -> None:
    import shutil

    assert ceteris("run", study, "--quick").returncode == 0
    here = Path(os.environ["CETERIS_HOME"]) / "studies" / "rates"
    there = tmp_path / "mitgenommen für später" / "rates"
    shutil.copytree(here, there)
    shutil.rmtree(here.parent.parent)
    found = _json("show", f"{there}@quick", "--json")
    assert len(found["runs"]) == 6


def test_fresh_keeps_the_old_results_aside(study: str) -> None:
    assert ceteris("run", study, "--quick").returncode == 0
    assert ceteris("run", study, "--quick", "--fresh").returncode == 0
    studies = Path(os.environ["CETERIS_HOME"]) / "studies"
    assert sorted(p.name for p in studies.iterdir()) == ["rates", "rates~1"]


def test_the_quick_demo_of_the_readme() -> None:
    found = _json("run", "digits-optimizers", "--quick", "--seeds", "2", "--json")
    arms = {arm["name"]: arm["means"]["train_loss_last_100"]["mean"] for arm in found["arms"]}
    assert set(arms) == {"sgd", "momentum", "adagrad", "adam"}
    assert max(arms, key=lambda name: arms[name]) == "sgd"
