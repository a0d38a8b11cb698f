"""Layers of Keras: making one, calling one on arrays, its weights.

A call of a library layer is `Array(op="layer")` with `attributes["layer"]`; the layer's activation stays the layer's own argument
(facts put it behind the layer) unless it is a function of the script, which is followed. `Lambda` layers and layers written by
the script are entered, so that what they compute becomes operations.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from trainlint.core import Place
from trainlint.interpret.arrays import statistics as known
from trainlint.interpret.dispatch import Arguments, Call, Interpreter, function
from trainlint.interpret.global_settings import global_setting
from trainlint.interpret.keras import shapes
from trainlint.interpret.keras.common import (
    Owner,
    default_literal,
    dtype_of,
    items_of,
    kind_of,
    layer_method,
    listed,
    make_object,
    named,
    note_arguments,
    passed,
    plain,
    possible_eras,
    row_of,
    setting,
    shape_from,
    shape_of,
    written_for_old_keras,
)
from trainlint.interpret.keras.fitting import emit_misfit, misfit
from trainlint.interpret.values import (
    UNKNOWN_STATISTICS,
    Array,
    BoundMethod,
    Dict,
    Function,
    Instance,
    List,
    Literal,
    Object,
    Partial,
    Statistics,
    Tuple,
    Unknown,
    Value,
)
from trainlint.knowledge.keras_layer_rows import ROWS as LAYER_ROWS
from trainlint.knowledge.keras_preprocessing_rows import ROWS as PREPROCESSING_ROWS
from trainlint.knowledge.rows import Row

_KERAS_1_NAMES = frozenset({"Convolution1D", "Convolution2D", "Convolution3D", "AtrousConvolution2D", "Deconvolution2D"})
_KERNEL_AXES = ("nb_row", "nb_col")
_FUNCTIONS = Function | BoundMethod | Partial
_UNREADABLE = frozenset({"embedding", "lookup", "text_vectorization", "hashing"})
"""Layers whose output is of another type than their input."""

_KEEPS_RANGE = frozenset({"resize", "crop", "flatten", "reshape", "permute", "zero_pad"})
_TURNS = ("RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomCrop", "RandomShear")
"""Layers that move pixels and leave their range; `_TURNS` are those among the augmentations."""

_WEIGHT_COUNTS = {
    **dict.fromkeys(("dense", "conv", "conv_transpose", "depthwise_conv"), 2),
    "separable_conv": 3,
    "embedding": 1,
    "batch_norm": 4,
    "layer_norm": 2,
    "group_norm": 2,
    **dict.fromkeys(("lstm", "gru", "simple_rnn"), 3),
    **dict.fromkeys(("dropout", "flatten", "reshape", "activation", "max_pool", "average_pool", "input", "lambda", "relu"), 0),
}
"""How many arrays `get_weights` gives with a bias (`use_bias`)."""


def _constructors() -> tuple[str, ...]:
    return tuple(row.name for row in (*LAYER_ROWS, *PREPROCESSING_ROWS) if row.makes == "layer")


@function(*_constructors())
def _make_layer(call: Call) -> Value:
    """`Dense(10, activation="relu", ...)`."""
    row = call.row
    if row is None:
        return call.unknown("a layer that is not known")
    note_arguments(call)
    arguments = _of_keras_1(call, row)
    made = make_object(call, row, arguments)
    _note_positional_stride(call, made, arguments)
    if row.parameter("data_format") is not None and "data_format" not in made.arguments:
        everywhere = global_setting(call.interpreter, "data_format")
        if everywhere is not None:
            return replace(made, arguments={**made.arguments, "data_format": everywhere})
    return made


def _note_positional_stride(call: Call, layer: Object, arguments: Arguments) -> None:
    """`Conv2D(32, 3, 3)` where the third number is the stride: from Keras 2.4 on, and always in TensorFlow."""
    given = arguments.positional[1:3]
    if layer.row.kind not in ("conv", "separable_conv") or len(given) < 2 or not all(map(_is_size, given)):
        return
    if call.spelled.startswith("tensorflow") or possible_eras(call.interpreter) <= {"tf.keras", "keras2.11", "keras3"}:
        call.interpreter.emit("positional_stride", call.place, layer=layer, kernel=given[0], stride=given[1])


def _of_keras_1(call: Call, row: Row) -> Arguments:
    """The arguments as today's releases take them."""
    if row.kind in ("conv", "conv_transpose"):
        return _keras_1_kernel(call, row)
    positional = call.arguments.positional
    if row.kind == "dense" and len(positional) > 1 and all(map(_is_size, positional[:2])):
        call.interpreter.note_era("keras1", call.place)  # before Keras 1.0 the first argument was the width of the input
        keywords = {**call.arguments.keywords, "input_dim": positional[0]}
        return Arguments(positional[1:], keywords, call.arguments.positional_places[1:], call.arguments.keyword_places)
    return call.arguments


