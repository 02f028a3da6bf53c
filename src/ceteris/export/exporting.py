"""The forms a trained network can be written in, and writing them whole or not at all."""

import os
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ceteris.atomic import UNFINISHED, sync_folder, write_whole
from ceteris.conduct import Trained
from ceteris.errors import CeterisError, shown, unknown_name
from ceteris.export.facts import Facts, facts_of
from ceteris.export.torch_code import CODE, WEIGHTS, header_text, torch_code, torch_weights


@dataclass(frozen=True)
class Form:
    """A form a trained network can be written in.

    Args:
        name: what ``--to`` calls it.
        title: what it is, in a few words.
        suffix: of the file; empty for a folder of files.
        files: the content by file name; of a form with a suffix there is one, whose name is empty.
    """

    name: str
    title: str
    suffix: str
    files: Callable[[Trained, Facts], Mapping[str, bytes]]


@dataclass(frozen=True)
class Exported:
    """What :func:`export` has written.

    Args:
        path: the file, or the folder.
        form: what it is.
        facts: what it says of itself.
        num_bytes: of all files.
    """

    path: Path
    form: Form
    facts: Facts
    num_bytes: int


def export(trained: Trained, form: str, out: Path | None = None) -> Exported:
    """Write a trained network for use elsewhere.

    Args:
        trained: the run.
        form: a name of :data:`FORMS`.
        out: the file or folder to make; None for the run's name in the working folder.

    Raises:
        CeterisError: there is no such form, a package is missing, something is at that place, it
            cannot be written, or the network has a part that the form has no word for. Nothing
            has been written then.
    """
    if form not in FORMS:
        raise unknown_name("form", form, FORMS, where="--to")
    chosen = FORMS[form]
    path = Path(_file_name(trained) + chosen.suffix) if out is None else out
    _check_free(path, chosen)
    facts = facts_of(trained)
    files = chosen.files(trained, facts)
    try:
        if chosen.suffix:
            write_whole(path, files[""])
        else:
            _write_folder(path, files)
    except OSError as error:
        raise CeterisError(
            f"the network cannot be written: {error.strerror or error}",
            received=shown(str(path)),
            expected="room, and permission to write there",
            fix="choose another place with --out",
        ) from error
    return Exported(path, chosen, facts, sum(len(content) for content in files.values()))


def _onnx(trained: Trained, facts: Facts) -> dict[str, bytes]:
    _need("onnx")
    if trained.network.reference is None:
        from ceteris.export.onnx_graph import onnx_bytes

        return {"": onnx_bytes(facts)}
    _need("onnxruntime")
    from ceteris.export.own_module import traced_onnx_bytes

    return {"": traced_onnx_bytes(trained, facts)}


def _torch(trained: Trained, facts: Facts) -> dict[str, bytes]:
    if trained.network.reference is not None:
        raise CeterisError(
            "a module of your own is already PyTorch, and its code stays where it is",
            received=f"{trained.name}, made by code  (--to torch)",
            expected="a network described layer by layer, or by name",
            fix="use --to safetensors and load_state_dict in your own module, or --to onnx",
        )
    from safetensors.numpy import save

    weights = save(torch_weights(facts), metadata=dict(header_text(facts)))
    return {CODE: torch_code(facts).encode(), WEIGHTS: weights}


def _safetensors(trained: Trained, facts: Facts) -> dict[str, bytes]:
    from safetensors.numpy import save

    return {"": save(dict(facts.weights), metadata=dict(header_text(facts)))}


FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("onnx", "one file for ONNX Runtime and others", ".onnx", _onnx),
        Form("torch", "a folder with model.py and its weights, for PyTorch alone", "", _torch),
        Form("safetensors", "the weights with a header", ".safetensors", _safetensors),
    )
}


def _need(package: str) -> None:
    try:
        import_module(package)
    except ImportError:
        raise CeterisError(
            "writing ONNX needs a package that is not installed",
            received=f"no package {package!r}",
            expected="onnx and onnxruntime, which Ceteris does not bring by itself",
            fix='pip install "ceteris[onnx]"',
        ) from None


def _file_name(trained: Trained) -> str:
    """The run's name as a file's: everything that is no letter, digit, dot or dash is a dash."""
    return re.sub(r"[^A-Za-z0-9.-]+", "-", trained.name).strip("-.")


def _check_free(path: Path, form: Form) -> None:
    kind = "a new file" if form.suffix else "a new folder"
    if os.path.lexists(path):
        raise CeterisError(
            f"there is something at {shown(str(path))} already, and it is not overwritten",
            received=shown(str(path)),
            expected=f"the name of {kind}",
            fix="choose another with --out, or delete what is there",
        )
    if not path.absolute().parent.is_dir():
        raise CeterisError(
            f"the folder that {shown(path.name)} is to be in is not there",
            received=shown(str(path)),
            expected=f"{kind} in a folder that exists",
            fix="make the folder, or choose another place with --out",
        )


def _write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """All files or none: they are written beside and take the folder's name together."""
    beside = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        beside.mkdir()
        for name, content in files.items():
            write_whole(beside / name, content)
        beside.rename(path)
    except BaseException:
        with suppress(OSError):
            shutil.rmtree(beside)
        raise
    sync_folder(path.absolute().parent)
