"""The shape of what an operation gives, against NumPy: the shape where NumPy gives an array, none where it raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from trainlint.interpret.arrays import shapes

Of = Callable[..., Any]


@pytest.mark.parametrize(
    ("found", "operation", "extents", "settings"),
    [
        (shapes.multiplied, np.matmul, ((2, 3, 4), (2, 4, 5)), {}),
        (shapes.multiplied, np.matmul, ((2, 3, 4), (5, 4, 6)), {}),
        (shapes.multiplied, np.matmul, ((3, 4), (5, 2)), {}),
        (shapes.multiplied, np.matmul, ((4,), (4, 2)), {}),
        (shapes.multiplied, np.matmul, ((3, 4), (4,)), {}),
        (shapes.multiplied, np.matmul, ((), (4,)), {}),
        (shapes.dotted, np.dot, ((), (3, 2)), {}),
        (shapes.dotted, np.dot, ((3, 2), ()), {}),
        (shapes.dotted, np.dot, ((3, 4), (4, 5)), {}),
        (shapes.dotted, np.dot, ((3, 4), (3, 5)), {}),
        (shapes.dotted, np.dot, ((2, 3, 4), (5, 4, 6)), {}),
        (shapes.dotted, np.dot, ((2, 3, 4), (5, 3, 6)), {}),
        (shapes.dotted, np.dot, ((2, 3, 4), (4,)), {}),
        (shapes.swapped, lambda x, first, second: x.swapaxes(first, second), ((2, 3, 4),), {"first": 0, "second": -1}),
        (shapes.swapped, lambda x, first, second: x.swapaxes(first, second), ((2, 3, 4),), {"first": 0, "second": 5}),
        (shapes.stacked, lambda *xs, axis: np.stack(xs, axis), ((2, 3), (2, 3)), {"axis": 1}),
        (shapes.stacked, lambda *xs, axis: np.stack(xs, axis), ((2, 3), (2, 4)), {"axis": 1}),
        (shapes.stacked, lambda *xs, axis: np.stack(xs, axis), ((2, 3), (2, 3)), {"axis": 4}),
        (shapes.einsum, lambda *xs, equation: np.einsum(equation, *xs), ((2, 3), (3, 4)), {"equation": "ij,jk->ik"}),
        (shapes.einsum, lambda *xs, equation: np.einsum(equation, *xs), ((2, 3), (3, 4)), {"equation": "ij,jk"}),
        (shapes.einsum, lambda *xs, equation: np.einsum(equation, *xs), ((2, 3),), {"equation": "ij,jk->ik"}),
        (shapes.einsum, lambda *xs, equation: np.einsum(equation, *xs), ((2, 3), (4, 5)), {"equation": "ij,jk->ik"}),
        (shapes.einsum, lambda *xs, equation: np.einsum(equation, *xs), ((2, 1), (4, 5)), {"equation": "ij,jk->ijk"}),
        (shapes.einsum, lambda *xs, equation: np.einsum(equation, *xs), ((2, 4), (1, 5)), {"equation": "ij,jk->ijk"}),
        (shapes.einsum, lambda *xs, equation: np.einsum(equation, *xs), ((2, 3), (3, 4)), {"equation": "i1,1k->ik"}),
    ],
)
def test_shape_as_numpy_has_it(found: Of, operation: Of, extents: tuple[tuple[int, ...], ...], settings: dict[str, Any]) -> None:
    try:
        expected = operation(*(np.zeros(one) for one in extents), **settings).shape
    except (ValueError, IndexError):
        expected = None
    assert found(extents, settings) == expected


@pytest.mark.parametrize(("name", "settings"), [("swapped", {"first": None, "second": 1}), ("tiled", {"repeats": (1,) * 99})])
def test_what_is_not_known_or_too_much_has_no_shape(name: str, settings: dict[str, Any]) -> None:
    assert getattr(shapes, name)(((2, 3),), settings) is None


def test_a_loss_that_is_reduced_is_one_number() -> None:
    assert shapes.cross_entropy_rows(((8, 10),), {"reduction": "mean"}) == ()
    assert shapes.cross_entropy_rows(((8, 10),), {}) == (8,)
