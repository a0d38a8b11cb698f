"""The server in a real Neovim (0.7 or later) without a screen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import ROOT
from tests.server.editors import FAULT

pytestmark = pytest.mark.editor


def test_open_type_see_hover_and_fix_in_a_script_and_in_a_notebook(tmp_path: Path) -> None:
    script, report = tmp_path / "train.py", tmp_path / "report"
    script.write_text(FAULT, encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TRAINLINT_PYTHON": sys.executable,
        "TRAINLINT_SCRIPT": str(script),
        "TRAINLINT_REPORT": str(report),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    driver = Path(__file__).with_name("neovim.lua")
    command = ["nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", "-c", f"luafile {driver}"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    seen = [row.split("=", 1) for row in report.read_text(encoding="utf-8").splitlines()]
    assert [value for name, value in seen if name in ("found", "row", "source")] == ["TRN504", "4", "trainlint"]
    [hover] = [value for name, value in seen if name == "hover"]
    assert "TRN504" in hover
    offered = [value for name, value in seen if name == "offered"]
    assert len(offered) == 3
    assert offered[1:] == ["Ignore TRN504 here", "Explain TRN504"]
    assert script.read_text(encoding="utf-8") == FAULT.replace("eval", "eval()")
    in_notebook = {name: value for name, value in seen if "cell" in name}
    assert in_notebook == {"cell": "TRN504", "cell row": "1", "first cell": "0", "cell text": "model.eval() "}
