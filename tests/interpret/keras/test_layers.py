"""Layers: how they are made in every release, and what calling one gives."""

import pytest

from tests.interpret.helpers import follow, plain
from trainlint.interpret.values import Array, List, Object


def value(script, name="y"):
    return follow(script).module.scope.cells[name]


def ops(array):
    """The operations from the output down its first inputs, layers by their class."""
    found = []
    while isinstance(array, Array):
        layer = array.attributes.get("layer")
        found.append(layer.row.name.rpartition(".")[2] if isinstance(layer, Object) else array.op)
        array = next((one for one in array.inputs if isinstance(one, Array) and one.op != "parameter"), None)
    return found


def test_arguments_have_canonical_names():
    made = value("from keras.layers import Dense\ny = Dense(output_dim=3, init='uniform', bias=False, name='d')\n")
    assert {name: plain(one) for name, one in made.arguments.items()} == {
        "units": 3,
        "kernel_initializer": "uniform",
        "use_bias": False,
        "name": "d",
    }
    assert made.extra == {}


def test_unknown_arguments_are_kept_apart():
    made = value("from keras.layers import Dense\ny = Dense(3, activaton='relu')\n")
    assert list(made.extra) == ["activaton"]


@pytest.mark.parametrize(
    ("imports", "call", "kernel", "strides"),
    [
        ("from keras.layers import Convolution2D", "Convolution2D(32, 3, 5)", (3, 5), None),
        ("from keras.layers import Convolution2D", "Convolution2D(32, 3, 3, 'he_normal')", (3, 3), None),
        ("from keras.layers.convolutional import Convolution2D", "Convolution2D(nb_filter=32, nb_row=3, nb_col=5)", (3, 5), None),
        ("from keras.layers import Conv2D", "Conv2D(32, 3, 3)", 3, 3),
        ("from tensorflow.keras.layers import Conv2D", "Conv2D(32, 3, 3)", 3, 3),
        ("from tensorflow.keras.layers import Convolution2D", "Convolution2D(32, 3, 3)", 3, 3),
        ("from keras.engine.topology import Layer\nfrom keras.layers import Conv2D", "Conv2D(32, 3, 3)", (3, 3), None),
        ("from keras.layers import Convolution2D", "Convolution2D(32, (3, 3))", (3, 3), None),
    ],
)
def test_three_positional_sizes(imports, call, kernel, strides):
    made = value(f"{imports}\ny = {call}\n")
    assert plain(made.arguments["kernel_size"]) == kernel
    assert plain(made.arguments["strides"]) == strides if strides else "strides" not in made.arguments


def test_a_layer_call_is_an_array():
    array = value("from keras.layers import *\nx = Input((4,))\ny = Dense(3, activation='relu', name='d')(x)\n")
    assert (array.op, array.shape, array.symbolic, array.library) == ("layer", (None, 3), True, "keras")
    assert array.attributes["layer"].row.name == "keras.layers.Dense"
    assert array.inputs[0].op == "input"


def test_layers_of_unknown_inputs_are_followed():
    array = value("from keras.layers import *\ny = Dense(3)(nowhere)\n")
    assert (array.op, array.shape) == ("layer", None)


def test_lambda_layers_become_operations():
    array = value("from keras.layers import *\nx = Input((4,))\ny = Lambda(lambda t: t / 200.)(Dense(3)(x))\n")
    assert array.op == "divide"
    assert ops(array) == ["divide", "Dense", "input"]
    assert array.inputs[1].data == 200.0
    assert array.place.span.row == 3


def test_lambda_layers_with_arguments():
    script = "from keras.layers import *\ndef scale(t, by):\n    return t * by\nx = Input((4,))\ny = Lambda(scale, arguments={'by': 3})(x)\n"
    assert value(script).op == "multiply"


def test_a_lambda_that_cannot_be_followed_stays_a_layer():
    array = value("from keras.layers import *\nx = Input((4,))\ny = Lambda(unknown_function, output_shape=(2,))(x)\n")
    assert (array.op, array.shape) == ("layer", (None, 2))


