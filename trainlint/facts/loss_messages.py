"""What a row of the loss table says of a run: its placeholders filled with that run's numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trainlint.facts.queries import line_of
from trainlint.wording import figure

if TYPE_CHECKING:
    from trainlint.facts.graph import Shape
    from trainlint.facts.loss_fit import LossFit
    from trainlint.facts.loss_table import Row
    from trainlint.facts.run import DataFacts


def placeholders(fit: LossFit) -> dict[str, object]:
    """What the placeholders of the tables stand for in this run."""
    units, classes = 2 if fit.units is None else fit.units, fit.targets.classes or 0
    return {
        "k": "2 or more" if fit.units is None else units,
        "c": classes,
        "floor": f"{math.log(1 + (units - 1) / math.e):.3f}" if units > 1 else "0",
        "most": f"{math.e / (math.e + units - 1):.3f}" if units > 1 else "1",
        "loss": fit.loss,
        "output": fit.activation or "the output",
        "inner": fit.inner,
        "low": figure(_extreme(fit.targets, fit.targets.low, -1), 3),
        "high": figure(_extreme(fit.targets, fit.targets.high, 1), 3),
        "shape": _in_words(fit.output_shape),
        "target": _in_words(fit.targets.shape),
    }


def message_of(row: Row, fit: LossFit, effect: str) -> str:
    """What a row says of this loss, output and labels."""
    filled = placeholders(fit)
    output = f"{fit.activation} output" if fit.activation else "output"
    width = f"{output} of {fit.units} unit{'s' if fit.units != 1 else ''}" if fit.units else output
    advice = f". Instead {row.advice.format(**filled)}" if row.advice else ""
    return f"{fit.loss} on {width}{line_of(fit.output_place, fit.place)}: {effect.format(**filled)}{advice}"


def _extreme(data: DataFacts, known: float | None, side: int) -> float:
    """The lowest (-1) or highest (1) target: known, or two standard deviations from the mean."""
    if known is not None or data.mean is None or data.second_moment is None:
        return known if known is not None else (side + 1) / 2
    return data.mean + side * 2 * math.sqrt(max(data.second_moment - data.mean**2, 0.0))


def _in_words(shape: Shape | None) -> str:
    sizes = ["N", *(str(one) if one is not None else "?" for one in (shape or ())[1:])]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
