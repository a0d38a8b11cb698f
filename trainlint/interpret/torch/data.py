"""`torch.utils.data`: what a loop over a DataLoader sees, and how long data sets are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trainlint.core import Place
from trainlint.interpret import arrays
from trainlint.interpret.dispatch import (
    ITERATORS,
    METHODS,
    Arguments,
    Call,
    Interpreter,
    Iteration,
    attribute,
    iterates,
    method,
    receiver_kinds,
)
from trainlint.interpret.subscripts import NOT_KNOWN, takes_all
from trainlint.interpret.torch.choices import any_of
from trainlint.interpret.torch.common import argument_of, integer, items_of, known_bool
from trainlint.interpret.values import (
    NONE,
    OPEN,
    UNKNOWN_STATISTICS,
    Array,
    Choice,
    Dict,
    Instance,
    LibraryMethod,
    List,
    Literal,
    Object,
    Shape,
    Tuple,
    Unknown,
    Value,
    alternatives,
    join,
)

LOADER = "torch.utils.data.DataLoader"
MAXIMUM_DEPTH = 12
MAXIMUM_ROWS = 10**15
SAMPLE = "the index of a sample"
MAXIMUM_PARTS = 8
PARTS = "parts"
"""The attribute of a mini-batch of which not even is known whether it is a tensor, a tuple or a dict of them."""
_ELEMENTWISE = frozenset({"cast", "add", "subtract", "multiply", "divide", "negative", "sqrt", "log", "abs", "copy", "detach"})


def length(interpreter: Interpreter, dataset: Value | None, depth: int = 0) -> Value:
    """`len(dataset)`: a Literal where it is known."""
    if depth > MAXIMUM_DEPTH or dataset is None:
        return Unknown("the length of a data set", getattr(dataset, "place", None))
    items = items_of(dataset)
    if items is not None:
        return Literal(len(items), dataset.place)
    if isinstance(dataset, Array):
        known = dataset.shape[0] if dataset.shape else None
        return Unknown("the number of rows is not known", dataset.place) if known is None else Literal(known, dataset.place)
    if isinstance(dataset, Object):
        return _object_length(interpreter, dataset, depth)
    if isinstance(dataset, Instance):
        found = interpreter.call(interpreter.attribute(dataset, "__len__", dataset.place), Arguments(), dataset.place)
        return found if isinstance(found, Literal | Unknown) else Unknown("the length of a data set", dataset.place)
    return Unknown("the length of a data set", getattr(dataset, "place", None))


def _object_length(interpreter: Interpreter, dataset: Object, depth: int) -> Value:
    if dataset.row.kind == "tensor_dataset":
        return length(interpreter, next(iter(_tensors(dataset)), None), depth + 1)
    if dataset.row.kind == "range":
        trips = interpreter.iterate(dataset, dataset.place).trips
        return Unknown("the length of a range", dataset.place) if trips is None else Literal(trips, dataset.place)
    if dataset.row.kind == "subset":
        return dataset.cells.get("length") or length(interpreter, dataset.arguments.get("indices"), depth + 1)
    if dataset.row.kind in ("concat_dataset", "chain_dataset"):
        parts = [length(interpreter, one, depth + 1) for one in items_of(dataset.arguments.get("datasets")) or ()]
        counts = [integer(one) for one in parts]
        known = [one for one in counts if one is not None]
        if parts and len(known) == len(parts):
            return Literal(sum(known), dataset.place)
    handler = next((METHODS[kind, "__len__"] for kind in receiver_kinds(dataset) if (kind, "__len__") in METHODS), None)
    if handler is not None and dataset.row.library != "torch":
        found = handler(Call(interpreter, "__len__", Arguments(), dataset.place, dataset, dataset.row))
        return found if isinstance(found, Literal | Unknown) else Unknown("the length of a data set", dataset.place)
    return Unknown(f"the length of a {dataset.row.name} is not known", dataset.place)


def _tensors(dataset: Object) -> list[Value]:
    """The tensors of a TensorDataset."""
    found = [value for name, value in dataset.arguments.items() if name.startswith("tensors")]
    return [*found, *(value for name, value in dataset.extra.items() if name.startswith("*"))]


@method("torch.dataset", "__len__")
def _dataset_length(call: Call) -> Value:
    if isinstance(call.receiver, Instance):  # of a class that leaves it to the library's
        return call.unknown("the length of a data set")
    return length(call.interpreter, call.receiver)


@method("torch.dataset", "__getitem__")
def _dataset_item(call: Call) -> Value:
    if isinstance(call.receiver, Instance):
        return call.unknown("an item of a data set")
    return item_of(call.interpreter, call.receiver or NONE, call.place)


def item_of(interpreter: Interpreter, dataset: Value, place: Place | None, depth: int = 0) -> Value:
    """One sample of a data set, at an index that is not known."""
    index = _index(place)
    if depth > MAXIMUM_DEPTH:
        return Unknown("data sets nest too deeply to be followed", place)
    if isinstance(dataset, Choice):
        fitting = [one for one in alternatives(dataset) if isinstance(one, Object | Instance | Array | List)]
        if len(fitting) == 1:
            return item_of(interpreter, fitting[0], place, depth + 1)
        known = len(fitting) == len(alternatives(dataset))
        return any_of(tuple(item_of(interpreter, one, place, depth + 1) for one in fitting) if known else (), place)
    if isinstance(dataset, Array):
        return _row_of(dataset, place)
    items = items_of(dataset)
    if items:
        return items[0]
    held = dataset.cells.get("items") if isinstance(dataset, List) else None
    if isinstance(held, Tuple) and len(held.items) == 1:
        return held.items[0]  # what stands for each item of a list that is not known to its end
    if isinstance(dataset, Object):
        kind = dataset.row.kind
        if kind == "tensor_dataset":
            return Tuple(tuple(item_of(interpreter, one, place, depth + 1) for one in _tensors(dataset)), place)
        if kind == "subset":
            return item_of(interpreter, dataset.arguments.get("dataset", NONE), place, depth + 1)
        if kind in ("concat_dataset", "chain_dataset"):
            parts = items_of(dataset.arguments.get("datasets")) or ()
            return item_of(interpreter, parts[0], place, depth + 1) if parts else Unknown("an item of a data set", place)
        if dataset.row.library == "torch":
            return Unknown(f"an item of a {dataset.row.name} is not known", place)
        return interpreter.call(interpreter.attribute(dataset, "__getitem__", place), Arguments((index,)), place)
    if isinstance(dataset, Instance):
        found = interpreter.call(interpreter.attribute(dataset, "__getitem__", place), Arguments((index,)), place)
        return found if not isinstance(found, Unknown) else _iterated(interpreter, dataset, place) or found
    return Unknown(dataset.why if isinstance(dataset, Unknown) else "an item of a data set", place)


def _iterated(interpreter: Interpreter, dataset: Instance, place: Place | None) -> Value | None:
    """The first item of an iterable data set."""
    if dataset.row is None or dataset.row.kind != "iterable_dataset":
        return None
    found = interpreter.iterate(dataset, place)
    return found.items[0] if found.items else None


def _index(place: Place | None) -> Array:
    """The index of a sample: a whole number that is not known."""
    return Array("data", (), {"source": SAMPLE}, (), "int64", place=place)


def _row_of(array: Array, place: Place | None) -> Array:
    """A row of an array at an index that is not known."""
    shape = array.shape[1:] if array.shape else None
    statistics = replace(array.statistics, columns=()) if shape == () else array.statistics
    attributes: Mapping[str, Any] = {"index": (NOT_KNOWN,)}
    inputs = (array, _index(place))
    return Array("getitem", inputs, attributes, shape, array.dtype, array.library, None, statistics, array.symbolic, place=place)


def batched(interpreter: Interpreter, item: Value, loader: Object, size: int | None, depth: int = 0) -> Value:
    """What the loader's collation makes of samples like `item`: every array and number gets a batch axis of extent `size`."""
    if depth > MAXIMUM_DEPTH:
        return Unknown("a sample nests too deeply to be followed", loader.place)
    if isinstance(item, Tuple | List):
        items = items_of(item) or ()
        return Tuple(tuple(batched(interpreter, one, loader, size, depth + 1) for one in items), loader.place)
    if isinstance(item, Dict):
        cells = {key: batched(interpreter, value, loader, size, depth + 1) for key, value in item.cells.items()}
        return Dict(dict(cells.items()), loader.place)
    if isinstance(item, Array):
        return _batch(_lifted(item, 0) or item, item, loader, size)
    if isinstance(item, Literal) and isinstance(item.value, int | float) and not isinstance(item.value, bool):
        dtype = "int64" if isinstance(item.value, int) else "float64"
        return _batch(Array("constant", (), {"literal": item}, (), dtype, "torch", place=item.place), None, loader, size)
    if isinstance(item, Unknown):
        return unknown_batch(item, loader, size, whole=not depth)
    if isinstance(item, Choice):
        return join(tuple(batched(interpreter, one, loader, size, depth) for one in item.alternatives))
    return item


