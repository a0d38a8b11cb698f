"""Runs of TensorFlow 1 graph scripts and of custom loops: what is written out counts as what it is."""

from __future__ import annotations

import pytest

from tests.facts.test_scripts import run, runs
from trainlint.core import Fact, Origin, Unknown
from trainlint.facts.loss_fit import loss_verdict
from trainlint.facts.sessions import left_out_updates, uninitialized_steps
from trainlint.facts.starting import constant_starts, signal_scale

HEAD = """\
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data
mnist = input_data.read_data_sets("d", one_hot=True)
x = tf.placeholder(tf.float32, [None, 784])
y = tf.placeholder(tf.float32, [None, 10])
"""
TRAIN = """
train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for epoch in range(20):
        for i in range(mnist.train.num_examples // 128):
            a, b = mnist.train.next_batch(128)
            session.run([train, loss], feed_dict={x: a, y: b})
"""
WRITTEN = """\
w = tf.Variable(tf.random_normal([784, 256], stddev=0.1))
h = tf.nn.relu(tf.matmul(x, w) + tf.Variable(tf.zeros([256])))
z = tf.nn.bias_add(tf.matmul(h, tf.get_variable("v", [256, 10])), tf.get_variable("c", [10]))
"""


def test_a_tutorial_becomes_a_run():
    found = run(f"{HEAD}{WRITTEN}loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=z))\n{TRAIN}")
    assert (found.optimizer.name, found.optimizer.learning_rate.value) == ("sgd", 0.5)
    assert [(one.kind, one.units, one.activation, one.use_bias) for one in found.model.layers] == [
        ("dense", 256, "relu", True),
        ("dense", 10, "linear", True),
    ]
    kernel, bias = found.model.layers[0].node.parameters
    assert (kernel.shape, kernel.initializer.kind, kernel.initializer.numbers["stddev"]) == ((784, 256), "normal", 0.1)
    assert (bias.shape, float(abs(bias.initializer.data).max())) == ((256,), 0.0)
    assert (found.loss.name, found.loss.reduction, found.loss.from_logits) == ("categorical_crossentropy", "mean", True)
    assert (found.inputs.scale, found.inputs.samples, found.targets.labels) == ("unit", 55_000, "onehot")
    assert (found.batch_size.value, found.epochs.value, found.steps_per_epoch.value) == (128, 20, 55_000 // 128)
    assert found.model.parameters == 784 * 256 + 256 + 256 * 10 + 10


def test_class_with_graph_and_training_apart():
    script = """\
import tensorflow as tf
class Net:
    def __init__(self, config):
        self.lr = config["lr"]
        self.x = tf.placeholder(tf.float32, [None, 4])
        self.y = tf.placeholder(tf.float32, [None, 1])
        self.build()
    def build(self):
        out = tf.layers.dense(tf.layers.dense(self.x, 8, tf.nn.relu), 1)
        self.loss = tf.losses.mean_squared_error(self.y, out)
        self.step = tf.train.RMSPropOptimizer(self.lr, momentum=0.9).minimize(self.loss)
    def train(self, session, data):
        for a, b in data:
            session.run([self.step, self.loss], {self.x: a, self.y: b})
net = Net({"lr": 3e-4})
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for epoch in range(7):
        net.train(session, load())
"""
    found = run(script)
    assert (found.optimizer.name, found.optimizer.learning_rate.value, found.optimizer.momentum.value) == ("rmsprop", 3e-4, 0.9)
    assert found.optimizer.place.span.row == 11
    assert [(one.kind, one.units) for one in found.model.layers] == [("dense", 8), ("dense", 1)]


def test_decayed_rate_starts_where_the_schedule_does():
    rate = "tf.train.exponential_decay(0.1, tf.Variable(0, trainable=False), 1000, 0.9, staircase=True)"
    found = run(f"{HEAD}{WRITTEN}loss = tf.nn.l2_loss(z - y)\ntrain = tf.train.AdamOptimizer({rate}).minimize(loss)\n")
    assert (found.optimizer.learning_rate.value, found.optimizer.learning_rate.origin) == (0.1, Origin.SCHEDULE)
    assert found.schedule.name == "exponential_decay"


def test_a_rate_that_is_fed_is_not_known():
    found = run(f"{HEAD}{WRITTEN}r = tf.placeholder(tf.float32)\nloss = tf.nn.l2_loss(z - y)\n"
                "train = tf.train.AdamOptimizer(r).minimize(loss)\n")  # fmt: skip
    assert isinstance(found.optimizer.learning_rate, Unknown)


def test_clipped_gradients_are_applied():
    found = run(f"""{HEAD}{WRITTEN}loss = tf.reduce_mean(tf.square(z - y))
optimizer = tf.train.AdagradOptimizer(learning_rate=0.05)
pairs = [(tf.clip_by_value(g, -1., 1.), v) for g, v in optimizer.compute_gradients(loss)]
train = optimizer.apply_gradients(pairs)
with tf.Session() as session:
    session.run(train)
""")
    assert (found.optimizer.name, found.optimizer.learning_rate.value) == ("adagrad", 0.05)
    assert found.loss.name == "mean_squared_error"


def test_convolution_with_a_kernel_of_the_script():
    found = run(f"""{HEAD}image = tf.reshape(x, [-1, 28, 28, 1])
k = tf.Variable(tf.truncated_normal([5, 5, 1, 32], stddev=0.1))
c = tf.nn.relu(tf.nn.conv2d(image, k, strides=[1, 2, 2, 1], padding="SAME") + tf.Variable(tf.constant(0.1, shape=[32])))
z = tf.layers.dense(tf.layers.flatten(tf.nn.max_pool(c, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")), 10)
loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=z))
{TRAIN}""")
    conv = found.model.layers[1]
    assert (conv.kind, conv.units, conv.activation, conv.use_bias) == ("conv", 32, "relu", True)
    assert conv.node.attributes["strides"] == (2, 2)
    assert found.model.layers[-1].node.parameters[0].shape == (7 * 7 * 32, 10)


@pytest.mark.parametrize(
    ("loss", "name", "reduction", "code"),
    [
        (
            "tf.reduce_mean(-tf.reduce_sum(y * tf.log(tf.nn.softmax(z)), reduction_indices=1))",
            "categorical_crossentropy",
            "mean",
            None,
        ),
        ("-tf.reduce_sum(y * tf.log(tf.clip_by_value(tf.nn.softmax(z), 1e-10, 1.0)))", "categorical_crossentropy", "sum", None),
        ("tf.reduce_mean(-tf.reduce_sum(y * tf.log(z + 1e-8), 1))", "categorical_crossentropy", "mean", "TRN301"),
        ("tf.reduce_mean(-tf.reduce_sum(y * tf.log(tf.nn.relu(z)), 1))", "categorical_crossentropy", "mean", "TRN304"),
        ("tf.reduce_mean(-y * tf.log(tf.sigmoid(z)) - (1 - y) * tf.log(1 - tf.sigmoid(z)))", "custom", None, None),
        ("tf.reduce_mean(y * tf.log(z / tf.reduce_sum(z)))", "categorical_crossentropy", "mean", None),
    ],
)
def test_cross_entropies_written_out(loss, name, reduction, code):
    found = run(f"{HEAD}{WRITTEN}loss = {loss}\n{TRAIN}")
    assert found.loss.name == name
    if reduction is not None:
        assert (found.loss.reduction, found.loss.from_logits) == (reduction, False)
    verdict = loss_verdict(found)
    assert (verdict.row.code if verdict is not None else None) == code


def test_binary_cross_entropy_written_out():
    found = run(f"{HEAD}{WRITTEN}p = tf.sigmoid(z)\nloss = -tf.reduce_mean(y * tf.log(p) + (1. - y) * tf.log(1. - p))\n{TRAIN}")
    assert (found.loss.name, found.loss.from_logits) == ("binary_crossentropy", False)
    assert loss_verdict(found) is None


@pytest.mark.parametrize(
    ("written", "activation"),
    [
        ("tf.exp(z) / tf.reduce_sum(tf.exp(z), axis=1, keep_dims=True)", "softmax"),
        ("tf.exp(s) / tf.reduce_sum(tf.exp(s), axis=1, keepdims=True)", "softmax"),
        ("1. / (1. + tf.exp(-z))", "sigmoid"),
        ("tf.exp(z) / tf.reduce_sum(tf.exp(z))", "linear"),
    ],
)
def test_activations_written_out(written, activation):
    shifted = "s = z - tf.reduce_max(z, axis=1, keepdims=True)\n"
    found = run(f"{HEAD}{WRITTEN}{shifted}loss = tf.reduce_mean(tf.square({written} - y))\n{TRAIN}")
    assert found.model.output_activation == activation


def test_a_matrix_of_data_is_no_layer():
    found = run(f"{HEAD}m = tf.constant([[1., 2.], [3., 4.]])\nw = tf.Variable(tf.zeros([2, 1]))\n"
                f"loss = tf.reduce_sum(tf.square(tf.matmul(w, m, transpose_a=True)))\n{TRAIN}")  # fmt: skip
    assert isinstance(found.model, Unknown)


def test_a_vector_of_targets_against_a_column():
    """`square((N, 1) - (N,))` is N x N numbers: TensorFlow broadcasts as NumPy does."""
    script = """\
import tensorflow as tf
x = tf.placeholder(tf.float32, [None, 9])
y = tf.placeholder(tf.float32, [None])
loss = tf.reduce_mean(tf.square(tf.layers.dense(x, 1) - y))
train = tf.train.AdamOptimizer(0.001).minimize(loss)
"""
    assert loss_verdict(run(script)).row.code == "TRN314"
    assert loss_verdict(run(script.replace("[None])", "[None, 1])"))) is None


def test_constant_starts():
    start = "kernel_initializer=tf.zeros_initializer()"
    found = run(f"{HEAD}h = tf.layers.dense(x, 64, tf.nn.relu, {start})\nz = tf.layers.dense(h, 10, {start})\n"
                f"loss = tf.losses.softmax_cross_entropy(y, z)\n{TRAIN}")  # fmt: skip
    (first,) = constant_starts(found)
    assert (first.effect, first.units, first.value) == ("dead", 64, 0.0)


def test_logistic_regression_from_zeros_is_fine():
    found = run(f"{HEAD}z = tf.matmul(x, tf.Variable(tf.zeros([784, 10]))) + tf.Variable(tf.zeros([10]))\n"
                f"loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=z))\n{TRAIN}")  # fmt: skip
    assert list(constant_starts(found)) == []
    assert signal_scale(found) is None


def test_signal_of_standard_normal_weights():
    found = run(f"{HEAD}h = tf.nn.relu(tf.matmul(x, tf.Variable(tf.random_normal([784, 256]))))\n"
                "z = tf.matmul(h, tf.Variable(tf.random_normal([256, 10])))\n"
                f"loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=z))\n{TRAIN}")  # fmt: skip
    assert signal_scale(found).factor == pytest.approx((784 / 2) ** 0.5)  # sigma * sqrt(fan_in), halved mean square behind relu


GRAPH = """\
import tensorflow as tf
x = tf.placeholder(tf.float32, [None, 4])
h = {layer}
loss = tf.losses.mean_squared_error(x, tf.layers.dense(tf.nn.relu(h), 4))
train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
"""
PLAIN = GRAPH.format(layer="tf.layers.dense(x, 8)")
NORMED = GRAPH.format(layer="tf.layers.batch_normalization(tf.layers.dense(x, 8), training=True)")
LOOP = "session = tf.Session()\nfor {name} in range(5):\n    {first}\n    session.run(train, {{x: [[1, 2, 3, 4]]}})\n"
INITIALIZE = "session.run(tf.global_variables_initializer())"


def script_of(text):
    from trainlint.facts.extract import extract
    from trainlint.interpret.interpreter import interpret
    from trainlint.source.parse import parse
    from trainlint.source.read import read_text

    return extract(interpret(parse(read_text(text, "train.py"))))


@pytest.mark.parametrize(
    ("first", "before", "missing"),
    [
        ("pass", "", 1),
        ("pass", "tf.Session().run(tf.global_variables_initializer())\n", 0),
        ("pass", "tf.Session().run(something)\n", 0),
        (INITIALIZE, "", 0),
        (f"session = tf.Session(); {INITIALIZE}", "", 0),
        (f"if epoch == 0: {INITIALIZE}", "", 0),
    ],
)
def test_initialisation_of_sessions(first, before, missing):
    script = script_of(PLAIN + before + LOOP.format(name="epoch", first=first))
    assert len(list(uninitialized_steps(script))) == missing


def test_updates_of_moving_averages():
    updates = "tf.get_collection(tf.GraphKeys.UPDATE_OPS)\n"
    assert [len(list(left_out_updates(script_of(one)))) for one in (NORMED, NORMED + updates, PLAIN)] == [1, 0, 0]


def test_tape_and_assigned_differences():
    found = run("""\
import tensorflow as tf
import numpy as np
xs, ys = np.arange(10.0, dtype="float32"), np.arange(10.0, dtype="float32") * 2
w = tf.Variable(0.0)
for step in range(50):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(xs * w - ys))
    w.assign_sub(0.01 * tape.gradient(loss, w))
""")
    assert (found.optimizer.name, found.optimizer.learning_rate.value, found.optimizer.written_by_hand) == ("sgd", 0.01, True)
    assert found.epochs == Fact(50, found.epochs.place)
    assert len(runs("import tensorflow as tf\n")) == 0
