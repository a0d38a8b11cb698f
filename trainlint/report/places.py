"""How findings are placed for other programs: relative paths, rows and columns that they understand, and fingerprints."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from trainlint.core import Finding, Span
from trainlint.result import CheckResult


@dataclass(frozen=True, slots=True)
class Range:
    """Where a finding stands in the file on disk: rows and columns from 1, the end exclusive.

    The rows of a notebook's cell are no rows of its file, which is JSON: a finding there stands at its first character.
    """

    row: int
    column: int
    end_row: int
    end_column: int


def range_of(result: CheckResult, span: Span) -> Range:
    """The range of a span in its file."""
    if result.cell_position(span)[0] is not None:
        return Range(1, 1, 1, 1)
    return Range(span.row, span.column, span.end_row, span.end_column)


def message_of(result: CheckResult, finding: Finding) -> str:
    """The message, led by the cell and the place in it where the file is a notebook."""
    cell, row = result.cell_position(finding.span)
    return finding.message if cell is None else f"cell {cell}, {row}:{finding.span.column}: {finding.message}"


def relative_path(filename: str) -> str:
    """A path as services want it: relative to the working folder where it lies inside, with slashes."""
    absolute = os.path.abspath(filename)  # noqa: PTH100 (Path.absolute keeps `..`)
    here = os.getcwd()  # noqa: PTH109 (a string is wanted)
    inside = absolute.startswith(here.rstrip(os.sep) + os.sep)
    return (os.path.relpath(absolute, here) if inside else filename).replace(os.sep, "/")


def uri_of(filename: str) -> str:
    """The relative path as a URI: what is not ASCII, and spaces, as percent signs and bytes of UTF-8."""
    return quote(relative_path(filename).encode("utf-8", "surrogateescape"))


def fingerprints(results: Sequence[CheckResult]) -> Iterator[tuple[CheckResult, Finding, str]]:
    """Each finding with 32 hexadecimal digits that survive moved rows and other white space.

    They are made of the code, the file, the text of the row, and how many findings with the same three stand above: two
    equal faults in equal rows are two.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    for result, finding in pairs(results):
        row = " ".join((result.line(finding.span) or "").split())
        key = (finding.code, relative_path(finding.span.filename), row)
        digest = hashlib.sha256("\0".join((*key, str(seen[key]))).encode("utf-8", "surrogatepass"))
        seen[key] += 1
        yield result, finding, digest.hexdigest()[:32]


def pairs(results: Iterable[CheckResult]) -> Iterator[tuple[CheckResult, Finding]]:
    """Each finding with the result that it is part of."""
    for result in results:
        for finding in result.findings:
            yield result, finding
