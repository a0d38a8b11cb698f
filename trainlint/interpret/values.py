"""What a name in a training script can stand for: a small closed family of values.

Scalars, arrays, symbols and functions are immutable. What a script can change in place (lists, dicts, instances, library
objects, scopes) keeps its contents in `cells`, which only `Heap.write` changes, so that the two sides of an undecided
branch can be followed one after the other and joined.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import field
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

from trainlint.core import Origin, Place, dataclass

if TYPE_CHECKING:
    import libcst as cst
    import numpy as np

    from trainlint.knowledge.rows import Row
    from trainlint.source.parse import Tree

LONGEST_TRAIL = 8
"""Steps behind which it is no longer told how an unknown value came out of a library."""

Shape: TypeAlias = "tuple[int | None, ...]"
Scalar: TypeAlias = "bool | int | float | complex | str | bytes | None"


@dataclass(frozen=True, slots=True, eq=False)
class Unknown:
    """A value the interpreter could not follow. Operations on it give an Unknown with the same reason.

    `start` is what it is in the first pass of the loop that changes it. `linear` is (u, a, b) where it is surely a * u + b of
    another Unknown u, so that the extent of `x[i : i + 16]` is known. `trail` is how it came out of a library: the canonical name
    of the function that gave it, then what was taken from that or called on it (("sklearn.model_selection.KFold", "split")).
    `counts` is what it is the length of, be it times or over other numbers: the loader of `epochs * len(loader)`.
    """

    why: str
    place: Place | None = None
    start: Value | None = None
    linear: tuple[Unknown, int, int] | None = None
    trail: tuple[str, ...] = ()
    counts: Value | None = None

    def taken(self, name: str, place: Place | None) -> Unknown:
        """What the attribute or method of a name gives."""
        return Unknown(self.why, place, trail=(*self.trail, name) if 0 < len(self.trail) < LONGEST_TRAIL else ())


@dataclass(frozen=True, slots=True, eq=False)
class Deferred(Unknown):
    """What an import from the project gives, in a file in which nothing trains: followed when its name is read."""

    follow: Callable[[], Value] = field(kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A Python scalar. `origin` says where it came from and `note` how to call that ("default of `--lr`")."""

    value: Scalar
    place: Place | None = None
    origin: Origin = Origin.LITERAL
    note: str = ""


@dataclass(frozen=True, slots=True)
class Statistics:
    """What is known of an array's entries. `known` is exact, declared or typical (ARCHITECTURE: interpretation).

    `second_moment` is the mean of the squares. `columns` holds (low, high, mean, second_moment) of each column of the last axis
    where they are known apart.
    """

    low: float | None = None
    high: float | None = None
    mean: float | None = None
    second_moment: float | None = None
    known: str = "unknown"
    columns: tuple[tuple[float, float, float, float], ...] = ()


