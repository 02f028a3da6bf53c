"""What a study's parts share: images that are trained on and tested on, and what is left out.

Of a study that draws a split for every seed, the first seed's is spoken of.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ceteris.conduct.plan import Plan, PlannedRun
from ceteris.data import DataSet, Dropped, count_dropped, rows_to_drop
from ceteris.data.dropping import DROPS
from ceteris.study import Arm


@dataclass(frozen=True)
class Overlap:
    """How far the parts of a run's split hold the same images, pixel by pixel.

    Args:
        test, validation: images of that part that are training images too.
        num_test, num_validation: images of that part.
        conflicting: training images that are there with another label too.
        words: of ``drop`` that some arm has: what it says is known to whoever declared the study.
        validation_in_test: validation images that are test images too.
    """

    test: int
    validation: int
    num_test: int
    num_validation: int
    conflicting: int
    words: tuple[str, ...]
    validation_in_test: int = 0

    @property
    def sentences(self) -> tuple[str, ...]:
        """What should be known before the study runs, with what to do; empty for nothing.

        Example:
            >>> print(*Overlap(2, 0, 50, 0, 0, ()).sentences)
            2 of 50 test images are training images too, pixel by pixel; drop = ["leaked"] in \
[data] leaves them out of training
            >>> Overlap(2, 0, 50, 0, 0, ("leaked",)).sentences
            ()
        """
        return tuple(filter(None, (self._to_drop(), self._that_stay())))

    def _that_stay(self) -> str:
        count = self.validation_in_test
        if not count:
            return ""
        one = count == 1
        return (
            f"{count:,} of {self.num_validation:,} validation images "
            f"{'is a test image' if one else 'are test images'} too, pixel by pixel; "
            f"{'it stays' if one else 'they stay'}, so what is chosen by validation images, as the "
            "best epoch or an arm, is chosen by test images too"
        )

    def _to_drop(self) -> str:
        found, words = [], []
        held = [
            (count, f"{count:,} of {of:,} {part} images")
            for count, of, part in (
                (self.test, self.num_test, "test"),
                (self.validation, self.num_validation, "validation"),
            )
            if count
        ]
        if held and "leaked" not in self.words:
            one = sum(count for count, _ in held) == 1
            found.append(
                " and ".join(text for _, text in held)
                + f" {'is a training image' if one else 'are training images'} too, pixel by pixel"
            )
            words.append('"leaked"')
        if self.conflicting and "conflicting" not in self.words:
            one = self.conflicting == 1
            found.append(
                f"{self.conflicting:,} training {'image is' if one else 'images are'} there with "
                "another label too"
            )
            words.append('"conflicting"')
        if not found:
            return ""
        return (
            f"{', and '.join(found)}; drop = [{', '.join(words)}] in [data] leaves them out of "
            "training"
        )


def overlap(data: DataSet, arms: Sequence[Arm], run: PlannedRun) -> Overlap:
    """Look for images that the parts of a run's split share; a third of a second for 60,000.

    Args:
        data: what is learned from.
        arms: all of the study's.
        run: one that leaves out nothing, where there is one.
    """
    copies, split = data.first_copies, run.split
    trained = copies[split.train]
    held = np.concatenate([split.validation, split.test])
    found = rows_to_drop(data, ["conflicting"], train=split.train, held=held)
    return Overlap(
        test=int(np.isin(copies[split.test], trained).sum()),
        validation=int(np.isin(copies[split.validation], trained).sum()),
        num_test=len(split.test),
        num_validation=len(split.validation),
        conflicting=len(found["conflicting"]),
        words=tuple({word: 0 for arm in arms for word in arm.recipe.data.split.drop}),
        validation_in_test=int(np.isin(copies[split.validation], copies[split.test]).sum()),
    )


def overlap_of(plan: Plan) -> Overlap:
    """What the parts of a plan share, see :func:`overlap`."""
    drops = {arm.name: arm.recipe.data.split.drop for arm in plan.study.arms}
    run = min(plan.runs, key=lambda run: len(drops[run.arm]))
    return overlap(plan.data, plan.study.arms, run)


def dropped_of(plan: Plan) -> dict[str, Dropped]:
    """What each arm leaves out, of the arms that ask for it."""
    return {
        arm.name: count_dropped(plan.data, arm.recipe.data.split)
        for arm in plan.study.arms
        if arm.recipe.data.split.drop
    }


def dropped_sentences(found: dict[str, Dropped], num_arms: int) -> tuple[str, ...]:
    """What is left out, a sentence for each arm, or one where all arms leave out the same.

    Args:
        found: of :func:`dropped_of`.
        num_arms: of the study.

    Example:
        >>> dropped = Dropped({"leaked": 2, "flat": 1}, images=3, of=60)
        >>> dropped_sentences({"a": dropped}, num_arms=2)
        ('a: 3 of 60 training images are left out: 2 leaked, 1 flat',)
    """
    said = {arm: _sentence(dropped) for arm, dropped in found.items()}
    if len(said) == num_arms and len(set(said.values())) == 1:
        return (next(iter(said.values())),)
    return tuple(f"{arm}: {sentence}" for arm, sentence in said.items())


def _sentence(dropped: Dropped) -> str:
    counts = dropped.by_word
    # In the register's order: a stored answer has its words sorted by name.
    words = ", ".join(
        # "1 duplicate", the one word that is a noun.
        f"{counts[word]:,} {word.removesuffix('s') if counts[word] == 1 else word}"
        for word in DROPS
        if word in counts
    )
    both = sum(counts.values()) > dropped.images
    are = "is" if dropped.images == 1 else "are"
    return f"{dropped.images:,} of {dropped.of:,} training images {are} left out: {words}" + (
        " (some are both)" if both else ""
    )
