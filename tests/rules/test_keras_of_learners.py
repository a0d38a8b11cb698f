"""Scripts as learners of Keras and TensorFlow write them: what must be said, at which line, and of the right neighbour nothing."""

from __future__ import annotations

import pytest

from tests.rules.checking import findings


def found(code: str, text: str) -> list[int]:
    return [one.span.row for one in findings(text, code) if one.code == code]


PARTLY = """from keras.applications import MobileNet
from keras.layers import Dense, GlobalAveragePooling2D
from keras.models import Model
base = MobileNet(weights="imagenet", include_top=False, input_shape=(96, 96, 3))
out = Dense(7, activation="softmax")(GlobalAveragePooling2D()(base.output))
model = Model(base.input, out)
{freeze}
model.compile("adam", "categorical_crossentropy")
def train(data):
    model.fit(data, epochs=4)
"""
PARTS = [
    ("for one in model.layers[:40]: one.trainable = False\nfor one in model.layers[40:]: one.trainable = True", []),
    ("for one in model.layers[:12]: one.trainable = False", []),
    ("for one in model.layers[:-1]: one.trainable = False", []),
    ("for one in model.layers: one.trainable = False", [10]),
    ("for one in model.layers[:-1]: one.trainable = False\nmodel.layers[-1].trainable = False", [11]),
    ("for one in model.layers[:-3]: one.trainable = False", []),
]


@pytest.mark.parametrize(("freeze", "rows"), PARTS)
def test_the_layers_of_a_backbone_are_more_than_one(freeze: str, rows: list[int]) -> None:
    """`model.layers[:40]` of a network that continues a pretrained one ends inside of that."""
    assert found("TRN424", PARTLY.format(freeze=freeze)) == rows


ADVERSARIES = """import numpy as np
from keras.layers import Dense, Input
from keras.models import Model
def let_train(model, on):
    model.trainable = on
    for layer in model.layers:
        layer.trainable = on
picture = Input((30,))
judge = Model(picture, Dense(1, activation="sigmoid")(Dense(16, activation="relu")(picture)))
{before}
judge.compile("adam", "binary_crossentropy")
for step in range(500):
    x, y = np.random.rand(40, 30), np.random.randint(0, 2, (40, 1))
    let_train(judge, {first})
    judge.train_on_batch(x, y)
    let_train(judge, False)
"""


def test_a_network_that_is_frozen_again_after_each_step_has_trained() -> None:
    assert found("TRN424", ADVERSARIES.format(before="", first=True)) == []
    assert found("TRN424", ADVERSARIES.format(before="let_train(judge, False)", first=False).split("for step")[0] + LAST) == [12]


LAST = "judge.fit(np.random.rand(40, 30), np.random.randint(0, 2, (40, 1)))\n"

PICTURES = """from keras import backend
from keras.datasets import cifar10
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D
from keras.models import Sequential
{setting}
(x, y), _ = cifar10.load_data()
model = Sequential([
    Conv2D(16, 3, padding="same", activation="relu", input_shape={shape}),
    MaxPooling2D(), Conv2D(16, 3, activation="relu"), MaxPooling2D(), Flatten(), Dense(10, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x.astype("float32") / 255, y, epochs=5)
"""


@pytest.mark.parametrize(
    ("setting", "shape", "says"),
    [
        ('backend.set_image_data_format("channels_first")', (3, 32, 32), False),
        ('backend.set_image_data_format("channels_last")', (32, 32, 3), False),
        ('backend.set_image_data_format("channels_first")', (32, 32, 3), True),
        ("", (3, 32, 32), True),
        ("", (32, 32, 3), False),
    ],
)
def test_color_pictures_come_in_the_order_of_axes_that_keras_is_set_to(setting: str, shape: tuple[int, ...], says: bool) -> None:
    said = {one.code for one in findings(PICTURES.format(setting=setting, shape=shape))} & {"TRN406", "TRN408"}
    assert bool(said) == says


CLASSES = """import numpy as np
from keras.layers import Dense
from keras.models import Sequential
x, y = np.random.rand(600, 8), {labels}
model = Sequential([Dense(32, activation="relu", input_shape=(8,)), Dense(10, activation="{activation}")])
model.compile("adam", "mse")
model.fit(x, y, epochs=20)
"""


