"""What a judgement starts from, and what every kind of judgement computes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Fact
from trainlint.facts.queries import clips
from trainlint.facts.rates import rates_of
from trainlint.facts.run import OptimizerFacts, TrainingRun
from trainlint.stability import bounds
from trainlint.stability.bounds import Descent
from trainlint.stability.budget import GRADIENT, Purse
from trainlint.stability.curvature import curvature
from trainlint.stability.optimizers import descent_of
from trainlint.stability.simulate import (
    BLOWN_UP,
    CHECKS,
    HOPELESS,
    Outcome,
    beside_evaluations,
    evaluations,
    full,
    shuffled,
    train,
)
from trainlint.stability.twin.operation import TooMuchWorkError
from trainlint.stability.twin.problem import Problem, Rows
from trainlint.stability.twin.program import Program
from trainlint.stability.twin.rearranging import NOTES
from trainlint.stability.updates import Settings

STARTS = 5
"""Draws of the initial weights and of the order of the rows."""

STEPS = 2_000
"""The most updates that are simulated."""

FEWER, FEWEST_STEPS = 3, 40
"""Draws where five are too many for the time; updates without which nothing is said."""

MOST = 4
"""So many of five runs must blow up for a divergence, and all of three; two or three are a warning."""


class Case(NamedTuple):
    """What a judgement starts from: everything known, the weights drawn once, and what may still be computed."""

    run: TrainingRun
    optimizer: OptimizerFacts
    settings: Settings
    program: Program
    problem: Problem
    purse: Purse

    @property
    def method(self) -> Descent:
        """The optimizer as gradient descent."""
        return descent_of(self.settings)

    @property
    def batch(self) -> int | None:
        """Rows of a step where they are fewer than all, None for the full batch."""
        if self.program.samples is None or not isinstance(self.run.batch_size, Fact):
            return None
        size = max(1, self.run.batch_size.value)
        return size if size < self.program.samples else None

    @property
    def rows_of_step(self) -> int | None:
        """Rows of a step; None where they are not known. The run's own count: a twin of made-up data has fewer."""
        size = self.run.batch_size.value if isinstance(self.run.batch_size, Fact) else None
        there = self.run.inputs.samples or (None if self.program.imitates else self.program.samples)
        return there if size is None or (there and there < size) else max(1, size)

    def drawn(self, seed: int, factors: dict[int, float] | None = None) -> Problem:
        """The loss of one batch on average, at one draw of the weights."""
        problem = self.problem if seed == 0 and not factors else self.program.problem(seed, factors)
        return problem.for_batches(self.rows_of_step)

    @property
    def not_constant(self) -> str | None:
        """Why the step is not simply lr times the gradient, in words."""
        if self.run.schedule is not None:
            return f"the learning rate follows a schedule ({self.run.schedule.name})"
        return "gradients are clipped" if clips(self.optimizer) else None

    @property
    def not_followed(self) -> str | None:
        """Why the step cannot be repeated, in words: a schedule or a threshold of clipping that is not known."""
        clip = self.settings.clip
        if self.run.schedule is not None and not rates_of(self.run):
            return self.not_constant
        return "gradients are clipped" if clip is not None and not clip[1] > 0 else None


def batch_in_words(case: Case) -> str:
    """The batch of a step: 'full batch' or 'batches of 32'. The run's rows count, which may be more than the twin's."""
    size = case.run.batch_size
    if case.run.full_batch is False and isinstance(size, Fact):
        return f"batches of {size.value}"
    return "full batch" if case.batch is None else f"batches of {case.batch}"


