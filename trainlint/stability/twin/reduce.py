"""First layers with more inputs than there are rows, in as many coordinates as matter.

The loss depends on a kernel W (d, k) only through X W. With X = L U' (L n x n, U d x n with orthonormal columns) it is the same
function of U' W, and the other directions of W are flat but for penalties, which U leaves as they are: every eigenvalue but
that of the penalties stays. The rows of an embedding that no index names are flat in the same way.
"""

from __future__ import annotations

import numpy as np

from trainlint.stability.twin.operation import Tensor


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
