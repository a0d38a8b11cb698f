"""`fit` and its relatives: one event for each, with what the model was compiled with and the model applied to its data."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from trainlint.interpret import arrays
from trainlint.interpret.arrays.preparation import label_classes
from trainlint.interpret.dispatch import Call, Iteration, attribute, bind, function, method
from trainlint.interpret.events import Frame
from trainlint.interpret.keras.common import (
    Owner,
    is_model,
    items_of,
    listed,
    model_method,
    note_arguments,
    row_of,
    shape_of,
)
from trainlint.interpret.keras.compiling import compile_model, loss_output, loss_outputs, note_method
from trainlint.interpret.keras.models import WHY, apply_model, input_shape
from trainlint.interpret.keras.outputs import arrays_of
from trainlint.interpret.keras.stateless import training_state
from trainlint.interpret.values import (
    NONE,
    Array,
    BoundMethod,
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
)
from trainlint.knowledge.rows import Row

HISTORY = Row("keras.callbacks.History", "object", "history")
RECORDED = Row("keras.callbacks.History.history", "object", "recorded")
UNKNOWN_MODEL = Row("keras.Model", "model", "unknown")
_FIT = "keras.Model.fit"
_KERAS_ONLY = frozenset(
    {
        *("epochs", "nb_epoch", "batch_size", "validation_data", "validation_split", "callbacks", "steps_per_epoch", "verbose"),
        *("shuffle", "initial_epoch"),
    }
)
"""Arguments of `fit` that tell a Keras model whose origin is not known from other things that can be fitted."""


@model_method("fit", "fit_generator", "train_on_batch")
def _fit(call: Call) -> Value:
    """`model.fit(x, y, batch_size=..., epochs=...)`."""
    model = call.receiver
    if not isinstance(model, Object | Instance):
        return call.unknown("a fit of something that is not known")
    return fit_model(call, model)


def fit_model(call: Call, model: Owner) -> Value:
    """Record a fit; gives the History."""
    note_arguments(call)
    note_method(call)
    bound = bind(row_of(f"keras.Model.{call.name}"), call.arguments)
    values = dict(bound.arguments)
    x, y, others = _data(call, values)
    held_back = values.get("validation_data")
    if isinstance(held_back, Object):
        pair = _first_batch(call, held_back)
        values |= {} if pair is None else {"validation_batch": Tuple(tuple(pair.items[:2]))}
    batch = items_of(values.get("batch"))
    given = batch[0] if batch is not None and _is_input(batch[0]) else _as_input(call, model, x)
    given, y = (_only_entry(model, given) or given, _only_entry(model, y))
    with call.interpreter.frame(Frame("fit", call.place, over=model)):
        output = apply_model(call.interpreter, model, given, call.place)
        if y is not None:
            values["y"] = y
        if x is not None:
            values["x"] = x
        values["output"] = output if isinstance(output, Array | Tuple | List | Dict) else _unknown_output(given, output)
        for name in ("optimizer", "loss", "metrics"):
            compiled = model.cells.get(name)
            if compiled is not None:
                values[name] = compiled
        several = bool(arrays_of(values["output"]))
        compute = loss_outputs if several else loss_output
        written = compute(call.interpreter, values.get("loss"), y or call.unknown("the target"), values["output"], call.place)
    if written is not None:
        values["loss_outputs" if several else "loss_output"] = written
    extra = {f"extra:{name}": value for name, value in bound.extra.items()}
    values["method"] = Literal(call.name)
    call.interpreter.emit("fit", call.place, bound.places, model=model, **values, **extra)
    _own_train_step(call, model, given, y, others)
    complete = Literal(call.arguments.complete)
    history = Object(HISTORY, {}, {}, {"model": model, "complete": complete}, place=call.place)
    if isinstance(model, Object) and call.name != "train_on_batch":
        call.interpreter.heap.write(model, "history", history)
    return history


@attribute(HISTORY.name, "history")
def _recorded(call: Call) -> Value:
    """`history.history`: a dict of what `fit` recorded."""
    return Object(RECORDED, {}, {}, {"fit": call.receiver or NONE}, place=call.place)


@method(RECORDED.name, "__getitem__")
def _recorded_entry(call: Call) -> Value:
    fit, key = call.receiver, call.argument(0)
    if isinstance(fit, Object) and isinstance(key, Literal):
        call.interpreter.emit("history_read", call.place, fit=fit.cells.get("fit", NONE), key=key)
    return call.unknown("what was recorded during the training")


def _unknown_output(given: Value, output: Value) -> Array:
    why = output.why if isinstance(output, Unknown) else "the model differs between branches"
    return Array("unknown", (given,), {"why": why}, symbolic=True, library="keras", place=output.place)


def _data(call: Call, values: dict[str, Value]) -> tuple[Value | None, Value | None, tuple[Value, ...]]:
    """X, y and what else a batch holds, as arrays where they are.

    Lists of numbers become arrays, a data set or generator gives its batches.
    """
    x = values.get("x", values.get("generator"))
    y = values.get("y")
    y = None if isinstance(y, Literal) and y.value is None else y
    x, y = _as_array(call, x), _as_array(call, y)
    if y is None and x is not None and not isinstance(x, Array | Unknown | Literal):
        pair = _first_batch(call, x)
        if pair is not None:
            values["batch"] = Tuple(tuple(pair.items[:2]))
            counted = x.cells.get("batches") if isinstance(x, Object) else None
            if pair.trips is not None:
                values["batches"] = Literal(pair.trips, call.place)
            elif counted is not None:
                values["batches"] = counted
            return x, pair.items[1], tuple(pair.items[2:])
    return x, y, ()


def _as_array(call: Call, value: Value | None) -> Value | None:
    """Lists of numbers are arrays to Keras; a list of arrays stays a list of inputs."""
    if not isinstance(value, List | Tuple):
        return value
    items = items_of(value)
    if items and any(isinstance(one, Array) for one in items):
        return value
    return arrays.as_array(value, value.place or call.place) or value


def _first_batch(call: Call, data: Value) -> Iteration | None:
    """The inputs, targets and weights of one batch of a data set or generator, and how many there are; None if not known.

    A batch that is one array or nothing known is the inputs; what the targets are is then not known.
    """
    if isinstance(data, List | Tuple | Dict):
        return None
    found = call.interpreter.iterate(data, call.place)
    first = found.items[0] if found.items else None
    parts = items_of(first) if isinstance(first, Tuple | List) else None
    if parts is not None and len(parts) in (2, 3):
        return Iteration(parts, False, found.trips)
    if isinstance(first, Array):
        return Iteration((first, call.unknown("the targets are not told apart from the inputs")), False, found.trips)
    return None


def _as_input(call: Call, model: Owner, x: Value | None) -> Value:
    """What the model is applied to: the arrays themselves, a batch of a data set, or data of which only the source is known."""
    if isinstance(x, Array):
        return x
    if isinstance(x, List | Tuple):
        items = items_of(x)
        if items and len(items) > 1 and all(isinstance(one, Array) for one in items):
            return x
        if items and len(items) == 1:
            return items[0]
    if isinstance(x, Dict) and items_of(x) and all(isinstance(one, Array) for one in listed(x)):
        return x
    inputs = listed(model.cells.get("inputs"))
    if len(inputs) > 1:
        return Tuple(tuple(_source(call, x, shape_of(one)) for one in inputs), call.place)
    return _source(call, x, input_shape(model))


def _only_entry(model: Owner, value: Value | None) -> Value | None:
    """The one array of a dict, which is what a library's model with one input or output takes it for; else the value itself."""
    items = items_of(value) if isinstance(value, Dict) else None
    return items[0] if items is not None and len(items) == 1 and isinstance(model, Object) else value


