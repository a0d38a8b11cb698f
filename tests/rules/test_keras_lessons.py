"""Keras and TensorFlow 1 scripts as people write them while they learn: what is said of them, in which words, and what is not."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.rules.checking import findings, said

SEQUENCES = """import numpy as np
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import {layers}
x, y = np.random.rand(70, {shape}), np.random.rand(70)
model = Sequential()
model.add({first})
model.add(Dense(8, activation="relu"))
model.add(Dense(1))
model.compile("adam", "mse")
model.fit(x, y, epochs=150)
print(model.predict(np.random.rand({asked})))
"""
COLUMN = {"layers": "LSTM, Dense", "first": "LSTM(16, input_shape=(5, 1))"}
ROW = {"layers": "Dense", "first": 'Dense(16, "relu", input_shape=(5,))'}


@pytest.mark.parametrize(
    ("script", "shape", "asked"),
    [(COLUMN, "5, 1", "1, 5"), (COLUMN, "5", "1, 5, 1"), (ROW, "5", "3, 5, 1"), (ROW, "5, 1", "3, 5")],
)
def test_a_last_axis_of_one_is_added_or_dropped_as_keras_does(script: dict[str, str], shape: str, asked: str) -> None:
    """`Functional._adjust_input_rank`: wherever a model that knows its input shape is called."""
    assert not findings(SEQUENCES.format(**script, shape=shape, asked=asked), "TRN406", "TRN422", "TRN405")


@pytest.mark.framework
@pytest.mark.parametrize("declared", [(5, 1), (5,)])
def test_keras_adds_or_drops_a_last_axis_of_one(declared: tuple[int, ...]) -> None:
    import numpy as np
    from tensorflow import keras

    model = keras.Sequential([keras.Input(declared), keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    other = (5,) if len(declared) == 2 else (5, 1)
    assert np.isfinite(model.fit(np.ones((4, *other)), np.ones(4), verbose=0).history["loss"]).all()
    assert model.predict(np.ones((1, *other)), verbose=0).shape == (1, 1)


@pytest.mark.parametrize("asked", ["1, 10", "4, 5"])
def test_what_does_not_fit_is_told_where_the_fitted_model_is_used(asked: str) -> None:
    """The layer itself took what `fit` gave it: the data of line 11 are wrong, or only their shape."""
    script = SEQUENCES.format(layers="LSTM, Dense", first="LSTM(16, input_shape=(5, 2))", shape="5, 2", asked=asked)
    (found,) = findings(script, "TRN406")
    assert (found.code, found.span.row) == ("TRN406", 11)
    assert "LSTM takes 3 axes and gets 2" in found.message
    assert [(one.message, one.span.row) for one in found.related] == [("the layer", 6)]


def test_a_layer_that_does_not_fit_the_data_of_fit_is_told_itself() -> None:
    script = SEQUENCES.format(layers="LSTM, Dense", first="LSTM(16, input_shape=(5, 2))", shape="10", asked="1, 10")
    assert ("TRN406", 6) in said(findings(script, "TRN406"))


WINDOWS = """import numpy as np
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense
x = np.array([[1, 2], [2, 3], [3, 4], [4, 5], [5, 6], [6, 7], [7, 8], [8, 9], [9, 10], [10, 11]])
y = np.array({targets})
model = Sequential([Dense(16, "relu", input_shape=(2,)), Dense({head})])
model.compile("adam", "{loss}")
model.fit(x, y, epochs=500, batch_size=2, validation_split=0.2)
"""


@pytest.mark.parametrize(
    ("targets", "head", "loss", "ordered"),
    [
        ("[3, 4, 5, 6, 7, 8, 9, 10, 11, 12]", "1", "mse", False),
        ("[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]", "1", "mae", False),
        ("[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]", '5, "softmax"', "sparse_categorical_crossentropy", True),
        ("[0, 0, 0, 0, 0, 1, 1, 1, 1, 1]", '1, "sigmoid"', "binary_crossentropy", True),
        ("[0, 0, 0, 0, 0, 1, 1, 1, 1, 1]", '1, "sigmoid"', "mse", True),
    ],
)
def test_ordered_rows_are_classes_only_where_the_loss_or_the_labels_say_so(
    targets: str, head: str, loss: str, ordered: bool
) -> None:
    found = said(findings(WINDOWS.format(targets=targets, head=head, loss=loss), "TRN711"))
    assert (("TRN711", 8) in found) == ordered
    assert {code for code, _ in found} <= {"TRN711", "TRN202", "TRN309"}


PAIRS = """from keras.models import Sequential
from keras.layers import Dense

