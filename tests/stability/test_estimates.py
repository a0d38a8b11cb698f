"""Curvature at the start on data of a known scale: against formulas and sharpnesses that were measured on real nets."""

from types import SimpleNamespace

import numpy as np
import pytest

from tests.stability.graphs import dense, run, squared
from trainlint.core import Evidence, Fact, Unknown
from trainlint.facts.graph import Node
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.stability.estimate import verdict_of
from trainlint.stability.synthetic import Moments, draw

NORMAL = {"low": None, "high": None, "mean": 0.0, "second_moment": 1.0}
PIXELS = {"low": 0.0, "high": 255.0, "mean": None, "second_moment": None}


def unknown(width, known="typical", rows=1000, **statistics):
    shape = (rows, *width) if isinstance(width, tuple) else (rows, width)
    return Node("data", (), {"batched": True, "statistics": SimpleNamespace(known=known, columns=(), **statistics)}, shape=shape)


def labels(rows=1000):
    return Node("data", (), {"batched": True}, shape=(rows,))


def sized(node, width):
    return Node(node.op, node.inputs, node.attributes, node.parameters, (None, width))


def net(below, outputs=1, kind="glorot_uniform", hidden=32):
    return sized(dense(Node("relu", (dense(below, hidden, kind=kind),)), outputs, kind=kind), outputs)


def judged(*arguments, **settings) -> StabilityBound:
    settings = {"batch": 32, **settings}
    found = stability(run(*arguments, **settings))
    assert isinstance(found, StabilityBound), found
    assert found.evidence is Evidence.ESTIMATED
    return found


@pytest.mark.parametrize(("kind", "measured"), [("glorot_uniform", 21), ("he_normal", 29), ("torch_default", 6.5)])
def test_relu_nets_on_normal_inputs(kind, measured):
    """Measured on real nets: 64 inputs, 32 hidden units, mse: 21 (Glorot), 29 (He), 6.5 (PyTorch)."""
    found = judged(squared(net(unknown(64, **NORMAL), kind=kind), unknown(1, **NORMAL)))
    assert measured / 2 < found.sharpness < measured * 2


@pytest.mark.parametrize(("kind", "measured"), [("glorot_uniform", 1.9), ("he_normal", 2.5), ("torch_default", 0.5)])
def test_relu_nets_with_cross_entropy(kind, measured):
    output = net(unknown(64, **NORMAL), 10, kind)
    found = judged(Node("cross_entropy", (output, labels()), {"reduction": "mean"}), framework="torch")
    assert measured / 2 < found.sharpness < measured * 2


def test_a_linear_model_of_pixels():
    """2 mu of independent U(0, 255) inputs: mu is 12 * 127.5^2 + 255^2/12 and a little, the sample's part."""
    found = judged(squared(sized(dense(unknown(12, **PIXELS), bias=False), 1), unknown(1, **NORMAL)), 0.01)
    assert found.sharpness == pytest.approx(2 * (12 * 127.5**2 + 255**2 / 12), rel=0.15)
    assert found.verdict == "unstable_at_start"
    assert found.input_magnitude == pytest.approx(255, rel=0.01)
    assert found.unit_scale_max_learning_rate == pytest.approx(found.max_learning_rate * 255**2, rel=0.05)


def test_softmax_regression_is_judged_at_zero_weights():
    """mu / k, whatever the weights start from."""
    output = sized(dense(unknown(12, **PIXELS), 4, kind="he_normal"), 4)
    found = judged(Node("sparse_categorical_crossentropy", (output, labels()), {"from_logits": True, "reduction": "mean"}), 0.1)
    assert found.sharpness == pytest.approx((12 * 127.5**2 + 255**2 / 12) / 4, rel=0.15)
    assert found.verdict == "unstable_at_start"


def test_raw_pixels_shrink_the_bound_of_a_relu_net():
    raw, unit = (
        judged(squared(net(unknown(30, low=0.0, high=high, mean=None, second_moment=None)), unknown(1, **NORMAL)))
        for high in (255.0, 1.0)
    )
    assert raw.sharpness / unit.sharpness == pytest.approx(255**2, rel=0.5)


