"""The verbs as a person types them: what they print, what they return, what they refuse."""

import json
import os
from pathlib import Path

import pytest
from tests.conftest import ceteris
from typer.testing import CliRunner

from ceteris.cli.app import app
from ceteris.cli.running import parse_time
from ceteris.errors import CeterisError

STUDY = """
name = "small"
question = "Which rate?"
preset = "book"
seeds = 2
[data]
name = "digits"
[network]
name = "mlp"
hidden = [8]
[train]
steps = 12
optimizer = "sgd"
[factors]
learning_rate = [0.1, 0.01]
"""

VERBS = ("init", "run", "list", "explain", "show", "compare", "verify", "predict", "remove")
VERBS += ("doctor",)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "small.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


def home() -> Path:
    return Path(os.environ["CETERIS_HOME"])


def test_help_names_every_verb() -> None:
    done = ceteris("--help")
    assert done.returncode == 0
    for verb in (*VERBS, "data", "quiz"):
        assert f"  {verb} " in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str) -> None:
    found = CliRunner().invoke(app, [verb, "--help"])
    assert found.exit_code == 0
    assert "Usage" in found.stdout


def test_version() -> None:
    assert ceteris("--version").stdout.startswith("ceteris 0.")


def test_list_shows_the_catalogue_and_writes_nothing() -> None:
    found = json.loads(ceteris("list", "--json").stdout)
    assert "digits-optimizers" in {item["name"] for item in found["built_in"]}
    assert found["studies"] == []
    networks = {item["name"]: item for item in found["networks"]}
    assert networks["resnet"]["arguments"]["depth"] == 20
    assert networks["fashion-batchnorm"]["report"] == ["R1.7"]
    printed = ceteris("list").stdout
    assert all(name in printed for name in ("digits-optimizers", *networks))
    assert not home().exists()


def test_dry_run_says_what_would_happen_and_leaves_no_study(study: Path) -> None:
    done = ceteris("run", str(study), "--dry-run")
    assert done.returncode == 0, done.stderr
    for word in ("4 runs (2 arms x 2 seeds)", "1,437 training", "360 test images", "about"):
        assert word in done.stdout
    assert list((home() / "studies").iterdir()) == []
    found = json.loads(ceteris("run", str(study), "--dry-run", "--json").stdout)
    assert found["runs"] == 4
    assert found["arms"][0]["parameters"] == 64 * 8 + 8 + 8 * 10 + 10
    assert found["seconds"] > 0
    assert found["bytes"] > 0


def test_a_damaged_command_line_is_refused(study: Path) -> None:
    for words, what in (
        (["--max-time", "soon"], "--max-time is not a length of time"),
        (["--workers", "0"], "--workers is not a number of processes"),
        (["--checkpoint-every", "-1"], "--checkpoint-every is not a length of time"),
        (["--checkpoint-every", "inf"], "--checkpoint-every is not a length of time"),
        (["--set", "steps"], "--set takes a key and a value"),
        (["--seeds", "0"], "'seeds' cannot be 0"),
    ):
        done = ceteris("run", str(study), *words)
        assert done.returncode == 2
        assert what in done.stderr
        assert "Traceback" not in done.stderr
    assert not home().exists()


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90.0), ("20m", 1200.0), (" 2h ", 7200.0), ("0.5m", 30.0)]
)
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "0s", "-3s", "1d", "nan m"])
def test_no_times(text: str) -> None:
    with pytest.raises(CeterisError, match="not a length of time"):
        parse_time(text)


def test_show_and_remove_of_what_was_never_run() -> None:
    for verb in (["show"], ["compare"], ["verify"]):
        done = ceteris(*verb, "digits-optimizers")
        assert done.returncode == 2
        assert "no study 'digits-optimizers' has been run here" in done.stderr
        assert "ceteris run digits-optimizers" in done.stderr
    done = ceteris("remove", "digits-optimizers", "--yes")
    assert done.returncode == 2
    assert "there is no study" in done.stderr
    assert not home().exists()


def test_remove_asks_or_wants_yes() -> None:
    done = ceteris("remove", "small")
    assert done.returncode == 2
    assert "there is nobody to ask" in done.stderr


def test_init_writes_a_study_that_resolves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ceteris("init", "mine.toml").returncode == 0
    assert "learning_rate = [0.01, 0.001]" in Path("mine.toml").read_text("utf-8")
    assert ceteris("run", "mine.toml", "--dry-run").returncode == 0
    again = ceteris("init", "mine.toml")
    assert again.returncode == 2
    assert "there already" in again.stderr


def test_init_from_a_built_in_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert ceteris("init", "mine.toml", "--template", "digits-optimizers").returncode == 0
    assert 'name = "mine"' in Path("mine.toml").read_text("utf-8")
    assert "did you mean" in ceteris("init", "b.toml", "--template", "digits-optimizer").stderr
    assert not Path("b.toml").exists()