def unknown_batch(item: Unknown, loader: Object, size: int | None, *, whole: bool) -> Array:
    """A batch of samples that could not be followed; `whole` if it may be a tuple or dict of tensors."""
    batch = _batch(Array("data", (item,), {"source": item.why}, None, None, "torch", place=item.place), None, loader, size)
    return replace(batch, attributes={**batch.attributes, PARTS: True}) if whole else batch


def _collated(made: Value, loader: Object, size: int | None, depth: int = 0) -> Value:
    """What a `collate_fn` of the script made, its tensors marked as mini-batches."""
    if isinstance(made, Unknown):
        return unknown_batch(made, loader, size, whole=not depth)
    if isinstance(made, Choice):
        return join(tuple(_collated(one, loader, size, depth) for one in made.alternatives))
    if isinstance(made, Array) and not made.symbolic and made.op != "batch":
        attributes = {"batch_size": size, "loader": loader, "sample": True}
        return replace(made, op="batch", inputs=(made,), attributes=attributes, data=None)
    if depth > MAXIMUM_DEPTH:
        return made
    if isinstance(made, Tuple):
        return Tuple(tuple(_collated(one, loader, size, depth + 1) for one in made.items), made.place)
    items = items_of(made)
    if isinstance(made, List) and items is not None:
        return List({"items": Tuple(tuple(_collated(one, loader, size, depth + 1) for one in items))}, made.place)
    if isinstance(made, Dict):
        cells = {key: _collated(one, loader, size, depth + 1) if key is not OPEN else one for key, one in made.cells.items()}
        return Dict(dict(cells.items()), made.place)
    return made


