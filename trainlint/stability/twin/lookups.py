"""Rows of the twin's table: layers of two inputs, and means over the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from trainlint.stability.twin.directional import matmul
from trainlint.stability.twin.operation import (
    NONLINEAR,
    Attributes,
    Operation,
    Pullback,
    RefusalError,
    Shape,
    Tensor,
    integer,
    one_input,
    product,
    require,
)


def _embedding_bag(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """The mean or the sum of the rows of a table that each row of indices names (PyTorch's `EmbeddingBag`)."""
    one_input(inputs)
    mode, table = attributes.get("mode", "mean"), parameters[0]
    if len(inputs) > 1 or inputs[0].ndim != 2 or mode not in ("mean", "sum") or attributes.get("padding_idx") is not None:
        raise RefusalError("an embedding bag of an unusual kind")
    rows = inputs[0].real.astype(np.int64)
    if rows.size and (rows.min() < 0 or rows.max() >= len(table)):
        raise RefusalError("an index lies outside of the embedding")
    require(rows.size, table.shape[1])
    share = 1 / max(1, rows.shape[1]) if mode == "mean" else 1.0

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        full = np.zeros(table.shape, dtype=gradient.dtype)
        np.add.at(full, rows, np.broadcast_to(gradient[:, None, :] * share, (*rows.shape, table.shape[1])))
        return None, full

    return table[rows].sum(axis=1) * share, pullback


def _embedding_bag_parameters(_shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    return ((integer(attributes, "rows", 0), integer(attributes, "units", 0)),)


def _embedding_degree(degrees: tuple[float, ...], own: bool, _attributes: Attributes) -> float:
    return NONLINEAR if any(degrees) else float(own)


def _bilinear(inputs: Sequence[Tensor], parameters: Sequence[Tensor], _attributes: Attributes) -> tuple[Tensor, Pullback]:
    """X' W z + b for each unit, with kernels (units, width of x, width of z) as PyTorch has them."""
    one_input(inputs, 2)
    first, second = (one.reshape(-1, one.shape[-1]) for one in inputs[:2])
    kernel = parameters[0]
    units, width, other = kernel.shape
    if len(first) != len(second):
        raise RefusalError("a bilinear layer whose inputs have different numbers of rows")
    require(len(first), width, other)
    pairs = (first[:, :, None] * second[:, None, :]).reshape(len(first), -1)
    flat = kernel.reshape(units, -1)
    value = matmul(pairs, flat.T) + (parameters[1] if len(parameters) > 1 else 0.0)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        below = gradient.reshape(value.shape)
        to_pairs = matmul(below, flat).reshape(len(first), width, other)
        to_first = (to_pairs * second[:, None, :]).sum(axis=2).reshape(inputs[0].shape)
        to_second = (to_pairs * first[:, :, None]).sum(axis=1).reshape(inputs[1].shape)
        return to_first, to_second, matmul(below.T, pairs).reshape(kernel.shape), below.sum(axis=0)

    return value.reshape(*inputs[0].shape[:-1], units), pullback


def _bilinear_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    units = integer(attributes, "units", 0)
    if len(shapes) != 2 or not shapes[0] or not shapes[1] or units < 1:
        raise RefusalError("the width of a bilinear layer is not known")
    return ((units, shapes[0][-1], shapes[1][-1]), (units,))[: 1 + (attributes.get("use_bias", True) is not False)]


LOOKUPS: Mapping[str, Operation] = {
    "embedding_bag": Operation(_embedding_bag, _embedding_degree, _embedding_bag_parameters),
    "bilinear": Operation(_bilinear, product, _bilinear_parameters),
}
