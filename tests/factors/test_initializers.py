"""Initial weights: their distributions, against Keras and PyTorch, and that arms are paired."""

import itertools
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.errors import CeterisError
from ceteris.factors import (
    INITIALIZER_ALIASES,
    INITIALIZERS,
    PRESETS,
    default_initializer,
    draw,
    draws_biases,
    find_initializer,
    initializer_options,
    standard_uniforms,
)
from ceteris.seeds import Streams

FAN_IN, FAN_OUT = 300, 100
SHAPE = (FAN_OUT, FAN_IN)
GAINS = {"xavier_normal": 1.0, "xavier_uniform": 1.0, "he_normal": 2.0, "he_uniform": 2.0}
FANS = {"in": FAN_IN, "out": FAN_OUT, "average": (FAN_IN + FAN_OUT) / 2}


def _uniforms(seed: int = 0, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return standard_uniforms(Streams(root=0, seed=seed), "dense_1", "weight", shape)


def _weights(name: str, options: dict[str, Any], u: np.ndarray | None = None) -> np.ndarray:
    u = _uniforms() if u is None else u
    return draw(INITIALIZERS[name], options, u.shape, FAN_IN, FAN_OUT, u)


def _cases() -> Iterator[Any]:
    """Every initializer with every combination of its choices and flags."""
    for name, entry in INITIALIZERS.items():
        choices = {o.name: o.choices for o in entry.options if o.choices}
        choices |= {o.name: (False, True) for o in entry.options if isinstance(o.default, bool)}
        for chosen in itertools.product(*choices.values()):
            options = initializer_options(name, "keras", dict(zip(choices, chosen, strict=True)))
            yield pytest.param(name, options, id="-".join([name, *map(str, chosen)]))


every_initializer = pytest.mark.parametrize(("name", "options"), list(_cases()))


def _variance(name: str, options: dict[str, Any]) -> float:
    if name == "normal":
        return float(options["initial_std"]) ** 2
    if name == "torch_uniform":
        return 1 / (3 * FAN_IN)
    return GAINS[name] / FANS[options["fan"]]


def _exact_uniforms() -> np.ndarray:
    """A fine grid in place of draws: what is computed from it is the distribution's own."""
    return (np.arange(200_000) + 0.5) / 200_000


@every_initializer
def test_mean_and_variance_are_the_formulas(name: str, options: dict[str, Any]) -> None:
    w = _weights(name, options, _exact_uniforms()).astype(np.float64)
    sd = math.sqrt(_variance(name, options))
    assert w.mean() / sd == pytest.approx(0.0, abs=1e-6)
    assert w.std() / sd == pytest.approx(1.0, abs=1e-3)  # the grid's error in a normal's tails


@every_initializer
def test_draws_have_that_mean_and_variance_too(name: str, options: dict[str, Any]) -> None:
    w = _weights(name, options).astype(np.float64)
    sd, n = math.sqrt(_variance(name, options)), w.size
    assert abs(w.mean()) < 4 * sd / math.sqrt(n)
    # The variance of a sample variance is at most 2 sd^4 / n here: a normal's.
    assert abs(w.var() / sd**2 - 1) < 4 * math.sqrt(2 / n)


@every_initializer
def test_shape_of_the_distribution(name: str, options: dict[str, Any]) -> None:
    w = _weights(name, options, _exact_uniforms()).astype(np.float64)
    sd = math.sqrt(_variance(name, options))
    kurtosis = ((w / sd) ** 4).mean()
    if "uniform" in name:
        assert np.abs(w).max() <= sd * math.sqrt(3) * (1 + 1e-6)
        assert kurtosis == pytest.approx(9 / 5, abs=0.01)
    elif options["truncated"]:
        # Cut at two of the underlying normal's standard deviations, as Keras does.
        assert np.abs(w).max() == pytest.approx(2 * sd / 0.87962566103423978, rel=1e-3)
        assert kurtosis == pytest.approx(2.37, abs=0.02)
    else:
        assert np.abs(w).max() > 4 * sd
        assert kurtosis == pytest.approx(3.0, abs=0.02)


def test_the_truncated_normals_standard_deviation_is_what_the_code_says() -> None:
    x = (np.arange(10**6) + 0.5) / 10**6 * 4 - 2
    density = np.exp(-(x**2) / 2)
    expected = math.sqrt((x**2 * density).sum() / density.sum())
    wide = _weights("normal", {"initial_std": 1.0, "truncated": True}, _exact_uniforms())
    assert 2 / np.abs(wide).max() == pytest.approx(expected, rel=1e-4)


@every_initializer
def test_it_is_finite_float32_of_the_shape_even_at_the_ends(
    name: str, options: dict[str, Any]
) -> None:
    u = np.array([[2.0**-53, 0.5], [0.25, 1 - 2.0**-53]])
    w = _weights(name, options, u)
    assert w.dtype == np.float32
    assert w.shape == (2, 2)
    assert np.isfinite(w).all()
    assert w[0, 1] == pytest.approx(0.0, abs=1e-6)


@every_initializer
def test_it_rises_with_its_draws_so_that_arms_are_paired(
    name: str, options: dict[str, Any]
) -> None:
    u = _uniforms(shape=(50, 40))
    w = _weights(name, options, u)
    order = np.argsort(u, axis=None)
    # Never falling is rank correlation one; float32 may tie what float64 tells apart.
    assert (np.diff(w.ravel()[order]) >= 0).all()
    assert len(np.unique(w)) > 0.99 * w.size


def test_two_initializers_of_one_seed_have_the_same_ranks() -> None:
    he = _weights("he_normal", initializer_options("he_normal", "book", {}))
    xavier = _weights("xavier_normal", initializer_options("xavier_normal", "book", {}))
    flat = _weights("torch_uniform", initializer_options("torch_uniform", "torch", {}))
    np.testing.assert_allclose(he, xavier * math.sqrt(2), rtol=1e-6)
    other = _weights("he_normal", initializer_options("he_normal", "book", {}), _uniforms(1))
    ranks = [np.argsort(np.argsort(w, axis=None)) for w in (he, flat, other)]
    assert np.corrcoef(ranks[0], ranks[1])[0, 1] > 1 - 1e-6
    assert abs(np.corrcoef(ranks[0], ranks[2])[0, 1]) < 4 / math.sqrt(he.size)


def test_seed_layer_and_parameter_each_make_their_own_draws() -> None:
    def draws(root: int, seed: int, layer: str, parameter: str) -> np.ndarray:
        return standard_uniforms(Streams(root=root, seed=seed), layer, parameter, (1000,))

    names = [(0, 0, "dense_1", "weight")]
    names += [(1, 0, "dense_1", "weight"), (0, 1, "dense_1", "weight")]
    names += [(0, 0, "dense_2", "weight"), (0, 0, "dense_1", "bias")]
    drawn = [draws(*name) for name in names]
    for first, second in itertools.combinations(drawn, 2):
        assert abs(np.corrcoef(first, second)[0, 1]) < 4 / math.sqrt(1000)
    for name, before in zip(names, drawn, strict=True):
        np.testing.assert_array_equal(draws(*name), before)


@given(seed=st.integers(0, 2**40), shape=st.lists(st.integers(0, 5), max_size=4))
@settings(deadline=None, max_examples=50)
def test_uniforms_lie_strictly_between_0_and_1(seed: int, shape: list[int]) -> None:
    u = standard_uniforms(Streams(root=0, seed=seed), "conv_1", "weight", shape)
    assert u.shape == tuple(shape)
    assert u.dtype == np.float64
    assert ((u > 0) & (u < 1)).all()


def test_even_the_first_and_the_last_cell_lie_strictly_between_0_and_1() -> None:
    class Ends:
        def integers(self, low: int, high: int, **_: Any) -> np.ndarray:
            return np.array([low, high - 1], dtype=np.uint64)

    class Rigged(Streams):
        def generator(self, *_: Any) -> Any:
            return Ends()

    first, last = standard_uniforms(Rigged(root=0, seed=0), "dense_1", "weight", (2,))
    assert 0 < first < 1e-15
    assert 1 - 1e-15 < last < 1
    assert 1 - last == first  # as far from the one end as from the other


def test_uniforms_are_uniform() -> None:
    u = np.sort(_uniforms(), axis=None)
    # Kolmogorov and Smirnov: sqrt(n) D exceeds 2.0 with probability 0.0007.
    distance = np.abs(u - (np.arange(u.size) + 0.5) / u.size).max()
    assert math.sqrt(u.size) * distance < 2.0


# The other frameworks: large layers, so that a sample's variance is near the distribution's.
N = 200
SPREAD = 4 * math.sqrt(2 / (N * 2 * N))


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("xavier_normal", torch.nn.init.xavier_normal_),
        ("xavier_uniform", torch.nn.init.xavier_uniform_),
        ("he_normal", lambda w, **k: torch.nn.init.kaiming_normal_(w, nonlinearity="relu", **k)),
        ("he_uniform", lambda w, **k: torch.nn.init.kaiming_uniform_(w, nonlinearity="relu", **k)),
    ],
)
def test_preset_torch_has_torchs_variance(name: str, theirs: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    w = theirs(torch.empty(N, 2 * N), generator=generator).numpy().astype(np.float64)
    _same_distribution(name, "torch", w)


def test_torch_uniform_is_what_its_layers_draw() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layer = torch.nn.Linear(2 * N, N)
        many = torch.nn.Linear(16, 40_000)
    _same_distribution("torch_uniform", "torch", layer.weight.detach().double().numpy())
    bias = many.bias.detach().double().numpy()
    u = _uniforms(shape=(40_000,))
    ours = draw(INITIALIZERS["torch_uniform"], {}, u.shape, 16, 40_000, u).astype(np.float64)
    assert np.abs(ours).max() == pytest.approx(np.abs(bias).max(), rel=1e-3)
    assert ours.var() == pytest.approx(bias.var(), rel=2 * 4 * math.sqrt(2 / 40_000))


@pytest.fixture(scope="module")
def keras(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        warnings.simplefilter("ignore")  # Keras's own, at import
        return pytest.importorskip("keras")


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("xavier_normal", "GlorotNormal"),
        ("xavier_uniform", "GlorotUniform"),
        ("he_normal", "HeNormal"),
        ("he_uniform", "HeUniform"),
    ],
)
def test_preset_keras_has_keras_own_variance(keras: Any, name: str, theirs: str) -> None:
    with keras.device("cpu"):
        made = getattr(keras.initializers, theirs)(seed=0)(shape=(2 * N, N), dtype="float64")
    _same_distribution(name, "keras", made.detach().numpy())


