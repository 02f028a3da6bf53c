"""A described network as a PyTorch module in a file of its own, written to be read.

The file needs torch and safetensors and nothing of ours. Parameters have PyTorch's names
(``layers.batch_norm_1.running_var``), so the weights can be used with any module that has them.
"""

import json
from collections.abc import Mapping
from itertools import pairwise
from pprint import pformat

import numpy as np

from ceteris.export.facts import Facts
from ceteris.export.preparing import prepare_code
from ceteris.nets import (
    Activation,
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool,
    Residual,
    Standing,
    walk,
)

WEIGHTS = "weights.safetensors"
CODE = "model.py"
# Ours -> PyTorch's names of what batch normalisation holds.
_RENAMED = {
    "scale": "weight",
    "shift": "bias",
    "running_mean": "running_mean",
    "running_variance": "running_var",
}
_FUNCTIONS = {"relu": "ReLU", "tanh": "Tanh", "sigmoid": "Sigmoid", "gelu": "GELU"}
_WIDTH = 96


def torch_code(facts: Facts) -> str:
    """The text of ``model.py``."""
    standings = walk(facts.layers, facts.input_shape, len(facts.classes))
    lines = _path(standings, "", indent=16)
    used = {type(standing.layer) for standing in standings}
    helpers = [text for kind, text in _HELPERS.items() if kind in used]
    prepare = prepare_code(facts.input_shape[2], facts.fit)
    return _TEMPLATE.format(
        name=_plain(facts.name),
        maker=facts.about["made_by"],
        classes=pformat(list(facts.classes), width=_WIDTH),
        shape=facts.input_shape,
        largest=facts.pixel_max,
        about="".join(f"    {key!r}: {value!r},\n" for key, value in facts.about.items()),
        helpers="".join(f"\n\n\n{text}" for text in helpers),
        channels=facts.input_shape[2],
        num_classes=len(facts.classes),
        layers="\n".join(lines),
        weights=WEIGHTS,
        prepare=prepare,
        use=_WITH_FILES if prepare else _WITH_PIXELS,
    )


def torch_weights(facts: Facts) -> dict[str, np.ndarray]:
    """The arrays of ``weights.safetensors``, by the names of the module in ``model.py``."""
    found = {"offset": facts.offset, "divisor": facts.divisor}
    for standing in walk(facts.layers, facts.input_shape, len(facts.classes)):
        for weight in standing.layer.weights(standing.input_shape):
            renamed = isinstance(standing.layer, BatchNorm)
            part = _RENAMED[weight.name] if renamed else weight.name
            key = f"layers.{_inside(standing.name)}.{part}"
            found[key] = facts.weights[f"{standing.name}.{weight.name}"]
        if isinstance(standing.layer, BatchNorm):
            key = f"layers.{_inside(standing.name)}.num_batches_tracked"
            found[key] = np.array(0, dtype=np.int64)
    return found


def _inside(name: str) -> str:
    """A layer's name below ``layers``: a block keeps its first path under ``layers`` too.

    Example:
        >>> _inside("residual_1.conv_1"), _inside("residual_1.shortcut.conv_1")
        ('residual_1.layers.conv_1', 'residual_1.shortcut.conv_1')
    """
    parts = name.split(".")
    found = []
    for part, then in pairwise(parts):
        found.append(part)
        if "shortcut" not in (part, then):
            found.append("layers")
    return ".".join([*found, parts[-1]])


def _path(standings: tuple[Standing, ...], prefix: str, indent: int) -> list[str]:
    """The lines of an ``OrderedDict`` of the layers whose names begin with ``prefix``."""
    lines: list[str] = []
    for standing in standings:
        rest = standing.name.removeprefix(prefix)
        if not standing.name.startswith(prefix) or "." in rest:
            continue
        if isinstance(standing.layer, Residual):
            lines += _block(standings, standing, rest, indent)
            continue
        for name, module in _modules(standing, rest):
            lines.append(f'{" " * indent}("{name}", {module}),')
    return lines


def _block(
    standings: tuple[Standing, ...], standing: Standing, name: str, indent: int
) -> list[str]:
    blank = " " * indent
    lines = [f'{blank}("{name}", Residual(']
    lines.append(f"{blank}    layers=OrderedDict([")
    lines += _path(standings, f"{standing.name}.", indent + 8)
    lines.append(f"{blank}    ]),")
    lines.append(f"{blank}    shortcut=OrderedDict([")
    lines += _path(standings, f"{standing.name}.shortcut.", indent + 8)
    lines += [f"{blank}    ]),", f"{blank})),"]
    return lines


