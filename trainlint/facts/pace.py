"""How far a run can move its weights: the number of updates, the sum of the rates, and what the weights start as."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Fact, Unknown
from trainlint.facts.extract.lower import within
from trainlint.facts.graph import Node
from trainlint.facts.passes import innermost_loop, rate_is_replaced
from trainlint.facts.provenance import lineage, main_path
from trainlint.facts.queries import DENSE_MAPS, input_width, output_width, skip_upwards
from trainlint.facts.run import ModelFacts, OptimizerFacts, TrainingRun
from trainlint.facts.scaling import fans, layers_of, normalized_anywhere, recurrent_or_attention
from trainlint.facts.starting import BETWEEN, deviation
from trainlint.interpret.values import Array

SMOKE = ("max_steps", "fast_dev_run", "limit_train_batches", "overfit_batches", "dry_run", "smoke", "debug")


def known_layers(run: TrainingRun) -> tuple[Node, ...]:
    """The trainable layers, where the whole model starts at random: () with weights that are loaded, or unknown parts."""
    if not isinstance(run.model, ModelFacts) or run.model.output is None:
        return ()
    layers = layers_of(run)
    pretrained = any(one.kind in ("backbone", "custom", "unknown") for one in run.model.layers)
    frozen = any(not parameter.trainable for node in layers for parameter in node.parameters)
    unknown = any(node.parameters and node.parameters[0].initializer.kind in ("unknown", "values") for node in layers)
    return () if pretrained or frozen or unknown else layers


def known_weights(run: TrainingRun) -> int:
    """The weights of a run, at least: those of the layers whose shapes are known."""
    return sum(_weights(node) for node in layers_of(run))


def _weights(node: Node) -> int:
    shape = node.parameters[0].shape if node.parameters else None
    if shape is not None:
        return math.prod(shape)
    above = output_width(skip_upwards(node.inputs[0], BETWEEN)) if node.inputs and node.op == "dense" else None
    return (input_width(node) or above or 1) * (output_width(node) or 1)


def repeated_run(run: TrainingRun) -> bool:
    """Whether a loop around a Keras fit, or around the epochs of a loop of the script, trains the same model further."""
    fit = next((one for one in run.events if one.kind == "fit"), None)
    if fit is not None:
        return fit.in_loop() or any(frame.kind in ("uncalled", "branch") for frame in fit.frames)
    made = run.optimizer.place if isinstance(run.optimizer, OptimizerFacts) else None
    counted = run.epochs.place if isinstance(run.epochs, Fact) else None
    step = next((one for one in run.events if one.kind == "step"), None)
    loops = [frame for frame in step.frames if frame.kind == "loop"] if step is not None else []
    epochs = next((index for index, frame in enumerate(loops) if frame.place == counted), 0)
    return any(frame.trips != 1 and not within(made, frame.place) for frame in loops[:epochs])


def made_up_data(run: TrainingRun) -> bool:
    """Whether inputs or targets are random numbers that the script draws: a demonstration, where no score matters."""
    found = [one for value in (run.inputs.value, run.targets.value) for one in lineage(value)]
    return any(one.op == "random" and one.attributes.get("distribution") != "permutation" for one in found)


def exact_data(run: TrainingRun) -> bool:
    """Whether the script spells its data out."""
    return run.inputs.known == "exact" or (isinstance(run.inputs.value, Array) and run.inputs.value.data is not None)


def few_updates(run: TrainingRun, limit: int) -> int | None:
    """The updates of a run that has fewer than `limit`, all of it known and nothing excusing it."""
    samples, updates = run.inputs.samples, run.updates
    if samples is None or updates is None or not 0 < updates < limit or not isinstance(run.batch_size, Fact):
        return None
    if len(known_layers(run)) < 2 or repeated_run(run) or made_up_data(run) or smoke_test(run):
        return None
    if run.framework != "keras" and not any(innermost_loop(one) for one in run.events if one.kind == "step"):
        return None
    return updates


def smoke_test(run: TrainingRun) -> bool:
    """Whether the script only tries out whether it runs: it has a switch for that, or takes a few rows of many."""
    source = getattr(run.place, "source_text", "")
    return any(name in source for name in SMOKE) or ".take(" in source or any(map(_few_of_many, main_path(run.inputs.value)))


def _few_of_many(array: Array) -> bool:
    whole = array.inputs[0] if array.op == "getitem" and array.inputs else None
    if not isinstance(whole, Array) or not whole.shape or not array.shape or whole.shape[0] is None or array.shape[0] is None:
        return False
    return len(whole.shape) == len(array.shape) and array.shape[0] * 5 < whole.shape[0]


FEWEST = 100
"""Runs of fewer updates than this are too short for any rate."""


class Reach(NamedTuple):
    """How far every weight can move in the run (`moved`), and the smallest root mean square that a kernel starts with."""

    moved: float
    start: float
    updates: int


def reach_of_adam(run: TrainingRun) -> Reach | None:
    """The sum of the rates, for optimizers whose steps are at most about the rate; None where anything is not known."""
    optimizer, updates = run.optimizer, updates_at_one_rate(run)
    if isinstance(optimizer, Unknown) or not isinstance(optimizer.learning_rate, Fact) or updates is None:
        return None
    sizes = list(_kernel_sizes(known_layers(run)))
    if not sizes or any(one is None for one in sizes):
        return None
    start = min(one for one in sizes if one is not None)
    return Reach(optimizer.learning_rate.value * updates, start, updates) if start > 0 else None


def updates_at_one_rate(run: TrainingRun) -> int | None:
    """The updates of a run that keeps its rate and trains on given data to its end; None of others, and of short ones."""
    updates = run.updates
    if not updates or updates < FEWEST or run.schedule is not None or rate_is_replaced(run):
        return None
    return None if made_up_data(run) or repeated_run(run) else updates


def share_descended(run: TrainingRun, sharpness: float) -> float | None:
    """How much of the error along the direction of that curvature gradient descent removes in the run: 1 - exp(-T·lr·λ).

    Momentum b lengthens the steps to lr/(1 - b). Directions of less curvature keep more of their error.
    """
    optimizer, updates = run.optimizer, updates_at_one_rate(run)
    if isinstance(optimizer, Unknown) or optimizer.name != "sgd" or optimizer.clip or updates is None:
        return None
    if len(known_layers(run)) < 2:
        return None
    rate, momentum = optimizer.learning_rate, optimizer.momentum
    if not isinstance(rate, Fact) or not isinstance(momentum, Fact) or not 0 <= momentum.value < 1 or sharpness <= 0:
        return None
    return 1 - math.exp(-updates * rate.value * sharpness / (1 - momentum.value))


def relative_step(run: TrainingRun) -> tuple[float, Node] | None:
    """Adam's step over the root mean square that the first kernel starts with, and that layer; None where it says nothing.

    Networks that normalise, sequences, weights that do not start at random and drawn data are left out (STABILITY.md 4.2).
    """
    optimizer, layers = run.optimizer, known_layers(run)
    if isinstance(optimizer, Unknown) or not isinstance(optimizer.learning_rate, Fact) or len(layers) < 2:
        return None
    if layers[0].op not in DENSE_MAPS or normalized_anywhere(run) or recurrent_or_attention(run) or made_up_data(run):
        return None
    rate, size = optimizer.learning_rate.value, next(_kernel_sizes(layers[:1]))
    return (rate / size, layers[0]) if size and math.isfinite(rate) else None


class ClippedReach(NamedTuple):
    """How far clipped gradients can move the weights in the run, and what they start as, measured in the same way.

    `measure` is "norm" (over all weights of the norm that is clipped) or "rms" (single weights, under clipping by value).
    """

    moved: float
    start: float
    updates: int
    measure: str


def reach_of_clipped(run: TrainingRun) -> ClippedReach | None:
    """The most that gradient descent with clipped gradients can move the weights; None where anything is not known.

    A step is at most lr * c long (lr * c / (1 - b) with momentum b): in norm, or for each weight.
    """
    optimizer, updates, layers = run.optimizer, run.updates, known_layers(run)
    if isinstance(optimizer, Unknown) or not optimizer.clip or not updates or run.schedule is not None or rate_is_replaced(run):
        return None
    rate, momentum, (kind, threshold) = optimizer.learning_rate, optimizer.momentum, optimizer.clip
    if not isinstance(rate, Fact) or not isinstance(momentum, Fact) or not 0 <= momentum.value < 1 or not threshold > 0:
        return None
    sizes = list(_kernel_sizes(layers))
    if not sizes or any(one is None for one in sizes) or made_up_data(run) or repeated_run(run):
        return None
    moved = rate.value * threshold * updates / (1 - momentum.value)
    if kind == "value":
        return ClippedReach(moved, min(one or 0.0 for one in sizes), updates, "rms")
    norms = [(size or 0.0) * math.sqrt(_weights(node)) for size, node in zip(sizes, layers, strict=True)]
    return ClippedReach(moved, min(norms) if kind == "norm" else math.hypot(*norms), updates, "norm")


def _kernel_sizes(layers: tuple[Node, ...]) -> Iterator[float | None]:
    for node in layers:
        fan_in, fan_out = fans(node)
        known = node.parameters and fan_in and fan_out
        yield deviation(node.parameters[0], fan_in or 1, fan_out or 1) if known else None
