"""How a user's folder is laid out: one folder for each class, or ``train/`` and ``test/`` of them.

Nothing is left out in silence. Hidden files and what operating systems leave behind are ignored;
anything else that is not a picture where a picture should be is an error that names it.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from ceteris.errors import CeterisError, shown

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_OTHER_PICTURES = (".gif", ".tif", ".tiff", ".heic", ".avif", ".jp2", ".ppm", ".pgm")
_LEFT_BEHIND = ("thumbs.db", "desktop.ini", "__macosx")
MAX_FILE_BYTES = 512 * 2**20  # an uncompressed picture of the largest size we decode is half that
_KINDS = "PNG, JPEG, WebP or BMP pictures"


@dataclass(frozen=True)
class PictureFile:
    """One picture.

    Args:
        name: its path below the folder, with ``/``.
        label: its class's place among the classes.
        digest: SHA-256 (hex) of the file.
    """

    name: str
    label: int
    digest: str


@dataclass(frozen=True)
class Layout:
    """What a folder holds.

    Args:
        root: the folder.
        classes: names of the class folders, sorted.
        train, test: the pictures by class and name; ``test`` is empty without a ``test/``.
        skipped: what was left out because it was asked for: name, and why it is no picture.
    """

    root: Path
    classes: tuple[str, ...]
    train: tuple[PictureFile, ...]
    test: tuple[PictureFile, ...]
    skipped: tuple[tuple[str, str], ...] = ()

    def digest(self) -> str:
        """SHA-256 (hex) over the sorted relative paths and contents of all pictures."""
        digest = hashlib.sha256()
        for picture in sorted((*self.train, *self.test), key=lambda picture: picture.name):
            name = os.fsencode(picture.name)
            digest.update(len(name).to_bytes(8, "big") + name + bytes.fromhex(picture.digest))
        return digest.hexdigest()


def read_layout(root: Path, *, skip: bool = False) -> Layout:
    """List a folder of pictures and hash every file; decode nothing, follow no links.

    Args:
        root: the folder.
        skip: leave out what is no picture among those of a class, instead of refusing it.

    Raises:
        CeterisError: it is no folder, holds fewer than two classes, an empty class, a class only
            in ``test/``, or something that is not a picture.
    """
    if not root.is_dir():
        raise CeterisError(
            f"there is no folder {shown(str(root))}",
            received="a file" if root.exists() else "nothing there",
            expected=f"a folder that holds one folder of {_KINDS} for each class",
            fix="check path in [data]",
        )
    has_parts = _has_parts(root)
    base = root / "train" if has_parts else root
    classes = _classes(root, base)
    skipped: list[tuple[str, str]] | None = [] if skip else None
    train = _pictures(root, base, classes, skipped)
    refuse_empty_class(Layout(root, classes, train, ()))
    if not has_parts or not (root / "test").is_dir():
        return Layout(root, classes, train, (), tuple(skipped or ()))
    unseen = sorted(set(_folders(root / "test")) - set(classes))
    if unseen:
        raise CeterisError(
            f"class {shown(unseen[0])} is in test/ only",
            received=", ".join(map(shown, unseen)),
            expected=f"the classes of train/: {', '.join(map(shown, classes))}",
            fix="give it pictures in train/ too, or take it out of test/",
        )
    _refuse_loose_pictures(root / "test")
    test = _pictures(root, root / "test", classes, skipped)
    return Layout(root, classes, train, test, tuple(skipped or ()))


def refuse_empty_class(layout: Layout) -> None:
    """Refuse a class that none of the training pictures is of."""
    for label, name in enumerate(layout.classes):
        if not any(picture.label == label for picture in layout.train):
            raise CeterisError(
                f"class {shown(name)} has no pictures",
                received=f"no {_KINDS} in the folder {shown(name)} of {shown(str(layout.root))}",
                expected="one picture or more in the folder of each class",
                fix="put pictures there, or take the folder away",
            )


def _has_parts(root: Path) -> bool:
    """Tell whether it is laid out as train/ and perhaps test/.

    For that train/ must hold folders, since ``train`` may also be the name of a class.
    """
    folders = _folders(root)
    if "train" not in folders or not _folders(root / "train"):
        return False
    others = sorted(set(folders) - {"train", "test"})
    if others:
        raise CeterisError(
            f"beside train/ there is a folder {shown(others[0])}",
            received=", ".join(f"{shown(name)}/" for name in folders),
            expected="train/ and test/ and no other folder, or one folder for each class",
            fix="move its pictures into train/ (validation images are drawn from there), "
            "or hide it by a name that begins with a dot",
        )
    return True


def _classes(root: Path, base: Path) -> tuple[str, ...]:
    _refuse_loose_pictures(base)
    if base != root:
        _refuse_loose_pictures(root)
    classes = tuple(_folders(base))
    if len(classes) < 2:
        raise CeterisError(
            f"{shown(str(base))} has {len(classes)} class folder{'s' * (len(classes) != 1)}",
            received=", ".join(map(shown, classes)) or "no folders",
            expected="two or more folders, each of one class and named after it",
            fix=f"put the {_KINDS} of each class into a folder of its own",
        )
    for name in classes:
        if not name.isprintable():
            raise CeterisError(
                f"the class folder {shown(name)} has a name that cannot be printed",
                received=shown(name),
                expected="a name without control characters, in the system's encoding",
                fix="rename the folder",
            )
    return classes


def _pictures(
    root: Path, base: Path, classes: tuple[str, ...], skipped: list[tuple[str, str]] | None
) -> tuple[PictureFile, ...]:
    found: list[PictureFile] = []
    for label, name in enumerate(classes):
        if not (base / name).is_dir():  # test/ need not have every class
            continue
        for entry in _visible(base / name):
            path = base / name / entry.name
            why = _why_no_picture(entry)
            if why and skipped is None:
                raise _no_picture(root, path, why)
            if why and skipped is not None:
                skipped.append((path.relative_to(root).as_posix(), why))
                continue
            found.append(PictureFile(path.relative_to(root).as_posix(), label, _sha256(root, path)))
    return tuple(found)


def _why_no_picture(entry: os.DirEntry[str]) -> str:
    """What a thing among pictures is; empty where it may be one."""
    if not entry.is_file(follow_symlinks=False):
        return "a folder" if entry.is_dir() else "no ordinary file"
    suffix = Path(entry.name).suffix
    if suffix.lower() in SUFFIXES:
        return ""
    return f"a {suffix} file" if suffix else "a file without a suffix"


def _no_picture(root: Path, path: Path, what: str) -> CeterisError:
    name = shown(path.relative_to(root).as_posix())
    return CeterisError(
        f"{name} is among the pictures of its class and is none",
        received=what,
        expected=f"{_KINDS}, directly in the folder of their class",
        fix="take it out of the folder, or hide it by a name that begins with a dot, or write "
        "skip_broken = true in [data]",
    )


def _refuse_loose_pictures(folder: Path) -> None:
    """Refuse pictures beside the class folders: having no class, they would be left out."""
    loose = [
        entry.name
        for entry in _visible(folder)
        if Path(entry.name).suffix.lower() in SUFFIXES + _OTHER_PICTURES and entry.is_file()
    ]
    if loose and not _folders(folder):
        more = f" and {len(loose) - 1:,} more" if len(loose) > 1 else ""
        raise CeterisError(
            f"{shown(str(folder))} has no class folders",
            received=f"{shown(loose[0])}{more} directly in it",
            expected="two or more folders, each of one class and named after it",
            fix=f"put the {_KINDS} of each class into a folder of its own",
        )
    if loose:
        raise CeterisError(
            f"picture {shown(loose[0])} is in no class folder",
            received=f"{shown(loose[0])} directly in {shown(str(folder))}",
            expected="every picture in the folder of its class",
            fix="move it into the folder of its class, or take it away",
        )


def _folders(folder: Path) -> list[str]:
    return [entry.name for entry in _visible(folder) if entry.is_dir(follow_symlinks=False)]


def _visible(folder: Path) -> list[os.DirEntry[str]]:
    """List a folder, sorted by name, without hidden entries; a link is an error."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise _cannot_read(folder, error) from error
    kept = [
        entry
        for entry in found
        if not entry.name.startswith(".") and entry.name.lower() not in _LEFT_BEHIND
    ]
    for entry in kept:
        if entry.is_symlink():
            raise CeterisError(
                f"{shown(str(folder / entry.name))} is a symbolic link, and links are not followed",
                received="a symbolic link",
                expected="the file or folder itself",
                fix="copy what it points to into its place, or take it away",
            )
    return kept


def _sha256(root: Path, path: Path) -> str:
    try:
        with path.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > MAX_FILE_BYTES:
                raise CeterisError(
                    f"picture {shown(path.relative_to(root).as_posix())} is too large a file",
                    received=f"{size:,} bytes",
                    expected=f"at most {MAX_FILE_BYTES:,} bytes",
                    fix="make it smaller, or take it out of the folder",
                )
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _cannot_read(path, error) from error


def _cannot_read(path: Path, error: OSError) -> CeterisError:
    return CeterisError(
        f"{shown(str(path))} cannot be read",
        received=shown(error.strerror or str(error)),
        expected="a file or folder you are allowed to read",
        fix="check its permissions and the disk it is on",
    )
