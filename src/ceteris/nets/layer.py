"""What a layer of a description can say of itself: its shape, its weights, its cost."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast, final

Shape = tuple[int, ...]
Role = Literal["weight", "bias", "scale", "shift", "running"]

# Metadata of a key that came after the first release: not written out at its default, so that the
# identity of runs that are stored already stays what it was.
UNSAID: Mapping[str, bool] = {"unsaid": True}


@dataclass(frozen=True)
class Weight:
    """One array of numbers a layer holds.

    Args:
        name: within its layer; the built module has the same name for it.
        shape: as the built module holds it: dense (out, in), conv (out, in, kernel, kernel).
        trainable: whether the optimizer changes it; running statistics are not.
        fan_in, fan_out: inputs and outputs of one unit, a kernel's area counted in; what the
            scale of initial weights depends on. A bias has its layer's.
        role: what it is for. Only a ``"weight"`` is decayed.
    """

    name: str
    shape: Shape
    trainable: bool
    fan_in: int
    fan_out: int
    role: Role


class Layer(ABC):
    """One layer of a description. Shapes leave out the batch: (H, W, C) or (F,)."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """The layer's word in a study file."""

    @abstractmethod
    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape this layer makes of its input's.

        Raises:
            CeterisError: the layer cannot stand on such an input.
        """

    @abstractmethod
    def weights(self, input_shape: Shape) -> tuple[Weight, ...]:
        """Return the arrays this layer holds when it stands on such an input."""

    @final
    def to_dict(self) -> dict[str, Any]:
        """Return the layer as a table that :func:`ceteris.nets.parse_layers` reads back.

        Example:
            >>> from ceteris.nets.layers import Conv
            >>> Conv(filters=6, kernel=5).to_dict()
            {'layer': 'conv', 'filters': 6, 'kernel': 5, 'stride': 1, 'padding': 'valid'}
        """
        said: dict[str, Any] = {"layer": self.kind}
        for field in fields(cast(Any, self)):
            value = getattr(self, field.name)
            if isinstance(value, tuple):  # layers inside this one
                value = [layer.to_dict() for layer in value]
            unsaid = field.metadata.get("unsaid") and value == field.default
            # An activation's name is its kind.
            if value is not None and field.name != "name" and not unsaid:
                said[field.name] = value
        return said
