"""The home: the one folder in which studies and downloads are kept.

A home is known by a marker file, so that a mistyped path never fills a folder that holds
something else. Names become folders here and nowhere else, after :func:`check_name`.
"""

import contextlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ceteris.atomic import make_folder, sync_folder, unmake_folders, write_whole
from ceteris.errors import CeterisError, shown
from ceteris.store.database import is_ours
from ceteris.store.faults import not_writable, place, told
from ceteris.store.lock import hold

MARKER = "ceteris-home.json"
FORMAT = "ceteris home"
VERSION = 1
LONGEST_NAME = 100

_REMOVING = ".removing-"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_ASIDE = re.compile(r"(.+)~[1-9][0-9]*")
# Devices of Windows, whatever follows the first dot: "aux.txt" is the device too.
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(10)}


@dataclass(frozen=True)
class Home:
    """A checked home.

    Args:
        root: its folder, absolute.
    """

    root: Path

    @property
    def studies(self) -> Path:
        """The folder that holds one folder per study."""
        return self.root / "studies"

    @property
    def cache(self) -> Path:
        """The folder for downloads and parsed data; may be emptied at any time."""
        return self.root / "cache"


def open_home(path: Path | None, *, create: bool) -> Home:
    """Return the home at ``path``, or at ``CETERIS_HOME``, or ``~/.ceteris``.

    Args:
        path: the folder asked for, or None for the default.
        create: make the home where the folder is missing or empty, and make sure that it can be
            written to. Without it nothing is written, a missing home is one without studies, and
            a home on a read-only disk will do.

    Raises:
        CeterisError: when the folder holds something else, is a file, belongs to a newer Ceteris
            or cannot be written to. Nothing has been changed then.
    """
    root, origin = _chosen(path)
    home = Home(root)
    with told(root, "opening the home folder"):
        entries = _entries(root, origin)
        if MARKER in entries:
            _check_marker(root / MARKER)
        elif entries:
            raise CeterisError(
                "the home folder holds something else",
                received=f"{place(root)}{origin}, which holds {_some(entries)}",
                expected=f"a folder that Ceteris made (it holds {MARKER}), an empty or a new one",
                fix="choose another folder with --home or CETERIS_HOME",
            )
        if create:
            _make(home, marked=MARKER in entries)
    return home


@contextlib.contextmanager
def making_home(path: Path | None) -> Iterator[Home]:
    """Open a home, made if need be, for the block; take it back if the block fails.

    So a mistake found while a first study is prepared leaves nothing behind. What the block has
    put into the home stays, and then so does the home.
    """
    before = open_home(path, create=False)
    existed = (before.root / MARKER).exists()
    missing = [f for f in (before.root, *before.root.parents) if not f.exists()]
    home = open_home(path, create=True)
    try:
        yield home
    except BaseException:
        if not existed:
            _unmake(home, missing)
        raise


def check_name(name: object) -> str:
    """Return the name of a study, when it is one: safe as a folder's name on every system.

    Returns:
        ``name``: 1 to 100 of the characters A-Z a-z 0-9 . _ -, neither a path nor a device.

    Raises:
        CeterisError: with what is wrong about it.

    Example:
        >>> check_name("digits-optimizers")
        'digits-optimizers'
    """
    wrong = _wrong_with(name)
    if wrong is None:
        return str(name)
    raise CeterisError(
        f"the study's name {wrong}",
        received=f"name = {shown(name)}",
        expected=f"1 to {LONGEST_NAME} letters (a-z), digits, '-', '_' or '.'",
        fix="choose a name such as digits-optimizers",
    )


def study_folder(home: Home, name: str) -> Path:
    """Return the folder of the study called ``name``, whether or not it exists yet."""
    return home.studies / check_name(name)


def list_studies(home: Home, *, aside: bool = False) -> list[str]:
    """Return the names of the studies in a home, sorted; with ``aside`` those set aside instead."""
    with told(home.studies, "listing the studies"):
        try:
            names = os.listdir(home.studies)
        except FileNotFoundError:
            return []
        wanted = _is_aside if aside else (lambda name: _wrong_with(name) is None)
        return sorted(n for n in names if wanted(n) and is_ours(home.studies / n))


def set_aside(folder: Path) -> Path:
    """Move a study's folder from NAME to NAME~1, or the next number that is free.

    Nothing is deleted: this is what starting afresh does to the results there are.

    Returns:
        where it is now.

    Raises:
        CeterisError: when a process is running the study, or the folder is not a study.
    """
    _check_study(folder)
    with told(folder, "setting the study aside"):
        number = 1
        while os.path.lexists(aside := folder.with_name(f"{folder.name}~{number}")):
            number += 1
        _move(folder, aside)
        sync_folder(folder.parent)
    return aside


def remove_study(home: Home, name: str) -> None:
    """Delete a study, or one set aside (NAME~1), with everything in it.

    The folder first loses its name, so that a removal cut short leaves no half of a study behind.

    Raises:
        CeterisError: when there is no such study, it is a link, or a process is running it.
    """
    if not (isinstance(name, str) and _is_aside(name)):
        check_name(name)
    folder = home.studies / name
    _check_study(folder)
    with told(folder, "removing the study"):
        doomed = folder.with_name(f"{_REMOVING}{name}")
        for cut_short in home.studies.glob(f"{_REMOVING}*"):
            shutil.rmtree(cut_short, ignore_errors=True)
        _move(folder, doomed)
        shutil.rmtree(doomed)


