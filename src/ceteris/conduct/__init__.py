"""The one place where study, engine and store meet: from a declared study to runs in its store.

:func:`prepare` does everything that can fail because of what the user gave, and writes nothing to
the study; :func:`run` trains what is not trained yet. A command repeated is a command resumed.
"""

from ceteris.conduct.history import same_question_looks
from ceteris.conduct.plan import Plan, PlannedRun, prepare, tasks_of
from ceteris.conduct.run import Conducted, forecast_plan, num_workers, run, trained_before
from ceteris.conduct.verify import Verdict, verify

__all__ = [
    "Conducted",
    "Plan",
    "PlannedRun",
    "Verdict",
    "forecast_plan",
    "num_workers",
    "prepare",
    "run",
    "same_question_looks",
    "tasks_of",
    "trained_before",
    "verify",
]
