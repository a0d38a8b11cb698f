"""Fixing: candidates are tried together, checked again, and kept only if they parse, mend their finding and break nothing."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from trainlint.core import Finding, Fix, Span
from trainlint.fixes.changes import Change, Refused, newline_at, offsets, overlap, places_after
from trainlint.fixes.document import Document
from trainlint.fixes.files import check_writable
from trainlint.fixes.target import Target
from trainlint.fixes.verdict import Stretch, judge, said
from trainlint.fixes.view import View, key_of
from trainlint.result import CheckResult
from trainlint.source.lines import split_rows
from trainlint.source.read import Source, Unreadable

PASSES = 10
"""Fixes that make room for fixes end after a few passes; those that undo each other never would."""

Place = tuple[str, Change]
"""A change and the key of the file in which it is made."""


@dataclass(frozen=True, slots=True)
class Left:
    """A finding whose fix was not applied, the check that found it, and why not, as a clause."""

    finding: Finding
    result: CheckResult
    reason: str


@dataclass(frozen=True, slots=True)
class Fixed:
    """What fixing gave; nothing is written yet.

    `results` are the checks of the files as they are after the fixes, in the order of the targets, `changed` the documents
    (before, after) that differ. `findings` are gone. `left` could not be mended; `refused` holds the files that must not be
    written, and why, as the end of a sentence that begins with the file's name. `stable` is False if fixes still made fixes
    after the last pass.
    """

    results: tuple[CheckResult, ...]
    changed: tuple[tuple[Document, Document], ...] = ()
    findings: tuple[Finding, ...] = ()
    left: tuple[Left, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    stable: bool = True


def fix(targets: Iterable[Target], *, unsafe: bool = False) -> Fixed:
    """Check files, apply the fixes of their findings and check again, until nothing is left to fix.

    Safe fixes only, unless `unsafe`. Files that are not among the targets are not changed, and nothing is written.
    """
    session = _Session(targets, unsafe)
    for _ in range(PASSES):
        if not session.once():
            break
    return session.outcome()


class _FileRefusedError(Refused):
    """A file must not be written; `filename` is its name."""

    def __init__(self, filename: str, reason: str) -> None:
        super().__init__(reason)
        self.filename = filename


@dataclass(frozen=True, slots=True)
class _Trial:
    """Documents and checks as they would be with some fixes."""

    documents: dict[str, Document]
    results: dict[str, CheckResult]
    read: dict[str, set[str]]


class _Session:
    """The state between passes: what the files say now, and their checks, which are always those of what they say."""

    def __init__(self, targets: Iterable[Target], unsafe: bool) -> None:
        self._targets: dict[str, Target] = {}
        for one in targets:
            self._targets.setdefault(key_of(one.source.filename), one)
        self._unsafe = unsafe
        self._results: dict[str, CheckResult] = {}
        self._read: dict[str, set[str]] = {}
        for key in self._targets:
            self._results[key], self._read[key] = self._check(key, {})
        self._originals: dict[str, Document] = {}
        self._documents: dict[str, Document] = {}
        self._fixed: list[Finding] = []
        self._left: dict[tuple[object, ...], Left] = {}
        self._refused: dict[str, str] = {}
        self._accepted_last = False

    def once(self) -> bool:
        """One pass over all files; whether anything was fixed."""
        self._accepted_last = False
        for key in self._targets:
            groups = self._candidates(self._results[key])
            if groups:
                self._settle(self._results[key], groups)
        return self._accepted_last

    def outcome(self) -> Fixed:
        """The state as it is now."""
        still = {self._identity(one, result) for result in self._results.values() for one in result.findings}
        changed = [(self._originals[key], self._documents[key]) for key in self._targets if key in self._documents]
        return Fixed(
            tuple(self._results.values()),
            tuple((before, after) for before, after in changed if before.data != after.data),
            tuple(self._fixed),
            tuple(left for identity, left in self._left.items() if identity in still),  # others were mended in a later pass
            dict(self._refused),
            not (self._accepted_last and any(self._candidates(result) for result in self._results.values())),
        )

    # candidates

    def _candidates(self, result: CheckResult) -> list[tuple[Place, ...]]:
        """The distinct fixes of a check that can be made together, by place; those that can never be made are noted."""
        found: set[tuple[Place, ...]] = set()
        for finding in result.findings:
            if finding.fix is None or not (finding.fix.safe or self._unsafe) or self._identity(finding, result) in self._left:
                continue
            try:
                found.add(self._places(finding.fix))
            except _FileRefusedError as refusal:
                self._refused[refusal.filename] = str(refusal)
            except Refused as refusal:
                self._leave(finding, result, str(refusal))
        return _without_overlaps(sorted(found))

    def _places(self, fix: Fix) -> tuple[Place, ...]:
        """The edits of a fix as changes of documents.

        Raises:
            Refused: the fix cannot be made.
        """
        strangers = [edit.span.filename for edit in fix.edits if key_of(edit.span.filename) not in self._targets]
        if strangers:
            raise Refused(f"it would change {strangers[0]}, which is not among the paths")
        places = []
        for edit in fix.edits:
            key = key_of(edit.span.filename)
            document = self._document(key)
            source = document.source
            start, end = offsets(edit.span, document.table, len(source.text))
            content = newline_at(source.text, start, source.newline).join(split_rows(edit.content))
            places.append((key, Change(start, end, content)))
        return tuple(places)

    def _document(self, key: str) -> Document:
        if key not in self._documents:
            target = self._targets[key]
            source = target.source
            if source.filename in self._refused:
                raise _FileRefusedError(source.filename, self._refused[source.filename])
            if isinstance(source, Unreadable):
                raise _FileRefusedError(source.filename, source.reason)
            try:
                if target.data is None and source.path is not None:
                    check_writable(source.path)
                document = Document.of(source) if target.data is None else Document(source, target.data)
            except Refused as refusal:
                raise _FileRefusedError(source.filename, str(refusal)) from None
            self._documents[key] = self._originals[key] = document
        return self._documents[key]

    def _identity(self, finding: Finding, result: CheckResult) -> tuple[object, ...]:
        """What stays the same of a fix that was left while other fixes move its place."""
        edits = finding.fix.edits if finding.fix is not None else ()
        contents = tuple(edit.content for edit in edits)
        return key_of(finding.span.filename), finding.code, finding.message, contents, result.line(finding.span)

    def _leave(self, finding: Finding, result: CheckResult, reason: str) -> None:
        self._left.setdefault(self._identity(finding, result), Left(finding, result, reason))

    # trials

    def _settle(self, result: CheckResult, groups: list[tuple[Place, ...]]) -> None:
        """Take as many of the fixes as hold: all, or, where they do not, each half by itself with what holds already."""
        accepted: list[tuple[Place, ...]] = []
        best: _Trial | None = None
        waiting = [groups]
        while waiting:
            batch = waiting.pop()
            try:
                best = self._try([*accepted, *batch])
                accepted += batch
            except Refused as refusal:
                if len(batch) > 1:
                    half = len(batch) // 2
                    waiting += [batch[half:], batch[:half]]
                    continue
                for finding in result.findings:
                    if self._is_made(finding, set(batch[0])):
                        self._leave(finding, result, str(refusal))
        if best is not None:
            made = {place for group in accepted for place in group}
            self._fixed += [finding for finding in result.findings if self._is_made(finding, made)]
            self._documents |= best.documents
            self._results |= best.results
            self._read |= best.read
            self._accepted_last = True

    def _is_made(self, finding: Finding, made: set[Place]) -> bool:
        """Whether all edits of a finding's fix are among those that are made."""
        if finding.fix is None or not (finding.fix.safe or self._unsafe):
            return False
        try:
            return made.issuperset(self._places(finding.fix))
        except Refused:
            return False

    def _try(self, groups: Sequence[tuple[Place, ...]]) -> _Trial:
        """The state with some fixes.

        Raises:
            Refused: a file would not parse, a finding would stay, or an error would come.
        """
        made = {place for group in groups for place in group}
        changes: dict[str, list[Change]] = {}
        for key, change in dict.fromkeys(place for group in groups for place in group):
            changes.setdefault(key, []).append(change)
        documents = {key: self._document(key).changed(changes[key]) for key in changes}
        for key, document in documents.items():
            _parsed(document.source, self._documents[key].source)
        trial = _Trial(documents, {}, {})
        state = self._documents | documents
        where = _Where({key: (self._documents[key], documents[key], changes[key]) for key in documents})
        for key in self._targets:
            if key in documents or self._read[key] & documents.keys():
                trial.results[key], trial.read[key] = self._check(key, state)
                before = said(self._results[key].findings, where.after, lambda finding: self._is_made(finding, made))
                judge(before, said(trial.results[key].findings, where.now, lambda _: False))
        return trial

    def _check(self, key: str, documents: Mapping[str, Document]) -> tuple[CheckResult, set[str]]:
        """The check of a target, and the modules that it read."""
        target = self._targets[key]
        view = None if target.project is None else View(target.project, documents)
        result = target.check(documents[key].source if key in documents else target.source, view)
        kept = replace(result, script=None, texts=result.texts if result.findings else {})
        return kept, set() if view is None else view.read


