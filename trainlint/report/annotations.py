"""One line a finding, in the words of GitHub, Azure Pipelines and Pylint."""

from __future__ import annotations

from collections.abc import Sequence

from trainlint.core import Severity
from trainlint.report.places import message_of, pairs, range_of, relative_path
from trainlint.result import CheckResult

_GITHUB = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_AZURE = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "warning"}


def github(results: Sequence[CheckResult]) -> str:
    """Workflow commands that GitHub shows beside the changed lines of a pull request."""
    rows = []
    for result, finding in pairs(results):
        place = range_of(result, finding.span)
        properties = {
            "title": f"trainlint ({finding.code})",
            "file": relative_path(finding.span.filename),
            "line": str(place.row),
            "col": str(place.column),
            "endLine": str(place.end_row),
            "endColumn": str(place.end_column),
        }
        named = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        message = (
            f"{relative_path(finding.span.filename)}:{place.row}:{place.column}: {finding.code} {message_of(result, finding)}"
        )
        rows.append(f"::{_GITHUB[finding.severity]} {named}::{_data(message)}\n")
    return "".join(rows)


def _data(text: str) -> str:
    """The escapes that GitHub's runner undoes in a message."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """The escapes that GitHub's runner undoes in a property."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def azure(results: Sequence[CheckResult]) -> str:
    """Logging commands of Azure Pipelines, which knows errors and warnings only."""
    rows = []
    for result, finding in pairs(results):
        place = range_of(result, finding.span)
        properties = {
            "type": _AZURE[finding.severity],
            "sourcepath": relative_path(finding.span.filename),
            "linenumber": str(place.row),
            "columnnumber": str(place.column),
            "code": finding.code,
        }
        named = "".join(f"{name}={_azure_property(value)};" for name, value in properties.items())
        rows.append(f"##vso[task.logissue {named}]{_azure_data(message_of(result, finding))}\n")
    return "".join(rows)


def _azure_data(text: str) -> str:
    """The escapes that Azure's agent undoes in a message."""
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _azure_property(text: str) -> str:
    """The escapes that Azure's agent undoes in a property."""
    return _azure_data(text).replace(";", "%3B").replace("]", "%5D")


def pylint(results: Sequence[CheckResult]) -> str:
    """`path:row: [CODE] message`, which many tools read."""
    rows = []
    for result, finding in pairs(results):
        place = range_of(result, finding.span)
        message = " ".join(message_of(result, finding).split())
        rows.append(f"{relative_path(finding.span.filename)}:{place.row}: [{finding.code}] {message}\n")
    return "".join(rows)
