"""The register of optimizers. A new one is an entry here and a function in ``updates.py``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ceteris.errors import unknown_name
from ceteris.factors.options import Kind, Option, Value, complete
from ceteris.factors.updates import (
    Update,
    update_adagrad,
    update_adam,
    update_momentum,
    update_nesterov,
    update_rmsprop,
    update_sgd,
)

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Optimizer:
    """An update rule and what it is set by.

    Args:
        name: as in a study.
        title: as in a table.
        formula: the update in one line.
        options: ``learning_rate`` first.
        states: names of the rule's vectors, each as long as the parameters.
        update: one step, in place (:class:`~ceteris.factors.updates.Update`).
        defaults: preset -> option -> value, where the preset differs from the option's default.
        initial: state -> the option that holds its initial value; the others start at zero.
        decays: the forms of weight decay it may be combined with (:mod:`.regularizers`).
        weight_decay: preset -> default weight decay; 0 where nothing is said.
        kind: another update rule is another program.
    """

    name: str
    title: str
    formula: str
    options: tuple[Option, ...]
    states: tuple[str, ...]
    update: Update
    defaults: Mapping[str, Mapping[str, Value]]
    initial: Mapping[str, str] = field(default_factory=dict)
    decays: tuple[str, ...] = ("l2", "decoupled")
    weight_decay: Mapping[str, float] = field(default_factory=dict)
    kind: Kind = "program"


def _learning_rate(default: float) -> Option:
    return Option("learning_rate", default, low=0.0, low_open=True, doc="step size")


def _epsilon(*forms: str) -> tuple[Option, Option]:
    return (
        # Below float32's smallest normal number (1.2e-38) it would be zero, and 0 / 0 follow.
        Option("epsilon", 1e-7, low=1e-30, doc="keeps the division finite"),
        Option("epsilon_form", "outside", choices=forms, doc="where it is added", kind="program"),
    )


_MOMENTUM = Option(
    "momentum", 0.9, low=0.0, high=1.0, high_open=True, doc="share of the velocity that is kept"
)
_VELOCITY_FORM = Option(
    "velocity_form",
    "with_rate",
    choices=("with_rate", "without_rate"),
    doc="whether the velocity holds the learning rate; matters under a schedule",
    kind="program",
)
_MOMENTUM_DEFAULTS: Mapping[str, Mapping[str, Value]] = {
    "keras": {},
    "book": {},
    "torch": {"learning_rate": 0.001, "velocity_form": "without_rate"},
}
_ADAM_OPTIONS = (
    _learning_rate(0.001),
    Option("beta1", 0.9, low=0.0, high=1.0, high_open=True, doc="memory of the gradient's mean"),
    Option("beta2", 0.999, low=0.0, high=1.0, high_open=True, doc="memory of its square's mean"),
    *_epsilon("outside", "corrected"),
)
_ADAM_DEFAULTS: Mapping[str, Mapping[str, Value]] = {
    "keras": {},
    "book": {},
    "torch": {"epsilon": 1e-8, "epsilon_form": "corrected"},
}

# Defaults are those of keras.optimizers 3.15, of torch.optim 2.13 and of common/optimizer.py of the
# book's repository; the law "optimizers are the textbook's" compares the first two with the
# libraries. Keras's and PyTorch's SGD has momentum 0; 0.9 is the book's.
OPTIMIZERS: dict[str, Optimizer] = {
    optimizer.name: optimizer
    for optimizer in (
        Optimizer(
            name="sgd",
            title="SGD",
            formula="p <- p - lr g",
            options=(_learning_rate(0.01),),
            states=(),
            update=update_sgd,
            defaults={"keras": {}, "book": {}, "torch": {"learning_rate": 0.001}},
        ),
        Optimizer(
            name="momentum",
            title="Momentum",
            formula="v <- momentum v - lr g;  p <- p + v",
            options=(_learning_rate(0.01), _MOMENTUM, _VELOCITY_FORM),
            states=("velocity",),
            update=update_momentum,
            defaults=_MOMENTUM_DEFAULTS,
        ),
        Optimizer(
            name="nesterov",
            title="Nesterov",
            formula="v <- momentum v - lr g;  p <- p + momentum v - lr g",
            options=(_learning_rate(0.01), _MOMENTUM, _VELOCITY_FORM),
            states=("velocity",),
            update=update_nesterov,
            defaults=_MOMENTUM_DEFAULTS,
        ),
        Optimizer(
            name="adagrad",
            title="AdaGrad",
            formula="h <- h + g^2;  p <- p - lr g / (sqrt(h) + epsilon)",
            options=(
                _learning_rate(0.01),
                *_epsilon("outside", "inside"),
                Option("initial_accumulator", 0.0, low=0.0, doc="what h starts at"),
            ),
            states=("sum_of_squares",),
            update=update_adagrad,
            defaults={
                "keras": {
                    "learning_rate": 0.001,
                    "epsilon_form": "inside",
                    "initial_accumulator": 0.1,
                },
                "book": {},
                "torch": {"epsilon": 1e-10},
            },
            initial={"sum_of_squares": "initial_accumulator"},
        ),
        Optimizer(
            name="rmsprop",
            title="RMSprop",
            formula="h <- rho h + (1 - rho) g^2;  p <- p - lr g / (sqrt(h) + epsilon)",
            options=(
                _learning_rate(0.01),
                Option("rho", 0.99, low=0.0, high=1.0, high_open=True, doc="memory of g^2"),
                *_epsilon("outside", "inside"),
            ),
            states=("second_moment",),
            update=update_rmsprop,
            defaults={
                "keras": {"learning_rate": 0.001, "rho": 0.9, "epsilon_form": "inside"},
                "book": {},
                "torch": {"epsilon": 1e-8},
            },
        ),
        Optimizer(
            name="adam",
            title="Adam",
            formula=(
                "m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2;  "
                "p <- p - lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon)"
            ),
            options=_ADAM_OPTIONS,
            states=("first_moment", "second_moment"),
            update=update_adam,
            defaults=_ADAM_DEFAULTS,
        ),
        Optimizer(
            name="adamw",
            title="AdamW",
            formula="p <- p - lr weight_decay p, then Adam",
            options=_ADAM_OPTIONS,
            states=("first_moment", "second_moment"),
            update=update_adam,
            defaults=_ADAM_DEFAULTS,
            decays=("decoupled",),
            # The book has no AdamW: there the paper's successor in wide use, PyTorch, is followed.
            weight_decay={"keras": 0.004, "book": 0.01, "torch": 0.01},
        ),
    )
}


def find_optimizer(name: object, where: str = "") -> Optimizer:
    """Find the optimizer of that name.

    Raises:
        CeterisError: there is none; the nearest name is suggested.

    Example:
        >>> find_optimizer("adam").title
        'Adam'
    """
    found = OPTIMIZERS.get(name) if isinstance(name, str) else None
    if found is None:
        raise unknown_name("optimizer", name, OPTIMIZERS, where=where)
    return found


def optimizer_options(
    name: str, preset: str, given: Mapping[str, object], where: str = ""
) -> dict[str, Value]:
    """Complete the options of an optimizer, checked: what is given, else the preset's default.

    Args:
        name: of the optimizer.
        preset: ``"keras"``, ``"book"`` or ``"torch"``.
        given: options by name; only this optimizer's own.
        where: file and table for messages, for example ``"lr.toml, train"``.

    Raises:
        CeterisError: unknown optimizer, preset or option, or a value out of range.

    Example:
        >>> optimizer_options("momentum", "torch", {"learning_rate": 1})
        {'learning_rate': 1.0, 'momentum': 0.9, 'velocity_form': 'without_rate'}
    """
    optimizer = find_optimizer(name, where)
    what = f"{optimizer.name} option"
    return complete(what, optimizer.options, optimizer.defaults, preset, given, where)


def initial_states(
    optimizer: Optimizer, p: Tensor, options: Mapping[str, Value]
) -> dict[str, Tensor]:
    """Make the states before the first step: zeros, or what the options say.

    Args:
        optimizer: its entry in the register.
        p: the parameters, shape (P,); the states get its shape, type and device.
        options: complete, from :func:`optimizer_options`.
    """
    return {
        state: p.new_full(
            p.shape, float(options[optimizer.initial[state]]) if state in optimizer.initial else 0.0
        )
        for state in optimizer.states
    }
