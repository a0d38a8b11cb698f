"""Edits as offsets: made together, and where a place stands afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from trainlint.core import Span
from trainlint.fixes.changes import Change, Refused, applied, offsets, overlap, places_after
from trainlint.source.lines import RowTable


def test_changes_are_made_by_place_whatever_their_order() -> None:
    changes = [Change(6, 9, "LONGER"), Change(0, 1, ""), Change(3, 3, "+")]
    assert applied("abcdefghij", changes) == "bc+defLONGERj"


def test_insertions_at_one_place_keep_their_order() -> None:
    assert applied("ab", [Change(1, 1, "x"), Change(1, 1, "y")]) == "axyb"


def test_an_insertion_stands_in_front_of_what_is_replaced_there() -> None:
    assert applied("abc", [Change(1, 2, "B"), Change(1, 1, "+")]) == "a+Bc"


def test_changes_that_overlap_are_refused() -> None:
    with pytest.raises(Refused, match="overlap"):
        applied("abcdef", [Change(0, 3, "x"), Change(2, 4, "y")])


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (Change(0, 3, ""), Change(3, 5, ""), False),
        (Change(0, 3, ""), Change(2, 5, ""), True),
        (Change(0, 3, ""), Change(1, 1, "x"), True),
        (Change(0, 3, ""), Change(0, 0, "x"), False),
        (Change(0, 3, ""), Change(3, 3, "x"), False),
        (Change(3, 3, "x"), Change(3, 3, "y"), True),
        (Change(3, 3, "x"), Change(3, 3, "x"), False),
        (Change(1, 4, "x"), Change(1, 4, "x"), False),
        (Change(1, 4, "x"), Change(1, 4, "y"), True),
    ],
)
def test_overlap(one: Change, other: Change, meet: bool) -> None:
    assert overlap(one, other) == overlap(other, one) == meet


@pytest.mark.parametrize(
    "place",
    [(0, 1, 1, 1), (1, 0, 1, 1), (3, 1, 3, 1), (1, 9, 1, 9), (1, 2, 1, 1), (2, 1, 1, 1), (2, 1, 2, 9)],
)
def test_places_outside_the_text_are_refused(place: tuple[int, int, int, int]) -> None:
    text = "ab\ncd"
    with pytest.raises(Refused, match="not in the text"):
        offsets(Span("a.py", *place), RowTable(text), len(text))


def test_where_a_place_stands_afterwards() -> None:
    changes = [Change(2, 4, "longer"), Change(6, 6, "++")]
    assert [places_after(offset, changes) for offset in (0, 1)] == [(0, 0), (1, 1)]
    assert places_after(2, changes) == places_after(3, changes) == (2, 7)
    assert places_after(4, changes) == (8, 8)
    assert places_after(6, changes) == (10, 12)
    assert places_after(7, changes) == (13, 13)


@given(st.text("abc\n", max_size=30), st.data())
def test_what_is_not_changed_is_found_where_it_is_said_to_stand(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = zip(cuts[::2], cuts[1::2], strict=False)
    changes = [Change(start, end, data.draw(st.text("XY", max_size=4))) for start, end in pairs]
    after = applied(text, changes)
    for offset, character in enumerate(text):
        if not any(change.start <= offset < change.end for change in changes):
            assert after[places_after(offset, changes)[1]] == character
