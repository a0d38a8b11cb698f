"""The README shows what is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trainlint.__main__ import main
from trainlint.registry import all_rules

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_gives_the_finding_that_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [script] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    [shown] = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "train.py").write_text(script, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["check", "train.py"]) == 1
    assert capsys.readouterr().out == shown
    (tmp_path / "train.py").write_text(script.replace("20.0", "10.0"), encoding="utf-8")
    assert main(["check", "train.py"]) == 0


def test_continuous_integration_runs_the_second_command() -> None:
    first, second = re.findall(r"```sh\n(.*)\n```", PAGE)
    assert first.endswith("trainlint check fixtures")
    assert f"\n{second} || exit 1\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_option_that_is_named_exists(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("check", "probe"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
    explained = capsys.readouterr().out
    assert [option for option in re.findall(r"`(--[a-z-]+)", PAGE) if option not in explained] == []


def test_the_table_has_the_families_that_have_rules() -> None:
    assert re.findall(r"^\| (TRN\d)xx \|", PAGE, re.MULTILINE) == sorted({one.code[:4] for one in all_rules()})
