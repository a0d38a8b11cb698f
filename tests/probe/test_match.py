"""Measurements meet the runs of the script, and the same rules judge both."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from tests.probe.samples import measurement
from trainlint.core import Evidence, Fact, Severity, Unknown
from trainlint.engine import check_source
from trainlint.facts.run import TrainingRun
from trainlint.probe.match import Measured, assign
from trainlint.probe.protocol import LayerState, Line, Measurement, OptimizerState, Range, Spectrum
from trainlint.probe.verdict import has_diverged, has_risen
from trainlint.result import CheckResult
from trainlint.settings import Settings
from trainlint.source.read import read
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound
from trainlint.stability.bounds import Descent, gradient_descent_bound

NET = """import sys, torch
from torch import nn

x, y = torch.load("x.pt"), torch.load("y.pt")
model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1{more})
for epoch in range(100):
    optimizer.zero_grad()
    loss = nn.functional.{loss}(model(x), y)
    loss.backward()
    optimizer.step()
"""
EXPLODES = (2.0, 40.0, 1e6, math.inf)


def judged(tmp_path: Path, text: str, *measurements: Measurement) -> tuple[CheckResult, Measured]:
    script = tmp_path / "train.py"
    script.write_text(text, encoding="utf-8")
    measured = Measured(measurements)
    return check_source(read(script), Settings(), None, measured), measured


def bound_of(run: TrainingRun) -> StabilityBound:
    bound = stability(run)
    assert isinstance(bound, StabilityBound)
    return bound


def net(more: str = "", loss: str = "mse_loss") -> str:
    return NET.format(more=more, loss=loss)


def test_a_measured_bound_is_the_optimizers_formula(tmp_path: Path) -> None:
    seen = measurement(tmp_path / "train.py", spectrum=Spectrum(100.0, 0.1, 9, "double backward"), losses=EXPLODES)
    result, measured = judged(tmp_path, net(), seen)
    [(_, run)] = measured.pairs
    bound = bound_of(run)
    assert (bound.sharpness, bound.max_learning_rate, bound.ratio) == (100.0, pytest.approx(0.02), pytest.approx(5.0))
    assert (bound.evidence, bound.verdict, bound.batch) == (Evidence.MEASURED, "diverges", "batches of 16")
    [finding] = [one for one in result.findings if one.code == "TRN101"]
    assert (finding.severity, finding.evidence, finding.span.row) == (Severity.ERROR, Evidence.MEASURED, 6)
    assert "in its first real steps the loss goes from 2 to inf" in finding.message
    assert finding.numbers["sharpness"] == 100.0


def test_a_rate_below_the_measured_bound_is_silent(tmp_path: Path) -> None:
    result, measured = judged(tmp_path, net(), measurement(tmp_path / "train.py", spectrum=Spectrum(5.0, 0.1, 9, "m")))
    assert bound_of(measured.pairs[0][1]).verdict == "stable"
    assert [one for one in result.findings if one.code == "TRN101"] == []


def test_losses_that_do_not_rise_speak_against_a_divergence(tmp_path: Path) -> None:
    seen = measurement(tmp_path / "train.py", spectrum=Spectrum(200.0, 0.1, 9, "m"), losses=(2.0, 1.9, 1.5))
    result, measured = judged(tmp_path, net(), seen)
    assert bound_of(measured.pairs[0][1]).verdict == "near_edge"
    assert [one for one in result.findings if one.code == "TRN101"] == []


@pytest.mark.parametrize(
    ("sharpness", "verdict"), [(11.0, "stable"), (13.0, "near_edge"), (30.0, "unstable_at_start"), (97.0, "diverges")]
)
def test_the_thresholds_of_a_squared_loss(tmp_path: Path, sharpness: float, verdict: str) -> None:
    """lr * lambda / 2 above 0.5, 1 and 4 with a margin of a fifth; the losses were not watched."""
    seen = measurement(tmp_path / "train.py", spectrum=Spectrum(sharpness, 0.1, 9, "m"), losses=())
    assert bound_of(judged(tmp_path, net(), seen)[1].pairs[0][1]).verdict == verdict


@pytest.mark.parametrize(
    ("sharpness", "verdict"), [(90.0, "stable"), (97.0, "near_edge"), (481.0, "unstable_at_start"), (1e6, "unstable_at_start")]
)
def test_the_thresholds_of_a_cross_entropy(tmp_path: Path, sharpness: float, verdict: str) -> None:
    seen = measurement(tmp_path / "train.py", spectrum=Spectrum(sharpness, 0.1, 9, "m"), losses=())
    assert bound_of(judged(tmp_path, net(loss="cross_entropy"), seen)[1].pairs[0][1]).verdict == verdict


def test_every_batch_must_exceed_the_bound(tmp_path: Path) -> None:
    seen = measurement(tmp_path / "train.py", spectrum=Spectrum(100.0, 0.1, 9, "m", batches=(2.0,)), losses=())
    assert bound_of(judged(tmp_path, net(), seen)[1].pairs[0][1]).verdict == "stable"


def test_what_was_not_confirmed_is_an_estimate(tmp_path: Path) -> None:
    seen = measurement(tmp_path / "train.py", spectrum=Spectrum(100.0, 0.1, 9, "m", confirmed=False), losses=EXPLODES)
    result, measured = judged(tmp_path, net(), seen)
    assert bound_of(measured.pairs[0][1]).evidence is Evidence.ESTIMATED
    assert all(one.severity is not Severity.ERROR for one in result.findings if one.code == "TRN101")


def test_a_linear_model_keeps_its_momentum_in_the_formula(tmp_path: Path) -> None:
    text = net(more=", momentum=0.9").replace("nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))", "nn.Linear(8, 1)")
    state = OptimizerState("SGD", 0.1, 0.1, {"momentum": 0.9})
    seen = replace(measurement(tmp_path / "train.py"), optimizer=state, spectrum=Spectrum(100.0, 0.1, 9, "m"), losses=EXPLODES)
    bound = bound_of(judged(tmp_path, text, seen)[1].pairs[0][1])
    assert bound.max_learning_rate == pytest.approx(gradient_descent_bound(100.0, Descent(momentum=0.9)))
    assert bound.bound_formula == "2(1+β)/λ"
    assert bound.growth_per_step is not None
    assert bound.growth_per_step > 1


def test_adam_is_judged_by_its_first_step(tmp_path: Path) -> None:
    text = net().replace("SGD", "Adam")
    spectrum = Spectrum(1e6, 1.0, 9, "m", preconditioned=500.0, first_step_ratio=5.0)
    seen = measurement(tmp_path / "train.py", spectrum=spectrum, losses=(2.0, 2.9, 2.4))
    seen = replace(seen, optimizer=OptimizerState("Adam", 0.1, 0.1, {"beta1": 0.9, "beta2": 0.999}))
    result, measured = judged(tmp_path, text, seen)
    bound = bound_of(measured.pairs[0][1])
    assert (bound.preconditioned, bound.max_learning_rate, bound.verdict) == (True, pytest.approx(0.02), "unstable_at_start")
    [finding] = [one for one in result.findings if one.code == "TRN101"]
    assert finding.severity is Severity.WARNING
    calm = replace(seen, losses=(2.0, 1.8, 1.7))
    assert bound_of(judged(tmp_path, text, calm)[1].pairs[0][1]).verdict == "near_edge"


def test_what_the_script_proves_is_not_replaced(tmp_path: Path) -> None:
    text = """import numpy as np