@pytest.mark.parametrize(
    ("kind", "ratio", "verdict"),
    [
        ("squared", 0.9, "stable"),
        ("squared", 1.1, "near_edge"),
        ("squared", 2.1, "unstable_at_start"),
        ("squared with momentum", 0.6, "near_edge"),
        ("squared with momentum", 2.1, "unstable_at_start"),
        ("cross-entropy", 7.0, "stable"),
        ("cross-entropy", 9.0, "near_edge"),
        ("cross-entropy", 41.0, "unstable_at_start"),
        (None, 1000.0, "not_judged"),
    ],
)
def test_thresholds_are_twice_those_of_the_table(kind, ratio, verdict):
    assert verdict_of(kind, ratio) == verdict


def test_normalisers_cancel_the_scale():
    normalised = Node("batch_norm", (unknown(12, **PIXELS),), {"scale": False, "center": False})
    found = judged(squared(net(normalised), unknown(1, **NORMAL)), 10.0)
    assert found.verdict == "not_judged"
    assert any("normalisation" in one for one in found.premises)


def test_images():
    below = Node("flatten", (unknown((8, 8, 1), **PIXELS),))
    assert judged(squared(net(below), unknown(1, **NORMAL)), 0.01).verdict == "unstable_at_start"


def test_targets_of_unknown_scale_are_said_to_be_assumed():
    found = judged(squared(net(unknown(12, **NORMAL)), Node("data", (), {"batched": True}, shape=(None, 1))))
    assert any("targets" in one for one in found.premises)


def test_the_same_verdict_each_time():
    graph = squared(net(unknown(12, **NORMAL)), unknown(1, **NORMAL))
    assert judged(graph) == judged(graph)


@pytest.mark.parametrize(
    ("the_run", "reason"),
    [
        (run(squared(net(unknown(12, **NORMAL)), unknown(1, **NORMAL)), name="adam", batch=32), "not judged"),
        (run(squared(net(Node("data", (), {"batched": True}, shape=(9, 3))), unknown(1, **NORMAL)), batch=32), "scale"),
        (run(squared(net(unknown((None,), **NORMAL)), unknown(1, **NORMAL)), batch=32), "shape"),
        (run(squared(net(unknown(12, **NORMAL), kind="unknown"), unknown(1, **NORMAL)), batch=32), "initial weights"),
        (run(squared(net(unknown((3000, 3000), **NORMAL)), unknown(1, **NORMAL)), batch=32), "too large"),
    ],
)
def test_what_cannot_be_estimated(the_run, reason):
    found = stability(the_run)
    assert isinstance(found, Unknown)
    assert reason in found.reason


@pytest.mark.parametrize(
    "moments",
    [
        Moments(0.0, 255.0, 33.3, 7276.0),
        Moments(0.0, 255.0, 127.5, 127.5**2 + 255**2 / 12),
        Moments(None, None, 3.0, 13.0),
        Moments(0.0, 1.0, 0.2, 0.2),
    ],
)
def test_drawn_entries_have_the_known_moments(moments):
    found = draw(np.random.default_rng(0), (200_000,), moments)
    if moments.second == 0.2:  # only zeros and ones have these moments: anything on the range will do
        assert found.min() >= 0
        assert found.max() <= 1
        return
    assert found.mean() == pytest.approx(moments.mean, rel=0.02)
    assert (found**2).mean() == pytest.approx(moments.second, rel=0.02)
    if moments.low is not None:
        assert found.min() >= moments.low
        assert found.max() <= moments.high


def test_a_constant_and_a_plain_range():
    rng = np.random.default_rng(0)
    assert (draw(rng, (5,), Moments(3.0, 3.0, 3.0, 9.0)) == 3).all()
    found = draw(rng, (100_000,), Moments(-2.0, 4.0, None, None))
    assert found.mean() == pytest.approx(1.0, abs=0.05)


def test_momentum_has_no_credit_in_an_estimate():
    graph = squared(net(unknown(12, **NORMAL)), unknown(1, **NORMAL))
    assert judged(graph, momentum=Fact(0.9)).max_learning_rate == judged(graph).max_learning_rate
