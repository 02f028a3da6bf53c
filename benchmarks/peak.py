"""The machine's peak at matrix products: what a share of the peak is a share of.

``python -m benchmarks.peak`` multiplies 2048 x 2048 matrices in one process a core at once, one
thread each, as Ceteris runs, and prints one line of JSON. For float32 both MKL (what ``torch.mm``
uses) and oneDNN are tried; the latter through a private operation, so it may be missing.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.machine import usable_cores

_SIDE = 2048
_MEASURED_S = 1.5
_ONE = "--one-core"


def peaks() -> dict[str, Any]:
    """Measure all cores at once.

    Returns:
        For each number type 10^9 operations a second, in all (``total``) and of each core
        (``per_core``), through whichever library was faster (``by``).
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peak", _ONE],
            env={**os.environ, **threads},
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(usable_cores())
    ]
    for process in processes:
        process.stdout.readline()  # "ready": imports are over
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    cores = [json.loads(process.communicate()[0]) for process in processes]
    return best_of(cores)


def best_of(cores: list[Mapping[str, float]]) -> dict[str, Any]:
    """From what each core measured to one peak for each number type.

    Args:
        cores: for each, ``"number type, library"`` -> 10^9 operations a second.

    Example:
        >>> best_of([{"float32, a": 90.0, "float32, b": 100.0}] * 2)["float32"]
        {'total': 200.0, 'per_core': [100.0, 100.0], 'by': 'b'}
    """
    kinds = [kind for kind in cores[0] if all(kind in core for core in cores)]
    found: dict[str, dict[str, Any]] = {}
    for kind in kinds:
        numbers, _, library = kind.partition(", ")
        total = round(sum(core[kind] for core in cores), 1)
        if total > found.get(numbers, {"total": 0.0})["total"]:
            per_core = [round(core[kind], 1) for core in cores]
            found[numbers] = {"total": total, "per_core": per_core, "by": library}
    return found


def larger(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Of two measurements the larger for each number type.

    Example:
        >>> larger({"float32": {"total": 2.0}}, {"float32": {"total": 1.0}})
        {'float32': {'total': 2.0}}
    """
    found = dict(one)
    for numbers, peak in other.items():
        if numbers not in found or peak["total"] > found[numbers]["total"]:
            found[numbers] = peak
    return found


def _one_core() -> None:
    import torch

    torch.set_num_threads(1)
    left, right = torch.rand(_SIDE, _SIDE) - 0.5, torch.rand(_SIDE, _SIDE) - 0.5
    left16, right16 = left.bfloat16(), right.bfloat16()
    products: dict[str, Callable[[], Any]] = {
        "float32, torch.mm": lambda: torch.mm(left, right),
        "float32, oneDNN": lambda: torch.ops.mkldnn._linear_pointwise(
            left, right, None, "none", [], ""
        ),
        "bfloat16, torch.mm": lambda: torch.mm(left16, right16),
    }
    print("ready", flush=True)
    sys.stdin.readline()
    rates = {}
    for kind, product in products.items():
        try:
            product()
        except (AttributeError, RuntimeError):
            continue
        rates[kind] = 2 * _SIDE**3 / _least_s(product) / 1e9
    print(json.dumps(rates))


def _least_s(product: Callable[[], Any]) -> float:
    """The least time of many, in a second or so."""
    least = float("inf")
    until = time.perf_counter() + _MEASURED_S
    while (began := time.perf_counter()) < until:
        product()
        least = min(least, time.perf_counter() - began)
    return least


if __name__ == "__main__":
    if _ONE in sys.argv:
        _one_core()
    else:
        print(json.dumps(peaks()))
