"""Optimizers, schedules, gradient scaling, clipping and backward passes: the events of a PyTorch training loop."""

from __future__ import annotations

from dataclasses import replace

from trainlint.core import Origin
from trainlint.interpret.dispatch import Arguments, Call, attribute, bind, function, make, method
from trainlint.interpret.torch.common import argument_of, items_of, keep_arguments
from trainlint.interpret.torch.parameters import gradient
from trainlint.interpret.values import (
    NONE,
    OPEN,
    Array,
    Choice,
    Dict,
    Instance,
    List,
    Literal,
    Object,
    Tuple,
    Unknown,
    Value,
    alternatives,
)
from trainlint.knowledge.rows import REQUIRED
from trainlint.knowledge.torch_ecosystem_rows import ROWS as ECOSYSTEM_ROWS
from trainlint.knowledge.torch_optimizer_rows import ROWS as OPTIMIZER_ROWS
from trainlint.knowledge.torch_training_rows import PARAMETER_GROUP, STATE_DICT

OPTIMIZER_KINDS = ("torch.optimizer", "torch.optim.Optimizer")
SCHEDULE_KINDS = ("torch.schedule", "transformers.schedule", "torch.optim.lr_scheduler.LRScheduler")


def _receiver(call: Call) -> Value:
    return call.receiver or NONE


def _step_optimizer(call: Call) -> Value:
    """`optimizer.step()`; a closure is entered first, as PyTorch does."""
    closure = call.argument(0, "closure") or (NONE if call.arguments.complete else call.unknown("the arguments of `step`"))
    result: Value = NONE
    if not (isinstance(closure, Literal) and closure.value is None):
        result = call.interpreter.call(closure, Arguments(), call.place)
    call.interpreter.emit("step", call.place, optimizer=_receiver(call), closure=closure)
    return result


def _zero_grad(call: Call) -> Value:
    call.interpreter.emit("zero_grad", call.place, target=_receiver(call))
    return NONE


def _groups(call: Call) -> Value:
    """`optimizer.param_groups`: one Object of kind "parameter_group" for each; made when first asked for."""
    optimizer = call.receiver
    if not isinstance(optimizer, Object | Instance):
        return call.unknown("the groups of an optimizer that is not known")
    groups = List({"items": Tuple(tuple(_initial_groups(optimizer)))}, call.place)
    call.interpreter.heap.write(optimizer, "param_groups", groups)
    return groups


def _initial_groups(optimizer: Object | Instance) -> list[Object]:
    given = argument_of(optimizer, "params")
    items = items_of(given)
    if items and all(isinstance(one, Dict) for one in items):
        return [_group(optimizer, one) for one in items]
    return [_group(optimizer, Dict({"params": given}) if given is not None else Dict())]


_NATIVE = {"learning_rate": "lr", "epsilon": "eps"}


def _group(optimizer: Object | Instance, given: Value) -> Object:
    """One group: what its dict says, the rest from the optimizer."""
    cells = dict(given.cells) if isinstance(given, Dict) else {}
    defaults = argument_of(optimizer, "defaults")  # of a script's own subclass of `Optimizer`
    if isinstance(defaults, Dict):
        cells = {**defaults.cells, **cells}
    for parameter in optimizer.row.parameters if optimizer.row is not None else ():
        value = argument_of(optimizer, parameter.name)
        if value is not None and parameter.name != "params":
            cells.setdefault(_NATIVE.get(parameter.name, parameter.name), value)
    return Object(PARAMETER_GROUP, {"optimizer": optimizer}, cells=cells, place=optimizer.place)


def _add_group(call: Call) -> Value:
    optimizer, given = call.receiver, call.argument(0, "param_group")
    groups = call.interpreter.attribute(_receiver(call), "param_groups", call.place)
    if isinstance(groups, List) and isinstance(optimizer, Object | Instance) and given is not None:
        items = items_of(groups) or ()
        call.interpreter.heap.write(groups, "items", Tuple((*items, _group(optimizer, given))))
    return NONE


@method("torch.optim.Optimizer", "__init__")
def _construct(call: Call) -> Value:
    """`super().__init__(params, defaults)` of a script's own optimizer."""
    if isinstance(call.receiver, Instance) and call.receiver.row is not None:
        keep_arguments(call.receiver, call.receiver.row, call.arguments)
    return NONE


@method("torch.optimizer", "__init__")
def _construct_known(call: Call) -> Value:
    """`super().__init__(params, lr=...)` of a script's subclass of a library's optimizer."""
    if isinstance(call.receiver, Instance) and call.receiver.row is not None:
        row = call.receiver.row
        keep_arguments(call.receiver, row, call.arguments)
        made = make(replace(call, name=row.name), row)
        call.interpreter.heap.write(call.receiver, "as a library's optimizer", made)
    return NONE


def _state_dict(call: Call) -> Value:
    return Object(STATE_DICT, cells={"model": _receiver(call)}, place=call.place)


def _load_state_dict(call: Call) -> Value:
    weights = call.argument(0, "state_dict") or call.unknown("a state that is not passed")
    call.interpreter.emit("set_weights", call.place, target=_receiver(call), weights=weights)
    return NONE


