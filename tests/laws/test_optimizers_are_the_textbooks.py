"""Law 11: each update equals its published formula, and those of PyTorch and Keras, to rounding.

Every optimizer of the register takes 50 steps in float64 under gradients that change sign and size
and a learning rate that changes at every step, with every combination of its choices:

* against its formula, written down here once more in NumPy from the paper;
* against ``torch.optim`` with the preset ``torch``, and ``keras.optimizers`` with ``keras``, where
  they have it: then every choice both offer, and weight decay with a mask.

An optimizer that is in the register and not in the three tables below fails the first test.
"""

import itertools
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch

from ceteris.factors import (
    OPTIMIZERS,
    PRESETS,
    apply_decoupled,
    apply_l2,
    decay_options,
    initial_states,
    optimizer_options,
)

STEPS = 50
SIZE = 41
RATES = 0.02 * (1.5 + np.sin(np.arange(STEPS) * 0.7))  # 0.01 to 0.05, never twice the same
MASK = np.arange(SIZE) % 3 != 0  # what is decayed

# float64 has 2.2e-16; 50 steps of some ten operations each, on parameters of about 1.
CLOSE = {"rtol": 1e-11, "atol": 1e-12}

State = dict[str, np.ndarray]
Textbook = Callable[[np.ndarray, np.ndarray, State, int, float, Mapping[str, Any]], np.ndarray]


def start() -> np.ndarray:
    return np.random.default_rng(1).normal(size=SIZE)


def gradients() -> np.ndarray:
    """Shape (STEPS, SIZE), over many sizes: where g is about epsilon, its place shows."""
    rng = np.random.default_rng(2)
    sizes = 10.0 ** rng.uniform(-8, 1, size=SIZE)
    sizes[0] = 0.0  # a parameter whose gradient is always exactly zero
    return rng.normal(size=(STEPS, SIZE)) * sizes


# The formulas, from the papers that the docstrings of `ceteris.factors.updates` name.


def sgd(p: Any, g: Any, s: State, t: int, lr: float, o: Mapping[str, Any]) -> Any:
    return p - lr * g


def momentum(p: Any, g: Any, s: State, t: int, lr: float, o: Mapping[str, Any]) -> Any:
    v = s.get("v", 0 * p)
    if o["velocity_form"] == "with_rate":
        s["v"] = o["momentum"] * v - lr * g
        return p + s["v"]
    s["v"] = o["momentum"] * v + g
    return p - lr * s["v"]


def nesterov(p: Any, g: Any, s: State, t: int, lr: float, o: Mapping[str, Any]) -> Any:
    mu, v = o["momentum"], s.get("v", 0 * p)
    if o["velocity_form"] == "with_rate":
        s["v"] = mu * v - lr * g
        return p + mu**2 * v - (1 + mu) * lr * g  # arXiv:1212.0901, equation 7, v the old one
    s["v"] = mu * v + g
    return p - lr * (g + mu * s["v"])


def over_root(p: Any, g: Any, h: Any, lr: float, o: Mapping[str, Any]) -> Any:
    if o["epsilon_form"] == "inside":
        return p - lr * g / np.sqrt(h + o["epsilon"])
    return p - lr * g / (np.sqrt(h) + o["epsilon"])


def adagrad(p: Any, g: Any, s: State, t: int, lr: float, o: Mapping[str, Any]) -> Any:
    s["h"] = s.get("h", 0 * p + o["initial_accumulator"]) + g**2
    return over_root(p, g, s["h"], lr, o)


def rmsprop(p: Any, g: Any, s: State, t: int, lr: float, o: Mapping[str, Any]) -> Any:
    s["h"] = o["rho"] * s.get("h", 0 * p) + (1 - o["rho"]) * g**2
    return over_root(p, g, s["h"], lr, o)


def adam(p: Any, g: Any, s: State, t: int, lr: float, o: Mapping[str, Any]) -> Any:
    b1, b2, epsilon = o["beta1"], o["beta2"], o["epsilon"]
    s["m"] = b1 * s.get("m", 0 * p) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0 * p) + (1 - b2) * g**2
    if o["epsilon_form"] == "corrected":
        m_hat, v_hat = s["m"] / (1 - b1**t), s["v"] / (1 - b2**t)
        return p - lr * m_hat / (np.sqrt(v_hat) + epsilon)
    rate = lr * np.sqrt(1 - b2**t) / (1 - b1**t)
    return p - rate * s["m"] / (np.sqrt(s["v"]) + epsilon)


