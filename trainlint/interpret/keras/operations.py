"""`keras.backend.*`, `keras.ops.*` and `keras.activations.*` as operations on arrays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trainlint.interpret import arrays
from trainlint.interpret.arrays import dtypes
from trainlint.interpret.dispatch import Call, bind, function
from trainlint.interpret.keras.common import (
    default_literal,
    items_of,
    named,
    row_of,
    shape_from,
    shape_of,
    shape_value,
    symbolic,
)
from trainlint.interpret.keras.compiling import CLASS_OF_KIND, loss_array
from trainlint.interpret.keras.models import symbolic_input
from trainlint.interpret.values import NONE, Array, Literal, Object, Value
from trainlint.knowledge.keras_model_rows import ACTIVATIONS
from trainlint.knowledge.keras_operation_rows import ROWS
from trainlint.knowledge.rows import REQUIRED, Row

_CROSSENTROPIES = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")
_ATTRIBUTE_NAMES = {
    "min_value": "low",
    "max_value": "high",
    "num_classes": "classes",
    "rep": "repeats",
    "n": "repeats",
    "negative_slope": "slope",
}
"""What arrays call the parameters of their operations."""

_TENSORS = frozenset(
    {"x", "x1", "x2", "y", "condition", "then_expression", "else_expression", "reference", "indices", "new_x", "kernel"}
)
_DROPPED = frozenset({"sparse", "name"})


def _operation(call: Call) -> Value:
    """One operation: the tensors among its arguments are the inputs, the others its attributes."""
    row = call.row
    if row is None:
        return call.unknown("an operation that is not known")
    bound = bind(row, call.arguments).arguments
    if any(one.default is REQUIRED and one.name in (*_TENSORS, "tensors") and one.name not in bound for one in row.parameters):
        return call.unknown(f"`{call.name}` without its arrays")
    inputs: list[Value] = []
    attributes: dict[str, Any] = {}
    for one in row.parameters:
        value = bound.get(one.name)
        if one.name == "tensors" or (row.kind == "stack" and one.name == "x"):
            items = items_of(value)
            if items is None:
                return call.unknown("arrays that are not known one by one")
            inputs += items
        elif (one.name in _TENSORS or one.name == "exponent") and value is not None:
            inputs.append(value)
        elif one.name == "dtype":
            attributes["dtype"] = dtypes.of_value(value)
        elif one.name not in _TENSORS and one.name not in _DROPPED:
            attributes[_ATTRIBUTE_NAMES.get(one.name, one.name)] = _plain(value, one.default)
    return _made(call, row, inputs, attributes)


def _plain(value: Value | None, default: Any) -> Any:
    if value is not None:
        return arrays.plain(value)
    return None if default is REQUIRED else default


def _made(call: Call, row: Row, inputs: list[Value], attributes: dict[str, Any]) -> Value:
    library = "keras"
    if row.kind == "flatten":
        attributes = {"start": 1, "end": -1}
    elif row.kind == "ravel":
        return arrays.operate("flatten", inputs, {"start": 0, "end": -1}, call.place, library)
    elif row.kind == "relu":
        return _relu(call, inputs, attributes)
    elif row.kind == "leaky_relu":
        attributes = {**attributes, "alpha": attributes.get("slope")}
    elif row.kind == "stop_gradient":
        value = inputs[0] if inputs else call.unknown("an array")
        return replace(value, detached=True) if isinstance(value, Array) else value
    elif row.kind == "identity":
        return (arrays.as_array(inputs[0], call.place, library) or inputs[0]) if inputs else call.unknown("an array")
    return arrays.operate(row.kind, inputs, attributes, call.place, library)


def _relu(call: Call, inputs: list[Value], attributes: dict[str, Any]) -> Array:
    """relu, relu6 and leaky_relu are what the bounds of `relu` give."""
    slope, bound = attributes.get("slope"), attributes.get("high")
    if attributes.get("threshold") or (bound is not None and bound != 6):
        return arrays.operate("custom", inputs, {"name": "relu", **attributes}, call.place, "keras")
    if bound is not None:
        return arrays.operate("relu6", inputs, {}, call.place, "keras")
    if slope:
        return arrays.operate("leaky_relu", inputs, {"slope": slope, "alpha": slope}, call.place, "keras")
    return arrays.operate("relu", inputs, {}, call.place, "keras")


def _crossentropy(call: Call) -> Value:
    """`K.binary_crossentropy(target, output)`: the loss of each entry (of each sample for the categorical ones)."""
    row = call.row
    if row is None:
        return call.unknown("a loss that is not known")
    bound = bind(row, call.arguments).arguments
    target, prediction = bound.get("target"), bound.get("output")
    if target is None or prediction is None:
        return call.unknown("a loss that is called without a target and a prediction")
    arguments = {name: bound[name] for name in ("from_logits", "axis") if name in bound}
    made = Object(row_of(CLASS_OF_KIND[row.kind]), {**arguments, "reduction": Literal("none")}, {}, {}, call.spelled, call.place)
    output = loss_array(call, made, target, prediction, call.arguments.keyword_places)
    return replace(output, shape=shape_of(prediction)) if row.kind == "binary_crossentropy" else output


def _register() -> None:
    for row in ROWS:
        if row.makes == "operation" and row.kind in _CROSSENTROPIES:
            function(row.name)(_crossentropy)
        elif row.makes == "operation" and row.kind != "einsum":
            function(row.name)(_operation)
    function(*(f"keras.activations.{name}" for name, _, _ in ACTIVATIONS))(_operation)


_register()


@function("keras.ops.einsum")
def _einsum(call: Call) -> Value:
    """`keras.ops.einsum("ij,jk->ik", a, b)`."""
    inputs = call.arguments.positional[1:]
    attributes = {"equation": named(call.argument(0))}
    return Array("einsum", inputs, attributes, None, None, "keras", symbolic=symbolic(*inputs), place=call.place)


@function("keras.backend.epsilon", "keras.config.epsilon")
def _epsilon(_: Call) -> Value:
    return default_literal(1e-7)


@function("keras.backend.floatx", "keras.config.floatx")
def _floatx(_: Call) -> Value:
    return default_literal("float32")


@function("keras.backend.constant", "keras.ops.array")
def _constant(call: Call) -> Value:
    value = call.argument(0, "value", "x")
    return call.unknown("a constant") if value is None else arrays.as_array(value, call.place, "keras") or value


@function("keras.backend.zeros", "keras.backend.ones", "keras.ops.zeros", "keras.ops.ones")
def _filled(call: Call) -> Value:
    """Zeros or ones: those of the backend are variables."""
    shape = shape_from(call.argument(0, "shape"))
    one = call.name.endswith("ones")
    attributes: dict[str, Any] = {"value": 1.0 if one else 0.0}
    if call.name.startswith("keras.backend"):
        initializer = Object(row_of(f"keras.initializers.{'Ones' if one else 'Zeros'}"), place=call.place)
        return Array("parameter", (), {"initializer": initializer}, shape, "float32", "keras", symbolic=True, place=call.place)
    return Array("fill", (), attributes, shape, "float32", "keras", place=call.place)


@function("keras.backend.placeholder", "tensorflow.placeholder")
def _placeholder(call: Call) -> Value:
    if call.name.startswith("keras"):
        return symbolic_input(shape_from(call.argument(0, "shape")), call.place, call.argument(2, "name"))
    kind = dtypes.of_value(call.argument(0, "dtype")) or "float32"
    return symbolic_input(shape_from(call.argument(1, "shape")), call.place, call.argument(2, "name"), kind)


@function("keras.backend.int_shape", "keras.backend.shape", "keras.ops.shape")
def _shape(call: Call) -> Value:
    value = call.argument(0, "x")
    return shape_value(shape_of(value))


@function("keras.backend.ndim", "keras.ops.ndim")
def _rank(call: Call) -> Value:
    shape = shape_of(call.argument(0, "x"))
    return call.unknown("how many axes an array has") if shape is None else Literal(len(shape), call.place)


@function(
    "keras.backend.clear_session", "keras.backend.learning_phase", "keras.backend.set_learning_phase", "keras.backend.set_floatx"
)
def _session(call: Call) -> Value:
    return call.unknown("whether the model trains") if call.name.endswith(".learning_phase") else NONE


@function("keras.activations.get", "keras.activations.deserialize")
def _get_activation(call: Call) -> Value:
    return call.argument(0, "identifier") or NONE
