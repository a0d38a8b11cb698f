"""Rows of the twin's table: activations, with the libraries' defaults for their constants."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from trainlint.stability.twin.arithmetic import elementwise
from trainlint.stability.twin.directional import absolute, clip, erf, exp, log, sigmoid, softplus, tanh
from trainlint.stability.twin.operation import (
    Attributes,
    Operation,
    Pullback,
    RefusalError,
    Shape,
    Tensor,
    integer,
    nonlinear,
    normal_axis,
    number,
    one_input,
)

SELU_ALPHA, SELU_SCALE = 1.6732632423543772, 1.0507009873554805
"""Klambauer et al. (2017), Self-normalizing neural networks."""


def softmax(x: Tensor, axis: int) -> Tensor:
    """exp(x) / sum exp(x) along an axis, without overflow."""
    shifted = exp(x - x.real.max(axis=axis, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=axis, keepdims=True))


def log_softmax(x: Tensor, axis: int) -> Tensor:
    """log(softmax(x)) along an axis, without overflow."""
    shifted = x - x.real.max(axis=axis, keepdims=True)
    return np.asarray(shifted - log(exp(shifted).sum(axis=axis, keepdims=True)))


def _relu(x: Tensor) -> tuple[Tensor, Tensor]:
    above = x.real > 0
    return np.where(above, x, 0.0) if np.iscomplexobj(x) else np.maximum(x, 0.0), above.astype(np.float64)


def _relu6(x: Tensor) -> tuple[Tensor, Tensor]:
    return clip(x, 0.0, 6.0), np.where((x.real > 0) & (x.real < 6), 1.0, 0.0)


def _hard_sigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    return clip(x / 6 + 0.5, 0.0, 1.0), np.where(np.abs(x.real) < 3, 1 / 6, 0.0)


def _sigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    value = sigmoid(x)
    return value, value * (1 - value)


def _tanh(x: Tensor) -> tuple[Tensor, Tensor]:
    value = tanh(x)
    return value, 1 - value**2


def _selu(x: Tensor) -> tuple[Tensor, Tensor]:
    below = SELU_SCALE * SELU_ALPHA * exp(clip(x, -math.inf, 0.0))
    return np.where(x.real > 0, SELU_SCALE * x, below - SELU_SCALE * SELU_ALPHA), np.where(x.real > 0, SELU_SCALE, below)


def _swish(x: Tensor) -> tuple[Tensor, Tensor]:
    gate = sigmoid(x)
    return x * gate, gate * (1 + x * (1 - gate))


def _mish(x: Tensor) -> tuple[Tensor, Tensor]:
    squashed = tanh(softplus(x))
    return x * squashed, squashed + x * (1 - squashed**2) * sigmoid(x)


def _gelu(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    x = inputs[0]
    if attributes.get("approximate") in (True, "tanh"):
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        squashed = tanh(inner)
        steep = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
        slope = 0.5 * (1 + squashed) + 0.5 * x * (1 - squashed**2) * steep
        return 0.5 * x * (1 + squashed), lambda gradient: (gradient * slope,)
    below = 0.5 * (1 + erf(x / math.sqrt(2)))
    density = exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return x * below, lambda gradient: (gradient * (below + x * density),)


def _hard_swish(x: Tensor) -> tuple[Tensor, Tensor]:
    gate = clip(x / 6 + 0.5, 0.0, 1.0)
    return x * gate, gate + np.where(np.abs(x.real) < 3, x / 6, 0.0)


def _hard_tanh(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    x = inputs[0]
    low, high = (number(attributes, name, edge) for name, edge in (("low", -1.0), ("high", 1.0)))
    low, high = number(attributes, "min_val", low), number(attributes, "max_val", high)
    inside = (x.real > low) & (x.real < high)
    return clip(x, low, high), lambda gradient: (gradient * inside,)


def _softplus(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """log(1 + exp(beta x)) / beta. PyTorch's `threshold`, beyond which it is x, lies where the two are equal to 1e-9."""
    one_input(inputs)
    beta = number(attributes, "beta", 1.0)
    if beta <= 0:
        raise RefusalError("a softplus whose steepness is not positive")
    x = inputs[0] * beta
    return softplus(x) / beta, lambda gradient: (gradient * sigmoid(x),)


