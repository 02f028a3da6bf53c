"""What a run's own images say about how to doubt: distances, borders, and how far leads are right.

The test part is not looked at, but for telling that a picture is one of its images. Where a study
has no validation part, training images are held out of the reference instead: the network has seen
them, so their features are nearer than those of new pictures, and more than 1% of ordinary pictures
may be called unlike.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ceteris.conduct import Trained, training_data
from ceteris.data import DataSet
from ceteris.errors import CeterisError
from ceteris.predict.doubts import Measured
from ceteris.predict.known import OwnImages
from ceteris.predict.likeness import Likeness, Reference, as_points, measure
from ceteris.predict.polarity import borders_of
from ceteris.predict.votes import vote

if TYPE_CHECKING:
    from ceteris.engine.inference import Network

_MOST_REFERENCE = 3000
_MOST_NUMBERS = 2**25  # of all reference images together: 128 MB as float32
_FEWEST = 50
_MOST_HELD_OUT = 1000
_FEW = 500  # held-out images: of fewer the 99.5th percentile is one of the two largest
_HELD_OUT_SHARE = 5  # one in so many training images, where there is no validation part


def measure_own(
    runs: Sequence[Trained],
    networks: Sequence["Network"],
    home: str | Path | None,
    data_folder: str | Path | None,
    announce: Callable[[str], None],
) -> tuple[Measured, tuple[str, ...]]:
    """What is measured on the images of an arm's first run, and what must be said about it.

    Args:
        runs: of one arm.
        networks: theirs.
        home, data_folder: where the training images are looked for.
        announce: told before it is begun.
    """
    first = runs[0]
    try:
        data = training_data(
            first,
            home=None if home is None else Path(home),
            data_folder=None if data_folder is None else Path(data_folder),
        )
    except CeterisError as error:
        why = f"the training images are not here: {error.what}"
        return Measured(), (f"Likeness and polarity are not judged, for {why}.",)
    split = first.split
    train, held_out, of = split.train, split.validation, "validation"
    if not len(held_out):
        held_out, of = _every(train, _HELD_OUT_SHARE), "training"
        train = np.setdiff1d(train, held_out)
    most = max(_FEWEST, _MOST_NUMBERS // math.prod(first.input_shape))
    train = _evenly(train, min(_MOST_REFERENCE, most))
    held_out = _evenly(held_out, min(_MOST_HELD_OUT, most))
    announce(f"comparing with {len(train):,} training and {len(held_out):,} {of} images")
    likeness = _likeness(data, networks[0], train, held_out, of)
    measured = Measured(
        likeness=likeness,
        borders=borders_of(data.images[train], data.pixel_max),
        margins=_margins(data, networks, held_out) if of == "validation" else None,
        own=OwnImages(data, split),
    )
    return measured, likeness_notes(likeness)


def _likeness(
    data: DataSet, network: "Network", train: np.ndarray, held_out: np.ndarray, of: str
) -> Likeness:
    points = [
        as_points(data.images[rows], network.features(data.images[rows]), data.pixel_max)
        for rows in (train, held_out)
    ]
    return measure(Reference.of(points[0]), points[1], of)


def _margins(
    data: DataSet, networks: Sequence["Network"], rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Of each held-out image the lead of its first class, and whether that class is right."""
    votes = vote([network.logits(data.images[rows]) for network in networks])
    labels = data.labels[rows].tolist()
    right = [own.label == label for own, label in zip(votes, labels, strict=True)]
    return np.array([own.margin for own in votes]), np.array(right)


def likeness_notes(likeness: Likeness) -> tuple[str, ...]:
    """What the limits were set on, and how far they can be relied on."""
    share = likeness.called / likeness.num_held_out
    of = f"{likeness.num_held_out:,} {likeness.held_out} images"
    found = [f"The farthest of {of} is the limit of unlike."]
    if likeness.called:
        # The limits were set on these very images, so their share is no measurement on new ones.
        beyond = f"{likeness.called:,} ({share:.1%})"
        found = [f"The limits of unlike were set on {of}; {beyond} of them lie beyond one."]
    if likeness.held_out == "training":
        found.append(
            "There is no validation part, so that was measured on training images, which the "
            "network has seen: more of ordinary pictures may be called unlike."
        )
    if likeness.num_held_out < _FEW:
        found.append("So few images make a rough limit.")
    return tuple(found)


def _every(rows: np.ndarray, share: int) -> np.ndarray:
    """One in so many rows, at least one; the first is left where it is the only one."""
    return rows[share - 1 :: share] if len(rows) >= share else rows[-1:]


def _evenly(rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many rows, evenly spaced."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]
