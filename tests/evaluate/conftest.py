from collections.abc import Callable, Sequence

import pytest

from ceteris.evaluate import Comparison, Result, compare

Make = Callable[..., list[Result]]


@pytest.fixture
def runs() -> Make:
    """Results from lists: ``runs(sgd=[0.8, 0.9], adam=[...])``; None diverged, a word a status."""

    def make(**arms: Sequence[float | str | None]) -> list[Result]:
        results = []
        for arm, values in arms.items():
            for seed, value in enumerate(values):
                if isinstance(value, str):
                    results.append(Result(arm, seed, None, value))
                elif value is None:
                    results.append(Result(arm, seed, None, "diverged"))
                else:
                    results.append(Result(arm, seed, float(value), "finished"))
        return results

    return make


@pytest.fixture
def compared(runs: Make) -> Callable[..., list[Comparison]]:
    """``compared(sgd=[...], adam=[...])``: accuracies of ten classes against ``sgd``."""

    def make(options: dict | None = None, **arms: Sequence[float | str | None]) -> list[Comparison]:
        given = {
            "metric": "test_accuracy",
            "baseline": next(iter(arms)),
            "chance": 0.1,
            "better": "higher",
            **(options or {}),
        }
        return compare(runs(**arms), **given)

    return make
