"""What is said: a study's answer as rows, as JSON, and the study files one starts from."""

from ceteris.report.answer import Answer, ArmRow, read_answer, read_variants
from ceteris.report.as_json import as_json, comparison_as_json
from ceteris.report.asked import run
from ceteris.report.templates import images_study, starter_study

__all__ = [
    "Answer",
    "ArmRow",
    "as_json",
    "comparison_as_json",
    "images_study",
    "read_answer",
    "read_variants",
    "run",
    "starter_study",
]
