"""Loaders of other libraries: batches of which little but their size is known."""

from __future__ import annotations

from dataclasses import replace

from trainlint.core import Place
from trainlint.interpret.dispatch import Call, Interpreter, Iteration, bind, function, iterates, method
from trainlint.interpret.torch.common import integer
from trainlint.interpret.torch.data import batch_size, length, unknown_batch
from trainlint.interpret.values import Literal, Object, Tuple, Unknown, Value
from trainlint.knowledge import find
from trainlint.knowledge.torch_ecosystem_rows import OTHER_LOADERS


@iterates(*(name for name, _, _ in OTHER_LOADERS))
def _each_batch(interpreter: Interpreter, value: Value, place: Place | None) -> Iteration:
    """One batch stands for all."""
    if not isinstance(value, Object):
        return Iteration((), False, None)
    item = Unknown(f"what `{value.row.name.rpartition('.')[2]}` makes of its data is not known", value.place or place)
    count, size = integer(length(interpreter, value.arguments.get("dataset"))), batch_size(value)
    trips = -(-count // size) if count is not None and size else None
    return Iteration((unknown_batch(item, value, size, whole=True),), False, trips)


@method("torchtext.loader", "init_epoch")
def _begin(call: Call) -> Value:
    return Literal(None, call.place)


@function(*(f"{name}.splits" for name, _, _ in OTHER_LOADERS if "Iterator" in name), "torchtext.data.BucketIterator.splits")
@function("torchtext.data.Iterator.splits", "torchtext.data.BPTTIterator.splits")
def _splits(call: Call) -> Value:
    """`BucketIterator.splits((train, dev), batch_size=..., batch_sizes=...)`: a loader for each part."""
    row = find(call.name.rpartition(".")[0])
    parts = call.argument(0, "datasets")
    if row is None or not isinstance(parts, Tuple):
        return call.unknown("loaders of parts that are not known")
    sizes, one = call.argument(1, "batch_sizes"), call.arguments.keywords.get("batch_size")
    made: list[Value] = []
    for index, part in enumerate(parts.items):
        each = sizes.items[index] if isinstance(sizes, Tuple) and index < len(sizes.items) else one
        keywords = {"dataset": part, **({"batch_size": each} if each is not None else {})}
        written = call.arguments.keyword_places.get("batch_size")
        places = {} if written is None else {"batch_size": written}
        bound = bind(row, replace(call.arguments, positional=(), keywords=keywords, keyword_places=places))
        made.append(Object(row, bound.arguments, spelled=call.spelled, place=call.place, argument_places=bound.places))
    return Tuple(tuple(made), call.place)
