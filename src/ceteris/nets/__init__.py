"""What learns: networks described layer by layer or written by the user, counted and built.

Importing this room imports no PyTorch; calling :func:`build` does.
"""

from ceteris.nets.accounting import LayerRow, Parameters, account, count_parameters
from ceteris.nets.arithmetic import Arithmetic, Formula, Operations
from ceteris.nets.build import Place, build, weight_places
from ceteris.nets.code import CodeReference, read_reference
from ceteris.nets.explaining import (
    CONVENTIONS,
    ExplainedLayer,
    Explanation,
    ForgottenFlatten,
    explain,
)
from ceteris.nets.function import FunctionReference, function_reference
from ceteris.nets.grading import Graded, answer_text, form_text, grade
from ceteris.nets.growth import SYMBOLS, Growth
from ceteris.nets.layer import Layer, Shape, Weight
from ceteris.nets.layers import (
    ACTIVATIONS,
    LAYERS,
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
)
from ceteris.nets.loading import check_module, guarded, load_function
from ceteris.nets.matching import QUANTITIES, Dial, Match, layer_dial, match, network_dial
from ceteris.nets.memory import TrainingMemory, Wire, training_memory, wires
from ceteris.nets.networks import NETWORKS, Argument, Network, find_network, make_network
from ceteris.nets.pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from ceteris.nets.questions import Question
from ceteris.nets.quiz import ask
from ceteris.nets.residual import Residual, each_layer
from ceteris.nets.tables import parse_layers, with_batch_norm_defaults
from ceteris.nets.walk import Standing, walk

__all__ = [
    "ACTIVATIONS",
    "CONVENTIONS",
    "LAYERS",
    "NETWORKS",
    "QUANTITIES",
    "SYMBOLS",
    "Activation",
    "Argument",
    "Arithmetic",
    "AvgPool",
    "BatchNorm",
    "CodeReference",
    "Conv",
    "Dense",
    "Dial",
    "Dropout",
    "ExplainedLayer",
    "Explanation",
    "Flatten",
    "ForgottenFlatten",
    "Formula",
    "FunctionReference",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "Graded",
    "Growth",
    "Layer",
    "LayerRow",
    "Match",
    "MaxPool",
    "Network",
    "Operations",
    "Parameters",
    "Place",
    "Question",
    "Residual",
    "Shape",
    "Standing",
    "TrainingMemory",
    "Weight",
    "Wire",
    "account",
    "answer_text",
    "ask",
    "build",
    "check_module",
    "count_parameters",
    "each_layer",
    "explain",
    "find_network",
    "form_text",
    "function_reference",
    "grade",
    "guarded",
    "layer_dial",
    "load_function",
    "make_network",
    "match",
    "network_dial",
    "parse_layers",
    "read_reference",
    "training_memory",
    "walk",
    "weight_places",
    "wires",
    "with_batch_norm_defaults",
]
