"""The house of docs/architecture.md: imports point down, heavy libraries have one home."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "ceteris"

# From the top floor to the ground floor. Rooms of one floor never import each other.
FLOORS = (
    {"__main__"},
    {"cli", "web"},
    {"course", "concepts"},
    {"report", "predict", "export", "search"},
    {"conduct", "remote"},
    {"engine", "store"},
    {"study"},
    {"data", "nets", "factors", "evaluate"},
    {"atomic", "errors", "seeds"},
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# Each heavy library has one home.
HOMES = {
    "sqlite3": {"store"},
    "typer": {"cli"},
    "rich": {"cli"},
    "pydantic": {"study"},
    "cloudpickle": {"engine"},
    "sklearn": {"data"},
    "PIL": {"data"},
    "pooch": {"data"},
    "requests": {"data"},
    "matplotlib": {"report"},
    "torch": {"engine", "factors", "nets", "export"},
    "onnx": {"export"},
    "onnxruntime": {"export"},
}

LONGEST_FILE = 400


def _files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def _room(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def _imports(path: Path) -> list[tuple[str, int]]:
    """Every module a file imports anywhere in it, inside functions and type checking too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            found.append((node.module or "", node.lineno))
    return found


def violations(room: str, imported: str) -> str | None:
    """Why a room may not import a module; None if it may."""
    parts = imported.split(".")
    if parts[0] != "ceteris":
        home = HOMES.get(parts[0])
        if home is not None and room not in home:
            return f"{parts[0]} belongs in {' and '.join(sorted(home))}"
        return None
    target = parts[1] if len(parts) > 1 else "__init__"
    if target in (room, "__init__"):
        return None
    if FLOOR_OF[target] <= FLOOR_OF[room]:
        return f"{room} may not import {target}: it is not on a lower floor"
    return None


def test_every_room_has_a_floor() -> None:
    assert {_room(path) for path in _files()} - {"__init__"} <= set(FLOOR_OF)


def test_imports_point_down_and_heavy_libraries_stay_at_home() -> None:
    wrong = [
        f"{path.relative_to(SOURCE)}:{line}: {why}"
        for path in _files()
        if _room(path) != "__init__"
        for module, line in _imports(path)
        if (why := violations(_room(path), module))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("room", "imported"),
    [("data", "ceteris.nets"), ("store", "ceteris.engine"), ("evaluate", "ceteris.study"),
     ("evaluate", "torch"), ("cli", "sqlite3"), ("errors", "ceteris.seeds")],
)  # fmt: skip
def test_the_rule_would_catch_it(room: str, imported: str) -> None:
    assert violations(room, imported) is not None


def test_files_stay_short() -> None:
    long = {
        str(p): n for p in _files() if (n := len(p.read_text("utf-8").splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_there_is_no_drawer_for_everything() -> None:
    names = {part for path in _files() for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert names.isdisjoint({"utils", "util", "helpers", "common", "manager", "misc"})


def test_nothing_is_unpickled_evaluated_or_asserted_in_the_source() -> None:
    banned = {"eval", "exec"}
    wrong = []
    for path in _files():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Assert):
                wrong.append(f"{path}:{node.lineno}: assert")
            if isinstance(node, ast.Call):
                text = ast.unparse(node.func)
                if text in banned or text in ("pickle.load", "pickle.loads", "torch.load"):
                    wrong.append(f"{path}:{node.lineno}: {text}")
    assert wrong == []


def _loaded_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from ceteris.cli.app import app\n"
        "sys.argv = ['ceteris', '--help']\n"
        "try:\n    app()\n"
        "except SystemExit:\n    print('LOADED', *sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    loaded = set(done.stdout.partition("LOADED")[2].split())
    assert loaded.isdisjoint({"torch", "sqlite3", "sklearn", "scipy", "matplotlib", "pydantic"})


@pytest.mark.parametrize(
    "room", ["data", "nets", "factors", "evaluate", "study", "store", "engine"]
)
def test_a_room_is_opened_without_torch(room: str) -> None:
    loaded = _loaded_after(f"import ceteris.{room}")
    assert loaded.isdisjoint({"torch", "sklearn", "matplotlib", "scipy.stats"})
