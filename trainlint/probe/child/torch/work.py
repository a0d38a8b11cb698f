"""The processes that train together: how many, which one this is, and sums over them by the script's `torch.distributed`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch


class Work:
    """The training's processes at the time of its first step. `sharded`: each holds a part of the parameters (FSDP)."""

    def __init__(self, sharded: bool = False) -> None:
        joined = torch.distributed.is_available() and torch.distributed.is_initialized()
        self.world_size: int = torch.distributed.get_world_size() if joined else 1
        self.rank: int = torch.distributed.get_rank() if joined else 0
        self.sharded = sharded and self.world_size > 1

    def sum(self, tensor: Any) -> Any:
        """The sum of `tensor` over all processes, in a tensor of its own."""
        if self.world_size == 1:
            return tensor
        total = tensor.clone()
        torch.distributed.all_reduce(total)
        return total

    def all(self, flag: bool, device: Any = "cpu") -> bool:
        """Whether `flag` is True in all processes, so that all of them go the same way."""
        if self.world_size == 1:
            return flag
        return float(self.sum(torch.tensor(float(flag), device=device))) == self.world_size


def is_sharded(parameters: Iterable[Any], modules: Iterable[Any]) -> bool:
    """Whether parameters are distributed tensors (FSDP2) or a module is FSDP1's wrapper."""
    inner = (type(one).__name__ for module in modules for one in module.modules())
    return any(hasattr(one, "_local_tensor") for one in parameters) or "FullyShardedDataParallel" in inner
