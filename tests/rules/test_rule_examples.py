"""The scripts in the documentation of every rule: the bad ones are found where they say, the good ones are silent, fixes hold."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

import trainlint.rules
from tests.rules.checking import ALSO, BLOCK, EXPECTED, Example, apply, catalogue, examples, findings, marked, said
from trainlint.core import Severity

SCRIPTS = [one for one in catalogue() if BLOCK.search(one.documentation)]
BAD = examples(catalogue(), "bad")
GOOD = examples(catalogue(), "good")
VAGUE = re.compile(r"\b(may|might|maybe|perhaps|possibly|consider|probably|could)\b", re.IGNORECASE)
ANALYSIS = re.compile(r"TRN00\d|TRN141")  # which speak of the analysis, or of what a probe has seen (tests/probe/test_match.py)
MAXIMUM_LINES = 120


@pytest.mark.parametrize("example", BAD, ids=str)
def test_bad_example_is_found_where_it_is_marked(example: Example) -> None:
    expected, also = marked(example.text, EXPECTED), marked(example.text, ALSO)
    found = findings(example.text, example.rule.code)
    assert example.rule.code in {code for code, _ in expected}
    assert said(found) - also == expected, [f"{one.code}:{one.span.row} {one.message}" for one in found]
    for one in found:
        assert 0 < len(one.message) < 400, one.message
        if one.severity is Severity.ERROR:  # an error commits itself
            assert not VAGUE.search(one.message), one.message


@pytest.mark.parametrize("example", GOOD, ids=str)
def test_good_example_is_silent(example: Example) -> None:
    found = findings(example.text, example.rule.code)
    assert not found, [f"{one.code}:{one.span.row} {one.message}" for one in found]


@pytest.mark.parametrize("example", BAD, ids=str)
def test_fix_parses_silences_its_finding_and_keeps_the_comments(example: Example) -> None:
    before = findings(example.text, example.rule.code)
    for one in before:
        if one.fix is None:
            continue
        repaired = apply(example.text, one.fix.edits)
        ast.parse(repaired)
        assert one.fix.message
        if one.code != "TRN003":  # which mends comments
            assert comments(repaired) == comments(example.text)
        assert shifted(one.span.row, one.fix.edits) not in said_of(one.code, repaired, example.rule.code), repaired


def comments(text: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sorted(token.string for token in tokens if token.type == tokenize.COMMENT)


def said_of(code: str, text: str, selected: str) -> set[int]:
    return {one.span.row for one in findings(text, selected) if one.code == code}


def shifted(row: int, edits: tuple[object, ...]) -> int:
    """Where a row stands after edits that insert whole lines above it."""
    return row + sum(edit.content.count("\n") for edit in edits if edit.span.row <= row)  # type: ignore[attr-defined]


def rule_files() -> list[Path]:
    return sorted(path for folder in trainlint.rules.__path__ for path in Path(folder).glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("one", catalogue(), ids=lambda one: one.code)
def test_file_code_and_name_agree(one: object) -> None:
    name = f"{one.code.lower()}_{one.name.replace('-', '_')}"  # type: ignore[attr-defined]
    assert name in {path.stem for path in rule_files()}


@pytest.mark.parametrize("path", rule_files(), ids=lambda path: path.stem)
def test_rule_file_is_a_leaf(path: Path) -> None:
    imported = {
        node.module if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {one for one in imported if one and one.startswith("trainlint")} <= {"trainlint.api"}
    assert imported <= {"trainlint.api", "__future__", "collections.abc", "math"}
    assert len(path.read_text("utf-8").splitlines()) <= MAXIMUM_LINES


@pytest.mark.parametrize("one", [one for one in catalogue() if not ANALYSIS.match(one.code)], ids=lambda one: one.code)
def test_documentation_is_complete(one: object) -> None:
    text = one.documentation  # type: ignore[attr-defined]
    kinds = [kind for kind, _ in BLOCK.findall(text)]
    assert text.strip().splitlines()[0].strip(". ")
    assert "## Why\n" in text
    assert "## References\n" in text
    assert kinds.count("bad") >= 2
    assert kinds.count("good") >= 3
