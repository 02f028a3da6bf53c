"""What may vary: optimizers, schedules, initial weights, weight decay, losses.

Each entry of a register carries its formula and its options, and says whether it is a *value* (a
number the compiled step takes) or a *program* (another computation). A new one is one entry and
one function; being in the register is what gets it tested.
"""

from ceteris.factors.fused import fused_update
from ceteris.factors.initializers import (
    INITIALIZER_ALIASES,
    INITIALIZERS,
    Initializer,
    default_initializer,
    draw,
    draws_biases,
    find_initializer,
    initializer_options,
    standard_uniforms,
)
from ceteris.factors.losses import LOSSES, Loss, find_loss
from ceteris.factors.optimizers import (
    OPTIMIZERS,
    Optimizer,
    find_optimizer,
    initial_states,
    optimizer_options,
)
from ceteris.factors.options import PRESETS, Kind, Option, Value
from ceteris.factors.registry import FACTORS, OPTION_OWNERS, Factor, find_factor
from ceteris.factors.regularizers import (
    DECAYS,
    Decay,
    apply_decoupled,
    apply_l2,
    decay_options,
)
from ceteris.factors.schedules import (
    SCHEDULES,
    Schedule,
    find_schedule,
    multipliers,
    schedule_options,
)
from ceteris.factors.updates import Update

__all__ = [
    "DECAYS",
    "FACTORS",
    "INITIALIZERS",
    "INITIALIZER_ALIASES",
    "LOSSES",
    "OPTIMIZERS",
    "OPTION_OWNERS",
    "PRESETS",
    "SCHEDULES",
    "Decay",
    "Factor",
    "Initializer",
    "Kind",
    "Loss",
    "Optimizer",
    "Option",
    "Schedule",
    "Update",
    "Value",
    "apply_decoupled",
    "apply_l2",
    "decay_options",
    "default_initializer",
    "draw",
    "draws_biases",
    "find_factor",
    "find_initializer",
    "find_loss",
    "find_optimizer",
    "find_schedule",
    "fused_update",
    "initial_states",
    "initializer_options",
    "multipliers",
    "optimizer_options",
    "schedule_options",
    "standard_uniforms",
]
