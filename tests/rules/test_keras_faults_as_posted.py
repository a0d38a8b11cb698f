"""Faulty Keras and TensorFlow scripts in the forms that people post: the faulty line, the right one, and what must be said."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.rules.checking import findings


class Case(NamedTuple):
    """A script with `@@` for the line in question: what stands there when it is faulty and when it is right."""

    code: str
    faulty: str
    right: str
    script: str
    row: int | None = None


TF2 = "import numpy as np\nimport tensorflow as tf\nfrom tensorflow import keras\nfrom tensorflow.keras import layers\n"
TF1 = "import numpy as np\nimport tensorflow as tf\nfrom tensorflow.examples.tutorials.mnist import input_data\n"
DIGITS = "digits = input_data.read_data_sets('data', one_hot=True)\n"
FEED = "x = tf.placeholder(tf.float32, [None, 784])\ny = tf.placeholder(tf.float32, [None, 10])\n"
SESSION = """session = tf.Session()
session.run(tf.global_variables_initializer())
for _ in range(500):
    a, b = digits.train.next_batch(50)
    session.run(step, {x: a, y: b})
"""
LOOP = """model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dropout(0.3), layers.Dense(1)])
optimizer, mse = keras.optimizers.Adam(1e-3), keras.losses.MeanSquaredError()
a = np.random.rand(640, 8).astype("float32")
b = a.sum(axis=1, keepdims=True)
rows = tf.data.Dataset.from_tensor_slices((a, b)).shuffle(640).batch(32)
"""
SERIES = """wave = np.sin(np.linspace(0, 300, 9000))
past = np.array([wave[i : i + 40] for i in range(8900)])[..., None]
following = np.array([wave[i + 40] for i in range(8900)])[:, None]
"""
FORECAST = (
    TF2
    + SERIES
    + """@@
model = keras.Sequential([first, layers.Dense(1)])
model.compile("adam", "mse")
model.fit(past, following, epochs=10)
"""
)

CASES: dict[str, Case] = {
    "a plain function called train_step": Case(
        "TRN520",
        "guess = model(x)",
        "guess = model(x, training=True)",
        TF2
        + LOOP
        + """@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        @@
        loss = mse(y, guess)
    weights = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
for epoch in range(9):
    for x, y in rows:
        train_step(x, y)
""",
    ),
    "the model is called in front of the tape": Case(
        "TRN520",
        "pass",
        "guess = model(x, training=True)",
        TF2
        + LOOP
        + """for epoch in range(9):
    for x, y in rows:
        guess = model(x, training=True)
        with tf.GradientTape() as tape:
            @@
            loss = mse(y, guess)
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
""",
        15,
    ),
    "gradients that nothing applies": Case(
        "TRN503",
        "print(epoch)",
        "optimizer.apply_gradients(zip(found, model.trainable_variables))",
        TF2
        + LOOP
        + """for epoch in range(9):
    for x, y in rows:
        with tf.GradientTape() as tape:
            loss = mse(y, model(x, training=True))
        found = tape.gradient(loss, model.trainable_variables)
        @@
""",
        14,
    ),
    "an optimizer for each step": Case(
        "TRN608",
        "optimizer = keras.optimizers.Adam(1e-3)",
        "pass",
        TF2
        + LOOP
        + """def update(x, y):
    global optimizer
    with tf.GradientTape() as tape:
        loss = mse(y, model(x, training=True))
    found = tape.gradient(loss, model.trainable_variables)
    @@
    optimizer.apply_gradients(zip(found, model.trainable_variables))
for _ in range(300):
    update(a, b)
""",
    ),
    "weights that start again in each pass": Case(
        "TRN515",
        "session.run(tf.global_variables_initializer())",
        "pass",
        TF1
        + DIGITS
        + FEED
        + """loss = tf.losses.softmax_cross_entropy(y, tf.layers.dense(x, 10))
