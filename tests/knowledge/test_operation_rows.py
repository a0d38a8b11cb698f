"""The rows of operations against the signatures of the installed libraries, and against the operations that they name."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import numpy as np
import pytest

from trainlint.interpret.arrays.functions import MAKERS
from trainlint.interpret.arrays.table import OPERATIONS
from trainlint.knowledge import data_rows, find, numpy_operation_rows, tensorflow_operation_rows, torch_operation_rows
from trainlint.knowledge.operation_rows import ROWS
from trainlint.knowledge.rows import Row

OPERATION_ROWS = [row for row in (*ROWS, *data_rows.ROWS) if row.makes == "operation"]


@pytest.mark.parametrize("row", OPERATION_ROWS, ids=lambda row: row.name)
def test_every_row_names_an_operation_or_a_maker(row: Row) -> None:
    assert row.kind in OPERATIONS or row.kind in MAKERS
    names = [one.name for one in row.parameters]
    assert len(names) == len(set(names))
    assert row.source.startswith("https://")


def test_no_name_has_two_rows() -> None:
    seen: dict[str, Row] = {}
    for row in (*ROWS, *data_rows.ROWS):
        for name in (row.name, *row.aliases):
            assert name not in seen, name
            seen[name] = row
            assert find(name) == row, name


def resolved(path: str) -> Any:
    """The object of a dotted name, or None if this version of the library lacks it."""
    module, _, rest = path.partition(".")
    found: Any = importlib.import_module(module)
    for part in rest.split("."):
        if not hasattr(found, part):
            try:
                found = importlib.import_module(f"{found.__name__}.{part}")
            except (ImportError, AttributeError):
                return None
        else:
            found = getattr(found, part)
    return found


def mismatch(row: Row, function: Any) -> str:
    """How a row's parameters differ from those of a Python function: by name or alias, in order; "" if they do not."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return ""
    ours = [one for one in row.parameters if not one.variadic]
    positional = [one for one in ours if not one.keyword_only]
    theirs = [one for one in parameters if one.kind in (one.POSITIONAL_OR_KEYWORD, one.POSITIONAL_ONLY) and one.name != "self"]
    variadic = any(one.kind is one.VAR_POSITIONAL for one in parameters) or any(one.variadic for one in row.parameters)
    if variadic:
        return ""
    for index, (own, real) in enumerate(zip(positional, theirs, strict=False)):
        if real.name not in (own.name, *own.aliases):
            return f"{row.name}: parameter {index} is {real.name}, the row says {own.name}"
        if (own.default is None) != (real.default is None) and real.default is real.empty:
            return f"{row.name}: {real.name} has no default"
    return ""


NUMPY_ROWS = [row for row in numpy_operation_rows.ROWS if not row.name.startswith("numpy.ndarray")]


@pytest.mark.parametrize("row", NUMPY_ROWS, ids=lambda row: row.name)
def test_numpy_signatures(row: Row) -> None:
    function = resolved(row.name)
    if isinstance(function, np.ufunc):
        assert len([one for one in row.parameters if one.name in ("x", "y")]) == function.nin
        return
    assert function is None or callable(function)
    assert mismatch(row, function) == "" or function is None or row.name in CHANGED
    if function is None:
        assert row.name in MISSING_FROM_NUMPY | CHANGED


MISSING_FROM_NUMPY = frozenset({"numpy.random.integers", "numpy.random.permuted", "numpy.random.ranf", "numpy.float_power"})
"""Only methods of generators, or gone in some versions."""
CHANGED = frozenset() if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else frozenset({"numpy.clip", "numpy.permute_dims"})
"""What the newest NumPy, which the rows are of, has changed or brought."""


def test_numpy_methods_exist() -> None:
    for name, _, _ in numpy_operation_rows.METHODS:
        assert hasattr(np.ndarray, name) or name == "ptp"


def torch_parameters(name: str) -> list[tuple[str, ...]]:
    """The argument names of every overload of a PyTorch function."""
    import torch

    packet = getattr(torch.ops.aten, name.rpartition(".")[2].removesuffix("_"), None)
    if packet is None or "linalg" in name:
        return []
    return [tuple(argument.name for argument in getattr(packet, one)._schema.arguments) for one in packet.overloads()]


@pytest.mark.framework
@pytest.mark.parametrize("row", torch_operation_rows.ROWS, ids=lambda row: row.name)
def test_torch_signatures(row: Row) -> None:
    function = resolved(row.name)
    if function is None:
        assert resolved(f"{row.name}_") is not None
        return
    if inspect.isfunction(function):
        assert mismatch(row, function) == ""
        return
    spelled = {name for one in row.parameters for name in (one.name, *one.aliases)}
    overloads = torch_parameters(row.name)
    if overloads and row.kind in OPERATIONS and not any(one.variadic for one in row.parameters):
        real = set().union(*overloads)
        required = [name for name in overloads[0] if name not in ("self", "tensors")]
        assert any(name in real for name in spelled), row.name
        assert all(name in spelled for name in required[:1]), (row.name, required)


def test_torch_methods_have_rows() -> None:
    for name in ("mean", "view", "float", "add", "zero_", "t", "matmul", "softmax", "detach", "to"):
        from trainlint.interpret.arrays.methods import row_of_method

        assert row_of_method("torch", name) is not None


@pytest.mark.framework
@pytest.mark.parametrize("row", tensorflow_operation_rows.ROWS, ids=lambda row: row.name)
def test_tensorflow_signatures(row: Row) -> None:
    if row.name.startswith("tensorflow.Tensor"):
        return
    spelled = [row.name, *row.aliases]
    found = [one for one in map(_attribute, spelled) if one is not None]
    assert found or row.name in ONLY_IN_TENSORFLOW_1, row.name
    assert [problem for one in found[:1] if (problem := mismatch(row, one))] == []


ONLY_IN_TENSORFLOW_1 = frozenset({"tensorflow.nn.softmax_cross_entropy_with_logits_v2"})


def _attribute(path: str) -> Any:
    module, *parts = path.split(".")
    found: Any = importlib.import_module(module)
    for part in parts:
        found = getattr(found, part, None)
    return found
