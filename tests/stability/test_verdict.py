"""The verdicts of the reference threads and the rows of the table, against formulas and loops written here."""

import dataclasses
import math
from functools import partial

import numpy as np
import pytest

from tests.stability.graphs import PLACE, data, dense, regression, run, squared, weight
from trainlint.core import Evidence, Fact, Unknown
from trainlint.facts.graph import Node
from trainlint.facts.run import ScheduleFacts
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.stability.twin.rearranging import NOTES

line = partial(regression, bias=False)


def judged(*arguments, **settings) -> StabilityBound:
    found = stability(run(*arguments, **settings))
    assert isinstance(found, StabilityBound), found
    return found


def with_bias(x):
    """The sharpness of Dense(1) with bias under 'mse': (A+1) + sqrt((A-1)^2 + 4m^2)."""
    square, mean = (x**2).mean(), x.mean()
    return (square + 1) + math.sqrt((square - 1) ** 2 + 4 * mean**2)


def test_arange_20_diverges():
    found = judged(line(np.arange(20)), 0.01)
    assert (found.verdict, found.evidence) == ("diverges", Evidence.PROVED)
    assert found.sharpness == pytest.approx(247, rel=1e-12)
    assert found.max_learning_rate == pytest.approx(2 / 247, rel=1e-12)
    assert found.ratio == pytest.approx(1.235, rel=1e-12)
    assert found.growth_per_step == pytest.approx(2.1609, rel=1e-12)
    assert found.input_magnitude == 19
    assert found.unit_scale_max_learning_rate == pytest.approx(2 / 247 * 19**2)
    assert found.batch == "full batch"
    assert found.bound_formula == "2/λ"


@pytest.mark.parametrize(("n", "rate", "bound", "growth"), [(10, 0.01, 2 / 57, 0.1849), (20, 0.001, 2 / 247, 0.567009)])
def test_arange_that_converges(n, rate, bound, growth):
    found = judged(line(np.arange(n)), rate)
    assert found.verdict == "stable"
    assert found.max_learning_rate == pytest.approx(bound, rel=1e-12)
    assert found.growth_per_step == pytest.approx(growth, rel=1e-9)
    assert found.first_non_finite_step is None


@pytest.mark.parametrize(
    ("n", "bound", "growth", "verdict"),
    [(20, 0.0069315, 3.5547, "diverges"), (17, 0.0094542, 1.2443, "diverges"), (16, 0.010607, 0.7841, "stable")],
)
def test_dense_with_bias(n, bound, growth, verdict):
    x = np.arange(1.0, n + 1)
    found = judged(regression(x, (x / 2)[:, None]), 0.01)
    assert found.sharpness == pytest.approx(with_bias(x), rel=1e-12)
    assert found.max_learning_rate == pytest.approx(bound, rel=1e-4)
    assert found.growth_per_step == pytest.approx(growth, rel=1e-4)
    assert found.verdict == verdict


@pytest.mark.parametrize("n", [4, 16, 17, 20])
def test_growth_and_verdict_are_those_of_a_loop(n):
    x = np.arange(1.0, n + 1)
    found = judged(regression(x, (x / 2)[:, None]), 0.01, epochs=1000)
    w, b, losses = 1.3, 0.0, []
    for _ in range(200):
        error = w * x + b - x / 2
        losses.append((error**2).mean())
        w, b = w - 0.01 * 2 * (error * x).mean(), b - 0.01 * 2 * error.mean()
    assert (losses[-1] > losses[0]) == (found.verdict == "diverges")
    if found.verdict == "diverges":
        assert losses[-1] / losses[-2] == pytest.approx(found.growth_per_step, rel=1e-6)


def test_best_rate_is_two_over_the_ends_of_the_spectrum():
    x = np.arange(1.0, 6.0)
    spectrum = np.linalg.eigvalsh(2 * np.array([[(x**2).mean(), x.mean()], [x.mean(), 1]]))
    found = judged(regression(x), 0.01)
    assert found.best_learning_rate == pytest.approx(2 / (spectrum[0] + spectrum[1]), rel=1e-9)


def test_overflow_step_of_a_loop_in_float32():
    """Start 3 above y = 2x: the loss is first inf at the step of the formula, with the loop's own first loss."""
    x, y = np.arange(20, dtype=np.float32), 2 * np.arange(20, dtype=np.float32)
    graph = squared(
        Node("dense", (data(x[:, None]),), {"units": 1, "use_bias": False}, (weight(values=[[5.0]]),)), data(y[:, None])
    )
    found = judged(graph, 0.01)
    w, step = np.float32(5), 0
    with np.errstate(over="ignore"):
        while np.isfinite(np.float32(((w * x - y) ** 2).sum(dtype=np.float32))):
            w = w - np.float32(0.01) * np.float32(2) * ((w * x - y) * x).mean(dtype=np.float32)
            step += 1
    assert found.first_non_finite_step == step


