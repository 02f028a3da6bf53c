"""What a study leaves in its folder."""

from pathlib import Path

import numpy as np

from ceteris.conduct import prepare, run, tasks_of
from ceteris.store import Store
from ceteris.study import Study


def test_the_split_is_written_down_once_with_the_study(tmp_path: Path) -> None:
    study = Study(
        name="kept",
        seeds=2,
        data={"name": "digits", "images": 300, "validation": 0.2},
        network={"name": "mlp", "hidden": [8]},
        train={"steps": 10, "optimizer": "sgd"},
        factors={"learning_rate": [0.1, 0.01]},
    )
    plan = prepare(study, home=tmp_path / "home")
    folder = run(plan, workers=2).folder
    rows = tasks_of(plan)[0].rows
    with Store.open(folder, write=False) as store:
        (design,) = store.designs()
        records = store.runs(design)
        assert len({record.arrays["split"] for record in records}) == 1
        split = store.arrays(records[0].run_id, "split")
        for part in ("train", "validation", "test"):
            assert np.array_equal(split[part], getattr(rows, part))
        assert {"curves", "predictions", "weights"} <= set(records[0].arrays)
        assert records[0].recipe["data"] == plan.data.digest
        assert store.environment == plan.environment
        assert design.spec["declared"]["data"]["images"] == 300
