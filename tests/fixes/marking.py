"""Checks that find marked words instead of faults, so that fixes of any kind can be tried."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from trainlint.core import Edit, Finding, Fix, Severity, Span
from trainlint.fixes.fixing import Fixed, fix
from trainlint.fixes.target import Target
from trainlint.result import CheckResult
from trainlint.source.lines import RowTable
from trainlint.source.read import Source, Unreadable, decode

Edits = Callable[[Source, Span], tuple[Edit, ...]]


def span(source: Source, start: int, end: int) -> Span:
    table = RowTable(source.text)
    return Span(source.filename, *table.position(start), *table.position(end))


def becomes(content: str) -> Edits:
    """The fix that replaces a word."""
    return lambda _, place: (Edit(place, content),)


def check(fixes: Mapping[str, Edits], errors: tuple[str, ...] = (), safe: bool = True) -> Callable[..., CheckResult]:
    """A check that finds the words of `fixes`, each a warning with that fix, and those of `errors`, which have none."""

    def run(source: Source | Unreadable, workspace: object) -> CheckResult:
        assert isinstance(source, Source)
        found = []
        for number, word in enumerate((*fixes, *errors)):
            for match in re.finditer(rf"\b{re.escape(word)}\b", source.text):
                place = span(source, match.start(), match.end())
                edits = fixes[word](source, place) if word in fixes else ()
                mend = Fix(f"mend {word}", edits, safe) if edits else None
                severity = Severity.ERROR if word in errors else Severity.WARNING
                found.append(Finding(f"TRN{number:03}", word, severity, f"{word} is found", place, fix=mend))
        return CheckResult(source.filename, tuple(found), {source.filename: source})

    return run


def mended(
    data: bytes, fixes: Mapping[str, Edits], errors: tuple[str, ...] = (), filename: str = "<stdin>"
) -> tuple[bytes, Fixed]:
    """The bytes of a file after its fixes, and what fixing gave."""
    source = decode(data, None, filename)
    assert isinstance(source, Source)
    fixed = fix([Target(source, check(fixes, errors), None, data)])
    return (fixed.changed[0][1].data if fixed.changed else data), fixed


def target(path: Path, **options: object) -> Target:
    """A file on the disk, checked by `check`."""
    source = decode(path.read_bytes(), path, str(path))
    assert isinstance(source, Source)
    return Target(source, check(**options))  # type: ignore[arg-type]