def _is_input(value: Value) -> bool:
    """Whether a model can be applied to the value: an array, or several."""
    return isinstance(value, Array) or items_of(value) is not None


def _source(call: Call, x: Value | None, shape: Shape | None) -> Array:
    source = x if x is not None else call.unknown("the data are not given")
    return Array("data", (), {"source": source}, shape, None, "keras", place=x.place if x is not None else call.place)


def _own_train_step(call: Call, model: Owner, given: Value, y: Value | None, others: tuple[Value, ...]) -> None:
    """A model with its own `train_step` is entered once, as one of the steps of `fit`."""
    if not isinstance(model, Instance):
        return
    step = call.interpreter.attribute(model, "train_step", call.place)
    if isinstance(step, BoundMethod | Function):
        target = y if y is not None else call.unknown("the target")
        data = Tuple((given, target, *others), call.place)
        written = step.function if isinstance(step, BoundMethod) else step
        before = training_state(call, model, written) if isinstance(written, Function) else ()
        with call.interpreter.frame(Frame("loop", call.place, "fit")):
            call.interpreter.call(
                step, replace(call.arguments, positional=(*before, data), keywords={}, positional_places=()), call.place
            )


@model_method("evaluate", "evaluate_generator", "test_on_batch")
def _evaluate(call: Call) -> Value:
    note_method(call)
    _emit_use(call, "evaluate")
    return call.unknown("a score of the model")


@model_method("predict", "predict_generator", "predict_on_batch", "predict_classes", "predict_proba")
def _predict(call: Call) -> Value:
    """`model.predict(x)`: the model's output, cut from the graph."""
    note_method(call)
    given = _emit_use(call, "predict")
    model = call.receiver
    if not isinstance(model, Object | Instance) or given is None:
        return call.unknown("a prediction")
    with call.interpreter.frame(Frame("fit", call.place, over=model)):
        output = apply_model(call.interpreter, model, _as_input(call, model, given), call.place)
    if not isinstance(output, Array) or call.name == "predict_classes":
        return call.unknown("a prediction of the model")
    return replace(output, detached=True, library="numpy", place=call.place)


