"""How many axes an array must have that is read from a file, told from the model that its rows reach."""

from __future__ import annotations

from collections.abc import Iterable

from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, List, Literal, Tuple, Value

MAXIMUM_ARRAYS = 2_000
SAME_RANK = frozenset(
    {
        *(
            "cast",
            "copy",
            "shuffle",
            "split",
            "detach",
            "identity",
            "scale",
            "clip",
            "sqrt",
            "abs",
            "negative",
            "log",
            "flip",
            "roll",
        ),
        *("concatenate", "augmented"),
    }
)
"""Operations that keep the number of axes of their inputs."""

ARITHMETIC = frozenset({"add", "subtract", "multiply", "divide", "power"})


def inferred_rank(array: Array, events: Iterable[Event]) -> int | None:
    """The axes of an array of unknown shape, from the `fit` of a model of known input shape that its rows are batched for.

    None if its rows reach no such model, or reach several that do not agree.
    """
    if array.shape is not None:
        return len(array.shape)
    found = {rank for event in events if event.kind == "fit" for rank in _ranks_upstream(event, array)}
    return found.pop() if len(found) == 1 else None


def _ranks_upstream(fit: Event, wanted: Array) -> set[int]:
    from trainlint.interpret.keras.models import input_shape

    shape = input_shape(fit.values.get("model"))
    batch = fit.values.get("batch")
    given = batch.items[0] if isinstance(batch, Tuple) and batch.items else fit.values.get("x")
    return _ranks_of(wanted, given, len(shape)) if shape is not None and isinstance(given, Array) else set()


def _ranks_of(wanted: Array, given: Array, rank: int) -> set[int]:
    """The ranks that `wanted` must have for `given` to have this rank."""
    found: set[int] = set()
    seen: set[tuple[int, int]] = set()
    waiting = [(given, rank)]
    while waiting and len(seen) < MAXIMUM_ARRAYS:
        array, rank = waiting.pop()
        if (id(array), rank) in seen or rank < 0:
            continue
        seen.add((id(array), rank))
        if array is wanted or same_data(array, wanted):
            found.add(rank)
        if array.shape is None or len(array.shape) == rank:
            waiting.extend(_inputs(array, rank))
    return found


def same_data(one: Array, other: Array) -> bool:
    """Whether two arrays are the same subscript of the same array."""
    return (
        one.op == other.op == "getitem"
        and one.place is not None
        and one.place == other.place
        and one.inputs[:1] == other.inputs[:1]
    )


def _inputs(array: Array, rank: int) -> list[tuple[Array, int]]:
    """The arrays that an array was made of, each with the rank that it must have."""
    inputs = [one for one in array.inputs if isinstance(one, Array)]
    if array.op in SAME_RANK:
        return [(one, rank) for one in inputs]
    if array.op in ARITHMETIC:
        return [(one, rank) for one in inputs if one.shape is None] if sum(one.shape is None for one in inputs) == 1 else []
    if array.op in ("stack", "expand_dims"):
        return [(one, rank - 1) for one in inputs]
    if array.op == "batch":
        return [(one, rank - 1 if array.attributes.get("sample") is True else rank) for one in inputs[:1]]
    if array.op == "getitem" and array.library != "pandas" and inputs:
        dropped = _axes_dropped(array)
        return [] if dropped is None else [(inputs[0], rank + dropped)]
    return []


def _axes_dropped(array: Array) -> int | None:
    """How many axes a subscript takes away; None if that is not known."""
    parts = array.attributes.get("index")
    if not isinstance(parts, tuple):
        return None
    dropped, waiting = 0, list(array.inputs[1:])
    for part in parts:
        if isinstance(part, str):
            axes = _axes_of_index(waiting.pop(0) if waiting else None)
            if axes is None:
                return None
            dropped += 1 - axes
        elif part is None:
            dropped -= 1
        elif isinstance(part, int):
            dropped += 1
        elif not isinstance(part, slice) and part is not Ellipsis:
            return None
    return dropped


def _axes_of_index(index: Value | None) -> int | None:
    """The axes of an index: none of a number, one of a list of rows."""
    if isinstance(index, Array) and index.dtype != "bool":
        return None if index.shape is None else len(index.shape)
    if isinstance(index, Literal):
        return 0
    return 1 if isinstance(index, List) else None
