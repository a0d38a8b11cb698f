"""`trainlint rule` explains."""

from __future__ import annotations

import json

import pytest

from trainlint.__main__ import main
from trainlint.registry import all_rules


def test_the_list_has_one_line_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[:3] for row in rows] == [[one.code, one.severity.value, one.default] for one in all_rules()]


@pytest.mark.parametrize("word", ["TRN101", "trn101", "step-above-stability-bound"])
def test_a_rule_is_found_by_code_or_name(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", word]) == 0
    page = capsys.readouterr().out
    assert page.startswith("# TRN101 step-above-stability-bound\n\nStep above the stability bound")
    assert [
        part for part in ("## Why", "```python bad", "## References", "Severity: error. Default: on.") if part not in page
    ] == []


def test_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rule", "--output-format", "json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["code"] for record in records] == [one.code for one in all_rules()]
    assert set(records[0]) == {"code", "name", "title", "severity", "default", "since", "documentation"}
