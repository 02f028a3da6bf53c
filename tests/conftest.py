"""What tests stand on: a home of their own, a plain terminal of 80 columns, real data if any."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REAL_DATA = os.environ.get("CETERIS_DATA")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the home of the person who runs it, nor the real data by accident."""
    monkeypatch.setenv("CETERIS_HOME", str(tmp_path_factory.mktemp("home") / "ceteris"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `realdata` run where the real data sets are, and say so where they are not."""
    if REAL_DATA:
        return
    absent = pytest.mark.skip(reason="CETERIS_DATA is not set: the real data sets are not here")
    for item in items:
        if "realdata" in item.keywords:
            item.add_marker(absent)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real data sets, for tests marked `realdata`."""
    return Path(REAL_DATA or "")


def ceteris(*words: str) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own, as a shell would start it."""
    return subprocess.run(
        [sys.executable, "-m", "ceteris", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
