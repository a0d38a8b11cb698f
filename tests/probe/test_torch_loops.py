"""Every way to write a loop is the same training: one sharpness, whatever stands between the loss and the step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trainlint.probe.host import Ending, ProbeResult
from trainlint.probe.protocol import Measurement, Spectrum

pytestmark = pytest.mark.framework
Run = Callable[..., ProbeResult]

LOOPS = (
    "plain", "accumulation", "closure", "lbfgs", "amp", "clipped", "autograd_grad",
    "compiled", "checkpointed", "parallel", "scripted", "bare_except", "by_hand", "with_func",
)  # fmt: skip


@pytest.fixture(scope="module")
def sharpness() -> float:
    """That of the loops' first step, from a dense Hessian by `torch.func`."""
    import importlib.util
    from pathlib import Path

    import torch

    torch.set_num_threads(1)
    spec = importlib.util.spec_from_file_location("torch_loops", Path(__file__).parent / "scripts" / "torch_loops.py")
    assert spec is not None
    assert spec.loader is not None
    loops = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loops)
    net = loops.net().double()
    names, shapes = zip(*((name, one.shape) for name, one in net.named_parameters()), strict=True)

    def loss(flat: torch.Tensor) -> torch.Tensor:
        parts = flat.split([shape.numel() for shape in shapes])
        values = {name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}
        return torch.nn.functional.mse_loss(torch.func.functional_call(net, values, (loops.X.double(),)), loops.Y.double())

    start = torch.nn.utils.parameters_to_vector(net.parameters()).detach()
    return float(torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss, start))[-1])


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measurement]:
    import sys
    from pathlib import Path

    from trainlint.probe.host import Limits, probe
    from trainlint.probe.protocol import Request

    request = Request(str(tmp_path_factory.mktemp("loops")), runs=len(LOOPS))
    script = Path(__file__).parent / "scripts" / "torch_loops.py"
    result = probe([sys.executable, str(script), *LOOPS], request, Limits(seconds=120))
    assert len(result.measurements) == len(LOOPS), result.stderr
    return dict(zip(LOOPS, result.measurements, strict=True))


def spectrum(measurement: Measurement) -> Spectrum:
    assert measurement.spectrum is not None, measurement.failure
    return measurement.spectrum


@pytest.mark.parametrize("loop", LOOPS)
def test_the_sharpness_is_the_same(loop: str, measured: dict[str, Measurement], sharpness: float) -> None:
    one = spectrum(measured[loop])
    assert one.largest == pytest.approx(sharpness, rel=0.01)
    assert one.method == "double backward"
    assert one.confirmed in ((None,) if loop in ("by_hand", "with_func") else (True,))
    assert measured[loop].loss == pytest.approx(0.5744, rel=1e-3)
    assert measured[loop].losses[-1] < measured[loop].losses[0]


def test_places_are_the_user_s_lines(measured: dict[str, Measurement]) -> None:
    from pathlib import Path

    lines = (Path(__file__).parent / "scripts" / "torch_loops.py").read_text(encoding="utf-8").splitlines()
    said = {
        "optimizer": "torch.optim.",
        "step": "optimizer.step(",
        "backward": ".backward()",
        "model": "model(X",
        "loss": "mse_loss",
    }
    for loop in ("plain", "closure", "clipped", "compiled", "parallel"):
        assert set(measured[loop].places) == set(said)
        for what, place in measured[loop].places.items():
            assert place.file.endswith("torch_loops.py")
            assert said[what] in lines[place.line - 1]


def test_the_scaler_and_the_clipping_do_not_count(measured: dict[str, Measurement]) -> None:
    assert measured["amp"].loss == pytest.approx(measured["plain"].loss, rel=1e-2)
    assert measured["amp"].gradient_norm == pytest.approx(measured["plain"].gradient_norm, rel=1e-2)
    assert measured["clipped"].gradient_norm == pytest.approx(measured["plain"].gradient_norm, rel=1e-5)
    norm = measured["clipped"].gradient_norm
    assert norm is not None
    assert any(f"{0.01 / norm:.3g} times its loss's gradient" in note for note in measured["clipped"].notes)


def test_a_warm_up_has_a_peak(measured: dict[str, Measurement]) -> None:
    optimizer = measured["clipped"].optimizer
    assert optimizer is not None
    assert (optimizer.learning_rate, optimizer.peak_learning_rate) == (0.0, 0.05)


@pytest.mark.parametrize("loop", ["by_hand", "with_func"])
def test_the_rate_of_a_loop_by_hand_is_seen(loop: str, measured: dict[str, Measurement]) -> None:
    optimizer = measured[loop].optimizer
    assert optimizer is not None
    assert optimizer.learning_rate == pytest.approx(0.001, rel=1e-3)


def test_optimizers_are_named_with_their_numbers(measured: dict[str, Measurement]) -> None:
    momentum, adam = measured["closure"].optimizer, measured["accumulation"].optimizer
    assert momentum is not None
    assert adam is not None
    assert (momentum.name, momentum.settings["momentum"]) == ("SGD", 0.9)
    assert (adam.name, adam.settings["beta_1"], adam.settings["beta_2"], adam.settings["eps"]) == ("Adam", 0.9, 0.999, 1e-8)


def test_layers_units_and_arrays(measured: dict[str, Measurement]) -> None:
    plain = measured["plain"]
    assert [one.name for one in plain.layers] == ["0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"]
    for layer in plain.layers:
        assert layer.gradient_norm is not None
        assert layer.update_ratio == pytest.approx(0.05 * layer.gradient_norm / layer.weight_norm, rel=1e-3)
    assert [(one.name, one.units) for one in plain.units] == [("Tanh after 0", 32), ("ReLU after 2", 32)]
    assert (plain.inputs[0].shape, plain.targets[0].shape, plain.batch_size) == ((64, 8), (64, 1), 64)
    assert (plain.loss_name, plain.classes) == ("mse_loss", None)


def test_a_script_with_few_steps_gives_what_it_can(run_probe: Run, sharpness: float) -> None:
    result = run_probe("torch_loops.py", "three_steps")
    (measurement,) = result.measurements
    assert spectrum(measurement).largest == pytest.approx(sharpness, rel=0.01)
    assert any("ended before" in note for note in measurement.notes)


def test_a_script_may_go_on_unharmed(run_probe: Run) -> None:
    result = run_probe("torch_loops.py", *LOOPS, stop=False)
    assert len(result.measurements) == 1
    assert (result.exit_code, result.traceback, result.stderr) == (0, "", "")
    assert result.ending is Ending.MEASURED