TEXTBOOK: dict[str, Textbook] = {
    "sgd": sgd,
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adam,  # its decay is tested with the decays
}

# How each library's optimizer is made from our options. None: the library has no such optimizer.
TORCH: dict[str, Callable[..., torch.optim.Optimizer] | None] = {
    "sgd": lambda p, o, **more: torch.optim.SGD(p, foreach=False, **more),
    "momentum": lambda p, o, **more: torch.optim.SGD(p, momentum=o["momentum"], **more),
    "nesterov": lambda p, o, **more: torch.optim.SGD(
        p, momentum=o["momentum"], nesterov=True, **more
    ),
    "adagrad": lambda p, o, **more: torch.optim.Adagrad(
        p, eps=o["epsilon"], initial_accumulator_value=o["initial_accumulator"], **more
    ),
    "rmsprop": lambda p, o, **more: torch.optim.RMSprop(
        p, alpha=o["rho"], eps=o["epsilon"], **more
    ),
    "adam": lambda p, o, **more: torch.optim.Adam(
        p, betas=(o["beta1"], o["beta2"]), eps=o["epsilon"], **more
    ),
    "adamw": lambda p, o, **more: torch.optim.AdamW(
        p, betas=(o["beta1"], o["beta2"]), eps=o["epsilon"], **({"weight_decay": 0.0} | more)
    ),
}

KERAS: dict[str, Callable[..., Any] | None] = {
    "sgd": lambda keras, o, **more: keras.optimizers.SGD(**more),
    "momentum": lambda keras, o, **more: keras.optimizers.SGD(momentum=o["momentum"], **more),
    "nesterov": lambda keras, o, **more: keras.optimizers.SGD(
        momentum=o["momentum"], nesterov=True, **more
    ),
    "adagrad": lambda keras, o, **more: keras.optimizers.Adagrad(
        epsilon=o["epsilon"], initial_accumulator_value=o["initial_accumulator"], **more
    ),
    "rmsprop": lambda keras, o, **more: keras.optimizers.RMSprop(
        rho=o["rho"], epsilon=o["epsilon"], **more
    ),
    "adam": lambda keras, o, **more: keras.optimizers.Adam(
        beta_1=o["beta1"], beta_2=o["beta2"], epsilon=o["epsilon"], **more
    ),
    "adamw": lambda keras, o, **more: keras.optimizers.AdamW(
        beta_1=o["beta1"], beta_2=o["beta2"], epsilon=o["epsilon"], **({"weight_decay": 0.0} | more)
    ),
}

# Values of the numbers to be tried besides the presets' own.
OTHER = {
    "momentum": 0.5,
    "rho": 0.7,
    "beta1": 0.6,
    "beta2": 0.95,
    "epsilon": 1e-3,
    "initial_accumulator": 0.3,
}


def settings(name: str, preset: str) -> list[dict[str, Any]]:
    """The preset's options, and the same with each number changed in turn."""
    options = optimizer_options(name, preset, {})
    return [options, *({**options, key: OTHER[key]} for key in options if key in OTHER)]


def cases() -> Iterator[Any]:
    """Every optimizer with every combination of its choices."""
    for name, optimizer in OPTIMIZERS.items():
        choices = [option for option in optimizer.options if option.choices]
        for chosen in itertools.product(*(option.choices for option in choices)):
            given = {option.name: word for option, word in zip(choices, chosen, strict=True)}
            yield pytest.param(name, given, id="-".join([name, *chosen]))


def preset_cases(preset: str, library: Mapping[str, Any]) -> Iterator[Any]:
    for name in OPTIMIZERS:
        if library[name] is not None:
            for number, options in enumerate(settings(name, preset)):
                yield pytest.param(name, options, id=f"{name}-{number}")


