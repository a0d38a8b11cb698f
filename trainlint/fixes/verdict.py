"""Whether fixes did what they promise: their findings are gone, and no new error came. Standard library only."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from trainlint.core import Finding, Severity, Span
from trainlint.fixes.changes import Position, Refused

CODE = re.compile(r"TRN\d{3}")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where something stands after the fixes: in the file `key`, somewhere from `first` to `last`."""

    key: str
    first: Position
    last: Position


@dataclass(frozen=True, slots=True)
class Said:
    """A finding as it is compared: its code, where it stands, whether it is an error and whether the fixes are for it.

    What another finding with the same cause stands in front of has no message.
    """

    code: str
    place: Stretch
    is_error: bool
    is_mended: bool = False
    message: str = ""


def said(findings: Iterable[Finding], place: Callable[[Span], Stretch], mended: Callable[[Finding], bool]) -> list[Said]:
    """The findings of a check, and those behind them that have the same cause and were told with them."""
    result = []
    for one in findings:
        result.append(Said(one.code, place(one.span), one.severity is Severity.ERROR, mended(one), one.message))
        behind = ((related.message.partition(" ")[0], related.span) for related in one.related)
        result += [Said(code, place(span), is_error=True) for code, span in behind if CODE.fullmatch(code)]
    return result


def judge(before: Sequence[Said], after: Sequence[Said]) -> None:
    """Compare what two checks of one file said: before the fixes (places as they are after them), and after them.

    Raises:
        Refused: a finding that the fixes are for would stay, or an error would come that was not there.
    """
    now, others = _Places(after), _Places(one for one in before if not one.is_mended)
    for one in before:
        if one.is_mended and now.count(one) > others.count(one):
            raise Refused("the finding would stay")
    known = [one for one in before if one.is_error and not one.is_mended]
    exact = {(one.code, one.place.key, one.place.first) for one in known}
    moved = [one for one in known if one.place.first != one.place.last]
    for one in after:
        if not one.is_error or not one.message or (one.code, one.place.key, one.place.first) in exact:
            continue
        if not any(_Places([one]).count(other) for other in moved):
            raise Refused(f"it would bring {one.code} in row {one.place.first[0]}: {one.message}")


class _Places:
    """Where findings begin, by code and file."""

    def __init__(self, findings: Iterable[Said]) -> None:
        self._places: dict[tuple[str, str], list[Position]] = {}
        for one in findings:
            self._places.setdefault((one.code, one.place.key), []).append(one.place.first)
        for places in self._places.values():
            places.sort()

    def count(self, one: Said) -> int:
        """How many of these may be the given one: they have its code and begin where it stands."""
        places = self._places.get((one.code, one.place.key), [])
        return bisect_right(places, one.place.last) - bisect_left(places, one.place.first)
