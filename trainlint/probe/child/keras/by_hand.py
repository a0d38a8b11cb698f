"""Loops that move their weights themselves (`W.assign_sub(rate * gradient)`): the step shows when the next tape is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...protocol import OptimizerState
from .randomness import Entry
from .run import Run, Sample, State, sample_of
from .vectors import Layout, array

if TYPE_CHECKING:
    from .driver import Driver, Recorder

STRAIGHT = 1e-3  # how far, relatively, a step may lie from the gradient's line and still be plain gradient descent


def gradient_computed(driver: Driver) -> None:
    """Keep the values of the variables that the last gradient is by."""
    if driver.run is None and driver.recorder is not None and driver.recorder.records:
        record = driver.recorder.records[-1]
        if all(hasattr(one, "assign") for one in record.sources):
            record.values = [array(one) for one in record.sources]


def tape_entered(driver: Driver) -> None:
    """Begin a run, or go on with it, if weights have moved since the last gradient."""
    recorder, run = driver.recorder, driver.run
    if recorder is None or not recorder.records:
        return
    if run is None:
        _begin(driver, recorder)
    elif run.optimizer is None:
        update = driver.want.update
        sample = sample_of_run(run, recorder)
        if sample is None:
            return
        if not update:
            run.layout.assign(run.start)
        driver.advance(sample)
    elif not any(one.covers(run.layout.variables) for one in recorder.records) and not driver.gone_on():
        del recorder.records[:-1]


def sample_of_run(run: Run, recorder: Recorder) -> Sample | None:
    """What was recorded since the run's last step."""
    records = recorder.take(run.layout.variables)
    return sample_of(records, run.layout, [None] * len(run.layout.variables), 1.0) if records else None


def _begin(driver: Driver, recorder: Recorder) -> None:
    last = recorder.records[-1]
    pairs = [(one, grad) for one, grad in zip(last.sources, last.gradients, strict=True) if grad is not None]
    if last.values is None or any(id(one) in driver.done for one, _ in pairs):
        return
    layout = Layout([one for one, _ in pairs])
    known = dict(zip(map(id, last.sources), last.values, strict=True))
    start = layout.flatten([known[id(one)] for one in layout.variables])
    end = layout.read()
    if not np.any(end != start):
        return  # the script adds up gradients, or has not moved yet
    records = [one for one in recorder.take(layout.variables) if one.values is not None]
    first = sample_of(records[-1:], layout, [grad for _, grad in pairs], 1.0)
    run = Run(
        optimizer=None,
        variables=layout.variables,
        layout=layout,
        first=first,
        gradients=[grad for _, grad in pairs],
        apply=lambda: layout.assign(end),
        entry=driver.entry or Entry(),
        seen=driver.seen,
        state=State(driver.state_of(None, layout.variables)),
        start=start,
    )
    driver.begin_by_hand(run)
    state = _state(end - start, first.gradient)
    if state is not None:
        run.found["optimizer"] = state
    if driver.run is run and not driver.want.update:
        layout.assign(start)


def _state(change: Any, gradient: Any) -> OptimizerState | None:
    """Plain gradient descent with its rate, if the weights moved along the gradient."""
    square = float(gradient @ gradient)
    rate = -float(change @ gradient) / square if square > 0 else 0.0
    if rate > 0 and np.linalg.norm(change + rate * gradient) <= STRAIGHT * np.linalg.norm(change):
        return OptimizerState("SGD", rate, rate, {})
    return None
