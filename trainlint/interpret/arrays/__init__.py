"""Arrays and tensors of NumPy, TensorFlow and PyTorch in one mechanism."""

from __future__ import annotations

from trainlint.interpret.arrays.nodes import as_array, as_literal, constant, known_items, plain, shape_of, truth
from trainlint.interpret.arrays.operators import binary, operate, unary

__all__ = ["as_array", "as_literal", "binary", "constant", "known_items", "operate", "plain", "shape_of", "truth", "unary"]
