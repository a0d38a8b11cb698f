"""Data sets that batch what they read: image and text folders, windows of a series, `tensorflow_datasets`, record files."""

from __future__ import annotations

import re
from collections.abc import Hashable

from trainlint.core import Place
from trainlint.interpret import arrays
from trainlint.interpret.arrays import statistics as known
from trainlint.interpret.dispatch import Arguments, Call, bind, function, method
from trainlint.interpret.keras.common import items_of, plain
from trainlint.interpret.tensorflow1.input_data import batch_of
from trainlint.interpret.tensorflow1.pipelines import PIPELINE, batches_of
from trainlint.interpret.values import Array, Dict, List, Literal, Object, Statistics, Tuple, Unknown, Value
from trainlint.knowledge.data_sets import KERAS, TENSORFLOW_DATASETS, TENSORFLOW_PICTURES, DataSet, Table

CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
BYTES = known.between(0.0, 255.0, "typical")
LABELS = {"int": "int", "binary": "binary", "categorical": "onehot", "sparse": "int"}
"""What `label_mode` and `class_mode` give, under the names of `DataFacts.labels`."""


def pipeline(call: Call, element: Value, size: Value | None = None, rows: int | None = None) -> Object:
    """A `tf.data.Dataset` whose iteration gives `element`."""
    cells: dict[Hashable, Value] = {"element": element}
    if size is not None:
        cells["batch_size"] = size
    if rows is not None:
        cells["rows"] = Literal(rows, call.place)
    return Object(PIPELINE, cells=cells, spelled=call.spelled, place=call.place)


def folder_labels(mode: object, names: Value | None, place: Place | None) -> Array | None:
    """The labels of the files in a folder; None where the mode gives none. How many classes there are only a list of names tells.

    Two folders give the class numbers 0 and 1, so that class numbers are `int` only where more classes are known.
    """
    if mode not in LABELS:
        return None if mode is None else Array("data", (), {"source": "labels of folders"}, None, None, place=place)
    listed = items_of(names)
    count = 2 if mode == "binary" else len(listed) if listed else None
    kind = LABELS[str(mode)]
    if kind == "int" and (count is None or count == 2):
        kind = "unknown" if count is None else "binary"
    attributes: dict[str, object] = {"source": "labels of folders", "classes": count}
    if kind != "unknown":
        attributes["labels"] = kind
    shape = (None, count) if kind == "onehot" else (None, 1) if mode == "binary" else (None,)
    dtype = "int32" if mode in ("int", "sparse") else "float32"
    statistics = known.between(0.0, 1.0) if mode in ("binary", "categorical") else known.between(0.0, None)
    return Array("data", (), attributes, shape, dtype, "tensorflow", None, statistics, place=place)


def images(size: object, mode: object, place: Place | None, source: str) -> Array:
    """All pictures of a folder, as bytes with channels last."""
    pair = size if isinstance(size, tuple) and len(size) == 2 else (None, None)
    height, width = (one if isinstance(one, int) and not isinstance(one, bool) else None for one in pair)
    shape = (None, height, width, CHANNELS.get(str(mode)))
    return Array("data", (), {"source": source}, shape, "float32", "tensorflow", None, BYTES, place=place)


@function("keras.utils.image_dataset_from_directory", "keras.utils.text_dataset_from_directory")
def _from_directory(call: Call) -> Value:
    """Batches of pictures (bytes as floats) or texts with their labels; `subset="both"` gives two such data sets."""
    assert call.row is not None
    bound = bind(call.row, call.arguments).arguments

    def given(name: str) -> object:
        return plain(bound[name]) if name in bound else call.row.default(name) if call.row is not None else None

    size = bound.get("batch_size", Literal(call.row.default("batch_size"), call.place))
    if call.name.endswith("image_dataset_from_directory"):
        source = images(given("image_size"), given("color_mode"), call.place, call.row.name)
    else:
        source = Array("data", (), {"source": call.row.name}, (None,), "str", "tensorflow", place=call.place)
    mode = None if given("labels") is None else given("label_mode")
    labels = folder_labels(mode, bound.get("class_names"), call.place)
    whole: Value = source if labels is None else Tuple((source, labels), call.place)
    if plain(size) is None:
        element = _spread_rows(whole, call.place)
        made: Value = pipeline(call, element)
    else:
        made = pipeline(call, _batched(whole, size, call.place), size)
    return Tuple((made, made), call.place) if given("subset") == "both" else made


def _spread_rows(whole: Value, place: Place | None) -> Value:
    index = Unknown("the index of a row", place)
    items = whole.items if isinstance(whole, Tuple) else (whole,)
    rows = tuple(arrays.getitem(one, index, place) if isinstance(one, Array) else one for one in items)
    return Tuple(rows, place) if isinstance(whole, Tuple) else rows[0]


def _batched(whole: Value, size: Value, place: Place | None) -> Value:
    if isinstance(whole, Tuple):
        return Tuple(tuple(batch_of(one, size, place) for one in whole.items), place)
    return batch_of(whole, size, place)


