"""Whether two values are one and the same: `a is b`, `a is None`."""

from __future__ import annotations

from trainlint import knowledge
from trainlint.interpret.values import (
    Array,
    Class,
    Dict,
    Function,
    Instance,
    List,
    Literal,
    ModuleValue,
    Object,
    Symbol,
    Tuple,
    Unknown,
    Value,
)

_THINGS = (Object, Instance, Class, Function, ModuleValue, List, Dict, Tuple, Array)


def is_none(left: Value, right: Value) -> bool:
    """Whether either value is None."""
    return any(isinstance(one, Literal) and one.value is None for one in (left, right))


def identical(left: Value, right: Value) -> bool | None:
    """What `left is right` gives; None if that is not known."""
    if isinstance(left, Literal) and isinstance(right, Literal):
        return left.value is right.value or (type(left.value) is type(right.value) and left.value == right.value)
    if is_none(left, right) and any(isinstance(one, _THINGS) or _may_be_called(one) for one in (left, right)):
        return False
    if isinstance(left, Symbol) and isinstance(right, Symbol):
        return left.name == right.name
    return True if left is right and not isinstance(left, Unknown) else None


def _may_be_called(value: Value) -> bool:
    """Whether it is a class or function of a library, such as `tf.nn.relu` that is handed on as `activation`."""
    return isinstance(value, Symbol) and knowledge.find(value.name) is not None
