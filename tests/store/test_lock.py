import errno
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ceteris.errors import CeterisError
from ceteris.store import hold
from ceteris.store import lock as lock_module

HOLDER = """
import sys, time
from pathlib import Path
from ceteris.store.lock import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""

# A child that outlives its parent: forked with the lock held, as a worker pool would.
FORKER = """
import os, sys, time
from pathlib import Path
from ceteris.store.lock import hold
with hold(Path(sys.argv[1])):
    child = os.fork()
    if child == 0:
        os.close(1)
        time.sleep(60)
        os._exit(0)
    print(child, flush=True)
    sys.stdin.read()
"""


def start(code: str, folder: Path) -> tuple["subprocess.Popen[str]", str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()


def test_held_and_freed(tmp_path: Path) -> None:
    for _ in range(2):
        with hold(tmp_path):
            note = json.loads((tmp_path / "lock").read_text())
            assert note["pid"] == os.getpid()
            assert note["host"] == socket.gethostname()
    assert os.listdir(tmp_path) == ["lock"]


def test_freed_when_the_block_raises(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold(tmp_path):
        raise ZeroDivisionError
    with hold(tmp_path):
        pass


def test_a_second_holder_is_told_who_has_it(tmp_path: Path) -> None:
    process, _ = start(HOLDER, tmp_path)
    try:
        with pytest.raises(CeterisError) as caught, hold(tmp_path):
            pass
        since = json.loads((tmp_path / "lock").read_text())["since"]
        assert str(caught.value) == (
            "the study is in use by another process\n"
            f"  received: {tmp_path}  (held by process {process.pid}, since {since})\n"
            "  expected: one process at a time that writes to a study\n"
            "  fix:      wait until it has finished, or stop it; what it finished is kept"
        )
    finally:
        end(process)


def test_a_second_holder_in_the_same_process_is_refused(tmp_path: Path) -> None:
    with hold(tmp_path):
        with pytest.raises(CeterisError, match="in use"), hold(tmp_path):
            pass
        with pytest.raises(CeterisError, match="in use"), hold(tmp_path):
            pass


@pytest.mark.parametrize(
    ("note", "who"),
    [
        ("", "another process"),
        ("{", "another process"),
        ("[1]", "another process"),
        ('{"pid": 7, "host": "else\\u001bwhere"}', "process 7 on 'else\\x1bwhere'"),
        ('{"pid": 7, "since": "a\\nb"}', "process 7, since a\\nb"),
    ],
)
def test_the_note_is_only_for_the_message(tmp_path: Path, note: str, who: str) -> None:
    with hold(tmp_path):
        (tmp_path / "lock").write_text(note)
        with pytest.raises(CeterisError) as caught, hold(tmp_path):
            pass
    assert caught.value.received == f"{tmp_path}  (held by {who})"


def test_kill_9_frees_it_and_the_file_left_behind_means_nothing(tmp_path: Path) -> None:
    process, _ = start(HOLDER, tmp_path)
    end(process)
    assert (tmp_path / "lock").exists()
    with hold(tmp_path):
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_forked_child_neither_holds_it_nor_keeps_it(tmp_path: Path) -> None:
    process, child = start(FORKER, tmp_path)
    try:
        with pytest.raises(CeterisError, match="in use"), hold(tmp_path):
            pass
        end(process)
        os.kill(int(child), 0)  # still there
        with hold(tmp_path):
            pass
    finally:
        os.kill(int(child), signal.SIGKILL)


def test_a_lock_file_that_was_removed_before_it_was_locked_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another process removes the folder between our opening the file and our locking it.
    taken, path = lock_module._taken, tmp_path / "lock"
    removed = []

    def remove_first(opened: int) -> bool:
        if not removed:
            removed.append(True)
            path.unlink()
        return taken(opened)

    monkeypatch.setattr(lock_module, "_taken", remove_first)
    with hold(tmp_path):
        monkeypatch.undo()
        with pytest.raises(CeterisError, match="in use"), hold(tmp_path):
            pass
    assert removed


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links are not special here")
def test_a_link_in_place_of_the_lock_is_not_written_through(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    study = tmp_path / "study"
    study.mkdir()
    (study / "lock").symlink_to(victim)
    with pytest.raises(CeterisError, match="the folder cannot be used"), hold(study):
        pass
    assert victim.read_text() == "mine"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    folder = tmp_path / "missing"
    with pytest.raises(CeterisError) as caught, hold(folder):
        pass
    assert caught.value.what == "the folder cannot be used while taking the study's lock"
    assert caught.value.received.startswith(f"{folder}  ({folder / 'lock'}: ")


def test_a_read_only_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(CeterisError) as caught, hold(tmp_path):
        pass
    assert caught.value.what == "access was denied while taking the study's lock"
    assert str(tmp_path) in caught.value.received


def test_a_full_disk_costs_the_note_and_not_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with (
        hold(tmp_path),
        pytest.raises(CeterisError, match="held by another process"),
        hold(tmp_path),
    ):
        pass
