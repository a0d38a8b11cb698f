"""`compile` in every release, and what strings, classes and functions stand for as optimizer and loss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from trainlint.core import Place
from trainlint.interpret.dispatch import Arguments, Bound, Call, Interpreter, bind, function, method
from trainlint.interpret.keras.common import (
    Owner,
    is_number,
    items_of,
    make_object,
    model_method,
    note_arguments,
    note_spelling,
    passed,
    pinned_eras,
    row_of,
    shape_of,
    symbolic,
    written_for_old_keras,
)
from trainlint.interpret.keras.outputs import arrays_of, names_of, part_of
from trainlint.interpret.values import (
    NONE,
    Array,
    Choice,
    Dict,
    Instance,
    List,
    Literal,
    Object,
    Symbol,
    Tuple,
    Unknown,
    Value,
    join,
)
from trainlint.knowledge import eras, find, versions
from trainlint.knowledge.keras_loss_rows import LOSS_NAMES, LOSSES, ROWS as LOSS_ROWS
from trainlint.knowledge.keras_training_rows import OLD_ORDERS, OPTIMIZER_NAMES, ROWS as TRAINING_ROWS
from trainlint.knowledge.rows import Row

CLASS_OF_KIND = {kind: f"keras.losses.{name}" for name, kind, _, _ in LOSSES}
"""The class of each loss function."""


def resolve_optimizer(value: Value | None) -> Value | None:
    """The optimizer that a `compile` argument stands for: a string or a class becomes an object, the rest stays what it is."""
    if isinstance(value, Choice):
        return join(tuple(resolve_optimizer(one) or NONE for one in value.alternatives))
    if isinstance(value, Literal) and isinstance(value.value, str):
        name = OPTIMIZER_NAMES.get(value.value.lower())
        if name is None:
            return Unknown(f"Keras has no optimizer named {value.value!r:.40}", value.place)
        return Object(row_of(name), {}, {}, {}, value.value, value.place)
    if isinstance(value, Symbol):
        row = find(value.name)
        if row is not None and row.makes == "optimizer":
            return Object(row, {}, {}, {}, value.spelled, value.place)
    return value


def resolve_loss(value: Value | None) -> Value | None:
    """The loss that a `compile` argument stands for: an object for what the library has, else what the script gave."""
    if isinstance(value, Choice):
        return join(tuple(resolve_loss(one) or NONE for one in value.alternatives))
    if isinstance(value, Literal) and isinstance(value.value, str):
        row = find(LOSS_NAMES.get(value.value, ""))
        return Object(row, {}, {}, {}, value.value, value.place) if row is not None else value
    if isinstance(value, Symbol):
        row = _loss_row(value.name)
        return value if row is None else Object(row, {}, {}, {}, value.spelled, value.place)
    items = items_of(value) if isinstance(value, List | Tuple) else None
    if items is not None and value is not None:
        resolved = tuple(resolve_loss(one) or NONE for one in items)
        return resolved[0] if len(resolved) == 1 else List({"items": Tuple(resolved)}, value.place)
    if isinstance(value, Dict):
        return Dict({key: resolve_loss(one) or NONE for key, one in value.cells.items()}, value.place)
    return value


@function("keras.optimizers.get", "keras.losses.get")
def _get(call: Call) -> Value:
    """`keras.optimizers.get("adam")`, also of a dict with `class_name` and `config`."""
    given = call.argument(0, "identifier")
    resolve = resolve_optimizer if call.name.startswith("keras.optimizers") else resolve_loss
    if isinstance(given, Dict):
        name, config = given.cells.get("class_name"), given.cells.get("config")
        made = resolve(name)
        if isinstance(made, Object) and isinstance(config, Dict):
            keywords = {key: one for key, one in config.cells.items() if isinstance(key, str)}
            return make_object(call, made.row, Arguments((), keywords))
        return made or call.unknown("a training object that is not known")
    return resolve(given) or call.unknown("a training object that is not known")


def _loss_row(name: str) -> Row | None:
    """The row of a loss class, by the class or by its function."""
    row = find(name)
    if row is None or row.makes not in ("loss", "loss_function"):
        return None
    return row if row.makes == "loss" else find(CLASS_OF_KIND.get(row.kind, ""))


@model_method("compile")
def _compile(call: Call) -> Value:
    """`model.compile(optimizer, loss, metrics)`; arguments bind exactly as Python would bind them."""
    model = call.receiver
    if isinstance(model, Object | Instance):
        compile_model(call, model)
    return NONE


def compile_model(call: Call, model: Owner) -> None:
    """Remember what a model is compiled with, and record the event."""
    note_arguments(call)
    bound = _bound_compile(call)
    values = dict(bound.arguments)
    resolved: dict[str, Value | None] = {
        "optimizer": resolve_optimizer(values.get("optimizer", Literal("rmsprop"))),
        "loss": resolve_loss(values.get("loss")),
        "metrics": values.get("metrics"),
    }
    for name, value in resolved.items():
        if value is not None:
            call.interpreter.heap.write(model, name, value)
        else:
            call.interpreter.heap.delete(model, name)
    if "optimizer" in values and resolved["optimizer"] is not None:
        values["resolved_optimizer"] = resolved["optimizer"]
    if call.arguments.positional and "optimizer" in call.arguments.keywords:
        values["twice"] = call.arguments.positional[0]
    extra = {f"extra:{name}": value for name, value in bound.extra.items()}
    places = {(f"extra:{name}" if name in bound.extra else name): place for name, place in bound.places.items()}
    call.interpreter.emit("compile", call.place, places, model=model, **values, **extra)


def _bound_compile(call: Call) -> Bound:
    """The third positional argument was `metrics` until Keras 3 made it `loss_weights`: numbers tell which is meant."""
    bound = bind(row_of("keras.Model.compile"), call.arguments)
    if len(call.arguments.positional) < 3 or _numbers(call.arguments.positional[2]):
        return bound
    names = {"loss_weights": "metrics", "metrics": "loss_weights"}
    arguments = {names.get(name, name): value for name, value in bound.arguments.items()}
    arguments.update({name: bound.arguments[name] for name in names if name in call.arguments.keywords})
    return Bound(arguments, bound.extra, {names.get(name, name): place for name, place in bound.places.items()})


def _numbers(value: Value) -> bool:
    items = items_of(value)
    return bool(items) and all(isinstance(one, Literal) and isinstance(one.value, int | float) for one in items or ())


def loss_output(
    interpreter: Interpreter, loss: Value | None, target: Value, prediction: Value, place: Place | None
) -> Value | None:
    """What a loss of the script computes for a target and a prediction; None for a library's loss or what cannot be followed."""
    if isinstance(loss, Object) or loss is None or isinstance(loss, Literal | Unknown | Symbol | List | Dict | Choice):
        return None
    given = target if isinstance(loss, Instance) else _with_last_axis(target, prediction)
    result = interpreter.call(loss, Arguments((given, prediction), {}, (None, None)), place)
    return result if isinstance(result, Array) else None


