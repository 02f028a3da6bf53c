"""Why a prediction should not be trusted: each a register entry, each says what was measured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ceteris.data.own_pictures import Prepared
from ceteris.predict.likeness import PERCENTILE, Likeness
from ceteris.predict.polarity import Borders, border_levels
from ceteris.predict.votes import Vote

LOW_MARGIN = 0.2
_WHERE = {
    "pixels": "in its pixels",
    "features": "in what the network makes of it",
    "statistics": "in lightness, contrast, edges or colour",
}
_SQUEEZED = 1.5  # a square becomes an oblong of 2 by 3
_FLAT = 0.02  # standard deviation of the network's view, as a share of black to white


@dataclass(frozen=True)
class Doubt:
    """One reason not to trust a prediction.

    Args:
        kind: a name in :data:`DOUBTS`.
        sentence: what was measured.
    """

    kind: str
    sentence: str


@dataclass(frozen=True)
class Seen:
    """All that is known of one picture when it is doubted.

    Args:
        prepared: what the network is given.
        vote: what it says.
        distances: to the training images, by space; empty where likeness is not judged.
        classes: names by label.
        pixel_max: the largest value of a pixel.
    """

    prepared: Prepared
    vote: Vote
    distances: Mapping[str, float]
    classes: tuple[str, ...]
    pixel_max: int


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured on the run's own images; each None where they are no longer here.

    Args:
        likeness: thresholds of distances.
        borders: how light training borders are.
        margins: of held-out images, and whether each was right: float64 (n,), bool (n,).
    """

    likeness: Likeness | None = None
    borders: Borders | None = None
    margins: tuple[np.ndarray, np.ndarray] | None = None


def doubts_of(seen: Seen, measured: Measured) -> tuple[Doubt, ...]:
    """Every doubt that holds, in the order of the register."""
    found = ((kind, doubt(seen, measured)) for kind, doubt in DOUBTS.items())
    return tuple(Doubt(kind, sentence) for kind, sentence in found if sentence)


def _unlike(seen: Seen, measured: Measured) -> str:
    likeness = measured.likeness
    if likeness is None:
        return ""
    farther = {
        space: distance / max(likeness.thresholds[space], 1e-12)
        for space, distance in seen.distances.items()
        if distance > likeness.thresholds[space]
    }
    if not farther:
        return ""
    said = ", ".join(f"{ratio:.2f} times {_WHERE[space]}" for space, ratio in farther.items())
    return (
        f"unlike the training images: {said} the distance from them within which "
        f"{PERCENTILE:.1f}% of {likeness.num_held_out:,} {likeness.held_out} images lie"
    )


def _inverted(seen: Seen, measured: Measured) -> str:
    borders = measured.borders
    level = float(border_levels(seen.prepared.pixels[np.newaxis], seen.pixel_max)[0])
    if borders is None or not borders.suspects(level):
        return ""
    kind = "dark on light" if level > borders.high else "light on dark"
    return (
        f"perhaps inverted: its border is {level:.2f} of white, those of the training images are "
        f"{borders.low:.2f} to {borders.high:.2f}; it looks {kind} (--invert auto turns it)"
    )


def _low_margin(seen: Seen, measured: Measured) -> str:
    vote = seen.vote
    if vote.margin >= LOW_MARGIN:
        return ""
    first, second = (seen.classes[label] for label in vote.order[:2])
    said = f"close: {first} is only {vote.margin:.2f} ahead of {second}"
    if measured.margins is None:
        return said
    margins, right = measured.margins
    as_close = right[margins < LOW_MARGIN]
    if not len(as_close):
        return said
    return (
        f"{said}; of {len(as_close):,} held-out images with a lead below {LOW_MARGIN}, "
        f"{as_close.mean():.0%} were right"
    )


def _seeds_disagree(seen: Seen, measured: Measured) -> str:
    if len(seen.vote.votes) < 2:
        return ""
    return "the seeds disagree: " + ", ".join(
        f"{count} for {seen.classes[label]}" for label, count in seen.vote.votes.items()
    )


def _tiny(seen: Seen, measured: Measured) -> str:
    height, width = seen.prepared.size
    if seen.prepared.enlarged <= 1:
        return ""
    rows, columns, _ = seen.prepared.pixels.shape
    return (
        f"tiny: {width} x {height} pixels, enlarged {seen.prepared.enlarged:.1f} times to the "
        f"network's {columns} x {rows}"
    )


def _squeezed(seen: Seen, measured: Measured) -> str:
    if seen.prepared.squeezed < _SQUEEZED:
        return ""
    return f"squeezed: one side was made {seen.prepared.squeezed:.1f} times shorter than the other"


def _flat(seen: Seen, measured: Measured) -> str:
    spread = float(seen.prepared.pixels.std()) / seen.pixel_max
    if spread >= _FLAT:
        return ""
    return f"nearly flat: the pixels the network sees differ by {spread:.1%} of black to white"


DOUBTS: Mapping[str, Callable[[Seen, Measured], str]] = {
    "unlike": _unlike,
    "inverted": _inverted,
    "low_margin": _low_margin,
    "seeds_disagree": _seeds_disagree,
    "tiny": _tiny,
    "squeezed": _squeezed,
    "flat": _flat,
}
