"""Getting a published set: which files, from which mirrors, and into place once they are right.

A file is accepted by the digest of its content, as one put there by hand is; an archive by the
digests of what is inside. Only then does it get its name, so that a file under its name is whole.
"""

import contextlib
import errno
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ceteris.atomic import make_folder, sync_folder, unmake_folders
from ceteris.data.download import STALLED_S, FailedError, Tell, download, is_web_address
from ceteris.data.finding import FoundForm, find_form
from ceteris.data.published import Form, Places, PublishedFile, PublishedSet
from ceteris.data.reading import read_form
from ceteris.data.registry import DATA_SETS, KNOWN_FILES
from ceteris.errors import CeterisError, shown, unknown_name

_UNFINISHED = ".fetching-"
_STALE_S = 24 * 3600  # what a killed process left behind is swept away after a day
_MORE_BYTES = 1 << 20  # a packed file or a tar archive is this much larger than its content at most


@dataclass(frozen=True)
class Fetched:
    """Where the files of a set are.

    Args:
        folder: their folder; None where the set needs none.
        came: the names of those that were downloaded now; empty where all were here already.
    """

    folder: Path | None
    came: tuple[str, ...]


def fetch(
    name: str,
    *,
    cache: Path,
    data_folder: Path | None,
    mirror: str | None = None,
    tell: Tell = lambda name, received, total: None,
    stalled_s: float = STALLED_S,
) -> Fetched:
    """Download what is missing of a registered set, into the cache's ``downloads/``.

    Args:
        name: in the register.
        cache: ours to write.
        data_folder: what ``CETERIS_DATA`` names, never written to; None where it is not set.
        mirror: an address below which the files lie under their published names; None takes the
            published ones.
        tell: is told how far each file is.
        stalled_s: how long a server may send nothing.

    Raises:
        CeterisError: there is no such set, it is nobody's to fetch, no mirror gave the right file,
            or the cache cannot be written to. Nothing wrong is left under a file's name.
    """
    may_download(name, mirror)
    of = DATA_SETS[name].published
    if of is None:
        return Fetched(None, ())
    places = Places(data_folder, cache / "downloads")
    here = _whole(of, places)
    if here is not None:
        return Fetched(here, ())
    folder = places.downloads / of.folders[0]
    mirrors = of.mirrors if mirror is None else (mirror,)
    if not mirrors:
        raise _needs_account(of, folder)
    with _told(folder), _workshop(folder) as workshop:
        job = _Job(of, folder, workshop, mirrors, mirror is not None, tell, stalled_s)
        came = job.run()
    return Fetched(folder, came)


def may_download(name: str, mirror: str | None) -> bool:
    """Tell whether there is anywhere to download a set from. Touches no disk.

    Raises:
        CeterisError: there is no such set, it is the user's own, or the mirror is no web address.
    """
    published = [n for n, entry in DATA_SETS.items() if entry.published is not None]
    if name not in DATA_SETS:
        raise unknown_name("data set", name, published)
    if mirror is not None and not is_web_address(mirror):
        raise CeterisError(
            "a mirror is an address on the web",
            received=f"--from {shown(mirror)}",
            expected="an address that begins with http:// or https://",
            fix="for files on a disk: set CETERIS_DATA to the folder that holds the set's folder",
        )
    entry = DATA_SETS[name]
    if entry.own:
        raise CeterisError(
            f"'{name}' is read from a path of your own, so there is nothing to fetch",
            received=f"ceteris data fetch {name}",
            expected=f"one of {', '.join(published)}",
            fix=f'write name = "{name}" and path = ... in [data]',
        )
    return entry.published is not None and bool(mirror or entry.published.mirrors)


def _whole(of: PublishedSet, places: Places) -> Path | None:
    """The folder that holds the set already, its digests checked; None where it is not here.

    Raises:
        CeterisError: files of CETERIS_DATA are wrong: those would be read first, whatever is
            fetched, and are not ours to replace.
    """
    for given in (places, Places(None, places.downloads)):
        try:
            found = find_form(of, given)
        except CeterisError:
            continue
        theirs = places.data_folder is not None and found.paths[0].is_relative_to(
            places.data_folder
        )
        try:
            read_form(of, found, KNOWN_FILES)
        except CeterisError:
            if theirs:
                raise
            continue
        return found.paths[0].parent
    return None


