"""A training run as plain JSON values, in the form that ARCHITECTURE section 9 fixes for the world outside."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trainlint.core import Fact, Origin, Place, Span, Unknown
from trainlint.facts.graph import Initializer, Node
from trainlint.facts.run import (
    DataFacts,
    LayerFacts,
    LossFacts,
    ModelFacts,
    OptimizerFacts,
    ScheduleFacts,
    TrainingRun,
)

if TYPE_CHECKING:
    from trainlint.stability.bound import StabilityBound

SOURCES = {origin: origin.value for origin in Origin}
"""How `learning_rate_source` says where a rate is from; a rate that is not known is "unknown"."""

LAYER_ATTRIBUTES = ("filters", "kernel_size", "strides", "padding", "rate", "rows", "pool_size", "heads", "groups", "name")
"""What a layer shows besides its kind, units, activation and bias."""

MAXIMUM_DEPTH = 6


def run_as_json(run: TrainingRun, stability: StabilityBound | Unknown | None) -> dict[str, Any]:
    """One run as a dict that `json.dumps` takes: what is not known is null. Rows and columns start at 1."""
    span, unknowns = run.place.span, unknowns_of(run, stability)
    return {
        "filename": span.filename,
        "framework": run.framework,
        "location": _location(run.place),
        "optimizer": None if isinstance(run.optimizer, Unknown) else _optimizer(run.optimizer),
        "misplaced_optimizer": None if run.misplaced_optimizer is None else _optimizer(run.misplaced_optimizer),
        "schedule": None if run.schedule is None else _schedule(run.schedule),
        "loss": None if isinstance(run.loss, Unknown) else _loss(run.loss),
        "model": None if isinstance(run.model, Unknown) else _model(run.model),
        "inputs": _data(run.inputs),
        "targets": _data(run.targets),
        "batch_size": _value(run.batch_size),
        "steps_per_epoch": _value(run.steps_per_epoch),
        "epochs": _value(run.epochs),
        "stability": None if stability is None or isinstance(stability, Unknown) else _stability(stability),
        "unknown": {name: part.reason for name, part in unknowns.items()},
        "unknown_at": {name: _end_of_trail(part, span) for name, part in unknowns.items() if part.place is not None},
    }


def _location(place: Place | None) -> dict[str, int] | None:
    if place is None:
        return None
    span = place.span
    return {"row": span.row, "column": span.column}


def _value(fact: Fact[Any] | Unknown | None) -> Any:
    return plain(fact.value) if isinstance(fact, Fact) else None


def plain(value: object, depth: int = 0) -> Any:
    """Any value of a fact as JSON knows it: numbers that are not finite and what is unknown become null."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Fact):
        return plain(value.value, depth)
    if depth < MAXIMUM_DEPTH and isinstance(value, tuple | list):
        return [plain(one, depth + 1) for one in value]
    if depth < MAXIMUM_DEPTH and isinstance(value, Mapping):
        return {str(key): plain(one, depth + 1) for key, one in value.items()}
    return None


def _optimizer(optimizer: OptimizerFacts) -> dict[str, Any]:
    rate = optimizer.learning_rate
    return {
        "name": optimizer.name,
        "learning_rate": _value(rate),
        "learning_rate_source": SOURCES[rate.origin] if isinstance(rate, Fact) else "unknown",
        "location": _location(optimizer.place or rate.place),
        "momentum": _value(optimizer.momentum),
        "nesterov": optimizer.nesterov,
        "weight_decay": _value(optimizer.weight_decay),
        "decoupled_weight_decay": optimizer.decoupled if optimizer.weight_decay is not None else None,
        "epsilon": _value(optimizer.epsilon),
        "betas": plain(optimizer.betas),
        "clip": None if optimizer.clip is None else {"kind": optimizer.clip[0], "threshold": plain(optimizer.clip[1])},
        "written_by_hand": optimizer.written_by_hand,
        "parameters": plain(optimizer.parameters),
    }


def _schedule(schedule: ScheduleFacts) -> dict[str, Any]:
    return {"name": schedule.name, "parameters": plain(schedule.parameters), "location": _location(schedule.place)}


def _loss(loss: LossFacts) -> dict[str, Any]:
    return {
        "name": loss.name,
        "reduction": loss.reduction,
        "from_logits": loss.from_logits,
        "location": _location(loss.place),
    }


def _model(model: ModelFacts) -> dict[str, Any]:
    return {
        "name": model.name or None,
        "layers": [_layer(one) for one in model.layers],
        "output_activation": model.output_activation,
        "linear_in_parameters": model.linear_in_parameters,
        "parameters": model.parameters,
    }


def _layer(layer: LayerFacts) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "kind": layer.kind,
        "units": layer.units,
        "activation": layer.activation,
        "use_bias": layer.use_bias,
        "location": _location(layer.place),
    }
    if layer.name:
        shown["name"] = layer.name
    attributes = layer.node.attributes if isinstance(layer.node, Node) else {}
    for name in LAYER_ATTRIBUTES:
        value = plain(attributes.get(name))
        if value is not None:
            shown.setdefault(name, value)
    weights = layer.node.parameters if isinstance(layer.node, Node) else ()
    if weights:
        shown["initializer"] = _initializer(weights[0].initializer)
        shown["trainable"] = any(one.trainable for one in weights)
    return shown


def _initializer(initializer: Initializer) -> str | None:
    return None if initializer.kind == "unknown" else initializer.kind


def _data(data: DataFacts) -> dict[str, Any] | None:
    if data.shape is None and data.known == "unknown" and not data.source and data.dtype is None:
        return None
    return {
        "shape": plain(data.shape),
        "dtype": data.dtype,
        "low": _number(data.low),
        "high": _number(data.high),
        "mean": _number(data.mean),
        "second_moment": _number(data.second_moment),
        "scale": data.scale,
        "known": data.known,
        "labels": data.labels,
        "classes": data.classes,
        "source": data.source or None,
    }


def _number(value: float | None) -> float | int | None:
    """A number as short as it is: 0.0 becomes 0."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 2**53 else value


def _stability(bound: StabilityBound) -> dict[str, Any]:
    return {
        "sharpness": plain(bound.sharpness),
        "preconditioned": bound.preconditioned,
        "max_learning_rate": plain(bound.max_learning_rate),
        "ratio": plain(bound.ratio),
        "growth_per_step": plain(bound.growth_per_step),
        "evidence": bound.evidence.value,
        "method": bound.method,
        "verdict": bound.verdict,
    }


def unknowns_of(run: TrainingRun, stability: StabilityBound | Unknown | None) -> dict[str, Unknown]:
    """Why each part that is null is not known."""
    rate = run.optimizer.learning_rate if isinstance(run.optimizer, OptimizerFacts) else None
    parts: dict[str, object] = {
        "optimizer": run.optimizer,
        "learning_rate": rate,
        "loss": run.loss,
        "model": run.model,
        "batch_size": run.batch_size,
        "epochs": run.epochs,
        "steps_per_epoch": run.steps_per_epoch,
        "stability": stability,
    }
    return {name: part for name, part in parts.items() if isinstance(part, Unknown)}


def _end_of_trail(part: Unknown, run: Span) -> dict[str, Any] | None:
    """Where what is not known could be followed no further; `filename` only if that is not the file of the run."""
    location = _location(part.place)
    if location is None or part.place is None or part.place.span.filename == run.filename:
        return None if location is None else {"location": location}
    return {"filename": part.place.span.filename, **location}
