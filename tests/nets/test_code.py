"""A reference to code is read and never executed."""

import os
import textwrap
from pathlib import Path

import pytest

from ceteris.errors import CeterisError
from ceteris.nets import read_reference
from ceteris.nets.code import read_modules, read_sources


@pytest.fixture
def folder(tmp_path):
    def write(**files):
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__in__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return tmp_path

    return write


def digest(folder, text="net.py:make"):
    return read_reference(text, folder).digest


def error_of(text, folder):
    with pytest.raises(CeterisError) as caught:
        read_reference(text, folder)
    return caught.value


def test_nothing_is_executed(folder):
    base = folder(
        net="import helper\nraise RuntimeError('executed')\ndef make(): ...",
        helper="raise RuntimeError('executed')",
    )
    reference = read_reference("net.py:make", base)
    assert reference.file == str(base / "net.py")
    assert reference.function == "make"
    assert len(reference.digest) == 64
    assert sorted(path.name for path in base.iterdir()) == ["helper.py", "net.py"]


def test_the_digest_is_of_what_is_written_not_of_where(folder, tmp_path):
    base = folder(net="def make(): ...\ndef other(): ...")
    first = digest(base)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "renamed.py").write_bytes((base / "net.py").read_bytes())
    assert digest(elsewhere, "renamed.py:make") == first
    assert digest(base, f"{elsewhere / 'renamed.py'}:make") == first
    assert digest(base, "net.py:other") != first
    folder(net="def make(): ...\ndef other(): ...\n# a comment")
    assert digest(base) != first


def test_what_is_imported_counts_and_what_is_not_does_not(folder):
    files = {
        "net": """
            import torch, json
            from one import thing
            def make():
                import two as second
                from package.inner import deep
                from package import beside
                import spaces.module
        """,
        "one": "import three",
        "two": "",
        "three": "import one  # a circle",
        "package__in____init__": "from . import started",
        "package__in__started": "from .siblings import x",
        "package__in__siblings": "",
        "package__in__beside": "",
        "package__in__inner__in____init__": "from ..upper import y",
        "package__in__inner__in__deep": "",
        "package__in__upper": "",
        "spaces__in__module": "",
    }
    ignored = {"unused": "", "package__in__unused": "", "json": "", "torch": "", "sub__in__one": ""}
    base = folder(**files, **ignored)
    before = digest(base)
    for name in files:
        folder(**{name: textwrap.dedent(files[name]) + "\n# changed"})
        assert digest(base) != before, name
        folder(**{name: files[name]})
        assert digest(base) == before
    for name in ignored:
        folder(**{name: "changed = True"})
        assert digest(base) == before, name


def test_a_module_moved_into_another_is_other_code(folder):
    base = folder(net="import a, b\ndef make(): ...", a="x = 1", b="y = 2")
    before = digest(base)
    folder(a="y = 2", b="x = 1")
    assert digest(base) != before
    (base / "b.py").unlink()
    before = digest(base)
    (base / "a.py").rename(base / "b.py")
    assert digest(base) != before


def test_a_package_goes_before_a_module_and_a_module_before_a_folder(folder):
    base = folder(net="import a\ndef make(): ...", a="", a__in__b="")
    assert read_sources(base / "net.py").modules["a"].path == base / "a.py"
    folder(a__in____init__="")
    assert read_sources(base / "net.py").modules["a"].path == base / "a" / "__init__.py"


def test_a_folder_with_the_name_of_a_library_is_not_the_library(folder):
    base = folder(net="import hypothesis\ndef make(): ...", hypothesis__in__runs="")
    assert set(read_sources(base / "net.py").modules) == {"net"}
    folder(hypothesis__in____init__="")
    assert set(read_sources(base / "net.py").modules) == {"net", "hypothesis"}


def test_a_file_with_the_name_of_a_library_can_be_named(folder):
    base = folder(torch="import torch\ndef make(): ...")
    assert set(read_sources(base / "torch.py").modules) == {"torch_py"}
    assert digest(base, "torch.py:make")


def test_modules_by_name(folder):
    base = folder(a="import b", b="", c="")
    assert set(read_modules(base, ["a"]).modules) == {"a", "b"}


@pytest.mark.parametrize(
    "body",
    [
        "def make(): ...",
        "class make: ...",
        "make = other",
        "make: object = other",
        "from helper import make",
        "from helper import something as make",
        "if True:\n    def make(): ...",
        "try:\n    x = 1\nexcept ImportError:\n    def make(): ...",
        "if x:\n    pass\nelse:\n    make = None",
        "with x:\n    def make(): ...",
    ],
)
def test_ways_to_define_a_function(folder, body):
    assert digest(folder(net=body))


@pytest.mark.parametrize(
    "body", ["def inner():\n    def make(): ...", "print(make)", "import make.x"]
)
def test_what_does_not_define_one(folder, body):
    assert "has no function 'make'" in error_of("net.py:make", folder(net=body)).what


def test_a_missing_file(folder):
    base = folder(my_net="def make(): ...")
    assert str(error_of("my_nte.py:make", base)) == (
        "there is no file my_nte.py\n"
        f"  received: {base / 'my_nte.py'}\n"
        "  expected: the file of the network's code, relative to the study's folder\n"
        "  fix:      did you mean 'my_net.py'?"
    )
    assert error_of("nowhere/x.py:make", base).fix == "correct the path, or write the file"


def test_not_python(folder):
    error = error_of("net.toml:make", folder())
    assert error.what == "net.toml is not a Python file"
    assert error.expected == "a file that ends in .py"


def test_no_such_function(folder):
    base = folder(net="def make_small(): ...\nclass Net: ...\nWIDTH = 3")
    error = error_of("net.py:make_smal", base)
    assert error.what == "net.py has no function 'make_smal'"
    assert error.expected == "one of Net, WIDTH, make_small"
    assert error.fix == "did you mean 'make_small'?"
    assert error_of("net.py:build", folder(net="")).fix == "define it: def build(): ..."


@pytest.mark.parametrize("text", ["net.py", "net.py:", ":make", "net.py:make()", "", "a\0.py:make"])
def test_text_that_is_no_reference(folder, text):
    error = error_of(text, folder(net="def make(): ..."))
    assert error.what == "code is named by its file and function"
    assert error.expected == '"file.py:function", for example "my_net.py:make"'


def test_a_syntax_error_names_its_line(folder):
    base = folder(net="import helper\ndef make(): ...", helper="x = 1\ndef broken(:\n    pass")
    error = error_of("net.py:make", base)
    assert error.what == "helper.py has a syntax error"
    assert error.received.startswith("helper.py, line 2: ")
    error = error_of("net.py:make", folder(net="def make(): ...\n)"))
    assert error.received.startswith("net.py, line 2: ")


@pytest.mark.parametrize(
    "content", [b"x = '\xff'", b"x\0 = 1", b"x = " + b"(" * 3000 + b")" * 3000]
)
def test_a_file_that_python_cannot_read(folder, content):
    base = folder()
    (base / "net.py").write_bytes(content)
    assert error_of("net.py:make", base).what == "net.py has a syntax error"


def test_a_folder_named_like_a_file(folder):
    base = folder()
    (base / "net.py").mkdir()
    error = error_of("net.py:make", base)
    assert error.what == "net.py cannot be read"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind here")
def test_a_file_that_may_not_be_read(folder):
    base = folder(net="def make(): ...")
    Path(base / "net.py").chmod(0)
    assert "Permission denied" in error_of("net.py:make", base).received


def test_what_the_users_style_warns_of_is_not_said_when_reading(folder):
    assert digest(folder(net="def make(): return '\\d'"))
