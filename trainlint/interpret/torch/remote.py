"""`torch.distributed.rpc` and distributed autograd: what is done on another machine is done all the same."""

from __future__ import annotations

from collections.abc import Mapping

from trainlint.interpret.dispatch import Arguments, Call, function, method
from trainlint.interpret.torch.common import items_of
from trainlint.interpret.values import NONE, Dict, Literal, Object, Tuple, Value
from trainlint.knowledge.rows import Row

REFERENCE = Row("torch.distributed.rpc.RRef", "remote_reference", "remote_reference")
PROXY = Row("torch.distributed.rpc.RRef.rpc_sync", "remote_proxy", "remote_proxy")
FUTURE = Row("torch.futures.Future", "future", "future")


def _held(call: Call) -> Value:
    """What a reference, a proxy or a future stands for."""
    value = call.receiver.cells.get("value") if isinstance(call.receiver, Object) else None
    return call.unknown("a value on another worker") if value is None else value


def _reference(value: Value, call: Call) -> Object:
    return Object(REFERENCE, cells={"value": value}, spelled="RRef", place=call.place)


def _future(value: Value, call: Call) -> Object:
    return Object(FUTURE, cells={"value": value}, spelled="Future", place=call.place)


def _run(call: Call) -> Value:
    """The call that a worker is asked for: `rpc_sync(to, func, args=(...), kwargs={...})`."""
    target, given, named = call.argument(1, "func"), call.argument(2, "args"), call.argument(3, "kwargs")
    if target is None:
        return call.unknown("a call on another worker that is not known")
    passed = items_of(given)
    keywords: Mapping[object, Value] = named.cells if isinstance(named, Dict) else {}
    complete = passed is not None or given is None
    arguments = Arguments(passed or (), {str(key): one for key, one in keywords.items()}, (), {}, complete)
    return call.interpreter.call(target, arguments, call.place)


@function("torch.distributed.rpc.RRef")
def _make_reference(call: Call) -> Value:
    return _reference(call.argument(0, "value") or NONE, call)


@function("torch.distributed.rpc.rpc_sync")
def _call_now(call: Call) -> Value:
    return _run(call)


@function("torch.distributed.rpc.rpc_async")
def _call_later(call: Call) -> Value:
    return _future(_run(call), call)


@function("torch.distributed.rpc.remote")
def _call_there(call: Call) -> Value:
    return _reference(_run(call), call)


@method("remote_reference", "local_value", "to_here")
@method("future", "wait", "value", "result")
def _value(call: Call) -> Value:
    return _held(call)


@method("remote_reference", "rpc_sync", "rpc_async", "remote")
def _proxy(call: Call) -> Value:
    return Object(PROXY, cells={"value": _held(call), "by": Literal(call.name)}, spelled=call.name, place=call.place)


@method("remote_reference", "owner", "owner_name", "confirmed_by_owner", "is_owner")
def _owner(call: Call) -> Value:
    return call.unknown("which worker holds a value")


@method("remote_proxy", "*")
def _call_through(call: Call) -> Value:
    """`rref.remote().forward(x)`: the method's result, as a reference or future where it was asked for so."""
    proxy = call.receiver
    found = call.interpreter.call(call.interpreter.attribute(_held(call), call.name, call.place), call.arguments, call.place)
    by = proxy.cells.get("by") if isinstance(proxy, Object) else None
    kind = by.value if isinstance(by, Literal) else ""
    return _future(found, call) if kind == "rpc_async" else _reference(found, call) if kind == "remote" else found


@function("torch.futures.wait_all")
def _wait_all(call: Call) -> Value:
    found = call.interpreter.iterate(call.argument(0, "futures") or NONE, call.place)
    values = [one.cells.get("value", NONE) if isinstance(one, Object) and one.row is FUTURE else one for one in found.items]
    return Tuple(tuple(values), call.place) if found.exhaustive else call.unknown("the results of other workers")


@function("torch.distributed.autograd.backward")
def _backward(call: Call) -> Value:
    """`dist_autograd.backward(context_id, [loss])`."""
    losses = call.argument(1, "roots")
    for loss in items_of(losses) or (() if losses is None else (losses,)):
        call.interpreter.emit("backward", call.place, loss=loss, context=call.argument(0, "context_id") or NONE)
    return NONE


@function("torch.distributed.optim.DistributedOptimizer")
def _optimizer(call: Call) -> Value:
    """`DistributedOptimizer(optim.SGD, references, lr=0.1)`: on each worker the optimizer of its parameters."""
    cls, given = call.argument(0, "optimizer_class"), call.arguments
    if cls is None:
        return call.unknown("an optimizer whose class is not passed")
    inner = Arguments(given.positional[1:], given.keywords, given.positional_places[1:], given.keyword_places, given.complete)
    return call.interpreter.call(cls, inner, call.place)
