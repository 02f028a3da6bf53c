"""What layers that stand on images share: (H, W, C) in, and the places of a window."""

from ceteris.errors import CeterisError, shown
from ceteris.nets.layer import Shape


def image(kind: str, input_shape: Shape) -> Shape:
    """Return (H, W, C) as it is.

    Raises:
        CeterisError: the input is a row of values.
    """
    if len(input_shape) != 3:
        raise CeterisError(
            f"{kind} needs an image, and the layer before it gives a row of values",
            received=f"an input of shape {shown(input_shape)}",
            expected="an input of shape (height, width, channels)",
            fix=f"put {kind} before flatten and dense",
        )
    return input_shape


def sides(kind: str, key: str, size: int, stride: int, input_shape: Shape) -> tuple[int, int]:
    """Count the places of a window: ``floor((n - size) / stride) + 1`` down and across.

    Args:
        kind, key: of the layer and its key for the window, for messages.
        size: side of the window.
        stride: pixels between two places.
        input_shape: (H, W, C).

    Raises:
        CeterisError: the input is no image, or smaller than the window.

    Example:
        >>> sides("conv", "kernel", 3, 2, (9, 8, 1))
        (4, 3)
    """
    height, width, _ = image(kind, input_shape)
    if size > min(height, width):
        raise CeterisError(
            f"the {key} of {kind} is larger than the image it stands on",
            received=f"{key} = {size} on an image of {height} x {width}",
            expected=f"{key} of {min(height, width)} or less",
            fix=f"make {key} smaller, or leave out an earlier layer that shrinks the image",
        )
    return (height - size) // stride + 1, (width - size) // stride + 1
