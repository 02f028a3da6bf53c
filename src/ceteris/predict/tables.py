"""Predictions as JSON and as CSV. Their keys are a promise: ``docs/json.md`` lists them."""

import csv
import io
from typing import Any

from ceteris.predict.rows import Prediction, Predictions


def as_json(found: Predictions) -> dict[str, Any]:
    """All of it but the pixels."""
    return {
        "study": found.study,
        "variant": found.variant,
        "arm": found.arm,
        "reason": found.reason,
        "seeds": list(found.seeds),
        "num_seeds": found.num_seeds,
        "classes": list(found.classes),
        "input_shape": list(found.input_shape),
        "normalisation": found.normalisation,
        "validation_accuracy": found.validation_accuracy,
        "pictures": [_picture(row) for row in found.rows],
        "left_out": [{"name": item.name, "reason": item.reason} for item in found.left_out],
        "meanings": dict(found.meanings),
        "likeness": None if found.likeness is None else vars(found.likeness).copy(),
        "notes": list(found.notes),
    }


def as_csv(found: Predictions) -> bytes:
    """One line for each picture; a column for the probability of each class.

    A cell that begins as a formula does gets an apostrophe in front: spreadsheets run formulas.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["name", "label", "probability", "low", "high", "spread", "margin", "votes", "doubts",
         "steps", *(f"p({name})" for name in found.classes)]
    )  # fmt: skip
    for row in found.rows:
        numbers = (row.probability, row.low, row.high, row.spread, row.margin)
        votes = "; ".join(f"{name}: {count}" for name, count in row.votes.items())
        doubts = "; ".join(doubt.kind for doubt in row.doubts)
        words = [_harmless(row.name), _harmless(row.label)]
        writer.writerow(
            [*words, *map(_number, numbers), _harmless(votes), doubts, "; ".join(row.steps),
             *(_number(row.probabilities[name]) for name in found.classes)]
        )  # fmt: skip
    # A name of bytes that are no text comes as lone surrogates, which UTF-8 does not have.
    return text.getvalue().encode("utf-8", errors="backslashreplace")


def _picture(row: Prediction) -> dict[str, Any]:
    return {
        "name": row.name,
        "label": row.label,
        "probability": row.probability,
        "low": row.low,
        "high": row.high,
        "spread": row.spread,
        "margin": row.margin,
        "votes": dict(row.votes),
        "probabilities": dict(row.probabilities),
        "size": list(row.size),
        "steps": list(row.steps),
        "doubts": [{"kind": doubt.kind, "sentence": doubt.sentence} for doubt in row.doubts],
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
