"""One round of the training loop, from one step of the measured optimizer to the next, as the hooks saw it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from ...protocol import Line

MICRO_BATCHES = 16  # more graphs than these are not kept: they would cost as many batches of memory


@dataclass
class Loss:
    """One call of backward: the scalar is sum(outputs * cotangents) / scale.

    `waiting` are the leaves it gave gradients to that have not been zeroed since, by identity. `alive`: its graph was kept.
    """

    outputs: tuple[Any, ...]
    cotangents: tuple[Any, ...]
    scale: float
    leaves: dict[int, Any]
    line: Line | None
    alive: bool
    waiting: set[int] = field(default_factory=set)

    def value(self) -> float:
        """The scalar that is differentiated, without a gradient scaler's factor."""
        total = 0.0
        for output, cotangent in zip(self.outputs, self.cotangents, strict=True):
            one = output.detach().float()
            total += float(one.sum() if cotangent is None else (one * cotangent).sum())
        return total / self.scale


@dataclass(frozen=True)
class Call:
    """An outermost module's call, or that of a loss function, with its tensors that need no gradient.

    Of a loss also the predictions, and the value if it is a mean.
    """

    name: str
    owner: Any
    tensors: tuple[Any, ...]
    line: Line | None
    is_loss: bool = False
    predictions: Any = None
    value: float | None = None


@dataclass(frozen=True)
class Cycle:
    """What is known at a step: its losses, each parameter's gradient as the optimizer sees it, calls, duration in seconds.

    `piled`: gradients of the step before had not been cleared when the first backward pass of this cycle began.
    """

    optimizer: Any
    losses: tuple[Loss, ...]
    gradients: tuple[Any, ...]
    calls: tuple[Call, ...]
    batches: tuple[Any, ...]
    seconds: float
    line: Line | None
    piled: bool = False

    @property
    def loss(self) -> float:
        """The sum of the losses that this step descends."""
        return sum(one.value() for one in self.losses)


@dataclass(frozen=True)
class Order:
    """What the measuring wants next: whether the step that is due is done, and what the next cycle is like.

    `weights`: the parameters during the next cycle, or None to leave them. `replay`: the next cycle repeats the recorded one's
    batches, inputs and random numbers. `record`: the next cycle is the one to be repeated. `graphs`: its graphs are needed.
    `hold`: nothing but the measured optimizer's step counts: other optimizers, schedules and clipping do nothing.
    `restore`: everything is put back as it was captured before the next cycle.
    """

    step: bool = False
    weights: Any = None
    replay: bool = False
    record: bool = False
    graphs: bool = False
    hold: bool = True
    restore: bool = False


def nodes(outputs: tuple[Any, ...]) -> Iterator[Any]:
    """All nodes of the graphs that end in `outputs`, each once."""
    waiting = [one.grad_fn for one in outputs if one.grad_fn is not None]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        yield node
        for following, _ in node.next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)


def leaves(outputs: tuple[Any, ...]) -> dict[int, Any]:
    """The tensors at the graphs' ends that collect a gradient, by identity."""
    found = [node.variable for node in nodes(outputs) if hasattr(node, "variable")]
    found += [one for one in outputs if one.grad_fn is None and one.requires_grad]
    return {id(one): one for one in found}


def tensors_in(value: Any) -> list[Any]:
    """The tensors in nested containers, in order."""
    from torch.utils import _pytree

    return [one for one in _pytree.tree_leaves(value) if isinstance(one, torch.Tensor)]
