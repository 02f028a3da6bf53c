"""Workers are counted by affinity, control group and memory."""

import os
from pathlib import Path

import pytest

from ceteris.engine.machine import (
    available_bytes,
    cgroup_cores,
    choose_workers,
    environment,
    has_bfloat16,
    usable_cores,
)


def test_affinity_is_respected() -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system has no processor affinity")
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("content", "cores"),
    [("200000 100000", 2), ("max 100000", None), ("50000 100000", 1), ("x", None)],
)
def test_quota_of_version_2(tmp_path: Path, content: str, cores: int | None) -> None:
    (tmp_path / "cpu.max").write_text(content)
    assert cgroup_cores(tmp_path) == cores


@pytest.mark.parametrize(("quota", "cores"), [("300000", 3), ("-1", None)])
def test_quota_of_version_1(tmp_path: Path, quota: str, cores: int | None) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert cgroup_cores(tmp_path) == cores


def test_memory_is_the_lesser_of_system_and_group(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 9 kB\nMemAvailable:    4000 kB\n")
    assert available_bytes(tmp_path, meminfo) == 4000 * 1024
    (tmp_path / "memory.max").write_text("3000000")
    (tmp_path / "memory.current").write_text("1000000")
    assert available_bytes(tmp_path, meminfo) == 2_000_000
    assert available_bytes(tmp_path / "none", tmp_path / "none") is None


def test_workers() -> None:
    gib = 2**30
    assert choose_workers(32, asked=None, cores=4, memory=None, run_bytes=0) == 4
    assert choose_workers(3, asked=None, cores=4, memory=None, run_bytes=0) == 3
    assert choose_workers(32, asked=None, cores=8, memory=3 * gib, run_bytes=0) == 4
    assert choose_workers(32, asked=None, cores=8, memory=3 * gib, run_bytes=gib) == 1
    assert choose_workers(32, asked=6, cores=2, memory=gib, run_bytes=0) == 6
    assert choose_workers(0, asked=None, cores=2, memory=None, run_bytes=0) == 1


def test_the_environment_names_what_bits_depend_on() -> None:
    found = environment()
    assert {"torch", "numpy", "processor", "threads", "engine"} <= set(found)
    assert found == environment()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16\n", True),
        ("flags\t\t: fpu amx_bf16\n", True),
        ("Features\t: fp asimd bf16\n", True),
        ("flags\t\t: fpu avx512f\n", False),
        ("model name\t: avx512_bf16\n", False),
        ("", False),
    ],
)
def test_bfloat16_is_what_the_processor_says(tmp_path: Path, text: str, expected: bool) -> None:
    (tmp_path / "cpuinfo").write_text(text)
    assert has_bfloat16(tmp_path / "cpuinfo") is expected
    assert not has_bfloat16(tmp_path / "missing")