for _kind in OPTIMIZER_KINDS:
    method(_kind, "step")(_step_optimizer)
    method(_kind, "zero_grad")(_zero_grad)
    method(_kind, "add_param_group")(_add_group)
    attribute(_kind, "param_groups")(_groups)
for _kind in (*OPTIMIZER_KINDS, *SCHEDULE_KINDS, "object:grad_scaler"):
    method(_kind, "state_dict")(_state_dict)
    method(_kind, "load_state_dict")(_load_state_dict)


@method(PARAMETER_GROUP.name, "__getitem__", "get")
def _group_item(call: Call) -> Value:
    group, key = call.receiver, call.literal(0)
    value = group.cells.get(key) if isinstance(group, Object) and isinstance(key, str) else None
    if value is None:
        value = call.argument(1) if call.name == "get" else None
    return call.unknown("an entry of a parameter group") if value is None else value


@method(PARAMETER_GROUP.name, "__setitem__")
def _set_group_item(call: Call) -> Value:
    """`optimizer.param_groups[0]["lr"] = x`: a "set_learning_rate" event."""
    group, key, value = call.receiver, call.literal(0), call.argument(1)
    if isinstance(group, Object) and isinstance(key, str) and value is not None:
        call.interpreter.heap.write(group, key, value)
        if key == "lr":
            optimizer = group.arguments.get("optimizer", NONE)
            call.interpreter.emit("set_learning_rate", call.place, optimizer=optimizer, learning_rate=value)
    return NONE


@method(PARAMETER_GROUP.name, "update", "setdefault")
def _update_group(call: Call) -> Value:
    changes = call.argument(0)
    rate = call.arguments.keywords.get("lr", changes.cells.get("lr") if isinstance(changes, Dict) else None)
    if call.name == "update" and rate is not None:
        return _set_group_item(replace(call, arguments=Arguments((Literal("lr"), rate))))
    return NONE


@function(*(row.name for row in (*OPTIMIZER_ROWS, *ECOSYSTEM_ROWS) if row.makes == "schedule"))
def _make_schedule(call: Call) -> Value:
    """A schedule: a "schedule" event ties it to its optimizer, whether or not it is stepped later."""
    assert call.row is not None
    schedule = make(call, call.row)
    optimizer = schedule.arguments.get("optimizer")
    decides = schedule.arguments.get("lr_lambda")
    first = (items_of(decides) or (decides,))[0] if decides is not None else None
    if schedule.row.kind == "lambda" and first is not None:
        schedule.cells["first_factor"] = call.interpreter.call(first, Arguments((Literal(0, call.place),)), call.place)
    if optimizer is not None:
        call.interpreter.emit("schedule", call.place, schedule=schedule, optimizer=optimizer)
    return schedule


def _step_schedule(call: Call) -> Value:
    metric = call.argument(0, "metrics", "epoch") or NONE
    call.interpreter.emit("scheduler_step", call.place, schedule=_receiver(call), metric=metric)
    return NONE


def _last_rates(call: Call) -> Value:
    rate = call.unknown("the learning rate that a schedule has reached")
    return List({"items": Tuple((rate,)), "open": Literal(True)}, call.place)


for _kind in SCHEDULE_KINDS:
    method(_kind, "step")(_step_schedule)
    method(_kind, "get_last_lr", "get_lr")(_last_rates)


@method("array", "backward")
@method("unknown", "backward")
def _backward(call: Call) -> Value:
    """`loss.backward()`. A loss that could not be followed is one all the same: only losses have this method."""
    kept = call.argument(1, "retain_graph")
    kept = call.argument(2, "create_graph") if kept is None or kept is NONE else kept
    kept = kept or (Literal(False) if call.arguments.complete else call.unknown("the arguments of `backward`"))
    gradient = call.argument(0, "gradient")
    if gradient is None or (isinstance(gradient, Literal) and gradient.value is None):
        call.interpreter.emit("backward", call.place, loss=_receiver(call), retained=kept)
    else:
        call.interpreter.emit("backward", call.place, loss=_receiver(call), retained=kept, gradient=gradient)
    return NONE


@method("unknown", "zero_grad")
def _zero_unknown(call: Call) -> Value:
    return _zero_grad(call)


@method("unknown", "step")
def _step_unknown(call: Call) -> Value:
    """`x.step()` without arguments, where x is not known: an optimizer or a schedule ("maybe_step")."""
    if not call.arguments.positional and call.arguments.complete:
        call.interpreter.emit("maybe_step", call.place, receiver=_receiver(call))
    return call.unknown(call.receiver.why if isinstance(call.receiver, Unknown) else "a step of something that is not known")


@method("unknown", "train", "eval")
def _mode_unknown(call: Call) -> Value:
    if not call.arguments.positional and call.arguments.complete:
        call.interpreter.emit("mode", call.place, model=_receiver(call), mode=Literal(call.name, call.place))
    return _receiver(call)


