"""What an evaluation costs, counted in multiplications so that what is computed does not depend on the machine."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainlint.stability.twin.einsum_layer import contracted
from trainlint.stability.twin.operation import Attributes, Tensor, integer, per_axis
from trainlint.stability.twin.windows import channels_first

PER_ELEMENT = 12
"""Multiplications in a matrix product that take as long as one element of an activation or a sum."""

PER_COPY = 32
"""The same for an element that is gathered and put back: of a window, of a gate, of the scores of an attention."""

PER_DRAWN = 300
"""The same for drawing one random number, and for the passes over it before the first evaluation."""

PER_PARAMETER = 50
"""The same for moving one trainable number through a Hessian product, apart from the product itself."""

PER_NODE = 40_000
"""The same for one operation's own overhead in Python."""


PER_STEP, PER_ATTENTION = 3 * PER_NODE, 12 * PER_NODE
"""The same for one time step of a recurrent layer, and for the operations of an attention."""


def is_first(op: str, inputs: Sequence[Tensor], attributes: Attributes) -> bool:
    """Whether a layer is one that `reduce.fewer_inputs` narrows: its own products are counted apart, by `of_first`."""
    narrows = op == "dense" and bool(attributes.get("still")) and not attributes.get("transposed")
    return narrows and bool(inputs) and inputs[0].ndim == 2


def of_first(rows: int, width: int, units: int) -> tuple[int, int]:
    """What a first layer costs on this many rows: at each evaluation, and once to be narrowed."""
    inner = min(rows, width)
    return rows * inner * units, width * inner * (2 * rows + units) if inner < width else 0


def foreseen(op: str, inputs: Sequence[Tensor], weights: Sequence[Tensor], attributes: Attributes) -> int:
    """What a convolution costs, about, before it is evaluated: no other operation costs much more than its input's size."""
    if op == "conv_lstm" and inputs and weights and inputs[0].ndim > 3:
        return _of_maps(inputs[0], weights)
    if not op.startswith("conv") or not inputs or not weights or inputs[0].ndim < 3:
        return 0
    x, axes = inputs[0], inputs[0].ndim - 2
    places = x.size // max(1, x.shape[1 if channels_first(attributes) else -1])
    strides = 1 if op.endswith("transpose") else math.prod(per_axis(attributes, "strides", axes, 1))
    outputs = int(weights[0].shape[-1])
    moved = PER_ELEMENT * outputs + PER_COPY * (int(weights[0].size) // max(1, outputs))
    return int(places // max(1, strides) * (weights[0].size + moved))


def _of_maps(x: Tensor, weights: Sequence[Tensor]) -> int:
    """A convolutional recurrent layer: both convolutions of each place at each step."""
    places, gates = x.size // max(1, x.shape[-1]), int(weights[0].shape[-1])
    moved = PER_ELEMENT * gates + sum(PER_COPY * (int(one.size) // max(1, gates)) for one in weights)
    return int(places * (sum(int(one.size) for one in weights) + moved) + PER_STEP * x.shape[1])


def _of_products(first: Tensor, second: Tensor, made: int) -> int:
    """A product of two arrays, for each row of both: sqrt((b m d) (b d n) (b m n) / b) = b m d n."""
    return math.isqrt(int(first.size) * int(second.size) * made // max(1, len(first)))


def _terms(inputs: Sequence[Tensor], attributes: Attributes) -> int:
    """The products that a sum over named axes takes: one for each combination of the letters."""
    letters = str(attributes.get("equation", "")).partition("->")[0].replace(",", "").replace(" ", "")
    extents = [size for one in inputs for size in one.shape]
    return math.prod(dict(zip(letters, extents, strict=False)).values())


def multiplications(op: str, inputs: Sequence[Tensor], weights: Sequence[Tensor], value: Tensor, attributes: Attributes) -> int:
    """What one forward evaluation of an operation costs, without the products of a first layer (`of_first`)."""
    made = int(value.size)
    moved = PER_ELEMENT * made
    if op == "matmul" and len(inputs) == 2:
        return moved + made * int(inputs[0].shape[-1] if inputs[0].ndim else 1)
    if op in ("lstm", "gru", "simple_rnn") and inputs and inputs[0].ndim == 3:
        places = inputs[0].shape[0] * inputs[0].shape[1]
        products = sum(places * int(one.size) + PER_COPY * places * int(one.shape[-1]) for one in weights)
        return int(moved + products + PER_STEP * int(inputs[0].shape[1]))
    if op in ("lstm_cell", "gru_cell", "rnn_cell") and inputs and inputs[0].ndim == 2:
        rows = inputs[0].shape[0]
        return int(moved + sum(rows * (int(one.size) + PER_COPY * int(one.shape[-1])) for one in weights) + PER_STEP)
    if op == "einsum" and inputs:
        return moved + PER_COPY * sum(int(one.size) for one in inputs) + _terms(inputs, attributes)
    if op == "attention" and inputs and inputs[0].ndim == 3:
        rows, steps = inputs[0].shape[:2]
        scores = rows * steps * inputs[-1].shape[1] * max(1, integer(attributes, "heads", 1))
        products = sum(rows * steps * int(one.size) for one in weights) + 2 * scores * integer(attributes, "key_dim", 1)
        return int(moved + products + PER_COPY * (scores + 4 * made) + PER_ATTENTION)
    if op == "conv_lstm" and inputs and weights:
        return moved + _of_maps(inputs[0], weights)
    if op in ("dot", "dot_attention") and len(inputs) > 1 and inputs[0].ndim and inputs[1].ndim:
        products = _of_products(inputs[0], inputs[1], made)
        scores = inputs[0].shape[0] * inputs[0].shape[1] * inputs[1].shape[1] if op == "dot_attention" else 0
        return moved + products * (2 if scores else 1) + PER_COPY * scores
    kernel = weights[0] if weights and weights[0].ndim > 1 else None
    if kernel is None or op == "embedding" or not inputs:
        return moved
    inner = int(kernel.size) // max(1, int(kernel.shape[-1]))
    if op == "dense":
        return moved if is_first(op, inputs, attributes) else moved + made * inner
    if op == "einsum_dense":
        return moved + made * contracted(kernel.shape, inputs[0].ndim, attributes) + PER_COPY * int(inputs[0].size)
    windows = made // max(1, int(kernel.shape[-1])) * inner
    groups = integer(attributes, "groups", 1) if op == "conv" else 1
    return moved + made * inner + PER_COPY * windows * groups + PER_NODE * (groups - 1) // 4
