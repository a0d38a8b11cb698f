"""What the report says of a script with one fault, beside what it said without."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from tests.benchmarks.mutations.script import Change, Mutation, Script
from trainlint.core import Finding, Span
from trainlint.engine import check_source
from trainlint.settings import Settings
from trainlint.source.discover import discover
from trainlint.source.read import Source, read
from trainlint.source.screen import may_train
from trainlint.workspace import Project, root_of

SETTINGS = Settings(preview=True)


@dataclass(frozen=True)
class Case:
    """One fault in one script.

    `found` holds the expected codes that are new in the report, `rows` where they stand. `at_edit` says that one of them stands at
    an edited row, `at_line` that it stands there or where the mutation says that such a fault is shown. What else is `new` in the
    report, or `lost` from it.
    """

    mutation: str
    place: str
    found: tuple[str, ...]
    at_edit: bool
    at_line: bool
    new: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing else has changed."""
        return not (self.new or self.lost)

    @property
    def right(self) -> bool:
        """Found where it should be, with nothing else changed."""
        return self.at_line and self.clean


@dataclass
class Checkout:
    """A folder of scripts; its modules are parsed once."""

    folder: Path
    projects: dict[Path, Project] = field(default_factory=dict)

    def check(self, source: Source) -> Script:
        """A script and the verdict on it."""
        assert source.path is not None
        root = root_of(source.path)
        return Script(source, check_source(source, SETTINGS, self.projects.setdefault(root, Project(root))))

    def scripts(self) -> Iterator[Script]:
        """The Python files that train."""
        for path in discover([self.folder]):
            source = read(path) if isinstance(path, Path) and path.suffix == ".py" else None
            if isinstance(source, Source) and may_train(source) and "\r" not in source.text and parses(source.text):
                script = self.check(source)
                if script.runs:
                    yield script


def is_clean(script: Script) -> bool:
    """Whether nothing is found in an unchanged script."""
    return not script.result.findings


def parses(text: str) -> bool:
    """Whether Python reads a text."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def changed(text: str, change: Change) -> str:
    """The text with a change."""
    for start, end, content in sorted(change.edits, reverse=True):
        text = text[:start] + content + text[end:]
    return text


def moved(change: Change, offset: int) -> int | None:
    """Where a character stands behind a change; None if it is gone."""
    shift = 0
    for start, end, content in sorted(change.edits):
        if start <= offset < end:
            return None
        if end <= offset:
            shift += len(content) - (end - start)
    return offset + shift


def edited_rows(script: Script, change: Change) -> set[int]:
    """The rows that a change writes, as the changed text counts them; where it only takes whole rows away there are none."""
    found: set[int] = set()
    text, shift = changed(script.text, change), 0
    for start, end, content in sorted(change.edits):
        first = start + shift
        if content or "\n" not in script.text[start:end]:
            row = text.count("\n", 0, first) + 1
            found.update(range(row, row + content.removesuffix("\n").count("\n") + 1))
        shift += len(content) - (end - start)
    return found


def judge(checkout: Checkout, script: Script, mutation: Mutation, change: Change) -> Case | None:
    """The verdict on one fault; None if the changed script is no Python."""
    spans = sorted(change.edits)
    text = changed(script.text, change)
    overlaps = any(one[1] > other[0] for one, other in pairwise(spans))
    if overlaps or text == script.text or not parses(text):
        return None
    after = checkout.check(replace(script.source, text=text))
    edited = edited_rows(script, change)
    shown = edited | set(_new_rows(script, after, change, change.rows))

    before: Counter[tuple[str, str, int]] = Counter()
    for one in script.result.findings:
        rows = list(_new_rows(script, after, change, [one.span.row], one.span.column)) if _own(script, one) else [one.span.row]
        before.update((one.code, one.span.filename, row) for row in rows)
    fresh: list[Finding] = []
    for one in after.result.findings:
        key = one.code, one.span.filename, one.span.row
        if before[key]:
            before[key] -= 1
        else:
            fresh.append(one)
    expected = [one for one in fresh if one.code in mutation.codes]
    there = [one for one in expected if _stands(script, one, shown)]
    others = [one for one in fresh if one not in (there or expected)]
    return Case(
        mutation.name,
        f"{script.filename}:{min(edited | shown, default=1)}",
        tuple(sorted({one.code for one in expected})),
        any(_own(script, one) and _touches(one.span, edited) for one in there),
        bool(there),
        _said((one.code, one.span.filename, one.span.row) for one in others),
        _said(before.elements()),
        tuple(one.span.row for one in there),
    )


def _own(script: Script, finding: Finding) -> bool:
    return finding.span.filename == script.filename


def _stands(script: Script, finding: Finding, rows: set[int]) -> bool:
    """Whether a finding stands in one of some rows; one in another file of the project counts if it names such a row."""
    if _own(script, finding):
        return _touches(finding.span, rows)
    return any(one.span.filename == script.filename and _touches(one.span, rows) for one in finding.related)


def _touches(span: Span, rows: set[int]) -> bool:
    return any(row in rows for row in range(span.row, span.end_row + 1))


def _new_rows(script: Script, after: Script, change: Change, rows: Iterable[int], column: int = 0) -> Iterator[int]:
    """The rows of the changed text for rows of the old one, without those that are gone."""
    for row in rows:
        line = script.text.split("\n")[row - 1]
        place = moved(change, script.offset(row, column or 1 + len(line) - len(line.lstrip())))
        if place is not None:
            yield after.row_at(place)


def _said(findings: Iterable[tuple[str, str, int]]) -> tuple[str, ...]:
    return tuple(f"{code}@{Path(name).name}:{row}" for code, name, row in findings)
