"""How training is driven around Keras: tapes, steps, batches by hand, graphs of TensorFlow 1, JAX, wrappers."""

from __future__ import annotations

import pytest

from tests.facts.keras_idioms import COMPILE_ONE, MNIST, ONE, TABLE, Idioms, check, runs_of

IDIOMS: Idioms = {
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
    "a step in a tf.function": (
        MNIST + "x = x.reshape(-1, 784).astype('float32') / 255\n"
        "data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1024).batch(100)\nmodel = Sequential([Dense(10)])\n"
        "optimizer = keras.optimizers.Adam(learning_rate=3e-4)\nloss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)\n"
        "@tf.function\ndef train_step(images, labels):\n    with tf.GradientTape() as tape:\n"
        "        logits = model(images, training=True)\n        loss = loss_fn(labels, logits)\n"
        "    grads = tape.gradient(loss, model.trainable_variables)\n"
        "    optimizer.apply_gradients(zip(grads, model.trainable_variables))\n    return loss\n"
        "for epoch in range(4):\n    for images, labels in data:\n        train_step(images, labels)\n",
        {
            "optimizer": "adam",
            "lr": 3e-4,
            "loss": "sparse_categorical_crossentropy",
            "from_logits": True,
            "batch": 100,
            "epochs": 4,
            "steps": 600,
            "scale": "unit",
            "activation": "linear",
            "labels": "int",
        },
    ),
    "a step that a strategy runs": (
        TABLE + "strategy = tf.distribute.MirroredStrategy()\n"
        "data = strategy.experimental_distribute_dataset(tf.data.Dataset.from_tensor_slices((x, y)).batch(50))\n"
        "with strategy.scope():\n    model = Sequential([Dense(1)])\n    optimizer = keras.optimizers.SGD(0.1)\n"
        "def step(inputs):\n    a, b = inputs\n    with tf.GradientTape() as tape:\n"
        "        loss = tf.nn.compute_average_loss(keras.losses.mse(b, model(a)), global_batch_size=50)\n"
        "    grads = tape.gradient(loss, model.trainable_variables)\n"
        "    optimizer.apply_gradients(zip(grads, model.trainable_variables))\n    return loss\n"
        "for epoch in range(3):\n    for batch in data:\n        strategy.run(step, args=(batch,))\n",
        {"optimizer": "sgd", "lr": 0.1, "loss": "mean_squared_error", "batch": 50, "epochs": 3, "steps": 20, "parameters": 9},
    ),
    "minimize with a function": (
        TABLE + "w = tf.Variable(tf.zeros([8, 1]))\noptimizer = keras.optimizers.SGD(0.2)\n"
        "loss = lambda: tf.reduce_mean(tf.square(tf.matmul(tf.cast(x, tf.float32), w) - y))\n"
        "for i in range(100):\n    optimizer.minimize(loss, var_list=[w])\n",
        {"optimizer": "sgd", "lr": 0.2, "loss": "mean_squared_error", "epochs": 100, "steps": 1},
    ),
    "weights updated by hand": (
        (
            "x = np.array([1., 2., 3.])\ny = np.array([2., 4., 6.])\nw = tf.Variable(0.0)\nfor i in range(50):\n"
            "    with tf.GradientTape() as tape:\n        loss = tf.reduce_mean((w * x - y) ** 2)\n"
            "    w.assign_sub(0.05 * tape.gradient(loss, w))\n"
        ),
        {"optimizer": "sgd", "lr": 0.05, "loss": "mean_squared_error", "epochs": 50, "known": "exact"},
    ),
    "a train_step of one's own": (
        TABLE + "class Net(keras.Model):\n    def train_step(self, data):\n        a, b = data\n"
        "        with tf.GradientTape() as tape:\n            out = self(a, training=True)\n"
        "            loss = self.compiled_loss(b, out)\n"
        "        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables))\n"
        "        return {'loss': loss}\ni = Input((8,))\nmodel = Net(i, Dense(1)(i))\nmodel.compile('adam', 'mae')\n"
        "model.fit(x, y, epochs=3)\n",
        {"optimizer": "adam", "lr": 0.001, "loss": "mean_absolute_error", "epochs": 3, "steps": 32, "parameters": 9},
    ),
    "a train_step for JAX": (
        "import jax\n" + TABLE + "class Net(keras.Model):\n    def compute(self, weights, others, a, b, training=False):\n"
        "        out, others = self.stateless_call(weights, others, a, training=training)\n"
        "        return keras.losses.MeanSquaredError()(b, out), (out, others)\n    def train_step(self, state, data):\n"
        "        weights, others, slots, metrics = state\n        a, b = data\n"
        "        gradient = jax.value_and_grad(self.compute, has_aux=True)\n"
        "        (loss, (out, others)), grads = gradient(weights, others, a, b, training=True)\n"
        "        weights, slots = self.optimizer.stateless_apply(slots, grads, weights)\n"
        "        return {'loss': loss}, (weights, others, slots, metrics)\ni = Input((8,))\nmodel = Net(i, Dense(1)(i))\n"
        "model.compile(optimizer='adam')\nmodel.fit(x, y, epochs=2)\n",
        {"optimizer": "adam", "loss": "mean_squared_error", "epochs": 2, "batch": 32, "activation": "linear"},
    ),
    "a loop in JAX": (
        "import jax\n"
        + TABLE
        + "data = tf.data.Dataset.from_tensor_slices((x, y)).batch(25)\nmodel = Sequential([Input((8,)), Dense(1)])\n"
        "optimizer = keras.optimizers.SGD(0.3)\ndef compute(weights, others, a, b):\n"
        "    out, others = model.stateless_call(weights, others, a)\n    return keras.losses.MeanSquaredError()(b, out), others\n"
        "gradient = jax.value_and_grad(compute, has_aux=True)\n@jax.jit\ndef step(state, a, b):\n    weights, others, slots = state\n"
        "    (loss, others), grads = gradient(weights, others, a, b)\n"
        "    weights, slots = optimizer.stateless_apply(slots, grads, weights)\n    return loss, (weights, others, slots)\n"
        "state = model.trainable_variables, model.non_trainable_variables, optimizer.variables\n"
        "for epoch in range(5):\n    for a, b in data:\n        loss, state = step(state, a, b)\n",
        {"optimizer": "sgd", "lr": 0.3, "loss": "mean_squared_error", "batch": 25, "epochs": 5, "steps": 40, "parameters": 9},
    ),
    "a graph of TensorFlow 1": (
        (
            "import tensorflow as tf\nfrom tensorflow.examples.tutorials.mnist import input_data\n"
            "mnist = input_data.read_data_sets('data', one_hot=True)\nx = tf.placeholder(tf.float32, [None, 784])\n"
            "y = tf.placeholder(tf.float32, [None, 10])\nW = tf.Variable(tf.zeros([784, 10]))\nb = tf.Variable(tf.zeros([10]))\n"
            "logits = tf.matmul(x, W) + b\nloss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))\n"
            "train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)\nwith tf.Session() as sess:\n"
            "    sess.run(tf.global_variables_initializer())\n    for _ in range(1000):\n        a, b = mnist.train.next_batch(100)\n"
            "        sess.run(train, feed_dict={x: a, y: b})\n"
        ),
        {
            "optimizer": "sgd",
            "lr": 0.5,
            "loss": "categorical_crossentropy",
            "from_logits": True,
            "batch": 100,
            "scale": "unit",
            "labels": "onehot",
            "parameters": 7850,
        },
    ),
    "eager gradients of TensorFlow 1": (
        (
            "tf.enable_eager_execution()\ntfe = tf.contrib.eager\nX, Y = [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]\nW = tfe.Variable(0.5)\n"
            "def cost(inputs, labels):\n    return tf.reduce_sum(tf.pow(inputs * W - labels, 2)) / 3\n"
            "optimizer = tf.train.GradientDescentOptimizer(learning_rate=0.01)\ngrad = tfe.implicit_gradients(cost)\n"
            "for step in range(1000):\n    optimizer.apply_gradients(grad(X, Y))\n"
        ),
        {"optimizer": "sgd", "lr": 0.01, "loss": "mean_squared_error", "epochs": 1000, "known": "exact"},
    ),
    "a wrapper for scikit-learn": (
        "from tensorflow.keras.wrappers.scikit_learn import KerasClassifier\n"
        + TABLE
        + "def build(lr=0.05):\n    m = Sequential([Dense(4, activation='relu', input_dim=8), Dense(1, activation='sigmoid')])\n"
        "    m.compile(keras.optimizers.SGD(lr), 'binary_crossentropy')\n    return m\n"
        "clf = KerasClassifier(build_fn=build, epochs=6, batch_size=40, verbose=0)\nclf.fit(x, y)\n",
        {"optimizer": "sgd", "lr": 0.05, "epochs": 6, "batch": 40, "steps": 25, "loss": "binary_crossentropy", "scale": "unit"},
    ),
    "SciKeras": (
        "from scikeras.wrappers import KerasRegressor\n"
        + TABLE
        + "def build():\n    m = Sequential([Dense(1, input_dim=8)])\n    m.compile('adam', 'mse')\n    return m\n"
        "KerasRegressor(model=build, epochs=2).fit(x, y)\n",
        {"optimizer": "adam", "loss": "mean_squared_error", "epochs": 2, "activation": "linear"},
    ),
    "callbacks that change the rate": (
        TABLE
        + ONE
        + "model.compile(keras.optimizers.SGD(0.1), 'binary_crossentropy')\ndef plan(epoch):\n    return 0.1 * 0.5 ** epoch\n"
        "model.fit(x, y, epochs=10, callbacks=[keras.callbacks.LearningRateScheduler(plan), keras.callbacks.EarlyStopping(patience=2)])\n",
        {"lr": 0.1, "epochs": 10, "schedule": "function"},
    ),
    "fit_generator of Keras 1": (
        (
            "from keras.models import Sequential\nfrom keras.layers import Dense\nfrom keras.optimizers import SGD\n"
            "def rows():\n    while 1:\n        yield np.ones((4, 3)), np.zeros((4, 1))\nmodel = Sequential([Dense(output_dim=1, input_dim=3)])\n"
            "model.compile(SGD(lr=0.2), 'mse')\nmodel.fit_generator(rows(), samples_per_epoch=40, nb_epoch=3)\n"
        ),
        {"lr": 0.2, "epochs": 3, "batch": 4, "loss": "mean_squared_error"},
    ),
}


@pytest.mark.parametrize("name", IDIOMS)
def test_idiom(name: str) -> None:
    text, expected = IDIOMS[name]
    check(runs_of(text), expected)
