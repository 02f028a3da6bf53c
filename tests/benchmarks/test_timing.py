import os
import sys
import time
from pathlib import Path

import pytest
from benchmarks.timing import CommandFailedError, timed, together_bytes

MEGABYTE = 2**20


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_what_a_command_prints_and_how_long_it_took(tmp_path: Path) -> None:
    began = time.perf_counter()
    done = timed(python("import time; time.sleep(0.3); print('hello')"), env={}, folder=tmp_path)
    assert done.stdout == "hello\n"
    assert 0.3 <= done.wall_s <= time.perf_counter() - began


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match=r"ended with 3(.|\n)*no such thing"):
        timed(
            python("import sys; print('no such thing', file=sys.stderr); sys.exit(3)"),
            env={},
            folder=tmp_path,
        )


def test_a_command_that_is_killed_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match="ended with -9"):
        timed(python("import os; os.kill(os.getpid(), 9)"), env={}, folder=tmp_path)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc on this system")
def test_the_memory_of_children_counts_too(tmp_path: Path) -> None:
    size = 64 * MEGABYTE
    child = f"block = b'x' * {size}; print('ready', flush=True); input()"
    code = f"""if True:
        import subprocess, sys, time
        ends = {{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "start_new_session": True}}
        held = [subprocess.Popen([sys.executable, "-c", {child!r}], **ends) for _ in range(2)]
        [process.stdout.readline() for process in held]
        time.sleep(2)  # some looks
        [process.communicate(b"go") for process in held]
    """
    done = timed(python(code), env=dict(os.environ), folder=tmp_path)
    assert done.together_bytes >= 2 * size
    assert done.largest_bytes >= size


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc on this system")
def test_memory_of_a_process_that_is_gone_is_none() -> None:
    assert together_bytes(2**22 + 1) == 0
