"""What is known of a published set: its files, the forms they come in, and where they are put.

Everything here is said before a file is touched; :mod:`ceteris.data.finding` finds the files and
:mod:`ceteris.data.reading` reads them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ceteris.data.dataset import Content

PACKINGS = (".gz", "", ".bz2", ".xz", ".zip")


@dataclass(frozen=True)
class PublishedFile:
    """One file as published, or as it lies in a published archive.

    Args:
        name: unpacked.
        content_bytes, content_sha256: size and hex digest, unpacked.
        gz_bytes, gz_sha256: size and hex digest of the published ``.gz``; None where the file is
            not published in that form.
    """

    name: str
    content_bytes: int
    content_sha256: str
    gz_bytes: int | None = None
    gz_sha256: str | None = None

    @property
    def published_name(self) -> str:
        """The name it is published under.

        Example:
            >>> PublishedFile("train-labels-idx1-ubyte", 9, "", gz_bytes=9).published_name
            'train-labels-idx1-ubyte.gz'
        """
        return self.name if self.gz_bytes is None else f"{self.name}.gz"

    @property
    def spellings(self) -> tuple[str, ...]:
        """The names it is found under: packed or not, with the dot of some copies in circulation.

        Example:
            >>> PublishedFile("train-labels-idx1-ubyte", 9, "").spellings[5]
            'train-labels.idx1-ubyte.gz'
        """
        stems = dict.fromkeys((self.name, self.name.replace("-idx", ".idx")))
        return tuple(stem + packing for stem in stems for packing in PACKINGS)


class Unpacked(NamedTuple):
    """The verified content of one file, and where it was, for messages."""

    content: bytearray
    where: str


@dataclass(frozen=True)
class Form:
    """One of the forms a set is published in.

    Args:
        files: all of them are needed.
        parse: from the set and the files' contents, in this order, what is in them.
        archive: a tar archive that holds them all; None where there is none.
        archive_bytes, archive_sha256: its size and hex digest as published; None where not known.
    """

    files: tuple[PublishedFile, ...]
    parse: Callable[["PublishedSet", tuple[Unpacked, ...]], Content]
    archive: str | None = None
    archive_bytes: int | None = None
    archive_sha256: str | None = None

    @property
    def archive_spellings(self) -> tuple[str, ...]:
        """The names the archive is found under: browsers unpack the ``.gz``, some keep the name."""
        return () if self.archive is None else (self.archive, self.archive.removesuffix(".gz"))

    @property
    def to_get(self) -> str:
        """What to get, as published."""
        return self.archive or ", ".join(file.published_name for file in self.files)


@dataclass(frozen=True)
class PublishedSet:
    """A set that others published, and that is accepted only if it is that set.

    Args:
        name: in the register.
        title: as people call it.
        forms: it is read from the first that is found whole; all give the same content.
        folders: the names the folder that holds its files may have; the first is the one we
            suggest, and ``"."`` is the data folder itself.
        classes: names by label.
        published_at: the address it comes from.
        digest: of the parsed content, see :func:`ceteris.data.dataset.content_digest`.
        mirrors: addresses below which the files lie under their published names, in the order they
            are tried; empty where the publisher wants an account.
    """

    name: str
    title: str
    forms: tuple[Form, ...]
    folders: tuple[str, ...]
    classes: tuple[str, ...]
    published_at: str
    digest: str
    mirrors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Places:
    """Where files are looked for, in this order.

    Args:
        data_folder: what ``CETERIS_DATA`` names; None where it is not set.
        downloads: the cache's folder for files from elsewhere.
    """

    data_folder: Path | None
    downloads: Path

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders to look in."""
        return (*(() if self.data_folder is None else (self.data_folder,)), self.downloads)