def test_an_activation_of_the_script_is_followed():
    array = value("from keras.layers import *\nx = Input((4,))\ny = Dense(3, activation=lambda t: t / 3)(x)\n")
    assert ops(array) == ["divide", "Dense", "input"]
    assert plain(array.inputs[0].attributes["layer"].arguments["activation"]) is None


def test_merging_functions():
    array = value("from keras.layers import *\nx = Input((4,))\ny = concatenate([x, Dense(3)(x)])\n")
    assert (ops(array)[0], array.shape, len(array.inputs)) == ("Concatenate", (None, 7), 2)


def test_merge_of_keras_1():
    interpretation = follow("from keras.layers import *\nx = Input((4,))\ny = merge([x, x], mode='concat', concat_axis=1)\n")
    assert interpretation.module.scope.cells["y"].shape == (None, 8)
    assert interpretation.era == "keras2"


def test_states_are_returned():
    states = value("from keras.layers import *\nx = Input((10, 4))\ny = LSTM(7, return_state=True)(x)\n")
    assert [one.shape for one in states.items] == [(None, 7), (None, 7), (None, 7)]


def test_weights_remember_their_layer():
    script = "from keras.layers import *\nd = Dense(3, use_bias=False)\ny = [3 * d.get_weights()[0]]\nd.set_weights(y)\n"
    interpretation = follow(script)
    weights = interpretation.module.scope.cells["y"]
    assert isinstance(weights, List)
    (product,) = weights.cells["items"].items
    source = next(one for one in product.inputs if one.op == "data")
    assert source.attributes["weights_of"] is interpretation.module.scope.cells["d"]
    event = next(one for one in interpretation.events if one.kind == "set_weights")
    assert event.values["target"] is interpretation.module.scope.cells["d"]
    assert event.values["weights"] is weights


@pytest.mark.parametrize(
    ("script", "era"),
    [
        ("from tensorflow.keras.layers import Dense\nDense(3)\n", "keras3"),
        ("from keras.layers import Dense\nDense(output_dim=3)\n", "keras2"),
        ("from keras.layers import Dense\nDense(3)\n", "keras3"),
        ("from tensorflow.keras.optimizers import Adam\nAdam(lr=0.1)\n", "keras2.11"),
        ("from keras.objectives import mse\n", "keras2"),
        ("import keras\nkeras.ops.mean\n", "keras3"),
        ("from keras import initializations\nx = initializations.get\n", "keras1"),
        ("import numpy\n", ""),
    ],
)
def test_eras(script, era):
    assert follow(script).era == era


def test_dense_before_keras_1():
    made = value("from keras.layers.core import Dense\ny = Dense(784, 128, init='uniform')\n")
    assert (plain(made.arguments["units"]), plain(made.arguments["input_dim"])) == (128, 784)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            "from keras.optimizers import SGD\ny = SGD(0.01, 0.9, 1e-6, True)\n",
            {"learning_rate": 0.01, "momentum": 0.9, "decay": 1e-6, "nesterov": True},
        ),
        (
            "from keras.optimizers import SGD\ny = SGD(0.01, 0.9, True)\n",
            {"learning_rate": 0.01, "momentum": 0.9, "nesterov": True},
        ),
        (
            "from keras.engine.topology import Layer\nfrom keras.optimizers import RMSprop\ny = RMSprop(0.01, 0.9, 1e-8)\n",
            {"learning_rate": 0.01, "rho": 0.9, "epsilon": 1e-8},
        ),
        (
            "from keras.optimizers import RMSprop\ny = RMSprop(0.01, 0.9, 0.5)\n",
            {"learning_rate": 0.01, "rho": 0.9, "momentum": 0.5},
        ),
    ],
)
def test_positional_arguments_of_old_optimizers(script, expected):
    assert {name: plain(one) for name, one in value(script).arguments.items()} == expected
