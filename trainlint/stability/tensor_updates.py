"""Update rules of optimizers that look at a whole tensor, or at the whole loss, as PyTorch and Keras write them."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from trainlint.stability.twin.operation import RefusalError, Shape, Tensor
from trainlint.stability.updates import BOTH, KERAS, TORCH, Point, Settings, State, Update, adam, averages

NEWTON_SCHULZ = (3.4445, -4.775, 2.0315)
"""Coefficients of Muon's quintic iteration (Jordan et al. 2024)."""

MAXIMUM_ITERATIONS = 100


def _size(array: Tensor) -> float:
    return math.sqrt(float((array**2).mean()))


def _lamb(s: Settings, state: State, at: Point) -> Tensor:
    """You et al. (2020) as Keras has it: Adam's direction in the length of each tensor's weights."""
    m, v = averages(s, state, at.gradient)
    corrected = np.sqrt(v / (1 - s.betas[1] ** at.step)) + s.epsilon
    direction = m / (1 - s.betas[0] ** at.step) / corrected
    found = np.empty_like(direction)
    for place, _ in at.tensors:
        lengths = float(np.linalg.norm(at.weights[place])), float(np.linalg.norm(direction[place]))
        found[place] = direction[place] * (lengths[0] / lengths[1] if min(lengths) > 0 else 1.0)
    return np.asarray(s.rate * found)


def _adafactor(s: Settings, state: State, at: Point) -> Tensor:
    """Shazeer & Stern (2018), without momentum: a rank-one average of squares for each matrix."""
    torch = s.library == "torch"
    share = at.step ** s.number("beta2_decay" if torch else "beta_2_decay", -0.8)
    limit = s.number("d" if torch else "clip_threshold", 1.0)
    least = np.finfo(np.float32).eps if torch else s.number("epsilon_1", 1e-30)
    smallest = 1e-3 if torch else s.number("epsilon_2", 1e-3)
    rate = min(s.rate, 1 / math.sqrt(at.step))
    found = np.empty_like(at.gradient)
    for place, shape in at.tensors:
        w, g = at.weights[place], at.gradient[place].reshape(shape)
        g = np.moveaxis(g, (-1, -2), (0, 1)) if torch and g.ndim > 2 else g  # PyTorch factors the two spatial axes
        squares = g**2 if torch else g**2 + least
        average = _factored(state, place, squares, share, least if torch else 0.0) if g.ndim > 1 else None
        if average is None:
            average = state[f"v{place.start}"] = (1 - share) * state.get(f"v{place.start}", 0.0) + share * squares
        update = g / np.sqrt(np.maximum(average, least**2) if torch else average)
        update = update / max(1.0, _size(update) / limit)
        update = np.moveaxis(update, (0, 1), (-1, -2)) if torch and g.ndim > 2 else update
        found[place] = (max(smallest, _size(w)) * rate * update).ravel()
    return found


def _factored(state: State, place: slice, squares: Tensor, share: float, least: float) -> Tensor:
    rows = (1 - share) * state.get(f"r{place.start}", 0.0) + share * squares.mean(axis=-1, keepdims=True)
    columns = (1 - share) * state.get(f"c{place.start}", 0.0) + share * squares.mean(axis=-2, keepdims=True)
    state[f"r{place.start}"], state[f"c{place.start}"] = rows, columns
    return np.asarray(rows * columns / np.maximum(rows.mean(axis=-2, keepdims=True), least))


def _muon(s: Settings, state: State, at: Point) -> Tensor:
    """Jordan et al. (2024): orthogonalised momentum for matrices; Keras trains everything else with Adam, PyTorch refuses it."""
    torch = s.library == "torch"
    others = s._replace(
        rate=s.rate * s.number("adam_lr_ratio", 1.0), betas=(s.number("adam_beta_1", 0.9), s.number("adam_beta_2", 0.999))
    )
    found = adam(others, state.setdefault("others", {}), at)
    buffer = s.momentum * state.get("buffer", 0.0) + (1 - s.momentum if torch else 1.0) * at.gradient
    state["buffer"] = buffer
    ahead = (1 - s.momentum if torch else 1.0) * at.gradient + s.momentum * buffer
    for place, shape in at.tensors:
        if len(shape) != 2:
            if torch:
                raise RefusalError("Muon takes matrices only")
            continue
        matrix = (ahead if s.nesterov else buffer)[place].reshape(shape)
        found[place] = (s.rate * _rescaled(s, shape) * _orthogonal(matrix, s)).ravel()
    return found


