"""How scripts spell out numbers: ranges, loops that append, frames of their own columns; and what a model's wrappers do with them."""

from __future__ import annotations

import math

import pytest

from tests.facts.idioms import runs
from trainlint.core import Fact
from trainlint.facts.run import DataFacts, OptimizerFacts

IMPORTS = """
import math
import os
import random
import cv2
import numpy as np
import pandas as pd
from keras.layers import Conv2D, Dense, Flatten
from keras.models import Sequential
"""
REGRESS = """
model = Sequential([Dense(6, activation="relu"), Dense(1)])
model.compile("sgd", "mse")
model.fit(x, y, epochs=3)
"""

NUMBERS = {
    "a range": ("x = np.array(range(300))\ny = 4.0 * x", (300, 0, 299), (300, 0, 1196)),
    "a range with ends and a step": ("x = np.asarray(range(10, 20, 2))\ny = pd.Series(range(5))", (5, 10, 18), (5, 0, 4)),
    "long comprehensions": (
        "x = np.array([[k] for k in range(900)])\ny = np.array([k * k for k in range(900)])",
        (900, 0, 899),
        (900, 0, 808201),
    ),
    "a long loop that appends": (
        "x, y = [], []\nfor k in range(700):\n    x.append([k])\n    y.append(3 * k + 1)\nx, y = np.array(x), np.array(y)",
        (700, 0, 699),
        (700, 1, 2098),
    ),
    "a long loop that assigns": (
        "x, y = np.zeros((200, 1)), np.zeros(200)\nfor k in range(200):\n    x[k] = k\n    y[k] = 2 * k",
        (200, 0, 199),
        (200, 0, 398),
    ),
    "a long loop that counts": (
        "x, y, k = [], [], 0\nwhile k < 150:\n    x.append(k)\n    y.append(math.degrees(k))\n    k += 1\nx, y = np.array(x), np.array(y)",
        (150, 0, 149),
        (150, 0, 149 * 180 / math.pi),
    ),
    "a row made a column": (
        "x = np.atleast_2d(np.arange(50)).T\ny = np.fromiter((2.0 * k for k in range(50)), dtype=float)",
        (50, 0, 49),
        (50, 0, 98),
    ),
    "a frame of columns": (
        "frame = pd.DataFrame({'size': [3, 5, 8, 13], 'price': [30.0, 50.0, 80.0, 130.0]})\nx = frame[['size']]\ny = frame['price']",
        (4, 3, 13),
        (4, 30, 130),
    ),
    "a frame of rows": (
        "frame = pd.DataFrame([[3, 30], [5, 50], [8, 80]], columns=['size', 'price'])\nx = frame.drop('price', axis=1)\ny = frame.price",
        (3, 3, 8),
        (3, 30, 80),
    ),
    "a frame of an array": (
        "frame = pd.DataFrame(np.arange(20).reshape(10, 2), columns=('a', 'b'))\nx = frame.drop(columns=['b']).values\ny = frame['b'].values",
        (10, 0, 18),
        (10, 1, 19),
    ),
}
"""What the script does; rows, least and largest entry of its inputs and of its targets."""


def summary(data: DataFacts) -> tuple[int | None, float | None, float | None]:
    return (data.shape[0] if data.shape else None), data.low, data.high


@pytest.mark.parametrize(("script", "inputs", "targets"), NUMBERS.values(), ids=NUMBERS.keys())
def test_numbers_that_the_script_spells_out(
    script: str, inputs: tuple[int, float, float], targets: tuple[int, float, float]
) -> None:
    (run,) = runs(IMPORTS + script + REGRESS)
    assert (run.inputs.known, run.targets.known) == ("exact", "exact")
    assert summary(run.inputs) == pytest.approx(inputs)
    assert summary(run.targets) == pytest.approx(targets)


DRAWN = {
    "a comprehension of draws": ("x = np.array([random.uniform(-2, 6) for _ in range(40)])", -2, 6),
    "a loop of whole numbers": (
        "x = []\nfor _ in range(500):\n    x.append([random.randint(1, 9), random.randrange(10)])\nx = np.array(x)",
        0,
        9,
    ),
    "a loop of unit numbers": ("x = []\nfor _ in range(500):\n    x.append(5 * random.random())\nx = np.array(x)", 0, 5),
}


@pytest.mark.parametrize(("script", "low", "high"), DRAWN.values(), ids=DRAWN.keys())
def test_numbers_that_the_script_draws(script: str, low: float, high: float) -> None:
    (run,) = runs(IMPORTS + script + "\ny = np.zeros(len(x))" + REGRESS)
    assert (run.inputs.low, run.inputs.high) == (low, high)
    assert run.inputs.known != "exact"