from tensorflow import keras

x = np.arange(20.0)
model = keras.Sequential([keras.layers.Dense(1, use_bias=False, input_shape=[1])])
model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.001), loss="mse")
model.fit(x, 2 * x, batch_size=20, epochs=10)
"""
    seen = measurement(tmp_path / "train.py", framework="keras", spectrum=Spectrum(9e9, 1.0, 3, "m"))
    seen = replace(seen, optimizer=OptimizerState("SGD", 0.001, 0.001))
    bound = bound_of(judged(tmp_path, text, seen)[1].pairs[0][1])
    assert (bound.evidence, bound.sharpness) == (Evidence.PROVED, pytest.approx(247.0))


def test_the_rate_that_was_used_replaces_what_the_script_says(tmp_path: Path) -> None:
    text = net().replace("lr=0.1", "lr=float(sys.argv[1])")
    seen = measurement(tmp_path / "train.py", optimizer=6)
    _, measured = judged(tmp_path, text, replace(seen, optimizer=OptimizerState("SGD", 0.25, 0.25)))
    optimizer = measured.pairs[0][1].optimizer
    assert not isinstance(optimizer, Unknown)
    rate = optimizer.learning_rate
    assert isinstance(rate, Fact)
    assert (rate.value, rate.evidence) == (0.25, Evidence.MEASURED)
    assert rate.place is not None
    assert rate.place.span.row == 6


def test_ranges_fill_what_the_script_leaves_open(tmp_path: Path) -> None:
    seen = measurement(tmp_path / "train.py", inputs=(Range((16, 8), "float32", 0.0, 255.0, 100.0, 2e4),))
    inputs = judged(tmp_path, net(), seen)[1].pairs[0][1].inputs
    assert (inputs.low, inputs.high, inputs.scale, inputs.known, inputs.shape) == (0.0, 255.0, "byte", "measured", (None, 8))


def test_data_that_is_not_finite_fills_nothing(tmp_path: Path) -> None:
    seen = measurement(tmp_path / "train.py", inputs=(Range((16, 8), "float32", 0.0, math.inf, 1.0, 1.0, non_finite=1),))
    assert judged(tmp_path, net(), seen)[1].pairs[0][1].inputs.low is None


def test_a_warm_up_is_not_judged(tmp_path: Path) -> None:
    seen = measurement(tmp_path / "train.py", spectrum=Spectrum(1e4, 0.1, 9, "m"), losses=())
    bound = bound_of(judged(tmp_path, net(), replace(seen, optimizer=OptimizerState("SGD", 0.0, 0.1)))[1].pairs[0][1])
    assert (bound.verdict, bound.learning_rate) == ("not_judged", 0.1)
    assert bound.premises == ("the learning rate changes, up to 0.1",)


def test_normalisation_bears_large_steps_unless_the_losses_rise(tmp_path: Path) -> None:
    text = net(loss="cross_entropy").replace("nn.Tanh()", "nn.BatchNorm1d(16)")
    seen = measurement(tmp_path / "train.py", spectrum=Spectrum(1e4, 0.1, 9, "m"), losses=(2.0, 1.9, 2.1))
    assert bound_of(judged(tmp_path, text, seen)[1].pairs[0][1]).verdict == "not_judged"
    seen = replace(seen, losses=(2.0, 60.0, 3.0))
    assert bound_of(judged(tmp_path, text, seen)[1].pairs[0][1]).verdict == "unstable_at_start"


def test_two_trainings_are_told_apart_by_their_lines(tmp_path: Path) -> None:
    text = net() + net().partition("model = ")[2].join(["model = ", ""]).replace("lr=0.1", "lr=0.2")
    rows = [number for number, line in enumerate(text.splitlines(), 1) if "optim.SGD" in line]
    second, first = (
        replace(measurement(tmp_path / "train.py", optimizer=row), number=number) for number, row in enumerate(reversed(rows))
    )
    second = replace(second, optimizer=OptimizerState("SGD", 0.2, 0.2))
    result, measured = judged(tmp_path, text, second, first)
    assert result.runs == 2
    assert [run.order for _, run in measured.pairs] == [1, 0]


def test_a_function_that_trains_twice_is_told_apart_by_rate_then_order(tmp_path: Path) -> None:
    body = "".join(f"    {line}\n" for line in net().splitlines()[4:])
    text = "import torch\nfrom torch import nn\nx, y = torch.load('x'), torch.load('y')\n\ndef train(rate):\n"
    text += body.replace("lr=0.1", "lr=rate") + "\ntrain(0.3)\ntrain(0.1)\n"
    seen = measurement(tmp_path / "train.py", optimizer=7)
    script = check_source(read(_written(tmp_path, text)), Settings()).script
    assert script is not None
    assert len(script.runs) == 2
    assert assign(script, [seen]) == {0: 1}
    assert assign(script, [replace(seen, optimizer=OptimizerState("SGD", 7.0, 7.0)), replace(seen, number=1)]) == {0: 0, 1: 1}


def _written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "train.py").write_text(text, encoding="utf-8")
    return tmp_path / "train.py"


def test_a_training_that_the_script_does_not_show_becomes_a_run(tmp_path: Path) -> None:
    text = "import sys, importlib\n\n\n\n\nimportlib.import_module(sys.argv[1]).train()\n"
    seen = measurement(tmp_path / "train.py", spectrum=Spectrum(100.0, 0.1, 9, "m"), losses=EXPLODES)
    result, measured = judged(tmp_path, text, seen)
    [(_, run)] = measured.pairs
    assert (run.framework, run.place.span.row, result.runs, result.not_judged) == ("torch", 6, 1, ())
    [finding] = result.findings
    assert (finding.code, finding.severity, finding.evidence) == ("TRN101", Severity.ERROR, Evidence.MEASURED)


def test_another_framework_is_another_training(tmp_path: Path) -> None:
    seen = measurement(tmp_path / "train.py", framework="keras")
    result, measured = judged(tmp_path, net(), seen)
    assert result.runs == 2
    assert measured.pairs[0][1].order == 1


def test_a_training_in_another_file_is_shown_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    seen = replace(measurement(), places={"step": Line(str(tmp_path / "other.py"), 3)})
    result, measured = judged(tmp_path, "import other\nother.train()\n", seen)
    assert measured.pairs[0][1].place.span.filename == str(tmp_path / "other.py")
    assert not result.failed


def test_a_training_that_could_not_be_measured_changes_no_verdict(tmp_path: Path) -> None:
    seen = Measurement("torch", failure="the step could not be repeated", places=measurement(tmp_path / "train.py").places)
    result, measured = judged(tmp_path, net(), seen)
    assert result.runs == 1
    assert measured.pairs[0][1].measured is None


@pytest.mark.parametrize("figure", [math.nan, math.inf, -3.0, 0.0])
def test_no_figure_raises(tmp_path: Path, figure: float) -> None:
    seen = measurement(
        tmp_path / "train.py",
        spectrum=Spectrum(figure, figure, 0, "", (figure,), figure, (figure,), None, figure, figure),
        losses=(figure, figure),
        optimizer=6,
    )
    for name in ("SGD", "Adam", "Unheard"):
        result, _ = judged(tmp_path, net(), replace(seen, optimizer=OptimizerState(name, figure, figure, {"momentum": figure})))
        assert not result.failed


def test_when_losses_have_diverged() -> None:
    assert has_diverged((1.0, math.nan))
    assert has_diverged((1.0, 2.0, 4.0))
    assert not has_diverged((1.0, 9.0, 1.5))
    assert not has_diverged((math.inf,))
    assert has_risen((1.0, 1.3, 0.5))
    assert not has_risen((1.0, 1.1, 0.9))


def test_what_was_seen_in_the_first_step_is_a_finding_of_its_own_rule(tmp_path: Path) -> None:
    seen = measurement(
        tmp_path / "train.py",
        loss=math.nan,
        without_gradient=("lost",),
        layers=(LayerState("first", 10, 1.0, 0.0), LayerState("last", 10, 1.0, 0.1, 0.5)),
    )
    script = _written(tmp_path, net())
    result = check_source(read(script), Settings(select=("TRN141",), preview=True), None, Measured([seen]))
    assert {(one.severity, one.evidence, one.message) for one in result.findings} == {
        (Severity.ERROR, Evidence.MEASURED, "the first loss is nan"),
        (Severity.ERROR, Evidence.MEASURED, "the gradient of first is exactly 0"),
        (Severity.WARNING, Evidence.MEASURED, "no gradient reaches lost on the first batch"),
        (Severity.INFO, Evidence.MEASURED, "the first step moves last by up to 0.5 of its own norm"),
    }
    assert check_source(read(script), Settings(select=("TRN141",), preview=True)).findings == ()


def test_weights_that_start_at_zero_excuse_gradients_of_zero(tmp_path: Path) -> None:
    layers = (LayerState("adapter.down", 10, 1.0, 0.0), LayerState("adapter.up", 10, 0.0, 0.1))
    seen = measurement(tmp_path / "train.py", layers=layers)
    settings = Settings(select=("TRN141",), preview=True)
    assert check_source(read(_written(tmp_path, net())), settings, None, Measured([seen])).findings == ()


def test_a_cross_entropy_that_grows_but_stays_finite_is_a_warning(tmp_path: Path) -> None:
    """It may be that of a discriminator, whose adversary wins."""
    seen = measurement(tmp_path / "train.py", spectrum=Spectrum(100.0, 0.1, 9, "m"), losses=(2.0, 9.0, 30.0))
    assert bound_of(judged(tmp_path, net(loss="cross_entropy"), seen)[1].pairs[0][1]).verdict == "unstable_at_start"
    seen = replace(seen, losses=(2.0, 9.0, math.nan))
    assert bound_of(judged(tmp_path, net(loss="cross_entropy"), seen)[1].pairs[0][1]).verdict == "diverges"