step = tf.train.AdamOptimizer(0.01).minimize(loss)
session = tf.Session()
session.run(tf.global_variables_initializer())
for i in range(1000):
    a, b = digits.train.next_batch(100)
    @@
    session.run(step, {x: a, y: b})
""",
    ),
    "a relu that tf.contrib.slim puts on the logits": Case(
        "TRN304",
        "z = slim.fully_connected(h, 10)",
        "z = slim.fully_connected(h, 10, activation_fn=None)",
        TF1
        + "import tensorflow.contrib.slim as slim\n"
        + DIGITS
        + FEED
        + """h = slim.flatten(slim.max_pool2d(slim.conv2d(tf.reshape(x, [-1, 28, 28, 1]), 16, [5, 5]), [2, 2]))
@@
step = tf.train.AdamOptimizer(1e-3).minimize(tf.losses.softmax_cross_entropy(y, z))
"""
        + SESSION,
    ),
    "a softmax inside the model_fn of an Estimator": Case(
        "TRN302",
        "return tf.layers.dense(h, 10, activation=tf.nn.softmax)",
        "return tf.layers.dense(h, 10)",
        TF1
        + """def logits_of(h):
    @@
def model_fn(features, labels, mode):
    loss = tf.losses.sparse_softmax_cross_entropy(labels=labels, logits=logits_of(tf.layers.dense(features["x"], 64, tf.nn.relu)))
    step = tf.train.AdamOptimizer(1e-3).minimize(loss, global_step=tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=step)
tf.estimator.Estimator(model_fn=model_fn).train(input_fn=None, steps=2000)
""",
        7,
    ),
    "a counter that no step adds to": Case(
        "TRN610",
        "step = optimizer.minimize(loss)",
        "step = optimizer.minimize(loss, global_step=counter)",
        TF1
        + DIGITS
        + FEED
        + """loss = tf.losses.softmax_cross_entropy(y, tf.layers.dense(x, 10))
counter = tf.Variable(0, trainable=False)
rate = tf.train.exponential_decay(0.1, counter, 400, 0.9)
optimizer = tf.train.GradientDescentOptimizer(rate)
@@
"""
        + SESSION,
        9,
    ),
    "argmax down the batch": Case(
        "TRN709",
        "score = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 0), tf.argmax(y, 0)), tf.float32))",
        "score = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(z, 1), tf.argmax(y, 1)), tf.float32))",
        TF1
        + DIGITS
        + FEED
        + """z = tf.layers.dense(x, 10)
step = tf.train.AdamOptimizer(1e-3).minimize(tf.losses.softmax_cross_entropy(y, z))
@@
"""
        + SESSION,
    ),
    "one-hot columns of pandas for a single unit": Case(
        "TRN307",
        "labels = pd.get_dummies(table['left'])",
        "labels = table['left']",
        TF2
        + """import pandas as pd
from sklearn.preprocessing import StandardScaler
table = pd.read_csv("people.csv")
@@
model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(StandardScaler().fit_transform(table[["age", "income"]]), labels, epochs=50)
""",
        9,
    ),
    "batches that a Sequence cuts with slice": Case(
        "TRN305",
        "model.compile('adam', 'categorical_crossentropy')",
        "model.compile('adam', 'sparse_categorical_crossentropy')",
        TF2
        + """class Batches(keras.utils.Sequence):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y
    def __len__(self):
        return len(self.x) // 50
    def __getitem__(self, index):
        part = slice(50 * index, 50 * index + 50)
        return self.x[part], self.y[part]
(x, y), _ = keras.datasets.mnist.load_data()
model = keras.Sequential([layers.Flatten(input_shape=(28, 28)), layers.Dense(10, activation="softmax")])
@@
model.fit(Batches(x / 255.0, y), epochs=5)
""",
    ),
    "topics that exclude each other": Case(
        "TRN308",
        "out = layers.Dense(y.shape[1], activation='softmax')(h)",
        "out = layers.Dense(y.shape[1], activation='sigmoid')(h)",
        TF2
        + """import pandas as pd
