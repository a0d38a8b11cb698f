"""What scripts ask of a model: its layers, inputs and outputs, shapes, weights, and copies of it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from trainlint.core import Place
from trainlint.interpret.dispatch import Call, function
from trainlint.interpret.folded import folded
from trainlint.interpret.keras.common import (
    Owner,
    integer,
    is_layer,
    is_model,
    items_of,
    kind_of,
    layer_attribute,
    layer_method,
    listed,
    model_method,
    named,
    passed,
    plain,
    row_of,
    shape_of,
    shape_value,
)
from trainlint.interpret.keras.graphs import inputs_of, layers_of
from trainlint.interpret.keras.models import LAST_OUTPUT, apply_model, input_shape, symbolic_input
from trainlint.interpret.values import NONE, Instance, List, Literal, Object, Tuple, Unknown, Value
from trainlint.knowledge.rows import Row

BACKBONE_LAYER = Row("keras.layers.Layer", "layer", "part_of_backbone")


@layer_attribute("input", "inputs")
def _model_input(call: Call) -> Value:
    """`model.input`: made once for a Sequential, so that `Model(model.input, model.layers[2].output)` fits together."""
    owner = call.receiver
    if not isinstance(owner, Object | Instance):
        return call.unknown("the input of a model")
    if "inputs" in owner.cells:
        return _one_or_list(owner.cells["inputs"], call.name)
    if not is_model(owner):
        return call.unknown("the input of a layer")
    if "symbolic_input" not in owner.cells:
        made = symbolic_input(input_shape(owner), call.place)
        call.interpreter.heap.write(owner, "symbolic_input", made)
        _note_outputs(call, owner, made)
    return owner.cells["symbolic_input"]


def _note_outputs(call: Call, sequential: Owner, given: Value) -> None:
    """The output of each layer of a Sequential for its symbolic input, which `layer.output` then is."""
    layers = sequential.cells.get("layers")
    for layer in items_of(layers) or () if isinstance(layers, List) else ():
        if not isinstance(layer, Object | Instance) or isinstance(given, Unknown):
            return
        given = apply_model(call.interpreter, layer, given, call.place) if kind_of(layer) != "input" else given
        if LAST_OUTPUT not in layer.cells:
            call.interpreter.heap.write(layer, LAST_OUTPUT, given)


def _one_or_list(value: Value, name: str) -> Value:
    items = items_of(value) if isinstance(value, List | Tuple) else None
    if name.endswith("s"):
        return value if items is not None else List({"items": Tuple((value,))}, value.place)
    return items[0] if items is not None and len(items) == 1 else value


@layer_attribute("output", "outputs")
def _model_output(call: Call) -> Value:
    owner = call.receiver
    if not isinstance(owner, Object | Instance):
        return call.unknown("the output of a model")
    if "outputs" in owner.cells:
        return _one_or_list(owner.cells["outputs"], call.name)
    if not is_model(owner):
        return owner.cells.get(LAST_OUTPUT) or call.unknown("the output of a layer")
    given = call.interpreter.attribute(owner, "input", call.place)
    return apply_model(call.interpreter, owner, given, call.place)


@layer_attribute("layers")
def _model_layers(call: Call) -> Value:
    """`model.layers` of a functional, subclassed or pretrained model."""
    owner = call.receiver
    if isinstance(owner, Object | Instance) and "outputs" in owner.cells:
        return _layers_of_graph(owner, call.place)
    if isinstance(owner, Instance):
        return List({"items": Tuple(tuple(one for one in owner.cells.values() if is_layer(one)), call.place)}, call.place)
    part = Object(BACKBONE_LAYER, cells={"of": owner} if owner is not None else {}, place=call.place)
    return List({"items": Tuple((part,), call.place), "open": Literal(True)}, call.place)


def _layers_of_graph(owner: Owner, place: Place | None) -> List:
    """The layers of a functional model. Where it continues `base.output`, all layers of the backbone stand among them."""
    items, entries = _listed_layers(owner), {id(one) for one in inputs_of(listed(owner.cells["outputs"]))}
    for position, one in enumerate(items):
        if isinstance(one, Object) and kind_of(one) == "backbone" and id(one.cells.get("symbolic_input")) in entries:
            return folded(items, position, Object(BACKBONE_LAYER, cells={"of": one}, place=place), place)
    return List({"items": Tuple(items, place)}, place)


def _listed_layers(owner: Owner) -> tuple[Value, ...]:
    """Input layers first, as Keras lists them, then the layers in order of computation."""
    outputs = listed(owner.cells["outputs"])
    entries = tuple(
        Object(row_of("keras.layers.InputLayer"), {"batch_shape": shape_value(one.shape)}, place=one.place)
        for one in inputs_of(outputs)
    )
    return (*entries, *layers_of(outputs))


@model_method("get_layer")
def _get_layer(call: Call) -> Value:
    """`model.get_layer("name")`, `model.get_layer(index=3)`."""
    layers = items_of(call.interpreter.attribute(call.receiver, "layers", call.place)) if call.receiver is not None else None
    name, index = named(call.argument(0, "name")), integer(plain(call.argument(1, "index")))
    if layers is None:
        return call.unknown("a layer of a model whose layers are not known")
    if index is not None and -len(layers) <= index < len(layers):
        return layers[index]
    for layer in layers:
        if isinstance(layer, Object | Instance) and name and named(passed(layer, "name")) == name:
            return layer
    return call.unknown(f"the layer named {name!r}")


@layer_attribute("output_shape", "input_shape")
def _shape_attribute(call: Call) -> Value:
    owner = call.receiver
    if not isinstance(owner, Object | Instance) or not is_model(owner):
        return call.unknown("the shape of a layer")
    which = "output" if call.name == "output_shape" else "input"
    return shape_value(shape_of(call.interpreter.attribute(owner, which, call.place)))


VARIABLES = Row("keras.variables", "object", "variables")


@layer_attribute("trainable_variables", "trainable_weights", "variables", "weights", "non_trainable_weights")
def _variables(call: Call) -> Value:
    """The weights of a model as one object that remembers whose they are."""
    return Object(VARIABLES, cells={"of": call.receiver} if call.receiver is not None else {}, place=call.place)


@layer_method("compute_output_shape", "get_config", "count_params", "summary", "save", "save_weights", "to_json", "build")
def _nothing_trained(call: Call) -> Value:
    return NONE if call.name in ("summary", "save", "save_weights", "build") else call.unknown(f"`{call.name}` of a layer")


@function("keras.models.clone_model", "keras.utils.multi_gpu_model")
def _clone(call: Call) -> Value:
    """A model of the same layers; a clone is not compiled."""
    model = call.argument(0, "model")
    if not isinstance(model, Object):
        return call.unknown("a copy of a model") if model is None else model
    kept = ("layers", "inputs", "outputs", "name")
    cells: dict[Hashable, Value] = {key: model.cells[key] for key in kept if key in model.cells}
    layers = cells.get("layers")
    if isinstance(layers, List):
        cells["layers"] = List(dict(layers.cells), layers.place)
    return replace(model, cells=cells, place=call.place)
