"""Elementary functions of arrays that may carry a direction.

A complex array x + i·STEP·v stands for the numbers x and their change v along one direction. Carried through a computation, the
imaginary part of a result is STEP times its derivative along v, exact but for rounding: nothing is subtracted, and STEP² is far
below rounding. Carried through a gradient it gives the Hessian times v. Comparisons look at the real part alone, so that no
kink (ReLU, max pool) is ever crossed. Source: Squire & Trapp (1998), Using complex variables to estimate derivatives; Martins,
Sturdza & Alonso (2003), The complex-step derivative approximation.
"""

from __future__ import annotations

import math

import numpy as np

from trainlint.stability.twin.operation import Tensor

STEP = 1e-30


def moved(x: Tensor, value: Tensor, slope: Tensor) -> Tensor:
    """f(x) from f and its derivative at the real part of x."""
    if not np.iscomplexobj(x):
        return value
    found = np.empty(x.shape, dtype=np.complex128)
    found.real, found.imag = value, slope * x.imag
    return found


def exp(x: Tensor) -> Tensor:
    """e^x."""
    value = np.exp(x.real)
    return moved(x, value, value)


def log(x: Tensor) -> Tensor:
    """The natural logarithm; nan below zero."""
    return moved(x, np.log(x.real), 1 / x.real)


def power(x: Tensor, exponent: float) -> Tensor:
    """X to a constant power; nan where the real power is not defined."""
    return moved(x, x.real**exponent, exponent * x.real ** (exponent - 1) if exponent else np.zeros(x.shape))


def sqrt(x: Tensor) -> Tensor:
    """The square root; nan below zero."""
    root = np.sqrt(x.real)
    return moved(x, root, 0.5 / root)


def sin(x: Tensor) -> Tensor:
    """The sine."""
    return moved(x, np.sin(x.real), np.cos(x.real))


def cos(x: Tensor) -> Tensor:
    """The cosine."""
    return moved(x, np.cos(x.real), -np.sin(x.real))


def tanh(x: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    value = np.tanh(x.real)
    return moved(x, value, 1 - value**2)


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x)), without overflow."""
    small = np.exp(-np.abs(x.real))
    value = np.where(x.real >= 0, 1.0, small) / (1 + small)
    return moved(x, value, value * (1 - value))


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x)), without overflow."""
    return moved(x, np.maximum(x.real, 0.0) + np.log1p(np.exp(-np.abs(x.real))), sigmoid(x.real))


def erf(x: Tensor) -> Tensor:
    """The error function, element by element (numpy has none)."""
    found = np.array([math.erf(one) for one in x.real.ravel().tolist()], dtype=np.float64).reshape(x.shape)
    return moved(x, found, 2 / math.sqrt(math.pi) * np.exp(-(x.real**2)))


def absolute(x: Tensor) -> Tensor:
    """|x|."""
    return np.where(x.real < 0, -x, x)


def clip(x: Tensor, low: float, high: float) -> Tensor:
    """X within [low, high]."""
    return np.where(x.real < low, low, np.where(x.real > high, high, x))


def matmul(first: Tensor, second: Tensor) -> Tensor:
    """The matrix product. A real matrix times a complex one is one real product with twice as many columns."""
    if np.iscomplexobj(first) == np.iscomplexobj(second):
        return np.asarray(first @ second)
    if np.iscomplexobj(first):
        value = first.real @ second
        found = np.empty(value.shape, dtype=np.complex128)
        found.real, found.imag = value, first.imag @ second
        return found
    second = np.ascontiguousarray(second)
    return np.asarray(np.ascontiguousarray(first @ second.view(np.float64)).view(np.complex128))
