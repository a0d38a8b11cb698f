"""Products with the Hessian: by differentiating the retained graph twice, or by differences of replayed gradients."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

import torch

from ... import lanczos
from .cycle import Cycle, Loss, Order, nodes
from .vectors import Space

SEARCH_STEP = 1e-2  # of the weights' extent, where finite differences look for the eigenvector: smaller ones find kinks (ReLU)
VERIFY_STEPS = (1e-3, 1e-4, 1e-5, 1e-2)  # of it, where they only check a known one: any of them may meet fewer kinks
FLOATS_KEPT = 1_500_000_000  # numbers that all basis vectors together may hold


class Graph:
    """The Hessian of a step's losses, from their graphs. `gradient` is the flat gradient; `product` multiplies.

    Raises:
        RuntimeError, NotImplementedError: an operation in the graph has no second derivative.
    """

    def __init__(self, losses: Sequence[Loss], space: Space, differentiate: Callable[..., Any]) -> None:
        self.space, self.differentiate = space, differentiate
        outputs = [one for loss in losses for one in loss.outputs]
        cotangents = [one for loss in losses for one in scaled(loss)]
        with torch.enable_grad():
            self.rows = differentiate(outputs, space.parameters, cotangents, create_graph=True, allow_unused=True)
        self.gradient = space.mean(space.flat(self.rows))
        self.used = [index for index, row in enumerate(self.rows) if row is not None and row.requires_grad]

    def product(self, vector: Any) -> Any:
        """H `vector`."""
        if not self.used:  # the gradient does not depend on the weights
            return torch.zeros_like(vector)
        parts = self.space.parts(vector)
        rows, seeds = [self.rows[one] for one in self.used], [parts[one] for one in self.used]
        result = self.differentiate(rows, self.space.parameters, seeds, retain_graph=True, allow_unused=True)
        return self.space.mean(self.space.flat(result))


def scaled(loss: Loss) -> list[Any]:
    """The loss's cotangents without a gradient scaler's factor."""
    filled = [
        torch.ones_like(output) if cotangent is None else cotangent
        for output, cotangent in zip(loss.outputs, loss.cotangents, strict=True)
    ]
    return [one / loss.scale for one in filled]


def obstacle(losses: Sequence[Loss]) -> str | None:
    """What in the graphs would give a wrong second derivative without an error: a custom backward that is not differentiable."""
    for loss in losses:
        if not loss.alive:
            return "the graph of this step was not kept"
        for node in nodes(loss.outputs):
            made = getattr(node, "_forward_cls", None)
            if made is not None and hasattr(getattr(made, "backward", None), "__wrapped__"):
                return f"{made.__name__}.backward is once_differentiable"
    return None


def kept(space: Space) -> int:
    """How many basis vectors may be held."""
    return int(max(4, min(32, FLOATS_KEPT // max(space.size, 1))))


Gradients = Generator[Order, Cycle, Any]


def gradient_at(space: Space, weights: Any) -> Gradients:
    """The gradient of the recorded cycle at `weights`."""
    cycle = yield Order(weights=weights, replay=True)
    return space.flat(cycle.gradients)


def difference(space: Space, weights: Any, direction: Any, share: float) -> Gradients:
    """H `direction` by a central difference over `share` of the weights' extent; `direction` has norm 1."""
    step = share * max(space.extent(weights), 1e-3)
    above = yield from gradient_at(space, weights + direction * step)
    below = yield from gradient_at(space, weights - direction * step)
    return (above - below) * (0.5 / step)


def by_differences(space: Space, weights: Any, search: lanczos.Search, go_on: Callable[[], bool]) -> Gradients:
    """Drive `search` with central differences of replayed gradients. What it has reached stands when the script ends before."""
    while not search.done:
        image = yield from difference(space, weights, search.vector, SEARCH_STEP)
        search.give(image)
        if not go_on():
            break
    return search.result()
