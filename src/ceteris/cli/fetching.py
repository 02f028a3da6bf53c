"""``data fetch``: a bar for each file on a terminal, a line for each elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from ceteris.data.download import Tell
from ceteris.data.fetching import fetch, may_download
from ceteris.store import open_home


def fetch_set(name: str, home: Path | None, data_folder: Path | None, mirror: str | None) -> None:
    """Download what is missing of a set, and say where it is."""
    opened = open_home(home, create=may_download(name, mirror))
    say = Console(stderr=True, highlight=False)
    with shown_on(say) as tell:
        done = fetch(name, cache=opened.cache, data_folder=data_folder, mirror=mirror, tell=tell)
    if done.folder is None:
        line = f"{name} comes with a library that is installed: nothing has to be fetched"
    elif done.came:
        line = f"{name} is whole, every digest as published, in {done.folder}"
    else:
        line = f"{name} is here already, every digest as published, in {done.folder}"
    say.print(Text(line), soft_wrap=True)


@contextmanager
def shown_on(say: Console) -> Iterator[Tell]:
    """Show how far each file is, as long as it lasts."""
    if not say.is_terminal:
        yield _Lines(say)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=say) as progress:
        yield _Bars(progress)


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, name: str, received: int, total: int | None) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name)
        self._progress.update(self._tasks[name], completed=received, total=total)


class _Lines:
    """A line when a file begins: what a log or a pipe can use."""

    def __init__(self, say: Console) -> None:
        self._say = say

    def __call__(self, name: str, received: int, total: int | None) -> None:
        if received == 0:
            size = f", {total:,} bytes" if total else ""
            self._say.print(Text(f"fetching {name}{size}"), soft_wrap=True)
