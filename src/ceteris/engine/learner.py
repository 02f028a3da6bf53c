"""A network and its update rule, all parameters in one flat vector.

An update over one vector costs a few passes over memory; over fifty small tensors it costs fifty
times the overhead of a call. Parameters and gradients of the module are views into the two
vectors, so a backward pass writes where the update reads.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ceteris.engine.passes import Automatic, Passes
from ceteris.errors import CeterisError
from ceteris.factors import (
    LOSSES,
    OPTIMIZERS,
    apply_decoupled,
    apply_l2,
    fused_update,
    initial_states,
)
from ceteris.study.recipe import TrainRecipe


class Learner:
    """What one step changes: parameters, buffers and the optimizer's states.

    Args:
        module: maps float images (B, C, H, W) to logits (B, K); its parameters are moved into one
            flat vector here.
        train: the recipe; optimizer, loss and decay are read from it.
        decayed: names of the parameters weight decay applies to (weights, not biases).
        by_hand: makes the passes of the flattened module; autograd's if there are none.
        still: submodules that are in evaluation mode throughout.
    """

    def __init__(
        self,
        module: nn.Module,
        train: TrainRecipe,
        decayed: frozenset[str],
        by_hand: Callable[[nn.Module], Passes] | None = None,
        still: Sequence[nn.Module] = (),
    ) -> None:
        self.module = module
        self.parameters, self.gradient = _flatten(module)
        self.passes: Passes = (
            Automatic(module, self.gradient, train.precision, still)
            if by_hand is None
            else by_hand(module)
        )
        self._loss = LOSSES[train.loss]
        self._options = train.optimizer_options
        # One pass over memory where this PyTorch has a kernel that is right; which of the two it
        # is follows from processor and version, which are frozen with the study.
        self._update = (
            fused_update(train.optimizer, self._options) or OPTIMIZERS[train.optimizer].update
        )
        self._states = initial_states(OPTIMIZERS[train.optimizer], self.parameters, self._options)
        self._scratch = torch.empty_like(self.parameters)
        self._weight_decay = train.weight_decay
        self._decoupled = train.decay == "decoupled"
        self._mask = _mask(module, decayed) if train.weight_decay else None
        self._loss_after = train.loss_recorded == "after"

    def step(
        self, images: Tensor, labels: Tensor, learning_rate: float, number: int
    ) -> tuple[Tensor, Tensor]:
        """One update on one batch.

        Args:
            images: float32 (B, C, H, W).
            labels: int64 (B,).
            learning_rate: of this step, the schedule applied.
            number: of the update, 1 for the first.

        Returns:
            The batch's loss as the recipe records it, and how many of the batch the network had
            right in training mode; both scalars, detached, not synchronised with the host.
        """
        logits = self.passes.forward(images)
        loss, to_logits = self._loss.value_and_gradient(logits, labels)
        self.passes.backward(to_logits)
        if self._mask is not None and self._decoupled:
            apply_decoupled(self.parameters, self._mask, self._weight_decay, learning_rate)
        elif self._mask is not None:
            apply_l2(self.parameters, self.gradient, self._mask, self._weight_decay)
        self._update(
            self.parameters,
            self.gradient,
            self._states,
            number,
            learning_rate,
            self._options,
            self._scratch,
        )
        right = logits.argmax(1).eq_(labels).sum()
        if self._loss_after:
            # The book's recorded loss: the same batch once more, after the update, no dropout.
            loss = self._loss.value(self.passes.evaluate(images), labels)
        return loss, right

    def state(self) -> dict[str, np.ndarray]:
        """A copy of all that a step changes, for a checkpoint."""
        tensors = {"parameters": self.parameters}
        tensors |= {f"state.{name}": tensor for name, tensor in self._states.items()}
        tensors |= {f"buffer.{name}": tensor for name, tensor in self.module.named_buffers()}
        return {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Put everything back to what :meth:`state` returned, to the bit."""
        with torch.no_grad():
            self.parameters.copy_(torch.from_numpy(state["parameters"]))
            for name, tensor in self._states.items():
                tensor.copy_(torch.from_numpy(state[f"state.{name}"]))
            for name, tensor in self.module.named_buffers():
                tensor.copy_(torch.from_numpy(np.asarray(state[f"buffer.{name}"])))

    def weights(self) -> dict[str, np.ndarray]:
        """A copy of parameters and buffers by name, C-contiguous: what a store keeps."""
        return {
            name: np.array(tensor.detach().numpy(), order="C")
            for name, tensor in self.module.state_dict().items()
        }


def _flatten(module: nn.Module) -> tuple[Tensor, Tensor]:
    """Move every trained parameter into one vector, its gradient into another.

    Convolution kernels are laid out channels last, as the convolutions read them.
    """
    trained = [p for p in module.parameters() if p.requires_grad]
    odd = {str(p.dtype) for p in trained} - {"torch.float32"}
    if odd or not trained:
        raise CeterisError(
            "the network has nothing to train" if not trained else "the network is not float32",
            received=f"parameters of type {', '.join(sorted(odd)) or 'none'}",
            expected="float32 parameters with requires_grad",
            fix="create the module with dtype=torch.float32 and at least one trained parameter",
        )
    flat = torch.empty(sum(p.numel() for p in trained))
    gradient = torch.zeros_like(flat)
    start = 0
    for parameter in trained:
        values = parameter.detach().clone()
        view = _view(flat, start, parameter)
        view.copy_(values)
        parameter.data = view
        parameter.grad = _view(gradient, start, parameter)
        start += parameter.numel()
    return flat, gradient


def _view(flat: Tensor, start: int, like: Tensor) -> Tensor:
    piece = flat[start : start + like.numel()]
    if like.dim() == 4:
        out_channels, in_channels, height, width = like.shape
        return piece.view(out_channels, height, width, in_channels).permute(0, 3, 1, 2)
    return piece.view(like.shape)


def _mask(module: nn.Module, decayed: frozenset[str]) -> Tensor:
    """1 where weight decay applies, 0 elsewhere, in the order of the flat vector."""
    return torch.cat(
        [
            torch.full((p.numel(),), 1.0 if name in decayed else 0.0)
            for name, p in module.named_parameters()
            if p.requires_grad
        ]
    )
