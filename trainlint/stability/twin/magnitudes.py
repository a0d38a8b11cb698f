"""Rows of the twin's table: variances, norms, and logarithms of sums, along some axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from trainlint.stability.twin import directional
from trainlint.stability.twin.activations import softmax
from trainlint.stability.twin.operation import (
    Attributes,
    Forward,
    Operation,
    Pullback,
    RefusalError,
    Tensor,
    axes_of,
    nonlinear,
    number,
    one_input,
)


def _without(value: Tensor, axes: tuple[int, ...], attributes: Attributes) -> Tensor:
    """A result that kept its axes, without those unless they are wanted."""
    return value if attributes.get("keepdims") else value.reshape([n for axis, n in enumerate(value.shape) if axis not in axes])


def _spread(root: bool) -> Forward:
    """The variance over n - correction entries, or its root."""

    def forward(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs)
        x, correction = inputs[0], attributes.get("correction", attributes.get("ddof", 0))
        if correction is None or not isinstance(correction, bool | int):
            raise RefusalError("the correction of a variance is not known")
        axes = axes_of(attributes, x.ndim)
        count = math.prod(x.shape[axis] for axis in axes) - int(correction)
        if count < 1:
            raise RefusalError("a variance of too few entries")
        centred = x - x.mean(axis=axes, keepdims=True)
        variance = (centred**2).sum(axis=axes, keepdims=True) / count
        kept = directional.sqrt(variance) if root else variance
        slope = centred / (count * kept) if root else 2 * centred / count
        return _without(kept, axes, attributes), lambda gradient: (gradient.reshape(kept.shape) * slope,)

    return forward


def _square_degree(degrees: tuple[float, ...], _own: bool, _attributes: Attributes) -> float:
    return 2 * max(degrees, default=0.0)


def _euclidean(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    return directional.sqrt((x**2).sum(axis=axes, keepdims=True))


def _norm(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """The root of the sum of squares. Of a matrix as a whole the order 2 is another norm in some functions."""
    one_input(inputs)
    x, order, axis = inputs[0], attributes.get("ord"), attributes.get("axis")
    plain = order in (None, "fro", "euclidean") or (order == 2 and not isinstance(order, bool))
    if not plain or (order == 2 and x.ndim == 2 and not isinstance(axis, int)):
        raise RefusalError("a norm other than the Euclidean one")
    axes = axes_of(attributes, x.ndim)
    kept = _euclidean(x, axes)
    return _without(kept, axes, attributes), lambda gradient: (gradient.reshape(kept.shape) * x / kept,)


def _l2_normalize(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """X over its Euclidean norm, which counts as `eps` at least (of `epsilon` it is the root, as in TensorFlow)."""
    one_input(inputs)
    if attributes.get("ord") not in (None, 2):
        raise RefusalError("a norm other than the Euclidean one")
    x, least = inputs[0], math.sqrt(number(attributes, "epsilon", 1e-12))
    least = number(attributes, "eps", least)
    axes = axes_of(attributes, x.ndim)
    length = _euclidean(x, axes)
    above = length.real > least
    scale = np.where(above, length, least)
    value = x / scale

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        along = value * (gradient * value).sum(axis=axes, keepdims=True)
        return ((gradient - np.where(above, along, 0.0)) / scale,)

    return value, pullback


def _logsumexp(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    x = inputs[0]
    axes = axes_of(attributes, x.ndim)
    if len(axes) != 1:
        raise RefusalError("the logarithm of a sum over several axes")
    top = x.real.max(axis=axes[0], keepdims=True)
    kept = top + directional.log(directional.exp(x - top).sum(axis=axes[0], keepdims=True))
    shares = softmax(x, axes[0])
    return _without(kept, axes, attributes), lambda gradient: (gradient.reshape(kept.shape) * shares,)


MAGNITUDES: Mapping[str, Operation] = {
    "var": Operation(_spread(root=False), _square_degree),
    "std": Operation(_spread(root=True), nonlinear),
    "norm": Operation(_norm, nonlinear),
    "l2_normalize": Operation(_l2_normalize, nonlinear),
    "logsumexp": Operation(_logsumexp, nonlinear),
}
