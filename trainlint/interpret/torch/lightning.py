"""Lightning: `Trainer.fit` is a loop over epochs and batches around the module's `training_step`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from trainlint.core import Place
from trainlint.interpret import members
from trainlint.interpret.builtins import machine_of
from trainlint.interpret.configuration import NAMESPACE
from trainlint.interpret.dispatch import AT_END, Arguments, Call, Interpreter, method
from trainlint.interpret.events import Frame
from trainlint.interpret.interpreter import Machine
from trainlint.interpret.torch.common import integer, items_of
from trainlint.interpret.values import (
    NONE,
    OPEN,
    Array,
    Dict,
    Function,
    Instance,
    LibraryMethod,
    List,
    Literal,
    Object,
    Tuple,
    Unknown,
    Value,
    alternatives,
)
from trainlint.knowledge.torch_ecosystem_rows import LIGHTNING_MODULE

TRAINER = "trainer:lightning_trainer"
STEP, CONFIGURE, LOADER = "training_step", "configure_optimizers", "train_dataloader"
MAXIMUM_OPTIMIZERS = 4


def is_lightning(value: Value | None) -> bool:
    """Whether a value is a module that says how it is trained."""
    return isinstance(value, Instance) and all(members.find_in_class(value.cls, name) is not None for name in (STEP, CONFIGURE))


@method(TRAINER, "fit")
def _fit(call: Call) -> Value:
    """`trainer.fit(model, loader)`, `trainer.fit(model, datamodule=...)`, or with the module's own `train_dataloader`."""
    model, data = call.argument(0, "model"), call.argument(1, "train_dataloaders", "train_dataloader", "train_dataloader_")
    module = call.argument(3, "datamodule")
    for one in alternatives(model) if model is not None else ():
        if isinstance(one, Instance) and is_lightning(one):
            source = module if isinstance(module, Instance) else data if isinstance(data, Instance) else None
            epochs = call.receiver.arguments.get("max_epochs") if isinstance(call.receiver, Object) else None
            loader = _loader(call.interpreter, one, source, None if source is data else data, call.place)
            settings = call.receiver.arguments if isinstance(call.receiver, Object) else {}
            train(call.interpreter, one, loader, epochs, call.place, settings=settings)
    return NONE


def _loader(
    interpreter: Interpreter, model: Instance, source: Instance | None, loader: Value | None, place: Place | None
) -> Value:
    """The loader that is passed, the data module's, or the model's own."""
    if loader is not None and not (isinstance(loader, Literal) and loader.value is None):
        return loader
    for owner in (source, model):
        if owner is None:
            continue
        for name in ("prepare_data", "setup"):
            if members.find_in_class(owner.cls, name) is not None:
                arguments = Arguments((Literal("fit"),) if name == "setup" else ())
                interpreter.call(interpreter.attribute(owner, name, place), arguments, place)
        if members.find_in_class(owner.cls, LOADER) is not None:
            return interpreter.call(interpreter.attribute(owner, LOADER, place), Arguments(), place)
    return Unknown("the batches are not passed to `fit`", place)


def train(
    interpreter: Interpreter,
    model: Instance,
    loader: Value,
    epochs: Value | None,
    place: Place | None,
    *,
    settings: Mapping[str, Value] | None = None,
) -> None:
    """The events of one fit: for each batch and optimizer a training step, cleared gradients, a backward pass and a step."""
    maximum = (settings or {}).get("gradient_clip_val", NONE)
    by = (settings or {}).get("gradient_clip_algorithm", NONE)
    configured = interpreter.call(interpreter.attribute(model, CONFIGURE, place), Arguments(), place)
    optimizers, schedules = configured_parts(configured)
    interpreter.heap.write(model, "lightning optimizers", List({"items": Tuple(tuple(optimizers))}, place))
    passes = interpreter.iterate(loader, place)
    batch = passes.items[0] if passes.items else Unknown("a batch that is not known", place)
    automatic = interpreter.attribute(model, "automatic_optimization", place)
    given = not isinstance(automatic, LibraryMethod)  # else it is the base's own, which is true
    by_hand = given and interpreter.truth(automatic) is not True  # or may be
    with interpreter.frame(Frame("loop", place, "epoch", integer(epochs))):
        with interpreter.frame(Frame("loop", model.cls.place, "batch", passes.trips, loader)):
            for index, optimizer in enumerate(optimizers):
                step = _step(interpreter, model, batch, index if len(optimizers) > 1 else None, place)
                if by_hand:
                    break
                _take_step(interpreter, model, step, (optimizer, maximum, by), place)
            if by_hand:
                return
            _move(interpreter, [one for one in schedules if one.each == "step"], place)
        _move(interpreter, [one for one in schedules if one.each == "epoch"], place)


def _take_step(
    interpreter: Interpreter, model: Instance, step: Value, moved: tuple[Value, Value, Value], place: Place | None
) -> None:
    """The events behind a training step: cleared gradients, a backward pass, clipping and the optimizer's step."""
    optimizer, maximum, by = moved
    lost = isinstance(step, Dict) and "loss" not in step.cells and OPEN not in step.cells
    nothing = isinstance(step, Literal) and step.value is None
    where = getattr(members.find_in_class(model.cls, STEP), "place", None) if nothing else step.place
    if (lost or nothing) and where is not None:
        interpreter.emit("lossless", where, value=step)
    loss = _loss_of(step)
    where = loss.place or place
    interpreter.emit("zero_grad", where, target=optimizer)
    interpreter.emit("backward", where, loss=loss)
    if not (isinstance(maximum, Literal) and not maximum.value):
        kind = Literal("value" if isinstance(by, Literal) and by.value == "value" else "norm")
        interpreter.emit("clip", where, target=model, maximum=maximum, by=kind)
    interpreter.emit("step", where, optimizer=optimizer)


