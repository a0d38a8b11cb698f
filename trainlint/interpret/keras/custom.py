"""Weights that the script makes itself: `add_weight` in the argument order of every release, variables of Keras and TensorFlow.

Each is `Array(op="parameter")` with `attributes` name, initializer (an Object, or the Array of its values), trainable,
regularizer and, for weights of a layer, the layer under "owner".
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trainlint.interpret import arrays
from trainlint.interpret.dispatch import Call, attribute, function, method
from trainlint.interpret.global_settings import global_setting, set_global
from trainlint.interpret.keras.common import (
    Owner,
    layer_method,
    named,
    passed,
    plain,
    shape_from,
)
from trainlint.interpret.keras.gradients import assigned_step
from trainlint.interpret.values import (
    NONE,
    Array,
    Class,
    Function,
    Instance,
    Literal,
    Object,
    Shape,
    Symbol,
    Value,
    alternatives,
    join,
)
from trainlint.knowledge import find
from trainlint.knowledge.keras_model_rows import INITIALIZER_NAMES, REGULARIZER_NAMES

_SHAPE_FIRST = ("shape", "initializer", "dtype", "trainable", "autocast", "regularizer", "constraint", "aggregation", "name")
_NAME_FIRST = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")
_KERAS_1 = ("shape", "initializer", "name", "trainable", "regularizer", "constraint")


@layer_method("add_weight", "add_variable")
def _add_weight(call: Call) -> Value:
    """`self.add_weight(...)`: what comes first by position says of which release the call is."""
    owner = call.receiver
    given = _weight_arguments(call)
    initializer = given.get("initializer")
    if initializer is None or (isinstance(initializer, Literal) and initializer.value is None):
        initializer = Literal("glorot_uniform")
    shape = () if "shape" not in given else shape_from(given["shape"])
    attributes: dict[str, Any] = {
        "name": plain(given.get("name")) if "name" in given else "",
        "initializer": resolve(initializer, INITIALIZER_NAMES, "keras.initializers"),
        "trainable": plain(given.get("trainable", Literal(True))) is not False,
    }
    if "regularizer" in given:
        attributes["regularizer"] = resolve(given["regularizer"], REGULARIZER_NAMES, "keras.regularizers")
    if isinstance(owner, Object | Instance):
        attributes["owner"] = owner
    return Array("parameter", (), attributes, shape, "float32", "keras", symbolic=True, place=call.place)


def _weight_arguments(call: Call) -> dict[str, Value]:
    positional = call.arguments.positional
    order: tuple[str, ...] = _SHAPE_FIRST
    if positional and (isinstance(positional[0], Literal) and isinstance(positional[0].value, str | None)):
        order = _NAME_FIRST
    elif len(positional) > 2 and isinstance(positional[2], Literal) and isinstance(positional[2].value, str):
        order = _KERAS_1 if "float" not in positional[2].value else _SHAPE_FIRST
    return {**dict(zip(order, positional, strict=False)), **call.arguments.keywords}


def resolve(value: Value, names: dict[str, str], package: str) -> Value:
    """The object that a string, a class or a library function stands for; anything else as it is."""
    if isinstance(value, Literal) and isinstance(value.value, str):
        row = find(names.get(value.value, f"{package}.{value.value}"))
        return value if row is None else Object(row, {}, {}, {}, value.value, value.place)
    if isinstance(value, Symbol):
        row = find(value.name)
        return value if row is None or f"keras.{row.makes}s" != package else Object(row, {}, {}, {}, value.spelled, value.place)
    return value


@function("keras.backend.variable", "tensorflow.Variable", "keras.Variable")
def _variable(call: Call) -> Value:
    """`K.variable(value)`, `tf.Variable(tf.random.normal([2, 3]))`, `keras.Variable("zeros", shape=...)`."""
    given = call.argument(0, "initial_value", "value", "initializer")
    if isinstance(given, Function | Class):
        given = call.interpreter.call(given, replace(call.arguments, positional=(), keywords={}), call.place)
    if given is None:
        return call.unknown("a variable without a value")
    trainable = (
        plain(call.argument(3, "trainable") if call.name == "keras.Variable" else call.argument(1, "trainable")) is not False
    )
    name = call.argument(9 if call.name == "keras.Variable" else 4, "name")
    found = [_one_variable(call, one, trainable, named(name)) for one in alternatives(given)]
    return join(tuple(found))


def _one_variable(call: Call, given: Value, trainable: bool, name: str) -> Value:
    library = "tensorflow" if call.name.startswith("tensorflow") else "keras"
    attributes: dict[str, Any] = {"name": name, "trainable": trainable}
    if isinstance(given, Literal) and isinstance(given.value, str):
        given = resolve(given, INITIALIZER_NAMES, "keras.initializers")
    if isinstance(given, Object) and given.row.makes == "initializer":
        shape: Shape | None = shape_from(call.argument(1, "shape"))
        attributes["initializer"] = given
        return Array("parameter", (), attributes, shape, "float32", library, symbolic=True, place=call.place)
    array = arrays.as_array(given, call.place, library)
    if array is None:
        return Array("parameter", (), attributes, None, None, library, symbolic=True, place=call.place)
    attributes["initializer"] = array
    dtype = "float32" if array.dtype in ("float64", None) else array.dtype
    return Array("parameter", (), attributes, array.shape, dtype, library, symbolic=trainable, place=call.place)


@function("tensorflow.get_variable")
def _get_variable(call: Call) -> Value:
    """`tf.get_variable(name, shape, initializer=...)` of TensorFlow 1: Glorot uniform by default."""
    initializer = call.argument(3, "initializer") or Literal("glorot_uniform")
    attributes = {
        "name": named(call.argument(0, "name")),
        "initializer": resolve(initializer, INITIALIZER_NAMES, "keras.initializers"),
        "trainable": plain(call.argument(5, "trainable")) is not False,
    }
    shape = shape_from(call.argument(1, "shape"))
    return Array("parameter", (), attributes, shape, "float32", "tensorflow", symbolic=True, place=call.place)


def _call_initializer(call: Call) -> Value:
    """`initializer(shape)`: random numbers of which the initializer says how they are drawn."""
    shape = shape_from(call.argument(0, "shape"))
    return Array("random", (), {"initializer": call.receiver}, shape, "float32", "keras", place=call.place)


for _kind in ("keras.initializer", "tensorflow.initializer"):
    method(_kind, "__call__")(_call_initializer)


@attribute("keras.optimizer", "learning_rate", "lr")
@attribute("tensorflow.optimizer", "learning_rate", "lr")
def _learning_rate(call: Call) -> Value:
    """`optimizer.learning_rate`: the number, remembering whose it is, so that `K.set_value` and `assign` can change it."""
    optimizer = call.receiver
    if not isinstance(optimizer, Object | Instance) or optimizer.row is None:
        return call.unknown("a learning rate")
    given = passed(optimizer, "learning_rate")
    if given is None:
        default = optimizer.row.default("learning_rate")
        given = Literal(default, call.place) if isinstance(default, float) else call.unknown("a learning rate")
    return _remembering(given, optimizer)


def _remembering(value: Value, optimizer: Owner) -> Value:
    """A number as an array that remembers whose learning rate it is; anything else as it is."""
    array = arrays.as_array(value, value.place, "keras") if isinstance(value, Literal) else None
    return value if array is None else replace(array, attributes={**array.attributes, "learning_rate_of": optimizer})


def set_learning_rate(call: Call, optimizer: Owner, value: Value) -> None:
    """A new learning rate, and the event that says so."""
    call.interpreter.heap.write(optimizer, "learning_rate", _remembering(value, optimizer))
    call.interpreter.emit("set_attribute", call.place, target=optimizer, name=Literal("learning_rate"), value=value)


@method("keras.optimizer", "__setattr__")
def _set_optimizer_attribute(call: Call) -> Value:
    """`optimizer.lr = 0.1` writes the parameter under its canonical name."""
    optimizer, name, value = call.receiver, call.literal(0), call.argument(1)
    if not isinstance(optimizer, Object | Instance) or optimizer.row is None or not isinstance(name, str) or value is None:
        return Literal(False)
    parameter = optimizer.row.parameter(name)
    if parameter is None:
        return Literal(False)
    kept = _remembering(value, optimizer) if parameter.name == "learning_rate" else value
    call.interpreter.heap.write(optimizer, parameter.name, kept)
    call.interpreter.emit("set_attribute", call.place, target=optimizer, name=Literal(parameter.name), value=value)
    return Literal(True)


@function("keras.backend.set_value", "tensorflow.assign")
@method("array", "assign")
def _set_value(call: Call) -> Value:
    """`K.set_value(model.optimizer.lr, 0.01)` and `variable.assign(value)`."""
    is_method = call.receiver is not None
    target = call.receiver if is_method else call.argument(0, "x", "ref")
    value = call.argument(0, "value") if is_method else call.argument(1, "value")
    if not isinstance(target, Array) or value is None:
        return NONE
    optimizer = target.attributes.get("learning_rate_of")
    if isinstance(optimizer, Object | Instance):
        set_learning_rate(call, optimizer, value)
    elif target.op == "parameter" and not assigned_step(call, target, value):
        call.interpreter.emit("assign", call.place, parameter=target, value=value)
    return NONE


@function("keras.backend.get_value")
def _get_value(call: Call) -> Value:
    return call.argument(0, "x") or call.unknown("a value")


@function("keras.backend.set_image_data_format", "keras.backend.set_image_dim_ordering", "keras.config.set_image_data_format")
def _set_data_format(call: Call) -> Value:
    given = call.argument(0, "data_format", "dim_ordering")
    if call.name.endswith("dim_ordering"):
        call.interpreter.note_era("keras1|keras2", call.place)
    formats = {"th": "channels_first", "tf": "channels_last"}
    if isinstance(given, Literal) and isinstance(given.value, str):
        given = Literal(formats.get(given.value, given.value), given.place)
    set_global(call.interpreter, "data_format", given or call.unknown("a data format"))
    return NONE


@function("keras.backend.image_data_format", "keras.backend.image_dim_ordering", "keras.config.image_data_format")
def _data_format(call: Call) -> Value:
    everywhere = global_setting(call.interpreter, "data_format") or Literal("channels_last", call.place)
    if call.name.endswith("dim_ordering") and isinstance(everywhere, Literal):
        return Literal("th" if everywhere.value == "channels_first" else "tf", call.place)
    return everywhere
