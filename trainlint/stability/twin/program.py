"""A loss graph made ready to be evaluated and differentiated: `Program(graph).problem(seed).gradient(weights)`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from trainlint.facts.graph import Node, Parameter, walk
from trainlint.stability.twin import initial, reduce
from trainlint.stability.twin.cost import PER_DRAWN, PER_NODE, PER_PARAMETER, foreseen, is_first, multiplications, of_first
from trainlint.stability.twin.layers import adapted, fan
from trainlint.stability.twin.leaves import (
    Supply,
    absent_targets,
    batched,
    is_scalar,
    needs_states,
    numbers_of,
    settled_attributes,
    states,
)
from trainlint.stability.twin.losses import LOSSES
from trainlint.stability.twin.operation import (
    Attributes,
    Operation,
    RefusalError,
    Shape,
    Tensor,
    TooMuchWorkError,
    product,
    without,
)
from trainlint.stability.twin.problem import Problem, Rows
from trainlint.stability.twin.table import TABLE

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
    `targets_are_known` is false. `supply` makes numbers up for data without any (it `imitates`); of the leaves that are
    `drawn` from (by default those marked as batched) and have numbers, only `rows` are used. Raises `RefusalError` for what
    the twin cannot follow, `TooMuchWorkError` where one evaluation takes more than the `allowed` multiplications.
    """

    def __init__(
        self,
        root: Node,
        *,
        aligns: bool = False,
        supply: Supply | None = None,
        rows: Rows | None = None,
        drawn: Iterable[Node] | None = None,
        allowed: float = MAXIMUM_WORK,
    ) -> None:
        self._allowed = allowed
        self.imitates = supply is not None
        self._taken = rows
        self._drawn = {id(node) for node in (batched(root) if drawn is None else drawn)}
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
        for given in nodes:
            if id(given) in absent:
                continue
            node = states(given) if needs_states(given) else given
            index = position[id(given)] = len(self.steps)
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
            known = node.data is not None and self._taken is not None and id(node) in self._drawn
            drawn = id(node) in self._drawn
            self.leaves[index] = numbers_of(np.asarray(values)[self._taken] if known else values, masks=not drawn)
            if id(node) in self._drawn:
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
                self._check(self.work + foreseen(step.node.op, arrays, weights, step.attributes))
                values.append(
                    self._leaf(index, None, weights)
                    if step.row is None
                    else step.row.forward(arrays, weights, step.attributes)[0]
                )
                self.work += multiplications(step.node.op, arrays, weights, values[-1], step.attributes)
                if is_first(step.node.op, arrays, step.attributes):
                    self.firsts.append((arrays[0].shape[1], values[-1].shape[1]))
                self._check(self.work)
                if (step.node.op in LOSSES or step.node.op in ("mean", "sum")) and values[-1].size == 1:
                    self.summed = max(self.summed, *(one.size for one in arrays))
        if values[-1].size != 1:
            raise RefusalError("the loss is not a single number")

    def _check(self, work: float) -> None:
        if work > min(self._allowed, MAXIMUM_WORK):
            raise TooMuchWorkError("the model and its data are too large for the budget of a script (`--budget`)")

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
                turned = shape[::-1] if step.attributes.get("transposed") is True and len(shape) == 2 else shape
                self.fans[place] = fan(turned if len(shape) > 1 else expected[0] or shape)

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
        return PER_DRAWN * drawn + sum(of_first(rows, *one)[1] for one in self.firsts)

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
        values: list[Tensor] = []
        places = {id(one): place for place, one in enumerate(self.parameters)}
        for place, (one, shape, fans) in enumerate(zip(self.parameters, self.shapes, self.fans, strict=True)):
            first = places.get(id(one.copied), place)
            copies = first < place and self.shapes[first] == shape
            values.append(values[first].copy() if copies else initial.draw(one.initializer, rng, shape, fans))
        return Problem(self, values, dict(scale or {}))
