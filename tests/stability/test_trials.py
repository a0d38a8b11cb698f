"""What is found by training: mini-batches, small nets, adaptive optimizers."""

import dataclasses
import math

import numpy as np
import pytest

from tests.stability.graphs import data, dense, regression, run, squared, weight
from trainlint.core import Evidence, Fact, Unknown
from trainlint.facts.graph import Node
from trainlint.facts.run import ScheduleFacts
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound


def judged(*arguments, **settings) -> StabilityBound:
    found = stability(run(*arguments, **settings))
    assert isinstance(found, StabilityBound), found
    return found


def line(n):
    return regression(np.arange(n), bias=False)


def net(rows=48, seed=0, activation="tanh", scale=1.0):
    rng = np.random.default_rng(seed)
    x = scale * rng.standard_normal((rows, 3))
    hidden = Node(activation, (dense(data(x), 8),))
    return squared(dense(hidden), data(np.sin(x[:, :1])))


def test_one_row_at_a_time_diverges():
    found = judged(line(20), 0.01, batch=1)
    product = np.prod(np.abs(1 - 0.01 * 2 * np.arange(20.0) ** 2))
    assert product == pytest.approx(10.65, rel=1e-3)
    assert (found.verdict, found.evidence, found.batch) == ("diverges", Evidence.PROVED, "batches of 1")
    assert found.growth_per_step == pytest.approx(product ** (2 / 20), rel=1e-9)


def test_one_row_at_a_time_converges():
    found = judged(line(10), 0.01, batch=1)
    product = np.prod(np.abs(1 - 0.01 * 2 * np.arange(10.0) ** 2))
    assert product == pytest.approx(2.4e-4, rel=0.02)
    assert (found.verdict, found.evidence) == ("stable", Evidence.PROVED)
    assert found.growth_per_step == pytest.approx(product ** (2 / 10), rel=1e-9)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_small_batches_far_above_the_bound_diverge(momentum):
    found = judged(regression(np.arange(1.0, 21.0)), 0.02, batch=8, momentum=Fact(momentum))
    assert (found.verdict, found.evidence, found.batch) == ("diverges", Evidence.SIMULATED, "batches of 8")


def test_small_batches_that_no_row_can_upset_are_stable_by_proof():
    x = np.arange(1.0, 21.0)
    sharpest_row = 2 * (20**2 + 1)
    found = judged(regression(x), 1.9 / sharpest_row, batch=4)
    assert (found.verdict, found.evidence) == ("stable", Evidence.PROVED)


def test_between_the_mean_square_bound_and_divergence_bursts_are_announced():
    found = judged(regression(np.arange(1.0, 21.0)), 0.0055, batch=4)  # 0.79 of 2/lambda; the mean-square bound is 0.86 of it
    assert found.verdict == "stable"
    assert found.max_learning_rate * found.sharpness / 2 == pytest.approx(0.86, abs=0.01)
    assert judged(regression(np.arange(1.0, 21.0)), 0.0063, batch=4).verdict == "unstable_in_mean_square"


def test_momentum_bound_of_small_batches_has_no_credit():
    found = judged(line(20), 0.001, batch=4, momentum=Fact(0.9))
    assert found.max_learning_rate < 2 / 247 / 2


def test_a_single_row_left_over_is_mentioned():
    x = np.random.default_rng(0).standard_normal((65, 2))
    found = judged(regression(x, x[:, :1]), 0.2, batch=32)
    assert any("ends with a batch of 1" in one for one in found.premises)


def test_a_small_net_trains():
    found = judged(net(), 0.05)
    assert (found.verdict, found.evidence) == ("stable", Evidence.SIMULATED)


def test_a_small_net_diverges():
    found = judged(net(activation="relu"), 5.0)
    assert (found.verdict, found.evidence) == ("diverges", Evidence.SIMULATED)


def test_sharpness_of_a_net_at_the_start_is_that_of_its_dense_hessian():
    """Against second differences of a loss written here, for the middle one of five starts."""
    from trainlint.stability.twin.program import Program

    rng = np.random.default_rng(0)
    x = rng.standard_normal((48, 3))
    y = np.sin(x[:, :1])

    def loss(w):
        hidden = np.tanh(x @ w[:24].reshape(3, 8) + w[24:32])
        return ((hidden @ w[32:40].reshape(8, 1) + w[40] - y) ** 2).mean()

    program, tops = Program(net()), []
    for seed in range(5):
        w, h = program.problem(seed).start, 1e-4
        unit = h * np.eye(41)
        hessian = np.array(
            [[(loss(w + a + b) - loss(w + a - b) - loss(w - a + b) + loss(w - a - b)) / (4 * h * h) for a in unit] for b in unit]
        )
        tops.append(np.linalg.eigvalsh((hessian + hessian.T) / 2)[-1])
    assert judged(net(), 0.05).sharpness == pytest.approx(sorted(tops)[2], rel=1e-4)


IN_BOTH = ("adam", "adamw", "nadam", "adamax", "rmsprop", "adagrad", "adadelta", "adafactor")


@pytest.mark.parametrize(
    ("framework", "name"),
    [*(("keras", one) for one in (*IN_BOTH, "lion", "lamb", "muon")), *(("torch", one) for one in (*IN_BOTH, "radam", "rprop"))],
)
def test_other_optimizers_on_the_reference_case(framework, name):
    rate = 0.001 if name == "radam" else 0.1  # its first steps are those of plain descent
    found = judged(line(20), rate, name=name, epochs=100, framework=framework)
    assert (found.verdict, found.preconditioned) == ("stable", True)
    assert found.sharpness == pytest.approx(247)
    assert 0 <= found.loss_reached < found.loss_at_start


