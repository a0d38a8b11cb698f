"""What a judgement starts from: rows of a step, what is said beside a verdict, and what is paid for training."""

import dataclasses

import numpy as np
import pytest

from tests.stability.graphs import data, dense, run, squared, weight
from trainlint.core import Evidence, Fact, Unknown
from trainlint.facts.graph import Node
from trainlint.facts.run import DataFacts, ScheduleFacts
from trainlint.stability import stability
from trainlint.stability.budget import GRADIENT, WORK, Purse, of_curvature, of_product, usual_products
from trainlint.stability.case import FEWER, FEWEST_STEPS, STARTS, STEPS, Case, half_beside_training, keeps_last_batch, simulated
from trainlint.stability.optimizers import settings_of
from trainlint.stability.simulate import CHECKS, PER_DIRECTION, beside_evaluations
from trainlint.stability.twin.cost import PER_ELEMENT
from trainlint.stability.twin.operation import TooMuchWorkError
from trainlint.stability.twin.program import Program

X = np.arange(1.0, 21.0)[:, None]


def line(start=1.0):
    node = Node("dense", (data(X),), {"units": 1, "use_bias": False}, (weight(values=[[start]]),))
    return squared(node, data(X / 2))


def case_of(the_run, left=None):
    program, purse = Program(the_run.loss_graph), Purse(the_run)
    purse.left = purse.left if left is None else left
    return Case(the_run, the_run.optimizer, settings_of(the_run.optimizer), program, program.problem(0), purse)


@pytest.mark.parametrize(
    ("order", "effort", "share"), [(0, 1, 1), (1, 1, 1 / 2), (3, 1, 1 / 8), (9, 1, 0.01), (0, 3, 3), (-1, 1, 1)]
)
def test_each_run_of_a_script_has_half_of_the_one_before(order, effort, share):
    assert Purse(dataclasses.replace(run(None), order=order, effort=effort)).left == pytest.approx(WORK * share)


def test_a_purse_pays_what_it_holds():
    purse = Purse(run(None))
    purse.pay(purse.left)
    assert purse.left == 0
    assert purse.affords(0)
    with pytest.raises(TooMuchWorkError, match="budget"):
        purse.pay(1e-9)
    assert purse.left == 0


@pytest.mark.parametrize(
    ("batch", "there", "rows"),
    [
        (4, None, 4),
        (20, None, 20),
        (50, None, 20),
        (50, 1000, 50),
        (50, 30, 30),
        (0, None, 1),
        (None, 1000, 1000),
        (None, None, 20),
    ],
)
def test_rows_of_a_step(batch, there, rows):
    """Those of the run, which may have more rows than the twin was given."""
    size = Unknown("?") if batch is None else Fact(batch)
    inputs = DataFacts() if there is None else DataFacts(shape=(there, 1))
    the_run = dataclasses.replace(run(line()), batch_size=size, inputs=inputs, steps_per_epoch=Unknown("?"))
    assert case_of(the_run).rows_of_step == rows


@pytest.mark.parametrize(("batch", "rows"), [(4, 4), (19, 19), (20, None), (50, None), (0, 1)])
def test_a_batch_is_fewer_rows_than_there_are(batch, rows):
    assert case_of(dataclasses.replace(run(line()), batch_size=Fact(batch))).batch == rows


@pytest.mark.parametrize(("batch", "steps", "keeps"), [(8, 3, True), (8, 2, False), (10, 2, True), (7, 2, False), (7, 5, True)])
def test_the_last_batch_is_dropped_if_the_epoch_has_as_many_steps_as_whole_batches(batch, steps, keeps):
    the_run = dataclasses.replace(run(line(), batch=batch), steps_per_epoch=Fact(steps))
    assert keeps_last_batch(case_of(the_run)) == keeps
    assert keeps_last_batch(case_of(dataclasses.replace(the_run, steps_per_epoch=Unknown("?"))))


def test_what_is_said_beside_a_verdict():
    guessed = run(line())
    optimizer = dataclasses.replace(guessed.optimizer, learning_rate=Fact(0.01, why=("the default",)), clip=("norm", 1.0))
    found = stability(dataclasses.replace(guessed, optimizer=optimizer, epochs=Unknown("?")))
    assert found.premises == ("the default", "gradients are clipped", "the number of updates is not known")
    scheduled = dataclasses.replace(guessed, schedule=ScheduleFacts("step"))
    assert stability(scheduled).premises == ("the learning rate follows a schedule (step)",)


def test_an_estimated_batch_proves_nothing_of_all_rows():
    guessed = dataclasses.replace(run(line(), 1e-4), batch_size=Fact(20, evidence=Evidence.ESTIMATED))
    assert stability(guessed).evidence is Evidence.ESTIMATED


