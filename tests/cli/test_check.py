"""`trainlint check` and `trainlint facts`: exit codes, formats, pipes, colours, stdin, settings."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import ROOT, trainlint

ERROR = "import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval\n"
GOOD = "import torch\n\nmodel = torch.nn.Linear(8, 1)\nmodel.eval()\n"
RUN = """import torch

model = torch.nn.Linear(8, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.001)


def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
"""
HINT_RULE = '''"""Own hint.

## Why

A test wants it.

## References

- This test.
"""
from trainlint.api import Report, Severity, rule


@rule("TRN990", "own-hint", Severity.{severity}, scope="script")
def check(script):
    """Always speak."""
    {body}
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "train.py").write_text(ERROR, encoding="utf-8")
    (tmp_path / "good.py").write_text(GOOD, encoding="utf-8")
    return tmp_path


def own_rule(folder: Path, severity: str, body: str) -> str:
    (folder / "mine").mkdir()
    (folder / "mine" / "trn990.py").write_text(HINT_RULE.format(severity=severity, body=body), encoding="utf-8")
    return "mine"


def test_exit_codes(project: Path) -> None:
    assert trainlint("check", cwd=project).code == 1
    assert trainlint("check", "good.py", cwd=project).code == 0
    assert trainlint("check", "--exit-zero", cwd=project).code == 0
    assert trainlint("check", "--ignore", "TRN504", cwd=project).code == 0
    assert trainlint("check", "--select", "TRN1,TRN2", "--select", "TRN504", cwd=project).code == 1


def test_hints_alone_exit_with_0(project: Path) -> None:
    folder = own_rule(project, "INFO", "yield Report('a hint', at=script.start)")
    done = trainlint("check", "good.py", "--rules", folder, cwd=project)
    assert (done.code, "TRN990 a hint" in done.out, "Found 1 hint in 1 file" in done.out) == (0, True, True)


def test_a_rule_that_fails_exits_with_2_whatever_else(project: Path) -> None:
    folder = own_rule(project, "INFO", "1 / 0")
    done = trainlint("check", "train.py", "good.py", "--rules", folder, "--exit-zero", "--output-format", "concise", cwd=project)
    assert done.code == 2
    assert "TRN504" in done.out
    assert done.out.count("TRN000") == 2
    assert "ZeroDivisionError" in done.out


def test_a_rule_file_that_cannot_be_loaded(project: Path) -> None:
    folder = own_rule(project, "INFO", "1 / 0")
    (project / "mine" / "broken.py").write_text("import nowhere_to_be_found\n", encoding="utf-8")
    done = trainlint("check", "--rules", folder, cwd=project)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "broken.py" in done.err


def test_each_file_is_checked_once(project: Path) -> None:
    done = trainlint("check", "train.py", ".", "./train.py", "--output-format", "json", cwd=project)
    assert [one["filename"] for one in json.loads(done.out)] == ["train.py"]


def test_stdin(project: Path) -> None:
    done = trainlint(
        "check", "-", "--stdin-filename", "nets/a.py", "--output-format", "concise", cwd=project, stdin=ERROR.encode()
    )
    assert done.out.startswith("nets/a.py:4:1: TRN504")
    assert trainlint("check", "-", "--output-format", "concise", cwd=project, stdin=ERROR.encode()).out.startswith(
        "<stdin>:4:1: TRN504"
    )


def test_a_notebook_from_stdin(project: Path) -> None:
    cells = [{"cell_type": "markdown", "source": "# t"}, {"cell_type": "code", "source": ERROR.splitlines(keepends=True)}]
    document = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"language_info": {"name": "python"}}, "cells": cells}
    arguments = ("check", "-", "--stdin-filename", "a.ipynb", "--output-format", "concise")
    done = trainlint(*arguments, cwd=project, stdin=json.dumps(document).encode())
    assert done.out.startswith("a.ipynb:cell 2:4:1: TRN504")


def test_settings_are_those_of_the_closest_file(project: Path) -> None:
    (project / "inner").mkdir()
    (project / "inner" / "train.py").write_text(ERROR, encoding="utf-8")
    (project / "pyproject.toml").write_text('[tool.trainlint]\nignore = ["TRN504"]\nexclude = ["inner/"]\n', encoding="utf-8")
    assert trainlint("check", cwd=project).code == 0
    assert trainlint("check", "--select", "TRN504", cwd=project).code == 1
    assert trainlint("check", "--select", "TRN504", "--output-format", "json", cwd=project).out.count('"TRN504"') == 1
    (project / "trainlint.toml").write_text('exclude = ["train.py"]\n', encoding="utf-8")
    assert trainlint("check", cwd=project).code == 0


def test_facts_as_json_and_as_a_table(project: Path) -> None:
    (project / "loop.py").write_text(RUN, encoding="utf-8")
    [run] = json.loads(trainlint("facts", "loop.py", "--output-format", "json", cwd=project).out)
    assert (run["framework"], run["optimizer"]["name"], run["optimizer"]["learning_rate"]) == ("torch", "adam", 0.001)
    assert run["optimizer"]["learning_rate_source"] == "literal"
    assert run["loss"]["name"] == "mean_squared_error"
    table = trainlint("facts", "loop.py", cwd=project, COLUMNS="80")
    assert table.code == 0
    assert [
        word for word in ("Adam lr 0.001 (literal)", "mean_squared_error", "1 training run in 1 file") if word not in table.out
    ] == []
    assert max(len(row) for row in table.out.splitlines()) <= 80


def test_colours_follow_the_environment(project: Path) -> None:
    assert "\x1b[" not in trainlint("check", cwd=project).out
    assert "\x1b[1;31mTRN504\x1b[0m" in trainlint("check", cwd=project, FORCE_COLOR="1", TERM="xterm").out
    assert "\x1b[1;31m" not in trainlint("check", cwd=project, FORCE_COLOR="1", NO_COLOR="1", TERM="xterm").out
    for output_format in ("concise", "json"):
        assert "\x1b[" not in trainlint("check", "--output-format", output_format, cwd=project, FORCE_COLOR="1").out


def test_lines_with_a_location_are_not_wrapped(project: Path) -> None:
    narrow = trainlint("check", cwd=project, COLUMNS="40").out.splitlines()
    wide = trainlint("check", cwd=project, COLUMNS="400").out.splitlines()
    assert narrow[0] == wide[0]
    assert len(narrow[0]) > 40


def test_an_encoding_without_the_characters_is_no_fault(project: Path) -> None:
    for command in (("check",), ("check", "--output-format", "json"), ("rule", "TRN101"), ("facts",)):
        done = trainlint(*command, cwd=project, PYTHONIOENCODING="ascii:strict")
        assert (done.code in (0, 1), done.err) == (True, "")


def test_a_reader_that_goes_away_is_no_fault(project: Path) -> None:
    command = f"{sys.executable} -m trainlint rule --all | head -n 1"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.startswith("# TRN000")
    assert done.stderr == ""


def test_a_terminal_gets_colours(project: Path) -> None:
    leader, follower = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    environment |= {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-m", "trainlint", "check"]
    with subprocess.Popen(command, cwd=project, env=environment, stdout=follower, stderr=follower) as process:
        os.close(follower)
        text = b""
        try:
            while part := os.read(leader, 4096):
                text += part
        except OSError:  # the end of a terminal whose programs have all left
            pass
    os.close(leader)
    assert process.returncode == 1
    assert b"\x1b[1;31mTRN504\x1b[0m" in text


@pytest.mark.parametrize("form", ["full", "concise"])
def test_nothing_heavy_is_imported_for_files_that_cannot_train(tmp_path: Path, form: str) -> None:
    (tmp_path / "a.py").write_text("print('hello')\n", encoding="utf-8")
    code = (
        f"import sys; from trainlint.__main__ import main; main(['check', '--output-format', '{form}']);"
        "print(sorted({'libcst', 'numpy', 'rich', 'torch', 'tensorflow', 'keras'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["No findings in 1 file; 0 training runs", "[]"]


def test_own_rules_are_loaded_only_of_a_trusted_project(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = own_rule(project, "INFO", "yield Report('a hint', at=script.start)")
    (project / "mine" / "trn990.py").write_text(
        (project / "mine" / "trn990.py").read_text(encoding="utf-8") + "\nopen('was_run', 'w').close()\n", encoding="utf-8"
    )
    (project / "trainlint.toml").write_text(f'rules = ["{folder}"]\n', encoding="utf-8")
    home = tmp_path_factory.mktemp("home")
    here = {"XDG_CONFIG_HOME": str(home)}
    refused = trainlint("check", "good.py", cwd=project, **here)
    assert ("TRN990" in refused.out, (project / "was_run").exists()) == (False, False)
    assert "--trust-project" in refused.err
    (home / "trainlint").mkdir()
    (home / "trainlint" / "config.toml").write_text(f"trusted-projects = ['{project}']\n", encoding="utf-8")
    by_configuration = trainlint("check", "good.py", cwd=project, **here)
    assert ("TRN990" in by_configuration.out, (project / "was_run").exists()) == (True, True)
    (home / "trainlint" / "config.toml").write_text("trusted-project = []\n", encoding="utf-8")
    assert trainlint("check", "good.py", cwd=project, **here).code == 2
    (home / "trainlint" / "config.toml").unlink()
    asked = trainlint("check", "good.py", "--trust-project", cwd=project, **here)
    assert "TRN990 a hint" in asked.out
    (project / "mine" / "trn990.py").write_text(HINT_RULE.format(severity="INFO", body="return iter(())"), encoding="utf-8")
    assert "TRN990" not in trainlint("check", "good.py", "--trust-project", cwd=project, **here).out
