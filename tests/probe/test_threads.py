"""The scripts of the threads that this tool began with, unmodified: what is measured is what follows from the script."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from trainlint.engine import check_source
from trainlint.probe.host import Ending, Limits, ProbeResult, probe
from trainlint.probe.match import Measured
from trainlint.probe.protocol import Request
from trainlint.settings import Settings
from trainlint.source.read import read
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound

FIXTURES = Path(__file__).parents[2] / "fixtures"


def probed(name: str, folder: Path, runs: int) -> ProbeResult:
    command = [sys.executable, str(FIXTURES / name)]
    result = probe(command, Request(str(folder), runs=runs, steps=4, batches=1), Limits(seconds=240))
    assert result.ending is Ending.MEASURED, result.stderr
    assert result.faults == ()
    return result


@pytest.mark.framework
@pytest.mark.parametrize(
    ("name", "sharpness"),
    [
        ("keras_one_weight_explodes.py", (57.0, 247.0)),
        ("keras_twenty_points_explode.py", (288.540, 211.546)),
        ("tf_keras_one_weight_explodes.py", (247.0,)),
        ("torch_one_weight_explodes.py", (247.0,)),
        ("torch_twenty_points_explode.py", (288.540,)),
    ],
)
def test_measured_sharpness_is_the_proved_one(name: str, sharpness: tuple[float, ...], tmp_path: Path) -> None:
    """2 * mean(x^2) for one weight; (A+1) + sqrt((A-1)^2 + 4 m^2) with a bias, A = mean(x^2) and m = mean(x)."""
    result = probed(name, tmp_path, len(sharpness))
    found = [one.spectrum.largest for one in result.measurements if one.spectrum is not None]
    assert found == pytest.approx(sharpness, rel=1e-3)
    measured = Measured(result.measurements)
    check = check_source(read(FIXTURES / name), Settings(), None, measured)
    assert check.runs == len(sharpness)
    for (_, run), expected in zip(measured.pairs, sharpness, strict=True):
        bound = stability(run)
        assert isinstance(bound, StabilityBound)
        assert bound.sharpness == pytest.approx(expected, rel=1e-3)
        assert bound.evidence.value == "proved"
    alone = check_source(read(FIXTURES / name), Settings())
    assert [(one.code, one.span) for one in check.findings] == [(one.code, one.span) for one in alone.findings]
