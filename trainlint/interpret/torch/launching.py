"""What stands around a training function: wrappers of modules, and processes that run functions."""

from __future__ import annotations

from trainlint.interpret.dispatch import Arguments, Call, function, make, method
from trainlint.interpret.torch.common import items_of
from trainlint.interpret.values import NONE, Dict, Literal, Object, Value
from trainlint.knowledge.torch_ecosystem_rows import PROCESS, PROCESSES, SPAWNERS, WRAPPERS


@function(*WRAPPERS)
def _wrapped(call: Call) -> Value:
    """A wrapped module computes what the module computes: it is that module."""
    return call.argument(0, "module", "model") or call.unknown("a module that is not passed")


@function("torch.nn.parallel.data_parallel")
def _applied(call: Call) -> Value:
    """`data_parallel(module, inputs)`: the module called with the inputs."""
    module, inputs = call.argument(0, "module"), call.argument(1, "inputs")
    if module is None or inputs is None:
        return call.unknown("a module that is not passed")
    return call.interpreter.call(module, Arguments(items_of(inputs) or (inputs,), {}, (call.place,)), call.place)


@function(*SPAWNERS)
def _spawn(call: Call) -> Value:
    """Every process calls `fn(rank, *args)`; one rank stands for all."""
    target, passed = call.argument(0, "fn"), call.argument(1, "args")
    given = items_of(passed)
    if target is None:
        return NONE
    rank = call.unknown("the rank of a process")
    arguments = Arguments((rank, *(given or ())), {}, (), {}, given is not None or passed is None)
    call.interpreter.call(target, arguments, call.place)
    return NONE


@function(*PROCESSES)
def _process(call: Call) -> Value:
    return make(call, PROCESS)


@method("process", "start", "run")
def _start(call: Call) -> Value:
    """`Process(target=train, args=(...)).start()`: the call of the target."""
    process = call.receiver
    target = process.arguments.get("target") if isinstance(process, Object) else None
    if not isinstance(process, Object) or target is None or (isinstance(target, Literal) and target.value is None):
        return NONE
    positional, named = items_of(process.arguments.get("args")), process.arguments.get("kwargs")
    keywords = {key: value for key, value in named.cells.items() if isinstance(key, str)} if isinstance(named, Dict) else {}
    complete = positional is not None or "args" not in process.arguments
    call.interpreter.call(target, Arguments(positional or (), keywords, (), {}, complete), call.place)
    return NONE


@method("process", "join", "terminate", "is_alive")
def _joined(_call: Call) -> Value:
    return NONE
