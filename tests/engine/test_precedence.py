"""One cause, one finding."""

from __future__ import annotations

import itertools
import re

import pytest

from trainlint.core import Evidence, Finding, Severity, Span
from trainlint.precedence import CHAINS, one_per_cause, ranks


def finding(
    code: str, row: int = 1, cause: tuple[str, str] | None = ("kind", "1"), evidence: Evidence = Evidence.PROVED
) -> Finding:
    return Finding(code, code.lower(), Severity.ERROR, f"message of {code}", Span("a.py", row, 1, row, 2), evidence, cause=cause)


def test_the_chains_hold_codes_once_and_agree() -> None:
    order = ranks()
    for chain in CHAINS:
        entries = chain.split()
        assert all(re.fullmatch(r"TRN\d{3}(:estimated|:proved)?", entry) for entry in entries)
        assert len(set(entries)) == len(entries)
        assert [order[entry] for entry in entries] == sorted(order[entry] for entry in entries)


@pytest.mark.parametrize("codes", list(itertools.permutations(["TRN106", "TRN101", "TRN113"])))
def test_the_leftmost_is_shown_whatever_the_order(codes: tuple[str, ...]) -> None:
    [shown] = one_per_cause([finding(code) for code in codes])
    assert shown.code == "TRN106"
    assert [one.message for one in shown.related] == ["TRN101 message of TRN101", "TRN113 message of TRN113"]


def test_a_proved_finding_stands_where_an_estimated_one_gives_way() -> None:
    for evidence in (Evidence.ESTIMATED, Evidence.PROVED):
        shown = one_per_cause([finding("TRN101", evidence=evidence), finding("TRN103", evidence=Evidence.ESTIMATED)])
        assert [one.code for one in shown] == ["TRN103" if evidence is Evidence.ESTIMATED else "TRN101"]


def test_other_causes_and_no_cause_stay() -> None:
    three = [finding("TRN101"), finding("TRN101", 2, ("kind", "2")), finding("TRN106", 3, None)]
    assert sorted(one.span.row for one in one_per_cause(three)) == [1, 2, 3]


def test_codes_that_no_chain_knows_come_last() -> None:
    assert [one.code for one in one_per_cause([finding("TRN001"), finding("TRN714")])] == ["TRN714"]
