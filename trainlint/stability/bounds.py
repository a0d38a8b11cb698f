"""Closed forms of step-size stability on a quadratic loss.

L is the unit of the loss and P that of the parameters: a sharpness is in L/P^2, a learning rate of gradient descent in P^2/L.
`lam` is the largest Hessian eigenvalue of exactly the scalar that is differentiated, `q = rate * lam` has no unit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Matrix: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"

LARGEST_FLOAT32 = 38.53
"""log10 of the largest float32 number, 3.4e38."""


class Descent(NamedTuple):
    """Gradient descent as the optimizer does it, but for the learning rate.

    `decay` [L/P^2] is the weight decay: coupled (added to the gradient, so to the sharpness), or `decoupled` (the weights
    shrink by rate * decay at each step, outside of the momentum).
    """

    momentum: float = 0.0
    nesterov: bool = False
    dampening: float = 0.0
    decay: float = 0.0
    decoupled: bool = False


PLAIN = Descent()


def gradient_descent_bound(lam: float, method: Descent = PLAIN) -> float:
    """The largest stable learning rate [P^2/L] on a quadratic of sharpness `lam` [L/P^2]; infinite if nothing is curved.

    Source: Polyak (1964) for momentum; Cohen et al. (2021), Gradient descent on neural networks typically occurs at the edge
    of stability, for Nesterov's; the decoupled forms follow from the same root condition (Jury's criterion).
    """
    b, decay = method.momentum, method.decay
    heaviness = 1 + 2 * b if method.nesterov else 1 - method.dampening
    curved = heaviness * lam + (1 + b) * decay if method.decoupled else heaviness * (lam + decay)
    return 2 * (1 + b) / curved if curved > 0 else math.inf


def growth_per_step(rate: float, lam: float, method: Descent = PLAIN) -> float:
    """The factor by which one step multiplies (loss - lowest loss) along an eigenvector of eigenvalue `lam` [L/P^2].

    It is the squared spectral radius of the update's companion matrix, for plain gradient descent (1 - rate * lam)^2.
    Above 1 exactly when `rate` is above `gradient_descent_bound`. Source: Polyak (1964); Sutskever et al. (2013).
    """
    b = method.momentum
    shrink = 1 - rate * method.decay if method.decoupled else 1.0
    q = rate * (lam if method.decoupled else lam + method.decay)
    if method.nesterov:  # w' = shrink*w + b*m' - q*w with m' = b*m - q*w
        trace, determinant = shrink + b - (1 + b) * q, b * (shrink - q)
    else:  # w' = shrink*w + m' with m' = b*m - (1-d)*q*w
        trace, determinant = shrink + b - (1 - method.dampening) * q, b * shrink
    return _spectral_radius(trace, determinant) ** 2


def _spectral_radius(trace: float, determinant: float) -> float:
    """The largest modulus of the roots of z^2 - trace*z + determinant."""
    discriminant = trace * trace / 4 - determinant
    if discriminant < 0:
        return math.sqrt(determinant)
    return abs(trace) / 2 + math.sqrt(discriminant)


def adaptive_bound(sharpness: float, beta1: float = 0.0, heavy: float = 0.0, decay: float = 0.0) -> float:
    """The largest stable rate of an optimizer that divides by a frozen preconditioner P; `sharpness` of P^-1/2 H P^-1/2 [L/P].

    2(1+b1)/(1-b1)/s for averaged momentum (Adam, AdamW, AMSGrad, Adamax: 38/s at 0.9), 2(1+m)/s for a heavy ball m
    (RMSprop; Adagrad, Adadelta and Adafactor with m = 0). `decay` [1/rate] is decoupled (AdamW), as which the weights shrink by
    rate * decay beside the step. It says where training settles, not whether it diverges.
    Source: Cohen et al. (2022), Adaptive gradient methods at the edge of stability.
    """
    curved = (1 - beta1) * sharpness + (1 + beta1 + heavy) * decay
    return 2 * (1 + beta1 + heavy) / curved if curved > 0 else math.inf


def nadam_bound(sharpness: float, beta1: float, mu: float) -> float:
    """As `adaptive_bound` for NAdam, whose momentum at this step is `mu` (Dozat 2016): 13.6/s at 0.9, 3.5/s at mu = 0.45."""
    return (2 + 2 * beta1) / (1 + beta1 - 2 * mu * beta1) / sharpness if sharpness > 0 else math.inf


def nadam_momentum(step: int, beta1: float, decay: float) -> float:
    """NAdam's mu_t = b1 * (1 - 0.96^(t*decay)/2); `decay` is 0.004 in PyTorch and 1 in Keras (Dozat 2016)."""
    return float(beta1 * (1 - 0.5 * 0.96 ** (step * decay)))


def first_non_finite_step(loss: float, summed: int, growth: float) -> int | None:
    """The step whose loss overflows float32: `summed` elements of mean `loss` [L] are added, each grown by `growth` a step.

    t = ceil((38.53 - log10(summed * loss)) / log10(growth)); the sum overflows before the mean is taken. None if nothing grows.
    """
    if not growth > 1 or not loss > 0 or summed < 1 or not math.isfinite(loss) or not math.isfinite(growth):
        return None
    steps = (LARGEST_FLOAT32 - math.log10(summed) - math.log10(loss)) / math.log10(growth)
    return max(0, math.ceil(steps)) if steps < 1e15 else None