def keeps_last_batch(case: Case) -> bool:
    """Whether the rows left over at the end of an epoch make a step of their own."""
    samples, batch, steps = case.program.samples or 1, case.batch or 1, case.run.steps_per_epoch
    return not (isinstance(steps, Fact) and samples % batch and steps.value == samples // batch)


class Simulation(NamedTuple):
    """How many of how many simulated runs diverge, as few as decide, their length, and the loss [L] of the middle one.

    `high` more are not followed to their end, and are above `BLOWN_UP` times their first loss where they are left.
    """

    blown: int
    runs: int
    steps: int
    first: float = math.nan
    last: float = math.nan
    high: int = 0

    @property
    def diverges(self) -> bool:
        """Whether nearly all runs blow up."""
        return self.blown >= min(MOST, max(FEWER, self.runs))

    @property
    def unstable(self) -> bool:
        """Whether several runs blow up, or are far above their start where they are left."""
        return self.blown + self.high >= 2

    @property
    def in_words(self) -> str:
        """What was found."""
        reached = f", the loss goes from {self.first:.3g} to {self.last:.3g}" if math.isfinite(self.last) else ""
        return f"{self.blown} of {self.runs} simulated runs of up to {self.steps} updates diverge{reached}"


def _cost_of_training(case: Case) -> tuple[float, float]:
    """The multiplications of one update, and of looking at the loss over all rows in the course of one run."""
    looks = (CHECKS + 2) * case.program.cost() if case.batch is not None else 0.0
    beside = beside_evaluations(case.settings, case.program.dimension)
    return GRADIENT * case.program.cost(case.batch) * evaluations(case.settings) + beside, looks


def half_beside_training(case: Case) -> float:
    """What may be spent beside `simulated`: half, and no more than leaves the fewest runs and updates."""
    each, looks = _cost_of_training(case)
    fewest = FEWER * (min(FEWEST_STEPS, case.run.updates or FEWEST_STEPS) * each + looks)
    return min(case.purse.left / 2, case.purse.left - fewest)


def simulated(case: Case, kept: float = 0.0) -> Simulation:
    """Train with the script's own data, batches, optimizer, clipping and schedule; `kept` stays in the purse.

    No runs where the fewest updates cost too much.
    """
    wanted = min(STEPS, case.run.updates or STEPS)
    each, looks = _cost_of_training(case)
    most = {starts: int(min(wanted, ((case.purse.left - kept) / starts - looks) / each)) for starts in (STARTS, FEWER)}
    starts = next((one for one, steps in most.items() if steps >= min(wanted, FEWEST_STEPS)), 0)
    if not starts:
        return Simulation(0, 0, 0)
    steps = most[starts]
    case.purse.pay(starts * (steps * each + looks))
    rates, outcomes = rates_of(case.run), list[Outcome]()
    blown_up = BLOWN_UP if steps >= wanted else HOPELESS  # a run that is not followed to its end may come back
    for seed in range(starts):
        problem = case.problem if seed == 0 else case.program.problem(seed)
        outcomes.append(train(problem, case.settings, batches_of(case, seed), steps, rates, blown_up=blown_up))
        blown = sum(one.diverged for one in outcomes)
        if MOST in (blown, len(outcomes) - blown):
            break
    middle = sorted(outcomes, key=lambda one: one.last)[len(outcomes) // 2]
    high = sum(not one.diverged and one.last > BLOWN_UP * one.first for one in outcomes)
    losses = (middle.first, middle.last) if case.program.targets_are_known else (math.nan, math.nan)
    return Simulation(blown, len(outcomes), steps, *losses, high)


def batches_of(case: Case, seed: int) -> Iterator[Rows | None]:
    """The rows of each step."""
    if case.batch is None:
        return full()
    return shuffled(case.program.samples or 1, case.batch, keep_last=keeps_last_batch(case), seed=seed)


def unit_scale(case: Case) -> tuple[float | None, float | None]:
    """The largest magnitude of the inputs where they meet the weights, and the sharpness were they divided by it.

    None for the second where it is not curved, or cannot be afforded any more.
    """
    factors, magnitude = unit_factors(case)
    if not factors:
        return magnitude, None
    problem = case.drawn(0, factors)
    try:
        return magnitude, curvature(problem, problem.start, purse=case.purse).largest or None
    except TooMuchWorkError:
        return magnitude, None


def unit_factors(case: Case) -> tuple[dict[int, float], float | None]:
    """What to multiply each input by for a largest magnitude of 1, and that magnitude; nothing if there is no such input."""
    entries = {index: value for index in case.program.entries() if (value := case.problem.fixed(index)) is not None}
    magnitude = max((float(abs(value).max(initial=0.0)) for value in entries.values()), default=0.0)
    if not 0 < magnitude < math.inf:
        return {}, None
    return dict.fromkeys(entries, 1 / magnitude), magnitude


def overflow_step(case: Case, growth: float) -> int | None:
    """The step at which float32 overflows, from the middle one of the losses at several starts."""
    if not growth > 1 or not case.program.targets_are_known:
        return None
    losses = sorted(_first_loss(case, seed) for seed in range(STARTS))
    return bounds.first_non_finite_step(losses[len(losses) // 2], case.program.summed, growth)


def _first_loss(case: Case, seed: int) -> float:
    problem = case.drawn(seed)
    return problem.loss(problem.start)


def premises(case: Case) -> tuple[str, ...]:
    """The assumptions behind a verdict, in words."""
    found: list[str] = []
    rate = case.optimizer.learning_rate
    if isinstance(rate, Fact):
        found.extend(rate.why)
    if case.not_constant:
        found.append(case.not_constant)
    if not case.program.targets_are_known:
        quadratic = case.program.degree <= 2
        found.append(
            "the targets are not known" + ("; the curvature does not depend on them" if quadratic else " and taken for zeros")
        )
    ops = dict.fromkeys(step.node.op for step in case.program.steps)
    found.extend(NOTES[op] for op in ops if op in NOTES and (op != "masking" or case.program.imitates))
    if case.rows_of_step and case.problem.adds_rows:
        found.append(f"the loss adds over the {case.rows_of_step} rows of a step")
    if case.run.updates is None:
        found.append("the number of updates is not known")
    return tuple(found)
