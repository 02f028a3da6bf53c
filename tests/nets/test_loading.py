"""A user's code is executed as it was read, apart from other code, its mistakes named its own."""

import sys
import textwrap

import pytest
import torch
from torch import nn

from ceteris.errors import CeterisError
from ceteris.nets import check_module, guarded, load_function, read_reference

SHAPE = (28, 28, 1)


@pytest.fixture
def write(tmp_path):
    def go(folder="code", **files):
        for name, text in files.items():
            path = tmp_path / folder / f"{name.replace('__in__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return tmp_path / folder

    return go


def load(base, text="net.py:make"):
    return load_function(read_reference(text, base))


def error_of(action, *arguments, **named):
    with pytest.raises(CeterisError) as caught:
        action(*arguments, **named)
    return caught.value


NET = """
    from torch import nn
    import helper

    def make(width=3):
        from package import late
        return nn.Sequential(nn.Flatten(), nn.Linear(784, width * helper.TIMES * late.ONE))
"""


def test_a_function_with_all_it_imports(write):
    base = write(net=NET, helper="TIMES = 2", package__in____init__="", package__in__late="ONE = 1")
    before = set(sys.modules), list(sys.path), list(sys.meta_path)
    make = load(base)
    module = make(width=5)
    assert module[1].out_features == 10
    check_module(module, SHAPE, 10)
    # Nothing is left behind: no modules, no paths, no byte code.
    assert (set(sys.modules), list(sys.path), list(sys.meta_path)) == before
    assert not list(base.rglob("*.pyc"))


def test_files_of_one_name_in_two_folders_are_kept_apart(write):
    source = "import helper\ndef make():\n    import helper as late\n    return helper.X, late.X"
    makes = [load(write(folder, net=source, helper=f"X = {folder!r}")) for folder in ("one", "two")]
    assert [make() for make in makes] == [("one", "one"), ("two", "two")]
    assert [make() for make in makes] == [("one", "one"), ("two", "two")]


def test_a_module_is_executed_once(write):
    source = "import helper\ndef make():\n    import helper as late\n    return helper is late"
    assert load(write(net=source, helper=""))()


def test_an_edited_helper_is_executed_anew(write):
    source = "import helper\ndef make(): return helper.X"
    base = write(net=source, helper="X = 1")
    old = load(base)
    write(helper="X = 2")
    new = load(base)
    assert (old(), new()) == (1, 2)


def test_a_module_of_the_same_name_is_neither_used_nor_lost(write, monkeypatch):
    other = type(sys)("helper")
    other.X = "someone else's"
    monkeypatch.setitem(sys.modules, "helper", other)
    make = load(write(net="import helper\ndef make(): return helper.X", helper="X = 'own'"))
    assert make() == "own"
    assert sys.modules["helper"] is other


def test_a_class_can_be_the_function(write):
    base = write(
        net="""
        from torch import nn
        class Net(nn.Module):
            def __init__(self, units=10):
                super().__init__()
                self.layer = nn.Linear(784, units)
            def forward(self, x):
                return self.layer(x.flatten(1))
        """
    )
    module = load(base, "net.py:Net")(units=10)
    check_module(module, SHAPE, 10)
    assert type(module).__name__ == "Net"


def test_circles_relative_imports_and_folders_without_init(write):
    base = write(
        net="import a\nfrom space.inner import Z\nX = 1\ndef make(): return a.b.net.X, Z",
        a="from package import b",
        package__in____init__="",
        package__in__b="import net\nfrom .c import Y",
        package__in__c="Y = 2",
        space__in__inner="Z = 3",
    )
    assert load(base)() == (1, 3)


def test_what_the_digest_does_not_cover_cannot_be_imported(write):
    base = write(
        net="""
        import importlib, package
        def make(name): return importlib.import_module(name)
        """,
        package__in____init__="",
        package__in__hidden="",
    )
    error = error_of(load(base), name="package.hidden")
    assert error.received.startswith(
        "ModuleNotFoundError: No module named 'package.hidden' among those that are imported"
    )


def test_code_changed_since_it_was_declared(write):
    base = write(net="import helper\ndef make(): ...", helper="X = 1")
    reference = read_reference("net.py:make", base)
    write(helper="raise RuntimeError('executed')")
    error = error_of(load_function, reference)
    assert error.what == "net.py has changed since the study was declared"
    assert error.expected == f"the code with digest {reference.digest[:12]}"
    (base / "net.py").unlink()
    assert error_of(load_function, reference).what == "there is no file net.py"


def test_a_file_that_fails_names_the_users_line(write):
    base = write(net="import helper\ndef make(): ...", helper="x = 1\n\nint('three')")
    error = error_of(load, base)
    assert str(error) == (
        "net.py fails when it is executed\n"
        "  received: ValueError: invalid literal for int() with base 10: 'three'"
        "  (helper.py, line 3)\n"
        "  expected: code that makes a network without raising\n"
        "  fix:      correct net.py"
    )
    assert isinstance(error.__cause__, ValueError)
    error = error_of(load, write(net="import sys\nsys.exit(3)\ndef make(): ..."))
    assert error.received == "SystemExit: 3  (net.py, line 2)"
    error = error_of(load, write(net="import not_installed_anywhere\ndef make(): ..."))
    assert error.received == (
        "ModuleNotFoundError: No module named 'not_installed_anywhere'  (net.py, line 1)"
    )


