"""A function's digest moves with everything it depends on, and with nothing else."""

import functools
import importlib.util
import linecache
import sys
import textwrap
import types

import pytest
from torch import nn

from ceteris.errors import CeterisError
from ceteris.nets import function_reference

NUMBER = 3


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Write a module of the user's, import it, and give it back."""
    counter = iter(range(100))

    def go(text, name="script"):
        folder = tmp_path / f"v{next(counter)}"
        folder.mkdir()
        path = folder / f"{name}.py"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return go


def digest(function):
    return function_reference(function).digest


def error_of(function):
    with pytest.raises(CeterisError) as caught:
        function_reference(function)
    return caught.value


SCRIPT = """
    from torch import nn
    import torch.nn.functional as F

    WIDTHS = [20, 30]
    SLOPE = 0.1
    UNUSED = 1

    def block(n):
        return nn.Linear(n, n)

    class Base(nn.Module):
        depth = 2

    class Net(Base):
        def __init__(self, width=5):
            super().__init__()
            self.layers = [block(width) for _ in WIDTHS]

        @property
        def slope(self):
            return SLOPE

        def forward(self, x):
            return F.leaky_relu(x, self.slope)

    def make(kind="net", *, width=4):
        return Net(width)
"""


def test_it_is_named_and_shown(script):
    reference = function_reference(script(SCRIPT).make)
    assert reference.name == "make"
    assert reference.source == 'def make(kind="net", *, width=4):\n    return Net(width)\n'
    assert len(reference.digest) == 64


def test_nothing_is_called(script):
    assert digest(script("def make():\n    raise RuntimeError('called')\n").make)


def test_the_same_text_elsewhere_is_the_same_function(script):
    assert digest(script(SCRIPT).make) == digest(script("\n\n\n" + SCRIPT).make)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return Net(width)", "return Net(width + 1)"),
        ('kind="net"', 'kind="other"'),
        ("width=4", "width=6"),
        ("width=5", "width=6"),
        ("[20, 30]", "[20, 31]"),
        ("[20, 30]", "(20, 30)"),
        ("SLOPE = 0.1", "SLOPE = 0.2"),
        ("nn.Linear(n, n)", "nn.Linear(n, 2 * n)"),
        ("depth = 2", "depth = 3"),
        ("class Net(Base)", "class Net(nn.Module)"),
        ("F.leaky_relu(x", "F.leaky_relu(-x"),
        ("import torch.nn.functional as F", "import torch as F"),
    ],
)
def test_what_it_depends_on_is_part_of_it(script, old, new):
    assert SCRIPT.count(old) == 1
    assert digest(script(SCRIPT).make) != digest(script(SCRIPT.replace(old, new)).make)


def test_what_it_does_not_use_is_not(script):
    changed = SCRIPT.replace("UNUSED = 1", "UNUSED = object()")
    assert digest(script(SCRIPT).make) == digest(script(changed).make)


def test_an_attribute_with_the_name_of_a_global_is_not_the_global(script):
    text = "data = {}\ndef make(x=1):\n    return x.data\n"
    assert digest(script(text).make) == digest(script(text.replace("{}", "object()")).make)


def test_values_computed_before_it_count(script):
    text = """
    import math
    W = math.floor({})
    def make(w=W, *, v=W): return w
    class C:
        w = W
    """
    one, two = script(text.format("3.2")), script(text.format("4.2"))
    assert digest(one.make) != digest(two.make)
    assert digest(one.C) != digest(two.C)


def test_closures_count():
    def maker(width, name="a", shape=(1, 2)):
        def make():
            return width, name, shape

        return make

    digests = {
        digest(maker(3)),
        digest(maker(4)),
        digest(maker(3.0)),
        digest(maker(True)),
        digest(maker(3, "b")),
        digest(maker(3, shape=(2, 1))),
        digest(maker(3, shape=((1, 2),))),
    }
    assert len(digests) == 7
    assert digest(maker(3)) == digest(maker(3))


def test_lambdas_of_one_line_are_told_apart():
    a, b = (lambda: nn.Linear(1, 2)), (lambda: nn.Linear(1, 3))
    assert function_reference(a).source == "lambda: nn.Linear(1, 2)"
    assert function_reference(b).source == "lambda: nn.Linear(1, 3)"
    assert digest(a) != digest(b)
    outer = lambda: lambda x: nn.Linear(x, NUMBER)  # noqa: E731
    assert function_reference(outer).source == "lambda: lambda x: nn.Linear(x, NUMBER)"
    assert function_reference(outer()).source == "lambda x: nn.Linear(x, NUMBER)"


def test_a_lambda_over_several_lines_in_a_call():
    made = {
        "network": lambda width=3: nn.Sequential(
            nn.Flatten(),
            nn.Linear(64, width),
        ),
        "other": 1,
    }
    source = function_reference(made["network"]).source
    assert source.startswith("lambda width=3: nn.Sequential(")
    assert source.endswith("nn.Linear(64, width),\n        )")


def test_lambdas_of_a_loop_differ_by_their_defaults_and_closures():
    assert len({digest(lambda width=width: width) for width in (1, 2, 3)}) == 3

    def maker(width):
        return lambda: width

    assert digest(maker(1)) != digest(maker(2))


