"""Every operation on arrays, one row each: the shape, element type, entries and statistics of its result.

`dtype` names a rule: promote (of all inputs), float (promote, never integer), divide (true division), integral (promote, never
boolean), same (as the first input), sum (integers widened), bool, index (64-bit integers), branches (promote all but the first),
attribute (`attributes["dtype"]`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from trainlint.interpret.arrays import compute, rules, shapes
from trainlint.interpret.arrays.compute import Compute, along, reduction, spread, ufunc
from trainlint.interpret.arrays.rules import StatisticsRule, always, monotone
from trainlint.interpret.arrays.shapes import ShapeRule


class Operation(NamedTuple):
    """One operation of at least `arity` inputs; `compute` is None where its entries are never computed."""

    shape: ShapeRule
    dtype: str
    statistics: StatisticsRule
    compute: Compute | None = None
    arity: int = 1


UNKNOWN_OPERATION = Operation(shapes.unknown, "unknown", rules.unknown)


def _binary(function: Callable[..., Any], statistics: StatisticsRule, dtype: str = "promote") -> Operation:
    return Operation(shapes.broadcast, dtype, statistics, ufunc(function), 2)


def _each(
    function: Callable[..., Any],
    low: float | None = None,
    high: float | None = None,
    *,
    rising: bool = True,
    dtype: str = "float",
) -> Operation:
    """A rising function of each entry, with its range."""
    return Operation(shapes.first, dtype, monotone(function, low, high, rising=rising), ufunc(function))


def _within(function: Callable[..., Any] | None, low: float | None, high: float | None, dtype: str = "float") -> Operation:
    """A function of each entry that neither rises nor falls, with its range."""
    return Operation(shapes.first, dtype, always(low, high), None if function is None else ufunc(function))


def _selu(x: Any) -> Any:
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def _relu(x: Any) -> Any:
    return np.maximum(x, np.zeros((), getattr(x, "dtype", None)))


COMPARISONS: dict[str, np.ufunc] = {
    "equal": np.equal,
    "not_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_xor": np.logical_xor,
}
"""Of two arrays, entry by entry: true or false."""

ARITHMETIC: dict[str, Operation] = {
    "add": _binary(np.add, rules.add),
    "subtract": _binary(np.subtract, rules.subtract),
    "multiply": _binary(np.multiply, rules.multiply),
    "divide": _binary(np.true_divide, rules.divide, "divide"),
    "floor_divide": _binary(np.floor_divide, rules.unknown, "integral"),
    "remainder": _binary(np.remainder, rules.unknown, "integral"),
    "power": Operation(shapes.broadcast, "integral", rules.power, compute.power),
    "maximum": _binary(np.maximum, rules.maximum),
    "minimum": _binary(np.minimum, rules.minimum),
    "arctan2": _binary(np.arctan2, always(-np.pi, np.pi), "float"),
    "bitwise_and": _binary(np.bitwise_and, rules.unknown),
    "bitwise_or": _binary(np.bitwise_or, rules.unknown),
    "bitwise_xor": _binary(np.bitwise_xor, rules.unknown),
    "matmul": Operation(shapes.multiplied, "promote", rules.matmul, ufunc(np.matmul), 2),
    "dot": Operation(shapes.dotted, "promote", rules.unknown, ufunc(np.dot), 2),
    "einsum": Operation(shapes.einsum, "promote", rules.unknown),
    "tensordot": Operation(shapes.tensordot, "promote", rules.unknown),
    "outer": Operation(shapes.outer, "promote", rules.unknown, ufunc(np.outer), 2),
    "where": Operation(shapes.broadcast, "branches", rules.where, ufunc(np.where), 3),
    **{name: _binary(function, always(0.0, 1.0), "bool") for name, function in COMPARISONS.items()},
}

ELEMENTWISE: dict[str, Operation] = {
    "negative": Operation(shapes.first, "same", rules.negative, ufunc(np.negative)),
    "abs": Operation(shapes.first, "same", rules.absolute, ufunc(np.abs)),
    "square": Operation(shapes.first, "number", rules.square, ufunc(np.square)),
    "reciprocal": Operation(shapes.first, "float", rules.reciprocal, ufunc(np.reciprocal)),
    "sign": _each(np.sign, -1.0, 1.0, dtype="same"),
    "floor": _each(np.floor, dtype="same"),
    "ceil": _each(np.ceil, dtype="same"),
    "round": Operation(shapes.first, "number", rules.rounded, compute.rounded),
    "logical_not": _within(np.logical_not, 0.0, 1.0, "bool"),
    "invert": Operation(shapes.first, "same", rules.unknown, ufunc(np.invert)),
    "isnan": _within(np.isnan, 0.0, 1.0, "bool"),
    "isinf": _within(np.isinf, 0.0, 1.0, "bool"),
    "isfinite": _within(np.isfinite, 0.0, 1.0, "bool"),
    "nan_to_num": Operation(shapes.first, "same", rules.kept, ufunc(np.nan_to_num)),
    "sqrt": _each(np.sqrt, 0.0),
    "rsqrt": _each(lambda x: 1 / np.sqrt(x), 0.0, rising=False),
    "exp": _each(np.exp, 0.0),
    "expm1": _each(np.expm1, -1.0),
    "exp2": _each(np.exp2, 0.0),
    "log": _each(np.log),
    "log2": _each(np.log2),
    "log10": _each(np.log10),
    "log1p": _each(np.log1p),
    "sin": _within(np.sin, -1.0, 1.0),
    "cos": _within(np.cos, -1.0, 1.0),
    "tan": _within(np.tan, None, None),
    "arcsin": _each(np.arcsin, -np.pi / 2, np.pi / 2),
    "arccos": _each(np.arccos, 0.0, np.pi, rising=False),
    "arctan": _each(np.arctan, -np.pi / 2, np.pi / 2),
    "sinh": _each(np.sinh),
    "cosh": _within(np.cosh, 1.0, None),
    "erf": _within(None, -1.0, 1.0),
    "clip": Operation(shapes.limited, "bounded", rules.clip, compute.clip),
    "cast": Operation(shapes.first, "attribute", rules.cast, ufunc(lambda x: x)),
    "detach": Operation(shapes.first, "same", rules.kept, ufunc(lambda x: x)),
    "nonlinear": Operation(shapes.first, "float", rules.unknown),
}

ACTIVATIONS: dict[str, Operation] = {
    "relu": _each(_relu, 0.0, dtype="same"),
    "relu6": _each(lambda x: np.clip(x, 0, 6), 0.0, 6.0, dtype="same"),
    "leaky_relu": Operation(shapes.first, "float", rules.unknown, compute.leaky_relu),
    "elu": Operation(shapes.first, "float", rules.unknown, compute.elu),
    "selu": _each(_selu, -1.7580993408473766),
    "gelu": _within(None, -0.17, None),
    "swish": _within(lambda x: x * compute.sigmoid(x), -0.2785, None),
    "mish": _within(lambda x: x * np.tanh(compute.softplus(x)), -0.3089, None),
    "sigmoid": _each(compute.sigmoid, 0.0, 1.0),
    "log_sigmoid": _each(lambda x: -compute.softplus(-x), None, 0.0),
    "hard_sigmoid": _within(None, 0.0, 1.0),
    "hard_tanh": _each(lambda x: np.clip(x, -1, 1), -1.0, 1.0),
    "hard_swish": _within(None, -0.375, None),
    "tanh": _each(np.tanh, -1.0, 1.0),
    "softplus": _each(compute.softplus, 0.0),
    "softsign": _each(lambda x: x / (1 + np.abs(x)), -1.0, 1.0),
    "softmax": Operation(shapes.first, "float", always(0.0, 1.0), compute.softmax),
    "log_softmax": Operation(shapes.first, "float", always(None, 0.0), compute.log_softmax),
    "linear": Operation(shapes.first, "same", rules.kept, ufunc(lambda x: x)),
}

REDUCTIONS: dict[str, Operation] = {
    "sum": Operation(shapes.reduced, "sum", rules.total, reduction(np.sum)),
    "mean": Operation(shapes.reduced, "average", rules.mean, reduction(np.mean)),
    "prod": Operation(shapes.reduced, "sum", rules.unknown, reduction(np.prod)),
    "max": Operation(shapes.reduced, "same", rules.largest, reduction(np.max)),
    "min": Operation(shapes.reduced, "same", rules.smallest, reduction(np.min)),
    "ptp": Operation(shapes.reduced, "same", always(0.0, None), reduction(np.ptp)),
    "std": Operation(shapes.reduced, "average", rules.deviation, spread(np.std)),
    "var": Operation(shapes.reduced, "average", rules.variance, spread(np.var)),
    "median": Operation(shapes.reduced, "average", rules.enclosed, reduction(np.median)),
    "any": Operation(shapes.reduced, "bool", always(0.0, 1.0), reduction(np.any)),
    "all": Operation(shapes.reduced, "bool", always(0.0, 1.0), reduction(np.all)),
    "argmax": Operation(shapes.reduced, "index", rules.position, reduction(np.argmax)),
    "argmin": Operation(shapes.reduced, "index", rules.position, reduction(np.argmin)),
    "count_nonzero": Operation(shapes.reduced, "index", always(0.0, None), reduction(np.count_nonzero)),
    "norm": Operation(shapes.reduced, "average", always(0.0, None), compute.norm),
    "logsumexp": Operation(shapes.reduced, "float", rules.unknown),
    "cumsum": Operation(shapes.along_axis, "sum", rules.unknown, along(np.cumsum)),
    "cumprod": Operation(shapes.along_axis, "sum", rules.unknown, along(np.cumprod)),
    "l2_normalize": Operation(shapes.first, "float", always(-1.0, 1.0)),
}

ARRANGEMENT: dict[str, Operation] = {
    "reshape": Operation(shapes.reshaped, "same", rules.kept, compute.reshape),
    "flatten": Operation(shapes.flattened, "same", rules.kept, compute.reshape),
    "transpose": Operation(shapes.transposed, "same", rules.kept, compute.transpose),
    "swapaxes": Operation(shapes.swapped, "same", rules.kept),
    "squeeze": Operation(shapes.squeezed, "same", rules.kept, compute.reshape),
    "expand_dims": Operation(shapes.expanded, "same", rules.kept, compute.reshape),
    "expand": Operation(shapes.expanded_to, "same", rules.kept, compute.broadcast_to),
    "concatenate": Operation(shapes.concatenated, "promote", rules.joined, compute.concatenate),
    "stack": Operation(shapes.stacked, "promote", rules.joined, compute.stack),
    "repeat": Operation(shapes.repeated, "same", rules.repeated, compute.repeat),
    "tile": Operation(shapes.tiled, "same", rules.kept, compute.tile),
    "tril": Operation(shapes.first, "same", rules.unknown, compute.triangle(np.tril)),
    "triu": Operation(shapes.first, "same", rules.unknown, compute.triangle(np.triu)),
    "flip": Operation(shapes.first, "same", rules.kept, compute.flip),
    "roll": Operation(shapes.first, "same", rules.kept, compute.roll),
    "sort": Operation(shapes.along_axis, "same", rules.kept, compute.sort),
    "argsort": Operation(shapes.ordered, "index", always(0.0, None)),
    "shuffle": Operation(shapes.first, "same", rules.kept),
    "diff": Operation(shapes.unknown, "same", rules.unknown),
    "gather": Operation(shapes.unknown, "same", rules.some),
    "resize": Operation(shapes.unknown, "unknown", rules.enclosed),
    "interpolate": Operation(shapes.unknown, "same", rules.enclosed),
    "one_hot": Operation(shapes.one_hot, "attribute", rules.one_hot, compute.one_hot),
    "batch": Operation(shapes.first, "same", rules.some),
}

LOSSES: dict[str, Operation] = {
    name: Operation(shapes.cross_entropy_rows, "float", always(0.0, None))
    for name in ("categorical_crossentropy", "sparse_categorical_crossentropy", "cross_entropy")
} | {"binary_crossentropy": Operation(shapes.first, "float", always(0.0, None))}

OPERATIONS: dict[str, Operation] = {**ARITHMETIC, **ELEMENTWISE, **ACTIVATIONS, **REDUCTIONS, **ARRANGEMENT, **LOSSES}

NEEDS_ENTRIES = frozenset({"mean", "std", "var", "median", "max", "min", "ptp", "argmax", "argmin", "softmax", "log_softmax"})
"""Operations that NumPy refuses, or warns about, on an array without entries."""
