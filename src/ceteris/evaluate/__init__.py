"""What it means: arrays in, numbers, intervals and sentences out. No training library here."""

from ceteris.evaluate.compare import compare, deciding_tail, summarise_arms
from ceteris.evaluate.intervals import (
    Detectable,
    Interval,
    Summary,
    detectable,
    prediction_interval,
    summarise,
    t_interval,
    wilson,
)
from ceteris.evaluate.metrics import Direction, accuracy, chance, cross_entropy, direction, mse
from ceteris.evaluate.results_csv import ResultRow, Results, parse_results, read_results
from ceteris.evaluate.rows import ArmRow, Comparison, Result, Role, Verdict
from ceteris.evaluate.words import arm_text, interval_text, level_text, number, p_text

__all__ = [
    "ArmRow",
    "Comparison",
    "Detectable",
    "Direction",
    "Interval",
    "Result",
    "ResultRow",
    "Results",
    "Role",
    "Summary",
    "Verdict",
    "accuracy",
    "arm_text",
    "chance",
    "compare",
    "cross_entropy",
    "deciding_tail",
    "detectable",
    "direction",
    "interval_text",
    "level_text",
    "mse",
    "number",
    "p_text",
    "parse_results",
    "prediction_interval",
    "read_results",
    "summarise",
    "summarise_arms",
    "t_interval",
    "wilson",
]
