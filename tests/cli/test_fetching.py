"""``ceteris data fetch``: what is shown while files come, and what is said afterwards."""

import gzip
from pathlib import Path

import pytest
from rich.console import Console
from tests.data.conftest import make_toy
from tests.data.server import serving

from ceteris.cli.fetching import fetch_set, shown_on


def test_lines_without_a_terminal(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    toy = make_toy(monkeypatch)
    with serving() as server:
        for name, content in toy.contents.items():
            server.answers[f"/{name}.gz"] = gzip.compress(content)
        fetch_set("toy", tmp_path / "home", None, server.address)
        fetch_set("toy", tmp_path / "home", None, server.address)
    err = capsys.readouterr().err.splitlines()
    assert err[0].startswith("fetching train-images-idx3-ubyte.gz, ")
    assert len(err) == 6
    assert err[4].startswith("toy is whole, every digest as published, in ")
    assert err[5].startswith("toy is here already, every digest as published, in ")


def test_bars_on_a_terminal() -> None:
    console = Console(force_terminal=True, width=80, record=True)
    with shown_on(console) as tell:
        tell("a.gz", 0, 1000)
        tell("a.gz", 1000, 1000)
        tell("b.gz", 10, None)
    text = console.export_text()
    assert "a.gz" in text
    assert "b.gz" in text
