"""Calls of `torch.nn` layers, and the parameters they own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trainlint.interpret import arrays
from trainlint.interpret.dispatch import Call, attribute
from trainlint.interpret.torch import networks, shapes
from trainlint.interpret.torch.common import Module, argument_of, dimensions, integer, known_bool
from trainlint.interpret.torch.fitting import misfit, misfit_by_width
from trainlint.interpret.torch.parameters import layer_parameter
from trainlint.interpret.values import NONE, Array, Instance, Literal, Object, Shape, Tuple, Value, alternatives
from trainlint.knowledge.torch_layer_rows import ACTIVATIONS

_RECURRENT = frozenset({"simple_rnn", "lstm", "gru"})
_WITH_STATE = _RECURRENT | {"rnn_cell", "lstm_cell", "gru_cell"}
_WITHOUT_GRADIENT_TYPE = frozenset({"embedding", "embedding_bag"})


def apply_layer(call: Call, layer: Module) -> Value:
    """What a library layer gives: an operation for activations, else Array(op="layer") with the layer in its attributes."""
    value = call.argument(0, "input", "query", "src")
    row = layer.row
    if value is None or row is None:
        return call.unknown("a layer that is called without an input")
    if row.kind == "identity":
        return value
    if row.kind in ACTIVATIONS:
        return _activation(call, layer, value)
    wrong = misfit(layer, shape_of(value)) if isinstance(value, Array) else None
    if wrong is None and shape_of(value) is None:
        wrong = misfit_by_width(layer, value)
    if wrong is not None:
        found = (Literal(wrong.what), Literal(wrong.expected), Literal(wrong.found))
        call.interpreter.emit("misfit", call.place, layer=layer, input=value, what=found[0], expected=found[1], found=found[2])
    inputs, masks = _inputs(call, row.kind, value)
    state = call.argument(1, "hx") if row.kind in _WITH_STATE else None
    given = masks if state is None else {"given_state": state}
    main = _layer_array(call, layer, inputs, shapes.output_shape(layer, shape_of(value)), given)
    if row.kind in _RECURRENT:
        return _sequence(call, layer, value, main)
    if row.kind == "backbone":
        return networks.through_head(call, layer, main) or main
    if row.kind == "lstm_cell":
        return Tuple((main, _part(call, layer, main, "cell", main.shape)), call.place)
    if row.kind == "attention" and row.name.endswith("MultiheadAttention"):
        return Tuple((main, _part(call, layer, main, "weights", None)), call.place)
    return main


_MASKS: Mapping[str, tuple[tuple[str, int, str], ...]] = {
    "attention": (("attention", 5, "attn_mask"), ("padding", 3, "key_padding_mask")),
    "transformer_encoder": (("attention", 1, "mask"), ("padding", 2, "src_key_padding_mask")),
    "transformer_encoder_layer": (("attention", 1, "src_mask"), ("padding", 2, "src_key_padding_mask")),
}
"""Masks of a layer: what each is of, and where it is passed. They are the last inputs, as numbers that are added to scores."""


def _inputs(call: Call, kind: str, value: Value) -> tuple[tuple[Value, ...], dict[str, Any]]:
    """The tensors that a layer is given, and `masks`: what the last of them are."""
    if kind in ("bilinear", "transformer", "transformer_decoder", "transformer_decoder_layer"):
        return call.arguments.positional or (value,), {}
    masks = []
    for name, place, word in _MASKS.get(kind, ()):
        given = call.argument(place, word)
        if given is not None and not (isinstance(given, Literal) and given.value is None):
            masks.append((name, arrays.additive(call, given)))
    attributes = {"masks": tuple(name for name, _ in masks)} if masks else {}
    tensors: tuple[Value, ...] = (value,)
    if kind == "attention":
        others = [call.argument(place, word) for place, word in ((1, "key"), (2, "value"))]
        tensors = (value, *(one for one in others if one is not None))
    return (*tensors, *(one for _, one in masks)), attributes


def shape_of(value: Value) -> Shape | None:
    """The shape of an array, if it is the same on all branches."""
    found = {one.shape if isinstance(one, Array) else None for one in alternatives(value)}
    return found.pop() if len(found) == 1 else None


def dtype_of(value: Value) -> str | None:
    """The element type of an array, if it is the same on all branches."""
    found = {one.dtype if isinstance(one, Array) else None for one in alternatives(value)}
    return found.pop() if len(found) == 1 else None


def _layer_array(call: Call, layer: Module, inputs: tuple[Value, ...], shape: Shape | None, more: dict[str, Any]) -> Array:
    kind = layer.row.kind if layer.row is not None else ""
    dtype = "float32" if kind in _WITHOUT_GRADIENT_TYPE else dtype_of(inputs[0])
    attributes = {"layer": layer, **more}
    return Array("layer", inputs, attributes, shape, dtype, "torch", symbolic=True, place=call.place)


def _sequence(call: Call, layer: Module, value: Value, main: Array) -> Value:
    """(output, hidden) of RNN and GRU, (output, (hidden, cell)) of LSTM."""
    shape = shape_of(value)
    hidden = _part(call, layer, main, "hidden", shapes.state_shape(layer, shape, "hidden"))
    if layer.row is not None and layer.row.kind == "lstm":
        cell = _part(call, layer, main, "cell", shapes.state_shape(layer, shape, "cell"))
        return Tuple((main, Tuple((hidden, cell))), call.place)
    return Tuple((main, hidden), call.place)


def _part(call: Call, layer: Module, main: Array, which: str, shape: Shape | None) -> Array:
    """Another result of the same call: `attributes["output"]` is hidden, cell or weights, and its input is the main result."""
    return _layer_array(call, layer, (main,), shape, {"output": which})


def _activation(call: Call, layer: Module, value: Value) -> Value:
    """The operation of an activation; `attributes` hold the layer and its numbers by canonical name."""
    row = layer.row
    if row is None:
        return call.unknown("an activation that is not known")
    attributes: dict[str, Any] = {"layer": layer}
    for parameter in row.parameters:
        given = argument_of(layer, parameter.name)
        if given is not None:
            attributes[parameter.name] = given.value if isinstance(given, Literal) else given
    attributes.update(_softmax_axis(row.kind, attributes, shape_of(value)))
    made = arrays.operate(row.kind, (value,), attributes, call.place, "torch")
    shape = shape_of(value)
    if row.kind == "glu" and shape:
        axis = integer(argument_of(layer, "axis"))
        shape = None if axis is None or not -len(shape) <= axis < len(shape) else _halved(shape, axis)
    unknown = not isinstance(value, Array)  # a model's input that could not be followed
    return replace(made, shape=shape, symbolic=made.symbolic or unknown, data=None if unknown else made.data)


def _softmax_axis(kind: str, attributes: Mapping[str, Any], shape: Shape | None) -> dict[str, int]:
    """The axis of a softmax that names none: PyTorch takes the first of 0, 1 and 3 axes, else the second."""
    if kind == "softmax2d":
        return {"axis": -3}
    if kind not in ("softmax", "softmin", "log_softmax") or attributes.get("axis") is not None or shape is None:
        return {}
    return {"axis": 0 if len(shape) in (0, 1, 3) else 1}


def _halved(shape: Shape, axis: int) -> Shape:
    axis %= len(shape)
    extent = shape[axis]
    return (*shape[:axis], None if extent is None else extent // 2, *shape[axis + 1 :])


_WITH_PARAMETERS = (
    "dense bilinear conv conv_transpose embedding embedding_bag batch_norm layer_norm group_norm instance_norm rms_norm prelu "
    "simple_rnn lstm gru rnn_cell lstm_cell gru_cell attention"
)
_PARAMETERS = (
    "weight bias weight_ih_l0 weight_hh_l0 bias_ih_l0 bias_hh_l0 weight_ih weight_hh bias_ih bias_hh in_proj_weight in_proj_bias"
)


@attribute("torch.layer", *_PARAMETERS.split())
def _owned(call: Call) -> Value:
    """`layer.weight`: made when it is first asked for, the same ever after."""
    layer = call.receiver
    if not isinstance(layer, Object | Instance):
        return NONE
    if layer.row is None or layer.row.kind not in _WITH_PARAMETERS.split():
        return call.unknown("a layer without parameters")
    switch = "use_bias" if call.name.startswith("bias") else "affine"
    if known_bool(argument_of(layer, switch)) is False:
        return NONE
    parameter = layer_parameter(layer, call.name, shapes.parameter_shape(layer, call.name))
    call.interpreter.heap.write(layer, call.name, parameter)
    return parameter


@attribute("torch.layer", "kernel_size", "stride", "dilation")
def _per_axis(call: Call) -> Value:
    """`conv.kernel_size`: a tuple with one entry for each axis, whatever was passed; pools keep what was passed."""
    layer = call.receiver
    parameter = call.row.parameter(call.name) if call.row is not None else None
    value = argument_of(layer, parameter.name) if isinstance(layer, Object | Instance) and parameter is not None else None
    count = dimensions(call.row) if call.row is not None else None
    if value is None or call.row is None:
        return call.unknown(f"`{call.name}` of a layer")
    if count is None or call.row.kind not in ("conv", "conv_transpose") or not isinstance(value, Literal):
        return value
    return Tuple((value,) * count, call.place)
