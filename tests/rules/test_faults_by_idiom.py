"""Faults that are told only once an idiom is read: each script, and what makes it right."""

from __future__ import annotations

import pytest

from tests.rules.checking import found_and_repaired

IMPORTS = """import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras.layers import Dense, Flatten
x, y = np.load("x.npy"), np.load("y.npy")
"""

FAULTS = {
    "a rate far above the band in a small network": (
        """model = keras.Sequential([Dense(10, activation="relu", input_shape=(4,)), Dense(3)])
model.compile(keras.optimizers.RMSprop(learning_rate=0.2), "mse")  # info: TRN112
model.fit(x, y, epochs=100)
""",
        {"0.2": "0.002"},
    ),
    "all columns drawn from one wide distribution": (
        """x = np.random.normal(400, 90, (800, 7))
y = (x[:, 0] > x[:, 1]).astype(int)
model = keras.Sequential([Dense(24, activation="relu", input_shape=(7,)), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x[:600], y[:600], epochs=25)  # error: TRN202
""",
        {"(800, 7))": "(800, 7)) / 400"},
    ),
    "one column of spelled-out numbers": (
        """x = np.array(range(200))
model = keras.Sequential([Dense(24, activation="relu", input_shape=(1,)), Dense(1)])
model.compile("adam", "mse")
model.fit(x, np.sqrt(x), epochs=500)  # error: TRN202
""",
        {"np.array(range(200))": "np.array(range(200)) / 200"},
    ),
    "labels made by a comparison, rows in another order": (
        """x = np.random.rand(900, 4)
y = (x[:, 2] > 0.5).astype(int)
order = np.random.permutation(len(x))
x = x[order]  # error: TRN212
model = keras.Sequential([Dense(16, activation="relu"), Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=10)
""",
        {"x = x[order]": "x, y = x[order], y[order]"},
    ),
    "pictures into a dense layer": (
        """x, y = np.random.rand(600, 20, 20), np.random.randint(0, 7, 600)
model = keras.Sequential()
model.add(Dense(30, activation="relu", input_shape=(20, 20)))  # error: TRN405
model.add(Dense(7, activation="softmax"))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=20)
""",
        {"Sequential()": "Sequential([Flatten(input_shape=(20, 20))])", ", input_shape=(20, 20)))  #": "))  #"},
    ),
    "a loss written behind the tape": (
        """model = keras.Sequential([Dense(16, activation="relu"), Dense(1)])
optimizer = keras.optimizers.Adam()
def step(x, y):
    with tf.GradientTape() as tape:
        guess = model(x)
    error = tf.reduce_mean(tf.square(guess - y))  # error: TRN520
    gradients = tape.gradient(error, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
        {"    error =": "        error ="},
    ),
    "accuracy of a bounded regression": (
        """y = 20 + 5 * np.random.randn(600)
model = keras.Sequential([Dense(32, activation="relu"), Dense(1, activation="sigmoid")])  # error: TRN309
model.compile("adam", "mse", metrics=["accuracy"])  # error: TRN707
model.fit(np.random.rand(600, 8), y, epochs=20)
""",
        {"accuracy": "mae", ', activation="sigmoid"': ""},
    ),
    "labels of another form, and an output that is cut off": (
        """x, y = np.random.rand(800, 12), np.random.randint(0, 5, 800)
model = keras.Sequential([Dense(20, activation="relu"), Dense(5, activation="relu")])  # error: TRN304
model.compile("adam", "categorical_crossentropy")  # error: TRN305
model.fit(x, y, epochs=20)
""",
        {'"relu")])': '"softmax")])', '"categorical': '"sparse_categorical'},
    ),
    "a schedule that never comes below the bound": (
        """x = 1.0 * np.array(range(200))
model = keras.Sequential([Dense(1, input_dim=1)])
rate = keras.optimizers.schedules.InverseTimeDecay(0.002, 1, 1e-6)  # error: TRN116
model.compile(keras.optimizers.SGD(rate), "mse")
model.fit(x, 3 * x, batch_size=1, epochs=1)
""",
        {"0.002": "0.00002"},
    ),
}


@pytest.mark.parametrize(("script", "repairs"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_and_repair(script: str, repairs: dict[str, str]) -> None:
    found_and_repaired(IMPORTS + script, repairs)
