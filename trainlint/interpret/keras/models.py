"""Models of Keras: symbolic inputs, Sequential, functional and subclassed models, and calling any of them.

A Sequential keeps `cells["layers"]`, a list that the script may change itself. A functional model keeps "inputs" and "outputs"
and is called by putting other arrays in the place of its inputs. A class of the script is entered: `build` once, then `call`.
"""

from __future__ import annotations

from trainlint.core import Place
from trainlint.interpret.dispatch import Arguments, Call, Interpreter, bind, function
from trainlint.interpret.events import Frame
from trainlint.interpret.keras.common import (
    Owner,
    integer,
    is_model,
    items_of,
    keep_arguments,
    layer_method,
    listed,
    make_object,
    model_method,
    note_arguments,
    passed,
    plain,
    row_of,
    shape_from,
    shape_of,
    shape_value,
)
from trainlint.interpret.keras.fitting import differ, note_other_shape, note_other_widths, of_declared_rank
from trainlint.interpret.keras.graphs import inputs_of, substitute
from trainlint.interpret.values import (
    NONE,
    Array,
    BoundMethod,
    Choice,
    Dict,
    Function,
    Instance,
    List,
    Literal,
    Object,
    Shape,
    Tuple,
    Unknown,
    Value,
    alternatives,
    join,
)

MAXIMUM_LAYERS = 2_000
BUILT = ("keras", "built")
LAST_OUTPUT = ("keras", "output")
"""Where a layer keeps what its last call in a functional model gave (`layer.output`)."""
WHY = ("keras", "why unknown")
"""Where a model that comes from somewhere unknown keeps the Unknown that it was."""
_WITH_WEIGHTS_OF_THEIR_OWN = ("backbone", "pretrained")


def symbolic_input(shape: Shape | None, place: Place | None, name: Value | None = None, dtype: str = "float32") -> Array:
    """What `Input` gives; `shape` has the batch axis."""
    attributes = {"name": plain(name)} if name is not None else {}
    return Array("input", (), attributes, shape, dtype, "keras", symbolic=True, place=place)


@function("keras.Input")
def _input(call: Call) -> Value:
    """`Input(shape=(28, 28))`, `Input(batch_shape=...)`, `Input(tensor=...)`."""
    note_arguments(call)
    bound = bind(call.row or row_of("keras.Input"), call.arguments).arguments
    tensor = bound.get("tensor")
    if isinstance(tensor, Array):
        return tensor
    whole = shape_from(bound.get("batch_shape"))
    part = shape_from(bound.get("shape"))
    batch = integer(plain(bound.get("batch_size")))
    shape = whole if whole is not None else None if part is None else (batch, *part)
    dtype = plain(bound.get("dtype"))
    return symbolic_input(shape, call.place, bound.get("name"), dtype if isinstance(dtype, str) else "float32")


@function("keras.layers.InputLayer")
def _input_layer(call: Call) -> Value:
    return make_object(call, call.row or row_of("keras.layers.InputLayer"))


@function("keras.Sequential")
def _sequential(call: Call) -> Value:
    model = make_object(call, call.row or row_of("keras.Sequential"))
    fill_sequential(model, model.arguments.get("layers"), call.place)
    return model


def fill_sequential(model: Owner, layers: Value | None, place: Place | None) -> None:
    """Give a Sequential its list of layers."""
    items = items_of(layers) if isinstance(layers, List | Tuple) else None
    made = List({"items": Tuple(items or (), place)}, place)
    if items is None and layers is not None and not (isinstance(layers, Literal) and layers.value is None):
        made.cells["open"] = Literal(True)
    model.cells["layers"] = made


def _layers_cell(model: Owner) -> List | None:
    layers = model.cells.get("layers")
    return layers if isinstance(layers, List) else None


@model_method("add")
def _add(call: Call) -> Value:
    """`model.add(layer)`."""
    model, layer = call.receiver, call.argument(0, "layer")
    if not isinstance(model, Object | Instance) or layer is None:
        return NONE
    layers = _layers_cell(model)
    if layers is None:
        layers = List({"items": Tuple(())}, call.place)
        call.interpreter.heap.write(model, "layers", layers)
    before = layers.cells.get("items", Tuple(()))
    after = tuple(_with_layer(one, layer, call.place) for one in alternatives(before))
    call.interpreter.heap.write(layers, "items", join(after))
    return NONE


def _with_layer(items: Value, layer: Value, place: Place | None) -> Value:
    """One layer more behind those of one branch."""
    if not isinstance(items, Tuple):
        return items if isinstance(items, Unknown) else Unknown("the layers of a model are not known", place)
    return Tuple((*items.items, layer), place) if len(items.items) < MAXIMUM_LAYERS else items


