import math

import numpy as np
import pytest

from trainlint.stability.bounds import (
    Descent,
    adaptive_bound,
    first_non_finite_step,
    gradient_descent_bound,
    growth_per_step,
    mean_square_bound,
    momentum_mean_square_bound,
    nadam_bound,
    nadam_momentum,
    one_weight_bound,
    replacement,
    sure_minibatch_bound,
)
from trainlint.wording import round_down_1_2_5

METHODS = [
    Descent(),
    Descent(momentum=0.5),
    Descent(momentum=0.9),
    Descent(momentum=0.99),
    Descent(momentum=0.9, nesterov=True),
    Descent(momentum=0.5, nesterov=True),
    Descent(momentum=0.9, dampening=0.3),
    Descent(momentum=0.9, dampening=0.9),
    Descent(decay=0.5),
    Descent(momentum=0.9, decay=0.5),
    Descent(momentum=0.9, nesterov=True, decay=0.5),
    Descent(decay=0.5, decoupled=True),
    Descent(momentum=0.9, decay=0.5, decoupled=True),
    Descent(momentum=0.9, nesterov=True, decay=0.5, decoupled=True),
]


def simulate(rate, lam, method, steps, start=1.0):
    """The weight of loss = lam/2 w^2 under the update rules of torch.optim.SGD (coupled) and keras.optimizers.SGD (decoupled)."""
    w, buffer, path = start, 0.0, [start]
    for _ in range(steps):
        gradient = lam * w + (0.0 if method.decoupled else method.decay * w)
        if method.decoupled:
            w -= rate * method.decay * w
        buffer = method.momentum * buffer + (1 - method.dampening) * gradient
        w -= rate * (gradient + method.momentum * buffer if method.nesterov else buffer)
        path.append(w)
    return np.array(path)


@pytest.mark.parametrize("method", METHODS)
def test_the_bound_is_where_a_simulated_weight_turns_from_shrinking_to_growing(method):
    bound = gradient_descent_bound(3.0, method)
    assert abs(simulate(0.99 * bound, 3.0, method, 20_000)[-10:]).max() < 1e-3
    assert abs(simulate(1.01 * bound, 3.0, method, 3_000)[-10:]).max() > 10


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("share", [1.02, 1.3, 2.0])
def test_growth_is_that_of_a_simulated_weight(method, share):
    rate = share * gradient_descent_bound(3.0, method)
    path = simulate(rate, 3.0, method, 400) if share < 1.1 else simulate(rate, 3.0, method, 120)
    measured = (path[-1] / path[-2]) ** 2
    assert growth_per_step(rate, 3.0, method) == pytest.approx(measured, rel=1e-3)


def test_known_bounds():
    assert gradient_descent_bound(247.0) == pytest.approx(0.0080972, rel=1e-5)
    assert gradient_descent_bound(3.0, Descent(0.9)) == pytest.approx(1.26667, rel=1e-5)
    assert gradient_descent_bound(3.0, Descent(0.9, nesterov=True)) == pytest.approx(0.45238, rel=1e-5)
    assert gradient_descent_bound(3.0, Descent(0.9, dampening=0.3)) == pytest.approx(1.80952, rel=1e-5)
    assert gradient_descent_bound(3.0, Descent(0.9, decay=0.5, decoupled=True)) == pytest.approx(0.9620, rel=1e-4)
    assert adaptive_bound(1.0, 0.9) == pytest.approx(38)
    assert adaptive_bound(1.0, 0.5) == pytest.approx(6)
    assert adaptive_bound(1.0, heavy=0.9) == pytest.approx(3.8)
    assert nadam_bound(1.0, 0.9, 0.9) == pytest.approx(13.571, rel=1e-4)
    assert nadam_bound(1.0, 0.9, 0.45) == pytest.approx(3.4862, rel=1e-4)
    assert nadam_momentum(1, 0.9, 0.004) == pytest.approx(0.45, rel=1e-3)
    assert gradient_descent_bound(0.0) == math.inf
    assert adaptive_bound(0.0) == math.inf


