"""What is known of each data set, and whether it is here: rows, before they are printed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ceteris.data.finding import find_form
from ceteris.data.published import Places
from ceteris.data.registry import DATA_SETS, DataEntry
from ceteris.errors import CeterisError, unknown_name

State = Literal["parsed", "files", "built in", "missing", "yours"]


@dataclass(frozen=True)
class SetRow:
    """One registered set.

    Args:
        entry: what the register knows.
        state: ``"parsed"`` into the cache already, its ``"files"`` found, ``"built in"`` to a
            library we depend on, ``"missing"``, or ``"yours"``: read from a path that you give.
        place: the folder of the parsed set, or of the files; None where there is none.
        to_get: what to get and where to put it; empty where nothing has to be got.
    """

    entry: DataEntry
    state: State
    place: Path | None
    to_get: str

    @property
    def num_train(self) -> int | None:
        """Images that may be trained on; None where the files tell."""
        parts, total = self.entry.parts, self.entry.num_images
        return parts[0][1] if parts else None if total is None else total - (self.num_test or 0)

    @property
    def num_test(self) -> int | None:
        """Images of the test part, published or split off where the study says no other number."""
        if self.entry.parts:
            return self.entry.parts[-1][1]
        drawn = self.entry.default_test
        return drawn if isinstance(drawn, int) else None

    def as_json(self) -> dict[str, Any]:
        """The row as JSON can hold it."""
        entry = self.entry
        return {
            "name": entry.name,
            "title": entry.title,
            "shape": None if entry.shape is None else list(entry.shape),
            "classes": list(entry.classes),
            "train": self.num_train,
            "between": entry.num_between,
            "test": self.num_test,
            "parts": [{"name": name, "images": count} for name, count in entry.parts],
            "published_at": entry.published_at,
            "licence": entry.licence,
            "citation": entry.citation,
            "digest": entry.digest,
            "note": entry.note,
            "state": self.state,
            "place": None if self.place is None else str(self.place),
            "to_get": self.to_get,
        }


def list_data(
    *, cache: Path, data_folder: Path | None, name: str | None = None
) -> tuple[SetRow, ...]:
    """Return a row for each registered set, or for the one called ``name``. Reads no data.

    Args:
        cache: ours; parsed sets are in ``parsed/``, files from elsewhere in ``downloads/``.
        data_folder: what ``CETERIS_DATA`` names; None where it is not set.
        name: of one set; None for all.

    Raises:
        CeterisError: there is no such set.

    Example:
        >>> (row,) = list_data(cache=Path("nowhere"), data_folder=None, name="digits")
        >>> row.num_train, row.num_test, row.state
        (1437, 360, 'built in')
    """
    if name is not None and name not in DATA_SETS:
        raise unknown_name("data set", name, DATA_SETS)
    places = Places(data_folder, cache / "downloads")
    entries = DATA_SETS.values() if name is None else (DATA_SETS[name],)
    return tuple(_row(entry, cache, places) for entry in entries)


def _row(entry: DataEntry, cache: Path, places: Places) -> SetRow:
    if entry.digest is None:
        return SetRow(entry, "yours", None, "")
    parsed = cache / "parsed" / f"{entry.name}-{entry.digest[:32]}"
    place = parsed if (parsed / "about.json").is_file() else None
    if entry.published is None:
        return SetRow(entry, "built in", place, "")
    if place is not None:
        return SetRow(entry, "parsed", place, "")
    try:
        return SetRow(entry, "files", find_form(entry.published, places).paths[0].parent, "")
    except CeterisError as error:
        return SetRow(entry, "missing", None, error.fix)
