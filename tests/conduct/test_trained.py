"""What `open_trained` finds, and what it says where it finds nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.training import train_here, train_study

from ceteris.conduct import open_trained, training_data
from ceteris.errors import CeterisError
from ceteris.study import Study
from ceteris.study.study import Origin

TABLE: dict[str, Any] = {
    "name": "kept",
    "seeds": 2,
    "data": {"name": "digits", "images": 200, "validation": 0.2},
    "network": {"name": "mlp", "hidden": [4], "batch_norm": True},
    "train": {"steps": 5, "optimizer": "sgd", "augment": {"rotation": 5}},
    "arms": {"a:b": {"learning_rate": 0.1}, "slow": {"learning_rate": 0.001}},
}


def trained(home: Path, **changed: Any) -> None:
    train_here(home, **{**TABLE, **changed})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("trained") / "home"
    trained(home)
    trained(home, name="none", keep_weights="none", seeds=1)
    arms = {"wild": {"learning_rate": 1e30}, "tame": {"learning_rate": 0.1}}
    trained(home, name="wild", arms=arms, seeds=1)
    return home


def refused(home: Path, words: str, **how: Any) -> CeterisError:
    with pytest.raises(CeterisError) as caught:
        open_trained(home, words, **how)
    return caught.value


def test_a_study_is_all_its_finished_runs(home: Path) -> None:
    found = open_trained(home, "kept")
    assert [(one.arm, one.seed) for one in found] == [
        ("a:b", 0), ("a:b", 1), ("slow", 0), ("slow", 1),
    ]  # fmt: skip
    assert [one.is_baseline for one in found] == [True, True, False, False]
    first = found[0]
    assert first.name == "kept:a:b:0"
    assert first.classes == tuple("0123456789")
    assert (first.input_shape, first.pixel_max, first.num_seeds) == ((8, 8, 1), 16, 2)
    assert first.normalisation.divisor.tolist() == [16.0]
    assert first.weights["dense_1.weight"].shape == (4, 64)
    assert (len(first.split.validation), len(first.split.test)) == (40, 360)


def test_recipes_come_back_as_they_were(home: Path) -> None:
    arms = Study(**TABLE).arms
    for one in open_trained(home, "kept"):
        (arm,) = [arm for arm in arms if arm.name == one.arm]
        assert one.network == arm.recipe.network
        assert one.train == arm.recipe.train
        assert one.source == arm.recipe.data.source


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("kept:a:b", [("a:b", 0), ("a:b", 1)]),
        ("kept:a:b:1", [("a:b", 1)]),
        ("kept:slow:0", [("slow", 0)]),
    ],
)
def test_an_arm_and_a_seed(home: Path, words: str, found: list[tuple[str, int]]) -> None:
    assert [(one.arm, one.seed) for one in open_trained(home, words)] == found


def test_the_folder_of_a_study_will_do(home: Path) -> None:
    folder = home / "studies" / "kept"
    assert len(open_trained(home, f"{folder}:slow")) == 2


def test_a_run_by_the_beginning_of_its_id(home: Path) -> None:
    (one,) = open_trained(home, "kept:slow:1")
    (same,) = open_trained(home, one.run_id[:10])
    assert same.name == one.name


def test_a_variant_whose_name_holds_colons(tmp_path: Path) -> None:
    variant = "network=a.py:make,train.steps=1"
    table = {**TABLE, "seeds": 1, "train": {**TABLE["train"], "steps": 1}}
    train_study(Study.from_table(table, Origin("x", tmp_path, "", variant)), tmp_path / "home")
    (one,) = open_trained(tmp_path / "home", f"kept@{variant}:slow")
    assert one.variant == variant
    assert "only variants" in refused(tmp_path / "home", "kept").what


def test_only_finished_runs_are_found(home: Path) -> None:
    assert [one.arm for one in open_trained(home, "wild")] == ["tame"]
    error = refused(home, "wild:wild")
    assert "none of these runs has finished" in error.what
    assert "wild, seed 0: diverged" in error.received
    assert "learning rate" in error.fix


def test_weights_that_were_not_kept(home: Path) -> None:
    error = refused(home, "none")
    assert error.what == "the weights of these runs were not kept"
    assert 'keep_weights = "best"' in error.fix
    assert "--fresh" in error.fix


@pytest.mark.parametrize(
    ("words", "what", "fix"),
    [
        ("kpet", "no study 'kpet' has been run here", "did you mean 'kept'?"),
        ("kept:slw", "there is no arm 'slw'", "did you mean 'slow'?"),
        ("kept:slow:7", "arm 'slow' has no seed '7'", "leave the seed out"),
        ("kept@quick", "not its variant 'quick'", "ceteris show kept"),
        ("0123456789", "no study '0123456789' has been run here", "ceteris list"),
        ("digits-optimizers", "has been run here", "run it first: ceteris run digits-optimizers"),
    ],
)
def test_what_is_not_there(home: Path, words: str, what: str, fix: str) -> None:
    error = refused(home, words)
    assert what in error.what
    assert fix in error.fix


def test_the_data_is_known_by_its_digest(home: Path, tmp_path: Path) -> None:
    one = open_trained(home, "kept")[0]
    data = training_data(one, home=home, data_folder=None)
    assert data.digest == one.data_digest
    assert len(data.images) == 1797


def test_data_that_is_gone_or_changed(tmp_path: Path) -> None:
    import shutil

    from PIL import Image

    folder, home = tmp_path / "pictures", tmp_path / "home"
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for i in range(5):
            Image.fromarray(rng.integers(0, 256, (4, 4), dtype=np.uint8)).save(
                folder / name / f"{i}.png"
            )
    data = {"name": "folder", "path": str(folder), "test": 2}
    trained(home, data=data, seeds=1)
    one = open_trained(home, "kept")[0]
    shutil.rmtree(home / "cache")
    assert open_trained(home, "kept")[0].input_shape == (4, 4, 1)
    assert training_data(one, home=home, data_folder=None).digest == one.data_digest
    shutil.rmtree(home / "cache")
    (folder / "dog" / "4.png").unlink()
    with pytest.raises(CeterisError, match="has changed"):
        training_data(one, home=home, data_folder=None)
    shutil.rmtree(home / "cache")
    shutil.rmtree(folder)
    with pytest.raises(CeterisError, match="there is no folder"):
        training_data(one, home=home, data_folder=None)


NET = """
from torch import nn

def make(width=4):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))
"""


def test_code_is_announced_refused_and_known_by_its_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my_net.py").write_text(NET, "utf-8")
    home = tmp_path / "home"
    trained(home, network="my_net.py:make", arms={}, seeds=1)
    said: list[str] = []
    (one,) = open_trained(home, "kept", announce=said.append)
    assert "executing" in said[0]
    assert one.network.reference is not None
    assert "--no-code" in refused(home, "kept", allow_code=False).what
    Path("my_net.py").write_text(NET + "\n# other", "utf-8")
    assert "is not here as it was" in refused(home, "kept").what


def test_a_function_from_python_is_given_again(tmp_path: Path) -> None:
    from torch import nn

    def make() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

    home = tmp_path / "home"
    trained(home, network=make, arms={}, seeds=1)
    assert "give network=" in refused(home, "kept").fix
    assert "another digest" in refused(home, "kept", function=lambda: make()).received
    (one,) = open_trained(home, "kept", function=make)
    assert one.network.function is make
