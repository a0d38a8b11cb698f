"""The verdict on one run: the table of what is proved, simulated or not judged."""

from __future__ import annotations

import math

import numpy as np

from trainlint.core import Evidence, Unknown
from trainlint.facts.graph import Node
from trainlint.facts.run import OptimizerFacts, TrainingRun
from trainlint.stability import bounds
from trainlint.stability.bound import StabilityBound
from trainlint.stability.bounds import Descent
from trainlint.stability.budget import Purse
from trainlint.stability.case import Case, overflow_step, premises, unit_scale
from trainlint.stability.curvature import Curvature, curvature
from trainlint.stability.estimate import estimate
from trainlint.stability.minibatch import minibatch
from trainlint.stability.optimizers import DESCENT, evidence_of, formula_of, settings_of
from trainlint.stability.trial import trial
from trainlint.stability.twin.operation import NumbersUnknownError, RefusalError, TooMuchWorkError
from trainlint.stability.twin.program import Program
from trainlint.stability.twin.rearranging import RANDOM
from trainlint.stability.updates import Settings

ASSUMED_UPDATES = 100
"""The length of a run whose length is not known, where the growth over the whole run is asked for."""

LARGE_ARRAY = 2**21 + 2**20
"""Numbers (24 MiB) of an array that is given back untouched before anything is computed: from then on glibc keeps freed memory
up to twice that size. It would else return each array above 128 KiB to the system, whose fresh pages take longer than what is
computed in them."""

NOTICEABLE = 10.0
"""A loss that grows by less than this over the whole run is a slow divergence."""


def judge(run: TrainingRun) -> StabilityBound | Unknown:
    """The bound and verdict of a run; Unknown with the reason where it has none. See RULES: the stability bound."""
    optimizer = run.optimizer
    if isinstance(optimizer, Unknown):
        return Unknown(f"the optimizer is not known: {optimizer.reason}", optimizer.place)
    settings = settings_of(optimizer)
    if isinstance(settings, Unknown):
        return settings
    if run.loss_graph is None:
        return _not_followed(run)
    np.empty(LARGE_ARRAY)
    try:
        with np.errstate(all="ignore"):
            return _judged_or_estimated(run, run.loss_graph, optimizer, settings)
    except RefusalError as refusal:
        return Unknown(str(refusal), run.place)
    except (
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        MemoryError,
    ) as error:
        # Shapes that do not fit each other, which is the script's fault, end here.
        return Unknown(f"the computation does not fit its data ({error!s:.80})", run.place)


def _judged_or_estimated(
    run: TrainingRun, graph: Node, optimizer: OptimizerFacts, settings: Settings
) -> StabilityBound | Unknown:
    purse = Purse(run)
    try:
        return _judged(run, graph, optimizer, settings, purse)
    except (NumbersUnknownError, TooMuchWorkError) as refusal:
        if settings.name not in DESCENT:
            return Unknown(f"{refusal}; without that this optimizer is not judged", run.place)
        return estimate(run, graph, optimizer, settings, purse)


def _not_followed(run: TrainingRun) -> Unknown:
    for part, what in ((run.model, "model"), (run.loss, "loss")):
        if isinstance(part, Unknown):
            return Unknown(f"the {what} is not known: {part.reason}", part.place)
    return Unknown("the loss could not be followed down to the data", run.place)


def _judged(
    run: TrainingRun, graph: Node, optimizer: OptimizerFacts, settings: Settings, purse: Purse
) -> StabilityBound | Unknown:
    program = Program(graph, aligns=run.framework == "keras", allowed=purse.largest_evaluation)
    if program.dimension == 0:
        return Unknown("the loss depends on no trainable weight", run.place)
    if not program.constants_are_known:
        return Unknown("frozen weights are not known", run.place)
    if any(step.node.op in RANDOM for step in program.steps):
        raise NumbersUnknownError("the network draws random numbers for what it is given")
    case = Case(run, optimizer, settings, program, program.problem(0), purse)
    if program.samples is not None and isinstance(run.batch_size, Unknown):
        return Unknown(f"the batch size is not known: {run.batch_size.reason}", run.batch_size.place)
    if settings.name in DESCENT and program.degree <= 2:
        return quadratic(case)
    if not program.targets_are_known:
        return Unknown("the numbers of the targets are not known", run.place)
    return trial(case)


def quadratic(case: Case) -> StabilityBound | Unknown:
    """Gradient descent on a quadratic loss whose data is known."""
    problem = case.drawn(0)
    found = curvature(problem, problem.start, purse=case.purse)
    if found.lowest < -1e-7 * abs(found.largest):
        return Unknown("the loss has no lowest point", case.run.place)
    if not found.largest > 0:
        return Unknown("the loss is linear in the weights, so that no step is too large", case.run.place)
    if case.batch is not None:
        return minibatch(case, found)
    return _full_batch(case, found)


def _full_batch(case: Case, found: Curvature) -> StabilityBound:
    settings, method, run = case.settings, case.method, case.run
    largest = bounds.gradient_descent_bound(found.largest, method)
    growth = bounds.growth_per_step(settings.rate, found.largest, method)
    magnitude, unit = unit_scale(case)
    return StabilityBound(
        sharpness=found.largest,
        max_learning_rate=largest,
        learning_rate=settings.rate,
        ratio=settings.rate / largest,
        growth_per_step=growth,
        evidence=evidence_of(case.optimizer, run.batch_size) if found.settled else Evidence.ESTIMATED,
        method=f"exact Hessian of the quadratic loss, {case.program.dimension} parameter{'s' * (case.program.dimension != 1)}",
        verdict="not_judged" if case.not_constant else _full_batch_verdict(case, found, largest, growth),
        best_learning_rate=_best(found, method),
        unit_scale_max_learning_rate=None if unit is None else bounds.gradient_descent_bound(unit, method),
        input_magnitude=magnitude,
        first_non_finite_step=overflow_step(case, growth),
        batch="full batch",
        premises=premises(case),
        bound_formula=formula_of(method),
    )


def _full_batch_verdict(case: Case, found: Curvature, largest: float, growth: float) -> str:
    settings = case.settings
    if settings.rate > largest:
        updates = case.run.updates or ASSUMED_UPDATES
        return "diverges" if updates * math.log(max(growth, 1.0)) >= math.log(NOTICEABLE) else "slow_divergence"
    q = settings.rate * (1 - settings.dampening) * found.largest
    return "rises_first" if settings.momentum and not settings.nesterov and q > 2 else "stable"


def _best(found: Curvature, method: Descent) -> float:
    """The rate of fastest convergence of plain descent, 2/(largest + smallest eigenvalue); with momentum 1/sharpness."""
    decay = method.decay
    if method.momentum == 0 and found.smallest is not None:
        return 2 / (found.largest + found.smallest + 2 * decay)
    return 1 / (found.largest + decay)