def _same_distribution(name: str, preset: str, theirs: np.ndarray) -> None:
    u = _uniforms(shape=(N, 2 * N))
    options = initializer_options(name, preset, {})
    ours = draw(INITIALIZERS[name], options, u.shape, 2 * N, N, u).astype(np.float64)
    assert theirs.var() == pytest.approx(ours.var(), rel=2 * SPREAD)
    # Quantiles tell a truncated normal, a normal and a uniform of one variance apart.
    levels = np.linspace(0.005, 0.995, 37)
    difference = np.quantile(ours, levels) - np.quantile(theirs, levels)
    assert np.abs(difference).max() < 0.12 * ours.std()


def test_the_books_xavier_divides_by_the_inputs() -> None:
    w = _weights("xavier_normal", initializer_options("xavier_normal", "book", {}))
    assert w.std() == pytest.approx(1 / math.sqrt(FAN_IN), rel=0.02)
    w = _weights("he_normal", initializer_options("he_normal", "book", {}))
    assert w.std() == pytest.approx(math.sqrt(2 / FAN_IN), rel=0.02)


def test_normal_has_the_standard_deviation_it_is_given() -> None:
    for std in (0.01, 0.5):
        options = initializer_options("normal", "book", {"initial_std": std})
        assert _weights("normal", options).std() == pytest.approx(std, rel=0.02)
    assert initializer_options("normal", "keras", {})["initial_std"] == 0.01


