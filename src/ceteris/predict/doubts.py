"""Why a prediction should not be trusted: each a register entry, each says what was measured.

What is measured of one picture is short, since it is said of each; what a kind of doubt means, and
by which yardstick, is said once.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from ceteris.data.own_pictures import Prepared
from ceteris.data.pictures import Ground
from ceteris.predict.known import OwnImages
from ceteris.predict.likeness import PERCENTILE, Likeness
from ceteris.predict.polarity import Borders, border_levels
from ceteris.predict.votes import Vote

LOW_MARGIN = 0.2
_FAR = 10  # times a limit; beyond it decimals say nothing
_SQUEEZED = 1.5  # a square becomes an oblong of 2 by 3
_FLAT = 0.02  # standard deviation of the network's view, as a share of black to white


@dataclass(frozen=True)
class Doubt:
    """One reason not to trust a prediction.

    Args:
        kind: a name in :data:`DOUBTS`.
        sentence: what was measured of this picture, in a few words.
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
        ground: what transparent pictures are laid on.
        known: which of the run's own images it is; empty where it is none.
    """

    prepared: Prepared
    vote: Vote
    distances: Mapping[str, float]
    classes: tuple[str, ...]
    pixel_max: int
    ground: Ground = "white"
    known: str = ""


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured on the run's own images; each None where they are no longer here.

    Args:
        likeness: thresholds of distances.
        borders: how light training borders are.
        margins: of held-out images, and whether each was right: float64 (n,), bool (n,).
        own: the run's images, to find a picture among them.
    """

    likeness: Likeness | None = None
    borders: Borders | None = None
    margins: tuple[np.ndarray, np.ndarray] | None = None
    own: OwnImages | None = None


@dataclass(frozen=True)
class Kind:
    """A kind of doubt.

    Args:
        measure: what was measured of a picture, in a few words; empty where there is no doubt.
        meaning: what it means and by which yardstick, the same for all pictures.
    """

    measure: Callable[[Seen, Measured], str]
    meaning: Callable[[Measured], str]


def doubts_of(seen: Seen, measured: Measured) -> tuple[Doubt, ...]:
    """Every doubt that holds, in the order of the register."""
    found = ((name, kind.measure(seen, measured)) for name, kind in DOUBTS.items())
    return tuple(Doubt(name, sentence) for name, sentence in found if sentence)


def doubt_name(kind: str) -> str:
    """What people read.

    Example:
        >>> doubt_name("low_margin")
        'low margin'
    """
    return kind.replace("_", " ")


def meanings_of(kinds: Collection[str], measured: Measured) -> dict[str, str]:
    """What some kinds of doubt mean, in the order of the register."""
    return {name: kind.meaning(measured) for name, kind in DOUBTS.items() if name in kinds}


def _known(seen: Seen, measured: Measured) -> str:
    return f"it is {seen.known}" if seen.known else ""


def _known_means(measured: Measured) -> str:
    return (
        "the very picture is in the data, pixel by pixel; of a training image the answer says "
        "nothing of new pictures, a validation or test image is in the study's figures already"
    )


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
    said = [f"{ratio:,.{2 if ratio < _FAR else 0}f} in {space}" for space, ratio in farther.items()]
    return ", ".join(said).replace(" in ", " times the limit in ", 1)


def _unlike_means(measured: Measured) -> str:
    likeness = measured.likeness
    if likeness is None:
        return ""
    of = f"{likeness.num_held_out:,} {likeness.held_out} images"
    # Of few images the percentile is their maximum, which "99.7%" would not say.
    limit = f"than {PERCENTILE:.1f}% of {of} each" if likeness.called else f"than any of {of}"
    return (
        f"farther from the training images {limit}, in pixels, in features (what the network makes "
        "of it) or in statistics (lightness, contrast, edges, colour)"
    )


def _inverted(seen: Seen, measured: Measured) -> str:
    borders = measured.borders
    level = float(border_levels(seen.prepared.pixels[np.newaxis], seen.pixel_max)[0])
    if borders is None or not borders.suspects(level):
        return ""
    kind = "dark on light" if level > borders.high else "light on dark"
    return f"looks {kind}: its border is {level:.2f} of white"


def _inverted_means(measured: Measured) -> str:
    borders = measured.borders
    if borders is None:
        return ""
    return (
        f"perhaps: the borders of the training images are {borders.low:.2f} to {borders.high:.2f} "
        "of white; --invert auto turns such pictures"
    )


def _low_margin(seen: Seen, measured: Measured) -> str:
    vote = seen.vote
    if vote.margin >= LOW_MARGIN:
        return ""
    first, second = (seen.classes[label] for label in vote.order[:2])
    return f"{first} is only {vote.margin:.2f} ahead of {second}"


def _low_margin_means(measured: Measured) -> str:
    said = f"the first class leads by less than {LOW_MARGIN}"
    if measured.margins is None:
        return said
    margins, right = measured.margins
    as_close = right[margins < LOW_MARGIN]
    if not len(as_close):
        return said
    share = f"{as_close.mean():.0%}"
    return f"{said}; of {len(as_close):,} held-out images with so small a lead {share} were right"


def _seeds_disagree(seen: Seen, measured: Measured) -> str:
    if len(seen.vote.votes) < 2:
        return ""
    return ", ".join(
        f"{count} for {seen.classes[label]}" for label, count in seen.vote.votes.items()
    )


def _seeds_disagree_means(measured: Measured) -> str:
    return "trained with other random numbers, the same network says something else"


def _tiny(seen: Seen, measured: Measured) -> str:
    height, width = seen.prepared.size
    if seen.prepared.enlarged <= 1:
        return ""
    rows, columns, _ = seen.prepared.pixels.shape
    return (
        f"{width} x {height} pixels, enlarged {seen.prepared.enlarged:.1f} times to the "
        f"network's {columns} x {rows}"
    )


def _tiny_means(measured: Measured) -> str:
    return "fewer pixels than the network's input: what is between them is made up"


def _squeezed(seen: Seen, measured: Measured) -> str:
    if seen.prepared.squeezed < _SQUEEZED:
        return ""
    return f"one side was made {seen.prepared.squeezed:.1f} times shorter than the other"


def _squeezed_means(measured: Measured) -> str:
    return f"from {_SQUEEZED} times on; --fit pad or --fit crop keep the aspect ratio"


def _flat(seen: Seen, measured: Measured) -> str:
    spread = float(seen.prepared.pixels.std()) / seen.pixel_max
    if spread >= _FLAT:
        return ""
    said = f"its pixels differ by {spread:.1%} of the whole range"
    other = seen.prepared.other_ground
    if other is None:
        return said
    ground = "black" if seen.ground == "white" else "white"
    if other < _FLAT:
        return f"{said} on {seen.ground}, {other:.1%} on {ground}: neither ground shows anything"
    return f"{said} on {seen.ground}, {other:.1%} on {ground}: use --ground {ground}"


def _flat_means(measured: Measured) -> str:
    return f"hardly anything to see: a standard deviation below {_FLAT:.0%} of black to white"


DOUBTS: Mapping[str, Kind] = {
    "known": Kind(_known, _known_means),
    "unlike": Kind(_unlike, _unlike_means),
    "inverted": Kind(_inverted, _inverted_means),
    "low_margin": Kind(_low_margin, _low_margin_means),
    "seeds_disagree": Kind(_seeds_disagree, _seeds_disagree_means),
    "tiny": Kind(_tiny, _tiny_means),
    "squeezed": Kind(_squeezed, _squeezed_means),
    "flat": Kind(_flat, _flat_means),
}