class _Where:
    """Where spans stand after changes: (before, after, changes) by the keys of the changed documents."""

    def __init__(self, changed: Mapping[str, tuple[Document, Document, list[Change]]]) -> None:
        self._changed = {key: (before.table, after.table, changes) for key, (before, after, changes) in changed.items()}

    def after(self, span: Span) -> Stretch:
        """Where what began at a span before the changes may begin now."""
        key = key_of(span.filename)
        if key not in self._changed or span.row > len(self._changed[key][0].starts):
            return self.now(span)
        before, after, changes = self._changed[key]
        first, last = places_after(before.offset(span.row, span.column), changes)
        return Stretch(key, after.position(first), after.position(last))

    def now(self, span: Span) -> Stretch:
        """Where a span begins."""
        place = (span.row, span.column)
        return Stretch(key_of(span.filename), place, place)


def _without_overlaps(groups: Sequence[tuple[Place, ...]]) -> list[tuple[Place, ...]]:
    """From the first on all that fit together; the others wait for the next pass."""
    taken: dict[str, list[Change]] = {}
    chosen = []
    for group in groups:
        if all(not overlap(change, other) for key, change in group for other in _near(taken.get(key, []), change)):
            chosen.append(group)
            for key, change in group:
                insort(taken.setdefault(key, []), change)
    return chosen


def _near(taken: Sequence[Change], change: Change) -> Iterator[Change]:
    """Of changes in order that do not overlap, those that may overlap another one."""
    at = bisect_left(taken, Change(change.start, change.start, ""))
    yield from taken[max(at - 2, 0) : at]
    while at < len(taken) and taken[at].start <= change.end:
        yield taken[at]
        at += 1


def _parsed(source: Source, before: Source) -> None:
    from trainlint.source.parse import SyntaxFailure, parse

    tree = parse(source)
    failures = (tree,) if isinstance(tree, SyntaxFailure) else tree.failures
    if failures:
        old = parse(before)
        if isinstance(old, SyntaxFailure) or len(old.failures) < len(failures):
            raise Refused(f"the file would no longer parse: it {failures[0].message}")
