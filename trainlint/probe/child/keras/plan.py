"""What is measured of one run, in order: a generator that yields a `Want` for each further step and is sent its sample."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ...lanczos import Ritz, largest
from ...protocol import LayerState, Spectrum
from ..session import Session
from . import optimizers
from .run import Run, Sample, Want
from .trials import Steps, overfit, real_steps, sweep
from .vectors import Vector, dot, name_of

FRAMEWORK = "keras"
VERIFY = (1e-3, 3e-3, 1e-4, 1e-2)  # of the weights' norm: where products are checked along the top vector, kinks or not
SEARCH = 1e-2  # the same where finite differences have to search: nearer, they pick up the kinks of ReLU
ALIKE, RATIO, RESIDUAL = 1e-3, 0.1, 0.2
FOR_PRECONDITIONER = 8
SPECTRUM, BATCHES, PRECONDITIONED = 0.5, 0.4, 0.2  # shares of the time that must be left after each, for what follows
FLOATS_KEPT = 1_500_000_000  # numbers that all basis vectors of one search may hold
NO_REPLAY = "the step could not be taken again on its batch, so the products are not confirmed by differences of gradients"


def measure(run: Run, session: Session) -> Steps:
    """Measure all that the request asks for; the results are in `run.found`."""
    describe(run)
    ritz: Ritz | None = None
    samples = [run.first]
    yield from _accumulated(run, session, samples)
    with session.guard(FRAMEWORK, "the Hessian's spectrum"):
        ritz = _spectrum(run, session, samples)
    if ritz is not None:
        with session.guard(FRAMEWORK, "the optimizer's first step"):
            _first_step(run)
        with session.guard(FRAMEWORK, "the check by a replay of the step"):
            _confirm(run, session, ritz, len(samples))
    with session.guard(FRAMEWORK, "the spread over batches"):
        yield from _batches(run, session, ritz)
    with session.guard(FRAMEWORK, "the preconditioned sharpness"):
        _preconditioned(run, session)
    for sample in samples:
        sample.records = []
    run.restore()
    with session.guard(FRAMEWORK, "the real steps"):
        yield from real_steps(run, session)
    with session.guard(FRAMEWORK, "overfitting one batch"):
        overfit(run, session)
    with session.guard(FRAMEWORK, "the sweep of learning rates"):
        yield from sweep(run, session)
    run.restore()


def describe(run: Run) -> None:
    """What is known without any product: the loss, the gradient, the batch, the layers."""
    first, seen, layout = run.first, run.seen, run.layout
    norms = [float(np.linalg.norm(part)) for part in layout.split(first.gradient)]
    weights = [float(np.linalg.norm(part)) for part in layout.split(run.start)]
    run.found.update(
        loss=first.loss,
        loss_name=", ".join(dict.fromkeys(seen.loss_names)),
        classes=seen.classes,
        parameters=layout.size,
        batch_size=seen.rows,
        gradient_norm=float(np.linalg.norm(first.gradient)),
        inputs=tuple(seen.inputs),
        targets=tuple(seen.targets),
        units=tuple(one for one in seen.units.values() if one.dead or one.saturated),
        layers=tuple(
            LayerState(name_of(variable), size, weight, norm)
            for variable, size, weight, norm in zip(layout.variables, layout.sizes, weights, norms, strict=True)
        ),
    )


def _accumulated(run: Run, session: Session, samples: list[Sample]) -> Steps:
    """The further batches of which the optimizer takes the mean before it steps."""
    count = optimizers.number(getattr(optimizers.inner(run.optimizer), "gradient_accumulation_steps", None)) or 1
    for _ in range(1, min(int(count), FOR_PRECONDITIONER)):
        sample = yield Want(product=True, cycle=True)
        if sample is None or not sample.has_product:
            break
        samples.append(sample)
    if len(samples) > 1:
        session.note(f"the optimizer takes the mean of {int(count)} batches; the Hessian is that of {len(samples)} of them")


def _timed(run: Run, samples: list[Sample], spent: list[float]) -> Callable[[Vector], Vector]:
    def product(vector: Vector) -> Vector:
        began = time.perf_counter()
        total = sum((one.product(run.layout, vector) for one in samples), np.zeros(run.layout.size, run.layout.dtype))
        spent.append(time.perf_counter() - began)
        return total / len(samples)

    return product


def _differences(run: Run, spent: list[float]) -> Callable[[Vector], Vector]:
    """Products by central differences of the gradient on the replayed step."""
    step = SEARCH * (float(np.linalg.norm(run.start)) or 1.0)

    def product(vector: Vector) -> Vector:
        began = time.perf_counter()
        after = run.replay(run.start + step * vector).gradient
        before = run.replay(run.start - step * vector).gradient
        spent.append(time.perf_counter() - began)
        return (after - before) / (2 * step)

    return product


def _spectrum(run: Run, session: Session, samples: list[Sample]) -> Ritz:
    request = session.request
    spent: list[float] = []
    start = _unit(np.random.default_rng(0).standard_normal(run.layout.size).astype(run.layout.dtype))
    start += math.copysign(1.0, dot(start, run.first.gradient)) * _unit(run.first.gradient)  # in one dimension they could cancel

    def solve(product: Callable[[Vector], Vector]) -> Ritz:
        return largest(
            product,
            start,
            dot,
            request.products,
            request.tolerance,
            kept=kept(run.layout.size),
            dimension=run.layout.size if run.twice else None,
            go_on=lambda: session.remaining() > SPECTRUM * request.seconds,
        )

    method = run.method
    try:
        if not run.first.has_product:
            raise ArithmeticError("no product with the Hessian could be had")
        run.hessian = _timed(run, samples, spent)
        ritz = solve(run.hessian)
    except Exception as error:  # an op without a second derivative raises whatever its framework likes
        if not run.can_replay:
            raise
        session.note(
            f"products with the Hessian failed ({type(error).__name__}), so they are differences of gradients: up to 1.5x high"
        )
        spent.clear()
        method, run.twice = "finite differences", False
        run.hessian = _differences(run, spent)
        ritz = solve(run.hessian)
        run.restore()
    smallest = ritz.values[-1] if ritz.errors[-1] <= 0.1 * abs(ritz.values[-1]) or len(ritz.values) == run.layout.size else None
    run.found["spectrum"] = Spectrum(
        largest=ritz.values[0],
        error=ritz.errors[0],
        products=ritz.products,
        method=method,
        others=tuple(ritz.values[1:6]),
        smallest=smallest,
    )
    run.found["seconds"] = {"product": float(np.median(spent))}
    return ritz


def kept(size: int) -> int:
    """How many basis vectors of `size` numbers are held at once."""
    return max(4, min(32, FLOATS_KEPT // max(size, 1)))


def _unit(vector: Vector) -> Vector:
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm > 0 and math.isfinite(norm) else np.zeros_like(vector)


def _improve(run: Run, **changes: Any) -> None:
    from dataclasses import replace

    run.found["spectrum"] = replace(run.found["spectrum"], **changes)


def _first_step(run: Run) -> None:
    """How far the optimizer's own step goes, and whether the quadratic model says that it raises the loss."""
    rates = run.found.get("optimizer")
    change = run.first_step(rates.peak_learning_rate if rates is not None and not rates.learning_rate else None)
    layers = []
    for layer, part in zip(run.found["layers"], run.layout.split(change), strict=True):
        ratio = float(np.linalg.norm(part)) / layer.weight_norm if layer.weight_norm > 0 else None
        layers.append(LayerState(layer.name, layer.size, layer.weight_norm, layer.gradient_norm, ratio))
    descent = -dot(run.first.gradient, change)
    if not np.any(change):
        return  # gradients are accumulated first
    run.found["layers"] = tuple(layers)
    if descent > 0 and run.hessian is not None:
        ratio = dot(change, run.hessian(change)) / (2 * descent)
        _improve(run, first_step_ratio=ratio if math.isfinite(ratio) else None)


