"""Controlled experiments on neural-network training.

The public names, and nothing else. They are imported when they are first used, so that
``ceteris --help`` does not wait for PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ceteris.errors import CeterisError
    from ceteris.report import Answer, run
    from ceteris.study import Study, load

__all__ = ["Answer", "CeterisError", "Study", "load", "run"]

_HOMES = {
    "Answer": "ceteris.report",
    "CeterisError": "ceteris.errors",
    "Study": "ceteris.study",
    "load": "ceteris.study",
    "run": "ceteris.report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ceteris' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