@pytest.mark.parametrize(
    ("make", "factor"),
    [
        (lambda x: regression(x, units=4), 1 / 4),
        (lambda x: regression(x, units=4, reduction="sum"), 20.0),
        (lambda x: regression(x, units=4, reduction="sum_over_batch"), 20.0 / 4),
        (lambda x: regression(np.concatenate([x, x])), 1.0),
        (lambda x: Node("multiply", (data(np.asarray(0.5), False), regression(x))), 0.5),
        (lambda x: squared(Node("multiply", (dense(data(x[:, None])), data(np.asarray(0.1), False))), data(x[:, None])), 0.01),
        (lambda x: squared(Node("divide", (dense(data(x[:, None])), data(np.asarray(200.0), False))), data(x[:, None])), 1 / 4e4),
        (lambda x: regression(x, 1e6 * x[:, None]), 1.0),
        (lambda x: squared(dense(data(x[:, None])), data(x)), 1.0),  # the target's missing axis
        (lambda x: Node("mean", (Node("square", (Node("subtract", (dense(data(x[:, None])), data(x[:, None]))),)),)), 1.0),
        (
            lambda x: Node(
                "mean",
                (Node("power", (Node("subtract", (dense(data(x[:, None])), data(x[:, None]))), data(np.asarray(2), False))),),
            ),
            1.0,
        ),
    ],
)
def test_sharpness_of_what_is_differentiated(make, factor):
    x = np.arange(1.0, 21.0)
    assert judged(make(x), 1e-6).sharpness == pytest.approx(with_bias(x) * factor, rel=1e-9)


def test_weights_written_by_hand():
    x = np.arange(20.0)
    w = Node("parameter", (), {}, (weight((), "zeros"),))
    error = Node("subtract", (Node("multiply", (w, data(x, False))), data(2 * x, False)))
    found = judged(Node("mean", (Node("square", (error,)),)), 0.01, framework="torch")
    assert found.sharpness == pytest.approx(247)
    assert found.verdict == "diverges"


@pytest.mark.parametrize("scale", [0.01, 3.0, 255.0])
def test_scaling_the_inputs_scales_sharpness_by_its_square(scale):
    x = np.random.default_rng(1).standard_normal((30, 5))
    y = x[:, :1]
    plain, scaled = (judged(regression(c * x, y, bias=False), 1e-9) for c in (1.0, scale))
    assert scaled.sharpness == pytest.approx(plain.sharpness * scale**2, rel=1e-10)
    assert scaled.unit_scale_max_learning_rate == pytest.approx(plain.unit_scale_max_learning_rate, rel=1e-10)


def test_lanczos_agrees_with_the_dense_spectrum():
    x = np.random.default_rng(2).standard_normal((50, 299))
    expected = 2 * np.linalg.eigvalsh(np.column_stack([x, np.ones(50)]).T @ np.column_stack([x, np.ones(50)]) / 50)[-1]
    assert judged(regression(x, x[:, :1]), 1e-6).sharpness == pytest.approx(expected, rel=1e-8)


def test_l2_penalty_adds_twice_its_factor():
    assert judged(line(np.arange(20), l2=0.3), 1e-4).sharpness == pytest.approx(247.6, rel=1e-12)


@pytest.mark.parametrize(
    ("settings", "bound"),
    [
        ({"weight_decay": Fact(13.0)}, 2 / 260),
        ({"weight_decay": Fact(13.0), "decoupled": True}, 2 / 260),
        ({"momentum": Fact(0.9)}, 3.8 / 247),
        ({"momentum": Fact(0.9), "nesterov": True}, 3.8 / (2.8 * 247)),
        ({"momentum": Fact(0.9), "dampening": 0.3}, 3.8 / (0.7 * 247)),
        ({"momentum": Fact(0.9), "weight_decay": Fact(13.0), "decoupled": True}, 3.8 / (247 + 1.9 * 13)),
    ],
)
def test_bounds_by_optimizer(settings, bound):
    assert judged(line(np.arange(20)), 1e-4, **settings).max_learning_rate == pytest.approx(bound, rel=1e-12)
    assert judged(line(np.arange(20)), 1.05 * bound, **settings).verdict == "diverges"
    assert judged(line(np.arange(20)), 0.95 * bound, **settings).verdict in ("stable", "rises_first")


