"""What is remembered: one self-contained folder per study, which never loses a run.

``open_home`` finds the folder of all studies; ``Store`` is one study in it. SQLite lives in this
room only.
"""

from ceteris.store.arrays import array_path, read_arrays, write_arrays
from ceteris.store.audit import Audit
from ceteris.store.database import is_ours
from ceteris.store.home import (
    Home,
    check_name,
    list_studies,
    making_home,
    open_home,
    remove_study,
    set_aside,
    study_folder,
)
from ceteris.store.lock import hold
from ceteris.store.records import ENDED, FINAL, STATUSES, Arm, Design, Look, RunRecord
from ceteris.store.store import Store

__all__ = [
    "ENDED",
    "FINAL",
    "STATUSES",
    "Arm",
    "Audit",
    "Design",
    "Home",
    "Look",
    "RunRecord",
    "Store",
    "array_path",
    "check_name",
    "hold",
    "is_ours",
    "list_studies",
    "making_home",
    "open_home",
    "read_arrays",
    "remove_study",
    "set_aside",
    "study_folder",
    "write_arrays",
]
