"""Arrays and tensors of NumPy, TensorFlow and PyTorch in one mechanism.

`operate` makes the node of one operation; `table` has every operation with its shape, element type, entries and statistics;
`functions` binds library calls to rows of `knowledge.operation_rows`. Importing the package registers all handlers.
"""

from __future__ import annotations

from trainlint.interpret.arrays import (
    columns,
    creation,
    datasets,
    derived,
    frames,
    images,
    losses,
    methods,
    networks,
    numpy_only,
    parts,
    pictures,
    preparation,
    randomness,
    scores,
)
from trainlint.interpret.arrays.indexing import getitem, setitem
from trainlint.interpret.arrays.limits import reset
from trainlint.interpret.arrays.networks import additive
from trainlint.interpret.arrays.nodes import as_array, as_literal, constant, known_items, plain, shape_of, truth
from trainlint.interpret.arrays.operators import binary, operate, unary

HANDLER_MODULES = (
    columns,
    creation,
    datasets,
    derived,
    frames,
    images,
    losses,
    methods,
    networks,
    numpy_only,
    parts,
    pictures,
    preparation,
    randomness,
    scores,
)
"""Modules that are imported for the handlers that they register."""

__all__ = [
    "additive",
    "as_array",
    "as_literal",
    "binary",
    "constant",
    "getitem",
    "known_items",
    "operate",
    "plain",
    "reset",
    "setitem",
    "shape_of",
    "truth",
    "unary",
]
