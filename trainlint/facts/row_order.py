"""The order of rows: which data were put in random order, and whether inputs and labels went through the same orders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from trainlint.core import Place
from trainlint.facts.provenance import MAXIMUM_ARRAYS, lineage, made_at_random, main_path
from trainlint.facts.run import TrainingRun
from trainlint.facts.syntax import Names, enclosing, last_name, names_of, readers
from trainlint.interpret.events import Event
from trainlint.interpret.subscripts import is_known
from trainlint.interpret.values import Array, Function, Instance, Literal, Tuple, Value

if TYPE_CHECKING:
    import libcst as cst

ROW_WISE = frozenset(
    {
        *("reshape", "flatten", "squeeze", "expand_dims", "cast", "getitem", "batch", "copy", "detach", "split", "shuffle"),
        *("multiply", "divide", "add", "subtract", "scale", "encode", "one_hot", "identity", "rescaling", "normalize"),
        *("greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "logical_and", "logical_or", "round", "sign"),
    }
)
"""Operations after which row i is still made of row i, unless they pick or permute rows."""

_SOURCES = ("data", "constant", "random")


class Permutation(NamedTuple):
    """One act that puts rows in a random order: `key` is the same for all arrays that share the order, or parts of it."""

    key: object
    place: Place | None


def permutations_of(value: Value | None, shuffles: tuple[Event, ...], before: int) -> tuple[Permutation, ...] | None:
    """The random orders that the rows of an array went through; None if its way is not followed to where it was read."""
    found: list[Permutation] = []
    path = list(rows_path(value))
    gathered = next((position for position, one in enumerate(path) if _of_a_list(one)), None)
    if gathered is None and (not path or not _is_read(path[-1])):
        return None
    path = path[: gathered + 1] if gathered is not None else path
    for position, one in enumerate(path):
        if one.op not in ROW_WISE and one is not path[-1]:
            return None
        found.extend(_by(one))
        found.extend(
            Permutation(id(event), event.place)
            for event in shuffles
            if event.values.get("array") is one and event.order < before and _later(path[:position], event)
        )
    return tuple(found)


def _is_read(array: Array) -> bool:
    """Whether the order of rows begins with an array: not one that a generator or something unknown hands out."""
    return array.op in _SOURCES and not array.inputs and isinstance(array.attributes.get("source", ""), str)


def _of_a_list(array: Array) -> bool:
    """Whether an array holds in its rows what a list gathered, one element a row: their order begins there."""
    return array.op == "stack" and array.attributes.get("collected") is True and array.attributes.get("axis") == 0


def rows_path(value: Value | None) -> Iterator[Array]:
    """`main_path`, but for one-hot rows that are written by hand (`rows[arange(n), labels] = 1`) along the labels."""
    for _ in range(MAXIMUM_ARRAYS):
        path = list(main_path(value))
        place = next((i for i, one in enumerate(path) if one.op == "setitem" and _labels_of(one) is not None), None)
        if place is None:
            yield from path
            return
        yield from path[:place]
        value = _labels_of(path[place])


def _labels_of(written: Array) -> Array | None:
    """The labels that a table of zeros got its ones by, if that is what an assignment to its entries is."""
    base = written.inputs[0] if written.inputs else None
    index = written.attributes.get("index")
    if not isinstance(base, Array) or base.op != "constant" or not isinstance(index, tuple) or len(index) != 2:
        return None
    held = [one for one in written.inputs[1:] if isinstance(one, Array) and one.op != "constant"]
    return held[0] if len(held) == 1 else None


def _by(array: Array) -> Iterator[Permutation]:
    if array.op == "shuffle" and array.attributes.get("axis", 0) == 0:
        together = array.attributes.get("together")
        yield Permutation(str(together) if together is not None else id(array), array.place)
    elif array.op == "getitem" and len(array.inputs) > 1:
        index = array.inputs[1]
        chosen = not all(map(is_known, array.attributes.get("index", ())[:1]))
        if chosen and isinstance(index, Array) and made_at_random(index):
            yield Permutation(id(list(main_path(index))[-1]), array.place)
    elif array.op == "split" and array.attributes.get("shuffle"):
        yield Permutation(("split", str(array.place), array.attributes.get("part")), array.place)


def _later(made_of_it: list[Array], event: Event) -> bool:
    """Whether all that was made of an array came after it was shuffled in place."""
    if event.place is None:
        return False
    return all(one.place is not None and one.place.span.row > event.place.span.row for one in made_of_it)


class ShuffledApart(NamedTuple):
    """Inputs and labels whose rows do not match any more: which of them (`what`) was permuted alone, and where."""

    what: str
    place: Place


def shuffled_apart(run: TrainingRun, events: tuple[Event, ...]) -> ShuffledApart | None:
    """Whether the inputs of a run went through a random order that its labels did not, or the reverse."""
    x, y = run.inputs.value, run.targets.value
    if not isinstance(x, Array) or not isinstance(y, Array) or x.symbolic or y.symbolic:
        return None
    fit = next((one.order for one in run.events if one.kind in ("fit", "forward", "step")), 0)
    shuffles = tuple(one for one in events if one.kind == "shuffle")
    mine, theirs = permutations_of(x, shuffles, fit), permutations_of(y, shuffles, fit)
    if mine is None or theirs is None or _of_one_another(x, y):
        return None
    keys = {one.key for one in mine}, {one.key for one in theirs}
    only_x = [one for one in mine if one.key not in keys[1]]
    only_y = [one for one in theirs if one.key not in keys[0]]
    if only_x and only_y and (_seeded(events) or len(only_x) != 1 or len(only_y) != 1 or keys[0] & keys[1]):
        return None
    what, found = ("inputs", only_x) if only_x else ("labels", only_y)
    if not found or found[0].place is None:
        return None
    return ShuffledApart("inputs and labels" if only_x and only_y else what, found[0].place)


def reordered_alone(events: tuple[Event, ...]) -> Iterator[Place]:
    """Where a method puts one array of its object in a random order that nothing else shares.

    The class derives from one that is not known, and is given two arrays or more: whatever the base does, their rows part.
    """
    given = [event.values.get("object") for event in events if event.kind == "constructed" and _arrays_given(event) >= 2]
    classes = [one.cls for one in given if isinstance(one, Instance)]
    taken = [event for event in events if event.kind == "taken" and event.place is not None]
    seen: set[object] = set()
    for event in taken:
        shared = any(one is not event and one.values.get("index") is event.values.get("index") for one in taken)
        method = next((frame.name for frame in reversed(event.frames) if frame.kind in ("call", "uncalled")), "")
        owned = any(isinstance(one.cells.get(method), Function) for one in classes)
        place = event.place
        if place is not None and owned and not shared and place not in seen and _rebinds_itself(place):
            seen.add(place)
            yield place


def _arrays_given(event: Event) -> int:
    held = event.values.get("arguments")
    return sum(isinstance(one, Array) for one in held.items) if isinstance(held, Tuple) else 0


def _rebinds_itself(place: Place) -> bool:
    """Whether a statement is `self.x = self.x[order]`, and its function does nothing else with that order."""
    import libcst as cst
    from libcst.helpers import get_full_name_for_node

    statement, names = enclosing(place, cst.Assign), names_of(place)
    whole = statement.value if isinstance(statement, cst.Assign) else None
    index = whole.slice[0].slice if isinstance(whole, cst.Subscript) and len(whole.slice) == 1 else None
    if not isinstance(statement, cst.Assign) or not isinstance(whole, cst.Subscript) or not isinstance(index, cst.Index):
        return False
    taken = get_full_name_for_node(whole.value)
    itself = [get_full_name_for_node(one.target) for one in statement.targets] == [taken]
    if not itself or not isinstance(index.value, cst.Name) or names is None:
        return False
    return [one for one in readers(place, index.value.value) if not _is_drawing(one, names)] == [index.value]


def _is_drawing(reader: cst.CSTNode, names: Names) -> bool:
    """Whether a name is read by a statement `np.random.shuffle(order)`."""
    import libcst as cst

    call = next((one for one in names.around(reader) if isinstance(one, cst.Call)), None)
    return call is not None and last_name(call.func) == "shuffle" and isinstance(names.parents[id(call)], cst.Expr)


def _of_one_another(x: Array, y: Array) -> bool:
    """Whether labels are computed from inputs, or the inputs from the labels (autoencoders, denoising, noise of generators)."""
    above_x, above_y = {id(one) for one in lineage(x)}, {id(one) for one in lineage(y)}
    if id(x) in above_y or id(y) in above_x:
        return True
    leaves = list(main_path(x))[-1], list(main_path(y))[-1]
    picked = any(_picks_column(one) for one in (*main_path(x), *main_path(y)))
    return leaves[0] is leaves[1] and not picked


def _picks_column(array: Array) -> bool:
    if array.op != "getitem":
        return False
    index = array.attributes.get("index", ())
    named = array.library == "pandas" or any(isinstance(one, Literal) and isinstance(one.value, str) for one in array.inputs)
    return named or (isinstance(index, tuple) and len(index) > 1)


def _seeded(events: tuple[Event, ...]) -> bool:
    """Whether the script sets a random generator's state itself, so that two orders can be the same."""
    return any(one.kind == "seed" for one in events)
