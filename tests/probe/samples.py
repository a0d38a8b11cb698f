"""Measurements as a child would write them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from trainlint.probe.protocol import (
    LayerState,
    Line,
    Measurement,
    OptimizerState,
    Range,
    Spectrum,
    Trial,
    Units,
)


def measurement(script: Path | str = "train.py", optimizer: int = 6, **figures: Any) -> Measurement:
    """A measurement of plain gradient descent at rate 0.1 on a squared loss; keywords replace its fields."""
    places = {"optimizer": Line(str(Path(script).absolute()), optimizer)}
    base = Measurement(
        framework="torch",
        places=places,
        optimizer=OptimizerState("SGD", 0.1, 0.1),
        loss=2.0,
        loss_name="mse_loss",
        batch_size=16,
        spectrum=Spectrum(10.0, 0.05, 12, "double backward", others=(4.0, 1.0), smallest=-0.5, confirmed=True),
        losses=(2.0, 1.5, 1.2),
    )
    return replace(base, **figures)


FULL = measurement(
    loss=9.0,
    loss_name="cross_entropy",
    classes=10,
    parameters=1_234_567,
    gradient_norm=0.25,
    gradient_noise=3.0,
    spectrum=Spectrum(10.0, 0.05, 12, "double backward", (4.0, 1.0), -0.5, (9.0, 12.5), True, 55.0, 0.4),
    inputs=(Range((16, 8), "float32", 0.0, 255.0, 33.0, 5000.0, constant_columns=2, non_finite=3),),
    targets=(Range((16,), "int64", 0.0, 9.0, 4.5, 30.0, non_finite=1),),
    layers=(
        LayerState("body.weight", 1000, 3.0, 1e-9, 1e-8),
        LayerState("middle.weight", 1000, 3.0, 0.0, 0.002),
        LayerState("head.weight", 100, 1.0, 0.2, 0.5),
        LayerState("head.bias", 10, 0.0, 0.1, 9.0),
    ),
    without_gradient=("lost.weight", "lost.bias"),
    units=(Units("relu1", 64, dead=40), Units("tanh", 32, saturated=2)),
    losses=(9.0, 8.0, float("inf")),
    overfit=(9.0, 8.5, 8.4),
    sweep=(Trial(0.05, (9.0, 7.0), False), Trial(0.4, (9.0, float("nan")), True)),
    seconds={"gradient": 0.01, "product": 0.025, "all": 1.5},
    notes=("a note <b>",),
)
"""Everything that a measurement can hold, much of it wrong."""
