"""What a run would bear were its targets standardized: against the same run on targets that are."""

from dataclasses import replace

import numpy as np
import pytest

from tests.stability.graphs import PLACE, data, dense, run, squared
from trainlint.core import Unknown
from trainlint.facts.graph import Node, walk
from trainlint.facts.run import DataFacts, LossFacts, ModelFacts
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.stability.targets import at_standard_targets, standardized

RNG = np.random.default_rng(0)
X = RNG.standard_normal((20, 2))
Y = 30 + 7 * X[:, :1] - 2 * X[:, 1:]
KERNELS = RNG.standard_normal((2, 3)) / 2, RNG.standard_normal((3, 1)) / 2


def leaf(values, **facts):
    return Node("data", (), {"batched": True, **facts}, shape=np.shape(values), data=np.asarray(values))


def prediction(below=None):
    below = leaf(X) if below is None else below
    return dense(Node("tanh", (dense(below, 3, bias=False, values=KERNELS[0]),)), bias=False, values=KERNELS[1])


def training(output, target, name="mean_squared_error", graph=None):
    """A run of a model with that output; `graph`: a loss that is more than mse(output, target)."""
    model = ModelFacts((), output, None, None, None)
    graph = squared(output, target) if graph is None else graph
    return replace(run(graph, 1e-3), model=model, loss=LossFacts(name, "mean", None))


def test_the_verdict_is_that_on_standardized_targets():
    found = at_standard_targets(training(prediction(), leaf(Y)))
    expected = stability(training(prediction(), leaf((Y - Y.mean()) / Y.std())))
    assert isinstance(found, StabilityBound)
    assert isinstance(expected, StabilityBound)
    assert found.sharpness == pytest.approx(expected.sharpness, rel=1e-9)
    assert found.max_learning_rate == pytest.approx(expected.max_learning_rate, rel=1e-9)
    assert found.verdict == expected.verdict
    raw = stability(training(prediction(), leaf(Y)))
    assert found.sharpness < raw.sharpness / 2


@pytest.mark.parametrize("name", ["mean_absolute_error", "huber", "log_cosh"])
def test_other_losses_of_numbers(name):
    found = standardized(training(prediction(), leaf(Y), name=name))
    np.testing.assert_allclose(found.inputs[1].data, (Y - Y.mean()) / Y.std())


def test_only_the_targets_change():
    output, target = prediction(), leaf(Y.astype(np.float32), other=1)
    factor = data(2.0, batched=False)
    root = Node("multiply", (squared(output, Node("cast", (target,), {"dtype": "float64"})), factor))
    found = standardized(training(output, target, graph=root))
    before, after = list(walk(root)), list(walk(found))
    assert [one.op for one in after] == [one.op for one in before]
    changed = [one.op for one, other in zip(before, after, strict=True) if one is not other]
    assert changed == ["data", "cast", "mean_squared_error", "multiply"]
    new = next(one for one, old in zip(after, before, strict=True) if old is target)
    assert new.data.mean() == pytest.approx(0, abs=1e-6)
    assert new.data.std() == pytest.approx(1)
    assert new.attributes == {
        "batched": True,
        "other": 1,
        "statistics": DataFacts(shape=(20, 1), dtype="float64", mean=0.0, second_moment=1.0),
    }


@pytest.mark.parametrize("statistics", [DataFacts(second_moment=900.0), DataFacts(low=0.0, high=500.0)])
def test_targets_of_known_scale(statistics):
    target = Node("data", (), {"batched": True, "statistics": statistics}, shape=(20, 1))
    found = standardized(training(prediction(), target))
    assert found.inputs[1].data is None
    assert found.inputs[1].attributes["statistics"].second_moment == 1
    assert found.inputs[1].attributes["statistics"].mean == 0


NO_NUMBERS = Node("data", (), {"batched": True}, shape=(20, 1))
KNOWN_LOW = Node("data", (), {"batched": True, "statistics": DataFacts(low=0.0)}, shape=(20, 1))
SHARED, OUTPUT = leaf(X), prediction()


@pytest.mark.parametrize(
    "the_run",
    [
        training(prediction(), leaf(Y), name="binary_crossentropy"),
        replace(training(prediction(), leaf(Y)), loss=Unknown("?")),
        replace(training(prediction(), leaf(Y)), model=Unknown("?")),
        training(None, leaf(Y), graph=squared(prediction(), leaf(Y))),
        replace(training(prediction(), leaf(Y)), loss_graph=None),
        training(prediction(SHARED), SHARED),
        training(OUTPUT, leaf(Y), graph=squared(OUTPUT, Node("add", (leaf(Y), leaf(2 * Y))))),
        training(prediction(), NO_NUMBERS),
        training(prediction(), KNOWN_LOW),
        training(prediction(), leaf(np.full((20, 1), 5.0))),
        training(prediction(), leaf(np.full((20, 1), np.inf))),
        training(prediction(), leaf(np.full((20, 1), "a"))),
        training(prediction(), leaf(np.zeros((0, 1)))),
    ],
    ids=[
        "classes", "no loss", "no model", "no output", "no graph", "the inputs", "two", "no numbers", "no high", "constant",
        "infinite", "words", "empty",
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:invalid value")
def test_targets_that_cannot_be_standardized(the_run):
    found = at_standard_targets(the_run)
    assert isinstance(found, Unknown)
    assert found.reason == "the numbers of the targets are not known"
    assert found.place == PLACE


def test_targets_do_not_matter_to_a_linear_model():
    output = dense(leaf(X), bias=False, values=np.ones((2, 1)))
    found = at_standard_targets(training(output, leaf(Y)))
    assert found.max_learning_rate == pytest.approx(stability(training(output, leaf(Y))).max_learning_rate, rel=1e-12)
