"""Losses on logits: the value, and its gradient by hand for steps that need no autograd."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ceteris.errors import unknown_name
from ceteris.factors.options import Kind

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Loss:
    """What training makes small, a mean over the images of a batch.

    Args:
        name: as in a study's ``train.loss``.
        title: as in a table.
        formula: for one image.
        value: ``(logits (N, K), labels (N,) int64) -> scalar``, differentiable by autograd.
        value_and_gradient: the same value, and its gradient with respect to the logits, (N, K).
        chance: K -> the loss of the answer 1/K for every class: what a run that learned nothing
            has, and what a diverged run counts as.
        kind: another loss is another program.
    """

    name: str
    title: str
    formula: str
    value: Callable[[Tensor, Tensor], Tensor]
    value_and_gradient: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    chance: Callable[[int], float]
    kind: Kind = "program"

    def gradient(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Differentiate the value with respect to the logits: shape (N, K)."""
        return self.value_and_gradient(logits, labels)[1]


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Cross-entropy: the mean over images of ``-log softmax(z)_y``, in nats.

    Args:
        logits: z, shape (N, K).
        labels: y, the class of each image, int64, shape (N,).

    Bishop, "Pattern Recognition and Machine Learning" (2006), equation 4.108.
    """
    from torch.nn.functional import cross_entropy as torch_cross_entropy

    return torch_cross_entropy(logits, labels)


def cross_entropy_and_gradient(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    r"""Cross-entropy, and ``(softmax(z) - onehot(y)) / N``.

    From ``d = z - max z`` and ``s = sum exp(d)``: value ``log s - d_y``, softmax ``exp(d) / s``.
    The library's log-softmax takes longer on ten numbers a row than all of this.
    """
    index = labels.unsqueeze(1)  # (N, 1)
    z = logits.detach()
    d = z - z.amax(1, keepdim=True)
    right = d.gather(1, index)
    shares = d.exp_()
    s = shares.sum(1, keepdim=True)
    shares.div_(s)
    value = s.log_().sub_(right).mean()
    shares.scatter_add_(1, index, right.fill_(-1.0))
    return value, shares.div_(len(labels))


def mse(logits: Tensor, labels: Tensor) -> Tensor:
    r"""Squared error of the probabilities: ``sum_k (softmax(z)_k - onehot(y)_k)^2 / K``.

    The mean over classes and then over images, as a network that ends in softmax has it under
    Keras's ``mean_squared_error`` with one-hot targets. K times it is the Brier score (1950).

    Args:
        logits: z, shape (N, K).
        labels: y, the class of each image, int64, shape (N,).
    """
    return _errors(logits.softmax(1), labels).square().mean()


def mse_and_gradient(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    r"""Squared error, and ``2 / (N K) p_j (d_j - sum_k p_k d_k)``, p softmax(z), d = p - onehot."""
    p = logits.detach().softmax(1)
    d = _errors(p, labels)
    value = d.square().mean()
    inner = (p * d).sum(1, keepdim=True)  # (N, 1)
    return value, d.sub_(inner).mul_(p).mul_(2.0 / d.numel())


def _errors(p: Tensor, labels: Tensor) -> Tensor:
    index = labels.unsqueeze(1)  # (N, 1)
    return p.scatter_add(1, index, p.new_full(index.shape, -1.0))


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss(
            name="cross_entropy",
            title="cross-entropy",
            formula="-log softmax(z)_y",
            value=cross_entropy,
            value_and_gradient=cross_entropy_and_gradient,
            chance=math.log,
        ),
        Loss(
            name="mse",
            title="mean squared error",
            formula="sum_k (softmax(z)_k - onehot(y)_k)^2 / K",
            value=mse,
            value_and_gradient=mse_and_gradient,
            chance=lambda num_classes: (num_classes - 1) / num_classes**2,
        ),
    )
}


def find_loss(name: object, where: str = "") -> Loss:
    """Find the loss of that name.

    Raises:
        CeterisError: there is none; the nearest name is suggested.

    Example:
        >>> round(find_loss("mse").chance(10), 6)
        0.09
    """
    found = LOSSES.get(name) if isinstance(name, str) else None
    if found is None:
        raise unknown_name("loss", name, LOSSES, where=where)
    return found
