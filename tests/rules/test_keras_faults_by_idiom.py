"""Faulty Keras and TensorFlow scripts in less usual spellings: what is said of them, and that the right ones stay silent."""

from __future__ import annotations

import json
import math

import pytest

from tests.rules.checking import findings, said
from trainlint.engine import check_source
from trainlint.settings import Settings
from trainlint.source.read import decode

TF2 = "import numpy as np\nimport tensorflow as tf\nfrom tensorflow import keras\nfrom tensorflow.keras import layers\n"
XOR = (
    TF2
    + """x, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [0]])
model = keras.Sequential([layers.Dense(6, activation="tanh", input_shape=(2,)), layers.Dense(1, activation="sigmoid")])
model.compile(keras.optimizers.SGD(learning_rate={rate}), "binary_crossentropy")
model.fit(x, y, batch_size=4, epochs={epochs})
"""
)
PLACEHOLDERS = """import tensorflow as tf
from driver import train
pixels = tf.placeholder({dtype}, [None, 32, 32, 3])
labels = tf.placeholder(tf.int64, [None])
flat = tf.layers.flatten({scaled})
logits = tf.layers.dense(tf.layers.dense(flat, 50, tf.nn.relu), 10)
loss = tf.losses.sparse_softmax_cross_entropy(labels=labels, logits=logits)
train(tf.train.GradientDescentOptimizer(0.05).minimize(loss), pixels, labels)
"""
PARTS = (
    TF2
    + """sound, cracked = np.load("sound.npy") / 255.0, np.load("cracked.npy") / 255.0
pictures = np.concatenate((sound, cracked), axis=0)
state = np.concatenate((np.zeros((len(sound), 1)), np.ones((len(cracked), 1))), axis=0)
rows = tf.data.Dataset.from_tensor_slices((pictures, state))
{drawn}
model = keras.Sequential([layers.Flatten(), layers.Dense(20, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(rows, epochs=30)
"""
)
HOUSES = """import pandas as pd
from sklearn.compose import {importing}
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from tensorflow import keras
table = pd.read_csv("houses.csv")
price = table.pop("price")
rows, other, paid, asked = train_test_split(table, price)
prepare = {made}
rows, other = prepare.fit_transform(rows), prepare.transform(other)
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mae")
model.fit(rows, paid, validation_data=({held}, asked), epochs=40)
"""
BY_COLUMN = {
    "ColumnTransformer": 'ColumnTransformer([("sizes", StandardScaler(), ["area"]), ("towns", OneHotEncoder(), ["town"])])',
    "make_column_transformer": 'make_column_transformer((StandardScaler(), ["area"]), (OneHotEncoder(), ["town"]))',
}
CIFAR = (
    TF2
    + """(a, b), (c, d) = keras.datasets.cifar10.load_data()
centre, spread = a.mean(), a.std()
a = (a - centre) / spread
c = {scaled}
model = keras.Sequential([layers.Flatten(), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(a, b, epochs=10)
model.evaluate(c, d)
"""
)
LOANS = """import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler
from tensorflow import keras
loans = pd.read_csv("loans.csv")
loans["owner"] = loans["owner"] == "yes"
known, unseen, paid, due = train_test_split(loans[["age", "income", "owner"]].values, loans["paid"].values)
scaler = MinMaxScaler()
known = scaler.fit_transform(known)
{then}
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(known, paid, epochs=50)
print(model.predict(unseen) > 0.5)
"""
WATCHED = (
    TF2
    + """def learn(x, y):
    model = keras.Sequential([layers.Dense(1)])
    model.compile("adam", "mse")
    watching = [
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.EarlyStopping(patience=3),
    ]
    model.fit(x, y, validation_split=0.2, epochs=200{given})
"""
)
HOURLY = """import numpy as np
import pandas as pd
from tensorflow import keras
load = pd.read_csv("load.csv", index_col="time", parse_dates=["time"])
kw = load["kw"].{grouped}.values.reshape(-1, 1) / 100
past, following = [], []
for i in range(12, len(kw)):
    past.append(kw[i - 12 : i, 0])
    following.append(kw[i, 0])
past, following = np.array(past)[..., None], np.array(following)
model = keras.Sequential()
model.add(keras.layers.GRU(20, return_sequences={every}, input_shape=(12, 1)))
model.add(keras.layers.Dense(1))
model.compile("adam", "mse")
model.fit(past, following, epochs=20)
"""
NUMERALS = """from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tensorflow import keras
bunch = load_digits()
a, b, c, d = train_test_split(bunch.images[..., None] / 16, bunch.target, test_size=0.25)
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(30, activation="relu"), keras.layers.Dense(10, "softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(a, c, batch_size=64, epochs={epochs})
"""
PREDICTED = (
    TF2
    + """(x, y), _ = keras.datasets.mnist.load_data()
x = x / 255.0
model = keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=5)
first = {call}
"""
)


