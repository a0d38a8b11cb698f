"""`torch.nn.functional` with explicit weights: `F.linear(x, w, b)`, `F.conv2d`, `F.dropout`, norms, embedding.

The call is Array(op="layer") with inputs (input, weight, bias) as passed; `attributes["layer"]` is an Object of the function's
row and holds the settings.
"""

from __future__ import annotations

from dataclasses import replace

from trainlint.interpret.dispatch import Arguments, Call, function
from trainlint.interpret.events import TRAINING
from trainlint.interpret.torch import shapes
from trainlint.interpret.torch.common import dimensions, known_bool, make_object
from trainlint.interpret.torch.layers import apply_layer, dtype_of, shape_of
from trainlint.interpret.values import Array, Literal, Object, Shape, Tuple, Value, alternatives
from trainlint.knowledge import find
from trainlint.knowledge.torch_function_rows import FUNCTIONAL, LIKE_LAYERS

_TENSORS = ("weight", "bias")


@function(*(f"torch.nn.functional.{name}" for name, kind, _ in FUNCTIONAL if kind != "dropout"))
def _functional(call: Call) -> Value:
    assert call.row is not None
    layer = make_object(call, call.row)
    value = layer.arguments.get("input", layer.arguments.get("input1"))
    if value is None:
        return call.unknown("a layer that is called without an input")
    if call.row.kind == "embedding" and "weight" in layer.arguments:
        return _result(call, layer, (value, layer.arguments["weight"]), _looked_up(value, layer.arguments["weight"]))
    given = [layer.arguments[name] for name in _TENSORS if name in layer.arguments]
    tensors = [one for one in given if not (isinstance(one, Literal) and one.value is None)]
    return _result(call, layer, (value, *tensors), _shape(layer, value))


@function(*(f"torch.{module}{name}" for name in LIKE_LAYERS for module in ("nn.functional.", "")))
def _like_layer(call: Call) -> Value:
    """`F.max_pool2d(x, 2)`, `F.dropout(x, training=self.training)`: what `nn.MaxPool2d(2)(x)` gives."""
    name, parameters = LIKE_LAYERS[call.name.rpartition(".")[2]]
    row, value = find(f"torch.nn.{name}"), call.argument(0, "input")
    if row is None or value is None:
        return call.unknown("a layer that is called without an input")
    settings = dict(zip(parameters, call.arguments.positional[1:], strict=False))
    settings.update({key: one for key, one in call.arguments.keywords.items() if key != "input"})
    training = settings.pop("training", None)
    off, by_mode = known_bool(training) is False, isinstance(training, Literal) and training.note == TRAINING
    if row.kind == "dropout" and call.arguments.complete and "alpha" not in call.name and (by_mode or not off):
        given: dict[str, Value] = {} if training is None else {"training": training}
        call.interpreter.emit("functional_dropout", call.place, None, rate=settings.get("p", Literal(0.5)), **given)
    if row.kind == "dropout" and off:
        return value
    made = make_object(replace(call, arguments=Arguments((), settings)), row)
    return apply_layer(replace(call, arguments=Arguments((value,))), made)


def _result(call: Call, layer: Object, inputs: tuple[Value, ...], shape: Shape | None) -> Array:
    symbolic = any(not isinstance(one, Array) or one.symbolic for value in inputs for one in alternatives(value))
    dtype = dtype_of(inputs[-1] if layer.row.kind == "embedding" else inputs[0])
    return Array("layer", inputs, {"layer": layer}, shape, dtype, "torch", symbolic=symbolic, place=call.place)


def _looked_up(value: Value, weight: Value) -> Shape | None:
    shape, table = shape_of(value), shape_of(weight)
    return None if shape is None or table is None or len(table) != 2 else (*shape, table[1])


def _shape(layer: Object, value: Value) -> Shape | None:
    """The shape that the layer of the same kind gives, with the extents of the weight for its arguments."""
    shape, weight = shape_of(value), shape_of(layer.arguments.get("weight", layer))
    kind = layer.row.kind
    if kind in ("dense", "bilinear"):
        if not shape or not weight:
            return None
        return shape[:-1] if len(weight) == 1 else (*shape[:-1], weight[0])
    if kind not in ("conv", "conv_transpose"):
        return shape
    count = dimensions(layer.row)
    if weight is None or count is None or len(weight) != count + 2:
        return None
    groups = layer.arguments.get("groups", Literal(1))
    channels = weight[0] if kind == "conv" else _times(weight[1], groups)
    known: dict[str, Value] = {"filters": _literal(channels), "kernel_size": Tuple(tuple(_literal(one) for one in weight[2:]))}
    return shapes.output_shape(replace(layer, arguments={**layer.arguments, **known}), shape)


def _times(extent: int | None, groups: Value) -> int | None:
    count = groups.value if isinstance(groups, Literal) else None
    return extent * count if extent is not None and isinstance(count, int) else None


def _literal(extent: int | None) -> Literal:
    return Literal(extent)
