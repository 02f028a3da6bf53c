"""What predicting came to, as rows: numbers and sentences, nothing printed and nothing drawn."""

from collections.abc import Mapping
from dataclasses import dataclass

from ceteris.data.dataset import Images
from ceteris.predict.doubts import Doubt
from ceteris.predict.files import LeftOut


@dataclass(frozen=True, eq=False)
class Prediction:
    """One picture.

    Args:
        name: its path, as it was named or found.
        label: the class of the largest mean probability.
        probabilities: class -> mean over seeds, the largest first.
        low, high: 95% t interval over seeds of the label's probability; None for fewer than three.
        spread: standard deviation over seeds of it; None for one seed.
        margin: by how much the first class is ahead of the second.
        votes: class -> how many seeds have it first.
        size: (height, width) of the picture, upright.
        steps: what was done to it, in words.
        doubts: why not to trust it; empty where there is no reason known.
        view: uint8 (H, W, C), what the network sees, 0 black to 255 white.
        original: uint8 (h, w, 3), a small copy; empty where it was not asked for.
    """

    name: str
    label: str
    probabilities: Mapping[str, float]
    low: float | None
    high: float | None
    spread: float | None
    margin: float
    votes: Mapping[str, int]
    size: tuple[int, int]
    steps: tuple[str, ...]
    doubts: tuple[Doubt, ...]
    view: Images
    original: Images

    @property
    def probability(self) -> float:
        """Of the label."""
        return self.probabilities[self.label]


@dataclass(frozen=True)
class LikenessNote:
    """How unlike was judged; see :mod:`ceteris.predict.likeness`.

    Args:
        num_reference: training images that pictures were compared with.
        num_held_out: images the thresholds were measured on.
        held_out: ``"validation"`` or ``"training"``.
        called: how many of those are called unlike.
    """

    num_reference: int
    num_held_out: int
    held_out: str
    called: int


@dataclass(frozen=True, eq=False)
class Predictions:
    """All pictures, and by which networks.

    Args:
        study, variant, arm: whose networks.
        reason: why this arm, in words.
        seeds: that voted.
        num_seeds: that the arm should have.
        classes: by label.
        input_shape: (H, W, C).
        normalisation: what the network's own normalisation is, in words.
        validation_accuracy: of the seeds, their mean; None where there was no validation part.
        rows: one for each picture that could be read.
        left_out: the files that could not.
        meanings: kind of doubt -> what it means and by which yardstick, of the kinds in ``rows``.
        likeness: how unlike was judged; None where it was not.
        notes: what a reader must know, each a sentence.
    """

    study: str
    variant: str
    arm: str
    reason: str
    seeds: tuple[int, ...]
    num_seeds: int
    classes: tuple[str, ...]
    input_shape: tuple[int, int, int]
    normalisation: str
    validation_accuracy: float | None
    rows: tuple[Prediction, ...]
    left_out: tuple[LeftOut, ...]
    meanings: Mapping[str, str]
    likeness: LikenessNote | None
    notes: tuple[str, ...]
