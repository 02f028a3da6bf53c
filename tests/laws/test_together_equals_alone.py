"""Laws 1 and 2: a run in a study equals the same run by itself; any plan, same answer."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.laws.conftest import digests, records, small_study

from ceteris.conduct import prepare, run, tasks_of
from ceteris.engine.ending import train_run
from ceteris.engine.task import Outcome

Conduct = Callable[..., dict]


def test_a_run_in_a_study_equals_the_run_alone(tmp_path: Path) -> None:
    plan = prepare(small_study(), home=tmp_path / "home")
    together = records(plan, run(plan, workers=2).folder)
    for task in tasks_of(plan):
        alone = train_run(replace(task, checkpoints=tmp_path / "alone"), lambda _: False)
        assert isinstance(alone, Outcome)
        assert alone.digest == together[task.arm, task.seed].digest
        assert dict(alone.metrics) == together[task.arm, task.seed].metrics
    assert len({r.digest for r in together.values()}) == len(together)


@pytest.mark.parametrize("workers", [1, 3])
def test_the_number_of_workers_changes_nothing(conduct: Conduct, workers: int) -> None:
    two = digests(conduct(small_study(), "two", workers=2))
    assert digests(conduct(small_study(), "other", workers=workers)) == two


def test_order_and_company_change_nothing(conduct: Conduct) -> None:
    arms = small_study().to_json()["arms"]
    both = digests(conduct(small_study(), "both"))
    turned = dict(reversed(list(arms.items())))
    more = {**turned, "momentum": {"optimizer": "momentum", "learning_rate": 0.01}}
    study = small_study(arms=more, seeds=3, baseline="sgd")
    three = digests(conduct(study, "three"))
    assert {key: three[key] for key in both} == both


def test_the_name_of_an_arm_changes_nothing(conduct: Conduct) -> None:
    arms = small_study().to_json()["arms"]
    named = digests(conduct(small_study(), "named"))
    renamed = digests(conduct(small_study(arms={f"{k}!": v for k, v in arms.items()}), "renamed"))
    assert {(arm + "!", seed): d for (arm, seed), d in named.items()} == renamed
