"""`tf.data.Dataset` from arrays: what its elements are after `map` and `batch`, and the iterators of graph scripts.

A pipeline is an `Object` whose cells hold "element" (what an iteration gives), "rows" and "batch_size" (values). As long as
nothing but `batch` was done to the arrays, "whole" holds them, so that a mini-batch knows all its rows. "batches" is how many
batches a pass gives where that is not the rows by the batch size, and Unknown where it cannot be told; "part" says that the
arrays of the batches have other rows than the pipeline gives; "shuffled" that its rows come in a random order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace

from trainlint.core import Place
from trainlint.interpret import arrays
from trainlint.interpret.dispatch import Arguments, Call, Interpreter, Iteration, function, iterates, method
from trainlint.interpret.keras.common import integer, items_of, plain
from trainlint.interpret.subscripts import NOT_KNOWN
from trainlint.interpret.tensorflow1.input_data import batch_of
from trainlint.interpret.values import Array, Dict, Function, List, Literal, Object, Tuple, Unknown, Value
from trainlint.knowledge.rows import Row
from trainlint.knowledge.tensorflow1_rows import DATASET

PIPELINE = Row(DATASET, "dataset", "pipeline")
ITERATOR = Row(f"{DATASET}.iterator", "object", "pipeline_iterator")
ITERATOR_INITIALIZER = Row(f"{DATASET}.iterator.initializer", "object", "other_initialization")
MAXIMUM_NESTING = 8
SAME = ("prefetch", "cache", "with_options", "ignore_errors", "options", "as_numpy_iterator")
"""Methods that leave the elements as they are."""


def _spread(value: Value, change: Callable[[Value], Value], depth: int = 0) -> Value:
    """The same structure with every array changed."""
    if isinstance(value, Tuple) and depth < MAXIMUM_NESTING:
        return Tuple(tuple(_spread(one, change, depth + 1) for one in value.items), value.place)
    if isinstance(value, Dict) and depth < MAXIMUM_NESTING:
        return Dict({key: _spread(one, change, depth + 1) for key, one in value.cells.items()}, value.place)
    return change(value)


def _first(value: Value) -> Array | None:
    """Some array of a structure."""
    while isinstance(value, Tuple | Dict) and (items := items_of(value)):
        value = items[0]
    return value if isinstance(value, Array) else None


@function(f"{DATASET}.from_tensor_slices")
def _from_tensor_slices(call: Call) -> Value:
    """`tf.data.Dataset.from_tensor_slices((x, y))`: one row after the other."""
    given = call.argument(0, "tensors")
    if given is None:
        return call.unknown("a data set without data")
    whole = _spread(given, lambda one: _as_array(one, call.place))
    first = _first(whole)
    rows = first.shape[0] if first is not None and first.shape else None
    cells: dict[Hashable, Value] = {"whole": whole, "element": _spread(whole, lambda one: _row(one, call.place))}
    if rows is not None:
        cells["rows"] = Literal(rows, call.place)
    return Object(PIPELINE, cells=cells, spelled=call.spelled, place=call.place)


def _as_array(value: Value, place: Place | None) -> Value:
    return arrays.as_array(value, place) or value if isinstance(value, List) else value


def _row(value: Value, place: Place | None) -> Value:
    """A row of an array at an index that is not known."""
    if not isinstance(value, Array):
        return Unknown("a row of something that is not known", place)
    statistics = replace(value.statistics, columns=()) if value.shape is not None and len(value.shape) == 1 else value.statistics
    inputs, shape = (value, Unknown("the index of a row", place)), value.shape[1:] if value.shape else None
    return Array("getitem", inputs, {"index": (NOT_KNOWN,)}, shape, value.dtype, value.library, None, statistics, value.symbolic,
                 place=place)  # fmt: skip


@function(f"{DATASET}.zip")
def _zip(call: Call) -> Value:
    """`tf.data.Dataset.zip((images, labels))`."""
    given = call.argument(0, "datasets")
    parts = given.items if isinstance(given, Tuple) else ()
    if not parts or not all(isinstance(one, Object) and "element" in one.cells for one in parts):
        return call.unknown("data sets that are not known")
    cells: dict[Hashable, Value] = {
        name: Tuple(tuple(one.cells[name] for one in parts if isinstance(one, Object)), call.place)
        for name in ("element", "whole")
        if all(isinstance(one, Object) and name in one.cells for one in parts)
    }
    rows = parts[0].cells.get("rows") if isinstance(parts[0], Object) else None
    if rows is not None:
        cells["rows"] = rows
    if any(isinstance(one, Object) and "shuffled" in one.cells for one in parts):
        cells["shuffled"] = Literal(True, call.place)
    return Object(PIPELINE, cells=cells, spelled=call.spelled, place=call.place)


@method("dataset:pipeline", *SAME)
def _same(call: Call) -> Value:
    return call.receiver or call.unknown("a data set")


@method("dataset:pipeline", "shuffle")
def _shuffle(call: Call) -> Value:
    """`dataset.shuffle(n)`: behind `batch` only the order of the batches changes, and a buffer of one row changes nothing."""
    cells = call.receiver.cells if isinstance(call.receiver, Object) else {}
    if "batch_size" in cells or plain(call.argument(0, "buffer_size")) == 1:
        return call.receiver or call.unknown("a data set")
    return _changed(call, shuffled=Literal(True, call.place))


@method("dataset:pipeline", "take", "skip", "shard", "filter", "concatenate")
def _part(call: Call) -> Value:
    """Fewer or more elements: rows, or batches once the rows are batched. Their number is known after `take` and `skip`."""
    cells = call.receiver.cells if isinstance(call.receiver, Object) else {}
    counted = batches_of(cells) if "batch_size" in cells else integer(plain(cells.get("rows")))
    left = _left(call, counted)
    changed: dict[str, Value] = {"part": Literal(True, call.place)}
    unknown = call.unknown(f"how many elements `{call.name}` leaves")
    if "batch_size" in cells:
        size = integer(plain(cells.get("batch_size")))
        changed["batches"] = unknown if left is None else Literal(left, call.place)
        rows = None if left is None or size is None else left * size
    else:
        rows = left
    if rows is not None:
        changed["rows"] = Literal(rows, call.place)
    return _changed(call, ("rows", "whole", "batches"), **changed)


def _left(call: Call, counted: int | None) -> int | None:
    """How many elements a part of so many has; what is taken of an unknown number is known only at most."""
    given = integer(plain(call.argument(0, "count")))
    if given is None or counted is None or call.name not in ("take", "skip"):
        return None
    if call.name == "take":
        return counted if given < 0 else min(given, counted)
    return 0 if given < 0 else max(counted - given, 0)


@method("dataset:pipeline", "repeat")
def _repeat(call: Call) -> Value:
    """The same rows again: a pass over them is no longer a pass over the data set, which may have no end."""
    cells = call.receiver.cells if isinstance(call.receiver, Object) else {}
    counted, given = batches_of(cells), integer(plain(call.argument(0, "count")))
    if given == 1:
        return call.receiver or call.unknown("a data set")
    if "batch_size" in cells and counted is not None and given is not None and given > 0:
        return _changed(call, ("whole",), batches=Literal(counted * given, call.place))
    return _changed(call, ("whole",), batches=call.unknown("the data set repeats its rows"))


def batches_of(cells: Mapping[Hashable, Value]) -> int | None:
    """How many batches (rows, before they are batched) a pass over a pipeline gives."""
    held = cells.get("batches")
    if held is not None:
        return integer(plain(held))
    rows, size = integer(plain(cells.get("rows"))), integer(plain(cells.get("batch_size")))
    if "batch_size" not in cells:
        return rows
    return -(-rows // size) if rows is not None and size is not None and size > 0 else None


def _changed(call: Call, drop: tuple[str, ...] = (), **cells: Value) -> Value:
    """The receiver with other contents."""
    before = call.receiver.cells if isinstance(call.receiver, Object) else {}
    kept: dict[Hashable, Value] = {name: value for name, value in before.items() if name not in drop}
    kept.update(cells)
    return Object(PIPELINE, cells=kept, spelled=call.spelled, place=call.place)


@method("dataset:pipeline", "map")
def _map(call: Call) -> Value:
    """`dataset.map(function)`: the function is entered with one element."""
    element, written = _element(call.receiver), call.argument(0, "map_func")
    if element is None or written is None:
        return call.unknown("a data set whose elements are not known")
    given = element.items if isinstance(element, Tuple) else (element,)
    if isinstance(element, Unknown) and isinstance(written, Function):
        given = (element,) * len(written.node.params.params)
    made = call.interpreter.call(written, Arguments(given, {}, (None,) * len(given)), call.place)
    items = made.cells.get("items") if isinstance(made, List) else None
    return _changed(call, ("whole",), element=items if isinstance(items, Tuple) else made)


def _element(value: Value | None) -> Value | None:
    return value.cells.get("element") if isinstance(value, Object) else None


@method("dataset:pipeline", "batch", "padded_batch")
def _batch(call: Call) -> Value:
    """`dataset.batch(n)`: every array gets a batch axis."""
    pipeline, size = call.receiver, call.argument(0, "batch_size")
    if not isinstance(pipeline, Object) or size is None or "element" not in pipeline.cells:
        return call.unknown("mini-batches of something that is not known")
    whole = pipeline.cells.get("whole")
    if whole is not None and "batch_size" not in pipeline.cells:
        element = _spread(whole, lambda one: batch_of(one, size, call.place))
    else:
        element = _spread(pipeline.cells["element"], lambda one: _collated(one, size, call.place))
    rows, count = integer(plain(pipeline.cells.get("rows"))), integer(plain(size))
    counted: dict[str, Value] = {}
    if plain(call.argument(1, "drop_remainder")) is True and rows is not None and count and "batches" not in pipeline.cells:
        counted["batches"] = Literal(rows // count, call.place)
    return _changed(call, ("whole",), element=element, batch_size=size, **counted)


def _collated(sample: Value, size: Value, place: Place | None) -> Value:
    """A mini-batch of samples like this one."""
    if isinstance(sample, Unknown):
        sample = Array("data", (sample,), {"source": sample.why}, None, None, "tensorflow", place=place)
    if not isinstance(sample, Array):
        return sample
    rows = plain(size)
    extent = rows if isinstance(rows, int) and not isinstance(rows, bool) and rows > 0 else None
    shape = None if sample.shape is None else (extent, *sample.shape)
    attributes = {name: sample.attributes[name] for name in ("labels", "classes") if name in sample.attributes}
    attributes |= {"batch_size": size, "sample": True}
    return Array("batch", (sample,), attributes, shape, sample.dtype, sample.library, None, sample.statistics, sample.symbolic,
                 place=place)  # fmt: skip


@function("tensorflow.image.convert_image_dtype")
def _image_dtype(call: Call) -> Value:
    """`tf.image.convert_image_dtype(image, tf.float32)` divides bytes by 255 and leaves floats alone."""
    image = call.argument(0, "image")
    if not isinstance(image, Array) or image.dtype is None or not image.dtype.startswith(("uint8", "float")):
        return call.unknown("an image of a type that is not known")
    if image.dtype.startswith("float"):
        return image
    return arrays.operate("divide", [image, Literal(255.0)], {}, call.place, image.library)


@iterates("dataset:pipeline")
def _each(_: Interpreter, value: Value, place: Place | None) -> Iteration:
    """`for x, y in dataset`."""
    element = _element(value)
    if not isinstance(value, Object) or element is None:
        return Iteration([Unknown("an element of a data set", place)], False, None)
    return Iteration([element], False, batches_of(value.cells))


@method("dataset:pipeline", "make_one_shot_iterator", "make_initializable_iterator", "__iter__")
@function("tensorflow.data.make_one_shot_iterator", "tensorflow.data.make_initializable_iterator")
@function("tensorflow.contrib.eager.Iterator")
def _iterator(call: Call) -> Value:
    """`dataset.make_one_shot_iterator()`."""
    pipeline = call.receiver if call.receiver is not None else call.argument(0, "dataset")
    element = _element(pipeline)
    if element is None:
        return call.unknown("an iterator over something that is not known")
    cells: dict[Hashable, Value] = {"element": element, "initializer": Object(ITERATOR_INITIALIZER, place=call.place)}
    if isinstance(pipeline, Object):
        cells["over"] = pipeline
    made = Object(ITERATOR, cells=cells, place=call.place)
    if call.name.endswith("make_initializable_iterator"):
        call.interpreter.emit("iterator", call.place, iterator=made)
    return made


@method("object:pipeline_iterator", "get_next", "next", "__next__")
def _next(call: Call) -> Value:
    """`features, labels = iterator.get_next()`."""
    return _element(call.receiver) or call.unknown("an element of a data set")


@iterates("object:pipeline_iterator")
def _each_left(_: Interpreter, value: Value, place: Place | None) -> Iteration:
    over = value.cells.get("over") if isinstance(value, Object) else None
    trips = batches_of(over.cells) if isinstance(over, Object) else None
    return Iteration([_element(value) or Unknown("an element of a data set", place)], False, trips)
