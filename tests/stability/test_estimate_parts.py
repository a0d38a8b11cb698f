"""How an estimate is put together: rows that are drawn, kinds of loss, thresholds, what is said."""

import dataclasses

import numpy as np
import pytest

from tests.stability.graphs import data, dense, run, squared
from tests.stability.test_estimates import NORMAL, PIXELS, judged, labels, net, sized, unknown
from trainlint.core import Fact, Unknown
from trainlint.facts.graph import Node
from trainlint.facts.run import DataFacts, ScheduleFacts
from trainlint.stability import stability
from trainlint.stability.budget import of_curvature, of_product
from trainlint.stability.estimate import TOLERANCE, affordable, cost_of, imitation, known_rows, rows_of, spread, verdict_of
from trainlint.stability.synthetic import Synthetic


@pytest.mark.parametrize(("samples", "rows"), [(100, 10), (7, 7), (10, 3), (1, 1), (1000, 64)])
def test_rows_are_spread_over_all(samples, rows):
    """One from each of equally long stretches."""
    edges = np.arange(rows + 1) * samples / rows
    for seed in range(20):
        found = spread(samples, rows, seed)
        assert found.dtype == np.int64
        assert (np.floor(edges[:-1]) <= found).all()
        assert (found <= np.minimum(edges[1:], samples - 1)).all()
        assert (found == spread(samples, rows, seed)).all()
    if samples > rows:
        assert len({tuple(spread(samples, rows, seed)) for seed in range(20)}) > 1


@pytest.mark.parametrize(
    ("shape", "rows"),
    [
        ((1000, 5), 32),
        ((1000, 40), 40),
        ((1000, 8, 8), 64),
        ((1000, 300), 64),
        ((20, 5), 20),
        ((None, 40), 40),
        ((None, None), 32),
        (None, 32),
    ],
)
def test_as_many_rows_are_drawn_as_a_row_has_numbers(shape, rows):
    """At least 32 and at most 64, and not more than there are."""
    leaf = Node("data", (), {"batched": True}, shape=shape)
    assert rows_of(Node("relu", (leaf,))) == rows
    assert known_rows(Node("relu", (leaf,))) is None


@pytest.mark.parametrize(("there", "rows"), [(10, 10), (256, 256), (1000, 256)])
def test_of_known_rows_as_many_as_are_of_use(there, rows):
    graph = Node("add", (data(np.ones((there, 2))), data(np.ones((there + 5, 2)))))
    assert known_rows(graph) == there
    assert rows_of(graph) == rows


@pytest.mark.parametrize(
    ("kind", "near", "beyond"), [("squared", 0.5, 1.0), ("squared with momentum", 0.25, 1.0), ("cross-entropy", 4.0, 20.0)]
)
def test_a_threshold_is_not_yet_crossed_by_reaching_it(kind, near, beyond):
    assert [verdict_of(kind, 2 * near), verdict_of(kind, 2.001 * near)] == ["stable", "near_edge"]
    assert [verdict_of(kind, 2 * beyond), verdict_of(kind, 2.001 * beyond)] == ["near_edge", "unstable_at_start"]


def entropy(op="cross_entropy", units=10):
    return Node(op, (net(unknown(12, **NORMAL), units), labels()), {"reduction": "mean"})


def rates(graph, **settings):
    """The rates at which the loss gets near the edge and over it, in units of its own bound."""
    found = judged(graph, 1e-3, **settings)
    verdicts = {}
    for ratio in (0.45, 0.55, 0.9, 1.1, 1.9, 2.1, 7.5, 8.5, 39, 41):
        verdicts[ratio] = judged(graph, ratio * found.max_learning_rate, **settings).verdict
    return verdicts


def first(verdicts, name):
    return next((ratio for ratio, verdict in verdicts.items() if verdict == name), None)


def test_kinds_of_loss():
    """Twice the table's 1/2 and 1 of a squared loss, 1/4 and 1 with momentum, 4 and 20 of a cross-entropy."""
    regression = squared(net(unknown(12, **NORMAL)), unknown(1, **NORMAL))
    plain, pushed, classes = rates(regression), rates(regression, momentum=Fact(0.9)), rates(entropy(), framework="torch")
    assert (first(plain, "near_edge"), first(plain, "unstable_at_start")) == (1.1, 2.1)
    assert (first(pushed, "near_edge"), first(pushed, "unstable_at_start")) == (0.55, 2.1)
    assert (first(classes, "near_edge"), first(classes, "unstable_at_start")) == (8.5, 41)


def test_other_kinds_of_loss_are_not_judged():
    graph = Node("log_cosh", (net(unknown(12, **NORMAL)), unknown(1, **NORMAL)), {"reduction": "mean"})
    assert judged(graph, 1e3).verdict == "not_judged"