def _glu(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    """One half of an axis times the sigmoid of the other (Dauphin et al. 2017)."""
    one_input(inputs)
    axis = normal_axis(integer(attributes, "axis", -1), inputs[0].ndim)
    if inputs[0].shape[axis] % 2:
        raise RefusalError("a gated linear unit over an odd number of entries")
    value, inner = np.split(inputs[0], 2, axis=axis)
    gate = sigmoid(inner)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        return (np.concatenate([gradient * gate, gradient * value * gate * (1 - gate)], axis=axis),)

    return value * gate, pullback


def _prelu(inputs: Sequence[Tensor], parameters: Sequence[Tensor], _attributes: Attributes) -> tuple[Tensor, Pullback]:
    """PyTorch's: one slope for all, or one for each entry of axis 1."""
    one_input(inputs)
    x, (slope,) = inputs[0], parameters
    shape = tuple(slope.size if axis == 1 and slope.size > 1 else 1 for axis in range(x.ndim))
    below = x.real <= 0
    factor = np.where(below, slope.reshape(shape), 1.0)

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        flowing = np.where(below, gradient * x, 0.0)
        others = tuple(axis for axis in range(x.ndim) if shape[axis] == 1)
        return gradient * factor, flowing.sum(axis=others).reshape(slope.shape)

    return x * factor, pullback


def _prelu_parameters(shapes: Sequence[Shape], attributes: Attributes) -> tuple[Shape, ...]:
    count = integer(attributes, "num_parameters", 1)
    if count < 1 or (count > 1 and (len(shapes[0]) < 2 or shapes[0][1] != count)):
        raise RefusalError("slopes that do not fit the channels")
    return ((count,),)


def _leaky_relu(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    slope = np.where(inputs[0].real > 0, 1.0, number(attributes, "alpha", number(attributes, "slope", 0.01)))
    return inputs[0] * slope, lambda gradient: (gradient * slope,)


def _elu(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    x, alpha = inputs[0], number(attributes, "alpha", 1.0)
    below = alpha * exp(clip(x, -math.inf, 0.0))
    return np.where(x.real > 0, x, below - alpha), lambda gradient: (gradient * np.where(x.real > 0, 1.0, below),)


def _softmax(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    axis = normal_axis(integer(attributes, "axis", -1), inputs[0].ndim)
    value = softmax(inputs[0], axis)
    return value, lambda gradient: (value * (gradient - (gradient * value).sum(axis=axis, keepdims=True)),)


def _log_softmax(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    axis = normal_axis(integer(attributes, "axis", -1), inputs[0].ndim)
    value = log_softmax(inputs[0], axis)
    return value, lambda gradient: (gradient - exp(value) * gradient.sum(axis=axis, keepdims=True),)


ACTIVATIONS: Mapping[str, Operation] = {
    "relu": Operation(elementwise(_relu), nonlinear),
    "relu6": Operation(elementwise(_relu6), nonlinear),
    "sigmoid": Operation(elementwise(_sigmoid), nonlinear),
    "tanh": Operation(elementwise(_tanh), nonlinear),
    "softplus": Operation(_softplus, nonlinear),
    "log_sigmoid": Operation(elementwise(lambda x: (-softplus(-x), 1 - sigmoid(x))), nonlinear),
    "hard_swish": Operation(elementwise(_hard_swish), nonlinear),
    "hard_tanh": Operation(_hard_tanh, nonlinear),
    "glu": Operation(_glu, nonlinear),
    "prelu": Operation(_prelu, nonlinear, _prelu_parameters),
    "tanh_shrink": Operation(elementwise(lambda x: (x - tanh(x), tanh(x) ** 2)), nonlinear),
    "softsign": Operation(elementwise(lambda x: (x / (1 + absolute(x)), 1 / (1 + absolute(x)) ** 2)), nonlinear),
    "hard_sigmoid": Operation(elementwise(_hard_sigmoid), nonlinear),
    "exponential": Operation(elementwise(lambda x: (exp(x), exp(x))), nonlinear),
    "selu": Operation(elementwise(_selu), nonlinear),
    "swish": Operation(elementwise(_swish), nonlinear),
    "mish": Operation(elementwise(_mish), nonlinear),
    "gelu": Operation(_gelu, nonlinear),
    "leaky_relu": Operation(_leaky_relu, nonlinear),
    "elu": Operation(_elu, nonlinear),
    "softmax": Operation(_softmax, nonlinear),
    "log_softmax": Operation(_log_softmax, nonlinear),
}