def test_momentum_first_raises_the_loss():
    assert judged(line(np.arange(20)), 0.01, momentum=Fact(0.9)).verdict == "rises_first"
    assert judged(line(np.arange(20)), 0.007, momentum=Fact(0.9)).verdict == "stable"


@pytest.mark.parametrize(("epochs", "verdict"), [(2, "slow_divergence"), (3, "slow_divergence"), (4, "diverges")])
def test_short_divergence(epochs, verdict):
    """2.1609^T passes 10 at T = 3 (10.09); 1.9^T between 3 (6.9) and 4 (13.0)."""
    rate = (1 + math.sqrt(1.9)) / 247
    assert judged(line(np.arange(20)), rate, epochs=epochs).verdict == verdict


def test_unknown_length_counts_as_100_updates():
    short = dataclasses.replace(run(line(np.arange(20)), (1 + math.sqrt(1.05)) / 247), epochs=Unknown("?"))
    found = stability(short)
    assert isinstance(found, StabilityBound)
    assert found.verdict == "diverges"  # 1.05^100 = 131
    assert "the number of updates is not known" in found.premises


@pytest.mark.parametrize(
    "change", [{"schedule": ScheduleFacts("exponential_decay")}, {"optimizer": run(None, clip=("norm", 1.0)).optimizer}]
)
def test_schedules_and_clipping_are_not_judged(change):
    found = stability(dataclasses.replace(run(line(np.arange(20)), 0.01), **change))
    assert isinstance(found, StabilityBound)
    assert found.verdict == "not_judged"
    assert found.max_learning_rate == pytest.approx(2 / 247)


def test_keras_clipnorm_of_zero_clips_nothing():
    assert judged(line(np.arange(20)), 0.01, clip=("norm", 0.0)).verdict == "diverges"


def test_an_estimated_learning_rate_proves_nothing():
    guessed = run(line(np.arange(20)))
    optimizer = dataclasses.replace(guessed.optimizer, learning_rate=Fact(0.01, evidence=Evidence.ESTIMATED))
    found = stability(dataclasses.replace(guessed, optimizer=optimizer))
    assert isinstance(found, StabilityBound)
    assert found.evidence is Evidence.ESTIMATED


def test_one_bound_for_however_many_rules():
    once = run(line(np.arange(20)))
    assert stability(once) is stability(once)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("target", [Node("data", (), {"batched": True}), Node("unknown", (), {"why": "read from a file"})])
def test_targets_need_not_be_known(target, reduction):
    x = np.arange(1.0, 21.0)
    found = judged(squared(dense(data(x[:, None])), target, reduction), 0.01)
    assert (found.verdict, found.evidence) == ("diverges", Evidence.PROVED)
    assert found.sharpness == pytest.approx(with_bias(x) * (20 if reduction == "sum" else 1))
    assert found.first_non_finite_step is None
    by_hand = Node("mean", (Node("square", (Node("subtract", (target, dense(data(x[:, None])))),)),))
    assert judged(by_hand, 0.01).sharpness == pytest.approx(with_bias(x))
    halves = judged(squared(dense(data(x[:, None])), target), 0.02, batch=10)
    assert (halves.verdict, halves.evidence) == ("diverges", Evidence.SIMULATED)


def test_the_targets_of_a_net_must_be_known():
    hidden = Node("tanh", (dense(data(np.ones((4, 2))), 3),))
    found = stability(run(squared(dense(hidden), Node("data", (), {"batched": True}))))
    assert isinstance(found, Unknown)
    assert "targets" in found.reason


UNKNOWN_LEAF = Node("unknown", (), {"why": "`read_csv` gives unknown columns"})