def halves(read):
    try:
        (x, y), (x_test, y_test) = read()
    except TypeError:
        (x, y), (x_test, y_test) = read
    return (x.reshape(-1, 30), y), (x_test.reshape(-1, 30), y_test)

def run(read):
    train, test = halves(read)
    model = Sequential([Dense(1, activation="sigmoid", input_shape=(30,))])
    model.compile("adam", "binary_crossentropy")
    model.fit(train[0], train[1], epochs=3)
    test_score = model.evaluate({data})
"""


def test_data_that_nothing_is_known_of_are_the_same_only_by_name() -> None:
    assert not findings(PAIRS.format(data="test[0], test[1]"), "TRN702")
    assert said(findings(PAIRS.format(data="train[0], train[1]"), "TRN702")) == {("TRN702", 16)}


@pytest.mark.parametrize(
    ("first", "code", "row", "words"),
    [
        ("LSTM(16, return_sequences=True, input_shape=(5, 3))", "TRN422", 6, "the output is N×5×1, the labels are N."),
        ("Conv1D(16, 2, activation='relu', input_shape=(5, 3))", "TRN405", 7, "it gives N×4×8, the labels are N."),
    ],
)
def test_shapes_are_told_of_a_batch_whatever_part_of_the_rows_is_held_back(first: str, code: str, row: int, words: str) -> None:
    script = SEQUENCES.format(layers="LSTM, Conv1D, Dense", first=first, shape="5, 3", asked="1, 5, 3")
    (found,) = findings(script.replace("epochs=150", "epochs=150, validation_split=0.1"), code)
    assert (found.code, found.span.row) == (code, row)
    assert words in found.message


GRAPH = """import numpy as np
import tensorflow.compat.v1 as tf
x, y = tf.placeholder(tf.float32, [None, {width}]), tf.placeholder(tf.float32, [None, 1])
{hidden}
loss = tf.reduce_mean(tf.square({output} - y))
train = tf.train.AdamOptimizer(0.001).minimize(loss)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for step in range(3000):
        session.run(train, {{x: np.random.rand(64, {width}), y: np.random.rand(64, 1)}})
