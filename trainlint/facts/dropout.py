"""Dropout layers and what becomes of them: rates, and dropout that evaluation cannot turn off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import At, Place, Span
from trainlint.facts.extract.counts import loader_over
from trainlint.facts.passes import every_event, innermost_loop, is_unrecorded
from trainlint.facts.registration import descendants, made
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Instance, Literal, Object, Value

MAPS = ("conv", "separable_conv")


class Dropped(NamedTuple):
    """One dropout and its rate."""

    rate: float
    place: Place
    name: str


def dropouts_always_on(script: Script) -> Iterator[tuple[Place, float | None]]:
    """Functional dropout of a module that no mode reaches, with its rate, in scripts that evaluate what it lies in."""
    events = every_event(script)
    evaluated = [event.values.get("model") for event in events if _evaluates(event)]
    models = [one for one in evaluated if isinstance(one, Object | Instance)]
    anything = len(models) < len(evaluated)
    known = {id(one.cls) for model in models for _, one in descendants(model) if isinstance(one, Instance)}
    for event in events if evaluated else ():
        if event.kind == "functional_dropout" and "training" not in event.values and event.place is not None:
            guarded = any(frame.kind == "guard" for frame in event.frames)
            if not guarded and any(anything or id(one.cls) in known for one in _modules_around(event)):
                yield event.place, number(event.values.get("rate"))


def _evaluates(event: Event) -> bool:
    """Whether a model is put into evaluation mode, or run over a loader without gradients: Monte-Carlo dropout counts passes."""
    if event.kind == "forward" and is_unrecorded(event):
        return loader_over(innermost_loop(event)) is not None
    mode = event.values.get("mode")
    return event.kind == "mode" and isinstance(mode, Literal) and mode.value == "eval"


def _modules_around(event: Event) -> Iterator[Instance]:
    """The script's own modules whose `forward` runs."""
    for frame in event.frames:
        if frame.kind == "call" and isinstance(frame.over, Instance) and frame.over.row is not None:
            yield frame.over


def number(value: Value | None) -> float | None:
    """The number that a literal is."""
    held = value.value if isinstance(value, Literal) else None
    return float(held) if isinstance(held, int | float) and not isinstance(held, bool) else None


def dropped(script: Script) -> Iterator[Dropped]:
    """Every dropout of a known rate."""
    for event, layer in made(script, "layer"):
        if isinstance(layer, Object) and layer.row.kind == "dropout" and event.place is not None:
            rate = number(layer.arguments.get("rate"))
            if rate is not None:
                yield Dropped(rate, event.place, layer.row.name.rpartition(".")[2])
    for event in every_event(script):
        rate = number(event.values.get("rate")) if event.kind == "functional_dropout" else None
        if rate is not None and event.place is not None:
            yield Dropped(rate, event.place, "functional dropout")


def idle_recurrent_dropout(script: Script) -> Iterator[tuple[Place, str, float]]:
    """PyTorch's recurrent layers of one level that were given a dropout, which acts between levels only."""
    for event, layer in made(script, "layer"):
        if isinstance(layer, Object) and layer.row.library == "torch" and layer.row.kind in ("lstm", "gru", "simple_rnn"):
            rate, levels = number(layer.arguments.get("dropout")), layer.arguments.get("num_layers", Literal(1))
            if rate and number(levels) == 1 and event.place is not None:
                yield event.place, layer.row.name.rpartition(".")[2], rate


def positional_strides(script: Script) -> Iterator[tuple[Place, int, int, Place | None]]:
    """Convolutions with a kernel size of 3, 5, 7, ... and the same number in the place of the stride, and where both stand."""
    for event in every_event(script):
        if event.kind == "positional_stride" and event.place is not None:
            kernel, stride = event.values["kernel"], event.values["stride"]
            held = kernel.value if isinstance(kernel, Literal) else None
            if isinstance(held, int) and isinstance(stride, Literal) and stride.value == held and held % 2 and held > 1:
                yield event.place, held, held, _both(kernel.place, stride.place)


def _both(first: Place | None, second: Place | None) -> Place | None:
    if first is None or second is None:
        return None
    one, other = first.span, second.span
    return At(Span(one.filename, one.row, one.column, other.end_row, other.end_column)) if one.row == other.row else None
