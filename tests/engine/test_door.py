"""Workers come in at the door; the rest of it is tested with the workers."""

import pytest

from ceteris.engine.door import how_it_ended


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"),
        (-15, "was killed by SIGTERM"),
        (-250, "was killed by signal 250"),
    ],
)
def test_how_it_ended(code: int, words: str) -> None:
    assert how_it_ended(code) == words
