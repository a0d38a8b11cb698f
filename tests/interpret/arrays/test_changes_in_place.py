"""Arrays that are changed in place, against NumPy itself: no name goes on saying what the array held before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.interpret.arrays.making import names
from trainlint.interpret.values import Array

HEADER = "import copy\nimport numpy as np\nx = np.array([3.0, 1.0, 2.0])\ny = x\n"
KNOWN = (
    *("x += 1", "y += 1", "x *= 2", "x /= 2", "x[0] = 5", "y[1] = 0", "x[:] = 0", "x[x > 1] = 0", "x[...] = 7", "x[1:] *= 2", "x[0] -= 1"),
    *("def f(a):\n    a[0] = 9\nf(x)", "def f(a):\n    a += 1\nf(x)", "def f(a):\n    a /= a.max()\n    return a\nz = f(x)", "for i in range(3):\n    x[i] = i"),
    *("class A:\n    pass\na = A()\na.x = x\na.x += 1", "class A:\n    def __init__(self, d):\n        self.d = d\n    def f(self):\n        self.d[0] = 8\nA(x).f()", "d = {'k': x}\nx[2] = 4"),
    *("x.fill(1)", "x.sort()", "np.add(x, 1, out=x)", "np.multiply(x, 2, x)", "x.clip(0, 1, out=x)", "np.exp(x, out=x)", "np.maximum(x, 2, out=x)"),
    *("z = x.copy()\nz[0] = 9", "z = np.copy(x)\nz += 1", "z = np.array(x)\nz[0] = 9", "z = copy.deepcopy(x)\nz[0] = 9", "z = x + 0\nz += 1", "z = x[[0, 1]]\nz[0] = 9", "z = x.flatten()\nz[0] = 9"),
    *("x = x + 1", "z = x\nx = x * 2\nz[0] = 0", "def f(a):\n    a = a + 1\n    a[0] = 9\nf(x)", "if len(x) == 3:\n    x[0] = 4", "z = np.sort(x)\nz[0] = 5"),
)  # fmt: skip
"""Known to the last entry."""
NOT_ALL_KNOWN = (
    *("z = x[1:]\nz[0] = 9", "z = x[1:]\nz += 1", "z = x.reshape(3, 1)\nz[0] = 9", "z = x.T\nz[0] = 9", "x.T[0] = 5", "for r in x.reshape(3, 1):\n    r[0] = 7"),
    *("x.put([0], 9)", "x.partition(1)", "np.put(x, [0], 9)", "np.copyto(x, 9)", "np.place(x, x > 1, 9)", "np.putmask(x, x > 1, 0)", "z = x.reshape(1, 3)\nnp.fill_diagonal(z, 9)"),
)  # fmt: skip


@pytest.mark.parametrize("script", [*KNOWN, *NOT_ALL_KNOWN])
def test_names_hold_what_the_array_has_become(script: str) -> None:
    scope: dict[str, Any] = {}
    exec(HEADER + script, scope)  # the scripts are this file's own
    found = names(HEADER + script + "\n")
    for name, real in scope.items():
        if not isinstance(real, np.ndarray):
            continue
        value = found[name]
        assert isinstance(value, Array), name
        assert value.shape is None or value.shape == real.shape, name
        if script in KNOWN:
            assert value.data is not None, name
        if value.data is not None:
            np.testing.assert_allclose(value.data, real, err_msg=name)
        statistics = value.statistics
        assert statistics.low is None or statistics.low <= real.min(), name
        assert statistics.high is None or statistics.high >= real.max(), name
        assert statistics.mean is None or statistics.mean == pytest.approx(real.mean()), name


def test_what_a_branch_changes_may_be_either() -> None:
    found = names(HEADER + "import os\nif os.environ.get('A'):\n    y[0] = 9\n")
    for name in ("x", "y"):
        ends = [one.data.tolist() for one in getattr(found[name], "alternatives", ()) if isinstance(one, Array)]
        assert sorted(ends) == [[3.0, 1.0, 2.0], [9.0, 1.0, 2.0]], name
