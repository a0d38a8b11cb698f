"""The house keeps its measures: short files, functions that fit a screen, one rule a file."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def code() -> list[Path]:
    return sorted([*(ROOT / "trainlint").rglob("*.py"), *(ROOT / "rules").glob("*.py")])


def test_files_are_short() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in code()}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_functions_fit_a_screen() -> None:
    functions = [
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for path in code()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [one for one in functions if one[1] > LONGEST_FUNCTION] == []


def test_rules_hold_one_rule_a_file_and_nothing_else() -> None:
    names = [path.name for path in (ROOT / "rules").iterdir() if path.name != "__pycache__"]
    assert [name for name in names if not re.fullmatch(r"trn[0-9]{3}(_[a-z0-9]+)+\.py", name)] == []


def test_rule_files_are_named_after_their_rules() -> None:
    from trainlint.registry import all_rules

    expected = sorted(f"{one.code.lower()}_{one.name.replace('-', '_')}.py" for one in all_rules())
    assert sorted(path.name for path in (ROOT / "rules").glob("*.py")) == expected


def test_nothing_is_left_undone() -> None:
    marks = re.compile(r"#.*\b(TODO|FIXME|XXX)\b|type: ignore(?!\[)|raise NotImplementedError")
    left = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in code()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if marks.search(line)
    ]
    assert left == []
