"""Every function of NumPy that has a row, called in many ways: what is said of the result is true of the one that NumPy gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.interpret.arrays.making import names
from trainlint.interpret.values import Array, Choice, List, Literal, Tuple, Unknown, Value
from trainlint.knowledge.numpy_operation_rows import ELEMENTWISE, PAIRWISE, ROWS

HEADER = """
import numpy as np
x = np.arange(6.0).reshape(2, 3)
i = np.array([1, 2, 3])
t = np.arange(24.0).reshape(2, 3, 4)
b = np.array([True, False, True])
s = np.float64(2.5)
big = np.full((50, 80), 3.0) + np.arange(80)
"""
CALLS = (
    *("", "x", "i", "t", "b", "s", "3", "2.5", "'abc'", "None", "[1, 2]", "[]", "(2, 3)", "[x, x]", "(x, i)", "[[1, 2], [3]]", "big"),
    *("x, i", "x, 0", "x, 1", "x, -1", "t, 1", "t, (0, 2)", "x, 5", "x, 2.5", "x, (3, 2)", "x, [0, 1]", "x, 'a'", "x, x > 1"),
    *("x > 1, x, 0.5", "x, 0, 1", "t, 0, 2", "3, 2", "2, 3, 4", "(2, 3), 7", "i, i[:2]", "i, 0.5, 2.5", "x, t", "t, x", "i, i", "big, 1"),
    *("x, axis=0", "x, axis=1, keepdims=True", "x, axis=None", "t, axis=(0, 1)", "t, axis=-1", "x, axis=7", "[x, x], axis=1", "b, axis=0"),
    *("[x, i]", "[1, 'a']", "{1: 2}", "x, i[:2]", "t, t", "x.T", "x.T, x", "5, 5.0", "i, i - 1", "x, weights=x", "x, 1, weights=i", "[b, b]"),
    *("big[:, :2]", "big > 3", "[big, big]", "x, decimals=-1", "x, ddof=1", "t, 2, 0", "t, [0, 2], [1, 0]", "x, (0, 2)"),
)  # fmt: skip
LEFT_OUT = ("empty", "einsum", "meshgrid", "load", "fromfile", "genfromtxt")
"""What depends on memory or on files, and what takes operands in an order of its own (tested apart)."""


def complaint(found: Value | None, real: Any) -> str:
    """What is said of a result and is not so; nothing is "" (also where nothing is said)."""
    if isinstance(found, Choice):
        return "" if any(not complaint(one, real) for one in found.alternatives) else "none of the choices"
    if isinstance(found, Tuple | List):
        items = found.items if isinstance(found, Tuple) else found.cells["items"].items  # type: ignore[union-attr]
        if not isinstance(real, tuple | list):
            return "a sequence"
        if len(items) != len(real):
            return f"{len(items)} items"
        return next((said for one, other in zip(items, real, strict=True) if (said := complaint(one, other))), "")
    if isinstance(found, Literal):
        same = found.value == real or (
            (found.value is None) == (real is None) and found.value == pytest.approx(real, nan_ok=True)
        )
        return "" if same else repr(found.value)
    if not isinstance(found, Array):
        return "" if isinstance(found, Unknown) else type(found).__name__
    return "an array" if isinstance(real, tuple | list) else _of_array(found, np.asarray(real))


def _of_array(found: Array, real: np.ndarray) -> str:
    shape = found.shape
    if shape is not None and (
        len(shape) != real.ndim or any(one not in (None, n) for one, n in zip(shape, real.shape, strict=True))
    ):
        return f"shape {shape}"
    if found.dtype not in (None, "str", str(real.dtype)):
        return f"type {found.dtype}"
    if real.dtype.kind not in "biuf" or not real.size or not np.isfinite(real.astype(float)).all():
        return ""
    entries, said = real.astype(float), found.statistics
    if found.data is not None and not np.allclose(found.data.astype(float), entries):
        return "entries"
    slack = 1e-6 * max(1.0, float(np.abs(entries).max()) ** 2)
    if said.known == "unknown":
        return ""
    if entries.min() < (-np.inf if said.low is None else said.low) - slack:
        return f"lowest {said.low}"
    if entries.max() > (np.inf if said.high is None else said.high) + slack:
        return f"highest {said.high}"
    for number, measured in ((said.mean, entries.mean()), (said.second_moment, (entries**2).mean())):
        if said.known == "exact" and number is not None and abs(number - measured) > slack:
            return f"{number} on average, not {measured}"
    return ""


def check(calls: list[str]) -> None:
    """Follow and run all calls; those that NumPy refuses may be read in any way that raises nothing."""
    found = names(HEADER + "".join(f"r{index} = {call}\n" for index, call in enumerate(calls)))
    header, wrong = compile(HEADER, "header", "exec"), []
    for index, call in enumerate(calls):
        scope: dict[str, Any] = {}
        exec(header, scope)  # the calls are this file's own, and some change their arguments
        try:
            with np.errstate(all="ignore"):
                real = eval(call, scope)
        except (TypeError, ValueError, IndexError, AttributeError, OverflowError, ZeroDivisionError, np.linalg.LinAlgError):
            continue
        said = complaint(found[f"r{index}"], real)
        if said:
            wrong.append(f"{call}: {said}")
    assert not wrong


FUNCTIONS = tuple(
    row.name.removeprefix("numpy.")
    for row in ROWS
    if row.makes == "operation" and row.name.startswith("numpy.") and not row.name.startswith(("numpy.random", "numpy.ndarray"))
)


OF_EACH_ENTRY = {*ELEMENTWISE, *PAIRWISE}
FEW = tuple(one for one in CALLS if "=" not in one and "big" not in one and "t" not in one)
"""For functions of each entry, which have no axes."""


OTHERWISE_BEFORE = {"floor", "ceil", "trunc", "sin", "cos", "any", "all", "where"}
"""What NumPy 2.1 changed: integers stay integers when rounded, `any(None)` is a bool, a scalar is no condition of `where`; what
half precision sines have depends on the processor's code. A script is read as under the newest NumPy."""
NAMES = [
    name
    for name in FUNCTIONS
    if not name.startswith(LEFT_OUT)
    and hasattr(np, name.split(".")[0])
    and (np.lib.NumpyVersion(np.__version__) >= "2.1.0" or name not in OTHERWISE_BEFORE)
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_a_function(name: str) -> None:
    check([f"np.{name}({arguments})" for arguments in (FEW[:24] if name in OF_EACH_ENTRY else CALLS)])


METHODS = tuple(row.name.removeprefix("numpy.ndarray.") for row in ROWS if row.name.startswith("numpy.ndarray."))
PASSED = (
    *("", "0", "1", "-1", "5", "None", "'a'", "2.5", "(1, 0)", "(0, 1)", "[0, 1]", "i", "x", "3, 2", "(3, 2)", "6", "-1, 1", "-1, 4"),
    *("axis=0", "axis=1, keepdims=True", "axis=None", "'float32'", "np.int64", "float", "1, 2", "2, 0", "0.5, 2.5", "decimals=1", "ddof=1", "x.T"),
)  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", METHODS)
def test_a_method(name: str) -> None:
    check([f"{of}.copy().{name}({arguments})" for of in ("x", "i", "t", "b", "big") for arguments in PASSED])
