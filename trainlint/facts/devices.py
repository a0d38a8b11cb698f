"""Where tensors and modules stand: moved copies that are dropped, modules and batches on different devices, wrapped modules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.loop_faults import upstream
from trainlint.facts.passes import every_event, owner_of, text_of
from trainlint.facts.registration import made
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.torch.data import PARTS
from trainlint.interpret.values import Array, Literal, Object, Tuple, Value

MOVES = frozenset({"to", "cuda", "cpu", "float", "double", "half", "bfloat16", "long", "int"})
"""Methods of a tensor that give a copy and leave the tensor as it is."""

ELSEWHERE = re.compile(
    r"default_(device|tensor_type)|accelerat|lightning|ignite|deepspeed|\.prepare\(|device_map|device=", re.IGNORECASE
)
"""What may put a model on another device than the CPU: it can only silence."""


def dropped_copies(script: Script) -> Iterator[tuple[Place, str]]:
    """Statements that move or convert a tensor and keep nothing of it, with the method.

    A batch of unknown structure may be a dict that moves its tensors in place (`BatchEncoding.to`): of it nothing is said.
    """
    for event in every_event(script):
        value, method = event.values.get("value"), text_of(event.values.get("method"))
        if event.kind != "dropped" or method not in MOVES or event.place is None or not isinstance(value, Array):
            continue
        if value.library == "torch" and not value.attributes.get(PARTS) and not _is_made_there(value, event.place):
            yield event.place, method


def _is_made_there(value: Array, place: Place) -> bool:
    """Whether a statement computes a tensor only to move it (`model(x).cpu()` warms a device up)."""
    return any(one.op == "layer" and one.place is not None and one.place.span.row == place.span.row for one in upstream(value))


class Apart(NamedTuple):
    """A call of a model whose weights are on one device and whose batch is on another."""

    place: Place
    model: str
    batch: str
    moved: Place


def apart(script: Script) -> Iterator[Apart]:
    """Calls of models that were moved to one device with batches that are on another, where both are sure.

    What is wrapped for several devices takes its batches to them.
    """
    events = every_event(script)
    wrapped = {id(event.values.get("model")) for event in events if event.kind == "wrapped"}
    seen: set[object] = set()
    for event in events:
        if event.kind != "forward" or event.place is None or event.place in seen or id(event.values.get("model")) in wrapped:
            continue
        move = _last_move(events, event)
        device = text_of(move.values.get("device")) if move is not None else ""
        inputs = event.values.get("inputs")
        first = inputs.items[0] if isinstance(inputs, Tuple) and inputs.items else None
        batch = device_of(first) if first is not None and not _moved_on(events, first) else ""
        if move is not None and move.place is not None and device and batch and device != batch:
            seen.add(event.place)
            yield Apart(event.place, device, batch, move.place)


class LeftBehind(NamedTuple):
    """A call of a model that nothing ever moves with a batch that goes to CUDA, `surely` or where there is one."""

    place: Place
    surely: bool


def left_behind(script: Script) -> Iterator[LeftBehind]:
    """Calls of models that stay where they were made, on the CPU, with batches that the script moves to CUDA."""
    events = every_event(script)
    if any(event.kind in ("moved", "wrapped") for event in events):
        return
    own = {id(held) for event, held in made(script) if not any(frame.kind == "uncalled" for frame in event.frames)}
    for event in events:
        inputs, model, place = event.values.get("inputs"), event.values.get("model"), event.place
        first = inputs.items[0] if isinstance(inputs, Tuple) and inputs.items else None
        if event.kind != "forward" or place is None or id(model) not in own or not isinstance(first, Array):
            continue
        batches = [one for one in upstream(first) if one.op == "batch"]
        where = {one.attributes.get("device_if_any", one.attributes.get("device")) for one in batches}
        if where == {"cuda"} and not _is_moved_in_text(place):
            yield LeftBehind(place, all(one.attributes.get("device") == "cuda" for one in batches))
            return


def _is_moved_in_text(place: Place) -> bool:
    """Whether the text has something that may move a model: its name in front of `.to(`, other defaults, a library that does."""
    source, called = getattr(place, "source_text", ""), getattr(place, "text", "").partition("(")[0].rpartition(".")[2]
    return ELSEWHERE.search(source) is not None or re.search(rf"\b{re.escape(called)}\.(to|cuda)\(", source) is not None


def _last_move(events: tuple[Event, ...], call: Event) -> Event | None:
    moves = [one for one in events if one.kind == "moved" and one.values.get("model") is call.values.get("model")]
    before = [one for one in moves if one.order < call.order and not any(frame.kind == "branch" for frame in one.frames)]
    return before[-1] if before and len({text_of(one.values.get("device")) for one in moves}) == 1 else None


def _moved_on(events: tuple[Event, ...], value: Value) -> bool:
    """Whether something that a mini-batch was made into is moved by itself."""
    moved = {id(event.values.get("value")) for event in events if event.kind == "moved_tensor"}
    return isinstance(value, Array) and any(id(one) in moved for one in upstream(value))


def device_of(value: Value | None) -> str:
    """The device of a mini-batch: where the script moved it, "cpu" as a loader of a library's data set gives it, else ""."""
    if not isinstance(value, Array):
        return ""
    batches = [one for one in upstream(value) if one.op == "batch"]
    if len(batches) != 1:
        return ""
    given = batches[0].attributes.get("device")
    if isinstance(given, str):
        return given
    loader = batches[0].attributes.get("loader")
    data = loader.arguments.get("dataset") if isinstance(loader, Object) else None
    plain = isinstance(loader, Object) and "collate_fn" not in loader.arguments and not loader.extra
    return "cpu" if plain and isinstance(data, Object) and data.row.library == "torchvision" else ""


class Misordered(NamedTuple):
    """Something that has to come before a wrapper and comes after it: "moved", "optimizer"; or "never" moved."""

    what: str
    by: str
    place: Place
    wrapped: Place


def misordered_wrappers(script: Script) -> Iterator[Misordered]:
    """Modules that are wrapped for several processes before they are moved, or after an optimizer took their parameters."""
    events = every_event(script)
    for event in events:
        model, by = event.values.get("model"), text_of(event.values.get("by"))
        if event.kind != "wrapped" or event.place is None or any(frame.kind == "branch" for frame in event.frames):
            continue
        moves = [one for one in events if one.kind == "moved" and one.values.get("model") is model]
        devices = event.values.get("devices")
        on_gpu = not (isinstance(devices, Literal) and devices.value is None)
        early = [one for one in moves if one.order < event.order]
        if by == "DistributedDataParallel" and on_gpu and not early and moves and moves[0].place is not None:
            yield Misordered("moved", by, event.place, moves[0].place)
        if by == "FullyShardedDataParallel":
            for made_at, optimizer in made(script, "optimizer"):
                if made_at.order < event.order and owner_of(optimizer) is model and made_at.place is not None:
                    yield Misordered("optimizer", by, made_at.place, event.place)
