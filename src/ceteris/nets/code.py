"""A user's own code in a file: found, read and named by its digest, and not executed here.

A reference, ``"my_net.py:make"``, stands for a function (or class) and everything of the user's it
can reach: the file, and the files beside it that it imports, found by reading their import
statements. The digest covers exactly those, and :mod:`ceteris.nets.loading` executes exactly those.
"""

import ast
import hashlib
import importlib.util
import sys
import sysconfig
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ceteris.errors import CeterisError, nearest, shown

# A file beside the user's with one of these names is not what `import torch` means.
_NEVER_OWN = frozenset(sys.stdlib_module_names) | {"torch", "numpy", "ceteris"}


@dataclass(frozen=True)
class CodeReference:
    """A function in a file, as it was when it was read.

    Args:
        file: absolute path.
        function: name of a function or class at the top level of the file.
        digest: SHA-256, hexadecimal, of the function's name, the file and every file beside it
            that it imports. Where the file lies, and what it is called, is no part of it.
    """

    file: str
    function: str
    digest: str


@dataclass(frozen=True)
class Source:
    """One file of the user's code.

    Args:
        path: of the file; of the folder for a package that has no ``__init__.py``.
        content: of the file; None for such a folder.
        package: whether others can be imported from under it.
    """

    path: Path
    content: bytes | None
    package: bool


@dataclass(frozen=True)
class Sources:
    """A file and the files beside it that it imports, by the name each is imported as."""

    main: str
    modules: Mapping[str, Source]

    def digest(self, function: str) -> str:
        """SHA-256 of a function's name and of all files, in hexadecimal."""
        digest = hashlib.sha256()
        parts = [b"ceteris code 1", function.encode()]
        for name, source in sorted(self.modules.items()):
            if source.content is not None:
                parts += [b"" if name == self.main else name.encode(), source.content]
        for part in parts:
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
        return digest.hexdigest()


def read_reference(text: str, base: Path) -> CodeReference:
    """Find the function a study names, without executing anything.

    Args:
        text: ``"file.py:function"``; the file relative to ``base``, or absolute.
        base: the study's folder.

    Raises:
        CeterisError: the text is not of that form, there is no such file, it is not Python, has no
            such function, or a file it imports cannot be read.
    """
    name, _, function = text.rpartition(":")
    if not name or not text.isprintable() or not function.isidentifier():
        raise CeterisError(
            "code is named by its file and function",
            received=shown(text),
            expected='"file.py:function", for example "my_net.py:make"',
            fix="write it in this form",
        )
    path = (base / name).absolute()
    if path.suffix != ".py":
        raise CeterisError(
            f"{path.name} is not a Python file",
            received=shown(text),
            expected="a file that ends in .py",
            fix="name the .py file the function is in",
        )
    sources = read_sources(path)
    main = sources.modules[sources.main].content or b""
    defined = sorted(_defined(_parse(path, main).body))
    if function not in defined:
        guess = nearest(function, defined)
        raise CeterisError(
            f"{path.name} has no function '{function}'",
            received=shown(text),
            expected=f"one of {', '.join(defined)}" if defined else "a function in the file",
            fix=f"did you mean '{guess}'?" if guess else f"define it: def {function}(): ...",
        )
    return CodeReference(str(path), function, sources.digest(function))


def read_sources(path: Path) -> Sources:
    """Read a file and, from import to import, the files beside it.

    Imports inside functions count. Beside the file means in its folder: modules, packages and
    folders of modules, as a script in that folder would find them. Names of the standard library,
    ``torch``, ``numpy`` and ``ceteris`` always mean those.

    Raises:
        CeterisError: a file is missing, cannot be read, or has a syntax error.
    """
    own_name = path.stem.replace(".", "_")
    main = own_name if own_name not in _NEVER_OWN else f"{own_name}_py"
    modules = {main: Source(path, _read(path), package=False)}
    return Sources(main, _with_imports(path.parent, modules))


def read_modules(folder: Path, names: Iterable[str]) -> Sources:
    """Read modules by the dotted names they are imported as, and what they import.

    Args:
        folder: the one their names begin in.
        names: of modules and packages.
    """
    modules = {found: source for name in names for found, source in _locate(folder, name)}
    return Sources("", _with_imports(folder, modules))