def codes(text: str, *more: str) -> set[str]:
    return {one.code for one in findings(text, *more)}


@pytest.mark.parametrize(("rate", "epochs", "faulty"), [(0.0005, 120, True), (0.5, 3000, False)])
def test_gradient_descent_that_goes_nowhere(rate: float, epochs: int, faulty: bool) -> None:
    found = [one for one in findings(XOR.format(rate=rate, epochs=epochs), "TRN111") if one.code == "TRN111"]
    assert bool(found) is faulty
    for one in found:
        done = 1 - math.exp(-rate * epochs * one.numbers["sharpness"])
        assert done < 0.1
        assert f"{100 * done:.2g} %" in one.message


@pytest.mark.parametrize(
    ("dtype", "scaled", "faulty"),
    [
        ("tf.uint8", "tf.image.convert_image_dtype(pixels, tf.float32) / 255.0", True),
        ("tf.uint8", "tf.image.convert_image_dtype(pixels, tf.float32)", False),
        ("tf.float32", "tf.image.convert_image_dtype(pixels, tf.float32) / 255.0", False),
        ("tf.uint8", "tf.cast(pixels, tf.float32) / 255.0", False),
    ],
)
def test_placeholder_that_another_file_feeds(dtype: str, scaled: str, faulty: bool) -> None:
    assert ("TRN205" in codes(PLACEHOLDERS.format(dtype=dtype, scaled=scaled), "TRN205")) is faulty


@pytest.mark.parametrize(
    ("drawn", "faulty"),
    [
        ("rows.shuffle(5000)\nrows = rows.batch(16)", True),
        ("rows = rows.batch(16).shuffle(5000)", True),
        ("rows = rows.shuffle(buffer_size=1).batch(16)", True),
        ("rows = rows.shuffle(5000).batch(16)", False),
        ("rows = rows.cache().shuffle(5000).repeat(2).batch(16).prefetch(1)", False),
    ],
)
def test_pipeline_of_classes_one_after_the_other(drawn: str, faulty: bool) -> None:
    assert ("TRN213" in codes(PARTS.format(drawn=drawn), "TRN213")) is faulty


@pytest.mark.parametrize("importing", sorted(BY_COLUMN))
@pytest.mark.parametrize(("held", "faulty"), [("rows", True), ("other", False)])
def test_validation_on_columns_prepared_apart(importing: str, held: str, faulty: bool) -> None:
    text = HOUSES.format(importing=importing, made=BY_COLUMN[importing], held=held)
    assert ("TRN701" in codes(text, "TRN701")) is faulty


@pytest.mark.parametrize(("held", "faulty"), [("x, y", True), ("a, b", False)])
def test_validation_on_data_of_which_nothing_is_known(held: str, faulty: bool) -> None:
    text = f"""from tensorflow import keras
from shop import read
(x, y), (a, b) = read("sales")
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, validation_data=({held}), epochs=10)
"""
    assert ("TRN701" in codes(text, "TRN701")) is faulty


@pytest.mark.parametrize(
    ("scaled", "faulty"),
    [("c / 255.0", True), ("c.astype('float32')", True), ("(c - centre) / spread", False), ("(c - c.mean()) / c.std()", False)],
)
def test_bytes_by_their_deviation_and_by_their_range(scaled: str, faulty: bool) -> None:
    assert ("TRN208" in codes(CIFAR.format(scaled=scaled), "TRN208")) is faulty


