"""How people write Keras: small scripts in the common idioms, with the facts that must be read from them.

What a row expects was worked out by hand from the documentation of Keras (defaults, what a generator yields, how rows are kept).
A fact that a row does not name is not looked at; `UNKNOWN` says that it must not be guessed.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.interpret.helpers import follow
from trainlint.core import Fact
from trainlint.facts.extract import extract
from trainlint.facts.run import TrainingRun

UNKNOWN = "?"

HEAD = """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.models import Sequential, Model
from tensorflow.keras.layers import Dense, Conv2D, Flatten, Dropout, Activation, Input
from tensorflow.keras.preprocessing.image import ImageDataGenerator
"""

TABLE = "x = np.random.random((1000, 8))\ny = np.random.randint(2, size=(1000, 1))\n"
MNIST = "(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()\n"
ONE = "model = Sequential([Dense(16, activation='relu'), Dense(1, activation='sigmoid')])\n"
TEN = "model = Sequential([Flatten(), Dense(10, activation='softmax')])\n"
CONV = """model = Sequential([Conv2D(8, 3, activation='relu', input_shape=(150, 150, 3)), Flatten(), Dense(1, activation='sigmoid')])
model.compile(loss='binary_crossentropy', optimizer='rmsprop')
"""
COMPILE_ONE = "model.compile(optimizer='adam', loss='binary_crossentropy')\n"
COMPILE_TEN = "model.compile(optimizer='adam', loss='sparse_categorical_crossentropy')\n"
FIT = "model.fit(x, y, epochs=3)\n"

IDIOMS: dict[str, tuple[str, dict[str, Any]]] = {
    # optimizers and rates
    "a string gives the library's default rate": (
        TABLE + ONE + "model.compile('rmsprop', 'binary_crossentropy')\n" + FIT,
        {"optimizer": "rmsprop", "lr": 0.001, "origin": "default", "loss": "binary_crossentropy", "activation": "sigmoid"},
    ),
    "lr and decay as Keras 2 spelled them": (
        TABLE + ONE + "opt = keras.optimizers.SGD(lr=0.05, decay=1e-6, momentum=0.9, nesterov=True)\n"
        "model.compile(loss='mse', optimizer=opt)\n" + FIT,
        {"optimizer": "sgd", "lr": 0.05, "origin": "literal", "momentum": 0.9, "loss": "mean_squared_error"},
    ),
    "the legacy name space": (
        TABLE + ONE + "model.compile(tf.keras.optimizers.legacy.Adam(learning_rate=3e-4), 'mse')\n" + FIT,
        {"optimizer": "adam", "lr": 3e-4},
    ),
    "an argument of the command line": (
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--lr', type=float, default=0.02)\n"
        "parser.add_argument('--epochs', type=int, default=7)\nargs = parser.parse_args()\n"
        + TABLE
        + ONE
        + "model.compile(keras.optimizers.SGD(args.lr), 'mse')\nmodel.fit(x, y, epochs=args.epochs)\n",
        {"lr": 0.02, "origin": "argument-default", "epochs": 7},
    ),
    "the environment": (
        "import os\nlr = float(os.environ['LR'])\n" + TABLE + ONE + "model.compile(keras.optimizers.SGD(lr), 'mse')\n" + FIT,
        {"optimizer": "sgd", "lr": UNKNOWN, "lr_why": "os.environ['LR']"},
    ),
    "the environment with a default": (
        "import os\nlr = float(os.environ.get('LR', '0.01'))\n"
        + TABLE
        + ONE
        + "model.compile(keras.optimizers.SGD(lr), 'mse')\n"
        + FIT,
        {"lr": 0.01},
    ),
    "a dictionary of settings": (
        "config = {'opt': {'lr': 0.003}, 'batch_size': 50, 'epochs': 4}\n"
        + TABLE
        + ONE
        + "model.compile(keras.optimizers.Adam(**{'learning_rate': config['opt']['lr']}), 'mse')\n"
        "model.fit(x, y, batch_size=config['batch_size'], epochs=config['epochs'])\n",
        {"lr": 0.003, "batch": 50, "epochs": 4, "steps": 20},
    ),
    "a schedule as the rate": (
        TABLE + ONE + "s = keras.optimizers.schedules.ExponentialDecay(0.1, 1000, 0.96)\n"
        "model.compile(keras.optimizers.SGD(s), 'mse')\n" + FIT,
        {"lr": 0.1, "origin": "schedule", "schedule": "exponential_decay"},
    ),
    "keras.optimizers.get": (
        TABLE + ONE + "model.compile(keras.optimizers.get('nadam'), 'mse')\n" + FIT,
        {"optimizer": "nadam", "lr": 0.001, "origin": "default"},
    ),
    "the rate assigned after compile": (
        TABLE + ONE + "model.compile('sgd', 'mse')\nmodel.optimizer.learning_rate = 0.5\n" + FIT,
        {"optimizer": "sgd", "lr": 0.5},
    ),
    # where the model is made
    "a function that builds and compiles": (
        TABLE + "def build(units, lr=0.004):\n    m = Sequential()\n    m.add(Dense(units, input_dim=8))\n"
        "    m.add(Activation('relu'))\n    m.add(Dense(1))\n    m.add(Activation('sigmoid'))\n"
        "    m.compile(optimizer=keras.optimizers.Adam(lr), loss='binary_crossentropy')\n    return m\n"
        "model = build(32)\n" + FIT,
        {"lr": 0.004, "activation": "sigmoid", "parameters": 8 * 32 + 32 + 33, "batch": 32, "steps": 32},
    ),
    "the functional form": (
        TABLE + "inputs = Input(shape=(8,))\nh = Dense(4, activation='tanh')(inputs)\nh = Dropout(0.5)(h)\n"
        "outputs = Dense(1)(h)\nmodel = Model(inputs=inputs, outputs=outputs)\nmodel.compile('adam', 'mae')\n" + FIT,
        {"loss": "mean_absolute_error", "activation": "linear", "parameters": 36 + 5},
    ),
    "a subclass with call": (
        TABLE + "class Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.hidden = Dense(4, activation='relu')\n        self.out = Dense(1, activation='sigmoid')\n"
        "    def call(self, x):\n        return self.out(self.hidden(x))\nmodel = Net()\n" + COMPILE_ONE + FIT,
        {"activation": "sigmoid", "parameters": 36 + 5},
    ),
    "layers in a loop": (
        TABLE + "model = Sequential()\nfor units in (16, 8):\n    model.add(Dense(units, activation='relu'))\n"
        "model.add(Dense(1))\nmodel.compile('sgd', 'mse')\n" + FIT,
        {"activation": "linear", "parameters": 8 * 16 + 16 + 16 * 8 + 8 + 9, "lr": 0.01},
    ),
    "a class of the script around the model": (
        TABLE + "class Trainer:\n    def __init__(self, lr):\n        self.lr = lr\n        self.model = self.build()\n"
        "    def build(self):\n        m = Sequential([Dense(1, activation='sigmoid', input_shape=(8,))])\n"
        "        m.compile(loss='binary_crossentropy', optimizer=keras.optimizers.RMSprop(self.lr))\n        return m\n"
        "    def train(self, x, y):\n        self.model.fit(x, y, batch_size=10, epochs=2)\n"
        "Trainer(0.02).train(x, y)\n",
        {"optimizer": "rmsprop", "lr": 0.02, "batch": 10, "steps": 100},
    ),
    "a model with a loss object on logits": (
        MNIST + "model = Sequential([Flatten(), Dense(10)])\n"
        "model.compile('adam', loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))\n" + FIT,
        {"loss": "sparse_categorical_crossentropy", "from_logits": True, "activation": "linear"},
    ),
    # arrays
    "mnist as it is": (
        MNIST + TEN + COMPILE_TEN + FIT,
        {"scale": "byte", "labels": "int", "classes": 10, "batch": 32, "steps": 1875, "shape": (60000, 28, 28)},
    ),
    "mnist divided in place": (
        MNIST + "x = x.reshape(60000, 784).astype('float32')\nx /= 255\ny = keras.utils.to_categorical(y, 10)\n"
        "model = Sequential([Dense(10, activation='softmax', input_shape=(784,))])\n"
        "model.compile('adam', 'categorical_crossentropy')\n" + FIT,
        {"scale": "unit", "labels": "onehot", "classes": 10, "shape": (60000, 784)},
    ),
    "both parts divided in one line": (
        MNIST + "x, x_test = x / 255.0, x_test / 255.0\n" + TEN + COMPILE_TEN + FIT,
        {"scale": "unit", "labels": "int"},
    ),
    "images with a channel axis": (
        MNIST + "x = np.expand_dims(x, -1).astype('float32') / 255\nx = x[..., np.newaxis] if x.ndim == 3 else x\n"
        "model = Sequential([Conv2D(4, 3), Flatten(), Dense(10, activation='softmax')])\n" + COMPILE_TEN + FIT,
        {"scale": "unit", "shape": (60000, 28, 28, 1)},
    ),
    "pixels from -1 to 1": (
        MNIST + "x = (x.astype('float32') - 127.5) / 127.5\n" + TEN + COMPILE_TEN + FIT,
        {"scale": "unit", "low": -1.0, "high": 1.0},
    ),
    "a Rescaling layer": (
        MNIST
        + "model = Sequential([layers.Rescaling(1.0 / 255), Flatten(), Dense(10, activation='softmax')])\n"
        + COMPILE_TEN
        + FIT,
        {"scale": "byte", "output_shape": (60000, 10)},
    ),
    "a function that prepares": (
        "def load():\n    (a, b), _ = keras.datasets.cifar10.load_data()\n    a = a.astype('float32') / 255\n"
        "    return a, keras.utils.to_categorical(b)\nx, y = load()\n"
        + TEN
        + "model.compile('adam', 'categorical_crossentropy')\n"
        + FIT,
        {"scale": "unit", "shape": (50000, 32, 32, 3), "labels": "onehot", "classes": 10},
    ),
    "train_test_split and a StandardScaler": (
        "from sklearn.datasets import load_breast_cancer\nfrom sklearn.model_selection import train_test_split\n"
        "from sklearn.preprocessing import StandardScaler\ndata = load_breast_cancer()\n"
        "a, b, c, d = train_test_split(data.data, data.target, test_size=0.2)\nscaler = StandardScaler()\n"
        "x = scaler.fit_transform(a)\nb = scaler.transform(b)\ny = c\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "standardized", "shape": (455, 30), "labels": "binary", "steps": 15},
    ),
    "a data frame": (
        "import pandas as pd\ndf = pd.read_csv('data.csv')\nx = df.drop('target', axis=1).values\ny = df['target'].values\n"
        + ONE
        + COMPILE_ONE
        + FIT,
        {"scale": "unknown", "labels": "unknown", "batch": 32, "steps": UNKNOWN},
    ),
    "a data frame through MinMaxScaler": (
        "import pandas as pd\nfrom sklearn.preprocessing import MinMaxScaler\ndf = pd.read_csv('data.csv')\n"
        "x = MinMaxScaler().fit_transform(df.iloc[:, :-1])\ny = df.iloc[:, -1]\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "unit", "labels": "unknown"},
    ),
    "standardized by hand": (
        "import pandas as pd\ndata = pd.read_csv('data.csv').values\nx, y = data[:, :8], data[:, 8]\n"
        "x = (x - x.mean(axis=0)) / x.std(axis=0)\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "standardized"},
    ),
    "numbers from a text file": (
        "d = np.loadtxt('pima.csv', delimiter=',')\nx = d[:, 0:8]\ny = d[:, 8]\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "unknown", "batch": 32, "steps": UNKNOWN, "labels": "unknown"},
    ),
    "literal numbers": (
        "x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])\ny = np.array([0, 1, 1, 0])\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "unit", "labels": "binary", "steps": 1, "known": "exact"},
    ),
    "validation_split keeps the first rows": (
        TABLE + ONE + COMPILE_ONE + "model.fit(x, y, validation_split=0.3, batch_size=100)\n",
        {"steps": 7, "epochs": 1, "batch": 100, "labels": "binary"},
    ),
    "token numbers": (
        "(x, y), _ = keras.datasets.imdb.load_data(num_words=1000)\n"
        "x = keras.preprocessing.sequence.pad_sequences(x, maxlen=80)\n"
        "model = Sequential([layers.Embedding(1000, 8), layers.LSTM(8), Dense(1, activation='sigmoid')])\n" + COMPILE_ONE + FIT,
        {"shape": (25000, 80), "labels": "binary", "steps": 782},
    ),
    "images read one by one": (
        "import cv2, os\nx, y = [], []\nfor name in os.listdir('images'):\n"
        "    img = cv2.imread('images/' + name)\n    img = cv2.resize(img, (64, 64))\n    x.append(img)\n    y.append(0)\n"
        "x = np.array(x)\ny = np.array(y)\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "byte", "shape": (None, 64, 64, 3)},
    ),
    "images read one by one and divided": (
        "import cv2, glob\nx = []\nfor name in glob.glob('*.png'):\n    x.append(cv2.resize(cv2.imread(name), (32, 32)))\n"
        "x = np.array(x, dtype='float') / 255.0\ny = np.load('y.npy')\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "unit", "shape": (None, 32, 32, 3)},
    ),
    "images loaded by Keras": (
        "import glob\nfrom tensorflow.keras.preprocessing.image import load_img, img_to_array\n"
        "x = np.array([img_to_array(load_img(n, target_size=(96, 96))) for n in glob.glob('*.jpg')])\ny = np.load('y.npy')\n"
        + ONE
        + COMPILE_ONE
        + FIT,
        {"scale": "byte", "shape": (None, 96, 96, 3)},
    ),
    "rows written into zeros": (
        "import cv2, glob\nfiles = glob.glob('*.png')\nx = np.zeros((len(files), 64, 64, 3))\n"
        "for i, name in enumerate(files):\n    x[i] = cv2.imread(name)\ny = np.load('y.npy')\n" + ONE + COMPILE_ONE + FIT,
        {"scale": "byte", "shape": (None, 64, 64, 3)},
    ),
    # generators
    "flow_from_directory, rescaled": (
        "gen = ImageDataGenerator(rescale=1.0 / 255, shear_range=0.2)\n"
        "train = gen.flow_from_directory('train', target_size=(150, 150), batch_size=20, class_mode='binary')\n"
        + CONV
        + "model.fit_generator(train, steps_per_epoch=100, epochs=30)\n",
        {"scale": "unit", "batch": 20, "steps": 100, "epochs": 30, "shape": (None, 150, 150, 3), "labels": "binary"},
    ),
    "flow_from_directory as it is": (
        "train = ImageDataGenerator().flow_from_directory('train', (150, 150), class_mode='binary')\n"
        + CONV
        + "model.fit(train, epochs=2)\n",
        {"scale": "byte", "batch": 32, "steps": UNKNOWN},
    ),
    "flow_from_directory through a script's preprocessing": (
        "def prepare(image):\n    return image / 127.5 - 1\n"
        "train = ImageDataGenerator(preprocessing_function=prepare).flow_from_directory('train', (150, 150), class_mode='binary')\n"
        + CONV
        + "model.fit(train, epochs=2)\n",
        {"scale": "unit", "low": -1.0, "high": 1.0},
    ),
    "the default class_mode is one-hot": (
        "train = ImageDataGenerator(rescale=1/255.).flow_from_directory('train', target_size=(150, 150))\n"
        + CONV
        + "model.fit(train, epochs=2)\n",
        {"labels": "onehot", "scale": "unit"},
    ),
    "flow over arrays": (
        "(x, y), _ = keras.datasets.cifar10.load_data()\nx = x.astype('float32') / 255\ny = keras.utils.to_categorical(y, 10)\n"
        "gen = ImageDataGenerator(width_shift_range=0.1, horizontal_flip=True)\ngen.fit(x)\n"
        + TEN
        + "model.compile('adam', 'categorical_crossentropy')\nmodel.fit_generator(gen.flow(x, y, batch_size=64), epochs=5)\n",
        {"scale": "unit", "batch": 64, "steps": 782, "epochs": 5, "labels": "onehot", "shape": (50000, 32, 32, 3)},
    ),
    "a generator function": (
        "def batches(size):\n    while True:\n        yield np.random.random((size, 8)), np.random.randint(2, size=(size, 1))\n"
        + ONE
        + COMPILE_ONE
        + "model.fit(batches(16), steps_per_epoch=40, epochs=3)\n",
        {"steps": 40, "batch": 16, "scale": "unit"},
    ),
    "a Sequence of the script": (
        "class Batches(keras.utils.Sequence):\n    def __init__(self, x, y, size):\n        self.x, self.y, self.size = x, y, size\n"
        "    def __len__(self):\n        return len(self.x) // self.size\n    def __getitem__(self, i):\n"
        "        part = slice(i * self.size, (i + 1) * self.size)\n        return self.x[part] / 255.0, self.y[part]\n"
        + MNIST
        + TEN
        + COMPILE_TEN
        + "model.fit(Batches(x, y, 100), epochs=4)\n",
        {"scale": "unit", "labels": "int", "epochs": 4},
    ),
    # data sets
    "image_dataset_from_directory": (
        "train = keras.utils.image_dataset_from_directory('train', image_size=(150, 150), batch_size=16)\n"
        + CONV
        + "model.fit(train, epochs=2)\n",
        {"scale": "byte", "batch": 16, "shape": (None, 150, 150, 3), "steps": UNKNOWN},
    ),
    "image_dataset_from_directory with a scaling map": (
        "train = tf.keras.preprocessing.image_dataset_from_directory('train', image_size=(150, 150))\n"
        "train = train.map(lambda a, b: (a / 255.0, b)).cache().prefetch(tf.data.AUTOTUNE)\n" + CONV + "model.fit(train)\n",
        {"scale": "unit", "batch": 32},
    ),
    "a Normalization map over a data set": (
        "train = keras.utils.image_dataset_from_directory('train', image_size=(150, 150))\nscale = layers.Rescaling(1.0 / 255)\n"
        "train = train.map(lambda a, b: (scale(a), b))\n" + CONV + "model.fit(train)\n",
        {"scale": "unit", "batch": 32},
    ),
    "tf.data from arrays": (
        MNIST
        + "train = tf.data.Dataset.from_tensor_slices((x / 255.0, y)).shuffle(1000).batch(50)\n"
        + TEN
        + COMPILE_TEN
        + "model.fit(train, epochs=5)\n",
        {"scale": "unit", "batch": 50, "steps": 1200, "labels": "int", "classes": 10},
    ),
    "tf.data with a map of the script": (
        MNIST + "def prepare(image, label):\n    return tf.cast(image, tf.float32) / 255.0, label\n"
        "train = tf.data.Dataset.from_tensor_slices((x, y)).map(prepare, num_parallel_calls=4).batch(64).prefetch(1)\n"
        + TEN
        + COMPILE_TEN
        + "model.fit(train, epochs=5)\n",
        {"scale": "unit", "batch": 64, "steps": 938, "labels": "int"},
    ),
    "tf.data as it is": (
        MNIST + "train = tf.data.Dataset.from_tensor_slices((x, y)).batch(64)\n" + TEN + COMPILE_TEN + "model.fit(train)\n",
        {"scale": "byte", "batch": 64, "steps": 938},
    ),
    "tf.data of unknown files": (
        "train = tf.data.TFRecordDataset(['a.tfrecord']).map(lambda r: tf.io.parse_single_example(r, {})).batch(8)\n"
        + ONE
        + COMPILE_ONE
        + "model.fit(train, epochs=3)\n",
        {"scale": "unknown", "batch": 8, "steps": UNKNOWN, "epochs": 3},
    ),
    # loops by hand
    "a loop over tf.data with a tape": (
        MNIST + "x = x.reshape(-1, 784).astype('float32') / 255\n"
        "train = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1024).batch(64)\n"
        "model = Sequential([Dense(10, input_shape=(784,))])\nopt = keras.optimizers.SGD(0.01)\n"
        "loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)\nfor epoch in range(3):\n"
        "    for step, (a, b) in enumerate(train):\n        with tf.GradientTape() as tape:\n"
        "            loss = loss_fn(b, model(a, training=True))\n        g = tape.gradient(loss, model.trainable_weights)\n"
        "        opt.apply_gradients(zip(g, model.trainable_weights))\n",
        {"optimizer": "sgd", "lr": 0.01, "scale": "unit", "batch": 64, "epochs": 3, "steps": 938, "labels": "int"},
    ),
    "train_on_batch with rows picked at random": (
        TABLE + ONE + COMPILE_ONE + "for i in range(500):\n    rows = np.random.randint(0, 1000, 25)\n"
        "    model.train_on_batch(x[rows], y[rows])\n",
        {"batch": 25, "scale": "unit"},
    ),
    "cross-validation": (
        "from sklearn.model_selection import KFold\n"
        + TABLE
        + "for train, test in KFold(5).split(x):\n    model = Sequential([Dense(1, input_dim=8)])\n"
        "    model.compile('sgd', 'mse')\n    model.fit(x[train], y[train], epochs=2, batch_size=5)\n",
        {"optimizer": "sgd", "epochs": 2, "batch": 5, "scale": "unit", "labels": "binary"},
    ),
}


def _value(fact: object) -> object:
    return fact.value if isinstance(fact, Fact) else UNKNOWN


def facts(run: TrainingRun) -> dict[str, Any]:
    """What the table may ask of a run, under the names it uses."""
    optimizer, model = run.optimizer, run.model
    rate = getattr(optimizer, "learning_rate", None)
    return {
        "optimizer": getattr(optimizer, "name", UNKNOWN),
        "lr": _value(rate),
        "lr_why": getattr(rate, "reason", ""),
        "origin": rate.origin.value if isinstance(rate, Fact) else UNKNOWN,
        "momentum": _value(getattr(optimizer, "momentum", None)),
        "schedule": getattr(run.schedule, "name", None),
        "loss": getattr(run.loss, "name", UNKNOWN),
        "from_logits": getattr(run.loss, "from_logits", None),
        "activation": getattr(model, "output_activation", UNKNOWN),
        "parameters": getattr(model, "parameters", UNKNOWN),
        "output_shape": getattr(getattr(model, "output", None), "shape", UNKNOWN),
        "batch": _value(run.batch_size),
        "epochs": _value(run.epochs),
        "steps": _value(run.steps_per_epoch),
        "scale": run.inputs.scale,
        "low": run.inputs.low,
        "high": run.inputs.high,
        "known": run.inputs.known,
        "shape": run.inputs.shape,
        "labels": run.targets.labels,
        "classes": run.targets.classes,
    }


@pytest.mark.parametrize("name", IDIOMS)
def test_idiom(name: str) -> None:
    text, expected = IDIOMS[name]
    runs = extract(follow(HEAD + text)).runs
    assert len(runs) == 1
    found = facts(runs[0])
    wrong = {
        key: (found[key], value) for key, value in expected.items() if key != "lr_why" and found[key] != pytest.approx(value)
    }
    assert not wrong
    assert expected.get("lr_why", "") in found["lr_why"]


def runs_of(text: str) -> tuple[TrainingRun, ...]:
    return extract(follow(HEAD + text)).runs


def test_models_built_on_branches_are_runs_of_their_own() -> None:
    found = runs_of(
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('kind')\nkind = parser.parse_args().kind\n"
        "def small():\n    m = Sequential([Dense(1, input_shape=(8,))])\n    m.compile('sgd', 'mse')\n    return m\n"
        "def large():\n    m = Sequential([Dense(9, input_shape=(8,)), Dense(1)])\n    m.compile('adam', 'mae')\n    return m\n"
        "if kind == 'small':\n    model = small()\nelse:\n    model = large()\n" + TABLE + FIT
    )
    named = {(facts(run)["optimizer"], facts(run)["loss"], facts(run)["parameters"]) for run in found}
    assert named == {("sgd", "mean_squared_error", 9), ("adam", "mean_absolute_error", 8 * 9 + 9 + 10)}


def test_two_optimizers_of_one_train_step_are_two_runs() -> None:
    found = runs_of(
        "class GAN(keras.Model):\n    def __init__(self, d, g):\n        super().__init__()\n        self.d, self.g = d, g\n"
        "    def compile(self, d_optimizer, g_optimizer, loss_fn):\n        super().compile()\n"
        "        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn\n"
        "    def train_step(self, real):\n        noise = tf.random.normal((64, 16))\n"
        "        with tf.GradientTape() as tape:\n            loss = self.loss_fn(tf.ones((64, 1)), self.d(real))\n"
        "        grads = tape.gradient(loss, self.d.trainable_weights)\n"
        "        self.d_optimizer.apply_gradients(zip(grads, self.d.trainable_weights))\n"
        "        with tf.GradientTape() as tape:\n            loss = self.loss_fn(tf.zeros((64, 1)), self.d(self.g(noise)))\n"
        "        grads = tape.gradient(loss, self.g.trainable_weights)\n"
        "        self.g_optimizer.apply_gradients(zip(grads, self.g.trainable_weights))\n        return {}\n"
        "gan = GAN(Sequential([Dense(1, input_shape=(32,))]), Sequential([Dense(32, input_shape=(16,))]))\n"
        "gan.compile(keras.optimizers.Adam(1e-4), keras.optimizers.RMSprop(2e-4), keras.losses.BinaryCrossentropy(from_logits=True))\n"
        "gan.fit(np.random.random((640, 32)), epochs=5, batch_size=64)\n"
    )
    assert [(facts(run)["optimizer"], facts(run)["lr"]) for run in found] == [("adam", 1e-4), ("rmsprop", 2e-4)]
    assert {facts(run)["loss"] for run in found} == {"binary_crossentropy"}


def test_a_list_that_a_loop_fills_has_no_known_length() -> None:
    (run,) = runs_of(
        "import glob\nx, y = [], []\nfor name in glob.glob('*.npy'):\n    x.append(np.load(name))\n    y.append(1)\n"
        + ONE
        + COMPILE_ONE
        + "model.fit(np.array(x), np.array(y), batch_size=len(x))\n"
    )
    found = facts(run)
    assert (found["batch"], found["steps"], found["scale"]) == (UNKNOWN, UNKNOWN, "unknown")
