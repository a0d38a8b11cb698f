"""Findings and training runs as JSON for programs: field names and meanings are a promise to the scripts that read them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

from trainlint.core import Fact, Finding, Fix, Place, Span, Unknown
from trainlint.facts.run import DataFacts, LossFacts, ModelFacts, OptimizerFacts, ScheduleFacts, TrainingRun
from trainlint.result import CheckResult
from trainlint.stability import stability


def findings_json(results: Iterable[CheckResult]) -> str:
    """All findings of all files as one JSON array."""
    return _dump([finding_record(result, finding) for result in results for finding in result.findings])


def facts_json(results: Iterable[CheckResult]) -> str:
    """All training runs of all files as one JSON array."""
    scripts = [(result, result.script) for result in results if result.script is not None]
    return _dump([run_record(result, run) for result, script in scripts for run in script.runs])


def _dump(records: list[dict[str, Any]]) -> str:
    return json.dumps(records, indent=2, ensure_ascii=False, allow_nan=False)


def finding_record(result: CheckResult, finding: Finding) -> dict[str, Any]:
    """One finding; rows and columns start at 1, those of a notebook count inside its cell."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "evidence": finding.evidence.value,
        "message": finding.message,
        "filename": finding.span.filename,
        "cell": result.cell_position(finding.span)[0],
        **_range(result, finding.span),
        "related": [
            {
                "message": one.message,
                "filename": one.span.filename,
                "cell": result.cell_position(one.span)[0],
                **_range(result, one.span),
            }
            for one in finding.related
        ],
        "numbers": plain(finding.numbers),
        "fix": None if finding.fix is None else _fix(result, finding.fix),
        "url": finding.url,
    }


def _fix(result: CheckResult, fix: Fix) -> dict[str, Any]:
    return {
        "applicability": "safe" if fix.safe else "unsafe",
        "message": fix.message,
        "edits": [{**_range(result, edit.span), "content": edit.content} for edit in fix.edits],
    }


def _range(result: CheckResult, span: Span) -> dict[str, Any]:
    row = result.cell_position(span)[1]
    return {
        "location": {"row": row, "column": span.column},
        "end_location": {"row": row + span.end_row - span.row, "column": span.end_column},
    }


def _location(result: CheckResult, place: Place | None) -> dict[str, int] | None:
    if place is None:
        return None
    span = place.span
    return {"row": result.cell_position(span)[1], "column": span.column}


def run_record(result: CheckResult, run: TrainingRun) -> dict[str, Any]:
    """One training run. What is not known is null, and `unknown` says why."""
    bound = stability(run)
    loss, model = run.loss, run.model
    return {
        "filename": run.place.span.filename,
        "cell": result.cell_position(run.place.span)[0],
        "framework": run.framework,
        "location": _location(result, run.place),
        "optimizer": _optimizer(result, run.optimizer) if isinstance(run.optimizer, OptimizerFacts) else None,
        "schedule": None if run.schedule is None else _schedule(result, run.schedule),
        "loss": _loss(result, loss) if isinstance(loss, LossFacts) else None,
        "model": _model(result, model) if isinstance(model, ModelFacts) else None,
        "inputs": _data(run.inputs),
        "targets": _data(run.targets),
        "batch_size": plain(run.batch_size),
        "steps_per_epoch": plain(run.steps_per_epoch),
        "epochs": plain(run.epochs),
        "stability": None
        if isinstance(bound, Unknown)
        else {
            "sharpness": plain(bound.sharpness),
            "preconditioned": bound.preconditioned,
            "max_learning_rate": plain(bound.max_learning_rate),
            "best_learning_rate": plain(bound.best_learning_rate),
            "ratio": plain(bound.ratio),
            "growth_per_step": plain(bound.growth_per_step),
            "verdict": bound.verdict,
            "evidence": bound.evidence.value,
            "method": bound.method,
        },
        "unknown": {name: one.reason for name, one in unknowns(run).items()},
    }


def unknowns(run: TrainingRun) -> dict[str, Unknown]:
    """What is not known of a run, by name: optimizer or learning_rate, loss, model, batch_size, epochs, stability."""
    rate = run.optimizer.learning_rate if isinstance(run.optimizer, OptimizerFacts) else None
    facts = {
        "optimizer": run.optimizer,
        "learning_rate": rate,
        "loss": run.loss,
        "model": run.model,
        "batch_size": run.batch_size,
        "epochs": run.epochs,
        "stability": stability(run),
    }
    return {name: fact for name, fact in facts.items() if isinstance(fact, Unknown)}


def _optimizer(result: CheckResult, optimizer: OptimizerFacts) -> dict[str, Any]:
    rate = optimizer.learning_rate
    return {
        "name": optimizer.name,
        "learning_rate": plain(rate),
        "learning_rate_source": "unknown" if isinstance(rate, Unknown) else rate.origin.value,
        "location": _location(result, optimizer.place),
        "momentum": plain(optimizer.momentum),
        "nesterov": optimizer.nesterov,
        "weight_decay": plain(optimizer.weight_decay),
        "epsilon": plain(optimizer.epsilon),
        "parameters": plain(optimizer.parameters),
    }


def _schedule(result: CheckResult, schedule: ScheduleFacts) -> dict[str, Any]:
    return {"name": schedule.name, "parameters": plain(schedule.parameters), "location": _location(result, schedule.place)}


def _loss(result: CheckResult, loss: LossFacts) -> dict[str, Any]:
    return {
        "name": loss.name,
        "reduction": loss.reduction,
        "from_logits": loss.from_logits,
        "location": _location(result, loss.place),
    }


def _model(result: CheckResult, model: ModelFacts) -> dict[str, Any]:
    return {
        "layers": [
            {
                "kind": layer.kind,
                "units": layer.units,
                "activation": layer.activation,
                "use_bias": layer.use_bias,
                "location": _location(result, layer.place),
            }
            for layer in model.layers
        ],
        "output_activation": model.output_activation,
        "linear_in_parameters": model.linear_in_parameters,
        "parameters": model.parameters,
    }


def _data(data: DataFacts) -> dict[str, Any] | None:
    if data == DataFacts(place=data.place, source=data.source):
        return None
    return {
        "shape": plain(data.shape),
        "dtype": data.dtype,
        "low": plain(data.low),
        "high": plain(data.high),
        "mean": plain(data.mean),
        "second_moment": plain(data.second_moment),
        "scale": data.scale,
        "known": data.known,
    }


def plain(value: object) -> Any:
    """A value as JSON has it: facts by their value; what is unknown, not finite or has no JSON form is null."""
    if isinstance(value, Fact):
        return plain(value.value)
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None