@model_method("pop")
def _pop(call: Call) -> Value:
    model = call.receiver
    layers = _layers_cell(model) if isinstance(model, Object | Instance) else None
    items = layers.cells.get("items") if layers is not None else None
    if layers is None or not isinstance(items, Tuple) or not items.items:
        return call.unknown("a layer of a model whose layers are not known")
    call.interpreter.heap.write(layers, "items", Tuple(items.items[:-1], call.place))
    return items.items[-1]


@function("keras.Model")
def _functional(call: Call) -> Value:
    """`Model(inputs=a, outputs=b)`."""
    note_arguments(call)
    model = make_object(call, call.row or row_of("keras.Model"))
    for name in ("inputs", "outputs"):
        if name in model.arguments:
            model.cells[name] = model.arguments[name]
    return model


@model_method("__init__")
def _construct_model(call: Call) -> Value:
    """`super().__init__(...)` of a script's model."""
    model = call.receiver
    if not isinstance(model, Instance) or model.row is None:
        return NONE
    bound = bind(model.row, call.arguments).arguments
    if model.row.name == "keras.Sequential":
        fill_sequential(model, bound.get("layers"), call.place)
    for name in ("inputs", "outputs"):
        if name in bound:
            call.interpreter.heap.write(model, name, bound[name])
    return NONE


@layer_method("__init__")
def _construct_layer(call: Call) -> Value:
    """`super().__init__(...)` of a script's layer: what its library base takes is remembered."""
    layer = call.receiver
    if isinstance(layer, Instance) and layer.row is not None:
        if is_model(layer):
            return _construct_model(call)
        keep_arguments(layer, layer.row, call.arguments)
    return NONE


def call_any(call: Call, model: Owner) -> Value:
    """Call a layer or model of any kind with the arguments of a call."""
    from trainlint.interpret.keras.layers import apply_library_layer

    if isinstance(model, Instance):
        return _call_instance(call, model)
    if not is_model(model):
        result = apply_library_layer(call, model)
        if not _in_forward(call.interpreter):
            call.interpreter.heap.write(model, LAST_OUTPUT, result)
        return result
    given = call.arguments.positional[0] if call.arguments.positional else call.argument(0, "inputs", "x")
    if given is None:
        return call.unknown("a model that is called without an input")
    output = apply_model(call.interpreter, model, given, call.place)
    if not _in_forward(call.interpreter) and not inputs_of((given,)):
        call.interpreter.emit("forward", call.place, None, model=model, output=output, inputs=given, **_mode(call))
    return output


def _mode(call: Call) -> dict[str, Value]:
    """The `training` that a model is called with."""
    training = call.argument(1, "training")
    if training is None and not call.arguments.complete:
        training = call.unknown("arguments that are passed on")
    return {} if training is None else {"training": training}


def _in_forward(interpreter: Interpreter) -> bool:
    return any(frame.kind in ("forward", "fit") for frame in interpreter.frames)


def _call_instance(call: Call, model: Instance) -> Value:
    from trainlint.interpret.keras.layers import apply_library_layer

    body = call.interpreter.attribute(model, "call", call.place)
    written = isinstance(body, BoundMethod | Function)
    given = call.arguments.positional[0] if call.arguments.positional else call.argument(0, "inputs", "x")
    build(call.interpreter, model, given, call.place)
    if not written:
        if is_model(model):
            return call.unknown("a model without a call method") if given is None else _library_model(call, model, given)
        return apply_library_layer(call, model)
    if not is_model(model) or _in_forward(call.interpreter):
        return call.interpreter.call(body, call.arguments, call.place)
    with call.interpreter.frame(Frame("forward", call.place, over=model)):
        output = call.interpreter.call(body, call.arguments, call.place)
    if given is None or not inputs_of((given,)):
        call.interpreter.emit("forward", call.place, None, model=model, output=output, inputs=given or NONE, **_mode(call))
    return output


def _library_model(call: Call, model: Instance, given: Value) -> Value:
    return apply_model(call.interpreter, model, given, call.place)


def build(interpreter: Interpreter, owner: Instance, given: Value | None, place: Place | None) -> None:
    """Run a script's own `build(self, input_shape)` once."""
    if BUILT in owner.cells:
        return
    owner.cells[BUILT] = Literal(True)
    body = interpreter.attribute(owner, "build", place)
    if not isinstance(body, BoundMethod | Function):
        return
    items = items_of(given) if isinstance(given, List | Tuple) else None
    shape = shape_value(shape_of(given)) if items is None else _shapes(items)
    interpreter.call(body, Arguments((shape,)), place)


def _shapes(items: tuple[Value, ...]) -> Value:
    return List({"items": Tuple(tuple(shape_value(shape_of(one)) for one in items))})


