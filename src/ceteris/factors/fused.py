"""The same updates in one pass over memory, where PyTorch has a kernel for it.

:mod:`ceteris.factors.updates` walks over its vectors three to seven times. PyTorch's private
``torch._fused_*`` kernels walk once: for 110,000 parameters Adam takes 50 instead of 120
microseconds, AdaGrad 35 instead of 100 (one thread, AVX-512). They are private, so they are tried
before they are used and there is always the rule without them. Both compute the same formula,
but not the same bits: which of the two a study uses is frozen with the study.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ceteris.factors.optimizers import OPTIMIZERS, initial_states
from ceteris.factors.options import Value

if TYPE_CHECKING:
    from torch import Tensor

    from ceteris.factors.updates import Update


def fused_update(name: str, options: Mapping[str, Value]) -> Update | None:
    """Find the one-pass form of an optimizer's update; None where there is none that is right.

    The kernel is tried on a few numbers against the rule first, so a PyTorch that has renamed,
    removed or changed it is answered with None.

    Args:
        name: of the optimizer.
        options: complete, from :func:`~ceteris.factors.optimizers.optimizer_options`.
    """
    found = _candidate(name, options)
    return found if found is not None and _agrees(name, found, options) else None


def _candidate(name: str, options: Mapping[str, Value]) -> Update | None:
    if name in {"adam", "adamw"}:
        return _fused_adam
    if name in {"momentum", "nesterov"} and options["velocity_form"] == "without_rate":
        return _fused_nesterov if name == "nesterov" else _fused_momentum
    if options.get("epsilon_form") == "outside":
        return {"adagrad": _fused_adagrad, "rmsprop": _fused_rmsprop}.get(name)
    return None


def _agrees(name: str, fused: Update, options: Mapping[str, Value]) -> bool:
    import torch

    optimizer = OPTIMIZERS[name]
    # 37 numbers are two whole vector registers and a rest; -1..1 with an exact zero among them.
    start = torch.linspace(-1.0, 1.0, 37)
    answers = []
    for update in (optimizer.update, fused):
        p, g, scratch = start.clone(), torch.empty(37), torch.empty(37)
        states = initial_states(optimizer, p, options)
        try:
            for step in (1, 2, 3):
                update(p, torch.mul(start, 1.5 - step, out=g), states, step, 0.01, options, scratch)
        except (AttributeError, RuntimeError, TypeError):
            return False
        answers.append(p)
    # Three float32 steps differ by rounding only: some units of 2^-23.
    return torch.allclose(answers[0], answers[1], rtol=1e-5, atol=1e-6)


def _fused_momentum(
    p: Tensor,
    g: Tensor,
    states: Mapping[str, Tensor],
    step: int,
    learning_rate: float,
    options: Mapping[str, Value],
    scratch: Tensor,
) -> None:
    _torch_sgd(p, g, states, learning_rate, options, nesterov=False)


def _fused_nesterov(
    p: Tensor,
    g: Tensor,
    states: Mapping[str, Tensor],
    step: int,
    learning_rate: float,
    options: Mapping[str, Value],
    scratch: Tensor,
) -> None:
    _torch_sgd(p, g, states, learning_rate, options, nesterov=True)


def _torch_sgd(
    p: Tensor,
    g: Tensor,
    states: Mapping[str, Tensor],
    learning_rate: float,
    options: Mapping[str, Value],
    *,
    nesterov: bool,
) -> None:
    import torch

    torch._fused_sgd_(
        [p],
        [g],
        [states["velocity"]],
        weight_decay=0.0,
        momentum=float(options["momentum"]),
        lr=learning_rate,
        dampening=0.0,
        nesterov=nesterov,
        maximize=False,
        is_first_step=False,
    )


def _fused_adagrad(
    p: Tensor,
    g: Tensor,
    states: Mapping[str, Tensor],
    step: int,
    learning_rate: float,
    options: Mapping[str, Value],
    scratch: Tensor,
) -> None:
    import torch

    torch._fused_adagrad_(
        [p],
        [g],
        [states["sum_of_squares"]],
        [p.new_tensor(float(step))],
        lr=learning_rate,
        lr_decay=0.0,
        weight_decay=0.0,
        eps=float(options["epsilon"]),
        maximize=False,
    )


def _fused_rmsprop(
    p: Tensor,
    g: Tensor,
    states: Mapping[str, Tensor],
    step: int,
    learning_rate: float,
    options: Mapping[str, Value],
    scratch: Tensor,
) -> None:
    # RMSprop is Adam without its first moment and without correction: beta1 = 0 makes m = g (kept
    # in scratch), and infinitely many steps make both corrections exactly 1.
    _torch_adam(
        p,
        g,
        scratch.zero_(),
        states["second_moment"],
        math.inf,
        learning_rate,
        0.0,
        float(options["rho"]),
        float(options["epsilon"]),
    )


def _fused_adam(
    p: Tensor,
    g: Tensor,
    states: Mapping[str, Tensor],
    step: int,
    learning_rate: float,
    options: Mapping[str, Value],
    scratch: Tensor,
) -> None:
    beta1, beta2 = float(options["beta1"]), float(options["beta2"])
    epsilon = float(options["epsilon"])
    if options["epsilon_form"] == "outside":
        # The kernel adds epsilon after the correction: see `update_adam`.
        epsilon /= math.sqrt(1.0 - beta2**step)
    m, v = states["first_moment"], states["second_moment"]
    _torch_adam(p, g, m, v, float(step), learning_rate, beta1, beta2, epsilon)


def _torch_adam(
    p: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    step: float,
    learning_rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None:
    import torch

    torch._fused_adam_(
        [p],
        [g],
        [m],
        [v],
        [],
        # The kernel reads the step from a float32 scalar whatever the parameters are.
        [torch.tensor(step, dtype=torch.float32, device=p.device)],
        lr=learning_rate,
        beta1=beta1,
        beta2=beta2,
        weight_decay=0.0,
        eps=epsilon,
        amsgrad=False,
        maximize=False,
    )
