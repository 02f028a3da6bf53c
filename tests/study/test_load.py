"""Studies by name and from files; overrides make named variants."""

import re
from pathlib import Path

import pytest

from ceteris.errors import CeterisError
from ceteris.evaluate import seeds_for_equivalence
from ceteris.study import catalogue, load
from ceteris.study.load import parse_override

SMALL = """
name = "small"
network = "mlp"
[data]
name = "digits"
[train]
steps = 100
optimizer = "sgd"
[factors]
learning_rate = [0.1, 0.01]
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", catalogue())
@pytest.mark.parametrize("quick", [False, True])
def test_every_built_in_study_resolves(name: str, quick: bool) -> None:
    study = load(name, quick=quick)
    assert study.name == name
    assert study.spec.question.endswith("?")
    assert study.spec.report
    assert study.variant == ("quick" if quick else "")


@pytest.mark.parametrize(
    "name", [name for name in catalogue() if name.startswith("precision-parity")]
)
def test_studies_of_equivalence_have_the_seeds_they_need(name: str) -> None:
    spec = load(name).spec
    planned = re.search(r"seeds_for_equivalence\(([\d.]+), ([\d.]+), power=0.9\)", spec.notes)
    assert planned is not None
    sd, margin = (float(part) for part in planned.groups())
    assert margin == spec.margin
    assert spec.seeds == seeds_for_equivalence(sd, margin, power=0.9)
    assert f"{spec.seeds} seeds are planned" in spec.notes


def test_a_file_is_read(small: Path) -> None:
    study = load(str(small))
    assert [arm.name for arm in study.arms] == ["learning_rate=0.1", "learning_rate=0.01"]
    assert study.origin.source == SMALL
    assert study.origin.folder == small.parent


def test_a_file_of_windows_is_read(small: Path) -> None:
    small.write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    assert load(str(small)).name == "small"


def test_overrides_make_a_named_variant(small: Path) -> None:
    study = load(str(small), overrides=["train.steps=600", "network.hidden=[5, 5]"])
    assert study.arms[0].recipe.train.steps == 600
    assert study.variant == "train.steps=600,network.hidden=[5,5]"


def test_seeds_are_no_variant(small: Path) -> None:
    study = load(str(small), seeds=3)
    assert study.spec.seeds == 3
    assert study.variant == ""


def test_quick_without_a_table_is_a_tenth(small: Path) -> None:
    study = load(str(small), quick=True)
    assert (study.arms[0].recipe.train.steps, study.spec.seeds) == (10, 3)


def test_errors_name_the_file(small: Path) -> None:
    small.write_text(SMALL.replace("steps = 100", "steps = -1"), encoding="utf-8")
    with pytest.raises(CeterisError) as caught:
        load(str(small))
    assert "small.toml" in caught.value.received
    assert "train.steps" in caught.value.received


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"name = ", "small.toml is not valid TOML"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"#" * 1_000_001, "cannot be read"),
        (SMALL.encode() + b"\n[quik]\n", "there is no key 'quik' in a study"),
    ],
)
def test_files_that_are_no_study(small: Path, content: bytes, what: str) -> None:
    small.write_bytes(content)
    with pytest.raises(CeterisError, match=what.replace("[", r"\[")):
        load(str(small))


def test_quick_must_be_a_table(small: Path) -> None:
    small.write_text("quick = 3\n" + SMALL, encoding="utf-8")
    with pytest.raises(CeterisError, match="'quick' is not a table"):
        load(str(small), quick=True)


@pytest.mark.parametrize("source", ["digits-optimizer", "nothing", "a\x1b.toml", "../x"])
def test_unknown_studies(source: str) -> None:
    with pytest.raises(CeterisError, match="there is no study") as caught:
        load(source)
    assert "\x1b" not in str(caught.value)
    if source == "digits-optimizer":
        assert "did you mean 'digits-optimizers'?" in caught.value.fix


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(CeterisError, match="cannot be read"):
        load(str(tmp_path / "gone.toml"))


@pytest.mark.parametrize("text", ["steps", "=3", "train.steps=", "train..steps=3"])
def test_malformed_overrides(text: str) -> None:
    with pytest.raises(CeterisError, match="--set takes a key and a value"):
        parse_override(text)


def test_an_override_of_an_unknown_key_is_refused(small: Path) -> None:
    with pytest.raises(CeterisError, match="there is no key 'stepz'"):
        load(str(small), overrides=["train.stepz=3"])
