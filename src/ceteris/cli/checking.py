"""``doctor``: what this machine offers, and whether it computes a training step rightly."""

from pathlib import Path

from rich.table import Table
from rich.text import Text

from ceteris.cli.tables import bytes_text, console, print_json
from ceteris.engine import available_bytes, environment, usable_cores
from ceteris.engine.selfcheck import check_steps
from ceteris.store import open_home


def print_checkup(home: Path | None, data_folder: Path | None, *, json: bool) -> int:
    """Print what was found; 0 if every step is right, 1 if not."""
    opened = open_home(home, create=False)
    memory = available_bytes()
    facts = {
        **environment(),
        "cores": usable_cores(),
        "memory_available": bytes_text(memory) if memory is not None else "not known",
        "home": str(opened.root) + ("" if opened.root.exists() else " (not made yet)"),
        "CETERIS_DATA": str(data_folder) if data_folder else "not set",
    }
    checks = check_steps()
    if json:
        steps = [
            {"name": c.name, "error": c.error, "allowed": c.allowed, "passed": c.passed}
            for c in checks
        ]
        print_json({"machine": facts, "steps": steps})
    else:
        out = console()
        table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
        for key, value in facts.items():
            table.add_row(key, Text(str(value), overflow="fold"))
        out.print(table)
        out.print()
        found = Table("one training step against float64", "error", "allowed", "", box=None)
        for check in checks:
            verdict = "right" if check.passed else "WRONG"
            found.add_row(check.name, f"{check.error:.1e}", f"{check.allowed:.0e}", verdict)
        out.print(found)
    return 0 if all(c.passed for c in checks) else 1