def test_what_an_estimate_says():
    graph = squared(net(unknown(12, **NORMAL)), unknown(1, **NORMAL))
    found = judged(graph, 1e-3, weight_decay=Fact(3.0))
    assert found.max_learning_rate == pytest.approx(2 / (found.sharpness + 3))
    assert found.ratio == pytest.approx(1e-3 / found.max_learning_rate)
    assert found.best_learning_rate == pytest.approx(1 / found.sharpness)
    assert found.growth_per_step is found.first_non_finite_step is found.loss_at_start is None
    assert found.method == "curvature at the initial weights on 32 synthetic rows"
    assert (found.bound_formula, found.preconditioned) == ("2/λ at the start", False)
    of_many = dataclasses.replace(run(graph, 1e-3, batch=32), inputs=DataFacts(shape=(1000, 12)), steps_per_epoch=Fact(32))
    assert stability(of_many).batch == "batches of 32"
    assert found.premises == ()
    assert found.unit_scale_max_learning_rate is None  # for rates below the bound nobody asks
    plain = judged(graph, 1e-3)
    assert plain.sharpness == found.sharpness


def test_the_bound_at_unit_scale_is_that_of_inputs_divided_by_their_magnitude():
    raw = squared(sized(dense(unknown(12, **PIXELS), bias=False), 1), unknown(1, **NORMAL))
    found = judged(raw, 1.0, weight_decay=Fact(0.5))
    sharpness = found.sharpness / found.input_magnitude**2
    assert found.unit_scale_max_learning_rate == pytest.approx(2 / (sharpness + 0.5), rel=1e-6)
    assert 250 < found.input_magnitude <= 255


def test_a_flat_bound_at_unit_scale():
    """One input of bytes: 2 E x^2 / 255^2 is below 1."""
    found = judged(squared(sized(dense(unknown(1, **PIXELS), bias=False), 1), unknown(1, **NORMAL)), 1.0)
    assert found.unit_scale_max_learning_rate == pytest.approx(2 * found.input_magnitude**2 / found.sharpness, rel=1e-6)
    assert found.unit_scale_max_learning_rate > 2


def test_targets_without_a_last_axis_are_aligned_in_keras():
    """PyTorch compares all pairs; the curvature of the mean of n^2 squares is that of the mean over rows."""
    plain, flat = (
        squared(net(unknown(12, **NORMAL)), Node("data", (), {"batched": True}, shape=shape)) for shape in ((None, 1), (1000,))
    )
    aligned, expected = judged(flat, 1e-3), judged(plain, 1e-3)
    assert aligned.sharpness == pytest.approx(expected.sharpness, rel=0.3)


def test_saturated_nets_are_judged_more_carefully():
    """A tanh net on pixels: an order of magnitude, so that thresholds are twice as high again."""
    below = Node("tanh", (dense(unknown(12, **PIXELS), 32),))
    graph = squared(sized(dense(below), 1), unknown(1, **NORMAL))
    found = judged(graph, 1e-3)
    assert found.premises == ("order of magnitude: for inputs of this scale the activations saturate",)
    assert judged(graph, 3.8 * found.max_learning_rate).verdict == "near_edge"
    assert judged(graph, 4.2 * found.max_learning_rate).verdict == "unstable_at_start"
    unit = squared(sized(dense(Node("tanh", (dense(unknown(12, **NORMAL), 32),))), 1), unknown(1, **NORMAL))
    relu = squared(net(unknown(12, **PIXELS)), unknown(1, **NORMAL))
    linear = squared(sized(dense(unknown(12, **PIXELS)), 1), unknown(1, **NORMAL))
    assert [judged(one, 1e-9).premises for one in (unit, relu, linear)] == [(), (), ()]


def test_normalised_nets_and_schedules_are_not_judged():
    normalised = Node("layer_norm", (dense(unknown(12, **NORMAL), 8),), {"scale": False, "center": False})
    found = judged(squared(sized(dense(normalised), 1), unknown(1, **NORMAL)), 1e3)
    assert found.verdict == "not_judged"
    assert found.premises == ("normalisation layers cancel the scale of the inputs",)
    scheduled = dataclasses.replace(
        run(squared(net(unknown(12, **NORMAL)), unknown(1, **NORMAL)), 1e3, batch=32), schedule=ScheduleFacts("step")
    )
    assert stability(scheduled).verdict == "not_judged"


def test_sums_of_unknown_batches_are_not_estimated():
    graph = squared(net(unknown(12, rows=None, **NORMAL)), unknown(1, rows=None, **NORMAL), "sum")
    the_run = dataclasses.replace(run(graph, 1e-3, batch=32), batch_size=Unknown("?"))
    found = stability(the_run)
    assert isinstance(found, Unknown)
    assert "adds over the rows" in found.reason


@pytest.mark.parametrize("batch", [8, 32])
def test_a_sum_over_a_batch_is_as_many_times_a_mean(batch):
    mean, total = (
        judged(squared(net(unknown(12, **NORMAL)), unknown(1, **NORMAL), reduction), 1e-6, batch=batch)
        for reduction in ("mean", "sum")
    )
    assert total.sharpness == pytest.approx(batch * mean.sharpness, rel=1e-6)


