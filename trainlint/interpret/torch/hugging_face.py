"""Accelerate and Transformers: what their helpers do to a training loop."""

from __future__ import annotations

from trainlint.core import Origin
from trainlint.interpret.dispatch import Call, attribute, method
from trainlint.interpret.events import Frame
from trainlint.interpret.torch.common import integer
from trainlint.interpret.values import NONE, Literal, Object, Tuple, Unknown, Value
from trainlint.knowledge import find

ACCELERATOR = "accelerator:accelerator"
TRAINER = "trainer:hub_trainer"


@method(ACCELERATOR, "prepare")
def _prepare(call: Call) -> Value:
    """`prepare(model, optimizer, loader)` gives them back, made fit for the devices."""
    given = call.arguments.positional
    return given[0] if len(given) == 1 else Tuple(given, call.place)


@method(
    ACCELERATOR,
    "prepare_model",
    "prepare_data_loader",
    "prepare_optimizer",
    "prepare_scheduler",
    "unwrap_model",
    "gather",
    "reduce",
)
def _itself(call: Call) -> Value:
    return call.argument(0) or NONE


@method(ACCELERATOR, "backward")
def _backward(call: Call) -> Value:
    call.interpreter.emit("backward", call.place, loss=call.argument(0, "loss") or NONE)
    return NONE


@method(ACCELERATOR, "clip_grad_norm_", "clip_grad_value_")
def _clip(call: Call) -> Value:
    by = "norm" if "norm" in call.name else "value"
    target = call.argument(0, "parameters") or call.unknown("parameters that are not passed")
    maximum = call.argument(1, "max_norm", "clip_value") or call.unknown("a threshold that is not passed")
    call.interpreter.emit("clip", call.place, target=target, maximum=maximum, by=Literal(by))
    return call.unknown("the norm of the gradients")


@method(ACCELERATOR, "accumulate", "autocast", "no_sync", "main_process_first", "local_main_process_first")
def _context(_call: Call) -> Value:
    return NONE


@method(ACCELERATOR, "print", "wait_for_everyone", "save_state", "load_state", "log", "init_trackers", "end_training")
def _nothing(_call: Call) -> Value:
    return NONE


@attribute(ACCELERATOR, "*")
def _state(call: Call) -> Value:
    return call.unknown(f"`{call.name}` of the accelerator")


@method(TRAINER, "train")
def _train(call: Call) -> Value:
    """The library's loop: AdamW with the rate of the `TrainingArguments`, cleared gradients, a step for each batch."""
    trainer = call.receiver
    if not isinstance(trainer, Object):
        return NONE
    settings = trainer.arguments.get("args")
    optimizer = _optimizer(call, trainer, settings)
    unknown = Unknown("the model computes its own loss inside of `Trainer`", trainer.place)
    loader = _loader(trainer, settings)
    epochs = _setting(settings, "num_train_epochs")
    count = (
        int(epochs.value)
        if isinstance(epochs, Literal) and isinstance(epochs.value, int | float) and abs(epochs.value) < 1e9
        else None
    )
    steps = integer(_setting(settings, "max_steps"))
    with (
        call.interpreter.frame(Frame("loop", trainer.place, "epoch", None if steps is not None and steps > 0 else count)),
        call.interpreter.frame(Frame("loop", call.place, "batch", None, loader)),
    ):
        call.interpreter.emit("zero_grad", call.place, target=optimizer)
        call.interpreter.emit("backward", call.place, loss=unknown)
        call.interpreter.emit("step", call.place, optimizer=optimizer)
    return NONE


def _setting(settings: Value | None, name: str) -> Value:
    """A training argument, passed or by default; Unknown if the arguments are not known."""
    if settings is None or (isinstance(settings, Literal) and settings.value is None):
        row = find("transformers.TrainingArguments")
        default = None if row is None else row.default(name)
    elif isinstance(settings, Object) and settings.row.kind == "training_arguments":
        if name in settings.arguments:
            return settings.arguments[name]
        default = settings.row.default(name)
    else:
        return Unknown(f"`{name}` of the training arguments is not known", getattr(settings, "place", None))
    known = isinstance(default, bool | int | float | str)
    return Literal(default, getattr(settings, "place", None), Origin.LIBRARY_DEFAULT) if known else NONE


def _optimizer(call: Call, trainer: Object, settings: Value | None) -> Value:
    """The optimizer that is passed in `optimizers`, else the AdamW of the training arguments."""
    given = trainer.arguments.get("optimizers")
    if isinstance(given, Tuple) and given.items and not (isinstance(given.items[0], Literal) and given.items[0].value is None):
        return given.items[0]
    chosen = _setting(settings, "optim")
    row = find("torch.optim.AdamW")
    if row is None or not (isinstance(chosen, Literal) and str(chosen.value).startswith("adamw")):
        return call.unknown("the optimizer that `optim=` names")
    arguments = {name: _setting(settings, name) for name in ("learning_rate", "weight_decay", "epsilon")}
    arguments["betas"] = Tuple((_setting(settings, "adam_beta1"), _setting(settings, "adam_beta2")))
    model = trainer.arguments.get("model")
    if isinstance(model, Unknown):
        arguments["params"] = model.taken("parameters", call.place)
    place = settings.place if isinstance(settings, Object) else trainer.place
    places = settings.argument_places if isinstance(settings, Object) else {}
    return Object(row, arguments, spelled="transformers.Trainer", place=place, argument_places=places)


def _loader(trainer: Object, settings: Value | None) -> Value:
    """The loader that the trainer makes of its data set."""
    row = find("torch.utils.data.DataLoader")
    size = _setting(settings, "per_device_train_batch_size")
    dataset = trainer.arguments.get("train_dataset", Unknown("no data set is passed", trainer.place))
    if row is None or not isinstance(size, Literal):
        return Unknown("the batches of `Trainer`", trainer.place)
    return Object(row, {"dataset": dataset, "batch_size": size}, spelled="transformers.Trainer", place=trainer.place)
