"""Findings as GitLab, JUnit and reviewdog read them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from trainlint.core import Finding, Severity, Span
from trainlint.report.places import fingerprints, message_of, pairs, range_of, relative_path
from trainlint.report.plain import printable
from trainlint.result import CheckResult

_GITLAB = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}
_REVIEWDOG = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFO: "INFO"}


def gitlab(results: Sequence[CheckResult]) -> str:
    """A code-quality report of GitLab: a JSON array in the manner of Code Climate."""
    issues = []
    for result, finding, fingerprint in fingerprints(results):
        place = range_of(result, finding.span)
        issues.append(
            {
                "check_name": finding.code,
                "description": f"{finding.code}: {message_of(result, finding)}",
                "severity": _GITLAB[finding.severity],
                "fingerprint": fingerprint,
                "location": {
                    "path": relative_path(finding.span.filename),
                    "positions": {
                        "begin": {"line": place.row, "column": place.column},
                        "end": {"line": place.end_row, "column": place.end_column},
                    },
                },
            }
        )
    return json.dumps(issues, indent=2) + "\n"


def junit(results: Sequence[CheckResult]) -> str:
    """JUnit's XML: a suite for each file, a failed case for each finding; one case that passed where nothing was found."""
    from xml.etree import ElementTree as Xml

    root = Xml.Element("testsuites", name="trainlint")
    found = sorted(pairs(results), key=lambda pair: relative_path(pair[1].span.filename))
    for path, group in groupby(found, key=lambda pair: relative_path(pair[1].span.filename)):
        cases = list(group)
        count = str(len(cases))
        suite = Xml.SubElement(root, "testsuite", name=printable(path), tests=count, failures=count, errors="0", skipped="0")
        for result, finding in cases:
            _case(suite, path, result, finding)
    if not found:
        suite = Xml.SubElement(root, "testsuite", name="trainlint", tests="1", failures="0", errors="0", skipped="0")
        Xml.SubElement(suite, "testcase", name="No findings", classname="trainlint")
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _case(suite: Any, path: str, result: CheckResult, finding: Finding) -> None:
    from xml.etree import ElementTree as Xml

    place = range_of(result, finding.span)
    at = f"{place.row}:{place.column}"
    case = Xml.SubElement(suite, "testcase", name=f"{finding.code} {at}", classname=printable(path), line=str(place.row))
    message = printable(message_of(result, finding))
    failure = Xml.SubElement(case, "failure", message=message, type=finding.severity.value)
    failure.text = f"{printable(path)}:{at}: {finding.code} {message}"


def rdjson(results: Sequence[CheckResult]) -> str:
    """Reviewdog's diagnostic format, with the fixes as suggestions."""
    diagnostics = []
    for result, finding in pairs(results):
        one: dict[str, Any] = {
            "message": message_of(result, finding),
            "severity": _REVIEWDOG[finding.severity],
            "code": {"value": finding.code, **({"url": finding.url} if finding.url else {})},
            "location": {"path": relative_path(finding.span.filename), "range": _in_bytes(result, finding.span)},
        }
        if finding.fix is not None and result.cell_position(finding.span)[0] is None:
            one["suggestions"] = [{"range": _in_bytes(result, edit.span), "text": edit.content} for edit in finding.fix.edits]
        diagnostics.append(one)
    return json.dumps({"source": {"name": "trainlint"}, "severity": "WARNING", "diagnostics": diagnostics}, indent=2) + "\n"


def _in_bytes(result: CheckResult, span: Span) -> dict[str, dict[str, int]]:
    """A range whose columns count bytes of UTF-8, as reviewdog does."""
    place = range_of(result, span)

    def point(row: int, column: int) -> dict[str, int]:
        text = result.line(Span(span.filename, row, 1, row, 1)) or ""
        return {"line": row, "column": 1 + len(text[: column - 1].encode("utf-8", "surrogatepass")) if text else column}

    return {"start": point(place.row, place.column), "end": point(place.end_row, place.end_column)}
