"""A program at one draw of its weights: values, gradients and Hessian products."""

from __future__ import annotations

import copy
import math
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from trainlint.stability.twin import reduce
from trainlint.stability.twin.directional import STEP
from trainlint.stability.twin.operation import Operation, Pullback, RefusalError, Shape, Tensor

if TYPE_CHECKING:
    from trainlint.stability.twin.program import Program

Rows: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"


class Problem:
    """A program at one draw of its weights: the loss as a function of one flat vector of all trainable numbers.

    `reduced` leaves out coordinates of the first layer in which the loss is flat (see `reduce`).
    """

    def __init__(self, program: Program, values: list[Tensor], scale: dict[int, float], *, reduced: str = "") -> None:
        self.program = program
        self._values = values
        self._scale = scale
        self._places = program.trainable
        self._fixed: list[Tensor | None] = []
        self._narrow: dict[int, Tensor] = {}
        self._replaced: dict[int, Operation] = {}
        self._batch: int | None = None
        with np.errstate(all="ignore"):
            self._fixed = self._fold()
        if reduced:
            users = Counter(place for step in program.steps for place in step.parameters)
            self._reduce_first(users)
            if reduced == "rough":
                self._reduce_inner(users)
        self._shapes = [one.shape for one in self._values]
        sizes = [math.prod(self._shapes[index]) for index in self._places]
        self._cuts = np.cumsum(sizes)[:-1]
        self.start: Tensor = np.concatenate([np.zeros(0), *(self._values[index].ravel() for index in self._places)])
        self.penalty: Tensor = np.concatenate(
            [np.zeros(0), *(np.full(size, program.parameters[index].l2) for size, index in zip(sizes, self._places, strict=True))]
        )

    @property
    def tensors(self) -> tuple[tuple[slice, Shape], ...]:
        """Where each trainable tensor lies in the flat vector, and its shape."""
        ends = np.cumsum([math.prod(self._shapes[index]) for index in self._places]).tolist()
        starts = [0, *ends[:-1]]
        return tuple(
            (slice(start, end), self._shapes[index]) for start, end, index in zip(starts, ends, self._places, strict=True)
        )

    def reduced(self, *, rough: bool = False) -> Problem:
        """The same loss over fewer weights, with the same largest curvature; `rough`: with one that is never larger."""
        narrow = Problem(self.program, self._values, self._scale, reduced="rough" if rough else "exact")
        narrow._batch = self._batch
        return narrow

    def for_batches(self, size: int | None) -> Problem:
        """The same loss as batches of `size` rows have it on average, whatever rows it is taken over.

        It differs where the loss adds over the rows, not where it is their mean.
        """
        if size is None or not self.adds_rows:
            return self
        found = copy.copy(self)
        found._batch = size
        return found

    @cached_property
    def adds_rows(self) -> bool:
        """Whether the loss adds over the rows that are drawn, so that the same rows twice double it."""
        if self.program.samples is None:
            return False
        few, weights = np.arange(min(self.program.samples, 4)), 0.9 * self.start + 0.1
        once, twice = (self.data_loss(weights, rows) for rows in (few, np.tile(few, 2)))
        return once != 0 and math.isclose(twice, 2 * once, rel_tol=1e-6)

    def _weight(self, rows: Rows | None) -> float:
        """What the loss without penalties is multiplied by to stand for one batch."""
        return 1.0 if self._batch is None else self._batch / (self.program.rows if rows is None else len(rows))

    def _reduce_first(self, users: Counter[int]) -> None:
        """Narrow the first layers whose kernel nothing else uses."""
        self._values = list(self._values)
        for index, step in enumerate(self.program.steps):
            narrow = {"dense": reduce.fewer_inputs, "embedding": reduce.fewer_rows}.get(step.node.op)
            turned = step.attributes.get("transposed") is True
            if narrow is None or turned or not step.parameters or users[step.parameters[0]] > 1:
                continue
            below, place = self._fixed[step.inputs[0]], step.parameters[0]
            if below is None or not step.moving or not below.ndim or below.shape[0] != self.program.rows:
                continue
            found = narrow(below, self._values[place])
            if found is not None:
                self._narrow[index], self._values[place] = found

    def _reduce_inner(self, users: Counter[int]) -> None:
        """Narrow the large inner layers whose kernel nothing else uses."""
        steps = [(index, one) for index, one in enumerate(self.program.steps) if one.attributes.get("transposed") is not True]
        dense = [index for index, step in steps if step.node.op == "dense" and step.parameters]
        large = [one for one in dense if self._values[self.program.steps[one].parameters[0]].size >= reduce.LARGE]
        if not any(self._fixed[self.program.steps[one].inputs[0]] is None for one in large):
            return
        with np.errstate(all="ignore"):
            values, _ = self._forward(list(self._values), None)
        for index in large:
            step = self.program.steps[index]
            place, below = step.parameters[0], values[step.inputs[0]]
            if self._fixed[step.inputs[0]] is not None or users[place] > 1 or place not in self._places:
                continue
            found = reduce.inner_layer(below, self._values[place])
            if found is not None:
                self._replaced[index], self._values[place] = found

    def _fold(self) -> list[Tensor | None]:
        """What no weight reaches, over all rows."""
        found: list[Tensor | None] = []
        for index, step in enumerate(self.program.steps):
            arrays = [found[one] for one in step.inputs]
            known = [one for one in arrays if one is not None]
            if step.moving or len(known) < len(arrays):
                found.append(None)
                continue
            weights = [self._values[one] for one in step.parameters]
            value = (
                self.program._leaf(index, None, weights)
                if step.row is None
                else step.row.forward(known, weights, step.attributes)[0]
            )
            found.append(value * self._scale[index] if index in self._scale else value)
        return found

    def fixed(self, index: int) -> Tensor | None:
        """The value over all rows of a step that no weight reaches."""
        return self._fixed[index]

    def _held(self, weights: Tensor, direction: Tensor | None = None) -> list[Tensor]:
        """All parameters, the trainable ones from a flat vector and perhaps with a direction."""
        held = list(self._values)
        directions = [None] * len(self._places) if direction is None else np.split(direction, self._cuts)
        for place, part, change in zip(self._places, np.split(weights, self._cuts), directions, strict=True):
            found = part
            if change is not None:
                found = np.empty(part.shape, dtype=np.complex128)
                found.real, found.imag = part, change
            held[place] = found.reshape(self._shapes[place])
        return held

    def _forward(self, held: list[Tensor], rows: Rows | None) -> tuple[list[Tensor], list[Pullback | None]]:
        values: list[Tensor] = []
        pulls: list[Pullback | None] = []
        for index, step in enumerate(self.program.steps):
            pull: Pullback | None = None
            fixed = self._fixed[index] if rows is None or (index not in self.program.batched and not step.inputs) else None
            if fixed is not None:
                value = fixed
            else:
                own = [held[one] for one in step.parameters]
                if step.row is None:
                    value = self.program._leaf(index, rows, own)
                else:
                    arrays = [values[one] for one in step.inputs]
                    if index in self._narrow:
                        arrays = [self._narrow[index] if rows is None else self._narrow[index][rows]]
                    value, pull = self._replaced.get(index, step.row).forward(arrays, own, step.attributes)
                if index in self._scale:
                    value = value * self._scale[index]
            values.append(value)
            pulls.append(pull if step.moving else None)
        return values, pulls

    def value(self, index: int, weights: Tensor) -> Tensor:
        """The value of one step over all rows."""
        with np.errstate(all="ignore"):
            return self._forward(self._held(weights), None)[0][index]

    def loss(self, weights: Tensor, rows: Rows | None = None) -> float:
        """The loss [L] over some rows (None: all), penalties included."""
        return self.data_loss(weights, rows) + self._penalties(weights)

    def data_loss(self, weights: Tensor, rows: Rows | None = None) -> float:
        """The loss [L] over some rows (None: all) without penalties."""
        with np.errstate(all="ignore"):
            return float(self._forward(self._held(weights), rows)[0][-1].reshape(-1)[0] * self._weight(rows))

    def gradient(self, weights: Tensor, rows: Rows | None = None) -> tuple[float, Tensor]:
        """Loss [L] and gradient [L/P] at a flat vector of weights, over some rows (None: all)."""
        with np.errstate(all="ignore"):
            loss, parts = self._backward(self._held(weights), rows)
            value = float(loss.real.reshape(-1)[0]) + self._penalties(weights)
            return value, np.concatenate([np.zeros(0), *parts]) + 2 * self.penalty * weights

    def hessian_vector(self, weights: Tensor, vector: Tensor, rows: Rows | None = None) -> Tensor:
        """The Hessian [L/P^2] times a vector, exact but for rounding: the gradient's own derivative (`directional`)."""
        length = float(np.linalg.norm(vector))
        if length == 0:
            return np.zeros_like(vector)
        step = STEP / length
        with np.errstate(all="ignore"):
            _, parts = self._backward(self._held(weights, step * vector), rows)
            total = np.concatenate([np.zeros(0), *(one.imag for one in parts)])
            total /= step
            return total + 2 * self.penalty * vector if self.penalty.any() else total

    def _penalties(self, weights: Tensor) -> float:
        return float(self.penalty @ weights**2) if self.penalty.any() else 0.0

    def _backward(self, held: list[Tensor], rows: Rows | None) -> tuple[Tensor, list[Tensor]]:
        """The loss without penalties, and its flat gradient for each trainable parameter."""
        values, pulls = self._forward(held, rows)
        collected: list[Tensor | None] = [None] * len(values)
        own: list[Tensor | None] = [None] * len(self._values)
        weight = self._weight(rows)
        collected[-1] = np.full(values[-1].shape, weight)
        for index in range(len(values) - 1, -1, -1):
            self._pull_back(index, pulls[index], collected, own)
        found = [(own[one], self._shapes[one]) for one in self._places]
        return values[-1] * weight, [np.zeros(math.prod(shape)) if part is None else part.ravel() for part, shape in found]

    def _pull_back(self, index: int, pull: Pullback | None, collected: list[Tensor | None], own: list[Tensor | None]) -> None:
        step, gradient = self.program.steps[index], collected[index]
        collected[index] = None
        if gradient is None or not step.moving:
            return
        if step.row is None:
            _add(own, step.parameters[0], gradient)
            return
        if pull is None:
            return
        found = pull(gradient * self._scale[index] if index in self._scale else gradient)
        for place, part in zip(step.inputs, found[: len(step.inputs)], strict=True):
            if self.program.steps[place].moving:
                if part is None:
                    raise RefusalError(f"the labels of `{step.node.op}` depend on the weights")
                _add(collected, place, part)
        for place, part in zip(step.parameters, found[len(step.inputs) :], strict=False):
            if part is not None:
                _add(own, place, part)


def _add(collected: list[Tensor | None], place: int, part: Tensor) -> None:
    before = collected[place]
    collected[place] = part if before is None else before + part
