"""What an evaluation costs, counted in multiplications so that what is computed does not depend on the machine."""

from __future__ import annotations

from collections.abc import Sequence

from trainlint.stability.twin.operation import Attributes, Tensor

PER_ELEMENT = 24
"""Multiplications in a matrix product that take as long as one element of anything else."""

PER_DRAWN = 80
"""The same for drawing one random number."""

PER_PARAMETER = 50
"""The same for moving one trainable number through a Hessian product, apart from the product itself."""

PER_NODE = 40_000
"""The same for one operation's own overhead in Python."""


PER_STEP = 3 * PER_NODE
"""The same for one time step of a recurrent layer."""


def is_first(op: str, inputs: Sequence[Tensor], attributes: Attributes) -> bool:
    """Whether a layer is one that `reduce.fewer_inputs` narrows: its own products are counted apart, by `of_first`."""
    return op == "dense" and bool(attributes.get("still")) and bool(inputs) and inputs[0].ndim == 2


def of_first(rows: int, width: int, units: int) -> tuple[int, int]:
    """What a first layer costs on this many rows: at each evaluation, and once to be narrowed."""
    inner = min(rows, width)
    return rows * inner * units, width * inner * (2 * rows + units) if inner < width else 0


def multiplications(op: str, inputs: Sequence[Tensor], weights: Sequence[Tensor], value: Tensor, attributes: Attributes) -> int:
    """What one forward evaluation of an operation costs, without the products of a first layer (`of_first`)."""
    made = int(value.size)
    moved = PER_ELEMENT * made
    if op == "matmul" and len(inputs) == 2:
        return moved + made * int(inputs[0].shape[-1] if inputs[0].ndim else 1)
    if op in ("lstm", "gru", "simple_rnn") and inputs and inputs[0].ndim == 3:
        places = inputs[0].shape[0] * inputs[0].shape[1]
        products = sum(places * int(one.size) + PER_ELEMENT * places * int(one.shape[-1]) for one in weights)
        return int(moved + products + PER_STEP * int(inputs[0].shape[1]))
    kernel = weights[0] if weights and weights[0].ndim > 1 else None
    if kernel is None or op == "embedding" or not inputs:
        return moved
    inner = int(kernel.size) // max(1, int(kernel.shape[-1]))
    if op == "dense":
        return moved if is_first(op, inputs, attributes) else moved + made * inner
    windows = made // max(1, int(kernel.shape[-1])) * inner
    return moved + made * inner + PER_ELEMENT * windows
