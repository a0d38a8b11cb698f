"""Trainable tensors: how they come about, what initialises them, and whether they are trained.

A parameter is `Array(op="parameter")` with `attributes`:
  name         the script's or the layer's name of it ("" if it has none)
  state        an Object of kind "parameter_state": one for each tensor, whatever arrays show it. Its `cells` hold "initializer"
               (the starting values as an Array, or the Object of the `torch.nn.init` call) and "requires_grad"
  layer        the layer that owns it, if one does; without an "initializer" cell it starts as that layer kind does
  registered   whether it is an `nn.Parameter`, which a module registers; a plain tensor that wants gradients is not
  model        instead of `state`'s own meaning: this one stands for every parameter of that module (`model.parameters()`)
`detached` marks `w.data`: the same numbers outside the graph.
"""

from __future__ import annotations

from dataclasses import replace

from trainlint.core import Place
from trainlint.interpret.aliases import changed
from trainlint.interpret.builtins import machine_of
from trainlint.interpret.dispatch import Call, Interpreter, attribute, bind, function, method
from trainlint.interpret.torch.common import known_bool, make_object
from trainlint.interpret.values import NONE, Array, Instance, Literal, Object, Shape, Unknown, Value
from trainlint.knowledge.torch_training_rows import INITIALIZERS, PARAMETER_STATE


def as_parameter(array: Array, place: Place | None, name: str = "") -> Array:
    """The trainable tensor that starts as `array` (`requires_grad=True`, `nn.Parameter`); a parameter stays what it is."""
    if array.op == "parameter" and not array.detached:
        return array
    state = Object(PARAMETER_STATE, cells={"initializer": array, "requires_grad": Literal(True, place)}, place=place)
    attributes = {"name": name, "state": state}
    return Array("parameter", (), attributes, array.shape, array.dtype, "torch", symbolic=True, place=place)


def layer_parameter(layer: Object | Instance, name: str, shape: Shape | None) -> Array:
    """A parameter that a layer owns."""
    state = Object(PARAMETER_STATE, place=layer.place)
    attributes = {"name": name, "state": state, "layer": layer}
    return Array("parameter", (), attributes, shape, "float32", "torch", symbolic=True, place=layer.place)


def every_parameter(module: Value, place: Place | None) -> Array:
    """The array that stands for each parameter of a module in turn."""
    state = Object(PARAMETER_STATE, place=place)
    attributes = {"name": "", "state": state, "model": module}
    return Array("parameter", (), attributes, None, "float32", "torch", symbolic=True, place=place)


def state_of(array: Array) -> Object:
    """The state that all arrays showing one parameter share."""
    state = array.attributes.get("state")
    return state if isinstance(state, Object) else Object(PARAMETER_STATE)


def initialise(interpreter: Interpreter, parameter: Array, values: Value) -> None:
    """Record what a parameter starts as: an Array of values, or the Object of an initializer."""
    interpreter.heap.write(state_of(parameter), "initializer", values)
    model = parameter.attributes.get("model")
    if isinstance(model, Object | Instance):
        interpreter.heap.write(model, "parameter_initializer", values)


def read_out(array: Array, place: Place | None) -> Array:
    """The numbers of a tensor in a new one outside the graph: `torch.tensor(x)`, `Variable(x)`, `x.data`."""
    return Array(
        "detach", (array,), {}, array.shape, array.dtype, "torch", None, array.statistics, array.symbolic, array.symbolic, place
    )


MAXIMUM_UPSTREAM = 5_000


def carries_gradient(array: Array) -> bool:
    """Whether gradients surely flow back from an array to some weight, along a path that is not cut."""
    stack: list[Value] = [array]
    seen: set[int] = set()
    while stack and len(seen) < MAXIMUM_UPSTREAM:
        one = stack.pop()
        if not isinstance(one, Array) or id(one) in seen or one.detached or one.op in NOT_DIFFERENTIABLE:
            continue
        seen.add(id(one))
        if one.op == "parameter" or (one.op == "layer" and _owns_weights(one.attributes.get("layer"))):
            return True
        stack.extend(one.inputs)
    return False


