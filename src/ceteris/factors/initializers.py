"""Initial weights: distributions that all read the same underlying draws.

Every parameter of a run has one array of uniform numbers, drawn from the seed's stream and from
nothing else. An initializer is a rising function of them. So two arms with one seed and
different initializers start from weights of the same ranks: they are paired, and a comparison
of initializers is one of scales and shapes.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceteris.errors import unknown_name
from ceteris.factors.options import PRESETS, Kind, Option, Value, complete
from ceteris.seeds import Purpose, Streams

Options = Mapping[str, Value]
Floats = NDArray[np.float64]

# Standard deviation of a standard normal that is cut off at -2 and 2:
# sqrt(1 - 4 pdf(2) / (cdf(2) - cdf(-2))). Keras divides by the same number.
_TRUNCATED_SD = 0.87962566103423978


@dataclass(frozen=True)
class Initializer:
    """A distribution of initial weights.

    Args:
        name: as in a study's ``train.initializer``.
        title: as in a table.
        formula: the distribution.
        options: what it is set by.
        sample: ``(options, fan_in, fan_out, u) -> weights``, elementwise and rising in ``u``.
        defaults: preset -> option -> value, where the preset differs from the option's default.
        biases: whether biases are drawn too, from the same distribution; else they are zero.
        kind: all initializers are values: the program takes the weights as an input.
    """

    name: str
    title: str
    formula: str
    options: tuple[Option, ...]
    sample: Callable[[Options, int, int, Floats], Floats]
    defaults: Mapping[str, Mapping[str, Value]]
    biases: bool = False
    kind: Kind = "value"


def _normal(options: Options, fan_in: int, fan_out: int, u: Floats) -> Floats:
    return _bell(float(options["initial_std"]), options, u)


def _scaled_normal(gain: float) -> Callable[[Options, int, int, Floats], Floats]:
    def sample(options: Options, fan_in: int, fan_out: int, u: Floats) -> Floats:
        return _bell(math.sqrt(gain / _fan(options, fan_in, fan_out)), options, u)

    return sample


def _scaled_uniform(gain: float) -> Callable[[Options, int, int, Floats], Floats]:
    def sample(options: Options, fan_in: int, fan_out: int, u: Floats) -> Floats:
        # The variance of U(-a, a) is a^2 / 3.
        return math.sqrt(3.0 * gain / _fan(options, fan_in, fan_out)) * (2.0 * u - 1.0)

    return sample


def _torch_uniform(options: Options, fan_in: int, fan_out: int, u: Floats) -> Floats:
    return (2.0 * u - 1.0) / math.sqrt(fan_in)


def _bell(sd: float, options: Options, u: Floats) -> Floats:
    from scipy.special import ndtr, ndtri

    if not options["truncated"]:
        return np.asarray(sd * ndtri(u))
    low, high = ndtr(-2.0), ndtr(2.0)
    return np.asarray(sd / _TRUNCATED_SD * ndtri(low + u * (high - low)))


def _fan(options: Options, fan_in: int, fan_out: int) -> float:
    return {"in": fan_in, "out": fan_out, "average": (fan_in + fan_out) / 2}[str(options["fan"])]


_TRUNCATED = Option(
    "truncated", False, doc="cut off at two standard deviations and widened to keep the variance"
)


def _fan_option(default: str) -> Option:
    return Option(
        "fan",
        default,
        choices=("in", "out", "average"),
        doc="what the variance is divided by: inputs, outputs or their mean",
    )


_XAVIER = (_fan_option("average"), _TRUNCATED)
_HE = (_fan_option("in"), _TRUNCATED)

INITIALIZERS: dict[str, Initializer] = {
    initializer.name: initializer
    for initializer in (
        Initializer(
            name="normal",
            title="normal",
            formula="N(0, initial_std^2)",
            options=(
                Option("initial_std", 0.01, low=0.0, low_open=True, doc="standard deviation"),
                _TRUNCATED,
            ),
            sample=_normal,
            defaults={"keras": {}, "book": {}, "torch": {}},
        ),
        # Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
        # networks" (2010), equation 12 and its variance. The book's Xavier divides by the inputs.
        Initializer(
            name="xavier_normal",
            title="Xavier normal",
            formula="N(0, 1 / fan)",
            options=_XAVIER,
            sample=_scaled_normal(1.0),
            defaults={"keras": {"truncated": True}, "book": {"fan": "in"}, "torch": {}},
        ),
        Initializer(
            name="xavier_uniform",
            title="Xavier uniform",
            formula="U(-a, a), a = sqrt(3 / fan)",
            options=(_fan_option("average"),),
            sample=_scaled_uniform(1.0),
            defaults={"keras": {}, "book": {"fan": "in"}, "torch": {}},
        ),
        # He, Zhang, Ren and Sun, "Delving deep into rectifiers", arXiv:1502.01852 (2015).
        Initializer(
            name="he_normal",
            title="He normal",
            formula="N(0, 2 / fan)",
            options=_HE,
            sample=_scaled_normal(2.0),
            defaults={"keras": {"truncated": True}, "book": {}, "torch": {}},
        ),
        Initializer(
            name="he_uniform",
            title="He uniform",
            formula="U(-a, a), a = sqrt(6 / fan)",
            options=(_fan_option("in"),),
            sample=_scaled_uniform(2.0),
            defaults={"keras": {}, "book": {}, "torch": {}},
        ),
        # What torch.nn.Linear and Conv2d draw: kaiming_uniform_ with a = sqrt(5). Not LeCun's
        # uniform (Keras's lecun_uniform), whose variance is three times as large.
        Initializer(
            name="torch_uniform",
            title="PyTorch's default",
            formula="U(-a, a), a = 1 / sqrt(in), biases too",
            options=(),
            sample=_torch_uniform,
            defaults={"keras": {}, "book": {}, "torch": {}},
            biases=True,
        ),
    )
}

# The first author's first name and last name, and PyTorch's name for He's: the same things.
INITIALIZER_ALIASES: dict[str, str] = {
    "glorot_normal": "xavier_normal",
    "glorot_uniform": "xavier_uniform",
    "kaiming_normal": "he_normal",
    "kaiming_uniform": "he_uniform",
}

_DEFAULT_INITIALIZER = {
    "keras": "xavier_uniform",
    "book": "he_normal",
    "torch": "torch_uniform",
}


def default_initializer(preset: str, where: str = "") -> str:
    """Name the initializer a preset uses where a study names none.

    Example:
        >>> default_initializer("keras")
        'xavier_uniform'
    """
    if preset not in PRESETS:
        raise unknown_name("preset", preset, PRESETS, where=where)
    return _DEFAULT_INITIALIZER[preset]


def find_initializer(name: object, where: str = "") -> Initializer:
    """Find the initializer of that name or alias.

    Raises:
        CeterisError: there is none; the nearest name is suggested.

    Example:
        >>> find_initializer("glorot_normal").name
        'xavier_normal'
    """
    found = INITIALIZERS.get(INITIALIZER_ALIASES.get(name, name)) if isinstance(name, str) else None
    if found is None:
        known = (*INITIALIZERS, *INITIALIZER_ALIASES)
        raise unknown_name("initializer", name, known, where=where)
    return found


def initializer_options(
    name: str, preset: str, given: Mapping[str, object], where: str = ""
) -> dict[str, Value]:
    """Complete the options of an initializer, checked: what is given, else the preset's default.

    Args:
        name: of the initializer, or an alias.
        preset: ``"keras"``, ``"book"`` or ``"torch"``.
        given: options by name; only this initializer's own.
        where: file and table for messages.

    Raises:
        CeterisError: unknown initializer, preset or option, or a value out of range.

    Example:
        >>> initializer_options("xavier_uniform", "book", {})
        {'fan': 'in'}
    """
    entry = find_initializer(name, where)
    what = f"{entry.name} option"
    return complete(what, entry.options, entry.defaults, preset, given, where)


def standard_uniforms(streams: Streams, layer: str, parameter: str, shape: Sequence[int]) -> Floats:
    """Draw the numbers between 0 and 1 that every initializer of this parameter reads.

    Args:
        streams: the run's seed.
        layer: its name, for example ``"dense_1"``.
        parameter: its name in the layer, for example ``"weight"``.
        shape: of the parameter.

    Returns:
        float64: the midpoints of 2^52 equal cells, so neither 0 nor 1, where a normal is infinite.

    Example:
        >>> standard_uniforms(Streams(root=0, seed=0), "dense_1", "weight", (2, 3)).shape
        (2, 3)
    """
    generator = streams.generator(Purpose.INITIAL_WEIGHTS, layer, parameter)
    cells = generator.integers(0, 2**52, size=tuple(shape), dtype=np.uint64)
    return (cells.astype(np.float64) + 0.5) * 2.0**-52


def draws_biases(initializer: Initializer) -> bool:
    """Say whether biases are drawn as the weights are; elsewhere they start at zero."""
    return initializer.biases


def draw(
    initializer: Initializer,
    options: Options,
    shape: Sequence[int],
    fan_in: int,
    fan_out: int,
    u: Floats,
) -> NDArray[np.float32]:
    """Draw the initial weights of one parameter, or its biases where they are drawn.

    Args:
        initializer: its entry in the register.
        options: complete, from :func:`initializer_options`.
        shape: of the parameter.
        fan_in: inputs of one output, 1 or more; of a convolution, channels times the kernel's size.
        fan_out: outputs of one input, likewise.
        u: from :func:`standard_uniforms`, of that shape.

    Returns:
        float32, of that shape.

    Example:
        >>> he = initializer_options("he_uniform", "keras", {})
        >>> draw(INITIALIZERS["he_uniform"], he, (2,), 6, 3, np.array([0.25, 0.75])).tolist()
        [-0.5, 0.5]
    """
    if u.shape != tuple(shape):
        raise ValueError(f"the draws have shape {u.shape}, the parameter has {tuple(shape)}")
    return initializer.sample(options, fan_in, fan_out, u).astype(np.float32)