def _confirm(run: Run, session: Session, ritz: Ritz, accumulated: int) -> None:
    """Compare the product along the top vector with differences of gradients of the replayed step.

    A kink (ReLU, max pooling) between two points spoils their difference, so several steps are tried, and each side by itself: a
    right product agrees with one of them, a wrong one with none.
    """
    if not run.can_replay or accumulated > 1:
        session.note(NO_REPLAY)
        return
    here = run.replay(run.start)
    run.found["seconds"]["gradient"] = here.seconds
    norm = float(np.linalg.norm(run.first.gradient))
    if float(np.linalg.norm(here.gradient - run.first.gradient)) > ALIKE * norm:
        session.note(
            "the step gives another gradient when it is taken again, from randomness or a state of its own: not confirmed"
        )
        run.restore()
        return
    value, extent = ritz.values[0], float(np.linalg.norm(run.start)) or 1.0
    ratio = residual = math.inf
    for step in VERIFY if value else ():
        after, before = run.replay(run.start + step * extent * ritz.vector), run.replay(run.start - step * extent * ritz.vector)
        run.found["seconds"]["gradient"] = min(run.found["seconds"]["gradient"], after.seconds, before.seconds)
        differences = [
            after.gradient - before.gradient,
            2 * (after.gradient - here.gradient),
            2 * (here.gradient - before.gradient),
        ]
        images = [one / (2 * step * extent) for one in differences]
        found = [_deviation(image, ritz.vector, value) for image in images]
        ratio, residual = min(found, key=lambda one: one[1])
        _improve(run, confirmed=bool(abs(ratio - 1) < RATIO and residual < RESIDUAL))
        if run.found["spectrum"].confirmed:
            break
    else:
        session.note(f"differences of the gradient give {ratio:.3f} times the eigenvalue, residual {residual:.2f}")
    run.restore()


