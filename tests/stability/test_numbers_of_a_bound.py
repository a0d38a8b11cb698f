"""Every number that a bound holds, against formulas on regressions and nets that are small enough to be computed here."""

import dataclasses
import math
import re

import numpy as np
import pytest

from tests.stability.graphs import data, dense, regression, run, squared, weight
from trainlint.core import Evidence, Fact, Unknown
from trainlint.facts.graph import Node
from trainlint.facts.run import ScheduleFacts
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.stability.bounds import first_non_finite_step, mean_square_bound, one_weight_bound
from trainlint.stability.budget import Purse
from trainlint.stability.case import Case, batches_of
from trainlint.stability.optimizers import settings_of
from trainlint.stability.twin.program import Program

X = np.arange(1.0, 21.0)
ROWS = 2 * X**2  # the Hessian of each row's (w x - y)^2
LAMBDA = float(ROWS.mean())


def judged(graph, rate, **facts) -> StabilityBound:
    found = stability(run(graph, rate, **facts))
    assert isinstance(found, StabilityBound), found
    return found


def line(x=X, start=1.0, y=None):
    """mse(w x, y) from a known w; y = x / 2 unless it is given."""
    node = Node("dense", (data(x[:, None]),), {"units": 1, "use_bias": False}, (weight(values=[[start]]),))
    return squared(node, data(x[:, None] / 2 if y is None else y))


def of_rows(hessians, batch):
    return mean_square_bound(hessians[:, None, None], batch)


def test_one_row_at_a_time():
    found = judged(line(), 0.01, batch=1, epochs=3)
    product = float(np.prod(np.abs(1 - 0.01 * ROWS)))
    bound = one_weight_bound(ROWS)
    assert (found.verdict, found.evidence, found.batch) == ("diverges", Evidence.PROVED, "batches of 1")
    assert (found.sharpness, found.max_learning_rate, found.learning_rate) == (pytest.approx(LAMBDA), bound, 0.01)
    assert found.ratio == pytest.approx(0.01 / bound)
    assert found.best_learning_rate == pytest.approx(min(1 / LAMBDA, bound / 2))
    assert found.input_magnitude == 20
    assert found.unit_scale_max_learning_rate == pytest.approx(one_weight_bound(2 * (X / 20) ** 2), rel=1e-6)
    assert found.growth_per_step == pytest.approx(product**0.1)
    assert found.method == f"one epoch over 20 rows multiplies the error by {product:.4g}"
    assert found.first_non_finite_step == first_non_finite_step(float((X**2 / 4).mean()), 20, product**0.1)
    assert found.bound_formula == "the bound of an epoch, Π|1 - lr·λ| = 1,"
    assert found.premises == ()


def test_one_row_at_a_time_far_above_the_bound_is_finite():
    found = judged(line(1e3 * X), 1e200, batch=1)
    assert found.growth_per_step == pytest.approx(math.exp(700))
    assert found.method.endswith(f"{math.exp(700):.4g}")


def test_one_row_at_a_time_on_its_data_again_does_not_move():
    """1 - lr*lambda = 0 for one of the rows: the error is gone after each epoch."""
    found = judged(line(), 1 / ROWS[3], batch=1)
    assert found.verdict == "stable"
    assert 0 < found.growth_per_step < 1e-10


@pytest.mark.parametrize("change", [{"schedule": ScheduleFacts("exponential_decay")}])
def test_one_row_at_a_time_under_a_schedule_is_not_judged(change):
    found = stability(dataclasses.replace(run(line(), 0.01, batch=1), **change))
    assert found.verdict == "not_judged"
    assert found.premises == ("the learning rate follows a schedule (exponential_decay)",)


def test_one_row_at_a_time_with_weight_decay():
    """Decay adds to the Hessian of every row; without it the inputs' scale would be all there is."""
    found = judged(line(), 0.001, batch=1, weight_decay=Fact(50.0))
    assert found.max_learning_rate == pytest.approx(one_weight_bound(ROWS + 50))
    assert found.best_learning_rate == pytest.approx(min(1 / (LAMBDA + 50), found.max_learning_rate / 2))
    assert found.unit_scale_max_learning_rate is None
    penalised = regression(X, X[:, None] / 2, bias=False, l2=0.5)
    assert judged(penalised, 0.001, batch=1).unit_scale_max_learning_rate is None
    assert judged(penalised, 0.001, batch=1).max_learning_rate == pytest.approx(one_weight_bound(ROWS + 1))


