"""Data that stands for data that is not known: its shapes, values and moments."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest

from tests.stability.graphs import data, squared
from trainlint.core import Unknown
from trainlint.facts.graph import Node
from trainlint.stability.synthetic import Moments, Synthetic, draw, location, moments_of
from trainlint.stability.twin.operation import MAXIMUM_ELEMENTS, RefusalError

ROWS = 400
UNKNOWN = {"low": None, "high": None, "mean": None, "second_moment": None}


def leaf(*shape, **statistics):
    attributes = {"statistics": SimpleNamespace(**{**UNKNOWN, **statistics})} if statistics else {}
    return Node("data", (), {"batched": True, **attributes}, shape=(None, *shape))


def output(*shape, below=None):
    return Node("dense", (below,) if below else (), {}, shape=(None, *shape))


def labels_of(op, prediction, sure, target=None):
    target = leaf() if target is None else target
    return Synthetic(Node(op, (prediction, target)), 0, ROWS, sure=sure)(target)


@pytest.mark.parametrize(
    "op",
    [
        "sparse_categorical_crossentropy",
        "sparse_softmax_cross_entropy_with_logits",
        "categorical_crossentropy",
        "softmax_cross_entropy_with_logits",
    ],
)
@pytest.mark.parametrize(("shape", "classes"), [((4,), 4), ((5, 3), 3)])
def test_labels_that_know_nothing_are_a_share_of_each_class(op, shape, classes):
    found = labels_of(op, output(*shape), sure=False)
    assert found.shape == (ROWS, *shape)
    assert (found == 1 / classes).all()


@pytest.mark.parametrize("op", ["cross_entropy", "nll"])
def test_the_classes_of_torch_are_the_second_axis(op):
    found = labels_of(op, output(3, 5), sure=False)
    assert found.shape == (ROWS, 3, 5)
    assert (found == 1 / 3).all()
    sure = labels_of(op, output(3, 5), sure=True)
    assert sure.shape == (ROWS, 3, 5)
    assert (sure.sum(axis=1) == 1).all()
    assert sure.mean(axis=(0, 2)) == pytest.approx(np.full(3, 1 / 3), abs=0.05)
    assert (labels_of(op, Node("dense", (), {}, shape=(None,)), sure=False) == 1 / ROWS).all()


def test_sure_labels_are_one_class_a_row():
    found = labels_of("categorical_crossentropy", output(5, 3), sure=True)
    assert found.shape == (ROWS, 5, 3)
    assert set(np.unique(found)) == {0, 1}
    assert (found.sum(axis=-1) == 1).all()
    assert found.mean(axis=(0, 1)) == pytest.approx(np.full(3, 1 / 3), abs=0.05)


@pytest.mark.parametrize("op", ["binary_crossentropy", "binary_cross_entropy_with_logits"])
def test_binary_labels(op):
    assert (labels_of(op, output(2), sure=False) == np.full((ROWS, 2), 0.5)).all()
    found = labels_of(op, output(2), sure=True)
    assert found.shape == (ROWS, 2)
    assert set(np.unique(found)) == {0, 1}
    assert found.mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("op", ["hinge", "squared_hinge"])
def test_labels_of_hinges_are_two_whatever_is_sure(op):
    for sure in (False, True):
        found = labels_of(op, output(1), sure=sure)
        assert found.shape == (ROWS, 1)
        assert set(np.unique(found)) == {0, 1}


def test_labels_of_losses_that_a_mean_label_does_not_stand_for():
    assert set(np.unique(labels_of("binary_focal_crossentropy", output(2), sure=False))) == {0, 1}
    for op in ("categorical_focal_crossentropy", "categorical_hinge"):
        found = labels_of(op, output(3), sure=False)
        assert (np.sort(found, axis=1) == [0, 0, 1]).all()
    assert (labels_of("kl_divergence", output(4), sure=False) == 1 / 4).all()


@pytest.mark.parametrize("op", ["mean_absolute_percentage_error", "mean_squared_logarithmic_error"])
def test_targets_stay_away_from_zero_as_far_as_known(op):
    found = labels_of(op, output(2), sure=False, target=leaf(2, low=1.0, high=3.0))
    assert 1 <= found.min() < 1.1
    assert 2.9 < found.max() <= 3
    with pytest.raises(RefusalError, match="targets"):
        labels_of(op, output(2), sure=False)


def test_logarithms_of_shares_are_not_made_up():
    target = leaf(2)
    graph = Node("kl_divergence", (output(2), target), {"log_target": True})
    with pytest.raises(RefusalError, match="inputs"):
        Synthetic(graph, 0, ROWS)(target)


@pytest.mark.parametrize(("named", "expected"), [(7, range(7)), (None, [0]), (1, [0])])
def test_indices_of_an_embedding_stay_below_its_rows(named, expected):
    indices = leaf(3)
    attributes = {} if named is None else {"rows": named}
    supply = Synthetic(squared(Node("embedding", (indices,), attributes), leaf(1)), 0, ROWS)
    found = supply(indices)
    assert found.shape == (ROWS, 3)
    assert set(np.unique(found)) == set(expected)


def test_an_array_is_the_same_each_time_and_another_from_another_seed():
    x = leaf(3, mean=0.0, second_moment=1.0)
    supply = Synthetic(squared(output(1, below=x), leaf(1)), 0, ROWS)
    assert supply(x) is supply(x)
    again, other = (Synthetic(squared(output(1, below=x), leaf(1)), seed, ROWS)(x) for seed in (0, 1))
    assert (again == supply(x)).all()
    assert not (other == supply(x)).any()


def test_targets_follow_the_inputs_and_their_moments():
    """R^2 = 1 of the targets on the inputs, each column with the known mean and deviation."""
    x, y = leaf(2, 2, mean=3.0, second_moment=13.0), leaf(2, mean=5.0, second_moment=29.0)
    supply = Synthetic(squared(output(2, below=x), y), 0, ROWS)
    inputs, targets = supply(x).reshape(ROWS, 4), supply(y)
    assert targets.mean(axis=0) == pytest.approx([5, 5])
    assert targets.std(axis=0) == pytest.approx([2, 2])
    design = np.column_stack([inputs, np.ones(ROWS)])
    assert np.abs(design @ np.linalg.lstsq(design, targets)[0] - targets).max() < 1e-9
    assert abs(np.corrcoef(targets.T)[0, 1]) < 0.999
    assert supply.assumed == []


def test_targets_without_a_scale_are_of_unit_scale_and_said_to_be_assumed():
    x, y = leaf(3, mean=0.0, second_moment=1.0), Node("data", (), {"batched": True})  # of the prediction's shape
    supply = Synthetic(squared(output(1, below=x), y), 0, ROWS)
    alone = supply(y)
    assert alone.shape == (ROWS, 1)
    assert (alone.mean(), alone.std()) == (pytest.approx(0, abs=1e-12), pytest.approx(1))
    assert supply.assumed == ["targets of unit scale are assumed"]


def test_targets_of_constant_inputs_are_constant():
    x, y = leaf(3, low=2.0, high=2.0), leaf(1, mean=5.0, second_moment=29.0)
    supply = Synthetic(squared(output(1, below=x), y), 0, ROWS)
    supply(x)
    assert (supply(y) == 5).all()


def test_the_first_inputs_explain_the_targets():
    first, second, y = leaf(2, mean=0.0, second_moment=1.0), leaf(2, mean=0.0, second_moment=1.0), leaf(1)
    supply = Synthetic(squared(Node("add", (first, second), {}, shape=(None, 1)), y), 0, ROWS)
    inputs, other, targets = supply(first), supply(second), supply(y)
    design = np.column_stack([inputs, np.ones(ROWS)])
    assert np.abs(design @ np.linalg.lstsq(design, targets)[0] - targets).max() < 1e-9
    assert np.abs(np.corrcoef(inputs.T, other.T)[:2, 2:]).max() < 0.2


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        (leaf(3), "the scale of the inputs is not known"),
        (leaf(None, mean=0.0, second_moment=1.0), "the shape of the data is not known"),
        (Node("data", (), {"statistics": SimpleNamespace(**UNKNOWN | {"second_moment": 1.0})}), "the shape of the data"),
        (leaf(MAXIMUM_ELEMENTS // ROWS + 1, mean=0.0, second_moment=1.0), "too large"),
    ],
)
def test_what_cannot_be_drawn(node, reason):
    with pytest.raises(RefusalError, match=reason):
        Synthetic(squared(output(1, below=node), leaf(1)), 0, ROWS)(node)


def test_the_largest_data_that_is_drawn():
    node = leaf(MAXIMUM_ELEMENTS // 4, low=1.0, high=1.0)
    assert Synthetic(squared(output(1, below=node), leaf(1)), 0, 4)(node).size == MAXIMUM_ELEMENTS


COLUMNS = ((0.0, 1.0, 0.5, 0.3), (-50.0, 50.0, 10.0, 200.0), (4.0, 4.0, 4.0, 16.0))


def test_columns_that_are_known_apart():
    x = leaf(3, low=-50.0, high=50.0, columns=COLUMNS)
    found = Synthetic(squared(output(1, below=x), leaf(1)), 0, 20_000)(x)
    assert found.shape == (20_000, 3)
    assert found.mean(axis=0) == pytest.approx([0.5, 10, 4], rel=0.03)
    assert (found**2).mean(axis=0) == pytest.approx([0.3, 200, 16], rel=0.03)
    other = leaf(2, low=-50.0, high=50.0, columns=COLUMNS)  # as many columns as are not there
    assert Synthetic(squared(output(1, below=other), leaf(1)), 0, 20_000)(other).std() == pytest.approx(100 / 12**0.5, rel=0.02)
    images = leaf(2, 3, low=-50.0, high=50.0, columns=COLUMNS)
    found = Synthetic(squared(output(1, below=images), leaf(1)), 0, 10_000)(images)
    assert found.mean(axis=(0, 1)) == pytest.approx([0.5, 10, 4], rel=0.03)


def test_a_thousand_columns_and_no_more():
    for width, constant in ((1_000, True), (1_001, False)):
        x = leaf(width, low=0.0, high=1.0, columns=((0.5, 0.5, 0.5, 0.25),) * width)
        assert (Synthetic(squared(output(1, below=x), leaf(1)), 0, 2)(x) == 0.5).all() == constant
    bare = Node(
        "data", (), {"statistics": SimpleNamespace(low=0.0, high=1.0, mean=0.5, second_moment=0.3, columns=COLUMNS)}, shape=(3,)
    )
    assert Synthetic(squared(output(1, below=bare), leaf(1)), 0, 3)(bare).shape == (3,)


@pytest.mark.parametrize(
    ("statistics", "found"),
    [
        ({"low": 0, "high": 1.0}, Moments(0.0, 1.0, None, None)),
        ({"second_moment": 4.0}, Moments(None, None, None, 4.0)),
        ({"low": 0.0, "mean": 1.0}, None),
        ({"high": 1.0}, None),
        ({"low": True, "high": 1.0}, None),
        ({"low": float("-inf"), "high": 1.0}, None),
        ({"second_moment": Unknown("?")}, None),
    ],
)
def test_what_is_known_of_a_leaf(statistics, found):
    assert moments_of(leaf(1, **statistics)) == found


def test_a_leaf_without_statistics_is_not_known():
    assert moments_of(data(np.ones(3))) is None


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (Moments(None, None, 3.0, 13.0), (3, 2)),
        (Moments(0.0, 12.0, 3.0, 13.0), (3, 2)),
        (Moments(None, None, 3.0, 8.0), (3, 0)),
        (Moments(0.0, 12.0, None, None), (6, 12**0.5)),
        (Moments(0.0, 12.0, 3.0, None), (3, 12**0.5)),
        (Moments(-6.0, 6.0, None, None), (0, 12**0.5)),
        (Moments(None, 12.0, None, 4.0), (0, 2)),
        (Moments(0.0, None, None, 4.0), (0, 2)),
        (Moments(None, None, None, None), (0, 0)),
    ],
)
def test_mean_and_deviation(known, expected):
    assert location(known) == pytest.approx(expected)


@pytest.mark.parametrize(
    "known",
    [
        Moments(2.0, 6.0, None, 20.0),  # without a mean
        Moments(2.0, 6.0, 4.0, None),
        Moments(2.0, 6.0, 7.0, 50.0),  # a mean outside of the range
        Moments(2.0, 6.0, 2.0, 4.5),
        Moments(2.0, 6.0, 6.0, 37.0),
        Moments(2.0, 6.0, 4.0, 15.0),  # a mean square below the mean's square
        Moments(2.0, 6.0, 4.0, 20.5),  # no spread is wider than half at each end
    ],
)
def test_a_range_whose_moments_say_nothing_is_uniform(known):
    found = draw(np.random.default_rng(0), (200_000,), known)
    assert (found.min(), found.max()) == (pytest.approx(2, abs=1e-3), pytest.approx(6, abs=1e-3))
    assert (found.mean(), found.std()) == (pytest.approx(4, rel=0.01), pytest.approx(4 / 12**0.5, rel=0.01))


@pytest.mark.parametrize("narrower", [0.0, 1e-12, 1e-5])
def test_a_spread_as_wide_as_the_range_has_two_values(narrower):
    found = draw(np.random.default_rng(0), (200_000,), Moments(2.0, 6.0, 3.0, 12.0 - narrower))  # a quarter at 6
    assert set(np.unique(found)) == {2.0, 6.0}
    assert (found == 6).mean() == pytest.approx(0.25, abs=0.005)


@pytest.mark.parametrize(
    "known", [Moments(None, 12.0, None, 4.0), Moments(-12.0, None, None, 4.0), Moments(None, None, 0.0, 4.0)]
)
def test_half_a_range_is_none(known):
    found = draw(np.random.default_rng(0), (200_000,), known)
    assert (found.mean(), found.std()) == (pytest.approx(0, abs=0.02), pytest.approx(2, rel=0.01))
    assert (np.abs(found) < 2).mean() == pytest.approx(0.683, abs=0.005)  # normal


@pytest.mark.parametrize("op", ["sparse_categorical_crossentropy", "cross_entropy", "nll"])
@pytest.mark.parametrize("between", ["reshape", "flatten", "cast", "getitem"])
def test_labels_in_another_shape_are_numbers_of_classes(op, between):
    target = leaf(7)
    found = Synthetic(Node(op, (output(5), Node(between, (target,), {}))), 0, ROWS)(target)
    assert found.shape == (ROWS, 7)
    assert set(np.unique(found)) == set(range(5))


@pytest.mark.parametrize("op", ["binary_crossentropy", "binary_cross_entropy_with_logits", "hinge"])
def test_labels_of_two_classes_in_another_shape_are_0_and_1(op):
    target = leaf()
    found = Synthetic(Node(op, (output(1), Node("expand_dims", (target,), {"axis": 1}))), 0, ROWS)(target)
    assert found.shape == (ROWS,)
    assert set(np.unique(found)) == {0, 1}


@pytest.mark.parametrize("op", ["binary_crossentropy", "mean_squared_error"])
@pytest.mark.parametrize("between", [None, "reshape"])
def test_what_an_autoencoder_is_given_are_no_labels(op, between):
    x = leaf(3, low=0.0, high=2.0)
    target = x if between is None else Node(between, (x,), {})
    found = Synthetic(Node(op, (output(3, below=x), target)), 0, ROWS)(x)
    assert found.min() < 0.1  # uniform on the known range
    assert found.max() > 1.9
    assert 0 <= found.min() < found.max() <= 2


SIZES = [None, 0.0, 1.0, -1.0, 255.0, 1 - 1e-16, 1e-320, 1e-100, 1e100, -1e100, 1e160, -1e308, math.inf, math.nan]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("low", SIZES)
def test_statistics_of_any_size_give_finite_numbers(low):
    for high, mean, second in itertools.product(SIZES, repeat=3):
        known = moments_of(leaf(1, low=low, high=high, mean=mean, second_moment=second))
        assert known is None or np.isfinite(draw(np.random.default_rng(0), (3,), known)).all()
