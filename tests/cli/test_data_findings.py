"""The sentences about a set agree in number."""

import numpy as np

from ceteris.cli.data_findings import findings
from ceteris.data import DataSet
from ceteris.data.checking import check_data


def made(copies: int) -> DataSet:
    """So many test images are near ones, so many copies, and so many training images are copies."""
    images = np.random.default_rng(0).integers(0, 200, (40, 32, 32, 1), dtype=np.uint8)
    for n in range(copies):
        images[30 + n] = images[n]
        images[35 + n] = images[10 + n] + 20
        images[20 + n] = images[5 + n]
    labels = np.arange(40) % 5
    return DataSet("x", images, labels, tuple("abcde"), 30, 255, "")


def said(copies: int) -> str:
    return "\n".join(finding.sentence for finding in findings(check_data(made(copies))))


def test_one() -> None:
    text = said(1)
    assert "1 of 10 test images is in train too" in text
    assert "1 more test image has a near duplicate in train" in text
    assert "1 of 30 images of train is a copy of another one there." in text


def test_several() -> None:
    text = said(2)
    assert "2 of 10 test images are in train too" in text
    assert "2 more test images have a near duplicate in train" in text
    assert "2 of 30 images of train are copies of another one there." in text


def test_a_word_is_advised_only_where_it_helps() -> None:
    images = np.zeros((6, 2, 2, 1), np.uint8)
    images[:, 0, 0, 0] = [1, 2, 3, 4, 4, 0]  # flat in the test part alone, as is the conflict
    labels = np.array([0, 1, 0, 0, 1, 1])
    found = findings(check_data(DataSet("x", images, labels, ("a", "b"), 3, 255, ""), near=False))
    assert [finding.drop for finding in found] == ["", "", ""]
