"""The three global generators a network may draw from: seeded, carried, and fenced off.

Our own draws name their stream. A user's own module, and PyTorch's dropout, draw from global
state instead; so that state is seeded from the run's streams, stored in its checkpoints, and put
back after every evaluation: looking at a network never changes how it goes on.
"""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import torch

from ceteris.seeds import Purpose, Streams


def seed_globals(streams: Streams, purpose: Purpose) -> None:
    """Put all three generators at the start of the run's stream for this purpose."""
    torch.manual_seed(streams.key(purpose, "torch"))
    random.seed(streams.key(purpose, "random"))
    np.random.seed(streams.key(purpose, "numpy") % 2**32)


def capture() -> dict[str, np.ndarray]:
    """The state of all three, as arrays a checkpoint can hold."""
    _, words, position, has_gauss, gauss = np.random.get_state()
    version, internal, gauss_next = random.getstate()
    return {
        "random.torch": torch.get_rng_state().numpy().copy(),
        "random.numpy": np.asarray(words, dtype=np.uint32),
        "random.numpy_rest": np.array([position, has_gauss, gauss], dtype=np.float64),
        "random.python": np.array([version, *internal], dtype=np.uint64),
        # NaN stands for "no second Gaussian waiting".
        "random.python_rest": np.array([np.nan if gauss_next is None else gauss_next]),
    }


def restore(state: Mapping[str, np.ndarray]) -> None:
    """Put all three back to what :func:`capture` returned."""
    torch.set_rng_state(torch.from_numpy(np.array(state["random.torch"])))
    position, has_gauss, gauss = state["random.numpy_rest"].tolist()
    np.random.set_state(
        ("MT19937", state["random.numpy"], int(position), int(has_gauss), float(gauss))
    )
    version, *internal = (int(word) for word in state["random.python"])
    waiting = float(state["random.python_rest"][0])
    random.setstate((version, tuple(internal), None if np.isnan(waiting) else waiting))


@contextmanager
def fenced() -> Iterator[None]:
    """Whatever is drawn inside leaves the global generators as they were.

    Example:
        >>> import torch
        >>> _ = torch.manual_seed(0)
        >>> with fenced():
        ...     _ = torch.rand(3)
        >>> after = torch.rand(1)
        >>> _ = torch.manual_seed(0)
        >>> bool(after == torch.rand(1))
        True
    """
    state = capture()
    try:
        yield
    finally:
        restore(state)
