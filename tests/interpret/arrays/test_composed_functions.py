"""Functions of PyTorch and TensorFlow that are two operations: NumPy's formula beside each, which the library confirms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.interpret.arrays.making import array, names
from tests.interpret.arrays.test_scripts import compare
from trainlint.interpret.values import Array, Literal, Tuple, Unknown

NUMBERS = "[[1.0, 5.0], [3.0, 4.0], [2.0, 6.0]]"
OTHERS = "[[2.0, -1.0], [0.5, 3.0], [1.0, 1.0]]"

TORCH = (
    ("torch.add(x, y, alpha=2)", "x + 2 * y"),
    ("x.add(y, alpha=0.5)", "x + 0.5 * y"),
    ("torch.sub(x, y, alpha=3)", "x - 3 * y"),
    ("x.sub(2)", "x - 2"),
    ("torch.div(x, y)", "x / y"),
    ("torch.div(x, y, rounding_mode='floor')", "x // y"),
    ("torch.addmm(x, k, y, alpha=2, beta=0.5)", "0.5 * x + 2 * (k @ y)"),
    ("torch.addmm(x, k, y)", "x + k @ y"),
    ("torch.index_select(x, 0, torch.tensor([2, 0]))", "x[[2, 0]]"),
    ("x.index_select(-1, torch.tensor([1]))", "x[:, [1]]"),
    ("x.masked_fill(x > 3, 0.0)", "np.where(x > 3, 0, x)"),
    ("x.where(x > 3, y)", "np.where(x > 3, x, y)"),
    ("torch.where(x > y, x, y)", "np.maximum(x, y)"),
    ("y.reshape_as(x.T)", "y.reshape(2, 3)"),
    ("y[0].expand_as(x)", "np.stack([y[0]] * 3)"),
    ("torch.movedim(x, 0, 1)", "x.T"),
    ("torch.ravel(x)", "x.ravel()"),
    ("x.float()", "x"),
    ("x.clone().copy_(y)", "y"),
    ("x.clone().copy_(y[0])", "np.stack([y[0]] * 3)"),
)
"""PyTorch's expression, NumPy's."""

TORCH_SHAPES = (
    ("torch.randint(10, (2, 3))", (2, 3), (0, 9)),
    ("torch.randint(3, 10, (2, 3))", (2, 3), (3, 9)),
    ("torch.randint(0, high=4, size=(5,))", (5,), (0, 3)),
    ("torch.randint(high=4, size=(5,))", (5,), (0, 3)),
    ("torch.randint(low=1, high=4, size=(5,))", (5,), (1, 3)),
    ("F.glu(torch.zeros(4, 6))", (4, 3), None),
    ("F.glu(torch.zeros(4, 6), dim=0)", (2, 6), None),
    ("F.pad(x, (1, 2))", (3, 5), (0, 6)),
    ("F.pad(x, (1, 2, 0, 1))", (4, 5), (0, 6)),
    ("F.pad(x, [0, 1], value=9.0)", (3, 3), (1, 9)),
    ("torch.gather(x, 1, torch.tensor([[0], [1], [0]]))", (3, 1), (1, 6)),
    ("torch.median(x)", (), (1, 6)),
    ("x.median(dim=1)[0]", (3,), (1, 6)),
    ("x.median(dim=0)[1]", (2,), None),
)
"""An expression, its shape, and bounds of its entries."""

TENSORFLOW = (
    ("tf.matmul(x, y, transpose_b=True)", "x @ y.T"),
    ("tf.matmul(x, y, transpose_a=True)", "x.T @ y"),
    ("tf.gather(x, [1, 0])", "x[[1, 0]]"),
    ("tf.gather(x, [1], axis=-1)", "x[:, [1]]"),
    ("tf.math.squared_difference(x, y)", "(x - y) ** 2"),
)

NUMPY = (
    *(
        "np.take(x, [0, 2])",
        "np.take(x, [0, 1], axis=-1)",
        "np.take(x, 1)",
        "np.take(x, [[0, 1]], axis=0)",
        "np.append(x, [4, 5])",
    ),
    *(
        "np.append(x, x, axis=0)",
        "np.inner(v, v)",
        "np.inner(v, 2)",
        "np.inner(x, x)",
        "np.inner(t, x)",
        "np.inner(v, x.T)",
        "np.moveaxis(t, 0, -1)",
    ),
    *(
        "np.moveaxis(t, -1, 1)",
        "np.atleast_1d(3.0)",
        "np.atleast_1d(v)",
        "np.atleast_1d([1, 2])",
        "np.atleast_1d([[1, 2]])",
        "np.atleast_2d([1, 2, 3])",
    ),
    *(
        "np.atleast_2d(v)",
        "np.atleast_2d(x)",
        "np.atleast_2d(5)",
        "np.atleast_2d([[1, 2], [3, 4]])",
        "np.ravel(x)",
        "np.float32(x)",
        "np.int64(3.7)",
    ),
    *("np.shape(x)", "x.tolist()", "x[0, 1].item()"),
)

REFUSED = (
    "np.take(x, [0], axis=3)",
    "np.inner(v, np.ones(4))",
    "torch.add(torch.ones(2))",
    "np.atleast_1d()",
    "torch.zeros(3).size(-3)",
)
"""The library raises at each of these."""

TORCH_HEADER = (
    f"import torch, torch.nn.functional as F\nx = torch.tensor({NUMBERS})\ny = torch.tensor({OTHERS})\nk = torch.ones(3, 3)\n"
)
NUMPY_SCOPE = {
    "np": np,
    "x": np.array(eval(NUMBERS), dtype="float32"),
    "y": np.array(eval(OTHERS), dtype="float32"),
    "k": np.ones((3, 3), dtype="float32"),
}


def same(header: str, expression: str, formula: str) -> None:
    found, real = array(names(f"{header}r = {expression}\n")["r"]), np.asarray(eval(formula, dict(NUMPY_SCOPE)))
    assert (found.shape, found.dtype) == (real.shape, "float32")
    assert found.data is not None
    np.testing.assert_allclose(found.data, real, rtol=1e-6)


@pytest.mark.parametrize(("expression", "formula"), TORCH)
def test_pytorch_by_numpy(expression: str, formula: str) -> None:
    same(TORCH_HEADER, expression, formula)


@pytest.mark.parametrize(("expression", "formula"), TENSORFLOW)
def test_tensorflow_by_numpy(expression: str, formula: str) -> None:
    same(f"import tensorflow as tf\nx = tf.constant({NUMBERS})\ny = tf.constant({OTHERS})\n", expression, formula)


def test_numpy_itself() -> None:
    compare(
        f"import numpy as np\nx = np.array({NUMBERS})\nv = np.array([1, 2, 3])\nt = np.arange(12.0).reshape(2, 3, 2)\n", NUMPY
    )


@pytest.mark.parametrize(("expression", "shape", "bounds"), TORCH_SHAPES)
def test_shape_and_bounds(expression: str, shape: tuple[int, ...], bounds: tuple[float, float] | None) -> None:
    found = array(names(f"{TORCH_HEADER}r = {expression}\n")["r"])
    assert found.shape == shape
    if bounds is not None:
        assert (found.statistics.low, found.statistics.high) == bounds


@pytest.mark.parametrize("expression", REFUSED)
def test_what_the_library_refuses_has_no_value(expression: str) -> None:
    found = names(f"import numpy as np, torch\nx = np.array({NUMBERS})\nv = np.array([1, 2, 3])\nr = {expression}\n")["r"]
    assert isinstance(found, Unknown) or (isinstance(found, Array) and found.data is None and found.shape is None)


@pytest.mark.parametrize(("library", "count"), [("np", 2), ("torch", 2), ("tf", None)])
def test_indices_where_a_condition_holds(library: str, count: int | None) -> None:
    """One array of indices for each axis; TensorFlow gives one array of rows."""
    make = {"np": "np.ones((4, 5))", "torch": "torch.ones(4, 5)", "tf": "tf.ones((4, 5))"}[library]
    found = names(
        f"import numpy as np, torch, tensorflow as tf\nr = {library}.where({make} > 0)\nn = {library}.where(unknown())\n"
    )
    assert isinstance(found["n"], Unknown)
    if count is None:
        assert array(found["r"]).shape == (None, 2)
    else:
        assert isinstance(found["r"], Tuple)
        assert [array(one).shape for one in found["r"].items] == [(None,)] * count


def test_extents_that_are_not_known_stay_so() -> None:
    script = "import torch\nx = torch.load('a')\nn = torch.numel(x)\nd = torch.zeros(2, int(input())).dim()\ns = torch.zeros(2, int(input())).size(0)\n"
    found = names(script)
    assert isinstance(found["n"], Unknown)
    assert isinstance(found["d"], Literal)
    assert isinstance(found["s"], Literal)
    assert (found["d"].value, found["s"].value) == (2, 2)


@pytest.mark.framework
def test_pytorch_agrees_with_the_formulas() -> None:
    import torch

    scope: dict[str, Any] = {}
    exec(TORCH_HEADER, scope)
    for expression, formula in TORCH:
        np.testing.assert_allclose(
            eval(expression, scope).numpy(), eval(formula, dict(NUMPY_SCOPE)), rtol=1e-6, err_msg=expression
        )
    for expression, shape, bounds in TORCH_SHAPES:
        real = eval(expression, scope)
        assert tuple(real.shape) == shape, expression
        assert bounds is None or (bounds[0] <= real.min() and real.max() <= bounds[1]), expression
    assert torch.equal(scope["x"], torch.tensor(eval(NUMBERS))), "none of them changed it"


@pytest.mark.framework
def test_tensorflow_agrees_with_the_formulas() -> None:
    import tensorflow as tf

    scope = {"tf": tf, "x": tf.constant(eval(NUMBERS)), "y": tf.constant(eval(OTHERS))}
    for expression, formula in TENSORFLOW:
        np.testing.assert_allclose(
            eval(expression, scope).numpy(), eval(formula, dict(NUMPY_SCOPE)), rtol=1e-6, err_msg=expression
        )
