"""Curvature: spectra against NumPy's, Hessians of rows against 2xx'."""

import math

import numpy as np
import pytest

from tests.stability.graphs import data, dense, regression, run, squared, weight
from trainlint.facts.graph import Node
from trainlint.stability.budget import Purse, TooMuchWorkError
from trainlint.stability.curvature import (
    DENSE_DIMENSION,
    LANCZOS_STEPS,
    ROUGH,
    curvature,
    hessian,
    lanczos,
    row_hessians,
    spectrum,
)
from trainlint.stability.twin.operation import RefusalError
from trainlint.stability.twin.program import Program

RNG = np.random.default_rng(0)


def symmetric(eigenvalues, seed=0):
    values = np.asarray(eigenvalues, dtype=float)
    axes = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values), len(values))))[0]
    return axes * values @ axes.T


def counted(matrix):
    calls = []

    def product(vector):
        calls.append(1)
        return matrix @ vector

    return product, calls


def purse(left=1e12):
    found = Purse(run(None))
    found.left = left
    return found


@pytest.mark.parametrize("eigenvalues", [[3, 1, 2], [5, 0, 0, 2], [-4, 1], [0, 0]])
def test_the_ends_of_a_spectrum(eigenvalues):
    matrix = symmetric(eigenvalues)
    found = spectrum(matrix)
    positive = [one for one in eigenvalues if one > 0]
    assert found.largest == pytest.approx(max(eigenvalues), abs=1e-12)
    assert found.lowest == pytest.approx(min(eigenvalues), abs=1e-12)
    assert found.smallest == (pytest.approx(min(positive)) if positive else None)
    assert found.settled
    np.testing.assert_allclose(matrix @ found.direction, found.largest * found.direction, atol=1e-12)


def test_rounding_is_no_eigenvalue():
    """Below 1e-9 of the largest."""
    assert spectrum(np.diag([1e3, 2e-6, 0.5e-6])).smallest == 2e-6


