"""The learning rate of each update under a schedule."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from trainlint.core import Fact, Unknown
from trainlint.facts.once import once_a_run
from trainlint.facts.passes import innermost_loop, same_frame
from trainlint.facts.run import TrainingRun
from trainlint.interpret.events import Frame

LONGEST = 50_000
"""Updates that are followed; a run that has not come below the bound by then will not be saved by what follows."""

RateAt = Callable[[Mapping[str, Any], float, int], float]


class RatesOverRun(NamedTuple):
    """The rate of each of the `unit` that a run has: "updates", or "epochs" where nothing tells how many updates one has."""

    rates: list[float]
    unit: str


def rates_of(run: TrainingRun) -> list[float]:
    """The rate of each update, at most `LONGEST`; empty where schedule, first rate or length are not known."""
    per_update, updates = _updates_between(run), run.updates
    if not updates or not per_update:
        return []
    count = min(updates, LONGEST)
    rates = _rates(run, -(-count // per_update))
    return [rate for rate in rates for _ in range(per_update)][:count]


@once_a_run
def rates_over_run(run: TrainingRun) -> RatesOverRun | None:
    """The rates of a whole run; None where they are not known, or there are more than `LONGEST`."""
    if run.updates is not None:
        rates, unit = rates_of(run) if run.updates <= LONGEST else [], "updates"
    elif _updates_between(run) is None and isinstance(run.epochs, Fact) and _moves_each_epoch(run):
        rates, unit = _rates(run, min(run.epochs.value, LONGEST)), "epochs"
    else:
        return None
    return RatesOverRun(rates, unit) if rates else None


def _rates(run: TrainingRun, steps: int) -> list[float]:
    """The rate at each of so many steps of the schedule."""
    schedule, optimizer = run.schedule, run.optimizer
    if schedule is None or isinstance(optimizer, Unknown) or not isinstance(optimizer.learning_rate, Fact):
        return []
    rate_at, first = RATES.get(schedule.name), optimizer.learning_rate.value
    if rate_at is None:
        return []
    try:
        return [rate_at(schedule.parameters, first, step) for step in range(steps)]
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError):
        return []  # a parameter that is not known, or that the library would refuse


def _updates_between(run: TrainingRun) -> int | None:
    """Updates for each step of the schedule: 1 for Keras; in PyTorch as the loop calls it."""
    if run.framework == "keras":
        return 1
    if not _loops(run):
        return None
    if not _moves_each_epoch(run):
        return 1
    return run.steps_per_epoch.value if isinstance(run.steps_per_epoch, Fact) else None


def _moves_each_epoch(run: TrainingRun) -> bool:
    """Whether a loop of PyTorch steps the schedule elsewhere than in the loop that steps the optimizer."""
    loops = _loops(run)
    return bool(loops) and not (loops[0] is not None and loops[1] is not None and same_frame(loops[0], loops[1]))


def _loops(run: TrainingRun) -> tuple[Frame | None, ...]:
    """The innermost loops around the first step of the optimizer, and of the schedule; nothing if there are no such steps."""
    first = [next((event for event in run.events if event.kind == kind), None) for kind in ("step", "scheduler_step")]
    return tuple(innermost_loop(event) for event in first if event is not None) if None not in first else ()


def _exponential(p: Mapping[str, Any], first: float, step: int) -> float:
    if "gamma" in p:
        return float(first * p["gamma"] ** step)
    passed = step / p["decay_steps"]
    return float(first * p["decay_rate"] ** (math.floor(passed) if p.get("staircase") is True else passed))


def _inverse_time(p: Mapping[str, Any], first: float, step: int) -> float:
    passed = step / p["decay_steps"]
    return float(first / (1 + p["decay_rate"] * (math.floor(passed) if p.get("staircase") is True else passed)))


def _polynomial(p: Mapping[str, Any], first: float, step: int) -> float:
    length, end = (p["decay_steps"], p["end_learning_rate"]) if "decay_steps" in p else (p["total_iters"], 0.0)
    if p.get("cycle") is True:
        raise ValueError("cycles are not followed")
    return float((first - end) * (1 - min(step, length) / length) ** p["power"] + end)


def _piecewise(p: Mapping[str, Any], _first: float, step: int) -> float:
    return float(p["values"][sum(step > one for one in p["boundaries"])])


def _cosine(p: Mapping[str, Any], first: float, step: int) -> float:
    if "T_max" in p:
        return float(p["eta_min"] + (first - p["eta_min"]) * (1 + math.cos(math.pi * step / p["T_max"])) / 2)
    if p.get("warmup_target") is not None:
        raise ValueError("a warm-up is not followed")
    share = min(step, p["decay_steps"]) / p["decay_steps"]
    return float(first * ((1 - p["alpha"]) * (1 + math.cos(math.pi * share)) / 2 + p["alpha"]))


def _steps(p: Mapping[str, Any], first: float, step: int) -> float:
    return float(first * p["gamma"] ** (step // p["step_size"]))


def _milestones(p: Mapping[str, Any], first: float, step: int) -> float:
    return float(first * p["gamma"] ** bisect_right(sorted(p["milestones"]), step))


def _one_cycle(p: Mapping[str, Any], _first: float, step: int) -> float:
    total = p["total_steps"] if p.get("total_steps") is not None else p["epochs"] * p["steps_per_epoch"]
    if p.get("three_phase") is True or p.get("anneal_strategy", "cos") != "cos":
        raise ValueError("only the default cycle is followed")
    top, start = p["max_lr"], p["max_lr"] / p["div_factor"]
    end, turn = start / p["final_div_factor"], p["pct_start"] * total - 1
    low, share = (start, step / turn) if step <= turn else (end, 1 - (step - turn) / (total - 1 - turn))
    return float(low + (top - low) * (1 - math.cos(math.pi * share)) / 2)


RATES: dict[str, RateAt] = {
    "exponential_decay": _exponential,
    "inverse_time_decay": _inverse_time,
    "inverse_time": _inverse_time,
    "polynomial_decay": _polynomial,
    "polynomial": _polynomial,
    "piecewise_constant": _piecewise,
    "cosine": _cosine,
    "step": _steps,
    "multi_step": _milestones,
    "one_cycle": _one_cycle,
}
"""The rate at a step of each schedule, from its parameters and the first rate, as the libraries document them."""