def _keras_1_kernel(call: Call, row: Row) -> Arguments:
    """`Convolution2D(32, 3, 3)` of Keras 1 (and 2.0 to 2.3): rows and columns of the kernel apart, as today's `kernel_size`."""
    arguments = call.arguments
    by_name = [arguments.keywords[name] for name in _KERNEL_AXES if name in arguments.keywords]
    rank = 2 if "2D" in row.name else 3
    positional = arguments.positional
    axes: tuple[Value, ...] = ()
    if len(by_name) == 2:
        axes = tuple(by_name)
    elif len(positional) > rank and all(_is_size(one) for one in positional[1 : rank + 1]) and _is_keras_1(call):
        axes = positional[1 : rank + 1]
        call.interpreter.note_era("keras1|keras2", call.place)
    if not axes:
        return arguments
    size = Tuple(axes, axes[0].place)
    keywords = {name: value for name, value in arguments.keywords.items() if name not in _KERNEL_AXES}
    if len(by_name) == 2:
        return replace(arguments, keywords={**keywords, "kernel_size": size})
    rest = dict(zip(("kernel_initializer", "activation"), positional[rank + 1 :], strict=False))
    places = arguments.positional_places
    return Arguments((positional[0], size), {**rest, **keywords}, places[:2], arguments.keyword_places, arguments.complete)


def _is_size(value: Value) -> bool:
    return isinstance(value, Literal) and isinstance(value.value, int) and not isinstance(value.value, bool)


def _is_keras_1(call: Call) -> bool:
    """Whether three positional sizes are a kernel here: by the old class name outside of TensorFlow, or by what else is used."""
    if call.spelled.startswith("tensorflow"):
        return False
    if call.spelled.rpartition(".")[2] in _KERAS_1_NAMES:
        return True
    return written_for_old_keras(call)


@layer_method("__call__")
def call_layer(call: Call) -> Value:
    """`layer(x)`, `layer([a, b])`, `model(x)`."""
    from trainlint.interpret.keras import models

    layer = call.receiver
    if not isinstance(layer, Object | Instance) or layer.row is None:
        return call.unknown("a layer that is not known")
    return models.call_any(call, layer)


def apply_library_layer(call: Call, layer: Owner) -> Value:
    """What a library layer gives for the arguments of a call."""
    if not call.arguments.positional and not call.arguments.keywords:
        return call.unknown("a layer that is called without an input")
    kind = kind_of(layer)
    inputs = _inputs(call)
    if kind == "lambda":
        return _lambda(call, layer)
    if kind == "activation":
        return _activation_layer(call, layer, inputs)
    note_misfit(call, layer, inputs)
    array = layer_array(layer, inputs, call.place, _call_settings(call))
    if setting(layer, "return_state") is True and kind in ("lstm", "gru", "simple_rnn", "conv_lstm"):
        states = 2 if kind in ("lstm", "conv_lstm") else 1
        state_shape = None if array.shape is None else (array.shape[0], array.shape[-1])
        parts = (replace(array, inputs=(array,), attributes={"layer": layer, "output": "state"}, shape=state_shape),) * states
        return Tuple((array, *parts), call.place)
    return _with_written_activation(call.interpreter, layer, array, call.place)


