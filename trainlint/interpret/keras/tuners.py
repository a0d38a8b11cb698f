"""KerasTuner: a tuner builds the model of a function or `HyperModel` with settings that are not known, and fits it."""

from __future__ import annotations

from trainlint.interpret.dispatch import Arguments, Call, attribute, function, method
from trainlint.interpret.events import Frame
from trainlint.interpret.values import NONE, BoundMethod, Function, Instance, Object, Unknown, Value
from trainlint.knowledge.rows import Row

CLASSES = ("Hyperband", "RandomSearch", "BayesianOptimization", "GridSearch", "Sklearn")
TUNER = Row("keras_tuner.Tuner", "tuner", "tuner")
HYPERMODEL = Row("keras_tuner.HyperModel", "hypermodel", "hypermodel")


@function(
    *(f"{library}.{part}{name}" for library in ("keras_tuner", "kerastuner") for part in ("", "tuners.") for name in CLASSES)
)
def _tuner(call: Call) -> Value:
    """`kt.Hyperband(build, objective="val_loss")`."""
    builder = call.argument(0, "hypermodel") or NONE
    return Object(TUNER, cells={"builder": builder}, spelled=call.spelled, place=call.place)


@method("keras_tuner.tuner", "search")
def _search(call: Call) -> Value:
    """`tuner.search(x, y, epochs=5)`: builds and fits the model, again and again."""
    model = _built(call, call.receiver)
    if isinstance(model, Object | Instance):
        with call.interpreter.frame(Frame("search", call.place, call.name)):
            call.interpreter.call(call.interpreter.attribute(model, "fit", call.place), call.arguments, call.place)
    return NONE


@attribute("keras_tuner.tuner", "hypermodel")
def _hypermodel(call: Call) -> Value:
    held = call.receiver.cells if isinstance(call.receiver, Object) else {}
    return Object(HYPERMODEL, cells={"builder": held.get("builder", NONE)}, place=call.place)


@method("keras_tuner.hypermodel", "build")
def _build(call: Call) -> Value:
    """`tuner.hypermodel.build(best)`: a new model, which the script fits itself."""
    return _built(call, call.receiver) or call.unknown("the model of a tuner")


def _built(call: Call, holder: Value | None) -> Value | None:
    """What the function, or the `build` of the `HyperModel`, of a tuner gives for settings that are not known."""
    builder = holder.cells.get("builder") if isinstance(holder, Object) else None
    if isinstance(builder, Instance):
        builder = call.interpreter.attribute(builder, "build", call.place)
    if not isinstance(builder, Function | BoundMethod):
        return None
    return call.interpreter.call(builder, Arguments((Unknown("it is searched for", call.place),)), call.place)
