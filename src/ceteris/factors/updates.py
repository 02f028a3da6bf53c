r"""The update rules: one function each, in place, on flat vectors of parameters.

All of a run's parameters are one vector ``p`` and their gradients one vector ``g``; a rule's
states are vectors of the same length. Every rule is elementwise, so it may be applied to all
parameters, to a part of them or to several parts in turn.

Each function has the same arguments (:class:`Update`), changes ``p`` and the states in place,
leaves ``g`` as it was, may leave anything in ``scratch``, and allocates no vector. Only methods of
the tensors are used, so that this module needs no ``import torch``.

Where frameworks differ, and which option says which:

=================== ========================== ============================ =====================
option              book (Saito 2016)          Keras 3                      PyTorch 2
=================== ========================== ============================ =====================
velocity_form       with_rate                  with_rate                    without_rate
epsilon_form
  AdaGrad, RMSprop  outside, 1e-7              inside, 1e-7                 outside, 1e-10, 1e-8
  Adam, AdamW       outside, 1e-7              outside, 1e-7                corrected, 1e-8
initial_accumulator 0                          0.1                          0
=================== ========================== ============================ =====================
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from ceteris.factors.options import Value

if TYPE_CHECKING:
    from torch import Tensor


class Update(Protocol):
    """One step of an optimizer.

    Args:
        p: parameters, shape (P,), changed in place.
        g: gradient of the loss, shape (P,), unchanged.
        states: the rule's own vectors by name, each (P,), changed in place.
        step: the number of this step, 1 for the first.
        learning_rate: of this step, after the schedule.
        options: the other options, complete and checked.
        scratch: any vector of shape (P,); its content is neither read nor kept.
    """

    def __call__(
        self,
        p: Tensor,
        g: Tensor,
        states: Mapping[str, Tensor],
        step: int,
        learning_rate: float,
        options: Mapping[str, Value],
        scratch: Tensor,
    ) -> None:
        """Change ``p`` and the states by one step."""


def update_sgd(
    p: Tensor,
    g: Tensor,
    states: Mapping[str, Tensor],
    step: int,
    learning_rate: float,
    options: Mapping[str, Value],
    scratch: Tensor,
) -> None:
    r"""Stochastic gradient descent: ``p <- p - lr g``.

    Robbins and Monro, "A stochastic approximation method" (1951). The book, Keras
    and PyTorch agree.
    """
    p.add_(g, alpha=-learning_rate)


def update_momentum(
    p: Tensor,
    g: Tensor,
    states: Mapping[str, Tensor],
    step: int,
    learning_rate: float,
    options: Mapping[str, Value],
    scratch: Tensor,
) -> None:
    r"""Momentum ("heavy ball").

    ``velocity_form = "with_rate"`` (the book, Keras; Sutskever et al. 2013, equation 1)::

        v <- momentum v - lr g
        p <- p + v

    ``velocity_form = "without_rate"`` (PyTorch, dampening 0)::

        v <- momentum v + g
        p <- p - lr v

    With a constant rate the two are the same. Under a schedule they are not: the first remembers
    the rates its past gradients came with, the second applies today's rate to all of them.

    Polyak, "Some methods of speeding up the convergence of iteration methods" (1964); Sutskever,
    Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning"
    (2013).
    """
    v = states["velocity"]
    v.mul_(float(options["momentum"]))
    if options["velocity_form"] == "with_rate":
        v.add_(g, alpha=-learning_rate)
        p.add_(v)
    else:
        v.add_(g)
        p.add_(v, alpha=-learning_rate)


def update_nesterov(
    p: Tensor,
    g: Tensor,
    states: Mapping[str, Tensor],
    step: int,
    learning_rate: float,
    options: Mapping[str, Value],
    scratch: Tensor,
) -> None:
    r"""Nesterov's accelerated gradient, at the point where the gradient is taken.

    ``velocity_form = "with_rate"`` (Keras; Bengio et al. 2012, equation 7)::

        v <- momentum v - lr g
        p <- p + momentum v - lr g

    ``velocity_form = "without_rate"`` (PyTorch)::

        v <- momentum v + g
        p <- p - lr (g + momentum v)

    Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k^2)"
    (1983); Bengio, Boulanger-Lewandowski and Pascanu, "Advances in optimizing recurrent networks",
    arXiv:1212.0901. Written with the velocity of the step before, as in that paper, the second line
    is ``p + momentum^2 v_old - (1 + momentum) lr g``. The book's published code multiplies
    ``momentum^2`` with the new velocity instead, which is not the rule it cites; we follow the
    paper, in the preset ``book`` too.
    """
    momentum = float(options["momentum"])
    v = states["velocity"]
    v.mul_(momentum)
    if options["velocity_form"] == "with_rate":
        v.add_(g, alpha=-learning_rate)
        p.add_(v, alpha=momentum).add_(g, alpha=-learning_rate)
    else:
        v.add_(g)
        p.add_(v, alpha=-learning_rate * momentum).add_(g, alpha=-learning_rate)


def update_adagrad(
    p: Tensor,
    g: Tensor,
    states: Mapping[str, Tensor],
    step: int,
    learning_rate: float,
    options: Mapping[str, Value],
    scratch: Tensor,
) -> None:
    r"""AdaGrad: each parameter's rate falls with the squares of its past gradients.

    ::

        h <- h + g^2                              h starts at initial_accumulator
        p <- p - lr g / (sqrt(h) + epsilon)       epsilon_form = "outside" (the book, PyTorch)
        p <- p - lr g / sqrt(h + epsilon)         epsilon_form = "inside"  (Keras)

    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization" (2011), the diagonal form. Keras starts h at 0.1, the others at 0; PyTorch's own
    ``lr_decay`` stays at its default, 0.
    """
    h = states["sum_of_squares"]
    h.addcmul_(g, g)
    _divide_by_root(p, g, h, learning_rate, options, scratch)


def update_rmsprop(
    p: Tensor,
    g: Tensor,
    states: Mapping[str, Tensor],
    step: int,
    learning_rate: float,
    options: Mapping[str, Value],
    scratch: Tensor,
) -> None:
    r"""RMSprop: divide by the root of a running mean of the squared gradients.

    ::

        h <- rho h + (1 - rho) g^2
        p <- p - lr g / (sqrt(h) + epsilon)       epsilon_form = "outside" (the book, PyTorch)
        p <- p - lr g / sqrt(h + epsilon)         epsilon_form = "inside"  (Keras)

    Tieleman and Hinton, "Lecture 6.5 - rmsprop", Coursera (2012). ``rho`` is PyTorch's ``alpha``
    and the book's ``decay_rate``. The ``momentum`` and ``centered`` that Keras and PyTorch add
    stay at their defaults, off.
    """
    rho = float(options["rho"])
    h = states["second_moment"]
    h.mul_(rho).addcmul_(g, g, value=1.0 - rho)
    _divide_by_root(p, g, h, learning_rate, options, scratch)


def update_adam(
    p: Tensor,
    g: Tensor,
    states: Mapping[str, Tensor],
    step: int,
    learning_rate: float,
    options: Mapping[str, Value],
    scratch: Tensor,
) -> None:
    r"""Adam: momentum and RMSprop together, both corrected for starting at zero.

    ::

        m <- beta1 m + (1 - beta1) g
        v <- beta2 v + (1 - beta2) g^2

        epsilon_form = "corrected" (Algorithm 1 of the paper, PyTorch), t the step from 1:
        p <- p - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)

        epsilon_form = "outside" (the paper's remark below Algorithm 1, the book, Keras):
        p <- p - lr sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon)

    The second is the first with epsilon divided by ``sqrt(1 - beta2^t)``: at t = 1 and
    beta2 = 0.999 that is 32 times as much.

    Kingma and Ba, "Adam: a method for stochastic optimization", arXiv:1412.6980 (2015). The
    ``amsgrad`` that Keras and PyTorch offer stays off.

    AdamW is this update after ``p <- p - lr weight_decay p``
    (:func:`ceteris.factors.regularizers.apply_decoupled`): Loshchilov and Hutter, "Decoupled weight
    decay regularization", arXiv:1711.05101 (2019). There the decay is multiplied by the schedule
    only; Keras, PyTorch and we multiply it by the learning rate as well.
    """
    beta1, beta2 = float(options["beta1"]), float(options["beta2"])
    m, v = states["first_moment"], states["second_moment"]
    m.lerp_(g, 1.0 - beta1)
    v.mul_(beta2).addcmul_(g, g, value=1.0 - beta2)
    root = math.sqrt(1.0 - beta2**step)
    epsilon = float(options["epsilon"])
    if options["epsilon_form"] == "corrected":
        # sqrt(v) / root + epsilon = (sqrt(v) + epsilon root) / root: one vector pass fewer.
        epsilon *= root
    scratch.copy_(v).sqrt_().add_(epsilon)
    p.addcdiv_(m, scratch, value=-learning_rate * root / (1.0 - beta1**step))


def _divide_by_root(
    p: Tensor,
    g: Tensor,
    h: Tensor,
    learning_rate: float,
    options: Mapping[str, Value],
    scratch: Tensor,
) -> None:
    epsilon = float(options["epsilon"])
    scratch.copy_(h)
    if options["epsilon_form"] == "inside":
        # The reciprocal root is two thirds of the time of a root and a division.
        scratch.add_(epsilon).rsqrt_()
        p.addcmul_(g, scratch, value=-learning_rate)
    else:
        scratch.sqrt_().add_(epsilon)
        p.addcdiv_(g, scratch, value=-learning_rate)
