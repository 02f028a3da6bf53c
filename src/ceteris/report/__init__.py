"""What is said: a study's answer as rows, as JSON, and the study files one starts from."""

from ceteris.report.answer import Answer, ArmRow, read_answer, read_variants
from ceteris.report.as_json import as_json, comparison_as_json
from ceteris.report.asked import run
from ceteris.report.diagram import draw_network
from ceteris.report.explained import (
    as_latex,
    as_markdown,
    explanation_as_json,
    input_text,
    sheet,
)
from ceteris.report.matched import Solved, layers_lines, match_as_json, network_line
from ceteris.report.templates import images_study, starter_study

__all__ = [
    "Answer",
    "ArmRow",
    "Solved",
    "as_json",
    "as_latex",
    "as_markdown",
    "comparison_as_json",
    "draw_network",
    "explanation_as_json",
    "images_study",
    "input_text",
    "layers_lines",
    "match_as_json",
    "network_line",
    "read_answer",
    "read_variants",
    "run",
    "sheet",
    "starter_study",
]