def test_the_evidence_is_that_of_the_batch_size():
    guessed = dataclasses.replace(run(line(), 0.01), batch_size=Fact(1, evidence=Evidence.ESTIMATED))
    assert stability(guessed).evidence is Evidence.ESTIMATED
    sure = dataclasses.replace(run(line(), 1e-4), batch_size=Fact(4, evidence=Evidence.ESTIMATED))
    assert stability(sure).evidence is Evidence.ESTIMATED


@pytest.mark.parametrize(("batch", "momentum"), [(4, 0.0), (1, 0.5), (10, 0.9)])
def test_small_batches(batch, momentum):
    """Trained from w = 1 towards w = 1/2: the loss starts at mean(x^2) / 4 and ends at nothing."""
    found = judged(line(), 2e-4, batch=batch, momentum=Fact(momentum), epochs=200)
    plain = min(of_rows(ROWS, batch), 2 / LAMBDA)
    noisy = max(0.0, 2 / plain - LAMBDA)
    expected = 2 * (1 + momentum) / (LAMBDA + (1 + momentum) / (1 - momentum) * noisy)
    assert found.max_learning_rate == pytest.approx(expected)
    assert found.ratio == pytest.approx(2e-4 / expected)
    assert found.best_learning_rate == pytest.approx(min(1 / LAMBDA, expected / 2))
    assert found.sharpness == pytest.approx(LAMBDA)
    assert (found.verdict, found.batch) == ("stable", f"batches of {batch}")
    assert found.bound_formula == f"the mean-square bound of batches of {batch}"
    assert found.input_magnitude == 20
    unit = judged(line(X / 20), 2e-4, batch=batch, momentum=Fact(momentum), epochs=1)
    assert found.unit_scale_max_learning_rate == pytest.approx(unit.max_learning_rate, rel=1e-6)
    if momentum:
        assert found.evidence is Evidence.SIMULATED
        assert found.loss_at_start == pytest.approx((X**2).mean() / 4)
        assert found.loss_reached < 1e-6
        assert re.match(r"0 of 4 simulated runs of up to \d+ updates diverge, the loss goes from 35.9 to \d", found.method)
    else:
        assert found.evidence is Evidence.PROVED
        assert found.growth_per_step == pytest.approx((1 - 2e-4 * LAMBDA) ** 2)
        assert (found.loss_at_start, found.loss_reached) == (None, None)
        assert found.method == "no row's own curvature allows a step to expand the error"


def test_decay_enters_the_bound_of_small_batches():
    found = judged(line(), 2e-4, batch=4, weight_decay=Fact(50.0))
    expected = of_rows(ROWS + 50, 4)
    assert found.max_learning_rate == pytest.approx(expected)
    assert found.best_learning_rate == pytest.approx(expected / 2)
    large = judged(line(), 2e-4, batch=19, weight_decay=Fact(50.0), momentum=Fact(0.5))
    assert large.best_learning_rate == pytest.approx(1 / (LAMBDA + 50))
    assert large.best_learning_rate < large.max_learning_rate / 2
    unit = judged(line(X / 20), 2e-4, batch=4, weight_decay=Fact(50.0))
    assert found.unit_scale_max_learning_rate == pytest.approx(unit.max_learning_rate)


@pytest.mark.parametrize(("share", "proved"), [(0.999, True), (1.001, False)])
def test_stable_is_proved_below_the_bound_of_the_steepest_row(share, proved):
    """2 / (2 * 20^2 + decay)."""
    found = judged(line(), share * 2 / (800 + 50), batch=4, weight_decay=Fact(50.0))
    assert (found.verdict, found.evidence is Evidence.PROVED) == ("stable", proved)


def test_nothing_is_proved_of_small_batches_under_a_schedule():
    schedule = ScheduleFacts("exponential_decay", {"decay_steps": 1, "decay_rate": 0.5})
    found = stability(dataclasses.replace(run(line(), 1e-5, batch=4), schedule=schedule))
    assert (found.verdict, found.evidence) == ("stable", Evidence.SIMULATED)
    above = stability(dataclasses.replace(run(line(), 0.0066, batch=4), schedule=schedule))
    assert above.ratio > 1
    assert above.verdict == "stable"
    unknown = stability(dataclasses.replace(run(line(), 1e-5, batch=4), schedule=ScheduleFacts("lambda")))
    assert (unknown.verdict, unknown.evidence) == ("not_judged", Evidence.SIMULATED)
    assert unknown.method == "mean-square bound of mini-batches"


