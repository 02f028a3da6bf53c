"""A user's own function, from a script or a notebook, named by all it depends on.

A function is more than its own lines: a notebook's ``make`` uses a class two cells above and a
``WIDTH`` from the first. Whatever of that changes, the runs are other runs. So the digest covers
its source, defaults and closure, and the same for every function, class and value of the user's
that it reaches by name. What a library has is covered by its name: versions are frozen with the
study.
"""

import ast
import dis
import functools
import hashlib
import inspect
import linecache
import math
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ceteris.errors import CeterisError
from ceteris.nets.code import is_library_file, read_modules


@dataclass(frozen=True)
class FunctionReference:
    """A function that exists in this Python process only.

    Args:
        name: its qualified name.
        source: its own lines.
        digest: SHA-256, hexadecimal, of everything of the user's that it depends on.
    """

    name: str
    source: str
    digest: str


def function_reference(function: Callable[..., Any]) -> FunctionReference:
    """Name a function (or class) by what it depends on, without calling it.

    Args:
        function: makes a network. A def, a lambda, a class, or ``functools.partial`` of one.

    Raises:
        CeterisError: it is an object rather than a function, its source cannot be found, or it uses
            something that cannot be written down, which is named: only numbers, text, tuples,
            lists and dictionaries of those, and functions, classes and modules can.
    """
    core = function
    while isinstance(core, functools.partial):
        core = core.func
    if not isinstance(core, FunctionType | type):
        raise CeterisError(
            "a network is given as a function that makes it",
            received=f"an object of type {type(core).__name__}",
            expected="a function or class: every seed makes a network of its own",
            fix="write network=make, where make() returns a new network",
        )
    name = core.__qualname__
    writer = _Writer(name)
    writer.value("network", function)
    digest = hashlib.sha256()
    for part in ("ceteris function 1", *writer.parts):
        digest.update(len(part.encode()).to_bytes(8, "big"))
        digest.update(part.encode())
    return FunctionReference(name, writer.sources[id(core)], digest.hexdigest())


class _Writer:
    """Writes down what a value is, part by part, each object once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.parts: list[str] = []
        self.sources: dict[int, str] = {}
        self._seen: dict[int, int] = {}  # of definitions: they may refer to each other
        self._open: set[int] = set()  # of collections: they may hold themselves

    def value(self, label: str, value: object) -> None:
        """Write one value that is reached under a name."""
        self.parts.append(label)
        if value is None or isinstance(value, bool | int | float | complex | str | bytes):
            self.parts.append(f"{type(value).__name__} {value!r}")
        elif isinstance(value, np.generic):
            self.parts.append(f"{value.dtype} {value.item()!r}")
        elif isinstance(value, tuple | list | dict):
            self._collection(label, value)
        elif isinstance(value, functools.partial):
            self.parts.append("partial")
            for part in ("func", "args", "keywords"):
                self.value(f"{label}.{part}", getattr(value, part))
        elif isinstance(value, ModuleType):
            self._module(value)
        elif isinstance(value, type | FunctionType | BuiltinFunctionType):
            self._definition(label, value)
        else:
            raise CeterisError(
                f"the network function '{self.name}' uses '{label}', which cannot be written down",
                received=f"'{label}' is a {type(value).__name__}",
                expected="numbers, text, tuples, lists or dictionaries of those, functions, "
                "classes or modules",
                fix=f"make '{label}' inside the function, or pass what it is made from",
            )

    def _collection(self, label: str, value: tuple[Any, ...] | list[Any] | dict[Any, Any]) -> None:
        if id(value) in self._open:
            self.parts.append("itself")
            return
        self._open.add(id(value))
        self.parts.append(f"{type(value).__name__} of {len(value)}")
        if isinstance(value, dict):
            for key, item in value.items():
                self.value(label, key)
                self.value(label, item)
        else:
            for item in value:
                self.value(label, item)
        self._open.discard(id(value))

    def _module(self, module: ModuleType) -> None:
        name = module.__name__
        top = sys.modules.get(name.partition(".")[0], module)
        place = getattr(top, "__file__", None) or next(iter(getattr(top, "__path__", [])), "")
        if _is_library(name) or not place:
            self.parts.append(f"module {name}")
            return
        # Of a package, what is reached is what is loaded: `nets.small` through the name `nets`.
        loaded = [other for other in sys.modules if f"{other}.".startswith(f"{name}.")]
        folder = Path(place).parent
        if Path(place).name == "__init__.py":
            folder = folder.parent
        self.parts.append(f"module {name} {read_modules(folder, loaded).digest('')}")

    def _definition(self, label: str, item: Any) -> None:
        if id(item) in self._seen:
            self.parts.append(f"see {self._seen[id(item)]}")
            return
        self._seen[id(item)] = len(self._seen)
        if isinstance(item, BuiltinFunctionType) or _is_library(item.__module__ or ""):
            self.sources[id(item)] = f"{item.__module__}.{item.__qualname__}"
            self.parts.append(self.sources[id(item)])
            return
        find = _class_source if isinstance(item, type) else _function_source
        source = find(item)
        if source is None:
            raise CeterisError(
                f"the source of '{label}' cannot be found",
                received=f"{item.__qualname__}, typed where Python keeps no source",
                expected="a function or class in a file or a notebook cell",
                fix="write it in a file, with def or class",
            )
        self.sources[id(item)] = source
        self.parts.append(source)
        if isinstance(item, type):
            for base in item.__bases__:
                self.value("base", base)
            for name, attribute in sorted(vars(item).items()):
                self._attribute(item, name, attribute)
        else:
            self._context(item)

    def _attribute(self, cls: type, name: str, attribute: object) -> None:
        """Write what a class attribute adds to the source of its class."""
        if isinstance(attribute, staticmethod | classmethod):
            attribute = attribute.__func__
        accessors = [attribute]
        if isinstance(attribute, property):
            accessors = [attribute.fget, attribute.fset, attribute.fdel]
        for item in accessors:
            if isinstance(item, FunctionType) and item.__qualname__.startswith(cls.__qualname__):
                self._context(item)  # its lines are the class's
            elif isinstance(item, FunctionType | type):
                self.value(name, item)
        if not name.startswith("__") and isinstance(attribute, bool | int | float | str | tuple):
            self.value(name, attribute)  # computed, perhaps, from something above the class

    def _context(self, function: FunctionType) -> None:
        """Write what a function reaches beyond its own lines."""
        defaults = [*(function.__defaults__ or ())]
        for index, default in enumerate(defaults):
            self.value(_default_name(function, index - len(defaults)), default)
        for name, default in sorted((function.__kwdefaults__ or {}).items()):
            self.value(name, default)
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            self.value(name, _contents(cell, name, self.name))
        for name in sorted(set(_global_names(function.__code__))):
            if name in function.__globals__:
                self.value(name, function.__globals__[name])


def _contents(cell: Any, name: str, owner: str) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        raise CeterisError(
            f"the network function '{owner}' uses '{name}', which has no value yet",
            received=f"'{name}' is not assigned when the study is declared",
            expected="a value",
            fix=f"assign '{name}' before the study is declared",
        ) from None


def _default_name(function: FunctionType, from_end: int) -> str:
    code = function.__code__
    return code.co_varnames[code.co_argcount + from_end]


def _global_names(code: CodeType) -> Iterator[str]:
    """Names a function, and functions in it, look up in its module (attributes are not)."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"):
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _global_names(constant)


