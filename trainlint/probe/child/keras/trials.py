"""Steps that are really taken, from the captured state: the script's own, those on one batch, those at other learning rates."""

from __future__ import annotations

import math
from collections.abc import Generator

from ...protocol import Trial
from ..session import Session
from . import optimizers
from .run import Run, Sample, Want

TRIAL_STEPS = 30
BLOW_UP = 10.0  # times the first loss

Steps = Generator[Want, Sample | None, None]
"""A part of the plan: it yields what it wants of the next step, and is sent the sample, None if there is no step any more."""


def real_steps(run: Run, session: Session) -> Steps:
    """The losses of the script's own next steps, from the captured state."""
    run.rewind()
    losses: list[float] = []
    if run.passing is not None:
        while len(run.passing) < session.request.steps and session.remaining() > 0:
            run.found["losses"] = tuple(run.passing)
            if (yield Want(update=True)) is None:
                break
        run.found["losses"] = tuple(run.passing[: session.request.steps])
        return
    for _ in range(session.request.steps):
        sample = yield Want(update=True, cycle=True)
        if sample is None or session.remaining() <= 0:
            break
        losses.append(sample.loss)
        run.found["losses"] = tuple(losses)
        if not math.isfinite(sample.loss):
            break


def overfit(run: Run, session: Session) -> None:
    """The losses of steps on the captured batch, again and again: a model that can learn learns it by heart."""
    if not session.request.overfit:
        return
    if not run.can_replay or run.optimizer is None:
        session.note("one batch could not be overfitted: the step cannot be taken again on its batch")
        return
    run.restore()
    losses: list[float] = []
    for _ in range(session.request.overfit):
        if losses and not math.isfinite(losses[-1]):
            break
        if session.remaining() <= 0:
            session.note("training on one batch was cut short by the time limit")
            break
        run.entry.restore()
        losses.append(run.replay(run.layout.read(), Want(update=True)).loss)
    run.found["overfit"] = tuple(losses)


def sweep(run: Run, session: Session) -> Steps:
    """Learning rates from the captured state, on the captured batch where the step can be repeated, else on the next ones."""
    spectrum = run.found.get("spectrum")
    if not session.request.sweep:
        return
    if run.optimizer is None:
        session.note("no learning rates were tried: the script's own steps are not taken by an optimizer that the probe can set")
        return
    base = base_rate(run, spectrum.largest if spectrum else math.nan)
    if not (math.isfinite(base) and base > 0):
        session.note("no learning rates were tried: there is no predicted bound to begin from")
        return
    trials = []
    for multiple in session.request.sweep:
        run.restore()
        with optimizers.at_rate(run.optimizer, multiple * base):
            losses = yield from _trial(run, session)
        if session.remaining() <= 0 or not losses:
            session.note("the sweep was cut short by the time limit" if losses else "the script ended before the sweep did")
            break
        trials.append(Trial(multiple * base, tuple(losses), diverged(losses)))
    run.restore()
    run.found["sweep"] = tuple(trials)


def _trial(run: Run, session: Session) -> Generator[Want, Sample | None, list[float]]:
    losses: list[float] = []
    for _ in range(TRIAL_STEPS):
        if session.remaining() <= 0:
            break
        want = Want(update=True, cycle=True)
        sample = run.replay(run.layout.read(), want) if run.can_replay else (yield want)
        if sample is None:
            break
        losses.append(sample.loss)
        if not math.isfinite(sample.loss):
            break
    return losses


def diverged(losses: list[float]) -> bool:
    """Whether the losses blow up: not finite, far above the first, or above it and still rising at the end."""
    if not all(map(math.isfinite, losses)) or losses[-1] > BLOW_UP * abs(losses[0]):
        return True
    return len(losses) > 3 and losses[-1] > losses[0] and losses[-1] > losses[-2] > losses[-3]


def base_rate(run: Run, sharpness: float) -> float:
    """The rate at which gradient descent on the quadratic begins to diverge; the script's own for an adaptive optimizer.

    With momentum m: 2(1+m)/lambda; with Nesterov's 2(1+m)/((1+2m) lambda).
    """
    state = run.found.get("optimizer")
    if state is not None and optimizers.is_adaptive(run.name):
        return float(state.peak_learning_rate)
    momentum = state.settings.get("momentum", 0.0) if state is not None else 0.0
    nesterov = bool(state.settings.get("nesterov", 0.0)) if state is not None else False
    return 2 * (1 + momentum) / ((1 + 2 * momentum if nesterov else 1) * sharpness) if sharpness > 0 else math.nan
