"""What it means: arrays in, numbers, intervals and sentences out. No training library here."""

from ceteris.evaluate.compare import compare, deciding_tail, summarise_arms
from ceteris.evaluate.intervals import (
    Interval,
    Summary,
    prediction_interval,
    summarise,
    t_interval,
    wilson,
)
from ceteris.evaluate.metrics import Direction, accuracy, chance, cross_entropy, direction, mse
from ceteris.evaluate.numerals import (
    arm_text,
    exact_text,
    interval_text,
    level_text,
    number,
    p_text,
    rounded_up_text,
    within_text,
)
from ceteris.evaluate.power import (
    Detectable,
    detectable,
    equivalence_tail,
    seeds_for_equivalence,
)
from ceteris.evaluate.results_csv import ResultRow, Results, parse_results, read_results
from ceteris.evaluate.rows import ArmRow, Comparison, Equivalence, Result, Role, Verdict

__all__ = [
    "ArmRow",
    "Comparison",
    "Detectable",
    "Direction",
    "Equivalence",
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
    "equivalence_tail",
    "exact_text",
    "interval_text",
    "level_text",
    "mse",
    "number",
    "p_text",
    "parse_results",
    "prediction_interval",
    "read_results",
    "rounded_up_text",
    "seeds_for_equivalence",
    "summarise",
    "summarise_arms",
    "t_interval",
    "wilson",
    "within_text",
]