NOT_DIFFERENTIABLE = frozenset(
    {
        *("argmax", "argmin", "argsort", "count_nonzero", "any", "all", "isnan", "isinf", "isfinite"),
        *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"),
        *("logical_and", "logical_or", "logical_not", "logical_xor", "shape", "detach"),
    }
)
"""Operations whose results have no gradients: indices, truth values, what was read out."""


def _owns_weights(layer: object) -> bool:
    return isinstance(layer, Object) and layer.row.kind not in WEIGHTLESS


WEIGHTLESS = frozenset({"dropout", "flatten", "max_pool", "average_pool", "identity", "activation", "softmax", "relu"})
"""Kinds of layers that only pass on what they are given."""


def set_trainable(interpreter: Interpreter, parameter: Array, value: Value) -> None:
    """`parameter.requires_grad = value`."""
    from trainlint.interpret.torch.modules import set_module_trainable

    model = parameter.attributes.get("model")
    if isinstance(model, Object | Instance):
        set_module_trainable(interpreter, model, value)
    interpreter.heap.write(state_of(parameter), "requires_grad", value)


def requires_grad(array: Array) -> Value:
    """`array.requires_grad`."""
    if array.op != "parameter" or array.detached:
        return Literal(array.symbolic and not array.detached)
    own = state_of(array).cells.get("requires_grad")
    if own is not None:
        return own
    for role in ("layer", "model"):
        owner = array.attributes.get(role)
        if isinstance(owner, Object | Instance) and "requires_grad" in owner.cells:
            return owner.cells["requires_grad"]
    return Literal(True)


def with_gradient(call: Call, array: Array, wanted: Value | None) -> Value:
    """What `array` is after `requires_grad` was set to `wanted` on it."""
    decided = True if wanted is None else call.interpreter.truth(wanted)
    if array.op == "parameter":
        set_trainable(call.interpreter, array, Literal(True, call.place) if wanted is None else wanted)
        return array
    if carries_gradient(array):
        return array  # it wants gradients anyhow (or PyTorch refuses, since it is no leaf)
    if decided is True:
        from trainlint.interpret.torch.updates import record_rebound_update

        return record_rebound_update(call, array) or as_parameter(array, call.place)
    return array if decided is False else call.unknown("whether a tensor is trained is not known")


@method("array", "requires_grad_")
def _requires_grad_in_place(call: Call) -> Value:
    array = call.receiver
    if not isinstance(array, Array):
        return NONE
    made = with_gradient(call, array, call.argument(0, "requires_grad"))
    if made is not array and array.symbolic:
        call.interpreter.emit("wants_gradient", call.place, target=array)
    return made


@attribute("array", "requires_grad")
def _requires_grad(call: Call) -> Value:
    return requires_grad(call.receiver) if isinstance(call.receiver, Array) else call.unknown("no tensor")


@attribute("array", "data")
def _data(call: Call) -> Value:
    array = call.receiver
    if isinstance(array, Array) and array.symbolic and array.op != "parameter":
        return read_out(array, call.place)
    return replace(array, detached=True) if isinstance(array, Array) else call.unknown("no tensor")


@attribute("array", "grad")
def _grad(call: Call) -> Value:
    array = call.receiver
    return gradient(array, call.place) if isinstance(array, Array) else call.unknown("no tensor")


def gradient(parameter: Array, place: Place | None, loss: Value | None = None) -> Array:
    """The gradient of a loss (None: of whatever backward was called on) with respect to a tensor."""
    attributes = {} if loss is None else {"loss": loss}
    return Array("gradient", (parameter,), attributes, parameter.shape, parameter.dtype, "torch", symbolic=True, place=place)


@function("torch.nn.Parameter")
def _parameter(call: Call) -> Value:
    return _wrapped(call, default=True)


@function("torch.autograd.Variable")
def _variable(call: Call) -> Value:
    return _wrapped(call, default=False)


