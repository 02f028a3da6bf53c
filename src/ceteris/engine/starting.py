"""Starting from stored weights, and keeping chosen layers as they start.

A frozen parameter is none of the flat vector's, so neither gradient, update nor weight decay can
reach it. Batch normalisation that is frozen uses its running statistics and does not move them:
with the batch's own it would compute something else than the network that was trained, and its
statistics would drift although its scale and shift stay.
"""

import hashlib
from collections.abc import Sequence

import safetensors.numpy
import torch
from torch import nn

from ceteris.engine.held import Held
from ceteris.engine.task import Frozen, Start
from ceteris.errors import CeterisError


def list_held(module: nn.Module) -> tuple[Held, ...]:
    """Everything a module holds that its weights file has, in its order.

    Example:
        >>> [held.name for held in list_held(nn.Linear(2, 1))]
        ['weight', 'bias']
    """
    first_names = dict(module.named_parameters())
    parameters = dict(module.named_parameters(remove_duplicate=False))
    return tuple(
        Held(
            name=name,
            shape=tuple(tensor.shape),
            trained=name in first_names and first_names[name].requires_grad,
            buffer=name not in parameters,
        )
        for name, tensor in module.state_dict().items()
    )


def put_weights(module: nn.Module, start: Start) -> None:
    """Write stored weights over those that were drawn.

    Args:
        module: every name of ``start.taken`` is one of its state, in the same shape.
        start: which file, and what of it.

    Raises:
        CeterisError: the file is gone or is not what it was.
    """
    arrays = safetensors.numpy.load(_content(start))
    state = module.state_dict()
    with torch.no_grad():
        for name in start.taken:
            # A single number was once stored with an axis of its own.
            state[name].copy_(torch.from_numpy(arrays[name]).reshape(state[name].shape))


def freeze(module: nn.Module, frozen: Frozen) -> tuple[nn.Module, ...]:
    """Take parameters out of training and put submodules into evaluation mode.

    Returns:
        The submodules that are to stay in evaluation mode, whatever becomes of the others.
    """
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if name in frozen.parameters:
            parameter.requires_grad_(False)
    return _still(module, frozen.still)


def _still(module: nn.Module, names: Sequence[str]) -> tuple[nn.Module, ...]:
    parts = tuple(module.get_submodule(name) for name in names)
    for part in parts:
        part.eval()
    return parts


def _content(start: Start) -> bytes:
    try:
        content = start.file.read_bytes() if start.file is not None else b""
    except OSError:
        content = b""
    if start.file is None or hashlib.sha256(content).hexdigest() != start.file.stem:
        raise CeterisError(
            "the weights this run starts from are gone or damaged",
            received=str(start.file or "none"),
            expected="the file as it was when the study was planned",
            fix="put the study it starts from back, then run the same command again",
        )
    return content
