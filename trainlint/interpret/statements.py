"""Statements: assignments, branches, loops, definitions. `execute` says how a block ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias, cast

import libcst as cst
from libcst.helpers import get_full_name_for_node

from trainlint.interpret import aliases, functions, imports, members, operators, targets
from trainlint.interpret.events import TRAINING, Frame
from trainlint.interpret.expressions import evaluate
from trainlint.interpret.values import (
    NONE,
    Array,
    BoundMethod,
    LibraryMethod,
    Literal,
    Object,
    Symbol,
    Unknown,
    Value,
    alternatives,
    join,
)

if TYPE_CHECKING:
    from trainlint.interpret.heap import Changes
    from trainlint.interpret.interpreter import Machine


class Flow(Enum):
    """How a block ended."""

    NORMAL = "normal"
    CONTINUE = "continue"
    BREAK = "break"
    RETURN = "return"
    RAISE = "raise"


Statement: TypeAlias = "cst.BaseStatement | cst.BaseSmallStatement"
EXITS = frozenset({"sys.exit", "builtins.exit", "builtins.quit", "os._exit", "os.abort"})
TRAINING_METHODS = frozenset({"backward", "zero_grad", "step", "eval", "train"})
"""Methods that are missed when they are only named, whatever has them."""


def execute_block(machine: Machine, body: Sequence[Statement]) -> Flow:
    """Follow statements in order until one of them leaves the block."""
    for statement in body:
        flow = execute(machine, statement)
        if flow is not Flow.NORMAL:
            return flow
    return Flow.NORMAL


def execute(machine: Machine, node: Statement) -> Flow:
    """Follow one statement."""
    machine.steps += 1
    if machine.steps > machine.allowed:
        machine.stop()
    handler = _STATEMENTS.get(type(node))
    return Flow.NORMAL if handler is None else handler(machine, node)


def _line(machine: Machine, node: cst.SimpleStatementLine) -> Flow:
    return execute_block(machine, node.body)


def body_of(node: cst.BaseSuite) -> Sequence[Statement]:
    """The statements of an indented block or of a one-line suite."""
    return cast("Sequence[Statement]", node.body)


def _expression(machine: Machine, node: cst.Expr) -> Flow:
    value = evaluate(machine, node.value)
    place = machine.place(node.value)
    if isinstance(value, Unknown) and value.why in EXITS:
        return Flow.RAISE
    method = _method_of(value, node.value.attr.value) if isinstance(node.value, cst.Attribute) else None
    if method is not None:
        machine.emit("not_called", place, method=method)
    elif isinstance(value, Array) and not isinstance(node.value, cst.Name) and not _in_place(node.value, value):
        name = (
            node.value.func.attr.value if isinstance(node.value, cst.Call) and isinstance(node.value.func, cst.Attribute) else ""
        )
        machine.emit("dropped", place, value=value, method=Literal(name))
    return Flow.NORMAL


def _method_of(value: Value, name: str) -> LibraryMethod | BoundMethod | None:
    """The method that an attribute surely is, on whichever branch; of something unknown only one that trains."""
    unknown = name in TRAINING_METHODS
    methods = [
        LibraryMethod(one, name, one.place) if unknown and isinstance(one, Unknown) else one for one in alternatives(value)
    ]
    known = [one for one in methods if isinstance(one, LibraryMethod | BoundMethod)]
    return known[0] if len(known) == len(methods) else None


def _in_place(node: cst.BaseExpression, value: Array) -> bool:
    """Whether a statement changed what it is called on: `w.zero_()`, `nn.init.ones_(w)`, `F.relu(x, inplace=True)`."""
    if value.op in ("parameter", "gradient"):
        return True
    if not isinstance(node, cst.Call):
        return False
    name = node.func.attr.value if isinstance(node.func, cst.Attribute) else getattr(node.func, "value", "")
    flags = {one.keyword.value for one in node.args if one.keyword is not None}
    return (isinstance(name, str) and name.endswith("_")) or bool(flags & {"out", "inplace"})


def _assign(machine: Machine, node: cst.Assign) -> Flow:
    total, added = _added_to(machine, node)
    value = evaluate(machine, node.value)
    if total is not None and added is not None and isinstance(value, Array):
        operand = next((one for one in value.inputs if one is not total and isinstance(one, Array)), None)
        if operand is not None:
            machine.emit("accumulated", machine.place(added), value=operand, before=total, result=value)
    for target in node.targets:
        targets.assign(machine, target.target, value)
        kept = get_full_name_for_node(target.target) if isinstance(node.value, cst.Name | cst.Attribute) else None
        if kept is not None and "best" in kept.lower():
            machine.emit("kept", machine.place(node.value), value=value, name=Literal(kept))
    if isinstance(value, Array) and value.op == "layer" and isinstance(node.value, cst.Call):
        bound, own = node.targets[0].target, getattr(value.place, "node", None) is node.value  # not what only passes it on
        if own and len(node.targets) == 1 and isinstance(bound, cst.Name):
            machine.emit("bound_output", value.place, value=value, name=Literal(bound.value))
    return Flow.NORMAL


def _added_to(machine: Machine, node: cst.Assign) -> tuple[Value | None, cst.BaseExpression | None]:
    """What `total` is before `total = total + value` (or `value + total`), and what is added; (None, None) else."""
    target, sum_ = node.targets[0].target, node.value
    if not isinstance(target, cst.Name) or not isinstance(sum_, cst.BinaryOperation) or not isinstance(sum_.operator, cst.Add):
        return None, None
    scope = targets.scope_of(machine, target.value)
    for one, other in ((sum_.left, sum_.right), (sum_.right, sum_.left)):
        if isinstance(one, cst.Name) and one.value == target.value and scope is not None:
            return scope.cells.get(target.value), other
    return None, None


def _annotated(machine: Machine, node: cst.AnnAssign) -> Flow:
    if node.value is not None:
        targets.assign(machine, node.target, evaluate(machine, node.value))
    elif machine.scope.kind == "class" and isinstance(node.target, cst.Name):
        targets.declare_field(machine, node.target.value)
        return Flow.NORMAL
    if machine.scope.kind == "class" and isinstance(node.target, cst.Name):
        targets.declare_field(machine, node.target.value)
    return Flow.NORMAL


def _augmented(machine: Machine, node: cst.AugAssign) -> Flow:
    before = evaluate(machine, node.target)
    operand = evaluate(machine, node.value)
    operator = operators.AUGMENTED.get(type(node.operator), "")
    value = operators.in_place(machine, operator, before, operand, machine.place(node))
    if operator == "add" and isinstance(operand, Array) and isinstance(node.target, cst.Name | cst.Attribute):
        machine.emit("accumulated", machine.place(node.value), value=operand, before=before, result=value)
    if isinstance(before, Array) and isinstance(value, Array) and not isinstance(node.target, cst.Subscript):
        aliases.changed(machine, before, value)
    targets.assign(machine, node.target, value)
    return Flow.NORMAL


def _if(machine: Machine, node: cst.If) -> Flow:
    test = evaluate(machine, node.test)
    decided = operators.truth(test)
    if decided is True:
        guards = (Frame("guard", machine.place(node), "training"),) if isinstance(test, Literal) and test.note == TRAINING else ()
        machine.frames, before = (*machine.frames, *guards), machine.frames
        flow = execute_block(machine, body_of(node.body))
        machine.frames = before
        return flow
    if decided is False:
        return _else(machine, node.orelse)
    place = machine.place(node)
    return branch(
        machine,
        [
            (Frame("branch", place, "then", _period(machine, node.test)), lambda: execute_block(machine, body_of(node.body))),
            (Frame("branch", place, "else"), lambda: _else(machine, node.orelse)),
        ],
    )


def _period(machine: Machine, test: cst.BaseExpression) -> int | None:
    """The k of `(step + 1) % k == 0`: the branch is taken on every k-th pass; None for any other test."""
    if type(test) in (cst.Name, cst.Attribute, cst.Call):
        return None  # most tests
    if isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.Or):
        test = test.left  # `... or step + 1 == len(loader)`
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1 and isinstance(test.comparisons[0].operator, cst.Equal):
        test = test.left
    elif isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        test = test.expression
    else:
        return None
    if not isinstance(test, cst.BinaryOperation) or not isinstance(test.operator, cst.Modulo):
        return None
    value = evaluate(machine, test.right)
    number = value.value if isinstance(value, Literal) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else None


def _else(machine: Machine, node: cst.If | cst.Else | None) -> Flow:
    if node is None:
        return Flow.NORMAL
    return _if(machine, node) if isinstance(node, cst.If) else execute_block(machine, body_of(node.body))


def branch(machine: Machine, sides: list[tuple[Frame, Callable[[], Flow]]]) -> Flow:
    """Follow the sides of an undecided branch from the same state, and join those that go on after it."""
    flows: list[Flow] = []
    results: list[Changes] = []
    for frame, side in sides:
        mark = machine.heap.mark()
        with machine.frame(frame):
            flows.append(side())
        results.append(machine.heap.undo(mark))
    going_on = [changes for flow, changes in zip(flows, results, strict=True) if flow is Flow.NORMAL]
    if going_on:
        machine.heap.apply_joined(going_on)
        return Flow.NORMAL
    leaving: list[Flow] = [flow for flow in flows if flow is not Flow.RAISE] or [Flow.RAISE]
    kept = [changes for flow, changes in zip(flows, results, strict=True) if flow is leaving[0]]
    machine.heap.apply_joined(kept)
    return leaving[0]


def _return(machine: Machine, node: cst.Return) -> Flow:
    machine.activation.returns.append(NONE if node.value is None else evaluate(machine, node.value))
    return Flow.RETURN


def _raise(machine: Machine, node: cst.Raise) -> Flow:
    if node.exc is not None:
        evaluate(machine, node.exc)
    return Flow.RAISE


def _try(machine: Machine, node: cst.Try | cst.TryStar) -> Flow:
    """The body is taken to succeed; a handler is followed only where the body certainly fails."""
    flow = execute_block(machine, body_of(node.body))
    if flow is Flow.RAISE and node.handlers:
        flow = Flow.NORMAL
        for handler in node.handlers[:1]:
            flow = execute_block(machine, body_of(handler.body))
    elif flow is Flow.NORMAL and node.orelse is not None:
        flow = execute_block(machine, body_of(node.orelse.body))
    if node.finalbody is not None:
        last = execute_block(machine, body_of(node.finalbody.body))
        flow = flow if last is Flow.NORMAL else last
    return flow


def _with(machine: Machine, node: cst.With) -> Flow:
    frames_before = machine.frames
    for item in node.items:
        manager = evaluate(machine, item.item)
        place = machine.place(item.item)
        entered = members.call_method(machine, manager, "__enter__", (), place)
        if item.asname is not None:
            targets.assign(machine, item.asname.name, manager if isinstance(entered, Unknown) else entered)
        kind = manager.row.kind if isinstance(manager, Object) else ""
        machine.frames = (*machine.frames, Frame("with", place, kind, over=manager))
    flow = execute_block(machine, body_of(node.body))
    machine.frames = frames_before
    return flow


def _delete(machine: Machine, node: cst.Del) -> Flow:
    elements = node.target.elements if isinstance(node.target, cst.Tuple | cst.List) else ()
    for target in [element.value for element in elements] or [node.target]:
        targets.delete(machine, target)
    return Flow.NORMAL


def _match(machine: Machine, node: cst.Match) -> Flow:
    subject = evaluate(machine, node.subject)
    place = machine.place(node)
    sides: list[tuple[Frame, Callable[[], Flow]]] = []
    for case in node.cases:
        verdict = targets.match_pattern(machine, case.pattern, subject)
        if verdict is False:
            continue
        if verdict is True and case.guard is None and not sides:
            return execute_block(machine, body_of(case.body))
        sides.append((Frame("branch", place, "case"), lambda case=case: execute_block(machine, body_of(case.body))))  # type: ignore[misc]
        if verdict is True and case.guard is None:
            return branch(machine, sides)
    return branch(machine, [*sides, (Frame("branch", place, "else"), lambda: Flow.NORMAL)]) if sides else Flow.NORMAL


def _scope_declaration(machine: Machine, node: cst.Global | cst.Nonlocal) -> Flow:
    for item in node.names:
        targets.redirect(machine, item.name.value, to_module=isinstance(node, cst.Global))
    return Flow.NORMAL


def _assert(machine: Machine, node: cst.Assert) -> Flow:
    evaluate(machine, node.test)
    return Flow.NORMAL


def _function(machine: Machine, node: cst.FunctionDef) -> Flow:
    functions.define_function(machine, node)
    return Flow.NORMAL


def _class(machine: Machine, node: cst.ClassDef) -> Flow:
    functions.define_class(machine, node)
    return Flow.NORMAL


def _import(machine: Machine, node: cst.Import) -> Flow:
    imports.import_names(machine, node)
    return Flow.NORMAL


def _import_from(machine: Machine, node: cst.ImportFrom) -> Flow:
    imports.import_from(machine, node)
    return Flow.NORMAL


def _for(machine: Machine, node: cst.For) -> Flow:
    from trainlint.interpret import loops

    return loops.execute_for(machine, node)


def _while(machine: Machine, node: cst.While) -> Flow:
    from trainlint.interpret import loops

    return loops.execute_while(machine, node)


_STATEMENTS: dict[type, Callable[..., Flow]] = {
    cst.SimpleStatementLine: _line,
    cst.Expr: _expression,
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augmented,
    cst.If: _if,
    cst.For: _for,
    cst.While: _while,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.With: _with,
    cst.Match: _match,
    cst.Return: _return,
    cst.Raise: _raise,
    cst.Del: _delete,
    cst.Global: _scope_declaration,
    cst.Nonlocal: _scope_declaration,
    cst.Assert: _assert,
    cst.FunctionDef: _function,
    cst.ClassDef: _class,
    cst.Import: _import,
    cst.ImportFrom: _import_from,
    cst.Break: lambda _machine, _node: Flow.BREAK,
    cst.Continue: lambda _machine, _node: Flow.CONTINUE,
}

__all__ = ["Flow", "Literal", "Symbol", "Value", "body_of", "branch", "execute", "execute_block", "join"]