@dataclass(frozen=True)
class _Job:
    of: PublishedSet
    folder: Path
    workshop: Path
    mirrors: tuple[str, ...]
    any_packing: bool  # a mirror of one's own may hold a file packed otherwise
    tell: Tell
    stalled_s: float

    def run(self) -> tuple[str, ...]:
        """Get the first form that some mirror has, and return the names of what came."""
        reasons: list[str] = []
        for form in self.of.forms:
            for mirror in self.mirrors:
                base = mirror if mirror.endswith("/") else f"{mirror}/"
                try:
                    return self._form(form, base)
                except FailedError as error:
                    reasons.append(str(error))
        wanted, own = self.of.forms[0].to_get, f"ceteris data fetch {self.of.name} --from ADDRESS"
        raise CeterisError(
            f"{self.of.title} could not be fetched",
            received="; ".join(dict.fromkeys(reasons)),
            expected=f"{wanted} from {' or '.join(self.mirrors)}",
            fix=f"check the network and try again; where there is none, put {wanted} from "
            f"{self.of.published_at} into {self.folder} by hand"
            + ("" if self.any_packing else f"; for a mirror of your own: {own}"),
        )

    def _form(self, form: Form, base: str) -> tuple[str, ...]:
        if form.archive is not None:
            try:
                return (self._archive(form, base),)
            except FailedError as error:
                if not (error.absent and self.any_packing):
                    raise
        return tuple(name for file in form.files if (name := self._file(form, file, base)))

    def _archive(self, form: Form, base: str) -> str:
        limit = sum(file.content_bytes for file in form.files) + _MORE_BYTES
        return self._get(base, (form.archive or "",), form, limit, archived=True)

    def _file(self, form: Form, file: PublishedFile, base: str) -> str:
        """Get one file, or return an empty name if it is here already and right."""
        alone = replace(form, files=(file,), archive=None)
        for spelling in file.spellings:
            path = self.folder / spelling
            if path.is_file():
                with contextlib.suppress(CeterisError):
                    self._check(alone, path, archived=False)
                    return ""
        others = file.spellings if self.any_packing else ()
        names = tuple(dict.fromkeys((file.published_name, *others)))
        return self._get(base, names, alone, file.content_bytes + _MORE_BYTES, archived=False)

    def _get(
        self, base: str, names: tuple[str, ...], form: Form, limit: int, *, archived: bool
    ) -> str:
        """Get the first of these names that the server has."""
        last = FailedError("has no such file", absent=True)
        for name in names:
            try:
                download(
                    base + name,
                    self.workshop / name,
                    limit=limit,
                    check=partial(self._check_came, form, archived=archived),
                    tell=self.tell,
                    stalled_s=self.stalled_s,
                )
            except FailedError as error:
                last = FailedError(f"{base}{name} {error}", absent=error.absent)
                if not error.absent:
                    break
            else:
                (self.workshop / name).replace(self.folder / name)
                sync_folder(self.folder)
                return name
        raise last

    def _check(self, form: Form, path: Path, *, archived: bool) -> None:
        read_form(self.of, FoundForm(form, (path,), archived=archived), KNOWN_FILES)

    def _check_came(self, form: Form, path: Path, *, archived: bool) -> None:
        try:
            self._check(form, path, archived=archived)
        except CeterisError as error:
            with path.open("rb") as stream:
                page = stream.read(64).lstrip()[:1] == b"<"
            # The error names the unfinished file, which nobody has heard of.
            sent = "a web page" if page else error.received
            raise FailedError(f"sent another file: {sent}") from None


def _needs_account(of: PublishedSet, folder: Path) -> CeterisError:
    wanted = " or ".join(form.to_get for form in of.forms)
    return CeterisError(
        f"{of.title} is published for those with an account, so it cannot be fetched from here",
        received=f"ceteris data fetch {of.name}",
        expected=f"{wanted}, packed or unpacked, in {folder}",
        fix=f"log in at {of.published_at}, get {of.forms[0].to_get}, and put it into {folder}; "
        f"or name a mirror of your own: ceteris data fetch {of.name} --from ADDRESS",
    )


@contextlib.contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """A folder beside the files for what is not finished, gone afterwards whatever happens."""
    made = make_folder(folder)
    for left in folder.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE_S:
                shutil.rmtree(left, ignore_errors=True)
    workshop = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder))
    try:
        yield workshop
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
        unmake_folders(made)  # as far as they are empty: nothing came


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise CeterisError(
            "there is no room on the disk for a download"
            if full
            else f"nothing can be downloaded into {folder}",
            received=shown(error.strerror or str(error)) + f"  ({folder})",
            expected="a folder that can be written to, with room for the files",
            fix="make room there" if full else "check its permissions, or choose another home",
        ) from error
