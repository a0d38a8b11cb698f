"""What a row of the twin's table holds, and the helpers that rows are written with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Tensor: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"
"""An array of float64, or of complex128 where it carries a direction (`directional`)."""

Shape: TypeAlias = "tuple[int, ...]"
Attributes: TypeAlias = "Mapping[str, Any]"
Pullback: TypeAlias = "Callable[[Tensor], tuple[Tensor | None, ...]]"
Forward: TypeAlias = "Callable[[Sequence[Tensor], Sequence[Tensor], Attributes], tuple[Tensor, Pullback]]"
Degree: TypeAlias = "Callable[[tuple[float, ...], bool, Attributes], float]"
ParameterShapes: TypeAlias = "Callable[[Sequence[Shape], Attributes], tuple[Shape, ...]]"

MAXIMUM_ELEMENTS = 2**22
"""The largest array that the twin makes (32 MiB of float64)."""

NONLINEAR = math.inf
"""The degree of what is no polynomial in the parameters."""


class RefusalError(ValueError):
    """The twin cannot follow something; the message says what, in the user's words."""


class TooMuchWorkError(RefusalError):
    """A computation that would cost more than a script may; a smaller one may do."""


class NumbersUnknownError(RefusalError):
    """Data without numbers, where numbers are needed."""


class Operation(NamedTuple):
    """One row: an operation the twin can evaluate.

    Arrays may carry a direction (`directional`): rows compare real parts only.

    `forward(inputs, parameters, attributes)` gives the output and a pullback from the gradient of the output to those of the
    inputs and then of the parameters (None where there is none to speak of, as for labels).
    `degree(degrees of the inputs, owns trainable parameters, attributes)` is the polynomial degree of the output in the
    trainable parameters, `NONLINEAR` if it is no polynomial.
    `parameters(input shapes, attributes)` are the shapes of the parameters in order, where the operation has any.
    """

    forward: Forward
    degree: Degree
    parameters: ParameterShapes | None = None


def nonlinear(degrees: tuple[float, ...], own: bool, _attributes: Attributes) -> float:
    """No polynomial, unless nothing trainable lies upstream."""
    return NONLINEAR if own or any(degrees) else 0.0


def same(degrees: tuple[float, ...], own: bool, _attributes: Attributes) -> float:
    """Linear in the inputs, and affine in own parameters that do not meet them (a bias, a normaliser's offset)."""
    return max((*degrees, 1.0 if own else 0.0))


def product(degrees: tuple[float, ...], own: bool, _attributes: Attributes) -> float:
    """A product of the inputs, and of own parameters."""
    return sum(degrees) + (1.0 if own else 0.0)


def without(row: Operation, place: int) -> Operation:
    """A row of two inputs with zeros in the shape of the other for the one at `place`.

    Of what is added to or subtracted from a prediction neither the Hessian nor its polynomial degree depends.
    """

    def forward(inputs: Sequence[Tensor], parameters: Sequence[Tensor], attributes: Attributes) -> tuple[Tensor, Pullback]:
        zeros = np.zeros_like(inputs[0])
        both = [zeros, inputs[0]] if place == 0 else [inputs[0], zeros]
        value, below = row.forward(both, parameters, attributes)
        return value, lambda gradient: (below(gradient)[1 - place],)

    def degree(degrees: tuple[float, ...], own: bool, attributes: Attributes) -> float:
        return row.degree((*degrees, 0.0), own, attributes)

    return row._replace(forward=forward, degree=degree)


def require(*shape: int) -> None:
    """Refuse an array that would be too large, before it is made."""
    if math.prod(shape) > MAXIMUM_ELEMENTS:
        raise RefusalError("the computation is too large to be repeated here")


def broadcast(first: Tensor, second: Tensor) -> None:
    """Refuse two arrays that do not broadcast, or whose result would be too large."""
    try:
        require(*np.broadcast_shapes(first.shape, second.shape))
    except RefusalError:
        raise
    except ValueError:
        raise RefusalError(f"shapes {first.shape} and {second.shape} do not fit") from None


def unbroadcast(gradient: Tensor, shape: Shape) -> Tensor:
    """Sum a gradient over the axes along which an operand of this shape was repeated."""
    extra = gradient.ndim - len(shape)
    repeated = tuple(range(extra)) + tuple(
        axis + extra for axis, size in enumerate(shape) if size == 1 and gradient.shape[axis + extra] != 1
    )
    return gradient.sum(axis=repeated).reshape(shape) if repeated else gradient.reshape(shape)


def number(attributes: Attributes, name: str, default: float) -> float:
    """A numeric attribute; refuses one that is given but not known."""
    value = attributes.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusalError(f"`{name}` of an operation is not known")
    return float(value)


def integer(attributes: Attributes, name: str, default: int) -> int:
    """A whole-number attribute."""
    value = number(attributes, name, default)
    if value != int(value):
        raise RefusalError(f"`{name}` of an operation is not a whole number")
    return int(value)


def integers(value: object, name: str) -> tuple[int, ...]:
    """A tuple of whole numbers from one number or a sequence of them."""
    items = tuple(value) if isinstance(value, tuple | list) else (value,)
    if not all(isinstance(one, int | np.integer) and not isinstance(one, bool) for one in items):
        raise RefusalError(f"`{name}` of an operation is not known")
    return tuple(int(one) for one in items)


def per_axis(attributes: Attributes, name: str, axes: int, default: int) -> tuple[int, ...]:
    """One whole number for each spatial axis."""
    value = attributes.get(name)
    found = integers(default if value is None else value, name)
    found = found * axes if len(found) == 1 else found
    if len(found) != axes:
        raise RefusalError(f"`{name}` does not fit an input with {axes} spatial axes")
    return found


def normal_axis(axis: int, ndim: int) -> int:
    """An axis counted from the front."""
    if not -ndim <= axis < ndim:
        raise RefusalError(f"axis {axis} does not fit an array of {ndim} dimensions")
    return axis % ndim


def axes_of(attributes: Attributes, ndim: int, name: str = "axis") -> tuple[int, ...]:
    """The axes an operation reduces over; all of them when none is given."""
    value = attributes.get(name)
    if value is None:
        return tuple(range(ndim))
    return tuple(normal_axis(one, ndim) for one in integers(value, name))


def one_input(inputs: Sequence[Tensor], count: int = 1) -> None:
    """Refuse a node with fewer inputs than its operation needs."""
    if len(inputs) < count:
        raise RefusalError("an operation has fewer inputs than it needs")
