"""Shapes, element types and entries are those that NumPy itself gives."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from hypothesis.extra import numpy as hnp

from tests.interpret.arrays.making import DTYPES, array, numbers, value
from trainlint.interpret import arrays
from trainlint.interpret.values import Array

FEW = settings(max_examples=60, deadline=None)
NEWEST = np.lib.NumpyVersion(np.__version__) >= "2.0.0"
"""Before, the type of an array without axes gives way, as that of a number does."""


def expect(result: Any, expected: Any) -> None:
    """The array is known and equal to NumPy's, and its statistics are those of its entries."""
    found = array(result)
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    assert found.dtype == str(expected.dtype)
    assert found.data is not None
    np.testing.assert_allclose(found.data, expected, rtol=1e-6, atol=1e-9)
    statistics = found.statistics
    finite = expected.size and np.isfinite(expected.astype(float)).all()
    if statistics.known == "unknown":
        assert not finite or np.abs(expected).max() > 1e150
    else:
        entries = expected.astype(np.float64)
        assert statistics.low == pytest.approx(entries.min(), rel=1e-9)
        assert statistics.high == pytest.approx(entries.max(), rel=1e-9)
        assert statistics.mean == pytest.approx(entries.mean(), abs=1e-9)
        assert statistics.second_moment == pytest.approx((entries**2).mean(), abs=1e-9)


BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "eq", "ne", "lt", "le", "gt", "ge")


@FEW
@given(st.data(), st.sampled_from(BINARY), st.sampled_from(DTYPES), st.sampled_from(DTYPES))
def test_operators_of_two_arrays(data: Any, name: str, first: Any, second: Any) -> None:
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
    assume(NEWEST or () not in shapes.input_shapes or first == second)
    left, right = data.draw(numbers(shapes.input_shapes[0], first)), data.draw(numbers(shapes.input_shapes[1], second))
    with np.errstate(all="ignore"):
        try:
            expected = getattr(operator, name)(left, right)
        except TypeError:
            expected = None
    result = array(arrays.binary(name, value(left), value(right), None))
    if expected is None:
        assert result.data is None
    elif result.data is not None:
        expect(result, expected)
    else:
        assert result.shape == np.shape(expected)
        assert str(np.asarray(expected).dtype) in ("int8", "float16"), "only types that trainlint does not compute in"


@FEW
@given(st.data(), st.sampled_from(("add", "sub", "mul", "truediv")), st.sampled_from(DTYPES[:5]), st.sampled_from([3, 0.5, -2]))
def test_operators_with_python_numbers_keep_the_type_of_the_array(data: Any, name: str, dtype: Any, number: Any) -> None:
    given_array = data.draw(numbers(None, dtype))
    assume(NEWEST or given_array.ndim > 0)
    if np.dtype(dtype).kind == "u" and number == -2:
        number = 2
    with np.errstate(all="ignore"):
        expected = getattr(operator, name)(given_array, number)
    expect(arrays.binary(name, value(given_array), value(number), None), expected)
    with np.errstate(all="ignore"):
        if name != "truediv":
            expect(arrays.binary(name, value(number), value(given_array), None), getattr(operator, name)(number, given_array))


@FEW
@given(numbers(), st.sampled_from([0, 1, 2, 3, 0.5, -1.0]))
def test_powers(x: np.ndarray, exponent: float) -> None:
    with np.errstate(all="ignore"):
        result = array(arrays.binary("pow", value(x), value(exponent), None))
        expect(result, x**exponent)
    assert result.attributes["exponent"] == exponent
    assert len(result.inputs) == 1


ELEMENTWISE: dict[str, Any] = {
    "negative": np.negative,
    "abs": np.abs,
    "square": np.square,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "log": np.log,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.round,
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
    "arctan": np.arctan,
    "isnan": np.isnan,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "relu": lambda x: np.maximum(x, 0),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "swish": lambda x: x / (1 + np.exp(-x)),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "relu6": lambda x: np.clip(x, 0, 6),
}


@pytest.mark.parametrize("op", ELEMENTWISE)
@settings(max_examples=15, deadline=None)
@given(x=numbers())
def test_functions_of_each_entry(op: str, x: np.ndarray) -> None:
    with np.errstate(all="ignore"):
        expect(arrays.operate(op, [value(x)], {}, None), ELEMENTWISE[op](x))


