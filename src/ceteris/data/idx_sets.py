"""The sets that are published as four IDX files: MNIST and Fashion-MNIST."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from ceteris.data.dataset import Content
from ceteris.data.idx import idx_size, parse_idx
from ceteris.data.published import Form, PublishedFile, PublishedSet, Unpacked


@dataclass(frozen=True)
class IdxFile:
    """One of the four files.

    Args:
        name: without ``.gz``.
        shape: of the array in it.
        content_sha256, gz_bytes, gz_sha256: as in :class:`PublishedFile`.
    """

    name: str
    shape: tuple[int, ...]
    content_sha256: str
    gz_bytes: int
    gz_sha256: str


def idx_form(*files: IdxFile) -> Form:
    """Return the form of training images and labels, test images and labels, in this order."""
    return Form(
        files=tuple(
            PublishedFile(
                file.name, idx_size(file.shape), file.content_sha256, file.gz_bytes, file.gz_sha256
            )
            for file in files
        ),
        parse=partial(_parse, tuple(file.shape for file in files)),
    )


def _parse(
    shapes: tuple[tuple[int, ...], ...], of: PublishedSet, files: tuple[Unpacked, ...]
) -> Content:
    train_images, train_labels, test_images, test_labels = (
        parse_idx(file.content, shape=shape, where=file.where)
        for file, shape in zip(files, shapes, strict=True)
    )
    return Content.of_arrays(
        of.name,
        [train_images[..., np.newaxis], test_images[..., np.newaxis]],  # (n, H, W) -> (n, H, W, 1)
        np.concatenate([train_labels, test_labels]).astype(np.int64),
        classes=of.classes,
        num_train=len(train_images),
        pixel_max=255,
    )


MNIST = PublishedSet(
    name="mnist",
    title="MNIST",
    forms=(
        idx_form(
            IdxFile(
                "train-images-idx3-ubyte",
                shape=(60_000, 28, 28),
                content_sha256="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                gz_bytes=9_912_422,
                gz_sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            IdxFile(
                "train-labels-idx1-ubyte",
                shape=(60_000,),
                content_sha256="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                gz_bytes=28_881,
                gz_sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            IdxFile(
                "t10k-images-idx3-ubyte",
                shape=(10_000, 28, 28),
                content_sha256="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                gz_bytes=1_648_877,
                gz_sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            IdxFile(
                "t10k-labels-idx1-ubyte",
                shape=(10_000,),
                content_sha256="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                gz_bytes=4_542,
                gz_sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    ),
    folders=("mnist", "MNIST", "MNIST/raw"),
    classes=tuple("0123456789"),
    # The authors' own page no longer serves them; this copy is the one torchvision falls back to.
    published_at="https://storage.googleapis.com/cvdf-datasets/mnist/",
    digest="b624331248b206dcc011702fcfe23ae16d16b7cf2018530d741ddbc6285bf494",
    mirrors=(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",  # PyTorch's
    ),
)

FASHION_MNIST = PublishedSet(
    name="fashion-mnist",
    title="Fashion-MNIST",
    forms=(
        idx_form(
            IdxFile(
                "train-images-idx3-ubyte",
                shape=(60_000, 28, 28),
                content_sha256="c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                gz_bytes=26_421_880,
                gz_sha256="3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            IdxFile(
                "train-labels-idx1-ubyte",
                shape=(60_000,),
                content_sha256="bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                gz_bytes=29_515,
                gz_sha256="a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
            IdxFile(
                "t10k-images-idx3-ubyte",
                shape=(10_000, 28, 28),
                content_sha256="5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                gz_bytes=4_422_102,
                gz_sha256="346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            IdxFile(
                "t10k-labels-idx1-ubyte",
                shape=(10_000,),
                content_sha256="0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                gz_bytes=5_148,
                gz_sha256="67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
    ),
    folders=(
        "fashion-mnist",
        "fashion_mnist",
        "FashionMNIST",
        "FashionMNIST/raw",
        "fashion-mnist/data/fashion",  # a clone of the publisher's repository
    ),
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    published_at="https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    digest="da11e02d128b378a6bf61eb9e139054ec52c16f43cae4247159ebddfb1e1e70e",
    mirrors=(
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",  # as its readme gives it
    ),
)