def test_biases_are_drawn_by_torchs_default_only() -> None:
    drawn = {name for name, entry in INITIALIZERS.items() if draws_biases(entry)}
    assert drawn == {"torch_uniform"}


def test_the_presets_default_initializers() -> None:
    assert {preset: default_initializer(preset) for preset in PRESETS} == {
        "keras": "xavier_uniform",
        "book": "he_normal",
        "torch": "torch_uniform",
    }
    with pytest.raises(CeterisError, match="there is no preset 'jax'"):
        default_initializer("jax")


@pytest.mark.parametrize(("alias", "name"), INITIALIZER_ALIASES.items())
def test_an_alias_is_the_same_initializer(alias: str, name: str) -> None:
    assert find_initializer(alias) is INITIALIZERS[name]
    assert initializer_options(alias, "keras", {}) == initializer_options(name, "keras", {})
    assert alias not in INITIALIZERS


def test_an_unknown_initializer_lists_aliases_too() -> None:
    with pytest.raises(CeterisError) as caught:
        find_initializer("lecun_uniform", "a.toml, train.initializer")
    assert caught.value.what == "there is no initializer 'lecun_uniform'"
    assert "glorot_uniform, he_normal" in caught.value.expected


def test_draws_of_another_shape_are_our_mistake() -> None:
    entry = INITIALIZERS["torch_uniform"]
    with pytest.raises(ValueError, match=r"shape \(3,\), the parameter has \(4,\)"):
        draw(entry, {}, (4,), 1, 1, np.full(3, 0.5))