def ours(
    name: str, options: Mapping[str, Any], decay: Mapping[str, Any] | None = None
) -> np.ndarray:
    """The path of the parameters, (STEPS, SIZE), by the register's update."""
    optimizer = OPTIMIZERS[name]
    p = torch.tensor(start())
    mask = torch.tensor(MASK, dtype=torch.float64)
    states = initial_states(optimizer, p, options)
    scratch = torch.empty_like(p)
    path = []
    for t, (row, rate) in enumerate(zip(gradients(), RATES, strict=True), 1):
        g = torch.tensor(row)
        if decay and decay["decay"] == "l2":
            apply_l2(p, g, mask, decay["weight_decay"])
        elif decay:
            apply_decoupled(p, mask, decay["weight_decay"], float(rate))
        optimizer.update(p, g, states, t, float(rate), options, scratch)
        path.append(p.numpy().copy())
    return np.array(path)


def textbook(
    name: str, options: Mapping[str, Any], decay: Mapping[str, Any] | None = None
) -> np.ndarray:
    p, state, path = start(), {}, []
    for t, (g, rate) in enumerate(zip(gradients(), RATES, strict=True), 1):
        if decay and decay["decay"] == "l2":
            g = g + decay["weight_decay"] * MASK * p
        elif decay:
            p = p - rate * decay["weight_decay"] * MASK * p
        p = TEXTBOOK[name](p, g, state, t, rate, options)
        path.append(p.copy())
    return np.array(path)


def by_torch(name: str, options: Mapping[str, Any], weight_decay: float | None = None) -> Any:
    """The same path by ``torch.optim``; what is not decayed is a parameter group of its own."""
    make = TORCH[name]
    assert make is not None
    decayed, kept = (torch.tensor(start()[mask], requires_grad=True) for mask in (MASK, ~MASK))
    groups = [{"params": [decayed]}, {"params": [kept]}]
    more = {} if weight_decay is None else {"weight_decay": weight_decay}
    optimizer = make(groups, options, lr=1.0, **more)
    optimizer.param_groups[1]["weight_decay"] = 0.0
    path = np.empty((STEPS, SIZE))
    for t, (row, rate) in enumerate(zip(gradients(), RATES, strict=True)):
        for group in optimizer.param_groups:
            group["lr"] = float(rate)
        decayed.grad, kept.grad = torch.tensor(row[MASK]), torch.tensor(row[~MASK])
        optimizer.step()
        path[t, MASK], path[t, ~MASK] = decayed.detach().numpy(), kept.detach().numpy()
    return path