@function("keras.utils.timeseries_dataset_from_array")
def _windows(call: Call) -> Value:
    """Windows of `sequence_length` rows of a series, and the target of each."""
    assert call.row is not None
    bound = bind(call.row, call.arguments).arguments
    series, targets = bound.get("data"), bound.get("targets")
    size = bound.get("batch_size", Literal(call.row.default("batch_size"), call.place))
    length = plain(bound.get("sequence_length"))
    steps = length if isinstance(length, int) and not isinstance(length, bool) else None
    if not isinstance(series, Array):
        return pipeline(call, call.unknown("windows of a series that is not known"), size)
    shape = None if series.shape is None else (None, steps, *series.shape[1:])
    statistics = known.part(series.statistics)
    windows = Array("gather", (series,), {"axis": 0}, shape, series.dtype, series.library, None, statistics, place=call.place)
    if targets is None or (isinstance(targets, Literal) and targets.value is None):
        return pipeline(call, batch_of(windows, size, call.place), size)
    return pipeline(call, _batched(Tuple((windows, targets), call.place), size, call.place), size)


@function("tensorflow.data.TFRecordDataset", "tensorflow.data.TextLineDataset", "tensorflow.data.FixedLengthRecordDataset")
@function("tensorflow.data.Dataset.list_files", "tensorflow.data.Dataset.range", "tensorflow.data.experimental.CsvDataset")
def _records(call: Call) -> Value:
    """Records, lines or names of files: nothing is known of them."""
    return pipeline(call, call.unknown("a record of a file"))


@function("tensorflow.data.experimental.make_csv_dataset")
def _csv(call: Call) -> Value:
    """Batches of the columns of a table."""
    size = call.argument(1, "batch_size")
    return pipeline(call, call.unknown("the columns of a table"), size)


@function("tensorflow.data.Dataset.from_generator")
def _from_generator(call: Call) -> Value:
    """What a generator of the script yields."""
    generator = call.argument(0, "generator")
    if generator is None:
        return call.unknown("a data set without a generator")
    made = call.interpreter.call(generator, Arguments(), call.place)
    items = call.interpreter.iterate(made, call.place).items
    return pipeline(call, items[0] if items else call.unknown("an item of a generator"))


@function("tensorflow_datasets.load")
def _load(call: Call) -> Value:
    """`tfds.load(name, split=..., as_supervised=True)`: known pictures, else a data set of which nothing is known."""
    name, split = call.literal(0, "name"), call.argument(1, "split")
    supervised, info = call.literal(-1, "as_supervised"), call.literal(-1, "with_info")
    data = name.partition("/")[0].partition(":")[0] if isinstance(name, str) else ""
    tables = KERAS.get(TENSORFLOW_DATASETS.get(data, "")) or TENSORFLOW_PICTURES.get(data)
    data = TENSORFLOW_DATASETS.get(data, data)

    def part(which: object) -> Value:
        if tables is None or call.literal(-1, "batch_size") is not None:
            return pipeline(call, call.unknown("a record of a public data set"))
        rows = rows_of_split(str(which), tables)
        image, label = (_record(one, call.place, str(data)) for one in (tables.inputs, tables.targets))
        element: Value = (
            Tuple((image, label), call.place) if supervised is True else Dict({"image": image, "label": label}, call.place)
        )
        return pipeline(call, element, rows=rows)

    several = items_of(split) if isinstance(split, List | Tuple) else None
    if several is not None:
        made: Value = List({"items": Tuple(tuple(part(plain(one)) for one in several))}, call.place)
    elif split is None or (isinstance(split, Literal) and split.value is None):
        made = Dict({"train": part("train"), "test": part("test")}, call.place)
    else:
        made = part(plain(split))
    return Tuple((made, call.unknown("what the data set says of itself")), call.place) if info is True else made


PART = re.compile(r"(train|test)(?:\[(\d{0,9})(%?):(\d{0,9})(%?)\])?")


def rows_of_split(which: str, tables: DataSet) -> int | None:
    """How many rows `train`, `train[:40%]`, `test[100:]` name; percentages are rounded to whole rows. None of other names."""
    found = PART.fullmatch(which)
    rows = {"train": tables.rows, "test": tables.test_rows}.get(found[1]) if found is not None else None
    if found is None or not rows:
        return None

    def bound(number: str | None, percent: str | None, default: int) -> int:
        if not number:
            return default
        return min(rows, round(rows * int(number) / 100) if percent else int(number))

    return max(0, bound(found[4], found[5], rows) - bound(found[2], found[3], 0))


def _record(table: Table, place: Place | None, source: str) -> Array:
    """One record of a public data set; pictures have a channel axis."""
    shape = table.shape if len(table.shape) != 2 else (*table.shape, 1)
    shape = () if table.labels else shape
    attributes: dict[str, object] = {"source": source}
    if table.labels:
        attributes |= {"labels": table.labels, "classes": table.classes}
    statistics = known.settled(Statistics(*table.entries, known="typical"))
    return Array(
        "data", (), attributes, shape, "int64" if table.labels else table.dtype, "tensorflow", None, statistics, place=place
    )


@method("dataset:pipeline", "interleave", "flat_map", "window", "unbatch", "group_by_window", "bucket_by_sequence_length", "scan")
def _other_elements(call: Call) -> Value:
    """Other elements than before: nothing is known of them."""
    return pipeline(call, call.unknown(f"what `{call.name}` makes of a data set"))


@method("dataset:pipeline", "__len__", "cardinality")
def _length(call: Call) -> Value:
    """How many elements there are."""
    counted = batches_of(call.receiver.cells) if isinstance(call.receiver, Object) else None
    if counted is not None:
        return Literal(counted, call.place)
    return call.unknown("how many elements a data set has")