def test_init_from_a_folder_of_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    for name, shade in (("cats", 60), ("dogs & co", 200)):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(10):
            Image.new("RGB", (20 + i, 16), (shade, i, 0)).save(
                tmp_path / "pets" / name / f"{i}.png"
            )
    assert ceteris("init", "pets.toml", "--images", "pets").returncode == 0
    text = Path("pets.toml").read_text("utf-8")
    assert 'path = "pets"' in text
    assert "size = [16, 20]" in text
    done = ceteris("run", "pets.toml", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "13 training, 3 validation, 4 test images" in done.stdout


def test_init_tells_of_equal_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    from ceteris.cli.starting import write_study

    monkeypatch.chdir(tmp_path)
    for part, count in (("train", 3), ("test", 2)):
        for shade, name in ((60, "cats"), (200, "dogs")):
            (tmp_path / "pets" / part / name).mkdir(parents=True)
            for i in range(count):
                picture = Image.new("RGB", (8, 8), (shade, i, count))
                picture.save(tmp_path / "pets" / part / name / f"{i}.png")
    write_study(Path("clean.toml"), images=Path("pets"), template=None)
    assert "drop" not in capsys.readouterr().err
    for name in ("train/dogs/1.png", "test/cats/0.png"):
        (tmp_path / "pets" / name).write_bytes(Path("pets/train/cats/1.png").read_bytes())
    write_study(Path("pets.toml"), images=Path("pets"), template=None)
    said = capsys.readouterr().err
    assert (
        "1 of 4 test images is a training image too, pixel by pixel, and 2 training images are "
        'there with another label too; drop = ["leaked", "conflicting"] in [data] leaves them out '
        "of training; `ceteris data check pets --list` names them\n"
    ) in said
    assert '# drop = ["leaked", "conflicting"]' in Path("pets.toml").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["init", "study.yaml"], "the new study cannot be 'study.yaml'"),
        (["init", "no/where.toml"], "the new study cannot be"),
        (["init", "a.toml", "--images", "gone"], "gone"),
        (["init", "a.toml", "--images", "x", "--template", "y"], "not both"),
        (["init", "CON.toml"], "is reserved by Windows"),
    ],
)
def test_init_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], what: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = ceteris(*words)
    assert done.returncode == 2
    assert what in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_doctor_checks_a_step() -> None:
    done = ceteris("doctor", "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert all(step["passed"] for step in found["steps"])
    names = {step["name"] for step in found["steps"]}
    assert names >= {"adam", "sgd", "dropout mask", "gradient, float32, columns"}
    assert found["machine"]["cores"] >= 1
    assert not home().exists()


def test_compare_reads_runs_trained_elsewhere(tmp_path: Path) -> None:
    rows = ["arm,seed,test_accuracy"]
    rows += [f"plain,{s},{0.80 + 0.01 * s}" for s in range(8)]
    rows += [f"dropout,{s},{0.83 + 0.01 * s + 0.001 * (s % 3)}" for s in range(8)]
    path = tmp_path / "results.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    found = json.loads(ceteris("compare", str(path), "--json").stdout)["comparisons"]
    assert [(c["arm"], c["baseline"], c["seeds"]) for c in found] == [("dropout", "plain", 8)]
    assert found[0]["low"] > 0
    assert found[0]["p_adjusted"] < 0.05
    text = ceteris("compare", str(path)).stdout
    assert "dropout has higher test_accuracy than plain" in " ".join(text.split())
    assert max(len(line) for line in text.splitlines()) <= 80


@pytest.mark.parametrize(
    ("content", "words", "what"),
    [
        ("arm,seed\na,0\n", [], "metric"),
        ("arm,seed,acc\na,0,0.5\nb,0,0.6\n", [], "whether a lower acc is better"),
        ("arm,seed,loss\na,0,0.5\na,1,0.5\n", [], "arm"),
        ("arm,seed,loss\na,0,0.5\nb,0,nan\n", [], "chance"),
        ("arm,seed,loss\na,0,0.5\nb,0,0.2\n", ["--classes", "1"], "--classes"),
        ("arm,seed,accuracy\na,0,91\nb,0,nan\n", ["--classes", "10"], "divide them by 100"),
        ("arm,seed,loss\na,0,0.5\nb,0,0.2\n", ["--metric", "lss"], "did you mean 'loss'?"),
    ],
)
def test_compare_refuses(tmp_path: Path, content: str, words: list[str], what: str) -> None:
    path = tmp_path / "results.csv"
    path.write_text(content, encoding="utf-8")
    done = ceteris("compare", str(path), *words)
    assert done.returncode == 2
    assert what in done.stderr
    assert "Traceback" not in done.stderr
