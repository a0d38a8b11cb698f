"""What all Keras handlers share: arguments of library objects as Python values, eras, and the kinds of receivers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from trainlint.core import Origin, Place
from trainlint.interpret.dispatch import Arguments, Call, Handler, Interpreter, attribute, bind, method
from trainlint.interpret.limits import MAXIMUM_INTEGER
from trainlint.interpret.values import (
    Array,
    Dict,
    Instance,
    List,
    Literal,
    Object,
    Shape,
    Symbol,
    Tuple,
    Unknown,
    Value,
    alternatives,
)
from trainlint.knowledge import eras, find, versions
from trainlint.knowledge.rows import ERAS, REQUIRED, Row

Owner: TypeAlias = "Object | Instance"
"""A library object, or an instance of a script's class that derives from a library class."""

MAXIMUM_ITEMS = 1_000
LAYER_KINDS = ("keras.layer",)
MODEL_KINDS = ("keras.model",)


def layer_method(*names: str) -> Callable[[Handler], Handler]:
    """Register a method that layers and models have."""
    return _for_kinds(method, (*LAYER_KINDS, *MODEL_KINDS), names)


def model_method(*names: str) -> Callable[[Handler], Handler]:
    """Register a method of models."""
    return _for_kinds(method, MODEL_KINDS, names)


def layer_attribute(*names: str) -> Callable[[Handler], Handler]:
    """Register an attribute that layers and models have."""
    return _for_kinds(attribute, (*LAYER_KINDS, *MODEL_KINDS), names)


def _for_kinds(register: Callable[..., Any], kinds: tuple[str, ...], names: tuple[str, ...]) -> Callable[[Handler], Handler]:
    def apply(handler: Handler) -> Handler:
        for kind in kinds:
            register(kind, *names)(handler)
        return handler

    return apply


def row_of(name: str) -> Row:
    """A row that the tables surely have.

    Raises:
        KeyError: they do not.
    """
    row = find(name)
    if row is None:
        raise KeyError(name)
    return row


def is_layer(value: Value) -> bool:
    """Whether calling the value adds a layer or a whole model to a graph."""
    return isinstance(value, Object | Instance) and value.row is not None and value.row.makes in ("layer", "model")


def is_model(value: Value) -> bool:
    """Whether the value is a Keras model."""
    return (
        isinstance(value, Object | Instance) and value.row is not None and f"{value.row.library}.{value.row.makes}" in MODEL_KINDS
    )


def items_of(value: Value | None) -> tuple[Value, ...] | None:
    """The items of a list or tuple, or the values of a dict, all of which are known; None of anything else."""
    if isinstance(value, Tuple):
        return value.items
    if isinstance(value, List):
        items, is_open = value.cells.get("items"), value.cells.get("open")
        known = isinstance(items, Tuple) and not (isinstance(is_open, Literal) and is_open.value)
        return items.items if known and isinstance(items, Tuple) else None
    if isinstance(value, Dict) and all(isinstance(key, str) for key in value.cells):
        return tuple(value.cells.values())
    return None


def listed(value: Value | None) -> tuple[Value, ...]:
    """The items of a known list or tuple, or the value itself as the only one."""
    items = items_of(value)
    return items if items is not None else () if value is None else (value,)


def plain(value: Value | None, depth: int = 0) -> Any:
    """A value as plain Python: scalars and tuples; an array of one known number as that number; else the value itself."""
    if isinstance(value, Literal):
        return value.value
    if isinstance(value, Array) and value.data is not None and value.data.size == 1:
        return value.data.item()
    items = items_of(value) if isinstance(value, Tuple | List) and depth < 4 else None
    if items is not None and len(items) <= MAXIMUM_ITEMS:
        return tuple(plain(one, depth + 1) for one in items)
    return value


def passed(owner: Owner, name: str) -> Value | None:
    """What the script gave for a parameter, at construction or by assignment afterwards; None if it gave nothing."""
    found = owner.cells.get(name)
    if found is None:
        found = owner.arguments.get(name) if isinstance(owner, Object) else owner.cells.get(("argument", name))
    return found


def setting(owner: Owner, name: str, era: str = "") -> Any:
    """A parameter of a library object as plain Python, the default of the era if it was not passed; None if there is neither."""
    value = passed(owner, name)
    if value is not None:
        return plain(value)
    default = owner.row.default(name, era) if owner.row is not None else None
    return None if default is REQUIRED else default


def integer(value: object) -> int | None:
    """A plain value as an int, if it is one that an extent can be as large as."""
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not isinstance(value, int | float) or not whole:
        return None
    return int(value) if abs(value) < MAXIMUM_INTEGER else None


def integers(value: object, count: int) -> tuple[int | None, ...]:
    """`count` ints from one int or a tuple of that many; what is not known is None."""
    if isinstance(value, tuple):
        return tuple(integer(one) for one in value) if len(value) == count else (None,) * count
    return (integer(value),) * count


