"""Modules of one's own: what is known is counted exactly, what is not is named."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from ceteris.nets.traced import trace


def explained(*layers, images=(8, 8, 1)):
    return trace(nn.Sequential(*layers), images, 4)


def row(found, name):
    (layer,) = [layer for layer in found.layers if layer.name == name]
    return layer


def test_groups_dilation_and_no_bias():
    found = explained(
        nn.Conv2d(1, 8, 3, padding=2, dilation=2),
        nn.Conv2d(8, 8, 3, groups=4, bias=False),
        nn.Flatten(),
        nn.Linear(288, 4),
    )
    first, grouped = found.layers[:2]
    assert first.arithmetic.products.value == 9 * 8 * 64
    assert grouped.parameters == 9 * 2 * 8
    assert grouped.arithmetic.products.value == 9 * 2 * 8 * 36
    assert grouped.arithmetic.weighted.additions == (9 * 2 - 1) * 8 * 36
    assert grouped.output_shape == (8, 6, 6)
    assert found.notes == ("shapes are the module's own: channels first, without the batch",)


@pytest.mark.parametrize(
    ("layer", "products", "beside"),
    [
        (nn.BatchNorm2d(1), 0, 2 * 64),
        (nn.MaxPool2d(2), 0, 3 * 16),
        (nn.AvgPool2d((2, 4)), 0, 8 * 8),
        (nn.AdaptiveAvgPool2d(2), 0, 16 * 4),
        (nn.GELU(), 0, 5 * 64),
        (nn.Dropout(0.5), 0, 0),
        (nn.Linear(8, 3), 8 * 3 * 8, 0),  # on the last axis, at every row
    ],
)
def test_a_layer_of_each_kind(layer, products, beside):
    found = explained(layer).layers[0].arithmetic
    assert (found.products.value, found.beside.total) == (products, beside)


@pytest.mark.parametrize(
    "layer",
    [
        nn.GELU(approximate="tanh"),
        nn.AdaptiveAvgPool2d(3),  # windows of several sizes
        nn.BatchNorm2d(1, track_running_stats=False),
        nn.PReLU(),
        nn.LayerNorm(8),
    ],
)
def test_what_cannot_be_counted_is_named(layer):
    found = explained(layer, nn.Flatten())
    assert found.uncounted == ("0",)
    assert found.layers[0].parameters == sum(p.numel() for p in layer.parameters())
    assert "does not know this layer" in found.layers[0].note


class Doubled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.twice = nn.Linear(64, 64)
        self.tied = nn.Linear(64, 64, bias=False)
        self.tied.weight = self.twice.weight
        self.own_forward = Doubled(64, 4)
        self.never = nn.Linear(3, 3)
        self.loose = nn.Parameter(torch.zeros(4, 4))
        self.twice.bias.requires_grad_(False)

    def forward(self, x):
        x = F.relu(self.twice(self.twice(x.flatten(1))))
        return self.own_forward(self.tied(x) + x) @ self.loose


def test_everything_odd_is_said_and_parameters_stay_exact():
    module = Odd()
    found = trace(module, (8, 8, 1), 4)
    assert found.parameters == sum(p.numel() for p in module.parameters())
    assert found.fixed == 64
    assert found.uncounted == ("own_forward", "Odd", "never")
    first, again = [layer for layer in found.layers if layer.name == "twice"]
    assert (first.parameters, again.parameters) == (64 * 65, 0)
    assert again.note.startswith("called again")
    assert again.arithmetic.products.value == 64 * 64
    assert "shares parameters" in row(found, "tied").note
    assert "not called as a layer" in row(found, "never").note
    between, missed = found.notes[1:]
    assert between == "computed between layers, and not counted: add (1), matmul (1), relu (1)"
    # PyTorch's counter sees the product in own_forward and the loose matrix.
    assert missed.startswith(f"PyTorch counts {3 * 64 * 64 + 64 * 4 + 4 * 4:,} multiply-adds")
    assert missed.endswith(f"= {64 * 4 + 4 * 4} are not in the layers counted")


class OnlyEvaluates(nn.Module):
    def forward(self, x):
        if self.training:
            raise ValueError
        return x.flatten(1)[:, :4]


def test_memory_that_cannot_be_measured_is_none():
    found = trace(OnlyEvaluates(), (2, 2, 1), 4)
    assert found.kept_bytes is None
    assert found.peak_bytes is None
