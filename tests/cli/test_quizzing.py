"""``ceteris quiz shapes``: asked, piped, from a file, interrupted."""

import json
import os
import pty
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ceteris.cli.app import app
from ceteris.errors import CeterisError

QUIZ = ["quiz", "shapes"]


def asked(answers: str, *words: str) -> str:
    found = CliRunner().invoke(app, [*QUIZ, *words], input=answers)
    assert found.exit_code == 0, found.exception
    return found.stdout


def test_piped_answers_are_shown_graded_and_counted() -> None:
    text = asked("127x127x5\n576\n(1,200)\n\nwhat\n")
    assert "   > 127x127x5\n   Right: " in text
    assert "No: the channels are forgotten" in text
    assert "No: the biases are forgotten" in text
    assert "No answer. It is 16,928" in text
    assert "Not read; an answer looks like 1,000." in text
    assert text.endswith("1 right of 5, 1 not answered, 1 not read\n")
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_end_of_input_ends_politely() -> None:
    assert asked("127x127x5\n").endswith("1 right of 5, 4 not answered\n")
    assert asked("").endswith("0 right of 5, 5 not answered\n")
    assert asked("127x127x5").endswith("1 right of 5, 4 not answered\n")  # no newline
    assert asked("\n4\n\n", "--questions", "3").endswith("0 right of 3, 2 not answered\n")


def test_no_bytes_break_it() -> None:
    words = [sys.executable, "-m", "ceteris", *QUIZ]
    done = subprocess.run(words, input=b"\xff\x1b[31m\n" * 5, capture_output=True, check=False)
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    assert b"0 right of 5, 5 not read" in done.stdout


def test_same_seed_same_questions() -> None:
    one, again, other = (asked("", "--seed", seed) for seed in ("7", "7", "8"))
    assert one == again
    assert one != other


def test_a_file_of_answers_and_json(tmp_path: Path) -> None:
    file = tmp_path / "answers.txt"
    file.write_text("127x127x5\n9,216\n", encoding="utf-8")
    text = asked("", "--answers", str(file), "--questions", "3")
    assert text.endswith("2 right of 3, 1 not answered\n")
    found = json.loads(asked("", "--answers", str(file), "--json"))
    assert (found["answered"], found["right"]) == (2, 2)
    assert found["questions"][0]["given"] == [127, 127, 5]
    assert json.loads(asked("1x1x1\n", "--answers", "-", "--json"))["right"] == 0


def test_a_line_that_cannot_be_read_is_named_and_shifts_no_other(tmp_path: Path) -> None:
    file = tmp_path / "answers.txt"
    # Neither bytes that are no text nor characters that end lines elsewhere begin a new answer.
    file.write_bytes(b"\xe9\x0c\x1c\xe2\x80\xa8?\r\n9216.0\r\n\r\n16,928\r\n")
    text = asked("", "--answers", str(file))
    assert "Line 1 could not be read. Not read; an answer looks like" in text
    assert "Line 3" not in text
    assert text.count("Right: ") == 2
    assert text.endswith("2 right of 5, 2 not answered, 1 not read\n")
    found = json.loads(asked("", "--answers", str(file), "--json"))
    assert (found["answered"], found["not_read"], found["right"]) == (3, 1, 2)


def test_json_alone_gives_no_answer_away() -> None:
    found = json.loads(asked("", "--json"))
    assert [set(question) for question in found["questions"]] == [{"number", "text", "kind"}] * 5
    assert "127, 127" not in json.dumps(found)


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--questions", "0"), "--questions is not a number of questions"),
        (("--questions", "1001"), "--questions is not a number of questions"),
        (("--seed", "-1"), "--seed is not a seed"),
        (("--answers", "/no/such"), "the answers '/no/such' cannot be read"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], what: str) -> None:
    found = CliRunner().invoke(app, [*QUIZ, *words])
    assert isinstance(found.exception, CeterisError)
    assert found.exception.what == what


def test_a_file_too_large_or_no_text_is_refused(tmp_path: Path) -> None:
    for content in (b"1\n" * 600_000, b"\xff\xfe"):
        (tmp_path / "a.txt").write_bytes(content)
        found = CliRunner().invoke(app, [*QUIZ, "--answers", str(tmp_path / "a.txt")])
        assert isinstance(found.exception, CeterisError)


def test_at_a_terminal_it_asks_again_and_ctrl_c_says_the_score() -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "ceteris", *QUIZ]
    # A suite started in the background of a shell ignores Ctrl-C, and its children would too.
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        words, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, preexec_fn=heard
    )
    os.close(theirs)
    assert process.stdout is not None

    def until(text: bytes) -> bytes:
        read = b""
        while not read.endswith(text):
            byte = os.read(process.stdout.fileno(), 1)  # type: ignore[union-attr]
            assert byte, read
            read += byte
        return read

    until(b"> ")
    os.write(ours, b"no idea\n")
    assert b"An answer looks like (64, 64, 3)" in until(b"> ")
    os.write(ours, b"(127, 127, 5)\n")
    assert b"Right:" in until(b"> ")
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()
    assert process.wait() == 130
    assert rest.endswith(b"1 right of 5, 4 not answered\n")
    process.stdout.close()
    os.close(ours)
