"""Layers, weights and training loops that the script writes itself."""

import pytest

from tests.interpret.helpers import acts, follow, plain
from trainlint.interpret.keras.graphs import arrays_below

MULTIPLIER = """
from keras.engine.topology import Layer
from keras.layers import Input
from keras.models import Model

class Multiplier(Layer):
    def __init__(self, **kwargs):
        super(Multiplier, self).__init__(**kwargs)

    def build(self, input_shape):
        self.width = input_shape[-1]
        self.kernel = self.add_weight({arguments})
        self.built = True

    def call(self, x):
        return self.kernel * x

x = Input(shape=(1,))
y = Multiplier()(x)
"""


@pytest.mark.parametrize(
    ("arguments", "initializer"),
    [
        ("name='k', shape=(1,), initializer='glorot_uniform', trainable=True", "glorot_uniform"),
        ("'k', (1,), None, 'ones'", "ones"),
        ("(1,), 'zeros', 'k'", "zeros"),
        ("(1,), initializer='he_normal', name='k'", "he_normal"),
        ("shape=(self.width,), name='k'", "glorot_uniform"),
        ("shape=[1], initializer=keras.initializers.Constant(2.0), name='k'", "constant"),
    ],
)
def test_add_weight_in_every_order(arguments, initializer):
    script = "import keras\n" + MULTIPLIER.format(arguments=arguments)
    product = follow(script).module.scope.cells["y"]
    assert (product.op, product.shape) == ("multiply", (None, 1))
    weight = product.inputs[0]
    assert (weight.op, weight.shape, weight.attributes["name"]) == ("parameter", (1,), "k")
    assert weight.attributes["initializer"].row.kind == initializer
    assert weight.attributes["trainable"] is True


def test_build_runs_once():
    script = MULTIPLIER.format(arguments="shape=(1,), name='k'") + "m = Multiplier()\na = m(x)\nb = m(x)\n"
    found = follow(script).module.scope.cells
    assert found["a"].inputs[0] is found["b"].inputs[0]


def test_weights_that_do_not_train():
    script = MULTIPLIER.format(arguments="shape=(1,), name='k', trainable=False")
    assert follow(script).module.scope.cells["y"].inputs[0].attributes["trainable"] is False


def test_a_subclass_of_a_library_layer():
    script = "import keras\nclass Wide(keras.layers.Dense):\n    def __init__(self):\n        super().__init__(7, activation='relu')\ny = Wide()(keras.Input((3,)))\n"
    array = follow(script).module.scope.cells["y"]
    assert (array.op, array.shape) == ("layer", (None, 7))


@pytest.mark.parametrize(
    ("expression", "shape"),
    [
        ("K.variable([1.0, 2.0])", (2,)),
        ("tf.Variable(3.0)", ()),
        ("tf.Variable([[1.0, 2.0]], name='w')", (1, 2)),
        ("tf.get_variable('w', [3, 4])", (3, 4)),
        ("keras.Variable('zeros', shape=(2, 3))", (2, 3)),
    ],
)
def test_variables(expression, shape):
    script = f"import tensorflow as tf\nimport keras\nfrom keras import backend as K\ny = {expression}\n"
    variable = follow(script).module.scope.cells["y"]
    assert (variable.op, variable.shape) == ("parameter", shape)


TAPE = """
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
optimizer = tf.keras.optimizers.SGD(0.1)
loss_fn = tf.keras.losses.MeanSquaredError()
for epoch in range(100000):
    with tf.GradientTape() as tape:
        prediction = model(x)
        loss = loss_fn(y, prediction)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
"""


def test_gradient_tape():
    events = acts(follow(TAPE))
    assert [one.kind for one in events] == ["forward", "loss", "backward", "step"]
    assert [frame.name for frame in events[1].frames if frame.kind == "with"] == ["tape"]
    assert events[2].values["loss"].op == "loss"
    assert [one.op for one in events[2].values["loss"].inputs if hasattr(one, "op")] == ["layer"]
    assert all(one.in_loop() for one in events)