class Configured(NamedTuple):
    """A schedule, what moves it ("step" or "epoch", the default; "" if that is not known), and where that is said."""

    schedule: Value
    each: str
    place: Place | None


def _move(interpreter: Interpreter, schedules: list[Configured], place: Place | None) -> None:
    for one in schedules:
        monitored = Unknown("Lightning passes what it monitors", place)
        interpreter.emit("scheduler_step", one.place or place, schedule=one.schedule, metric=monitored)


def _step(interpreter: Interpreter, model: Instance, batch: Value, index: int | None, place: Place | None) -> Value:
    """`training_step(batch, batch_idx, optimizer_idx)` with as many of them as it takes."""
    function = members.find_in_class(model.cls, STEP)
    names = [one.name.value for one in function.node.params.params[1:]] if isinstance(function, Function) else []
    given: list[Value] = [batch, Unknown("the index of a batch", place), Literal(index) if index is not None else NONE]
    method_ = interpreter.attribute(model, STEP, place)
    return interpreter.call(method_, Arguments(tuple(given[: max(len(names), 1)])), place)


def configured_parts(configured: Value) -> tuple[list[Value], list[Configured]]:
    """Optimizers and schedules in what `configure_optimizers` gives: one, several, a dict, or two lists."""
    optimizers: list[Value] = []
    schedules: list[Configured] = []

    def take(value: Value, depth: int, each: str, place: Place | None) -> None:
        kind = value.row.makes if isinstance(value, Object | Instance) and value.row is not None else ""
        if kind == "schedule":
            schedules.append(Configured(value, each, place))
        elif isinstance(value, Dict) and depth < MAXIMUM_OPTIMIZERS:
            own = _interval(value) if "scheduler" in value.cells else each
            for key in ("optimizer", "lr_scheduler", "scheduler"):
                if key in value.cells:
                    take(value.cells[key], depth + 1, own, value.place)
        elif isinstance(value, Tuple | List) and depth < MAXIMUM_OPTIMIZERS:
            for one in (items_of(value) or ())[: 2 * MAXIMUM_OPTIMIZERS]:
                take(one, depth + 1, each, place)
        elif not isinstance(value, Literal) and len(optimizers) < MAXIMUM_OPTIMIZERS:
            optimizers.append(value)

    take(configured, 0, "epoch", None)
    return optimizers, schedules


def _interval(configuration: Dict) -> str:
    """What a schedule's configuration says moves it: every epoch unless it names the step; nothing else if not every time."""
    each, times = configuration.cells.get("interval"), configuration.cells.get("frequency")
    often = times is None or (isinstance(times, Literal) and times.value == 1)
    if OPEN in configuration.cells or not often:
        return ""
    return "epoch" if each is None else str(each.value) if isinstance(each, Literal) else ""


def _loss_of(step: Value) -> Value:
    """The loss that a training step returns: itself, or under the key "loss"."""
    found = step.cells.get("loss", NONE) if isinstance(step, Dict) else step
    arrays = [one for one in alternatives(found) if isinstance(one, Array)]
    if len(arrays) == 1:
        return arrays[0]
    return found if isinstance(found, Unknown) else Unknown("the loss that the training step returns is not known", step.place)


@method(LIGHTNING_MODULE, "save_hyperparameters")
def _hyperparameters(call: Call) -> Value:
    """`self.hparams` holds what the running `__init__` was called with."""
    if isinstance(call.receiver, Instance):
        scope = machine_of(call).activation.scope
        cells = {key: value for key, value in scope.cells.items() if value is not call.receiver}
        call.interpreter.heap.write(call.receiver, "hparams", Object(NAMESPACE, cells=cells, spelled="hparams", place=call.place))
    return NONE


@method(LIGHTNING_MODULE, "log", "log_dict")
def _log(_call: Call) -> Value:
    return NONE


@method(LIGHTNING_MODULE, "optimizers")
def _optimizers(call: Call) -> Value:
    held = call.receiver.cells.get("lightning optimizers") if isinstance(call.receiver, Instance) else None
    items = items_of(held) or ()
    return call.unknown("the optimizers of a module") if not items else items[0] if len(items) == 1 else Tuple(items, call.place)


@method(LIGHTNING_MODULE, "manual_backward")
def _manual_backward(call: Call) -> Value:
    call.interpreter.emit("backward", call.place, loss=call.argument(0, "loss") or NONE)
    return NONE


def train_unfitted(interpreter: Interpreter) -> None:
    """A file that only defines a module for others to fit: it is fitted once, with batches that are not known."""
    if not isinstance(interpreter, Machine):
        return
    for model in list(interpreter.instances.values()):
        if is_lightning(model) and "lightning optimizers" not in model.cells:
            place = model.cls.place
            with interpreter.frame(Frame("uncalled", place, model.cls.name)):
                loader = _loader(interpreter, model, None, None, place)
                train(interpreter, model, loader, None, place)


AT_END.append(train_unfitted)
