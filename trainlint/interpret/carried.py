"""What one pass of a training loop hands on to the next: tensors that a name or an attribute of a module holds."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trainlint.interpret import targets
from trainlint.interpret.values import Array, Instance, Literal, Scope, Tuple, Unknown, Value

if TYPE_CHECKING:
    import libcst as cst

    from trainlint.interpret.interpreter import Machine

MAXIMUM_HOLDERS = 64
MAXIMUM_CELLS = 256
MAXIMUM_UPSTREAM = 2_000


@contextmanager
def noting_carried(machine: Machine, body: cst.BaseSuite) -> Iterator[None]:
    """Around one pass in which a loss goes backward: an event for every tensor that the pass puts in the place of another."""
    before = dict(_held(machine, body))
    around = [one for scope in _scopes(machine) for value in list(scope.cells.values()) for one in _tensors(value)]
    start = len(machine.events)
    yield
    if not any(event.kind == "backward" for event in machine.events[start:]):
        return
    for (_, key), (holder, value) in before.items():
        after = holder.cells.get(key)
        if after is not None and after is not value and _tensors(after) and not _used_before(_tensors(value), around):
            machine.emit("carried", next(iter(_tensors(after))).place, before=value, after=after)


def _held(machine: Machine, body: cst.BaseSuite) -> Iterator[tuple[tuple[int, Hashable], tuple[Scope | Instance, Value]]]:
    """The tensors of the names that a block assigns, and of the attributes of modules within reach."""
    from trainlint.interpret.loops import assigned_names

    for name in assigned_names(body):
        scope = targets.scope_of(machine, name)
        if scope is not None and (_tensors(scope.cells[name]) or _is_none(scope.cells[name])):
            yield (id(scope), name), (scope, scope.cells[name])
    for module in _modules(machine):
        for key, value in list(module.cells.items())[:MAXIMUM_CELLS]:
            if isinstance(key, str) and _tensors(value):
                yield (id(module), key), (module, value)


def _used_before(states: list[Array], around: list[Array]) -> bool:
    """Whether something that was there before the pass was computed from a state: a loss may depend on it by way of that."""
    kept = {id(one) for one in states}
    stack: list[Value] = [value for one in around if id(one) not in kept for value in one.inputs]
    seen: set[int] = set()
    while stack and len(seen) < MAXIMUM_UPSTREAM:
        one = stack.pop()
        if id(one) in kept:
            return True
        if isinstance(one, Array) and id(one) not in seen:
            seen.add(id(one))
            stack.extend(one.inputs)
    return False


def _scopes(machine: Machine) -> Iterator[Scope]:
    """The scope of the running function and those that enclose it."""
    scope: Scope | None = machine.activations[-1].scope
    while scope is not None:
        yield scope
        scope = scope.parent


def _modules(machine: Machine) -> Iterator[Instance]:
    """The modules of the script that names of the running function and of what encloses it stand for."""
    seen = 0
    for scope in _scopes(machine):
        for value in list(scope.cells.values()):
            if isinstance(value, Instance) and value.row is not None and value.row.library == "torch" and seen < MAXIMUM_HOLDERS:
                seen += 1
                yield value


def _is_none(value: Value) -> bool:
    """Whether it is the None that stands for the state before the first pass."""
    first = value.start if isinstance(value, Unknown) else value
    return isinstance(first, Literal) and first.value is None


def _tensors(value: Value) -> list[Array]:
    """The tensors that a value is, or that a tuple holds; none of what is (also) something else."""
    items = value.items if isinstance(value, Tuple) else (value,)
    found = [one for one in items if isinstance(one, Array) and one.library == "torch" and one.op not in ("parameter", "batch")]
    return found if len(found) == len(items) else []