def note_misfit(call: Call, layer: Owner, inputs: tuple[Value, ...]) -> None:
    """A "misfit" event if a layer cannot take the shape it is called on."""
    wrong = misfit(layer, shape_of(inputs[0])) if len(inputs) == 1 and isinstance(inputs[0], Array) else None
    if wrong is not None:
        emit_misfit(call.interpreter, call.place, layer, inputs[0], wrong)


def _inputs(call: Call) -> tuple[Value, ...]:
    """The arrays a layer is called on: a list is spread; what is passed by keyword (`value=`, `key=`) follows."""
    first = call.arguments.positional[:1] or tuple(
        call.arguments.keywords[name] for name in ("inputs", "x", "query") if name in call.arguments.keywords
    )
    items = listed(first[0]) if first and isinstance(first[0], List | Tuple) else first
    others: list[Value] = [one for one in call.arguments.positional[1:] if isinstance(one, Array)]
    others += [call.arguments.keywords[name] for name in ("value", "key") if name in call.arguments.keywords]
    return (*items, *others)


def _call_settings(call: Call) -> dict[str, Any]:
    return {
        name: plain(value) for name, value in call.arguments.keywords.items() if name in ("training", "return_attention_scores")
    }


def layer_array(layer: Owner, inputs: tuple[Value, ...], place: Place | None, more: dict[str, Any] | None = None) -> Array:
    """The array that a library layer gives."""
    shape = shapes.output_shape(layer, [shape_of(one) for one in inputs])
    dtype = "float32" if kind_of(layer) in _UNREADABLE else dtype_of(inputs[0]) if inputs else None
    attributes = {"layer": layer, **(more or {})}
    numbers = _prepared_numbers(layer, inputs[0]) if len(inputs) == 1 else UNKNOWN_STATISTICS
    return Array("layer", inputs, attributes, shape, dtype, "keras", None, numbers, symbolic=True, place=place)


def _prepared_numbers(layer: Owner, given: Value) -> Statistics:
    """What is known of data after a layer that prepares it (in a `map` over a data set, say): scaled, resized, flipped."""
    kind = kind_of(layer)
    if not isinstance(given, Array) or layer.row is None:
        return UNKNOWN_STATISTICS
    if kind in _KEEPS_RANGE or layer.row.name.endswith(_TURNS):
        return known.between(given.statistics.low, given.statistics.high, given.statistics.known)
    scale, offset = setting(layer, "scale"), setting(layer, "offset")
    if kind != "rescaling" or not all(isinstance(one, int | float) for one in (scale, offset)):
        return UNKNOWN_STATISTICS
    return known.affine(replace(given.statistics, columns=()), float(scale), float(offset))


def _with_written_activation(interpreter: Interpreter, layer: Owner, array: Array, place: Place | None) -> Value:
    """Follow an activation that the script wrote: the layer is then linear, and the function's operations come behind it."""
    activation = passed(layer, "activation")
    if not isinstance(activation, _FUNCTIONS) or not isinstance(layer, Object):
        return array
    linear = replace(layer, arguments={**layer.arguments, "activation": default_literal(None)})
    bare = replace(array, attributes={**array.attributes, "layer": linear})
    result = interpreter.call(activation, Arguments((bare,)), place)
    return array if isinstance(result, Unknown) else result


def _activation_layer(call: Call, layer: Owner, inputs: tuple[Value, ...]) -> Value:
    activation = passed(layer, "activation")
    if isinstance(activation, _FUNCTIONS) and inputs:
        result = call.interpreter.call(activation, Arguments(inputs[:1]), call.place)
        if not isinstance(result, Unknown):
            return result
    return layer_array(layer, inputs, call.place)


def _lambda(call: Call, layer: Owner) -> Value:
    """Enter the function of a `Lambda` layer; one that cannot be followed stays a layer."""
    written = passed(layer, "function")
    extra = passed(layer, "arguments")
    keywords = {key: value for key, value in extra.cells.items() if isinstance(key, str)} if isinstance(extra, Dict) else {}
    first = call.arguments.positional[:1]
    result = call.interpreter.call(written, Arguments(first, keywords), call.place) if written is not None and first else None
    if result is None or isinstance(result, Unknown):
        array = layer_array(layer, _inputs(call), call.place)
        shape = shape_from(passed(layer, "output_shape"))
        batch = shape_of(array.inputs[0]) if array.inputs else None
        return replace(array, shape=None if shape is None else ((batch[0] if batch else None), *shape))
    return result


