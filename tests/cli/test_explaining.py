"""``ceteris explain`` as a person types it."""

import json
from pathlib import Path

import pytest
from tests.conftest import ceteris
from typer.testing import CliRunner

from ceteris.cli.app import app
from ceteris.cli.explaining import parse_input
from ceteris.errors import CeterisError

GOLDEN = Path(__file__).parent / "golden"


def said(*words: str) -> str:
    """What a command prints, in this process."""
    found = CliRunner().invoke(app, ["explain", *words])
    assert found.exit_code == 0, found.exception
    return found.stdout


def refused(*words: str) -> CeterisError:
    """The error a command ends with; the exit code is 2, as of every verb."""
    found = CliRunner().invoke(app, ["explain", *words])
    assert isinstance(found.exception, CeterisError), found.stdout
    assert found.stdout == ""
    return found.exception


@pytest.mark.parametrize("report", ["r0.6", "r1.7"])
def test_what_is_printed_at_80_columns(report: str) -> None:
    lines = [line.rstrip() for line in said(report).splitlines()]
    assert lines == (GOLDEN / f"explain_{report}.txt").read_text("utf-8").splitlines()
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("words", [("r2.1", "--convention", "everything"), ("resnet18",)])
def test_large_networks_keep_within_80_columns(words: tuple[str, ...]) -> None:
    table, _, _ = said(*words).partition("parameters  ")
    assert max(len(line) for line in table.splitlines()) <= 80


def test_memory_follows_the_optimizers_states() -> None:
    trained = {}
    for optimizer in ("sgd", "momentum", "adagrad", "adam"):
        found = json.loads(said("r3.1", "--json", "--optimizer", optimizer, "--batch", "8"))
        (network,) = found["networks"]
        trained[optimizer] = network["training_bytes"]
    states = {name: memory["states"] // (4 * 16_640) for name, memory in trained.items()}
    assert states == {"sgd": 0, "momentum": 1, "adagrad": 1, "adam": 2}
    assert trained["sgd"]["activations"] == 8 * network["kept_bytes_per_image"]


def test_a_studys_networks_and_the_other_forms(tmp_path: Path) -> None:
    text = 'name = "two"\ndata = { name = "digits" }\nnetwork = "mlp"\ntrain = { steps = 2 }\n'
    path = tmp_path / "two.toml"
    path.write_text(text + "[factors]\nhidden = [[30], [100]]\n", encoding="utf-8")
    found = json.loads(said(str(path), "--json"))
    assert [network["title"] for network in found["networks"]] == [
        "two: hidden=30",
        "two: hidden=100",
    ]
    assert found["networks"][0]["input_shape"] == [8, 8, 1]
    assert said("r3.1", "--markdown").startswith("## fashion-mlp (R3.1")
    assert said("r3.1", "--latex").startswith("% \\usepackage{booktabs}")
    error = refused(str(path), "--diagram", str(tmp_path / "a.svg"))
    assert error.what == "a diagram shows one network"
    assert not (tmp_path / "a.svg").exists()


def test_a_diagram_is_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "net.svg"
    said("r3.1", "--diagram", str(file))
    first = file.read_bytes()
    assert first.endswith(b"</svg>\n")
    said("r3.1", "--diagram", str(file))
    assert file.read_bytes() == first
    assert list(tmp_path.iterdir()) == [file]
    error = refused("r0.6", "--diagram", str(file))
    assert "is there already, and is another drawing" in error.what
    assert "--overwrite" in error.fix
    assert file.read_bytes() == first
    said("r0.6", "--diagram", str(file), "--overwrite")
    assert file.read_bytes() != first


def test_what_a_studys_arms_freeze_is_counted_without_its_start(tmp_path: Path) -> None:
    path = tmp_path / "later.toml"
    path.write_text(
        'name = "later"\ndata = { name = "digits" }\nnetwork = { name = "mlp", hidden = [30] }\n'
        'train = { steps = 2, start = "not there" }\n[factors]\nfreeze = [false, "body"]\n',
        encoding="utf-8",
    )
    text = said(str(path))
    lines = [line.split() for line in text.splitlines()]
    assert ["frozen,", "see", "note", "1,950"] in lines
    note = "Arm freeze=body: 1,950 of 2,260 trainable parameters are frozen (dense_1), so 310 are"
    assert note in text.replace("\n", " ")
    (network,) = json.loads(said(str(path), "--json"))["networks"]
    assert network["notes"][-1] == f"{note} trained."
    assert "frozen" not in said("mlp")
    path.write_text(path.read_text("utf-8").replace('"body"', '"all"'), encoding="utf-8")
    error = refused(str(path))
    assert error.what == "there is no layer 'all' to freeze"
    assert 'write freeze = "body"' in error.fix


def test_input_and_classes_are_taken() -> None:
    (found,) = json.loads(said("mlp", "--input", "4x4x2", "--classes", "3", "--json"))["networks"]
    assert found["parameters"] == (32 + 1) * 100 + 101 * 3
    assert parse_input(" (32, 32, 3)".strip()) == (32, 32, 3)


def test_r2_2_made_equal_to_r2_1() -> None:
    text = said("r2.2", "--match", "parameters=r2.1", "--vary", "hidden")
    assert "5,927,239 parameters of fer2013-cnn (R2.1)" in text
    assert "3,582 fewer (0.060%)" in text
    assert (
        'network = { name = "fer2013-mlp", hidden = [1010, 1010, 1010, 1010, 505] }'
        in text.splitlines()
    )
    number = said("r2.2", "--match", "parameters=5,927,239", "--vary", "hidden", "--json")
    found = json.loads(number)
    assert (found["remainder"], found["value"][0]) == (-3_582, 1010)


def test_match_by_layer_prints_layers() -> None:
    text = said("r3.5", "--match", "multiply_adds=1000000", "--vary", "dense_1")
    assert '{ layer = "dense", units = 2857 },' in text


def test_match_at_an_end_says_so() -> None:
    text = said("r3.5", "--match", "parameters=100", "--vary", "n1")
    assert "no width on the other side" in text


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("r9.9",), "there is no network 'r9.9'"),
        (("r3.1", "--input", "28x28"), "--input is not the shape of an image"),
        (("r3.1", "--input", "0x28x1"), "--input is not the shape of an image"),
        (("r3.1", "--input", "5000x28x1"), "--input is not the shape of an image"),
        (("r3.1", "--classes", "0"), "--classes is not a number of classes"),
        (("r3.1", "--batch", "0"), "--batch is not a number of images"),
        (("r3.1", "--json", "--latex"), "a network is printed in one form"),
        (("r3.1", "--diagram", "x.png"), "a diagram cannot be written to 'x.png'"),
        (("r3.1", "--diagram", "/no/x.svg"), "a diagram cannot be written to '/no/x.svg'"),
        (("r3.1", "--convention", "all"), "there is no convention 'all'"),
        (("r3.1", "--optimizer", "adm"), "there is no optimizer 'adm'"),
        (("r3.1", "--set", "n1"), "--set takes a key and a value"),
        (("r3.5", "--match", "parameters=5"), "what to vary is not said"),
        (("r3.5", "--vary", "n1"), "--vary says what may change, but not which size is wanted"),
        (("r3.5", "--match", "flops=5", "--vary", "n1"), "there is no quantity to match 'flops'"),
        (("r3.5", "--match", "parameters=", "--vary", "n1"), "--match does not say how many"),
        (("r3.5", "--match", "parameters=0", "--vary", "n1"), "--match does not say how many"),
        (("r3.5", "--match", "parameters=zz", "--vary", "n1"), "there is no network 'zz'"),
        (
            ("r3.5", "--match", "parameters=5", "--vary", "n1", "--latex"),
            "a width that is solved for is printed as text or as JSON",
        ),
        (
            ("r2.1", "--input", "16x16x1"),
            "layer 39: the size of max_pool is larger than the image it stands on",
        ),
    ],
)
def test_what_is_refused(words: tuple[str, ...], what: str) -> None:
    error = refused(*words)
    assert error.what == what
    assert all((error.received, error.expected, error.fix))


