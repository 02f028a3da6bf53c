"""A verb that there is not is refused like every other unknown name."""

import pytest
from typer.testing import CliRunner

from ceteris.cli.app import app
from ceteris.errors import CeterisError


@pytest.mark.parametrize(
    ("words", "what", "expected", "fix"),
    [
        (["data", "info"], "ceteris data info", "list, fetch, check, show", "data --help` says"),
        (["data", "chek", "x"], "ceteris data chek", "list", "did you mean 'ceteris data check'?"),
        (["rum"], "ceteris rum", "run", "did you mean 'ceteris run'?"),
        (["quiz", "shape"], "ceteris quiz shape", "shapes", "did you mean 'ceteris quiz shapes'?"),
    ],
)
def test_an_unknown_verb(words: list[str], what: str, expected: str, fix: str) -> None:
    error = CliRunner().invoke(app, words, prog_name="ceteris").exception
    assert isinstance(error, CeterisError)
    assert error.what == f"there is no '{what}'"
    assert error.received == repr(words[1] if len(words) > 1 else words[0])
    assert expected in error.expected
    assert fix in error.fix


def test_an_unknown_option_stays_a_usage_error() -> None:
    found = CliRunner().invoke(app, ["data", "--lst"], prog_name="ceteris")
    assert found.exit_code == 2
    assert "No such option" in found.output