REDUCTIONS: dict[str, Any] = {
    "sum": np.sum,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "prod": np.prod,
    "std": np.std,
    "var": np.var,
    "median": np.median,
    "any": np.any,
    "all": np.all,
    "argmax": np.argmax,
    "argmin": np.argmin,
    "ptp": np.ptp,
}


@pytest.mark.parametrize("op", REDUCTIONS)
@settings(max_examples=25, deadline=None)
@given(data=st.data(), dtype=st.sampled_from((np.float64, np.float32, np.int64)), keep=st.booleans())
def test_reductions(op: str, data: Any, dtype: Any, keep: bool) -> None:
    x = data.draw(numbers(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4), dtype))
    axis = data.draw(st.one_of(st.none(), st.integers(-x.ndim, x.ndim - 1)))
    expect(arrays.operate(op, [value(x)], {"axis": axis, "keepdims": keep}, None), REDUCTIONS[op](x, axis=axis, keepdims=keep))


@FEW
@given(st.data())
def test_matrix_products(data: Any) -> None:
    shapes = data.draw(hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, max_side=3))
    left, right = (data.draw(numbers(shape)) for shape in shapes.input_shapes)
    expect(arrays.binary("matmul", value(left), value(right), None), left @ right)


@FEW
@given(st.data())
def test_reshape_with_one_extent_inferred(data: Any) -> None:
    x = data.draw(numbers(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)))
    divisors = [number for number in range(1, x.size + 1) if x.size % number == 0]
    first = data.draw(st.sampled_from(divisors))
    target = data.draw(st.sampled_from([(-1, first), (first, -1), (-1,), (first, x.size // first), (1, -1, first)]))
    expect(arrays.operate("reshape", [value(x)], {"shape": target}, None), x.reshape(target))


@FEW
@given(st.data())
def test_transpose_squeeze_expand_flatten(data: Any) -> None:
    x = data.draw(numbers(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=3)))
    axes = tuple(data.draw(st.permutations(range(x.ndim))))
    expect(arrays.operate("transpose", [value(x)], {"axes": axes}, None), x.transpose(axes))
    expect(arrays.operate("transpose", [value(x)], {}, None), x.T)
    axis = data.draw(st.integers(-x.ndim - 1, x.ndim))
    expect(arrays.operate("expand_dims", [value(x)], {"axis": axis}, None), np.expand_dims(x, axis))
    expect(arrays.operate("squeeze", [value(x)], {}, None), np.squeeze(x))
    expect(arrays.operate("flatten", [value(x)], {"start": 0, "end": -1}, None), x.ravel())
    first, second = data.draw(st.integers(-x.ndim, x.ndim - 1)), data.draw(st.integers(-x.ndim, x.ndim - 1))
    swapped = arrays.operate("swapaxes", [value(x)], {"first": first, "second": second}, None)
    expect(swapped, np.swapaxes(x, first, second))
    assert swapped.op == "transpose"


@FEW
@given(st.data(), st.integers(1, 3))
def test_concatenate_and_stack(data: Any, count: int) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=3))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    parts = [data.draw(numbers(shape)) for _ in range(count)]
    values = [value(one) for one in parts]
    expect(arrays.operate("concatenate", values, {"axis": axis}, None), np.concatenate(parts, axis))
    expect(arrays.operate("stack", values, {"axis": axis}, None), np.stack(parts, axis))


@FEW
@given(st.data())
def test_repeat_tile_flip_roll(data: Any) -> None:
    x = data.draw(numbers(hnp.array_shapes(min_dims=1, max_dims=3, max_side=3)))
    axis = data.draw(st.one_of(st.none(), st.integers(-x.ndim, x.ndim - 1)))
    times = data.draw(st.integers(0, 3))
    expect(arrays.operate("repeat", [value(x)], {"repeats": times, "axis": axis}, None), np.repeat(x, times, axis))
    reps = data.draw(st.tuples(st.integers(1, 2), st.integers(1, 3)))
    expect(arrays.operate("tile", [value(x)], {"repeats": reps}, None), np.tile(x, reps))
    expect(arrays.operate("flip", [value(x)], {"axis": axis}, None), np.flip(x, axis))
    expect(arrays.operate("roll", [value(x)], {"shift": times, "axis": axis}, None), np.roll(x, times, axis))


def as_index(thing: Any) -> Any:
    """A NumPy index as the interpreter's value."""
    return value(tuple(thing)) if isinstance(thing, tuple) else value(thing)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_basic_subscripts(data: Any) -> None:
    x = data.draw(numbers(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)))
    index = data.draw(hnp.basic_indices(x.shape, allow_newaxis=True, allow_ellipsis=False))
    expect(arrays.getitem(value(x), as_index(index), None), x[index])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_subscripts_by_arrays(data: Any) -> None:
    x = data.draw(numbers(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)))
    parts: list[Any] = []
    for extent in x.shape[: data.draw(st.integers(1, x.ndim))]:
        picks = hnp.arrays(np.int64, data.draw(st.sampled_from([(2,), (1,)])), elements=st.integers(-extent, extent - 1))
        parts.append(data.draw(st.one_of(picks, st.just(slice(None)), st.integers(-extent, extent - 1))))
    expect(arrays.getitem(value(x), value(tuple(parts)), None), x[tuple(parts)])