def test_a_rate_that_is_drawn_is_not_known_and_a_batch_at_a_drawn_place_has_its_rows() -> None:
    script = """
import keras
x, y = np.random.rand(1000, 4), np.random.rand(1000)
model = Sequential([Dense(6, activation="relu"), Dense(1)])
model.compile(keras.optimizers.Adam(10 ** random.uniform(-5, -2)), "mse")
for _ in range(1000):
    k = random.randint(0, 900)
    model.train_on_batch(x[k : k + 32], y[k : k + 32])
"""
    (run,) = runs(IMPORTS + script)
    assert isinstance(run.optimizer, OptimizerFacts)
    assert not isinstance(run.optimizer.learning_rate, Fact)
    assert run.inputs.shape is not None
    assert run.inputs.shape[0] == 32


PICTURES = """
def train(x, y):
    model = Sequential([Conv2D(4, 3, activation="relu", input_shape=(24, 24, 3)), Flatten(), Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(np.array(x), np.array(y))
def picture(path):
    return cv2.resize(cv2.imread(path), (24, 24))
"""

LABELLED = {
    "folders of known classes, rows of picture and number": (
        (
            "rows, x, y = [], [], []\nkinds = ['oak', 'elm', 'fir']\nfor kind in kinds:\n    number = kinds.index(kind)\n"
            "    for name in os.listdir(kind):\n        rows.append([picture(name), number])\n"
            "for image, label in rows:\n    x.append(image)\n    y.append(label)\ntrain(x, y)\n"
        ),
        ("int", 3),
    ),
    "a loop for each class": (
        (
            "x, y = [], []\nfor name in os.listdir('day'):\n    x.append(picture(name))\n    y.append(0)\n"
            "for name in os.listdir('night'):\n    x.append(picture(name))\n    y.append(1)\ntrain(x, y)\n"
        ),
        ("binary", 2),
    ),
    "a branch for each class": (
        (
            "x, y = [], []\nfor name in os.listdir('all'):\n    x.append(picture(name))\n    if 'day' in name:\n        y.append(0)\n"
            "    else:\n        y.append(1)\ntrain(x, y)\n"
        ),
        ("binary", 2),
    ),
    "one number, where others are appended elsewhere": (
        "x, y = [], []\nfor name in os.listdir('all'):\n    x.append(picture(name))\n    y.append(1)\ntrain(x, y)\n",
        ("unknown", None),
    ),
}


@pytest.mark.parametrize(("script", "labels"), LABELLED.values(), ids=LABELLED.keys())
def test_labels_that_loops_append(script: str, labels: tuple[str, int | None]) -> None:
    (run,) = runs(IMPORTS + PICTURES + script)
    assert (run.targets.labels, run.targets.classes) == labels


def test_columns_of_collected_rows_have_ranges_of_their_own() -> None:
    script = """
rows = []
for _ in range(3000):
    rows.append([random.randint(0, 50), 0])
    rows.append([random.randint(51, 100), 1])
table = np.array(rows)
x, y = table[:, :1], table[:, 1]
"""
    (run,) = runs(IMPORTS + script + REGRESS)
    assert (run.inputs.low, run.inputs.high) == (0, 100)
    assert (run.targets.labels, run.targets.high) == ("binary", 1)


WRAPPED = """
from keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import LabelEncoder, StandardScaler
frame = pd.read_csv("yield.csv")
x, y = frame.iloc[:, :6].values, frame.iloc[:, 6].values
def build(units=8):
    model = Sequential([Dense(units, activation="relu", input_dim=6), Dense(OUT)])
    model.compile("adam", LOSS)
    return model
"""


@pytest.mark.parametrize(
    ("script", "scale", "batch", "epochs"),
    [
        ("cross_val_score(KerasRegressor(build_fn=build, epochs=40, batch_size=5), x, y, cv=KFold(5))", "unknown", 5, 40),
        (
            (
                "steps = [('scale', StandardScaler()), ('net', KerasRegressor(build_fn=build, epochs=30, batch_size=4))]\n"
                "cross_val_score(Pipeline(steps), x, y, cv=KFold(5))"
            ),
            "standardized",
            4,
            30,
        ),
        ("make_pipeline(StandardScaler(), KerasRegressor(build, epochs=7, batch_size=9)).fit(x, y)", "standardized", 9, 7),
        (
            "GridSearchCV(KerasRegressor(build, epochs=7), param_grid={'batch_size': [4, 8], 'units': [8, 16]}).fit(x, y)",
            "unknown",
            None,
            7,
        ),
    ],
)
def test_a_wrapped_model_is_built_and_fitted(script: str, scale: str, batch: int | None, epochs: int) -> None:
    (run,) = runs(IMPORTS + WRAPPED.replace("OUT", "1").replace("LOSS", '"mse"') + script)
    sizes = [one.value if isinstance(one, Fact) else None for one in (run.batch_size, run.epochs)]
    assert (run.inputs.scale, run.targets.labels, *sizes) == (scale, "continuous", batch, epochs)


def test_a_wrapped_classifier_encodes_its_labels_for_the_categorical_loss() -> None:
    script = WRAPPED.replace("OUT", "3, activation='softmax'").replace("LOSS", '"categorical_crossentropy"')
    (run,) = runs(IMPORTS + script + "cross_val_score(KerasClassifier(build, epochs=5), x, LabelEncoder().fit_transform(y))")
    assert run.targets.labels == "onehot"
