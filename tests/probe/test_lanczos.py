"""Lanczos against NumPy's dense eigenvalues."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainlint.probe.lanczos import NEAREST, TENTH, Search, largest


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


# Spectra and shares of the start along their eigenvectors, the largest first, in which a search is led astray.
ASTRAY = {
    "the gradient is the second eigenvector": (np.r_[1.15, 1.0, np.linspace(-0.1, 0.3, 398)], [0.0, 1.0]),
    "the gradient is a far lower one": (np.r_[5.0, 1.0, np.linspace(-0.1, 0.3, 398)], [0.0, 1.0]),
    "the gradient has none of a cluster": (np.r_[1.2, 1.19, 1.18, 1.0, np.linspace(0, 0.2, 396)], [0.0, 0.0, 0.0, 1.0]),
    "the largest in size is negative": (np.r_[2.0, 1.0, np.linspace(-0.2, 0.2, 397), -9.0], [0.0, 1.0]),
    "all but one are zero": (np.r_[4.0, 1.0, np.zeros(398)], [0.0, 1.0]),
    "the spectrum has no gap": (np.linspace(1.0, -1.0, 400), [0.0, 0.0, 0.0, 0.0, 1.0]),
    "negative only": (np.r_[-1.0, -1.5, np.linspace(-3, -9, 398)], [0.0, 1.0]),
}


def astray(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The eigenvalues of a diagonal matrix, and a random unit vector with the misleading one added."""
    eigenvalues, shares = ASTRAY[name]
    random = np.random.default_rng(seed).normal(size=len(eigenvalues))
    return eigenvalues, random / np.linalg.norm(random) + np.pad(np.array(shares), (0, len(eigenvalues) - len(shares)))


@pytest.mark.parametrize("name", ASTRAY)
@pytest.mark.parametrize("kept", [40, 10, 5])
def test_no_search_ends_below_an_eigenvalue_that_the_start_has_enough_of(name: str, kept: int) -> None:
    """The bound holds for each start, not on average: here the dimension is what makes its promise exact for the first one."""
    for seed in range(25):
        eigenvalues, start = astray(name, seed)
        first = float(start[0])
        dimension = math.ceil(TENTH / first**2)  # a start in which the first eigenvector has no less than the promise
        found = largest(lambda vector: eigenvalues * vector, start, dot, 150, 0.01, kept=kept, dimension=dimension)  # noqa: B023
        if found.converged:
            assert eigenvalues[0] <= found.values[0] + NEAREST * abs(found.values[0]) + 1e-9, seed
            assert min(abs(eigenvalues - found.values[0])) <= found.errors[0] + 1e-9, seed
    assert found.converged


@pytest.mark.parametrize("name", ASTRAY)
def test_nine_of_ten_random_starts_reach_the_largest(name: str) -> None:
    near = 0
    for seed in range(50):
        eigenvalues, start = astray(name, seed)
        found = largest(lambda vector: eigenvalues * vector, start, dot, 150, 0.01, dimension=len(eigenvalues))  # noqa: B023
        assert found.converged
        near += eigenvalues[0] <= found.values[0] + NEAREST * abs(found.values[0])
    assert near >= 45


def test_a_misled_search_ends_too_early_without_the_dimension() -> None:
    eigenvalues, start = astray("the gradient is the second eigenvector", 0)
    found = largest(lambda vector: eigenvalues * vector, start, dot, 150, 0.01)
    sure = largest(lambda vector: eigenvalues * vector, start, dot, 150, 0.01, dimension=len(eigenvalues))
    assert found.values[0] == pytest.approx(1.0, rel=0.01)
    assert sure.values[0] == pytest.approx(1.15, rel=0.01)


def test_two_products_are_enough_where_one_eigenvalue_stands_far_out() -> None:
    eigenvalues = np.r_[1000.0, np.linspace(-0.01, 0.01, 9999)]
    start = np.random.default_rng(0).normal(size=10_000)
    start = start / np.linalg.norm(start) + np.eye(1, 10_000)[0]
    found = largest(lambda vector: eigenvalues * vector, start, dot, 30, 0.01, dimension=10_000)
    assert found.products == 2
    assert found.values[0] == pytest.approx(1000, rel=1e-4)


def test_a_looser_tolerance_takes_fewer_products() -> None:
    eigenvalues, start = np.r_[1.0, 0.9, 0.8, np.linspace(-0.5, 0.5, 4997)], np.random.default_rng(3).normal(size=5000)
    start /= np.linalg.norm(start)
    counts = [
        largest(lambda vector: eigenvalues * vector, start, dot, 150, tolerance, dimension=5000).products
        for tolerance in (0.3, 0.1, 0.01, 1e-4)
    ]
    assert counts == sorted(counts)
    assert counts[0] < counts[1] < counts[2]
