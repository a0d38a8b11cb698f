"""A user's own rule files: what is not well formed is said in one sentence that names the file and the fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainlint.registry import RuleError, rules_in

DOCUMENTED = '"""A rule.\n\n## Why\n\nSo.\n\n## References\n\nNone.\n"""\n'


def written(folder: Path, settings: str, name: str = "own.py", documentation: str = DOCUMENTED) -> Path:
    text = f"{documentation}from trainlint.api import Severity, rule\n\n@rule({settings})\ndef check(run):\n    return ()\n"
    (folder / name).write_text(text)
    return folder


def test_a_rule_that_is_well_formed_is_loaded(tmp_path: Path) -> None:
    [found] = rules_in(written(tmp_path, "'TRN990', 'own-rule', Severity.INFO"))
    assert (found.code, found.name, found.scope, found.default) == ("TRN990", "own-rule", "run", "on")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("'XYZ1', 'own-rule', Severity.INFO", "'XYZ1' is not TRN followed by three digits"),
        ("'TRN990', 'Own Rule', Severity.INFO", "'Own Rule' is not lower-case words joined by hyphens"),
        ("'TRN990', 'own-rule', Severity.INFO, scope='all'", "scope 'all' is not run, script or afterwards"),
        ("'TRN990', 'own-rule', Severity.INFO, default='maybe'", "default 'maybe' is not on, preview, off or named"),
    ],
)
def test_what_is_not_well_formed_is_said(tmp_path: Path, settings: str, said: str) -> None:
    with pytest.raises(RuleError, match=r"own\.py") as caught:
        rules_in(written(tmp_path, settings))
    assert said in str(caught.value)


def test_documentation_says_why_and_where_it_is_from(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no section '## Why'"):
        rules_in(written(tmp_path, "'TRN990', 'own-rule', Severity.INFO", documentation='"""A rule."""\n'))


def test_a_code_belongs_to_one_rule(tmp_path: Path) -> None:
    written(tmp_path, "'TRN990', 'own-rule', Severity.INFO")
    with pytest.raises(RuleError, match=r"TRN990 is the code of two rules"):
        rules_in(written(tmp_path, "'TRN990', 'one-more', Severity.INFO", "more.py"))
