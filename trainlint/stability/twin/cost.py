"""What an evaluation costs, counted in multiplications so that what is computed does not depend on the machine."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainlint.stability.twin.operation import Attributes, Tensor

PER_ELEMENT = 24
"""Multiplications in a matrix product that take as long as one element of anything else."""

PER_NODE = 40_000
"""The same for one operation's own overhead in Python."""


def multiplications(op: str, inputs: Sequence[Tensor], weights: Sequence[Tensor], value: Tensor, attributes: Attributes) -> int:
    """What one forward evaluation of an operation costs."""
    moved = PER_ELEMENT * value.size
    if op == "matmul" and len(inputs) == 2:
        return moved + value.size * (inputs[0].shape[-1] if inputs[0].ndim else 1)
    kernel = weights[0] if weights and weights[0].ndim > 1 else None
    if kernel is None or op == "embedding" or not inputs:
        return moved
    inner = kernel.size // max(1, kernel.shape[-1])
    if op == "dense":
        rows = math.prod(inputs[0].shape[:-1])
        return moved + value.size * (min(inner, rows) if attributes.get("still") else inner)
    windows = value.size // max(1, kernel.shape[-1]) * inner
    return moved + value.size * inner + PER_ELEMENT * windows
