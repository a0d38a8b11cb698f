"""The report in a terminal, and the rows and remarks that all reports share."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from tests.probe.samples import FULL, measurement
from trainlint.core import Severity
from trainlint.engine import check_source
from trainlint.facts.run import TrainingRun
from trainlint.probe.cage.plan import Closed
from trainlint.probe.host import Ending, Limits, ProbeResult
from trainlint.probe.match import Measured
from trainlint.probe.protocol import LayerState, Measurement, OptimizerState, Trial
from trainlint.probe.summary import duration, edge, names, remarks, rows
from trainlint.probe.text import closed_off, closing, ending, print_probe
from trainlint.result import CheckResult
from trainlint.settings import Settings
from trainlint.source.read import read_text

SCRIPT = """import torch
from torch import nn
x, y = torch.load("x.pt"), torch.load("y.pt")
model = nn.Linear(8, 10)

optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(100):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
"""


def judged(*measurements: Measurement) -> tuple[CheckResult, list[tuple[Measurement, TrainingRun]]]:
    measured = Measured(measurements)
    check = check_source(read_text(SCRIPT, "train.py"), Settings(), None, measured)
    return check, measured.pairs


def printed(result: ProbeResult, *measurements: Measurement, width: int = 120) -> str:
    stream = io.StringIO()
    check, pairs = judged(*measurements)
    print_probe(result, check, pairs, Console(file=stream, width=width, highlight=False, emoji=False, markup=False))
    return stream.getvalue()


def test_all_that_was_measured_is_told() -> None:
    text = printed(ProbeResult(Ending.MEASURED, (FULL,), 0, closed=Closed("layered", "none"), seconds=2.5), FULL)
    assert text.startswith("train.py:10:5: SGD lr=0.1, torch on cpu\n")
    for part in (
        "10 ± 0.05: 12 Hessian-vector products by double backward, confirmed by repeating the step",
        "next 4, 1; smallest -0.5",
        "λ from 9 to 12.5 over 3 batches",
        "lr 0.1 is 0.5 × 2/λ at the start = 0.2",
        "a guess among 10 classes costs ln 10 = 2.3",
        "the loss goes from 9 to inf in 2 steps",
        "16×8 float32, 0 to 255, mean 33, mean square 5,000",
        "4 tensors, 1,234,567 parameters; the first step moves them by 1e-8 to 9 of their norm",
        "10 ms for loss and gradient, 25 ms for a Hessian-vector product (2.5 times as long), 1.5 s in all",
        "✗ 3 inputs are not finite in the first batch",
        "· 2 input features have one single value in the first batch",
        "✗ 1 target is not finite in the first batch",
        "! the first loss is 9, 3.9 times the ln 10 = 2.3 of a blind guess: the outputs start far too large",
        "✗ the loss diverges in the first real steps, from 9 to inf",
        "! no gradient reaches lost.weight, lost.bias on the first batch",
        "✗ the gradient of middle.weight is exactly 0",
        "! each weight of body.weight gets 1.6e-9 times the gradient of head.weight: it hardly learns",
        "! 40 of 64 units of relu1 are dead: they never act on the first batch",
        "· 2 of 32 units of tanh are saturated: they let no gradient through on the first batch",
        "· the first step moves head.weight by up to 0.5 of its own norm",
        "· the first step moves body.weight by less than a millionth of its own norm",
        "! one single batch is not learned by heart: the loss goes from 9 to 8.4 in 2 steps",
        "· in the sweep training diverges between lr 0.05 and 0.4",
        "· a note <b>",
    ):
        assert part in text
    assert text.rstrip().endswith("Probed in 2.5 s, 0 MiB of memory at most. What it wrote is gone, it had no network.")


def test_the_sweep_is_a_table_beside_the_bound() -> None:
    lines = [line.split() for line in printed(ProbeResult(Ending.MEASURED), FULL).splitlines()]
    assert ["0.05", "0.25", "9", "7", "1", "stable"] in lines
    assert ["0.4", "2", "9", "nan", "1", "diverges"] in lines


def test_a_calm_run_has_no_remarks() -> None:
    assert list(remarks(measurement())) == []


def test_a_loss_that_grows_is_no_divergence_by_itself() -> None:
    said = [(one.severity, one.text) for one in remarks(measurement(losses=(2.0, 4.0, 9.0)))]
    assert said == [(Severity.WARNING, "the loss grows in the first real steps, from 2 to 9")]


def test_what_is_missing_is_not_told() -> None:
    assert [row.name for row in rows(Measurement("torch"), judged(Measurement("torch"))[1][0][1])] == []
    assert printed(ProbeResult(Ending.UNTRAINED, exit_code=0)).startswith(
        "The script ended (exit code 0) without a training step.\n"
    )


def test_why_a_run_has_no_bound_is_told() -> None:
    text = printed(ProbeResult(Ending.MEASURED), replace(measurement("other.py"), optimizer=OptimizerState("Lion", 0.1, 0.1)))
    assert ["no", "bound", "lion", "has", "no", "step-size", "bound"] in [line.split() for line in text.splitlines()]


@pytest.mark.parametrize(
    ("result", "first"),
    [
        (
            ProbeResult(Ending.FAILED, exit_code=1, traceback="Traceback (most recent call last):\nValueError: no"),
            "The script failed before its training could be measured (exit code 1):",
        ),
        (ProbeResult(Ending.FAILED, exit_code=-9), "The script failed before its training could be measured (signal 9):"),
        (
            ProbeResult(Ending.TIME, stack='File "a.py", line 3 in f', limits=Limits(5.0)),
            "No training step was reached in 5 s (--timeout). It was here, innermost first:",
        ),
        (ProbeResult(Ending.TIME, measuring=True), "The measuring was not finished in 300 s (--timeout)."),
        (
            ProbeResult(Ending.MEMORY, limits=Limits(memory=3 << 30)),
            "The script took more than 3 GiB of memory (--memory) and was ended.",
        ),
        (ProbeResult(Ending.DISK, limits=Limits(disk=300 << 20)), "The script wrote more than 300 MiB (--disk) and was ended."),
        (
            ProbeResult(Ending.NOT_STARTED, exit_code=127, stderr="'x' could not be started"),
            "The command did not start a Python in which the probe could wait (exit code 127).",
        ),
    ],
)
def test_how_a_probe_ended_is_told(result: ProbeResult, first: str) -> None:
    assert ending(result)[0] == first


def test_the_scripts_own_traceback_is_shown() -> None:
    result = ProbeResult(Ending.FAILED, exit_code=1, traceback="Traceback (most recent call last):\nValueError: \x1b[31mno")
    assert "  ValueError: \ufffd[31mno\n" in printed(result)


@pytest.mark.parametrize(
    ("error", "closed", "hint"),
    [
        ("OSError: [Errno 30] Read-only file system: '/data/x'", Closed("layered", "none"), "--write FOLDER opens a folder"),
        ("PermissionError: [Errno 13] Permission denied: 'x'", Closed("refused", "none"), "--write FOLDER opens a folder"),
        ("urllib.error.URLError: <urlopen error [Errno -3] Temporary failure>", Closed("layered", "none"), "--network opens it"),
        ("PermissionError: [Errno 13] Permission denied: 'x'", Closed("open", "open"), ""),
        ("URLError", Closed("layered", "open"), ""),
        ("ValueError: no", Closed("layered", "none"), ""),
    ],
)
def test_what_opens_the_cage_is_said_where_it_was_in_the_way(error: str, closed: Closed, hint: str) -> None:
    trace = f"Traceback (most recent call last):\n{error}"
    said = ending(ProbeResult(Ending.FAILED, exit_code=1, traceback=trace, closed=closed))
    assert [hint in line for line in said[3:]] == ([True] if hint else [])


def test_faults_of_the_probe_are_told() -> None:
    assert "1 fault of the probe itself:\n  boom\n" in printed(ProbeResult(Ending.UNTRAINED, faults=("boom\n",)))


@pytest.mark.parametrize(
    ("closed", "words"),
    [
        (Closed("layered", "none"), "What it wrote is gone, it had no network."),
        (
            Closed("refused", "open", ("a reason",)),
            "It could write only in its temporary folder and to shared memory, the network was NOT closed off (a reason).",
        ),
        (Closed(), "Its files were NOT closed off: what it wrote is there, the network was NOT closed off."),
        (Closed("anything else", "?"), "Its files were NOT closed off: what it wrote is there, the network was NOT closed off."),
    ],
)
def test_what_stayed_open_is_said_plainly(closed: Closed, words: str) -> None:
    assert closed_off(closed) == words


def test_nothing_is_wider_than_the_terminal_but_places_and_remarks() -> None:
    tables = [line for line in printed(ProbeResult(Ending.MEASURED), FULL, width=60).splitlines() if line.startswith("   ")]
    assert max(map(len, tables)) <= 60


def test_where_a_sweep_diverges() -> None:
    stable, bad = Trial(0.1, (1.0,), False), Trial(0.2, (1.0,), True)
    assert edge((stable, bad)) == "between lr 0.1 and 0.2"
    assert edge((stable,)) == "nowhere, up to lr 0.1"
    assert edge((bad,)) == "from lr 0.2, its smallest"
    assert edge((bad, Trial(0.3, (1.0,), False))) == "from lr 0.2, its smallest"
    assert edge(()) is None


def test_times_and_names_are_short() -> None:
    assert (duration(0.0123), duration(12.3)) == ("12 ms", "12 s")
    assert names(tuple("abcdef")) == "a, b, c, d and 2 more"


@pytest.mark.parametrize("figure", [math.nan, math.inf, -math.inf, 0.0, -1.0, 1e300])
def test_no_figure_breaks_the_report(figure: float) -> None:
    seen = replace(
        FULL,
        loss=figure,
        losses=(figure, figure),
        overfit=(figure, 1.0),
        gradient_norm=figure,
        gradient_noise=figure,
        layers=(LayerState("a", 0, figure, figure, figure), LayerState("b", 1, 1.0, 1.0, figure), LayerState("c", 1, 1.0, 1.0)),
        sweep=(Trial(figure, (figure,), True), Trial(0.1, (), False)),
        seconds={"gradient": 0.0, "product": figure, "all": 1.0},
    )
    assert printed(ProbeResult(Ending.MEASURED), seen).count("\n") > 5
    assert {one.severity for one in remarks(seen)} <= set(Severity)


def test_the_closing_line_names_the_memory() -> None:
    assert closing(ProbeResult(Ending.MEASURED, seconds=61.0, peak_memory=3 << 30)).startswith("Probed in 61 s, 3 GiB of memory")


def test_a_place_in_a_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    text = printed(ProbeResult(Ending.MEASURED), measurement(tmp_path / "other.py"))
    assert text.startswith(f"{tmp_path / 'other.py'}:6:1: ")
