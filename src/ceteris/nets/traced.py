"""A user's own module explained: by what happens in one pass of two images, and nothing guessed.

Its layers are those PyTorch has a class for, and modules without modules inside. What such a layer
computes is counted where its class is known here and has its own forward; any other layer is named
as not counted, and so is what is computed between layers.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode

from ceteris.nets.arithmetic import Arithmetic
from ceteris.nets.explaining import ExplainedLayer, Explanation
from ceteris.nets.layer import Shape
from ceteris.nets.module_costs import count_module_call, counter_of

_BATCH = 2
# Looking at a tensor, or reading the same numbers under another shape, computes nothing.
_FREE = frozenset(
    (
        *("__get__", "__getitem__", "__len__", "size", "dim", "numel", "is_floating_point"),
        *("flatten", "view", "reshape", "permute", "transpose", "t", "movedim", "swapaxes"),
        *("squeeze", "unsqueeze", "expand", "chunk", "split", "unbind", "cat", "stack"),
        *("contiguous", "clone", "detach", "to", "type", "float"),
    )
)
# What computes without multiplying matrices, so that no multiply-add can be missed in it.
_WITHOUT_PRODUCTS = frozenset(
    (
        *("add", "iadd", "radd", "sub", "isub", "rsub", "mul", "imul", "rmul", "div", "truediv"),
        *("relu", "relu_", "leaky_relu", "gelu", "silu", "tanh", "sigmoid", "elu", "hardtanh"),
        *("softmax", "log_softmax", "dropout", "batch_norm", "layer_norm", "group_norm", "pad"),
        *("max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d"),
        *("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool2d", "boolean_dispatch"),
        *("mean", "sum", "max", "amax", "min", "amin"),
    )
)


@dataclass(frozen=True)
class _Call:
    """One call of one layer in the pass."""

    name: str
    layer: nn.Module
    input_shape: Shape
    output_shape: Shape


@dataclass
class _Pass(TorchFunctionMode):
    """Listens to a pass: the layers in the order they are called, and what happens between them."""

    calls: list[_Call] = field(default_factory=list)
    between: Counter[str] = field(default_factory=Counter)
    _depth: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not self._depth and func.__name__ not in _FREE:
            self.between[func.__name__.strip("_")] += 1
        return func(*args, **(kwargs or {}))

    def listen(self, name: str, layer: nn.Module) -> list[Any]:
        def before(part: nn.Module, inputs: Any) -> None:
            self._depth += 1

        def after(part: nn.Module, inputs: Any, output: Any) -> None:
            self._depth -= 1
            self.calls.append(_Call(name, layer, _shape(inputs), _shape(output)))

        return [layer.register_forward_pre_hook(before), layer.register_forward_hook(after)]


def trace(
    module: nn.Module, input_shape: Sequence[int], num_classes: int, *, title: str = ""
) -> Explanation:
    """Explain a module that :func:`ceteris.nets.check_module` has accepted.

    Parameters are exact. Where something is computed that is not counted here, PyTorch's counter of
    matrix products and convolutions says how many multiply-adds are missed.

    Args:
        module: a user's own; batch normalisation's running statistics are moved.
        input_shape: (H, W, C).
        num_classes: K.
        title: what to call it.
    """
    height, width, channels = input_shape
    images = torch.zeros(_BATCH, height, width, channels).permute(0, 3, 1, 2)
    heard = _listen(module.eval(), images)
    rows = _rows(module, heard.calls)
    explained = Explanation(
        title=title,
        input_shape=(height, width, channels),
        num_classes=num_classes,
        layers=rows,
        kept_bytes=None,
        peak_bytes=None,
        described=False,
        notes=("shapes are the module's own: channels first, without the batch",),
    )
    notes = list(explained.notes)
    if heard.between:
        said = ", ".join(f"{name} ({count})" for name, count in sorted(heard.between.items()))
        notes.append(f"computed between layers, and not counted: {said}")
    if explained.uncounted or not heard.between.keys() <= _WITHOUT_PRODUCTS:
        notes += _missed(products_seen(module, images), explained.multiply_adds)
    return replace(explained, notes=tuple(notes), kept_bytes=_kept(module, images))


def products_seen(module: nn.Module, images: Tensor) -> int:
    """Multiply-adds for one image by PyTorch's own counter (imports much of PyTorch)."""
    from torch.utils.flop_counter import FlopCounterMode

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(images)
    # It counts a multiplication and its addition as two.
    return int(counter.get_total_flops()) // 2 // len(images)


