"""The four-part error: its layout, its suggestions, and what it will not print."""

import pickle

from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import CeterisError, nearest, shown, unknown_name


def test_layout() -> None:
    error = CeterisError("what", received="r", expected="e", fix="f")
    assert str(error) == "what\n  received: r\n  expected: e\n  fix:      f"


def test_it_crosses_processes() -> None:
    error = CeterisError("what", received="r", expected="e", fix="f")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301  (as a worker's connection does)
    assert str(again) == str(error)


@given(st.one_of(st.text(max_size=400), st.binary(max_size=400), st.lists(st.text(max_size=9))))
def test_what_is_shown_is_one_printable_bounded_line(value: object) -> None:
    text = shown(value)
    assert text.isprintable()
    assert len(text) <= 200 * 10


def test_nearest() -> None:
    assert nearest("ADAM", ["adam", "sgd"]) == "adam"
    assert nearest("xyz", ["adam", "sgd"]) is None


def test_unknown_names_without_a_neighbour() -> None:
    error = unknown_name("optimizer", 3, ["sgd", "adam"], where="a.toml, train")
    assert error.received == "3  (a.toml, train)"
    assert error.expected == "one of adam, sgd"
    assert "choose one" in error.fix
    assert "there are no arms yet" in unknown_name("arm", "a", []).expected
