"""How library calls reach the code that knows them.

Most of a library needs no code: a row of `trainlint.knowledge` is enough (a call makes an `Object`, or for
makes="operation" an `Array`). What needs more registers a handler here:

    @function("numpy.arange")            a call of that canonical symbol
    @method("optimizer", "step")         a method, by what the receiver is (see `receiver_kinds`)
    @method("layer", "__call__")         the call of an object; also __len__, __getitem__, __setitem__, __enter__
    @attribute("array", "shape")         an attribute that is computed rather than stored in `cells` ("*": any that is no method)
    @iterates("loader")                  what a `for` loop over it sees

A handler takes a `Call` and returns a `Value`; it never raises on any argument: what it cannot follow is
`call.unknown("why")`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import field
from typing import Protocol, TypeAlias

from trainlint.core import Place, dataclass
from trainlint.interpret.events import Frame
from trainlint.interpret.heap import Heap
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
    Scope,
    Symbol,
    Tuple,
    Unknown,
    Value,
)
from trainlint.knowledge import spelled_otherwise
from trainlint.knowledge.rows import Parameter, Row


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call, evaluated. `complete` is False when `*unknown` or `**unknown` may add others.

    `rest` is what stands for each of those that `*unknown` adds, where that is known.
    """

    positional: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)
    positional_places: tuple[Place | None, ...] = ()
    keyword_places: Mapping[str, Place] = field(default_factory=dict)
    complete: bool = True
    rest: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Iteration:
    """What a loop sees: `items` one by one if `exhaustive`, else `items[0]` stands for each of `trips` passes (None: unknown)."""

    items: Sequence[Value]
    exhaustive: bool
    trips: int | None


class Interpreter(Protocol):
    """What handlers may ask of the interpreter.

    `settings` is a scope for what a script sets for a whole library (the data format of Keras, ...); write through `heap`.
    """

    heap: Heap
    settings: Scope
    frames: tuple[Frame, ...]

    def call(self, callee: Value, arguments: Arguments, place: Place | None) -> Value:
        """Call any value: enters functions and classes of the script, dispatches library objects."""
        ...

    def attribute(self, value: Value, name: str, place: Place | None) -> Value:
        """`value.name`."""
        ...

    def emit(self, kind: str, place: Place | None, places: Mapping[str, Place] | None = None, **values: Value) -> None:
        """Record an event inside the present frames."""
        ...

    def frame(self, frame: Frame) -> AbstractContextManager[None]:
        """Surround what is done within by a frame."""
        ...

    def iterate(self, value: Value, place: Place | None) -> Iteration:
        """What a `for` over the value would see."""
        ...

    def truth(self, value: Value) -> bool | None:
        """`bool(value)`, or None if that is not known."""
        ...

    def note_era(self, era: str, place: Place | None) -> None:
        """Record that the script uses something that only this era of the library has (`knowledge.rows.ERAS`)."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One library call. `receiver` is set for methods; `row` where the callee has one; `name` is how the callee is called."""

    interpreter: Interpreter
    name: str
    arguments: Arguments
    place: Place | None
    receiver: Value | None = None
    row: Row | None = None
    spelled: str = ""

    def unknown(self, why: str) -> Unknown:
        """An Unknown at this call."""
        return Unknown(why, self.place)

    def not_known(self) -> Unknown:
        """What a function gives that no table has; where a library has only another spelling of it, a "misspelt" event."""
        meant = spelled_otherwise(self.name)
        if meant:
            self.interpreter.emit("misspelt", self.place, name=Literal(self.name), meant=Literal(meant))
        return Unknown(f"`{self.spelled}(...)` is not known", self.place, trail=(self.name,))

    def argument(self, index: int, *names: str) -> Value | None:
        """The argument at a position or under one of the names; None if it was not passed."""
        for name in names:
            if name in self.arguments.keywords:
                return self.arguments.keywords[name]
        return self.arguments.positional[index] if 0 <= index < len(self.arguments.positional) else None

    def literal(self, index: int, *names: str) -> object:
        """The Python value of an argument that is a Literal; None if it is absent or anything else."""
        value = self.argument(index, *names)
        return value.value if isinstance(value, Literal) else None


Handler: TypeAlias = Callable[[Call], Value]
Iterator: TypeAlias = Callable[[Interpreter, Value, "Place | None"], Iteration]

FUNCTIONS: dict[str, Handler] = {}
METHODS: dict[tuple[str, str], Handler] = {}
ATTRIBUTES: dict[tuple[str, str], Handler] = {}
ITERATORS: dict[str, Iterator] = {}
AT_END: list[Callable[[Interpreter], None]] = []
"""What is done after the whole script was followed: events of what it prepared and left to others to run."""


