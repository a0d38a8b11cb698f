"""All that is wrong where a run's loss meets its output: the deciding row, and beside labels of another form the activation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from trainlint.facts.loss_fit import Verdict, loss_verdict, matches
from trainlint.facts.loss_messages import message_of
from trainlint.facts.loss_table import rows
from trainlint.facts.run import TrainingRun

OF_THE_ACTIVATION = ("TRN301", "TRN302", "TRN304")
BESIDE: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(("TRN305", "TRN306"), (OF_THE_ACTIVATION, ("any",))),
    **dict.fromkeys((*OF_THE_ACTIVATION, "TRN309"), (("TRN314",), ("rank-differs",))),
    "TRN314": ((*OF_THE_ACTIVATION, "TRN309"), ("any", "out-of-range")),
}
"""Beside a verdict of this code the codes of another cause, and the labels that a row of theirs asks for."""


def loss_verdicts(run: TrainingRun) -> Iterator[Verdict]:
    """The deciding verdict, and beside it one of another cause.

    The form of the labels, the shapes and the output activation are three causes: with one put right the others stay wrong.
    """
    first = loss_verdict(run)
    if first is None:
        return
    yield first
    if first.row.labels == ("class-numbers",):
        return  # a loss for class numbers has no range of targets to exceed
    codes, labels = BESIDE.get(first.row.code, ((), ()))
    for row in rows():
        effect = row.keras if first.fit.keras else row.torch
        if row.code in codes and row.labels in [(one,) for one in labels] and effect is not None and matches(row, first.fit):
            yield Verdict(row, first.fit, message_of(row, first.fit, effect))
            return
