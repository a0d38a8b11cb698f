"""Values, events and runs as the interpreter would give them, built by hand for the tests of the facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trainlint.core import At, Origin, Span, Unknown
from trainlint.facts.extract import extract
from trainlint.facts.run import TrainingRun
from trainlint.interpret import values as v
from trainlint.interpret.arrays.statistics import of_data
from trainlint.interpret.events import Event, Frame
from trainlint.knowledge import find


@dataclass(frozen=True)
class Script:
    events: tuple[Event, ...]
    era: str = ""
    limits: tuple[Unknown, ...] = ()
    filename: str = "train.py"
    pinned: frozenset[str] = frozenset()


def at(row: int, column: int = 1, end_row: int | None = None) -> At:
    return At(Span("train.py", row, column, end_row or row, column + 5))


def runs(*events: Event, era: str = "") -> tuple[TrainingRun, ...]:
    return extract(Script(events, era)).runs


def run(*events: Event, era: str = "") -> TrainingRun:
    (only,) = runs(*events, era=era)
    return only


def literal(value: v.Scalar, row: int = 1, origin: Origin = Origin.LITERAL, note: str = "") -> v.Literal:
    return v.Literal(value, at(row), origin, note)


def made(name: str, row: int = 1, cells: Mapping[object, v.Value] | None = None, **arguments: object) -> v.Object:
    """An object of a library class; plain Python arguments become literals, tuples become Tuples."""
    found = find(name)
    assert found is not None, name
    return v.Object(found, {key: value_of(one) for key, one in arguments.items()}, {}, dict(cells or {}), name, at(row))


def value_of(one: object) -> v.Value:
    if isinstance(one, tuple):
        return v.Tuple(tuple(value_of(item) for item in one))
    return literal(one) if one is None or isinstance(one, bool | int | float | str) else one


def constant(data: object, library: str = "numpy") -> v.Array:
    array = np.asarray(data)
    return v.Array("constant", (), {}, array.shape, str(array.dtype), library, array, of_data(array), place=at(2))


def unknown_data(*shape: int | None) -> v.Array:
    return v.Array("data", (), {"source": "numpy.load"}, shape, "float32", place=at(2))


def applied(layer: v.Object, inputs: v.Array, *shape: int | None) -> v.Array:
    return v.Array("layer", (inputs,), {"layer": layer}, shape, "float32", layer.row.library, symbolic=True, place=at(3))


def operation(op: str, *inputs: v.Value, shape: v.Shape | None = None, **attributes: object) -> v.Array:
    symbolic = any(isinstance(one, v.Array) and one.symbolic for one in inputs)
    return v.Array(op, inputs, attributes, shape, "float32", "torch", symbolic=symbolic, place=at(4))


def tensor(data: object, name: str = "w") -> v.Array:
    """`torch.tensor(data, requires_grad=True)`."""
    start = constant(data, "torch")
    state = made_state({"initializer": start, "requires_grad": v.Literal(True)})
    return v.Array("parameter", (), {"name": name, "state": state}, start.shape, "float32", "torch", symbolic=True, place=at(5))


def made_state(cells: Mapping[object, v.Value]) -> v.Object:
    from trainlint.knowledge.torch_training_rows import PARAMETER_STATE

    return v.Object(PARAMETER_STATE, {}, {}, dict(cells))


def library_loss(loss: v.Object, prediction: v.Array, target: v.Array) -> v.Array:
    return v.Array("loss", (prediction, target), {"loss": loss}, (), "float32", "torch", symbolic=True, place=at(6))


def batch(array: v.Array, size: int) -> v.Array:
    shape = (size, *(array.shape or ())[1:])
    return v.Array("batch", (array,), {"batch_size": size}, shape, array.dtype, "torch", statistics=array.statistics, place=at(7))


def loop(trips: int | None, row: int = 8, end_row: int = 20) -> Frame:
    return Frame("loop", at(row, end_row=end_row), "epoch", trips)


def event(kind: str, order: int, frames: tuple[Frame, ...] = (), **values: v.Value) -> Event:
    return Event(kind, at(10 + order), frames, values, {}, order)


def model(row: int = 3) -> v.Object:
    return made("keras.Sequential", row)
