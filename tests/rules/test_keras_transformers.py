"""Keras and TensorFlow 1 scripts that fit, choose or step on data they are then judged by, or build what nothing uses."""

from __future__ import annotations

import pytest

from tests.rules.checking import findings, said
from trainlint.core import Severity

TABLES = """import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, MinMaxScaler, OneHotEncoder
from tensorflow import keras
sold, asked = pd.read_csv("sold.csv"), pd.read_csv("asked.csv")
x, y = sold.drop(["price"], axis=1), sold["price"]
x_train, x_test, y_train, y_test = train_test_split(x, y)
{prepare}
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mae")
model.fit(x_train, y_train, epochs=40)
model.evaluate(x_test, y_test)
prices = model.predict(asked)
"""
ALL_THREE = "x_train, x_test, asked = scaler.transform(x_train), scaler.transform(x_test), scaler.transform(asked)"


@pytest.mark.parametrize(
    ("prepare", "row"),
    [
        (f"scaler = MinMaxScaler()\nscaler.fit(x_train)\nscaler.fit(asked)  # other rows\n{ALL_THREE}", 10),
        (f"scaler = MinMaxScaler()\nscaler.fit(x_train)\nscaler.fit(x_test)\n{ALL_THREE}", 10),
        (f"scaler = MinMaxScaler()\nscaler.fit(x_train)\n{ALL_THREE}", None),
        # what it learned was used, or looked at, or the same rows again
        ("scaler = MinMaxScaler()\nscaler.fit(x_train)\nx_train = scaler.transform(x_train)\nscaler.fit(asked)", None),
        (f"scaler = MinMaxScaler()\nscaler.fit(x_train)\nprint(scaler.data_min_)\nscaler.fit(asked)\n{ALL_THREE}", None),
        (f"scaler = MinMaxScaler()\nscaler.fit(x_train)\nscaler.fit(x_train)\n{ALL_THREE}", None),
        (f"scaler = MinMaxScaler()\nscaler.partial_fit(x_train)\nscaler.partial_fit(asked)\n{ALL_THREE}", None),
        (f"scaler, other = MinMaxScaler(), MinMaxScaler()\nscaler.fit(x_train)\nother.fit(asked)\n{ALL_THREE}", None),
    ],
)
def test_a_fit_that_another_replaces_before_it_served(prepare: str, row: int | None) -> None:
    found = [one for one in findings(TABLES.format(prepare=prepare)) if one.code == "TRN703"]
    assert [(one.span.row, one.severity) for one in found] == ([(row, Severity.ERROR)] if row else [])
    assert all("what it learned in line 9 is lost" in one.message for one in found)


@pytest.mark.parametrize(("method", "told"), [("fit_transform", True), ("transform", False)])
def test_categories_that_are_numbered_anew_in_another_table(method: str, told: bool) -> None:
    """Whether the numbers differ depends on the categories of both: a warning."""
    script = TABLES.format(prepare="").replace(
        "x, y =",
        'codes = LabelEncoder()\nsold["town"] = codes.fit_transform(sold["town"])\n'
        f'asked["town"] = codes.{method}(asked["town"])\nx, y =',
    )
    found = [one for one in findings(script) if one.code == "TRN703"]
    assert [(one.span.row, one.severity) for one in found] == ([(8, Severity.WARNING)] if told else [])


GRAPH = """import tensorflow.compat.v1 as tf
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
import pandas as pd
rows, kinds = load_iris(return_X_y=True)
train_rows, test_rows, train_kinds, test_kinds = train_test_split(rows, pd.get_dummies(kinds))
x, y = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.float32, [None, 3])
scores = tf.layers.dense(tf.layers.dense(x, 20, activation=tf.nn.relu), 3)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=scores))
step = tf.train.AdamOptimizer(0.01).minimize(loss)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for _ in range(2000):
        session.run([step, loss], feed_dict={{x: train_rows, y: train_kinds}})
    told = session.run({fetched}, feed_dict={{x: test_rows, y: test_kinds}})
"""


@pytest.mark.parametrize(("fetched", "trains"), [("[step, scores]", True), ("[loss, scores]", False), ("scores", False)])
def test_an_evaluation_that_fetches_the_training_step(fetched: str, trains: bool) -> None:
    found = [one for one in findings(GRAPH.format(fetched=fetched), "TRN702") if one.code == "TRN702"]
    assert [one.span.row for one in found] == ([15] if trains else [])
    assert all("trains on the test part of the split in line 6" in one.message for one in found)


def test_fits_on_both_parts_of_a_split() -> None:
    script = TABLES.format(prepare="") + "model.fit(x_test, y_test, epochs=40)\n"
    assert ("TRN702", 14) in said(findings(script, "TRN702"))
    anew = script.replace(
        "model.fit(x_test", 'model = keras.Sequential([keras.layers.Dense(1)])\nmodel.compile("sgd", "mae")\nmodel.fit(x_test'
    )
    assert "TRN702" not in {code for code, _ in said(findings(anew, "TRN702"))}


SCORED = """from sklearn.datasets import load_breast_cancer
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from tensorflow import keras
x, y = load_breast_cancer(return_X_y=True)
x = x / 1000.0
x_train, x_test, y_train, y_test = train_test_split(x, y)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x_train, y_train, epochs=90)
{judge}
"""