def test_a_hessian_from_its_products_is_symmetric():
    matrix = symmetric([3, 1, 2])
    np.testing.assert_allclose(hessian(lambda vector: matrix @ vector, 3), matrix, atol=1e-15)
    skewed = matrix + np.array([[0, 2, 0], [0, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(hessian(lambda vector: skewed @ vector, 3), (skewed + skewed.T) / 2, atol=1e-15)


@pytest.mark.parametrize("matrix", [np.full((2, 2), math.inf), np.full((2, 2), math.nan)])
def test_what_overflows_is_refused(matrix):
    with pytest.raises(RefusalError, match="overflows"):
        spectrum(matrix)
    with pytest.raises(RefusalError, match="overflows"):
        lanczos(lambda vector: matrix @ vector, np.ones(2), 1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_lanczos_finds_both_ends(seed):
    eigenvalues = np.concatenate([[-3.0, 9.0], np.random.default_rng(seed).uniform(-1, 1, 98)])
    matrix = symmetric(eigenvalues, seed)
    product, calls = counted(matrix)
    found = lanczos(product, np.random.default_rng(seed).standard_normal(100), 1e-8)
    assert found.largest == pytest.approx(9, rel=1e-12)
    assert found.lowest == pytest.approx(-3, rel=1e-6)
    assert found.smallest is None
    assert found.settled
    assert abs(found.direction @ matrix @ found.direction - 9) < 1e-9
    assert np.linalg.norm(found.direction) == pytest.approx(1)
    assert 15 <= len(calls) < LANCZOS_STEPS


def test_lanczos_of_few_eigenvalues_ends_with_them():
    """A start in the span of two eigenvectors: the third product would be of nothing."""
    product, calls = counted(np.diag([5.0, 2.0, 1.0, 0.5]))
    found = lanczos(product, np.array([1.0, 1.0, 0.0, 0.0]), 1e-8)
    assert (found.largest, found.lowest) == (pytest.approx(5), pytest.approx(2))
    assert len(calls) == 2
    assert found.settled


def test_lanczos_says_when_it_has_not_settled():
    """So many eigenvalues so close to the largest that the eigenvector is not found in 120 products."""
    eigenvalues = np.concatenate([np.linspace(-1, 1, 2_000), np.full(100, -1.0)])
    found = lanczos(lambda vector: eigenvalues * vector, np.where(eigenvalues > 0.9, 1e-12, 1.0), 1e-12)
    residual = np.linalg.norm(eigenvalues * found.direction - found.largest * found.direction)
    assert found.settled == (residual <= 1e-3 * found.largest)
    assert not found.settled


def test_a_rough_value_costs_few_products():
    matrix = symmetric(np.concatenate([[9.0], np.random.default_rng(1).uniform(0, 3, 99)]))
    product, calls = counted(matrix)
    start = np.random.default_rng(2).standard_normal(100)
    rough = lanczos(product, start, ROUGH)
    assert rough.largest == pytest.approx(9, rel=0.02)
    assert 5 <= len(calls) <= 12


def linear(x, units=1, **settings):
    return Program(regression(x, units=units, **settings)).problem(0)


def test_the_curvature_over_some_rows():
    x = RNG.standard_normal((10, 3))
    problem, rows = linear(x, bias=False), np.array([2, 5, 7])
    for chosen, these in ((x, None), (x[rows], rows)):
        expected = np.linalg.eigvalsh(2 * chosen.T @ chosen / len(chosen))
        found = curvature(problem, problem.start, these)
        assert found.largest == pytest.approx(expected[-1], rel=1e-9)
        assert found.lowest == pytest.approx(expected[0], rel=1e-9)
        assert found.smallest == pytest.approx(expected[0], rel=1e-9)


@pytest.mark.parametrize("tolerance", [1e-8, 1e-3, ROUGH])
@pytest.mark.parametrize("width", [16, 17, DENSE_DIMENSION, DENSE_DIMENSION + 1])
def test_the_curvature_is_the_same_however_it_is_computed(width, tolerance):
    """Dense up to 64 weights, 16 for a rougher value, which has every end of the spectrum; else by products."""
    x = RNG.standard_normal((80, width))
    problem = linear(x, bias=False)
    found = curvature(problem, problem.start, tolerance=tolerance)
    expected = np.linalg.eigvalsh(2 * x.T @ x / 80)
    assert found.largest == pytest.approx(expected[-1], rel=max(tolerance**2, 1e-9) if tolerance < ROUGH else 0.2)
    is_dense = width <= (DENSE_DIMENSION if tolerance == 1e-8 else 16)
    assert (found.smallest is not None) == is_dense


@pytest.mark.parametrize("activation", ["tanh", "relu", "softplus"])
def test_the_curvature_of_a_net_is_that_which_scipy_finds(activation):
    """ARPACK, of the same Hessian products; these are compared with the libraries' in the tests of the twin."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    x, y = RNG.standard_normal((60, 6)), RNG.standard_normal((60, 1))
    hidden = Node(activation, (dense(data(x), 20),))
    problem = Program(squared(dense(hidden), data(y))).problem(0)
    size = problem.start.size
    operator = LinearOperator((size, size), matvec=lambda v: problem.hessian_vector(problem.start, v.ravel()), dtype=np.float64)
    expected = eigsh(operator, k=1, which="LA", return_eigenvectors=False)[0]
    assert curvature(problem, problem.start).largest == pytest.approx(expected, rel=1e-8)
    assert curvature(problem, problem.start, tolerance=1e-3).largest == pytest.approx(expected, rel=1e-4)


def test_a_rough_value_starts_along_the_gradient():
    """Here it is the sharpest direction, which few products from a random start find to a tenth only."""
    x = RNG.standard_normal((80, 64))
    u = np.linalg.eigh(x.T @ x)[1][:, -1:]
    graph = regression(x, 100 * x @ u, bias=False, kind="zeros")
    found = curvature(Program(graph).problem(0), np.zeros(64), tolerance=ROUGH)
    assert found.largest == pytest.approx(np.linalg.eigvalsh(2 * x.T @ x / 80)[-1], rel=0.02)


def test_what_has_no_curvature_to_compute():
    with pytest.raises(RefusalError, match="no weights"):
        curvature(linear(np.ones((3, 2))), np.zeros(0))
    with pytest.raises(RefusalError, match="initial weights are not finite"):
        curvature(linear(np.ones((3, 2)), bias=False), np.array([1.0, math.inf]))


@pytest.mark.parametrize(("units", "l2"), [(1, 0.0), (3, 0.0), (2, 0.5)])
def test_hessians_of_single_rows(units, l2):
    """2xx'/k for each of k outputs, and twice the penalty's factor, in the layout of the kernel (in, units) and the bias."""
    x = RNG.standard_normal((6, 2))
    problem = linear(x, units=units, bias=False, l2=l2)
    expected = [2 / units * np.kron(np.outer(row, row), np.eye(units)) + 2 * l2 * np.eye(2 * units) for row in x]
    np.testing.assert_allclose(row_hessians(problem, purse()), expected, rtol=1e-9, atol=1e-12)


def test_hessians_of_rows_that_are_written_by_hand():
    x = RNG.standard_normal((6, 2))
    by_hand = Node("mean", (Node("square", (Node("subtract", (dense(data(x), bias=False), data(x[:, :1]))),)),))
    expected = 2 * x[:, :, None] * x[:, None, :]
    np.testing.assert_allclose(row_hessians(Program(by_hand).problem(0), purse()), expected, rtol=1e-9, atol=1e-12)


def not_its_rows():
    """Losses that are no mean over rows: a sum, a loss of batch statistics, one whose outputs are added up first."""
    x = RNG.standard_normal((6, 2))
    normalised = Node("batch_norm", (data(x),), {"scale": False, "center": False})
    total = Node("subtract", (Node("sum", (dense(data(x), bias=False),)), data(np.float64(1.0), False)))
    return {
        "sum": regression(x, reduction="sum", bias=False),
        "batch statistics": squared(dense(normalised, bias=False), data(x[:, :1])),
        "added up": Node("square", (total,)),
        "no rows": Node("square", (Node("parameter", (), {}, (weight(()),)),)),
        "too wide": regression(RNG.standard_normal((6, 65)), bias=False),
        "too many": regression(RNG.standard_normal((2**21 // 64**2 + 1, 64)), bias=False),
    }


@pytest.mark.parametrize("name", not_its_rows())
def test_losses_that_are_no_mean_of_their_rows(name):
    graph = not_its_rows()[name]
    assert row_hessians(Program(graph).problem(0), purse()) is None


def test_the_most_rows_whose_hessians_are_held():
    found = row_hessians(linear(RNG.standard_normal((2**21 // 64**2, 64)), bias=False), purse())
    assert found.shape == (512, 64, 64)


def test_hessians_of_rows_are_paid_for():
    x = RNG.standard_normal((6, 2))
    by_hand = Node("mean", (Node("square", (Node("subtract", (dense(data(x), bias=False), data(x[:, :1]))),)),))
    problem, rich = Program(by_hand).problem(0), purse()
    assert row_hessians(problem, rich) is not None
    assert rich.left < 1e12
    assert row_hessians(problem, purse(1.0)) is None
    with pytest.raises(TooMuchWorkError):
        curvature(problem, problem.start, purse=purse(1.0))
