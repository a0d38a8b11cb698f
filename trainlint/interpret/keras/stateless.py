"""Gradients as functions of functions (JAX, the eager mode of TensorFlow 1), and Keras models whose state JAX passes around."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from trainlint.interpret.dispatch import Call, function, method
from trainlint.interpret.keras.common import items_of, listed, model_method, plain
from trainlint.interpret.keras.gradients import gradients_of, is_of_gradients, pairs_of
from trainlint.interpret.keras.inspection import VARIABLES
from trainlint.interpret.keras.models import call_any
from trainlint.interpret.values import NONE, Array, Function, Instance, Object, Tuple, Unknown, Value
from trainlint.knowledge.rows import Row

GRADIENT_FUNCTION = Row("jax.value_and_grad", "object", "gradient_function")


@function("jax.value_and_grad", "jax.grad")
def _differentiated(call: Call) -> Value:
    """`jax.value_and_grad(loss_function, has_aux=True)`: keeps the function for when it is called."""
    of = call.argument(0, "fun")
    if of is None:
        return call.unknown("the gradient of no function")
    given = call.arguments.keywords.get("has_aux")
    cells: dict[Hashable, Value] = {"of": of, **({} if given is None else {"has_aux": given})}
    return Object(GRADIENT_FUNCTION, {}, {}, cells, call.name, call.place)


@method("object:gradient_function", "__call__")
def _gradients(call: Call) -> Value:
    """`(loss, aux), gradients = grad_fn(weights, ...)`: the forward and the backward pass with respect to the first argument."""
    subject = call.receiver
    if not isinstance(subject, Object):
        return call.unknown("a gradient")
    result = call.interpreter.call(subject.cells["of"], call.arguments, call.place)
    has_aux = "has_aux" in subject.cells and plain(subject.cells["has_aux"]) is True
    parts = items_of(result) if has_aux else (result,)
    loss = parts[0] if parts else call.unknown("the loss could not be followed")
    weights = call.arguments.positional[0] if call.arguments.positional else None
    call.interpreter.emit("backward", call.place, loss=loss, target=weights or NONE)
    gradients = gradients_of(loss, weights, call.place)
    if subject.spelled == "jax.value_and_grad":
        return Tuple((result, gradients), call.place)
    return Tuple((gradients, *(parts or ())[1:]), call.place) if has_aux else gradients


IMPLICIT = Row("tensorflow.contrib.eager.implicit_gradients", "object", "implicit_gradient_function")


@function(*(f"tensorflow.contrib.eager.implicit_{name}" for name in ("gradients", "value_and_gradients")))
def _implicit(call: Call) -> Value:
    """`tfe.implicit_gradients(loss_function)`: with respect to every variable that the function reads."""
    of = call.argument(0, "f")
    if of is None:
        return call.unknown("the gradient of no function")
    return Object(IMPLICIT, {}, {}, {"of": of}, call.name, call.place)


@method("object:implicit_gradient_function", "__call__")
def _implicit_gradients(call: Call) -> Value:
    """Pairs of gradients and variables, behind the loss where that was asked for."""
    subject = call.receiver
    if not isinstance(subject, Object):
        return call.unknown("a gradient")
    loss = call.interpreter.call(subject.cells["of"], call.arguments, call.place)
    call.interpreter.emit("backward", call.place, loss=loss, target=NONE)
    pairs = pairs_of(loss, call.place)
    return Tuple((loss, pairs), call.place) if "value" in subject.spelled else pairs


@function("jax.jit", "jax.checkpoint", "jax.remat", "jax.vmap", "jax.pmap")
def _compiled(call: Call) -> Value:
    """`jax.jit(step)` computes what `step` does."""
    return call.argument(0, "fun") or call.unknown("a function that is not given")


@function("jax.device_put", "jax.block_until_ready", "jax.lax.stop_gradient")
def _moved(call: Call) -> Value:
    """The same arrays on another device."""
    moved = call.argument(0, "x", "a")
    if moved is None:
        return call.unknown("an array that is not given")
    return replace(moved, detached=True) if call.name.endswith("stop_gradient") and isinstance(moved, Array) else moved


@model_method("stateless_call")
def _stateless_call(call: Call) -> Value:
    """`model.stateless_call(trainable, others, x)`: the output and the new other variables."""
    model, given = call.receiver, call.arguments
    if not isinstance(model, Object | Instance):
        return call.unknown("a model that is not known")
    inner = replace(given, positional=given.positional[2:], positional_places=given.positional_places[2:])
    output = call_any(replace(call, arguments=inner, name="__call__"), model)
    others = call.argument(1, "non_trainable_variables") or call.unknown("variables that are not known")
    return Tuple((output, others), call.place)


@method("keras.optimizer", "stateless_apply")
def _stateless_apply(call: Call) -> Value:
    """`optimizer.stateless_apply(state, gradients, weights)`: a step; gives the new weights and state."""
    state, gradients, weights = (
        call.argument(index, name) or call.unknown("variables that are not known")
        for index, name in enumerate(("optimizer_variables", "grads", "trainable_variables"))
    )
    first = listed(gradients)[:1] if is_of_gradients(gradients) else ()
    applied = {"gradient": first[0]} if first else {}
    call.interpreter.emit("step", call.place, None, optimizer=call.receiver or NONE, **applied)
    return Tuple((weights, state), call.place)


def training_state(call: Call, model: Value, step: Function) -> tuple[Value, ...]:
    """What `fit` passes to `train_step(self, state, data)` of a model written for JAX ahead of the data; nothing to others."""
    names = [one.name.value for one in getattr(step.node.params, "params", ())]
    if len(names) != 3 or names[1] not in ("state", "train_state"):
        return ()
    weights: Value = Object(VARIABLES, cells={"of": model}, place=call.place)
    others = tuple(Unknown("the state of a model", call.place) for _ in range(3))
    return (Tuple((weights, *others), call.place),)
