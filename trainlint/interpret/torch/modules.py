"""`torch.nn.Module`: calling one, and the methods every module has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from trainlint.core import Place
from trainlint.interpret.dispatch import (
    Arguments,
    Call,
    Handler,
    Interpreter,
    Iteration,
    attribute,
    function,
    iterates,
    method,
)
from trainlint.interpret.events import TRAINING, Frame
from trainlint.interpret.torch import networks
from trainlint.interpret.torch.common import (
    MODULE_BASES,
    MODULE_KINDS,
    Module,
    children,
    descendants,
    device_of,
    in_forward,
    is_module,
    keep_arguments,
    known_bool,
)
from trainlint.interpret.torch.parameters import every_parameter, state_of
from trainlint.interpret.values import (
    NONE,
    Array,
    BoundMethod,
    Function,
    Instance,
    List,
    Literal,
    Object,
    Partial,
    Symbol,
    Tuple,
    Unknown,
    Value,
)
from trainlint.knowledge.torch_training_rows import CLASS, PARAMETERS, STATE_DICT

MAXIMUM_APPLIED = 256


def module_method(*names: str) -> Callable[[Handler], Handler]:
    """Register a method of every kind of module."""

    def register(handler: Handler) -> Handler:
        for kind in MODULE_KINDS:
            method(kind, *names)(handler)
        return handler

    return register


def receiver(call: Call) -> Module:
    """The module whose method is called."""
    return call.receiver if isinstance(call.receiver, Object | Instance) else Object(PARAMETERS)


@module_method("__call__")
def call_module(call: Call) -> Value:
    """`model(x)`: the script's `forward`, or what the library's layer computes. The outermost one is a "forward" event."""
    module = receiver(call)
    if in_forward(call.interpreter.frames) or (module.row is not None and module.row.makes == "loss"):
        return run_module(call, module, call.arguments)
    with call.interpreter.frame(Frame("forward", call.place, over=module)):
        output = run_module(call, module, call.arguments)
    call.interpreter.emit("forward", call.place, model=module, output=output, inputs=Tuple(call.arguments.positional))
    return output


@module_method("forward")
def _library_forward(call: Call) -> Value:
    """`super().forward(x)` and `layer.forward(x)`."""
    return _library_call(call, receiver(call), call.arguments)


def run_module(call: Call, module: Value, arguments: Arguments) -> Value:
    """What a module gives for arguments, without an event."""
    if isinstance(module, Instance):
        forward = call.interpreter.attribute(module, "forward", call.place)
        if isinstance(forward, BoundMethod | Function | Partial):
            return call.interpreter.call(forward, arguments, call.place)
    if isinstance(module, Object | Instance) and is_module(module):
        return _library_call(call, module, arguments)
    return call.interpreter.call(module, arguments, call.place)


def _library_call(call: Call, module: Module, arguments: Arguments) -> Value:
    from trainlint.interpret.torch import containers, layers, losses

    row = module.row
    inner = replace(call, arguments=arguments, receiver=module, row=row)
    if row is None or row.name in MODULE_BASES:
        return call.unknown("a module without a forward method")
    if row.makes == "module":
        return containers.run_container(inner, module)
    if row.makes == "loss":
        return losses.apply_loss_object(inner, module)
    return layers.apply_layer(inner, module)


@module_method("__init__")
def _construct(call: Call) -> Value:
    """`super().__init__(...)` of a script's module or layer."""
    from trainlint.interpret.torch import containers

    module = call.receiver
    if isinstance(module, Instance) and module.row is not None:
        if module.row.makes == "module":
            containers.fill(call, module)
        elif module.row.name not in MODULE_BASES:
            keep_arguments(module, module.row, call.arguments)
    return NONE


@module_method("parameters", "named_parameters")
def _parameters(call: Call) -> Value:
    """`model.parameters()`: an Object of kind "parameters" whose cells hold the model and whether names come along."""
    named = Literal(call.name == "named_parameters")
    return Object(PARAMETERS, cells={"model": receiver(call), "named": named}, place=call.place)


@iterates(PARAMETERS.name)
def _each_parameter(_interpreter: Interpreter, value: Value, place: Place | None) -> Iteration:
    """One symbolic parameter stands for all of the model."""
    if not isinstance(value, Object):
        return Iteration((), False, None)
    parameter = every_parameter(value.cells.get("model", NONE), place)
    if known_bool(value.cells.get("named")):
        return Iteration((Tuple((Unknown("the name of a parameter", place), parameter)),), False, None)
    return Iteration((parameter,), False, None)


