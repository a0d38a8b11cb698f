"""Checks of a text that is being typed: what they keep changes no result, and what is stale is given up."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.cli.running import ROOT
from trainlint.engine import check_source
from trainlint.result import CheckResult
from trainlint.server.checks import LiveProject, StaleError, Trees
from trainlint.settings import Settings
from trainlint.source.read import read_text
from trainlint.workspace import Project

SETTINGS = Settings(select=("ALL",))
PIECES = ("\n", "    ", "# noqa", "(", ")", "0", "1e3", ".eval", "x = 1\n", "lr=9.0", '"', "optimizer.step()\n")


def said(result: CheckResult) -> object:
    return result.findings, result.runs, [one.reason for one in result.not_judged], result.failed


@pytest.mark.parametrize("name", ["keras_one_weight_explodes.py", "torch_rescaled_layers.py"])
def test_what_is_kept_between_edits_changes_no_result(tmp_path: Path, name: str) -> None:
    chance = random.Random(name)
    live = LiveProject(tmp_path, Trees())
    original = text = (ROOT / "fixtures" / name).read_text(encoding="utf-8")
    path = tmp_path / "train.py"
    for _ in range(12):
        source = read_text(text, str(path), path)
        assert said(check_source(source, SETTINGS, live)) == said(check_source(source, SETTINGS, Project(tmp_path)))
        at = chance.randrange(len(original))
        text = original[:at] + chance.choice(PIECES) + original[at + chance.choice((0, 0, 1, 8)) :]


def test_a_stale_check_is_given_up(tmp_path: Path) -> None:
    live = LiveProject(tmp_path, Trees())
    source = read_text("import torch\n", str(tmp_path / "train.py"), tmp_path / "train.py")
    assert check_source(source, SETTINGS, live, measured=live.heed).findings is not None
    live.stale.set()
    with pytest.raises(StaleError):
        check_source(source, SETTINGS, live, measured=live.heed)
    live.stale.clear()
    assert not check_source(source, SETTINGS, live, measured=live.heed).failed
