"""CIFAR-10, as its authors publish it: records, or pickled batches."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

import numpy as np

from ceteris.data.cifar_formats import Batch, parse_pickle, parse_records
from ceteris.data.dataset import Content, Images
from ceteris.data.published import Form, PublishedFile, PublishedSet, Unpacked


class _Parse(Protocol):
    def __call__(
        self, content: bytearray, *, shape: tuple[int, int, int], num_classes: int, where: str
    ) -> Batch: ...


def cifar_parser(
    parse: _Parse, shape: tuple[int, int, int]
) -> Callable[[PublishedSet, tuple[Unpacked, ...]], Content]:
    """Return what a form needs to parse batches, of which the last is the test part.

    Args:
        parse: of one batch.
        shape: (H, W, C) of its images.
    """

    def parse_all(of: PublishedSet, files: tuple[Unpacked, ...]) -> Content:
        batches = [
            parse(file.content, shape=shape, num_classes=len(of.classes), where=file.where)
            for file in files
        ]
        labels = np.concatenate([batch.labels for batch in batches])
        return Content(
            name=of.name,
            shape=(len(labels), *shape),
            blocks=partial(_blocks, batches, shape),
            labels=labels,
            classes=of.classes,
            num_train=len(labels) - len(batches[-1].labels),
            pixel_max=255,
        )

    return parse_all


def _blocks(batches: list[Batch], shape: tuple[int, int, int]) -> Iterator[Images]:
    """Yield a batch at a time, so that only one is in memory twice."""
    height, width, channels = shape
    for batch in batches:
        planes = batch.planes.reshape(-1, channels, height, width)
        yield np.ascontiguousarray(planes.transpose(0, 2, 3, 1))  # (n, C, H, W) -> (n, H, W, C)


_SHAPE = (32, 32, 3)
_RECORDS_BYTES = 10_000 * (1 + 32 * 32 * 3)

CIFAR10 = PublishedSet(
    name="cifar10",
    title="CIFAR-10",
    forms=(
        Form(
            files=tuple(
                PublishedFile(f"{name}.bin", _RECORDS_BYTES, sha256)
                for name, sha256 in {
                    "data_batch_1": (
                        "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"
                    ),
                    "data_batch_2": (
                        "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"
                    ),
                    "data_batch_3": (
                        "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"
                    ),
                    "data_batch_4": (
                        "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"
                    ),
                    "data_batch_5": (
                        "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"
                    ),
                    "test_batch": (
                        "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"
                    ),
                }.items()
            ),
            parse=cifar_parser(parse_records, _SHAPE),
            archive="cifar-10-binary.tar.gz",
            archive_bytes=170_052_171,
            archive_sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
        Form(
            # batches.meta is not needed: it names the classes, and these are known.
            files=(
                PublishedFile(
                    "data_batch_1",
                    content_bytes=31_035_704,
                    content_sha256=(
                        "54636561a3ce25bd3e19253c6b0d8538147b0ae398331ac4a2d86c6d987368cd"
                    ),
                ),
                PublishedFile(
                    "data_batch_2",
                    content_bytes=31_035_320,
                    content_sha256=(
                        "766b2cef9fbc745cf056b3152224f7cf77163b330ea9a15f9392beb8b89bc5a8"
                    ),
                ),
                PublishedFile(
                    "data_batch_3",
                    content_bytes=31_035_999,
                    content_sha256=(
                        "0f00d98ebfb30b3ec0ad19f9756dc2630b89003e10525f5e148445e82aa6a1f9"
                    ),
                ),
                PublishedFile(
                    "data_batch_4",
                    content_bytes=31_035_696,
                    content_sha256=(
                        "3f7bb240661948b8f4d53e36ec720d8306f5668bd0071dcb4e6c947f78e9682b"
                    ),
                ),
                PublishedFile(
                    "data_batch_5",
                    content_bytes=31_035_623,
                    content_sha256=(
                        "d91802434d8376bbaeeadf58a737e3a1b12ac839077e931237e0dcd43adcb154"
                    ),
                ),
                PublishedFile(
                    "test_batch",
                    content_bytes=31_035_526,
                    content_sha256=(
                        "f53d8d457504f7cff4ea9e021afcf0e0ad8e24a91f3fc42091b8adef61157831"
                    ),
                ),
            ),
            parse=cifar_parser(parse_pickle, _SHAPE),
            archive="cifar-10-python.tar.gz",
            archive_bytes=170_498_071,
            archive_sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        ),
    ),
    folders=(
        "cifar10",
        "cifar-10",
        "CIFAR10",
        "cifar-10-batches-bin",
        "cifar-10-batches-py",
        "cifar10/cifar-10-batches-bin",
        "cifar10/cifar-10-batches-py",
        ".",  # where torchvision puts the archive
    ),
    classes=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    published_at="https://www.cs.toronto.edu/~kriz/",
    digest="80df1c3bbd6aaecdffc63640bd6fb06f606d2b12b530bb4b7c7a6f3feb56f04e",
    mirrors=("https://www.cs.toronto.edu/~kriz/",),
)