@method(PARAMETERS.name, "__iter__")
def _iter_parameters(call: Call) -> Value:
    return call.receiver or NONE


@module_method("children", "modules", "named_children", "named_modules")
def _modules(call: Call) -> Value:
    """The modules below; a pretrained network, or a container that is not known to its end, leaves the list open."""
    module = receiver(call)
    whole = networks.parts(module) if call.name.endswith("children") and isinstance(module, Object) else None
    found = whole or list(children(module) if call.name.endswith("children") else descendants(module))
    named = call.name.startswith("named")
    items: list[Value] = [Tuple((Literal(name), one)) if named else one for name, one in found]
    made = List({"items": Tuple(tuple(items), call.place)}, call.place)
    if whole is None and any(_is_opaque(one) for one in (module, *(one for _, one in found))):
        made.cells["open"] = Literal(True)
    return made


def _is_opaque(module: Module) -> bool:
    """Whether a module holds others that are not known."""
    return "open" in module.cells or (module.row is not None and module.row.makes == "model")


_PARTS = "features classifier head heads layer1 layer2 layer3 layer4 layers blocks encoder conv1 bn1 avgpool".split()  # noqa: SIM905


@attribute("torchvision.model", *_PARTS)
@attribute("timm.model", *_PARTS)
def _part_of_network(call: Call) -> Value:
    """`vgg.classifier`: a container of which nothing is known yet but what the script puts there."""
    part = networks.part(receiver(call), call.name)
    if part is None:
        return call.unknown("a part of a pretrained network")
    call.interpreter.heap.write(receiver(call), call.name, part)
    return part


@attribute("torchvision.model", "fc")
@attribute("timm.model", "fc")
def _last_layer(call: Call) -> Value:
    """The last layer as the library made it: the cell "as made" tells it from one that the script puts there."""
    layer = networks.last_layer(receiver(call), call.place)
    if layer is None:
        return call.unknown("the last layer of a pretrained network")
    call.interpreter.heap.write(receiver(call), "fc", layer)
    return layer


@module_method("buffers", "named_buffers")
def _buffers(call: Call) -> Value:
    return List({"items": Tuple(()), "open": Literal(True)}, call.place)


@module_method("get_submodule")
def _submodule(call: Call) -> Value:
    wanted = call.literal(0, "target")
    found = next((module for name, module in descendants(receiver(call)) if name == wanted), None)
    return call.unknown("a submodule that is not known") if found is None else found


_PRECISIONS = {"half": "float16", "bfloat16": "bfloat16", "float": "float32", "double": "float64"}


@module_method("half", "bfloat16", "float", "double")
def _precision(call: Call) -> Value:
    """`model.half()`: the cell "parameter_dtype" of the module holds the name of the type."""
    call.interpreter.heap.write(receiver(call), "parameter_dtype", Literal(_PRECISIONS[call.name], call.place))
    return receiver(call)


@module_method("to", "type", "to_empty")
def _to(call: Call) -> Value:
    for value in (*call.arguments.positional, *call.arguments.keywords.values()):
        name = value.name.rpartition(".")[2] if isinstance(value, Symbol) else ""
        name = _PRECISIONS.get(name, name)
        if name in _PRECISIONS.values():
            call.interpreter.heap.write(receiver(call), "parameter_dtype", Literal(name, call.place))
    device = device_of(call)
    if device is not None:
        call.interpreter.emit("moved", call.place, model=receiver(call), device=device)
    return receiver(call)


@module_method("cuda", "cpu")
def _to_device(call: Call) -> Value:
    call.interpreter.emit("moved", call.place, model=receiver(call), device=Literal(call.name, call.place))
    return receiver(call)


@module_method("xpu", "mps", "share_memory", "compile", "__enter__")
def _itself(call: Call) -> Value:
    return receiver(call)


@module_method("train", "eval")
def _mode(call: Call) -> Value:
    """`model.train(mode)`, `model.eval()`: a "mode" event; the cell "training" of the module and of all below it."""
    module = receiver(call)
    mode = call.argument(0, "mode")
    training: bool | None = False if call.name == "eval" else True if mode is None else call.interpreter.truth(mode)
    if training is None:
        value: Value = call.unknown("whether the model trains")
        name = value
    else:
        value, name = Literal(training, call.place, note=TRAINING), Literal("train" if training else "eval", call.place)
    for _, one in descendants(module):
        call.interpreter.heap.write(one, "training", value)
    call.interpreter.emit("mode", call.place, model=module, mode=name)
    return module


