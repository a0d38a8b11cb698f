"""What a cycle was fed with, kept so that the same cycle can be run again: batches, inputs of modules and losses, random numbers.

A script's loop is repeated without knowing it: its `DataLoader` yields the recorded batches, outermost modules and loss functions
are given the recorded tensors in place of new ones, and the generators start from the recorded states. What a loop makes by other
means (a loss written out by hand on a slice) is not seen; the replayed gradient then differs and the replay is not believed.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

import torch

from .cycle import Call
from .state import RandomState

SHOWN = 64  # calls of one cycle that are remembered where it is not recorded


class Tape:
    """The current cycle's calls and batches, and the recorded cycle's."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.batches: list[Any] = []
        self.recording = self.replaying = False
        self.random: RandomState | None = None
        self._kept_batches: dict[int, list[Any]] = {}
        self._kept_tensors: list[tuple[int, tuple[Any, ...]]] = []
        self._taken: dict[int, int] = defaultdict(int)
        self._asked = 0

    def turn(self, record: bool, replay: bool) -> None:
        """A new cycle begins."""
        self.calls, self.batches = [], []
        self._taken.clear()
        self._asked = 0
        self.recording, self.replaying = record, replay
        if record:
            self._kept_batches, self._kept_tensors = defaultdict(list), []
            self.random = RandomState()
        elif replay and self.random is not None:
            self.random.restore()

    def kept(self, source: int) -> tuple[Any] | None:
        """The recorded batch that the loader over the data set `source` is to give next, or None if it has to read one."""
        kept, index = self._kept_batches.get(source, []), self._taken[source]
        if not self.replaying or index >= len(kept):
            return None
        self._taken[source] = index + 1
        return (copy.deepcopy(kept[index]),)

    def keep(self, source: int, batch: Any) -> None:
        """Remember a batch that was read."""
        self.batches = [*self.batches[-3:], batch]
        if self.recording:
            self._kept_batches[source].append(copy.deepcopy(batch))

    def feed(self, owner: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """The arguments with which `owner`, an outermost module or a loss function, is to be called in this cycle."""
        if not (self.recording or self.replaying):
            return args, kwargs
        from torch.utils import _pytree

        values, structure = _pytree.tree_flatten((args, kwargs))
        places = [index for index, one in enumerate(values) if is_data(one)]
        index, self._asked = self._asked, self._asked + 1
        if self.recording:
            self._kept_tensors.append((id(owner), tuple(values[place].detach().clone() for place in places)))
        elif index < len(self._kept_tensors):
            known, tensors = self._kept_tensors[index]
            if known == id(owner) and len(tensors) == len(places):
                for place, tensor in zip(places, tensors, strict=True):
                    values[place] = tensor.clone()
        replaced: tuple[Any, Any] = _pytree.tree_unflatten(values, structure)
        return replaced

    def note(self, call: Call) -> None:
        """Remember `call` for this cycle."""
        self.calls = [*self.calls[-SHOWN:], call]


def is_data(value: Any) -> bool:
    """Whether `value` is a tensor that no gradient is asked for."""
    return isinstance(value, torch.Tensor) and not value.requires_grad and value.grad_fn is None
