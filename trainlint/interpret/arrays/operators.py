"""One operation on arrays: the node it makes, with its shape, element type, entries where they are known, and statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trainlint.core import Place
from trainlint.interpret.arrays import dtypes, limits, nodes
from trainlint.interpret.arrays.nodes import as_array, integer, over_choices
from trainlint.interpret.arrays.statistics import of_data
from trainlint.interpret.arrays.table import NEEDS_ENTRIES, OPERATIONS, UNKNOWN_OPERATION, Operation
from trainlint.interpret.values import UNKNOWN_STATISTICS, Array, Literal, Shape, Statistics, Unknown, Value, alternatives

BINARY_OPERATIONS = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "power",
    "matmul": "matmul",
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "and_": "bitwise_and",
    "or_": "bitwise_or",
    "xor": "bitwise_xor",
}
UNARY_OPERATIONS = {"neg": "negative", "invert": "invert", "abs": "abs"}
ERRORS = (TypeError, ValueError, LookupError, ArithmeticError, MemoryError, AttributeError)
"""What NumPy raises of arguments that do not fit."""
_COMPUTES_IN_RESULT_TYPE = ("promote", "float", "average", "divide", "integral", "bounded")


def binary(operator: str, left: Value, right: Value, place: Place | None) -> Value:
    """`left operator right` where at least one side is an array; `operator` is the name in Python's `operator` module."""
    op = BINARY_OPERATIONS.get(operator)
    if op is None:
        return Unknown(f"`{operator}` of arrays is not followed", place)
    if op in ("equal", "not_equal") and any(isinstance(one, Literal) and isinstance(one.value, str) for one in (left, right)):
        return _compared_with_word(op, left, right, place)
    if any(isinstance(one, Literal) and not isinstance(one.value, bool | int | float | complex) for one in (left, right)):
        return Unknown("an operation of an array with something that is no number", place)
    library = library_of(left, right)
    return over_choices(lambda pair: operate(op, pair, {}, place, library), (left, right), place)


def _compared_with_word(op: str, left: Value, right: Value, place: Place | None) -> Value:
    """`column == "yes"`: True or False for each entry."""
    array, word = (left, right) if isinstance(left, Array) else (right, left)
    if not isinstance(array, Array) or array.shape is None:
        return Unknown("a comparison with a word", place)
    return Array(
        op, (array, word), {}, array.shape, "bool", array.library, None, Statistics(0.0, 1.0, known="declared"), place=place
    )


def unary(operator: str, operand: Value, place: Place | None) -> Value:
    """`-x`, `+x`, `~x`, `abs(x)` of an array; `not x` where its truth is known."""
    if operator == "pos":
        return operand
    if operator == "not":
        decided = nodes.truth(operand) if isinstance(operand, Array) else None
        return Unknown("the truth of an array is not known", place) if decided is None else Literal(not decided, place)
    op = UNARY_OPERATIONS.get(operator)
    if op is None:
        return Unknown(f"`{operator}` of an array is not followed", place)
    return over_choices(lambda one: operate(op, one, {}, place, library_of(*one)), (operand,), place)


def library_of(*values: Value) -> str:
    """The library of an operation on these values: that of the first tensor, else NumPy."""
    found = [one.library for value in values for one in alternatives(value) if isinstance(one, Array)]
    return next((one for one in found if one != "numpy"), "numpy")


def operate(
    op: str, inputs: Sequence[Value], attributes: Mapping[str, Any], place: Place | None, library: str = "numpy"
) -> Array:
    """The array that `op` makes of `inputs`; what is not known of it is left open, and nothing is ever raised.

    Numbers and lists of numbers among the inputs become constants. Entries are computed by NumPy where those of all inputs are
    known, no parameter or model input lies upstream and the result is small (`limits`).
    """
    arrays = [as_array(value, place, library) for value in inputs]
    kept: list[Value] = [value if array is None else array for value, array in zip(inputs, arrays, strict=True)]
    op, kept, attributes = _simplified(op, kept, dict(attributes))
    operands = [one if isinstance(one, Array) else _opaque(one, place) for one in kept]
    operation = OPERATIONS.get(op, UNKNOWN_OPERATION)
    operation = operation if len(operands) >= operation.arity else UNKNOWN_OPERATION
    shape = operation.shape([one.shape for one in operands], attributes)
    dtype = _dtype(operation, operands, attributes, library)
    symbolic = [one for one in operands if one.symbolic]
    data = None if symbolic else _entries(op, operation, operands, attributes, shape, dtype)
    statistics = of_data(data) if data is not None else _statistics(operation, operands, attributes, shape, dtype)
    detached = bool(symbolic) and all(one.detached for one in symbolic)
    return Array(op, tuple(kept), attributes, shape, dtype, library, data, statistics, bool(symbolic), detached, place)


def _opaque(value: Value, place: Place | None) -> Array:
    """What stands for an input that is no array: nothing known."""
    return Array("unknown", (value,), {}, place=place)