def _with_imports(folder: Path, modules: dict[str, Source]) -> dict[str, Source]:
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        source = modules[name]
        if source.content is None:
            continue
        for imported in _imports(_parse(source.path, source.content), name, source.package):
            for found, place in _locate(folder, imported):
                if found not in modules:
                    modules[found] = place
                    waiting.append(found)
    return modules


def is_library_file(file: str) -> bool:
    """Whether a file is of the standard library or of an installed package."""
    path = Path(file)
    installed = not {"site-packages", "dist-packages"}.isdisjoint(path.parts)
    return installed or Path(sysconfig.get_path("stdlib")) in path.parents


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        beside = [item.name for item in path.parent.glob("*.py")] if path.parent.is_dir() else []
        guess = nearest(path.name, beside)
        raise CeterisError(
            f"there is no file {path.name}",
            received=str(path),
            expected="the file of the network's code, relative to the study's folder",
            fix=f"did you mean '{guess}'?" if guess else "correct the path, or write the file",
        ) from None
    except OSError as error:
        raise CeterisError(
            f"{path.name} cannot be read",
            received=f"{path}: {error.strerror}",
            expected="a file that can be read",
            fix="change its permissions, or name another",
        ) from None


def _parse(path: Path, content: bytes) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about the user's style: said when it is executed
            return ast.parse(content)
    except SyntaxError as error:
        line = f", line {error.lineno}" if error.lineno else ""
        raise _not_python(path, f"{path.name}{line}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        # A file with null bytes, or nested deeper than the parser can go.
        raise _not_python(path, f"{path.name}: {error or type(error).__name__}") from None


def _not_python(path: Path, received: str) -> CeterisError:
    return CeterisError(
        f"{path.name} has a syntax error",
        received=received,
        expected="Python that can be read",
        fix="correct the line",
    )


def _defined(body: list[ast.stmt]) -> set[str]:
    """Names a file's top level gives, also under ``if``, ``try`` and ``with``."""
    names: set[str] = set()
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.ClassDef():
                names.add(statement.name)
            case ast.Assign():
                names |= {target.id for target in statement.targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name() as target):
                names.add(target.id)
            case ast.Import() | ast.ImportFrom():
                names |= {alias.asname or alias.name for alias in statement.names}
            case ast.If() | ast.Try() | ast.With():
                blocks = [getattr(statement, part, []) for part in ("body", "orelse", "finalbody")]
                blocks += [handler.body for handler in getattr(statement, "handlers", [])]
                names |= {name for block in blocks for name in _defined(block)}
    return {name for name in names if name.isidentifier()}


def _imports(tree: ast.Module, module: str, package: bool) -> Iterator[str]:
    """Dotted names a module imports; some may be attributes rather than modules."""
    inside = module.split(".") if package else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = len(inside) - (node.level - 1)
            if node.level and above < 1:
                continue  # above the folder: fails when executed, and says so
            parts = inside[:above] if node.level else []
            parts = parts + (node.module.split(".") if node.module else [])
            yield ".".join(parts)
            yield from (".".join([*parts, alias.name]) for alias in node.names)


def _locate(folder: Path, dotted: str) -> Iterator[tuple[str, Source]]:
    """Find the user's files behind a dotted name, packages first; none if it is a library's."""
    parts = dotted.split(".")
    if parts[0] in _NEVER_OWN:
        return
    for i, part in enumerate(parts, 1):
        name = ".".join(parts[:i])
        init, module, inner = folder / part / "__init__.py", folder / f"{part}.py", folder / part
        if init.is_file():
            yield name, Source(init, _read(init), package=True)
        elif module.is_file():
            yield name, Source(module, _read(module), package=False)
            return
        elif inner.is_dir() and (i > 1 or not _installed(part, inner)):
            yield name, Source(inner, None, package=True)
        else:
            return
        folder = inner


def _installed(name: str, folder: Path) -> bool:
    """Whether a library has this name: it goes before a mere folder, as in Python itself."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return False
    return spec is not None and spec.origin is not None and folder not in Path(spec.origin).parents
