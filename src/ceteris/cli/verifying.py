"""``verify``: whether a study is still what was written, without training or executing anything."""

from pathlib import Path

from rich.text import Text

from ceteris.cli.tables import console, print_json
from ceteris.conduct import Verdict, find_folder, verify


def print_verdict(study: str, home: Path | None, *, json: bool) -> int:
    """Print what was derived again; 0 if all of it agrees, 1 if not."""
    verdict = verify(find_folder(study.partition("@")[0], home))
    if json:
        print_json(_as_json(verdict))
    else:
        out = console()
        for problem in verdict.problems:
            out.print(Text(str(problem)), soft_wrap=True)
            out.print()
        for what, number in verdict.checked.items():
            out.print(Text(f"{number:>6,} {what} right"))
        for note in verdict.notes:
            out.print(Text(f"Note: {note}"))
        found = f"not whole (problems: {len(verdict.problems)})" if verdict.problems else "whole"
        out.print(Text(f"{verdict.folder} is {found}"), soft_wrap=True)
    return 1 if verdict.problems else 0


def _as_json(verdict: Verdict) -> dict[str, object]:
    return {
        "folder": str(verdict.folder),
        "whole": not verdict.problems,
        "checked": dict(verdict.checked),
        "problems": [
            {"what": e.what, "received": e.received, "expected": e.expected, "fix": e.fix}
            for e in verdict.problems
        ],
        "notes": list(verdict.notes),
    }
