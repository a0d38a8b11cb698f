"""What a run would bear were its targets standardized: the same graph with other targets."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from trainlint.core import Unknown
from trainlint.facts.graph import Node, walk
from trainlint.facts.once import once_a_run
from trainlint.facts.run import DataFacts, LossFacts, TrainingRun
from trainlint.stability.bound import StabilityBound

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

OF_NUMBERS = frozenset({"mean_squared_error", "mean_absolute_error", "huber", "log_cosh"})
"""Losses whose targets are numbers that can be scaled."""


@once_a_run
def at_standard_targets(run: TrainingRun) -> StabilityBound | Unknown:
    """The verdict on a run were its targets of mean 0 and variance 1; Unknown where they are not known or not numbers.

    For a model that is linear in its parameters it is the verdict on the run itself: its curvature does not depend on targets.
    """
    from trainlint.stability import stability

    graph = standardized(run)
    if graph is None:
        return Unknown("the numbers of the targets are not known", run.place)
    return stability(replace(run, loss_graph=graph))


def standardized(run: TrainingRun) -> Node | None:
    """The loss of a run with its targets standardized; None where the targets are no leaf of their own or have no numbers."""
    root = run.loss_graph
    squared = isinstance(run.loss, LossFacts) and run.loss.name in OF_NUMBERS
    if root is None or isinstance(run.model, Unknown) or run.model.output is None or not squared:
        return None
    of_model = {id(node) for node in walk(run.model.output)}
    leaves = [one for one in walk(root) if one.op == "data" and one.shape and id(one) not in of_model]
    if len(leaves) != 1:
        return None
    new = _standard(leaves[0])
    return None if new is None else _with(root, leaves[0], new)


def _standard(leaf: Node) -> Node | None:
    """A leaf of the same shape with mean 0 and variance 1."""
    statistics = DataFacts(shape=leaf.shape, dtype="float64", mean=0.0, second_moment=1.0)
    attributes = {**leaf.attributes, "statistics": statistics}
    if leaf.data is None:
        held = leaf.attributes.get("statistics")
        known = getattr(held, "second_moment", None) is not None or getattr(held, "high", None) is not None
        return replace(leaf, attributes=attributes) if known else None
    data: Array = leaf.data
    spread = float(data.std()) if data.dtype.kind in "iuf" and data.size else 0.0
    if not 0 < spread < math.inf:
        return None
    return replace(leaf, attributes=attributes, data=(data - float(data.mean())) / spread)


def _with(root: Node, old: Node, new: Node) -> Node:
    """The graph with one leaf replaced; what does not depend on it stays the same objects."""
    made: dict[int, Node] = {id(old): new}
    for node in walk(root):
        if any(id(one) in made for one in node.inputs):
            made[id(node)] = replace(node, inputs=tuple(made.get(id(one), one) for one in node.inputs))
    return made[id(root)]