def test_a_function_that_fails_names_the_users_line_and_not_the_librarys(write):
    base = write(
        net="""
        from torch import nn
        def make(width=10):
            return nn.Linear(784, width, device="nonsense")
        """
    )
    error = error_of(load(base))
    assert error.what == "make in net.py fails"
    assert error.received.startswith("RuntimeError: ")
    assert error.received.endswith("(net.py, line 4)")


def test_a_users_long_message_stays_on_one_line(write):
    base = write(net="def make(): raise ValueError('a\\n\\x1b[31m' + 'b' * 1000)")
    received = error_of(load(base)).received
    assert received.isprintable()
    assert len(received) < 300


def test_what_is_not_a_function(write):
    error = error_of(load, write(net="make = 3"))
    assert error.what == "'make' in net.py is not a function"
    assert error.received == "make is 3, of type int"
    assert error_of(load, write(net="def make(): ...\ndel make")).received == "make is None"


def test_arguments_it_does_not_take(write):
    make = load(write(net="def make(width, depth=2): ..."))
    error = error_of(make, widht=3)
    assert error.what == "make in net.py cannot be called with these arguments"
    assert error.expected == "make(width, depth=2)"
    assert error.fix == "did you mean 'width'?"
    assert error_of(make).received == "missing a required argument: 'width' (no arguments given)"


def test_a_function_by_value_is_guarded_alike():
    def make(width):
        return 1 // width

    assert guarded(make, "make")(width=1) == 1
    error = error_of(guarded(make, "make"), width=0)
    assert error.what == "make fails"
    assert error.received.startswith("ZeroDivisionError: ")
    assert "(test_loading.py, line " in error.received
    with pytest.raises(KeyboardInterrupt):
        guarded(_interrupted, "x")()


def _interrupted():
    raise KeyboardInterrupt


def test_errors_in_our_form_pass_through():
    def make():
        raise CeterisError("no", received="a", expected="b", fix="c")

    assert error_of(guarded(make, "make")).what == "no"


class Net(nn.Module):
    """A user's own, with whatever output."""

    def __init__(self, output):
        super().__init__()
        self.norm = nn.BatchNorm2d(1)
        self.output = output

    def forward(self, x):
        return self.output(self.norm(x))


def test_a_good_module_is_left_as_it_was():
    module = Net(lambda x: x.flatten(1)[:, :10])
    module.train()
    module.norm.eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    check_module(module, SHAPE, 10)
    assert module.training
    assert not module.norm.training
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())


@pytest.mark.parametrize(
    ("value", "received", "fix"),
    [
        (None, "None", "return the module from the function"),
        (3, "3, of type int", "return the module from the function"),
        (Net, "the class Net", "return Net(...), not the class itself"),
    ],
)
def test_what_is_not_a_module(value, received, fix):
    error = error_of(check_module, value, SHAPE, 10)
    assert error.what == "the network is not a torch.nn.Module"
    assert (error.received, error.fix) == (received, fix)


@pytest.mark.parametrize(
    ("output", "received"),
    [
        (lambda x: x.flatten(1)[:, :9], "torch.float32 of shape (2, 9) for two images"),
        (lambda x: x.flatten(1)[:, :10].T, "torch.float32 of shape (10, 2) for two images"),
        (lambda x: x.flatten(1)[:, :10].long(), "torch.int64 of shape (2, 10) for two images"),
        (lambda x: x.flatten(1)[:, 0], "torch.float32 of shape (2,) for two images"),
    ],
)
def test_a_wrong_output(output, received):
    error = error_of(check_module, Net(output), SHAPE, 10, "make in net.py")
    assert error.what == "make in net.py gives outputs of the wrong shape or type"
    assert error.received == received
    assert error.expected == "a float tensor of shape (2, 10): for each image one output a class"
    assert error.fix == "end it with nn.Linear(..., 10), and no softmax after it"


def test_an_output_that_is_no_tensor():
    error = error_of(check_module, Net(lambda x: (1, 2)), SHAPE, 10)
    assert error.what == "the network does not give a tensor"
    assert error.received == "(1, 2), of type tuple for two images"


def test_a_forward_that_fails_names_its_line():
    error = error_of(check_module, nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), SHAPE, 10)
    assert error.what == "the network fails on images of shape (2, 1, 28, 28)"
    assert error.received == (
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied (2x784 and 64x10)"
    )
    module = Net(lambda x: x @ x.new_zeros(3))
    module.train()
    error = error_of(check_module, module, SHAPE, 10)
    assert "(test_loading.py, line " in error.received
    assert module.training


def test_the_usual_view_on_channels_last_images_is_explained():
    convolution = nn.Conv2d(1, 3, 3, padding=1).to(memory_format=torch.channels_last)
    module = Net(lambda x: convolution(x).view(len(x), -1))
    error = error_of(check_module, module, SHAPE, 10)
    assert error.fix == "write x.flatten(1), or x.reshape(...), in place of x.view(...)"
