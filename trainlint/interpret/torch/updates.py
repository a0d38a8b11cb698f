"""Parameter updates written by hand: `w -= lr * w.grad` and its many relatives become "step" events.

The event's `update` is the expression that is subtracted from the parameter (added to it, for `+=`); `learning_rate` is the
factor of the gradient in what is subtracted, as far as it is one known factor.
"""

from __future__ import annotations

import re
from dataclasses import replace

from trainlint.core import Origin
from trainlint.interpret import arrays
from trainlint.interpret.dispatch import Call, attribute, method
from trainlint.interpret.torch.parameters import (
    initialise,
    state_of,
    with_gradient,
)
from trainlint.interpret.values import NONE, Array, Instance, Literal, Object, Tuple, Unknown, Value

MAXIMUM_NODES = 300
_SAME_SCALE = frozenset({"cast", "detach", "reshape", "squeeze", "expand_dims", "transpose", "identity", "flatten", "copy"})


def holds_gradient(value: Value | None) -> bool:
    """Whether a gradient lies upstream of a value."""
    stack, seen = [value], 0
    while stack and seen < MAXIMUM_NODES:
        one = stack.pop()
        seen += 1
        if isinstance(one, Array):
            if one.op == "gradient":
                return True
            stack.extend(one.inputs)
    return False


def gradient_factor(value: Value | None, depth: int = 0) -> Value:
    """The one factor by which the gradient in an expression is multiplied; Unknown if it is not one factor."""
    unknown = Unknown("the gradient is not multiplied by one known factor", getattr(value, "place", None))
    if not isinstance(value, Array) or depth > 50:
        return unknown
    if value.op == "gradient":
        return Literal(1.0, value.place)
    inner = [holds_gradient(one) for one in value.inputs]
    if sum(inner) != 1:
        return unknown
    index = inner.index(True)
    factor = gradient_factor(value.inputs[index], depth + 1)
    if value.op == "multiply":
        return _product(factor, value.inputs[1 - index])
    if value.op == "divide" and index == 0:
        return _product(factor, _reciprocal(value.inputs[1]))
    if value.op == "negative" or (value.op == "subtract" and index == 1):
        return _product(factor, Literal(-1))
    return factor if value.op in _SAME_SCALE or value.op in ("add", "subtract") else unknown


def _number(value: Value) -> Literal | None:
    """A known real number: a Literal, or the array of one."""
    if isinstance(value, Array):
        held = value.attributes.get("literal")
        if isinstance(held, Literal):
            value = held
        elif value.data is not None and value.data.size == 1 and value.data.dtype.kind in "iuf":
            return Literal(float(value.data.item()), value.place)
    is_number = isinstance(value, Literal) and isinstance(value.value, int | float) and not isinstance(value.value, bool)
    return value if is_number and isinstance(value, Literal) else None


def _product(first: Value, second: Value) -> Value:
    """The product of two numbers; with 1 it is the other one itself, which keeps its place and origin."""
    one, other = _number(first), _number(second)
    if any(isinstance(value, Unknown) and value.start is not None for value in (first, second)):
        return _product_at_start(first, second)
    if one is None or other is None:
        return first if one is None and not isinstance(first, Array) else _unknown_of(second)
    if one.value == 1:
        return other
    if other.value == 1:
        return one
    if not isinstance(one.value, int | float) or not isinstance(other.value, int | float):
        return Unknown("a factor that is no number", other.place)
    place, origin = (one.place, one.origin) if other.value == -1 else (other.place, Origin.combine(one.origin, other.origin))
    try:
        return Literal(one.value * other.value, place, origin, one.note or other.note)
    except OverflowError:
        return Unknown("a factor beyond all numbers", place)


def _product_at_start(first: Value, second: Value) -> Value:
    """A product with a factor that a loop changes: not known, but in the first pass."""
    starts = [value.start or value if isinstance(value, Unknown) else value for value in (first, second)]
    unknown = first if isinstance(first, Unknown) else _unknown_of(second)
    return Unknown(unknown.why, unknown.place, None if any(map(_is_unknown, starts)) else _product(starts[0], starts[1]))


def _is_unknown(value: Value) -> bool:
    return isinstance(value, Unknown)


def _reciprocal(value: Value) -> Value:
    number = _number(value)
    if number is None or not isinstance(number.value, int | float) or number.value == 0:
        return _unknown_of(value)
    return Literal(1 / number.value, number.place, number.origin, number.note)


def _unknown_of(value: Value) -> Unknown:
    if isinstance(value, Unknown):
        return value
    return Unknown("the factor of the gradient is not a known number", getattr(value, "place", None))


def record_update(call: Call, parameter: Array, update: Value, learning_rate: Value) -> None:
    """Emit the step of one parameter."""
    call.interpreter.emit("step", call.place, parameter=parameter, update=update, learning_rate=learning_rate)


