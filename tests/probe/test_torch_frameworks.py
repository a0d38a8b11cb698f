"""Several processes, and trainers that write the loop themselves: the sharpness stays that of the loss."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from trainlint.probe.host import Openings, ProbeResult
from trainlint.probe.protocol import Measurement

pytestmark = pytest.mark.framework
Run = Callable[..., ProbeResult]
SHARPNESS = 3.95527  # of the whole batch of torch_loops; test_torch_loops holds it against a dense Hessian


def free_port() -> str:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])


def under_torchrun(kind: str, folder: Path) -> Measurement:
    import sys

    from trainlint.probe.host import Limits, probe
    from trainlint.probe.protocol import Request

    script = Path(__file__).parent / "scripts" / "torch_processes.py"
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", free_port()]
    command = [sys.executable, *launcher, str(script), kind]
    result = probe(command, Request(str(folder)), Limits(seconds=90), Openings(network=True))
    assert len(result.measurements) == 1, result.stderr
    return result.measurements[0]


def test_data_parallel_products_are_averaged_over_the_ranks(tmp_path: Path) -> None:
    measured = under_torchrun("ddp", tmp_path)
    assert measured.spectrum is not None
    assert measured.spectrum.largest == pytest.approx(SHARPNESS, rel=1e-4)
    assert measured.spectrum.confirmed is True
    assert (measured.world_size, measured.loss) == (2, pytest.approx(0.5744, rel=1e-3))


@pytest.mark.parametrize("kind", ["fsdp1", "fsdp2"])
def test_sharded_parameters_are_measured_by_differences(kind: str, tmp_path: Path) -> None:
    measured = under_torchrun(kind, tmp_path)
    assert measured.spectrum is not None
    assert measured.spectrum.largest == pytest.approx(SHARPNESS, rel=0.02)
    assert measured.spectrum.method == "finite differences"
    assert 0 <= measured.parameters - (8 * 32 + 32 + 32 * 32 + 32 + 32 + 1) <= 1  # FSDP1 pads to an even share
    assert measured.losses[-1] < measured.losses[0]


@pytest.mark.parametrize("trainer", ["lightning", "accelerate"])
def test_trainers_are_measured_like_loops(trainer: str, run_probe: Run) -> None:
    (measured,) = run_probe(f"torch_{trainer}.py").measurements
    assert measured.spectrum is not None
    assert measured.spectrum.largest == pytest.approx(SHARPNESS, rel=0.01)
    assert measured.spectrum.confirmed is True


def test_the_trainer_of_transformers(run_probe: Run, tmp_path: Path) -> None:
    (measured,) = run_probe("torch_transformers.py", str(tmp_path / "output")).measurements
    assert measured.spectrum is not None
    assert measured.spectrum.confirmed is True
    assert measured.optimizer is not None
    assert (measured.optimizer.learning_rate, measured.optimizer.peak_learning_rate) == (0.0, 1e-3)
    assert any("sum of 2 backward passes" in note for note in measured.notes)
