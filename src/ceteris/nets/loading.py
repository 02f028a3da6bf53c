"""A user's own code, executed: only what its digest covers, its mistakes named as the user's."""

import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ceteris.errors import CeterisError, nearest, shown
from ceteris.nets.code import CodeReference, Sources, is_library_file, read_sources

if TYPE_CHECKING:
    from torch import nn

_LONGEST_SAID = 200  # characters of a user's own error message


def load_function(reference: CodeReference) -> Callable[..., Any]:
    """Execute a file and return the function of the reference.

    The files are read once more, and what is executed are the very bytes whose digest was checked.
    Modules beside the file can be imported while it is executed and while the function is called,
    and only those the digest covers; they are kept apart from other modules of the same names.

    Returns:
        The function; called, it raises :class:`CeterisError` where the user's code raises.

    Raises:
        CeterisError: the code has changed since it was referred to, it raises, or it has no such
            function.
    """
    path = Path(reference.file)
    sources = read_sources(path)
    if (now := sources.digest(reference.function)) != reference.digest:
        raise CeterisError(
            f"{path.name} has changed since the study was declared",
            received=f"{path} or a file it imports, now {now[:12]}",
            expected=f"the code with digest {reference.digest[:12]}",
            fix="run the study again, so that it is declared with the new code; or undo the change",
        )
    imports = _OwnImports(sources)
    with imports.active():
        try:
            module = importlib.import_module(sources.main)
        except (Exception, SystemExit) as error:
            raise _users_error(
                f"{path.name} fails when it is executed", error, fix=f"correct {path.name}"
            ) from error
    function = getattr(module, reference.function, None)
    if not callable(function):
        raise CeterisError(
            f"'{reference.function}' in {path.name} is not a function",
            received=f"{reference.function} is {_kind(function)}",
            expected="a function or class that gives a torch.nn.Module",
            fix=f"write def {reference.function}(): ... in {path.name}",
        )

    guard = guarded(function, f"{reference.function} in {path.name}")

    def call(**arguments: Any) -> Any:
        with imports.active():
            return guard(**arguments)

    return call


