"""The one object ``--json`` prints. Its keys are a promise: ``docs/json.md`` lists them."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ceteris.evaluate import ArmRow, Comparison, Equivalence
from ceteris.report.answer import Answer
from ceteris.store import RunRecord


def as_json(answer: Answer) -> dict[str, Any]:
    """An answer as JSON can hold it; numbers that are not finite become null.

    Returns:
        ``study``, ``arms``, ``runs``, ``comparisons`` (the primary metric's first), ``dropped``,
        ``notes``.
    """
    return {
        "study": {
            "name": answer.study,
            "variant": answer.variant,
            "id": answer.id,
            "folder": str(answer.folder),
            "question": answer.question,
            "primary_metric": answer.metric.name,
            "complete": answer.num_ended == len(answer.runs),
        },
        "arms": [
            {
                "name": arm.name,
                "levels": dict(arm.levels),
                "parameters": arm.parameters,
                "baseline": arm.is_baseline,
                "means": {name: _summary(row) for name, row in arm.summaries.items()},
            }
            for arm in answer.arms
        ],
        "runs": [_run(run) for run in answer.runs],
        "comparisons": [comparison_as_json(c) for c in (*answer.comparisons, *answer.exploratory)],
        "dropped": {arm: asdict(dropped) for arm, dropped in answer.dropped.items()},
        "notes": list(answer.notes),
    }


def comparison_as_json(comparison: Comparison) -> dict[str, Any]:
    """One comparison; the same keys whether the runs are ours or came from a CSV file."""
    return {
        "metric": comparison.metric,
        "arm": comparison.arm,
        "baseline": comparison.baseline,
        "role": comparison.role,
        "seeds": comparison.seeds,
        "difference": _finite(comparison.difference),
        "low": _finite(comparison.low),
        "high": _finite(comparison.high),
        "level": _finite(comparison.level),
        "p_raw": _finite(comparison.p_raw),
        "p_adjusted": _finite(comparison.p_adjusted),
        "p_holm": _finite(comparison.p_holm),
        "p_sign_flip": _finite(comparison.p_sign_flip),
        "correlation": _finite(comparison.correlation),
        "equivalence": _equivalence(comparison.equivalence),
        "method": comparison.method,
        "sentence": comparison.sentence,
        "notes": list(comparison.notes),
    }


def _equivalence(found: Equivalence | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "margin": found.margin,
        "verdict": found.verdict,
        "low": _finite(found.low),
        "high": _finite(found.high),
        "level": _finite(found.level),
        "p": _finite(found.p),
        "smallest_margin": _finite(found.smallest_margin),
        "seeds_needed": found.seeds_needed,
    }


def _summary(row: ArmRow) -> dict[str, Any]:
    return {
        "mean": _finite(row.mean),
        "low": _finite(row.low),
        "high": _finite(row.high),
        "level": row.level,
        "seeds": row.n,
    }


def _run(run: RunRecord) -> dict[str, Any]:
    metrics: Mapping[str, float] = run.metrics
    return {
        "arm": run.arm,
        "seed": run.seed,
        "status": run.status,
        "sentence": run.sentence,
        "steps": run.steps,
        "duration_s": run.duration_s,
        "metrics": {name: _finite(value) for name, value in sorted(metrics.items())},
        "digest": run.digest,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