def loss_outputs(
    interpreter: Interpreter, loss: Value | None, targets: Value, outputs: Value, place: Place | None
) -> Value | None:
    """What losses of the script compute for the outputs of a model with several (the others None); None where there are none."""
    names, found = names_of(outputs), []
    for index, prediction in enumerate(arrays_of(outputs)):
        target = part_of(targets, index, names, shared=False)
        own = part_of(loss, index, names, shared=True)
        found.append(None if target is None else loss_output(interpreter, own, target, prediction, place))
    return Tuple(tuple(one or NONE for one in found)) if any(found) else None


def _with_last_axis(target: Value, prediction: Value) -> Value:
    """A vector of targets as the column that Keras makes of it beside a column of predictions, for a function of the script."""
    if not isinstance(target, Array) or target.shape is None or len(target.shape) != 1 or target.symbolic:
        return target
    shape = shape_of(prediction)
    if shape is None or len(shape) != 2 or shape[1] != 1:
        return target
    data = None if target.data is None else target.data.reshape(-1, 1)
    return replace(target, op="expand_dims", inputs=(target,), attributes={"axis": -1}, shape=(*target.shape, 1), data=data)


@function(*(row.name for row in TRAINING_ROWS if row.makes in ("optimizer", "callback", "schedule")))
@function(*(row.name for row in LOSS_ROWS if row.makes in ("loss", "metric")))
def _make(call: Call) -> Value:
    """An optimizer, loss, callback, ...: an object, with a note of the era that its arguments tell."""
    assert call.row is not None
    note_arguments(call)
    return make_object(call, call.row, _without_ignored(call, call.row, _in_todays_order(call, call.row)))


def _without_ignored(call: Call, row: Row, arguments: Arguments) -> Arguments:
    """What is left of the arguments in the pinned release: Keras 2.11 to 2.15 took `lr=` and did not read it."""
    pinned = pinned_eras(call.interpreter)
    if not pinned or versions.LEGACY in call.spelled:
        return arguments
    ignored = {name for (makes, name), change in versions.IGNORED.items() if makes == row.makes and pinned <= change.eras}
    kept = {name: value for name, value in arguments.keywords.items() if name not in ignored}
    return arguments if len(kept) == len(arguments.keywords) else replace(arguments, keywords=kept)


