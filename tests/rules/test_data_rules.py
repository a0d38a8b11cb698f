"""Rules about data through loaders, generators and functions of the script, and the fixes that rebuild several statements."""

from __future__ import annotations

import ast
import textwrap

import pytest

from tests.rules.checking import apply, findings

SESSION = """
import numpy as np
import tensorflow as tf

{prepare}

(x_train, y_train), (x_test, y_test) = tf.keras.datasets.mnist.load_data()
{data}
X = tf.placeholder(tf.float32, [None, 784])
Y = tf.placeholder(tf.float32, [None, 10])
logits = tf.layers.dense(tf.layers.dense(X, 128, activation=tf.nn.relu), 10)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))
train = tf.train.AdamOptimizer(0.001).minimize(loss)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for step in range(10000):
        {batch}
"""
LOADER = """
class Loader:
    def __init__(self, x, y, size=64):
        self.x, self.y, self.size, self.start = x, y, size, 0
        self.shuffle()

    def shuffle(self):
        order = np.arange(self.x.shape[0])
        np.random.shuffle(order)
        self.x = self.x[order]
        {labels}

    def next_batch(self):
        start, self.start = self.start, self.start + self.size
        return self.x[start:self.start], self.y[start:self.start]
"""
GENERATOR = """
def batches(x, y, size):
    order = np.random.permutation(len(x))
    x = x[order]
    {labels}
    for start in range(0, len(x), size):
        yield x[start:start + size], y[start:start + size]
"""
ONE_HOT = """
x_train = x_train.reshape(-1, 784) / 255.0
rows = np.zeros((len(y_train), 10))
rows[np.arange(len(y_train)), y_train] = 1
y_train = rows
"""


def session(prepare: str, data: str, batch: str) -> str:
    return SESSION.format(prepare=prepare, data=data, batch=textwrap.indent(textwrap.dedent(batch), "        ").lstrip())


def codes(text: str, *selected: str) -> set[str]:
    return {one.code for one in findings(text, *selected)}


@pytest.mark.parametrize(("labels", "found"), [("pass", True), ("self.y = self.y[order]", False)])
def test_a_loader_of_the_script_shuffles_inputs_alone(labels: str, found: bool) -> None:
    data = "loader = Loader(x_train.reshape(-1, 784) / 255.0, np.eye(10)[y_train])"
    batch = "x, y = loader.next_batch()\nsession.run(train, feed_dict={X: x, Y: y})"
    assert ("TRN212" in codes(session(LOADER.format(labels=labels), data, batch))) is found


@pytest.mark.parametrize(("labels", "found"), [("pass", True), ("y = y[order]", False)])
def test_a_generator_shuffles_inputs_alone_and_the_labels_are_made_by_hand(labels: str, found: bool) -> None:
    batch = "for x, y in batches(x_train, y_train, 64):\n    session.run(train, {X: x, Y: y})"
    assert ("TRN212" in codes(session(GENERATOR.format(labels=labels), ONE_HOT, batch))) is found


UNKNOWN_BASE = """
import numpy as np
from somewhere import DataLoader

class Shuffled(DataLoader):
    def shuffle(self):
        order = np.arange(0, self.rows)
        np.random.shuffle(order)
        self.features = self.features[order]
        {labels}

x, y = np.load("x.npy"), np.load("y.npy")
loader = Shuffled({given})
"""


@pytest.mark.parametrize(
    ("labels", "given", "found"),
    [("pass", "x, y", True), ("self.labels = self.labels[order]", "x, y", False), ("pass", "x", False)],
)
def test_a_loader_of_an_unknown_base_shuffles_one_array_alone(labels: str, given: str, found: bool) -> None:
    assert ("TRN212" in codes(UNKNOWN_BASE.format(labels=labels, given=given))) is found


@pytest.mark.parametrize(("again", "found"), [(" / width", True), ("", False), (" / 2", False)])
def test_a_function_divides_by_the_range_twice(again: str, found: bool) -> None:
    text = f"""
import numpy as np

def normalize(data):
    width = data.max() - data.min()
    return (data - data.min()) / width{again}
"""
    assert ("TRN205" in codes(text)) is found


def test_a_network_on_unscaled_bytes_of_a_session_is_found() -> None:
    data = "x_train, y_train = x_train.reshape(-1, 784), np.eye(10)[y_train]"
    batch = "session.run(train, feed_dict={X: x_train[:64], Y: y_train[:64]})"
    assert "TRN201" in codes(session("", data, batch))


def fixed(text: str, code: str) -> str:
    one = next(one for one in findings(text, code) if one.code == code)
    assert one.fix is not None
    made = apply(text, one.fix.edits)
    ast.parse(made)
    assert code not in codes(made, code)
    return made


KERAS = """
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x_train, y_train, epochs=50)
"""
TABLE = """
import numpy as np
from imblearn.over_sampling import SMOTE
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from tensorflow import keras

x, y = np.loadtxt("x.csv"), np.loadtxt("y.csv")
{first}
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2)
"""


def test_a_named_scaler_is_fitted_behind_the_split() -> None:
    made = fixed(TABLE.format(first="scaler = StandardScaler()\nx = scaler.fit_transform(x)") + KERAS, "TRN703")
    rows = made.split("\n")
    split = next(number for number, row in enumerate(rows) if "train_test_split(" in row)
    assert rows[split + 1 : split + 3] == ["x_train = scaler.fit_transform(x_train)", "x_test = scaler.transform(x_test)"]
    assert "x = scaler" not in made


