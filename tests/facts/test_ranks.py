"""The dimensions of arrays from files, told from the models that their rows reach."""

from __future__ import annotations

import pytest

from tests.interpret.helpers import follow
from trainlint.facts.queries import array_rank

MODEL = """
import random
import numpy as np
from tensorflow import keras

inputs = keras.Input((1, 32, 32))
outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(inputs))
model = keras.Model(inputs, outputs)
model.compile("adam", "categorical_crossentropy")
"""

GENERATOR = """
def batches(first, second, size):
    rows = [([one], [1, 0]) for one in first] + [([one], [0, 1]) for one in second]
    random.shuffle(rows)
    xs, ys = [], []
    while True:
        for i in range(len(rows)):
            x, y = rows[i]
            xs.append(x)
            ys.append(y)
            if len(xs) == size:
                yield np.array(xs), np.array(ys)
                xs, ys = [], []
"""

SCRIPTS: dict[str, tuple[str, list[int | None]]] = {
    "passed whole": ("x = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(x, np.load('y.npy'))\n", [4]),
    "scaled": ("x = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(x[:900] / 255, np.load('y.npy'))\n", [4]),
    "with another axis": (
        "x = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(np.expand_dims(x, 1), np.load('y.npy'))\n",
        [3],
    ),
    "reshaped: any rank": (
        "x = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(x.reshape(-1, 1, 32, 32), np.load('y.npy'))\n",
        [None],
    ),
    "rows of a generator": (
        GENERATOR
        + "a, b = np.load('a.npy')[0], np.load('b.npy')[0]\nrandom.shuffle(a)\nrandom.shuffle(b)\n"
        + "model.fit(batches(a[:900], b[:900], 64), steps_per_epoch=10)\n",
        [None, 3, 3],
    ),
    "an axis put in by None": ("x = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(x[:, None], np.load('y.npy'))\n", [3]),
    "one item, by a name": ("k = 0\nx = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(x[k], np.load('y.npy'))\n", [5]),
    "rows by a list": ("x = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(x[[0, 2, 1]], np.load('y.npy'))\n", [None]),
    "rows by an order": (
        "x = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(x[np.random.permutation(60)], np.load('y.npy'))\n",
        [4],
    ),
    "rows by what is not known": ("x = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(x[pick()], np.load('y.npy'))\n", [None]),
    "rows by a comparison": ("x = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(x[x > 0], np.load('y.npy'))\n", [None]),
    "the last axis dropped": ("x = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(x[..., 0], np.load('y.npy'))\n", [5]),
    "cast and scaled": ("x = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(x.astype('float32') / 255, np.load('y.npy'))\n", [4]),
    "a sum of two": ("x = np.load('x.npy')\nrandom.shuffle(x)\nmodel.fit(x + np.load('z.npy'), np.load('y.npy'))\n", [None]),
    "never used": ("x = np.load('x.npy')\nrandom.shuffle(x)\n", [None]),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_rank(name: str) -> None:
    text, expected = SCRIPTS[name]
    events = follow(MODEL + text).events
    shuffles = [event for event in events if event.kind == "shuffle"]
    found = [array_rank(event.values.get("array"), events)[0] for event in shuffles]
    assert sorted(found, key=str) == sorted(expected, key=str)