def test_partial_and_class_and_decorated(script):
    module = script(
        """
        import functools
        def doubled(function):
            @functools.wraps(function)
            def wrapper(*args):
                return function(*args) * 2
            return wrapper
        @doubled
        def make(width): return width
        @doubled
        def other(width): return width + 1
        def plain(width): return width
        """
    )
    assert len({digest(module.make), digest(module.other), digest(module.plain)}) == 3
    partials = [functools.partial(module.plain, 1), functools.partial(module.plain, width=1)]
    assert len({digest(p) for p in [*partials, functools.partial(module.plain, 2)]}) == 3
    assert function_reference(partials[0]).name == "plain"
    assert function_reference(nn.Identity).source == "torch.nn.modules.linear.Identity"


def test_functions_that_call_each_other(script):
    text = "def make(n=0): return other(n)\ndef other(n): return make(n - 1) if n else {}\n"
    assert digest(script(text.format(1)).make) == digest(script(text.format(1)).make)
    assert digest(script(text.format(1)).make) != digest(script(text.format(2)).make)


def test_a_class_is_known_by_all_its_methods(script):
    text = """
    def helper(): return {}
    class Net:
        @staticmethod
        def a(): return helper()
        def own(self): return super().__init__()
        class Inner:
            def b(self): return 1
        borrowed = helper
    """
    assert digest(script(text.format(1)).Net) != digest(script(text.format(2)).Net)


def test_an_own_module_counts_with_what_it_imports(tmp_path, monkeypatch, script):
    monkeypatch.syspath_prepend(tmp_path)
    package = tmp_path / "own_package_of_tests"
    package.mkdir()
    (package / "__init__.py").write_text("from . import inner\n")
    (package / "inner.py").write_text("X = 1\n")
    (package / "unused.py").write_text("X = 1\n")
    text = "import own_package_of_tests as own\ndef make(): return own.inner.X\n"
    before = digest(script(text).make)
    (package / "unused.py").write_text("X = 2\n")
    assert digest(script(text).make) == before
    (package / "inner.py").write_text("X = 2\n")
    assert digest(script(text).make) != before
    for name in [name for name in sys.modules if name.startswith("own_package_of_tests")]:
        monkeypatch.delitem(sys.modules, name)


def notebook(*cells):
    """Run cells as a notebook does: one namespace, source kept by line cache alone."""
    module = types.ModuleType("__main__")
    for number, cell in enumerate(cells):
        text = textwrap.dedent(cell)
        name = f"<ipython-input-{number}-{hash(text)}>"
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        exec(compile(text, name, "exec"), module.__dict__)  # noqa: S102  (what a notebook does)
    return module


def test_a_notebook(monkeypatch):
    net = """
        from torch import nn
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(784, {})
    """
    cells = ("WIDTH = 3", net.format("WIDTH"), "def make():\n    return Net()\n")
    first = notebook(*cells)
    monkeypatch.setitem(sys.modules, "__main__", first)
    assert function_reference(first.make).source == "def make():\n    return Net()\n"
    assert digest(first.make) == digest(notebook(*cells).make)
    assert digest(first.make) != digest(notebook("WIDTH = 4", *cells[1:]).make)
    assert digest(first.make) != digest(notebook(cells[0], net.format("WIDTH + 1"), cells[2]).make)
    assert function_reference(first.Net).source.startswith(
        "class Net(nn.Module):\n    def __init__"
    )


@pytest.mark.parametrize(
    ("value", "kind"), [(object(), "object"), (nn.Linear(1, 1), "Linear"), ({1, 2}, "set")]
)
def test_what_cannot_be_written_down_is_named(value, kind):
    def make(other=3):
        return value

    error = error_of(make)
    assert error.what.endswith("make' uses 'value', which cannot be written down")
    assert error.received == f"'value' is a {kind}"
    assert error.fix == "make 'value' inside the function, or pass what it is made from"

    def defaulted(given=value):
        return given

    assert error_of(defaulted).received == f"'given' is a {kind}"
    assert error_of(functools.partial(len_of, value)).received == f"'network.args' is a {kind}"


def len_of(value):
    return len(value)


def test_a_global_that_cannot_be_written_down_is_named(script):
    module = script(
        """
        import torch
        images = torch.zeros(3)
        def helper(): return len(images)
        def make(): return helper()
        """
    )
    error = error_of(module.make)
    assert error.what == ("the network function 'make' uses 'images', which cannot be written down")
    assert error.received == "'images' is a Tensor"


def test_a_list_that_holds_itself():
    circle = [1]
    circle.append(circle)
    assert digest(lambda: circle) == digest(lambda: circle)


def test_a_name_without_a_value():
    def make():
        return later

    error = error_of(make)
    assert error.received == "'later' is not assigned when the study is declared"
    later = 1
    assert digest(make)


@pytest.mark.parametrize("value", [nn.Linear(1, 1), "net".upper, len, 3])
def test_what_is_no_function(value):
    error = error_of(value)
    assert error.what == "a network is given as a function that makes it"
    assert error.fix == "write network=make, where make() returns a new network"


def test_a_function_without_source():
    namespace = {"__name__": "__main__"}
    exec("def make(): ...\nf = lambda: 1\nclass C: ...", namespace)  # noqa: S102  (its source is nowhere)
    for name in ("make", "f", "C"):
        error = error_of(namespace[name])
        assert error.what == "the source of 'network' cannot be found"
        assert error.fix == "write it in a file, with def or class"
