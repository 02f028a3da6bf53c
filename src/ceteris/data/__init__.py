"""What is learned from: the register of data sets, opening them, and splitting them.

A set is opened once with :func:`open_data`, which parses it into the cache; workers map the same
pages with :func:`open_parsed`. :func:`make_split` says which rows are trained on, validated on and
tested on.
"""

from ceteris.data.dataset import DataSet
from ceteris.data.look import FolderLook, look_at_folder
from ceteris.data.opening import open_data
from ceteris.data.parsed import open_parsed
from ceteris.data.registry import DATA_SETS, DataEntry, check_source
from ceteris.data.source import DataSource
from ceteris.data.split import Split, SplitRecipe, make_split, split_digest

__all__ = [
    "DATA_SETS",
    "DataEntry",
    "DataSet",
    "DataSource",
    "FolderLook",
    "Split",
    "SplitRecipe",
    "check_source",
    "look_at_folder",
    "make_split",
    "open_data",
    "open_parsed",
    "split_digest",
]
