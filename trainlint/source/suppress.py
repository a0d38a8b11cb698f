"""Comments that suppress findings.

    x = f()  # noqa: TRN101, TRN102             these codes, on this line
    x = f()  # noqa                             every code, on this line
    x = f()  # trainlint: ignore[TRN101] why    the same two in our own words
    # trainlint: ignore-file[TRN101]            in the whole file; without codes all of them
    # trainlint: off[TRN101]                    from this line ...
    # trainlint: on[TRN101]                     ... to this one

A finding that spans several lines is suppressed from any of them by a comment that names its code; a comment without codes must
stand on its first or last line, since `# noqa` in the middle of a long statement usually speaks of something smaller.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from dataclasses import field

from trainlint.core import Edit, Span, dataclass
from trainlint.source.lines import RowTable
from trainlint.source.read import Source
from trainlint.source.scan import STRUCTURE, tokens

PREFIX = "TRN"
"""Our codes begin so; other codes in a `noqa` are other linters'."""

_MENTIONED = re.compile("noqa|trainlint", re.IGNORECASE)
_NOQA = re.compile(
    r"#[ \t]*(?P<kind>noqa)(?![\w-])(?:[ \t]*(?P<bracket>:)[ \t]*(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*)?)?", re.IGNORECASE
)
_OWN = re.compile(
    r"#[ \t]*trainlint:[ \t]*(?P<kind>ignore-file|ignore|off|on)(?![\w-])(?:(?P<bracket>\[)(?P<codes>[^\]#]*)\]?)?", re.IGNORECASE
)
_CODE = re.compile(r"[^,\s]+")
_NOQA_AT_END = re.compile(r"#[ \t]*noqa:[ \t]*[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*\Z", re.IGNORECASE)


def to_ignore(row: str, code: str) -> str:
    """What to write at the end of a row so that a finding there is suppressed: a comment, or one more code in that of the row."""
    return f", {code}" if _NOQA_AT_END.search(row) else f"  # noqa: {code}"


def row_to_ignore(source: Source, span: Span, inside: Collection[int]) -> int | None:
    """The first row of a finding at whose end a comment can stand; None if there is none. `inside` is `rows_inside_strings`."""
    rows = range(span.row, min(span.end_row, len(source.lines)) + 1)
    return next((row for row in rows if row not in inside and not source.lines[row - 1].endswith("\\")), None)


def rows_inside_strings(text: str) -> set[int]:
    """The rows that end within a string, the fields of f-strings included: before Python 3.12 no comment may stand in one."""
    found: set[int] = set()
    table = RowTable(text)
    in_field, text_end = [False], -1
    for kind, start, end in tokens(text, pattern=STRUCTURE):
        if kind in ("string", "text") or (kind == "newline" and in_field[-1]):
            found.update(range(table.position(start)[0], table.position(end)[0]))
        elif kind == "open":
            in_field.append(in_field[-1] or start == text_end)
        elif kind == "close" and len(in_field) > 1:
            in_field.pop()
        if kind == "text":
            text_end = end
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Suppression:
    """One directive in a comment. `kind` is noqa, ignore, ignore-file, off or on; no `codes` means all.

    `written` are the codes as they stand there, `start` and `end` the offsets of the directive in the text, `place` its span. It
    holds from row `first_row` to `last_row`; an `off` holds for each code to the row of its `on`, if `until` has one.
    """

    kind: str
    codes: tuple[str, ...]
    written: tuple[str, ...]
    start: int
    end: int
    place: Span
    first_row: int
    last_row: int
    until: dict[str, int] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def speaks_of(self, code: str, first_row: int, last_row: int) -> bool:
        """Whether it suppresses a finding with this code and these rows."""
        if self.codes and code not in self.codes:
            return False
        if self.kind in ("ignore-file", "off"):
            return self.first_row <= first_row <= self.until.get(code if self.codes else "", self.last_row)
        return bool(self.codes) or self.first_row in (first_row, last_row)


@dataclass(frozen=True, slots=True)
class UnusedCode:
    """A code that a comment names in vain: why, where, and the edits that take it out of the comment.

    All unused codes of one comment carry the same edits: they take out all of them.
    """

    code: str
    reason: str
    span: Span
    edits: tuple[Edit, ...]


