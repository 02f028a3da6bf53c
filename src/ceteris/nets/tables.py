"""From what a study file or a notebook writes for layers to layers."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, replace
from typing import Any, TypeGuard, cast

from ceteris.errors import CeterisError, nearest, shown, unknown_name
from ceteris.nets.layer import Layer
from ceteris.nets.layers import LAYERS, Activation, BatchNorm
from ceteris.nets.residual import changed

# What people write out of habit and no register holds, and what to do instead.
_HABITS: Mapping[str, str] = {
    "softmax": "leave it out: the loss applies softmax to the last layer's outputs",
    "linear": 'write "dense", and no activation after it',
    "activation": 'write the activation\'s name as the layer, for example "relu"',
    "input": "leave it out: the data set says the shape of the images",
}


def parse_layers(entries: Sequence[object], where: str = "") -> tuple[Layer, ...]:
    """Read a description, layer by layer.

    Args:
        entries: of each layer its table (``{layer = "dense", units = 100}``), its word alone where
            it has nothing to say (``"relu"``), or in Python the layer itself.
        where: file and key, for messages.

    Raises:
        CeterisError: there are no layers, or one is not known, says too much, too little or a
            value that cannot be; the message names it by its number.

    Example:
        >>> parse_layers(["flatten", {"layer": "dense", "units": "classes"}])
        (Flatten(), Dense(units='classes'))
    """
    if isinstance(entries, str | bytes | Mapping) or not isinstance(entries, Sequence):
        raise CeterisError(
            "the layers of a network are a list",
            received=shown(entries) + (f"  ({where})" if where else ""),
            expected='a list, for example ["flatten", {layer = "dense", units = "classes"}]',
            fix="write the layers in square brackets",
        )
    if not entries:
        raise no_layers(where)
    return _read(entries, where, "")


def with_batch_norm_defaults(
    layers: Sequence[Layer], momentum: float, epsilon: float
) -> tuple[Layer, ...]:
    """Fill in what batch normalisation layers leave to the preset.

    Args:
        layers: a description.
        momentum: of :class:`BatchNorm`, for the layers that say none.
        epsilon: likewise.

    Example:
        >>> with_batch_norm_defaults([BatchNorm(epsilon=1e-5)], 0.99, 1e-3)
        (BatchNorm(momentum=0.99, epsilon=1e-05),)
    """

    def fill(layer: Layer) -> Layer:
        if not isinstance(layer, BatchNorm):
            return layer
        return replace(
            layer,
            momentum=momentum if layer.momentum is None else layer.momentum,
            epsilon=epsilon if layer.epsilon is None else layer.epsilon,
        )

    return changed(layers, fill)


def no_layers(where: str = "") -> CeterisError:
    """Make the error for a description of nothing."""
    return CeterisError(
        "the network has no layers",
        received="layers = []" + (f"  ({where})" if where else ""),
        expected="one layer or more, the last giving one output for each class",
        fix='write layers = ["flatten", {layer = "dense", units = "classes"}]',
    )


def at_layer(place: str, error: CeterisError, where: str = "") -> CeterisError:
    """Say in an error about a layer which one it is, for example ``"layer 3, shortcut layer 1"``.

    Layers are counted from 1, those of a residual block anew.
    """
    return CeterisError(
        f"{place}: {error.what}",
        received=f"{error.received}  ({f'{where}, {place}' if where else place})",
        expected=error.expected,
        fix=error.fix,
    )


def _read(entries: Sequence[object], where: str, within: str) -> tuple[Layer, ...]:
    """The layers of a description or of one path of a block, which ``within`` names."""
    return tuple(
        _placed(entry, where, f"{within}layer {number}") for number, entry in enumerate(entries, 1)
    )


def _placed(entry: object, where: str, place: str) -> Layer:
    if isinstance(entry, Mapping) and entry.get("layer") == "residual":
        paths = {"layers": f"{place}, ", "shortcut": f"{place}, shortcut "}
        # What is no list is refused by the block itself.
        entry = {
            key: _read(value, where, paths[key]) if key in paths and _is_list(value) else value
            for key, value in entry.items()
        }
    try:
        return _layer(entry)
    except CeterisError as error:
        raise at_layer(place, error, where) from None


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


def _layer(entry: object) -> Layer:
    if isinstance(entry, Layer):
        return entry
    if isinstance(entry, str):
        entry = {"layer": entry}
    if not isinstance(entry, Mapping):
        raise CeterisError(
            "a layer is a word or a table",
            received=shown(entry),
            expected='"relu", or {layer = "dense", units = 100}',
            fix="write it as one of these",
        )
    given = dict(entry)
    if "layer" not in given:
        raise CeterisError(
            "a layer does not say which one it is",
            received=f"a table with {', '.join(map(str, given)) or 'nothing in it'}",
            expected=f"layer = one of {', '.join(sorted(LAYERS))}",
            fix='add layer = "..." to the table',
        )
    kind = given.pop("layer")
    if not isinstance(kind, str) or kind not in LAYERS:
        raise _unknown_layer(kind)
    _check_keys(kind, given)
    # The keys are checked; the values' types are checked by the layer itself.
    make = cast(Any, LAYERS[kind])
    return cast(Layer, make(kind, **given) if make is Activation else make(**given))


def _unknown_layer(kind: object) -> CeterisError:
    error = unknown_name("layer", kind, LAYERS)
    habit = _HABITS.get(kind.lower()) if isinstance(kind, str) else None
    if habit is None:
        return error
    return CeterisError(error.what, received=error.received, expected=error.expected, fix=habit)


def _check_keys(kind: str, given: Mapping[Any, object]) -> None:
    known = {field.name: field.default is MISSING for field in fields(cast(Any, LAYERS[kind]))}
    if LAYERS[kind] is Activation:
        known = {"slope": False} if kind == "leaky_relu" else {}
    for key in given:
        if key not in known:
            raise _unknown_key(kind, key, known)
    for key, needed in known.items():
        if needed and key not in given:
            raise CeterisError(
                f"'{key}' of {kind} is missing",
                received=f"{kind} without {key}",
                expected=f"{kind} with {', '.join(k for k, needed in known.items() if needed)}",
                fix=f"add {key} = ... to the layer",
            )


def _unknown_key(kind: str, key: object, known: Mapping[str, bool]) -> CeterisError:
    fix = "remove it"
    if key == "activation":
        fix = 'write the activation as the next layer, for example "relu"'
    elif guess := nearest(str(key), known):
        fix = f"did you mean '{guess}'?"
    return CeterisError(
        f"there is no key {shown(key)} in a {kind} layer",
        received=f"{kind} with {key}",
        expected=f"one of {', '.join(known)}" if known else f'"{kind}" alone: it has no keys',
        fix=fix,
    )
