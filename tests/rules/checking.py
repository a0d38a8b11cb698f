"""Checking one script as the command line does, and applying the fixes of its findings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from trainlint.core import Edit, Finding
from trainlint.engine import check_source
from trainlint.registry import Rule, all_rules
from trainlint.settings import Settings
from trainlint.source.lines import RowTable
from trainlint.source.read import read_text

BLOCK = re.compile(r"^```python (bad|good)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r"#\s*(?:error|warning|info|finding):\s*(TRN\d{3}(?:\s*,\s*TRN\d{3})*)")
ALSO = re.compile(r"#\s*also:\s*(TRN\d{3}(?:\s*,\s*TRN\d{3})*)")


@dataclass(frozen=True)
class Example:
    """One script of a rule's documentation."""

    rule: Rule
    kind: str
    number: int
    text: str

    def __str__(self) -> str:
        return f"{self.rule.code}-{self.kind}-{self.number}"


@cache
def catalogue() -> tuple[Rule, ...]:
    return all_rules()


@cache
def default_codes() -> frozenset[str]:
    return frozenset(one.code for one in catalogue() if one.default == "on")


def examples(rules: Iterable[Rule], kind: str) -> list[Example]:
    found = []
    for one in rules:
        texts = [text for which, text in BLOCK.findall(one.documentation) if which == kind]
        found += [Example(one, kind, number, text) for number, text in enumerate(texts, start=1)]
    return found


def marked(text: str, pattern: re.Pattern[str]) -> set[tuple[str, int]]:
    """(code, row) of each code that the comments of a script announce."""
    return {
        (code.strip(), row)
        for row, line in enumerate(text.split("\n"), start=1)
        for found in pattern.findall(line)
        for code in found.split(",")
    }


def findings(text: str, *codes: str, filename: str = "train.py") -> tuple[Finding, ...]:
    """What is found by the rules that are on by default, and by those named. An analysis that fails is no silence."""
    settings = Settings(select=tuple(sorted(default_codes() | set(codes))), preview=True)
    result = check_source(read_text(text, filename), settings)
    assert not result.failed, result.findings
    return result.findings


def said(found: Iterable[Finding]) -> set[tuple[str, int]]:
    return {(one.code, one.span.row) for one in found}


def line_by_hand(rate: float) -> str:
    """A line fitted by updates that are written out, of the summed squares of its errors; no number in it is random."""
    return f"""import torch

x = torch.linspace(0, 10, 50)
y = 3 * x + 1
w = torch.zeros(1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for step in range(200):
    loss = ((w * x + b - y) ** 2).sum()
    loss.backward()
    with torch.no_grad():
        w -= {rate} * w.grad
        b -= {rate} * b.grad
        w.grad.zero_()
        b.grad.zero_()
"""


def of(text: str, *codes: str) -> set[tuple[str, int]]:
    """(code, row) of what is found of these rules."""
    return said(one for one in findings(text, *codes) if one.code in codes)


def found_and_repaired(text: str, repairs: Mapping[str, str]) -> None:
    """What the comments of a script announce is found, no more of these rules, and nothing of them once it is repaired."""
    expected = marked(text, EXPECTED)
    codes = {code for code, _ in expected}
    assert of(text, *codes) == expected
    for wrong, right in repairs.items():
        assert wrong in text
        text = text.replace(wrong, right)
    assert of(text, *codes) == set()


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that do not overlap, made from the end backwards."""
    table = RowTable(text)
    ordered = sorted(edits, key=lambda edit: (edit.span.row, edit.span.column), reverse=True)
    limit = len(text)
    for edit in ordered:
        start = table.offset(edit.span.row, edit.span.column)
        end = table.offset(edit.span.end_row, edit.span.end_column)
        assert start <= end <= limit, "edits of one fix overlap"
        text = text[:start] + edit.content + text[end:]
        limit = start
    return text