UNKNOWN_STATISTICS = Statistics()


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """An array or tensor, and how it came about: `op` applied to `inputs` (values) with `attributes`.

    Leaves: op "constant" (`data` known), "data" (read from somewhere: `attributes["source"]` says what), "random",
    "parameter" (trainable: `attributes` hold name, initializer, layer) and "input" (a symbolic model input).
    `op` "layer" is the call of a library layer (`attributes["layer"]`), "loss" that of a library loss
    (`attributes["loss"]`, inputs prediction then target), "batch" a mini-batch of its input (`attributes["batch_size"]`).
    Other names are those of `knowledge.operations`. `symbolic` is True when a parameter or an input lies upstream;
    such an array has no data. `detached` cuts it from the graph (`.detach()`, `.item()`, `.numpy()`, `no_grad`).
    """

    op: str
    inputs: tuple[Value, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    shape: Shape | None = None
    dtype: str | None = None
    library: str = "numpy"
    data: np.ndarray[Any, Any] | None = None
    statistics: Statistics = UNKNOWN_STATISTICS
    symbolic: bool = False
    detached: bool = False
    place: Place | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Tuple:
    """An immutable sequence of known length."""

    items: tuple[Value, ...]
    place: Place | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """`a:b:c` in a subscript."""

    start: Value
    stop: Value
    step: Value
    place: Place | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Symbol:
    """A library object that is only named so far. `name` is canonical (`keras.layers.Dense`), `spelled` is the script's path."""

    name: str
    spelled: str
    place: Place | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Different values on different branches: never nested, never empty, at most `MAXIMUM_ALTERNATIVES`."""

    alternatives: tuple[Value, ...]
    place: Place | None = None


MAXIMUM_ALTERNATIVES = 8

_SERIAL = count(1)


def serial() -> int:
    """A number larger than every one before: what was made later was `born` later (`Heap.undo`)."""
    return next(_SERIAL)


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function or lambda of the script (or of a project file beside it), with the scope that it closes over."""

    name: str
    node: cst.FunctionDef | cst.Lambda = field(repr=False)
    scope: Scope = field(repr=False)
    defaults: Mapping[str, Value] = field(default_factory=dict)
    decorators: tuple[Value, ...] = ()
    owner: Class | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Partial:
    """`functools.partial`: a callable with some arguments already bound."""

    function: Value
    positional: tuple[Value, ...] = ()
    keywords: Mapping[str, Value] = field(default_factory=dict)
    place: Place | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BoundMethod:
    """A user function bound to its receiver."""

    receiver: Value
    function: Value
    place: Place | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LibraryMethod:
    """A method of a library object, array or builtin container, by name: `optimizer.step`, `x.mean`, `items.append`."""

    receiver: Value
    name: str
    place: Place | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """Names of a module, class body or function call; `parent` is the enclosing scope.

    `redirected` holds names declared global or nonlocal with the scope they belong to; `tree` is the file the code stands in.
    """

    cells: dict[Hashable, Value] = field(default_factory=dict)
    parent: Scope | None = None
    kind: str = "function"
    name: str = ""
    redirected: dict[str, Scope] = field(default_factory=dict)
    tree: Tree | None = None
    born: int = field(default_factory=serial, repr=False)


@dataclass(slots=True, eq=False)
class ModuleValue:
    """A project file that was read and interpreted."""

    name: str
    scope: Scope = field(repr=False)
    place: Place | None = None


@dataclass(slots=True, eq=False)
class List:
    """A list or set. `cells["items"]` is a Tuple; `cells["open"]` is a true Literal when unknown items may follow."""

    cells: dict[Hashable, Value] = field(default_factory=dict)
    place: Place | None = None
    kind: str = "list"
    born: int = field(default_factory=serial, repr=False)


@dataclass(slots=True, eq=False)
class Dict:
    """A dict: `cells` maps each known key; `cells[OPEN]` is a true Literal when other keys may be there."""

    cells: dict[Hashable, Value] = field(default_factory=dict)
    place: Place | None = None
    born: int = field(default_factory=serial, repr=False)


class _Open:
    """The key that no script can have."""


OPEN = _Open()


@dataclass(slots=True, eq=False)
class Class:
    """A class of the script: `cells` holds its attributes, `bases` may be Symbols of a library."""

    name: str
    bases: tuple[Value, ...] = ()
    cells: dict[Hashable, Value] = field(default_factory=dict)
    keywords: Mapping[str, Value] = field(default_factory=dict)
    decorators: tuple[Value, ...] = ()
    place: Place | None = None
    born: int = field(default_factory=serial, repr=False)


@dataclass(slots=True, eq=False)
class Instance:
    """An instance of a script's class: `cells` holds its attributes. Subclasses of library classes have `row` of that base."""

    cls: Class
    row: Row | None = None
    cells: dict[Hashable, Value] = field(default_factory=dict)
    place: Place | None = None
    born: int = field(default_factory=serial, repr=False)


@dataclass(slots=True, eq=False)
class Object:
    """An instance of a library class: what `row` says it makes, with its arguments by canonical parameter name.

    `arguments` has only what the script passed (`row.parameters` has the defaults); `extra` what no parameter takes
    (unknown keywords by name, surplus positionals as "*0", "*1"); `cells` is state that changes later (a model's layers,
    an optimizer's lr assigned afterwards, `trainable`). `spelled` is the path the script used.
    """

    row: Row
    arguments: Mapping[str, Value] = field(default_factory=dict)
    extra: Mapping[str, Value] = field(default_factory=dict)
    cells: dict[Hashable, Value] = field(default_factory=dict)
    spelled: str = ""
    place: Place | None = None
    argument_places: Mapping[str, Place] = field(default_factory=dict)
    born: int = field(default_factory=serial, repr=False)


Value: TypeAlias = (
    "Unknown | Literal | Array | Tuple | Slice | Symbol | Choice | Function | Partial | BoundMethod | LibraryMethod"
    " | ModuleValue | List | Dict | Class | Instance | Object"
)
Mutable: TypeAlias = "Scope | List | Dict | Class | Instance | Object"

NONE = Literal(None)


def alternatives(value: Value) -> tuple[Value, ...]:
    """The values this one may be: itself, or those of a Choice."""
    return value.alternatives if isinstance(value, Choice) else (value,)


def same(first: Value, second: Value) -> bool:
    """Whether two values are surely the same, as far as the join of branches is concerned."""
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    if isinstance(first, Literal) and isinstance(second, Literal):
        return type(first.value) is type(second.value) and first.value == second.value
    if isinstance(first, Symbol) and isinstance(second, Symbol):
        return first.name == second.name
    if isinstance(first, Tuple) and isinstance(second, Tuple):
        return len(first.items) == len(second.items) and all(map(same, first.items, second.items))
    return False


def join(values: tuple[Value, ...]) -> Value:
    """One value for what differs between branches: the value itself when all agree, else a flat `Choice`, else Unknown."""
    distinct: list[Value] = []
    for value in values:
        for one in value.alternatives if type(value) is Choice else (value,):
            for other in distinct:
                if one is other or same(one, other):
                    break
            else:
                distinct.append(one)
    if len(distinct) == 1:
        return distinct[0]
    if len(distinct) > MAXIMUM_ALTERNATIVES:
        return Unknown("differs on too many branches", distinct[0].place)
    return Choice(tuple(distinct), distinct[0].place)
