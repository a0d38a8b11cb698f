"""Names and unpackings that surely fail, and what the text says of a name that a line assigns."""

from __future__ import annotations

import io
import math
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import takewhile

from trainlint.core import Place
from trainlint.facts.passes import every_event, same_frame, text_of
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Literal, Tuple
from trainlint.source.lines import split_rows

FRAGMENT = 3
"""A text with so many unbound names is a piece of a script."""
TRAINS = frozenset({"fit", "step", "backward", "compile", "forward", "made"})


def unbound_names(script: Script) -> Iterator[tuple[str, Place, int | None]]:
    """The first name on the certain path that is bound nowhere, if the text is a whole script, or only from a later row on."""
    ending = (event.order for event in every_event(script) if _is_certain(event) and _ends(event))
    end = min(ending, default=math.inf)
    events = [event for event in every_event(script) if event.kind == "unbound" and event.order < end]
    names = {text_of(event.values.get("name")) for event in events if "later" not in event.values}
    trains = [event for event in every_event(script) if event.kind in ("fit", "step")]
    certain = [event for event in events if _is_certain(event) or any(_on_the_way(event, one) for one in trains)]
    if len(names) >= FRAGMENT or not certain or certain[0].place is None:
        return
    if any(event.kind in TRAINS for event in every_event(script)):
        later = certain[0].values.get("later")
        row = later.value if isinstance(later, Literal) and isinstance(later.value, int) else None
        yield text_of(certain[0].values.get("name")), certain[0].place, row


def _is_certain(event: Event) -> bool:
    return not any(frame.kind in ("branch", "uncalled") for frame in event.frames)


def _on_the_way(event: Event, step: Event) -> bool:
    """Whether the branches around an event are also around a training step: the script does not train without it."""
    frames = [frame for frame in event.frames if frame.kind in ("branch", "uncalled")]
    shared = all(frame.kind == "branch" and any(same_frame(frame, one) for one in step.frames) for frame in frames)
    return shared and _called_alike(event, step)


def _called_alike(event: Event, step: Event) -> bool:
    """Whether an event stands in a function that the step stands in, too."""
    calls = [frame for frame in event.frames if frame.kind == "call"]
    return all(any(same_frame(frame, one) for one in step.frames) for frame in calls)


def _ends(event: Event) -> bool:
    """Whether nothing runs after an event; `sys.exit()` without `import sys` ends the script just as well."""
    place = event.place
    if event.kind != "unbound" or place is None:
        return event.kind == "exit"
    rows = split_rows(getattr(place, "source_text", ""))
    return rows[place.span.row - 1][place.span.end_column - 1 :].startswith((".exit(", "._exit("))


def misspelt_calls(script: Script) -> Iterator[tuple[str, str, Place]]:
    """(name, what its library calls it, place) of calls that raise for the case of a letter; no branch may avoid them."""
    for event in every_event(script):
        sure = not any(frame.kind == "branch" for frame in event.frames)
        if event.kind == "misspelt" and event.place is not None and sure:
            yield text_of(event.values.get("name")), text_of(event.values.get("meant")), event.place


def failed_unpackings(script: Script) -> Iterator[tuple[Place, int, int, str]]:
    """What is unpacked to another number of names: the place, the parts, the names, what it is ("batch", "data" or "split").

    Batches of a loader, the parts of a data set as its library gives them, and of a split.
    """
    for event in every_event(script):
        value, targets = event.values.get("value"), event.values.get("targets")
        if event.kind != "unpack" or not isinstance(value, Tuple) or not isinstance(targets, Literal) or event.place is None:
            continue
        parts = [one for item in value.items for one in (item.items if isinstance(item, Tuple) else (item,))]
        kinds = {one.op if isinstance(one, Array) else "" for one in parts}
        known = kinds in ({"batch"}, {"data"}, {"split"}) and not any(frame.kind == "branch" for frame in event.frames)
        if known and isinstance(targets.value, int):
            yield event.place, len(value.items), targets.value, next(iter(kinds))


def class_text(place: Place | None) -> str:
    """The text of the class whose name stands at a place: its row and all that is indented below it."""
    source = getattr(place, "source_text", "")
    rows = split_rows(source)[place.span.row - 1 :] if place is not None and source else []
    depth = len(rows[0]) - len(rows[0].lstrip()) if rows else 0
    body = takewhile(lambda row: not row.strip() or len(row) - len(row.lstrip()) > depth, rows[1:])
    return "\n".join([*rows[:1], *body])


def mentions(place: Place | None, name: str) -> int:
    """How often the code of a text mentions a name, its plain assignments left out."""
    return names_read(getattr(place, "source_text", "")).get(name, 0)


@lru_cache(maxsize=4)
def names_read(text: str) -> Mapping[str, int]:
    """How often each name stands in a text where it is not assigned; comments and strings do not count."""
    found: Counter[str] = Counter()
    before, tokens = "", tokenize.generate_tokens(io.StringIO(text).readline)
    try:
        for token in tokens:
            if before and not (token.type == tokenize.OP and token.string == "="):
                found[before] += 1
            before = token.string if token.type == tokenize.NAME else ""
    except (tokenize.TokenError, SyntaxError, ValueError):
        return Counter(re.findall(r"\b[^\W\d]\w*\b(?!\s*=[^=])", text))
    return found
