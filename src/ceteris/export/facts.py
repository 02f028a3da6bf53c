"""What every exported file says of itself, as plain values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from ceteris.conduct import Trained
from ceteris.data import DATA_SETS
from ceteris.data.own_pictures import Fit, default_fit
from ceteris.export.preparing import recipe
from ceteris.nets import Layer

_NO_LICENCE = "not known to Ceteris: the data are your own, and so are their terms"


@dataclass(frozen=True, eq=False)
class Facts:
    """A trained network, ready to be written down.

    Args:
        name: ``study:arm:seed``.
        layers: of a described network; empty of a user's own module.
        input_shape: (H, W, C) of an image.
        classes: names by label.
        pixel_max: the largest value a pixel can have.
        offset, divisor: float32 (C,): the network is given ``(pixel - offset) / divisor``.
        weights: name -> array, as the run stored them.
        about: where it comes from: study, arm, seed, run, data, licence.
        fit: what becomes of pictures of another aspect ratio.
    """

    name: str
    layers: tuple[Layer, ...]
    input_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    pixel_max: int
    offset: np.ndarray
    divisor: np.ndarray
    weights: Mapping[str, np.ndarray]
    about: Mapping[str, Any]
    fit: Fit = "pad"

    @property
    def header(self) -> dict[str, Any]:
        """Everything but the weights, as JSON can hold it."""
        return {
            "about": dict(self.about),
            "classes": list(self.classes),
            "input": self.input_sentence,
            "input_shape": list(self.input_shape),
            "preparation": recipe(self.input_shape, self.pixel_max, self.fit),
            "layers": [layer.to_dict() for layer in self.layers],
            "normalisation": {
                "offset": self.offset.tolist(),
                "divisor": self.divisor.tolist(),
                "formula": "(pixel - offset) / divisor, by channel",
            },
        }

    @property
    def header_text(self) -> str:
        """The header as one line of JSON, keys sorted: equal networks, equal bytes."""
        return json.dumps(self.header, sort_keys=True, ensure_ascii=False)

    @property
    def input_sentence(self) -> str:
        """What goes in."""
        height, width, channels = self.input_shape
        return (
            f"pixels (batch, {height}, {width}, {channels}), channels last, 0 to {self.pixel_max} "
            "as the data set has them; normalisation is inside"
        )


def facts_of(trained: Trained) -> Facts:
    """Collect what is written from a run; its weights are read here."""
    entry = DATA_SETS.get(trained.source.name)
    return Facts(
        name=trained.name,
        layers=trained.network.layers,
        input_shape=trained.input_shape,
        classes=trained.classes,
        pixel_max=trained.pixel_max,
        offset=trained.normalisation.offset,
        divisor=trained.normalisation.divisor,
        weights=trained.weights,
        fit=default_fit(entry) if entry else "pad",
        about={
            "made_by": f"ceteris {version('ceteris')}",
            "study": trained.study,
            "variant": trained.variant,
            "arm": trained.arm,
            "seed": trained.seed,
            "run": trained.run_id,
            "data": trained.source.name,
            "data_digest": trained.data_digest,
            "data_licence": (entry.licence if entry else "") or _NO_LICENCE,
            "precision": trained.train.precision,
        }
        | ({} if trained.train.views is None else {"views": trained.train.views.identity()}),
    )
