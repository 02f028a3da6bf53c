"""Answers as people write them, and what can be said to each."""

import re
from dataclasses import dataclass

from ceteris.nets.layer import Shape
from ceteris.nets.questions import Question

_LONGEST = 200  # characters of an answer; no number here has more than ten digits


@dataclass(frozen=True)
class Graded:
    """An answer to a question.

    Args:
        question: what was asked.
        given: what was read; None where it is no answer.
        right: whether it is right.
        said: what to tell whoever gave it.
        blank: whether nothing was answered.
    """

    question: Question
    given: Shape | None
    right: bool
    said: str
    blank: bool

    @property
    def unread(self) -> bool:
        """Whether something was answered that is no answer."""
        return self.given is None and not self.blank


def grade(question: Question, text: str) -> Graded:
    """Compare an answer with the right one, and explain a mistake that is known.

    Args:
        question: what was asked.
        text: the answer; an empty one is none.

    Example:
        >>> from ceteris.nets.quiz import ask
        >>> print(grade(ask(0, 4), "8,448").said)
        No: the flatten is forgotten: that is a dense layer applied to the last axis, \
(32 + 1)*256 = 8,448. It is 4,333,824: (16,928 + 1)*256 = 4,333,824.
        >>> grade(ask(0, 0), "127x127x5").right
        True
    """
    given = read_answer(text, question.kind)
    right = given == question.answer
    known = None if given is None else question.mistake(given)
    if right:
        said = f"Right: {question.why}."
    else:
        if given is not None:
            said = "No." if known is None else f"No: {known.said}."
        elif text.strip():
            said = f"Not read; an answer looks like {form_text(question)}."
        else:
            said = "No answer."
        said += f" It is {answer_text(question)}: {question.why}."
    return Graded(question, given, right, said, not text.strip())


def answer_text(question: Question) -> str:
    """The right answer as it is written.

    Example:
        >>> from ceteris.nets.quiz import ask
        >>> answer_text(ask(0, 0)), answer_text(ask(0, 1))
        ('(127, 127, 5)', '9,216')
    """
    return str(question.answer) if question.kind == "shape" else f"{question.answer[0]:,}"


def form_text(question: Question) -> str:
    """What an answer to it looks like; not the right one."""
    return "(64, 64, 3)" if question.kind == "shape" else "1,000"


def read_answer(text: str, kind: str) -> Shape | None:
    """Read a shape or a number; None where it is neither.

    A shape is three numbers with ``x``, commas or blanks between them, in brackets or not. A number
    may have its thousands apart, by a comma, a blank, an underscore or an apostrophe, and end in
    ``.0``, as other programs write whole numbers.

    Example:
        >>> read_answer("(127, 127, 5)", "shape"), read_answer("127 x 127 x 5", "shape")
        ((127, 127, 5), (127, 127, 5))
        >>> [read_answer(text, "count") for text in ("9,216", "(9216,)", "?")]
        [(9216,), (9216,), None]
    """
    plain = text.strip()
    if len(plain) > _LONGEST or not plain.isascii():
        plain = plain.replace("×", "x")  # noqa: RUF001  (the sign people paste)
        if len(plain) > _LONGEST or not plain.isascii():
            return None
    plain = plain.strip("()[] ").rstrip(",").strip()
    if kind == "count":
        number = _number(plain)
        return None if number is None else (number,)
    by_sign = re.split(r"\s*[xX*]\s*", plain)
    parts = by_sign if len(by_sign) > 1 else re.split(r"\s*[,;]\s*|\s+", plain)
    numbers = [_number(part) for part in parts]
    if len(numbers) != 3 or None in numbers:
        return None
    return tuple(number for number in numbers if number is not None)


def _number(text: str) -> int | None:
    """A whole number of at most 18 digits, its thousands apart or not."""
    text = re.sub(r"(?<=\d)\.00?$", "", text)  # not .000, which are thousands elsewhere
    if re.fullmatch(r"\d{1,18}", text):
        return int(text)
    if re.fullmatch(r"\d{1,3}(?:([,_' ])\d{3})(?:\1\d{3}){0,4}", text):
        return int(re.sub(r"\D", "", text))
    return None
