"""Lanczos against NumPy's dense eigenvalues."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainlint.probe.lanczos import Search, largest


def operator(eigenvalues: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A symmetric matrix with these eigenvalues, and a start vector."""
    random = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(random.normal(size=(len(eigenvalues), len(eigenvalues))))
    return basis @ np.diag(eigenvalues) @ basis.T, random.normal(size=len(eigenvalues))


def dot(left: np.ndarray, right: np.ndarray) -> float:
    return float(left @ right)


SPECTRA = {
    "one above the bulk": np.r_[np.linspace(-0.5, 1, 199), 10.0],
    "two above the bulk": np.r_[np.linspace(-0.5, 1, 198), 9.0, 10.0],
    "more negative than positive": np.r_[-30.0, np.linspace(0, 1, 198), 10.0],
    "only negative": np.r_[np.linspace(-10, -4, 199), -1.0],
    "raw pixels": np.r_[np.geomspace(1e-6, 1, 199), 2e5],
    "rank one": np.r_[np.zeros(199), 3.0],
}


@pytest.mark.parametrize("name", SPECTRA)
@pytest.mark.parametrize("kept", [40, 6])
def test_the_largest_eigenvalue_lies_within_the_error(name: str, kept: int) -> None:
    matrix, start = operator(SPECTRA[name])
    found = largest(lambda vector: matrix @ vector, start, dot, 40, 1e-2, kept=kept)
    exact = SPECTRA[name].max()
    assert found.converged
    assert abs(found.values[0] - exact) <= found.errors[0] + 1e-9 * abs(exact)
    assert abs(found.values[0] - exact) <= 1e-3 * abs(exact)
    assert np.linalg.norm(matrix @ found.vector - found.values[0] * found.vector) == pytest.approx(
        found.errors[0], abs=1e-4 * abs(exact)
    )
    assert np.linalg.norm(found.vector) == pytest.approx(1)


def test_next_values_and_the_smallest_one() -> None:
    matrix, start = operator(np.r_[-7.0, np.linspace(-0.1, 0.1, 197), 5.0, 10.0])
    found = largest(lambda vector: matrix @ vector, start, dot, 20, 1e-6)
    assert found.values[:2] == pytest.approx((10, 5), rel=1e-6)
    assert found.values[-1] == pytest.approx(-7, rel=1e-6)


def test_products_are_counted_and_bounded() -> None:
    matrix, start = operator(np.linspace(0, 1, 200))
    calls: list[int] = []

    def product(vector: np.ndarray) -> np.ndarray:
        calls.append(1)
        return matrix @ vector

    found = largest(product, start, dot, 7, 1e-9)
    assert (found.products, len(calls), found.converged) == (7, 7, False)


def test_it_stops_when_told() -> None:
    matrix, start = operator(np.linspace(0, 1, 200))
    answers = iter([True, True, False])
    found = largest(lambda vector: matrix @ vector, start, dot, 30, 1e-9, go_on=lambda: next(answers))
    assert found.products == 3


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_space_smaller_than_the_number_of_products(size: int) -> None:
    """In single precision: what is left after the last dimension is rounding and must not be multiplied on."""
    eigenvalues = np.array([3.0, 1.0, -2.0])[:size]
    matrix, start = operator(eigenvalues)
    single = matrix.astype(np.float32)
    found = largest(lambda vector: single @ vector, start.astype(np.float32), dot, 30, 1e-2)
    assert found.values[0] == pytest.approx(3, rel=1e-5)
    assert found.products <= size


def test_the_zero_operator() -> None:
    found = largest(lambda vector: vector * 0.0, np.ones(5), dot)
    assert (found.values, found.converged) == ((0.0,), True)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_products_that_are_not_finite_are_an_error(bad: float) -> None:
    with pytest.raises(ArithmeticError, match="not finite"):
        largest(lambda vector: vector * bad, np.ones(3), dot)


def test_a_start_of_zero_is_an_error() -> None:
    with pytest.raises(ArithmeticError, match="zero"):
        Search(np.zeros(3), dot)


def test_a_search_may_be_left_at_any_time() -> None:
    matrix, start = operator(SPECTRA["one above the bulk"])
    search = Search(start, dot)
    search.give(matrix @ search.vector)
    search.give(matrix @ search.vector)
    found = search.result()
    quotient = float(found.vector @ matrix @ found.vector)
    assert found.products == 2
    assert found.values[0] == pytest.approx(quotient)
