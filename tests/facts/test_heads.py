"""The loss that is trained: of several outputs, with `loss_weights`, and from functions of the script."""

from __future__ import annotations

import numpy as np
import pytest

from tests.facts.test_scripts import run
from trainlint.core import Unknown
from trainlint.facts.graph import Node, walk
from trainlint.judged import why_not_judged
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.stability.twin.program import Program

START = """\
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
x = np.linspace(-1, 1, 24).reshape(12, 2)
u, v = x[:, :1] * 2, x + 0.5
i = keras.Input((2,))
"""
TWO = START + (
    "one, other = layers.Dense(1, kernel_initializer='ones', name='one')(i), layers.Dense(2, kernel_initializer='ones', name='other')(i)\n"
    "model = keras.Model(i, [one, other])\n"
)
SINGLE = START + "model = keras.Model(i, layers.Dense(1, kernel_initializer='ones')(i))\n"
X = np.linspace(-1, 1, 24).reshape(12, 2)
SUM = X.sum(axis=1, keepdims=True)
ONE = ((SUM - 2 * X[:, :1]) ** 2).mean()
OTHER = ((SUM - X - 0.5) ** 2).mean()


def graph(script: str) -> Node:
    found = run(script).loss_graph
    assert found is not None
    return found


def value(script: str) -> float:
    """The loss at the initial weights: kernels of ones, biases of zeros."""
    problem = Program(graph(script), aligns=True).problem(0)
    return problem.loss(problem.start)


SEVERAL = [
    ("'mse'", "[u, v]", ONE + OTHER),
    ("['mse', 'mse']", "[u, v]", ONE + OTHER),
    ("['mse', None]", "[u, v]", ONE),
    ("['mse', 'mse'], loss_weights=[2.0, 0.5]", "[u, v]", 2 * ONE + 0.5 * OTHER),
    ("{'other': 'mse', 'one': 'mse'}", "{'one': u, 'other': v}", ONE + OTHER),
    ("{'other': 'mse', 'one': 'mse'}, loss_weights={'other': 3.0, 'one': 1.0}", "[u, v]", ONE + 3 * OTHER),
    ("{'one': 'mse', 'other': 'mse'}, loss_weights={'one': 3.0, 'other': 1.0}", "{'other': v, 'one': u}", 3 * ONE + OTHER),
]


@pytest.mark.parametrize(("compiled", "targets", "expected"), SEVERAL)
def test_the_loss_of_several_outputs_is_their_weighted_sum(compiled: str, targets: str, expected: float) -> None:
    script = TWO + f"model.compile(keras.optimizers.SGD(0.1), loss={compiled})\nmodel.fit(x, {targets}, batch_size=4)\n"
    assert value(script) == pytest.approx(expected)
    assert isinstance(stability(run(script)), StabilityBound)
    assert why_not_judged(run(script)) is None


OWN = "def own(t, p):\n    return tf.reduce_mean(tf.square(t - p), axis=-1)\n"


OF_SEVERAL = ["['mse', own]", "own", "[own, None]", "{'other': own, 'one': 'mse'}, loss_weights=[2.0, 1.0]"]


@pytest.mark.parametrize("losses", OF_SEVERAL)
@pytest.mark.parametrize("first", ["u", "u[:, 0]"])
def test_losses_of_the_script_for_several_outputs(losses: str, first: str) -> None:
    script = TWO + OWN + f"model.compile('sgd', loss={losses})\nmodel.fit(x, [{first}, v], batch_size=4)\n"
    expected = ONE if "None" in losses else (2 if "weights" in losses else 1) * ONE + OTHER
    assert value(script) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("compiled", "targets"),
    [
        ("{'one': 'mse'}", "{'one': u, 'other': v}"),
        ("['mse', 'mse'], loss_weights={'one': 1.0}", "[u, v]"),
        ("['mse', 'mse']", "load()"),
        ("['mse', 'mse', 'mse']", "[u, v]"),
    ],
)
def test_outputs_that_cannot_be_told_apart_have_no_loss(compiled: str, targets: str) -> None:
    script = TWO + f"model.compile(keras.optimizers.SGD(0.1), loss={compiled})\nmodel.fit(x, {targets})\n"
    assert run(script).loss_graph is None


def test_a_factor_that_is_not_known_is_not_guessed() -> None:
    script = TWO + "model.compile('sgd', loss='mse', loss_weights=[1.0, float(input())])\nmodel.fit(x, [u, v])\n"
    assert isinstance(stability(run(script)), Unknown)


