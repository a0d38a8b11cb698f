"""One training as it is caught at an optimizer's step: its weights, its state, its batch, and how to take the step again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...protocol import Line, Measurement
from . import optimizers
from .randomness import Entry
from .seen import Seen
from .vectors import Layout, Vector, array, assign, key, name_of

ALIKE = 1e-3  # how far, relatively, gradients may lie apart that are said to be the same


@dataclass(frozen=True)
class Want:
    """What the plan wants of the next step of the script: products with the Hessian, the update, or only loss and gradient.

    `cycle`: where the script's epoch has no further batch, those seen come again.
    """

    product: bool = False
    update: bool = False
    cycle: bool = False


@dataclass
class Sample:
    """One batch at the weights as they stood: the loss and its gradient without any loss scale."""

    loss: float
    gradient: Vector
    records: list[Any]
    factor: float
    seconds: float = 0.0

    @property
    def has_product(self) -> bool:
        """Whether products with the Hessian can be had."""
        return bool(self.records) and all(one.has_product for one in self.records)

    def product(self, layout: Layout, vector: Vector) -> Vector:
        """The Hessian of this batch's loss times `vector`."""
        total = np.zeros(layout.size, layout.dtype)
        for record in self.records:
            total += layout.flatten(record.product(layout, vector))
        return total * self.factor


class State:
    """The values of variables, to come back to."""

    def __init__(self, variables: Sequence[Any]) -> None:
        unique = {key(one): one for one in variables if one is not None}
        self.values = [(one, array(one)) for one in unique.values() if hasattr(one, "assign")]

    def restore(self) -> None:
        """Give all variables the values that they had."""
        for variable, value in self.values:
            assign(variable, value)


@dataclass
class Run:
    """One optimizer's training. `apply` takes its step with the gradients at hand; `again` repeats the script's step."""

    optimizer: Any
    variables: list[Any]
    layout: Layout
    first: Sample
    gradients: list[Any]
    apply: Callable[[], Any]
    entry: Entry
    seen: Seen
    state: State
    start: Vector
    again: Callable[[], Any] | None = None
    take: Callable[[Callable[[], Any], Want], Sample | None] | None = None
    rewind: Callable[[], None] = lambda: None
    places: dict[str, Line] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)
    method: str = "outer tape"
    hessian: Callable[[Vector], Vector] | None = None  # the product that the spectrum was found with
    passing: list[float] | None = None  # the losses of the script's own steps, where these go on while it is measured
    twice: bool = True  # whether gradients can be differentiated
    context: Callable[[], Any] = contextlib.nullcontext
    unnoticed: Callable[[Sequence[Any]], Any] = contextlib.nullcontext

    @property
    def name(self) -> str:
        """The optimizer's class; "gradient descent" where the script assigns the weights itself."""
        known = self.found.get("optimizer")
        return str(known.name) if known is not None else "SGD"

    @property
    def can_replay(self) -> bool:
        """Whether the step can be taken again on the same batch."""
        return self.again is not None and self.take is not None

    def replay(self, weights: Vector, want: Want | None = None) -> Sample:
        """Take the step again on the same batch at `weights`, with the same random numbers.

        Raises:
            ArithmeticError: the step no longer reaches the optimizer.
        """
        if self.again is None or self.take is None:
            raise ArithmeticError("the step cannot be taken again")
        self.layout.assign(weights)
        self.entry.restore()
        began = time.perf_counter()
        sample = self.take(self.again, want or Want())
        if sample is None:
            raise ArithmeticError("the step no longer reaches the optimizer when it is taken again")
        sample.seconds = time.perf_counter() - began
        return sample

    def restore(self) -> None:
        """Weights, optimizer, seeds and statistics as they were when the step began."""
        self.state.restore()
        self.layout.assign(self.start)
        self.entry.restore()

    def first_step(self, rate: float | None) -> Vector:
        """The change of the weights by the optimizer's own first step, at `rate` if given; the captured state is kept."""
        self.restore()
        with optimizers.at_rate(self.optimizer, rate), self.unnoticed(self.variables):
            self.apply()
        change = self.layout.read() - self.start
        self.restore()
        return change

    def measurement(self, framework: str, notes: Sequence[str]) -> Measurement:
        """All that has been found so far."""
        known = {"places": dict(self.places), **self.found}
        if "spectrum" not in known:
            known["failure"] = "; ".join(notes) or "no curvature could be measured"
        return Measurement(framework=framework, **known)


def sample_of(records: list[Any], layout: Layout, gradients: Sequence[Any], scale: float) -> Sample:
    """The records of one step as one sample. `gradients` are those that the optimizer was given for the layout's variables.

    Several records are the script's own accumulation; where it divides their sum, the optimizer's gradients tell by how much.
    """
    total = np.zeros(layout.size, layout.dtype)
    for record in records:
        own = {key(source): gradient for source, gradient in zip(record.sources, record.gradients, strict=True)}
        total += layout.flatten([own.get(key(one)) for one in layout.variables])
    factor = 1.0 / scale
    if len(records) > 1:
        given = layout.flatten(gradients)
        share = float(given @ total / max(float(total @ total), 1e-300))
        if np.linalg.norm(given - share * total) <= ALIKE * np.linalg.norm(given):
            factor *= share
    loss = float(sum(record.loss for record in records)) * factor
    return Sample(loss, total * factor, records, factor)


def without_gradient(gradients: Sequence[Any], variables: Sequence[Any]) -> tuple[str, ...]:
    """The names of the variables whose gradient is missing."""
    return tuple(name_of(variable) for gradient, variable in zip(gradients, variables, strict=True) if gradient is None)
