"""`trainlint probe` and `trainlint check --probe` as a person uses them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trainlint.__main__ import main

STANDIN = (Path(__file__).parents[1] / "probe" / "scripts" / "standin.py").read_text(encoding="utf-8")
TRAINS = """import sys
import torch
from standin import measure

model = torch.nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=float(sys.argv[1]) if sys.argv[1:] else 0.1)
measure(sys.argv)
for epoch in range(100):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(torch.load("x.pt")), torch.load("y.pt")).backward()
    optimizer.step()
"""
FAKE_TORCH = """from types import SimpleNamespace

nn = SimpleNamespace(Linear=lambda *sizes: SimpleNamespace(parameters=list))
optim = SimpleNamespace(SGD=lambda parameters, lr: None)
"""
FAKE_MEASURE = '''

import importlib
import sys
from pathlib import Path


def measure(words):
    """Twice the bound, at the line of the optimizer, unless told otherwise."""
    protocol = importlib.import_module("_trainlint_probe.protocol")
    sharpness = float(words[2]) if words[2:] else 100.0
    rate = float(words[1]) if words[1:] else 0.1
    _measure(
        framework="torch",
        places={"optimizer": protocol.Line(str(Path(words[0]).absolute()), 6)},
        optimizer=protocol.OptimizerState("SGD", rate, rate),
        loss=2.0,
        loss_name="mse_loss",
        spectrum=protocol.Spectrum(sharpness, 0.1, 9, "double backward", confirmed=True),
        losses=(2.0, 50.0, 9e9) if rate * sharpness > 2 else (2.0, 1.0),
    )
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a script that trains a stand-in for PyTorch."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRAINLINT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "120")
    (tmp_path / "train.py").write_text(TRAINS, encoding="utf-8")
    (tmp_path / "torch.py").write_text(FAKE_TORCH, encoding="utf-8")
    (tmp_path / "standin.py").write_text(STANDIN.replace("def measure", "def _measure") + FAKE_MEASURE, encoding="utf-8")
    return tmp_path


def test_a_measured_divergence_is_a_finding(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "train.py"]) == 1
    out = capsys.readouterr().out
    assert "train.py:11:5: SGD lr=0.1, torch on cpu" in out
    assert "lr 0.1 is 5 × 2/λ = 0.02: diverges" in out
    assert "train.py:6:" in out
    assert "TRN101 SGD lr=0.1" in out
    assert "= measured: lr 0.1, bound 0.02" in out


def test_arguments_reach_the_script(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "train.py", "--", "0.01"]) == 0
    out = capsys.readouterr().out
    assert "lr 0.01 is 0.5 × 2/λ = 0.02: stable" in out
    assert "No findings in 1 file; 1 training run" in out


@pytest.mark.parametrize(
    "words", [["-m", "train"], ["--", sys.executable, "train.py"], ["--", "train.py"], ["--", sys.executable, "-m", "train"]]
)
def test_a_module_or_a_whole_command_is_probed(folder: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", *words]) == 1
    assert "TRN101" in capsys.readouterr().out


def test_json_holds_measurements_facts_and_findings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--json", "train.py"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert (record["ending"], record["exit_code"]) == ("measured", 0)
    [run] = record["runs"]
    assert run["measured"]["spectrum"]["largest"] == 100.0
    assert run["facts"]["stability"]["evidence"] == "measured"
    assert [one["code"] for one in record["findings"]] == ["TRN101"]
    assert record["findings"][0]["evidence"] == "measured"


def test_a_page_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "train.py", "--html", "report.html"]) == 1
    assert "<svg" in (folder / "report.html").read_text(encoding="utf-8")
    assert main(["probe", "train.py", "--html", "missing/report.html"]) == 2
    assert capsys.readouterr().err == "trainlint: 'missing/report.html' cannot be written: No such file or directory\n"


@pytest.mark.parametrize("name", ["concise", "sarif", "github", "junit"])
def test_findings_are_reported_in_every_format(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "train.py", "--output-format", name]) == 1
    assert "TRN101" in capsys.readouterr().out


def test_a_script_that_fails_shows_its_own_traceback(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "train.py").write_text("import torch\nopen('missing.csv')\n", encoding="utf-8")
    assert main(["probe", "train.py"]) == 2
    out = capsys.readouterr().out
    assert out.startswith("The script failed before its training could be measured (exit code 1):\n  Traceback")
    assert "FileNotFoundError: [Errno 2] No such file or directory: 'missing.csv'" in out


def test_a_script_without_training_is_no_success(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "train.py").write_text("print('nothing')\n", encoding="utf-8")
    assert main(["probe", "train.py"]) == 2
    assert "The script ended (exit code 0) without a training step." in capsys.readouterr().out


def test_nothing_lasts_but_where_it_is_opened(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "from pathlib import Path\nPath('mine').mkdir(exist_ok=True)\nPath('mine/log.txt').write_text('x')\n"
    (folder / "train.py").write_text(text + TRAINS, encoding="utf-8")
    main(["probe", "train.py"])
    assert not (folder / "mine").exists()
    (folder / "mine").mkdir()
    main(["probe", "train.py", "--write", "mine"])
    assert (folder / "mine" / "log.txt").is_file()
    assert main(["probe", "train.py", "--write", "absent"]) == 2
    assert "there is no folder 'absent'" in capsys.readouterr().err


def test_without_a_cage_it_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["probe", "train.py", "--unsafe"])
    assert "Its files were NOT closed off: what it wrote is there, the network was NOT closed off." in capsys.readouterr().out


def test_check_with_a_probe_judges_what_was_measured(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "train.py"]) == 0
    assert main(["check", "--probe", "train.py"]) == 1
    assert "= measured: lr 0.1, bound 0.02" in capsys.readouterr().out
    (folder / "train.py").write_text(TRAINS.replace("import torch\n", "import torch\n1 / 0\n"), encoding="utf-8")
    assert main(["check", "--probe", "train.py"]) == 2
    assert "train.py:   ZeroDivisionError: division by zero" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["probe"], "trainlint probe needs a script: trainlint probe train.py -- ARGUMENTS"),
        (["probe", "absent.py"], "there is no script 'absent.py'"),
        (["probe", "-m", "absent"], "there is no module 'absent' below the working folder"),
        (["probe", "train.py", "-m", "train"], "trainlint probe takes a script or -m with a module, not both"),
        (["probe", "train.py", "--timeout", "0"], "trainlint probe: --timeout: '0' is no number of seconds from 1 to 86,400"),
        (
            ["probe", "train.py", "--memory", "lots"],
            "trainlint probe: --memory: 'lots' is no size of at least 1M, such as 500M or 8G",
        ),
        (["probe", "train.py", "--runs", "0"], "trainlint probe: --runs: '0' is no number from 1 to 1,000,000"),
        (["probe", "train.py", "extra"], "trainlint probe takes one operand, not also 'extra'"),
        (["probe", "--", "sleep", "1"], "there is no script in the command 'sleep 1'"),
        (["check", "--probe", "."], "--probe runs scripts: name the scripts to be run, not '.'"),
        (["check", "--probe"], "--probe runs scripts: name the scripts to be run, not '.'"),
        (["check", "--probe", "--fix", "train.py"], "--probe measures scripts as they are; apply fixes in a command of its own"),
        (["probe", "train.py", "--select", "TRN999"], None),
    ],
)
def test_what_cannot_be_meant_is_refused(
    folder: Path, words: list[str], message: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    err = capsys.readouterr().err
    assert err.startswith("trainlint: ")
    assert message is None or err == f"trainlint: {message}\n"


def test_settings_and_environment_start_no_probe(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "train.py").write_text("from pathlib import Path\nPath('ran').touch()\n" + TRAINS, encoding="utf-8")
    monkeypatch.setenv("TRAINLINT_PROBE", "1")
    for text in ("probe = true\n", "[probe]\nenabled = true\n"):
        (folder / "trainlint.toml").write_text(text, encoding="utf-8")
        assert main(["check", "train.py"]) == 2
        assert "probe" in capsys.readouterr().err
    (folder / "trainlint.toml").unlink()
    assert main(["check", "train.py"]) == 0
    assert not (folder / "ran").exists()


def test_a_stranger_cannot_pass_a_notebook(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "train.ipynb").write_text("{}", encoding="utf-8")
    assert main(["probe", "train.ipynb"]) == 2
    assert "a notebook cannot be probed" in capsys.readouterr().err


def test_a_probe_that_is_ended_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "train.py").write_text("import time\nwhile True:\n    time.sleep(0.1)\n", encoding="utf-8")
    scratch = folder / "scratch"
    scratch.mkdir()
    environment = {**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-m", "trainlint", "probe", "train.py"], env=environment) as running:
        while not list(scratch.glob("trainlint-*/started-*")):
            assert running.poll() is None
            time.sleep(0.02)
        running.terminate()
    assert running.returncode == 130
    assert list(scratch.iterdir()) == []


@pytest.mark.framework
def test_a_real_training_is_measured_swept_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One weight on twenty numbers: sharpness 247, so that the sweep must begin to diverge between 1 and 1.19 times 2/247."""
    monkeypatch.chdir(tmp_path)
    script = """import torch

x = torch.load("x.pt")
model = torch.nn.Linear(1, 1, bias=False)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(2000):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), 2 * x).backward()
    optimizer.step()
"""
    import torch

    torch.save(torch.arange(20.0).reshape(-1, 1), "x.pt")
    Path("train.py").write_text(script, encoding="utf-8")
    assert main(["probe", "train.py", "--sweep", "--html", "page.html", "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    [run] = record["runs"]
    assert run["measured"]["spectrum"]["largest"] == pytest.approx(247.0, rel=1e-3)
    assert run["facts"]["stability"]["evidence"] == "measured"
    assert run["facts"]["stability"]["growth_per_step"] == pytest.approx((1 - 2.47) ** 2, rel=1e-2)
    diverged = {round(one["learning_rate"] * 247 / 2, 2) for one in run["measured"]["sweep"] if one["diverged"]}
    assert min(diverged) == pytest.approx(1.19, abs=0.01)
    assert [one["severity"] for one in record["findings"] if one["code"] == "TRN101"] == ["error"]
    assert "predicted bound" in Path("page.html").read_text(encoding="utf-8")
