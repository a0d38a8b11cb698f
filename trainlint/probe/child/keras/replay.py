"""How to take a step of the script's own loop again, on the batch that it holds at that moment.

Where the step is a function of its own (`@tf.function` runs eagerly under the probe), that function is called with the same
arguments. Where it stands in the loop, the loop's statements from the tape to the optimizer's step are run once more in a copy of
their names.
"""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
from collections.abc import Callable
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any

from ..session import is_user_file

TAPE = "GradientTape"  # the forward pass stands in its block; elsewhere it may be anywhere before the gradient
LAZY = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
OUTWARDS = 20  # frames of the caller's names that are searched for the step's function


def repeat(mark: str) -> Callable[[], Any] | None:
    """A function that repeats the step that is being taken, or None. `mark` is the name in code that computes gradients."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not (is_user_file(frame.f_code.co_filename) and mark in frame.f_code.co_names):
        frame = frame.f_back
    if frame is None:
        return None
    tree = _tree(frame.f_code.co_filename)
    if tree is None:
        return None
    scope = _innermost(tree, frame.f_lineno, (ast.FunctionDef, ast.Lambda)) or tree
    loop = _innermost(scope, frame.f_lineno, (ast.For, ast.While))
    while loop is not None and not _mentions(loop, mark):
        loop = None
    if loop is not None:
        return _statements(loop, frame, mark)
    if frame.f_code.co_name == "<module>" or frame.f_code.co_flags & LAZY:
        return None
    function = _function_of(frame)
    return None if function is None else _call(function, frame)


def _tree(filename: str) -> ast.Module | None:
    try:
        return ast.parse("".join(linecache.getlines(filename)))
    except (SyntaxError, ValueError, RecursionError):
        return None


def _innermost(tree: ast.AST, line: int, kinds: tuple[type[ast.AST], ...]) -> Any:
    """The innermost node of `kinds` below `tree` that contains `line`."""
    found = [node for node in ast.walk(tree) if isinstance(node, kinds) and node is not tree and _contains(node, line)]
    return min(found, key=lambda node: (getattr(node, "end_lineno", 0) or 0) - getattr(node, "lineno", 0), default=None)


def _contains(node: Any, line: int) -> bool:
    return bool(node.lineno <= line <= (node.end_lineno or node.lineno))


def _mentions(node: ast.AST, name: str) -> bool:
    return any(name in (getattr(one, "attr", None), getattr(one, "id", None)) for one in ast.walk(node))


def _statements(loop: ast.For | ast.While, frame: FrameType, mark: str) -> Callable[[], Any] | None:
    """The loop's statements from the one with the tape to the one being run, or to the gradient where the loop begins anew."""
    tapes = [index for index, one in enumerate(loop.body) if _mentions(one, mark)]
    if not tapes:
        return None
    begin = tapes[0] if mark == TAPE else 0
    while begin and _resets(loop.body[begin - 1]):
        begin -= 1
    ends = [index for index, one in enumerate(loop.body) if _contains(one, frame.f_lineno)]
    end = ends[0] if ends and ends[0] > begin else _gradient_after(loop.body, begin)
    once = ast.For(
        target=ast.Name("_", ast.Store()),
        iter=ast.Tuple([ast.Constant(0)], ast.Load()),
        body=loop.body[begin : end + 1],
        orelse=[],
    )  # a loop of one turn: `break` and `continue` keep their meaning
    module = ast.fix_missing_locations(ast.Module([once], []))
    try:
        code = compile(module, "<a step of the script, taken again>", "exec")
    except (SyntaxError, ValueError):
        return None
    names = {**frame.f_globals, **frame.f_locals}
    return lambda: exec(code, dict(names))  # the script's own statements


def _resets(statement: ast.stmt) -> bool:
    """Whether a statement before the tape only sets a name: `total = None`, `sums = [zeros_like(v) for v in vs]`."""
    calls = [one.func for one in ast.walk(statement) if isinstance(one, ast.Call)]
    names = {getattr(one, "attr", getattr(one, "id", "")) for one in calls}
    return isinstance(statement, ast.Assign) and names <= {"zeros", "zeros_like"}


def _gradient_after(body: list[ast.stmt], begin: int) -> int:
    for index in range(begin, len(body)):
        if any(isinstance(one, ast.Attribute) and one.attr == "gradient" for one in ast.walk(body[index])):
            return index
    return begin


def _call(function: Any, frame: FrameType) -> Callable[[], Any] | None:
    """A call of the step's function with the arguments that its frame was given."""
    code, values = frame.f_code, frame.f_locals
    count = code.co_argcount + code.co_kwonlyargcount
    names = code.co_varnames[:count]
    if any(name not in values for name in names):
        return None
    positional = [values[name] for name in names[: code.co_argcount]]
    named = {name: values[name] for name in names[code.co_argcount :]}
    if code.co_flags & inspect.CO_VARARGS:
        positional += list(values.get(code.co_varnames[count], ()))
        count += 1
    if code.co_flags & inspect.CO_VARKEYWORDS:
        named |= dict(values.get(code.co_varnames[count], {}))
    return lambda: function(*positional, **named)


def _function_of(frame: FrameType) -> Any:
    """The function whose code the frame runs: among globals, the callers' locals and its first argument's methods."""
    code = frame.f_code
    places: list[Any] = list(frame.f_globals.values())
    caller, count = frame.f_back, 0
    while caller is not None and count < OUTWARDS:
        if is_user_file(caller.f_code.co_filename):
            places += list(caller.f_locals.values())
            count += 1
        caller = caller.f_back
    if code.co_argcount and code.co_varnames[0] in frame.f_locals:
        owner = frame.f_locals[code.co_varnames[0]]
        places += [member for base in type(owner).__mro__ for member in vars(base).values()]
    return next((found for one in places if (found := _plain(one, code)) is not None), None)


def _plain(value: Any, code: CodeType) -> Any:
    """The plain function with `code` behind `value`: itself, a method's, or what a decorator such as `tf.function` wraps."""
    for _ in range(5):
        if isinstance(value, MethodType):
            value = value.__func__
        if isinstance(value, FunctionType) and value.__code__ is code:
            return value
        inner = inspect.getattr_static(value, "__wrapped__", None) or inspect.getattr_static(value, "_python_function", None)
        if inner is None:
            return None
        value = inner
    return None
