"""What a named network is: its arguments, and the layers it makes of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from ceteris.nets.layer import Layer, Shape
from ceteris.nets.layers import ACTIVATIONS
from ceteris.nets.values import choice, count, counts, flag, number


@dataclass(frozen=True)
class Argument:
    """What a named network can be asked to do differently.

    Args:
        name: its key in ``[network]``.
        default: its value if not said.
        kind: ``"count"`` 1 or more; ``"counts"`` a list of those; ``"fraction"`` in [0, 1);
            ``"flag"`` true or false; ``"activation"`` one of the activations' names.
        doc: what it is.
    """

    name: str
    default: Any
    kind: Literal["count", "counts", "fraction", "flag", "activation"]
    doc: str

    def check(self, owner: str, value: object) -> Any:
        """Return the value in its plain type.

        Raises:
            CeterisError: it is of the wrong type or out of range.
        """
        match self.kind:
            case "count":
                return count(owner, self.name, value)
            case "counts":
                return counts(owner, self.name, value)
            case "fraction":
                return number(owner, self.name, value, low=0, below=1)
            case "flag":
                return flag(owner, self.name, value)
            case "activation":
                return choice(owner, self.name, value, ACTIVATIONS)


@dataclass(frozen=True)
class Network:
    """A named network.

    Args:
        name: its key in the register.
        title: what it is, in a line.
        reports: the items of the reports that use it; each finds it too.
        arguments: what may be varied.
        make: from those, all of them, its layers.
        input_shape: (H, W, C) of the images it was made for; None where any will do.
        num_classes: of the data it was made for.
    """

    name: str
    title: str
    reports: tuple[str, ...]
    arguments: tuple[Argument, ...]
    make: Callable[..., tuple[Layer, ...]]
    input_shape: Shape | None = None
    num_classes: int = 10
