"""Whose defaults fill in what a study does not say.

The same words, "Adam with its defaults", mean different training in different frameworks. A preset
names the framework: ``keras``, ``book`` (Saito, *Deep Learning from Scratch*, NumPy) or ``torch``.
The optimizers' and initializers' own defaults by preset stand in their registers; this is the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Preset:
    """What one framework does unless told otherwise.

    Args:
        sampling: a fresh permutation each epoch, or batches drawn with replacement.
        last_batch: whether the last, shorter batch of an epoch is trained on.
        loss_recorded: the loss of a batch before its update, or after it (in evaluation mode).
        batch_norm_momentum: the share of the running average that is kept at each step.
        batch_norm_epsilon: added to the variance under the root.
        source: where this is written.
    """

    sampling: Literal["permutation", "replacement"]
    last_batch: Literal["keep", "drop"]
    loss_recorded: Literal["before", "after"]
    batch_norm_momentum: float
    batch_norm_epsilon: float
    source: str


PRESETS: Mapping[str, Preset] = {
    "keras": Preset(
        sampling="permutation",
        last_batch="keep",
        loss_recorded="before",
        batch_norm_momentum=0.99,
        batch_norm_epsilon=1e-3,
        source="Keras 3: Model.fit, Dense, BatchNormalization",
    ),
    "book": Preset(
        sampling="replacement",
        last_batch="keep",
        loss_recorded="after",
        batch_norm_momentum=0.9,
        batch_norm_epsilon=1e-6,
        source="Saito, Deep Learning from Scratch (2016), chapter 6: common/trainer.py, layers.py",
    ),
    "torch": Preset(
        sampling="permutation",
        last_batch="keep",
        loss_recorded="before",
        batch_norm_momentum=0.9,
        batch_norm_epsilon=1e-5,
        source="PyTorch 2: nn.Linear.reset_parameters, nn.BatchNorm1d, DataLoader(shuffle=True)",
    ),
}
