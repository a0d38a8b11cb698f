"""What must be put back so that a step, or many, never happened: weights, buffers, optimizer states and random numbers."""

from __future__ import annotations

import copy
import random
import sys
from collections.abc import Iterable
from typing import Any

import torch

from .vectors import local


class RandomState:
    """The states of the random generators of Python, NumPy and PyTorch as they are now."""

    def __init__(self) -> None:
        self.python = random.getstate()
        self.torch = torch.get_rng_state()
        self.cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() and torch.cuda.is_initialized() else None
        numpy = sys.modules.get("numpy")
        self.numpy = numpy.random.get_state() if numpy is not None else None

    def restore(self) -> None:
        """Put them back."""
        random.setstate(self.python)
        torch.set_rng_state(self.torch)
        if self.cuda is not None:
            torch.cuda.set_rng_state_all(self.cuda)
        if self.numpy is not None:
            sys.modules["numpy"].random.set_state(self.numpy)


class Snapshot:
    """Copies of all parameters and states of `optimizers` and of all buffers of `modules`."""

    def __init__(self, optimizers: Iterable[Any], modules: Iterable[Any]) -> None:
        self.optimizers = [(one, states(one), [numbers(group) for group in one.param_groups]) for one in optimizers]
        held = [p for one, _, _ in self.optimizers for group in one.param_groups for p in group["params"]]
        buffers = [buffer for module in modules for buffer in module.buffers()]
        self.tensors = [(one, local(one.detach()).clone()) for one in (*held, *buffers)]

    def restore(self) -> None:
        """Put everything back, bit for bit."""
        with torch.no_grad():
            for one, saved in self.tensors:
                local(one.data).copy_(saved)
        for optimizer, state, groups in self.optimizers:
            optimizer.state.clear()
            optimizer.state.update((key, copy.deepcopy(value)) for key, value in state)
            for group, saved in zip(optimizer.param_groups, groups, strict=True):
                group.update(copy.deepcopy(saved))


def states(optimizer: Any) -> list[tuple[Any, Any]]:
    """An optimizer's state for each parameter; the parameters themselves are not copied."""
    return [(key, copy.deepcopy(value)) for key, value in optimizer.state.items()]


def numbers(group: dict[str, Any]) -> dict[str, Any]:
    """A parameter group without its parameters."""
    return {key: copy.deepcopy(value) for key, value in group.items() if key != "params"}
