"""Rows of the twin's table: layers that merge several inputs without weights, in the order of the inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from trainlint.stability.twin.activations import softmax
from trainlint.stability.twin.arithmetic import ARITHMETIC
from trainlint.stability.twin.directional import matmul
from trainlint.stability.twin.magnitudes import MAGNITUDES
from trainlint.stability.twin.operation import (
    NONLINEAR,
    Attributes,
    Operation,
    Pullback,
    RefusalError,
    Tensor,
    integers,
    nonlinear,
    normal_axis,
    one_input,
    product,
    require,
    same,
)

SMALLEST_LENGTH = 1e-7
"""Keras' `epsilon`: a vector that is normalized counts as this long at least."""

UNUSUAL = ("use_scale", "use_causal_mask", "return_attention_scores")
"""Settings of `Attention` that are not followed."""


def _average(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """The mean of the inputs, entry by entry; of one input the mean along an axis (NumPy's)."""
    if len(inputs) == 1:
        if attributes.get("weights") is not None:
            raise RefusalError("a weighted average")
        return ARITHMETIC["mean"].forward(inputs, parameters, attributes)
    total, below = ARITHMETIC["add"].forward(inputs, parameters, attributes)
    return total / len(inputs), lambda gradient: below(gradient / len(inputs))


def _unit(x: Tensor, axis: int, attributes: Attributes) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Vectors of length one where the layer normalizes."""
    if attributes.get("normalize") is not True:
        return x, lambda gradient: gradient
    value, below = MAGNITUDES["l2_normalize"].forward([x], (), {"axis": axis, "eps": SMALLEST_LENGTH})
    return value, lambda gradient: np.asarray(below(gradient)[0])


def _dot(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """Keras' `Dot`: for each row a sum of products along one axis of each input (of vectors a column); else NumPy's `dot`."""
    one_input(inputs, 2)
    if attributes.get("axes") is None:
        if inputs[0].ndim > 2 or inputs[1].ndim > 2:
            raise RefusalError("a `dot` of arrays with more than two axes")
        return ARITHMETIC["matmul"].forward(inputs, parameters, attributes)
    if len(inputs) > 2 or min(one.ndim for one in inputs) < 2 or len(inputs[0]) != len(inputs[1]):
        raise RefusalError("a `Dot` of inputs that do not fit")
    axes = integers(attributes["axes"], "axes")
    axes = axes * 2 if len(axes) == 1 else axes
    first, second = (normal_axis(axis, one.ndim) for axis, one in zip(axes, inputs, strict=True))
    units = [_unit(one, axis, attributes) for one, axis in zip(inputs, (first, second), strict=True)]
    x, y = np.moveaxis(units[0][0], first, -1), np.moveaxis(units[1][0], second, 1)
    if not first or not second or x.shape[-1] != y.shape[1]:
        raise RefusalError("a `Dot` of inputs that do not fit")
    outer = (*x.shape[1:-1], *y.shape[2:]) or (1,)
    require(len(x), *outer)
    left, right = x.reshape(len(x), -1, x.shape[-1]), y.reshape(len(y), y.shape[1], -1)
    value = matmul(left, right)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        full = gradient.reshape(value.shape)
        to_left = np.moveaxis(matmul(full, np.swapaxes(right, 1, 2)).reshape(x.shape), -1, first)
        to_right = np.moveaxis(matmul(np.swapaxes(left, 1, 2), full).reshape(y.shape), 1, second)
        return units[0][1](to_left), units[1][1](to_right)

    return value.reshape(len(x), *outer), pullback


def _dot_degree(degrees: tuple[float, ...], own: bool, attributes: Attributes) -> float:
    return NONLINEAR if attributes.get("normalize") is True and any(degrees) else product(degrees, own, attributes)


def _dot_attention(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """Keras' `Attention` of query, value and key (the value where there is none): softmax(q k') v, not scaled (Luong 2015)."""
    one_input(inputs, 2)
    if any(attributes.get(name) not in (None, False) for name in UNUSUAL) or attributes.get("score_mode", "dot") != "dot":
        raise RefusalError("an attention with unusual settings")
    query, v, k = inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else inputs[1]
    if len(inputs) > 3 or any(one.ndim != 3 for one in inputs):
        raise RefusalError("an attention whose inputs cannot be told apart")
    require(*query.shape[:2], k.shape[1])
    shares = softmax(matmul(query, np.swapaxes(k, 1, 2)), -1)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        to_shares = matmul(gradient, np.swapaxes(v, 1, 2))
        to_scores = shares * (to_shares - (to_shares * shares).sum(axis=-1, keepdims=True))
        to_query, to_key = matmul(to_scores, k), matmul(np.swapaxes(to_scores, 1, 2), query)
        to_value = matmul(np.swapaxes(shares, 1, 2), gradient)
        return (to_query, to_value, to_key) if len(inputs) > 2 else (to_query, to_value + to_key)

    return matmul(shares, v), pullback


def _unit_norm(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """Keras' `UnitNormalization`: x over its length along some axes."""
    settings = {"axis": attributes.get("axis", -1), "eps": 1e-12}
    return MAGNITUDES["l2_normalize"].forward(inputs, parameters, settings)


MERGING: Mapping[str, Operation] = {
    "average": Operation(_average, same),
    "dot": Operation(_dot, _dot_degree),
    "dot_attention": Operation(_dot_attention, nonlinear),
    "unit_norm": Operation(_unit_norm, nonlinear),
}
