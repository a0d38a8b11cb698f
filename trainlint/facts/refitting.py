"""Transformers that are fitted a second time: on data that the model is only asked about, or before the first fit served."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.leakage import Leak, class_name, fitted_before_slices, fitted_before_split, same_rows
from trainlint.facts.provenance import FITTED_KINDS, MAXIMUM_ARRAYS, lineage, main_path
from trainlint.facts.queries import in_line
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Object, Value
from trainlint.source.lines import split_rows

CATEGORIES = frozenset({"labels", "ordinals"})
"""Encoders that number the categories of the very data they are fitted on."""


class _Fit(NamedTuple):
    event: Event
    array: Array


def leak_in_words(leak: Leak) -> str:
    """On what a transformer is fitted, what comes of it, and what to do."""
    if leak.lost is not None:
        return (
            f"again before it transforms anything: what it learned{in_line(leak.lost)} is lost, and the training data are"
            " transformed by what it learns here. Fit it on the training part only"
        )
    if leak.numbers:
        what = "where they differ in a category, equal ones get other numbers"
        return f"on other data, after the training data: {what}. Use `transform`"
    if leak.again:
        return "on the test part, after the training part: equal raw values become other inputs than before. Use `transform`"
    rows = f"all {leak.rows:,} rows" if leak.rows else "all rows"
    learned = "the training data carry what it learned of the test rows. Split first"
    return f"on {rows} before the split{in_line(leak.split)}: {learned}"


def fitted_on_held_back(script: Script, events: Sequence[Event]) -> Iterator[Leak]:
    """What is fitted on rows that are held back, before the split or on the test part of it, and what is fitted anew."""
    yield from fitted_before_split(script, events)
    yield from fitted_before_slices(script, events)
    yield from _fitted_again(script, events) if script.runs else ()


def _fitted_again(script: Script, events: Sequence[Event]) -> Iterator[Leak]:
    """Second fits of one transformer, in a script that trains on what it transforms."""
    fitted: dict[int, list[_Fit]] = {}
    waiting: dict[int, _Fit] = {}
    trained = {id(one) for run in script.runs for one in lineage(run.inputs.value)}
    for event in events:
        scaler, array = event.values.get("scaler"), event.values.get("array")
        if event.kind == "scaled":
            waiting.pop(id(scaler), None)
        if event.kind != "scaler_fit" or not isinstance(scaler, Object) or not isinstance(array, Array) or event.place is None:
            continue
        scales = scaler.row.makes == "scaler" and scaler.row.kind in FITTED_KINDS
        now, before = _Fit(event, array), fitted.setdefault(id(scaler), [])
        lost = waiting.get(id(scaler)) if scales else None
        part, split = _part_of(array)
        if lost is not None and _replaces(now, lost) and _transforms(events, scaler, lost.array, trained):
            yield Leak(event.place, None, class_name(scaler), lost=lost.event.place)
        elif scales and part == "test" and any(_part_of(one.array) == ("train", split) for one in before):
            yield Leak(event.place, split, class_name(scaler), again=True)
        elif scaler.row.kind in CATEGORIES and any(_parts_company(script, one, now) for one in before):
            yield Leak(event.place, None, class_name(scaler), again=True, numbers=True)
        before.append(now)
        waiting[id(scaler)] = now


def _replaces(now: _Fit, lost: _Fit) -> bool:
    """Whether a fit surely comes right after another one of other data, with nothing in between that reads the transformer."""
    first, second = lost.event.place, now.event.place
    sure = lost.event.frames == now.event.frames and not any(one.kind == "branch" for one in now.event.frames)
    if first is None or second is None or not sure or same_rows(lost.array, now.array):
        return False
    texts = [re.match(r"([\w.]+)\.fit\b", getattr(one, "text", "")) for one in (first, second)]
    if texts[0] is None or texts[1] is None or texts[0][1] != texts[1][1] or first.span.row >= second.span.row:
        return False
    between = split_rows(getattr(first, "source_text", ""))[first.span.end_row : second.span.row - 1]
    return not any(re.search(rf"\b{re.escape(texts[0][1])}\b", row.partition("#")[0]) for row in between)


def _transforms(events: Sequence[Event], scaler: Object, array: Array, trained: set[int]) -> bool:
    """Whether the training data are what a transformer makes of an array."""
    scaled = [event for event in events if event.kind == "scaled" and event.values.get("scaler") is scaler]
    return any(event.values.get("array") is array and id(event.values.get("output")) in trained for event in scaled)


def _parts_company(script: Script, first: _Fit, now: _Fit) -> bool:
    """Whether `fit_transform` makes the training data of one array and, anew, of another what their model is asked about."""
    if not all(".fit_transform" in getattr(one.event.place, "text", "") for one in (first, now)) or _part_of(now.array)[0]:
        return False
    for run in script.runs:
        inputs = _made_at(run.inputs.value)
        model = next((event.values.get("model") for event in run.events if event.kind == "fit"), None)
        if model is None or first.event.place not in inputs or now.event.place in inputs:
            continue
        for event in script.events:
            asked = event.values.get("x") if event.kind in ("predict", "evaluate") else None
            if event.values.get("model") is model and {now.event.place} == _made_at(asked) & {first.event.place, now.event.place}:
                return True
    return False


def _made_at(value: Value | None) -> set[Place | None]:
    """Where an array and all that it holds were made; what a transformer was fitted on is not in it."""
    found: set[Place | None] = set()
    waiting, seen = [value], 0
    while waiting and seen < MAXIMUM_ARRAYS:
        one = waiting.pop()
        seen += 1
        if isinstance(one, Array):
            found.add(one.place)
            waiting.extend(one.inputs[:1] if one.op in ("scale", "encode") else one.inputs)
    return found


def _part_of(array: Array) -> tuple[str, Place | None]:
    found = next((one for one in main_path(array) if one.op == "split"), None)
    return ("", None) if found is None else (str(found.attributes.get("part")), found.place)
