"""Layers of TensorFlow 1 graphs: `tf.layers`, `tf.contrib.layers` and `tf.nn` as the Keras layers they are."""

from __future__ import annotations

from dataclasses import replace

from trainlint.core import Place
from trainlint.interpret import arrays
from trainlint.interpret.dispatch import Arguments, Call, bind, function
from trainlint.interpret.keras import shapes
from trainlint.interpret.keras.common import make_object, named, plain, row_of, shape_of, symbolic
from trainlint.interpret.keras.layers import layer_array, note_misfit
from trainlint.interpret.values import Array, Literal, Object, Symbol, Tuple, Value
from trainlint.knowledge.tensorflow_rows import CONTRIB_LAYERS, LAYERS


@function(*(f"tensorflow.layers.{name}" for name, _, _ in LAYERS))
@function(*(f"tensorflow.contrib.{part}.{name}" for part in ("layers", "slim") for name, _, _ in CONTRIB_LAYERS))
def _layer_function(call: Call) -> Value:
    """`tf.layers.dense(x, 10, activation=tf.nn.relu)`: makes a Keras layer and calls it."""
    row = call.row
    if row is None:
        return call.unknown("a layer that is not known")
    bound = bind(row, call.arguments)
    value = bound.arguments.get("inputs")
    if value is None:
        return call.unknown("a layer that is called without an input")
    arguments = {name: one for name, one in bound.arguments.items() if name != "inputs"}
    for name in ("rate", "activation", "strides", "padding"):
        default = row.default(name) if row.parameter(name) is not None else None
        if name not in arguments and isinstance(default, float | int | str):
            arguments[name] = Literal(default)
    layer = _layer(call, row.kind, arguments, dict(bound.places))
    note_misfit(call, layer, (value,))
    return layer_array(layer, (value,), call.place)


def _layer(call: Call, name: str, arguments: dict[str, Value], places: dict[str, Place]) -> Object:
    made = make_object(call, row_of(f"keras.layers.{name}"), Arguments())
    return replace(made, arguments=arguments, argument_places=places)


@function("tensorflow.nn.max_pool", "tensorflow.nn.avg_pool", "tensorflow.nn.max_pool2d", "tensorflow.nn.avg_pool2d")
def _pool(call: Call) -> Value:
    """`tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")`."""
    value = call.argument(0, "input", "value")
    if value is None:
        return call.unknown("a layer that is called without an input")
    first = named(call.argument(4, "data_format")) == "NCHW"
    arguments = {
        "pool_size": _spatial(call.argument(1, "ksize"), first=first),
        "strides": _spatial(call.argument(2, "strides"), first=first),
        "padding": Literal(named(call.argument(3, "padding")).lower()),
        "data_format": Literal("channels_first" if first else "channels_last"),
    }
    name = "MaxPooling2D" if "max_pool" in call.name else "AveragePooling2D"
    return layer_array(_layer(call, name, arguments, {}), (value,), call.place)


def _spatial(value: Value | None, *, first: bool) -> Value:
    """The two spatial entries of `[1, 2, 2, 1]`."""
    given = plain(value)
    if isinstance(given, tuple) and len(given) == 4:
        given = given[2:] if first else given[1:3]
    if isinstance(given, int):
        given = (given, given)
    if isinstance(given, tuple) and len(given) == 2 and all(isinstance(one, int) for one in given):
        return Tuple(tuple(Literal(one) for one in given))
    return Tuple((Literal(None), Literal(None)))


@function("tensorflow.nn.conv2d")
def _conv2d(call: Call) -> Value:
    """`tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="SAME")`: inputs are the map and the kernel."""
    value, kernel = call.argument(0, "input"), call.argument(1, "filters", "filter")
    if value is None or kernel is None or call.row is None:
        return call.unknown("a convolution without its arrays")
    layer = make_object(call, call.row)
    first = named(call.argument(4, "data_format")) == "NCHW"
    weights = shape_of(kernel)
    known: dict[str, Value] = {
        "strides": _spatial(call.argument(2, "strides"), first=first),
        "padding": Literal(named(call.argument(3, "padding")).lower()),
        "data_format": Literal("channels_first" if first else "channels_last"),
    }
    if weights is not None and len(weights) == 4:
        known["kernel_size"] = Tuple((Literal(weights[0]), Literal(weights[1])))
        known["filters"] = Literal(weights[3])
    shape = shapes.output_shape(Object(row_of("keras.layers.Conv2D"), known), [shape_of(value)])
    inputs = (value, kernel)
    return Array("layer", inputs, {"layer": layer}, shape, "float32", "tensorflow", symbolic=symbolic(*inputs), place=call.place)


@function("tensorflow.nn.dropout")
def _dropout(call: Call) -> Value:
    """`tf.nn.dropout(x, keep_prob)` of TensorFlow 1, `tf.nn.dropout(x, rate)` of 2: by position it may be either."""
    value = call.argument(0, "x")
    if value is None:
        return call.unknown("a layer that is called without an input")
    kept, rate = plain(call.argument(-1, "keep_prob")), call.argument(-1, "rate")
    if isinstance(kept, int | float):
        rate = Literal(1.0 - kept, call.place)
    if rate is None:
        rate = call.unknown("whether a number is the share that is kept or dropped")
    made = _layer(call, "Dropout", {"rate": rate}, {})
    share = call.argument(1, "keep_prob", "rate")
    if isinstance(share, Array):
        call.interpreter.heap.write(made, "share", share)
        call.interpreter.heap.write(made, "drops", Literal("rate" in call.arguments.keywords))
    elif isinstance(rate, Literal):
        call.interpreter.heap.write(made, "fixed", rate)
    return layer_array(made, (value,), call.place)


@function("keras.random.dropout")
def _random_dropout(call: Call) -> Value:
    """`keras.random.dropout(inputs, rate, seed=...)`."""
    value, rate = call.argument(0, "inputs"), call.argument(1, "rate")
    if value is None or rate is None:
        return call.unknown("a dropout without its array or rate")
    return layer_array(_layer(call, "Dropout", {"rate": rate}, {}), (value,), call.place)


@function("tensorflow.nn.l2_loss")
def _l2_loss(call: Call) -> Value:
    """Half the sum of squares."""
    value = call.argument(0, "t")
    if value is None:
        return call.unknown("a penalty without its array")
    squares = arrays.operate("square", [value], {}, call.place, "tensorflow")
    total = arrays.operate("sum", [squares], {"axis": None, "keepdims": False}, call.place, "tensorflow")
    return arrays.operate("divide", [total, Literal(2.0)], {}, call.place, "tensorflow")


@function("tensorflow.losses.get_regularization_loss")
def _regularization_loss(call: Call) -> Value:
    """The penalties of the layers' regularizers, which are counted with the layers: nothing is added here, but it is noted."""
    made = Literal(0.0, call.place)
    call.interpreter.emit("call", call.place, callee=Symbol(call.name, call.spelled), result=made)
    return made
