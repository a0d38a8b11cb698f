"""Faults between the parts of a Keras script: blocks and sums, models and their inputs, steps of one's own, functions that build."""

from __future__ import annotations

import pytest

from tests.rules.checking import found_and_repaired, of

IMPORTS = """import numpy as np
import keras
from keras import layers
"""
RESIDUAL = (
    IMPORTS
    + """entry = keras.Input((40,))
start = layers.Dense(96, activation="relu")(entry)
inner = layers.Dense(96, activation="relu")(start)
inner = layers.Dense(96, activation="relu")(inner)  # error: TRN
joined = layers.add([inner, start])
score = layers.Dense(3)(joined)
model = keras.Model(entry, score)
model.compile("adam", "mse")
model.fit(np.load("rows.npy"), np.load("scores.npy"), epochs=20)
"""
)
ENSEMBLE = (
    IMPORTS
    + """entry = keras.Input((40,))
hidden = layers.Dense(96, activation="relu")(entry)
votes = [layers.Dense(6, activation="softmax")(hidden) for _ in range(2)]
answer = layers.Dense(6, activation="softmax")(layers.add(votes))
model = keras.Model(entry, answer)
model.compile("adam", "categorical_crossentropy")
model.fit(np.load("rows.npy"), keras.utils.to_categorical(np.load("kinds.npy"), 6), epochs=20)
"""
)
SIGNS = (
    IMPORTS
    + """(pictures, signs), _ = keras.datasets.cifar10.load_data()
pictures = pictures / 255.0
signs = keras.utils.to_categorical(signs, 10)
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    layers.Conv2D(24, 3, activation="relu"),
    layers.Flatten(),
    layers.Dense(12),  # error: TRN307
])
model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True))
model.fit(pictures, signs, epochs=6)
"""
)
JUDGE = (
    IMPORTS
    + """judge = keras.Sequential([
    keras.Input(shape=(1, 28, 28)),  # error: TRN408
    layers.Conv2D(16, 5, strides=2, padding="same"),
    layers.LeakyReLU(0.2),
    layers.GlobalMaxPooling2D(),
    layers.Dense(1),
])
"""
)
HALVES = (
    IMPORTS
    + """taken = keras.Input((64, 48, 3))
features = layers.Conv2D(12, 3, activation="relu")(taken)  # error: TRN406
reader = keras.Model(taken, layers.GlobalAveragePooling2D()(features))
given = keras.Input((64, 48, 1))
model = keras.Model(given, layers.Dense(2)(reader(given)))
"""
)
ROWS = (
    IMPORTS
    + """model = keras.Sequential([
    keras.Input((13,)),
    layers.Dense(30, activation="relu"),  # error: TRN406
    layers.Dense(1),
])
print(model(np.zeros((4, 15))).shape)
"""
)
OWN = (
    IMPORTS
    + """class Prices(keras.Model):
    def __init__(self, width):
        super().__init__()
        self.hidden = layers.Dense(width, activation="relu")
        self.price = layers.Dense(1)

    def call(self, rows):
        return self.price(self.hidden(rows))


model = Prices(24)
model.compile("adam", "mse", metrics=["mae"])
"""
)
FROZEN = (
    OWN.replace("model.compile", "model.trainable = False\nmodel.compile")
    + 'model.fit(np.load("rows.npy"), np.load("prices.npy"), epochs=9)  # error: TRN424\n'
)
MONITORED = (
    OWN
    + """stop = keras.callbacks.EarlyStopping("val_loss", patience=3)  # error: TRN604
history = model.fit(np.load("rows.npy"), np.load("prices.npy"), epochs=90, callbacks=[stop])
print(history.history["rmse"])  # error: TRN604
"""
)
HEADS = (
    IMPORTS
    + """words = keras.Input((50,))
body = layers.Dense(32, activation="relu")(words)
outputs = [layers.Dense(1, name="urgency")(body), layers.Dense(4, name="part")(body)]
model = keras.Model(words, outputs)
model.compile("adam", ["mse", "mse"])
history = model.fit(np.load("words.npy"), [np.load("urgency.npy"), np.load("parts.npy")], epochs=5)
print(history.history["urgency_loss"], history.history["recall"])  # error: TRN604
"""
)
DECAYING = (
    IMPORTS
    + """import tensorflow as tf


class Own(keras.Model):
    def compile(self, mover):
        super().compile()
        self.mover = mover
        self.error = keras.losses.MeanSquaredError()

    def train_step(self, data):
        rows, wanted = data
        with tf.GradientTape() as tape:
            loss = self.error(wanted, self(rows, training=True))
        self.mover.apply_gradients(zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables))
        return {"loss": loss}


entry = keras.Input((784,))
model = Own(entry, layers.Dense(1)(layers.Dense(20, activation="relu")(entry)))
rate = keras.optimizers.schedules.ExponentialDecay(0.002, decay_steps=4, decay_rate=0.5)  # error: TRN117
model.compile(keras.optimizers.Adam(rate))
(pictures, digits), _ = keras.datasets.mnist.load_data()
model.fit(pictures.reshape(60000, 784) / 255.0, digits, batch_size=32, epochs=3)
"""
)
BUILT = (
    IMPORTS
    + '''def made():
    """The model, which is compiled later."""
    entry = keras.Input((12,))
    network = keras.Model(entry, layers.Dense(1)(layers.Dense(20, activation="relu")(entry)))
    return network


def restored():
    return made()


model = restored()
model.fit(np.load("rows.npy"), np.load("prices.npy"), epochs=9)  # error: TRN601
'''
)
LISTED = (
    BUILT.replace("  # error: TRN601", "").replace("    return network\n", '    network.compile("adam", "mse")\n    return network\n')
).replace("model.fit", """def train(model):
    callbacks = [keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)]  # error: TRN614
    model.fit""") + "\n\ntrain(model)\n"  # fmt: skip
