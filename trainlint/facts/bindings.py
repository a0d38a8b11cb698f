"""Names and unpackings that surely fail, and what the text says of a name that a line assigns."""

from __future__ import annotations

import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache

from trainlint.core import Place
from trainlint.facts.passes import every_event, text_of
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Literal, Tuple
from trainlint.source.lines import split_rows

FRAGMENT = 3
"""A text with so many unbound names is a piece of a script."""
TRAINS = frozenset({"fit", "step", "backward", "compile", "forward", "made"})


def unbound_names(script: Script) -> Iterator[tuple[str, Place]]:
    """The first name on the script's certain path that is bound nowhere, if the text is a whole script."""
    events = [event for event in every_event(script) if event.kind == "unbound" and not _leaves(event)]
    names = {text_of(event.values.get("name")) for event in events}
    certain = [event for event in events if _is_certain(event)]
    if len(names) >= FRAGMENT or not certain or certain[0].place is None:
        return
    if any(event.kind in TRAINS for event in every_event(script)):
        yield text_of(certain[0].values.get("name")), certain[0].place


def _is_certain(event: Event) -> bool:
    return not any(frame.kind in ("branch", "uncalled") for frame in event.frames)


def _leaves(event: Event) -> bool:
    """`sys.exit()` without `import sys` ends the script just as well."""
    place = event.place
    if place is None:
        return True
    rows = split_rows(getattr(place, "source_text", ""))
    return rows[place.span.row - 1][place.span.end_column - 1 :].startswith((".exit(", "._exit("))


def failed_unpackings(script: Script) -> Iterator[tuple[Place, int, int]]:
    """Batches of a loader that are unpacked to another number of names: the place, the tensors, the names."""
    for event in every_event(script):
        value, targets = event.values.get("value"), event.values.get("targets")
        if event.kind != "unpack" or not isinstance(value, Tuple) or not isinstance(targets, Literal) or event.place is None:
            continue
        batches = [one for one in value.items if isinstance(one, Array) and one.op == "batch"]
        if len(batches) == len(value.items) and batches and not any(frame.kind == "branch" for frame in event.frames):
            yield event.place, len(value.items), int(targets.value) if isinstance(targets.value, int) else 0


def assigned_name(place: Place | None) -> str:
    """The variable or attribute that a line assigns a call to: `scheduler` of `self.scheduler = StepLR(...)`."""
    source = getattr(place, "source_text", "")
    if place is None or not source:
        return ""
    row = split_rows(source)[place.span.row - 1]
    found = re.match(r"\s*(?:\w+\.)*(\w+)\s*(?::[^=]+)?=\s*\Z", row[: place.span.column - 1])
    return found[1] if found else ""


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
