"""Statistics that are derived without entries agree with arrays that were really drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from tests.interpret.arrays.making import array, names, numbers, value
from trainlint.interpret import arrays
from trainlint.interpret.arrays import statistics as rules
from trainlint.interpret.arrays.table import OPERATIONS
from trainlint.interpret.values import Array, Statistics

FEW = settings(max_examples=50, deadline=None)


def without_entries(x: np.ndarray, known: str = "typical") -> Array:
    """An array of which only the statistics are known."""
    made = arrays.constant(x, None)
    return replace(made, op="data", data=None, statistics=replace(made.statistics, known=known, columns=()))


def encloses(statistics: Statistics, entries: np.ndarray) -> None:
    """Bounds hold for all entries, and moments that are given are right."""
    scale = 1e-6 * (1 + np.abs(entries).max(initial=0))
    if statistics.low is not None:
        assert entries.min() >= statistics.low - scale
    if statistics.high is not None:
        assert entries.max() <= statistics.high + scale
    if statistics.mean is not None:
        assert entries.mean() == pytest.approx(statistics.mean, rel=1e-6, abs=scale)
    if statistics.second_moment is not None:
        assert (entries**2).mean() == pytest.approx(statistics.second_moment, rel=1e-6, abs=scale)


MONOTONE_OR_BOUNDED = (
    *(
        "negative",
        "abs",
        "square",
        "sqrt",
        "exp",
        "log",
        "log1p",
        "expm1",
        "sign",
        "floor",
        "ceil",
        "round",
        "sin",
        "cos",
        "tanh",
    ),
    *(
        "arctan",
        "sigmoid",
        "relu",
        "relu6",
        "softplus",
        "softsign",
        "swish",
        "mish",
        "selu",
        "hard_tanh",
        "log_sigmoid",
        "reciprocal",
    ),
    *("isnan", "logical_not", "softmax", "log_softmax"),
)


@pytest.mark.parametrize("op", MONOTONE_OR_BOUNDED)
@settings(max_examples=15, deadline=None)
@given(x=numbers(hnp.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=5)))
def test_functions_of_each_entry(op: str, x: np.ndarray) -> None:
    attributes = {"axis": -1} if "softmax" in op else {}
    real = array(arrays.operate(op, [value(x)], attributes, None)).data
    assert real is not None
    derived = array(arrays.operate(op, [without_entries(x)], attributes, None))
    assert derived.data is None
    assert derived.shape == real.shape
    if np.isfinite(real.astype(float)).all():
        encloses(derived.statistics, real.astype(float))


@FEW
@given(st.data(), st.sampled_from(("add", "sub", "mul", "truediv")))
def test_arithmetic_of_two_arrays(data: Any, name: str) -> None:
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, min_dims=1, max_dims=2, min_side=1, max_side=3))
    x, y = data.draw(numbers(shapes.input_shapes[0])), data.draw(numbers(shapes.input_shapes[1]))
    real = array(arrays.binary(name, value(x), value(y), None)).data
    assert real is not None
    derived = array(arrays.binary(name, without_entries(x), without_entries(y), None))
    if np.isfinite(real).all():
        encloses(derived.statistics, real)


@FEW
@given(
    numbers(hnp.array_shapes(min_dims=1, max_dims=2, min_side=1)),
    st.integers(-40, 40),
    st.sampled_from(("add", "sub", "mul", "truediv", "pow")),
)
def test_arithmetic_with_a_number(x: np.ndarray, number: int, name: str) -> None:
    real = array(arrays.binary(name, value(x), value(float(number)), None)).data
    derived = array(arrays.binary(name, without_entries(x), value(float(number)), None)).statistics
    assert real is not None
    if np.isfinite(real).all() and np.abs(real).max() < 1e100:
        encloses(derived, real)
        if name in ("add", "sub", "mul") or (name == "truediv" and number):
            assert derived.mean is not None
            assert derived.second_moment is not None


@pytest.mark.parametrize("op", ["sum", "mean", "max", "min", "std", "var", "ptp", "median", "argmax", "any", "norm"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_reductions(op: str, data: Any) -> None:
    x = data.draw(numbers(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4)))
    axis = data.draw(st.one_of(st.none(), st.integers(-x.ndim, x.ndim - 1)))
    real = array(arrays.operate(op, [value(x)], {"axis": axis}, None)).data
    assert real is not None
    encloses(array(arrays.operate(op, [without_entries(x)], {"axis": axis}, None)).statistics, real.astype(float))


@FEW
@given(st.data())
def test_arrangement_keeps_what_is_known(data: Any) -> None:
    x = data.draw(numbers(hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=4)))
    known = without_entries(x)
    for op, attributes in (
        ("reshape", {"shape": (-1,)}),
        ("transpose", {}),
        ("expand_dims", {"axis": 0}),
        ("flip", {}),
        ("sort", {"axis": -1}),
    ):
        assert array(arrays.operate(op, [known], attributes, None)).statistics == known.statistics
    both = array(arrays.operate("concatenate", [known, without_entries(x * 2 + 1)], {"axis": 0}, None))
    encloses(both.statistics, np.concatenate([x, x * 2 + 1]))
    encloses(array(arrays.operate("where", [value(x > 0), known, value(5.0)], {}, None)).statistics, np.where(x > 0, x, 5.0))
    encloses(array(arrays.operate("clip", [known], {"low": -1, "high": 3}, None)).statistics, np.clip(x, -1, 3))
    encloses(array(arrays.operate("maximum", [known, value(1.0)], {}, None)).statistics, np.maximum(x, 1.0))
    encloses(array(arrays.operate("minimum", [known, value(1.0)], {}, None)).statistics, np.minimum(x, 1.0))


@FEW
@given(st.data())
def test_a_part_has_no_moments_of_the_exact_whole(data: Any) -> None:
    x = data.draw(numbers(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)))
    index = data.draw(hnp.basic_indices(x.shape, allow_ellipsis=False, allow_newaxis=False))
    picked = np.asarray(x[index])
    if picked.size:
        found = array(arrays.getitem(without_entries(x, "exact"), value(index), None))
        encloses(found.statistics, picked)


@FEW
@given(st.data())
def test_assignment_encloses_old_and_new_entries(data: Any) -> None:
    x = data.draw(numbers(hnp.array_shapes(min_dims=1, max_dims=2, max_side=4)))
    index = data.draw(hnp.basic_indices(x.shape, allow_ellipsis=False, allow_newaxis=False))
    changed = x.copy()
    changed[index] = -100.0
    found = array(arrays.setitem(without_entries(x), value(index), value(-100.0), None))
    assert found.statistics.low is not None
    assert found.statistics.low <= changed.min()
    assert found.statistics.high is not None
    assert found.statistics.high >= changed.max()


DISTRIBUTIONS = {
    "np.random.rand(4, 5)": lambda r, n: r.random(n),
    "np.random.randn(4, 5)": lambda r, n: r.standard_normal(n),
    "np.random.uniform(-2, 6, (4, 5))": lambda r, n: r.uniform(-2, 6, n),
    "np.random.normal(3, 2, (4, 5))": lambda r, n: r.normal(3, 2, n),
    "np.random.randint(0, 10, (4, 5))": lambda r, n: r.integers(0, 10, n),
    "np.random.randint(7, size=(4, 5))": lambda r, n: r.integers(0, 7, n),
    "np.random.exponential(2.0, (4, 5))": lambda r, n: r.exponential(2.0, n),
    "np.random.binomial(10, 0.3, (4, 5))": lambda r, n: r.binomial(10, 0.3, n),
    "np.random.poisson(4, (4, 5))": lambda r, n: r.poisson(4, n),
    "np.random.laplace(1, 2, (4, 5))": lambda r, n: r.laplace(1, 2, n),
    "np.random.choice(5, (4, 5))": lambda r, n: r.integers(0, 5, n),
    "np.random.default_rng(0).integers(0, 3, (4, 5))": lambda r, n: r.integers(0, 3, n),
    "np.random.RandomState(0).rand(4, 5)": lambda r, n: r.random(n),
    "2 * np.random.rand(4, 5) - 1": lambda r, n: 2 * r.random(n) - 1,
    "np.random.rand(4, 5) ** 2": lambda r, n: r.random(n) ** 2,
    "3 * np.random.rand(4, 5) + 2 + np.random.randn(4, 5)": lambda r, n: 3 * r.random(n) + 2 + r.standard_normal(n),
    "np.random.rand(4, 5) * np.random.randn(4, 5)": lambda r, n: r.random(n) * r.standard_normal(n),
    "np.random.rand(4, 2) @ np.array([[1.0, 2, 0, 0, 1], [3, 1, 1, 0, 2]])": lambda r, n: (
        r.random((n // 5, 2)) @ np.array([[1.0, 2, 0, 0, 1], [3, 1, 1, 0, 2]])
    ).ravel(),
}


@pytest.mark.parametrize("expression", DISTRIBUTIONS)
def test_random_arrays_have_the_moments_of_their_distribution(expression: str) -> None:
    found = array(names(f"import numpy as np\nx = {expression}\n")["x"])
    drawn = np.asarray(DISTRIBUTIONS[expression](np.random.default_rng(0), 400_000), dtype=float)
    assert found.shape == (4, 5)
    assert found.data is None
    assert found.statistics.known == "declared"
    spread = drawn.std()
    if found.statistics.low is not None:
        assert drawn.min() >= found.statistics.low
    if found.statistics.high is not None:
        assert drawn.max() <= found.statistics.high
    assert found.statistics.mean == pytest.approx(drawn.mean(), abs=0.02 * spread)
    if expression != "np.random.rand(4, 5) ** 2":
        assert found.statistics.second_moment == pytest.approx((drawn**2).mean(), rel=0.03)


@pytest.mark.parametrize(
    ("drawn", "shape"),
    [
        ("np.random.dirichlet(np.ones(4), 50)", (50, 4)),
        ("np.random.default_rng(0).dirichlet([1.0, 2.0, 3.0, 4.0], size=(5, 6))", (5, 6, 4)),
        ("np.random.dirichlet((1, 1, 1, 1))", (4,)),
    ],
)
def test_shares_of_a_dirichlet_distribution(drawn: str, shape: tuple[int, ...]) -> None:
    found = array(names(f"import numpy as np\nx = {drawn}\n")["x"])
    assert found.shape == shape == eval(drawn, {"np": np}).shape
    assert (found.statistics.low, found.statistics.high, found.statistics.mean) == (0.0, 1.0, 1 / 4)


def test_what_depends_on_itself_is_not_taken_for_independent() -> None:
    script = (
        "import numpy as np\nx = np.random.randn(50)\ny = x + x\nz = x * x\nw = x * (x + 1)\ns = np.sort(x) * np.arange(50.0)\n"
    )
    found = names(script)
    assert array(found["y"]).statistics.second_moment in (None, pytest.approx(4.0))
    assert array(found["z"]).statistics.mean == pytest.approx(1.0)
    assert array(found["w"]).statistics.mean is None
    assert array(found["s"]).statistics.mean is None


SCALINGS = {
    "x / 255": (0.0, 1.0, None, None),
    "x.astype('float32') / 255.0": (0.0, 1.0, None, None),
    "x * (1 / 255.0)": (0.0, 1.0, None, None),
    "x / 127.5 - 1": (-1.0, 1.0, None, None),
    "(x - 127.5) / 127.5": (-1.0, 1.0, None, None),
    "(x - x.mean()) / x.std()": (None, None, 0.0, 1.0),
    "(x - x.mean(axis=0)) / (x.std(axis=0) + 1e-8)": (None, None, 0.0, 1.0),
    "(x - np.mean(x, axis=0)) / np.sqrt(np.var(x, axis=0))": (None, None, 0.0, 1.0),
    "(x - x.min()) / (x.max() - x.min())": (0.0, 1.0, None, None),
    "(x - x.min(axis=0)) / np.ptp(x, axis=0)": (0.0, 1.0, None, None),
    "x / np.abs(x).max()": (-1.0, 1.0, None, None),
    "x / x.max()": (None, 1.0, None, None),
    "x / 200": (None, None, None, None),
    "x": (None, None, None, None),
}


@pytest.mark.parametrize("expression", SCALINGS)
def test_scalings_of_unknown_data_are_declarations(expression: str) -> None:
    found = array(names(f"import numpy as np\nx = np.load('x.npy')\ny = {expression}\n")["y"]).statistics
    assert (found.low, found.high, found.mean, found.second_moment) == pytest.approx(SCALINGS[expression])
    assert found.known == ("unknown" if SCALINGS[expression] == (None,) * 4 else "declared")


def test_integers_that_overflow_are_unknown() -> None:
    bytes_ = replace(arrays.constant(np.array([0, 255], np.uint8), None), data=None, op="data")
    assert array(arrays.binary("mul", bytes_, value(2), None)).statistics.known == "unknown"
    assert array(arrays.binary("truediv", bytes_, value(255), None)).statistics.high == 1.0


@FEW
@given(numbers(hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=4)))
def test_columns_are_those_of_the_last_axis(x: np.ndarray) -> None:
    found = rules.of_data(x).columns
    flat = x.reshape(-1, x.shape[-1])
    expected = np.stack([flat.min(0), flat.max(0), flat.mean(0), (flat**2).mean(0)], axis=1)
    np.testing.assert_allclose(np.array(found), expected, atol=1e-12)


def test_no_statistics_of_what_is_not_finite() -> None:
    assert rules.of_data(np.array([1.0, np.nan])).known == "unknown"
    assert rules.of_data(np.array([np.inf])).known == "unknown"
    assert rules.of_data(np.zeros((0, 3))).known == "unknown"
    assert rules.of_data(np.array([1 + 2j])).known == "unknown"


def test_every_operation_bears_inputs_of_which_nothing_is_known() -> None:
    nothing = Array("data")
    for op in OPERATIONS:
        for count in (1, 2, 3):
            found = arrays.operate(op, [nothing] * count, {}, None)
            assert found.data is None
            assert not found.symbolic
