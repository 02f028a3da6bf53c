"""Finding the files of a published set, in any of its forms."""

from dataclasses import dataclass
from pathlib import Path

from ceteris.data.published import Form, Places, PublishedFile, PublishedSet
from ceteris.errors import CeterisError


@dataclass(frozen=True)
class FoundForm:
    """A form that is there.

    Args:
        form: which.
        paths: of its files, in their order; of the archive alone where that was found.
        archived: it is the archive.
    """

    form: Form
    paths: tuple[Path, ...]
    archived: bool


def find_form(of: PublishedSet, places: Places) -> FoundForm:
    """Return the first form whose files lie in one folder, or whose archive does.

    Args:
        of: the set.
        places: where its folder may be.

    Raises:
        CeterisError: none is there whole; it says what is missing, where it may be put, and its
            source.
    """
    partial: list[tuple[Path, Form, tuple[PublishedFile, ...]]] = []
    for folder in _folders(of, places):
        for form in of.forms:
            found = {file: _first_file(folder, file.spellings) for file in form.files}
            paths = tuple(path for path in found.values() if path is not None)
            if len(paths) == len(form.files):
                return FoundForm(form, paths, archived=False)
            archive = _first_file(folder, form.archive_spellings)
            if archive is not None:
                return FoundForm(form, (archive,), archived=True)
            if paths:
                missing = tuple(file for file, path in found.items() if path is None)
                partial.append((folder, form, missing))
    if partial:
        raise _some_missing(of, *partial[0])
    raise CeterisError(
        f"the files of {of.title} are not here",
        received=_where_looked(places, of.folders[0]),
        expected="; or ".join(map(_wanted, of.forms)) + "; each unpacked, .gz, .bz2, .xz or .zip",
        fix=(f"ceteris data fetch {of.name}, or " if of.mirrors else "")
        + f"get {of.forms[0].to_get} from {of.published_at} into "
        + " or ".join(str(place / of.folders[0]) for place in places.folders)
        + ("" if places.data_folder else ", or set CETERIS_DATA to a folder that holds the set"),
    )


def _folders(of: PublishedSet, places: Places) -> tuple[Path, ...]:
    named = tuple(place / name for place in places.folders for name in of.folders)
    # Also the folder of the set itself, for whoever points CETERIS_DATA one level too deep.
    own = (p for p in (places.data_folder,) if p is not None and p.name in of.folders)
    return (*named, *own)


def _some_missing(
    of: PublishedSet, folder: Path, form: Form, missing: tuple[PublishedFile, ...]
) -> CeterisError:
    names = ", ".join(file.published_name for file in missing)
    source = f"{form.archive} from {of.published_at}" if form.archive else of.published_at
    return CeterisError(
        f"some files of {of.title} are missing",
        received=f"no {names} in {folder}",
        expected=f"all {len(form.files)} files of {of.title} in one folder, packed or unpacked",
        fix=f"put {names} from {source} into {folder}",
    )


def _wanted(form: Form) -> str:
    files = ", ".join(file.published_name for file in form.files)
    return f"{files}, or {form.archive} with all of it" if form.archive else files


def _where_looked(places: Places, folder: str) -> str:
    if places.data_folder is None:
        return f"CETERIS_DATA is not set, and there is no {places.downloads / folder}"
    if not places.data_folder.is_dir():
        return f"CETERIS_DATA names {places.data_folder}, which is not a folder"
    return f"no folder {folder} with them in {places.data_folder} or {places.downloads}"


def _first_file(folder: Path, names: tuple[str, ...]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)
