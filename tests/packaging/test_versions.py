"""What a version number promises: the default rules of a released minor version are frozen, and no code ever changes its meaning."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from trainlint import __version__
from trainlint.registry import all_rules

Rules = Mapping[str, str]
"""Codes with names and severities: `{"TRN101": "step-above-stability-bound error"}`."""

MINOR = __version__.rpartition(".")[0]
FROZEN: dict[str, Rules] = {
    path.stem: dict(line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines())
    for path in (Path(__file__).parent / "default_rules").glob("*.txt")
}
"""What is on by default in each minor version."""
EVERY = {one.code: f"{one.name} {one.severity.value}" for one in all_rules()}
DEFAULT = {one.code: EVERY[one.code] for one in all_rules() if one.default == "on"}


def name_of(entry: str) -> str:
    return entry.partition(" ")[0]


def broken_promises(frozen: Mapping[str, Rules], minor: str, default: Rules, every: Rules) -> list[str]:
    """The codes whose promise is broken.

    Within a minor version the same rules are on, with the same severities. In a later one rules may be added and severities
    changed, but what a code means stays: settings, suppressions and baselines name it.
    """
    here = frozen.get(minor, {})
    changed = {code for code in {*default, *here} if default.get(code) != here.get(code)}
    renamed = {
        code for rules in frozen.values() for code, entry in rules.items() if name_of(every.get(code, "gone")) != name_of(entry)
    }
    return sorted(changed | renamed)


def test_the_default_rules_are_those_of_this_version() -> None:
    """A rule is switched on, off or renamed with a new minor version: raise it and write its list, or make it a preview rule."""
    assert MINOR in FROZEN
    assert broken_promises(FROZEN, MINOR, DEFAULT, EVERY) == []


OLD = {"TRN101": "a error", "TRN102": "b warning"}
NEW = {"TRN101": "a error", "TRN102": "b error", "TRN103": "c info"}


@pytest.mark.parametrize(
    ("minor", "default", "broken"),
    [
        ("0.1", OLD, []),
        ("0.1", {**OLD, "TRN103": "c info"}, ["TRN103"]),
        ("0.1", {"TRN101": "a error"}, ["TRN102"]),
        ("0.1", {**OLD, "TRN102": "b error"}, ["TRN102"]),
        ("0.2", NEW, []),
        ("0.2", OLD, ["TRN102", "TRN103"]),
        ("0.2", {**NEW, "TRN102": "other error"}, ["TRN102"]),
    ],
)
def test_what_breaks_a_promise(minor: str, default: Rules, broken: list[str]) -> None:
    assert broken_promises({"0.1": OLD, "0.2": NEW}, minor, default, {**NEW, **default}) == broken


def test_a_code_that_is_gone_breaks_a_promise() -> None:
    assert broken_promises({"0.1": OLD, "0.2": NEW}, "0.2", NEW, {"TRN101": "a error", "TRN103": "c info"}) == ["TRN102"]
