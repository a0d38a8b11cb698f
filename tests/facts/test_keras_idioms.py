"""How people write Keras: optimizers, rates, losses, and where the model is made and compiled."""

from __future__ import annotations

import pytest

from tests.facts.keras_idioms import COMPILE_ONE, FIT, MNIST, ONE, TABLE, UNKNOWN, Idioms, check, facts, runs_of

IDIOMS: Idioms = {
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
}


@pytest.mark.parametrize("name", IDIOMS)
def test_idiom(name: str) -> None:
    text, expected = IDIOMS[name]
    check(runs_of(text), expected)


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
