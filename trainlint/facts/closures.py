"""Steps of optimizers that lack the closure they compute the loss by, or get its result instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.passes import every_event
from trainlint.facts.run import Script
from trainlint.interpret.values import Array, Literal, Object
from trainlint.knowledge.torch_optimizer_rows import NEED_CLOSURE


class RefusedStep(NamedTuple):
    """A step that raises a TypeError: where, the optimizer's class, and whether it is given a value (else nothing)."""

    place: Place
    optimizer: str
    given: bool


def refused_steps(script: Script) -> Iterator[RefusedStep]:
    """The first step at each place whose argument is no function, or is missing where the optimizer calls it."""
    seen: set[Place] = set()
    for event in every_event(script):
        optimizer, closure = event.values.get("optimizer"), event.values.get("closure")
        if event.kind != "step" or event.place is None or event.place in seen or not isinstance(optimizer, Object):
            continue
        nothing = isinstance(closure, Literal) and closure.value is None
        given = isinstance(closure, Array | Literal) and not nothing
        if optimizer.row.library == "torch" and (given or (nothing and optimizer.row.name in NEED_CLOSURE)):
            seen.add(event.place)
            yield RefusedStep(event.place, optimizer.row.name.rpartition(".")[2], given)
