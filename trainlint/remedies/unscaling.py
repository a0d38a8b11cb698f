"""Edits that take one scaling back: of an expression, of an argument, of a layer."""

from __future__ import annotations

import re

from trainlint.core import Edit, Place

_NUMBER = r"(?:np\.float32\()?[\d.]+(?:e-?\d+)?\)?"
DIVIDED = re.compile(rf"(.+?)\s*/\s*{_NUMBER}\Z", re.DOTALL)
MULTIPLIED = re.compile(rf"(.+?)\s*\*\s*(?:\(\s*)?(?:{_NUMBER}\s*/\s*)?{_NUMBER}(?:\s*\))?\Z", re.DOTALL)
LAYER = re.compile(r"((?:\w+\.)*Rescaling\(\s*(?:scale\s*=\s*)?)([^,()]+)(.*)\Z", re.DOTALL)
FACTOR = re.compile(r"[\d.]+(?:e-?\d+)?(?:\s*/\s*[\d.]+)?\Z")


def without_scaling(place: Place | None) -> tuple[Edit, ...]:
    """The edit that undoes the scaling at a place: `x / 255` is `x`, `rescale=1 / 255` is None, `Rescaling(1 / 255)` is by 1."""
    text = getattr(place, "text", "")
    if place is None or not text or "#" in text:
        return ()
    layer = LAYER.match(text)
    if layer is not None:
        return (Edit(place.span, f"{layer[1]}1.0{layer[3]}"),)
    if FACTOR.match(text):
        return (Edit(place.span, "None"),) if _is_rescale(place) else ()
    for pattern in (DIVIDED, MULTIPLIED):
        found = pattern.match(text)
        if found is not None and found[1].count("(") == found[1].count(")") and not re.search(r"[-+]", found[1]):
            return (Edit(place.span, found[1]),)
    return ()


def _is_rescale(place: Place) -> bool:
    """Whether a number is the value of `rescale=`."""
    from trainlint.source.lines import split_rows

    rows = split_rows(getattr(place, "source_text", ""))
    span = place.span
    return span.row <= len(rows) and re.search(r"\brescale\s*=\s*\Z", rows[span.row - 1][: span.column - 1]) is not None
