"""The measured sharpness against dense Hessians by differences in double precision: no second backward pass is involved."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from trainlint.probe.host import ProbeResult
from trainlint.probe.protocol import Measurement

pytestmark = pytest.mark.framework
Run = Callable[..., ProbeResult]
KINDS = ("sgd", "momentum", "adam")


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def dense(net: Any, loss: Callable[[], Any], step: float = 1e-8) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and Hessian of `loss` at the parameters of `net`."""
    import torch

    parameters = [one for one in net.parameters() if one.requires_grad]
    start = torch.nn.utils.parameters_to_vector(parameters).detach().clone()

    def gradient(at: Any) -> np.ndarray:
        torch.nn.utils.vector_to_parameters(at, parameters)
        rows = torch.autograd.grad(loss(), parameters)
        return torch.cat([row.reshape(-1) for row in rows]).numpy()

    rows = []
    for index in range(len(start)):
        move = torch.zeros_like(start)
        move[index] = step
        rows.append((gradient(start + move) - gradient(start - move)) / (2 * step))
    matrix = np.stack(rows)
    return gradient(start), (matrix + matrix.T) / 2


@pytest.fixture(scope="module")
def references() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    import torch

    torch.set_num_threads(1)
    setups = load("torch_setups")
    found = {}
    for architecture in setups.ARCHITECTURES:
        net, x, y, loss = setups.setup(architecture)
        found[architecture] = dense(net, lambda net=net, x=x, y=y, loss=loss: loss(net(x), y))
    return found


def adam_step(gradient: np.ndarray) -> np.ndarray:
    return -1e-3 * gradient / (np.abs(gradient) + 1e-8)


def check(measured: Measurement, kind: str, gradient: np.ndarray, hessian: np.ndarray) -> None:
    spectrum = measured.spectrum
    assert spectrum is not None
    values = np.linalg.eigvalsh(hessian)
    assert spectrum.largest == pytest.approx(values[-1], rel=0.01)
    assert abs(spectrum.largest - values[-1]) <= spectrum.error + 1e-4 * values[-1]
    assert spectrum.others[0] <= values[-2] * 1.001
    assert spectrum.smallest is not None
    assert spectrum.smallest >= values[0] - 1e-4 * values[-1]
    assert spectrum.confirmed is True
    assert spectrum.method == "double backward"
    assert measured.parameters == len(gradient)
    assert measured.gradient_norm == pytest.approx(np.linalg.norm(gradient), rel=1e-3)
    step = adam_step(gradient) if kind == "adam" else -0.01 * gradient
    assert spectrum.first_step_ratio == pytest.approx(step @ hessian @ step / (-2 * gradient @ step), rel=0.01)
    if kind == "adam":
        scale = np.maximum(np.abs(gradient) + 1e-8, 0.01 * (np.abs(gradient) + 1e-8).mean())
        expected = np.linalg.eigvalsh(hessian / np.sqrt(scale) / np.sqrt(scale)[:, None])[-1]
        assert spectrum.preconditioned == pytest.approx(expected, rel=0.01)
    else:
        assert spectrum.preconditioned is None


def test_eighteen_setups(run_probe: Run, references: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    result = run_probe("torch_setups.py", *KINDS, runs=len(references) * len(KINDS), tolerance=0.005, products=40)
    setups = [(architecture, kind) for architecture in references for kind in KINDS]
    assert len(result.measurements) == len(setups), result.stderr
    for measured, (architecture, kind) in zip(result.measurements, setups, strict=True):
        check(measured, kind, *references[architecture])


def test_the_bound_separates_rates_that_converge_from_those_that_do_not(run_probe: Run) -> None:
    """The sweep's losses are those of a training from the start: the captured state is put back exactly."""
    bounds = {"sgd": 2 / 247, "momentum": 3.8 / 247, "nesterov": 3.8 / (2.8 * 247), "decay": 2 / 249}
    factors = (0.5, 0.95, 1.05, 2.0)
    result = run_probe("torch_quadratic.py", *bounds, runs=4, sweep=factors, steps=30)
    assert len(result.measurements) == 4, result.stderr
    for (kind, bound), measured in zip(bounds.items(), result.measurements, strict=True):
        assert measured.spectrum is not None
        assert measured.spectrum.largest == pytest.approx(247, rel=1e-4)
        assert measured.spectrum.error == pytest.approx(0, abs=1e-2)
        assert [one.learning_rate for one in measured.sweep] == pytest.approx([bound * one for one in factors], rel=1e-3)
        assert [one.diverged for one in measured.sweep] == [False, False, True, True]
        assert {one.losses[0] for one in measured.sweep} == {measured.loss}
        for trial in measured.sweep:
            losses = [one for one in trial.losses if math.isfinite(one)]
            assert losses == pytest.approx(trained(kind, trial.learning_rate, len(losses)), rel=2e-3, abs=1e-3)


def trained(kind: str, rate: float, steps: int) -> list[float]:
    """The losses of the quadratic script at `rate`, in double precision (Sutskever et al. 2013 as PyTorch writes it)."""
    x, weight, speed, losses = np.arange(20.0), 0.5, 0.0, []
    momentum = 0.9 if kind in ("momentum", "nesterov") else 0.0
    for _ in range(steps):
        rest = (weight - 3) * x
        losses.append(float(np.mean(rest**2)))
        gradient = 2 * np.mean(rest * x) + (2.0 * weight if kind == "decay" else 0.0)
        speed = momentum * speed + gradient
        weight -= rate * (gradient + momentum * speed if kind == "nesterov" else speed)
    return losses
