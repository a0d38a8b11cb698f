"""The curvature at the start of a model whose data is not known: synthetic data of the declared or typical scale."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from trainlint.core import Evidence, Unknown
from trainlint.facts.graph import Node, walk
from trainlint.facts.run import OptimizerFacts, TrainingRun
from trainlint.stability.bound import StabilityBound
from trainlint.stability.budget import Purse, of_curvature, of_product
from trainlint.stability.case import Case, batch_in_words, premises, unit_factors
from trainlint.stability.curvature import curvature
from trainlint.stability.synthetic import BINARY, CLASS_EITHER, CLASS_NUMBERS, CLASS_SHARES, Synthetic
from trainlint.stability.twin.leaves import by_rows
from trainlint.stability.twin.operation import Tensor
from trainlint.stability.twin.problem import Problem, Rows
from trainlint.stability.twin.program import Program
from trainlint.stability.updates import Settings

SEEDS = 5
"""Draws of data and weights, of which the middle one counts; fewer where the time does not allow them."""

MADE_UP_ROWS, KNOWN_ROWS = 64, 256
"""The most rows that are drawn: rows of known data are not as alike as made-up ones."""

ROWS = (128, 64, 48, 32, 24, 16, 12, 8, 6, 4, 2)
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
ENTROPY = BINARY | CLASS_NUMBERS | CLASS_SHARES | CLASS_EITHER

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


def estimate(
    run: TrainingRun, graph: Node, optimizer: OptimizerFacts, settings: Settings, purse: Purse
) -> StabilityBound | Unknown:
    """The verdict from an estimated sharpness: a warning at most. Raises `RefusalError` for what cannot be imitated."""
    first = imitation(run, graph, 0, PROBED, allowed=purse.largest_evaluation)[0]
    if first.dimension == 0:
        return Unknown("the loss depends on no trainable weight", run.place)
    purse.pay(first.preparation())
    if not first.start_is_known or not first.constants_are_known:
        return Unknown("the initial weights are not known", run.place)
    rows, seeds = affordable(first, rows_of(graph), run.inputs.samples, purse.left)
    if rows is None:
        earlier = ", after the runs before it," if run.order else ""
        reason = f"the model is too large for its curvature to be estimated{earlier} within the budget of a script (`--budget`)"
        return Unknown(reason, run.place)
    rough = saturates(first)
    found: list[Drawn] = []
    for seed in range(seeds):
        program, assumed = imitation(run, graph, seed, rows, sure=rough)
        case = Case(run, optimizer, settings, program, program.problem(seed), purse)
        if case.rows_of_step is None and case.problem.adds_rows:
            return Unknown("the loss adds over the rows of a batch, whose number is not known", run.place)
        problem = case.problem.for_batches(case.rows_of_step)
        found.append(Drawn(_sharpness(case, problem), case, seed, assumed, rough))
    found.sort(key=lambda one: one.sharpness)
    return _bound(run, found[seeds // 2])


def imitation(
    run: TrainingRun, graph: Node, seed: int, rows: int, *, sure: bool = False, allowed: float = math.inf
) -> tuple[Program, tuple[str, ...]]:
    """The program on synthetic data (see `Synthetic`), and what that data assumes; of known data some rows."""
    samples = known_rows(graph)
    taken = None if samples is None else spread(samples, min(rows, samples), seed)
    supply = Synthetic(graph, seed, rows if taken is None else len(taken), sure=sure)
    program = Program(graph, aligns=run.framework == "keras", supply=supply, rows=taken, drawn=by_rows(graph), allowed=allowed)
    return program, tuple(dict.fromkeys(supply.assumed))


def spread(samples: int, rows: int, seed: int) -> Rows:
    """Some rows out of all: one from each of equally long stretches."""
    offsets = np.random.default_rng(seed).uniform(size=rows)
    return np.minimum(((np.arange(rows) + offsets) * (samples / rows)).astype(np.int64), samples - 1)


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
    counts = [len(one.data) for one in by_rows(graph) if one.data is not None and one.data.ndim]
    return min(counts, default=None)


def rows_of(graph: Node) -> int:
    """Rows that are worth drawing: one for each number of a row, but no more than there are."""
    shapes = [one.shape or () for one in by_rows(graph)]
    there = [shape[0] for shape in shapes if shape and shape[0]]
    known = known_rows(graph)
    if known is not None:
        return min(known, KNOWN_ROWS)
    widest = max((math.prod(size or 1 for size in shape[1:]) for shape in shapes), default=1)
    return max(1, min([*there, max(32, widest), MADE_UP_ROWS]))


def affordable(program: Program, wanted: int, there: int | None, allowed: float) -> tuple[int | None, int]:
    """How many rows, and draws of them, fit into some number of multiplications: rather more draws than many rows."""
    for seeds, fewest in ((SEEDS, 16), (3, 8), (1, 1)):
        for rows in (wanted, *(one for one in ROWS if one < wanted)):
            if seeds * cost_of(program, rows, there) <= allowed and rows >= min(fewest, wanted):
                return rows, seeds
    return None, 0


def cost_of(program: Program, rows: int, there: int | None) -> float:
    """The multiplications of one estimate (`_sharpness`) on so many rows of those that are there."""
    counted = rows if rows == there else max(1, rows // 2)
    along = 0.0 if rows == there else of_product(program, counted)
    return (2 if _may_sharpen(program) else 1) * (of_curvature(program, TOLERANCE, counted) + along)


def _may_sharpen(program: Program) -> bool:
    """Whether the loss is the cross-entropy of a linear model, whose curvature is largest where all outputs are equal."""
    return program.prediction_degree <= 1 and any(step.node.op in ENTROPY for step in program.steps)


def _sharpness(case: Case, problem: Problem) -> float:
    """At the initial weights, or at zero weights for a cross-entropy of a linear model that is sharper there.

    On few rows the largest eigenvalue is too large, as its direction is fitted to them; along that direction other rows
    curve too little. Of the curvature of all rows the first is a bound from above and the second one from below (in the mean
    over draws): the geometric mean of both is taken, and the smaller the data, the nearer to the first.
    """
    narrow = problem.reduced(rough=True)
    samples, starts = case.program.samples, [narrow.start]
    if _may_sharpen(case.program):
        starts.append(0 * narrow.start)
    if samples is None or samples < 2 or samples == case.run.inputs.samples:
        return max(curvature(narrow, start, tolerance=TOLERANCE, purse=case.purse).largest for start in starts)
    return max(_of_halves(case, narrow, start) for start in starts)


def _of_halves(case: Case, problem: Problem, start: Tensor) -> float:
    fitted, others = np.arange(0, case.program.rows, 2), np.arange(1, case.program.rows, 2)
    found = curvature(problem, start, fitted, tolerance=TOLERANCE, purse=case.purse)
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
    unit = None
    if factors and case.purse.affords(cost_of(case.program, case.program.rows, run.inputs.samples)):
        unit = _sharpness(case, case.drawn(seed, factors))
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