def _deviation(image: Vector, vector: Vector, value: float) -> tuple[float, float]:
    """The eigenvalue that `image` shows relative to `value`, and how far it is from a multiple of the eigenvector."""
    return dot(vector, image) / value, float(np.linalg.norm(image - value * vector)) / abs(value)


def _batches(run: Run, session: Session, ritz: Ritz | None) -> Steps:
    """Sharpness and gradient on further batches at the same weights; what an adaptive optimizer will divide by."""
    request = session.request
    gradients, values = [run.first.gradient], []
    adaptive = optimizers.is_adaptive(run.name)
    for count in range(1, max(request.batches, FOR_PRECONDITIONER if adaptive else 0)):
        sharp = ritz is not None and count < request.batches and run.twice
        if session.remaining() < BATCHES * request.seconds:
            session.note("there was no time for further batches")
            break
        run.layout.assign(run.start)
        sample = yield Want(product=sharp)
        if sample is None:
            break
        if count == 1 and np.allclose(sample.gradient, run.first.gradient, rtol=1e-5, atol=0):
            break  # every batch is the same one
        gradients.append(sample.gradient)
        if sharp and ritz is not None and sample.has_product:
            product = _timed(run, [sample], [])
            found = largest(
                product,
                ritz.vector,
                dot,
                request.products,
                request.tolerance,
                kept=kept(run.layout.size),
                go_on=lambda: session.remaining() > 0,
            )
            values.append(found.values[0])
        sample.records = []
    if values:
        _improve(run, batches=tuple(values))
    if len(gradients) > 1:
        mean = np.mean(gradients, axis=0)
        trace = sum(float(np.sum((one - mean) ** 2)) for one in gradients) / (len(gradients) - 1)
        square = dot(mean, mean)
        run.found["gradient_noise"] = trace / square if square > 0 else None
    if adaptive:
        epsilon = run.found["optimizer"].settings.get("epsilon", 1e-7)
        run.found["_preconditioner"] = optimizers.preconditioner(run.name, epsilon, gradients)


def _preconditioned(run: Run, session: Session) -> None:
    scale = run.found.pop("_preconditioner", None)
    product = run.hessian
    if scale is None or product is None or session.remaining() <= 0:
        return
    root = 1 / np.sqrt(scale)
    start = root * _unit(run.first.gradient) + 1e-3 * np.random.default_rng(1).standard_normal(root.size).astype(root.dtype)
    request = session.request
    ritz = largest(
        lambda vector: root * product(root * vector),
        start,
        dot,
        request.products,
        request.tolerance,
        kept=kept(run.layout.size),
        go_on=lambda: session.remaining() > PRECONDITIONED * request.seconds,
    )
    _improve(run, preconditioned=ritz.values[0])