@FEW
@given(st.data())
def test_masks(data: Any) -> None:
    x = data.draw(numbers(hnp.array_shapes(min_dims=1, max_dims=2, max_side=4)))
    mask = data.draw(hnp.arrays(np.bool_, x.shape))
    expect(arrays.getitem(value(x), value(mask), None), x[mask])


@FEW
@given(st.data())
def test_assignment_to_a_part(data: Any) -> None:
    x = data.draw(numbers(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)))
    index = data.draw(hnp.basic_indices(x.shape, allow_ellipsis=False))
    before = x.copy()
    changed = arrays.setitem(arrays.constant(x.copy(), None), as_index(index), value(2.5), None)
    before[index] = 2.5
    expect(changed, before)


@FEW
@given(st.recursive(st.one_of(st.integers(-9, 9), st.floats(-9, 9), st.booleans()), lambda inner: st.lists(inner, max_size=3)))
def test_nested_lists_are_what_numpy_makes_of_them(nested: Any) -> None:
    try:
        expected = np.array(nested)
    except ValueError:
        expected = None
    found = arrays.as_array(value(nested), None)
    if expected is None:
        assert found is None
    elif found is not None:
        assert isinstance(found, Array)
        assert found.shape == expected.shape
        assert found.data is not None
        np.testing.assert_allclose(found.data.astype(float), expected.astype(float))


def test_where_clip_and_one_hot() -> None:
    x = np.arange(-3.0, 4.0)
    expect(arrays.operate("where", [value(x > 0), value(x), value(0.0)], {}, None), np.where(x > 0, x, 0.0))
    expect(arrays.operate("clip", [value(x)], {"low": -1, "high": 2.5}, None), np.clip(x, -1, 2.5))
    labels = np.array([2, 0, 1, 1])
    expect(
        arrays.operate("one_hot", [value(labels)], {"classes": 3, "dtype": "float32"}, None), np.eye(3, dtype=np.float32)[labels]
    )


def test_softmax_sums_to_one() -> None:
    x = np.array([[1.0, 2.0, 3.0], [1000.0, 0.0, -1000.0]])
    found = array(arrays.operate("softmax", [value(x)], {"axis": -1}, None))
    assert found.data is not None
    np.testing.assert_allclose(found.data.sum(-1), 1)
    logs = array(arrays.operate("log_softmax", [value(x[:1])], {"axis": -1}, None))
    np.testing.assert_allclose(np.exp(logs.data), found.data[:1])


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [("ij,jk->ik", ((2, 3), (3, 4))), ("bij,bkj->bik", ((5, 2, 3), (5, 4, 3))), ("ij,ij", ((2, 3), (2, 3)))],
)
def test_shapes_of_einsum(equation: str, shapes: Any) -> None:
    parts = [np.ones(shape) for shape in shapes]
    found = arrays.operate("einsum", [value(one) for one in parts], {"equation": equation}, None)
    assert found.shape == np.einsum(equation, *parts).shape
