"""TensorFlow 1 graph scripts: data of the tutorials, `tf.data`, and what sessions run."""

from __future__ import annotations

import pytest

from tests.interpret.helpers import follow
from trainlint.interpret.values import Array, Literal, Object, Unknown

HEAD = "import tensorflow as tf\nfrom tensorflow.examples.tutorials.mnist import input_data\n"
GRAPH = f"""{HEAD}x = tf.placeholder(tf.float32, [None, 4])
loss = tf.reduce_mean(tf.square(tf.layers.dense(x, 1)))
train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
init = tf.global_variables_initializer()
"""


def events(script, kind):
    return [one for one in follow(script).events if one.kind == kind]


def fed(script):
    """The data leaf of the loss that a session differentiates."""
    (backward,) = events(script, "backward")
    value = backward.values["loss"]
    while value.inputs:
        value = value.inputs[0]
    return value


@pytest.mark.parametrize(
    ("options", "shape", "labels"),
    [("", (55000,), "int"), (", one_hot=True", (55000, 10), "onehot"), (", validation_size=0", (60000,), "int")],
)
def test_tutorial_data(options, shape, labels):
    script = f"""{GRAPH}mnist = input_data.read_data_sets("d"{options})
a, b = mnist.train.next_batch(100)
y = tf.placeholder(tf.float32)
loss = tf.reduce_mean(tf.losses.sparse_softmax_cross_entropy(labels=y, logits=tf.layers.dense(x, 10)))
train = tf.train.AdamOptimizer().minimize(loss)
tf.Session().run(train, feed_dict={{x: a, y: b}})
"""
    losses = [one.values["loss"] for one in events(script, "backward") if one.values["loss"].op == "mean"]
    target = next(one for loss in losses for one in loss.inputs[0].inputs if one.op == "batch")
    assert target.inputs[0].shape == shape
    assert target.inputs[0].attributes["labels"] == labels
    assert target.shape[0] == 100


def test_tutorial_pixels_are_fractions():
    script = (
        f"{GRAPH}mnist = input_data.read_data_sets('d')\na, b = mnist.train.next_batch(10)\ntf.Session().run(train, {{x: a}})\n"
    )
    pixels = fed(script)
    assert (pixels.shape, pixels.statistics.low, pixels.statistics.high) == ((55000, 784), 0.0, 1.0)


def test_pipeline_gives_mini_batches_of_what_map_makes():
    script = f"""{HEAD}import numpy as np
images = np.zeros((600, 28, 28), dtype="uint8")
labels = np.zeros(600, dtype="int64")
def prepare(image, label):
    return tf.image.convert_image_dtype(tf.reshape(image, [28, 28, 1]), tf.float32), tf.one_hot(label, 10)
data = tf.data.Dataset.from_tensor_slices((images, labels)).map(prepare).shuffle(100).batch(32)
features, targets = data.make_one_shot_iterator().get_next()
logits = tf.layers.dense(tf.layers.flatten(features), 10)
train = tf.train.AdamOptimizer(0.001).minimize(tf.losses.softmax_cross_entropy(targets, logits))
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    while True:
        session.run(train)
"""
    (backward,) = events(script, "backward")
    prediction, target = backward.values["loss"].inputs
    assert (prediction.shape, target.shape) == ((32, 10), (32, 10))


def test_a_pipeline_is_iterated_batch_by_batch():
    script = f"{HEAD}import numpy as np\nfor one in tf.data.Dataset.from_tensor_slices(np.ones((90, 3))).batch(32):\n    tf.Session().run(u)\n"
    (unknown,) = events(script, "initialize")
    loop = next(frame for frame in unknown.frames if frame.kind == "loop")
    assert loop.trips == 3  # 90 rows in batches of 32


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("session.run(init)", Object),
        ("session.run([init])", Object),
        ("session.run(tf.group(init, tf.local_variables_initializer()))", Object),
        ("init.run()", Object),
        ("tf.train.Saver().restore(session, 'c')", Unknown),
        ("session.run(tf.local_variables_initializer())", None),
        ("session.run(loss, {x: 1})", None),
    ],
)
def test_initialisation(line, found):
    happened = events(f"{GRAPH}session = tf.Session()\n{line}\n", "initialize")
    assert [type(one.values["operation"]) for one in happened] == ([found] if found else [])


def test_steps_tell_their_session():
    (step,) = events(f"{GRAPH}session = tf.Session()\nsession.run(init)\nsession.run([train, loss])\n", "step")
    assert step.values["session"].row.kind == "session"


def test_groups_and_dicts_of_fetches_step():
    assert len(events(f"{GRAPH}tf.Session().run({{'t': tf.group(train), 'l': loss}})\n", "step")) == 1


def test_results_of_a_session_are_unpacked():
    script = f"{GRAPH}_, value = tf.Session().run([train, loss])\nb = tf.square(value)\ntf.Session().run(b)\n"
    assert len(events(script, "step")) == 1


@pytest.mark.parametrize(
    "line",
    [
        "input_data.read_data_sets()",
        "input_data.read_data_sets('d', one_hot=u, validation_size='x', reshape=u).train.next_batch()",
        "input_data.read_data_sets('d', validation_size=-5).validation.next_batch(u)",
        "tf.data.Dataset.from_tensor_slices()",
        "tf.data.Dataset.from_tensor_slices(u).map(u).batch(u).batch(2).make_one_shot_iterator().get_next()",
        "tf.data.Dataset.from_tensor_slices({'a': [1, 2]}).batch(-3).map(lambda a: [a, a]).__iter__()",
        "tf.data.Dataset.zip(u)",
        "tf.data.Dataset.zip((u, tf.data.Dataset.from_tensor_slices([1])))",
        "tf.image.convert_image_dtype()",
        "tf.Session().run()",
        "tf.Session().run([[[u]]], u)",
        "tf.get_collection()",
        "tf.group()",
    ],
)
def test_nothing_raises(line):
    followed = follow(f"{HEAD}r = {line}\nfor q in r:\n    pass\n")
    assert all(not isinstance(one.values.get("loss"), Literal | Array) for one in followed.events)
