"""Gradients as values: what `tape.gradient` and `tf.gradients` give, and updates of variables written by hand.

A gradient is `Array(op="gradient")` with the parameter as its input and the loss in `attributes["loss"]`, as in PyTorch.
"""

from __future__ import annotations

from dataclasses import replace

from trainlint.core import Place
from trainlint.interpret import arrays
from trainlint.interpret.dispatch import Call, Interpreter, Iteration, function, iterates, method
from trainlint.interpret.keras.common import items_of, listed
from trainlint.interpret.keras.graphs import arrays_below
from trainlint.interpret.keras.inspection import VARIABLES
from trainlint.interpret.torch.updates import gradient_factor, holds_gradient
from trainlint.interpret.values import NONE, Array, List, Literal, Object, Tuple, Value


def some_parameter(model: Value | None, place: Place | None) -> Array:
    """The array that stands for each weight of a model (or of the whole graph) in turn."""
    attributes = {"name": "", "trainable": True, **({} if model is None else {"model": model})}
    return Array("parameter", (), attributes, None, "float32", "tensorflow", symbolic=True, place=place)


@iterates(VARIABLES.name)
def _each_variable(_: Interpreter, value: Value, place: Place | None) -> Iteration:
    """`for w in model.trainable_variables`: one that stands for all."""
    owner = value.cells.get("of") if isinstance(value, Object) else None
    return Iteration([some_parameter(owner, place)], False, None)


@function("tensorflow.trainable_variables", "tensorflow.global_variables", "tensorflow.all_variables")
def _all_variables(call: Call) -> Value:
    return Object(VARIABLES, place=call.place)


def gradients_of(loss: Value | None, sources: Value | None, place: Place | None) -> Value:
    """The gradients of a loss, in the structure of the variables: one array, a list of them, or one that stands for all."""
    if isinstance(sources, Array):
        return _gradient(loss, sources, place)
    items = items_of(sources)
    if items is not None and any(isinstance(one, Array) for one in items):
        return List({"items": Tuple(tuple(gradients_of(loss, one, place) for one in items))}, place)
    owner = sources.cells.get("of") if isinstance(sources, Object) else None
    standing = _gradient(loss, some_parameter(owner, place), place)
    return List({"items": Tuple((standing,)), "open": Literal(True)}, place)


def _gradient(loss: Value | None, parameter: Array, place: Place | None) -> Array:
    attributes = {} if loss is None else {"loss": loss}
    return Array("gradient", (parameter,), attributes, parameter.shape, parameter.dtype, "tensorflow", symbolic=True, place=place)


def pairs_of(loss: Value | None, place: Place | None) -> Value:
    """`optimizer.compute_gradients(loss)`: pairs of a gradient and its variable."""
    parameter = some_parameter(None, place)
    pair = Tuple((_gradient(loss, parameter, place), parameter), place)
    return List({"items": Tuple((pair,)), "open": Literal(True)}, place)


def applied_gradient(interpreter: Interpreter, pairs: Value | None, place: Place | None) -> Value | None:
    """The first gradient that `apply_gradients(zip(gradients, variables))` gets, as the script changed it."""
    if pairs is None:
        return None
    items = interpreter.iterate(pairs, place).items
    first = items_of(items[0]) if items else None
    return first[0] if first and holds_gradient(first[0]) else None


def differentiated(gradient: Value | None) -> Value | None:
    """The loss that a gradient in an expression is of. One that is negated on the way is the gradient of the negated loss."""
    if gradient is None:
        return None
    source = next((one for one in arrays_below((gradient,)) if one.op == "gradient"), None)
    loss = source.attributes.get("loss") if source is not None else None
    factor = gradient_factor(gradient)
    if not isinstance(loss, Array):
        return None
    if isinstance(factor, Literal) and factor.value == -1:
        turned = arrays.unary("neg", loss, gradient.place)
        return replace(turned, attributes={**turned.attributes, "turned": True}) if isinstance(turned, Array) else turned
    return loss


def _record(call: Call, parameter: Array, update: Value, sign: int) -> None:
    """The step of one variable; `update` is what is subtracted (sign -1) or added."""
    factor = gradient_factor(update)
    if sign > 0 and isinstance(factor, Literal) and isinstance(factor.value, int | float):
        factor = Literal(-factor.value, factor.place, factor.origin, factor.note)
    call.interpreter.emit("step", call.place, parameter=parameter, update=update, learning_rate=factor)


def _is_differentiated_in(update: Value, target: Array) -> bool:
    """Whether an update holds the gradient by the variable that it is for; a variable of another place sums gradients up."""
    gradients = [one for one in arrays_below((update,)) if one.op == "gradient"]
    if "initializer" not in target.attributes or not gradients:
        return bool(gradients)
    return any(isinstance(source, Array) and source.place == target.place for one in gradients for source in one.inputs[:1])


@method("array:parameter", "assign_sub", "assign_add")
@function("tensorflow.assign_sub", "tensorflow.assign_add")
def _assign_difference(call: Call) -> Value:
    """`w.assign_sub(lr * gradient)`."""
    target = call.receiver if call.receiver is not None else call.argument(0, "ref")
    value = call.argument(0, "delta", "value") if call.receiver is not None else call.argument(1, "value")
    if isinstance(target, Array) and value is not None and _is_differentiated_in(value, target):
        _record(call, target, value, -1 if "sub" in call.name else 1)
    return NONE


def assigned_step(call: Call, target: Array, value: Value) -> bool:
    """Whether `w.assign(w - lr * gradient)` is a step of w; records it."""
    if not isinstance(value, Array) or value.op not in ("subtract", "add") or len(value.inputs) != 2:
        return False
    base, update = value.inputs
    if base is not target or not _is_differentiated_in(update, target):
        return False
    _record(call, target, update, -1 if value.op == "subtract" else 1)
    return True


def is_of_gradients(value: Value | None) -> bool:
    """Whether a value is a gradient or a list of them, of which not all need be known."""
    items = value.cells.get("items") if isinstance(value, List) else None
    return any(holds_gradient(one) for one in (listed(value) if items is None else listed(items)))
