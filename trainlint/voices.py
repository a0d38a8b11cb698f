"""Reports that several rules make in one form: each rule is the voice of some verdicts of one decision."""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.core import Place, Severity
from trainlint.facts.loss_fit import LossFit, Verdict
from trainlint.facts.loss_messages import placeholders
from trainlint.facts.loss_table import Row
from trainlint.facts.loss_verdicts import loss_verdicts
from trainlint.facts.metric_fit import metric_verdicts
from trainlint.facts.run import TrainingRun
from trainlint.registry import Report
from trainlint.remedies.data import metric_edits
from trainlint.remedies.losses import loss_fix
from trainlint.wording import run_cause, site_cause

AT_THE_OUTPUT = ("TRN303", "TRN307")
AT_THE_ACTIVATION = ("TRN304", "TRN309")
"""Verdicts that are shown at the output layer and at its activation; the others at the loss."""
AT_THE_CALL = ("TRN314",)
"""Verdicts that are shown where a PyTorch script calls the loss: there the two meet."""


def loss_reports(run: TrainingRun, code: str) -> Iterator[Report]:
    """What the decision table says of a run, or of each output of its model, if it is this rule's to say."""
    for one in run.heads or (run,):
        yield from _loss_reports(one, code, whole=not run.heads)


def _loss_reports(run: TrainingRun, code: str, *, whole: bool) -> Iterator[Report]:
    verdicts = list(loss_verdicts(run))
    verdict = next((one for one in verdicts if one.row.code == code), None)
    if verdict is None:
        return
    at, other, words = _places(run, verdict)
    numbers: dict[str, float] = {}
    if verdict.fit.units is not None:
        numbers["units"] = float(verdict.fit.units)
    if verdict.fit.targets.classes is not None:
        numbers["classes"] = float(verdict.fit.targets.classes)
    fix_message, edits = loss_fix(run, verdict) if whole else ("", ())
    about = "loss-output" if verdict is verdicts[0] else "output-activation"
    yield Report(
        verdict.message,
        at=at,
        severity=_severity(verdict.row, verdict.fit),
        numbers=numbers,
        related=((words, other),) if other is not None else (),
        fix_message=fix_message,
        edits=edits,
        cause=run_cause(about, run) if whole else site_cause(about, at),
    )


def metric_reports(run: TrainingRun, code: str) -> Iterator[Report]:
    """What the table of metrics says of a run, as far as it is this rule's to say."""
    for verdict in metric_verdicts(run):
        if verdict.row.code == code:
            effect = (verdict.row.keras or "").format(**placeholders(verdict.fit))
            metric = verdict.metric.kind.partition("-")[0].replace("_", " ")
            yield Report(
                f"{metric} with {verdict.fit.loss}: {effect}. Instead {verdict.row.advice}",
                at=verdict.metric.place,
                severity=verdict.row.severity,
                fix_message="use the metric that fits",
                edits=metric_edits(verdict.metric.place, code, verdict.metric.kind),
                cause=run_cause("loss-output", run) if code in ("TRN708", "TRN709") else None,
            )


def _places(run: TrainingRun, verdict: Verdict) -> tuple[Place, Place | None, str]:
    output, loss, code = verdict.fit.output_place, verdict.fit.place, verdict.row.code
    if code in AT_THE_ACTIVATION and output is not None:
        return verdict.fit.activation_place or output, loss, "the loss"
    if code in AT_THE_OUTPUT and output is not None:
        applied, own = verdict.fit.activation_place, run.place.span.filename
        if applied is not None and applied.span.filename == own != output.span.filename:
            return applied, output, "the output layer"  # the script activates what a model of another file gives
        return output, loss, "the loss"
    if code in AT_THE_CALL and not verdict.fit.keras:
        return _call_of_loss(run) or loss, output, "the output"
    return loss, output, "the output"


def _call_of_loss(run: TrainingRun) -> Place | None:
    """Where the loss that a run trains on is called."""
    backward = next((event.values.get("loss") for event in reversed(run.events) if event.kind == "backward"), None)
    called = [event for event in run.events if event.kind == "loss"]
    own = [event for event in called if event.values.get("output") is backward]
    return (own or called)[-1].place if called else None


def _severity(row: Row, fit: LossFit) -> Severity:
    return row.keras_severity if fit.keras else row.severity
