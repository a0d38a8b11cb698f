"""All that is wrong where a run's loss meets its output: the deciding row, and beside labels of another form the activation."""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.facts.loss_fit import Verdict, loss_verdict, matches, message_of
from trainlint.facts.loss_table import rows
from trainlint.facts.run import TrainingRun

OF_THE_LABELS = ("TRN305", "TRN306")
OF_THE_ACTIVATION = ("TRN301", "TRN302", "TRN304")


def loss_verdicts(run: TrainingRun) -> Iterator[Verdict]:
    """The deciding verdict; where it is on the form of the labels only, that on the output activation too.

    These are two causes: with labels of the right form, or the loss that takes theirs, the activation stays wrong.
    """
    first = loss_verdict(run)
    if first is None:
        return
    yield first
    if first.row.code not in OF_THE_LABELS:
        return
    for row in rows():
        effect = row.keras if first.fit.keras else row.torch
        if row.code in OF_THE_ACTIVATION and row.labels == ("any",) and effect is not None and matches(row, first.fit):
            yield Verdict(row, first.fit, message_of(row, first.fit, effect))
            return