@pytest.fixture(scope="module")
def keras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Keras on PyTorch, computing in float64; it writes its settings into a folder of the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
        patch.setenv("TF_CPP_MIN_LOG_LEVEL", os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = pytest.importorskip("keras")
        assert module.backend.backend() == "torch"
        before = module.config.floatx()
        module.config.set_floatx("float64")
        try:
            with module.device("cpu"):
                yield module
        finally:
            module.config.set_floatx(before)


def by_keras(
    keras: Any, name: str, options: Mapping[str, Any], weight_decay: float | None = None
) -> np.ndarray:
    make = KERAS[name]
    assert make is not None
    path = np.empty((STEPS, SIZE))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        decayed, kept = (keras.Variable(start()[mask], dtype="float64") for mask in (MASK, ~MASK))
        more = {} if weight_decay is None else {"weight_decay": weight_decay}
        optimizer = make(keras, options, learning_rate=1.0, **more)
        optimizer.exclude_from_weight_decay(var_list=[kept])
        for t, (row, rate) in enumerate(zip(gradients(), RATES, strict=True)):
            optimizer.learning_rate = float(rate)
            pieces = [torch.tensor(row[MASK]), torch.tensor(row[~MASK])]
            optimizer.apply(pieces, [decayed, kept])
            path[t, MASK] = decayed.value.detach().numpy()
            path[t, ~MASK] = kept.value.detach().numpy()
    return path


def test_every_optimizer_of_the_register_is_compared() -> None:
    assert set(OPTIMIZERS) == set(TEXTBOOK) == set(TORCH) == set(KERAS)


def test_the_gradients_tell_where_epsilon_stands() -> None:
    # A test that cannot see the difference would prove nothing about it.
    for name in ("adagrad", "rmsprop", "adam"):
        forms = next(o for o in OPTIMIZERS[name].options if o.name == "epsilon_form").choices
        paths = [
            textbook(name, optimizer_options(name, "book", {"epsilon_form": form}))
            for form in forms
        ]
        assert np.abs(paths[0] - paths[1]).max() > 1e-3


@pytest.mark.parametrize(("name", "given"), list(cases()))
@pytest.mark.parametrize("preset", PRESETS)
def test_update_is_its_formula(name: str, given: dict[str, Any], preset: str) -> None:
    for options in settings(name, preset):
        chosen = {**options, **given}
        np.testing.assert_allclose(ours(name, chosen), textbook(name, chosen), **CLOSE)


@pytest.mark.parametrize(("name", "options"), list(preset_cases("torch", TORCH)))
def test_preset_torch_is_torch(name: str, options: dict[str, Any]) -> None:
    np.testing.assert_allclose(ours(name, options), by_torch(name, options), **CLOSE)


@pytest.mark.parametrize(("name", "options"), list(preset_cases("keras", KERAS)))
def test_preset_keras_is_keras(keras: Any, name: str, options: dict[str, Any]) -> None:
    np.testing.assert_allclose(ours(name, options), by_keras(keras, name, options), **CLOSE)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_defaults_of_preset_torch_are_torchs(name: str) -> None:
    make = TORCH[name]
    assert make is not None
    theirs = type(make([torch.zeros(1)], optimizer_options(name, "torch", {})))
    group = theirs([torch.zeros(1)]).param_groups[0]
    mine = optimizer_options(name, "torch", {})
    names = {"learning_rate": "lr", "epsilon": "eps", "rho": "alpha"}
    names |= {"initial_accumulator": "initial_accumulator_value"}
    for key, value in mine.items():
        if key in names:
            assert group[names[key]] == value, key
    if "beta1" in mine:
        assert group["betas"] == (mine["beta1"], mine["beta2"])
    assert group["weight_decay"] == decay_options(name, "torch", {})["weight_decay"]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_defaults_of_preset_keras_are_keras_own(keras: Any, name: str) -> None:
    make = KERAS[name]
    assert make is not None
    mine = optimizer_options(name, "keras", {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        config = type(make(keras, mine))().get_config()
    names = {"beta1": "beta_1", "beta2": "beta_2"}
    names |= {"initial_accumulator": "initial_accumulator_value"}
    for key, value in mine.items():
        # Keras's SGD has no momentum unless asked; a study that asks for Momentum means 0.9.
        if key in ("momentum", "velocity_form", "epsilon_form"):
            continue
        assert config[names.get(key, key)] == pytest.approx(value), key
    theirs = config["weight_decay"] or 0.0
    assert theirs == decay_options(name, "keras", {})["weight_decay"]


@pytest.mark.parametrize("decay", ["l2", "decoupled"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_decay_is_its_formula(name: str, decay: str) -> None:
    options = optimizer_options(name, "book", {})
    chosen = {"weight_decay": 0.3, "decay": decay}
    plain = ours(name, options)
    decayed = ours(name, options, chosen)
    np.testing.assert_allclose(decayed, textbook(name, options, chosen), **CLOSE)
    np.testing.assert_array_equal(decayed[:, ~MASK], plain[:, ~MASK])
    assert np.abs(decayed[:, MASK] - plain[:, MASK]).min(axis=0).max() > 1e-3


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_decay_of_preset_torch_is_torchs(name: str) -> None:
    options = optimizer_options(name, "torch", {})
    decay = decay_options(name, "torch", {"weight_decay": 0.3})
    np.testing.assert_allclose(
        ours(name, options, decay), by_torch(name, options, weight_decay=0.3), **CLOSE
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_decay_of_preset_keras_is_keras_own(keras: Any, name: str) -> None:
    options = optimizer_options(name, "keras", {})
    decay = decay_options(name, "keras", {"weight_decay": 0.3})
    np.testing.assert_allclose(
        ours(name, options, decay), by_keras(keras, name, options, weight_decay=0.3), **CLOSE
    )
