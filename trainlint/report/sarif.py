"""Findings as SARIF 2.1.0, with the rules' documentation, fingerprints, related places and fixes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from trainlint import __version__
from trainlint.core import Finding, Severity, Span
from trainlint.facts.json import plain
from trainlint.registry import Rule, all_rules
from trainlint.report.places import fingerprints, message_of, range_of, uri_of
from trainlint.result import CheckResult

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif(results: Sequence[CheckResult]) -> str:
    """One run with every finding; columns count code points."""
    found = list(fingerprints(results))
    codes = sorted({finding.code: finding.name for _, finding, _ in found}.items())
    places = {code: index for index, (code, _) in enumerate(codes)}
    known = {one.code: one for one in all_rules()}
    run = {
        "tool": {
            "driver": {
                "name": "trainlint",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(code, name, known.get(code)) for code, name in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not any(result.failed for result in results)}],
        "results": [_result(result, finding, digits, places[finding.code]) for result, finding, digits in found],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(code: str, name: str, one: Rule | None) -> dict[str, Any]:
    """A rule's description; of an own rule only its code and name are known here."""
    described: dict[str, Any] = {"id": code, "name": "".join(word.capitalize() for word in name.split("-"))}
    if one is None:
        text = name.replace("-", " ")
        return {**described, **{key: {"text": text} for key in ("shortDescription", "fullDescription", "help")}}
    documentation = one.documentation.strip()
    return {
        **described,
        "shortDescription": {"text": one.title},
        "fullDescription": {"text": documentation.split("\n## ", 1)[0].strip()},
        "help": {"text": documentation, "markdown": documentation},
        "defaultConfiguration": {"level": _LEVELS[one.severity], "enabled": one.default == "on"},
        "properties": {"tags": ["training", code[:4]]},
    }


def _result(result: CheckResult, finding: Finding, fingerprint: str, index: int) -> dict[str, Any]:
    record: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": message_of(result, finding)},
        "locations": [_location(result, finding.span)],
        "partialFingerprints": {"trainlint/v1": fingerprint},
        "properties": {"evidence": finding.evidence.value, "numbers": plain(finding.numbers)},
    }
    if finding.related:
        related = enumerate(finding.related, 1)
        record["relatedLocations"] = [
            {"id": number, "message": {"text": one.message}, **_location(result, one.span)} for number, one in related
        ]
    if finding.fix is not None and result.cell_position(finding.span)[0] is None:
        record["fixes"] = [_fix(result, finding)]
    return record


def _location(result: CheckResult, span: Span) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": uri_of(span.filename)}, "region": _region(result, span)}}


def _region(result: CheckResult, span: Span) -> dict[str, int]:
    place = range_of(result, span)
    return {"startLine": place.row, "startColumn": place.column, "endLine": place.end_row, "endColumn": place.end_column}


def _fix(result: CheckResult, finding: Finding) -> dict[str, Any]:
    """One change for each file that the fix edits."""
    assert finding.fix is not None
    by_file: dict[str, list[dict[str, Any]]] = {}
    for edit in finding.fix.edits:
        replacement = {"deletedRegion": _region(result, edit.span), "insertedContent": {"text": edit.content}}
        by_file.setdefault(edit.span.filename, []).append(replacement)
    changes = [{"artifactLocation": {"uri": uri_of(name)}, "replacements": edits} for name, edits in by_file.items()]
    return {"description": {"text": finding.fix.message}, "artifactChanges": changes}
