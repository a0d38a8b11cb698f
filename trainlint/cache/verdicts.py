"""The verdict on one file, as JSON, with the files that it rests on. Kept under the file's content, name and settings."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainlint.cache import folder as cache
from trainlint.cache.memo import digest, digest_of_file
from trainlint.core import Edit, Evidence, Finding, Fix, Related, Severity, Span, Unknown
from trainlint.result import CheckResult, Text


def encode(result: CheckResult, paths: Mapping[str, str]) -> dict[str, Any]:
    """A verdict without facts and texts; `paths` leads from the names of the files that findings lie in to the files."""
    return {
        "filename": result.filename,
        "findings": [_finding(one) for one in result.findings],
        "texts": {name: paths[name] for name in result.texts if name in paths} if result.findings else {},
        "runs": result.runs,
        "not_judged": [one.reason for one in result.not_judged],
        "failed": result.failed,
    }


def decode(record: Mapping[str, Any], own: Text | None = None) -> CheckResult:
    """The verdict that was encoded; `own` is the text of the file itself, the others are read.

    Raises:
        KeyError, TypeError, ValueError: the record was not made by `encode`.
    """
    from trainlint.source.read import Source, read

    texts: dict[str, Text] = {}
    for name, path in record["texts"].items():
        if name == record["filename"] and own is not None:
            texts[name] = own
        elif isinstance(source := read(Path(path), name), Source):
            texts[name] = source
    return CheckResult(
        record["filename"],
        tuple(_finding_of(one) for one in record["findings"]),
        texts,
        record["runs"],
        tuple(Unknown(one) for one in record["not_judged"]),
        record["failed"],
    )


def _finding(finding: Finding) -> dict[str, Any]:
    fix = finding.fix
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "message": finding.message,
        "span": _span(finding.span),
        "evidence": finding.evidence.value,
        "numbers": {name: value if isinstance(value, int) else float(value) for name, value in finding.numbers.items()},
        "related": [[one.message, _span(one.span)] for one in finding.related],
        "fix": fix and {"message": fix.message, "edits": [[_span(one.span), one.content] for one in fix.edits], "safe": fix.safe},
        "cause": finding.cause,
        "url": finding.url,
    }


def _finding_of(record: Mapping[str, Any]) -> Finding:
    fix = record["fix"]
    return Finding(
        record["code"],
        record["name"],
        Severity(record["severity"]),
        record["message"],
        Span(*record["span"]),
        Evidence(record["evidence"]),
        record["numbers"],
        tuple(Related(message, Span(*span)) for message, span in record["related"]),
        fix and Fix(fix["message"], tuple(Edit(Span(*span), content) for span, content in fix["edits"]), fix["safe"]),
        record["cause"] and tuple(record["cause"]),
        record["url"],
    )


def _span(span: Span) -> list[Any]:
    return [span.filename, span.row, span.column, span.end_row, span.end_column]


class Verdicts:
    """The verdicts in a cache's folder. `conditions` is all that decides about verdicts besides the files."""

    def __init__(self, folder: str, conditions: str) -> None:
        self.folder = folder
        self.conditions = conditions
        self.stored = 0
        self._digests: dict[str, str] = {}

    def load(self, key: str, own: Text | None) -> tuple[CheckResult, dict[str, str | None]] | None:
        """A verdict, and the digests of what it rests on; None if there is none that still holds."""
        text = cache.load(self.folder, self._name(key))
        if text is None:
            return None
        try:
            record = json.loads(text)
            depends: dict[str, str | None] = record["depends"]
            if record["key"] != self._key(key) or not all(self._holds(*one) for one in depends.items()):
                return None
            return decode(record["verdict"], own), depends
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def store(self, key: str, verdict: Mapping[str, Any], depends: Mapping[str, str | None]) -> None:
        """Keep a verdict that rests on files with these digests (None: on there being none)."""
        record = {"key": self._key(key), "depends": dict(depends), "verdict": verdict}
        if cache.store(self.folder, self._name(key), json.dumps(record, ensure_ascii=True, separators=(",", ":"))):
            self.stored += 1

    def prune(self) -> None:
        """Take away the oldest entries, if there are too many and some were added."""
        if self.stored:
            cache.prune(self.folder)

    def _key(self, key: str) -> str:
        return f"{self.conditions}\n{key}"

    def _name(self, key: str) -> str:
        return f"files/{digest(self._key(key).encode('utf-8', 'surrogatepass'))[:32]}"

    def _holds(self, path: str, expected: str | None) -> bool:
        if expected is None:
            return not os.path.isfile(path)  # noqa: PTH113
        if path not in self._digests:
            self._digests[path] = digest_of_file(path)
        return self._digests[path] == expected
