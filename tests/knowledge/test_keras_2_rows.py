"""The defaults of Keras 2 (era `keras2.11`) against tf_keras, in which its last release lives on."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from trainlint.knowledge.keras_rows import ROWS
from trainlint.knowledge.rows import REQUIRED, Row

ABSTRACT = {"keras.Model.compile", "keras.mixed_precision.Policy", "keras.optimizers.Optimizer", "keras.layers.dot"}
"""What people subclass, or whose defaults of today do the same as None did."""
OF_NO_EFFECT = {"name", "filters", "ema_overwrite_frequency"}


def signatures() -> Iterator[tuple[Row, Any]]:
    import tf_keras

    for row in ROWS:
        value: Any = tf_keras if row.library == "keras" and row.name not in ABSTRACT else None
        for part in row.name.split(".")[1:]:
            value = getattr(value, part, None)
        if inspect.isclass(value) or inspect.isfunction(value):
            yield row, inspect.signature(value.__init__ if inspect.isclass(value) else value).parameters


def same(ours: Any, theirs: Any) -> bool:
    """Whether two defaults do the same: one number stands for one in each direction, names of classes for their functions."""
    if isinstance(theirs, tuple) and not isinstance(ours, tuple):
        return set(theirs) == {ours}
    if isinstance(ours, tuple) and isinstance(theirs, tuple):
        return ours == theirs or ours == tuple((one, one) for one in theirs)
    if isinstance(ours, str) and isinstance(theirs, str):
        return ours.lower() == theirs.lower() or (ours, theirs) == ("sum_over_batch_size", "auto")
    return bool(ours == theirs) or (ours, theirs) == (None, "channels_last")


@pytest.mark.framework
def test_defaults_are_those_of_keras_2() -> None:
    wrong, seen = [], 0
    for row, parameters in signatures():
        for one in row.parameters:
            known = next((parameters[name] for name in (one.name, *one.aliases) if name in parameters), None)
            if known is None or one.name in OF_NO_EFFECT or known.kind in (known.VAR_POSITIONAL, known.VAR_KEYWORD):
                continue
            seen += 1
            theirs = REQUIRED if known.default is inspect.Parameter.empty else known.default
            if not same(row.default(one.name, "keras2.11"), theirs):
                wrong.append((row.name, one.name, row.default(one.name, "keras2.11"), theirs))
    assert wrong == []
    assert seen > 1_500
