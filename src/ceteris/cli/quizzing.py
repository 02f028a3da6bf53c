"""``ceteris quiz shapes``: questions asked, answers read, mistakes explained."""

import sys
import textwrap
from pathlib import Path

from ceteris.cli.tables import console, print_json
from ceteris.errors import CeterisError, shown
from ceteris.nets import Graded, Question, answer_text, ask, form_text, grade

_MOST_QUESTIONS = 1000
_LARGEST_BYTES = 1_000_000  # of a file of answers
_SHOWN = 60  # characters of an answer that was not typed
_STDIN = "-"
INTERRUPTED = 130  # the exit code of Ctrl-C


def run_quiz(count: int, seed: int, *, answers: str | None, json: bool) -> int:
    """Ask, or grade a file of answers.

    Args:
        count: how many questions.
        seed: which.
        answers: a file with an answer a line, ``"-"`` for standard input; None asks.
        json: print one object instead; without answers it holds the questions alone.

    Returns:
        The exit code: 0, or 130 where Ctrl-C ended it.
    """
    if not 1 <= count <= _MOST_QUESTIONS:
        raise CeterisError(
            "--questions is not a number of questions",
            received=str(count),
            expected=f"1 to {_MOST_QUESTIONS:,}",
            fix="leave it out for 5",
        )
    if seed < 0:
        raise CeterisError(
            "--seed is not a seed",
            received=str(seed),
            expected="a whole number, 0 or more",
            fix="leave it out for 0",
        )
    questions = [ask(seed, number) for number in range(count)]
    if json:
        lines = None if answers is None else _read(answers)
        print_json(_as_json(questions, seed, lines))
        return 0
    if answers is not None:
        graded = [grade(q, text) for q, text in zip(questions, _read(answers), strict=False)]
        _show(graded)
        _print_score(graded, count)
        return 0
    return _ask(questions)


def _ask(questions: list[Question]) -> int:
    """Ask one after another; the score is said however it ends."""
    if hasattr(sys.stdin, "reconfigure"):
        sys.stdin.reconfigure(errors="replace")  # no answer, and no traceback either
    answered: list[Graded] = []
    code = 0
    try:
        for number, question in enumerate(questions, 1):
            _say(f"{number}. {question.text}")
            graded = _answered(question)
            if graded is None:
                break
            answered.append(graded)
            _say(graded.said, indent=3)
            sys.stdout.write("\n")
    except KeyboardInterrupt:
        sys.stdout.write("\n")
        code = INTERRUPTED
    _print_score(answered, len(questions))
    return code


def _answered(question: Question) -> Graded | None:
    """The next answer; None where there is nobody left to give one."""
    at_terminal = sys.stdin.isatty()
    while True:
        sys.stdout.write("   > ")
        sys.stdout.flush()
        line = sys.stdin.readline(_LARGEST_BYTES)
        if not at_terminal or not line.endswith("\n"):
            # Nobody saw it being typed.
            shown_line = line.rstrip()[:_SHOWN]
            sys.stdout.write("".join(c if c.isprintable() else "?" for c in shown_line) + "\n")
        if not line:
            return None
        graded = grade(question, line)
        if graded.given is not None or not line.strip() or not at_terminal:
            return graded
        _say(f"An answer looks like {form_text(question)}; an empty line gives up.", indent=3)


def _show(graded: list[Graded]) -> None:
    for number, one in enumerate(graded, 1):
        _say(f"{number}. {one.question.text}")
        _say((f"Line {number} could not be read. " if one.unread else "") + one.said, indent=3)
        sys.stdout.write("\n")


def _print_score(graded: list[Graded], count: int) -> None:
    parts = [f"{sum(one.right for one in graded)} right of {count}"]
    if blank := count - sum(not one.blank for one in graded):
        parts.append(f"{blank} not answered")
    if unread := sum(one.unread for one in graded):
        parts.append(f"{unread} not read")
    sys.stdout.write(", ".join(parts) + "\n")


def _say(text: str, *, indent: int = 0) -> None:
    for line in textwrap.wrap(text, console().width - indent):
        sys.stdout.write(" " * indent + line + "\n")


def _read(answers: str) -> list[str]:
    """The lines of a file of answers, or of standard input; a line is a question's answer.

    A line that is no text does not lose the others, and only a line feed ends one.
    """
    try:
        if answers == _STDIN:
            content = sys.stdin.buffer.read(_LARGEST_BYTES + 1)
        else:
            with Path(answers).open("rb") as file:
                content = file.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise ValueError(f"it has more than {_LARGEST_BYTES:,} bytes")
        if b"\0" in content or content.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise ValueError("it is no text in UTF-8")
        return content.decode("utf-8-sig", errors="replace").removesuffix("\n").split("\n")
    except (OSError, ValueError) as error:
        raise CeterisError(
            f"the answers {shown(answers)} cannot be read",
            received=getattr(error, "strerror", None) or str(error),
            expected="a text file with an answer a line",
            fix="check the path",
        ) from None


def _as_json(questions: list[Question], seed: int, lines: list[str] | None) -> dict[str, object]:
    """The questions; graded, with what is right, only where there are answers."""
    asked: list[dict[str, object]] = [
        {"number": number, "text": question.text, "kind": question.kind}
        for number, question in enumerate(questions, 1)
    ]
    if lines is None:
        return {"seed": seed, "questions": asked}
    graded = [grade(question, text) for question, text in zip(questions, lines, strict=False)]
    for entry, one in zip(asked, graded, strict=False):
        entry["given"] = None if one.given is None else list(one.given)
        entry["right"] = one.right
        entry["answer"] = answer_text(one.question)
        entry["said"] = one.said
    return {
        "seed": seed,
        "questions": asked,
        "answered": sum(not one.blank for one in graded),
        "not_read": sum(one.unread for one in graded),
        "right": sum(one.right for one in graded),
    }
