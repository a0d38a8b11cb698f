"""A loss graph made ready to be evaluated and differentiated: `Program(graph).problem(seed).gradient(weights)`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple, TypeAlias

import numpy as np

from trainlint.facts.graph import Node, Parameter, walk
from trainlint.stability.twin import initial, reduce
from trainlint.stability.twin.cost import PER_ELEMENT, PER_NODE, PER_PARAMETER, is_first, multiplications, of_first
from trainlint.stability.twin.directional import STEP
from trainlint.stability.twin.layers import adapted, fan
from trainlint.stability.twin.leaves import Supply, absent_targets, is_scalar, numbers_of, settled_attributes
from trainlint.stability.twin.losses import LOSSES
from trainlint.stability.twin.operation import (
    Attributes,
    Operation,
    Pullback,
    RefusalError,
    Shape,
    Tensor,
    product,
    without,
)
from trainlint.stability.twin.table import TABLE

Rows: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"

MAXIMUM_NODES = 4_000
MAXIMUM_PARAMETERS = 2**23
MAXIMUM_WORK = 2**32
"""Multiplications of one evaluation, beyond which nothing is evaluated."""

HIDDEN_REASONS = "the computation could not be followed"


class Step(NamedTuple):
    """One node of the program: its row, and where in the lists of values and parameters it finds what it needs."""

    node: Node
    row: Operation | None
    inputs: tuple[int, ...]
    parameters: tuple[int, ...]
    attributes: Attributes
    moving: bool


class Program:
    """The nodes of a loss graph in order of evaluation.

    `parameters` lists each tensor once with its `shapes`; `samples` is the number of rows that mini-batches are drawn from
    (None if nothing is drawn); `degree` is the polynomial degree of the loss in the trainable parameters, penalties included.
    Targets without numbers count as zeros, on which the curvature of a quadratic loss does not depend; then
    `targets_are_known` is false. `supply` makes numbers up for data without any; of data that has them only `rows` are used.
    Raises `RefusalError` for what the twin cannot follow.
    """

    def __init__(self, root: Node, *, aligns: bool = False, supply: Supply | None = None, rows: Rows | None = None) -> None:
        self._taken = rows
        self.steps: list[Step] = []
        self.parameters: list[Parameter] = []
        self.shapes: list[Shape] = []
        self.fans: list[tuple[float, float]] = []
        self.leaves: dict[int, Tensor] = {}
        self.batched: set[int] = set()
        self.degrees: list[float] = []
        self.summed = 1
        self.work = 0
        self.firsts: list[tuple[int, int]] = []
        self._compile(root, aligns, supply)
        self.samples = self._count_rows()
        self._trace()
        penalised = any(one.l2 for one in self.parameters if one.trainable)
        self.degree = max(self.degrees[-1], 2.0 if penalised else 0.0)

    def _compile(self, root: Node, aligns: bool, supply: Supply | None) -> None:
        position: dict[int, int] = {}
        owned: dict[int, int] = {}
        nodes = list(islice(walk(root), MAXIMUM_NODES + 1))
        if len(nodes) > MAXIMUM_NODES:
            raise RefusalError("the computation is too long to be repeated here")
        absent = absent_targets(nodes, supply)
        self.targets_are_known = not absent
        for node in nodes:
            if id(node) in absent:
                continue
            index = position[id(node)] = len(self.steps)
            inputs = tuple(position[id(one)] for one in node.inputs if id(one) not in absent)
            places = tuple(owned.setdefault(id(one), len(owned)) for one in node.parameters)
            for place, one in zip(places, node.parameters, strict=True):
                if place == len(self.parameters):
                    self.parameters.append(one)
            own = any(one.trainable for one in node.parameters)
            moving = own or any(self.steps[one].moving for one in inputs)
            row = self._row(node, index, supply)
            if row is not None and len(inputs) < len(node.inputs):
                row = without(row, 0 if id(node.inputs[0]) in absent else 1)
            still = not any(self.steps[one].moving for one in inputs)
            attributes = settled_attributes(node, aligns, still)
            self.steps.append(Step(node, row, inputs, places, attributes, moving))
            degrees = tuple(self.degrees[one] for one in inputs)
            self.degrees.append(float(own) if row is None else row.degree(degrees, own, attributes))

    def _row(self, node: Node, index: int, supply: Supply | None) -> Operation | None:
        """The row of an operation; None for a leaf, whose numbers are kept."""
        if node.op == "parameter":
            if not node.parameters:
                raise RefusalError("a weight that could not be followed")
            return None
        if node.op == "data":
            values = node.data if node.data is not None else supply(node) if supply is not None else None
            known = node.data is not None and self._taken is not None and bool(node.attributes.get("batched"))
            self.leaves[index] = numbers_of(np.asarray(values)[self._taken] if known else values)
            if node.attributes.get("batched"):
                self.batched.add(index)
            return None
        if node.op == "unknown":
            raise RefusalError(str(node.attributes.get("why") or HIDDEN_REASONS))
        row = TABLE.get(node.op)
        if row is None:
            words = (
                "the model's input is not bound to data"
                if node.op == "input"
                else f"`{node.op}` is not among the operations that can be repeated here"
            )
            raise RefusalError(words)
        return row

    def _count_rows(self) -> int | None:
        counts = {self.leaves[index].shape[0] if self.leaves[index].ndim else -1 for index in self.batched}
        if len(counts) > 1 or -1 in counts or 0 in counts:
            raise RefusalError("inputs and targets have different numbers of rows")
        return next(iter(counts), None)

    def _trace(self) -> None:
        """Settle the shapes of all parameters, the statistics of adapted normalisers, and the cost of one evaluation."""
        self.shapes = [() for _ in self.parameters]
        self.fans = [(1.0, 1.0) for _ in self.parameters]
        settled: set[int] = set()
        values: list[Tensor] = []
        with np.errstate(all="ignore"):
            for index, untraced in enumerate(self.steps):
                arrays = [values[one] for one in untraced.inputs]
                self._settle_parameters(untraced, arrays, settled)
                step = untraced
                if step.node.op == "normalization":
                    step = self.steps[index] = step._replace(attributes=adapted(arrays[0], step.attributes))
                weights = [np.zeros(self.shapes[one]) for one in step.parameters]
                values.append(
                    self._leaf(index, None, weights)
                    if step.row is None
                    else step.row.forward(arrays, weights, step.attributes)[0]
                )
                self.work += multiplications(step.node.op, arrays, weights, values[-1], step.attributes)
                if is_first(step.node.op, arrays, step.attributes):
                    self.firsts.append((arrays[0].shape[1], values[-1].shape[1]))
                if self.work > MAXIMUM_WORK:
                    raise RefusalError("the computation is too large to be repeated here")
                if (step.node.op in LOSSES or step.node.op in ("mean", "sum")) and values[-1].size == 1:
                    self.summed = max(self.summed, *(one.size for one in arrays))
        if values[-1].size != 1:
            raise RefusalError("the loss is not a single number")

    def _settle_parameters(self, step: Step, arrays: Sequence[Tensor], settled: set[int]) -> None:
        expected: tuple[Shape | None, ...] = tuple(self.parameters[one].shape for one in step.parameters)
        if step.parameters and step.row is not None:
            if step.row.parameters is None:
                raise RefusalError(f"the weights of `{step.node.op}` cannot be followed")
            made = step.row.parameters([one.shape for one in arrays], step.attributes)
            if len(made) != len(expected) or any(have not in (None, want) for have, want in zip(expected, made, strict=True)):
                raise RefusalError(f"the weights of `{step.node.op}` do not have the expected shapes")
            expected = made
        for place, shape in zip(step.parameters, expected, strict=True):
            if shape is None:
                raise RefusalError("the shape of a weight is not known")
            if place in settled and self.shapes[place] != shape:
                raise RefusalError("a shared weight is used with different shapes")
            if math.prod(shape) > MAXIMUM_PARAMETERS:
                raise RefusalError("the model is too large to be repeated here")
            first = place not in settled
            settled.add(place)
            self.shapes[place] = shape
            if first:
                self.fans[place] = fan(expected[0] or shape)

    def _leaf(self, index: int, rows: Rows | None, weights: Sequence[Tensor]) -> Tensor:
        if self.steps[index].node.op == "parameter":
            return weights[0]
        found = self.leaves[index]
        return found[rows] if rows is not None and index in self.batched else found

    @property
    def rows(self) -> int:
        """The rows of one full batch."""
        return self.samples or max((one.shape[0] for one in self.leaves.values() if one.ndim), default=1)

    def cost(self, rows: int | None = None) -> float:
        """The multiplications of one evaluation over some number of rows (None: all), and what takes as long."""
        rows = rows or self.rows
        firsts = sum(of_first(rows, *one)[0] for one in self.firsts)
        flat = sum(max(0, width - rows) * units for width, units in self.firsts)
        inner = [shape for shape in self._kernels() if len(shape) == 2 and shape not in self.firsts]
        flat += sum((width - rows) * units for width, units in inner if reduce.narrows(width, units, rows))
        moved = PER_PARAMETER * max(0, self.dimension - flat) + PER_NODE * len(self.steps)
        return self.work * rows / self.rows + firsts + moved

    def _kernels(self) -> list[Shape]:
        return [self.shapes[step.parameters[0]] for step in self.steps if step.node.op == "dense" and step.parameters]

    def preparation(self, rows: int | None = None) -> float:
        """What it costs to draw weights and data of this many rows, and to narrow the first layers."""
        rows = rows or self.rows
        drawn = self.dimension + rows / self.rows * sum(one.size for one in self.leaves.values())
        return PER_ELEMENT * drawn + sum(of_first(rows, *one)[1] for one in self.firsts)

    @property
    def trainable(self) -> list[int]:
        """The places of the parameters that training moves."""
        return [index for index, one in enumerate(self.parameters) if one.trainable]

    @property
    def dimension(self) -> int:
        """The number of trainable numbers."""
        return sum(math.prod(self.shapes[index]) for index in self.trainable)

    @property
    def start_is_known(self) -> bool:
        """Whether each trainable parameter's start, or its distribution, is known."""
        return all(initial.known(self.parameters[index].initializer) for index in self.trainable)

    @property
    def constants_are_known(self) -> bool:
        """Whether each frozen parameter has known values, not drawn ones."""
        kinds = {one.initializer.kind for one in self.parameters if not one.trainable}
        return kinds <= initial.FIXED

    @property
    def prediction_degree(self) -> float:
        """The polynomial degree of what the losses compare with the targets, the largest of them."""
        compared = [self.degrees[step.inputs[0]] for step in self.steps if step.node.op in LOSSES and step.inputs]
        return max(compared, default=self.degrees[-1] / 2)

    def entries(self) -> list[int]:
        """The steps whose values meet weights by multiplication: the inputs, as the first layer sees them."""
        found: dict[int, None] = {}
        for step in self.steps:
            if step.row is not None and step.row.degree is product and step.moving:
                for one in step.inputs:
                    if not self.steps[one].moving and not is_scalar(self.steps[one].node):
                        found.setdefault(one)
        return list(found)

    def problem(self, seed: int, scale: Mapping[int, float] | None = None) -> Problem:
        """The program with every weight drawn once. `scale` multiplies the values of some steps (see `entries`)."""
        rng = np.random.default_rng(seed)
        values = [
            initial.draw(one.initializer, rng, shape, fans)
            for one, shape, fans in zip(self.parameters, self.shapes, self.fans, strict=True)
        ]
        return Problem(self, values, dict(scale or {}))


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
        self._rows: dict[int, Operation] = {}
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

    def reduced(self, *, rough: bool = False) -> Problem:
        """The same loss over fewer weights, with the same largest curvature; `rough`: with one that is never larger."""
        return Problem(self.program, self._values, self._scale, reduced="rough" if rough else "exact")

    def _reduce_first(self, users: Counter[int]) -> None:
        """Narrow the first layers whose kernel nothing else uses."""
        self._values = list(self._values)
        for index, step in enumerate(self.program.steps):
            narrow = {"dense": reduce.fewer_inputs, "embedding": reduce.fewer_rows}.get(step.node.op)
            if narrow is None or not step.parameters or users[step.parameters[0]] > 1:
                continue
            below, place = self._fixed[step.inputs[0]], step.parameters[0]
            if below is None or not step.moving or not below.ndim or below.shape[0] != self.program.rows:
                continue
            found = narrow(below, self._values[place])
            if found is not None:
                self._narrow[index], self._values[place] = found

    def _reduce_inner(self, users: Counter[int]) -> None:
        """Narrow the large inner layers whose kernel nothing else uses."""
        dense = [index for index, step in enumerate(self.program.steps) if step.node.op == "dense" and step.parameters]
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
                self._rows[index], self._values[place] = found

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
                    narrow = self._narrow.get(index)
                    arrays = (
                        [values[one] for one in step.inputs] if narrow is None else [narrow if rows is None else narrow[rows]]
                    )
                    value, pull = step.row.forward(arrays, own, step.attributes)
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
        with np.errstate(all="ignore"):
            values, _ = self._forward(self._held(weights), rows)
            return self._penalised(values[-1], weights)

    def gradient(self, weights: Tensor, rows: Rows | None = None) -> tuple[float, Tensor]:
        """Loss [L] and gradient [L/P] at a flat vector of weights, over some rows (None: all)."""
        with np.errstate(all="ignore"):
            loss, parts = self._backward(self._held(weights), rows)
            return self._penalised(loss, weights), np.concatenate([np.zeros(0), *parts]) + 2 * self.penalty * weights

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

    def _penalised(self, loss: Tensor, weights: Tensor) -> float:
        return float(loss.real.reshape(-1)[0] + (self.penalty @ weights**2 if self.penalty.any() else 0.0))

    def _backward(self, held: list[Tensor], rows: Rows | None) -> tuple[Tensor, list[Tensor]]:
        """The loss without penalties, and its flat gradient for each trainable parameter."""
        values, pulls = self._forward(held, rows)
        collected: list[Tensor | None] = [None] * len(values)
        own: list[Tensor | None] = [None] * len(self._values)
        collected[-1] = np.ones(values[-1].shape)
        for index in range(len(values) - 1, -1, -1):
            self._pull_back(index, pulls[index], collected, own)
        found = [(own[one], self._shapes[one]) for one in self._places]
        return values[-1], [np.zeros(math.prod(shape)) if part is None else part.ravel() for part, shape in found]

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
