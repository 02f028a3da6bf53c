"""A sample of every kind of fault; ``make faults`` injects them all."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

if sys.platform != "linux":
    pytest.skip("the campaign forks and mounts as Linux does", allow_module_level=True)

from tests.faults.campaign import KINDS

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def tallies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each kind came to, in one campaign with one undisturbed reference."""
    file = tmp_path_factory.mktemp("campaign") / "tallies.json"
    command = [sys.executable, "-m", "tests.faults.campaign", "--small", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert file.exists(), done.stderr
    print(done.stdout)
    found: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8"))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost(kind: str, tallies: dict[str, dict[str, Any]]) -> None:
    tally = tallies[kind]
    if tally["skipped"]:
        pytest.skip(tally["skipped"])
    assert tally["injected"] >= KINDS[kind].small
    assert (tally["lost"], tally["twice"], tally["differ"]) == (0, 0, 0)
    assert tally["surprises"] == []