def test_a_model_of_a_later_run_has_less():
    """Each run of a script has half of what the one before it had."""
    wide = squared(net(unknown(400, **NORMAL), hidden=600), unknown(1, **NORMAL))
    counts = []
    for order in (0, 3, 6):
        found = stability(dataclasses.replace(run(wide, 1e-3, batch=32), order=order))
        counts.append(0 if isinstance(found, Unknown) else int(found.method.split(" on ")[1].split()[0]))
        assert not isinstance(found, Unknown) or "(`--budget`)" in found.reason
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_known_rows_are_not_called_synthetic():
    """A net on known inputs with noise of a known scale: this and the targets alone are drawn."""
    x = np.random.default_rng(0).standard_normal((10, 3))
    target = Node("data", (), {"batched": True, "statistics": DataFacts(mean=0.0, second_moment=1.0)}, shape=(10, 1))
    second = unknown(3, rows=10, **NORMAL)
    output = sized(dense(Node("relu", (Node("add", (data(x), second), shape=(None, 3)),))), 1)
    found = judged(squared(output, target), 1e-3, batch=5)
    assert found.method == "curvature at the initial weights on 10 rows"


def halves(x):
    """sqrt of the product of what half of the rows and the other half see along the first half's sharpest direction."""
    fitted, others = (2 * one.T @ one / len(one) for one in (x[::2], x[1::2]))
    values, vectors = np.linalg.eigh(fitted)
    along = vectors[:, -1] @ others @ vectors[:, -1]
    return values[-1], values[-1] * np.sqrt(min(max(along / values[-1], 0.03), 1.0))


@pytest.mark.parametrize("there", [None, 1000, 20])
def test_the_estimate_of_a_linear_model_is_the_middle_one_of_five_draws(there):
    """The fewer rows there are, the nearer is their curvature to that of the half that was fitted."""
    leaf = unknown(5, rows=there, **NORMAL)
    graph = squared(sized(dense(leaf, bias=False), 1), unknown(1, rows=there, **NORMAL))
    the_run = dataclasses.replace(run(graph, 1e-3, batch=4), inputs=DataFacts(shape=(there, 5)))
    count = rows_of(graph)
    expected = []
    for seed in range(5):
        x = Synthetic(graph, seed, count)(leaf)
        fitted, whole = halves(x)
        share = 0.0 if there is None else min(1.0, (count // 2) / there)
        exact = np.linalg.eigvalsh(2 * x.T @ x / count)[-1]
        expected.append(exact if there == count else whole + share * (fitted - whole))
    found = stability(the_run)
    assert found.sharpness == pytest.approx(sorted(expected)[2], rel=1e-6)


def test_what_an_estimate_costs():
    """Half of the rows and one product of the other half; all of them where there are no more; twice for two starts."""
    regression = squared(net(unknown(12, **NORMAL)), unknown(1, **NORMAL))
    classes = Node("cross_entropy", (sized(dense(unknown(12, **NORMAL), 3), 3), labels()), {"reduction": "mean"})
    for graph, starts in ((regression, 1), (classes, 2)):
        program = imitation(run(graph), graph, 0, 8)[0]
        apart = of_curvature(program, TOLERANCE, 16) + of_product(program, 16)
        assert cost_of(program, 32, None) == cost_of(program, 32, 1000) == starts * apart
        assert cost_of(program, 32, 32) == starts * of_curvature(program, TOLERANCE, 32)
        assert affordable(program, 32, None, 5 * starts * apart) == (32, 5)
        assert affordable(program, 32, None, 4.99 * starts * apart) != (32, 5)
        assert affordable(program, 32, None, 1.0) == (None, 0)


@pytest.mark.parametrize("op", ["batch_norm", "layer_norm", "instance_norm", "rms_norm", "normalization", "group_norm"])
def test_every_normaliser_cancels_the_scale(op):
    attributes = {"scale": False, "center": False, "mean": 0.0, "variance": 1.0, "groups": 2, "use_bias": False}
    below = unknown((4, 4, 2) if op in ("instance_norm", "group_norm") else 12, **NORMAL)
    normalised = Node(op, (below,), attributes)
    flat = Node("flatten", (normalised,)) if len(below.shape) > 2 else normalised
    found = judged(squared(net(flat), unknown(1, **NORMAL)), 1e3)
    assert (found.verdict, found.premises) == ("not_judged", ("normalisation layers cancel the scale of the inputs",))


@pytest.mark.parametrize("power", [Node("square"), Node("power", (), {"exponent": 2})])
def test_squared_losses_written_by_hand(power):
    error = Node("subtract", (net(unknown(12, **NORMAL)), unknown(1, **NORMAL)))
    graph = Node("mean", (dataclasses.replace(power, inputs=(error,)),))
    bound = judged(graph, 1e-3).max_learning_rate
    assert [judged(graph, ratio * bound).verdict for ratio in (0.9, 1.1, 2.1)] == ["stable", "near_edge", "unstable_at_start"]