def test_a_sampler_draws_behind_the_split() -> None:
    made = fixed(TABLE.format(first="x, y = SMOTE(random_state=0).fit_resample(x, y)") + KERAS, "TRN705")
    rows = made.split("\n")
    split = next(number for number, row in enumerate(rows) if "train_test_split(" in row)
    assert rows[split + 1] == "x_train, y_train = SMOTE(random_state=0).fit_resample(x_train, y_train)"
    assert made.count("fit_resample") == 1


def test_bytes_are_divided_wherever_the_model_is_given_them() -> None:
    text = """
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(128, "relu"), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
history = model.fit(x, y, validation_data=(x_test, y_test), epochs=5)
model.evaluate(x_test, y_test)
"""
    made = fixed(text, "TRN201")
    assert "x, x_test = x / 255.0, x_test / 255.0\nhistory" in made
    assert "TRN208" not in codes(made)


def test_bytes_that_are_evaluated_in_another_form_are_left_to_the_author() -> None:
    text = """
from tensorflow import keras

(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(128, "relu"), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=5)
model.evaluate(x_test[:100], y_test[:100])
"""
    one = next(one for one in findings(text) if one.code == "TRN201")
    assert one.fix is None


METRIC = """
import numpy as np
from tensorflow import keras

x, y = np.random.rand(600, 8), {labels}
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense({units}{output})])
model.compile("adam", {loss}, metrics=[{metric}])
model.fit(x, y, epochs=20)
"""
REAL, INTEGERS, BINARY = "np.random.randn(600, 1)", "np.random.randint(0, 10, 600)", "np.random.randint(0, 2, (600, 1))"
ONE_HOT_ROWS = "keras.utils.to_categorical(np.random.randint(0, 10, 600), 10)"
ON_LOGITS = "keras.losses.BinaryCrossentropy(from_logits=True)"
SOFTMAX, SPARSE, DENSE = ', activation="softmax"', '"sparse_categorical_crossentropy"', '"categorical_crossentropy"'


@pytest.mark.parametrize(
    ("labels", "units", "output", "loss", "metric", "code"),
    [
        (REAL, 1, "", '"mse"', '"accuracy"', "TRN707"),
        (REAL, 1, "", '"mae"', '"acc"', "TRN707"),
        (REAL, 1, "", '"mse"', '"mae"', ""),
        (BINARY, 1, "", ON_LOGITS, '"accuracy"', "TRN708"),
        (BINARY, 1, "", ON_LOGITS, "keras.metrics.BinaryAccuracy()", "TRN708"),
        (BINARY, 1, "", ON_LOGITS, "keras.metrics.Precision()", "TRN708"),
        (BINARY, 1, "", ON_LOGITS, "keras.metrics.Recall()", "TRN708"),
        (BINARY, 1, "", ON_LOGITS, "keras.metrics.AUC()", "TRN708"),
        (BINARY, 1, "", ON_LOGITS, "keras.metrics.AUC(from_logits=True)", ""),
        (BINARY, 1, "", ON_LOGITS, "keras.metrics.BinaryAccuracy(threshold=0.0)", ""),
        (BINARY, 1, ', activation="sigmoid"', '"binary_crossentropy"', '"accuracy"', ""),
        (INTEGERS, 10, "", "keras.losses.SparseCategoricalCrossentropy(from_logits=True)", '"accuracy"', ""),
        (ONE_HOT_ROWS, 10, SOFTMAX, DENSE, '"binary_accuracy"', "TRN710"),
        (INTEGERS, 10, SOFTMAX, SPARSE, '"categorical_accuracy"', "TRN710"),
        (ONE_HOT_ROWS, 10, SOFTMAX, DENSE, '"sparse_categorical_accuracy"', "TRN710"),
        (INTEGERS, 10, SOFTMAX, SPARSE, "keras.metrics.Accuracy()", "TRN710"),
        (INTEGERS, 10, SOFTMAX, SPARSE, '"accuracy"', ""),
    ],
)
def test_every_row_of_the_table_of_metrics(labels: str, units: int, output: str, loss: str, metric: str, code: str) -> None:
    text = METRIC.format(labels=labels, units=units, output=output, loss=loss, metric=metric)
    found = {one.code for one in findings(text) if one.code in ("TRN707", "TRN708", "TRN709", "TRN710")}
    assert found == ({code} if code else set())


@pytest.mark.framework
@pytest.mark.parametrize("loss", ["layer", "bce", "ce"])
def test_torch_refuses_what_trn224_says(loss: str) -> None:
    import torch
    from torch import nn

    calls = {
        "layer": lambda: nn.Linear(3, 1)(torch.zeros(4, 3, dtype=torch.float64)),
        "bce": lambda: nn.BCELoss()(torch.full((4, 1), 0.5), torch.ones(4, 1, dtype=torch.int64)),
        "ce": lambda: nn.CrossEntropyLoss()(torch.zeros(4, 3), torch.zeros(4)),
    }
    with pytest.raises(RuntimeError, match=r"dtype|type"):
        calls[loss]()


@pytest.mark.framework
def test_random_shuffle_of_rows_loses_rows() -> None:
    import random

    import numpy as np

    rows = np.arange(60).reshape(30, 2)
    random.seed(0)
    random.shuffle(rows)  # type: ignore[arg-type]
    assert len({tuple(row) for row in rows.tolist()}) < 30


@pytest.mark.framework
def test_a_lookup_outside_the_embedding_raises() -> None:
    import torch
    from torch import nn

    with pytest.raises(IndexError):
        nn.Embedding(3, 2)(torch.tensor([1, 2, 3]))
