"""Whatever is put into a store comes back."""

import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.store import Store

NAMES = st.text(max_size=12)
OUTCOMES = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["finished", "stopped", "diverged", "failed"]),
        "sentence": NAMES,
        "steps": st.integers(0, 2**40),
        "duration_s": st.floats(0, 1e9),
        "metrics": st.dictionaries(NAMES, st.floats(), max_size=5),
        "digest": st.none() | NAMES,
        "arrays": st.dictionaries(
            NAMES,
            st.dictionaries(NAMES, st.lists(st.floats(), max_size=3).map(np.array), max_size=2),
            max_size=2,
        ),
    }
)


@given(
    variant=NAMES,
    source=NAMES,
    spec=st.dictionaries(NAMES, st.integers() | NAMES | st.lists(st.floats(0, 1))),
    outcomes=st.dictionaries(NAMES, OUTCOMES, min_size=1, max_size=4),
)
@settings(deadline=None, max_examples=25)
def test_what_is_stored_comes_back_equal(
    variant: str, source: str, spec: dict[str, Any], outcomes: dict[str, dict[str, Any]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "study"
        with Store.create(folder) as store:
            design = store.add_design(
                variant,
                spec,
                source,
                [(arm, spec, 1) for arm in outcomes],
                [(arm, 0, f"run {arm}", {"arm": arm}, 0) for arm in outcomes],
            )
            for arm, outcome in outcomes.items():
                store.start(f"run {arm}")
                store.finish(f"run {arm}", **outcome)
        with Store.open(folder, write=False) as store:
            assert store.designs() == [design]
            assert (design.variant, design.source, design.spec) == (variant, source, spec)
            runs = store.runs(design)
            assert [run.arm for run in runs] == list(outcomes)
            for run in runs:
                given = outcomes[run.arm]
                for key in ("status", "sentence", "steps", "duration_s", "digest"):
                    assert getattr(run, key) == given[key]
                assert run.metrics.keys() == given["metrics"].keys()
                for key, value in given["metrics"].items():
                    assert run.metrics[key] == value or math.isnan(run.metrics[key])
                    assert math.isnan(run.metrics[key]) == math.isnan(value)
                assert run.arrays.keys() == given["arrays"].keys()
                for key, arrays in given["arrays"].items():
                    back = store.arrays(run.run_id, key)
                    assert back.keys() == arrays.keys()
                    for inner, array in arrays.items():
                        np.testing.assert_array_equal(back[inner], array)
