"""A question, what is right, and the wrong answers that known mistakes give."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ceteris.nets.layer import Shape


@dataclass(frozen=True)
class Mistake:
    """A wrong answer and what leads to it.

    Args:
        answer: what the mistake gives.
        said: which mistake, and what is right.
    """

    answer: Shape
    said: str


@dataclass(frozen=True)
class Question:
    """One question.

    Args:
        text: what is asked.
        kind: ``"shape"``, answered by (H, W, C), or ``"count"``, answered by one number.
        answer: what is right; of a count one number.
        why: the formula with its numbers.
        mistakes: wrong answers that are recognised, no two alike and none of them right.
    """

    text: str
    kind: Literal["shape", "count"]
    answer: Shape
    why: str
    mistakes: tuple[Mistake, ...]

    def mistake(self, given: Shape) -> Mistake | None:
        """The mistake that leads to an answer, or None where it is not known."""
        return next((mistake for mistake in self.mistakes if mistake.answer == given), None)


def make_question(
    text: str, kind: Literal["shape", "count"], answer: Shape, why: str, found: Iterable[Mistake]
) -> Question:
    """Make a question of its parts; of equal wrong answers the first is explained."""
    kept: dict[Shape, Mistake] = {}
    for mistake in found:
        if mistake.answer != answer and min(mistake.answer) > 0:
            kept.setdefault(mistake.answer, mistake)
    return Question(text, kind, answer, why, tuple(kept.values()))