@function("torch.autograd.backward")
def _autograd_backward(call: Call) -> Value:
    tensors = call.argument(0, "tensors")
    for loss in items_of(tensors) or (() if tensors is None else (tensors,)):
        call.interpreter.emit("backward", call.place, loss=loss)
    return NONE


@function("torch.autograd.grad")
def _autograd_grad(call: Call) -> Value:
    """`torch.autograd.grad(loss, [w, b])`: a backward pass whose gradients are returned."""
    loss, inputs = call.argument(0, "outputs"), call.argument(1, "inputs")
    if loss is None or inputs is None:
        return call.unknown("gradients of something that is not passed")
    call.interpreter.emit("backward", call.place, loss=loss, returned=inputs)
    if isinstance(inputs, Array):
        return Tuple((gradient(inputs, call.place, loss),), call.place)
    found = call.interpreter.iterate(inputs, call.place)
    gradients = tuple(
        gradient(one, call.place, loss) if isinstance(one, Array) else call.unknown("a gradient") for one in found.items
    )
    if found.exhaustive:
        return Tuple(gradients, call.place)
    return List({"items": Tuple(gradients), "open": Literal(True)}, call.place)


@function("torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_value_")
def _clip(call: Call) -> Value:
    assert call.row is not None
    bound = bind(call.row, call.arguments)
    by = "norm" if "norm" in call.row.name else "value"
    target = bound.arguments.get("parameters", call.unknown("parameters that are not passed"))
    maximum = bound.arguments.get("maximum", call.unknown("a threshold that is not passed"))
    call.interpreter.emit("clip", call.place, bound.places, target=target, maximum=maximum, by=Literal(by))
    return call.unknown("the norm of the gradients") if by == "norm" else NONE


@method("object:grad_scaler", "scale")
def _scale(call: Call) -> Value:
    """`scaler.scale(loss)`: the loss times a factor that `step` divides out again."""
    loss = call.argument(0, "outputs")
    if isinstance(loss, Choice):
        loss = next((one for one in alternatives(loss) if isinstance(one, Array)), loss)
    if not isinstance(loss, Array):
        return loss or NONE
    call.interpreter.emit("scale", call.place, loss=loss, scaler=_receiver(call))
    attributes = {"scaler": call.receiver}
    return Array("scaled", (loss,), attributes, loss.shape, loss.dtype, "torch", symbolic=loss.symbolic, place=call.place)


@method("object:grad_scaler", "unscale_")
def _unscale(call: Call) -> Value:
    optimizer = call.argument(0, "optimizer") or call.unknown("an optimizer that is not passed")
    call.interpreter.emit("unscale", call.place, optimizer=optimizer, scaler=_receiver(call))
    return NONE


@method("object:grad_scaler", "step")
def _scaler_step(call: Call) -> Value:
    optimizer = call.argument(0, "optimizer") or call.unknown("an optimizer that is not passed")
    call.interpreter.emit("step", call.place, optimizer=optimizer, scaler=_receiver(call))
    return NONE


@method("object:grad_scaler", "update")
def _scaler_update(call: Call) -> Value:
    call.interpreter.emit("scaler_update", call.place, scaler=_receiver(call))
    return NONE


@method("context", "__call__")
def _decorate(call: Call) -> Value:
    """`torch.no_grad()(function)`."""
    return call.argument(0) or NONE


@function("torch.optim.swa_utils.AveragedModel")
def _averaged(call: Call) -> Value:
    """A copy of the model whose weights are means; it computes what the model computes."""
    return call.argument(0, "model") or call.unknown("a model that is not passed")


_HARMLESS = (
    "cuda.set_device",
    "cuda.empty_cache",
    "cuda.synchronize",
    "set_num_threads",
    "set_default_dtype",
)


@function(*(f"torch.{name}" for name in _HARMLESS))
def _harmless(_call: Call) -> Value:
    """Nothing that a training run is judged by."""
    return NONE


@function("torch.device")
def _device(call: Call) -> Value:
    """`torch.device("cuda")`: its name; a choice of names where a test decides."""
    name = call.argument(0, "type", "device")
    known = name is not None and all(isinstance(one, Literal) for one in alternatives(name))
    return name if name is not None and known else call.unknown("a device that is chosen while the script runs")


@attribute("torch.optimizer", "defaults")
def _defaults(call: Call) -> Value:
    """`optimizer.defaults`: a dict by PyTorch's names."""
    optimizer = call.receiver
    made = Dict({}, call.place)
    if isinstance(optimizer, Object) and call.row is not None:
        for parameter in call.row.parameters:
            default = call.row.default(parameter.name)
            value = optimizer.arguments.get(parameter.name)
            if value is None and default is not REQUIRED and isinstance(default, bool | int | float | str):
                value = Literal(default, call.place, Origin.LIBRARY_DEFAULT)
            if value is not None and parameter.name != "params":
                made.cells[_NATIVE.get(parameter.name, parameter.name)] = value
    made.cells[OPEN] = Literal(True)
    return made


@function("torch.save")
def _save(call: Call) -> Value:
    """`torch.save(state, path)`."""
    value = call.argument(0, "obj")
    if value is not None:
        call.interpreter.emit("saved", call.place, value=value)
    return NONE