"""


def graph(sizes: list[int], start: str, activation: str) -> str:
    """Layers of these widths whose weights are made by `start` and have one name, with `activation` behind all but the last."""
    hidden, before = [], "x"
    for at, (rows, columns) in enumerate(pairwise(sizes)):
        hidden += [
            f'w{at} = tf.Variable(tf.{start}([{rows}, {columns}]), name="weight")',
            f"b{at} = tf.Variable(tf.zeros([{columns}]))",
        ]
        product = f"tf.matmul({before}, w{at}) + b{at}"
        last = at == len(sizes) - 2
        hidden.append(f"h{at} = {product if last or not activation else f'tf.nn.{activation}({product})'}")
        before = f"h{at}"
    return GRAPH.format(width=sizes[0], hidden="\n".join(hidden), output=before)


@pytest.mark.parametrize(
    ("sizes", "activation", "factor"),
    [
        ([2, 20, 30, 20, 1], "sigmoid", None),  # sqrt(30) at most behind any of the sigmoids
        ([2, 20, 30, 20, 1], "tanh", None),
        ([400, 30, 1], "sigmoid", "20"),
        ([400, 9, 9, 1], "tanh", "20"),
        ([36, 25, 36, 1], "relu", "15"),  # 6 · 5 / 2
    ],
)
def test_a_bounded_activation_ends_the_growth_of_a_signal(sizes: list[int], activation: str, factor: str | None) -> None:
    """`σ sqrt(n)` of the layers in front of a sigmoid or tanh: what comes out of that is at most 1."""
    found = [one for one in findings(graph(sizes, "random_normal", activation), "TRN403") if one.code == "TRN403"]
    assert [re.findall(r"grows to ([\d.,]+) times", one.message) for one in found] == ([[factor]] if factor else [])


@pytest.mark.parametrize(
    ("activation", "words"),
    [
        ("", "no gradient reaches either, both stay 0"),
        ("tanh", "no gradient reaches either, both stay 0"),
        ("relu", "its output and its gradient stay 0, it never learns"),
        ("sigmoid", "its 20 units stay equal and act as 1"),
    ],
)
def test_weights_that_start_as_zero_in_two_layers(activation: str, words: str) -> None:
    """Behind a sigmoid the next layer gets 0.5 of every unit, and learns; behind the others it gets 0, and hands 0 back."""
    found = [one for one in findings(graph([8, 20, 1], "zeros", activation), "TRN402") if one.code == "TRN402"]
    assert [words in one.message for one in found] == [True]


def test_layers_of_one_name_are_told_apart_by_their_lines() -> None:
    found = [one for one in findings(graph([8, 20, 30, 1], "random_normal", ""), "TRN401") if one.code == "TRN401"]
    assert [one.message.partition(" have ")[0] for one in found] == ["`weight` of lines 6, 9 and 12"]


STACK = """import numpy as np
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense
x, y = np.random.rand(200, 6), np.random.rand(200)
model = Sequential()
model.add(Dense(30, input_shape=(6,)))
{more}
model.add(Dense(1))
model.compile("adam", "mse")
model.fit(x, y, epochs=100)
"""


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("model.add(Dense(20))", "the dense layers of lines 6 to 8"),
        ("\nmodel.add(Dense(20))", "the dense layers of lines 6, 8 and 9"),
        ("", "the dense layer of line 6 and the dense layer of line 8"),
    ],
)
def test_a_long_row_of_linear_layers_is_told_by_its_lines(more: str, words: str) -> None:
    found = [one for one in findings(STACK.format(more=more), "TRN401") if one.code == "TRN401"]
    assert [one.message.partition(" have ")[0] for one in found] == [words]


DIGITS = """from tensorflow.keras.datasets import mnist
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import {layers}
(x, y), _ = mnist.load_data()
model = Sequential([{first}, Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, batch_size=100, epochs=10)
"""


@pytest.mark.parametrize(
    ("first", "words"),
    [
        ("LSTM(80, input_shape=(28, 28))", "reach the lstm layer of line 5 unscaled. Divide"),
        ('Flatten(input_shape=(28, 28)), Dense(200, "tanh")', "unscaled: its tanh starts on sums of about ±"),
        ('Flatten(input_shape=(28, 28)), Dense(200, "relu")', "unscaled: its outputs start at about ±"),
    ],
)
def test_outputs_that_are_bounded_are_not_told_to_start_large(first: str, words: str) -> None:
    found = [one for one in findings(DIGITS.format(layers="LSTM, Flatten, Dense", first=first), "TRN201") if one.code == "TRN201"]
    assert [words in one.message for one in found] == [True]


def test_columns_that_nothing_scales_are_told_once_for_two_fits() -> None:
    script = """from sklearn.datasets import fetch_california_housing
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense
x, y = fetch_california_housing(return_X_y=True)
model = Sequential([Dense(20, "relu", input_shape=(8,)), Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=20)
model.fit(x, y, epochs=50, batch_size=100)
"""
    assert said(findings(script, "TRN202")) == {("TRN202", 7)}