@pytest.mark.parametrize(("beta1", "heavy", "decay"), [(0.9, 0.0, 0.0), (0.9, 0.0, 0.3), (0.5, 0.0, 2.0), (0.0, 0.9, 0.3)])
def test_the_adaptive_bound_is_where_the_update_turns_unstable(beta1, heavy, decay):
    """Its companion matrix for w' = (1 - rate * decay) w - rate * m', m' = (beta1 or heavy) m + (1 - beta1) s w."""
    sharpness, carried = 2.0, beta1 + heavy

    def radius(rate):
        pushed = (1 - beta1) * sharpness
        return abs(np.linalg.eigvals([[1 - rate * decay - rate * pushed, -rate * carried], [pushed, carried]])).max()

    bound = adaptive_bound(sharpness, beta1, heavy, decay)
    assert radius(0.999 * bound) < 1 < radius(1.001 * bound)


@pytest.mark.parametrize("mu", [0.45, 0.9])
def test_the_nadam_bound_is_where_the_update_turns_unstable(mu):
    """w' = w - rate * (mu m' + (1 - mu) g) with m' = beta1 m + (1 - beta1) g and g = s w."""
    sharpness, beta1 = 5.0, 0.9

    def radius(rate):
        pushed = mu * (1 - beta1) + 1 - mu
        step = [[1 - rate * pushed * sharpness, -rate * mu * beta1], [(1 - beta1) * sharpness, beta1]]
        return abs(np.linalg.eigvals(step)).max()

    bound = nadam_bound(sharpness, beta1, mu)
    assert radius(0.999 * bound) < 1 < radius(1.001 * bound)
    assert nadam_bound(0.0, beta1, mu) == math.inf


def test_the_momentum_of_nadam_grows_over_its_schedule():
    assert nadam_momentum(500, 0.9, 0.004) == pytest.approx(0.9 * (1 - 0.96**2 / 2), rel=1e-12)
    assert nadam_momentum(3, 0.8, 1.0) == pytest.approx(0.8 * (1 - 0.96**3 / 2), rel=1e-12)


def test_a_shrinking_mode_of_momentum_shrinks_by_beta():
    assert growth_per_step(0.1, 3.0, Descent(0.9)) == pytest.approx(0.9)


@pytest.mark.parametrize(("loss", "summed", "growth", "step"), [(278.2014, 20, 2.1609, 104), (1.0, 1, 10.0, 39)])
def test_overflow(loss, summed, growth, step):
    assert first_non_finite_step(loss, summed, growth) == step


def test_overflow_in_float32_by_doing_it():
    value, growth, step = np.float32(3.0), np.float32(1.7), 0
    with np.errstate(over="ignore"):
        while np.isfinite(value * np.float32(1.0)):
            value, step = value * growth, step + 1
    assert first_non_finite_step(3.0, 1, 1.7) == step


@pytest.mark.parametrize("arguments", [(1.0, 1, 1.0), (0.0, 1, 2.0), (math.inf, 1, 2.0), (1.0, 0, 2.0), (math.nan, 1, 2.0)])
def test_what_does_not_grow_does_not_overflow(arguments):
    assert first_non_finite_step(*arguments) is None


def test_what_overflows_after_ages_does_not_overflow_and_what_has_overflowed_does_so_at_once():
    assert first_non_finite_step(1.0, 1, 1 + 1e-9) == pytest.approx(38.53 * math.log(10) / 1e-9, rel=1e-6)
    assert first_non_finite_step(1.0, 1, math.nextafter(1.0, 2.0)) is None
    assert first_non_finite_step(1e200, 10, 2.0) == 0


