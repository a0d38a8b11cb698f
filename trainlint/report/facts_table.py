"""The facts of training runs for people: one block a run, readable in 80 columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from trainlint.core import Fact, Unknown
from trainlint.facts.json import unknowns_of
from trainlint.facts.run import DataFacts, LossFacts, ModelFacts, OptimizerFacts, TrainingRun
from trainlint.report.concise import location
from trainlint.report.derivation import derivation
from trainlint.report.plain import plural, printable
from trainlint.result import CheckResult
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.wording import exact, figure, optimizer_name

if TYPE_CHECKING:
    from rich.console import Console

SHOWN_LAYERS = 12


def print_facts(results: Sequence[CheckResult], console: Console) -> None:
    """Print a table for each run, then how many runs there are."""
    count = 0
    for result in results:
        for run in () if result.script is None else result.script.runs:
            count += 1
            rows = [*rows_of(run), *(("  " + name, text) for name, text in _derived(run)), *_missing(result, run)]
            _print_table(result, run, rows, console)
    console.print(
        f"{plural(count, 'training run')} in {plural(len(results), 'file')} that may train", soft_wrap=True, style="bold"
    )


def print_derivations(results: Sequence[CheckResult], console: Console) -> None:
    """Print for each run how the verdict on its step size comes about."""
    for result in results:
        for run in () if result.script is None else result.script.runs:
            _print_table(result, run, list(derivation(run)), console)


def _print_table(result: CheckResult, run: TrainingRun, rows: Sequence[tuple[str, str]], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print(Text(f"{location(result, run.place.span)}: {_framework(run)}", style="bold"), soft_wrap=True)
    table = Table(show_header=False, box=None, padding=(0, 1), pad_edge=False, width=min(console.width, 120))
    table.add_column(style="cyan", no_wrap=True, width=14)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(f"  {name}", Text(printable(value), style="dim" if value.startswith("unknown") else ""))
    console.print(table)
    console.print()


def _missing(result: CheckResult, run: TrainingRun) -> Iterator[tuple[str, str]]:
    """Why each fact that is missing is not known, with the place where its trail ended."""
    for name, fact in unknowns_of(run, stability(run)).items():
        place = "" if fact.place is None else f" ({location(result, fact.place.span)})"
        yield "not known", f"{name.replace('_', ' ')}: {fact.reason}{place}"


def _derived(run: TrainingRun) -> Iterator[tuple[str, str]]:
    """The derivation of a verdict, but for what the other rows say."""
    if isinstance(stability(run), StabilityBound):
        yield from (row for row in derivation(run) if row[0] not in ("loss", "step", "verdict"))


def _framework(run: TrainingRun) -> str:
    return f"{run.framework} ({run.era})" if run.era else run.framework


def rows_of(run: TrainingRun) -> Iterator[tuple[str, str]]:
    """What is known of a run, each (what, value), with the reason for what is not."""
    optimizer, loss, model = run.optimizer, run.loss, run.model
    yield "optimizer", _optimizer(optimizer) if isinstance(optimizer, OptimizerFacts) else _unknown(optimizer)
    if run.schedule is not None:
        yield (
            "schedule",
            ", ".join([run.schedule.name, *(f"{key}={_value(one)}" for key, one in run.schedule.parameters.items())]),
        )
    yield "loss", _loss(loss) if isinstance(loss, LossFacts) else _unknown(loss)
    yield "model", _model(model) if isinstance(model, ModelFacts) else _unknown(model)
    yield "inputs", _data(run.inputs)
    yield "targets", _data(run.targets)
    yield "batches", _batches(run)
    bound = stability(run)
    yield "stability", _stability(bound) if isinstance(bound, StabilityBound) else _unknown(bound)


def _unknown(fact: Unknown) -> str:
    return f"unknown: {fact.reason}"


def _value(value: object) -> str:
    if isinstance(value, Fact):
        return _value(value.value)
    if isinstance(value, Unknown):
        return "?"
    if isinstance(value, float):
        return exact(value) if math.isfinite(value) else str(value)
    return str(value)


def _optimizer(optimizer: OptimizerFacts) -> str:
    rate = optimizer.learning_rate
    parts = [f"{optimizer_name(optimizer)} lr {_rate(rate)}"]
    if optimizer.betas:
        parts.append(f"betas {optimizer.betas[0]:g}, {optimizer.betas[1]:g}")
    for name, fact in (("weight decay", optimizer.weight_decay), ("ε", optimizer.epsilon)):
        if fact is not None and not (isinstance(fact, Fact) and fact.value == 0):
            parts.append(f"{name} {_value(fact)}")
    if optimizer.clip:
        at = f" at {exact(optimizer.clip[1])}" if math.isfinite(optimizer.clip[1]) else ""
        parts.append(f"gradients clipped by {optimizer.clip[0]}{at}")
    return "; ".join(parts)


def _rate(rate: Fact[float] | Unknown) -> str:
    if isinstance(rate, Unknown):
        return f"unknown ({rate.reason})"
    return f"{_value(rate)} ({rate.origin.value}{': ' + '; '.join(rate.why) if rate.why else ''})"


def _loss(loss: LossFacts) -> str:
    logits = {None: "", True: ", from logits", False: ", from probabilities"}[loss.from_logits]
    return f"{loss.name}, reduction {loss.reduction}{logits}"


def _model(model: ModelFacts) -> str:
    kinds = [layer.kind if layer.units is None else f"{layer.kind}({layer.units})" for layer in model.layers[:SHOWN_LAYERS]]
    more = len(model.layers) - len(kinds)
    chain = " → ".join(kinds) + (f" → … {more} more" if more else "")
    parts = [
        chain or "no layers of a library",
        f"output {model.output_activation}" if model.output_activation else "output activation unknown",
    ]
    if model.parameters is not None:
        parts.append(plural(model.parameters, "parameter"))
    if model.linear_in_parameters:
        parts.append("linear in its parameters")
    return "; ".join(parts)


def _data(data: DataFacts) -> str:
    shape = (
        "unknown shape" if data.shape is None else "×".join("?" if one is None else str(one) for one in data.shape) or "scalar"
    )
    parts = [f"{shape} {data.dtype}" if data.dtype else shape]
    if data.low is not None and data.high is not None:
        parts.append(f"{figure(data.low, 4)} to {figure(data.high, 4)}")
    if data.second_moment is not None:
        parts.append(f"mean square {figure(data.second_moment, 4)}")
    if data.labels != "unknown":
        parts.append(f"labels {data.labels}" + (f" of {data.classes} classes" if data.classes else ""))
    parts.append(f"scale {data.scale}" + (f" ({data.known})" if data.known != "unknown" else ""))
    return ", ".join(parts)


def _batches(run: TrainingRun) -> str:
    named = (("batch size", run.batch_size), ("steps per epoch", run.steps_per_epoch), ("epochs", run.epochs))
    return ", ".join(f"{name} {'?' if isinstance(fact, Unknown) else f'{fact.value:,}'}" for name, fact in named)


def _stability(bound: StabilityBound) -> str:
    kind = "preconditioned sharpness" if bound.preconditioned else "sharpness"
    growth = f", loss ×{figure(bound.growth_per_step, 4)} a step" if bound.growth_per_step is not None else ""
    return (
        f"{bound.verdict.replace('_', ' ')} ({bound.evidence.value}, {bound.method}): {kind} {figure(bound.sharpness, 5)}, "
        f"{bound.bound_formula} = {figure(bound.max_learning_rate, 5)}, lr/bound {figure(bound.ratio, 4)}{growth}"
    )
