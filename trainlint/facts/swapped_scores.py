"""Scores that are given predictions for labels and labels for predictions."""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.core import Place
from trainlint.facts.passes import every_event, text_of
from trainlint.facts.run import Script
from trainlint.interpret.values import Array


def swapped_scores(script: Script) -> Iterator[tuple[Place, str]]:
    """(place, name) of each score whose first argument a model computed and whose second none did."""
    seen: set[object] = set()
    for event in every_event(script):
        true, predicted = event.values.get("true"), event.values.get("predicted")
        if event.kind != "score" or not isinstance(true, Array) or not isinstance(predicted, Array):
            continue
        if true.symbolic and not predicted.symbolic and event.place is not None and event.place not in seen:
            seen.add(event.place)
            yield event.place, text_of(event.values.get("name"))
