from pathlib import Path

import numpy as np

from ceteris.data.dataset import content_digest
from ceteris.data.digits import DIGITS_DIGEST, find_digits
from ceteris.data.published import Places
from ceteris.data.source import DataSource


def test_the_digits_are_what_is_known_of_them(tmp_path: Path) -> None:
    found = find_digits(DataSource("digits"), Places(None, tmp_path))
    content = found.read()
    images = np.concatenate(list(content.blocks()))
    assert content.shape == images.shape == (1797, 8, 8, 1)
    assert (images.min(), images.max(), content.pixel_max) == (0, 16, 16)
    assert content.num_train == 1797
    # Counts of scikit-learn's own description, classes 0 to 9.
    counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert np.bincount(content.labels).tolist() == counts
    assert (
        found.digest
        == DIGITS_DIGEST
        == content_digest(
            images, content.labels, classes=content.classes, num_train=1797, pixel_max=16
        )
    )
