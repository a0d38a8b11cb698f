"""Layers with more inputs than there are rows, in as many coordinates as matter.

First layers: the loss depends on a kernel W (d, k) only through X W. With X = L U' (L n x n, U d x n with orthonormal
columns) it is the same function of U' W, and the other directions of W are flat but for penalties, which U leaves as they
are: every eigenvalue but that of the penalties stays. The rows of an embedding that no index names are flat in the same way.

Inner layers: the derivatives of all outputs by a kernel W lie in the span of the layer's inputs at the start, A = L U'. With
W = W0 + U M the Gauss-Newton part of the Hessian keeps its spectrum, and the rest of the Hessian is restricted to these
directions: eigenvalues of the whole are never exceeded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainlint.stability.twin.directional import matmul
from trainlint.stability.twin.operation import Attributes, Operation, Pullback, Tensor, product

LARGE = 2**16
"""Kernels of inner layers with fewer numbers are left as they are."""


def fewer_inputs(x: Tensor, kernel: Tensor) -> tuple[Tensor, Tensor] | None:
    """L (n, n) in place of inputs (n, d) and U' W (n, k) in place of the kernel (d, k); None where nothing is saved."""
    if x.ndim != 2 or kernel.ndim != 2 or not 0 < x.shape[0] < x.shape[1] or not np.isfinite(x).all():
        return None
    basis, triangle = np.linalg.qr(x.T)
    return triangle.T, basis.T @ kernel


def fewer_rows(indices: Tensor, table: Tensor) -> tuple[Tensor, Tensor] | None:
    """Indices into the rows of a table that are named, and those rows; None where nothing is saved."""
    named, renumbered = np.unique(indices.astype(np.int64), return_inverse=True)
    if not named.size or len(named) >= len(table) or named[0] < 0 or named[-1] >= len(table):
        return None
    return renumbered.reshape(indices.shape).astype(np.float64), table[named]


def narrows(width: int, units: int, rows: int) -> bool:
    """Whether an inner layer is worth narrowing."""
    return width * units >= LARGE and width >= 2 * rows


def inner_layer(x: Tensor, kernel: Tensor) -> tuple[Operation, Tensor] | None:
    """A row that computes x (W0 + U M) + b, and M = 0 (n, k) in place of the kernel W0 (d, k); None where little is saved."""
    if x.ndim != 2 or kernel.ndim != 2 or not narrows(kernel.shape[0], kernel.shape[1], x.shape[0]) or not np.isfinite(x).all():
        return None
    basis = np.linalg.qr(x.T)[0]

    def forward(inputs: Sequence[Tensor], parameters: Sequence[Tensor], _attributes: Attributes) -> tuple[Tensor, Pullback]:
        x, change = inputs[0], parameters[0]
        seen = matmul(x, basis)
        value = matmul(x, kernel) + matmul(seen, change)
        value = value + parameters[1] if len(parameters) > 1 else value

        def pullback(gradient: Tensor) -> tuple[Tensor | None, ...]:
            to_input = matmul(gradient, kernel.T) + matmul(matmul(gradient, change.T), basis.T)
            return to_input, matmul(seen.T, gradient), gradient.sum(axis=0)

        return value, pullback

    return Operation(forward, product), np.zeros((basis.shape[1], kernel.shape[1]))
