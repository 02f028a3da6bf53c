"""What is said of each registered set, and whether it is here."""

from pathlib import Path

import pytest
from tests.data.conftest import Toy

from ceteris.data import DATA_SETS, DataSource, open_data
from ceteris.data.listing import list_data
from ceteris.errors import CeterisError


@pytest.mark.parametrize("name", sorted(DATA_SETS))
def test_every_set_says_what_it_is(name: str, tmp_path: Path) -> None:
    (row,) = list_data(cache=tmp_path, data_folder=None, name=name)
    entry, table = DATA_SETS[name], row.as_json()
    assert table["name"] == name
    if entry.own:
        assert (row.state, row.place, row.num_train, row.num_test) == ("yours", None, None, None)
        return
    assert table["classes"]
    assert table["licence"]
    assert table["citation"]
    assert table["published_at"].startswith("https://")
    assert row.num_train is not None
    assert row.num_test is not None
    total = entry.num_images or sum(count for _, count in entry.parts)
    assert row.num_train + entry.num_between + row.num_test == total
    assert row.state == ("built in" if name == "digits" else "missing")
    assert (str(tmp_path / "downloads") in row.to_get) == (row.state == "missing")
    assert list(tmp_path.iterdir()) == []


def test_where_a_set_is_is_said(toy: Toy, tmp_path: Path) -> None:
    cache, folder = tmp_path / "cache", tmp_path / "data"

    def state(data_folder: Path | None) -> tuple[str, Path | None]:
        (row,) = list_data(cache=cache, data_folder=data_folder, name="toy")
        return row.state, row.place

    assert state(folder) == ("missing", None)
    toy.write(folder / "toy")
    assert state(folder) == ("files", folder / "toy")
    assert state(None) == ("missing", None)
    toy.write(cache / "downloads" / "toy")
    assert state(None) == ("files", cache / "downloads" / "toy")
    _, parsed = open_data(DataSource("toy"), cache=cache, data_folder=folder)
    assert state(None) == ("parsed", parsed)


def test_a_file_that_is_missing_is_named(toy: Toy, tmp_path: Path) -> None:
    toy.write(tmp_path / "toy")
    (tmp_path / "toy" / "t10k-labels-idx1-ubyte.gz").unlink()
    (row,) = list_data(cache=tmp_path / "cache", data_folder=tmp_path, name="toy")
    assert row.state == "missing"
    assert "t10k-labels-idx1-ubyte.gz" in row.to_get


def test_an_unknown_name() -> None:
    with pytest.raises(CeterisError, match="there is no data set 'minst'"):
        list_data(cache=Path("x"), data_folder=None, name="minst")