def dimensions(row: Row) -> int:
    """The n of `Conv2D`, `MaxPooling1D`, ...; 0 where the name has none."""
    name = row.name.rpartition(".")[2]
    return next((int(one) for one in "123" if f"{one}D" in name), 0)


def shape_of(value: Value | None) -> Shape | None:
    """The shape of an array, if it is the same on all branches."""
    if value is None:
        return None
    found = {one.shape if isinstance(one, Array) else None for one in alternatives(value)}
    return found.pop() if len(found) == 1 else None


def dtype_of(value: Value | None) -> str | None:
    """The element type of an array, if it is the same on all branches."""
    if value is None:
        return None
    found = {one.dtype if isinstance(one, Array) else None for one in alternatives(value)}
    return found.pop() if len(found) == 1 else None


def shape_value(shape: Shape | None) -> Value:
    """A shape as the script sees it: a tuple with None for what is not fixed."""
    if shape is None:
        return Unknown("a shape that is not known")
    return Tuple(tuple(Literal(extent) for extent in shape))


def shape_from(value: Value | None) -> Shape | None:
    """A shape that the script wrote: `(28, 28)`, `[None, 3]`, `5`; None if it is not known how many axes it has."""
    given = plain(value)
    if isinstance(given, int) and not isinstance(given, bool):
        return (given,)
    if not isinstance(given, tuple) or len(given) > 32:
        return None
    return tuple(integer(one) for one in given)


def note_arguments(call: Call) -> None:
    """Note the eras that the spelling of keyword arguments implies (`nb_epoch`, `border_mode`, `lr`, ...)."""
    for spelled in call.arguments.keywords:
        parameter = call.row.parameter(spelled) if call.row is not None else None
        renamed = parameter is not None and spelled != parameter.name
        possible = eras.PARAMETERS.get(spelled) or (eras.ALIASES.get(spelled) if renamed else None)
        if possible:
            place = call.arguments.keyword_places.get(spelled, call.place)
            call.interpreter.note_era(possible, place)
            note_spelling(call, call.row, spelled, call.arguments.keywords[spelled], place)


def note_spelling(call: Call, row: Row | None, spelled: str, value: Value, place: Place | None) -> None:
    """An argument or method that not every release of Keras takes: a "spelled" event."""
    name = Literal(row.name if row is not None else "")
    makes = Literal(row.makes if row is not None else "method")
    old = Literal(versions.LEGACY in call.spelled)
    call.interpreter.emit("spelled", place, name=name, makes=makes, argument=Literal(spelled), value=value, legacy=old)


def make_object(call: Call, row: Row, arguments: Arguments | None = None) -> Object:
    """The object that a row makes of (other) arguments at a call."""
    bound = bind(row, arguments or call.arguments)
    return Object(row, bound.arguments, bound.extra, {}, call.spelled or call.name, call.place, bound.places)


def keep_arguments(instance: Instance, row: Row, arguments: Arguments) -> None:
    """Remember what a script's subclass of a library class passed to its constructor (`super().__init__(units)`)."""
    for name, value in bind(row, arguments).arguments.items():
        instance.cells["argument", name] = value


def pinned_eras(interpreter: Interpreter) -> frozenset[str]:
    """The eras of Keras that the project pins; empty if it does not."""
    found: frozenset[str] = getattr(interpreter, "pinned", frozenset())
    return found


def possible_eras(interpreter: Interpreter) -> set[str]:
    """The eras in which all that the script used so far exists together; all of them if nothing tells."""
    pinned = pinned_eras(interpreter)
    possible = set(pinned or ERAS)
    for one, _ in getattr(interpreter, "eras", ()):
        possible &= one
    return possible or set(pinned or ERAS)


def written_for_old_keras(call: Call) -> bool:
    """Whether all that the script used so far exists together only in Keras 1 or standalone Keras up to 2.3."""
    possible = possible_eras(call.interpreter)
    return bool(possible) and possible <= {"keras1", "keras2"}


def is_number(value: Value) -> bool:
    """Whether a value is a number of the script, and no bool."""
    return isinstance(value, Literal) and isinstance(value.value, int | float) and not isinstance(value.value, bool)


def kind_of(owner: Owner) -> str:
    """The kind of the row of a library object, or "custom"."""
    return owner.row.kind if owner.row is not None else "custom"


def symbolic(*values: Value) -> bool:
    """Whether a parameter or model input lies upstream of any of the values; what is not known may hold one."""
    return any(
        not isinstance(one, Literal) and (not isinstance(one, Array) or one.symbolic)
        for value in values
        for one in alternatives(value)
    )


def named(value: Value | None) -> str:
    """The canonical name of a symbol, the text of a string literal, or ""."""
    if isinstance(value, Symbol):
        return value.name
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else ""


def default_literal(value: Any) -> Literal:
    """A library default as a value."""
    return Literal(value, origin=Origin.LIBRARY_DEFAULT)