def _modules(standing: Standing, name: str) -> list[tuple[str, str]]:
    """What a layer is in PyTorch; an uneven convolution is two modules."""
    shape = standing.input_shape
    match layer := standing.layer:
        case Dense():
            return [(name, f"nn.Linear({shape[0]}, {standing.output_shape[0]})")]
        case Conv():
            return _convolution(layer, standing, name)
        case MaxPool():
            return [(name, f"nn.MaxPool2d({layer.size}, {layer.stride or layer.size})")]
        case AvgPool():
            return [(name, f"nn.AvgPool2d({layer.size}, {layer.stride or layer.size})")]
        case GlobalMaxPool():
            return [(name, "nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())")]
        case GlobalAvgPool():
            return [(name, "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())")]
        case Flatten():
            return [(name, "FlattenLast()" if len(shape) == 3 else "nn.Identity()")]
        case BatchNorm(momentum=float() as momentum, epsilon=float() as epsilon):
            kind = "BatchNorm2d" if len(shape) == 3 else "BatchNorm1d"
            # PyTorch's momentum is the share that is new, ours and Keras's the one that is kept.
            new = round(1.0 - momentum, 12)
            return [(name, f"nn.{kind}({shape[-1]}, eps={epsilon!r}, momentum={new!r})")]
        case Dropout():
            return [(name, f"nn.Dropout({layer.rate!r})")]
        case Activation(name="leaky_relu"):
            return [(name, f"nn.LeakyReLU({layer.slope!r})")]
        case Activation():
            return [(name, f"nn.{_FUNCTIONS[layer.name]}()")]
    raise TypeError(f"no PyTorch module is known for {layer!r}")


def _convolution(layer: Conv, standing: Standing, name: str) -> list[tuple[str, str]]:
    (above, below), (before, after) = layer.zeros_around(standing.input_shape)
    words = [f"{standing.input_shape[-1]}, {layer.filters}, {layer.kernel}"]
    if layer.stride != 1:
        words.append(f"stride={layer.stride}")
    even = (above, before) == (below, after)
    if even and (above or before):
        words.append(f"padding={above if above == before else (above, before)}")
    if not layer.bias:
        words.append("bias=False")
    convolution = (name, f"nn.Conv2d({', '.join(words)})")
    if even:
        return [convolution]
    # Keras's "same" puts the odd row and column at the end; padding= of PyTorch cannot.
    return [(f"{name}_zeros", f"nn.ZeroPad2d({(before, after, above, below)})"), convolution]


def header_text(facts: Facts) -> Mapping[str, str]:
    """What a safetensors file says of itself.

    One entry alone: the library writes several in an order that changes from process to process.
    """
    return {"ceteris": json.dumps(facts.header, sort_keys=True, ensure_ascii=False)}


def _plain(name: str) -> str:
    """A name that can stand in a docstring, whatever an arm is called."""
    return name.encode("ascii", "backslashreplace").decode().replace("\\", "/").replace('"', "'")


_HELPERS = {
    Flatten: '''class FlattenLast(nn.Module):
    """(batch, C, H, W) to (batch, H * W * C): row by row, pixel by pixel, channel by channel.

    nn.Flatten() would put the channels first, and the weights would meet the wrong numbers.
    """

    def forward(self, images):
        return images.permute(0, 2, 3, 1).flatten(1)''',
    Residual: '''class Residual(nn.Module):
    """The sum of two paths; without a shortcut the second is the input itself."""

    def __init__(self, layers, shortcut):
        super().__init__()
        self.layers = nn.Sequential(layers)
        self.shortcut = nn.Sequential(shortcut)

    def forward(self, x):
        return self.layers(x) + self.shortcut(x)''',
}

_WITH_PIXELS = """\
    from model import load, classify
    network = load()
    classify(network, pixels)  # for each image its classes with probabilities, likeliest first
"""
_WITH_FILES = """\
    from model import load, prepare, classify
    network = load()
    pixels = prepare("picture.png")[None]
    classify(network, pixels)  # for each image its classes with probabilities, likeliest first
"""
_TEMPLATE = '''"""{name}, a trained network, as a plain PyTorch module. Written by {maker}.

{use}
Pixels are (batch, H, W, C) with channels last and values of 0 to {largest}, as in the data it was
trained on; the module scales them itself. This file needs torch and safetensors, and Pillow for
picture files.
"""

from collections import OrderedDict
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

CLASSES = {classes}
INPUT_SHAPE = {shape}  # height, width, channels
LARGEST_PIXEL = {largest}
ABOUT = {{
{about}}}{helpers}


class Network(nn.Module):
    """Pixels (batch, H, W, C), 0 to {largest}, to logits (batch, {num_classes})."""

    def __init__(self):
        super().__init__()
        self.register_buffer("offset", torch.zeros({channels}))
        self.register_buffer("divisor", torch.ones({channels}))
        self.layers = nn.Sequential(
            OrderedDict([
{layers}
            ])
        )

    def forward(self, pixels):
        scaled = (pixels.float() - self.offset) / self.divisor
        return self.layers(scaled.permute(0, 3, 1, 2))


def load(path=Path(__file__).with_name("{weights}")):
    """The network with its weights, in evaluation mode."""
    network = Network()
    network.load_state_dict(load_file(path))
    return network.eval(){prepare}


@torch.no_grad()
def classify(network, pixels):
    """For each image its classes with their probabilities, the most likely first."""
    probabilities = network(torch.as_tensor(pixels)).softmax(1)
    return [
        sorted(zip(CLASSES, row.tolist()), key=lambda pair: -pair[1]) for row in probabilities
    ]
'''
