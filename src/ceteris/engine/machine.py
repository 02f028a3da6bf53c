"""What a study runs on: how many workers fit, and what is frozen with the study.

Torch is not imported here: a study whose runs are all finished is shown without it.
"""

import os
import platform
from importlib.metadata import version
from pathlib import Path

# The engine's own arithmetic. It goes up when a change of ours may change the bits of a run.
ENGINE_VERSION = 2
THREADS_PER_RUN = 1
CHUNK_WIDTH = 1

_INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")

# A worker holds PyTorch and its buffers (about 350 MB resident, measured on Linux) and room for a
# batch's activations. Images are memory-mapped and shared, so they do not count per worker.
_WORKER_BYTES = 700 * 2**20


def environment() -> dict[str, str | int]:
    """Everything besides recipe, data and seed that the bits of a run may depend on.

    Example:
        >>> environment()["threads"]
        1
    """
    return {
        "engine": ENGINE_VERSION,
        "threads": THREADS_PER_RUN,
        "chunk_width": CHUNK_WIDTH,
        "device": "cpu",
        "torch": version("torch"),
        "numpy": version("numpy"),
        "scipy": version("scipy"),
        "python": ".".join(platform.python_version_tuple()[:2]),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
    }


def has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether the processor multiplies bfloat16 numbers itself; no where the system cannot say."""
    fields = _first_processor(cpuinfo)
    sets = f"{fields.get('flags', '')} {fields.get('Features', '')}".split()
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(sets))


def _first_processor(cpuinfo: Path) -> dict[str, str]:
    """What the system says of its first processor; empty where it says nothing."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    fields: dict[str, str] = {}
    for line in text.split("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        fields[key.strip()] = value.strip()
    return fields


def _processor() -> str:
    """Vendor, family, model and instruction sets: kernels are chosen by these at run time."""
    fields = _first_processor(Path("/proc/cpuinfo"))
    if not fields:
        return platform.processor() or platform.machine()
    if "flags" not in fields:
        return fields.get("Model", "") or platform.machine()
    sets = [name for name in _INSTRUCTION_SETS if name in fields["flags"].split()]
    model = f"family {fields.get('cpu family')} model {fields.get('model')}"
    return f"{fields.get('model name', 'processor')} ({model}; {' '.join(sets)})"


def usable_cores() -> int:
    """Cores this process may use: its affinity, and the quota of its control group.

    Example:
        >>> usable_cores() >= 1
        True
    """
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quota = cgroup_cores(Path("/sys/fs/cgroup"))
    return max(1, min(cores, quota) if quota else cores)


def cgroup_cores(root: Path) -> int | None:
    """The control group's processor quota in whole cores, None without one.

    Args:
        root: where control groups are mounted; version 2 (``cpu.max``) or 1 (``cpu/cpu.cfs_*``).
    """
    try:
        quota, period = (root / "cpu.max").read_text().split()[:2]
    except (OSError, ValueError):
        try:
            quota = (root / "cpu" / "cpu.cfs_quota_us").read_text().strip()
            period = (root / "cpu" / "cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    if not quota.isdigit() or not period.isdigit() or int(period) == 0:
        return None  # "max" or -1: no quota
    return max(1, round(int(quota) / int(period)))


def available_bytes(
    root: Path = Path("/sys/fs/cgroup"), meminfo: Path = Path("/proc/meminfo")
) -> int | None:
    """Memory that can still be used: the system's, or the control group's limit if that is less.

    Returns None where the system does not say (then memory caps nothing).
    """
    found: list[int] = []
    try:
        lines = meminfo.read_text().splitlines()
        found += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    except OSError:
        pass
    try:
        limit = (root / "memory.max").read_text().strip()
        if limit.isdigit():
            found.append(int(limit) - int((root / "memory.current").read_text()))
    except (OSError, ValueError):
        pass
    return min(found) if found else None


def choose_workers(
    num_runs: int, *, asked: int | None, cores: int, memory: int | None, run_bytes: int
) -> int:
    """Worker processes to start: one a core, no more than runs, and only as many as memory holds.

    Args:
        num_runs: runs still to train.
        asked: ``--workers``, which overrides cores and memory but not the number of runs.
        cores: of :func:`usable_cores`.
        memory: of :func:`available_bytes`.
        run_bytes: what one run needs beyond PyTorch itself: weights, gradient, optimizer states.

    Example:
        >>> choose_workers(32, asked=None, cores=2, memory=24 * 2**30, run_bytes=2**20)
        2
        >>> choose_workers(32, asked=None, cores=8, memory=2 * 2**30, run_bytes=2**20)
        2
    """
    wanted = asked if asked is not None else cores
    if asked is None and memory is not None:
        wanted = min(wanted, memory // (_WORKER_BYTES + run_bytes))
    return max(1, min(wanted, num_runs))
