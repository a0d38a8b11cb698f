"""Losses that add over the rows of a batch: their curvature is that of the mean times the rows of a step."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from tests.stability.graphs import data, dense, regression, run, squared
from trainlint.core import Fact, Unknown
from trainlint.facts.graph import Node
from trainlint.facts.run import DataFacts
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound

RNG = np.random.default_rng(0)
ROWS = RNG.standard_normal((100, 3))


def judged(graph, **settings) -> StabilityBound:
    found = stability(run(graph, 1e-4, **settings))
    assert isinstance(found, StabilityBound), found
    return found


def net(reduction):
    hidden = Node("tanh", (dense(data(ROWS), 8),))
    return squared(dense(hidden), data(np.sin(ROWS[:, :1])), reduction)


def unknown_net(reduction, batched=True):
    told = SimpleNamespace(known="declared", columns=(), low=None, high=None, mean=0.0, second_moment=1.0)
    leaves = [Node("data", (), {"batched": batched, "statistics": told}, shape=(1000, columns)) for columns in (6, 1)]
    hidden = Node("relu", (dense(leaves[0], 16),))
    return squared(dense(hidden), leaves[1], reduction)


@pytest.mark.parametrize("batch", [10, 25, 50])
def test_a_linear_model_in_batches_has_the_curvature_of_its_batch(batch):
    top = np.linalg.eigvalsh(2 * ROWS.T @ ROWS * batch / len(ROWS))[-1]
    found = judged(regression(ROWS, bias=False, reduction="sum"), batch=batch)
    assert found.sharpness == pytest.approx(top, rel=1e-9)
    mean = judged(regression(ROWS, bias=False), batch=batch)
    assert found.max_learning_rate == pytest.approx(mean.max_learning_rate / batch, rel=1e-6)


def test_all_rows_at_once_add_all_of_them():
    top = np.linalg.eigvalsh(2 * ROWS.T @ ROWS)[-1]
    found = judged(regression(ROWS, bias=False, reduction="sum"))
    assert found.sharpness == pytest.approx(top, rel=1e-9)
    assert "the loss adds over the 100 rows of a step" in found.premises


def test_a_penalty_is_not_multiplied():
    told = {"bias": False, "l2": 0.5}
    top = np.linalg.eigvalsh(2 * ROWS.T @ ROWS * 10 / len(ROWS))[-1]
    found = judged(regression(ROWS, reduction="sum", **told), batch=10)
    assert found.sharpness == pytest.approx(top + 2 * 0.5, rel=1e-9)


@pytest.mark.parametrize("batch", [10, 100])
def test_a_trained_net(batch):
    summed, mean = (judged(net(one), batch=batch) for one in ("sum", "mean"))
    assert summed.sharpness == pytest.approx(batch * mean.sharpness, rel=1e-3)


@pytest.mark.parametrize("batch", [16, 256])
def test_a_net_whose_data_is_not_known(batch):
    summed, mean = (judged(unknown_net(one), batch=batch) for one in ("sum", "mean"))
    assert summed.sharpness == pytest.approx(batch * mean.sharpness, rel=1e-2)


def test_a_full_batch_whose_data_is_not_known():
    there = DataFacts(shape=(1000, 6))
    summed, mean = (
        stability(dataclasses.replace(run(unknown_net(one, batched=False), 1e-6), inputs=there, batch_size=Unknown("all rows")))
        for one in ("sum", "mean")
    )
    assert summed.sharpness == pytest.approx(1000 * mean.sharpness, rel=1e-2)


def test_a_sum_over_an_unknown_number_of_rows_is_not_judged():
    found = stability(dataclasses.replace(run(unknown_net("sum")), batch_size=Unknown("from argv")))
    assert isinstance(found, Unknown)
    assert "adds over the rows" in found.reason


@pytest.mark.parametrize("batched", [True, False], ids=["mini-batches", "full batch"])
def test_known_data_that_costs_too_much_is_thinned(batched):
    x = RNG.standard_normal((20_000, 8)) * np.array([5.0, *[1.0] * 7])
    graph = squared(dense(data(x, batched), bias=False), data(x[:, :1], batched))
    there = dataclasses.replace(run(graph, 1e-3, batch=100 if batched else None), effort=0.02)
    found = stability(dataclasses.replace(there, batch_size=Fact(100 if batched else len(x))))
    top = np.linalg.eigvalsh(2 * x.T @ x / len(x))[-1]
    assert found.sharpness == pytest.approx(top, rel=0.35)
    assert found.method == "curvature at the initial weights on 256 rows"
