"""Columns of a data frame that become class numbers: `map`, `replace`, `apply`, codes of categories."""

from __future__ import annotations

from collections.abc import Sequence

from trainlint.interpret.arrays import statistics as known
from trainlint.interpret.arrays.functions import Application, makes
from trainlint.interpret.arrays.preparation import fitted_classes
from trainlint.interpret.dispatch import Arguments, Call, attribute, function
from trainlint.interpret.values import (
    OPEN,
    Array,
    BoundMethod,
    Dict,
    Function,
    Literal,
    Object,
    Partial,
    Tuple,
    Unknown,
    Value,
    alternatives,
)


@attribute("encoder", "classes_")
def classes(call: Call) -> Value:
    """`encoder.classes_`: one entry for each class; of a MultiLabelBinarizer in unknown number."""
    encoder = call.receiver
    if not isinstance(encoder, Object) or "fitted" not in encoder.cells:
        return call.unknown("the classes of an encoder that is fitted on nothing")
    count = fitted_classes(encoder) if encoder.row.kind in ("labels", "binarizer") else None
    return Array("data", (), {"source": "classes"}, (count,), None, "numpy", place=call.place)


@makes("frame_mapped")
def mapped(application: Application) -> Value:
    """`column.map({"no": 0, "yes": 1})`, `column.replace(...)`, `column.apply(lambda text: 1 if ... else 0)`."""
    x, by = application.arguments.get("x"), application.arguments.get("by")
    if not isinstance(x, Array) or by is None or (x.shape is not None and len(x.shape) != 1):
        return application.unknown("entries that become something which is not known")
    if isinstance(by, Dict):
        values = [] if by.cells.get(OPEN) is not None else [value for key, value in by.cells.items() if key is not OPEN]
    elif isinstance(by, Function | Partial | BoundMethod):
        entry = Unknown("an entry of a column", application.place)
        values = list(alternatives(application.call.interpreter.call(by, Arguments((entry,)), application.place)))
    else:
        values = []
    numbers = _numbers(values)
    if numbers is None:
        return application.unknown("entries that become something which is not known")
    labels, classes = _labels(numbers)
    attributes: dict[str, object] = {"labels": labels, "classes": classes} if labels else {}
    dtype = "int64" if all(isinstance(one, int) for one in numbers) else "float64"
    bounds = known.between(float(min(numbers)), float(max(numbers)))
    return Array("encode", (x,), attributes, x.shape, dtype, x.library, None, bounds, place=application.place)


def _numbers(values: Sequence[Value]) -> list[int | float] | None:
    """The numbers that values are; None unless all are, and there are two or more."""
    found = [one.value for one in values if isinstance(one, Literal) and isinstance(one.value, int | float)]
    return found if len(found) == len(values) and len(set(found)) >= 2 else None


def _labels(numbers: Sequence[int | float]) -> tuple[str, int | None]:
    """The kind of labels that these numbers are, and how many classes."""
    distinct = {float(one) for one in numbers}
    if distinct == {-1.0, 1.0}:
        return "pm1", 2
    if distinct == {float(one) for one in range(len(distinct))}:
        return ("binary", 2) if len(distinct) == 2 else ("int", len(distinct))
    return "", None


@attribute("array", "cat")
def _categories(call: Call) -> Value:
    """What stands before `.codes`."""
    return call.receiver or call.unknown("categories of nothing")


@attribute("array", "codes")
def _codes(call: Call) -> Value:
    """`column.cat.codes`: 0 to C - 1."""
    return _encoded(call.receiver, call) or call.unknown("codes of something that is no column")


@function("pandas.factorize")
def factorize(call: Call) -> Value:
    """`pd.factorize(column)`: the numbers 0 to C - 1, and what they stand for."""
    numbers = _encoded(call.argument(0, "values"), call)
    if numbers is None:
        return call.unknown("codes of something that is no column")
    return Tuple((numbers, call.unknown("the categories of a column")), call.place)


def _encoded(value: Value | None, call: Call) -> Array | None:
    if not isinstance(value, Array) or (value.shape is not None and len(value.shape) != 1):
        return None
    bounds = known.between(0.0, None)
    return Array("encode", (value,), {"labels": "int"}, value.shape, "int64", value.library, None, bounds, place=call.place)
