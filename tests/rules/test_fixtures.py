"""Scripts as people write them: what `fixtures/expected.toml` says must be found in each, and nothing else."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from trainlint.engine import check_source
from trainlint.result import CheckResult
from trainlint.settings import Settings
from trainlint.source.read import read

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FIXTURES = Path(__file__).parents[2] / "fixtures"
EXPECTED: list[dict[str, Any]] = tomllib.loads((FIXTURES / "expected.toml").read_text("utf-8"))["script"]
TOLERANCE = 1e-4
"""Relative; the expected numbers have five figures."""


@cache
def checked(name: str) -> CheckResult:
    return check_source(read(FIXTURES / name, name), Settings())


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda one: one["file"])
def test_findings(expected: dict[str, Any]) -> None:
    result = checked(expected["file"])
    wanted = [(one["code"], one["row"], one["severity"]) for one in expected.get("findings", ())]
    found = [(one.code, one.span.row, one.severity.value) for one in result.findings]
    assert found == wanted, [one.message for one in result.findings]
    assert result.runs == expected["runs"]
    assert not result.failed


@pytest.mark.parametrize("expected", [one for one in EXPECTED if "findings" in one], ids=lambda one: one["file"])
def test_messages_and_numbers(expected: dict[str, Any]) -> None:
    for wanted in expected["findings"]:
        same = [one for one in checked(expected["file"]).findings if (one.code, one.span.row) == (wanted["code"], wanted["row"])]
        assert len(same) == 1
        (found,) = same
        assert found.evidence.value == wanted.get("evidence", found.evidence.value)
        for word in wanted.get("says", ()):
            assert word in found.message
        for name, value in wanted.get("numbers", {}).items():
            assert found.numbers[name] == pytest.approx(value, rel=TOLERANCE), name


def test_every_fixture_is_listed_once_and_is_python() -> None:
    listed = [one["file"] for one in EXPECTED]
    assert sorted(listed) == sorted(path.name for path in FIXTURES.glob("*.py"))
    for name in listed:
        ast.parse((FIXTURES / name).read_text("utf-8"))


def test_every_broken_fixture_has_a_repaired_twin() -> None:
    broken = {one["file"] for one in EXPECTED if "findings" in one}
    repaired = {one["file"] for one in EXPECTED if "findings" not in one}
    for name in broken:
        stem = name.removesuffix(".py").removesuffix("_explode").removesuffix("_explodes")
        assert f"{stem}_repaired.py" in repaired