@pytest.mark.parametrize("activation", ["softmax", "sigmoid", "relu", "linear"])
@pytest.mark.parametrize("labels", ["np.random.randint(0, 10, 600)", "np.random.randint(0, 10, (600, 1))"])
def test_class_numbers_against_a_unit_for_each_class_want_one_thing(activation: str, labels: str) -> None:
    """One loss, one advice: no scaling of class numbers, and no output of one unit."""
    said = [one for one in findings(CLASSES.format(labels=labels, activation=activation)) if one.code.startswith("TRN3")]
    assert [one.code for one in said] == ["TRN314"]
    assert "takes class numbers" in said[0].message


def test_other_columns_against_ten_units_keep_their_advice() -> None:
    for labels in ("np.random.rand(600)", "np.random.randint(0, 4, 600)"):
        said = [one.message for one in findings(CLASSES.format(labels=labels, activation="linear")) if one.code == "TRN314"]
        assert len(said) == 1
        assert "10 columns" in said[0]
    assert found("TRN314", CLASSES.format(labels="np.random.rand(600, 10)", activation="linear")) == []


SESSION = """import numpy as np
import tensorflow as tf
rows, told = np.random.rand(900, 12).astype("float32"), np.eye(5)[np.random.randint(0, 5, 900)]
held, said = np.random.rand(300, 12).astype("float32"), np.eye(5)[np.random.randint(0, 5, 300)]
x, t = tf.placeholder(tf.float32, [None, 12]), tf.placeholder(tf.float32, [None, 5])
keep = tf.placeholder(tf.float32)
h = tf.nn.dropout(tf.nn.relu(tf.matmul(x, tf.get_variable("a", [12, 40]))), {dropout})
z = tf.matmul(h, tf.get_variable("b", [40, 5]))
p = tf.nn.{output}(z)
step = tf.train.AdamOptimizer(1e-3).minimize(tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=t, logits=z)))
score = {score}
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    for epoch in range(40):
        session.run(step, feed_dict={{x: rows, t: told, keep: 0.6}})
    print(session.run(score, feed_dict={{x: held, t: said, keep: 1.0}}))
"""
BY_COLUMN = "tf.reduce_mean(tf.cast(tf.equal(tf.cast(p > 0.5, tf.float32), t), tf.float32))"
BY_ROW = "tf.reduce_mean(tf.cast(tf.equal(tf.arg_max(p, 1), tf.arg_max(t, 1)), tf.float32))"
EXACT = "tf.reduce_mean(tf.cast(tf.reduce_all(tf.equal(tf.cast(p > 0.5, tf.float32), t), axis=1), tf.float32))"
SCORES = [
    ("softmax", BY_COLUMN, [11]),
    ("sigmoid", BY_COLUMN, []),  # labels that are independent of each other are counted one by one
    ("softmax", BY_ROW, []),
    ("softmax", EXACT, []),
]


@pytest.mark.parametrize(("output", "score", "rows"), SCORES)
def test_a_score_that_counts_columns_of_one_hot_rows(output: str, score: str, rows: list[int]) -> None:
    """All five columns of no class agree with a one-hot row in four: 0.8 for nothing learned."""
    said = [one for one in findings(SESSION.format(dropout="keep", output=output, score=score)) if one.code == "TRN710"]
    assert [one.span.row for one in said] == rows
    assert all("0.8" in one.message for one in said)


@pytest.mark.parametrize(
    ("dropout", "share"),
    [("keep_prob=0.7", "30 %"), ("rate=0.4", "40 %"), ("keep", ""), ("keep_prob=1.0", ""), ("rate=keep", "")],
)
def test_dropout_of_a_fixed_share_is_on_in_the_score(dropout: str, share: str) -> None:
    """A number in the graph holds for each run of it; a placeholder is fed what the run wants."""
    code = SESSION.format(dropout=dropout, output="softmax", score=BY_ROW)
    said = [one.message for one in findings(code, "TRN530") if one.code == "TRN530"]
    assert len(said) == (1 if share else 0)
    assert all(share in one and "placeholder" in one for one in said)