@pytest.mark.parametrize("batch", [None, 4])
def test_what_training_costs(batch):
    """Three losses for each gradient, and looks at the loss over all rows where the steps see fewer."""
    case = case_of(run(line(), 1e-4, batch=batch, epochs=10), 1e9)
    steps = case.run.updates
    each, looks = GRADIENT * case.program.cost(batch), (CHECKS + 2) * case.program.cost() if batch else 0.0
    found = simulated(case)
    assert (found.steps, found.blown, found.diverges) == (steps, 0, False)
    assert case.purse.left == pytest.approx(1e9 - STARTS * (steps * each + looks))
    exactly = case_of(case.run, STARTS * (steps * each + looks) + 1)
    assert simulated(exactly).steps == steps
    assert exactly.purse.left == pytest.approx(1, abs=1e-3)
    assert half_beside_training(case_of(case.run, 1e9)) == 5e8
    fewest = FEWER * (min(FEWEST_STEPS, steps) * each + looks)
    assert half_beside_training(case_of(case.run, 1.5 * fewest)) == pytest.approx(0.5 * fewest)


def test_no_run_of_fewer_than_fifty_updates_stands_for_a_longer_one():
    case = case_of(run(line(), 1e-4, epochs=10_000), 1e11)
    assert simulated(case).steps == STEPS
    each = GRADIENT * case.program.cost()
    for updates, runs in ((FEWEST_STEPS, FEWER), (FEWEST_STEPS - 1, 0)):
        found = simulated(case_of(case.run, FEWER * (updates + 0.5) * each))
        assert (found.runs, found.steps) == (runs, updates if runs else 0)
    kept = case_of(case.run, 1e9)
    simulated(kept, kept=1e9 - FEWER * 60.5 * each)
    assert kept.purse.left >= 1e9 - FEWER * 60.5 * each
    assert simulated(case_of(run(line(), 1e-4, epochs=10), STARTS * 10.5 * each)).steps == 10


def recurrent(op):
    """The last output of a layer of two units, and a dense layer on it."""
    gates = {"lstm": 4, "gru": 3, "simple_rnn": 1}[op]
    held = (weight((3, 2 * gates)), weight((2, 2 * gates)), weight((2 * gates,), "zeros"))
    layer = Node(op, (data(np.random.default_rng(0).standard_normal((6, 4, 3))),), {"units": 2}, held)
    return squared(dense(layer), data(np.ones((6, 1))))


def test_what_a_quasi_newton_step_costs():
    """Each of 20 iterations and the first evaluation: a gradient, and four products with up to 100 steps that are kept."""
    case = case_of(run(line(), 1e-4, epochs=10, name="lbfgs", framework="torch"), 1e10)
    beside = beside_evaluations(case.settings, case.program.dimension)
    assert beside == 21 * (PER_DIRECTION + 4 * PER_ELEMENT * 100 * case.program.dimension)
    assert beside_evaluations(case.settings._replace(more={"history_size": 5}), 3) == 21 * (PER_DIRECTION + 60 * PER_ELEMENT)
    assert beside_evaluations(case.settings._replace(name="adam"), 3) == 0
    found = simulated(case)
    assert case.purse.left == pytest.approx(1e10 - STARTS * found.steps * (21 * GRADIENT * case.program.cost() + beside))


@pytest.mark.parametrize("op", ["lstm", "gru", "simple_rnn"])
def test_tensors_that_the_libraries_keep_otherwise_are_not_repeated(op):
    """Muon and Adafactor look at whole tensors; a recurrent layer's are others in PyTorch."""
    found = stability(run(recurrent(op), name="adafactor", epochs=5))
    assert isinstance(found, Unknown)
    assert found.reason == f"adafactor is not repeated for the weights of `{op}`"
    assert stability(run(recurrent(op), name="adam", epochs=5)).verdict == "stable"
    hidden = Node("tanh", (dense(data(X), 3),))
    assert stability(run(squared(dense(hidden), data(X)), name="adafactor", epochs=5)).preconditioned


def test_what_curvature_costs():
    """Products of six losses each: 6 for a rough value, 20, or 40, and no more than there are weights."""
    assert [usual_products(one) for one in (1e-1, 1e-2, 9e-3, 1.1e-8, 1e-8, 1e-12)] == [6, 6, 20, 20, 40, 40]
    for graph in (line(), squared(dense(Node("tanh", (dense(data(X), 30),))), data(X))):
        program = Program(graph)
        assert program.cost(5) < program.cost()
        for rows in (None, 5):
            assert of_product(program, rows) == 6 * program.cost(rows)
            for tolerance, products in ((1e-2, 6), (1e-3, 20), (1e-8, 40)):
                expected = program.preparation(rows) + min(products, program.dimension) * 6 * program.cost(rows)
                assert of_curvature(program, tolerance, rows) == expected
    assert Purse(run(None)).largest_evaluation == WORK / 6
