"""Data that a Keras `fit` draws batch by batch from a data set, loader or generator."""

from __future__ import annotations

from dataclasses import replace

from trainlint.facts.extract.data import data_facts
from trainlint.facts.extract.scalars import items_of
from trainlint.facts.run import DataFacts
from trainlint.interpret import values as v
from trainlint.interpret.events import Event

MAXIMUM_DEPTH = 200


def first_array(batch: v.Value | None) -> v.Array | None:
    """The inputs of a batch (inputs, targets), if they are one array; the first one of a model of several inputs."""
    items = items_of(batch)
    found = items[0] if items else None
    inner = tuple(found.cells.values()) if isinstance(found, v.Dict) else None if isinstance(found, v.Array) else items_of(found)
    found = inner[0] if inner else found
    return found if isinstance(found, v.Array) else None


def batch_upstream(array: v.Array | None) -> v.Array | None:
    """The mini-batch that an array was computed from."""
    for _ in range(MAXIMUM_DEPTH):
        if array is None or array.op == "batch":
            return array
        array = next((one for one in array.inputs if isinstance(one, v.Array) and one.shape != ()), None)
    return None


def rows_of_data(fit: Event, batch: v.Array) -> int | None:
    """How many rows the batches of a fit are drawn from: those of the batched array, or what the data set says of itself."""
    data = fit.values.get("x") or fit.values.get("generator")
    cells = data.cells if isinstance(data, v.Object) else {}
    drawn = batch_upstream(batch)
    if drawn is not None and drawn.attributes.get("sample") is not True and "part" not in cells:
        whole = drawn.inputs[0] if drawn.inputs else None
        if isinstance(whole, v.Array) and whole.shape and whole.shape[0] is not None:
            return whole.shape[0]
    rows = cells.get("rows")
    return rows.value if isinstance(rows, v.Literal) and isinstance(rows.value, int) else None


def facts_of_all_rows(batch: v.Array, rows: int | None) -> DataFacts:
    """The facts of the data that a batch is drawn from: as the batch is computed, but with the extent of all rows."""
    facts = data_facts(batch)
    if facts.shape:
        facts = replace(facts, shape=(rows, *facts.shape[1:]))
    return facts
