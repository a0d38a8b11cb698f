"""The curvature at the start of a model whose data is not known: synthetic data of the declared or typical scale."""

from __future__ import annotations

from typing import NamedTuple

from trainlint.core import Evidence, Unknown
from trainlint.facts.graph import Node, walk
from trainlint.facts.run import OptimizerFacts, TrainingRun
from trainlint.stability.bound import StabilityBound
from trainlint.stability.case import Case, batch_in_words, premises, unit_factors
from trainlint.stability.curvature import curvature
from trainlint.stability.optimizers import DESCENT
from trainlint.stability.simulate import Settings
from trainlint.stability.synthetic import Synthetic
from trainlint.stability.twin.program import Problem, Program

SEEDS = 3
"""Draws of data and weights, of which the middle one counts."""

TOLERANCE = 1e-2
NORMALIZERS = frozenset({"batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm", "normalization"})
SQUARED = frozenset({"mean_squared_error", "square", "power", "huber", "smooth_l1"})
ENTROPY = frozenset(
    {
        "binary_crossentropy",
        "binary_cross_entropy_with_logits",
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
        "softmax_cross_entropy_with_logits",
        "sparse_softmax_cross_entropy_with_logits",
        "cross_entropy",
        "nll",
    }
)

FACTOR = 2.0
"""What an estimated sharpness may be off by: thresholds are this much higher than for a known one."""

THRESHOLDS = {"squared": (0.5, 1.0), "squared with momentum": (0.25, 1.0), "cross-entropy": (4.0, 20.0)}
"""rate * sharpness / 2 from which a run is near the edge, and from which it is unstable at the start (RULES section 3)."""


class Drawn(NamedTuple):
    """One draw of data and weights, and its sharpness [L/P^2]."""

    sharpness: float
    case: Case
    seed: int


def estimate(run: TrainingRun, graph: Node, optimizer: OptimizerFacts, settings: Settings) -> StabilityBound | Unknown:
    """The verdict from an estimated sharpness: a warning at most. Raises `RefusalError` for what cannot be imitated."""
    if settings.name not in DESCENT:
        return Unknown("the numbers of the data are not known, and without them this optimizer is not judged", run.place)
    found: list[Drawn] = []
    assumed: tuple[str, ...] = ()
    for seed in range(SEEDS):
        supply = Synthetic(graph, seed)
        program = Program(graph, aligns=run.framework == "keras", supply=supply)
        if program.dimension == 0:
            return Unknown("the loss depends on no trainable weight", run.place)
        if not program.start_is_known or not program.constants_are_known:
            return Unknown("the initial weights are not known", run.place)
        case = Case(run, optimizer, settings, program, program.problem(seed))
        found.append(Drawn(_sharpness(case, case.problem), case, seed))
        assumed = tuple(dict.fromkeys(supply.assumed))
    found.sort(key=lambda one: one.sharpness)
    return _bound(run, found[SEEDS // 2], assumed)


def _sharpness(case: Case, problem: Problem) -> float:
    """At the initial weights; for a cross-entropy of a linear model at zero weights, where it is largest but for a factor."""
    start = problem.start
    linear = case.program.prediction_degree <= 1 and kind_of(case) == "cross-entropy"
    return curvature(problem, 0 * start if linear else start, tolerance=TOLERANCE).largest


def kind_of(case: Case) -> str | None:
    """The row of the table: by the loss in the graph, and momentum; None for losses that it does not have."""
    ops = {step.node.op for step in case.program.steps}
    if ops & ENTROPY:
        return "cross-entropy"
    if ops & SQUARED:
        return "squared with momentum" if case.settings.momentum else "squared"
    return None


def _bound(run: TrainingRun, middle: Drawn, assumed: tuple[str, ...]) -> StabilityBound | Unknown:
    sharpness, case, seed = middle
    if not sharpness > 0:
        return Unknown("the loss does not curve at the initial weights", run.place)
    rate, decay = case.settings.rate, case.settings.decay
    bound = 2 / (sharpness + decay)
    factors, magnitude = unit_factors(case)
    unit = _sharpness(case, case.program.problem(seed, factors)) if factors else None
    normalised = any(node.op in NORMALIZERS for node in walk(case.program.steps[-1].node))
    words = ("normalisation layers cancel the scale of the inputs",) if normalised else ()
    return StabilityBound(
        sharpness=sharpness,
        max_learning_rate=bound,
        learning_rate=rate,
        ratio=rate / bound,
        growth_per_step=None,
        evidence=Evidence.ESTIMATED,
        method=f"curvature at the initial weights on {case.problem.rows} synthetic rows",
        verdict="not_judged" if normalised or case.not_constant else verdict_of(kind_of(case), rate / bound),
        best_learning_rate=1 / sharpness,
        unit_scale_max_learning_rate=2 / (unit + decay) if unit is not None and unit > 0 else None,
        input_magnitude=magnitude,
        batch=batch_in_words(case),
        premises=(*premises(case), *assumed, *words),
        bound_formula="2/λ at the start",
    )


def verdict_of(kind: str | None, ratio: float) -> str:
    """stable, near_edge or unstable_at_start for rate * estimated sharpness / 2; not_judged for other losses."""
    if kind is None:
        return "not_judged"
    near, beyond = THRESHOLDS[kind]
    return "unstable_at_start" if ratio > FACTOR * beyond else "near_edge" if ratio > FACTOR * near else "stable"