def function(*names: str) -> Callable[[Handler], Handler]:
    """Register the handler of canonical symbols."""

    def register(handler: Handler) -> Handler:
        FUNCTIONS.update(dict.fromkeys(names, handler))
        return handler

    return register


def method(kind: str, *names: str) -> Callable[[Handler], Handler]:
    """Register the handler of methods of receivers of a kind."""

    def register(handler: Handler) -> Handler:
        METHODS.update({(kind, name): handler for name in names})
        return handler

    return register


def attribute(kind: str, *names: str) -> Callable[[Handler], Handler]:
    """Register the handler of computed attributes of receivers of a kind; it gets a `Call` without arguments."""

    def register(handler: Handler) -> Handler:
        ATTRIBUTES.update({(kind, name): handler for name in names})
        return handler

    return register


def iterates(*kinds: str) -> Callable[[Iterator], Iterator]:
    """Register what a loop over receivers of a kind sees."""

    def register(handler: Iterator) -> Iterator:
        ITERATORS.update(dict.fromkeys(kinds, handler))
        return handler

    return register


def receiver_kinds(value: Value) -> tuple[str, ...]:
    """The kinds under which handlers of a value are looked up, the most specific first.

    For library objects and instances of classes derived from them: the row's name, "makes:kind", "library.makes" (as
    "keras.layer", since two libraries may do the same thing differently), makes, then "object". For arrays: "array:op", "array".
    """
    if isinstance(value, Object | Instance):
        if value.row is None:
            return ("instance",)
        row = value.row
        return (row.name, f"{row.makes}:{row.kind}", f"{row.library}.{row.makes}", row.makes, "object")
    if isinstance(value, Array):
        return (f"array:{value.op}", "array")
    if isinstance(value, List):
        return (value.kind,)
    if isinstance(value, Literal):
        return ("str",) if isinstance(value.value, str) else (type(value.value).__name__, "number")
    for type_, kind in _KINDS:
        if isinstance(value, type_):
            return (kind,)
    return ()


_KINDS: tuple[tuple[type, str], ...] = (
    (Tuple, "tuple"),
    (Dict, "dict"),
    (Symbol, "symbol"),
    (Function, "function"),
    (Class, "class"),
    (ModuleValue, "module_value"),
    (Unknown, "unknown"),
)


@dataclass(frozen=True, slots=True)
class Bound:
    """Arguments by canonical parameter name; `extra` holds what no parameter takes."""

    arguments: Mapping[str, Value]
    extra: Mapping[str, Value]
    places: Mapping[str, Place]


def bind(row: Row, arguments: Arguments) -> Bound:
    """Bind the arguments of a call to the parameters of a row. Never fails: what does not fit goes to `extra`."""
    bound: dict[str, Value] = {}
    extra: dict[str, Value] = {}
    places: dict[str, Place] = {}
    positional = [one for one in row.parameters if not one.keyword_only]
    for index, value in enumerate(arguments.positional):
        place = arguments.positional_places[index] if index < len(arguments.positional_places) else None
        name = _positional_name(positional, index, bound)
        (bound if name else extra)[name or f"*{index}"] = value
        if place is not None:
            places[name or f"*{index}"] = place
    for spelled, value in arguments.keywords.items():
        parameter = row.parameter(spelled)
        key = spelled if parameter is None or parameter.variadic else parameter.name
        takes_any = any(one.variadic and one.keyword_only for one in row.parameters)
        (extra if parameter is None and not takes_any else bound)[key] = value
        if spelled in arguments.keyword_places:
            places[key] = arguments.keyword_places[spelled]
    return Bound(bound, extra, places)


def _positional_name(positional: list[Parameter], index: int, bound: dict[str, Value]) -> str | None:
    if index < len(positional) and not positional[index].variadic:
        return positional[index].name
    variadic = next((one.name for one in positional if one.variadic), None)
    if variadic is None:
        return None
    taken = sum(key == variadic or key.startswith(f"{variadic}[") for key in bound)
    return f"{variadic}[{taken}]"


def make(call: Call, row: Row) -> Object:
    """The object that calling a row's symbol gives, when nothing more is known about it.

    After `*unknown` or `**unknown` the settings that matter most (of optimizers and loaders) are not taken to be the defaults.
    """
    bound = bind(row, call.arguments)
    arguments = bound.arguments
    if not call.arguments.complete and row.makes in ("optimizer", "loader"):
        missing = [one.name for one in row.parameters if one.name not in arguments and not one.variadic]
        unknown = call.unknown("it may be among the arguments that `*` or `**` pass on")
        arguments = {**dict.fromkeys(missing, unknown), **arguments}
    return Object(row, arguments, bound.extra, {}, call.spelled or call.name, call.place, bound.places)