def _wrapped(call: Call, *, default: bool) -> Value:
    """`Parameter(data, requires_grad)`, which trains by default, and the older `Variable(data, requires_grad)`."""
    data, wanted = call.argument(0, "data"), call.argument(1, "requires_grad")
    if isinstance(data, Unknown) or data is None:
        if (wanted is None and not default) or known_bool(wanted) is False:
            return data or NONE
        data = Array("data", (), {"source": "unknown"}, None, None, "torch", place=call.place)
    if not isinstance(data, Array):
        return data
    decided = default if wanted is None else known_bool(wanted)
    if decided is True:
        from trainlint.interpret.torch.updates import record_rebound_update

        made = record_rebound_update(call, data) or as_parameter(data, call.place)
        return replace(made, attributes={**made.attributes, "registered": default})
    if decided is False:
        if default:
            return as_frozen(data, call.place)
        return read_out(data, call.place) if carries_gradient(data) else data
    return call.unknown("whether a tensor is trained is not known")


def as_frozen(array: Array, place: Place | None) -> Array:
    """A parameter that is registered but not trained (`nn.Parameter(x, requires_grad=False)`)."""
    parameter = as_parameter(array, place)
    state_of(parameter).cells["requires_grad"] = Literal(False, place)
    return parameter


@function(*(f"torch.nn.init.{name}" for name, _, _ in INITIALIZERS))
def _initialise(call: Call) -> Value:
    """`nn.init.xavier_uniform_(layer.weight)`: changes the parameter in place and returns it."""
    assert call.row is not None
    tensor = bind(call.row, call.arguments).arguments.get("tensor")
    if isinstance(tensor, Array) and tensor.op == "parameter":
        initialise(call.interpreter, tensor, make_object(call, call.row))
        return tensor
    if isinstance(tensor, Array):
        attributes = {"initializer": make_object(call, call.row)}
        made = Array("random", (), attributes, tensor.shape, tensor.dtype, "torch", place=call.place)
        changed(machine_of(call), tensor, made)
        return made
    return call.unknown("what is initialised here is not known") if tensor is None else tensor


_GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": 2**0.5, "selu": 3 / 4} | dict.fromkeys(
    (f"{kind}{n}d" for kind in ("conv", "conv_transpose") for n in (1, 2, 3)), 1.0
)


@function("torch.nn.init.calculate_gain")
def _gain(call: Call) -> Value:
    """The recommended gain of a nonlinearity (documentation of `torch.nn.init.calculate_gain`)."""
    kind, slope = call.literal(0, "nonlinearity"), call.literal(1, "param")
    if kind == "leaky_relu":
        slope = 0.01 if slope is None else slope
        return Literal((2 / (1 + slope * slope)) ** 0.5, call.place) if isinstance(slope, int | float) else call.unknown("a gain")
    return Literal(_GAINS[kind], call.place) if isinstance(kind, str) and kind in _GAINS else call.unknown("a gain")


_FILLS = {
    "normal_": ("torch.nn.init.normal_", ("mean", "std")),
    "uniform_": ("torch.nn.init.uniform_", ("from", "to")),
    "fill_": ("torch.nn.init.constant_", ("value",)),
    "zero_": ("torch.nn.init.zeros_", ()),
}


@method("array:parameter", *_FILLS)
def _fill(call: Call) -> Value:
    """`w.data.normal_(0, 0.02)`, `w.fill_(1)`: an initialisation written as a method."""
    from trainlint.knowledge import find

    array = call.receiver
    name, arguments = _FILLS[call.name]
    row = find(name)
    if not isinstance(array, Array) or row is None:
        return call.unknown("no tensor")
    passed = {}
    for index, (spelled, parameter) in enumerate(zip(arguments, row.parameters[1:], strict=False)):
        value = call.argument(index, spelled)
        if value is not None:
            passed[parameter.name] = value
    initialise(call.interpreter, array, Object(row, passed, spelled=name, place=call.place))
    return array
