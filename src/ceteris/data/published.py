"""Published files: finding them, and reading them with bounds and by digest.

A file is accepted by the digest of its *decompressed* content, so one that was unpacked or packed
again is as good as the original. No more is ever decompressed than the content should have, and
nothing is parsed before its digest has been checked.
"""

import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass
from pathlib import Path

from ceteris.data.idx import idx_size
from ceteris.errors import CeterisError, shown

_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class PublishedFile:
    """One file as published.

    Args:
        name: without ``.gz``.
        shape: of the array in it.
        content_sha256: hex digest, decompressed.
        gz_bytes, gz_sha256: size and hex digest of the published ``.gz``.
    """

    name: str
    shape: tuple[int, ...]
    content_sha256: str
    gz_bytes: int
    gz_sha256: str

    @property
    def content_bytes(self) -> int:
        """Its size, decompressed."""
        return idx_size(self.shape)

    @property
    def spellings(self) -> tuple[str, ...]:
        """The names it is found under: packed or not, with the dot of some copies in circulation.

        Example:
            >>> PublishedFile("train-labels-idx1-ubyte", (1,), "", 9, "").spellings[2]
            'train-labels.idx1-ubyte.gz'
        """
        dotted = self.name.replace("-idx", ".idx")
        return (f"{self.name}.gz", self.name, f"{dotted}.gz", dotted)


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


def find_files(
    title: str,
    files: tuple[PublishedFile, ...],
    *,
    folders: tuple[str, ...],
    places: Places,
    published_at: str,
) -> tuple[Path, ...]:
    """Return the paths of all ``files``, which must lie in one folder.

    Args:
        title: the data set, for error messages.
        files: what is looked for.
        folders: the names its folder may have, the first being the one we suggest.
        places: where such a folder may be.
        published_at: the address the files come from.

    Raises:
        CeterisError: some are missing; it says which, where they may be put, and their source.
    """
    partial: list[tuple[Path, list[str]]] = []
    named = [place / name for place in places.folders for name in folders]
    # Also the folder of the set itself, for whoever points CETERIS_DATA one level too deep.
    own = [p for p in (places.data_folder,) if p is not None and p.name in folders]
    for folder in (*named, *own):
        found = [_first_file(folder, file.spellings) for file in files]
        if all(path is not None for path in found):
            return tuple(path for path in found if path is not None)
        if any(path is not None for path in found):
            missing = [
                file.spellings[0] for file, path in zip(files, found, strict=True) if path is None
            ]
            partial.append((folder, missing))
    if partial:
        folder, missing = partial[0]
        raise CeterisError(
            f"some files of {title} are missing",
            received=f"no {', '.join(missing)} in {folder}",
            expected=f"all {len(files)} files of {title} in one folder, .gz or unpacked",
            fix=f"put {', '.join(missing)} from {published_at} into {folder}",
        )
    raise CeterisError(
        f"the files of {title} are not here",
        received=_where_looked(places, folders[0]),
        expected=", ".join(file.spellings[0] for file in files) + ", .gz or unpacked",
        fix=f"get them from {published_at} and put them into "
        + " or ".join(str(place / folders[0]) for place in places.folders)
        + ("" if places.data_folder else ", or set CETERIS_DATA to a folder that holds them"),
    )


def _where_looked(places: Places, folder: str) -> str:
    if places.data_folder is None:
        return f"CETERIS_DATA is not set, and there is no {places.downloads / folder}"
    if not places.data_folder.is_dir():
        return f"CETERIS_DATA names {places.data_folder}, which is not a folder"
    return f"no folder {folder} with them in {places.data_folder} or {places.downloads}"


def _first_file(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def read_published(
    file: PublishedFile, path: Path, *, published_at: str, known: dict[str, str]
) -> bytearray:
    """Return the decompressed content of ``path`` if it is that of ``file``.

    Memory is bounded by ``file.content_bytes``, whatever the file decompresses to.

    Args:
        file: what it should be.
        path: where it is; packed or not is told by its first bytes and not by its name, since
            browsers unpack files and keep the name.
        published_at: the address it comes from, for error messages.
        known: content digest -> what that is, so that a mix-up can be named.

    Raises:
        CeterisError: it cannot be read, is truncated, is damaged, holds too much, or has another
            digest.
    """
    fix = f"get {file.spellings[0]} again from {published_at}"
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == _GZIP_MAGIC
            stream.seek(0)
            content = _read_bounded(stream, packed, file.content_bytes)
    except EOFError:
        raise CeterisError(
            f"{path} is truncated",
            received=f"{path.stat().st_size:,} bytes, and more should follow",
            expected=f"{file.gz_bytes:,} bytes, as published",
            fix=fix,
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise CeterisError(
            f"{path} is damaged and cannot be decompressed",
            received=shown(str(error)),
            expected="a gzip file, or the same file unpacked",
            fix=fix,
        ) from error
    except OSError as error:
        raise CeterisError(
            f"{path} cannot be read",
            received=shown(error.strerror or str(error)),
            expected="a file you are allowed to read",
            fix="check its permissions and the disk it is on",
        ) from error
    if content is None:
        raise CeterisError(
            f"{path} holds more than it should",
            received=f"more than {file.content_bytes:,} bytes" + " decompressed" * packed,
            expected=f"{file.content_bytes:,} bytes",
            fix=fix,
        )
    digest = hashlib.sha256(content).hexdigest()
    if digest != file.content_sha256:
        mixed_up = f", which is {known[digest]}" if digest in known else ""
        raise CeterisError(
            f"{path} is not the published file",
            received=f"{len(content):,} bytes with sha256 {digest}{mixed_up}",
            expected=f"{file.content_bytes:,} bytes with sha256 {file.content_sha256}"
            + " once decompressed" * packed,
            fix=fix,
        )
    return content


def _read_bounded(stream: io.BufferedReader, packed: bool, limit: int) -> bytearray | None:
    """Read the whole stream, or return None where it holds more than ``limit`` bytes."""
    content = bytearray(limit)
    filled = 0
    with gzip.GzipFile(fileobj=stream) if packed else stream as source:
        while filled < limit:
            # A slice of the buffer, so that no step allocates what a bomb would like to fill.
            with memoryview(content) as view, view[filled:] as rest:
                count = source.readinto(rest)
            if not count:
                break
            filled += count
        if source.read(1):
            return None
    del content[filled:]
    return content
