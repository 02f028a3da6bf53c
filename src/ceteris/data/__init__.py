"""What is learned from: the register of data sets, opening them, and splitting them.

A set is opened once with :func:`open_data`, which parses it into the cache; workers map the same
pages with :func:`open_parsed`. :func:`make_split` says which rows are trained on, validated on and
tested on.
"""

from ceteris.data.dataset import DataSet
from ceteris.data.dropping import DROPS, Dropped, drop_words, rows_to_drop
from ceteris.data.look import FolderLook, look_at_folder
from ceteris.data.normalisation import Normalisation, Scale, normalisation_of
from ceteris.data.opening import open_data
from ceteris.data.parsed import find_parsed, open_parsed
from ceteris.data.parts import check_parts
from ceteris.data.registry import DATA_SETS, DataEntry, check_source
from ceteris.data.source import DataSource
from ceteris.data.split import (
    Split,
    SplitRecipe,
    count_dropped,
    make_split,
    split_digest,
)

__all__ = [
    "DATA_SETS",
    "DROPS",
    "DataEntry",
    "DataSet",
    "DataSource",
    "Dropped",
    "FolderLook",
    "Normalisation",
    "Scale",
    "Split",
    "SplitRecipe",
    "check_parts",
    "check_source",
    "count_dropped",
    "drop_words",
    "find_parsed",
    "look_at_folder",
    "make_split",
    "normalisation_of",
    "open_data",
    "open_parsed",
    "rows_to_drop",
    "split_digest",
]
