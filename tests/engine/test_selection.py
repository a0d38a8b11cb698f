"""Which rules run."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainlint.registry import all_rules
from trainlint.selection import selected_rules
from trainlint.settings import Settings, SettingsError

CATALOGUE = {one.code: one for one in all_rules()}
RULE = '''"""Own rule.

## Why

A test wants it.

## References

- This test.
"""
from trainlint.api import Report, Severity, rule


@rule("{code}", "own-rule-{code}", Severity.WARNING, scope="script", default="{default}")
def check(script):
    """Say nothing."""
    return []
'''


def codes(**settings: object) -> set[str]:
    return {one.code for one in selected_rules(Settings(**settings))}  # type: ignore[arg-type]


def own(folder: Path, **defaults: str) -> Path:
    for code, default in defaults.items():
        (folder / f"{code.lower()}.py").write_text(
            RULE.format(code=code, default=default).replace(f"rule-{code}", f"rule-{code.lower()}")
        )
    return folder


def test_the_default_set_is_what_is_on() -> None:
    assert codes() == {code for code, one in CATALOGUE.items() if one.default == "on"}


def test_preview_adds_the_preview_rules_and_no_others(tmp_path: Path) -> None:
    folder = own(tmp_path, TRN990="preview", TRN991="off", TRN992="on")
    assert {"TRN990", "TRN991", "TRN992"} & codes(rules=(folder,)) == {"TRN992"}
    assert {"TRN990", "TRN991", "TRN992"} & codes(rules=(folder,), preview=True) == {"TRN990", "TRN992"}


def test_beginnings_and_all_select_what_is_off_but_not_previews(tmp_path: Path) -> None:
    folder = own(tmp_path, TRN990="preview", TRN991="off", TRN992="on")
    assert codes(rules=(folder,), select=("TRN99",)) == {"TRN991", "TRN992"}
    assert codes(rules=(folder,), select=("TRN99",), preview=True) == {"TRN990", "TRN991", "TRN992"}
    assert codes(rules=(folder,), select=("TRN990",)) == {"TRN990"}
    assert codes(rules=(folder,), select=("ALL",)) == {*codes(select=("ALL",)), "TRN991", "TRN992"}


def test_select_takes_a_code_or_a_beginning() -> None:
    assert codes(select=("TRN101",)) == {"TRN101"}
    assert codes(select=("TRN1",)) == {
        code for code, one in CATALOGUE.items() if code.startswith("TRN1") and one.default != "preview"
    }


def test_the_longer_selector_counts_and_ignore_wins_a_draw() -> None:
    assert codes(select=("TRN101",), ignore=("TRN1",)) == {"TRN101"}
    assert codes(select=("TRN1",), ignore=("TRN101",)) == codes(select=("TRN1",)) - {"TRN101"}
    assert codes(select=("TRN101",), ignore=("TRN101",)) == set()
    assert codes(ignore=("TRN1",)) == {code for code in codes() if not code.startswith("TRN1")}
    assert codes(ignore=("ALL",)) == set()


@pytest.mark.parametrize(
    ("selector", "hint"), [("TRN999", "TRN"), ("trn101", "'TRN101'"), ("all", "'ALL'"), ("E501", ""), ("", "")]
)
def test_what_is_no_code_is_refused(selector: str, hint: str) -> None:
    for settings in (Settings(select=(selector,)), Settings(ignore=(selector,))):
        with pytest.raises(SettingsError, match=f"there is no rule '{selector}'") as caught:
            selected_rules(settings)
        assert hint in str(caught.value)


def test_an_own_rule_may_not_take_a_code(tmp_path: Path) -> None:
    folder = own(tmp_path, TRN101="on")
    with pytest.raises(SettingsError, match="TRN101 is already the code of step-above-stability-bound"):
        codes(rules=(folder,))


def test_a_folder_of_rules_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no folder of rules"):
        codes(rules=(tmp_path / "none",))