for _kind in MODULE_KINDS:

    @attribute(_kind, "training")
    def _training(call: Call) -> Value:
        """A module trains until it is told otherwise."""
        return Literal(True, call.place, note=TRAINING)

    @attribute(_kind, "__class__")
    def _class_of(call: Call) -> Value:
        """`m.__class__.__name__` of a layer (instances of the script's classes never ask)."""
        name = call.row.name.rpartition(".")[2] if call.row is not None else ""
        return Object(CLASS, cells={"__name__": Literal(name, call.place)}, place=call.place)

    @attribute(_kind, "module")
    def _unwrapped(call: Call) -> Value:
        """`model.module` of a `DataParallel`, which is the model itself here."""
        return receiver(call)


@module_method("zero_grad")
def _zero_grad(call: Call) -> Value:
    call.interpreter.emit("zero_grad", call.place, target=receiver(call))
    return NONE


method("keras.model", "zero_grad")(_zero_grad)  # with PyTorch as its backend a Keras model is a module
method("keras.model", "to", "cuda", "cpu")(_itself)
method("keras.model", "parameters", "named_parameters")(_parameters)


@module_method("requires_grad_")
def _requires_grad(call: Call) -> Value:
    set_module_trainable(call.interpreter, receiver(call), call.argument(0, "requires_grad") or Literal(True, call.place))
    return receiver(call)


FROZEN, MAXIMUM_FROZEN = ("torch", "frozen"), 64
"""The cell of the settings that holds the modules which the script froze, and how many of them are remembered."""


def set_module_trainable(interpreter: Interpreter, module: Module, value: Value) -> None:
    """Freeze or unfreeze a module: the cell "requires_grad" of it and of all below it, and of the parameters they hold."""
    if isinstance(value, Literal) and value.value is False:
        held = interpreter.settings.cells.get(FROZEN)
        frozen = held.items if isinstance(held, Tuple) else ()
        if len(frozen) < MAXIMUM_FROZEN and not any(one is module for one in frozen):
            interpreter.heap.write(interpreter.settings, FROZEN, Tuple((*frozen, module)))
    for _, one in descendants(module):
        interpreter.heap.write(one, "requires_grad", value)
        for cell in list(one.cells.values()):
            if isinstance(cell, Array) and cell.op == "parameter":
                interpreter.heap.write(state_of(cell), "requires_grad", value)


@module_method("state_dict")
def _state_dict(call: Call) -> Value:
    return Object(STATE_DICT, cells={"model": receiver(call)}, place=call.place)


@module_method("load_state_dict")
def _load_state_dict(call: Call) -> Value:
    weights = call.argument(0, "state_dict") or call.unknown("weights that are not passed")
    call.interpreter.emit("set_weights", call.place, target=receiver(call), weights=weights)
    return NONE


@module_method("add_module", "register_module", "register_parameter", "register_buffer")
def _register(call: Call) -> Value:
    name, module = call.literal(0, "name"), receiver(call)
    value = call.argument(1, "module", "param", "tensor")
    if isinstance(name, str) and value is not None:
        call.interpreter.heap.write(module, name, value)
    elif call.name in ("add_module", "register_module"):
        call.interpreter.heap.write(module, "open", Literal(True))  # under a name that is not known
    return NONE


@module_method("apply")
def _apply(call: Call) -> Value:
    """`model.apply(init_weights)`: the function is called with every module, children first."""
    chosen = call.argument(0, "fn")
    if chosen is not None:
        for _, one in list(reversed(list(descendants(receiver(call)))))[-MAXIMUM_APPLIED:]:
            call.interpreter.call(chosen, Arguments((one,)), call.place)
    return receiver(call)


@function(
    *("torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel", "torch.compile", "torch.jit.script"),
    "torch.distributed.fsdp.FullyShardedDataParallel",
)
def _wrapper(call: Call) -> Value:
    """A wrapper computes what its module computes: it is that module. Without one, `torch.compile(...)` is a decorator."""
    module = call.argument(0, "module", "model", "obj")
    if module is not None and "Parallel" in call.name:
        devices = call.argument(1, "device_ids") or NONE
        call.interpreter.emit("wrapped", call.place, model=module, by=Literal(call.name.rpartition(".")[2]), devices=devices)
    if module is None:
        return Partial(Symbol("torch.compile", call.spelled, call.place), place=call.place)
    return module
