"""Operations on arrays and tensors: the tables of NumPy, PyTorch and TensorFlow, joined.

`makes` is "operation" and `kind` an operation of `interpret.arrays.table`, or of one of the makers in `interpret.arrays`.
Parameters named condition, x, y, z are inputs, xs is a sequence of inputs, all others attributes of the operation.
Methods are rows of their class (`numpy.ndarray.mean`, `torch.Tensor.view`) whose first parameter is the receiver.
"""

from __future__ import annotations

from trainlint.knowledge import numpy_operation_rows, tensorflow_operation_rows, torch_operation_rows
from trainlint.knowledge.rows import Row

ROWS: tuple[Row, ...] = (*numpy_operation_rows.ROWS, *torch_operation_rows.ROWS, *tensorflow_operation_rows.ROWS)
