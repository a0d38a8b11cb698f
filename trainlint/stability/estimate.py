"""The curvature at the start of a model whose data is not known: synthetic data of the declared or typical scale."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trainlint.core import Evidence, Unknown
from trainlint.facts.graph import Node, walk
from trainlint.facts.run import OptimizerFacts, TrainingRun
from trainlint.stability.bound import StabilityBound
from trainlint.stability.budget import allowance, ceiling, of_curvature, of_product
from trainlint.stability.case import Case, batch_in_words, premises, unit_factors
from trainlint.stability.curvature import curvature
from trainlint.stability.optimizers import DESCENT
from trainlint.stability.synthetic import Synthetic
from trainlint.stability.twin.operation import Tensor
from trainlint.stability.twin.problem import Problem
from trainlint.stability.twin.program import Program
from trainlint.stability.updates import Settings

SEEDS = 5
"""Draws of data and weights, of which the middle one counts; fewer where the time does not allow them."""

ROWS = (64, 48, 32, 24, 16, 12, 8, 6, 4, 2)
"""How many rows are tried, the most that the time allows."""

UNSCALED = 5.0
"""Root mean square of inputs from which a bounded activation or a softmax is taken for saturated."""

LEAST_SHARE = 0.03
"""Of the curvature that one half of the rows sees, the least that the other half is taken to see."""

PROBED = 2
"""Rows from which the cost of others is told."""

TOLERANCE = 2e-2
BOUNDED = frozenset({"tanh", "sigmoid", "hard_sigmoid", "softsign", "lstm", "gru", "simple_rnn", "softmax"})
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
    rough: bool


def estimate(run: TrainingRun, graph: Node, optimizer: OptimizerFacts, settings: Settings) -> StabilityBound | Unknown:
    """The verdict from an estimated sharpness: a warning at most. Raises `RefusalError` for what cannot be imitated."""
    if settings.name not in DESCENT:
        return Unknown("the numbers of the data are not known, and without them this optimizer is not judged", run.place)
    first = imitation(run, graph, 0, PROBED)[0]
    if first.dimension == 0:
        return Unknown("the loss depends on no trainable weight", run.place)
    if not first.start_is_known or not first.constants_are_known:
        return Unknown("the initial weights are not known", run.place)
    rows, seeds = affordable(first, rows_of(graph), allowance(run))
    if rows is None:
        earlier = ", after the runs before it," if run.order else ""
        reason = f"the model is too large for its curvature to be estimated{earlier} within the budget of a script (`--budget`)"
        return Unknown(reason, run.place)
    rough = saturates(first)
    found: list[Drawn] = []
    for seed in range(seeds):
        program, assumed = imitation(run, graph, seed, rows, sure=rough)
        case = Case(run, optimizer, settings, program, program.problem(seed))
        found.append(Drawn(_sharpness(case, case.problem), case, seed, assumed, rough))
    found.sort(key=lambda one: one.sharpness)
    return _bound(run, found[seeds // 2])


def imitation(run: TrainingRun, graph: Node, seed: int, rows: int, *, sure: bool = False) -> tuple[Program, tuple[str, ...]]:
    """The program on synthetic data (see `Synthetic`), and what that data assumes; of known data evenly spaced rows."""
    samples = known_rows(graph)
    taken = None if samples is None else np.linspace(0, samples - 1, min(rows, samples)).astype(np.int64)
    supply = Synthetic(graph, seed, rows if taken is None else len(taken), sure=sure)
    program = Program(graph, aligns=run.framework == "keras", supply=supply, rows=taken)
    return program, tuple(dict.fromkeys(supply.assumed))


def saturates(program: Program) -> bool:
    """Whether inputs far from unit scale meet a net that is bounded somewhere: tanh, sigmoid, or a softmax at its end."""
    ops = {step.node.op for step in program.steps}
    if program.prediction_degree <= 1 or not ops & (BOUNDED | ENTROPY) or ops & NORMALIZERS:
        return False
    fixed = program.problem(0).fixed
    entries = [value for index in program.entries() if (value := fixed(index)) is not None and value.size]
    return any(float(np.sqrt((value**2).mean())) > UNSCALED for value in entries)


def known_rows(graph: Node) -> int | None:
    """The rows of data whose numbers are known; None if there are none."""
    counts = [len(one.data) for one in batched(graph) if one.data is not None and one.data.ndim]
    return min(counts, default=None)


def rows_of(graph: Node) -> int:
    """Rows that are worth drawing: one for each number of a row, but no more than there are."""
    shapes = [one.shape or () for one in batched(graph)]
    there = [shape[0] for shape in shapes if shape and shape[0]]
    widest = max((math.prod(size or 1 for size in shape[1:]) for shape in shapes), default=1)
    return max(1, min([*there, known_rows(graph) or ROWS[0], max(32, widest), ROWS[0]]))


def batched(graph: Node) -> list[Node]:
    """The data leaves that mini-batches are drawn from."""
    return [node for node in walk(graph) if node.op == "data" and node.attributes.get("batched")]


def affordable(program: Program, wanted: int, allowed: float) -> tuple[int | None, int]:
    """How many rows, and draws of them, fit into some number of multiplications: rather more draws than many rows."""
    for seeds, fewest in ((SEEDS, 16), (3, 8), (1, 1)):
        for rows in (wanted, *(one for one in ROWS if one < wanted)):
            half = max(1, rows // 2)
            cost = of_curvature(program, TOLERANCE, half) + of_product(program, half)
            if seeds * cost <= allowed and rows >= min(fewest, wanted):
                return rows, seeds
    return None, 0


def _sharpness(case: Case, problem: Problem) -> float:
    """At the initial weights, or at zero weights for a cross-entropy of a linear model that is sharper there.

    On few rows the largest eigenvalue is too large, as its direction is fitted to them; along that direction other rows
    curve too little. Of the curvature of all rows the first is a bound from above and the second one from below (in the mean
    over draws): the geometric mean of both is taken, and the smaller the data, the nearer to the first.
    """
    narrow = problem.reduced(rough=True)
    samples = case.program.samples
    if samples is None or samples < 2:
        return curvature(narrow, narrow.start, tolerance=TOLERANCE, allowed=ceiling(case.run)).largest
    if case.program.prediction_degree <= 1 and kind_of(case) == "cross-entropy":
        return max(_of_halves(case, narrow, start) for start in (narrow.start, 0 * narrow.start))
    return _of_halves(case, narrow, narrow.start)


def _of_halves(case: Case, problem: Problem, start: Tensor) -> float:
    fitted, others = np.arange(0, case.program.rows, 2), np.arange(1, case.program.rows, 2)
    found = curvature(problem, start, fitted, tolerance=TOLERANCE, allowed=ceiling(case.run))
    if not found.largest > 0:
        return 0.0
    along = float(found.direction @ problem.hessian_vector(start, found.direction, others))
    whole = found.largest * math.sqrt(min(max(along / found.largest, LEAST_SHARE), 1.0))
    there = case.run.inputs.samples
    return whole + (found.largest - whole) * min(1.0, len(fitted) / there) if there else whole


def kind_of(case: Case) -> str | None:
    """The row of the table: by the loss in the graph, and momentum; None for losses that it does not have."""
    ops = {step.node.op for step in case.program.steps}
    if ops & ENTROPY:
        return "cross-entropy"
    if ops & SQUARED:
        return "squared with momentum" if case.settings.momentum else "squared"
    return None


def _bound(run: TrainingRun, middle: Drawn) -> StabilityBound | Unknown:
    sharpness, case, seed, assumed, rough = middle
    if not sharpness > 0:
        return Unknown("the loss does not curve at the initial weights", run.place)
    rate, decay = case.settings.rate, case.settings.decay
    bound = 2 / (sharpness + decay)
    factors, magnitude = unit_factors(case)
    factors = factors if rate >= bound else {}
    unit = _sharpness(case, case.program.problem(seed, factors)) if factors else None
    normalised = any(node.op in NORMALIZERS for node in walk(case.program.steps[-1].node))
    words: tuple[str, ...] = ("normalisation layers cancel the scale of the inputs",) if normalised else ()
    words += ("order of magnitude: for inputs of this scale the activations saturate",) if rough else ()
    made = "" if known_rows(case.program.steps[-1].node) else "synthetic "
    return StabilityBound(
        sharpness=sharpness,
        max_learning_rate=bound,
        learning_rate=rate,
        ratio=rate / bound,
        growth_per_step=None,
        evidence=Evidence.ESTIMATED,
        method=f"curvature at the initial weights on {case.program.rows} {made}rows",
        verdict="not_judged"
        if normalised or case.not_constant
        else verdict_of(kind_of(case), rate / bound / (2 if rough else 1)),
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