def test_minimize():
    script = "import tensorflow as tf\nv = tf.Variable(3.0)\no = tf.keras.optimizers.SGD(0.1)\no.minimize(lambda: v * v, [v])\n"
    events = acts(follow(script))
    assert [one.kind for one in events] == ["backward", "step"]
    assert events[0].values["loss"].op == "multiply"


def test_graph_and_session_of_tensorflow_1():
    script = (
        "import tensorflow as tf\nx = tf.placeholder(tf.float32, [None, 4])\ny = tf.placeholder(tf.float32, [None, 2])\n"
        "h = tf.layers.dense(x, 3, activation=tf.nn.relu)\nz = tf.layers.dense(h, 2)\n"
        "loss = tf.losses.softmax_cross_entropy(y, z)\ntrain = tf.train.AdamOptimizer(1e-3).minimize(loss)\n"
        "with tf.Session() as s:\n    for _ in range(10):\n        s.run([train, loss], feed_dict={x: a, y: b})\n"
    )
    interpretation = follow(script)
    kinds = [one.kind for one in acts(interpretation)]
    assert kinds[-2:] == ["backward", "step"]
    backward, step = acts(interpretation)[-2:]
    assert backward.in_loop()
    assert step.values["optimizer"].row.kind == "adam"
    loss = backward.values["loss"]
    assert plain(loss.attributes["loss"].arguments["from_logits"]) is True
    assert loss.inputs[0].shape == (None, 2)


def test_losses_as_functions_are_not_averaged():
    script = "import keras\na = keras.Input((3,))\nb = keras.Input((3,))\ny = keras.losses.mean_squared_error(a, b)\n"
    loss = follow(script).module.scope.cells["y"]
    assert (loss.op, loss.shape, plain(loss.attributes["loss"].arguments["reduction"])) == ("loss", (None,), "none")


@pytest.mark.parametrize(
    ("expression", "op"),
    [
        ("K.mean(K.square(x), axis=-1)", "mean"),
        ("K.sum(x)", "sum"),
        ("K.relu(x)", "relu"),
        ("K.relu(x, alpha=0.1)", "leaky_relu"),
        ("K.relu(x, max_value=6)", "relu6"),
        ("K.sigmoid(x)", "sigmoid"),
        ("K.exp(x)", "exp"),
        ("K.dot(x, w)", "matmul"),
        ("K.maximum(x, 0.)", "maximum"),
        ("K.clip(x, K.epsilon(), 1.)", "clip"),
        ("K.concatenate([x, x])", "concatenate"),
        ("K.pow(x, 2)", "power"),
        ("K.batch_flatten(x)", "flatten"),
        ("keras.ops.mean(x)", "mean"),
        ("keras.ops.matmul(x, w)", "matmul"),
        ("keras.ops.add(x, 1)", "add"),
        ("keras.activations.tanh(x)", "tanh"),
    ],
)
def test_backend_operations(expression, op):
    script = f"import keras\nfrom keras import backend as K\nx = keras.Input((3,))\nw = K.variable([[1.0], [2.0], [3.0]])\ny = {expression}\n"
    assert follow(script).module.scope.cells["y"].op == op


def test_backend_of_known_numbers_is_computed():
    script = "from keras import backend as K\ny = K.sum(K.constant([[1.0, 2.0], [3.0, 4.0]]), axis=0)\n"
    assert follow(script).module.scope.cells["y"].data.tolist() == [4.0, 6.0]


def test_a_training_operation_that_a_harness_runs():
    script = (
        "import tensorflow as tf\nclass Net:\n    def __init__(self):\n"
        "        self.x = tf.placeholder(tf.float32, [None, 4])\n        self.y = tf.placeholder(tf.float32, [None, 1])\n"
        "        self.loss = tf.losses.mean_squared_error(self.y, tf.layers.dense(self.x, 1))\n"
        "        self.train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(self.loss)\n"
    )
    assert [one.kind for one in acts(follow(script))] == ["loss", "backward", "step"]


