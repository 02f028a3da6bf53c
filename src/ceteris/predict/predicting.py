"""From stored runs and files to predictions: every step the networks were trained with, applied."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ceteris.conduct import Trained, check_views, open_trained
from ceteris.data import DATA_SETS
from ceteris.data.own_pictures import Fit, Preparation, Prepared, default_fit, prepare_picture
from ceteris.data.pictures import Ground
from ceteris.errors import CeterisError
from ceteris.predict.choosing import choose_arm, validation_accuracy
from ceteris.predict.doubts import Measured, Seen, doubts_of, meanings_of
from ceteris.predict.files import LeftOut, list_pictures, read_content
from ceteris.predict.likeness import as_points
from ceteris.predict.measuring import measure_own
from ceteris.predict.polarity import border_levels
from ceteris.predict.rows import LikenessNote, Prediction, Predictions
from ceteris.predict.votes import Vote, vote
from ceteris.study import ViewsSpec

if TYPE_CHECKING:
    from ceteris.engine.inference import Network

Invert = Literal["no", "auto", "yes"]

_AT_ONCE = 500  # pictures whose distances are taken together


@dataclass(frozen=True)
class Wanted:
    """How pictures are to be treated.

    Args:
        fit: what becomes of another aspect ratio; None for ``"stretch"`` where the run learned from
            a folder of pictures, which were stretched too, and ``"pad"`` elsewhere.
        ground: what transparent pictures are laid on.
        invert: ``"auto"`` inverts pictures whose polarity is suspected to be the other one,
            ``"yes"`` all of them; ``"no"`` only says that it is suspected.
        likeness: compare pictures with the training images.
        originals: keep a small copy of each picture, for a contact sheet.
        views: what probabilities are averaged over; None for the views the run was evaluated with.
    """

    fit: Fit | None = None
    ground: Ground = "white"
    invert: Invert = "no"
    likeness: bool = True
    originals: bool = False
    views: ViewsSpec | None = None


def predict(
    words: str,
    images: Sequence[str | Path],
    *,
    wanted: Wanted = Wanted(),
    home: str | Path | None = None,
    data_folder: str | Path | None = None,
    allow_code: bool = True,
    network: Callable[..., Any] | None = None,
    announce: Callable[[str], None] = lambda _: None,
) -> Predictions:
    """Let the networks of a study say what pictures show, and say when not to trust them.

    Args:
        words: ``STUDY``, ``STUDY@VARIANT``, either with ``:ARM`` or ``:ARM:SEED``, or the beginning
            of a run's id.
        images: files, or folders of them.
        wanted: how pictures are treated.
        home: where studies are kept; ``CETERIS_HOME`` or ``~/.ceteris`` if not said.
        data_folder: of data sets, where the training images are looked for.
        allow_code: False refuses runs whose network is made by the user's own file.
        network: the Python function the study was declared with, where it was.
        announce: told each such file, and what takes a while.

    Raises:
        CeterisError: anything wrong with what was given; a picture that cannot be read is none of
            these but listed as left out.
    """
    paths, left_out = list_pictures([Path(image) for image in images])
    opened = open_trained(
        None if home is None else Path(home),
        words,
        allow_code=allow_code,
        announce=announce,
        function=network,
    )
    runs, reason = choose_arm(opened)
    if wanted.views is not None:
        check_views(wanted.views, runs[0].input_shape, "--views")
        views = wanted.views if wanted.views.identity() else None
        runs = tuple(replace(run, train=replace(run.train, views=views)) for run in runs)
    first = runs[0]
    fit = wanted.fit or default_fit(DATA_SETS[first.source.name])
    how = Preparation(first.input_shape, first.pixel_max, fit, wanted.ground)
    pictures, unread = _read(paths, how, originals=wanted.originals)
    networks = [open_network(run) for run in runs]
    measured, notes = Measured(), tuple[str, ...]()
    if wanted.likeness and pictures:
        measured, notes = measure_own(runs, networks, home, data_folder, announce)
    if pictures:
        pictures = [(name, _turned(one, how, wanted, measured)) for name, one in pictures]
    else:
        notes = ()
    if first.train.views is not None:
        notes = (*notes, f"Probabilities are averaged over {first.train.views.words}.")
    rows = _predict(pictures, networks, measured, first, wanted.ground)
    return Predictions(
        study=first.study,
        variant=first.variant,
        arm=first.arm,
        reason=reason,
        seeds=tuple(run.seed for run in runs),
        num_seeds=first.num_seeds,
        classes=first.classes,
        input_shape=first.input_shape,
        normalisation=_in_words(first),
        validation_accuracy=validation_accuracy(runs),
        rows=rows,
        left_out=(*left_out, *unread),
        meanings=meanings_of({doubt.kind for row in rows for doubt in row.doubts}, measured),
        likeness=None
        if measured.likeness is None
        else LikenessNote(
            num_reference=len(measured.likeness.reference.pixels),
            num_held_out=measured.likeness.num_held_out,
            held_out=measured.likeness.held_out,
            called=measured.likeness.called,
        ),
        notes=notes,
    )


def open_network(run: Trained) -> "Network":
    """The network of a run with its weights."""
    from ceteris.engine.inference import Network

    return Network(
        run.network,
        run.train,
        run.weights,
        ways=run.ways,
        normalisation=run.normalisation,
        input_shape=run.input_shape,
        num_classes=len(run.classes),
    )


def _read(
    paths: Sequence[Path], how: Preparation, *, originals: bool
) -> tuple[list[tuple[str, Prepared]], tuple[LeftOut, ...]]:
    """One picture after another, so that only the small ones are held."""
    pictures: list[tuple[str, Prepared]] = []
    unread: list[LeftOut] = []
    nothing = np.empty((0, 0, 3), dtype=np.uint8)
    for path in paths:
        try:
            prepared = prepare_picture(read_content(path), path.name, how)
        except CeterisError as error:
            unread.append(LeftOut.because(str(path), error))
            continue
        pictures.append((str(path), prepared if originals else replace(prepared, original=nothing)))
    return pictures, tuple(unread)


def _turned(picture: Prepared, how: Preparation, wanted: Wanted, measured: Measured) -> Prepared:
    """The picture inverted, where that is asked for, or suspected and left to us."""
    inverted = wanted.invert == "yes"
    said = "inverted, as asked"
    if wanted.invert == "auto" and measured.borders is not None:
        level = float(border_levels(picture.pixels[np.newaxis], how.pixel_max)[0])
        inverted = measured.borders.suspects(level)
        said = "inverted, as its border suggests"
    if not inverted:
        return picture
    return replace(picture, pixels=how.pixel_max - picture.pixels, steps=(*picture.steps, said))


def _predict(
    pictures: Sequence[tuple[str, Prepared]],
    networks: Sequence["Network"],
    measured: Measured,
    run: Trained,
    ground: Ground,
) -> tuple[Prediction, ...]:
    if not pictures:
        return ()
    images = np.stack([prepared.pixels for _, prepared in pictures])
    votes = vote([network.logits(images) for network in networks])
    apart = _distances(images, networks[0], measured, run)
    known = measured.own.find(images) if measured.own is not None else {}
    found = []
    for place, (one, own, own_distances) in enumerate(zip(pictures, votes, apart, strict=True)):
        name, prepared = one
        seen = Seen(
            prepared, own, own_distances, run.classes, run.pixel_max, ground, known.get(place, "")
        )
        found.append(_row(name, prepared, own, seen, measured, run))
    return tuple(found)


def _distances(
    images: np.ndarray, network: "Network", measured: Measured, run: Trained
) -> Iterator[dict[str, float]]:
    """How far each image is from the training images, by space."""
    for start in range(0, len(images), _AT_ONCE):
        some = images[start : start + _AT_ONCE]
        apart: dict[str, np.ndarray] = {}
        if measured.likeness is not None:
            points = as_points(some, network.features(some), run.pixel_max)
            apart = dict(measured.likeness.reference.distances(points))
        for row in range(len(some)):
            yield {space: float(values[row]) for space, values in apart.items()}


def _row(
    name: str, prepared: Prepared, own: Vote, seen: Seen, measured: Measured, run: Trained
) -> Prediction:
    light = np.rint(prepared.pixels.astype(np.float64) * (255 / run.pixel_max)).astype(np.uint8)
    return Prediction(
        name=name,
        label=run.classes[own.label],
        probabilities={run.classes[label]: own.probabilities[label] for label in own.order},
        low=own.low,
        high=own.high,
        spread=own.spread,
        margin=own.margin,
        votes={run.classes[label]: count for label, count in own.votes.items()},
        size=prepared.size,
        steps=prepared.steps,
        doubts=doubts_of(seen, measured),
        view=light,
        original=prepared.original,
    )


def _in_words(run: Trained) -> str:
    """The normalisation, as what is done to every picture."""
    offset, divisor = run.normalisation.offset.tolist(), run.normalisation.divisor.tolist()
    if not any(offset) and set(divisor) == {1.0}:
        return "pixels as they are"
    if not any(offset) and len(set(divisor)) == 1:
        return f"divided by {divisor[0]:g}"
    less = ", ".join(f"{value:.4g}" for value in offset)
    by = ", ".join(f"{value:.4g}" for value in divisor)
    return f"less {less}, divided by {by}" + (" (by channel)" if len(offset) > 1 else "")
