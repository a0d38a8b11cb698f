"""Tables of features and labels: which columns of one table become inputs, which become targets, and what was done to both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Edit, Place, Unknown as NotKnown
from trainlint.facts.loss_fit import loss_fit
from trainlint.facts.provenance import lineage, main_path
from trainlint.facts.run import TrainingRun
from trainlint.interpret.subscripts import takes_all
from trainlint.interpret.values import Array, List, Literal, Tuple, Unknown

CLASS_LOSSES = frozenset({"CCE", "SCCE", "CE", "BCE", "BCEL"})
RESCALING_KINDS = frozenset({"standard", "range", "largest", "robust", "power", "quantile"})
KEEPS_ZERO_AND_ONE = ("range", "largest")
"""Scalers that leave a column of 0 and 1 as it is."""

KEEPS_COLUMNS = frozenset({"cast", "copy", "split", "shuffle", "batch", "detach", "identity", "scale", "multiply", "divide"})
KEEPS_LABELS = frozenset({"getitem", "reshape", "flatten", "squeeze", "expand_dims", "copy", "split", "shuffle", "batch"})
REMOVES_IN_PLACE = re.compile(r"inplace\s*=\s*True|\.pop\(|^\s*del\b|\.drop\(|np\.delete", re.MULTILINE)
"""What takes columns away from a table without giving it another name: it can only silence."""


class LabelsScaled(NamedTuple):
    """One scaler that was fitted on the labels together with the inputs: where, and of which kind."""

    place: Place
    kind: str


def labels_scaled_with_inputs(run: TrainingRun) -> LabelsScaled | None:
    """The scaling of a table of which both the inputs and the classes of a run are columns."""
    fit = loss_fit(run)
    x, y = run.inputs.value, run.targets.value
    if fit is None or not CLASS_LOSSES & set(fit.losses) or not isinstance(x, Array) or not isinstance(y, Array):
        return None
    above = {id(one) for one in lineage(x)}
    for one in main_path(y):
        kind = str(one.attributes.get("kind", "")) if one.op == "scale" else ""
        if kind in RESCALING_KINDS:
            harmless = kind in KEEPS_ZERO_AND_ONE and bool({"BCE", "BCEL"} & set(fit.losses))
            shared = id(one) in above and one is not y and one.place is not None and not harmless
            return LabelsScaled(one.place, kind) if shared and one.place is not None else None
        if one.op not in KEEPS_LABELS and not (one.op == "cast" and "float" in str(one.attributes.get("dtype"))):
            return None
    return None


class TargetAmongInputs(NamedTuple):
    """The column that became the targets (`column`: its name or number) and the inputs, which still hold it."""

    column: str
    place: Place
    inputs: Place | None
    edits: tuple[Edit, ...] = ()


def target_among_inputs(run: TrainingRun) -> TargetAmongInputs | None:
    """The target column, if the inputs surely are columns of the same table with that one among them."""
    x, y = run.inputs.value, run.targets.value
    if not isinstance(x, Array) or not isinstance(y, Array):
        return None
    picked = _column(y)
    if picked is None:
        return None
    table, column, made = picked
    taken = _columns_up_to(x, table)
    if taken is None or made.place is None or not _holds(taken, column, table):
        return None
    if isinstance(column, str) and REMOVES_IN_PLACE.search(getattr(made.place, "source_text", "")):
        return None
    return TargetAmongInputs(f"`{column}`" if isinstance(column, str) else f"number {column}", made.place, x.place)


def _column(y: Array) -> tuple[Array, str | int, Array] | None:
    """The table, name or number of the one column that targets are, and the array that picks it; all of its rows."""
    for one in main_path(y):
        if one.op == "getitem" and isinstance(one.inputs[0], Array):
            table = one.inputs[0]
            name = next((i.value for i in one.inputs[1:] if isinstance(i, Literal) and isinstance(i.value, str)), None)
            index = one.attributes.get("index")
            if isinstance(name, str):
                return None if table.library == "torch" else (table, name, one)  # a tensor has no named columns: this is a dict
            if isinstance(index, tuple) and len(index) == 2 and takes_all(index[0]) and type(index[1]) is int:
                return table, index[1], one
            return None
        if one.op not in KEEPS_LABELS and one.op != "cast":
            return None
    return None


def _columns_up_to(x: Array, table: Array) -> list[Array] | None:
    """The subscripts by which inputs were taken from a table, nearest first; None if anything else lies in between."""
    found: list[Array] = []
    for one in main_path(x):
        if one is table or (one.op == table.op and one.place is table.place and one.inputs == table.inputs):
            return found  # `frame.values` is the same table in another library
        if one.op == "getitem":
            found.append(one)
        elif one.op not in KEEPS_COLUMNS:
            return None
    return None


def _holds(taken: list[Array], column: str | int, table: Array) -> bool:
    """Whether the columns that were taken surely hold one: all of them, or a known range that it lies in."""
    if not taken:
        return not isinstance(table.attributes.get("source"), Unknown)
    named = _names(taken[0])
    if named is not None:
        return len(taken) == 1 and column in named
    index = taken[0].attributes.get("index")
    if len(taken) > 1 or not isinstance(index, tuple) or len(index) != 2 or not takes_all(index[0]) or type(column) is not int:
        return False
    return isinstance(index[1], slice) and _within(index[1], column)


def _names(taken: Array) -> tuple[object, ...] | None:
    """The columns that a list of names takes from a table: `frame[["age", "fare"]]`."""
    chosen = taken.inputs[1] if len(taken.inputs) == 2 else None
    items = chosen.cells.get("items") if isinstance(chosen, List) and "open" not in chosen.cells else None
    names = [one.value for one in items.items if isinstance(one, Literal)] if isinstance(items, Tuple) else []
    known = isinstance(items, Tuple) and len(names) == len(items.items) and all(isinstance(one, str) for one in names)
    return tuple(names) if known and names else None


def _within(part: slice, column: int) -> bool:
    """Whether a slice of columns holds a column, as far as their signs tell without knowing the width."""
    start, stop = part.start or 0, part.stop
    if part.step not in (None, 1) or type(start) is not int or not (stop is None or type(stop) is int):
        return False
    if column >= 0:
        return 0 <= start <= column and (stop is None or stop > column)
    if stop is None:
        return start == 0 or (start > 0 and column == -1)
    return start == 0 and column < stop < 0


def category_codes(run: TrainingRun) -> Iterator[tuple[Array, int]]:
    """Codes of three or more categories that are among the inputs of a run as numbers, with how many categories there are."""
    seen: set[int] = set()
    if isinstance(run.model, NotKnown) or any(one.kind == "embedding" for one in run.model.layers):
        return
    for one in lineage(run.inputs.value):
        if one.op in ("one_hot", "embedding"):
            return
        count = one.attributes.get("classes")
        nominal = one.attributes.get("nominal") is True
        if one.op == "encode" and nominal and isinstance(count, int) and count >= 3 and id(one) not in seen:
            seen.add(id(one))
            yield one, count
