"""The machine in words: what a table of times is worthless without."""

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

_TELLING = ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "avx512_fp16")


@dataclass(frozen=True)
class Machine:
    """Where a measurement was made.

    Args:
        processor: its name, with family and model, which tell what the name does not.
        instructions: the instruction sets that matter to matrix products.
        cores: usable ones.
        memory_gib: in all.
        system: kernel and its version.
        load: processes that were running beforehand, a mean over a minute.
    """

    processor: str
    instructions: tuple[str, ...]
    cores: int
    memory_gib: int
    system: str
    load: float

    @property
    def short(self) -> str:
        """For a file's name.

        Example:
            >>> Machine("AMD EPYC (family 25 model 17)", (), 2, 24, "Linux", 0.0).short
            'amd-epyc-family-25-model-17-2-cores'
        """
        return re.sub(r"[^a-z0-9]+", "-", f"{self.processor} {self.cores} cores".lower()).strip("-")


def this_machine() -> Machine:
    """Read it."""
    fields = _cpuinfo()
    name = re.sub(r"\((R|TM)\)", "", fields.get("model name", platform.machine()))
    place = f" (family {fields['cpu family']} model {fields['model']})" if "model" in fields else ""
    flags = fields.get("flags", "").split()
    return Machine(
        processor=" ".join(name.split()) + place,
        instructions=tuple(flag for flag in _TELLING if flag in flags),
        cores=usable_cores(),
        memory_gib=round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)
        if hasattr(os, "sysconf")
        else 0,
        system=f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        load=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else 0.0,
    )


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpuinfo() -> dict[str, str]:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", errors="replace")
    except OSError:
        return {}
    lines = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in lines}