def test_bounds_of_small_batches_without_curvature_or_noise():
    assert replacement(1, 1) == replacement(2, 2) == 0
    assert replacement(2, 1) == 1
    assert (sure_minibatch_bound(8.0), sure_minibatch_bound(0.5)) == (0.25, 4)
    assert replacement(5, 2) == 3 / 8
    assert sure_minibatch_bound(0.0) == math.inf
    assert mean_square_bound(np.zeros((3, 2, 2)), 1) == math.inf
    assert mean_square_bound(np.full((3, 1, 1), 0.5), 1) == pytest.approx(4)
    assert momentum_mean_square_bound(3.0, math.inf, 0.9) == math.inf


def test_minibatch_bounds_of_one_weight_against_the_second_moment():
    """x = 0..19 with mse: E(1 - lr*h_B)^2 = 1 over all batches of B rows without replacement, by formula."""
    h = 2 * np.arange(20.0) ** 2
    for batch in (1, 4, 16):
        p = replacement(20, batch)
        second = (1 - p) * h.mean() ** 2 + p * (h**2).mean()
        assert mean_square_bound(h[:, None, None], batch) == pytest.approx(2 * h.mean() / second, rel=1e-9)
    in_units = [mean_square_bound(h[:, None, None], batch) * h.mean() / 2 for batch in (1, 4, 16)]
    assert in_units == pytest.approx([0.54, 0.85, 0.99], abs=0.005)


def test_variance_without_replacement_is_that_of_all_subsets():
    from itertools import combinations

    h = np.array([1.0, 4.0, 9.0, 16.0, 30.0])
    for batch in (1, 2, 3, 5):
        subsets = np.array([np.mean(one) for one in combinations(h, batch)])
        p = replacement(5, batch)
        assert (1 - p) * h.mean() ** 2 + p * (h**2).mean() == pytest.approx((subsets**2).mean(), rel=1e-12)


def test_mean_square_bound_of_several_weights_against_sampling():
    """Below it the second-moment operator of the error contracts, above it it expands (all 66 batches of 2 out of 12)."""
    from itertools import combinations

    x = np.column_stack([np.arange(1.0, 13.0), np.ones(12)])
    rows = 2 * x[:, :, None] * x[:, None, :]
    bound = mean_square_bound(rows, 2)
    batches = [rows[list(pair)].mean(axis=0) for pair in combinations(range(12), 2)]

    def radius(rate):
        steps = [np.eye(2) - rate * one for one in batches]
        operator = np.mean([np.kron(one, one) for one in steps], axis=0)
        return abs(np.linalg.eigvals(operator)).max()

    assert radius(0.999 * bound) < 1 < radius(1.001 * bound)


def test_order_of_minibatch_bounds_and_large_dimensions():
    """Between what no row can lengthen and 2/λ, above the sufficient bound of Ma et al. (2018)."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 20))
    rows = 2 * x[:, :, None] * x[:, None, :]
    lam = float(np.linalg.eigvalsh(rows.mean(axis=0))[-1])
    largest = float(2 * (x**2).sum(axis=1).max())
    p = replacement(40, 4)
    sufficient = 2 / ((1 - p) * lam + p * largest)
    assert sure_minibatch_bound(largest) < sufficient < mean_square_bound(rows, 4) < 2 / lam
    assert mean_square_bound(rows[:, :16, :16], 40) == pytest.approx(
        2 / np.linalg.eigvalsh(rows[:, :16, :16].mean(axis=0))[-1], rel=1e-9
    )


def spread_over_rows(d=17, samples=8):
    """Random rows: the sharpest direction is the noisiest."""
    x = np.random.default_rng(1).standard_normal((samples, d))
    x[:, 0] *= 3 * np.arange(1, samples + 1)
    return 2 * x[:, :, None] * x[:, None, :]


def noisy_beside_the_sharpest(d=17, samples=8):
    """All rows share the sharpest direction; each has a direction of its own beside it."""
    rows = np.zeros((samples, d, d))
    rows[:, 0, 0] = 2
    rows[range(samples), range(1, samples + 1), range(1, samples + 1)] = 12
    return rows


def test_directions_without_curvature_do_not_move_the_bound():
    """Up to 16 weights it is exact, however many of them are not used."""
    x = np.column_stack([np.arange(1.0, 13.0), np.ones(12), np.zeros((12, 15))])
    exact, same, necessary = (mean_square_bound(2 * x[:, :d, None] * x[:, None, :d], 2) for d in (2, 16, 17))
    assert same == pytest.approx(exact, rel=1e-9)
    assert necessary > 1.0001 * exact


@pytest.mark.parametrize(("rows", "better"), [(spread_over_rows(), 0), (noisy_beside_the_sharpest(), 1)])
def test_the_necessary_condition_is_the_better_of_two_test_matrices(rows, better):
    """2 <M, C M> / <M, D M> with the whole operators C and D, for M = u u' and M = I."""
    mean, p, identity = rows.mean(axis=0), replacement(8, 2), np.eye(17)
    curved = (np.kron(mean, identity) + np.kron(identity, mean)) / 2
    noisy = (1 - p) * np.kron(mean, mean) + p * np.mean([np.kron(one, one) for one in rows], axis=0)
    u = np.linalg.eigh(mean)[1][:, -1]
    tried = [2 * m.ravel() @ curved @ m.ravel() / (m.ravel() @ noisy @ m.ravel()) for m in (np.outer(u, u), identity)]
    assert tried[better] < tried[1 - better]
    assert mean_square_bound(rows, 2) == pytest.approx(tried[better], rel=1e-9)


