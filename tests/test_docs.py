"""The catalogue page is what the rule files say."""

from __future__ import annotations

from pathlib import Path

from trainlint.cli.rule import FAMILIES, main, pages
from trainlint.registry import all_rules

RULES = Path(__file__).parents[1] / "docs" / "rules"


def test_the_pages_are_in_step_with_the_rules() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in RULES.iterdir()}
    assert written == pages(all_rules()), "run `trainlint rule --all --write docs/rules`"


def test_every_rule_is_in_the_index_once() -> None:
    index = (RULES / "README.md").read_text(encoding="utf-8")
    for one in all_rules():
        assert index.count(f"[{one.code}]({one.code}.md)") == 1
        assert one.code[:4] in FAMILIES


def test_pages_are_written_into_a_new_folder(tmp_path: Path) -> None:
    assert main(["TRN101", "--write", str(tmp_path / "a" / "b")]) == 0
    assert {path.name for path in (tmp_path / "a" / "b").iterdir()} == {"README.md", "TRN101.md"}
    assert "# TRN101 step-above-stability-bound" in (tmp_path / "a" / "b" / "TRN101.md").read_text(encoding="utf-8")
