import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import CeterisError
from ceteris.nets import (
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
    parse_layers,
    with_batch_norm_defaults,
)

sizes = st.integers(1, 50)
shares = st.floats(0, 1, exclude_max=True)
any_layer = st.one_of(
    st.builds(Dense, sizes | st.just("classes")),
    st.builds(Conv, sizes, sizes, sizes, st.sampled_from(["valid", "same"])),
    st.builds(MaxPool, sizes, st.none() | sizes),
    st.builds(AvgPool, sizes, st.none() | sizes),
    st.just(Flatten()),
    st.builds(BatchNorm, st.none() | shares, st.none() | st.floats(0, 1)),
    st.builds(Dropout, shares),
    st.sampled_from([Activation(name) for name in ACTIVATIONS]),
    st.builds(lambda slope: Activation("leaky_relu", slope), shares),
)


@given(st.lists(any_layer, min_size=1, max_size=6))
def test_a_description_written_out_reads_back(layers):
    assert parse_layers([layer.to_dict() for layer in layers]) == tuple(layers)
    assert parse_layers(layers) == tuple(layers)


def test_every_registered_word_is_read():
    needed = {
        "dense": {"units": 3},
        "conv": {"filters": 2, "kernel": 3},
        "dropout": {"rate": 0.1},
        "residual": {"layers": ["relu"]},
    }
    for kind in LAYERS:
        (layer,) = parse_layers([{"layer": kind} | needed.get(kind, {})])
        assert layer.kind == kind
        assert isinstance(layer, LAYERS[kind])


def test_a_study_file():
    text = """
    layers = [
        {layer = "conv", filters = 6, kernel = 5}, "relu", "max_pool", "flatten",
        {layer = "dense", units = "classes"},
    ]
    """
    assert parse_layers(tomllib.loads(text)["layers"]) == (
        Conv(6, 5),
        Activation("relu"),
        MaxPool(2),
        Flatten(),
        Dense("classes"),
    )


def error_of(*layers, where="my.toml, network.layers"):
    with pytest.raises(CeterisError) as caught:
        parse_layers(list(layers), where)
    return caught.value


def test_an_unknown_layer_suggests_the_nearest():
    error = error_of("flatten", {"layer": "dens", "units": 3})
    assert str(error) == (
        "layer 2: there is no layer 'dens'\n"
        "  received: 'dens'  (my.toml, network.layers, layer 2)\n"
        "  expected: one of average_pool, batch_norm, conv, dense, dropout, flatten, gelu,"
        " global_average_pool, global_max_pool, leaky_relu, max_pool, relu, residual, sigmoid,"
        " tanh\n"
        "  fix:      did you mean 'dense'?"
    )
    assert error_of("conv2d").fix == "did you mean 'conv'?"
    assert error_of("batchnorm").fix == "did you mean 'batch_norm'?"
    assert error_of(3.5).what == "layer 1: a layer is a word or a table"
    assert error_of({"layer": 3}).what == "layer 1: there is no layer 3"


def test_habits_from_elsewhere_are_answered():
    assert error_of("Softmax").fix == (
        "leave it out: the loss applies softmax to the last layer's outputs"
    )
    error = error_of({"layer": "dense", "units": 3, "activation": "relu"})
    assert error.what == "layer 1: there is no key 'activation' in a dense layer"
    assert error.fix == 'write the activation as the next layer, for example "relu"'


def test_an_unknown_key_suggests_the_nearest():
    error = error_of({"layer": "dense", "unit": 3})
    assert str(error) == (
        "layer 1: there is no key 'unit' in a dense layer\n"
        "  received: dense with unit  (my.toml, network.layers, layer 1)\n"
        "  expected: one of units\n"
        "  fix:      did you mean 'units'?"
    )
    assert error_of({"layer": "relu", "slope": 0.1}).expected == '"relu" alone: it has no keys'
    assert error_of({"layer": "relu", "name": "tanh"}).fix == "remove it"
    # The name of an activation is its word, not a key.
    assert "no key 'name'" in error_of({"layer": "leaky_relu", "name": "x"}).what


def test_a_missing_key():
    error = error_of({"layer": "conv", "filters": 3})
    assert error.what == "layer 1: 'kernel' of conv is missing"
    assert error.expected == "conv with filters, kernel"
    assert error.fix == "add kernel = ... to the layer"
    assert error_of("dropout").what == "layer 1: 'rate' of dropout is missing"


def test_a_table_that_does_not_say_its_layer():
    error = error_of({"units": 3})
    assert error.what == "layer 1: a layer does not say which one it is"
    assert error.received == "a table with units  (my.toml, network.layers, layer 1)"
    assert error_of({}).received.startswith("a table with nothing in it")


def test_a_wrong_value_says_which_layer():
    error = error_of("flatten", "relu", {"layer": "dense", "units": "many"})
    assert error.what == "layer 3: 'units' of dense cannot be 'many'"
    assert error.received == "units = 'many'  (my.toml, network.layers, layer 3)"
    assert error_of({"layer": "dense", "units": 0}, where="").received == "units = 0  (layer 1)"


def test_no_layers():
    error = error_of()
    assert error.what == "the network has no layers"
    assert error.received == "layers = []  (my.toml, network.layers)"


@pytest.mark.parametrize("entries", ["relu", {"layer": "relu"}, 3, None])
def test_layers_that_are_no_list(entries):
    with pytest.raises(CeterisError, match="the layers of a network are a list"):
        parse_layers(entries, "my.toml")


def test_batch_norm_takes_from_the_preset_what_it_does_not_say():
    layers = (BatchNorm(), BatchNorm(0.5), BatchNorm(epsilon=0.0), Flatten())
    assert with_batch_norm_defaults(layers, 0.9, 1e-5) == (
        BatchNorm(0.9, 1e-5),
        BatchNorm(0.5, 1e-5),
        BatchNorm(0.9, 0.0),
        Flatten(),
    )
