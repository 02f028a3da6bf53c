"""Keras is the oracle of these tests; it must be told its backend before it is first imported."""

import os

os.environ.setdefault("KERAS_BACKEND", "torch")