def test_a_match_needs_one_described_network(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("def make(): raise SystemExit\n", encoding="utf-8")
    words = ("--match", "parameters=5", "--vary", "width")
    assert "made by code" in refused(f"{tmp_path}/net.py:make", *words).what
    text = 'name = "two"\ndata = { name = "digits" }\nnetwork = "mlp"\ntrain = { steps = 2 }\n'
    (tmp_path / "two.toml").write_text(f"{text}[factors]\nhidden = [[3], [4]]\n", "utf-8")
    assert refused(str(tmp_path / "two.toml"), *words).what == "the network to change is several"


OWN = """
print("being executed")
from torch import nn
def make(width=4):
    return nn.Sequential(nn.Conv2d(1, width, 3), nn.ReLU(), nn.Flatten(), nn.Linear(width, 10))
"""


def test_code_is_named_before_it_is_executed_and_refused_if_asked(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(OWN, encoding="utf-8")
    words = ["explain", f"{tmp_path}/net.py:make", "--input", "3x3x1"]
    done = CliRunner().invoke(app, [*words, "--set", "width=6"])
    assert done.exit_code == 0, done.exception
    named, executed = (done.stderr.index(part) for part in ("executing", "being executed"))
    assert named < executed
    assert "being executed" not in done.stdout
    assert "(3*3*1 + 1)*6 = 60" in done.stdout
    assert "Note: shapes are the module's own" in done.stdout
    refusal = CliRunner().invoke(app, [*words, "--no-code"])
    assert isinstance(refusal.exception, CeterisError)
    assert "--no-code refuses that" in refusal.exception.what
    assert "being executed" not in refusal.stderr


def test_a_mistake_ends_with_exit_code_2_and_no_traceback() -> None:
    done = ceteris("explain", "r3.1", "--input", "nonsense")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("--input is not the shape of an image\n  received:")
