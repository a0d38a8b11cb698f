"""Variables and gradients of any backend as one flat numpy vector, and back.

A variable is a Keras variable, a `tf.Variable` or anything else with `shape`, `assign` and `numpy`. Vectors are float64 up to
`DOUBLE` entries, so that Lanczos loses nothing to rounding, and float32 beyond, so that its basis fits into memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

DOUBLE = 4_000_000
Vector = Any  # a flat numpy array


def array(value: Any) -> Any:
    """A tensor or variable of any backend as a numpy array of its own."""
    value = getattr(value, "value", value) if hasattr(value, "_value") else value
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    result = value.numpy() if hasattr(value, "numpy") else np.asarray(value)
    kind = np.asarray(result)
    return kind.astype(np.float32) if kind.dtype.kind == "V" or kind.dtype.name in ("bfloat16", "float16") else np.array(kind)


def key(variable: Any) -> int:
    """What identifies a variable whether it comes wrapped by Keras or bare."""
    inner = getattr(variable, "_value", None)
    return id(variable if inner is None else inner)


def name_of(variable: Any) -> str:
    """The name that the user knows: a Keras path such as `dense/kernel`, or the name given."""
    return str(getattr(variable, "path", None) or getattr(variable, "name", "") or "weight")


class Layout:
    """Where each of `variables` lies in the flat vector."""

    def __init__(self, variables: Sequence[Any]) -> None:
        self.variables = list(variables)
        self.shapes = [tuple(int(extent) for extent in one.shape) for one in self.variables]
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        self.size = sum(self.sizes)
        self.dtype = np.float64 if self.size <= DOUBLE else np.float32

    def flatten(self, tensors: Sequence[Any]) -> Vector:
        """One vector of the tensors, which have the variables' shapes; None is zero."""
        parts = [
            np.zeros(size, self.dtype) if one is None else array(one).reshape(-1).astype(self.dtype)
            for one, size in zip(tensors, self.sizes, strict=True)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, self.dtype)

    def split(self, vector: Vector) -> list[Any]:
        """`vector` as arrays of the variables' shapes."""
        ends = np.cumsum(self.sizes)
        return [vector[end - size : end].reshape(shape) for end, size, shape in zip(ends, self.sizes, self.shapes, strict=True)]

    def read(self) -> Vector:
        """The variables' values."""
        return self.flatten(self.variables)

    def assign(self, vector: Vector) -> None:
        """Give the variables the values in `vector`."""
        for variable, part in zip(self.variables, self.split(vector), strict=True):
            assign(variable, part)


def assign(variable: Any, value: Any) -> None:
    """Set a variable of any backend."""
    dtype = getattr(variable, "dtype", None)
    name = str(getattr(dtype, "name", dtype))
    value = np.asarray(value)
    inner: Any = getattr(variable, "_value", None)
    if hasattr(inner, "data") and hasattr(inner, "detach"):  # of torch: a graph that holds it must not notice
        inner.data.copy_(inner.new_tensor(value))
        return
    if name in ("float32", "float64", "int32", "int64", "uint32", "bool"):
        value = value.astype(name)
    variable.assign(value)


def dot(left: Vector, right: Vector) -> float:
    """The inner product."""
    return float(np.dot(left, right))