def test_the_weights_of_samples_are_no_plain_loss() -> None:
    script = TWO + "model.compile('sgd', loss='mse')\nmodel.fit(x, [u, v], sample_weight=np.ones(12))\n"
    assert [node.attributes["weighted"] for node in walk(graph(script)) if node.op == "custom"] == ["sample_weight"] * 2


@pytest.mark.parametrize("weights", ["[3.0]", "3.0"])
def test_one_output_has_a_factor_too(weights: str) -> None:
    script = SINGLE + f"model.compile('sgd', loss='mse', loss_weights={weights})\nmodel.fit(x, u)\n"
    assert value(script) == pytest.approx(3 * ONE)


LOSSES = {
    "a value for each sample": ("tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)", ONE),
    "a value for each entry": ("tf.square(y_true - y_pred)", ONE),
    "a single value": ("tf.reduce_sum(tf.square(y_true - y_pred))", 12 * ONE),
    "entries in a row": ("tf.reduce_sum(tf.reshape(y_true, [-1]) * tf.reshape(y_pred, [-1]))", float((SUM * 2 * X[:, :1]).sum())),
    "a sum of the targets": ("tf.reduce_sum(y_true) * tf.reduce_sum(y_pred)", float((2 * X[:, :1]).sum() * SUM.sum())),
}


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("target", ["u", "u[:, 0]"])
def test_losses_of_the_script(name: str, target: str) -> None:
    body, expected = LOSSES[name]
    script = (
        f"{SINGLE}def own(y_true, y_pred):\n    return {body}\nmodel.compile('sgd', own)\nmodel.fit(x, {target}, batch_size=4)\n"
    )
    assert value(script) == pytest.approx(expected)


def test_a_loss_that_takes_a_batch_apart_sees_its_rows_alone() -> None:
    body, _ = LOSSES["entries in a row"]
    script = f"{SINGLE}def own(y_true, y_pred):\n    return {body}\nmodel.compile('sgd', own)\nmodel.fit(x, u, batch_size=4)\n"
    problem = Program(graph(script), aligns=True).problem(0)
    rows = np.array([1, 5])
    assert problem.gradient(problem.start, rows)[0] == pytest.approx(float((SUM * 2 * X[:, :1])[rows].sum()))


def test_weighted_samples_of_a_loss_of_the_script() -> None:
    script = (
        SINGLE
        + "def own(t, p):\n    return tf.square(t - p)\nmodel.compile('sgd', own)\nmodel.fit(x, u, class_weight={0: 2.0})\n"
    )
    assert graph(script).attributes["weighted"] == "class_weight"


@pytest.mark.parametrize(("inputs", "rows"), [("[x, v]", 12), ("[x, v], validation_split=0.25", 9)])
def test_rows_of_several_inputs_are_drawn_together(inputs: str, rows: int) -> None:
    first, _, rest = inputs.partition("],")
    script = START + (
        "j = keras.Input((2,))\nmodel = keras.Model([i, j], layers.Dense(1)(layers.subtract([i, j])))\nmodel.compile('sgd', 'mse')\n"
        f"model.fit({first.rstrip(']')}], u, batch_size=4,{rest})\n"
    )
    leaves = [node for node in walk(graph(script)) if node.op == "data" and node.shape]
    assert [(node.attributes["batched"], node.shape[0]) for node in leaves] == [(True, rows)] * 3
    assert Program(graph(script)).samples == rows


def in_keras(script: str, targets: str) -> float:
    """What Keras itself computes for one batch of all rows."""
    names: dict[str, object] = {}
    exec(script, names)
    found = eval(f"model.evaluate(x, {targets}, batch_size=12, verbose=0)", names)
    return float(np.ravel(found)[0])


@pytest.mark.framework
@pytest.mark.parametrize(("compiled", "targets", "expected"), SEVERAL)
def test_several_outputs_in_keras(compiled: str, targets: str, expected: float) -> None:
    assert in_keras(TWO + f"model.compile('sgd', loss={compiled})\n", targets) == pytest.approx(expected, rel=1e-5)


@pytest.mark.framework
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("target", ["u", "u[:, 0]"])
def test_losses_of_the_script_in_keras(name: str, target: str) -> None:
    body, expected = LOSSES[name]
    script = f"{SINGLE}def own(y_true, y_pred):\n    return {body}\nmodel.compile('sgd', own)\n"
    assert in_keras(script, target) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.framework
@pytest.mark.parametrize("losses", OF_SEVERAL)
def test_losses_of_the_script_for_several_outputs_in_keras(losses: str) -> None:
    script = TWO + OWN + f"model.compile('sgd', loss={losses})\n"
    expected = ONE if "None" in losses else (2 if "weights" in losses else 1) * ONE + OTHER
    assert in_keras(script, "[u, v]") == pytest.approx(expected, rel=1e-5)
