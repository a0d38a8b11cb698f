"""First step abnormal.

## What it does

Speaks of trainings that `trainlint probe` has run to their first steps: a loss or a gradient that is not finite, tensors that
get no gradient or one of exactly 0, a first layer whose weights get less than 1e-4 of the last layer's gradient, a first loss
above 3 · ln C for C classes, a loss that diverges at once, and steps that move a tensor by more than a tenth of its norm or by
less than a millionth.

## Why

What goes wrong in the first step seldom mends itself: a parameter without a gradient is never trained, a loss far above that of a
blind guess says that the outputs are too large, and a loss that is not finite stays so.

## When it is silent

Without a probe. A gradient of 0 is not spoken of where a weight starts at zero on purpose, as in residual branches and adapters.

## References

- A. Karpathy, A recipe for training neural networks (2019): verify the loss at the start, overfit one batch.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.api import Evidence, Report, Severity, TrainingRun, rule


@rule("TRN141", "first-step-abnormal", Severity.WARNING, default="preview")
def check(run: TrainingRun) -> Iterator[Report]:
    """Report what the probe saw."""
    for one in run.observed:
        yield Report(one.text, at=run.place, severity=one.severity, evidence=Evidence.MEASURED)
