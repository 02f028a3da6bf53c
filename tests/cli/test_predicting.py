"""``ceteris predict`` as a person types it."""

import json
import sys
from pathlib import Path

import pytest
from PIL import Image
from tests.predict.conftest import trained_once
from tests.predict.own_pictures import digit

from ceteris.cli import main


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CETERIS_HOME", str(trained_once().home))
    folder = tmp_path / "own"
    folder.mkdir()
    for name in ("1", "7"):
        digit(name).save(folder / f"{name}.png")
    return folder


def typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["ceteris", "predict", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_a_table_of_80_columns(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = typed(monkeypatch, capsys, "digits", "own", "--invert", "auto")
    assert code == 0
    assert max(len(line) for line in out.splitlines()) <= 80
    text = " ".join(out.split())
    assert "digits: 2 pictures" in text
    assert "3 of 3 seeds vote; the network sees 8 x 8 pixels, grey" in text
    assert "resized 320 x 320 to 8 x 8; 0..255 scaled to 0..16; inverted, as its border" in text
    assert "divided by 16, as the networks were trained" in text
    assert "the farthest of 287 validation images is the limit of unlike" in text.lower()
    assert "comparing with" in err
    assert list(Path.cwd().iterdir()) == [pictures]


def test_what_a_doubt_means_is_said_once(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = typed(monkeypatch, capsys, "digits:digits:1", "own")
    assert "seed 1 alone" in out
    assert "vote" not in out
    assert out.count("unlike: ") == 2
    text = " ".join(out.split())
    assert text.count("farther from the training images than any of 287 validation images") == 1
    assert text.count("--invert auto turns such pictures") == 1


def test_a_long_name_is_cut_in_its_middle_and_never_wrapped(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (pictures / "1.png").rename(pictures / f"{'x' * 90}_0017.png")
    (pictures / "7.png").rename(pictures / f"{'x' * 90}_0018.png")
    _, out, _ = typed(monkeypatch, capsys, "digits", "own")
    lines = [line for line in out.splitlines() if "xx" in line]
    assert max(len(line) for line in out.splitlines()) <= 80
    # In the table, under the doubts, and together where the same was done to both.
    assert len(lines) == 5
    assert all("…" in line and ("_0017.png" in line or "_0018.png" in line) for line in lines)


def test_one_json_object_and_files_written_whole(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("digits:digits:1", "own/1.png", "--json", "--csv", "a.csv", "--sheet", "a.PNG")
    code, out, _ = typed(monkeypatch, capsys, *words)
    found = json.loads(out)
    assert code == 0
    assert found["seeds"] == [1]
    assert found["files"] == ["a.csv", "a.PNG"]
    assert Path("a.csv").read_text("utf-8").count("\n") == 2
    with Image.open("a.PNG") as image:
        assert image.format == "PNG"
    assert {path.name for path in Path.cwd().iterdir()} == {"own", "a.csv", "a.PNG"}


def test_files_that_are_there_are_replaced_only_if_asked(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("a.html").write_text("mine", "utf-8")
    code, out, err = typed(monkeypatch, capsys, "digits", "own", "--sheet", "a.html")
    assert (code, out) == (2, "")
    assert "'a.html' is there already" in err
    assert "--overwrite" in err
    assert Path("a.html").read_text("utf-8") == "mine"
    code, out, _ = typed(
        monkeypatch, capsys, "digits", "own", "--sheet", "a.html", "--overwrite", "--no-likeness"
    )
    assert code == 0
    assert "wrote a.html" in out
    assert Path("a.html").read_text("utf-8").startswith("<!doctype html>")


def test_a_broken_file_is_listed_and_the_code_says_so(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (pictures / "broken\x1b.png").write_bytes(b"x")
    (pictures / "loop").symlink_to(pictures, target_is_directory=True)
    code, out, _ = typed(monkeypatch, capsys, "digits", "own", "--no-likeness")
    assert code == 2
    assert "digits: 2 pictures" in out
    assert "Left out: 2 files" in out
    assert "broken?.png" in out
    assert "a symbolic link, which is not followed" in out
    assert "\x1b" not in out


def test_what_is_not_there_or_no_picture_is_left_out_and_the_others_predicted(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("note.txt").write_text("words", "utf-8")
    words = ("digits", "nofile.png", "own/1.png", "note.txt", "--no-likeness")
    code, out, _ = typed(monkeypatch, capsys, *words)
    text = " ".join(out.split())
    assert code == 2
    assert "digits: 1 picture " in text
    assert "nofile.png there is no such file or folder" in text
    assert "note.txt 'note.txt' is no picture that can be read: a .txt file, not a PNG" in text
    assert "no format we know" not in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("unheard-of", "own"), "ceteris list"),
        (("digits", "nowhere.png"), "there is no file or folder 'nowhere.png'"),
        (("digit", "own"), "did you mean 'digits'?"),
        (("digits", "own", "--fit", "squash"), "there is no choice of --fit 'squash'"),
        (("digits", "own", "--ground", "blak"), "did you mean 'black'?"),
        (("digits", "own", "--invert", "maybe"), "one of auto, no, yes"),
        (("digits", "own", "--csv", "a.txt"), "a file that ends in .csv"),
        (("digits", "own", "--sheet", "nowhere/a.png"), "in a folder that exists"),
    ],
)
def test_mistakes_are_said_and_nothing_is_written(
    words: tuple[str, ...],
    said: str,
    pictures: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = typed(monkeypatch, capsys, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("  fix:      ") == 1
    assert list(Path.cwd().iterdir()) == [pictures]