def test_quasi_newton_steps_solve_a_quadratic_at_once():
    found = judged(line(20), 1.0, name="lbfgs", epochs=3, framework="torch")
    assert found.verdict == "stable"
    assert found.loss_reached < 1e-9 * found.loss_at_start


def test_rectified_adam_diverges_in_its_first_steps_as_plain_descent_does():
    assert judged(line(20), 1.0, name="radam", epochs=100, framework="torch").verdict == "diverges"


def test_a_schedule_is_followed_and_its_end_reached():
    """Rates that would diverge if they did not halve at each update."""
    steep = judged(net(activation="relu"), 1.0, epochs=100)
    schedule = ScheduleFacts("exponential_decay", {"decay_steps": 1, "decay_rate": 0.5})
    gentle = stability(dataclasses.replace(run(net(activation="relu"), 1.0, epochs=100), schedule=schedule))
    assert steep.verdict in ("diverges", "unstable_at_start")
    assert gentle.verdict == "stable"
    unknown = dataclasses.replace(run(net(), 2.0), schedule=ScheduleFacts("lambda"))
    assert stability(unknown).verdict == "not_judged"


def test_clipping_is_followed():
    assert judged(net(activation="relu"), 2.0, clip=("global_norm", 0.01)).verdict == "stable"
    assert judged(net(), 2.0, clip=("global_norm", math.nan)).verdict == "not_judged"


def test_the_first_step_of_adam_raises_the_loss_above_its_bound_only():
    """One weight k, y = 2x: the first step is lr*sign, so that the loss rises iff lr > 2|k - 2|."""
    x = np.arange(20.0)[:, None]
    graph = squared(Node("dense", (data(x),), {"units": 1, "use_bias": False}, (weight(values=[[5.0]]),)), data(2 * x))
    assert judged(graph, 0.1, name="adam").max_learning_rate == pytest.approx(2 * 3.0, rel=1e-6)


def test_cross_entropy_of_known_data():
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((40, 4)), rng.integers(0, 3, 40)
    graph = Node("cross_entropy", (dense(data(x), 3), data(labels)), {"reduction": "mean"})
    found = judged(graph, 0.1, framework="torch")
    assert found.verdict == "stable"
    design = np.column_stack([x, np.ones(40)])
    assert found.sharpness <= np.linalg.eigvalsh(design.T @ design / 40)[-1] / 2


def test_a_start_that_is_not_known_is_not_guessed():
    hidden = Node("tanh", (dense(data(np.ones((4, 2))), 3, kind="unknown"),))
    found = stability(run(squared(dense(hidden), data(np.ones((4, 1))))))
    assert isinstance(found, Unknown)
    assert "initial weights" in found.reason


def test_larger_data_is_tried_from_fewer_starts_and_too_large_data_not_at_all():
    found = judged(net(rows=4500), 0.01, epochs=60, name="adam")
    assert found.method.startswith("0 of 3 simulated runs")
    assert isinstance(stability(run(net(rows=6000), 0.01, epochs=60, name="adam")), Unknown)
    assert isinstance(stability(run(net(rows=1500), 1.0, epochs=60, name="lbfgs", framework="torch")), Unknown)  # 21 evaluations


def test_a_rate_that_the_optimizer_cuts_counts_as_what_it_is_cut_to():
    """Adafactor takes a rate above 1 for 1 (its relative step size is min(lr, 1/sqrt(t))), Rprop one above its largest step."""
    small, large = (judged(line(20), rate, name="adafactor", epochs=40, framework="torch") for rate in (0.01, 10.0))
    assert large.max_learning_rate == pytest.approx(small.max_learning_rate, rel=1e-9)
    assert (small.learning_rate, large.learning_rate) == (0.01, 1.0)
    assert large.ratio == pytest.approx(1 / large.max_learning_rate)
    assert large.premises == ("the learning rate 10 is cut to 1",)
    assert small.premises == ()
    rprop = judged(line(20), 80.0, name="rprop", epochs=40, framework="torch", parameters={"step_sizes": (1e-6, 2.0)})
    assert rprop.learning_rate == 2.0


def test_the_bound_of_steps_as_long_as_the_weights():
    """One weight k, y = 2x: LAMB's first step is lr*|k|, so that the loss rises iff lr > 2|k - 2|/|k|, and never less than from 2."""
    x = np.arange(20.0)[:, None]
    for start, expected in ((5.0, 2 * 3 / 5), (-1.0, 2.0)):
        layer = Node("dense", (data(x),), {"units": 1, "use_bias": False}, (weight(values=[[start]]),))
        found = judged(squared(layer, data(2 * x)), 0.1, name="lamb")
        assert found.max_learning_rate == pytest.approx(expected, rel=1e-6)
        assert found.bound_formula == f"the bound of {'the first step' if start > 0 else 'a relative step'}"


def test_a_training_that_is_left_far_above_its_start_is_not_stable():
    """Lion's steps of a fixed size: the loss is some thousand times the first, and too few updates are affordable to see its end."""
    found = judged(net(rows=1500), 10.0, name="lion", epochs=500, betas=(0.9, 0.99))
    assert found.method.startswith("0 of ")
    assert found.loss_reached > 100 * found.loss_at_start
    assert found.verdict == "unstable_at_start"
