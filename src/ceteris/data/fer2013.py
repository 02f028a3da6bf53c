"""FER-2013: faces in one CSV file, of which two spellings are published.

Its rows are in three parts, ``Training``, ``PublicTest`` and ``PrivateTest``, and stand in the set
in this order. The first may be trained on, and the last is the test part, since it decided the
contest. PublicTest gave the scores that were shown while the contest ran; it is kept in the set and
is in no part of a split.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from ceteris.data.dataset import Content
from ceteris.data.pixel_csv import Columns, parse_pixel_csv
from ceteris.data.published import Form, PublishedFile, PublishedSet, Unpacked

PARTS = ("Training", "PublicTest", "PrivateTest")
_COLUMNS = Columns(label="emotion", pixels="pixels", part="Usage")


def fer_parser(side: int) -> Callable[[PublishedSet, tuple[Unpacked, ...]], Content]:
    """Return what a form needs to parse such a file.

    Args:
        side: height and width of its images.
    """
    return partial(_parse, side)


def _parse(side: int, of: PublishedSet, files: tuple[Unpacked, ...]) -> Content:
    (file,) = files
    rows = parse_pixel_csv(
        file.content,
        columns=_COLUMNS,
        num_pixels=side * side,
        num_classes=len(of.classes),
        parts=PARTS,
        where=file.where,
    )
    order = np.argsort(rows.parts, kind="stable")
    images = rows.pixels[order].reshape(-1, side, side, 1)  # (N, H W) -> (N, H, W, 1)
    return Content.of_arrays(
        of.name,
        [images],
        rows.labels[order],
        classes=of.classes,
        num_train=int(np.count_nonzero(rows.parts == 0)),
        pixel_max=255,
    )


FER2013 = PublishedSet(
    name="fer2013",
    title="FER-2013",
    forms=(
        Form(
            files=(
                PublishedFile(
                    "fer2013.csv",  # MD5 f8428a1edbd21e88f42c73edd2a14f95, as published
                    content_bytes=301_072_766,
                    content_sha256=(
                        "3b8d9617d1017f34733c8f2474d7784c563ce86c40a86ac12c2d37cc968f871b"
                    ),
                ),
            ),
            parse=fer_parser(48),
            archive="fer2013.tar.gz",
        ),
        Form(
            files=(
                PublishedFile(
                    "icml_face_data.csv",  # MD5 b114b9e04e6949e5fe8b6a98b3892b1d, as published
                    content_bytes=301_072_768,
                    content_sha256=(
                        "2c7ce224ef03ec2e2e522d10b93a069900b26fa1c028174d91d5f1f8013a2884"
                    ),
                ),
            ),
            parse=fer_parser(48),
        ),
    ),
    folders=("fer2013", "FER2013", "fer-2013", "FER-2013", "."),
    classes=("Angry", "Disgust", "Fear", "Happy", "Sad", "Surprise", "Neutral"),
    published_at="https://www.kaggle.com/competitions/"
    "challenges-in-representation-learning-facial-expression-recognition-challenge",
    digest="9181a17b7c6f0ca3ec5df74da92d31ece067fc3086bafc7a713671b7c5f3766d",
)
