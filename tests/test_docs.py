"""Documents are kept true: generated pages are fresh, examples resolve, options and links exist."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from ceteris.cli.app import app
from ceteris.study import Study, load

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
IDS = [str(page.relative_to(ROOT)) for page in PAGES]


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)


def test_the_reference_is_fresh() -> None:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    fresh = module.reference()
    assert (ROOT / "docs" / "reference.md").read_text("utf-8") == fresh, (
        "run: python docs/generate.py"
    )


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for target, _, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(#?)([^)]*)\)", text):
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", there.read_text("utf-8"), re.M)
            slugs = {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in headings}
            assert anchor in slugs, f"{page.name} links to {target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_study_shown_resolves(page: Path) -> None:
    for block in _blocks(page, "toml"):
        table = tomllib.loads(block)
        if "name" in table and "train" in table:
            assert Study(**table).arms
        elif "layers" in table.get("network", {}):
            train = {"steps": 1, "optimizer": "sgd"}
            assert Study(name="x", data={"name": "digits"}, train=train, **table).arms


def _verb(words: list[str]) -> tuple[Any, list[str]]:
    """The verb that words begin with, a verb of a group if the first is a group; and the rest."""
    found: Any = get_command(app)
    while words and hasattr(found, "commands"):
        assert words[0] in found.commands, f"no verb {words[0]}"
        found, words = found.commands[words[0]], words[1:]
    return found, words


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_command_shown_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    for line in re.findall(
        r"(?:^|`)(?:CETERIS_DATA=\S+ )?ceteris ([a-z].*?)(?:`|$|  +#)", text, re.M
    ):
        verb, words = _verb(line.split())
        known = {option for parameter in verb.params for option in parameter.opts}
        for word in words:
            if word.startswith("--"):
                assert word in known, f"{page.name}: ceteris {line}"


def test_verbs_of_groups_are_looked_up() -> None:
    verb, words = _verb(["data", "list", "fer2013", "--json"])
    assert (verb.name, words) == ("list", ["fer2013", "--json"])
    with pytest.raises(AssertionError, match="no verb lsit"):
        _verb(["data", "lsit"])


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_built_in_study_named_exists(page: Path) -> None:
    for name in re.findall(r"ceteris run ((?:digits|fashion)-[a-z]+)", page.read_text("utf-8")):
        assert load(name).name == name


def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    (code,) = _blocks(ROOT / "README.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "train" not in done.stderr
    assert "on this split" in done.stdout


def test_readme_names_the_two_commands_and_their_plain_forms() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for command in ("make demo", "make test", "-m pytest", "ceteris run digits-optimizers"):
        assert command in text


def test_pictures_ask_for_nothing() -> None:
    for picture in (ROOT / "docs").glob("*.svg"):
        text = picture.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|@import|@font-face|<script", text)


def test_every_exact_version_is_pinned() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    optional = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(item for extra in optional for item in extra)]
    names = {re.split(r"[<>=\[ ]", item)[0].lower() for item in wanted}
    assert names <= pinned