@layer_method("get_weights")
def _get_weights(call: Call) -> Value:
    """`layer.get_weights()`: arrays that remember whose weights they are, so that `3 * w[0]` can be told."""
    layer = call.receiver
    if not isinstance(layer, Object | Instance):
        return call.unknown("the weights of a layer")
    count = _WEIGHT_COUNTS.get(kind_of(layer))
    if count is not None and setting(layer, "use_bias") is False:
        count -= 1
    arrays = tuple(_weight(layer, index, call.place) for index in range(4 if count is None else count))
    made = List({"items": Tuple(arrays, call.place)}, call.place)
    if count is None:
        made.cells["open"] = Literal(True)
    return made


def _weight(layer: Owner, index: int, place: Place | None) -> Array:
    attributes = {"weights_of": layer, "index": index, "source": "the weights of a layer"}
    return Array("data", (), attributes, None, "float32", "numpy", place=place)


@layer_method("set_weights")
def _set_weights(call: Call) -> Value:
    layer, weights = call.receiver, call.argument(0, "weights")
    if isinstance(layer, Object | Instance) and weights is not None:
        call.interpreter.heap.write(layer, "set_weights", weights)
        call.interpreter.emit("set_weights", call.place, target=layer, weights=weights)
    return default_literal(None)


@layer_method("load_weights")
def _load_weights(call: Call) -> Value:
    model = call.receiver
    if isinstance(model, Object | Instance):
        source = call.argument(0, "filepath") or call.unknown("weights from a file")
        call.interpreter.heap.write(model, "loaded_weights", source)
        call.interpreter.emit("set_weights", call.place, target=model, weights=call.unknown("weights from a file"))
    return default_literal(None)


@layer_method("adapt")
def _adapt(call: Call) -> Value:
    """`normalization.adapt(data)`: mean and variance of the data become the layer's."""
    layer, data = call.receiver, call.argument(0, "data")
    if isinstance(layer, Object | Instance) and data is not None:
        call.interpreter.heap.write(layer, "adapted", data)
        call.interpreter.emit("adapt", call.place, target=layer, data=data)
    return default_literal(None)


def merged(name: str, call: Call) -> Value:
    """`keras.layers.concatenate([a, b])`: the function form of a merging layer."""
    row = row_of(f"keras.layers.{name}")
    inputs = call.argument(0, "inputs")
    if inputs is None:
        return call.unknown("a merge without inputs")
    rest = replace(
        call.arguments,
        positional=call.arguments.positional[1:],
        positional_places=call.arguments.positional_places[1:],
        keywords={key: value for key, value in call.arguments.keywords.items() if key != "inputs"},
    )
    layer = make_object(call, row, rest)
    return layer_array(layer, listed(inputs), call.place)


_MERGE_FUNCTIONS = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")


for _name in _MERGE_FUNCTIONS:
    function(f"keras.layers.{_name.lower()}")(partial(merged, _name))

_MERGE_MODES = {"sum": "Add", "mul": "Multiply", "ave": "Average", "max": "Maximum", "concat": "Concatenate", "dot": "Dot"}


@function("keras.layers.merge")
def _merge_of_keras_1(call: Call) -> Value:
    """`merge([a, b], mode="concat", concat_axis=-1)` of Keras 1."""
    call.interpreter.note_era("keras1|keras2", call.place)
    name = _MERGE_MODES.get(named(call.argument(1, "mode")) or "sum")
    inputs = call.argument(0, "inputs")
    if name is None or inputs is None or items_of(inputs) is None:
        return call.unknown("a merge that is not followed")
    axis = call.argument(2, "concat_axis")
    arguments = {"axis": axis} if name == "Concatenate" and axis is not None else {}
    layer = Object(row_of(f"keras.layers.{name}"), arguments, {}, {}, call.spelled, call.place)
    return layer_array(layer, listed(inputs), call.place)