def replacement(samples: int, batch: int) -> float:
    """The share p = (n - B) / (B(n - 1)) of single-row noise in batches of B out of n without replacement; 0 at B = n.

    Source: Mulayoff & Michaeli (2024), Exact mean square linear stability analysis for SGD.
    """
    return max(0.0, (samples - batch) / (batch * (samples - 1))) if samples > 1 else 0.0


def sure_minibatch_bound(largest_row: float) -> float:
    """Below it [P^2/L] no mini-batch step can ever lengthen the error, in any order: 2 / max over rows of their sharpness."""
    return 2 / largest_row if largest_row > 0 else math.inf


EXACT_DIMENSION = 16
"""Up to this many parameters the operator of the mean square (d^2 x d^2) is built."""


def mean_square_bound(rows: Matrix, batch: int) -> float:
    """The learning rate [P^2/L] above which small batches grow in mean square; `rows` (n, d, d) are the Hessians of single rows.

    2 / lambda_max(C^+ D) with C = (H(x)I + I(x)H)/2 and D = (1-p) H(x)H + p mean_i H_i(x)H_i for d <= 16; for larger d the
    necessary condition from the test matrices u u' (u the sharpest direction) and I, which is never below it.
    Source: Mulayoff & Michaeli (2024); Ma & Ying (2021).
    """
    import numpy as np

    samples, dimension = rows.shape[0], rows.shape[1]
    mean, p = rows.mean(axis=0), replacement(rows.shape[0], batch)
    values, vectors = np.linalg.eigh(mean)
    largest = float(values[-1])
    if largest <= 0:
        return math.inf
    rows, mean = rows / largest, mean / largest  # their products leave the range of numbers where the sharpness is 1e160
    if dimension > EXACT_DIMENSION:
        along = np.einsum("i,nij,j->n", vectors[:, -1], rows, vectors[:, -1])
        by_direction = 2 / ((1 - p) + p * float((along**2).mean()))
        spread = (1 - p) * float((mean**2).sum()) + p * float((rows**2).sum()) / samples
        return float(min(by_direction, 2 * float(np.trace(mean)) / spread)) / largest
    identity = np.eye(dimension)
    symmetric = (np.kron(mean, identity) + np.kron(identity, mean)) / 2
    flat = rows.reshape(samples, -1)
    noise = (flat.T @ flat / samples).reshape((dimension,) * 4).transpose(0, 2, 1, 3).reshape(dimension**2, dimension**2)
    drift = (1 - p) * np.kron(mean, mean) + p * noise
    spectrum = np.linalg.eigvals(np.linalg.pinv(symmetric, rcond=1e-12, hermitian=True) @ drift)
    return float(2 / np.abs(spectrum).max()) / largest


def momentum_mean_square_bound(lam: float, bound: float, momentum: float) -> float:
    """The mean-square bound with heavy-ball momentum, from `bound`, the one without: 2(1+b) / (lam + (1+b)/(1-b) (s_B - lam)).

    `s_B = 2 / bound` is the sharpness that small batches see. Exact for one weight, within a fifth for several.
    It joins the plateaus 2(1+b)/lam (all rows) and 2(1-b)/s_B (noise rules): small batches undo what momentum gains.
    """
    if not math.isfinite(bound):
        return bound
    noisy = max(0.0, 2 / bound - lam)
    return 2 * (1 + momentum) / (lam + (1 + momentum) / (1 - momentum) * noisy)


def log_growth_of_epoch(rate: float, batches: Matrix) -> float:
    """The log of the product of (1 - rate * lambda_batch)^2 over an epoch, for one weight; `batches` [L/P^2]: its sharpnesses."""
    import numpy as np

    factors = np.abs(1 - rate * batches)
    return float(2 * np.log(np.maximum(factors, 1e-300)).sum())


SCANNED = 4_000
"""Rates at which `one_weight_bound` looks for the first crossing."""


def one_weight_bound(batches: Matrix) -> float:
    """The smallest rate [P^2/L] at which the product over an epoch of `log_growth_of_epoch` reaches 1.

    For rates up to 1 / max(batches) every factor is below 1, from 2 / min(batches) on every factor above; between them the
    product is scanned upwards, and the first crossing narrowed by bisection. Infinite if nothing is curved.
    """
    import numpy as np

    largest = float(batches.max(initial=0.0))
    if largest <= 0:
        return math.inf
    low = 1 / largest
    grid = low * np.geomspace(1, min(2.001 * largest / float(batches[batches > 0].min()), 1e15), SCANNED)
    crossed = next((rate for rate in grid.tolist() if log_growth_of_epoch(rate, batches) > 0), float(grid[-1]))
    low = crossed / (float(grid[1]) / float(grid[0]))
    for _ in range(60):
        middle = (low + crossed) / 2
        low, crossed = (low, middle) if log_growth_of_epoch(middle, batches) > 0 else (middle, crossed)
    return float(low)
