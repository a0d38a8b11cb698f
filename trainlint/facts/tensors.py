"""Tensors as a script makes and reads them: memory that nobody filled, axes that a reshape mixes, types that a layer refuses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from trainlint.core import Edit, Place, Span
from trainlint.facts.provenance import KEEPS_NUMBERS, lineage, main_path
from trainlint.facts.run import Script
from trainlint.facts.syntax import enclosing, targets_of
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Object, Shape, Value

UNINITIALISED = "uninitialised memory"
CHANNELS = (2, 3, 4)
"""Channels of pictures; one channel can be moved by a reshape."""

SMALLEST_PICTURE = 5
"""Height and width from which on three axes are taken for a picture."""


def never_filled(script: Script, events: Sequence[Event]) -> Iterator[tuple[Place, Place]]:
    """Memory that is trained on without ever having been written to: where it is made, and where it is trained on."""
    written = {id(one) for event in events for one in _written(event)}
    seen: set[object] = set()
    for run in script.runs:
        for value in (run.inputs.value, run.targets.value):
            for one in main_path(value):
                if one.op not in KEEPS_NUMBERS and one.op != "data":
                    break  # written to, or brought into a range of its own
                fresh = one.op == "data" and one.attributes.get("source") == UNINITIALISED and id(one) not in written
                if fresh and one.place is not None and one.place not in seen and not _named_again(one.place):
                    seen.add(one.place)
                    yield one.place, run.place


def _written(event: Event) -> Iterator[Value]:
    for name in ("array", "target", "parameter", "output"):
        if event.kind not in ("array", "fit", "predict", "evaluate", "forward") and name in event.values:
            yield event.values[name]


def _named_again(place: Place) -> bool:
    """Whether the statement binds a name that a text subscripts for writing, fills, or passes as `out=`: it can only silence."""
    source, bound = getattr(place, "source_text", ""), targets_of(place, through=True) or _wrapped_in(place)
    if len(bound) != 1:
        return bool(bound)
    name = re.escape(bound[0])
    written = rf"{name}\s*\[[^\n]*\]\s*[-+*/]?=[^=]|{name}\.\w+_\(|out\s*=\s*{name}\b"
    passed = rf"^[ \t]*(?![\w.]*\.fit\()[\w.]+\(\s*{name}\b[^\n]*\)[ \t]*$|_\({name}\b"
    filled = rf"{written}|{passed}|{name}\.(?:fill|data|copy)\b"
    return re.search(filled, source, re.MULTILINE) is not None


def _wrapped_in(place: Place) -> tuple[str, ...]:
    """The name of the statement `name = Wrapper(...)` in one of whose arguments a place stands."""
    import libcst as cst
    from libcst.helpers import get_full_name_for_node

    statement = enclosing(place, cst.Assign)
    called = isinstance(statement, cst.Assign) and len(statement.targets) == 1 and isinstance(statement.value, cst.Call)
    name = get_full_name_for_node(statement.targets[0].target) if called and isinstance(statement, cst.Assign) else None
    return (name,) if name else ()


SMALLEST_SEQUENCE = 3
"""Steps or features; fewer are more often several results of one thing."""


class Scrambled(NamedTuple):
    """A reshape that is written where axes should change places."""

    place: Place
    before: Shape
    after: Shape
    edits: tuple[Edit, ...]


def scrambling_reshapes(events: Sequence[Event]) -> Iterator[Scrambled]:
    """Reshapes of pictures (..., H, W, C) to (..., C, H, W) or back, with C > 1, and of sequences (N, T, F) to (N, F, T)."""
    seen: set[object] = set()
    for event in events:
        made = event.values.get("output")
        if event.kind != "array" or event.place is None or not isinstance(made, Array) or made.op != "reshape":
            continue
        given = made.inputs[0] if made.inputs else None
        before, after = given.shape if isinstance(given, Array) else None, made.shape
        order = _order(before, after)
        if order is not None and before is not None and after is not None and event.place not in seen:
            seen.add(event.place)
            yield Scrambled(event.place, before, after, _transposed(event.place, order, made.library))


def _order(before: Shape | None, after: Shape | None) -> tuple[int, ...] | None:
    """The order of axes that a reshape from one shape to the other is mistaken for."""
    if before is None or after is None or len(before) != len(after) or len(before) not in (3, 4):
        return None
    if _exchanges_last(before, after):
        return (0, 2, 1)
    lead = len(before) - 3
    one, other = before[lead:], after[lead:]
    if None in one or (before[:lead] != after[:lead] and None not in (*before[:lead], *after[:lead])):
        return None
    axes = tuple(range(lead))
    if _is_picture(one[:2], one[2]) and other == (one[2], one[0], one[1]):
        return (*axes, lead + 2, lead, lead + 1)
    if _is_picture(one[1:], one[0]) and other == (one[1], one[2], one[0]):
        return (*axes, lead + 1, lead + 2, lead)
    return None


def _exchanges_last(before: Shape, after: Shape) -> bool:
    """Whether the shapes are (N, A, B) and (N, B, A): samples of several steps and several features."""
    sizes = [one for one in before[1:] if one is not None and one >= SMALLEST_SEQUENCE]
    same_samples = before[0] == after[0]
    return len(before) == 3 and same_samples and len(sizes) == 2 and sizes[0] != sizes[1] and after[1:] == before[:0:-1]


def _is_picture(size: Shape, channels: int | None) -> bool:
    return channels in CHANNELS and all(one is not None and one >= SMALLEST_PICTURE for one in size)


def _transposed(place: Place, order: tuple[int, ...], library: str) -> tuple[Edit, ...]:
    """`x.reshape(n, 3, 32, 32)` as `x.transpose(0, 3, 1, 2)`."""
    text = getattr(place, "text", "")
    axes = ", ".join(map(str, order))
    found = re.match(r"([\w.\[\]:]+)\.(?:reshape|view)\([^#\n]*\)\Z", text)
    if found is not None and library in ("numpy", "torch"):
        owner = "np" if found[1] in ("np", "numpy") else ""
        if owner:
            return _of_function(place, text, axes)
        return (Edit(place.span, f"{found[1]}.{'permute' if library == 'torch' else 'transpose'}({axes})"),)
    return _of_function(place, text, axes)


def _of_function(place: Place, text: str, axes: str) -> tuple[Edit, ...]:
    found = re.match(r"(np|numpy|tf)\.reshape\(([\w.]+),[^#\n]*\)\Z", text)
    return () if found is None else (Edit(place.span, f"{found[1]}.transpose({found[2]}, ({axes}))"),)


@dataclass(frozen=True, slots=True)
class Refused:
    """A tensor of a type that a torch layer or loss refuses at the first batch: `wanted` is what it takes."""

    place: Place
    role: str
    dtype: str
    wanted: str
    what: str
    made: Place | None
    given: Array

    @property
    def edits(self) -> tuple[Edit, ...]:
        """A conversion behind the call that makes the tensor; none where that is not a call on one line."""
        text = getattr(self.made, "text", "")
        if self.made is None or not text.startswith("torch.") or not text.endswith(")") or "#" in text:
            return ()
        span = self.made.span
        end = Span(span.filename, span.end_row, span.end_column, span.end_row, span.end_column)
        return (Edit(end, ".float()" if self.wanted == "float32" else ".long()"),)


FLOAT_LAYERS = frozenset({"dense", "conv", "conv_transpose", "lstm", "gru", "simple_rnn", "bilinear"})
NETWORKS = frozenset({"torchvision", "timm"})
"""Libraries whose networks begin with such a layer."""

SETS_TYPES = ("set_default_dtype", "set_default_tensor_type", "autocast", ".double(", ".half(", "bfloat16", "default_collate")
WHOLE = ("int8", "int16", "int32", "int64", "uint8", "bool")
CLASS_LOSSES = ("cross_entropy", "nll")
BINARY_LOSSES = ("binary_crossentropy", "binary_cross_entropy_with_logits")


def refused_types(events: Sequence[Event]) -> Iterator[Refused]:
    """Inputs of forward passes and targets of losses whose known element type PyTorch refuses, each tensor once."""
    seen: set[object] = set()
    for event in events:
        found = _of_forward(event) if event.kind == "forward" else _of_loss(event) if event.kind == "loss" else None
        text = getattr(event.place, "source_text", "")
        if found is None or found.place in seen or (found.role, found.made or found.place) in seen:
            continue
        for one in main_path(found.given):  # what is cast itself says nothing of the other types
            text = text.replace(getattr(one.place, "text", "") if one.op == "cast" else "\0", "")
        if not any(one in text for one in SETS_TYPES):
            seen.update((found.place, (found.role, found.made or found.place)))
            yield found


def _of_forward(event: Event) -> Refused | None:
    """The first layer on raw data of another type than the layer's float32."""
    output = event.values.get("output")
    for one in lineage(output):
        layer = one.attributes.get("layer")
        given = one.inputs[0] if one.inputs else None
        plain = isinstance(layer, Object) and (
            layer.row.kind in FLOAT_LAYERS if layer.row.library == "torch" else layer.row.library in NETWORKS
        )
        if not plain or not isinstance(given, Array) or given.symbolic or "dtype" in getattr(layer, "arguments", {}):
            continue
        if (given.dtype == "float64" or given.dtype in WHOLE) and _is_tensor(given) and event.place is not None:
            name = layer.row.name.rpartition(".")[2] if isinstance(layer, Object) else "the layer"
            return Refused(event.place, "inputs", str(given.dtype), "float32", name, _origin(given), given)
    return None