def apply_model(interpreter: Interpreter, model: Value, given: Value, place: Place | None) -> Value:
    """The output of a model (or layer) for an input, without an event."""
    if isinstance(model, Instance) and isinstance(interpreter.attribute(model, "call", place), BoundMethod | Function):
        with interpreter.frame(Frame("forward", place, over=model)):
            return interpreter.call(model, Arguments((given,)), place)
    if not isinstance(model, Object | Instance) or model.row is None:
        return Unknown("a model that is not known", place)
    if "outputs" in model.cells:
        return _apply_functional(interpreter, model, given, place)
    if _layers_cell(model) is not None:
        return _apply_sequential(interpreter, model, given, place)
    if is_model(model):
        if model.row.kind not in _WITH_WEIGHTS_OF_THEIR_OWN:
            origin = model.cells.get(WHY)
            why = f": {origin.why}" if isinstance(origin, Unknown) else ""
            return Unknown(f"the layers of the model are not known{why}", origin.place if origin is not None else place)
        from trainlint.interpret.keras.layers import layer_array

        return layer_array(model, listed(given), place)
    with interpreter.frame(Frame("forward", place, over=model)):
        return interpreter.call(model, Arguments((given,)), place)


def _apply_functional(interpreter: Interpreter, model: Owner, given: Value, place: Place | None) -> Value:
    outputs = model.cells["outputs"]
    inputs = listed(model.cells.get("inputs"))
    if isinstance(outputs, Unknown) or not inputs:
        return Unknown(outputs.why if isinstance(outputs, Unknown) else "a model without inputs", place)
    if isinstance(given, Dict):
        values = tuple(given.cells.get(_name_of(one)) or Unknown("an input that is not given", place) for one in inputs)
    else:
        values = listed(given) if len(inputs) > 1 else (given,)
    if len(values) != len(inputs):
        return Unknown("a model that is called with another number of inputs", place)
    values = tuple(of_declared_rank(new, shape_of(old), place) for old, new in zip(inputs, values, strict=True))
    others = {id(old): new for old, new in zip(inputs, values, strict=True)}
    found = join(tuple(substitute(one, others) for one in alternatives(outputs)))
    if any(differ(shape_of(old), shape_of(new)) for old, new in zip(inputs, values, strict=True)):
        note_other_widths(interpreter, place, outputs, found)
    return found


def _name_of(array: Value) -> str:
    name = array.attributes.get("name") if isinstance(array, Array) else None
    return name if isinstance(name, str) else ""


def _apply_sequential(interpreter: Interpreter, model: Owner, given: Value, place: Place | None) -> Value:
    layers = _layers_cell(model)
    items = items_of(layers)
    if items is None and layers is not None and isinstance(layers.cells.get("items"), Choice):
        return Unknown("the model's layers differ between branches", place)
    if items is None:
        return Unknown("a Sequential whose layers are not all known", place)
    if any(frame.kind == "forward" and frame.over is model for frame in interpreter.frames):
        return Unknown("a model that contains itself", place)
    declared = input_shape(items[0]) if items else None
    value = of_declared_rank(given, declared, place)
    note_other_shape(interpreter, place, items, declared, value)
    with interpreter.frame(Frame("forward", place, over=model)):
        for layer in items:
            value = _apply_one(interpreter, layer, value)
    return value


def _apply_one(interpreter: Interpreter, layer: Value, value: Value) -> Value:
    """One layer of a Sequential; what stands first may be an input, which computes nothing."""
    place = layer.place
    if isinstance(layer, Array) or (isinstance(layer, Object) and layer.row.kind == "input"):
        return value
    if is_model(layer):
        return apply_model(interpreter, layer, value, place)
    return interpreter.call(layer, Arguments((value,)), place)


def input_shape(layer: Value | None) -> Shape | None:
    """The input shape, with batch axis, that a model's first layer declares."""
    if isinstance(layer, Array):
        return layer.shape
    if not isinstance(layer, Object | Instance) or layer.row is None:
        return None
    whole = shape_from(passed(layer, "batch_input_shape") or passed(layer, "batch_shape"))
    if whole is not None:
        return whole
    part = shape_from(passed(layer, "input_shape") or (passed(layer, "shape") if layer.row.kind == "input" else None))
    if part is not None:
        return (integer(plain(passed(layer, "batch_size"))), *part)
    length, width = integer(plain(passed(layer, "input_length"))), integer(plain(passed(layer, "input_dim")))
    if layer.row.kind == "embedding":
        return (None, length)
    if width is not None:
        return (None, length, width) if layer.row.kind in ("lstm", "gru", "simple_rnn", "conv") else (None, width)
    inner = passed(layer, "layer")
    if inner is not None and isinstance(inner, Object | Instance):
        return input_shape(inner)
    if "inputs" in layer.cells:
        return shape_of(listed(layer.cells["inputs"])[0])
    layers = items_of(_layers_cell(layer))
    return input_shape(layers[0]) if layers else None
