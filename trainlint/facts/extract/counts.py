"""How often a run steps: batch size, steps in an epoch, epochs."""

from __future__ import annotations

from collections.abc import Sequence

from trainlint.core import Fact, Origin, Place, Unknown
from trainlint.facts.extract.lower import within
from trainlint.facts.extract.scalars import integer, items_of
from trainlint.interpret import values as v
from trainlint.interpret.events import Frame

MODULES = frozenset({"base", "layer", "model", "module"})
"""What the rows make from which a script's own networks derive."""

Count = Fact[int] | Unknown


def batch_size_of(batch: v.Array) -> Fact[int] | Unknown:
    """The batch size that a loader or data set gives its batches, or the loop that picks rows."""
    held = batch.attributes.get("batch_size")
    if batch.op == "getitem":
        whole = batch.inputs[0] if batch.inputs else None
        if (
            isinstance(whole, v.Array)
            and whole.shape is not None
            and batch.shape is not None
            and len(batch.shape) < len(whole.shape)
        ):
            return Fact(1, batch.place)
        if not batch.shape or batch.shape[0] is None:
            return Unknown("the loop picks the rows of each batch", batch.place)
        return Fact(batch.shape[0], batch.place)
    if isinstance(held, bool) or held is None:
        return Unknown("the batch size is not known", batch.place)
    if isinstance(held, int):
        written = number_given(batch.attributes.get("loader"))
        return written if isinstance(written, Fact) and written.value == held else Fact(held, batch.place)
    if isinstance(held, Fact | Unknown):
        return held
    return integer(held, batch.place)


def number_given(loader: object) -> Fact[int] | Unknown | None:
    """The batch size that a loader was made with, with its place and origin; None of what is no loader."""
    if not isinstance(loader, v.Object) or loader.row.makes != "loader":
        return None
    given = loader.arguments.get("batch_size")
    default = loader.row.default("batch_size")
    if given is None:
        return Fact(default, loader.place, origin=Origin.LIBRARY_DEFAULT) if isinstance(default, int) else None
    return integer(given, loader.argument_places.get("batch_size") or loader.place)


def loader_over(frame: Frame | None) -> v.Object | None:
    """The loader that a loop goes over, also within `enumerate` and the like."""
    value = frame.over if frame is not None else None
    for _ in range(4):
        if not isinstance(value, v.Object):
            return None
        if value.row.makes == "loader":
            return value
        value = value.cells.get("over")
    return None


def goes_over_modules(frame: Frame) -> bool:
    """Whether a loop goes over several networks, each of which is trained by itself."""
    value = frame.over
    for _ in range(4):
        if isinstance(value, v.Object) and value.row.makes == "iterator":
            value = value.cells.get("over")
    items = items_of(value) or ()
    if isinstance(value, v.Object) and value.row.kind in ("module_list", "sequential"):
        items = tuple(value.cells.values())
    return bool(items) and all(any(map(_is_network, items_of(one) or (one,))) for one in items)


def _is_network(value: v.Value) -> bool:
    return isinstance(value, v.Instance) and value.row is not None and value.row.makes in MODULES


def steps_of(rows: int | None, batch_size: Fact[int] | Unknown, *, drop_last: bool = False) -> Fact[int] | Unknown:
    """Updates in one pass over so many rows: n / B rounded up, or down where the last partial batch is dropped."""
    if isinstance(batch_size, Unknown):
        return batch_size
    if rows is None:
        return Unknown("the number of samples is not known")
    if batch_size.value <= 0:
        return Unknown(f"a batch size of {batch_size.value} gives no batches", batch_size.place)
    steps = rows // batch_size.value if drop_last else -(-rows // batch_size.value)
    return Fact(steps, batch_size.place, origin=batch_size.origin)


def loop_counts(
    frames: Sequence[Frame], loop: Frame | None, made: Place | None, making: Sequence[Frame], batches: Count | None
) -> tuple[Count, Count]:
    """Epochs and steps in each, from the frames around a step, of which `loop` is its training loop.

    Loops in which the optimizer is made (at `made`, within the frames `making`), and loops over networks, repeat the run and do
    not count. `batches` is how many mini-batches the data makes; None if every step sees the same data.
    """
    repeating = {frame.place for frame in making if frame.kind == "loop"}
    upto = next((index for index, frame in enumerate(frames) if frame is loop), -1)
    loops = [
        frame
        for frame in frames[: upto + 1]
        if frame.kind == "loop" and not (frame.place in repeating or within(made, frame.place) or goes_over_modules(frame))
    ]
    caller = next((frame for frame in frames if frame.kind == "uncalled"), None)
    if not loops and caller is not None:
        return (Unknown(f"nobody calls `{caller.name}`, so how often it steps is not known", caller.place),) * 2
    if not loops:
        return Fact(1), batches or Fact(1)
    inner = _trips(loops[-1])
    if any(frame.kind == "branch" for frame in frames[upto + 1 :]):
        inner = Unknown("the step is taken on some passes only", loops[-1].place)
    elif isinstance(inner, Unknown) and batches is not None:
        inner = batches
    if batches is None and len(loops) == 1:
        return inner, Fact(1)
    return (_trips(loops[-2]) if len(loops) > 1 else Fact(1)), inner


def _trips(frame: Frame) -> Count:
    if frame.trips is None:
        return _why_unknown(frame)
    return Fact(frame.trips, frame.place)


def _why_unknown(frame: Frame) -> Unknown:
    """Where the trail of a loop's passes ends: the bound of its `range`, or what it goes over."""
    over = frame.over
    ends = over.extra.get("why") if isinstance(over, v.Object) else over
    if isinstance(ends, v.Unknown):
        return Unknown(ends.why, ends.place or frame.place)
    return Unknown("the number of passes is not known", frame.place)
