"""A trained network used again: images to logits, by the very passes it was evaluated with.

One thread, the ways and number types of the run, and pieces of the size evaluation takes: the same
pixels in the same order give the same bits as when the run was measured.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from ceteris.data import Normalisation
from ceteris.engine.beginning import chain
from ceteris.engine.learner import Learner
from ceteris.engine.material import Material, Scaling
from ceteris.engine.measure import logits_of, pieces
from ceteris.engine.network import function_by_value, make_module
from ceteris.engine.precision import products_in
from ceteris.engine.ways import Ways
from ceteris.errors import CeterisError, shown
from ceteris.nets import walk
from ceteris.seeds import Streams
from ceteris.study.recipe import NetworkRecipe, TrainRecipe

_SMALLEST_NORMAL = 1e-38


class Network:
    """A trained network in evaluation mode.

    Args:
        network, train: of the run.
        weights: name -> array, as the run stored them.
        ways: name of a convolution -> how it is computed.
        normalisation: of the run.
        input_shape: (H, W, C) of an image.
        num_classes: K.

    Raises:
        CeterisError: the user's code fails, or makes a network that these weights do not fit.
    """

    def __init__(
        self,
        network: NetworkRecipe,
        train: TrainRecipe,
        weights: Mapping[str, np.ndarray],
        *,
        ways: Mapping[str, Ways],
        normalisation: Normalisation,
        input_shape: tuple[int, int, int],
        num_classes: int,
    ) -> None:
        module = make_module(
            network,
            train,
            make=b"" if network.function is None else function_by_value(network.function),
            streams=Streams(root=0, seed=0),
            input_shape=input_shape,
            num_classes=num_classes,
        )
        by_hand = None
        if network.reference is None:
            standings = walk(network.layers, input_shape, num_classes)
            by_hand = partial(chain, standings, ways=ways, precision=train.precision)
        # Flattened as for training: how kernels lie in memory can decide the last bits.
        learner = Learner(module, train, frozenset(), by_hand)
        _put(module, weights)
        self._module, self._passes = module, learner.passes
        self._normalisation = normalisation
        self._scaling = Scaling(normalisation, input_shape)
        self._train, self._num_classes = train, num_classes

    @property
    def module(self) -> nn.Module:
        """The module itself: float images (B, C, H, W), scaled already, to logits (B, K)."""
        return self._module

    def logits(self, images: np.ndarray) -> np.ndarray:
        """The outputs on some images, averaged over views where the run's evaluation is.

        Args:
            images: uint8 (N, H, W, C), pixels as the run's data set has them.

        Returns:
            float32 (N, K).
        """
        with _as_in_training(self._train.precision):
            material = self._material(images)
            rows = np.arange(len(images))
            return logits_of(self._passes, material, rows, self._train.views, self._train.loss)

    def features(self, images: np.ndarray) -> np.ndarray:
        """What the last layer with weights is given, for each image.

        Found by one pass of the module, so a user's own has them too: the last of its parts with
        weights of their own that is called. Images of features are averaged over height and width.

        Args:
            images: uint8 (N, H, W, C).

        Returns:
            float32 (N, F).
        """
        found: list[np.ndarray] = []
        with _as_in_training(self._train.precision), _watched(self._module) as seen:
            material = self._material(images)
            for piece in pieces(material, np.arange(len(images))):
                self._module(material.batch(torch.from_numpy(piece))[0])
                last = seen[-1]
                found.append((last.mean((2, 3)) if last.dim() == 4 else last.flatten(1)).numpy())
                seen.clear()
        return np.concatenate(found)

    def _material(self, images: np.ndarray) -> Material:
        return Material(
            images=torch.from_numpy(np.ascontiguousarray(images)),
            labels=torch.zeros(len(images), dtype=torch.int64),
            num_classes=self._num_classes,
            normalisation=self._normalisation,
            scaling=self._scaling,
        )


def _put(module: nn.Module, weights: Mapping[str, np.ndarray]) -> None:
    state = module.state_dict()
    held = {name: tuple(tensor.shape) for name, tensor in state.items()}
    kept = {name: array.shape for name, array in weights.items()}
    if held != kept:
        wrong = next(name for name in sorted({*held, *kept}) if held.get(name) != kept.get(name))
        raise CeterisError(
            "the stored weights do not fit the network that the code makes",
            received=f"{shown(wrong)}: {held.get(wrong, 'not there')}",
            expected=f"{shown(wrong)}: {kept.get(wrong, 'not there')}, as it was trained",
            fix="give the code what it read when the study was run, or run the study again",
        )
    with torch.no_grad():
        for name, tensor in state.items():
            tensor.copy_(torch.from_numpy(np.asarray(weights[name])))


@contextmanager
def _watched(module: nn.Module) -> Iterator[list[Tensor]]:
    """Evaluation mode without gradient; the inputs of parts with weights, in the order of calls."""
    seen: list[Tensor] = []

    def see(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        if inputs and isinstance(inputs[0], Tensor):
            seen[:] = [inputs[0].float()]

    hooks = [
        part.register_forward_pre_hook(see)
        for part in module.modules()
        if next(part.parameters(recurse=False), None) is not None
    ]
    module.eval()
    try:
        with torch.no_grad():
            yield seen
    finally:
        module.train()
        for hook in hooks:
            hook.remove()


@contextmanager
def _as_in_training(precision: str) -> Iterator[None]:
    """What a worker computes under; put back afterwards."""
    threads = torch.get_num_threads()
    flushes = float(torch.tensor(_SMALLEST_NORMAL) * 0.1) == 0.0
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with products_in(precision):
            yield
    finally:
        torch.set_flush_denormal(flushes)
        torch.set_num_threads(threads)
