"""`ImageDataGenerator`: what its `flow` methods give, and the labels that a generator keeps in the order of its files."""

from __future__ import annotations

from dataclasses import replace

from trainlint.core import Place
from trainlint.interpret import arrays
from trainlint.interpret.arrays import statistics as known
from trainlint.interpret.dispatch import Arguments, Call, Interpreter, Iteration, attribute, bind, iterates, method
from trainlint.interpret.keras.common import items_of, plain, row_of
from trainlint.interpret.keras.data_sets import folder_labels, images
from trainlint.interpret.values import NONE, UNKNOWN_STATISTICS, Array, Literal, Object, Tuple, Unknown, Value

GENERATOR = "generator:image_generator"
FLOWS = ("generator:image_flow", "generator:image_directory", "generator:image_frame")
COUNTED = frozenset({"featurewise_center", "featurewise_std_normalization", "samplewise_center", "samplewise_std_normalization"})
STANDARDIZING = (
    {"featurewise_center", "featurewise_std_normalization"},
    {"samplewise_center", "samplewise_std_normalization"},
)
"""Settings that together give mean 0 and mean square 1."""


@method(GENERATOR, "flow", "flow_from_directory", "flow_from_dataframe")
def _flow(call: Call) -> Value:
    """A generator of batches: an Object of the row of the method, with the ImageDataGenerator in `cells["of"]`."""
    row = row_of(f"keras.preprocessing.image.ImageDataGenerator.{call.name}")
    bound = bind(row, call.arguments)
    made = row._replace(makes="generator")
    of = call.receiver or NONE
    return Object(made, dict(bound.arguments), {}, {"of": of}, call.spelled, call.place, dict(bound.places))


@method(GENERATOR, "fit")
def _fit(call: Call) -> Value:
    """`generator.fit(x)`: the statistics that featurewise scaling needs; no model is trained."""
    return call.unknown("nothing") if call.receiver is None else NONE


def _each(interpreter: Interpreter, value: Value, _: Place | None) -> Iteration:
    """One batch stands for all."""
    if not isinstance(value, Object):
        return Iteration((), False, None)
    return Iteration((_batch(interpreter, value),), False, _batches(value))


for kind in FLOWS:
    iterates(kind)(_each)


def _setting(flow: Object, name: str) -> object:
    held = flow.arguments.get(name)
    return held.value if isinstance(held, Literal) else None if held is not None else flow.row.default(name)


def _batch(interpreter: Interpreter, flow: Object) -> Value:
    """Images as the ImageDataGenerator scales them, and their labels."""
    size = _setting(flow, "batch_size")
    rows = size if isinstance(size, int) and not isinstance(size, bool) else None
    if flow.row.kind == "image_flow":
        x, y = flow.arguments.get("x"), flow.arguments.get("y")
        pair = items_of(x) if isinstance(x, Tuple) else None
        x, y = (pair[0], pair[1]) if pair is not None and len(pair) == 2 else (x, y)
    else:
        x = _images(flow)
        mode = _setting(flow, "class_mode")
        y = x if mode == "input" else folder_labels(mode, flow.arguments.get("classes"), flow.place)
    pictures = _rows_of(flow, _prepared(interpreter, flow, x), rows)
    if y is None or (isinstance(y, Literal) and y.value is None):
        return pictures
    return Tuple((pictures, _rows_of(flow, y, rows)), flow.place)


def _images(flow: Object) -> Array:
    """All images of a folder: bytes, channels last."""
    held = flow.arguments.get("target_size")
    size = plain(held) if held is not None else flow.row.default("target_size")
    return replace(images(size, _setting(flow, "color_mode"), flow.place, "image folders"), library="numpy")


def _rows_of(flow: Object, value: Value | None, rows: int | None) -> Value:
    if not isinstance(value, Array):
        source = {"source": value if value is not None else "images"}
        value = Array("data", (), source, None, None, place=flow.place)
    shape = None if value.shape is None else (rows, *value.shape[1:])
    attributes = {"batch_size": rows, "loader": flow, "sample": False}
    return Array("batch", (value,), attributes, shape, value.dtype, "numpy", None, value.statistics, place=flow.place)


def _prepared(interpreter: Interpreter, flow: Object, pictures: Value | None) -> Value | None:
    """The images after `preprocessing_function`, then `rescale`, then scaling by their own statistics, as Keras does it."""
    of = flow.cells.get("of")
    if not isinstance(of, Object) or not isinstance(pictures, Array):
        return pictures
    given = {name for name, one in of.arguments.items() if not (isinstance(one, Literal) and not one.value)}
    written = of.arguments.get("preprocessing_function")
    if "preprocessing_function" in given and written is not None:
        pictures = _mapped(interpreter, written, pictures, flow.place)
    if "rescale" in given:
        scaled = arrays.binary("mul", pictures, of.arguments["rescale"], of.argument_places.get("rescale") or of.place)
        pictures = scaled if isinstance(scaled, Array) else _unscaled(pictures, flow.place)
    if given & COUNTED or of.extra:
        standard = not of.extra and any(one <= given for one in STANDARDIZING)
        return replace(_unscaled(pictures, flow.place), statistics=known.STANDARD if standard else UNKNOWN_STATISTICS)
    return pictures


def _mapped(interpreter: Interpreter, written: Value, pictures: Array, place: Place | None) -> Array:
    """What a function makes of each picture; it keeps the size."""
    one = arrays.getitem(pictures, Unknown("the index of a picture", place), place)
    made = interpreter.call(written, Arguments((one,), {}, (None,)), place)
    statistics = made.statistics if isinstance(made, Array) else UNKNOWN_STATISTICS
    return replace(_unscaled(pictures, place), statistics=statistics)


def _unscaled(pictures: Array, place: Place | None) -> Array:
    """Pictures whose numbers were changed in a way that is not followed."""
    return Array("augmented", (pictures,), {}, pictures.shape, "float32", "numpy", None, UNKNOWN_STATISTICS, place=place)


def _batches(flow: Object) -> int | None:
    """How many batches a pass over arrays gives: n / B rounded up; unknown for folders, and for a part of the rows."""
    size = _setting(flow, "batch_size")
    given = flow.arguments.get("x")
    pair = items_of(given) if isinstance(given, Tuple) else None
    first = pair[0] if pair else given
    rows = first.shape[0] if isinstance(first, Array) and first.shape else None
    if rows is None or not isinstance(size, int) or size <= 0 or "subset" in flow.arguments:
        return None
    return -(-rows // size)


def _labels(call: Call) -> Value:
    """`.classes` and `.labels`: one label for each file, in the order of the files whatever `shuffle` says."""
    flow = call.receiver
    if not isinstance(flow, Object):
        return call.unknown("labels of a generator")
    call.interpreter.emit("labels_read", call.place, None, generator=flow)
    return Array("data", (), {"source": "labels of a generator", "generator": flow}, (None,), "int64", place=call.place)


for kind in FLOWS:
    attribute(kind, "classes", "labels")(_labels)
