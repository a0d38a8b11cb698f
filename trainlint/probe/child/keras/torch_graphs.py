"""Keras on the PyTorch backend: the graphs of the losses that the script has run backwards since the optimizer's last step."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .tapes import NOTHING, PRODUCTS
from .vectors import Layout, Vector, key

MOST_LOSSES = 16


@dataclass
class Record:
    """One backward pass: the loss, and the gradients by the optimizer's variables, with their graph where products are wanted."""

    torch: Any
    differentiate: Callable[..., Any]  # `torch.autograd.grad` as it was
    outputs: list[Any]
    seeds: Any
    sources: list[Any]
    gradients: list[Any]
    has_product: bool
    values: list[Any] | None = field(default=None)

    @property
    def loss(self) -> float:
        """The number that was run backwards; the sum of several."""
        return float(sum(one.detach().sum() for one in self.outputs))

    def product(self, layout: Layout, vector: Vector) -> list[Any]:
        """The Hessian times `vector`, a tensor or None for each of the layout's variables."""
        parts = dict(zip(map(key, layout.variables), layout.split(vector), strict=True))
        used = [
            (gradient, parts[key(one)])
            for one, gradient in zip(self.sources, self.gradients, strict=True)
            if gradient is not None and gradient.requires_grad and key(one) in parts
        ]
        seeds = [self.torch.as_tensor(part, dtype=gradient.dtype, device=gradient.device) for gradient, part in used]
        with self.torch.enable_grad():
            images = self.differentiate(
                [gradient for gradient, _ in used],
                [one.value for one in layout.variables],
                grad_outputs=seeds,
                retain_graph=True,
                allow_unused=True,
            )
        return list(images)


class Graphs:
    """The losses since the last step; `level` tells what is to be recorded."""

    method = "double backward"
    mark = "backward"

    def __init__(self, torch: Any, level: Callable[[], int], entered: Callable[[], None], computed: Callable[[], None]) -> None:
        self.torch, self.level, self.entered, self.computed = torch, level, entered, computed
        self.records: list[Any] = []
        self.pending: list[tuple[list[Any], Any]] = []
        self.differentiate = inspect.unwrap(torch.autograd.grad)

    def install(self) -> None:
        """Patch the backward pass so that the graph outlives it."""
        original = self.torch.autograd.backward

        @functools.wraps(original)
        def backward(tensors: Any, grad_tensors: Any = None, retain_graph: Any = None, *rest: Any, **named: Any) -> Any:
            wanted = self.level() != NOTHING and self.torch._C._current_graph_task_id() == -1
            result = original(tensors, grad_tensors, True if wanted else retain_graph, *rest, **named)
            if wanted:
                outputs = list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]
                self.pending = [*self.pending[1 - MOST_LOSSES :], (outputs, grad_tensors)]
                self.computed()
            return result

        self.torch.autograd.backward = backward

    def context(self) -> Any:
        """What the probe's own steps run in: Keras takes the optimizer's step where gradients are off."""
        return self.torch.enable_grad() if self.level() else contextlib.nullcontext()

    def unnoticed(self, variables: Sequence[Any], /) -> Any:
        """A graph refuses to be used once its leaves have changed, even if they have changed back."""
        stack = contextlib.ExitStack()
        stack.enter_context(self.torch.no_grad())
        for one in variables:
            stack.enter_context(self.torch.autograd._unsafe_preserve_version_counter(one.value))
        return stack

    def clear(self) -> None:
        """Forget the losses and their graphs."""
        self.records, self.pending = [], []

    def take(self, variables: Sequence[Any]) -> list[Record]:
        """The backward passes that reached one of `variables`, given away."""
        taken, left = [], []
        for outputs, seeds in self.pending:
            record = self._record(outputs, seeds, list(variables))
            if any(one is not None for one in record.gradients):
                taken.append(record)
            else:
                left.append((outputs, seeds))
        self.pending = left
        return taken

    def _record(self, outputs: list[Any], seeds: Any, variables: list[Any]) -> Record:
        twice = self.level() == PRODUCTS
        given = None if seeds is None else list(seeds) if isinstance(seeds, (list, tuple)) else [seeds]
        reached = [one for one in outputs if one.requires_grad]
        with self.torch.enable_grad():
            gradients = self.differentiate(
                reached,
                [one.value for one in variables],
                grad_outputs=given,
                retain_graph=True,
                create_graph=twice,
                allow_unused=True,
            )
        return Record(self.torch, self.differentiate, outputs, seeds, variables, list(gradients), twice)
