"""Kinds of models, losses and faults, each as a small script."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trainlint.probe.host import Limits, ProbeResult, probe
from trainlint.probe.protocol import Measurement, Request, Spectrum

pytestmark = pytest.mark.framework
Run = Callable[..., ProbeResult]

KINDS = (
    "lstm", "gru", "attention", "encoder", "convolutional", "slices", "ctc", "once", "regression", "sparse", "bag", "sick", "not_zeroed", "half", "whole"
)  # fmt: skip


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measurement]:
    request = Request(str(tmp_path_factory.mktemp("kinds")), runs=len(KINDS))
    script = Path(__file__).parent / "scripts" / "torch_kinds.py"
    result = probe([sys.executable, str(script), *KINDS], request, Limits(seconds=120))
    assert len(result.measurements) == len(KINDS), result.stderr
    return dict(zip(KINDS, result.measurements, strict=True))


def spectrum(measurement: Measurement) -> Spectrum:
    assert measurement.spectrum is not None, measurement.failure
    return measurement.spectrum


@pytest.mark.parametrize("kind", ["lstm", "gru", "attention", "encoder", "convolutional", "slices", "sparse", "sick"])
def test_double_backward_is_confirmed_by_replaying_the_step(kind: str, measured: dict[str, Measurement]) -> None:
    """With dropout, shuffled loaders, random slices and batch normalisation the replayed step is the same step."""
    one = spectrum(measured[kind])
    assert (one.method, one.confirmed) == ("double backward", True)


@pytest.mark.parametrize("kind", ["ctc", "once", "bag"])
def test_finite_differences_where_the_graph_cannot_be_differentiated_twice(kind: str, measured: dict[str, Measurement]) -> None:
    one = spectrum(measured[kind])
    assert one.method == "finite differences"
    assert any("no double backward" in note for note in measured[kind].notes)


def test_finite_differences_agree_with_double_backward(measured: dict[str, Measurement]) -> None:
    assert spectrum(measured["once"]).largest == pytest.approx(spectrum(measured["regression"]).largest, rel=1e-3)


def test_batches_differ(measured: dict[str, Measurement]) -> None:
    """The gradient's noise over full batches is none; over batches of 16 with three classes it is large."""
    assert measured["bag"].gradient_noise == pytest.approx(0, abs=1e-5)
    noise = measured["convolutional"].gradient_noise
    assert noise is not None
    assert noise > 0.1
    assert len(spectrum(measured["convolutional"]).batches) == 3
    assert spectrum(measured["bag"]).batches == ()


def test_losses_are_named_and_classes_counted(measured: dict[str, Measurement]) -> None:
    assert (measured["convolutional"].loss_name, measured["convolutional"].classes) == ("cross_entropy", 3)
    assert (measured["sparse"].loss_name, measured["sparse"].classes) == ("cross_entropy", 2)
    loss = measured["sparse"].loss
    assert loss is not None
    assert loss == pytest.approx(math.log(2), rel=0.3)
    assert measured["convolutional"].batch_size == 16


def test_a_sick_network_is_described(measured: dict[str, Measurement]) -> None:
    sick = measured["sick"]
    assert sick.inputs[0].constant_columns == 1
    assert sick.inputs[0].high > 255
    (activation,) = sick.units
    assert activation.units == 10
    assert activation.dead >= 4
    assert len(sick.without_gradient) == 2
    assert (sick.loss_name, sick.classes) == ("cross_entropy", 3)


def test_gradients_that_pile_up_are_noted(measured: dict[str, Measurement]) -> None:
    """The first step has the loss's own gradient; with the parameters held, the second has twice as much."""
    assert spectrum(measured["not_zeroed"]).largest == pytest.approx(spectrum(measured["regression"]).largest, rel=1e-3)
    assert any("zero_grad" in note for note in measured["not_zeroed"].notes)


def test_the_two_optimizers_of_a_gan_are_two_runs(run_probe: Run) -> None:
    discriminator, generator = run_probe("torch_kinds.py", "gan", runs=2).measurements
    assert (discriminator.parameters, generator.parameters) == (2 * 16 + 16 + 16 + 1, 4 * 16 + 16 + 16 * 2 + 2)
    assert spectrum(discriminator).confirmed is True
    assert spectrum(generator).confirmed is True
    assert any("sum of 2 backward passes" in note for note in discriminator.notes)
    assert discriminator.loss == pytest.approx(2 * math.log(2), rel=0.2)
    assert generator.loss == pytest.approx(math.log(2), rel=0.3)
    assert generator.optimizer is not None
    assert generator.optimizer.learning_rate == 1e-4


def test_steps_without_a_gradient_are_said(run_probe: Run) -> None:
    (measurement,) = run_probe("torch_kinds.py", "no_backward").measurements
    assert measurement.failure is not None
    assert "no backward pass had given it a gradient" in measurement.failure


def test_weights_in_half_precision(measured: dict[str, Measurement]) -> None:
    one = spectrum(measured["half"])
    assert one.largest == pytest.approx(spectrum(measured["whole"]).largest, rel=0.05)
    assert one.confirmed is None
    assert measured["half"].dtype == "bfloat16"


def test_what_cannot_be_measured_is_said(run_probe: Run) -> None:
    first, second = run_probe("torch_kinds.py", "complex_weights", "not_finite", runs=2).measurements
    assert first.failure == "the parameters are complex numbers: their curvature is not measured"
    assert second.failure == "the loss of the first step is nan: there is no curvature to measure"
    assert second.inputs[0].non_finite == 1