def _chosen(path: Path | None) -> tuple[Path, str]:
    given = os.environ.get("CETERIS_HOME", "")
    if path is None and not given:
        path, origin = Path("~/.ceteris"), ""
    elif path is None:
        path, origin = Path(given), "  (CETERIS_HOME)"
    else:
        origin = "  (--home)"
    try:
        # absolute, not resolved: the path that is shown is the one that was given
        return path.expanduser().absolute(), origin
    except RuntimeError:
        raise CeterisError(
            "your own folder cannot be found",
            received=f"{place(path)}{origin}",
            expected="a user with a home folder",
            fix="name a folder with --home or CETERIS_HOME",
        ) from None


def _entries(root: Path, origin: str) -> set[str]:
    try:
        names = os.listdir(root)
    except FileNotFoundError:
        return set()
    except NotADirectoryError:
        raise CeterisError(
            "the home folder is not a folder",
            received=f"{place(root)}{origin}",
            expected="a folder that Ceteris made, an empty or a new one",
            fix="choose another folder with --home or CETERIS_HOME",
        ) from None
    # A marker that was never finished, and what macOS adds to any folder one looks at.
    return {n for n in names if not n.startswith(f".{MARKER}") and n != ".DS_Store"}


def _check_marker(marker: Path) -> None:
    try:
        found = json.loads(marker.read_bytes())
    except ValueError:
        found = None
    version = found.get("version") if isinstance(found, dict) else None
    if not isinstance(found, dict) or found.get("format") != FORMAT or type(version) is not int:
        raise CeterisError(
            "the home folder's marker is damaged",
            received=place(marker),
            expected=f'{{"format": "{FORMAT}", "version": {VERSION}}}',
            fix=f"if the folder is a home of Ceteris, write that line into {MARKER}",
        )
    if version > VERSION:
        raise CeterisError(
            "the home folder belongs to a newer Ceteris",
            received=f"{place(marker)}, version {version}",
            expected=f"version {VERSION} or older",
            fix="update Ceteris, or choose another folder with --home or CETERIS_HOME",
        )


def _make(home: Home, *, marked: bool) -> None:
    made = make_folder(home.root)
    try:
        for folder in (home.root, home.studies, home.cache):
            if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
                raise not_writable(place(folder), "opening the home folder")
        if not marked:  # before anything else: a home without it would be refused from then on
            about = {"format": FORMAT, "version": VERSION}
            write_whole(home.root / MARKER, (json.dumps(about) + "\n").encode())
        made = make_folder(home.studies) + made
        make_folder(home.cache)
    except BaseException:
        if not marked:
            with contextlib.suppress(OSError):
                (home.root / MARKER).unlink()
        unmake_folders(made)
        raise


def _unmake(home: Home, made: list[Path]) -> None:
    """Take back an empty home and the folders that were made for it, innermost first."""
    with contextlib.suppress(OSError):
        for folder in (home.studies, home.cache):
            folder.rmdir()
        (home.root / MARKER).unlink()
        for folder in made:
            folder.rmdir()


def _wrong_with(name: object) -> str | None:
    if not isinstance(name, str):
        return "is not text"
    if not name:
        return "is empty"
    if len(name) > LONGEST_NAME:
        return f"has {len(name)} characters"
    if "/" in name or "\\" in name or ".." in name:
        return "is a path"
    if not name.isprintable():
        return "holds control characters"
    if name.startswith("."):
        return "begins with a dot"
    if name.startswith("-"):
        return "begins with '-', as options do"
    if name.endswith((".", " ")):
        return "ends with a dot or a space"
    if not _NAME.fullmatch(name):
        return "holds a character that is not allowed"
    if name.split(".")[0].lower() in _RESERVED:
        return "is reserved by Windows"
    return None


def _is_aside(name: str) -> bool:
    found = _ASIDE.fullmatch(name)
    return found is not None and _wrong_with(found[1]) is None


def _check_study(folder: Path) -> None:
    with told(folder, "looking for the study"):
        if folder.is_symlink():
            raise CeterisError(
                "the study's folder is a link",
                received=place(folder),
                expected="the folder itself, so that nothing elsewhere is changed",
                fix="do it by hand to the folder that the link leads to",
            )
        if not is_ours(folder):
            raise CeterisError(
                f"there is no study {shown(folder.name)}",
                received=place(folder),
                expected="a folder with a study.sqlite that Ceteris wrote",
                fix="see the names with: ceteris list",
            )


def _move(folder: Path, target: Path) -> None:
    """Rename a study's folder that no process is using."""
    if sys.platform == "win32":  # an open file keeps its folder from being renamed there
        with hold(folder):
            pass
        folder.rename(target)
    else:
        with hold(folder):
            folder.rename(target)


def _some(entries: set[str]) -> str:
    names = sorted(entries)
    return ", ".join(shown(n) for n in names[:3]) + (", ..." if len(names) > 3 else "")
