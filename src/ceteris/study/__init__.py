"""What is asked: a study's tables, its arms, and the catalogue of built-in studies."""

from ceteris.study.load import catalogue, catalogue_text, load
from ceteris.study.metrics import METRICS, Metric, find_metric
from ceteris.study.presets import PRESETS
from ceteris.study.recipe import Arm, NetworkRecipe, Recipe, TrainRecipe
from ceteris.study.study import Study, plain

__all__ = [
    "METRICS",
    "PRESETS",
    "Arm",
    "Metric",
    "NetworkRecipe",
    "Recipe",
    "Study",
    "TrainRecipe",
    "catalogue",
    "catalogue_text",
    "find_metric",
    "load",
    "plain",
]
