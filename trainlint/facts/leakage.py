"""What the training part of the data knows of the part that it is judged by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from trainlint.core import Place, Unknown as NotKnown
from trainlint.facts.provenance import FITTED_KINDS, lineage, main_path
from trainlint.facts.run import Script, TrainingRun
from trainlint.facts.syntax import node_at
from trainlint.interpret.events import Event
from trainlint.interpret.subscripts import takes_all
from trainlint.interpret.values import Array, Choice, List, Literal, Object, Tuple, Unknown, Value
from trainlint.source.lines import split_rows

REPEATING = frozenset({"resample", "repeat"})
MAXIMUM_DEPTH = 8
"""Columns put into a table that are looked at, each within the last."""


class Leak(NamedTuple):
    """Something done to all rows at `place` before (`split`) they were parted; `what` names the class or function.

    `again`: it was fitted on the training part before, and is fitted on the test part here, or numbers the categories of other
    data (`numbers`). `lost`: an earlier fit that this one replaces before it served.
    """

    place: Place
    split: Place | None
    what: str
    rows: int | None = None
    again: bool = False
    numbers: bool = False
    lost: Place | None = None


def fitted_before_split(script: Script, events: Sequence[Event]) -> Iterator[Leak]:
    """Scalers and other transformers that were fitted on rows which a later split holds back, in a script that trains on them."""
    names = {id(event.values.get("output")): class_name(event.values.get("scaler")) for event in events if event.kind == "scaled"}
    for split, array in _trained_parts(script, events):
        for one in _before_any_split(array):
            if _is_fitted(one, "terms") and one.place is not None:
                rows = one.shape[0] if one.shape else None
                yield Leak(one.place, split.place, names.get(id(one), "the scaler"), rows)
            elif _by_own_deviation(one) and one.place is not None:
                yield Leak(one.place, split.place, "the standardization", one.shape[0] if one.shape else None)


def fitted_before_slices(script: Script, events: Sequence[Event]) -> Iterator[Leak]:
    """The same where the rows are parted by slices: a run trains on `rows[:k]`, and `rows[k:]` is what the model is judged by."""
    names = {id(event.values.get("output")): class_name(event.values.get("scaler")) for event in events if event.kind == "scaled"}
    for run in script.runs:
        value = None if isinstance(run.inputs.value, NotKnown) else run.inputs.value
        first = next((one for one in _beside_windows(value) if _is_part(one) and _start(one) in (None, 0)), None)
        whole = first.inputs[0] if first is not None else None
        if first is None or not isinstance(whole, Array) or not any(_judged_on_rest(event, whole) for event in events):
            continue
        for one in _beside_windows(whole):
            if one.op == "split" or _is_part(one):
                break
            if _is_fitted(one) and one.place is not None:
                yield Leak(one.place, first.place, names.get(id(one), "the scaler"), one.shape[0] if one.shape else None)


def _is_fitted(array: Array, *further: str) -> bool:
    """Whether an array was transformed by what was surely fitted on all of its rows."""
    if array.op != "scale" or array.attributes.get("kind") not in (*FITTED_KINDS, *further):
        return False
    fitted = list(main_path(array.inputs[1] if len(array.inputs) > 1 else None))
    if array.attributes.get("fitted_elsewhere") or any(one.op == "split" or _is_part(one) for one in fitted):
        return False
    given = list(main_path(array.inputs[0]))
    shared = {id(one) for one in given}
    own = takewhile(lambda one: id(one) not in shared, fitted)  # what lies between the rows of both and what it was fitted on
    return not any(_may_take_rows(one) and not any(_chosen_alike(one, other) for other in given) for one in own)


def _may_take_rows(array: Array) -> bool:
    """Whether an array may hold some rows of what it was taken from: no columns by name, no slice of all rows."""
    index = array.attributes.get("index", ())
    first = index[0] if isinstance(index, tuple) and index else None
    whole = first is Ellipsis or takes_all(first)
    columns = array.attributes.get("columns") is True or _are_names(_chosen(array))
    return array.op == "shuffle" or (array.op == "getitem" and not whole and not columns)


def _chosen(array: Array) -> Value | None:
    """What an array or a data frame was subscripted by."""
    return array.inputs[1] if array.op == "getitem" and len(array.inputs) > 1 else None


def _are_names(chosen: Value | None) -> bool:
    items = (chosen,) if isinstance(chosen, Literal) else () if chosen is None else _items(chosen)
    return bool(items) and all(isinstance(one, Literal) and isinstance(one.value, str) for one in items)


def _chosen_alike(first: Array, second: Array) -> bool:
    """Whether two parts were taken by one and the same value: `frame[columns]`, written twice."""
    chosen = _chosen(first)
    return chosen is not None and chosen is _chosen(second)


def _beside_windows(value: Value | None) -> Iterator[Array]:
    """What an array was made of, without the windows `rows[i : i + n]` that a list of them was put together of."""
    window = False
    for one in main_path(value):
        if window and _is_part(one):
            window = False
            continue
        window = window or one.op == "stack"
        yield one


def _is_part(array: Array) -> bool:
    return array.op == "getitem" and _takes_rows(array)


def _start(part: Array) -> object:
    return part.attributes["index"][0].start


def _judged_on_rest(event: Event, whole: Array) -> bool:
    """Whether a model is called on a part of an array that does not begin with its first row."""
    if event.kind not in ("forward", "predict", "evaluate"):
        return False
    given = event.values.get("inputs" if event.kind == "forward" else "x")
    for held in given.items if isinstance(given, Tuple) else (given,):
        parts = [one for one in _beside_windows(held) if _is_part(one) and one.inputs[0] is whole]
        if any(_start(one) not in (None, 0) for one in parts):
            return True
    return False


def _by_own_deviation(array: Array) -> bool:
    """Whether an array was divided by the standard deviation of what it was made of: `(x - x.mean()) / x.std()`."""
    divisor = array.inputs[1] if array.op == "divide" and len(array.inputs) == 2 else None
    while isinstance(divisor, Array) and divisor.op in ("add", "maximum", "cast") and divisor.inputs:  # `x.std() + 1e-8`
        divisor = divisor.inputs[0]
    if not isinstance(divisor, Array) or divisor.op != "std" or not divisor.inputs:
        return False
    axis = divisor.attributes.get("axis")
    over_rows = axis is None or axis == 0 or (isinstance(axis, tuple) and 0 in axis)
    return over_rows and any(one is divisor.inputs[0] for one in main_path(array.inputs[0]))


def repeated_before_split(script: Script, events: Sequence[Event]) -> Iterator[Leak]:
    """Rows that are drawn several times before a random split, in a script that trains on a part of it."""
    for split, array in _trained_parts(script, events):
        for one in _before_any_split(array):
            along = one.op != "repeat" or one.attributes.get("axis") == 0
            if one.op in REPEATING and along and one.place is not None and _shuffled(split):
                yield Leak(one.place, split.place, "resampling" if one.op == "resample" else "repeating")


def _shuffled(split: Event) -> bool:
    parts = split.values.get("parts")
    held = parts.items if isinstance(parts, Tuple) else ()
    return any(isinstance(one, Array) and one.attributes.get("shuffle") for one in held)


def _trained_parts(script: Script, events: Sequence[Event]) -> Iterator[tuple[Event, Array]]:
    """Each split of which a run trains on a part of the first array, with that array."""
    trained = {id(one) for run in script.runs for one in lineage(run.inputs.value)}
    for event in events:
        arrays, parts = event.values.get("arrays"), event.values.get("parts")
        if event.kind != "split" or not isinstance(arrays, Tuple) or not isinstance(parts, Tuple) or not arrays.items:
            continue
        first = arrays.items[0]
        if isinstance(first, Array) and any(id(one) in trained for one in parts.items[:2]):
            yield event, first


def _before_any_split(array: Value, depth: int = 0) -> Iterator[Array]:
    """What an array was made of, as far as no earlier split lies in between."""
    for one in main_path(array):
        if one.op == "split" or (one.op == "getitem" and _takes_rows(one)):
            return
        yield one
        if one.op == "setitem" and not _takes_rows(one) and len(one.inputs) > 1 and depth < MAXIMUM_DEPTH:
            yield from _before_any_split(one.inputs[1], depth + 1)


def _takes_rows(array: Array) -> bool:
    index = array.attributes.get("index", ())
    first = index[0] if isinstance(index, tuple) and index else None
    return isinstance(first, slice) and not takes_all(first)


def class_name(scaler: Value | None) -> str:
    """What to call a transformer."""
    return scaler.row.name.rpartition(".")[2] if isinstance(scaler, Object) else "the scaler"


SMALL = 64
"""Samples up to which training and validation on the same ones is a test of the model (a deliberate overfit)."""


def validated_on_training_data(run: TrainingRun) -> Event | None:
    """The fit whose validation data are the very data that it trains on."""
    fit = next((one for one in run.events if one.kind == "fit"), None)
    if fit is None or (run.inputs.samples is not None and run.inputs.samples <= SMALL):
        return None
    x, y, held = fit.values.get("x"), fit.values.get("y"), fit.values.get("validation_data")
    if held is None or (isinstance(held, Literal) and held.value is None):
        return None
    if isinstance(held, Object):
        return fit if held is x else None
    items = _items(held)
    if not items:
        return None
    if isinstance(x, Array):
        again, reconstructs = same_rows(items[0], x), isinstance(y, Array) and same_rows(x, y)
    else:
        again, reconstructs = items[0] is x and _named_again(fit), _name_at(fit, "x") == _name_at(fit, "y")
    return None if not again or (reconstructs and "callbacks" not in fit.values) else fit


def _named_again(fit: Event) -> bool:
    """Whether the validation inputs of a fit are named as its inputs are: different unknown things may be one value."""
    import libcst as cst

    held = node_at(fit.argument_places.get("validation_data"))
    first = held.elements[0].value if isinstance(held, cst.Tuple | cst.List) and held.elements else None
    return isinstance(first, cst.Name) and first.value == _name_at(fit, "x")


def _name_at(fit: Event, argument: str) -> str:
    import libcst as cst

    node = node_at(fit.argument_places.get(argument))
    return node.value if isinstance(node, cst.Name) else ""


def _items(value: Value) -> tuple[Value, ...]:
    if isinstance(value, List):
        value = value.cells.get("items", value)
    return value.items if isinstance(value, Tuple) else ()


def same_rows(first: Value, second: Value) -> bool:
    """Whether two arrays are surely the same entries: one object, or equal known subscripts and reshapes of the same.

    What is not known is not the same as itself: several unknown things may be one value.
    """
    for _ in range(32):
        if first is second:
            return not isinstance(first, Unknown | Choice)
        if not isinstance(first, Array) or not isinstance(second, Array) or first.op != second.op:
            return False
        plain = first.op in ("getitem", "reshape", "cast") and len(first.inputs) == 1 == len(second.inputs)
        if not plain or repr(first.attributes) != repr(second.attributes) or "?" in repr(first.attributes):
            return False
        first, second = first.inputs[0], second.inputs[0]
    return False


def shuffled_answers(events: Sequence[Event]) -> Iterator[tuple[Event, Event, Place | None]]:
    """Each reading of a generator's labels in file order after its shuffled images were predicted: reading, prediction, place."""
    predicted: dict[int, Event] = {}
    for event in events:
        held = event.values.get("x") if event.kind == "predict" else event.values.get("generator")
        if not isinstance(held, Object) or held.row.makes != "generator":
            continue
        if event.kind == "predict" and _shuffles(held):
            predicted[id(held)] = event
        elif event.kind == "labels_read" and id(held) in predicted and not _only_counted(event):
            yield event, predicted.pop(id(held)), held.place


def _shuffles(flow: Object) -> bool:
    held = flow.arguments.get("shuffle")
    return held is None or (isinstance(held, Literal) and held.value is True)


def _only_counted(event: Event) -> bool:
    """Whether what is read is only handed to `len`, `set` or `np.unique`, to which the order does not matter: a silencer."""
    rows = split_rows(getattr(event.place, "source_text", ""))
    if event.place is None or event.place.span.row > len(rows):
        return False
    return rows[event.place.span.row - 1][: event.place.span.column - 1].endswith(("len(", "set(", "unique(", "Counter("))