def _is_tensor(array: Array) -> bool:
    """Whether an element type is surely that of a tensor: known entries or a cast, not a guess of what a file holds."""
    return array.library == "torch" and any(
        one.op in ("constant", "cast", "random") or one.data is not None or one.attributes.get("labels")
        for one in main_path(array)
    )


def _of_loss(event: Event) -> Refused | None:
    made = event.values.get("output")
    loss = event.values.get("loss")
    if not isinstance(made, Array) or len(made.inputs) < 2 or not isinstance(loss, Object) or loss.row.library != "torch":
        return None
    target = made.inputs[1]
    if not isinstance(target, Array) or target.symbolic or not _is_tensor(target) or event.place is None:
        return None
    kind, dtype = loss.row.kind, target.dtype or ""
    name = loss.row.name.rpartition(".")[2]
    if kind in BINARY_LOSSES and dtype in WHOLE:
        return Refused(event.place, "labels", dtype, "float32", name, _origin(target), target)
    one_axis = target.shape is not None and len(target.shape) == 1
    output = made.inputs[0]
    one_row = isinstance(output, Array) and output.shape is not None and len(output.shape) == 1  # the target is its probabilities
    shares = one_row and dtype.startswith("float")
    if kind in CLASS_LOSSES and one_axis and not shares and (dtype in ("int32", "int16", "int8") or dtype.startswith("float")):
        return Refused(event.place, "labels", dtype, "int64", name, _origin(target), target)
    return None


def _origin(array: Array) -> Place | None:
    return next((one.place for one in main_path(array) if one.op != "batch"), None)
