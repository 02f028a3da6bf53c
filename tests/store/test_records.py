import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.store.records import ENDED, FINAL, STATUSES, canonical, from_column, parsed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_an_object_comes_back_and_has_one_text(value: dict[str, object]) -> None:
    text = canonical(value)
    assert parsed(text) == value
    assert canonical(dict(reversed(value.items()))) == text
    assert text.isascii()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_json_has_no_nan(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"deep": [{"x": value}]})


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "null"])
def test_what_is_not_an_object_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting|expected a JSON object"):
        parsed(text)


def test_null_stands_for_nan() -> None:
    assert math.isnan(from_column(None))
    assert from_column(1) == 1.0


def test_a_failed_run_has_ended_but_is_no_result() -> None:
    assert set(STATUSES) - ENDED == {"pending", "running"}
    assert {"failed"} == ENDED - FINAL
