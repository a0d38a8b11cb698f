"""`input_data.read_data_sets` of the tutorials: MNIST as numbers in [0, 1] or bytes, labels one-hot or class numbers."""

from __future__ import annotations

from collections.abc import Hashable

from trainlint.core import Place
from trainlint.interpret.dispatch import Call, bind, function, method
from trainlint.interpret.keras.common import plain
from trainlint.interpret.values import Array, Literal, Object, Shape, Statistics, Tuple, Value
from trainlint.knowledge.rows import Row
from trainlint.knowledge.tensorflow1_rows import INPUT_DATA

SETS = Row(f"{INPUT_DATA}.Datasets", "object", "tutorial_data")
PART = Row(f"{INPUT_DATA}.DataSet", "object", "tutorial_data_set")
TRAINING_ROWS, TEST_ROWS, CLASSES = 60_000, 10_000, 10
MEAN, DEVIATION = 0.1307, 0.3081
"""Of MNIST's pixels as fractions of 255."""


@function(INPUT_DATA)
def _read(call: Call) -> Value:
    """`mnist = input_data.read_data_sets(folder, one_hot=True)`; pixels are in [0, 1] unless `dtype` is a byte type."""
    assert call.row is not None
    arguments = bind(call.row, call.arguments).arguments
    held_out = plain(arguments["validation_size"]) if "validation_size" in arguments else 5_000
    validation = held_out if isinstance(held_out, int) and 0 <= held_out <= TRAINING_ROWS else None
    rows = {
        "train": None if validation is None else TRAINING_ROWS - validation,
        "validation": validation,
        "test": TEST_ROWS,
    }
    one_hot, flat = arguments.get("one_hot", Literal(False)), arguments.get("reshape", Literal(True))
    typed = "dtype" in arguments
    cells: dict[Hashable, Value] = {name: _part(count, one_hot, flat, typed, call.place) for name, count in rows.items()}
    return Object(SETS, cells=cells, spelled=call.spelled, place=call.place)


def _part(rows: int | None, one_hot: Value, flat: Value, typed: bool, place: Place | None) -> Object:
    """One part: images and labels."""
    pixels: Shape = (784,) if plain(flat) is True else (28, 28, 1)
    statistics = Statistics(known="unknown")
    if not typed:
        statistics = Statistics(0.0, 1.0, MEAN, MEAN**2 + DEVIATION**2, "typical")
    images = Array("data", (), {"source": "mnist"}, (rows, *pixels), None if typed else "float32", "numpy", None, statistics,
                   place=place)  # fmt: skip
    cells: dict[Hashable, Value] = {"images": images, "labels": _labels(rows, plain(one_hot), place)}
    if rows is not None:
        cells["num_examples"] = Literal(rows, place)
    return Object(PART, cells=cells, place=place)


def _labels(rows: int | None, one_hot: object, place: Place | None) -> Array:
    if one_hot is True:
        attributes = {"source": "mnist", "labels": "onehot", "classes": CLASSES}
        statistics = Statistics(0.0, 1.0, 0.1, 0.1, "typical")
        return Array("data", (), attributes, (rows, CLASSES), "float64", "numpy", None, statistics, place=place)
    if one_hot is False:
        attributes = {"source": "mnist", "labels": "int", "classes": CLASSES}
        statistics = Statistics(0.0, CLASSES - 1.0, known="typical")
        return Array("data", (), attributes, (rows,), "uint8", "numpy", None, statistics, place=place)
    return Array("data", (), {"source": "mnist"}, None, None, "numpy", place=place)


@method("object:tutorial_data_set", "next_batch")
def _next_batch(call: Call) -> Value:
    """`images, labels = mnist.train.next_batch(100)`."""
    part, size = call.receiver, call.argument(0, "batch_size")
    if not isinstance(part, Object):
        return call.unknown("a mini-batch")
    return Tuple(tuple(batch_of(part.cells[name], size, call.place) for name in ("images", "labels")), call.place)


def batch_of(whole: Value, size: Value | None, place: Place | None) -> Value:
    """A mini-batch of so many rows of an array."""
    if not isinstance(whole, Array):
        return whole
    rows = plain(size)
    extent = rows if isinstance(rows, int) and not isinstance(rows, bool) and rows > 0 else None
    shape = None if whole.shape is None else (extent, *whole.shape[1:])
    attributes = {name: whole.attributes[name] for name in ("labels", "classes") if name in whole.attributes}
    return Array("batch", (whole,), {**attributes, "batch_size": size}, shape, whole.dtype, whole.library, None, whole.statistics,
                 whole.symbolic, place=place)  # fmt: skip
