"""Training by the twin: when it ends, what counts as diverged, and how gradients are clipped."""

import math

import numpy as np
import pytest

from tests.stability.graphs import data, squared, weight
from trainlint.facts.graph import Node
from trainlint.stability.simulate import BLOWN_UP, CHECKS, HOPELESS, clipped, evaluations, full, shuffled, train
from trainlint.stability.twin.program import Program
from trainlint.stability.updates import Settings

X = np.arange(1.0, 6.0)[:, None]
LAMBDA = float(2 * (X**2).mean())


def problem(start=1.0, target=None):
    """mse(w x, x / 2), of which each step of descent multiplies the error w - 1/2 by 1 - rate * lambda."""
    node = Node("dense", (data(X),), {"units": 1, "use_bias": False}, (weight(values=[[start]]),))
    return Program(squared(node, data(X / 2 if target is None else target))).problem(0)


def descent(share, steps, **settings):
    return train(problem(), Settings("sgd", "torch", share / LAMBDA, **settings), full(), steps)


def test_the_loss_falls_as_the_error_does():
    found = descent(0.5, 10)
    assert (found.diverged, found.step) == (False, 10)
    assert found.first == pytest.approx(LAMBDA / 2 * 0.25)
    assert found.last == pytest.approx(found.first * 0.5**20)
    assert found.weights == pytest.approx(0.5 + 0.5 * 0.5**10)


@pytest.mark.parametrize(("steps", "diverged"), [(11, False), (13, True)])
def test_diverged_is_what_ends_above_a_hundred_times_the_first(steps, diverged):
    """(1 - 2.2)^2 = 1.44 a step: 95 after 12.5 steps."""
    found = descent(2.2, steps)
    assert found.last / found.first == pytest.approx(1.44**steps)
    assert (found.diverged, 1.44**steps > BLOWN_UP) == (diverged, diverged)


def test_another_limit_may_be_set():
    settings = Settings("sgd", "torch", 2.2 / LAMBDA)
    assert not train(problem(), settings, full(), 13, blown_up=1e3).diverged
    assert train(problem(), settings, full(), 2, blown_up=2.0).diverged


def test_a_hopeless_run_is_given_up():
    """99^2 a step: above 1e10 times the first after three steps, seen at the fourth."""
    found = descent(100, 1_000)
    assert (found.diverged, found.step) == (True, math.ceil(math.log(HOPELESS) / math.log(99**2)) + 1)


def test_adam_is_given_up_where_float32_ends_only():
    """Its loss may rise by more than 1e10 and come back."""
    found = train(problem(start=0.5 + 1e-9), Settings("adam", "torch", 1.0, decay=0.0), full(), 1)
    assert found.last > HOPELESS * found.first
    assert found.step == 1
    far = train(problem(), Settings("adam", "torch", 1e20), full(), 50)
    assert (far.diverged, far.step) == (True, 2)


def test_what_is_not_finite_has_diverged():
    found = train(problem(), Settings("adam", "torch", 1e300), full(), 50)
    assert (found.diverged, found.last) == (True, math.inf)


def test_a_loss_that_has_settled_is_not_followed_further():
    """Six checks of twenty within a twentieth of each other, and below the first: a minimum above zero."""
    shifted = problem(target=X / 2 + np.array([[1.0], [-1.0], [2.0], [0.0], [1.0]]))
    counted = []

    def batches():
        for _ in range(10_000):
            counted.append(1)
            yield None

    train(shifted, Settings("sgd", "torch", 0.9 / LAMBDA), batches(), 1_000)
    assert len(counted) == 6 * (1_000 // CHECKS)
    counted.clear()
    train(shifted, Settings("sgd", "torch", 0.9 / LAMBDA), batches(), 1_000, rates=[0.9 / LAMBDA] * 1_000)
    assert len(counted) == 1_000  # a schedule may rise again
    counted.clear()
    train(problem(), Settings("sgd", "torch", 0.9 / LAMBDA), batches(), 1_000, rates=[0.9 / LAMBDA])
    assert len(counted) == 1_000 // CHECKS  # nothing is left to fall


def test_the_last_rate_of_a_schedule_stays():
    found = train(problem(), Settings("sgd", "torch", 1.0), full(), 3, rates=[0.5 / LAMBDA, 0.2 / LAMBDA])
    assert found.weights == pytest.approx(0.5 + 0.5 * 0.5 * 0.8 * 0.8)


@pytest.mark.parametrize(("decoupled", "factor"), [(False, 1 - 0.1 * (LAMBDA + 0.3)), (True, 1 - 0.1 * 0.3 - 0.1 * LAMBDA)])
def test_decay(decoupled, factor):
    """Towards a target of zero both are one factor; they differ in momentum alone."""
    still = problem(target=0 * X)
    found = train(still, Settings("sgd", "torch", 0.1, decay=0.3, decoupled=decoupled), full(), 1)
    assert found.weights == pytest.approx(factor)


def test_clipping():
    gradient = np.array([3.0, -4.0, 12.0])
    tensors = ((slice(0, 2), (2,)), (slice(2, 3), (1,)))
    plain = Settings("sgd", "torch", 0.1)
    for clip, expected in (
        (None, gradient),
        (("value", 3.5), [3, -3.5, 3.5]),
        (("global_norm", 6.5), gradient / 2),
        (("global_norm", 14.0), gradient),
        (("norm", 2.5), [1.5, -2, 2.5]),
        (("norm", 6.0), [3, -4, 6]),
    ):
        assert clipped(gradient, plain._replace(clip=clip), tensors) == pytest.approx(np.asarray(expected, dtype=float))
    assert gradient.tolist() == [3, -4, 12]
    assert clipped(0 * gradient, plain._replace(clip=("global_norm", 1.0)), tensors).tolist() == [0, 0, 0]
    assert clipped(0 * gradient, plain._replace(clip=("norm", 1.0)), tensors).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("more", "count"), [({}, 21), ({"max_iter": 4}, 5), ({"max_iter": 4.7}, 5), ({"max_iter": -3}, 2), ({"max_iter": 1e6}, 101)]
)
def test_quasi_newton_evaluates_as_often_as_it_iterates_and_once_more(more, count):
    assert evaluations(Settings("lbfgs", "torch", 1.0, more=more)) == count
    assert evaluations(Settings("sgd", "torch", 1.0, more=more)) == 1


@pytest.mark.parametrize(
    ("samples", "batch", "keep_last", "sizes"),
    [(10, 4, True, [4, 4, 2]), (10, 4, False, [4, 4]), (8, 4, False, [4, 4]), (3, 4, False, [3]), (3, 4, True, [3])],
)
def test_shuffled_rows(samples, batch, keep_last, sizes):
    batches = shuffled(samples, batch, keep_last=keep_last, seed=0)
    epochs = [[next(batches) for _ in sizes] for _ in range(3)]
    assert [[len(rows) for rows in epoch] for epoch in epochs] == 3 * [sizes]
    orders = [np.concatenate(epoch).tolist() for epoch in epochs]
    assert all(len(set(order)) == sum(sizes) and set(order) <= set(range(samples)) for order in orders)
    other = [next(shuffled(samples, batch, keep_last=keep_last, seed=seed)).tolist() for seed in range(6)]
    assert len({tuple(one) for one in other}) > 1


def test_outcomes_of_a_start_at_the_minimum():
    """A loss of zero has no hundredfold: the smallest number stands for it."""
    found = train(problem(start=0.5), Settings("sgd", "torch", 0.1), full(), 5)
    assert (found.diverged, found.first, found.last) == (False, 0, 0)