def _rescaled(s: Settings, shape: Shape) -> float:
    if s.library != "torch":
        return math.sqrt(max(shape)) * s.number("rms_rate", 0.2)
    if s.more.get("adjust_lr_fn") == "match_rms_adamw":
        return 0.2 * math.sqrt(max(shape))
    return math.sqrt(max(1.0, shape[1] / shape[0]))  # PyTorch's kernels are (out, in)


def _orthogonal(matrix: Tensor, s: Settings) -> Tensor:
    """Nearly U V' of U S V', by Newton-Schulz steps."""
    a, b, c = NEWTON_SCHULZ
    steps = min(MAXIMUM_ITERATIONS, int(s.number("ns_steps", 5)))
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = wide / (float(np.linalg.norm(wide)) + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return np.asarray(x.T if wide is not matrix else x)


def _lbfgs(s: Settings, state: State, at: Point) -> Tensor:
    """One step of PyTorch's L-BFGS without line search (Liu & Nocedal 1989): up to `max_iter` evaluations on the same rows."""
    iterations, kept = int(s.number("max_iter", 20)), int(s.number("history_size", 100))
    flat, least = s.number("tolerance_grad", 1e-7), s.number("tolerance_change", 1e-9)
    weights, (loss, gradient) = at.weights, at.evaluate(at.weights)
    most = s.more.get("max_eval") or iterations * 5 // 4
    for count in range(1, min(iterations, MAXIMUM_ITERATIONS) + 1):
        if np.abs(gradient).max(initial=0.0) <= flat:
            break
        direction = _quasi_newton(state, gradient, kept)
        length = s.rate * (min(1.0, 1 / float(np.abs(gradient).sum())) if "steps" not in state else 1.0)
        state.setdefault("steps", 0)
        if float(gradient @ direction) > -least:
            break
        state["before"], state["moved"] = gradient, length * direction
        weights = weights + length * direction
        if count == iterations:
            break
        before = loss
        loss, gradient = at.evaluate(weights)
        stuck = np.abs(state["moved"]).max() <= least or abs(loss - before) < least
        if not math.isfinite(loss) or count + 1 >= most or stuck:
            break
    return np.asarray(at.weights - weights)


def _quasi_newton(state: State, gradient: Tensor, kept: int) -> Tensor:
    """The two-loop recursion over the last steps S and changes Y of the gradient, each loop as a triangular system.

    With R the upper triangle of S Y' the loops solve R a = -S g and R' c = diag(R) a - Y q for q = scale (-g - Y' a); the
    direction is q + S' c.
    """
    if "before" in state:
        change, moved = gradient - state["before"], state["moved"]
        if float(change @ moved) > 1e-10:
            _remember(state, moved, change, kept)
            state["scale"] = float(change @ moved) / float(change @ change)
    if "memory" not in state:
        return np.asarray(-gradient)
    moves, changes, inverse = state["memory"]
    shares = -inverse @ (moves @ gradient)
    found = state["scale"] * (-gradient - shares @ changes)
    return np.asarray(found + (shares / np.diag(inverse) - changes @ found) @ inverse @ moves)


def _remember(state: State, moved: Tensor, change: Tensor, kept: int) -> None:
    """Add a step and its change of the gradient to those that are kept, and a column to the inverse of R."""
    empty = np.zeros((0, len(moved)))
    moves, changes, inverse = state.get("memory", (empty, empty, np.zeros((0, 0))))
    larger = np.zeros((len(moves) + 1, len(moves) + 1))
    larger[-1, -1] = 1 / float(moved @ change)
    larger[:-1, :-1], larger[:-1, -1] = inverse, -larger[-1, -1] * (inverse @ (moves @ change))
    state["memory"] = np.vstack([moves, moved])[-kept:], np.vstack([changes, change])[-kept:], larger[-kept:, -kept:]


BY_TENSOR: Mapping[str, tuple[Update, frozenset[str]]] = {
    "adafactor": (_adafactor, BOTH),
    "lamb": (_lamb, KERAS),
    "muon": (_muon, BOTH),
}
"""Optimizers for which the cut of the weights into tensors matters."""

BY_LOSS: Mapping[str, tuple[Update, frozenset[str]]] = {"lbfgs": (_lbfgs, TORCH)}
"""Optimizers that evaluate the loss more than once a step."""
