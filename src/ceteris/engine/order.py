"""Which images each step trains on: drawn an epoch at a time from the seed's own stream.

The order of epoch e depends on the seed, e, and the number of images, and on nothing else. So two
arms with one seed see the same order whatever their batch size, and a resumed run draws the epoch
it stands in again instead of storing a generator's state.
"""

import numpy as np

from ceteris.seeds import Purpose, Streams


def epoch_order(
    streams: Streams, epoch: int, *, num_images: int, num_drawn: int, sampling: str
) -> np.ndarray:
    """Positions in the training part, in the order they are used during one epoch.

    Args:
        streams: of the run's seed.
        epoch: 0 for the first.
        num_images: N, images in the training part.
        num_drawn: how many positions the epoch's batches take; N at most for a permutation.
        sampling: ``"permutation"`` or ``"replacement"``.

    Returns:
        int64 (num_drawn,), values in [0, N).

    Example:
        >>> order = epoch_order(Streams(0, 0), 0, num_images=6, num_drawn=6, sampling="permutation")
        >>> sorted(order.tolist())
        [0, 1, 2, 3, 4, 5]
    """
    generator = streams.generator(Purpose.BATCH_ORDER, sampling, epoch)
    if sampling == "replacement":
        return generator.integers(0, num_images, size=num_drawn, dtype=np.int64)
    return generator.permutation(num_images)[:num_drawn].astype(np.int64, copy=False)