def _listen(module: nn.Module, images: Tensor) -> _Pass:
    heard, hooks = _Pass(), []
    for name, layer in _layers(module):
        hooks += heard.listen(name, layer)
    try:
        with torch.no_grad(), heard:
            module(images)
    finally:
        for hook in hooks:
            hook.remove()
    return heard


def _layers(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """Modules of a known class, and those without modules inside; nothing below them."""
    found: list[tuple[str, nn.Module]] = []
    inside: tuple[str, ...] = ()
    for name, part in module.named_modules():
        if inside and name.startswith(inside):
            continue
        if counter_of(part) is not None or not any(part.children()):
            found.append((name or type(part).__name__, part))
            inside += (f"{name}.",) if name else ("",)
    return found


def _rows(module: nn.Module, calls: Sequence[_Call]) -> tuple[ExplainedLayer, ...]:
    rows, seen, called = [], set[int](), dict[int, str]()
    for call in calls:
        tensors = [*call.layer.parameters(), *_running(call.layer)]
        again, shared = called.get(id(call.layer)), any(id(t) in seen for t in tensors)
        note = "called again" if again else ""
        if again and tensors:
            note += ": its parameters are counted where it was called first"
        if shared and not again:
            note = "shares parameters with an earlier layer, where they are counted"
        arithmetic = count_module_call(call.layer, call.input_shape, call.output_shape)
        if arithmetic is None:
            note = "; ".join(
                ["not counted: Ceteris does not know this layer", *filter(None, [note])]
            )
        rows.append(_row(call, tensors, seen, arithmetic, note))
        called.setdefault(id(call.layer), call.name)
    for name, part in module.named_modules():
        own = [*part.parameters(recurse=False), *_running(part, recurse=False)]
        if any(id(t) not in seen for t in own):
            place = _Call(name or type(part).__name__, part, (), ())
            note = "not counted: holds parameters and was not called as a layer"
            rows.append(_row(place, own, seen, None, note))
    return tuple(rows)


def _row(
    call: _Call,
    tensors: Sequence[Tensor],
    seen: set[int],
    arithmetic: Arithmetic | None,
    note: str,
) -> ExplainedLayer:
    new = {id(t): t for t in tensors if id(t) not in seen}
    seen.update(new)
    return ExplainedLayer(
        name=call.name,
        kind=type(call.layer).__name__,
        detail="",
        input_shape=call.input_shape,
        output_shape=call.output_shape,
        shape_formula="",
        trainable=sum(t.numel() for t in new.values() if t.requires_grad),
        fixed=sum(t.numel() for t in new.values() if not t.requires_grad),
        arithmetic=arithmetic,
        note=note,
    )


def _running(part: nn.Module, *, recurse: bool = True) -> list[Tensor]:
    """Running statistics; a counter of batches is no parameter of anything."""
    return [buffer for buffer in part.buffers(recurse) if buffer.is_floating_point()]


def _missed(products: int, counted: int) -> list[str]:
    if products == counted:
        return []
    missed = f"{products:,} - {counted:,} = {products - counted:,}"
    return [f"PyTorch counts {products:,} multiply-adds: {missed} are not in the layers counted"]


def _kept(module: nn.Module, images: Tensor) -> int | None:
    """Bytes a training pass keeps for one image: what one more image adds."""
    held = {p.untyped_storage().data_ptr() for p in (*module.parameters(), *module.buffers())}

    def bytes_kept(batch: Tensor) -> int:
        kept: list[Tensor] = []  # held on to, so that no address is used twice

        def pack(tensor: Tensor) -> Tensor:
            kept.append(tensor)
            return tensor

        with saved_tensors_hooks(pack, lambda tensor: tensor):
            output = module(batch)
        storages = {t.untyped_storage().data_ptr(): t.untyped_storage().nbytes() for t in kept}
        del output
        return sum(size for place, size in storages.items() if place not in held)

    module.train()
    try:
        more = torch.cat([images, images[:1]])
        return bytes_kept(more) - bytes_kept(images)
    except Exception:  # the user's code, in a mode it was not checked in
        return None


def _shape(value: Any) -> Shape:
    """The first tensor's shape without its batch."""
    while isinstance(value, tuple | list) and value:
        value = value[0]
    return tuple(value.shape[1:]) if isinstance(value, Tensor) else ()
