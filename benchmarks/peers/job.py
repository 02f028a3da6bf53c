"""What every peer's script is asked to do, and the one line of JSON it answers with."""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from benchmarks.data import Parts, load
from benchmarks.works import WORKS, Work

EVALUATED_AT_ONCE = 1000  # images; each peer's default is smaller and slower


@dataclass(frozen=True)
class Job:
    """A work for one peer, made smaller if asked."""

    work: Work
    parts: Parts
    tuned: bool
    began: float


def read_job(works: Sequence[str]) -> Job:
    """Read the command line and map the data.

    Args:
        works: which this peer can do.
    """
    began = time.perf_counter()
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", required=True, choices=works)
    parser.add_argument("--cache", required=True, type=Path, help="of parsed data")
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--images", type=int)
    parser.add_argument("--tuned", action="store_true", help="with options few would set")
    asked = parser.parse_args()
    changes = {"seeds": asked.seeds, "steps": asked.steps, "epochs": asked.epochs}
    changes["num_train"] = asked.images
    given = {key: value for key, value in changes.items() if value is not None}
    work = replace(WORKS[asked.work], **given)
    return Job(work, load(work.data, asked.cache, work.num_train), asked.tuned, began)


def answer(
    job: Job,
    accuracies: Mapping[str, Sequence[float]],
    *,
    peer: str,
    numbers: str,
    threads: int,
    packages: Sequence[str],
) -> None:
    """Print what was done.

    Args:
        job: what was asked.
        accuracies: arm -> test accuracy of each seed.
        peer: the script's name.
        numbers: what is computed in, for example ``"float32"``.
        threads: threads of one product.
        packages: whose versions to state.
    """
    every = [value for values in accuracies.values() for value in values]
    print(
        json.dumps(
            {
                "work": job.work.name,
                "peer": peer,
                "inside_s": round(time.perf_counter() - job.began, 3),
                "runs": len(every),
                "images_trained": job.work.images_trained,
                "accuracy": sum(every) / len(every),
                "accuracy_by_arm": {a: sum(v) / len(v) for a, v in accuracies.items()},
                "numbers": numbers,
                "threads": threads,
                "versions": {name: version(name) for name in packages},
            }
        )
    )