def _part(batch: Array) -> Array:
    """One tensor out of a batch of unknown structure: a batch of its own, since inputs and targets are different numbers."""
    attributes = {name: value for name, value in batch.attributes.items() if name != PARTS}
    return replace(batch, attributes=attributes)


@iterates("array:batch")
def _each_part(interpreter: Interpreter, value: Value, place: Place | None) -> Iteration:
    """Unpacking a batch of unknown structure gives its tensors; a loop over one that is a tensor goes over its rows."""
    if isinstance(value, Array) and value.attributes.get(PARTS):
        return Iteration(tuple(_part(value) for _ in range(MAXIMUM_PARTS)), False, None)
    return ITERATORS["array"](interpreter, value, place)


@method("array:batch", "__getitem__")
def _named_part(call: Call) -> Value:
    """`batch["input_ids"]` and `batch[0]` of a batch of unknown structure; rows of any other."""
    batch, index = call.receiver, call.argument(0) or NONE
    if not isinstance(batch, Array):
        return NONE
    named = isinstance(index, Literal) and isinstance(index.value, str | int)
    return _part(batch) if named and batch.attributes.get(PARTS) else arrays.getitem(batch, index, call.place)


@attribute("array:batch", "*")
def _attribute_part(call: Call) -> Value:
    """`batch.text`: of what tensors have no such attribute of."""
    batch = call.receiver
    if isinstance(batch, Array) and batch.attributes.get(PARTS):
        return _part(batch)
    return LibraryMethod(batch or NONE, call.name, call.place)


@method("array:batch", "items", "keys", "values")
def _entries(call: Call) -> Value:
    """The entries of a batch that is a dict."""
    batch = call.receiver
    if not isinstance(batch, Array):
        return NONE
    key, part = call.unknown("the key of an entry of a batch"), _part(batch)
    item: Value = part if call.name == "values" else key if call.name == "keys" else Tuple((key, part), call.place)
    return List({"items": Tuple((item,)), "open": Literal(True)}, call.place)


def _lifted(item: Array, depth: int) -> Array | None:
    """The whole array whose rows the samples are; None if a sample is more than a row put through elementwise operations."""
    if item.op == "getitem" and isinstance(item.inputs[0], Array) and _is_sample(item):
        return item.inputs[0]
    if item.op not in _ELEMENTWISE or depth > MAXIMUM_DEPTH:
        return None
    inputs: list[Value] = []
    found = False
    for one in item.inputs:
        lifted = _lifted(one, depth + 1) if isinstance(one, Array) else None
        found = found or lifted is not None
        if lifted is None and isinstance(one, Array) and one.shape != ():
            return None
        inputs.append(lifted or one)
    if not found:
        return None
    rows = next((one.shape[0] for one in inputs if isinstance(one, Array) and one.shape), None)
    shape = None if item.shape is None else (rows, *item.shape)
    return replace(item, inputs=tuple(inputs), shape=shape)