def _emit_use(call: Call, kind: str) -> Value | None:
    """The event of an evaluation or prediction; gives its x."""
    model = call.receiver
    row = row_of(f"keras.Model.{call.name}") if call.name != "test_on_batch" else row_of("keras.Model.test_on_batch")
    bound = bind(row, call.arguments)
    values = dict(bound.arguments)
    if "generator" in values:
        values["x"] = values.pop("generator")
    if "x" in values:
        values["x"] = _as_array(call, values["x"]) or values["x"]
    if isinstance(model, Object | Instance):
        call.interpreter.emit(kind, call.place, bound.places, model=model, method=Literal(call.name), **values)
    return values.get("x")


@method("unknown", "compile", "fit", "fit_generator", "train_on_batch")
def _unknown_model(call: Call) -> Value:
    """A model that comes from somewhere unknown (a parameter of a function): its compile and fit still say much."""
    why = call.receiver.why if isinstance(call.receiver, Unknown) else ""
    used = set(call.arguments.keywords)
    if call.name == "compile":
        if not used & {"optimizer", "loss"}:
            return call.unknown(why)
    elif call.name == "fit" and (not used & _KERAS_ONLY or any(row_of(_FIT).parameter(one) is None for one in used)):
        return call.unknown(why)  # nothing of Keras, or another library's `fit` with arguments of its own
    key = ("keras", "unknown model", why)
    model = call.interpreter.settings.cells.get(key)
    if not isinstance(model, Object):
        model = Object(UNKNOWN_MODEL, cells={} if call.receiver is None else {WHY: call.receiver}, place=call.place)
        call.interpreter.heap.write(call.interpreter.settings, key, model)
    if call.name == "compile":
        compile_model(call, model)
        return NONE
    return fit_model(call, model)


@function("keras.wrappers.scikit_learn.KerasClassifier", "keras.wrappers.scikit_learn.KerasRegressor")
def _wrapper(call: Call) -> Value:
    """`KerasClassifier(build_fn=make_model, epochs=10)`: keeps what `fit` will be called with."""
    build = call.argument(0, "build_fn", "model")
    rest = {name: value for name, value in call.arguments.keywords.items() if name not in ("build_fn", "model")}
    cells: dict[Hashable, Value] = {("parameter", name): value for name, value in rest.items()}
    return Object(call.row or UNKNOWN_MODEL, {} if build is None else {"build_fn": build}, {}, cells, call.spelled, call.place)


@method("keras.wrapper", "fit")
def _fit_wrapper(call: Call) -> Value:
    """Build the model with the wrapped function and fit it."""
    wrapper = call.receiver
    build = wrapper.arguments.get("build_fn") if isinstance(wrapper, Object) else None
    if not isinstance(wrapper, Object) or build is None:
        return call.unknown("a wrapped model")
    given = {key[1]: value for key, value in wrapper.cells.items() if isinstance(key, tuple) and key[0] == "parameter"}
    own = {name for name in given if name in _KERAS_ONLY}
    model = build
    if not is_model(build):
        keywords = {name: value for name, value in given.items() if name not in own and "__" not in name}
        model = call.interpreter.call(build, replace(call.arguments, positional=(), keywords=keywords), call.place)
    if not isinstance(model, Object | Instance) or not is_model(model):
        return call.unknown("a wrapped model that could not be built")
    keywords = {**{name: given[name] for name in own}, **call.arguments.keywords}
    given_data = call.arguments.positional
    if len(given_data) > 1:
        targets = _encoded(model, given_data[1]) if wrapper.row.kind == "classifier" else _measured(given_data[1])
        given_data = (given_data[0], targets, *given_data[2:])
    arguments = replace(call.arguments, positional=given_data, keywords=keywords)
    fit_model(replace(call, arguments=arguments, receiver=model), model)
    return wrapper


def _measured(targets: Value) -> Value:
    """The targets of a regressor are real numbers, whatever file they come from."""
    if not isinstance(targets, Array) or targets.data is not None or "labels" in targets.attributes:
        return targets
    return replace(targets, attributes={**targets.attributes, "labels": "continuous"})


def _encoded(model: Owner, labels: Value) -> Value:
    """Class numbers become rows with a single 1 if the loss is the categorical cross-entropy: the wrapper sees to that."""
    loss = model.cells.get("loss")
    named = loss.value if isinstance(loss, Literal) else loss.row.kind if isinstance(loss, Object) else ""
    given = arrays.as_array(labels, labels.place)
    if named != "categorical_crossentropy" or given is None or (given.shape is not None and len(given.shape) != 1):
        return labels
    return arrays.operate("one_hot", (given,), {"classes": label_classes(given), "dtype": "float32"}, labels.place, "numpy")


@model_method("zero_grad")
def _zero_grad(call: Call) -> Value:
    """`model.zero_grad()`: on the PyTorch backend a Keras model is a `torch.nn.Module` too."""
    call.interpreter.emit("zero_grad", call.place, target=call.receiver or NONE)
    return NONE
