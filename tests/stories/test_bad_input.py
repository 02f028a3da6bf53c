"""Whatever a user gets wrong: four parts, exit code 2, no traceback, nothing changed on disk."""

import errno
import gzip
import os
import sys
from pathlib import Path

import pytest

from ceteris.cli import main

STUDY = """
name = "mine"
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

MISTAKES = {
    "unknown key": ("steps = 12", "stepz = 12", "there is no key 'stepz' in [train]"),
    "misspelt optimizer": ('"sgd"', '"sgdd"', "there is no optimizer 'sgdd'"),
    "text for a number": ("[0.1, 0.01]", '["fast", 0.01]', "'learning_rate' cannot be 'fast'"),
    "nan": ("[0.1, 0.01]", "[nan, 0.01]", "'learning_rate' cannot be nan"),
    "infinity": ("[0.1, 0.01]", "[inf, 0.01]", "'learning_rate' cannot be inf"),
    "negative": ("[0.1, 0.01]", "[-0.1, 0.01]", "'learning_rate' cannot be -0.1"),
    "zero epochs": ("steps = 12", "epochs = 0", "'train.epochs' cannot be 0"),
    "one level": ("[0.1, 0.01]", "[0.1]", "has one level, so nothing can be compared"),
    "the same level twice": ("[0.1, 0.01]", "[0.1, 0.1]", "names the level 0.1 twice"),
    "duplicate arm": (
        "[factors]\nlearning_rate = [0.1, 0.01]",
        "[arms]\na = { optimizer = 'momentum' }\nb = { optimizer = 'momentum' }",
        "the arms 'a' and 'b' are the same",
    ),
    "no such factor": ("learning_rate = [", "lerning_rate = [", "there is no factor"),
    "not TOML": ("steps = 12", "steps = = 12", "mine.toml is not valid TOML"),
    "a path for a name": ('"mine"', '"../mine"', "the study's name is a path"),
    "an escape in the name": ('"mine"', '"mi\\u001bne"', "holds control characters"),
    "an escape in an arm": (
        "[factors]\nlearning_rate = [0.1, 0.01]",
        '[arms]\n"a\\u001b[31m" = {}\nb = { learning_rate = 1 }',
        "an arm cannot be named",
    ),
    "no data folder": ('"digits"', '"fashion-mnist"', "fashion-mnist"),
    "no such network": ('"mlp"', '"mlpp"', "there is no network 'mlpp'"),
    "no such argument": ("hidden", "hiden", "hiden"),
    "a huge layer": ("[8]", "[-8]", "hidden"),
    "no test part": ("seeds = 2", 'primary_metric = "validation_loss"', "needs validation images"),
}


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """`ceteris WORDS` in this process: exit code and standard error."""
    before = sys.argv
    sys.argv = ["ceteris", *words]
    try:
        with pytest.raises(SystemExit) as done:
            main()
    finally:
        sys.argv = before
    said = capsys.readouterr()
    assert said.out == ""
    return int(done.value.code or 0), said.err


def home() -> Path:
    return Path(os.environ["CETERIS_HOME"])


def refused(code: int, said: str, what: str) -> None:
    assert code == 2, said
    assert what in said
    assert "Traceback" not in said
    assert "\x1b" not in said
    for part in ("  received: ", "  expected: ", "  fix:      "):
        assert part in said


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CETERIS_DATA", raising=False)
    path = tmp_path / "mine.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.mark.parametrize("mistake", MISTAKES, ids=list(MISTAKES))
def test_mistakes_in_a_study(study: Path, capsys: pytest.CaptureFixture[str], mistake: str) -> None:
    old, new, what = MISTAKES[mistake]
    assert old in STUDY
    study.write_text(STUDY.replace(old, new), encoding="utf-8")
    refused(*call(capsys, "run", "mine.toml"), what)
    assert not home().exists()


def test_an_unknown_study(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(*call(capsys, "run", "digits-optimisers"), "there is no study 'digits-optimisers'")
    refused(*call(capsys, "show", "mine"), "no study 'mine' has been run here")
    assert not home().exists()


TRAIN = "train-images-idx3-ubyte"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (f"{TRAIN}.gz", gzip.compress(b"\x00" * 5000)),
        (f"{TRAIN}.gz", gzip.compress(b"\x00\x00\x08\x03" + b"\x01" * 5000)[:-20]),
        (f"{TRAIN}.gz", b"this is no gzip file"),
        (TRAIN, b"\x00\x00\x08\x03\x00"),
    ],
    ids=["wrong digest", "truncated", "corrupt", "unpacked and short"],
)
def test_damaged_data(
    study: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes,
) -> None:
    folder = study.parent / "data" / "fashion_mnist"
    folder.mkdir(parents=True)
    for other in ("train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (folder / f"{other}.gz").write_bytes(b"")
    (folder / name).write_bytes(content)
    monkeypatch.setenv("CETERIS_DATA", str(study.parent / "data"))
    study.write_text(STUDY.replace('"digits"', '"fashion-mnist"'), encoding="utf-8")
    refused(*call(capsys, "run", "mine.toml"), TRAIN)
    assert not home().exists()


def test_a_home_that_holds_something_else(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home().mkdir()
    (home() / "thesis.tex").write_text("precious")
    refused(*call(capsys, "run", "mine.toml"), "the home folder holds something else")
    assert [p.name for p in home().iterdir()] == ["thesis.tex"]


def test_a_home_that_cannot_be_written(
    study: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    home().mkdir()
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    refused(*call(capsys, "run", "mine.toml"), "access was denied while opening the home")
    assert list(home().iterdir()) == []


def test_a_home_below_a_file(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(*call(capsys, "run", "mine.toml", "--home", str(study / "home")), "mine.toml")
    assert study.read_text("utf-8") == STUDY


@pytest.mark.parametrize("number", [0, 5, 20])
def test_a_full_disk(
    study: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    real, calls = os.fsync, []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) > number:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        refused(*call(capsys, "run", "mine.toml"), "disk")
    # With room again the same command finishes the study.
    sys.argv = ["ceteris", "run", "mine.toml"]
    with pytest.raises(SystemExit) as done:
        main()
    assert done.value.code == 0