def guarded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Make a user's function name its own mistakes.

    Args:
        function: makes a module.
        name: what to call it in messages.

    Returns:
        A function that raises :class:`CeterisError` where ``function`` raises, or is called with
        arguments it does not take.
    """

    def call(**arguments: Any) -> Any:
        _check_arguments(function, name, arguments)
        try:
            return function(**arguments)
        except CeterisError:
            raise
        except (Exception, SystemExit) as error:
            raise _users_error(
                f"{name} fails", error, fix="correct the function, or what it is called with"
            ) from error

    return call


def check_module(
    module: "nn.Module", input_shape: Sequence[int], num_classes: int, name: str = "the network"
) -> None:
    """Check that a user's module maps images to one output for each class.

    One pass of two black images through it in evaluation mode, without gradient, laid out as in
    training (channels last). Modes are put back.

    Args:
        module: what the user's function returned, whatever it is.
        input_shape: (H, W, C).
        num_classes: K.
        name: what to call it in messages.

    Raises:
        CeterisError: it is no module, fails on the images, or gives anything but floats (2, K).
    """
    import torch
    from torch import nn

    if not isinstance(module, nn.Module):
        raise _not_a_module(module, name)
    height, width, channels = input_shape
    images = torch.zeros(2, height, width, channels).permute(0, 3, 1, 2)
    modes = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with torch.no_grad():
            output = module(images)
    except Exception as error:
        fix = "correct its forward for images of this shape"
        if "view size is not compatible" in str(error):
            fix = "write x.flatten(1), or x.reshape(...), in place of x.view(...)"
        raise _users_error(
            f"{name} fails on images of shape {tuple(images.shape)}",
            error,
            fix=fix,
        ) from error
    finally:
        for part, training in modes.items():
            part.training = training
    _check_output(output, num_classes, name)


def _check_output(output: object, num_classes: int, name: str) -> None:
    import torch

    expected = f"a float tensor of shape (2, {num_classes}): for each image one output a class"
    if not isinstance(output, torch.Tensor):
        raise CeterisError(
            f"{name} does not give a tensor",
            received=f"{_kind(output)} for two images",
            expected=expected,
            fix="return the logits alone from its forward",
        )
    if tuple(output.shape) != (2, num_classes) or not output.is_floating_point():
        raise CeterisError(
            f"{name} gives outputs of the wrong shape or type",
            received=f"{output.dtype} of shape {tuple(output.shape)} for two images",
            expected=expected,
            fix=f"end it with nn.Linear(..., {num_classes}), and no softmax after it",
        )


def _not_a_module(value: object, name: str) -> CeterisError:
    fix = "return the module from the function"
    if isinstance(value, type):
        fix = f"return {value.__name__}(...), not the class itself"
    return CeterisError(
        f"{name} is not a torch.nn.Module",
        received=_kind(value),
        expected="a function that returns a torch.nn.Module",
        fix=fix,
    )


def _check_arguments(function: Callable[..., Any], name: str, arguments: dict[str, Any]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return  # written in C, or it says no signature: calling it will tell
    try:
        signature.bind(**arguments)
    except TypeError as error:
        known = list(signature.parameters)
        wrong = [key for key in arguments if key not in known]
        guess = nearest(wrong[0], known) if wrong else None
        raise CeterisError(
            f"{name} cannot be called with these arguments",
            received=f"{error} ({', '.join(arguments) or 'no arguments'} given)",
            expected=f"{name.split(' ')[0]}{signature}",
            fix=f"did you mean '{guess}'?" if guess else "give it the arguments it takes",
        ) from None


def _users_error(what: str, error: BaseException, *, fix: str) -> CeterisError:
    """Say what the user's code raised, and on which of the user's lines."""
    text = " ".join(str(error).split())
    said = "".join(c if c.isprintable() else "?" for c in text)
    if len(said) > _LONGEST_SAID:
        said = said[: _LONGEST_SAID - 3] + "..."
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _is_users(f.filename)]
    line = f"  ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return CeterisError(
        what,
        received=type(error).__name__ + (f": {said}" if said else "") + line,
        expected="code that makes a network without raising",
        fix=fix,
    )


def _is_users(file: str) -> bool:
    """Whether a line of a traceback is the user's, and neither ours nor a library's."""
    ours = Path(__file__).parents[1]
    return not (is_library_file(file) or ours in Path(file).parents or file.startswith("<frozen"))


def _kind(value: object) -> str:
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"{shown(value)}, of type {type(value).__name__}"


class _OwnImports:
    """The user's modules, importable while :meth:`active` and out of everyone's way otherwise.

    Two files in two folders may each import a ``helper`` of their own, and a file that was edited
    must not meet the modules of its earlier state: so each keeps its modules to itself.
    """

    def __init__(self, sources: Sources) -> None:
        self._finder = _Finder(sources)
        self._modules: dict[str, ModuleType] = {}

    @contextmanager
    def active(self) -> Iterator[None]:
        displaced = self._taken()
        for name in displaced:
            del sys.modules[name]
        sys.modules.update(self._modules)
        sys.meta_path.insert(0, self._finder)
        try:
            yield
        finally:
            sys.meta_path.remove(self._finder)
            self._modules = self._taken()
            for name in self._modules:
                del sys.modules[name]
            sys.modules.update(displaced)

    def _taken(self) -> dict[str, ModuleType]:
        return {name: m for name, m in sys.modules.items() if self._finder.owns(name)}


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of some sources, and nothing else under their names."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._tops = {name.partition(".")[0] for name in sources.modules}

    def owns(self, name: str) -> bool:
        return name.partition(".")[0] in self._tops

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not self.owns(fullname):
            return None
        source = self._sources.modules.get(fullname)
        if source is None:
            # Python would look in the package's folder, past what the digest covers.
            raise ModuleNotFoundError(
                f"No module named '{fullname}' among those that are imported by name", name=fullname
            )
        if source.content is None:
            spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [str(source.path)]
            return spec
        return importlib.util.spec_from_file_location(
            fullname,
            source.path,
            loader=_Loader(str(source.path), source.content),
            submodule_search_locations=[str(source.path.parent)] if source.package else None,
        )


class _Loader(importlib.abc.SourceLoader):
    """Executes bytes that were read before; no byte code is looked for or left behind."""

    def __init__(self, path: str, content: bytes) -> None:
        self._path = path
        self._content = content

    def get_filename(self, fullname: str) -> str:
        return self._path

    def get_data(self, path: str | bytes) -> bytes:
        return self._content
