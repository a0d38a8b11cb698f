"""Gradient clipping that no step feels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.passes import every_event, innermost_loop, inside, loop_passes
from trainlint.facts.run import Script


class IdleClip(NamedTuple):
    """A clip behind the step ("late") or ahead of backward ("early"), with that act's place, or of gradients in a "context"."""

    place: Place
    when: str
    other: Place | None


def idle_clips(script: Script) -> Iterator[IdleClip]:
    """Clips that no step of their loop gets to feel, each once."""
    events, seen = every_event(script), set()
    for one in loop_passes(events):
        for clip in one.of("clip"):
            before, after = one.before(clip), one.after(clip)
            if clip.place is None or before is None or after is None or clip.place in seen:
                continue
            seen.add(clip.place)
            if before.kind == "step" and after.kind == "zero_grad":
                yield IdleClip(clip.place, "late", before.place)
            elif before.kind == "zero_grad" and after.kind == "backward":
                yield IdleClip(clip.place, "early", after.place)
    for clip in events:
        loop = innermost_loop(clip) if clip.kind == "clip" else None
        if loop is not None and clip.place is not None and clip.place not in seen:
            seen.add(clip.place)
            backward = [event for event in events if event.kind == "backward" and inside(event, loop)]
            if backward and all("context" in event.values for event in backward):
                yield IdleClip(clip.place, "context", None)
