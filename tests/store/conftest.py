"""A study's folder, and short ways to declare and end runs in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ceteris.store import Design, Store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    # Spaces and Unicode everywhere: a path is never ours to choose.
    return tmp_path / "Änne's étude 数字 % ?#" / "digits"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with Store.create(folder) as opened:
        yield opened


@pytest.fixture
def declare() -> Callable[..., Design]:
    """Declare arms "a" and "b" with seeds 0, 1, ...; run ids are a0, a1, ..., b0, ..."""

    def declare(store: Store, seeds: int = 2, variant: str = "main", **spec: Any) -> Design:
        return store.add_design(
            variant,
            {"seeds": seeds, **spec},
            f"seeds = {seeds}",
            [("b", {"rate": 0.1}, 20), ("a", {"rate": 0.2}, 10)],
            [
                (arm, seed, f"{arm}{seed}", {"arm": arm, "seed": seed}, 7)
                for arm in "ab"
                for seed in reversed(range(seeds))
            ],
        )

    return declare


@pytest.fixture
def end() -> Callable[..., None]:
    """End a run as "finished" with one metric and one set of arrays, but for what is given."""

    def end(store: Store, run_id: str, **changed: Any) -> None:
        values: dict[str, Any] = {
            "status": "finished",
            "sentence": "",
            "steps": 10,
            "duration_s": 1.5,
            "metrics": {"loss": 0.25},
            "arrays": {"curves": {"loss": np.arange(5.0)}},
            "digest": f"digest of {run_id}",
        }
        store.finish(run_id, **(values | changed))

    return end