def record_rebound_update(call: Call, array: Array) -> Array | None:
    """`w = (w - lr * w.grad).requires_grad_()`: the step of w, which is returned; None if the array is no such update.

    The new tensor takes the parameter's place, so the two count as one.
    """
    step = _difference(array)
    if step is None:
        return None
    parameter, update, learning_rate = step
    record_update(call, parameter, update, learning_rate)
    return parameter


def _difference(value: Value) -> tuple[Array, Value, Value] | None:
    """(w, update, factor) of `w - update` or `w + update` with the gradient in the update."""
    while isinstance(value, Array) and value.op in _SAME_SCALE and len(value.inputs) == 1:
        value = value.inputs[0]
    if not isinstance(value, Array) or value.op not in ("subtract", "add") or len(value.inputs) != 2:
        return None
    base, update = value.inputs
    if value.op == "add" and holds_gradient(base):
        base, update = update, base
    parameter = _parameter_below(base)
    if parameter is None or not holds_gradient(update):
        return None
    factor = gradient_factor(update)
    return parameter, update, factor if value.op == "subtract" else _product(factor, Literal(-1))


def _parameter_below(value: Value) -> Array | None:
    """The parameter that a value is, perhaps detached, cast or copied."""
    while isinstance(value, Array) and value.op in _SAME_SCALE and len(value.inputs) == 1:
        value = value.inputs[0]
    return replace(value, detached=False) if isinstance(value, Array) and value.op == "parameter" else None


def _signed(call: Call, update: Value | None, factor: Value | None, sign: int) -> Value:
    """Record `parameter += sign * factor * update` if a gradient is in it; the receiver is what comes of it."""
    array = call.receiver
    if not isinstance(array, Array) or update is None:
        return NONE
    if not holds_gradient(update):  # what is added may be noise, or a step that the script computed some other way
        call.interpreter.emit("maybe_step", call.place, parameter=array)
        return array
    rate = gradient_factor(update)
    if factor is not None:
        rate = _product(rate, factor)
    record_update(call, replace(array, detached=False), update, rate if sign < 0 else _product(rate, Literal(-1)))
    return array


_OPERATORS = {"__iadd__": "add", "__isub__": "sub", "__imul__": "mul", "__itruediv__": "truediv"}


@method("array", *_OPERATORS)
def _rebound(call: Call) -> Value:
    """`x -= y` of any other array: what `x - y` is."""
    operand = call.argument(0)
    if call.receiver is None or operand is None:
        return NONE
    return arrays.binary(_OPERATORS[call.name], call.receiver, operand, call.place)


@method("array:parameter", "__isub__")
def _subtract_in_place(call: Call) -> Value:
    return _signed(call, call.argument(0), None, -1)


@method("array:parameter", "__iadd__")
def _add_in_place(call: Call) -> Value:
    return _signed(call, call.argument(0), None, 1)


@method("array:parameter", "sub_", "add_")
def _add_method(call: Call) -> Value:
    """`w.sub_(g, alpha=lr)`, `w.add_(g, alpha=-lr)`, and `w.add_(-lr, g)`, which was the order before 1.5."""
    first, second, alpha = call.argument(0, "other"), call.argument(1), call.argument(-1, "alpha")
    if second is not None:
        first, alpha = second, first
    return _signed(call, first, alpha, 1 if call.name.startswith("add") else -1)


@method("array:parameter", "addcdiv_", "addcmul_")
def _add_product(call: Call) -> Value:
    """`w.addcdiv_(m, denominator, value=-lr)`: Adam and its relatives by hand."""
    value, first = call.argument(-1, "value"), call.argument(0, "tensor1")
    if call.argument(2) is not None:
        value, first = call.argument(0), call.argument(1)
    array = call.receiver
    if isinstance(array, Array) and first is not None and (holds_gradient(first) or holds_gradient(call.argument(1, "tensor2"))):
        rate = _product(Literal(-1), value) if value is not None else Literal(-1)
        record_update(call, replace(array, detached=False), first, rate)
    return array if isinstance(array, Array) else NONE


@method("array:parameter", "__imul__", "__itruediv__", "mul_", "div_", "clamp_", "renorm_", "detach_", "share_memory_")
def _scaled_in_place(call: Call) -> Value:
    """Weight decay and clamping by hand: the parameter stays what it is."""
    return call.receiver or NONE


@method("array:parameter", "copy_", "set_")
def _copy(call: Call) -> Value:
    array, source = call.receiver, call.argument(0, "src", "other", "source")
    if isinstance(array, Array) and source is not None:
        _assign_data(call, array, source)
        return array
    return NONE


@method("array", "detach_")
def _detach_in_place(call: Call) -> Value:
    """`state.detach_()`: what holds the tensor goes on holding it."""
    call.interpreter.emit("detached", call.place, value=call.receiver or NONE)
    return call.receiver or NONE