def _is_library(name: str) -> bool:
    """Whether a module is installed, and not one of the user's own."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == "ceteris":
        return True
    module = sys.modules.get(top)
    if module is None or top == "__main__":
        return False
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", [])), None)
    return file is None or is_library_file(file)


def _whole_file(code: CodeType) -> tuple[str, ast.Module]:
    """Read the file or notebook cell some code came from; empty where there is none."""
    linecache.checkcache(code.co_filename)
    text = "".join(linecache.getlines(code.co_filename))
    try:
        return text, ast.parse(text)
    except (SyntaxError, ValueError):  # edited since, or IPython's own words in the cell
        return "", ast.parse("")


def _function_source(function: FunctionType) -> str | None:
    code = function.__code__
    if code.co_name == "<lambda>":
        return _lambda_source(code)
    try:
        # Of the code, not the function: a decorated one would give the source it was made from.
        return textwrap.dedent(inspect.getsource(code))
    except (OSError, TypeError):
        return None


def _lambda_source(code: CodeType) -> str | None:
    """Find the lambda alone, on a line that may hold several."""
    text, tree = _whole_file(code)
    # Where its instructions come from, as (line, column); columns are of UTF-8, in both.
    spots = [
        ((line, column), (end_line, end_column))
        for line, end_line, column, end_column in code.co_positions()
        if None not in (line, end_line, column, end_column) and (column, end_column) != (0, 0)
    ]
    holding = [
        ((node.body.lineno, node.body.col_offset), node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda)
        and spots
        and all(
            (node.body.lineno, node.body.col_offset) <= start
            and end <= (node.body.end_lineno, node.body.end_col_offset)
            for start, end in spots
        )
    ]
    if not holding:
        return None
    # Of a lambda within a lambda, the inner one begins later.
    _, inner = max(holding, key=lambda item: item[0])
    return ast.get_source_segment(text, inner)


def _class_source(cls: type) -> str | None:
    """Find the lines of a class: ``inspect`` cannot in a notebook, but its methods know."""
    methods = [item for item in vars(cls).values() if isinstance(item, FunctionType)]
    for method in methods:
        code = method.__code__
        text, tree = _whole_file(code)
        around = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
            and node.name == cls.__name__
            and node.lineno <= code.co_firstlineno <= (node.end_lineno or math.inf)
        ]
        if around:
            found = max(around, key=lambda node: node.lineno)
            first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
            return textwrap.dedent("".join(text.splitlines(True)[first - 1 : found.end_lineno]))
    try:
        return textwrap.dedent(inspect.getsource(cls))
    except (OSError, TypeError):
        return None
