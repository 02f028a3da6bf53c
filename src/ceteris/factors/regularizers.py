"""Weight decay: pulling weights towards zero, through the gradient or beside it.

``mask`` says which parameters are decayed: 1 for weights, 0 for biases and for the scales and
shifts of normalisation. The book does the same; Keras's optimizers and PyTorch's decay everything
they are given unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ceteris.errors import CeterisError, shown, unknown_name
from ceteris.factors.optimizers import OPTIMIZERS, find_optimizer
from ceteris.factors.options import PRESETS, Kind, Option, Value

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Decay:
    """A form of weight decay.

    Args:
        name: as in a study's ``train.decay``.
        title: as in a table.
        formula: what is done before the optimizer's update.
        apply: ``(p, g, mask, weight_decay, learning_rate)``, in place.
        kind: another form is another program; how much is a value.
    """

    name: str
    title: str
    formula: str
    apply: Callable[[Tensor, Tensor, Tensor, float, float], None]
    kind: Kind = "program"


WEIGHT_DECAY = Option("weight_decay", 0.0, low=0.0, doc="strength of the weight decay")

# Whose `weight_decay` means what: Keras's optimizers decouple it in every optimizer, PyTorch's
# (all but AdamW) and the book add it to the gradient.
_DEFAULT_DECAY = {"keras": "decoupled", "book": "l2", "torch": "l2"}


def apply_l2(p: Tensor, g: Tensor, mask: Tensor, weight_decay: float) -> None:
    r"""L2 regularization: ``g <- g + weight_decay mask p``.

    It is the gradient of ``weight_decay / 2 sum(mask p^2)`` added to the loss. Keras's
    ``regularizers.L2(l)`` has no half: it is ``weight_decay = 2 l``. Under an adaptive optimizer
    the decay is divided by the root of the second moment like the rest of the gradient.

    Args:
        p: parameters, shape (P,).
        g: gradient, shape (P,), changed in place.
        mask: 1 where decayed, 0 where not, shape (P,).
        weight_decay: 0 or more.

    Krogh and Hertz, "A simple weight decay can improve generalization" (1991).
    """
    g.addcmul_(mask, p, value=weight_decay)


def apply_decoupled(p: Tensor, mask: Tensor, weight_decay: float, learning_rate: float) -> None:
    r"""Decoupled decay: ``p <- p - learning_rate weight_decay mask p``, before the update.

    The gradient does not see it, so an adaptive optimizer does not rescale it. For plain SGD it is
    L2. In the paper the decay follows the schedule but not the learning rate; Keras, PyTorch and
    we multiply it by the learning rate of the step.

    Args:
        p: parameters, shape (P,), changed in place.
        mask: 1 where decayed, 0 where not, shape (P,).
        weight_decay: 0 or more.
        learning_rate: of this step, after the schedule.

    Loshchilov and Hutter, "Decoupled weight decay regularization", arXiv:1711.05101 (2019).
    """
    p.addcmul_(mask, p, value=-learning_rate * weight_decay)


def _l2(p: Tensor, g: Tensor, mask: Tensor, weight_decay: float, learning_rate: float) -> None:
    apply_l2(p, g, mask, weight_decay)


def _decoupled(
    p: Tensor, g: Tensor, mask: Tensor, weight_decay: float, learning_rate: float
) -> None:
    apply_decoupled(p, mask, weight_decay, learning_rate)


DECAYS: dict[str, Decay] = {
    decay.name: decay
    for decay in (
        Decay("l2", "L2", "g <- g + weight_decay mask p", _l2),
        Decay("decoupled", "decoupled", "p <- p - lr weight_decay mask p", _decoupled),
    )
}


def decay_options(
    optimizer: str, preset: str, given: Mapping[str, object], where: str = ""
) -> dict[str, Value]:
    """Complete strength and form of the weight decay: what is given, else the preset's.

    Args:
        optimizer: name of the optimizer.
        preset: ``"keras"``, ``"book"`` or ``"torch"``.
        given: ``weight_decay`` and ``decay``, or none of them.
        where: file and table for messages.

    Returns:
        ``{"weight_decay": ..., "decay": ...}``.

    Raises:
        CeterisError: an unknown form, one the optimizer does not have, or a strength below zero.

    Example:
        >>> decay_options("adamw", "keras", {})
        {'weight_decay': 0.004, 'decay': 'decoupled'}
        >>> decay_options("sgd", "book", {"weight_decay": 0.1})
        {'weight_decay': 0.1, 'decay': 'l2'}
    """
    entry = find_optimizer(optimizer, where)
    if preset not in PRESETS:
        raise unknown_name("preset", preset, PRESETS, where=where)
    for key in given:
        if key not in ("weight_decay", "decay"):
            raise unknown_name("weight decay option", key, ("weight_decay", "decay"), where=where)
    strength: Value = entry.weight_decay.get(preset, 0.0)
    if "weight_decay" in given:
        strength = WEIGHT_DECAY.check(given["weight_decay"], where)
    default = _DEFAULT_DECAY[preset]
    form = given.get("decay", default if default in entry.decays else entry.decays[0])
    at = f"{where}.decay" if where else ""
    if not isinstance(form, str) or form not in DECAYS:
        raise unknown_name("decay", form, DECAYS, where=at)
    if form not in entry.decays:
        others = [other.name for other in OPTIMIZERS.values() if form in other.decays]
        raise CeterisError(
            f"{optimizer} has no decay {shown(form)}",
            received=f"decay = {shown(form)}" + (f"  ({at})" if at else ""),
            expected=f"decay = '{entry.decays[0]}', which {optimizer} is defined by",
            fix=f"remove decay, or use one of {', '.join(others)}",
        )
    return {"weight_decay": strength, "decay": form}
