"""Training loops written by hand: `GradientTape`, `optimizer.apply_gradients`, `minimize`, and sessions of TensorFlow 1."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from trainlint.core import Place
from trainlint.interpret.arrays.nodes import as_array
from trainlint.interpret.dispatch import AT_END, Arguments, Call, Interpreter, function, method
from trainlint.interpret.global_settings import global_setting, set_global
from trainlint.interpret.keras.common import listed, model_method
from trainlint.interpret.keras.compiling import loss_array, loss_output
from trainlint.interpret.keras.gradients import applied_gradient, differentiated, gradients_of, is_of_gradients, pairs_of
from trainlint.interpret.keras.graphs import substitute
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
    Partial,
    Tuple,
    Value,
)
from trainlint.knowledge.rows import Row

TRAIN_OPERATION = Row("tensorflow.train.operation", "object", "train_operation")
_OPTIMIZER_KINDS = ("keras.optimizer", "tensorflow.optimizer", "tensorflow_addons.optimizer")


@method("context:tape", "gradient", "jacobian")
def _gradient(call: Call) -> Value:
    """`tape.gradient(loss, variables)`: the backward pass."""
    return _backward(call, call.argument(0, "target"), call.argument(1, "sources"), tape=call.receiver or NONE)


def _backward(call: Call, loss: Value | None, variables: Value | None, **tape: Value) -> Value:
    if loss is not None:
        call.interpreter.emit("backward", call.place, None, loss=loss, target=variables or NONE, **tape)
    return gradients_of(loss, variables, call.place)


@method("context:tape", "watch", "reset", "stop_recording")
def _watch(_: Call) -> Value:
    return NONE


@function("tensorflow.gradients", "keras.backend.gradients")
def _gradients(call: Call) -> Value:
    """`tf.gradients(loss, variables)`: part of a graph; nothing is stepped yet."""
    return gradients_of(call.argument(0, "ys", "loss"), call.argument(1, "xs", "variables"), call.place)


def _optimizer_method(call: Call) -> Value:
    """`apply_gradients`, `apply` and `minimize`."""
    optimizer = call.receiver
    if not isinstance(optimizer, Object | Instance):
        return call.unknown("a step of an optimizer")
    if call.name == "minimize":
        return _minimize(call, optimizer)
    if call.name == "compute_gradients":
        return pairs_of(call.argument(0, "loss"), call.place)
    pairs = call.argument(0, "grads_and_vars", "grads")
    gradient = applied_gradient(call.interpreter, pairs, call.place)
    if _of_graph(call, optimizer):
        return _operation(call, {"optimizer": optimizer, "loss": differentiated(gradient) or NONE} | _counter(call))
    applied = {} if gradient is None else {"gradient": gradient}
    call.interpreter.emit("step", call.place, None, optimizer=optimizer, **applied)
    return NONE


EAGER = "eager execution"
_OPERATIONS = ("tensorflow", "train operations")
_WAS_RUN = ("tensorflow", "was run")


def _operation(call: Call, cells: dict[Hashable, Value]) -> Object:
    """A training operation of a graph: a session, perhaps in another file, runs it."""
    made = Object(TRAIN_OPERATION, cells=cells, place=call.place)
    before = call.interpreter.settings.cells.get(_OPERATIONS)
    kept = before.items if isinstance(before, Tuple) else ()
    call.interpreter.heap.write(call.interpreter.settings, _OPERATIONS, Tuple((*kept, made)))
    return made


def _run_what_is_left(interpreter: Interpreter) -> None:
    """Training operations that no session of this script runs (a harness elsewhere does) are steps all the same."""
    for one in listed(interpreter.settings.cells.get(_OPERATIONS)):
        if isinstance(one, Object) and _WAS_RUN not in one.cells:
            run_fetches(interpreter, one, None, one.place)


AT_END.append(_run_what_is_left)


@function("tensorflow.enable_eager_execution", "tensorflow.contrib.eager.enable_eager_execution", "tensorflow.enable_v2_behavior")
def _eager(call: Call) -> Value:
    """From here on TensorFlow 1 computes at once; no session runs anything."""
    set_global(call.interpreter, EAGER, Literal(True, call.place))
    return NONE


def _of_graph(call: Call, optimizer: Object | Instance) -> bool:
    """Whether steps are run by a session, later."""
    graph = optimizer.row is not None and optimizer.row.library == "tensorflow"
    return graph and global_setting(call.interpreter, EAGER) is None


def _counter(call: Call) -> dict[Hashable, Value]:
    """The variable that each step of a graph adds one to, where the script gives one."""
    counter = call.argument(1, "global_step")
    return {} if counter is None else {"counter": counter}


def _minimize(call: Call, optimizer: Object | Instance) -> Value:
    loss = call.argument(0, "loss")
    if _of_graph(call, optimizer):
        return _operation(call, {"optimizer": optimizer, "loss": loss or NONE} | _counter(call))
    if isinstance(loss, Function | BoundMethod | Partial):
        loss = call.interpreter.call(loss, Arguments(), call.place)
    _backward(call, loss, call.argument(1, "var_list"))
    call.interpreter.emit("step", call.place, optimizer=optimizer)
    return NONE


for _kind in _OPTIMIZER_KINDS:
    method(_kind, "apply_gradients", "apply", "minimize", "compute_gradients")(_optimizer_method)


@function("tensorflow.estimator.EstimatorSpec", "tensorflow.contrib.learn.ModelFnOps")
def _of_estimator(call: Call) -> Value:
    """What a `model_fn` gives an Estimator, which runs its training operation as a session does."""
    operation = call.argument(3, "train_op")
    if isinstance(operation, Object) and operation.row is TRAIN_OPERATION:
        run_fetches(call.interpreter, operation, None, call.place)
    return call.unknown("what a `model_fn` gives its Estimator")


MAXIMUM_FETCHES = 1_000


def fetched(fetches: Value | None) -> Iterator[Value]:
    """The fetches in nested lists, groups and dicts, in order."""
    stack, seen = [fetches], 0
    while stack and seen < MAXIMUM_FETCHES:
        one = stack.pop()
        seen += 1
        if isinstance(one, List | Tuple | Dict):
            stack.extend(reversed(listed(one)))
        elif isinstance(one, Choice):
            stack.extend(reversed(one.alternatives))
        elif one is not None:
            yield one


def run_fetches(
    interpreter: Interpreter, fetches: Value | None, feed: Value | None, place: Place | None, session: Value | None = None
) -> None:
    """The backward pass and the step of each training operation; and what else is fetched, and with what it is fed."""
    roles = {} if session is None else {"session": session}
    every = tuple(fetched(fetches))
    trains = any(isinstance(one, Object) and one.row is TRAIN_OPERATION for one in every)
    if feed is not None:
        interpreter.emit("session_run", place, None, fetched=Tuple(every), feed=feed, trains=Literal(trains))
    for one in every:
        if isinstance(one, Object) and one.row is TRAIN_OPERATION:
            loss = one.cells.get("loss", NONE)
            one.cells[_WAS_RUN] = Literal(True)
            if isinstance(loss, Array):
                interpreter.emit("backward", place, loss=_fed(loss, feed))
            counted = {"counter": one.cells["counter"]} if "counter" in one.cells else {}
            interpreter.emit("step", place, None, optimizer=one.cells["optimizer"], **roles, **counted)


def _fed(loss: Array, feed: Value | None) -> Value:
    """The loss with what `feed_dict` says in place of its placeholders (its keys are those arrays themselves)."""
    if not isinstance(feed, Dict):
        return loss
    fed = {key: _as_fed(value, loss.place) for key, value in feed.cells.items() if isinstance(key, int)}
    return substitute(loss, fed)


def _as_fed(value: Value, place: Place | None) -> Value:
    """A list of numbers is fed as the array that a session makes of it."""
    return (as_array(value, place, "tensorflow") or value) if isinstance(value, List | Tuple) else value


@method("object:train_operation", "run")
def _run_operation(call: Call) -> Value:
    """`train_operation.run(feed_dict)`."""
    run_fetches(call.interpreter, call.receiver, call.argument(0, "feed_dict"), call.place)
    return NONE


@function("tensorflow.clip_by_global_norm", "tensorflow.clip_by_norm")
def _clip(call: Call) -> Value:
    """Clipping of gradients: by their global norm, or one by one."""
    values, limit = call.argument(0, "t_list", "t"), call.argument(1, "clip_norm")
    if values is not None and limit is not None and is_of_gradients(values):
        call.interpreter.emit("clip", call.place, target=values, maximum=limit, by=Literal("norm"))
    kept = values or call.unknown("what is clipped")
    return Tuple((kept, call.unknown("the norm of the gradients")), call.place) if call.name.endswith("global_norm") else kept


@model_method("compiled_loss", "compute_loss")
def _compiled_loss(call: Call) -> Value:
    """`self.compiled_loss(y, y_pred)` and `self.compute_loss(x, y, y_pred)` inside a `train_step`."""
    model = call.receiver
    offset = 1 if call.name == "compute_loss" else 0
    target, prediction = call.argument(offset, "y", "y_true"), call.argument(offset + 1, "y_pred")
    loss = model.cells.get("loss") if isinstance(model, Object | Instance) else None
    if target is None or prediction is None or loss is None:
        return call.unknown("the compiled loss")
    if isinstance(loss, Object) and loss.row.makes == "loss":
        return loss_array(call, loss, target, prediction, call.arguments.keyword_places)
    return loss_output(call.interpreter, loss, target, prediction, call.place) or call.unknown("the compiled loss")