from sklearn.preprocessing import MultiLabelBinarizer
table = pd.read_json("posts.json")
y = MultiLabelBinarizer().fit_transform(table["tags"])
x = np.load("vectors.npy")
inputs = keras.Input((300,))
h = layers.Dense(64, activation="relu")(inputs)
@@
model = keras.Model(inputs, out)
model.compile("adam", "binary_crossentropy")
model.fit(x, y, epochs=20)
""",
        14,
    ),
    "an embedding of -1": Case(
        "TRN219",
        "moves = np.random.randint(-1, 2, size=(900, 30))",
        "moves = np.random.randint(0, 3, size=(900, 30))",
        TF2
        + """@@
model = keras.Sequential([layers.Embedding(3, 8), layers.LSTM(16), layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(moves, np.random.randint(0, 2, 900), epochs=5)
""",
        6,
    ),
    "an embedding below the words of its Tokenizer": Case(
        "TRN219",
        "rows = 300",
        "rows = 4000",
        TF2
        + """from tensorflow.keras.preprocessing.text import Tokenizer
from tensorflow.keras.preprocessing.sequence import pad_sequences
texts, labels = np.load("texts.npy"), np.random.randint(0, 2, 500)
words = Tokenizer(num_words=4000)
words.fit_on_texts(texts)
x = pad_sequences(words.texts_to_sequences(texts), maxlen=50)
@@
model = keras.Sequential([layers.Embedding(rows, 8), layers.LSTM(16), layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(x, labels, epochs=5)
""",
        12,
    ),
    "numbers of words without an embedding": Case(
        "TRN204",
        "first = layers.Dense(16, activation='relu')",
        "first = layers.Embedding(5000, 16)",
        TF2
        + """@@
words = layers.TextVectorization(max_tokens=5000, output_sequence_length=80)
texts = keras.utils.text_dataset_from_directory("reviews", batch_size=32)
words.adapt(texts.map(lambda text, label: text))
model = keras.Sequential([first, layers.Flatten(), layers.Dense(1)])
model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
model.fit(texts.map(lambda text, label: (words(text), label)), epochs=5)
""",
        6,
    ),
    "a scaler that is fitted again for the forecast": Case(
        "TRN208",
        "later = scaler.fit_transform(pd.read_csv('later.csv')[['close']])",
        "later = scaler.transform(pd.read_csv('later.csv')[['close']])",
        TF2
        + """import pandas as pd
from sklearn.preprocessing import MinMaxScaler
scaler = MinMaxScaler()
known = scaler.fit_transform(pd.read_csv("known.csv")[["close"]])
x = np.array([known[i - 30 : i] for i in range(30, len(known))])
y = np.array([known[i, 0] for i in range(30, len(known))])
model = keras.Sequential([layers.LSTM(32, input_shape=(30, 1)), layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, epochs=40)
@@
model.predict(np.array([later[i - 30 : i] for i in range(30, len(later))]))
""",
        15,
    ),
    "one of two outputs": Case(
        "TRN303",
        "left = layers.Dense(1, activation='softmax', name='left')(h)",
        "left = layers.Dense(1, activation='sigmoid', name='left')(h)",
        TF2
        + """x, kinds = np.random.rand(600, 5), keras.utils.to_categorical(np.random.randint(0, 4, 600))
inputs = keras.Input((5,))
h = layers.Dense(16, activation="relu")(inputs)
kind = layers.Dense(4, activation="softmax", name="kind")(h)
@@
model = keras.Model(inputs, [kind, left])
model.compile("adam", {"kind": "categorical_crossentropy", "left": "binary_crossentropy"})
model.fit(x, {"kind": kinds, "left": np.random.randint(0, 2, 600)}, epochs=10)
""",
    ),
    "a rounded score as the loss": Case(
        "TRN316",
        "guess = tf.round(guess)",
        "guess = tf.clip_by_value(guess, 0.0, 1.0)",
        TF2
        + """def overlap(y, guess):
    @@
    both = tf.reduce_sum(y * guess)
    return 1 - 2 * both / (tf.reduce_sum(y) + tf.reduce_sum(guess) + 1e-7)
model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1, activation="sigmoid")])
model.compile("adam", overlap)
model.fit(np.random.rand(600, 5), np.random.randint(0, 2, (600, 1)).astype("float32"), epochs=10)
""",
    ),
    "whole numbers that a sigmoid cannot reach": Case(
        "TRN309",
        "last = layers.Dense(2, activation='sigmoid')",
        "last = layers.Dense(2)",
        TF2
        + """x = np.array([[1, 7], [2, 7], [4, 9], [3, 8]] * 20)
@@
model = keras.Sequential([layers.Dense(4, activation="tanh", input_shape=(2,)), last])
model.compile("adam", "mse")
model.fit(x, x, epochs=100)
""",
    ),
    "a layer whose output the next one does not take": Case(
        "TRN415",
        "h = layers.Dense(24, activation='relu')(inputs)",
        "h = layers.Dense(24, activation='relu')(h)",
        TF2
        + """inputs = keras.Input((5,))
h = layers.Dense(48, activation="relu")(inputs)
@@
model = keras.Model(inputs, layers.Dense(1)(h))
model.compile("adam", "mse")
model.fit(np.random.rand(600, 5), np.random.randn(600, 1), epochs=10)
""",
        6,
    ),
    "a softmax on the states of an LSTM": Case(
        "TRN418",
        "first = layers.LSTM(32, activation='softmax', input_shape=(40, 1))",
        "first = layers.LSTM(32, input_shape=(40, 1))",
        FORECAST,
    ),
    "all steps of a series for one number to come": Case(
        "TRN422",
        "first = layers.LSTM(32, return_sequences=True, input_shape=(40, 1))",
        "first = layers.LSTM(32, input_shape=(40, 1))",
        FORECAST,
    ),
    "a discriminator that the combined model trains too": Case(
        "TRN606",
        "pass",
        "judge.trainable = False",
        TF2
        + """(images, _), _ = keras.datasets.mnist.load_data()
images = images.reshape(-1, 784) / 127.5 - 1
judge = keras.Sequential([layers.Dense(64, activation="relu", input_shape=(784,)), layers.Dense(1, activation="sigmoid")])
judge.compile("adam", "binary_crossentropy")
maker = keras.Sequential([layers.Dense(64, activation="relu", input_shape=(20,)), layers.Dense(784, activation="tanh")])
@@
noise = keras.Input((20,))
both = keras.Model(noise, judge(maker(noise)))
both.compile("adam", "binary_crossentropy")
for _ in range(9000):
    z = np.random.normal(size=(50, 20))
    judge.train_on_batch(images[np.random.randint(0, 60000, 50)], np.ones((50, 1)))
    judge.train_on_batch(maker.predict(z), np.zeros((50, 1)))
    both.train_on_batch(z, np.ones((50, 1)))
""",
        13,
    ),
    "a score of rows that were cut from the training data": Case(
        "TRN702",
        "model.fit(x, y, epochs=10)",
        "model.fit(x_train, y_train, epochs=10)",
        TF2
        + """from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
x, y = load_digits(return_X_y=True)
x = x / 16.0
x_train, x_test, y_train, y_test = train_test_split(x, y)
model = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
@@
print(model.evaluate(x_test, y_test))
""",
        13,
    ),
    "logits in a model that a tuner builds": Case(
        "TRN301",
        "out = layers.Dense(10)",
        "out = layers.Dense(10, activation='softmax')",
        TF2
        + """import keras_tuner as kt
(x, y), _ = keras.datasets.fashion_mnist.load_data()
def build(settings):
    @@
    hidden = layers.Dense(settings.Int("units", 16, 256, step=16), activation="relu")
    model = keras.Sequential([layers.Flatten(input_shape=(28, 28)), hidden, out])
    rate = settings.Choice("rate", [1e-2, 1e-3])
    model.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
    return model
tuner = kt.RandomSearch(build, objective="val_accuracy", max_trials=9)
tuner.search(x / 255.0, y, epochs=5, validation_split=0.2)
""",
        12,
    ),
    "a data set without batches": Case(
        "TRN601",
        "data = data.shuffle(600)",
        "data = data.shuffle(600).batch(32)",
        TF2
        + """data = tf.data.Dataset.from_tensor_slices((np.random.rand(600, 5), np.random.randint(0, 2, 600)))
@@
model = keras.Sequential([layers.Dense(16, activation="relu", input_shape=(5,)), layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy")
model.fit(data, epochs=10)
""",
        9,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_fault_is_found_at_its_line(name: str) -> None:
    case = CASES[name]
    row = case.row or case.script[: case.script.index("@@")].count("\n") + 1
    found = [(one.code, one.span.row) for one in findings(case.script.replace("@@", case.faulty), case.code)]
    assert (case.code, row) in found


@pytest.mark.parametrize("name", CASES)
def test_the_repaired_script_is_left_alone(name: str) -> None:
    case = CASES[name]
    assert case.code not in {one.code for one in findings(case.script.replace("@@", case.right), case.code)}


SILENT: dict[str, tuple[str, str]] = {
    "parts of one permutation": (
        "TRN212",
        TF2
        + """x, y = np.load("x.npy"), np.load("y.npy")
model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(1)])
model.compile("adam", "mse")
for epoch in range(20):
    order = np.random.permutation(len(x))
    for i in range(0, len(order), 32):
        model.train_on_batch(x[order[i : i + 32]], y[order[i : i + 32]])
""",
    ),
    "rows of a table of one-hot columns": (
        "TRN308",
        TF2
        + """import pandas as pd
from sklearn.model_selection import train_test_split
table = pd.read_csv("posts.csv")
kinds = pd.get_dummies(table["kind"]).values
x, _, y, _ = train_test_split(np.load("x.npy"), kinds)
model = keras.Sequential([layers.Dense(16, activation="relu"), layers.Dense(3, activation="softmax")])
model.compile("adam", "categorical_crossentropy")
model.fit(x, y, epochs=20)
""",
    ),
    "a row of outputs against as many targets": (
        "TRN314",
        TF1
        + """x, y = tf.placeholder(tf.float32, [8]), tf.placeholder(tf.float32, [8])
out = tf.layers.dense(tf.layers.dense(tf.reshape(x, [1, 8]), 16, tf.nn.tanh), 8)
step = tf.train.AdamOptimizer(1e-3).minimize(tf.reduce_mean(tf.square(out - y)))
session = tf.Session()
session.run(tf.global_variables_initializer())
for _ in range(500):
    session.run(step, {x: np.random.rand(8), y: np.random.rand(8)})
""",
    ),
    "lists of points that are padded": (
        "TRN406",
        TF2
        + """from tensorflow.keras.preprocessing.sequence import pad_sequences
paths = np.load("paths.npy", allow_pickle=True)
x = pad_sequences([path[:-1] for path in paths], maxlen=30, dtype="float32")
model = keras.Sequential([layers.Masking(0.0, input_shape=(30, 2)), layers.LSTM(16), layers.Dense(2)])
model.compile("adam", "mse")
model.fit(x, np.array([path[-1] for path in paths]), epochs=20)
""",
    ),
}


@pytest.mark.parametrize("name", SILENT)
def test_what_only_looks_faulty_is_left_alone(name: str) -> None:
    code, script = SILENT[name]
    assert code not in {one.code for one in findings(script, code)}


def test_tensorflow_1_takes_probabilities_for_logits() -> None:
    """No layer of Keras is there to recover the logits: the loss really applies its softmax a second time."""
    case = CASES["a softmax inside the model_fn of an Estimator"]
    found = findings(case.script.replace("@@", case.faulty), case.code)
    assert any("applies softmax again" in one.message for one in found)
