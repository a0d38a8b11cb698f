"""Arguments and methods that the pinned release of Keras ignores or refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.passes import every_event, text_of
from trainlint.facts.run import Script
from trainlint.interpret.values import Literal, Value
from trainlint.knowledge import find
from trainlint.knowledge.rows import REQUIRED
from trainlint.knowledge.versions import IGNORED, REMOVED, Change

RELEASES = {
    "keras1": "Keras 1",
    "keras2": "Keras 2.0 to 2.4",
    "tf.keras": "TensorFlow up to 2.10",
    "keras2.11": "Keras 2.11 to 2.15",
    "keras3": "Keras 3",
}


class Outdated(NamedTuple):
    """An argument or method that has no effect, or raises, in the release that the project pins.

    `owner` is the class or method that is called, `method` whether `argument` is itself a method, `value` the number that was
    given, `default` what acts in its place; `instead` is today's spelling, "" if there is none.
    """

    owner: str
    argument: str
    method: bool
    release: str
    instead: str
    value: Value | None
    default: object
    place: Place


def ignored_arguments(script: Script) -> Iterator[Outdated]:
    """Arguments that the pinned release takes and does not read."""
    yield from _changed(script, IGNORED)


def refused_arguments(script: Script) -> Iterator[Outdated]:
    """Arguments and methods that the pinned release refuses."""
    yield from _changed(script, REMOVED)


def _changed(script: Script, table: Mapping[tuple[str, str], Change]) -> Iterator[Outdated]:
    pinned = script.pinned_eras
    for event in every_event(script) if pinned else ():
        if event.kind != "spelled" or event.place is None or any(frame.kind == "branch" for frame in event.frames):
            continue
        makes, argument = text_of(event.values.get("makes")), text_of(event.values.get("argument"))
        change, legacy = table.get((makes, argument)), event.values.get("legacy")
        if change is None or not pinned <= change.eras or (isinstance(legacy, Literal) and legacy.value is True):
            continue
        row = find(text_of(event.values.get("name")))
        release = " or ".join(RELEASES[era] for era in RELEASES if era in pinned)
        default = REQUIRED if row is None or not change.instead else row.default(change.instead, min(pinned))
        owner = row.name.rpartition(".")[2] if row is not None else "model"
        value, method = event.values.get("value"), makes == "method"
        yield Outdated(owner, argument, method, release, change.instead, value, default, event.place)
