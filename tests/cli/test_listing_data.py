"""``ceteris data list`` as a person types it."""

import json
import os
import sys
from pathlib import Path

import pytest

from ceteris.cli import main


def call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["ceteris", "data", *words])
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("CETERIS_DATA", raising=False)
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_every_set_is_in_the_list(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = call(monkeypatch, capsys, "list")
    assert code == 0
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line.strip()}
    assert lines["digits"] == ["digits", "8x8x1", "10", "1,437", "360", "built", "in"]
    assert lines["fer2013"][1:6] == ["48x48x1", "7", "28,709", "3,589", "3,589"]
    assert {"mnist", "fashion-mnist", "cifar10", "folder", "npz", "npy", "idx", "csv"} <= set(lines)
    assert "ceteris data fetch NAME" in out
    assert max(map(len, out.splitlines())) <= 80


def test_one_set_in_detail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = call(monkeypatch, capsys, "list", "fer2013")
    assert code == 0
    for words in ("Angry, Disgust", "PublicTest 3,589", "research", "Goodfellow", "9181a17b7c6f0"):
        assert words in out


def test_as_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = call(monkeypatch, capsys, "list", "--json")
    sets = {row["name"]: row for row in json.loads(out)["sets"]}
    assert sets["cifar10"]["shape"] == [32, 32, 3]
    assert sets["cifar10"]["state"] == "missing"
    assert sets["folder"]["digest"] is None


def test_fetching_what_cannot_be_fetched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = call(monkeypatch, capsys, "fetch", "fer2013")
    assert code == 2
    assert "kaggle.com" in err
    code, _, err = call(monkeypatch, capsys, "fetch", "digits")
    assert code == 0
    assert "nothing has to be fetched" in err
    code, _, err = call(monkeypatch, capsys, "fetch", "minst")
    assert code == 2
    assert "did you mean 'mnist'?" in err
    assert not Path(os.environ["CETERIS_HOME"]).exists()
