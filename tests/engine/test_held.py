"""What words for layers come to, and what a network takes over from stored weights."""

import pytest

from ceteris.engine import Held, frozen_by, taken_over
from ceteris.errors import CeterisError

HELD = (
    Held("conv_1.weight", (4, 1, 3, 3), True),
    Held("conv_1.bias", (4,), True),
    Held("batch_norm_1.scale", (4,), True),
    Held("batch_norm_1.shift", (4,), True),
    Held("batch_norm_1.running_mean", (4,), False, buffer=True),
    Held("conv_10.weight", (4, 4, 3, 3), True),
    Held("dense_1.weight", (2, 9), True),
    Held("dense_1.bias", (2,), True),
)


@pytest.mark.parametrize(
    ("words", "layers", "still"),
    [
        (["conv_1"], {"conv_1"}, ()),  # and not conv_10
        (["conv"], {"conv_1", "conv_10"}, ()),
        (["batch_norm"], {"batch_norm_1"}, ("batch_norm_1",)),
        (["body"], {"conv_1", "batch_norm_1", "conv_10"}, ("batch_norm_1",)),
        (["dense_1", "conv_10"], {"conv_10", "dense_1"}, ()),
    ],
)
def test_a_word_is_a_layer_or_how_names_begin(
    words: list[str], layers: set[str], still: tuple[str, ...]
) -> None:
    frozen = frozen_by(words, HELD, "a.toml", own=False)
    assert {name.partition(".")[0] for name in frozen.parameters} == layers
    assert frozen.still == still
    assert set(frozen.parameters) == {h.name for h in HELD if h.trained and h.layer in layers}


def test_a_module_of_ones_own_may_freeze_single_parameters() -> None:
    frozen = frozen_by(["conv_1.bias"], HELD, "a.toml", own=True)
    assert frozen.parameters == ("conv_1.bias",)
    # All that is trained beside a running mean is frozen, so the mean stays too.
    both = frozen_by(["batch_norm_1.scale", "batch_norm_1.shift"], HELD, "a.toml", own=True)
    assert both.still == ("batch_norm_1",)
    assert frozen_by(["batch_norm_1.scale"], HELD, "a.toml", own=True).still == ()


def test_normalisation_without_parameters_is_frozen_by_its_name() -> None:
    held = (
        Held("features.0.weight", (4, 1, 3, 3), True),
        Held("features.1.running_mean", (4,), False, buffer=True),
        Held("head.weight", (2, 9), True),
    )
    assert frozen_by(["features"], held, "", own=True).still == ("features.1",)
    assert frozen_by(["body"], held, "", own=True).still == ("features.1",)
    assert frozen_by(["features.0"], held, "", own=True).still == ()


@pytest.mark.parametrize(
    ("words", "what", "fix"),
    [
        (["conv_2"], "there is no layer 'conv_2' to freeze", "did you mean 'conv_1'?"),
        (["relu_1", "qqq"], "there is no layer 'relu_1' to freeze", "choose one of the names"),
        (["bodi"], "there is no layer 'bodi' to freeze", "did you mean 'body'?"),
        (["body", "dense_1"], "every layer is frozen", "leaves the last"),
        (["conv_1.bias"], "a part of layer 'conv_1' cannot be frozen", "freeze = ['conv_1']"),
    ],
)
def test_a_word_that_freezes_nothing_or_everything_is_refused(
    words: list[str], what: str, fix: str
) -> None:
    with pytest.raises(CeterisError, match=what) as caught:
        frozen_by(words, HELD, "a.toml, train", own=False)
    assert "a.toml, train" in caught.value.received
    assert fix in caught.value.fix


def test_a_layer_is_taken_over_whole_or_not_at_all() -> None:
    stored = {h.name: h.shape for h in HELD} | {
        "dense_1.weight": (3, 9),
        "dense_1.bias": (3,),
        "batch_norm_1.running_mean": (5,),
        "other.weight": (1,),
    }
    del stored["conv_10.weight"]
    taken = taken_over(HELD, stored)
    assert taken.layers == ("conv_1",)
    assert taken.names == ("conv_1.weight", "conv_1.bias")
    assert dict(taken.fresh) == {
        "batch_norm_1": "running_mean is (4,) here, (5,) there",
        "conv_10": "it is not there",
        "dense_1": "weight is (2, 9) here, (3, 9) there",
    }
