"""What is asked: a study's tables, its arms, and the catalogue of built-in studies."""

from ceteris.study.load import catalogue, catalogue_text, load
from ceteris.study.metrics import METRICS, Metric, find_metric
from ceteris.study.networks import Images, NamedNetwork, find_networks
from ceteris.study.presets import PRESETS
from ceteris.study.recipe import Arm, NetworkRecipe, Recipe, TrainRecipe
from ceteris.study.sentences import views_sentences
from ceteris.study.spec import AugmentSpec, ViewsSpec
from ceteris.study.study import Study, plain

__all__ = [
    "METRICS",
    "PRESETS",
    "Arm",
    "AugmentSpec",
    "Images",
    "Metric",
    "NamedNetwork",
    "NetworkRecipe",
    "Recipe",
    "Study",
    "TrainRecipe",
    "ViewsSpec",
    "catalogue",
    "catalogue_text",
    "find_metric",
    "find_networks",
    "load",
    "plain",
    "views_sentences",
]