@pytest.mark.parametrize(
    ("judge", "row"),
    [
        ("print(r2_score(y, model.predict(x)))", 11),
        ("told = model.predict(x)\nprint(r2_score(y, told))", 12),
        ("print(r2_score(y_test, model.predict(x_test)))", None),
        ("print(r2_score(y, model.predict(x)), r2_score(y_test, model.predict(x_test)))", None),  # both, side by side
        ("told = model.predict(x)", None),
    ],
)
def test_a_score_over_all_rows_of_a_split(judge: str, row: int | None) -> None:
    found = [one for one in findings(SCORED.format(judge=judge), "TRN702") if one.code == "TRN702"]
    assert [one.span.row for one in found] == ([row] if row else [])
    assert all("that line 10 trains on" in one.message for one in found)


BUILT = """from tensorflow import keras
model = keras.Sequential([keras.layers.Dense(1, input_shape=(4,))])
slow = keras.optimizers.SGD(learning_rate=0.01, momentum=0.9)
{between}
model.compile(optimizer={chosen}, loss="mse")

def run(x, y):
    model.fit(x, y, epochs=20)
"""


@pytest.mark.parametrize(
    ("between", "chosen", "words"),
    [
        ("", '"adam"', "this SGD is built and never used: the model trains with 'adam'"),
        (
            "quick = keras.optimizers.Adam()",
            "quick",
            "this SGD is built and never used: the model trains with the Adam of line 4",
        ),
        ("", "slow", None),
        ("print(slow)", '"adam"', None),
        ("optimizers = [slow]", '"adam"', None),
        ("from settings import chosen", "chosen", None),
    ],
)
def test_an_optimizer_that_is_built_and_given_to_no_model(between: str, chosen: str, words: str | None) -> None:
    found = [one for one in findings(BUILT.format(between=between, chosen=chosen), "TRN614") if one.code == "TRN614"]
    assert [(one.span.row, one.message) for one in found] == ([(3, words)] if words else [])


SEARCH = """import keras_tuner as kt
from tensorflow import keras
(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x, x_test = x / 255.0, x_test / 255.0

def build(hp):
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(hp.Int("units", 16, 256), activation="relu")])
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model

tuner = kt.Hyperband(build, objective="val_accuracy", max_epochs=6)
tuner.search(x, y, {held}, batch_size=50)
"""


def test_a_tuner_that_chooses_by_the_test_set() -> None:
    (found,) = [one for one in findings(SEARCH.format(held="validation_data=(x_test, y_test)"), "TRN714") if one.code == "TRN714"]
    assert found.span.row == 13
    assert "the tuner chooses by `(x_test, y_test)`" in found.message or "the tuner chooses by `x_test, y_test`" in found.message
    assert "the best of all trials" in found.message
    assert not [one for one in findings(SEARCH.format(held="validation_split=0.2"), "TRN714") if one.code == "TRN714"]


WORDS = """import numpy as np
from tensorflow.keras.preprocessing.text import Tokenizer
from tensorflow.keras.preprocessing.sequence import pad_sequences
from tensorflow.keras.models import Sequential
from tensorflow.keras.layers import Dense, Embedding, LSTM
texts, liked = ["good tea", "bad tea", "no more of it", "more please"] * 50, np.array([1, 0, 0, 1] * 50)
tokens = Tokenizer()
tokens.fit_on_texts(texts)
ids = pad_sequences(tokens.texts_to_sequences(texts), maxlen=5)
model = Sequential([{first}, Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit({ids}, liked, epochs=60)
"""


@pytest.mark.parametrize(
    ("first", "ids", "words"),
    [
        ("LSTM(32, input_shape=(5, 1))", "ids.reshape(200, 5, 1)", "reach an lstm layer as they are"),
        ('Dense(32, activation="relu", input_shape=(5,))', "ids", "reach a dense layer as they are"),
        ("Embedding(len(tokens.word_index) + 1, 8), LSTM(32)", "ids", None),
    ],
)
def test_numbers_of_words_in_a_layer_that_takes_them_for_quantities(first: str, ids: str, words: str | None) -> None:
    found = [one for one in findings(WORDS.format(first=first, ids=ids), "TRN204") if one.code == "TRN204"]
    assert [words in one.message for one in found if words] == ([True] if words else [])
    assert bool(found) == bool(words)


COVER = """from sklearn.datasets import fetch_covtype
from sklearn.preprocessing import StandardScaler
from tensorflow import keras
x, y = fetch_covtype(return_X_y=True)
{prepare}
model = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense({units}, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y{shift}, epochs=10)
"""


@pytest.mark.parametrize(
    ("prepare", "units", "shift", "codes"),
    [
        ("", 7, " - 1", {"TRN202"}),
        ("x = StandardScaler().fit_transform(x)", 7, " - 1", set()),
        ("x = StandardScaler().fit_transform(x)", 7, "", {"TRN307"}),  # the classes are 1 to 7
        ("x = StandardScaler().fit_transform(x)", 8, "", set()),
    ],
)
def test_what_is_known_of_the_cover_types(prepare: str, units: int, shift: str, codes: set[str]) -> None:
    """Elevations are near 3,000, and most of the indicators near 0."""
    found = {one.code for one in findings(COVER.format(prepare=prepare, units=units, shift=shift), "TRN202", "TRN307")}
    assert found & {"TRN202", "TRN307", "TRN305", "TRN306"} == codes