@pytest.mark.parametrize(("then", "faulty"), [("", True), ("unseen = scaler.transform(unseen)", False)])
def test_scaler_left_out_of_one_part_of_a_changed_table(then: str, faulty: bool) -> None:
    assert ("TRN208" in codes(LOANS.format(then=then), "TRN208")) is faulty


@pytest.mark.parametrize(("given", "rows"), [("", {9}), (", callbacks=watching", set())])
def test_list_of_callbacks_is_left_out(given: str, rows: set[int]) -> None:
    assert {row for code, row in said(findings(WATCHED.format(given=given), "TRN614")) if code == "TRN614"} == rows


@pytest.mark.parametrize("grouped", ['resample("1h").mean().ffill()', "rolling(3).median().dropna()", "interpolate()"])
@pytest.mark.parametrize(("every", "faulty"), [(True, True), (False, False)])
def test_windows_of_a_series_by_the_hour(grouped: str, every: bool, faulty: bool) -> None:
    assert ("TRN422" in codes(HOURLY.format(grouped=grouped, every=every), "TRN422")) is faulty


@pytest.mark.parametrize(("epochs", "faulty"), [(3, True), (40, False)])
def test_digits_as_pictures_are_counted(epochs: int, faulty: bool) -> None:
    found = [one for one in findings(NUMERALS.format(epochs=epochs), "TRN110") if one.code == "TRN110"]
    assert bool(found) is faulty
    assert all(one.numbers["updates"] == math.ceil(1797 * 0.75 // 1 / 64) * epochs for one in found)


@pytest.mark.parametrize("call", ["model.predict(x)", "model(x)"])
def test_prediction_that_nothing_reads_is_no_unused_layer(call: str) -> None:
    assert "TRN415" not in codes(PREDICTED.format(call=call), "TRN415")


def test_rows_of_a_notebook_are_said_as_its_reader_counts() -> None:
    cells = [
        "from sklearn.datasets import load_iris\nfrom tensorflow import keras\nx, y = load_iris(return_X_y=True)\n",
        "model = keras.Sequential()\nmodel.add(keras.layers.Dense(3))\n",
        "model.compile('adam', 'sparse_categorical_crossentropy')\nmodel.fit(x, y, epochs=200)\n",
    ]
    code = [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": one} for one in cells]
    document = json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    source = decode(document.encode(), None, "iris.ipynb")
    (found,) = [one for one in check_source(source, Settings(select=("TRN301",))).findings if one.code == "TRN301"]
    assert "of cell 2, line 2:" in found.message


@pytest.mark.parametrize(
    ("between", "last", "by"),
    [
        ("layers.Dropout(0.2),", "ones", "nothing but dropout"),
        ("", "glorot_uniform", "nothing but the layer behind"),
        ("", "ones", "stay equal and act as 1"),
    ],
)
def test_what_tells_constant_units_apart(between: str, last: str, by: str) -> None:
    text = f"""{TF2}(x, y), _ = keras.datasets.mnist.load_data()
model = keras.Sequential([
    layers.Flatten(), layers.Dense(40, "tanh", kernel_initializer="ones"), {between}
    layers.Dense(10, "softmax", kernel_initializer="{last}"),
])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x / 255, y, epochs=9)
"""
    (found,) = [one for one in findings(text) if one.code == "TRN402"]
    assert by in found.message


@pytest.mark.parametrize(("hidden", "faulty"), [("", True), (', activation="elu"', False)])
@pytest.mark.parametrize("encoder", ["LabelBinarizer", "LabelEncoder"])
def test_classes_that_an_encoder_met(encoder: str, hidden: str, faulty: bool) -> None:
    loss = "categorical_crossentropy" if encoder == "LabelBinarizer" else "sparse_categorical_crossentropy"
    text = f"""from sklearn.preprocessing import {encoder}
{TF2}(x, y), _ = keras.datasets.cifar10.load_data()
coder = {encoder}()
y = coder.fit_transform(y.ravel())
model = keras.Sequential([layers.Flatten(), layers.Dense(50{hidden}), layers.Dense(len(coder.classes_), activation="softmax")])
model.compile("adam", "{loss}")
model.fit(x / 255, y, epochs=20)
"""
    assert ("TRN401" in codes(text)) is faulty


def test_convolutions_of_a_loop_are_named_once() -> None:
    text = f"""{TF2}(x, y), _ = keras.datasets.cifar10.load_data()
model = keras.Sequential()
for filters in (8, 16, 32):
    model.add(layers.Conv2D(filters, 3))
    model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x / 255, y, epochs=20)
"""
    (found,) = [one for one in findings(text) if one.code == "TRN401"]
    assert "the conv layer of line 8 (3 times):" in found.message


@pytest.mark.parametrize(("signed", "faulty"), [("(-g, w)", True), ("(g, w)", False)])
@pytest.mark.parametrize("error", ["tf.reduce_mean(tf.abs(wanted - found))", "tf.losses.mean_squared_error(wanted, found)"])
def test_gradients_turned_round_are_said_once(signed: str, faulty: bool, error: str) -> None:
    text = f"""import tensorflow as tf
given = tf.placeholder(tf.float32, [None, 4])
wanted = tf.placeholder(tf.float32, [None, 1])
found = tf.layers.dense(tf.layers.dense(given, 16, tf.nn.tanh), 1)
adam = tf.train.AdamOptimizer(1e-3)
pairs = adam.compute_gradients({error})
step = adam.apply_gradients([{signed} for g, w in pairs if g is not None])
"""
    assert codes(text, "TRN514", "TRN317") & {"TRN514", "TRN317"} == ({"TRN514"} if faulty else set())


def test_model_built_anew_is_said_where_the_loop_calls() -> None:
    text = f"""{TF2}def fresh():
    model = keras.Sequential([layers.Dense(1)])
    model.compile("adam", "mse")
    return model
def learn(x, y):
    for epoch in range(20):
        model = fresh()
        model.fit(x, y, epochs=1)
"""
    assert {row for code, row in said(findings(text, "TRN515")) if code == "TRN515"} == {11}


@pytest.mark.parametrize(("held", "faulty"), [("changed", True), ("plain", False)])
@pytest.mark.parametrize("change", ["random_flip_up_down(picture)", "random_contrast(picture, 0.8, 1.2)"])
def test_random_pictures_in_a_validation_pipeline(change: str, held: str, faulty: bool) -> None:
    text = f"""{TF2}(x, y), (a, b) = keras.datasets.cifar10.load_data()
def plain(picture, label):
    return tf.image.convert_image_dtype(picture, tf.float32), label
def changed(picture, label):
    picture = tf.image.convert_image_dtype(picture, tf.float32)
    return tf.image.{change}, label
train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(9000).map(changed).batch(50)
valid = tf.data.Dataset.from_tensor_slices((a, b)).map({held}).batch(50)
model = keras.Sequential([layers.Flatten(), layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(train, validation_data=valid, epochs=20)
"""
    assert {row for code, row in said(findings(text, "TRN222")) if code == "TRN222"} == ({12} if faulty else set())


@pytest.mark.parametrize(
    ("table", "labels", "share", "held"),
    [
        ("iris", "y", 0.2, "all of class 2,"),
        ("iris", "keras.utils.to_categorical(y)", 0.4, "all of classes 1, 2,"),
        ("wine", "y", 0.25, "all of class 2,"),
        ("breast_cancer", "y", 0.25, None),
    ],
)
def test_last_rows_of_tables_that_list_their_classes(table: str, labels: str, share: float, held: str | None) -> None:
    loss = "sparse_categorical_crossentropy" if labels == "y" else "categorical_crossentropy"
    text = f"""from sklearn.datasets import load_{table}
{TF2}x, y = load_{table}(return_X_y=True)
model = keras.Sequential([layers.Dense(12, activation="relu"), layers.Dense(3, activation="softmax")])
model.compile("adam", "{loss}")
model.fit(x, {labels}, validation_split={share}, epochs=100)
"""
    found = [one.message for one in findings(text, "TRN711") if one.code == "TRN711"]
    assert len(found) == (held is not None)
    assert all(held is not None and held in one for one in found)


def test_pictures_are_not_called_sequences() -> None:
    text = f"""{TF2}(x, y), _ = keras.datasets.cifar10.load_data()
x = x.reshape(-1, 3, 32, 32)
"""
    (found,) = [one for one in findings(text, "TRN218") if one.code == "TRN218"]
    assert found.message.startswith("this reshapes pictures 50000×32×32×3 to 50000×3×32×32")


def test_of_zipped_pipelines_each_may_shuffle() -> None:
    parts = [f"tf.data.Dataset.from_tensor_slices({one}).shuffle(9000, seed=1)" for one in ("pictures", "state")]
    apart = f"rows = tf.data.Dataset.zip(({', '.join(parts)})).batch(32)"
    assert [one.code for one in findings(PARTS.format(drawn=apart), "TRN213") if one.code == "TRN213"] == []


def test_windows_of_parts_that_one_scaler_scaled() -> None:
    text = f"""{TF2}import pandas as pd
from sklearn.preprocessing import StandardScaler
table = pd.read_csv("hours.csv").set_index("time")
half = len(table) // 2
first, later = table.iloc[:half], table.iloc[half:]
scaler = StandardScaler().fit(first)
first, later = (scaler.transform(part) for part in (first, later))
def windows(rows):
    index = np.arange(24)[None, :] + np.arange(len(rows) - 24)[:, None]
    return rows[index], rows[24:, 0]
(x, y), (seen, told) = map(windows, (first, later))
model = keras.Sequential([layers.LSTM(8), layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=30, validation_data=(seen, told))
"""
    assert [one.code for one in findings(text, "TRN208") if one.code == "TRN208"] == []


FITTED_SOMEWHERE = """import numpy as np
from sklearn.preprocessing import StandardScaler
from tensorflow import keras
from shop import prepare, read

x, other, y = np.load("x.npy"), np.load("other.npy"), np.load("y.npy")
scaler = StandardScaler()
{scaled}
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=10)
{then}model.evaluate(other, y)
"""
BY_ITSELF = "other = scaler.fit_transform(other)"


@pytest.mark.parametrize(
    ("scaled", "then", "is_found"),
    [
        (f"x = scaler.fit_transform(x)\n{BY_ITSELF}", "", True),
        (f"x = scaler.fit_transform(x)\n{BY_ITSELF}", "model.fit(other, y, epochs=10)\n", False),
        ("prepare(scaler)\nx, other = scaler.transform(x), scaler.transform(other)", "", False),
        ("scaler.fit(read('all'))\nx, other = scaler.transform(x), scaler.transform(other)", "", False),
        ("x = scaler.fit_transform(x)\nscaler.fit(read('all'))\nother = scaler.transform(other)", "", False),
        ("x = scaler.fit_transform(x)\nscaler.partial_fit(other)\nother = scaler.transform(other)", "", False),
    ],
    ids=["on each", "trained on both", "by a helper", "on what is not known", "then on what is not known", "on both in turn"],
)
def test_a_scaler_fitted_again(scaled: str, then: str, is_found: bool) -> None:
    text = FITTED_SOMEWHERE.format(scaled=scaled, then=then)
    assert [one.span.row for one in findings(text, "TRN208") if one.code == "TRN208"] == [text.count("\n")] * is_found


SUBCLASS = """from tensorflow import keras
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.last = keras.layers.Dense(2)
    def call(self, rows):
        return self.last(rows)
{more}net = Net()
net.fit(x, y, epochs=9)
"""


@pytest.mark.parametrize(
    ("more", "is_found"),
    [
        ("", True),
        ("    def fit(self, *given, **named):\n        return train(self, *given)\n", False),
        ("def ready():\n    net.compile('adam', 'mse')\n", False),
        ("from tuning import prepared\nNet = prepared(Net)\n", False),
    ],
    ids=["of Keras alone", "with a fit of its own", "compiled elsewhere", "of an unknown decorator"],
)
def test_a_subclass_that_nothing_compiles(more: str, is_found: bool) -> None:
    text = f"import numpy as np\nx, y = np.load('x.npy'), np.load('y.npy')\n{SUBCLASS.format(more=more)}"
    assert [one.message for one in findings(text, "TRN601") if one.code == "TRN601"] == [
        "fit is called on a model that is never compiled: raises"
    ] * is_found