GRAPH = """
import numpy as np
import tensorflow as tf
x = tf.placeholder(tf.float32, [None, 28, 28, 1])
y = tf.placeholder(tf.float32, [None, 2])
k = tf.Variable(tf.truncated_normal([5, 5, 1, 8], stddev=0.1))
a = tf.nn.conv2d(x, k, strides=[1, 1, 1, 1], padding='SAME')
b = tf.nn.max_pool(a, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')
c = tf.nn.dropout(b, keep_prob=0.75)
d = tf.contrib.layers.fully_connected(tf.layers.flatten(c), 2)
e = tf.nn.l2_loss(k)
loss = tf.losses.mean_squared_error(y, d) + tf.losses.get_regularization_loss()
step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
s = tf.Session()
s.run(step, feed_dict={x: np.ones((7, 28, 28, 1)), y: np.ones((7, 2))})
"""


def test_layers_of_graphs():
    found = follow(GRAPH).module.scope.cells
    assert (found["a"].shape, found["b"].shape) == ((None, 28, 28, 8), (None, 14, 14, 8))
    assert found["a"].inputs[1] is found["k"]
    assert plain(found["c"].attributes["layer"].arguments["rate"]) == 0.25
    assert found["d"].shape == (None, 2)
    assert plain(found["d"].attributes["layer"].arguments["activation"]) == "relu"
    assert found["e"].op == "divide"


def test_fed_data_take_the_place_of_placeholders():
    backward = next(one for one in follow(GRAPH).events if one.kind == "backward")
    loss = next(one for one in arrays_below((backward.values["loss"],)) if one.op == "loss")
    assert loss.inputs[0].shape == (7, 2)
    assert [one.op for one in arrays_below((loss,)) if one.op == "input"] == []


BY_HAND = """
import tensorflow as tf
w = tf.Variable(1.0)
b = tf.Variable(0.0)
for _ in range(100000):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(w * x + b - y))
    dw, db = tape.gradient(loss, [w, b])
    {update}
"""


@pytest.mark.parametrize("update", ["w.assign_sub(0.25 * dw)", "w.assign_add(-0.25 * dw)", "w.assign(w - dw * 0.25)"])
def test_updates_by_hand(update):
    interpretation = follow(BY_HAND.replace("{update}", update))
    backward, step = acts(interpretation)
    assert (backward.kind, step.kind) == ("backward", "step")
    assert step.values["parameter"] is interpretation.module.scope.cells["w"]
    assert plain(step.values["learning_rate"]) == 0.25


def test_updates_of_every_weight():
    script = (
        TAPE.rpartition("    optimizer.apply")[0]
        + "    for g, v in zip(gradients, model.trainable_variables):\n        v.assign_sub(0.5 * g)\n"
    )
    (step,) = [one for one in follow(script).events if one.kind == "step"]
    assert plain(step.values["learning_rate"]) == 0.5


def test_clipping_of_gradients():
    script = TAPE.replace(
        "    optimizer.apply", "    gradients, norm = tf.clip_by_global_norm(gradients, 1.5)\n    optimizer.apply"
    )
    clip = next(one for one in follow(script).events if one.kind == "clip")
    assert (plain(clip.values["maximum"]), plain(clip.values["by"])) == (1.5, "norm")


def test_gradients_that_are_negated():
    script = (
        "import tensorflow as tf\nx = tf.placeholder(tf.float32, [None, 4])\ny = tf.placeholder(tf.float32, [None, 1])\n"
        "loss = tf.losses.mean_squared_error(y, tf.layers.dense(x, 1))\n"
        "gradients = tf.gradients(loss, tf.trainable_variables())\nnegative = [tf.negative(one) for one in gradients]\n"
        "pairs = list(zip(negative, tf.trainable_variables()))\n"
        "train = tf.train.GradientDescentOptimizer(0.1).apply_gradients(pairs)\n"
    )
    backward = next(one for one in follow(script).events if one.kind == "backward")
    assert backward.values["loss"].op == "negative"
    assert backward.values["loss"].inputs[0].op == "loss"
