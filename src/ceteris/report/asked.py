"""Ask a study from Python and get its answer."""

import os
from collections.abc import Callable
from pathlib import Path

from ceteris.conduct import num_workers, prepare
from ceteris.conduct import run as conduct
from ceteris.engine import Event
from ceteris.errors import CeterisError
from ceteris.report.answer import Answer, read_answer
from ceteris.study import Study


def run(
    study: Study,
    *,
    home: str | Path | None = None,
    data_folder: str | Path | None = None,
    workers: int | None = None,
    fresh: bool = False,
    listen: Callable[[Event], None] = lambda _: None,
) -> Answer:
    """Train what is not trained yet and say what can be concluded; again resumes.

    Args:
        study: as declared; its ``network`` may be a function of yours that returns a module.
        home: where studies are kept; ``CETERIS_HOME`` or ``~/.ceteris`` if not said.
        data_folder: of data sets; ``CETERIS_DATA`` if not said.
        workers: processes; one a core as memory allows if not said.
        fresh: set earlier results aside and start anew.
        listen: told every event of training.

    Raises:
        CeterisError: anything wrong with what was given.
        KeyboardInterrupt: at Ctrl-C; what has finished is kept.

    Example::

        study = ceteris.Study(
            name="rates", data={"name": "digits"}, network="mlp",
            train={"steps": 200, "optimizer": "sgd"},
            factors={"learning_rate": [0.1, 0.01]}, seeds=4,
        )
        answer = ceteris.run(study)
        print(answer.comparisons[0].sentence)
    """
    try:
        return _run(study, home, data_folder, workers, fresh, listen)
    except CeterisError as error:
        raise error.with_traceback(None) from None  # the mistake is the caller's, not in here


def _run(
    study: Study,
    home: str | Path | None,
    data_folder: str | Path | None,
    workers: int | None,
    fresh: bool,
    listen: Callable[[Event], None],
) -> Answer:
    data = data_folder if data_folder is not None else os.environ.get("CETERIS_DATA")
    plan = prepare(
        study,
        home=None if home is None else Path(home),
        data_folder=None if data is None else Path(data),
    )
    conducted = conduct(plan, workers=num_workers(plan, workers), listen=listen, fresh=fresh)
    answer = read_answer(conducted.folder, study.variant)
    if answer is None:
        raise RuntimeError("the design that was just run is not in its store")
    return answer
