"""Completions, asked of bash itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import ROOT, trainlint

ASK = """
source {script}
COMP_WORDS=({words})
COMP_CWORD={last}
_shtab_trainlint
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["trainlint", "c"], {"check", "clean", "completion"}),
        (["trainlint", "check", "--output-f"], {"--output-format", "--output-file"}),
        (["trainlint", "check", "--output-format", "j"], {"json", "json-lines", "junit"}),
        (["trainlint", "check", "--fail-on", ""], {"error", "warning", "info"}),
        (["trainlint", "completion", ""], {"bash", "zsh", "fish"}),
    ],
)
def test_bash_completes(tmp_path: Path, words: list[str], expected: set[str]) -> None:
    script = tmp_path / "completion"
    script.write_text(trainlint("completion", "bash", cwd=tmp_path).out, encoding="utf-8")
    quoted = " ".join(f"'{one}'" for one in words)
    ask = ASK.format(script=script, words=quoted, last=len(words) - 1)
    bash = shutil.which("bash")
    assert bash is not None
    done = subprocess.run([bash, "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert expected <= set(done.stdout.split())


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_every_command_and_option(tmp_path: Path, shell: str) -> None:
    text = trainlint("completion", shell, cwd=tmp_path).out
    assert all(one in text for one in ("check", "probe", "add-ignore", "json-lines", "stdin-filename"))


def test_a_shell_that_is_not_known_is_refused(tmp_path: Path) -> None:
    done = trainlint("completion", "bahs", cwd=tmp_path)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "did you mean 'bash'?" in done.err


def test_other_commands_do_not_load_what_makes_completions(tmp_path: Path) -> None:
    code = "import sys; from trainlint.__main__ import main; main(['check']); print('shtab' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
