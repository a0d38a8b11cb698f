"""Reports in the hands of those who define or read the format: GitLab's fields, a reader of JUnit, GitHub's and reviewdog's rules."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
from junitparser import Failure, JUnitXml

from tests.report.test_golden import rendered, results
from trainlint.report.annotations import github

GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path"],
                "properties": {"path": {"type": "string", "pattern": r"^(?!\./|/)"}},
                "anyOf": [
                    {
                        "required": ["positions"],
                        "properties": {"positions": {"required": ["begin"], "properties": {"begin": {"required": ["line"]}}}},
                    },
                    {"required": ["lines"]},
                ],
            },
        },
    },
}
"""What GitLab documents of a code-quality report (docs, "Code Quality report format")."""


def test_gitlab_has_what_gitlab_documents() -> None:
    issues = json.loads(rendered("gitlab"))
    jsonschema.validate(issues, GITLAB)
    assert len({one["fingerprint"] for one in issues}) == len(issues) == 4


def test_junit_is_read_by_a_reader_of_junit(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(rendered("junit"), encoding="utf-8")
    suites = JUnitXml.fromfile(str(path))
    read = [(suite.name, suite.tests, suite.failures) for suite in suites]
    assert read == [("note.ipynb", 1, 1), ("src/a, b: 100% λ.py", 2, 2), ("train.py", 1, 1)]
    failures = [one for suite in suites for case in suite for one in case.result]
    assert all(isinstance(one, Failure) for one in failures)
    assert 'never called & "never" read; ]' in next(one.message for one in failures if "eval" in one.message)


def test_github_escapes_as_its_toolkit_does() -> None:
    """`@actions/core`: data escapes % CR LF in this order, properties also : and ,"""
    rows = github(results()).splitlines()
    assert rows[1].startswith(
        "::warning title=trainlint (TRN504),file=src/a%2C b%3A 100%25 λ.py,line=1,col=13,endLine=1,endColumn=23::"
    )
    assert rows[1].endswith('TRN504 50 %25 of it, <b>`eval`</b>:%0Anever called & "never" read; ]')
    assert [row.partition(" ")[0] for row in rows] == ["::error", "::warning", "::warning", "::notice"]


def test_reviewdog_has_what_its_schema_requires() -> None:
    """rdf's DiagnosticResult: diagnostics of message, location.path and a range whose rows and columns start at 1."""
    report = json.loads(rendered("rdjson"))
    assert report["source"] == {"name": "trainlint"}
    for one in report["diagnostics"]:
        assert one["message"]
        assert one["severity"] in ("UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO")
        assert set(one["location"]) == {"path", "range"}
        ends = [one["location"]["range"][end][axis] for end in ("start", "end") for axis in ("line", "column")]
        assert all(isinstance(end, int) and end >= 1 for end in ends)