def _is_sample(item: Array) -> bool:
    """Whether a subscript takes the whole row at the index of the sample."""
    parts = item.attributes.get("index")
    index = item.inputs[1] if len(item.inputs) == 2 else None
    if not isinstance(index, Array) or index.attributes.get("source") != SAMPLE or not isinstance(parts, tuple):
        return False
    return all(part is Ellipsis or takes_all(part) for part in parts[1:])


def _batch(source: Array, item: Array | None, loader: Object, size: int | None) -> Array:
    """A mini-batch: its input is the whole array if that is known, else the one sample it is made of (`attributes["sample"]`)."""
    whole = source is not item and item is not None
    inner: Shape | None = source.shape[1:] if whole and source.shape else (None if whole else source.shape)
    if whole and item is not None and source.shape is None:
        inner = item.shape
    attributes = {"batch_size": size, "loader": loader, "sample": not whole}
    shape = None if inner is None else (size, *inner)
    statistics = source.statistics if whole or source.op != "constant" else UNKNOWN_STATISTICS
    return Array(
        "batch", (source,), attributes, shape, source.dtype, "torch", None, statistics, source.symbolic, place=loader.place
    )


def batch_size(loader: Object) -> int | None:
    """The loader's batch size; from its batch sampler where it has one."""
    sampler = loader.arguments.get("batch_sampler")
    if isinstance(sampler, Object):
        return integer(argument_of(sampler, "batch_size"))
    return None if sampler is not None and not _is_none(sampler) else integer(argument_of(loader, "batch_size"))


def _is_none(value: Value | None) -> bool:
    return isinstance(value, Literal) and value.value is None


def batches(interpreter: Interpreter, loader: Object) -> int | None:
    """How many batches a pass over the loader has: ceil(n/B), or floor with `drop_last`."""
    sampler = loader.arguments.get("sampler")
    count = integer(length(interpreter, loader.arguments.get("dataset")))
    if isinstance(sampler, Object):
        count = _drawn(interpreter, sampler)
    elif sampler is not None and not _is_none(sampler):
        return None
    size, drop = batch_size(loader), known_bool(argument_of(loader, "drop_last"))
    if _is_none(argument_of(loader, "batch_size")) and "batch_sampler" not in loader.arguments:
        return count
    if count is None or not size or size < 0 or drop is None:
        return None
    return count // size if drop else -(-count // size)


def _drawn(interpreter: Interpreter, sampler: Object) -> int | None:
    """How many samples a sampler draws."""
    drawn = integer(sampler.arguments.get("num_samples"))
    if drawn is not None:
        return drawn
    if sampler.row.kind == "distributed":
        return None
    source = sampler.arguments.get("indices") or sampler.arguments.get("data_source")
    return integer(length(interpreter, source))


@method(LOADER, "__len__")
def _loader_length(call: Call) -> Value:
    count = batches(call.interpreter, call.receiver) if isinstance(call.receiver, Object) else None
    return call.unknown("how many batches there are") if count is None else Literal(count, call.place)


@iterates(LOADER)
def _each_batch(interpreter: Interpreter, value: Value, place: Place | None) -> Iteration:
    """One batch stands for all."""
    if not isinstance(value, Object):
        return Iteration((), False, None)
    return Iteration((one_batch(interpreter, value, place),), False, batches(interpreter, value))


def one_batch(interpreter: Interpreter, loader: Object, place: Place | None) -> Value:
    """A batch of the loader, with what a `collate_fn` of the script makes of it."""
    dataset = loader.arguments.get("dataset", Unknown("a loader without data", place))
    item = item_of(interpreter, dataset, place)
    collate = loader.arguments.get("collate_fn")
    if collate is not None and not _is_none(collate):
        samples = List({"items": Tuple((item,)), "open": Literal(True)}, place)
        made = interpreter.call(collate, Arguments((samples,)), place)
        return _collated(made, loader, batch_size(loader))
    if _is_none(loader.arguments.get("batch_size")) and "batch_sampler" not in loader.arguments:
        return item
    count, size = integer(length(interpreter, dataset)), batch_size(loader)
    if count is not None and size is not None:
        size = min(size, count)
    return batched(interpreter, item, loader, size)


@iterates("torch.utils.data.TensorDataset", "torch.utils.data.Subset", "torch.utils.data.ConcatDataset")
def _each_sample(interpreter: Interpreter, value: Value, place: Place | None) -> Iteration:
    """One sample stands for all."""
    return Iteration((item_of(interpreter, value, place),), False, integer(length(interpreter, value)))
