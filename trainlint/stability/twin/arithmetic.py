"""Rows of the twin's table: arithmetic, reductions and shapes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from trainlint.stability.twin import directional
from trainlint.stability.twin.operation import (
    NONLINEAR,
    Attributes,
    Forward,
    Operation,
    Pullback,
    RefusalError,
    Tensor,
    axes_of,
    broadcast,
    integer,
    integers,
    nonlinear,
    normal_axis,
    number,
    one_input,
    product,
    require,
    same,
    unbroadcast,
)

_Unary: TypeAlias = "Callable[[Tensor], tuple[Tensor, Tensor]]"
_Binary: TypeAlias = "Callable[[Tensor, Tensor], tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]]"


def elementwise(rule: _Unary) -> Forward:
    """A forward from a function x -> (value, derivative)."""

    def forward(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], _attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs)
        value, slope = rule(inputs[0])
        return value, lambda gradient: (gradient * slope,)

    return forward


def _binary(rule: _Binary) -> Forward:
    def forward(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], _attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs, 2)
        first, second = inputs[:2]
        broadcast(first, second)
        value, pull = rule(first, second)

        def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
            left, right = pull(gradient)
            return unbroadcast(left, first.shape), unbroadcast(right, second.shape)

        return value, pullback

    return forward


def _merged(rule: _Binary) -> Forward:
    """An operation on two arrays, or (Keras' merging layers) on more, one after the other."""
    pair = _binary(rule)

    def forward(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        if len(inputs) <= 2:
            return pair(inputs, parameters, attributes)
        first, below = pair(inputs[:2], parameters, attributes)
        value, above = forward([first, *inputs[2:]], parameters, attributes)

        def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
            to_first, *others = above(gradient)
            return (*below(np.asarray(to_first)), *others)

        return value, pullback

    return forward


def _divide_degree(degrees: tuple[float, ...], _own: bool, _attributes: Attributes) -> float:
    return degrees[0] if len(degrees) == 2 and degrees[1] == 0 else NONLINEAR


def _exponent(inputs: Sequence[Tensor], attributes: Attributes) -> float:
    if len(inputs) > 1:
        if inputs[1].size != 1:
            raise RefusalError("a power with an array for its exponent")
        return float(inputs[1].reshape(-1)[0].real)
    return number(attributes, "exponent", math.nan)


def _power(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    base, exponent = inputs[0], _exponent(inputs, attributes)
    if math.isnan(exponent):
        raise RefusalError("the exponent of a power is not known")
    value = directional.power(base, exponent)
    slope = exponent * directional.power(base, exponent - 1) if exponent else np.zeros_like(base)
    return value, lambda gradient: (gradient * slope, None)[: len(inputs)]


def _power_degree(degrees: tuple[float, ...], _own: bool, attributes: Attributes) -> float:
    exponent = attributes.get("exponent")
    if not any(degrees):
        return 0.0
    if isinstance(exponent, bool) or not isinstance(exponent, int | float) or any(degrees[1:]):
        return NONLINEAR
    return degrees[0] * exponent if exponent > 0 and exponent == int(exponent) else NONLINEAR


def _square_degree(degrees: tuple[float, ...], _own: bool, _attributes: Attributes) -> float:
    return 2 * max(degrees, default=0.0)


def _matmul(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], _attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs, 2)
    first, second = inputs[:2]
    if first.ndim == 0 or second.ndim == 0:
        raise RefusalError("a matrix product with a number")
    left = first[None, :] if first.ndim == 1 else first
    right = second[:, None] if second.ndim == 1 else second
    if left.shape[-1] != right.shape[-2]:
        raise RefusalError(f"shapes {first.shape} and {second.shape} do not fit a matrix product")
    require(*np.broadcast_shapes(left.shape[:-2], right.shape[:-2]), left.shape[-2], right.shape[-1])
    value = directional.matmul(left, right)
    shape = (*value.shape[:-2], *(() if first.ndim == 1 else value.shape[-2:-1]), *(() if second.ndim == 1 else value.shape[-1:]))

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        full = gradient.reshape(value.shape)
        to_left = unbroadcast(directional.matmul(full, np.swapaxes(right, -1, -2)), left.shape)
        to_right = unbroadcast(directional.matmul(np.swapaxes(left, -1, -2), full), right.shape)
        return to_left.reshape(first.shape), to_right.reshape(second.shape)

    return value.reshape(shape), pullback


def _reduction(mean: bool) -> Forward:
    def forward(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        one_input(inputs)
        array = inputs[0]
        axes = axes_of(attributes, array.ndim)
        total = array.sum(axis=axes, keepdims=True)
        scale = 1 / max(1, math.prod(array.shape[axis] for axis in axes)) if mean else 1.0
        kept = total.shape
        value = total * scale
        if not attributes.get("keepdims"):
            value = value.reshape(tuple(size for axis, size in enumerate(array.shape) if axis not in axes))
        return value, lambda gradient: (np.broadcast_to(gradient.reshape(kept) * scale, array.shape),)

    return forward


def _reshaped(array: Tensor, value: Tensor) -> tuple[Tensor, Pullback]:
    return value, lambda gradient: (gradient.reshape(array.shape),)


def _reshape(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    array, wanted = inputs[0], attributes.get("shape")
    sizes = tuple(wanted) if isinstance(wanted, tuple | list) else (wanted,)
    if sizes and sizes[0] is None:
        sizes = (array.shape[0] if array.ndim else 1, *sizes[1:])
    return _reshaped(array, array.reshape(integers(sizes, "shape")))


def _flatten(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    array = inputs[0]
    start, end = integer(attributes, "start_dim", 1), integer(attributes, "end_dim", -1)
    start, end = integer(attributes, "start", start), integer(attributes, "end", end)
    if start >= array.ndim:  # of one axis each entry is a row
        return _reshaped(array, array.reshape(*array.shape, 1))
    start, end = normal_axis(start, array.ndim), normal_axis(end, array.ndim)
    return _reshaped(array, array.reshape(*array.shape[:start], -1, *array.shape[end + 1 :]))


def _transpose(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    array, wanted = inputs[0], attributes.get("axes")
    axes = tuple(reversed(range(array.ndim))) if wanted is None else integers(wanted, "axes")
    axes = tuple(normal_axis(axis, array.ndim) for axis in axes)
    if sorted(axes) != list(range(array.ndim)):
        raise RefusalError("a transposition that does not fit its array")
    return array.transpose(axes), lambda gradient: (gradient.transpose(tuple(np.argsort(axes))),)


def _squeeze(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    array = inputs[0]
    axes = tuple(axis for axis in axes_of(attributes, array.ndim) if array.shape[axis] == 1)
    return _reshaped(array, array.squeeze(axis=axes))


def _expand_dims(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    return _reshaped(inputs[0], np.expand_dims(inputs[0], integers(attributes.get("axis"), "axis")))


def _same_rows(inputs: Sequence[Tensor], axis: int) -> list[Tensor]:
    """Arrays of one row beside arrays of many stand for as many equal rows (`selection`, `expand`)."""
    rows = max((one.shape[0] for one in inputs if one.ndim), default=1)
    alone = [one.ndim > 0 and axis != 0 and one.shape[0] == 1 < rows for one in inputs]
    return [np.broadcast_to(one, (rows, *one.shape[1:])) if few else one for one, few in zip(inputs, alone, strict=True)]


def _concatenate(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    axis = normal_axis(integer(attributes, "axis", -1), inputs[0].ndim)
    full = _same_rows(inputs, axis)
    require(sum(one.size for one in full))
    cuts = np.cumsum([one.shape[axis] for one in full])[:-1]

    def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
        parts = np.split(gradient, cuts, axis=axis)
        return tuple(unbroadcast(part, one.shape) for part, one in zip(parts, inputs, strict=True))

    return np.concatenate(full, axis=axis), pullback


def _stack(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    axis = normal_axis(integer(attributes, "axis", 0), inputs[0].ndim + 1)
    require(sum(one.size for one in inputs))
    return np.stack(inputs, axis=axis), lambda gradient: tuple(np.moveaxis(gradient, axis, 0))


def _identity(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], _attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    return inputs[0], lambda gradient: (gradient,)


def _cast(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    if str(attributes.get("dtype", "float")).startswith(("int", "uint", "bool")):
        raise RefusalError("a conversion to whole numbers")
    return _identity(inputs, parameters, attributes)


def _stop_gradient(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], _attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    return inputs[0].real, lambda gradient: (np.zeros_like(gradient),)


def _rescaling(inputs: Sequence[Tensor], _parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
    one_input(inputs)
    scale = number(attributes, "scale", 1.0)
    return inputs[0] * scale + number(attributes, "offset", 0.0), lambda gradient: (gradient * scale,)


def _chosen(wins: Tensor, first: Tensor, second: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
    """The first of two arrays where it wins, the second where it loses, their mean in a tie."""
    value = np.where(wins == 1, first, np.where(wins == 0, second, (first + second) / 2))
    return value, lambda gradient: (gradient * wins, gradient * (1 - wins))


def _rsqrt(x: Tensor) -> tuple[Tensor, Tensor]:
    value = 1 / directional.sqrt(x)
    return value, -0.5 * value**3


def _maximum(first: Tensor, second: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
    wins = (first.real > second.real) + 0.5 * (first.real == second.real)
    return _chosen(wins, first, second)


def _minimum(first: Tensor, second: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Tensor]]]:
    wins = (first.real < second.real) + 0.5 * (first.real == second.real)
    return _chosen(wins, first, second)


ARITHMETIC: Mapping[str, Operation] = {
    "add": Operation(_merged(lambda a, b: (a + b, lambda g: (g, g))), same),
    "subtract": Operation(_binary(lambda a, b: (a - b, lambda g: (g, -g))), same),
    "multiply": Operation(_merged(lambda a, b: (a * b, lambda g: (g * b, g * a))), product),
    "divide": Operation(_binary(lambda a, b: (a / b, lambda g: (g / b, -g * a / b**2))), _divide_degree),
    "maximum": Operation(_merged(_maximum), nonlinear),
    "minimum": Operation(_merged(_minimum), nonlinear),
    "matmul": Operation(_matmul, product),
    "negative": Operation(elementwise(lambda x: (-x, np.full_like(x, -1.0))), same),
    "square": Operation(elementwise(lambda x: (x * x, 2 * x)), _square_degree),
    "power": Operation(_power, _power_degree),
    "rsqrt": Operation(elementwise(_rsqrt), nonlinear),
    "reciprocal": Operation(elementwise(lambda x: (1 / x, -1 / x**2)), nonlinear),
    "log1p": Operation(elementwise(lambda x: (directional.log(1 + x), 1 / (1 + x))), nonlinear),
    "expm1": Operation(elementwise(lambda x: (directional.exp(x) - 1, directional.exp(x))), nonlinear),
    "sqrt": Operation(elementwise(lambda x: (directional.sqrt(x), 0.5 / directional.sqrt(x))), nonlinear),
    "exp": Operation(elementwise(lambda x: (directional.exp(x), directional.exp(x))), nonlinear),
    "log": Operation(elementwise(lambda x: (directional.log(x), 1 / x)), nonlinear),
    "abs": Operation(elementwise(lambda x: (directional.absolute(x), np.sign(x.real))), nonlinear),
    "sin": Operation(elementwise(lambda x: (directional.sin(x), directional.cos(x))), nonlinear),
    "cos": Operation(elementwise(lambda x: (directional.cos(x), -directional.sin(x))), nonlinear),
    "sum": Operation(_reduction(mean=False), same),
    "mean": Operation(_reduction(mean=True), same),
    "reshape": Operation(_reshape, same),
    "flatten": Operation(_flatten, same),
    "transpose": Operation(_transpose, same),
    "squeeze": Operation(_squeeze, same),
    "expand_dims": Operation(_expand_dims, same),
    "concatenate": Operation(_concatenate, same),
    "stack": Operation(_stack, same),
    "cast": Operation(_cast, same),
    "linear": Operation(_identity, same),
    "identity": Operation(_identity, same),
    "dropout": Operation(_identity, same),
    "stop_gradient": Operation(_stop_gradient, nonlinear),
    "rescaling": Operation(_rescaling, same),
}
