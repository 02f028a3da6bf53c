"""Networks by name, report, study, file and code."""

from pathlib import Path

import pytest
from PIL import Image

from ceteris.errors import CeterisError
from ceteris.study import find_networks

STUDY = """
name = "two"
data = { name = "digits" }
network = { name = "mlp" }
train = { steps = 20 }
[factors]
hidden = [[30], [100, 100]]
"""


@pytest.mark.parametrize("word", ["R0.6", "r0.6", "counting-cnn", "Counting-CNN"])
def test_a_name_or_a_report_in_any_case(word: str) -> None:
    (found,) = find_networks(word)
    assert found.title == "counting-cnn (R0.6)"
    images = found.images()
    assert images is not None
    assert (images.shape, images.num_classes) == ((100, 100, 3), 10)


def test_arguments_with_and_without_the_table(tmp_path: Path) -> None:
    for override in ("hidden=[5, 6]", "network.hidden=[5, 6]"):
        (found,) = find_networks("mlp", [override])
        assert [layer.kind for layer in found.recipe.layers].count("dense") == 3
        assert found.arguments == {"hidden": [5, 6]}
        assert found.images() is None


def test_a_studys_networks_each_once(tmp_path: Path) -> None:
    path = tmp_path / "two.toml"
    path.write_text(STUDY, encoding="utf-8")
    found = find_networks(str(path))
    assert [named.title for named in found] == ["two: hidden=30", "two: hidden=100x100"]
    images = found[0].images()
    assert images is not None
    assert (images.shape, images.num_classes) == ((8, 8, 1), 10)
    changed = find_networks(str(path), ["dropout=0.5"])
    assert "dropout" in {layer.kind for layer in changed[0].recipe.layers}
    assert len(find_networks("digits-optimizers")) == 1


@pytest.mark.parametrize(
    "text",
    [
        'layers = ["flatten", { layer = "dense", units = "classes" }]',
        '[network]\nlayers = ["flatten", { layer = "dense", units = "classes" }]',
        'network = "mlp"',
        '[network]\nname = "mlp"\nhidden = [3]',
    ],
)
def test_a_file_with_a_network_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "net.toml"
    path.write_text(text, encoding="utf-8")
    (found,) = find_networks(str(path))
    assert found.recipe.layers[0].kind == "flatten"


def test_a_folder_of_pictures_says_what_it_holds(tmp_path: Path) -> None:
    for name in ("cats", "dogs", "eels"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        Image.new("RGB", (9, 7), (250, 10, 10)).save(tmp_path / "pets" / name / "1.png")
    data = 'data = { name = "folder", path = "pets", test = 0.5 }'
    path = tmp_path / "own.toml"
    path.write_text(f'name = "own"\n{data}\nnetwork = "mlp"\ntrain = {{ steps = 1 }}\n', "utf-8")
    (found,) = find_networks(str(path))
    images = found.images()
    assert images is not None
    assert (images.shape, images.num_classes) == ((7, 9, 3), 3)


def test_code_is_found_and_not_executed(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("raise SystemExit('executed')\ndef make(): pass\n", encoding="utf-8")
    (found,) = find_networks(f"{path}:make", ["width=3"])
    assert found.recipe.reference is not None
    assert found.recipe.arguments == {"width": 3}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a = 1", "e.toml holds no network"),
        ("", "e.toml holds no network"),
        ("network = 3", "e.toml holds no network"),
        ("layers = 3", "'network.layers' cannot be 3"),
        ("layers = [", "e.toml is not valid TOML"),
        ('[network]\nname = "mlp"\nhiden = [3]', "the network 'mlp' has no argument 'hiden'"),
    ],
)
def test_a_file_without_one(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "e.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CeterisError) as caught:
        find_networks(str(path))
    assert caught.value.what == what


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(CeterisError) as caught:
        find_networks("r0.66")
    assert caught.value.fix == "did you mean 'r0.6'?"
    with pytest.raises(CeterisError, match="there is no network 'fashion-cn'") as caught:
        find_networks("fashion-cn")
    assert "fashion-cnn" in caught.value.fix
