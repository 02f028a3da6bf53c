"""Every digest of a study is derived again; whatever was changed afterwards is found."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ceteris.conduct import prepare, run, verify
from ceteris.store import Store
from ceteris.store.arrays import array_path
from ceteris.study import Study


def train(home: Path, **changed: object) -> Path:
    table: dict[str, object] = {
        "name": "kept",
        "seeds": 2,
        "keep_weights": "all",
        "data": {"name": "digits", "images": 300, "validation": 0.2},
        "network": {"name": "mlp", "hidden": [8]},
        "train": {"steps": 20, "optimizer": "sgd", "evaluate_every": 10},
        "factors": {"learning_rate": [0.1, 1e30]},  # the second diverges
    }
    return run(prepare(Study(**(table | changed)), home=home), workers=2).folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("trained") / "home")


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(trained, tmp_path / "copy"))


def change(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / "study.sqlite")
    with connection:
        connection.execute(statement)
    connection.close()


def test_a_whole_study_is_derived_whole(trained: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in trained.rglob("*")}
    found = verify(trained)
    assert found.problems == ()
    assert found.notes == ()
    assert found.checked["designs"] == 1
    for kind in ("run identities", "splits", "outcome digests", "seeds", "machines"):
        assert found.checked[kind] == 4
    assert found.checked["metrics"] >= 6
    assert {p: p.stat().st_mtime_ns for p in trained.rglob("*")} == before


_OTHER_FILE = """
    UPDATE arrays SET digest = (SELECT digest FROM arrays WHERE name = 'curves')
    WHERE name = 'split'
"""


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE runs SET digest = 'other' WHERE status = 'finished'", "the digest of run"),
        ("UPDATE runs SET digest = 'other' WHERE status = 'diverged'", "the digest of run"),
        ("UPDATE runs SET recipe = replace(recipe, 'sgd', 'adam')", "the id of run"),
        ("UPDATE metrics SET value = value + 1e-9 WHERE name = 'train_loss'", "train_loss of run"),
        ("UPDATE design_runs SET seed = seed + 7", "the seed of run"),
        ("UPDATE runs SET environment = '{}'", "the machine of run"),
        ("UPDATE designs SET spec = replace(spec, '\"seeds\":2', '\"seeds\":3')", "revision 1 of"),
        ("UPDATE designs SET spec = replace(spec, 'digest\":\"', 'digest\":\"0')", "data of run"),
        ("DELETE FROM arrays WHERE name = 'split'", "is not complete"),
        (_OTHER_FILE, "another size"),
    ],
)  # fmt: skip
def test_whatever_was_changed_is_found(folder: Path, statement: str, what: str) -> None:
    change(folder, statement)
    problems = verify(folder).problems
    assert any(what in problem.what for problem in problems), problems
    assert all(problem.received and problem.expected and problem.fix for problem in problems)


def test_a_flipped_bit_of_any_file_is_found(folder: Path) -> None:
    for path in sorted((folder / "arrays").rglob("*.safetensors")):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        (problem,) = verify(folder).problems
        assert path.name in problem.received
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


@pytest.mark.parametrize("length", [0, 50, 5000])
def test_a_database_cut_short_is_a_problem(folder: Path, length: int) -> None:
    database = folder / "study.sqlite"
    database.write_bytes(database.read_bytes()[:length])
    (problem,) = verify(folder).problems
    assert problem.what == "the study's database is damaged"


def test_what_cannot_be_derived_is_said(tmp_path: Path) -> None:
    rates = {"factors": {"learning_rate": [0.1, 0.05]}, "seeds": 1}
    found = verify(train(tmp_path / "none", keep_weights="none", **rates))
    assert found.problems == ()
    (note,) = found.notes
    assert note.startswith("2 runs whose last weights were not kept")
    assert "outcome digests" not in found.checked
    best = train(tmp_path / "best", keep_weights="best", **rates)
    whole = verify(best)
    assert whole.problems == ()
    assert whole.checked.get("outcome digests", 0) + sum(
        int(note.split()[0]) for note in whole.notes
    ) == len(list(_runs(best)))


def _runs(folder: Path) -> list[str]:
    with Store.open(folder, write=False) as store:
        return [r.run_id for design in store.designs() for r in store.runs(design)]


def test_what_lies_about_is_a_note(folder: Path) -> None:
    array_path(folder, "ab" * 32).parent.mkdir(exist_ok=True)
    array_path(folder, "ab" * 32).write_bytes(b"")
    checkpoint = folder / "checkpoints" / "some run" / "000000000001-0.safetensors"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"torn")
    found = verify(folder)
    assert found.problems == ()
    assert found.notes == (
        "1 files that no run refers to (harmless)",
        "1 damaged checkpoints, which will be passed over",
    )


def test_torch_is_not_imported_and_nothing_executed(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from ceteris.conduct import verify;"
        f"print(verify(Path({str(folder)!r})).problems, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "() False\n"
