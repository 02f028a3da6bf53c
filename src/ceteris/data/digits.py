"""The handwritten digits that come with scikit-learn: 8x8 pixels of 0..16."""

import numpy as np

from ceteris.data.dataset import Content
from ceteris.data.published import Places
from ceteris.data.source import DataSource, Found

DIGITS_CLASSES = tuple("0123456789")
DIGITS_DIGEST = "409ecc0350ba0457db7d282cc5770ec9ca75ec7d5428d5c93f1a0288065e19e9"
_PIXEL_MAX = 16  # each pixel counts the dark points in a 4x4 block of the original bitmap


def find_digits(source: DataSource, places: Places) -> Found:
    """Find the 1,797 digits. No file is needed, so ``places`` is not looked at."""
    return Found(f"{source.name}-{DIGITS_DIGEST[:32]}", DIGITS_DIGEST, _read)


def _read() -> Content:
    # Imported here because it takes a second, and is needed only until the set is parsed once.
    from sklearn.datasets import load_digits

    bundle = load_digits()
    images = bundle.images.astype(np.uint8)[..., np.newaxis]  # (N, 8, 8) -> (N, 8, 8, 1)
    return Content.of_arrays(
        "digits",
        [images],
        bundle.target.astype(np.int64),
        classes=DIGITS_CLASSES,
        num_train=len(images),
        pixel_max=_PIXEL_MAX,
    )
