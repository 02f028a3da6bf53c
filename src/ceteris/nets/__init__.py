"""What learns: networks described layer by layer or written by the user, counted and built.

Importing this room imports no PyTorch; calling :func:`build` does.
"""

from ceteris.nets.accounting import LayerRow, Parameters, account, count_parameters
from ceteris.nets.build import Place, build, weight_places
from ceteris.nets.code import CodeReference, read_reference
from ceteris.nets.function import FunctionReference, function_reference
from ceteris.nets.layer import Layer, Shape, Weight
from ceteris.nets.layers import (
    ACTIVATIONS,
    LAYERS,
    Activation,
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
)
from ceteris.nets.loading import check_module, guarded, load_function
from ceteris.nets.networks import NETWORKS, Argument, Network, find_network, make_network
from ceteris.nets.tables import parse_layers, with_batch_norm_defaults

__all__ = [
    "ACTIVATIONS",
    "LAYERS",
    "NETWORKS",
    "Activation",
    "Argument",
    "AvgPool",
    "BatchNorm",
    "CodeReference",
    "Conv",
    "Dense",
    "Dropout",
    "Flatten",
    "FunctionReference",
    "Layer",
    "LayerRow",
    "MaxPool",
    "Network",
    "Parameters",
    "Place",
    "Shape",
    "Weight",
    "account",
    "build",
    "check_module",
    "count_parameters",
    "find_network",
    "function_reference",
    "guarded",
    "load_function",
    "make_network",
    "parse_layers",
    "read_reference",
    "weight_places",
    "with_batch_norm_defaults",
]
