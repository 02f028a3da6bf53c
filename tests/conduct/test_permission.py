from pathlib import Path

import pytest

from ceteris.conduct import permit_code
from ceteris.errors import CeterisError
from ceteris.nets import Dense, Flatten, read_reference
from ceteris.study import NetworkRecipe


def own(folder: Path) -> NetworkRecipe:
    (folder / "net.py").write_text("def make():\n    return None\n")
    return NetworkRecipe((), read_reference("net.py:make", folder), None, {})


DESCRIBED = NetworkRecipe((Flatten(), Dense("classes")), None, None, {})


def test_a_file_is_named_once_before_it_is_executed(tmp_path: Path) -> None:
    said: list[str] = []
    permit_code([own(tmp_path), DESCRIBED, own(tmp_path)], True, said.append)
    assert len(said) == 1
    assert said[0].startswith(f"executing {tmp_path / 'net.py'} (code digest ")


def test_a_file_is_refused_where_code_is_not_allowed(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(CeterisError, match="--no-code refuses") as caught:
        permit_code([DESCRIBED, own(tmp_path)], False, said.append)
    assert caught.value.received == f"{tmp_path / 'net.py'}, function make"
    assert caught.value.fix == "read the file, then run without --no-code"
    assert said == []


def test_described_networks_need_no_permission() -> None:
    permit_code([DESCRIBED], False, lambda _: pytest.fail("nothing is executed"))