class Suppressions:
    """The suppressions of one source."""

    def __init__(self, source: Source, table: RowTable, found: list[Suppression]) -> None:
        self._source = source
        self._table = table
        self._lines = [one for one in found if one.kind in ("noqa", "ignore")]
        self._rows = [one.first_row for one in self._lines]
        self._ranges = [one for one in found if one.kind in ("ignore-file", "off")]
        self._ends = [one for one in found if one.kind == "on"]

    def covers(self, code: str, first_row: int, last_row: int) -> Suppression | None:
        """The suppression of a finding whose span goes from one row to another; all that suppress it count as used."""
        upper = code.upper()
        matching = [one for one in self._near(first_row, last_row) if one.speaks_of(upper, first_row, last_row)]
        for one in matching:
            one.used.add(upper)
        return matching[0] if matching else None

    def unused(self, known: Collection[str], ran: Collection[str]) -> list[UnusedCode]:
        """The codes that no rule has (`known`), and those that suppressed nothing although their rule ran (`ran`)."""
        result = []
        for one in sorted((*self._lines, *self._ranges), key=lambda one: one.start):
            reasons = {code: reason for code in one.codes if (reason := _why_unused(one, code, known, ran))}
            edits = self._removal(one, set(reasons)) if reasons else ()
            result += [UnusedCode(code, reason, one.place, edits) for code, reason in reasons.items()]
        return result

    def _near(self, first_row: int, last_row: int) -> Iterator[Suppression]:
        yield from self._ranges
        yield from self._lines[bisect_left(self._rows, first_row) : bisect_right(self._rows, last_row)]

    def _removal(self, suppression: Suppression, codes: set[str]) -> tuple[Edit, ...]:
        ends = {suppression.until.get(code) for code in codes}
        closing = [one for one in self._ends if one.first_row in ends and codes.intersection(one.codes)]
        return tuple(self._without(one, codes) for one in (suppression, *closing))

    def _without(self, suppression: Suppression, codes: set[str]) -> Edit:
        """The edit that takes codes out of a directive, and the directive out of the comment when none is left."""
        text = self._source.text
        start, end = suppression.start, suppression.end
        directive = text[start:end]
        kept = [code for code in suppression.written if code.upper() not in codes]
        if kept:
            opening = directive.index(suppression.written[0])
            closing = "]" if directive.endswith("]") else ""
            return self._edit(start, end, f"{directive[:opening]}{', '.join(kept)}{closing}")
        row = self._table.position(start)[0]
        row_start = self._table.starts[row - 1]
        row_end = row_start + len(self._source.lines[row - 1])
        rest = text[end:row_end]
        if rest.strip() and not rest.lstrip().startswith("#"):
            return self._edit(start, end, "#")  # what else the comment says stays a comment
        if rest.strip():
            return self._edit(start, end + len(rest) - len(rest.lstrip()), "")
        before = text[row_start:start].rstrip()
        if not before and not self._source.cells and row < len(self._table.starts):
            return self._edit(row_start, self._table.starts[row], "")  # a line of its own
        return self._edit(row_start + len(before), row_end, "")

    def _edit(self, start: int, end: int, content: str) -> Edit:
        return Edit(_span(self._source, self._table, start, end), content)


def find_suppressions(source: Source) -> Suppressions:
    """The suppressions in the comments of a source (not in its strings), in linear time, whether it parses or not."""
    table = RowTable(source.text)
    found: list[Suppression] = []
    if _MENTIONED.search(source.text):
        for kind, start, end in tokens(source.text, pattern=STRUCTURE):
            if kind == "comment":
                found += _directives(source, table, start, end)
    _close(found)
    return Suppressions(source, table, found)


def _directives(source: Source, table: RowTable, start: int, end: int) -> Iterator[Suppression]:
    """The directives of one comment."""
    matches = [*_NOQA.finditer(source.text, start, end), *_OWN.finditer(source.text, start, end)]
    for match in sorted(matches, key=lambda match: match.start()):
        kind = match["kind"].lower()
        written = tuple(_CODE.findall(match["codes"] or ""))
        codes = tuple(code.upper() for code in written)
        if kind == "noqa":
            codes = tuple(code for code in codes if code.startswith(PREFIX))
        # Codes of other linters are not ours; a colon or brackets without a code name nothing and suppress nothing (as in ruff).
        if match["bracket"] and not codes:
            continue
        row, _ = table.position(match.start())
        rows = {"ignore-file": (1, len(table.starts)), "off": (row, len(table.starts))}.get(kind, (row, row))
        place = _span(source, table, match.start(), match.end())
        yield Suppression(kind, codes, written, match.start(), match.end(), place, *rows)


def _close(found: list[Suppression]) -> None:
    """Note at each `off` where an `on` ends it: "" stands for an `off` without codes."""
    waiting: dict[str, list[Suppression]] = {}
    for one in found:
        if one.kind == "off":
            for code in one.codes or ("",):
                waiting.setdefault(code, []).append(one)
        elif one.kind == "on":
            for code in one.codes or tuple(waiting):
                for begun in waiting.pop(code, ()):
                    begun.until[code] = one.first_row


def _why_unused(suppression: Suppression, code: str, known: Collection[str], ran: Collection[str]) -> str:
    if code not in known:
        return f"no rule has the code {code}"
    return f"there is no finding of {code} here to suppress" if code in ran and code not in suppression.used else ""


def _span(source: Source, table: RowTable, start: int, end: int) -> Span:
    return Span(source.filename, *table.position(start), *table.position(end))