@method("array", "__setattr__")
def _set_attribute(call: Call) -> Value:
    """`w.requires_grad = True`, `w.data = ...`, `w.grad = None`: the array to be bound where this one was."""
    array, name, value = call.receiver, call.literal(0), call.argument(1)
    if not isinstance(array, Array) or value is None:
        return NONE
    if name == "requires_grad":
        changed = with_gradient(call, array, value)
        return changed if isinstance(changed, Array) else array
    if name == "data" and array.op == "parameter":
        _assign_data(call, array, value)
    elif name == "data" and isinstance(value, Array):
        return value
    elif isinstance(name, str) and name.startswith("require"):
        call.interpreter.emit("set_attribute", call.place, target=array, name=Literal(name), value=value)
    elif name == "grad" and not holds_gradient(value):
        call.interpreter.emit("zero_grad", call.place, target=array)
    return array


@method("unknown", "__setattr__")
def _set_unknown(call: Call) -> Value:
    """`p.grad = None` and `p.requires_grad = True` of a parameter that could not be followed."""
    name, value = call.literal(0), call.argument(1)
    if name == "grad" and not holds_gradient(value):
        call.interpreter.emit("zero_grad", call.place, target=call.receiver or NONE)
    if name == "requires_grad" and value is not None:
        thaw_unknown(call, value)
    return call.receiver or NONE


@method("unknown", "requires_grad_")
def _thaw_unknown(call: Call) -> Value:
    """`p.requires_grad_()` of a parameter that could not be followed."""
    thaw_unknown(call, call.argument(0, "requires_grad") or Literal(True))
    return call.receiver or NONE


def thaw_unknown(call: Call, wanted: Value) -> None:
    """Weights that are not known may be those of any module that was frozen: whether that still holds is not known."""
    from trainlint.interpret.torch.modules import FROZEN, set_module_trainable

    frozen = call.interpreter.settings.cells.get(FROZEN)
    if call.interpreter.truth(wanted) is False or not isinstance(frozen, Tuple):
        return
    for module in frozen.items:
        held = module.cells.get("requires_grad") if isinstance(module, Object | Instance) else None
        if isinstance(module, Object | Instance) and isinstance(held, Literal) and held.value is False:
            set_module_trainable(call.interpreter, module, call.unknown("some weights are trained again"))


@method("unknown", "zero_")
def _zero_unknown(call: Call) -> Value:
    """`p.grad.zero_()` of a parameter that could not be followed: where the value was taken from tells what it is."""
    if re.search(r"\.grad\b", getattr(getattr(call.receiver, "place", None), "text", "")):
        call.interpreter.emit("zero_grad", call.place, target=call.receiver or NONE)
    return call.receiver or NONE


def _assign_data(call: Call, array: Array, value: Value) -> None:
    """`w.data = value`: a step if the value is the parameter less something of a gradient, else what it starts from."""
    if isinstance(value, Array) and value.op == "parameter" and state_of(value) is state_of(array):
        return  # `w.data -= ...` has already changed it
    step = _difference(value)
    if step is not None:
        record_update(call, replace(array, detached=False), step[1], step[2])
    elif not holds_gradient(value):
        initialise(call.interpreter, array, value)
    else:
        record_update(call, replace(array, detached=False), value, Unknown("the update is not a difference", call.place))


@method("array:gradient", "zero_", "fill_")
def _zero_gradient(call: Call) -> Value:
    array = call.receiver
    if not isinstance(array, Array):
        return NONE
    if call.name == "zero_" or call.literal(0, "value") == 0:
        call.interpreter.emit("zero_grad", call.place, target=array.inputs[0] if array.inputs else array)
    return array


@method("array:gradient", "__imul__", "mul_")
def _scale_gradient(call: Call) -> Value:
    """`w.grad *= 0` clears it; any other factor is not followed."""
    array = call.receiver
    if isinstance(array, Array) and call.literal(0, "other", "value") == 0:
        call.interpreter.emit("zero_grad", call.place, target=array.inputs[0] if array.inputs else array)
    return array or NONE


@method("array:gradient", "clamp_", "clip_")
def _clamp_gradient(call: Call) -> Value:
    """`p.grad.data.clamp_(-1, 1)`: clipping by value."""
    array, maximum = call.receiver, call.argument(1, "max")
    if isinstance(array, Array):
        target = array.inputs[0] if array.inputs else array
        unknown = call.unknown("no upper bound")
        call.interpreter.emit("clip", call.place, target=target, maximum=maximum or unknown, by=Literal("value"))
    return array or NONE


@attribute("array:gradient", "data")
def _gradient_data(call: Call) -> Value:
    return call.receiver or NONE


@method("array:gradient", "detach", "clone", "detach_", "to", "cpu", "cuda")
def _same_gradient(call: Call) -> Value:
    return call.receiver or NONE
