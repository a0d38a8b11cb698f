"""Findings and training runs as JSON for programs: field names and meanings are a promise to the scripts that read them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from trainlint.core import Finding, Fix, Span
from trainlint.facts.json import plain, run_as_json
from trainlint.facts.run import TrainingRun
from trainlint.result import CheckResult
from trainlint.stability import stability


def findings_json(results: Iterable[CheckResult]) -> str:
    """All findings of all files as one JSON array."""
    return _dump([finding_record(result, finding) for result in results for finding in result.findings])


def findings_json_lines(results: Iterable[CheckResult]) -> str:
    """Each finding as a JSON object in a row of its own."""
    records = [finding_record(result, finding) for result in results for finding in result.findings]
    return "".join(json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n" for record in records)


def facts_json(results: Iterable[CheckResult]) -> str:
    """All training runs of all files as one JSON array."""
    scripts = [(result, result.script) for result in results if result.script is not None]
    return _dump([run_record(result, run) for result, script in scripts for run in script.runs])


def _dump(records: list[dict[str, Any]]) -> str:
    return json.dumps(records, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def finding_record(result: CheckResult, finding: Finding) -> dict[str, Any]:
    """One finding; rows and columns start at 1, those of a notebook count inside its cell."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "evidence": finding.evidence.value,
        "message": finding.message,
        "filename": finding.span.filename,
        "cell": result.cell_position(finding.span)[0],
        **_range(result, finding.span),
        "related": [
            {
                "message": one.message,
                "filename": one.span.filename,
                "cell": result.cell_position(one.span)[0],
                **_range(result, one.span),
            }
            for one in finding.related
        ],
        "numbers": plain(finding.numbers),
        "fix": None if finding.fix is None else _fix(result, finding.fix),
        "url": finding.url,
    }


def _fix(result: CheckResult, fix: Fix) -> dict[str, Any]:
    return {
        "applicability": "safe" if fix.safe else "unsafe",
        "message": fix.message,
        "edits": [{**_range(result, edit.span), "content": edit.content} for edit in fix.edits],
    }


def _range(result: CheckResult, span: Span) -> dict[str, Any]:
    row = result.cell_position(span)[1]
    return {
        "location": {"row": row, "column": span.column},
        "end_location": {"row": row + span.end_row - span.row, "column": span.end_column},
    }


def run_record(result: CheckResult, run: TrainingRun) -> dict[str, Any]:
    """One training run; in a notebook rows count inside their cell, whose number stands beside them."""
    record = run_as_json(run, stability(run))
    return _in_cells(record, result) if result.cell_position(run.place.span)[0] is not None else {**record, "cell": None}


def _in_cells(record: dict[str, Any], result: CheckResult) -> dict[str, Any]:
    mapped: dict[str, Any] = {}
    for key, value in record.items():
        if key == "location" and value is not None:
            span = Span(result.filename, value["row"], value["column"], value["row"], value["column"])
            mapped["cell"], row = result.cell_position(span)
            mapped[key] = {"row": row, "column": value["column"]}
        elif isinstance(value, dict):
            mapped[key] = _in_cells(value, result)
        elif isinstance(value, list):
            mapped[key] = [_in_cells(one, result) if isinstance(one, dict) else one for one in value]
        else:
            mapped[key] = value
    return mapped