def _simplified(op: str, inputs: list[Value], attributes: dict[str, Any]) -> tuple[str, list[Value], Mapping[str, Any]]:
    """The same operation in the vocabulary of `facts.graph`: constant exponents and permutations become attributes."""
    first = inputs[0] if inputs and isinstance(inputs[0], Array) else None
    if op == "power" and len(inputs) == 2:
        exponent = inputs[1].data if isinstance(inputs[1], Array) else None
        if exponent is not None and exponent.ndim == 0 and exponent.dtype.kind in "iuf":
            return op, inputs[:1], {**attributes, "exponent": exponent.item()}
    if op == "swapaxes" and first is not None and first.shape is not None:
        rank = len(first.shape)
        pair = [integer(attributes.get(name)) for name in ("first", "second")]
        if all(one is not None and -rank <= one < rank for one in pair):
            order = list(range(rank))
            one, other = (number % rank for number in pair if number is not None)
            order[one], order[other] = order[other], order[one]
            return "transpose", inputs, {"axes": tuple(order)}
    if op == "dot" and len(inputs) == 2:
        ranks = [len(one.shape) if isinstance(one, Array) and one.shape is not None else None for one in inputs]
        if 0 in ranks:
            return "multiply", inputs, attributes
        if None not in ranks and max(one or 0 for one in ranks) <= 2:
            return "matmul", inputs, attributes
    return op, inputs, attributes


def _dtype(operation: Operation, operands: Sequence[Array], attributes: Mapping[str, Any], library: str) -> str | None:
    """The element type of the result, by the operation's rule in this library."""
    given = attributes.get("dtype")
    if isinstance(given, str):
        return dtypes.named(given, library)
    rule = operation.dtype
    if rule == "unknown" or not operands:
        return None
    if rule == "bool":
        return "bool"
    if rule == "index":
        return "int64"
    if rule == "same":
        return operands[0].dtype
    if rule == "number":
        return None if operands[0].dtype == "bool" else operands[0].dtype
    if rule == "bounded" and operation.shape([()], attributes) is None:
        return None
    if rule == "attribute":
        return None
    if rule == "sum":
        return dtypes.summed(operands[0].dtype, library)
    further = [as_array(Literal(attributes[name]), None, library) for name in ("exponent", "low", "high") if name in attributes]
    operands = [*operands, *(one for one in further if one is not None and library not in ("tensorflow", "keras"))]
    promoted = dtypes.promote(operands[1:] if rule == "branches" else operands, library)
    if rule == "integral" and promoted == "bool":
        return "int8" if library == "numpy" else "int64"
    if rule == "average" and promoted == "bool" and library == "numpy":
        return "float64"
    return dtypes.floating(promoted, library, division=rule == "divide") if rule in ("float", "average", "divide") else promoted


def _statistics(
    operation: Operation, operands: Sequence[Array], attributes: Mapping[str, Any], shape: Shape | None, dtype: str | None
) -> Statistics:
    """What the operation's rule says, unless a whole-number type would overflow."""
    result = operation.statistics(operands, attributes, shape) if operands else UNKNOWN_STATISTICS
    target = dtypes.as_numpy(dtype)
    if target is not None and target.kind in "iu" and result != UNKNOWN_STATISTICS:
        bounds = np.iinfo(target.name)
        if result.low is None or result.high is None or result.low < bounds.min or result.high > bounds.max:
            return UNKNOWN_STATISTICS
    return result


def _resolved(value: object) -> bool:
    """Whether an attribute is plain Python all the way down."""
    if isinstance(value, tuple):
        return all(map(_resolved, value))
    if isinstance(value, slice):
        return all(map(_resolved, (value.start, value.stop, value.step)))
    return value is None or value is Ellipsis or isinstance(value, bool | int | float | complex | str | np.ndarray)


def _entries(  # noqa: PLR0917
    op: str,
    operation: Operation,
    operands: Sequence[Array],
    attributes: Mapping[str, Any],
    shape: Shape | None,
    dtype: str | None,
) -> nodes.Data | None:
    """The entries of the result by NumPy; None if they are not known, would cost too much, or NumPy refuses."""
    target = dtypes.as_numpy(dtype)
    if operation.compute is None or target is None or shape is None or not operands:
        return None
    if not limits.affordable(shape, target.itemsize) or not _affordable_work(op, operands):
        return None
    data = [one.data for one in operands if one.data is not None]
    if len(data) < len(operands) or (op in NEEDS_ENTRIES and any(one.size == 0 for one in data)):
        return None
    if not all(map(_resolved, attributes.values())):
        return None
    if target.kind != "c" and any(one.dtype.kind == "c" for one in data):
        return None
    try:
        with np.errstate(all="ignore"):
            if operation.dtype in _COMPUTES_IN_RESULT_TYPE:
                data = [_converted(one, target) for one in data]
            result = np.asarray(operation.compute(data, {**attributes, "result_shape": shape}))
            if result.shape != shape or result.dtype.kind not in "biufc":
                return None
            result = _converted(result, target)
    except ERRORS:
        return None
    limits.spend(result.size)
    held: nodes.Data = result.view()
    held.flags.writeable = False
    return held


def _converted(data: nodes.Data, target: np.dtype[Any]) -> nodes.Data:
    """The entries in another type.

    Raises:
        OverflowError: a Python number does not fit.
    """
    if data.dtype == target:
        return data
    if data.ndim == 0 and target.kind in "iu" and data.dtype.kind in "iu":
        return np.asarray(data.item(), dtype=target)
    return data.astype(target)


def _affordable_work(op: str, operands: Sequence[Array]) -> bool:
    """Whether a matrix product is small enough."""
    if op not in ("matmul", "dot", "outer"):
        return True
    result = OPERATIONS[op].shape([one.shape for one in operands], {})
    elements, inner = limits.size(result), operands[0].shape
    return elements is not None and elements * ((inner[-1] or 0) if inner else 1) <= limits.MAXIMUM_WORK
