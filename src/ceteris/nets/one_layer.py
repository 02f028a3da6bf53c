"""Questions about one layer. Each wrong answer is computed by making its mistake.

Leaving the flatten out, padding where there is none, forgetting the bias: so a wrong answer that is
met again can be explained.
"""

import math
from dataclasses import replace

from ceteris.nets.arithmetic import convolution, dense
from ceteris.nets.costs import cost
from ceteris.nets.layer import Shape
from ceteris.nets.layers import BatchNorm, Conv
from ceteris.nets.pooling import MaxPool
from ceteris.nets.questions import Mistake, Question, make_question


def conv_shape(input_shape: Shape, layer: Conv) -> Question:
    """Which shape a convolution gives."""
    height, width, channels = input_shape
    right = layer.output_shape(input_shape)
    other = replace(layer, padding="same" if layer.padding == "valid" else "valid")
    padding = (
        "that is with padding: without it the filter does not stand over the edge"
        if layer.padding == "valid"
        else "that is without padding: same padding puts zeros around the image"
    )
    without_one = tuple((side - layer.kernel) // layer.stride for side in (height, width))
    found = [
        Mistake(
            (*right[:2], channels),
            f"the channels of the input are gone: there is one for each filter, {layer.filters}",
        ),
        Mistake(
            (*right[:2], channels * layer.filters),
            "channels do not multiply: a filter goes through all of them and gives one",
        ),
        Mistake(other.output_shape(input_shape), padding),
        Mistake(
            replace(layer, stride=1).output_shape(input_shape),
            f"that is at stride 1: at stride {layer.stride} only every such place is computed",
        ),
        Mistake(
            (*without_one, layer.filters),
            "one place is missing: floor((n - k)/s) counts the steps, and the first place is "
            "one more",
        ),
        *_turned(right),
    ]
    formula = cost(layer, input_shape, right).shape_formula
    text = (
        f"An image of shape {input_shape} goes through {layer_text(layer)}. What is its shape then?"
    )
    return make_question(text, "shape", right, f"{formula}; one channel for each filter", found)


def pool_shape(input_shape: Shape, layer: MaxPool) -> Question:
    """Which shape a pooling layer gives."""
    height, width, channels = input_shape
    right = layer.output_shape(input_shape)
    found = [
        Mistake(input_shape, f"nothing was pooled: each window of {layer.size} x {layer.size} "
                "gives one value"),
        Mistake((*right[:2], channels // layer.size), "channels are not pooled: each keeps its own "
                "windows"),
        Mistake(
            replace(layer, stride=1).output_shape(input_shape),
            f"that is at stride 1: windows lie side by side, {layer.stride} pixels apart",
        ),
        Mistake(
            (-(-height // layer.size), -(-width // layer.size), channels),
            "a row that fills no window is left out, not padded",
        ),
        *_turned(right),
    ]  # fmt: skip
    formula = cost(layer, input_shape, right).shape_formula
    text = (
        f"An image of shape {input_shape} goes through {layer_text(layer)}. What is its shape then?"
    )
    return make_question(text, "shape", right, f"{formula}; the channels stay", found)


def flatten_size(input_shape: Shape) -> Question:
    """How many values a flattened image has."""
    height, width, channels = input_shape
    right = math.prod(input_shape)
    found = [
        Mistake((height * width,), f"the channels are forgotten: each pixel has {channels}"),
        Mistake((channels,), "that is the last axis alone: flatten takes every pixel of it"),
        Mistake((sum(input_shape),), "the sides are multiplied, not added"),
        Mistake((height * channels,), "one side is forgotten: an image has two"),
    ]
    text = f"An image of shape {input_shape} is flattened. How many values are in a row?"
    why = f"{height}*{width}*{channels} = {right:,}"
    return make_question(text, "count", (right,), why, found)


def conv_parameters(channels: int, layer: Conv) -> Question:
    """How many parameters a convolution has."""
    k, f = layer.kernel, layer.filters
    right = convolution((k, k), channels, f, ()).parameters
    found = [
        Mistake((k * k * channels * f,), f"the biases are forgotten: one for each filter, {f}"),
        Mistake((k * k * channels * f + 1,), f"there is a bias for each filter: {f}, not 1"),
        Mistake(((k * k + 1) * f,), f"the channels are forgotten: a filter has {k} x {k} weights "
                f"for each of {channels}"),
        Mistake((k * k * f,), "channels and biases are forgotten"),
        Mistake(((k * channels + 1) * f,), f"a filter has two sides: {k} x {k}"),
        Mistake((k * k * channels + 1,), f"that is one filter: there are {f}"),
        Mistake(((k * k * f + 1) * channels,), "channels and filters are exchanged: the biases are "
                "the filters'"),
    ]  # fmt: skip
    text = f"{layer_text(layer).capitalize()} stands on {channels} channel"
    text += f"{'s' if channels > 1 else ''}. How many parameters?"
    return make_question(text, "count", (right.value,), str(right), found)


def dense_parameters(input_shape: Shape, units: int) -> Question:
    """How many parameters a dense layer behind a flatten has."""
    height, width, channels = input_shape
    inputs = math.prod(input_shape)
    right = dense(inputs, units).parameters
    found = [
        Mistake(
            ((channels + 1) * units,),
            "the flatten is forgotten: that is a dense layer applied to the last axis, "
            f"({channels} + 1)*{units} = {(channels + 1) * units:,}",
        ),
        Mistake((inputs * units,), f"the biases are forgotten: one for each unit, {units}"),
        Mistake((inputs * units + 1,), f"there is a bias for each unit: {units}, not 1"),
        Mistake(
            ((height * width + 1) * units,),
            f"the channels are forgotten: each pixel has {channels}",
        ),
        Mistake((inputs * (units + 1),), "the biases belong to the units, not to the inputs"),
    ]
    text = (
        f"An image of shape {input_shape} is flattened, then a dense layer of {units} units "
        "follows. How many parameters has the dense layer?"
    )
    return make_question(text, "count", (right.value,), str(right), found)


def norm_parameters(input_shape: Shape) -> Question:
    """How many numbers batch normalisation holds."""
    channels = input_shape[-1]
    values = math.prod(input_shape)
    right = cost(BatchNorm(), input_shape, input_shape).arithmetic.parameters
    found = [
        Mistake((2 * channels,), "those are scale and shift; the running mean and variance are "
                "held too, and not trained"),
        Mistake((4 * values,), "the four numbers are one for each channel, not for each pixel"),
        Mistake((2 * values,), "the numbers are one for each channel, not for each pixel"),
        Mistake((channels,), "each channel has four: scale, shift, running mean and variance"),
        Mistake((4,), f"each of the {channels} channels has four"),
    ]  # fmt: skip
    text = (
        f"Batch normalisation stands on an image of shape {input_shape}. How many numbers does it "
        "hold, those that are not trained too?"
    )
    return make_question(text, "count", (right.value,), str(right), found)


def layer_text(layer: Conv | MaxPool) -> str:
    """A layer in words."""
    if isinstance(layer, MaxPool):
        return f"max pooling {layer.size} x {layer.size}"
    padding = "no padding" if layer.padding == "valid" else "same padding"
    return (
        f"a convolution of {layer.filters} filters {layer.kernel} x {layer.kernel}, stride "
        f"{layer.stride}, {padding}"
    )


def _turned(right: Shape) -> list[Mistake]:
    """Channels first, as PyTorch has them."""
    height, width, channels = right
    return [
        Mistake((channels, height, width), "channels come last here: (height, width, channels)")
    ]
