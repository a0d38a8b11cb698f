"""Changes in the cells of a notebook, made in the bytes of its file: all that is not a changed cell's source stays as it is."""

from __future__ import annotations

import codecs
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from trainlint.fixes.changes import Change, Refused, applied, in_order
from trainlint.source.lines import RowTable, split_rows
from trainlint.source.read import Cell, Source

_WHITE_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(parse_int=len)  # numbers are skipped: one of a million digits costs nothing


def rewritten(data: bytes, source: Source, changes: Sequence[Change]) -> bytes:
    """The file of a notebook after changes of its joined text.

    Raises:
        Refused: a change leaves its cell, or touches a row that IPython reads otherwise (a magic, a shell line).
    """
    text = data.decode("utf-8-sig")
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    table = RowTable(source.text)
    by_cell: dict[Cell, list[Change]] = {}
    for change in in_order(changes):
        by_cell.setdefault(_cell(source, table, change), []).append(change)
    places = _source_places(text)
    for cell in sorted(by_cell, key=lambda cell: cell.number, reverse=True):
        start, end = places[cell.number - 1]
        literal = _Literal.read(text, start, end)
        for change in reversed(_in_cell(by_cell[cell], cell, literal.text, source, table)):
            literal = literal.changed(change)
        text = text[:start] + literal.json + text[end:]
    try:
        return mark + text.encode()
    except UnicodeEncodeError:
        raise Refused("its cell holds half a character (a lone surrogate)") from None


def _cell(source: Source, table: RowTable, change: Change) -> Cell:
    row, end_row = table.position(change.start)[0], table.position(change.end)[0]
    cell = next((one for one in reversed(source.cells) if one.first_row <= row), None)
    if cell is None or end_row >= cell.first_row + cell.rows:
        raise Refused("its edits leave their cell")
    return cell


def _in_cell(changes: Sequence[Change], cell: Cell, text: str, source: Source, table: RowTable) -> list[Change]:
    """The changes by the offsets of the cell as it is written, which differs from what was checked in rows with magics."""
    rows, own = split_rows(text), RowTable(text)
    result = []
    for change in changes:
        (row, column), (end_row, end_column) = table.position(change.start), table.position(change.end)
        before = cell.first_row - 1
        if rows[row - before - 1 : end_row - before] != source.lines[row - 1 : end_row]:
            raise Refused("it would change a row that IPython reads otherwise")
        result.append(Change(own.offset(row - before, column), own.offset(end_row - before, end_column), change.content))
    return result


@dataclass(frozen=True, slots=True)
class _Literal:
    """A cell's source in JSON: one string (`opening` is then empty), or a list of strings, usually one a row.

    `tokens` are the strings as they are written, `parts` what they say; `separator` stands between them.
    """

    tokens: tuple[str, ...]
    parts: tuple[str, ...]
    opening: str = ""
    separator: str = ""
    closing: str = ""

    @classmethod
    def read(cls, json_text: str, start: int, end: int) -> _Literal:
        """The literal at `json_text[start:end]`."""
        if json_text[start] != "[":
            token = json_text[start:end]
            return cls((token,), (_DECODER.decode(token),))
        places = list(_items(json_text, start))
        tokens = tuple(json_text[one:other] for one, other in places)
        parts = tuple(value if isinstance(value := _DECODER.decode(token), str) else "" for token in tokens)
        if not places:
            return cls((), (), "[", ", ", json_text[start + 1 : end])
        opening, closing = json_text[start : places[0][0]], json_text[places[-1][1] : end]
        separator = json_text[places[0][1] : places[1][0]] if len(places) > 1 else f",{opening[1:]}"
        return cls(tokens, parts, opening, separator, closing)

    @property
    def text(self) -> str:
        """What the cell says."""
        return "".join(self.parts)

    @property
    def json(self) -> str:
        """The literal as it stands in the file."""
        return f"{self.opening}{self.separator.join(self.tokens)}{self.closing}"

    def changed(self, change: Change) -> _Literal:
        """The literal after a change of its text; strings that the change does not touch stay as they are written."""
        starts = [0, *accumulate(map(len, self.parts))]
        first = max(bisect_right(starts, change.start, hi=len(self.parts)) - 1, 0)
        last = max(bisect_left(starts, change.end, lo=first + 1), first + 1)
        shifted = Change(change.start - starts[first], change.end - starts[first], change.content)
        merged = applied("".join(self.parts[first:last]), [shifted])
        if merged and not merged.endswith("\n"):  # the row goes on in the next string
            merged += "".join(self.parts[last : last + 1])
            last += 1
        fresh = tuple(merged.splitlines(keepends=True)) if self.opening else (merged,)
        escaped = not self.text.isascii() and all(token.isascii() for token in self.tokens)
        written = tuple(json.dumps(part, ensure_ascii=escaped) for part in fresh)
        tokens = (*self.tokens[:first], *written, *self.tokens[last:])
        return replace(self, tokens=tokens, parts=(*self.parts[:first], *fresh, *self.parts[last:]))


def _source_places(text: str) -> list[tuple[int, int]]:
    """Where in a notebook's JSON the source of each cell stands; of names that stand twice the last counts, as in `json`."""
    begin, _ = dict(_members(text, _skip(text, 0)))["cells"]
    return [
        dict(_members(text, start)).get("source", (start, start)) if text[start] == "{" else (start, start)
        for start, _ in _items(text, begin)
    ]


def _members(text: str, at: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """The names of the object that opens at `at`, each with where its value starts and ends."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        end = _DECODER.raw_decode(text, start)[1]
        yield name, (start, end)
        at = _next(text, end)


def _items(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Where each item of the array that opens at `at` starts and ends."""
    at = _skip(text, at + 1)
    while text[at] != "]":
        end = _DECODER.raw_decode(text, at)[1]
        yield at, end
        at = _next(text, end)


def _next(text: str, at: int) -> int:
    """Past white space and one comma."""
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    match = _WHITE_SPACE.match(text, at)
    return match.end() if match else at
