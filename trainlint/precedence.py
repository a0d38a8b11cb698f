"""One cause, one finding: which of several findings with one cause is shown. Standard library only.

In each chain the leftmost finding is shown, those to its right become its related places. `TRN101:estimated` is TRN101 with
that evidence: a proved one stands where an estimated one gives way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from trainlint.core import Finding, Related

CHAINS: tuple[str, ...] = (
    # the scale of the inputs
    "TRN210 TRN420 TRN208 TRN101:proved TRN101 TRN102 TRN201 TRN202 TRN203",
    "TRN205 TRN206 TRN207 TRN111",
    # the scale of the targets
    "TRN101:proved TRN103 TRN101 TRN101:estimated",
    # a step too large
    "TRN106 TRN107 TRN109 TRN120 TRN101:proved TRN101 TRN101:estimated TRN116 TRN113 TRN114 TRN112 TRN130",
    # a step too small
    "TRN424 TRN108 TRN121 TRN104 TRN117 TRN110 TRN111 TRN112",
    "TRN104 TRN101:estimated",
    # loss and output
    "TRN303 TRN709",
    "TRN301 TRN708",
    "TRN216 TRN311 TRN707",
    "TRN613 TRN305 TRN306",
    # shapes and types, dead starts
    "TRN408 TRN405 TRN406 TRN314",
    "TRN422 TRN314",
    "TRN224 TRN306",
    "TRN402 TRN403 TRN419",
    # parameters nobody registered
    "TRN413 TRN411 TRN410 TRN607 TRN415",
    # the loop
    "TRN504 TRN501 TRN503 TRN505 TRN610",
    "TRN505 TRN506",
    "TRN316 TRN507 TRN503",
    "TRN608 TRN515 TRN501",
    "TRN610 TRN611 TRN612 TRN118",
    "TRN611 TRN117",
    # arguments
    "TRN601 TRN602 TRN603",
    # leakage
    "TRN211 TRN705",
    "TRN701 TRN702 TRN714",
    # half precision
    "TRN105 TRN803",
    "TRN802 TRN801 TRN510",
)


@cache
def ranks() -> dict[str, int]:
    """The place of each entry in one order that agrees with every chain.

    Raises:
        ValueError: the chains contradict each other.
    """
    before: dict[str, set[str]] = {}
    for chain in CHAINS:
        entries = chain.split()
        for index, entry in enumerate(entries):
            before.setdefault(entry, set()).update(entries[:index])
    order: dict[str, int] = {}
    while len(order) < len(before):
        ready = sorted(entry for entry, earlier in before.items() if entry not in order and earlier <= order.keys())
        if not ready:
            raise ValueError(f"the chains of precedence run in a circle: {sorted(before.keys() - order.keys())}")
        order[ready[0]] = len(order)
    return order


def _rank(finding: Finding) -> tuple[int, str, int, int]:
    order = ranks()
    place = order.get(f"{finding.code}:{finding.evidence.value}", order.get(finding.code, len(order)))
    return place, finding.code, finding.span.row, finding.span.column


def one_per_cause(findings: Sequence[Finding]) -> list[Finding]:
    """Of the findings with one cause the first in the chains, with the others as its `related`; and all that have no cause."""
    from dataclasses import replace

    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding.cause is not None:
            groups.setdefault(finding.cause, []).append(finding)
    shown = [finding for finding in findings if finding.cause is None]
    for group in groups.values():
        first, *others = sorted(group, key=_rank)
        told = tuple(Related(f"{other.code} {other.message}", other.span) for other in others)
        shown.append(replace(first, related=first.related + told))
    return shown
