"""Law 6: a run driven to NaN ends as diverged and leaves its neighbours unchanged."""

from collections.abc import Callable

import pytest
from tests.laws.conftest import digests, small_study

Conduct = Callable[..., dict]

FINE = {"optimizer": "sgd", "learning_rate": 0.05}
WILD = {"optimizer": "sgd", "learning_rate": 1e30}


@pytest.mark.parametrize("workers", [1, 2])
def test_divergence_is_a_result_and_stays_where_it_is(conduct: Conduct, workers: int) -> None:
    network = {"name": "mlp", "hidden": [16]}
    quiet = conduct(
        small_study(arms={"fine": FINE, "other": {**FINE, "learning_rate": 0.01}}, network=network),
        "quiet",
        workers=workers,
    )
    noisy = conduct(
        small_study(arms={"fine": FINE, "wild": WILD}, network=network), "noisy", workers=workers
    )
    for seed in (0, 1):
        wild = noisy["wild", seed]
        assert wild.status == "diverged"
        assert "no longer finite at step" in wild.sentence
        assert wild.steps < 60
        assert noisy["fine", seed].status == "finished"
        assert digests(noisy)["fine", seed] == digests(quiet)["fine", seed]


def test_a_diverged_run_is_not_trained_again_and_is_the_same_again(conduct: Conduct) -> None:
    study = small_study(arms={"fine": FINE, "wild": WILD}, network={"name": "mlp", "hidden": [16]})
    first = conduct(study, "one")
    assert conduct(study, "one")["wild", 0] == first["wild", 0]
    assert digests(conduct(study, "two")) == digests(first)
