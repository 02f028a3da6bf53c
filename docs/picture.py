"""Draw what `ceteris show` prints as an SVG: python docs/picture.py STUDY FILE.svg [HOME]."""

import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from ceteris.cli import tables
from ceteris.cli.reading import find_answer

# Rich's own frame without its web font: a picture must make no request to anywhere.
FRAME = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
{styles}
text {{ font-family: "DejaVu Sans Mono", Consolas, Menlo, monospace; font-size: {char_height}px; }}
</style>
<rect width="100%" height="100%" rx="8" fill="#ffffff" stroke="#d0d7de"/>
<g transform="translate(12, 8)" >{matrix}</g>
<defs>
{lines}
</defs>
</svg>
"""


def main() -> None:
    """Draw it."""
    study, target, *home = sys.argv[1:]
    out = Console(record=True, width=80, highlight=False, file=sys.stderr, force_terminal=False)
    tables.console = lambda: out
    answer = find_answer(study, Path(home[0]) if home else None)
    # The picture shows where a reader's own results would be, not where these were made.
    answer = replace(answer, folder=Path("~/.ceteris/studies") / answer.study)
    tables.print_answer(answer, json=False)
    Path(target).write_text(
        out.export_svg(code_format=FRAME, unique_id=study, theme=DEFAULT_TERMINAL_THEME), "utf-8"
    )


if __name__ == "__main__":
    main()
