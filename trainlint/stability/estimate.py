"""The curvature at the start of a model whose data is not known: synthetic data of the declared or typical scale."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trainlint.core import Evidence, Unknown
from trainlint.facts.graph import Node, walk
from trainlint.facts.run import OptimizerFacts, TrainingRun
from trainlint.stability.bound import StabilityBound
from trainlint.stability.budget import allowance, of_curvature, of_product
from trainlint.stability.case import Case, batch_in_words, premises, unit_factors
from trainlint.stability.curvature import curvature
from trainlint.stability.optimizers import DESCENT
from trainlint.stability.simulate import Settings
from trainlint.stability.synthetic import Synthetic
from trainlint.stability.twin.problem import Problem
from trainlint.stability.twin.program import Program

SEEDS = 3
"""Draws of data and weights, of which the middle one counts; fewer where the time does not allow them."""

ROWS = (128, 96, 64, 48, 32, 24, 16, 12, 8, 6, 4, 2)
"""How many rows are tried, the most that the time allows."""

FEWEST = 1
"""Rows of a half on which a curvature is computed."""

PROBED = 2
"""Rows from which the cost of others is told."""

TOLERANCE = 2e-2
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
    assumed: tuple[str, ...]


def estimate(run: TrainingRun, graph: Node, optimizer: OptimizerFacts, settings: Settings) -> StabilityBound | Unknown:
    """The verdict from an estimated sharpness: a warning at most. Raises `RefusalError` for what cannot be imitated."""
    if settings.name not in DESCENT:
        return Unknown("the numbers of the data are not known, and without them this optimizer is not judged", run.place)
    first = imitation(run, graph, 0, PROBED)[0]
    if first.dimension == 0:
        return Unknown("the loss depends on no trainable weight", run.place)
    if not first.start_is_known or not first.constants_are_known:
        return Unknown("the initial weights are not known", run.place)
    rows, seeds = affordable(first, rows_of(graph), allowance(run.order))
    if rows is None:
        earlier = ", after the runs before it," if run.order else ""
        return Unknown(f"the model is too large for its curvature to be estimated{earlier} in the time that one script may take")
    found: list[Drawn] = []
    for seed in range(seeds):
        program, assumed = imitation(run, graph, seed, rows)
        case = Case(run, optimizer, settings, program, program.problem(seed))
        found.append(Drawn(_sharpness(case, case.problem), case, seed, assumed))
    found.sort(key=lambda one: one.sharpness)
    return _bound(run, found[seeds // 2])


def imitation(run: TrainingRun, graph: Node, seed: int, rows: int) -> tuple[Program, tuple[str, ...]]:
    """The program on synthetic data, and what that data assumes; of known data evenly spaced rows."""
    samples = known_rows(graph)
    taken = None if samples is None else np.linspace(0, samples - 1, min(rows, samples)).astype(np.int64)
    supply = Synthetic(graph, seed, rows if taken is None else len(taken))
    program = Program(graph, aligns=run.framework == "keras", supply=supply, rows=taken)
    return program, tuple(dict.fromkeys(supply.assumed))


def known_rows(graph: Node) -> int | None:
    """The rows of data whose numbers are known; None if there are none."""
    counts = [len(one.data) for one in batched(graph) if one.data is not None and one.data.ndim]
    return min(counts, default=None)


def rows_of(graph: Node) -> int:
    """Rows that are worth drawing: two for each number of a row, but no more than there are."""
    shapes = [one.shape or () for one in batched(graph)]
    there = [shape[0] for shape in shapes if shape and shape[0]]
    widest = max((math.prod(size or 1 for size in shape[1:]) for shape in shapes), default=1)
    return max(1, min([*there, known_rows(graph) or ROWS[0], max(64, 2 * widest), ROWS[0]]))


def batched(graph: Node) -> list[Node]:
    """The data leaves that mini-batches are drawn from."""
    return [node for node in walk(graph) if node.op == "data" and node.attributes.get("batched")]


def affordable(program: Program, wanted: int, allowed: float) -> tuple[int | None, int]:
    """How many rows, and draws of them, fit into some number of multiplications."""
    for rows in (wanted, *(one for one in ROWS if one < wanted)):
        cost = of_curvature(program, TOLERANCE, max(1, rows // 2)) + of_product(program, max(1, rows // 2))
        if cost <= allowed:
            return rows, int(min(SEEDS, allowed / cost))
    return None, 0


def _sharpness(case: Case, problem: Problem) -> float:
    """At the initial weights; for a cross-entropy of a linear model at zero weights, where it is largest but for a factor.

    On few rows the largest eigenvalue is too large, as its direction is fitted to them; along that direction other rows
    curve too little. Of the curvature of all rows the first is a bound from above and the second one from below (in the mean
    over draws): the geometric mean of both is taken, and the smaller the data, the nearer to the first.
    """
    narrow = problem.reduced(rough=True)
    linear = case.program.prediction_degree <= 1 and kind_of(case) == "cross-entropy"
    start = 0 * narrow.start if linear else narrow.start
    samples = case.program.samples
    if samples is None or samples < 2 * FEWEST:
        return curvature(narrow, start, tolerance=TOLERANCE).largest
    fitted, others = np.arange(0, samples, 2), np.arange(1, samples, 2)
    found = curvature(narrow, start, fitted, tolerance=TOLERANCE)
    along = float(found.direction @ narrow.hessian_vector(start, found.direction, others))
    whole = math.sqrt(found.largest * min(max(along, 0.01 * found.largest), found.largest)) if found.largest > 0 else 0.0
    there = _samples(case.run)
    return whole + (found.largest - whole) * min(1.0, len(fitted) / there) if there else whole


def _samples(run: TrainingRun) -> int | None:
    """The rows that the script trains on, where they are known."""
    return run.inputs.samples


def kind_of(case: Case) -> str | None:
    """The row of the table: by the loss in the graph, and momentum; None for losses that it does not have."""
    ops = {step.node.op for step in case.program.steps}
    if ops & ENTROPY:
        return "cross-entropy"
    if ops & SQUARED:
        return "squared with momentum" if case.settings.momentum else "squared"
    return None


def _bound(run: TrainingRun, middle: Drawn) -> StabilityBound | Unknown:
    sharpness, case, seed, assumed = middle
    if not sharpness > 0:
        return Unknown("the loss does not curve at the initial weights", run.place)
    rate, decay = case.settings.rate, case.settings.decay
    bound = 2 / (sharpness + decay)
    factors, magnitude = unit_factors(case)
    factors = factors if rate >= bound else {}
    unit = _sharpness(case, case.program.problem(seed, factors)) if factors else None
    normalised = any(node.op in NORMALIZERS for node in walk(case.program.steps[-1].node))
    words = ("normalisation layers cancel the scale of the inputs",) if normalised else ()
    made = "" if known_rows(case.program.steps[-1].node) else "synthetic "
    return StabilityBound(
        sharpness=sharpness,
        max_learning_rate=bound,
        learning_rate=rate,
        ratio=rate / bound,
        growth_per_step=None,
        evidence=Evidence.ESTIMATED,
        method=f"curvature at the initial weights on {case.program.rows} {made}rows",
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
