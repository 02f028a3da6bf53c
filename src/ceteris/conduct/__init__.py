"""The one place where study, engine and store meet: from a declared study to runs in its store.

:func:`prepare` does everything that can fail because of what the user gave, and writes nothing to
the study; :func:`run` trains what is not trained yet. A command repeated is a command resumed.
"""

from ceteris.conduct.finding import find_folder, find_runs, unknown_variant
from ceteris.conduct.history import same_question_looks
from ceteris.conduct.overlap import Overlap, dropped_of, dropped_sentences, overlap_of
from ceteris.conduct.permission import permit_code
from ceteris.conduct.plan import (
    Plan,
    PlannedRun,
    check_crop,
    check_views,
    prepare,
    tasks_of,
)
from ceteris.conduct.run import Conducted, forecast_plan, num_workers, run, trained_before
from ceteris.conduct.trained import Trained, open_trained, training_data
from ceteris.conduct.verify import Verdict, verify

__all__ = [
    "Conducted",
    "Overlap",
    "Plan",
    "PlannedRun",
    "Trained",
    "Verdict",
    "check_crop",
    "check_views",
    "dropped_of",
    "dropped_sentences",
    "find_folder",
    "find_runs",
    "forecast_plan",
    "num_workers",
    "open_trained",
    "overlap_of",
    "permit_code",
    "prepare",
    "run",
    "same_question_looks",
    "tasks_of",
    "trained_before",
    "training_data",
    "unknown_variant",
    "verify",
]