@pytest.mark.parametrize(
    ("the_run", "reason"),
    [
        (run(None), "the model is not known"),
        (dataclasses.replace(run(None), optimizer=Unknown("no optimizer is given", PLACE)), "no optimizer is given"),
        (run(line(np.arange(20)), name="lion", framework="torch"), "lion has no step-size bound"),
        (
            run(line(np.arange(20)), name="lbfgs", framework="torch", parameters={"line_search_fn": "strong_wolfe"}),
            "line_search_fn",
        ),
        (run(line(np.arange(20)), name="shampoo"), "shampoo"),
        (run(line(np.arange(20)), -0.1), "not positive"),
        (run(line(np.arange(20)), math.nan), "not finite"),
        (run(line(np.arange(20)), momentum=Unknown("from a file")), "from a file"),
        (run(line(np.arange(20)), parameters={"maximize": True}), "maximize"),
        (run(squared(dense(UNKNOWN_LEAF), data(np.ones((3, 1))))), "read_csv"),
        (run(squared(dense(Node("data", (), {"batched": True})), data(np.ones((3, 1))))), "not known"),
        (run(squared(Node("hologram", (data(np.ones((3, 1))),)), data(np.ones((3, 1))))), "hologram"),
        (run(squared(dense(data([["a"], ["b"]])), data(np.ones((2, 1))))), "numeric"),
        (run(squared(dense(data([[math.nan], [1.0]])), data(np.ones((2, 1))))), "not finite"),
        (run(squared(dense(data(np.ones((4, 1)))), data(np.ones((3, 1))))), "rows"),
        (run(squared(data(np.ones((4, 1))), data(np.ones((4, 1))))), "no trainable weight"),
        (run(line(np.zeros(5))), "linear in the weights"),
        (run(Node("mean", (dense(data(np.ones((3, 1)))),))), "linear in the weights"),
        (run(Node("subtract", (data(np.asarray(0.0), False), line(np.arange(5))))), "lowest point"),
        (run(line(np.arange(20), trainable=False)), "no trainable weight"),
        (dataclasses.replace(run(line(np.arange(20))), batch_size=Unknown("from argv")), "from argv"),
    ],
)
def test_what_cannot_be_judged_says_why(the_run, reason):
    found = stability(the_run)
    assert isinstance(found, Unknown)
    assert reason in found.reason


def test_products_that_cancel_have_no_lowest_point():
    """a*b - b*b over known numbers: quadratic, but falling without end along one direction."""
    a, b = (Node("parameter", (), {}, (weight(()),)) for _ in range(2))
    found = stability(run(Node("multiply", (a, b))))
    assert isinstance(found, Unknown)
    assert "lowest point" in found.reason


@pytest.mark.parametrize("huge", [np.ones((3000, 3000)), np.ones((2_000_000, 4))])
def test_large_data_is_refused(huge):
    assert isinstance(stability(run(squared(dense(data(huge)), data(huge[:, :1])))), Unknown)


def test_an_outer_product_that_would_not_fit_is_refused():
    wide = dense(data(np.ones((100_000, 1))))
    assert isinstance(stability(run(squared(wide, data(np.ones(100_000))), framework="torch")), Unknown)


def test_numbers_that_are_added_to_the_inputs_are_no_targets():
    """Unknown noise on known inputs moves the curvature; an unknown target does not, not even one that is shifted."""
    x = np.arange(1.0, 21.0)[:, None]
    noise, target = Node("data", (), {"batched": True}), Node("data", (), {"batched": True})
    noisy = dense(Node("add", (data(x), noise)))
    assert isinstance(stability(run(squared(noisy, data(x)), 0.01)), Unknown)
    assert isinstance(stability(run(squared(Node("subtract", (noisy, data(x))), target), 0.01)), Unknown)
    shifted = Node("subtract", (target, data(np.float64(3.0), False)))
    for graph in (
        squared(dense(data(x)), shifted),
        Node("mean", (Node("square", (Node("subtract", (shifted, dense(data(x)))),)),)),
    ):
        assert judged(graph, 0.01).sharpness == pytest.approx(with_bias(x))
        assert judged(graph, 0.01).premises == ("the targets are not known; the curvature does not depend on them",)
    scaled = squared(dense(data(x)), Node("multiply", (target, data(np.float64(3.0), False))))
    assert isinstance(stability(run(scaled, 0.01)), Unknown)


@pytest.mark.parametrize(("op", "attributes"), [("gaussian_noise", {"stddev": 0.1}), ("augmentation", {"name": "RandomFlip"})])
def test_what_a_network_changes_at_random_is_estimated_without_that(op, attributes):
    x = np.random.default_rng(0).random((32, 4, 4, 1))
    changed = Node("flatten", (Node(op, (data(x),), attributes),))
    found = judged(squared(dense(changed), data(x.sum(axis=(1, 2)))), 0.01)
    assert found.evidence is Evidence.ESTIMATED
    assert found.premises[0] == NOTES[op]


def test_sequences_of_known_numbers_are_seen_to_be_without_masked_steps():
    x = np.random.default_rng(0).random((32, 4, 2))
    graph = squared(
        dense(Node("flatten", (Node("masking", (data(x),), {"mask_value": 0.0}),))), data(x.sum(axis=(1, 2))[:, None])
    )
    found = judged(graph, 0.01)
    assert (found.evidence, found.premises) == (Evidence.PROVED, ())
