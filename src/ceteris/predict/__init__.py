"""What trained networks say about pictures of one's own, and when not to trust it.

:func:`predict` gives rows; printing and drawing them is others' work.
"""

from ceteris.predict.doubts import DOUBTS, Doubt
from ceteris.predict.files import LeftOut
from ceteris.predict.predicting import Wanted, predict
from ceteris.predict.rows import LikenessNote, Prediction, Predictions

__all__ = [
    "DOUBTS",
    "Doubt",
    "LeftOut",
    "LikenessNote",
    "Prediction",
    "Predictions",
    "Wanted",
    "predict",
]