def test_small_batches_of_a_wide_model_are_given_the_bound_of_all_rows():
    """70 weights: the Hessians of single rows are not computed."""
    x = np.random.default_rng(0).standard_normal((100, 70))
    graph = regression(x, x[:, :1], bias=False)
    largest = 2 * np.linalg.eigvalsh(x.T @ x / 100)[-1]
    found = judged(graph, 0.01, batch=20, weight_decay=Fact(3.0))
    assert found.max_learning_rate == pytest.approx(2 / (largest + 3), rel=1e-6)
    assert found.bound_formula == "2/λ"
    assert found.evidence is Evidence.SIMULATED


@pytest.mark.parametrize(
    ("samples", "batch", "left"), [(20, 8, 4), (17, 8, 1), (16, 8, 0), (21, 8, 0), (20, 20, 0), (3, 2, 1), (5, 3, 0)]
)
def test_a_small_last_batch_is_mentioned(samples, batch, left):
    """One of up to half of the others is."""
    x = np.arange(1.0, samples + 1)
    expected = (f"each epoch ends with a batch of {left}, which can expand the error in bursts",) if left else ()
    assert judged(line(x), 1e-6, batch=batch).premises == expected
    dropped = dataclasses.replace(run(line(x), 1e-6, batch=batch), steps_per_epoch=Fact(samples // batch))
    assert stability(dropped).premises == ()


@pytest.mark.parametrize(("framework", "first"), [("keras", 143.5 / 4), ("torch", 143.5 * 5 / 4 - 10.5**2)])
def test_keras_gives_targets_the_axis_that_they_lack(framework, first):
    """E(x - x/2)^2 over the rows; PyTorch compares all pairs: E x^2 + E x^2/4 - (E x)^2."""
    node = Node("dense", (data(X[:, None]),), {"units": 1, "use_bias": False}, (weight(values=[[1.0]]),))
    found = judged(squared(node, data(X / 2)), 2e-4, batch=4, momentum=Fact(0.5), framework=framework)
    assert found.loss_at_start == pytest.approx(first)


def test_what_cannot_be_trained_in_time_is_not_judged():
    """Between a budget that pays for the Hessians of the rows alone and one that pays for the training too."""
    the_run = run(line(), 0.004, batch=4)
    found = [stability(dataclasses.replace(the_run, effort=share)) for share in np.geomspace(1, 1e-6, 30)]
    poor = [one for one in found if isinstance(one, StabilityBound) and "too large to be trained here" in one.premises]
    assert found[0] not in poor
    assert {(one.verdict, one.evidence) for one in poor} == {("not_judged", Evidence.ESTIMATED)}
    assert all(one.max_learning_rate == pytest.approx(found[0].max_learning_rate) for one in poor)
    assert all(one.unit_scale_max_learning_rate in (None, found[0].unit_scale_max_learning_rate) for one in poor)


def test_targets_that_are_not_known_are_a_premise_and_no_loss_is_said():
    target = Node("data", (), {"batched": True})
    node = Node("dense", (data(X[:, None]),), {"units": 1, "use_bias": False}, (weight(values=[[1.0]]),))
    found = judged(squared(node, target), 0.02, batch=4)
    assert found.verdict == "diverges"
    assert found.premises == ("the targets are not known; the curvature does not depend on them",)
    assert (found.loss_at_start, found.loss_reached, found.first_non_finite_step) == (None, None, None)


def test_a_divergence_of_small_batches_reaches_no_finite_loss():
    found = judged(line(), 1.0, batch=4, epochs=400)
    assert found.verdict == "diverges"
    assert found.loss_at_start == pytest.approx((X**2).mean() / 4)
    assert found.loss_reached is None or found.loss_reached > 100 * found.loss_at_start


def test_the_whole_batch():
    found = judged(line(), 0.01)
    growth = (1 - 0.01 * LAMBDA) ** 2
    assert found.growth_per_step == pytest.approx(growth)
    assert found.first_non_finite_step == first_non_finite_step(float((X**2).mean() / 4), 20, growth)
    assert found.best_learning_rate == pytest.approx(1 / LAMBDA)
    assert found.unit_scale_max_learning_rate == pytest.approx(2 / LAMBDA * 400)
    assert found.method == "exact Hessian of the quadratic loss, 1 parameter"
    assert (found.batch, found.preconditioned, found.loss_at_start) == ("full batch", False, None)
    both = judged(regression(X, X[:, None] / 2), 0.001)
    ends = np.linalg.eigvalsh(2 * np.array([[(X**2).mean(), X.mean()], [X.mean(), 1]]))
    assert both.method.endswith("2 parameters")
    assert both.best_learning_rate == pytest.approx(2 / ends.sum())
    decayed = judged(regression(X, X[:, None] / 2), 0.001, weight_decay=Fact(0.5))
    assert decayed.best_learning_rate == pytest.approx(2 / (ends.sum() + 1))
    pushed = judged(regression(X, X[:, None] / 2), 0.001, momentum=Fact(0.9), weight_decay=Fact(0.5))
    assert pushed.best_learning_rate == pytest.approx(1 / (ends[1] + 0.5))
    unit = judged(regression(X / 20, X[:, None] / 2), 0.001, momentum=Fact(0.9), weight_decay=Fact(0.5))
    assert pushed.unit_scale_max_learning_rate == pytest.approx(unit.max_learning_rate)


@pytest.mark.parametrize(("length", "verdict"), [(99.5, "diverges"), (100.5, "slow_divergence")])
def test_a_run_of_unknown_length_is_taken_for_a_hundred_updates(length, verdict):
    """A loss that grows tenfold in so many updates."""
    rate = (1 + 10 ** (0.5 / length)) / LAMBDA
    assert stability(dataclasses.replace(run(line(), rate), epochs=Fact(0), steps_per_epoch=Unknown("?"))).verdict == verdict


def test_a_loss_that_ends_above_a_hundred_times_its_first_has_diverged():
    """Batches of half the rows at 2.2 / lambda: each step multiplies the loss by about 1.2^2, 30 steps by 1e4 or so."""
    found = judged(line(), 2.2 / LAMBDA, batch=10, epochs=15)
    assert found.verdict == "diverges"
    assert 1e2 < found.loss_reached / found.loss_at_start < 1e10


@pytest.mark.parametrize(("dropped", "sizes"), [(False, [8, 8, 4]), (True, [8, 8])])
def test_batches_of_an_epoch(dropped, sizes):
    """Each row once in each epoch, in an order of its own; the rows left over as the run has it."""
    the_run = run(line(), 0.01, batch=8)
    the_run = dataclasses.replace(the_run, steps_per_epoch=Fact(2)) if dropped else the_run
    program = Program(the_run.loss_graph)
    settings = settings_of(the_run.optimizer)
    case = Case(the_run, the_run.optimizer, settings, program, program.problem(0), Purse(the_run))
    drawn = [rows for _, rows in zip(range(2 * len(sizes)), batches_of(case, 0), strict=False)]
    assert [len(rows) for rows in drawn] == 2 * sizes
    first, second = (np.concatenate(part) for part in (drawn[: len(sizes)], drawn[len(sizes) :]))
    assert len(set(first)) == len(first) == sum(sizes)
    assert set(first) <= set(range(20))
    assert first.tolist() != second.tolist()


@pytest.mark.parametrize(
    ("rate", "settings", "verdict"),
    [
        (2.01, {}, "rises_first"),
        (1.99, {}, "stable"),
        (2.01, {"nesterov": True}, "diverges"),
        (0.7, {"nesterov": True}, "stable"),
        (2.01 / 0.6, {"dampening": 0.4}, "rises_first"),
        (1.99 / 0.6, {"dampening": 0.4}, "stable"),
    ],
)
def test_momentum_rises_first_above_the_bound_without_it(rate, settings, verdict):
    assert judged(line(), rate / LAMBDA, momentum=Fact(0.9), **settings).verdict == verdict


def net(x, y, kernels):
    hidden = Node("tanh", (dense(data(x), 3, bias=False, values=kernels[0]),))
    return squared(dense(hidden, bias=False, values=kernels[1]), data(y))


RNG = np.random.default_rng(3)
INPUTS, KERNELS = 3 * RNG.standard_normal((16, 2)), (RNG.standard_normal((2, 3)), RNG.standard_normal((3, 1)))
TARGETS = np.sin(INPUTS[:, :1])


def sharpest(x, y, kernels):
    """The largest eigenvalue of second differences of the net's loss."""
    start, h = np.concatenate([one.ravel() for one in kernels]), 1e-4

    def loss(w):
        return float(((np.tanh(x @ w[:6].reshape(2, 3)) @ w[6:].reshape(3, 1) - y) ** 2).mean())

    unit = h * np.eye(9)
    columns = [
        [loss(start + a + b) - loss(start + a - b) - loss(start - a + b) + loss(start - a - b) for a in unit] for b in unit
    ]
    return float(np.linalg.eigvalsh(np.array(columns) / (4 * h * h))[-1]), loss(start)


def test_a_net():
    sharpness, first = sharpest(INPUTS, TARGETS, KERNELS)
    magnitude = np.abs(INPUTS).max()
    unit, _ = sharpest(INPUTS / magnitude, TARGETS, KERNELS)
    rate = 0.1 / sharpness
    found = judged(net(INPUTS, TARGETS, KERNELS), rate)
    assert found.sharpness == pytest.approx(sharpness, rel=1e-4)
    assert found.max_learning_rate == pytest.approx(2 / sharpness, rel=1e-4)
    assert found.ratio == pytest.approx(0.05, rel=1e-4)
    assert found.growth_per_step == pytest.approx((1 - 0.1) ** 2, rel=1e-4)
    assert found.best_learning_rate == pytest.approx(1 / sharpness, rel=1e-4)
    assert found.input_magnitude == pytest.approx(magnitude)
    assert found.unit_scale_max_learning_rate == pytest.approx(2 / unit, rel=1e-4)
    assert (found.verdict, found.evidence, found.bound_formula) == ("stable", Evidence.SIMULATED, "2/λ at the start")
    assert found.loss_at_start == pytest.approx(first)
    assert 0 < found.loss_reached < first
    assert found.first_non_finite_step is None
    assert (found.preconditioned, found.premises) == (False, ())


def test_decay_and_momentum_of_a_net():
    sharpness, _ = sharpest(INPUTS, TARGETS, KERNELS)
    decayed = judged(net(INPUTS, TARGETS, KERNELS), 0.01, weight_decay=Fact(0.7))
    assert decayed.max_learning_rate == pytest.approx(2 / (sharpness + 0.7), rel=1e-4)
    unit, _ = sharpest(INPUTS / decayed.input_magnitude, TARGETS, KERNELS)
    assert decayed.unit_scale_max_learning_rate == pytest.approx(2 / (unit + 0.7), rel=1e-4)
    pushed = judged(net(INPUTS, TARGETS, KERNELS), 0.01, momentum=Fact(0.5))
    assert pushed.growth_per_step is None
    assert pushed.max_learning_rate == pytest.approx(2 / sharpness, rel=1e-4)


def test_adam_on_a_net():
    """Its first step is the sign of the gradient: the loss rises above 2 g.s / s'Hs."""
    found = judged(net(INPUTS, TARGETS, KERNELS), 1e-3, name="adam")
    start, h = np.concatenate([one.ravel() for one in KERNELS]), 1e-4

    def loss(w):
        return float(((np.tanh(INPUTS @ w[:6].reshape(2, 3)) @ w[6:].reshape(3, 1) - TARGETS) ** 2).mean())

    gradient = np.array([(loss(start + h * one) - loss(start - h * one)) / (2 * h) for one in np.eye(9)])
    sign = np.sign(gradient)
    bend = (loss(start + h * sign) - 2 * loss(start) + loss(start - h * sign)) / h**2
    assert found.max_learning_rate == pytest.approx(2 * gradient @ sign / bend, rel=1e-3)
    assert found.preconditioned
    assert found.growth_per_step is found.best_learning_rate is found.unit_scale_max_learning_rate is None
    assert found.input_magnitude == pytest.approx(np.abs(INPUTS).max())
    assert found.bound_formula == "the bound of the first step"


def test_a_divergence_of_a_net_says_when_float32_overflows():
    found = judged(net(INPUTS, 1e3 * TARGETS, KERNELS), 50.0)
    assert found.verdict == "diverges"
    growth = (1 - 50 * found.sharpness) ** 2
    _, first = sharpest(INPUTS, 1e3 * TARGETS, KERNELS)
    assert found.growth_per_step == pytest.approx(growth)
    assert found.first_non_finite_step == first_non_finite_step(first, 16, growth)


def test_a_loss_that_does_not_curve_has_no_bound():
    """mean(|w x|) is straight on either side of zero."""
    node = Node("dense", (data(X[:, None]),), {"units": 1, "use_bias": False}, (weight(values=[[1.0]]),))
    straight = Node("mean_absolute_error", (node, data(np.zeros((20, 1)))), {"reduction": "mean"})
    found = stability(run(straight, 0.01))
    assert isinstance(found, Unknown)
    assert found.reason == "the loss does not curve at the initial weights"
