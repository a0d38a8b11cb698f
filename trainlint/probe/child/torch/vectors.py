"""Parameters as one flat vector on this process's device, whole or, under FSDP, this rank's shard of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch

from .work import Work

TINY = 1e-30


class Space:
    """The space of the given parameters. Vectors are flat, in single precision or better.

    `dot` is over all ranks where they hold shards; `mean` averages over ranks that hold the whole but see their own batches.
    """

    def __init__(self, parameters: Sequence[Any], work: Work) -> None:
        self.parameters = list(parameters)
        self.work = work
        self.shapes = [local(one).shape for one in self.parameters]
        self.sizes = [shape.numel() for shape in self.shapes]
        first = local(self.parameters[0])
        self.device = first.device
        self.dtype = torch.float64 if first.dtype == torch.float64 else torch.float32
        self.size = sum(self.sizes)
        self.coarse = any(one.dtype in (torch.float16, torch.bfloat16) for one in self.parameters)  # too coarse for differences

    def flat(self, tensors: Sequence[Any]) -> Any:
        """`tensors`, one a parameter, as a vector of its own memory; None stands for zeros."""
        vector = torch.empty(self.size, dtype=self.dtype, device=self.device)
        for part, tensor in zip(vector.split(self.sizes), tensors, strict=True):
            if tensor is None:
                part.zero_()
            else:
                one = local(tensor.detach())
                part.copy_((one.to_dense() if one.is_sparse else one).reshape(-1))
        return vector

    def parts(self, vector: Any) -> list[Any]:
        """`vector` cut into the parameters' shapes and types."""
        cut = zip(vector.split(self.sizes), self.shapes, self.parameters, strict=True)
        return [part.view(shape).to(one.dtype) for part, shape, one in cut]

    def weights(self) -> Any:
        """The parameters as they stand."""
        return self.flat(self.parameters)

    def write(self, vector: Any) -> None:
        """Set the parameters to `vector`."""
        with torch.no_grad():
            for one, part in zip(self.parameters, self.parts(vector), strict=True):
                local(one.data).copy_(part)

    def dot(self, left: Any, right: Any) -> float:
        """The scalar product."""
        share = torch.dot(left, right)
        return float(self.work.sum(share) if self.work.sharded else share)

    @staticmethod
    def subtract(left: Any, vector: Any, share: float) -> Any:
        """The difference left - vector * share, in the memory of `left`."""
        return left.sub_(vector, alpha=share)

    def norm(self, vector: Any) -> float:
        """The Euclidean norm."""
        return math.sqrt(max(self.dot(vector, vector), 0.0))

    def norm_of(self, tensor: Any) -> float:
        """The norm of one parameter, gradient or step, over all ranks where they hold shards of it."""
        one = local(tensor.detach()).float()
        return math.sqrt(float(self.work.sum(one.square().sum()) if self.work.sharded else one.square().sum()))

    def extent(self, weights: Any) -> float:
        """The norm that `weights` would have without outliers: what a small step is measured by."""
        norm = self.norm(weights)
        if self.work.sharded:
            return norm
        usual = 1.4826 * float(weights.abs().median()) * self.size**0.5  # the median's share of a normal distribution
        return min(norm, usual) if usual > 0 else norm

    def mean(self, vector: Any) -> Any:
        """`vector` averaged over ranks that each saw their own batch; sharded vectors are averaged already."""
        return vector if self.work.sharded or self.work.world_size == 1 else self.work.sum(vector) / self.work.world_size

    def start(self, *toward: Any) -> Any:
        """The vector from which eigenvalues are looked for: a fixed random one, the same on all devices, leaning `toward` others.

        The gradient lies mostly along the sharpest directions (Gur-Ari, Roberts, Dyer 2018): half the products are saved.
        """
        seed = 20_240_501 + (self.work.rank if self.work.sharded else 0)
        generator = torch.Generator("cpu").manual_seed(seed)
        start = torch.randn(self.size, generator=generator, dtype=self.dtype, device="cpu").to(self.device)
        start = start / max(self.norm(start), TINY)
        for vector in toward:
            towards = math.copysign(1.0, self.dot(start, vector))  # or both could cancel, as they do in one dimension
            start = start + vector * (towards / max(self.norm(vector), TINY))
        return start


def local(tensor: Any) -> Any:
    """This rank's part of a distributed tensor; any other tensor itself."""
    inner = getattr(tensor, "_local_tensor", None)
    return tensor if inner is None else inner
