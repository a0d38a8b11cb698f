"""Shared by the tests of arrays: values of scripts, the arrays of a followed script, and random NumPy arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trainlint.interpret.interpreter import interpret
from trainlint.interpret.values import Array, List, Literal, Slice, Tuple, Value
from trainlint.source.parse import Tree, parse
from trainlint.source.read import read_text


def names(script: str) -> dict[Any, Value]:
    """What the names of a script stand for at its end."""
    tree = parse(read_text(script, "train.py"))
    assert isinstance(tree, Tree)
    return interpret(tree).module.scope.cells


def array(value: Value) -> Array:
    """The value, which must be an array."""
    assert isinstance(value, Array), value
    return value


def value(thing: Any) -> Value:
    """The interpreter's value of a Python thing."""
    if isinstance(thing, tuple):
        return Tuple(tuple(value(one) for one in thing))
    if isinstance(thing, list):
        return List({"items": Tuple(tuple(value(one) for one in thing))})
    if isinstance(thing, slice):
        return Slice(value(thing.start), value(thing.stop), value(thing.step))
    if isinstance(thing, np.ndarray):
        from trainlint.interpret import arrays

        return arrays.constant(thing, None)
    return Literal(thing)


def numbers(shape: Any = None, dtype: Any = np.float64) -> st.SearchStrategy[np.ndarray]:
    """Arrays of moderate numbers."""
    shape = shape if shape is not None else hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    if np.dtype(dtype).kind == "f":
        elements = st.integers(-64, 64).map(lambda number: number / 8)
    elif np.dtype(dtype).kind == "u":
        elements = st.integers(0, 100)
    elif np.dtype(dtype).kind == "b":
        elements = st.booleans()
    else:
        elements = st.integers(-50, 50)
    return hnp.arrays(dtype, shape, elements=elements)


DTYPES = (np.float64, np.float32, np.int64, np.int32, np.uint8, np.bool_)
