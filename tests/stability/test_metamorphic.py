"""What must hold of every bound however it is computed: how it moves with inputs, targets, losses, rows and their order."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from tests.stability.graphs import data, dense, regression, run, squared, weight
from trainlint.facts.graph import Node
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound

SCALES = st.floats(0.01, 100.0)
SEEDS = st.integers(0, 2**16)
few = settings(max_examples=8, deadline=None, derandomize=True)


def judged(graph, rate=1e-3, **facts) -> StabilityBound:
    found = stability(run(graph, rate, **facts))
    assert isinstance(found, StabilityBound), found
    return found


def rows(seed, count=12, width=3):
    return np.random.default_rng(seed).standard_normal((count, width))


def logistic(x):
    labels = (x[:, :1] > 0).astype(float)
    return Node(
        "binary_cross_entropy_with_logits", (dense(data(x), bias=False, kind="zeros"), data(labels)), {"reduction": "mean"}
    )


@few
@given(SEEDS, SCALES)
def test_inputs_scale_the_sharpness_of_linear_models_by_the_square(seed, scale):
    x = rows(seed)
    plain, scaled = judged(regression(x, x[:, :1], bias=False)), judged(regression(scale * x, x[:, :1], bias=False))
    assert scaled.sharpness == pytest.approx(scale**2 * plain.sharpness, rel=1e-9)
    assert scaled.max_learning_rate == pytest.approx(plain.max_learning_rate / scale**2, rel=1e-9)
    assert scaled.unit_scale_max_learning_rate == pytest.approx(plain.unit_scale_max_learning_rate, rel=1e-9)


@few
@given(SEEDS, SCALES)
def test_inputs_scale_the_sharpness_of_logistic_regression_at_zero_by_the_square(seed, scale):
    x = rows(seed)
    expected = scale**2 * judged(logistic(x), framework="torch").sharpness
    assert judged(logistic(scale * x), framework="torch").sharpness == pytest.approx(expected, rel=1e-6)


@few
@given(SEEDS, SCALES)
def test_a_factor_before_the_loss_scales_the_sharpness(seed, factor):
    x = rows(seed)
    hidden = Node("tanh", (dense(data(x), 4),))
    for graph in (regression(x, x[:, :1]), squared(dense(hidden), data(x[:, :1])), logistic(x)):
        plain = judged(graph, 1e-9, framework="torch")
        scaled = judged(Node("multiply", (graph, data(factor, batched=False))), 1e-9, framework="torch")
        assert scaled.sharpness == pytest.approx(factor * plain.sharpness, rel=1e-3)
        assert scaled.max_learning_rate == pytest.approx(plain.max_learning_rate / factor, rel=1e-3)


@few
@given(SEEDS, st.integers(2, 4))
def test_repeated_rows_change_means_not_at_all_and_sums_by_their_number(seed, times):
    x = rows(seed)
    again = np.tile(x, (times, 1))
    for reduction, factor in (("mean", 1), ("sum", times)):
        plain, repeated = (judged(regression(one, one[:, :1], reduction=reduction), 1e-5) for one in (x, again))
        assert repeated.sharpness == pytest.approx(factor * plain.sharpness, rel=1e-9)
        assert repeated.growth_per_step == pytest.approx(
            judged(regression(x, x[:, :1], reduction=reduction), 1e-5 * factor).growth_per_step, rel=1e-9
        )


@few
@given(SEEDS)
def test_the_order_of_rows_and_columns_does_not_matter(seed):
    x, rng = rows(seed), np.random.default_rng(seed + 1)
    plain = judged(regression(x, x.sum(axis=1, keepdims=True)))
    order, columns = rng.permutation(len(x)), rng.permutation(3)
    moved = judged(regression(x[order][:, columns], x[order].sum(axis=1, keepdims=True)))
    assert moved.sharpness == pytest.approx(plain.sharpness, rel=1e-9)


@few
@given(SEEDS, SCALES)
def test_targets_do_not_move_the_bound_of_a_linear_regression(seed, scale):
    x = rows(seed)
    plain, other = judged(regression(x, x[:, :1])), judged(regression(x, scale * x[:, 1:2] - 7))
    assert other.max_learning_rate == pytest.approx(plain.max_learning_rate, rel=1e-12)


@few
@given(SEEDS, st.integers(2, 5))
def test_a_mean_over_more_outputs_divides_the_sharpness(seed, units):
    x = rows(seed)
    one, several = judged(regression(x, units=1, bias=False)), judged(regression(x, units=units, bias=False))
    assert several.sharpness == pytest.approx(one.sharpness / units, rel=1e-9)


def known(x, start, unit=1.0):
    """A linear regression whose weights start where they are told."""
    node = Node("dense", (data(x),), {"units": 1, "use_bias": False}, (weight(values=start),))
    return squared(node, data(np.sin(x[:, :1] / unit)))


@few
@given(SEEDS, st.floats(0.8, 2.0))
def test_inputs_weights_and_rate_scaled_together_train_alike(seed, share):
    """With w' = w/c and lr/c^2 plain descent computes the same outputs at each step."""
    x, start = rows(seed), np.full((3, 1), 0.5)
    rate = share * judged(known(x, start)).max_learning_rate
    one, other = (
        judged(known(x, start), rate, batch=5, epochs=8),
        judged(known(8 * x, start / 8, 8), rate / 64, batch=5, epochs=8),
    )
    assert one.verdict == other.verdict
    assert other.loss_reached == pytest.approx(one.loss_reached, rel=1e-6)


@few
@given(SEEDS, st.floats(0.001, 1.0), st.sampled_from(["adam", "nadam", "adamax", "lion"]))
def test_a_factor_before_the_loss_does_not_change_steps_of_a_fixed_size(seed, rate, name):
    x, start = rows(seed), np.full((3, 1), 0.5)
    one = judged(known(x, start), rate, name=name, epochs=30)
    other = judged(Node("multiply", (known(x, start), data(4.0, batched=False))), rate, name=name, epochs=30)
    assert one.verdict == other.verdict
    assert other.max_learning_rate == pytest.approx(one.max_learning_rate, rel=1e-3)
    assert other.loss_reached == pytest.approx(4 * one.loss_reached, rel=1e-2)
