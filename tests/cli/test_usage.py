"""Command lines that cannot be meant: exit code 2 and one sentence that says what to write instead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainlint import __version__
from trainlint.__main__ import main
from trainlint.cli import COMMANDS


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chek"], ["no command 'chek'", "'check'"]),
        (["--select", "TRN1"], ["after the command", "trainlint check --select"]),
        (["train.py"], ["trainlint check train.py"]),
        (["check", "--selct", "TRN1"], ["no option '--selct'", "'--select'"]),
        (["check", "--sel", "TRN1"], ["no option '--sel'", "'--select'"]),
        (["check", "--output-format", "jsn"], ["'jsn'", "full, concise, json", "'json'"]),
        (["check", "--output-format"], ["--output-format", "expected one argument"]),
        (["check", "--exit-zero=3"], ["--exit-zero"]),
        (["check", "--select", "TRN999"], ["no rule 'TRN999'"]),
        (["check", "--select", "TRN1O1"], ["no rule 'TRN1O1'", "'TRN101'"]),
        (["check", "--ignore", "E501"], ["no rule 'E501'"]),
        (["check", "--rules", "nowhere"], ["no folder of rules 'nowhere'"]),
        (["check", "trian.py"], ["no file or folder 'trian.py'", "'train.py'"]),
        (["check", "inner/trian.py"], ["no file or folder 'inner/trian.py'"]),
        (["facts", "--select", "TRN1"], ["no option '--select'"]),
        (["facts", "--output-format", "full"], ["'full'", "table, json"]),
        (["facts", "trian.py"], ["no file or folder 'trian.py'", "'train.py'"]),
        (["rule", "TRN1O1"], ["no rule 'TRN1O1'", "'TRN101'"]),
        (["rule", "syntax-eror"], ["no rule 'syntax-eror'", "'syntax-error'"]),
        (["rule", "TRN101", "TRN102"], ["TRN102"]),
    ],
)
def test_one_sentence_and_exit_code_2(
    words: list[str], said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "train.py").write_text("import torch\n", encoding="utf-8")
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("trainlint: ")
    assert printed.err.count("\n") == 1
    assert [word for word in said if word not in printed.err] == []


def test_settings_that_cannot_be_meant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "trainlint.toml").write_text("selct = []\n", encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 2
    assert "did you mean 'select'?" in capsys.readouterr().err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    text = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n  {name}" not in text] == []
    for name in COMMANDS:
        with pytest.raises(SystemExit) as left:
            main([name, "--help"])
        assert left.value.code == 0
        assert f"trainlint {name}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"trainlint {__version__}\n"


def test_an_interrupt_exits_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(arguments: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("trainlint.cli.rule.main", interrupted)
    assert main(["rule"]) == 130


def test_a_dependency_that_is_too_old(tmp_path: Path) -> None:
    """LibCST has had t-strings since 1.8.4."""
    (tmp_path / "train.py").write_text("import torch\ntorch.optim.SGD(p, lr=0.1)\n", encoding="utf-8")
    words = (
        "import libcst; del libcst.TemplatedString; from trainlint.__main__ import main; raise SystemExit(main(['check', '.']))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("trainlint: a library is missing or too old: ")
    assert [word for word in ("TemplatedString", "libcst", "pip install --upgrade") if word not in done.stderr] == []