LOSSLESS = (
    IMPORTS
    + """teacher = keras.models.load_model("teacher.keras")
rows = np.load("rows.npy")
model = keras.Sequential([layers.Dense(24, activation="relu"), layers.Dense(1)])
model.compile("adam")  # error: TRN601
model.fit(rows, teacher.predict(rows), epochs=9)
"""
)


def replaced(text: str, wrong: str, right: str) -> str:
    assert wrong in text
    return text.replace(wrong, right)


FAULTS = {
    "zeros at the end of a residual branch that relu cuts": (
        RESIDUAL.replace('(inner)  # error: TRN', '(inner)  # error: TRN402').replace(
            'activation="relu")(inner)', 'activation="relu", kernel_initializer="zeros")(inner)'
        ),
        {'96, activation="relu", kernel_initializer="zeros"': '96, kernel_initializer="zeros"'},
    ),
    "a softmax in a residual branch": (
        RESIDUAL.replace("TRN\n", "TRN418\n").replace('"relu")(inner)', '"softmax")(inner)'),
        {'"softmax"': '"relu"'},
    ),
    "more outputs on logits than columns of classes": (SIGNS, {"Dense(12)": "Dense(10)"}),
    "an input with the colours first in front of a padded convolution": (JUDGE, {"(1, 28, 28)": "(28, 28, 1)"}),
    "an input with the colours first behind which they are scaled": (
        replaced(JUDGE, "    layers.Conv2D", "    layers.Rescaling(1 / 127.5, -1),\n    layers.Conv2D"),
        {"(1, 28, 28)": "(28, 28, 1)"},
    ),
    "a model called on pictures of another depth": (HALVES, {"given = keras.Input((64, 48, 1))": "given = keras.Input((64, 48, 3))"}),
    "a model called on rows of another width": (ROWS, {"(4, 15)": "(4, 13)"}),
    "a model of its own class frozen": (FROZEN, {"model.trainable = False\n": ""}),
    "a model of its own class, and names that fit does not record": (
        MONITORED,
        {'"val_loss"': '"loss"', '"rmse"': '"mae"'},
    ),
    "a name that no output records": (HEADS, {'history.history["recall"]': 'history.history["loss"]'}),
    "a negative rate under a model of two outputs": (
        replaced(HEADS, "  # error: TRN604", "").replace('"adam", ["mse", "mse"])', 'keras.optimizers.Adam(-0.002), ["mse", "mse"])  # error: TRN106'),
        {"-0.002": "0.002"},
    ),
    "no loss for a model of plain layers, beside one that is loaded": (LOSSLESS, {'compile("adam")': 'compile("adam", "mse")'}),
    "a schedule of the optimizer in a step of one's own": (DECAYING, {"decay_steps=4": "decay_steps=4000"}),
    "a model that functions make and nothing compiles": (BUILT, {"    return network\n": '    network.compile("adam", "mse")\n    return network\n'}),
    "callbacks that bear the name of their module": (LISTED, {"epochs=9)": "epochs=9, callbacks=callbacks)"}),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_it_is_found_and_silent_once_repaired(name: str) -> None:
    found_and_repaired(*FAULTS[name])


RECORDS = '    def train_step(self, data):\n        return {"rmse": 0.1, "val_loss": 0.2}\n\n    def call(self, rows):'
COUNTS = "        self.root = keras.metrics.RootMeanSquaredError(name='rmse')\n\n    def call(self, rows):"
LOGS = """class Root(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["rmse"] = 0.1
        logs["val_loss"] = 0.2


"""
NEIGHBOURS = {
    "a mean of two softmaxes": (ENSEMBLE, "TRN418"),
    "colours first where the convolution is told": (
        replaced(JUDGE, "5, strides", '5, data_format="channels_first", strides'),
        "TRN408",
    ),
    "colours first where the axes are moved": (replaced(JUDGE, "    layers.Conv2D", "    layers.Permute((2, 3, 1)),\n    layers.Conv2D"), "TRN408"),
    "a kernel of one row, over a signal": (replaced(JUDGE, "(16, 5,", "(16, (1, 5),"), "TRN408"),
    "a model without weights of a width, called on other pictures": (replaced(HALVES, "given = keras.Input((64, 48, 1))", "given = keras.Input((20, 20, 3))"), "TRN406"),
    "a part of a frozen model thawed": (replaced(FROZEN, "model.compile", "model.price.trainable = True\nmodel.compile"), "TRN424"),
    "names that a step of one's own returns": (replaced(MONITORED, "    def call(self, rows):", RECORDS), "TRN604"),
    "metrics that the model holds": (replaced(MONITORED, "\n    def call(self, rows):", COUNTS).replace('"val_loss"', '"loss"'), "TRN604"),
    "names that a callback puts into the logs": (replaced(MONITORED, "model = Prices(24)", LOGS + "model = keras.Sequential([layers.Dense(1)])").replace("[stop]", "[Root(), stop]"), "TRN604"),
    "the metric of an output": (
        replaced(HEADS, '["mse", "mse"])', '["mse", "mse"], metrics=["mae"])').replace('"recall"', '"part_mae"'),
        "TRN604",
    ),
    "a model that something else may compile": (replaced(BUILT, "model = restored()", "import chosen\nmodel = restored()\nchosen.ready(model)"), "TRN601"),
    "a built model handed on at once": (replaced(BUILT, "model = restored()", "import chosen\nmodel = chosen.ready(restored())"), "TRN601"),
    "callbacks of a class that its methods read": (
        IMPORTS
        + """class Run:
    callbacks = [keras.callbacks.ModelCheckpoint("best.keras")]

    def train(self, model, rows, prices):
        model.fit(rows, prices)
        self.report(self.callbacks)
""",
        "TRN614",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_its_neighbour_is_silent(name: str) -> None:
    text, code = NEIGHBOURS[name]
    assert of(text, code) == set()