def _in_todays_order(call: Call, row: Row) -> Arguments:
    """`SGD(0.01, 0.9, 1e-6, True)`: the positional order of old Keras, told by the era or by a number where a bool is due."""
    order = OLD_ORDERS.get(row.name.rpartition(".")[2]) if row.makes == "optimizer" and row.library == "keras" else None
    positional = call.arguments.positional
    if order is None or len(positional) < 3 or len(positional) > len(order):
        return call.arguments
    todays = [one for one in row.parameters if not one.keyword_only]
    mistaken = any(isinstance(one.default, bool) and is_number(given) for one, given in zip(todays, positional, strict=False))
    if not mistaken and not written_for_old_keras(call):
        return call.arguments
    call.interpreter.note_era("keras1|keras2", call.place)
    places = dict(call.arguments.keyword_places)
    places.update({name: one for name, one in zip(order, call.arguments.positional_places, strict=False) if one is not None})
    named = dict(zip(order, positional, strict=False))
    return Arguments((), {**named, **call.arguments.keywords}, (), places, call.arguments.complete)


def loss_array(call: Call, loss: Owner, target: Value, prediction: Value, places: Mapping[str, Place]) -> Array:
    """`Array(op="loss")` with inputs prediction, target, and the event "loss"."""
    reduction = passed(loss, "reduction")
    per_sample = isinstance(reduction, Literal) and reduction.value in ("none", None)
    shape = shape_of(prediction) if per_sample else ()
    if per_sample and shape:
        shape = shape[:-1]
    library = loss.row.library if loss.row is not None else "keras"
    output = Array(
        "loss", (prediction, target), {"loss": loss}, shape, "float32", library, symbolic=symbolic(prediction), place=call.place
    )
    call.interpreter.emit("loss", call.place, dict(places), loss=loss, output=output)
    return output


@method("keras.loss", "__call__")
def _call_loss(call: Call) -> Value:
    """`loss_fn(y_true, y_pred)`."""
    loss, target, prediction = call.receiver, call.argument(0, "y_true"), call.argument(1, "y_pred")
    if not isinstance(loss, Object | Instance) or target is None or prediction is None:
        return call.unknown("a loss that is called without a target and a prediction")
    if isinstance(loss, Instance):
        written = call.interpreter.attribute(loss, "call", call.place)
        return call.interpreter.call(written, call.arguments, call.place)
    return loss_array(call, loss, target, prediction, call.arguments.keyword_places)


@function(*(row.name for row in LOSS_ROWS if row.makes == "loss_function" and row.library == "keras"))
def _call_loss_function(call: Call) -> Value:
    """`keras.losses.mse(y_true, y_pred)`: the loss of each sample, not yet averaged over the batch."""
    row = call.row
    if row is None:
        return call.unknown("a loss that is not known")
    bound = bind(row, call.arguments)
    target, prediction = bound.arguments.get("y_true"), bound.arguments.get("y_pred")
    if target is None or prediction is None:
        return call.unknown("a loss that is called without a target and a prediction")
    rest = {name: value for name, value in bound.arguments.items() if name not in ("y_true", "y_pred")}
    made = Object(
        row_of(CLASS_OF_KIND[row.kind]), {**rest, "reduction": Literal("none")}, {}, {}, call.spelled, call.place, bound.places
    )
    return loss_array(call, made, target, prediction, bound.places)


_SETTINGS_OF_TENSORFLOW = {
    "softmax_cross_entropy": {"from_logits": Literal(True)},
    "sparse_softmax_cross_entropy": {"from_logits": Literal(True)},
    "sigmoid_cross_entropy": {"from_logits": Literal(True)},
    "log_loss": {"unclipped": Literal(True)},  # its epsilon is added before the logarithm
}


@function(*(row.name for row in LOSS_ROWS if row.makes == "loss_function" and row.library == "tensorflow"))
def _call_tensorflow_loss(call: Call) -> Value:
    """`tf.losses.sparse_softmax_cross_entropy(labels, logits)` of TensorFlow 1: the mean over the batch."""
    row = call.row
    if row is None:
        return call.unknown("a loss that is not known")
    bound = bind(row, call.arguments)
    names = [one.name for one in row.parameters[:2]]
    target, prediction = (bound.arguments.get(name) for name in names)
    if target is None or prediction is None:
        return call.unknown("a loss that is called without a target and a prediction")
    settings = _SETTINGS_OF_TENSORFLOW.get(row.name.rpartition(".")[2], {})
    made = Object(row_of(CLASS_OF_KIND[row.kind]), settings, {}, {}, call.spelled, call.place, bound.places)
    return loss_array(call, made, target, prediction, bound.places)


def note_method(call: Call) -> None:
    """Note the eras that have a method of that name (`fit_generator`, `predict_classes`)."""
    possible = eras.METHODS.get(call.name)
    if possible:
        call.interpreter.note_era(possible, call.place)
        note_spelling(call, None, call.name, call.receiver or NONE, call.place)