@pytest.mark.parametrize(("batch", "measured"), [(1, 0.124), (4, 0.478), (16, 1.65)])
def test_momentum_undone_by_small_batches(batch, measured):
    """x = 1..20, beta 0.9: against the second moment of (error, error before), and bounds measured in units of 2/lambda."""
    h = 2 * np.arange(1.0, 21.0) ** 2
    lam, p = float(h.mean()), replacement(20, batch)
    spread = np.sqrt(p * ((h**2).mean() - lam**2))  # batches lam +- spread have the right mean and mean square
    bound = momentum_mean_square_bound(lam, mean_square_bound(h[:, None, None], batch), 0.9)

    def radius(rate):
        steps = [np.array([[1.9 - rate * one, -0.9], [1.0, 0.0]]) for one in (lam - spread, lam + spread)]
        return abs(np.linalg.eigvals(np.mean([np.kron(one, one) for one in steps], axis=0))).max()

    assert radius(0.999 * bound) < 1 < radius(1.001 * bound)
    assert bound * lam / 2 == pytest.approx(measured, rel=0.04)


def test_one_weight_bound_is_where_the_product_is_one():
    h = 2 * np.arange(20.0) ** 2
    bound = one_weight_bound(h)
    assert np.prod(np.abs(1 - 0.9999 * bound * h)) < 1 < np.prod(np.abs(1 - 1.0001 * bound * h))
    assert one_weight_bound(np.zeros(3)) == math.inf
    assert one_weight_bound(np.full(4, 5.0)) == pytest.approx(2 / 5)


@pytest.mark.parametrize("others", [1.0, 3.0, 0.01])
def test_no_lower_rate_reaches_one_over_an_epoch(others):
    """One steep row among 19 that share its sharpness between them: with `others` = 1 each step of it is undone by the rest."""
    h = np.array([20.0] + 19 * [others * 20 / 19])
    bound = one_weight_bound(h)
    below = np.linspace(0, 0.9999 * bound, 100_000)[1:, None]
    assert (np.abs(1 - below * h).prod(axis=1) < 1).all()
    assert np.prod(np.abs(1 - 1.0001 * bound * h)) > 1


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(0.0040486, 0.002), (0.02, 0.02), (0.0199999, 0.01), (1.0, 1.0), (0.5, 0.5), (7.3, 5.0), (1e-9, 1e-9), (123.0, 100.0)],
)
def test_round_down(value, rounded):
    assert round_down_1_2_5(value) == rounded
