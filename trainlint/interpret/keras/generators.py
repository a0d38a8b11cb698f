"""`ImageDataGenerator`: what its `flow` methods give, and the labels that a generator keeps in the order of its files."""

from __future__ import annotations

from trainlint.core import Place
from trainlint.interpret import arrays
from trainlint.interpret.arrays import statistics as known
from trainlint.interpret.dispatch import Call, Interpreter, Iteration, attribute, bind, iterates, method
from trainlint.interpret.keras.common import items_of, row_of
from trainlint.interpret.values import NONE, UNKNOWN_STATISTICS, Array, Literal, Object, Tuple, Value

GENERATOR = "generator:image_generator"
FLOWS = ("generator:image_flow", "generator:image_directory", "generator:image_frame")
COUNTED = frozenset({"featurewise_center", "featurewise_std_normalization", "samplewise_center", "samplewise_std_normalization"})
CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}


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


def _each(_: Interpreter, value: Value, __: Place | None) -> Iteration:
    """One batch stands for all."""
    if not isinstance(value, Object):
        return Iteration((), False, None)
    return Iteration((_batch(value),), False, None)


for kind in FLOWS:
    iterates(kind)(_each)


def _setting(flow: Object, name: str) -> object:
    held = flow.arguments.get(name)
    return held.value if isinstance(held, Literal) else None if held is not None else flow.row.default(name)


def _batch(flow: Object) -> Value:
    """Images as the ImageDataGenerator scales them, and their labels."""
    size = _setting(flow, "batch_size")
    rows = size if isinstance(size, int) and not isinstance(size, bool) else None
    if flow.row.kind == "image_flow":
        x, y = flow.arguments.get("x"), flow.arguments.get("y")
        pair = items_of(x) if isinstance(x, Tuple) else None
        x, y = (pair[0], pair[1]) if pair is not None and len(pair) == 2 else (x, y)
    else:
        x, y = _images(flow), Array("data", (), {"source": "labels of image folders"}, None, "float32", place=flow.place)
    images = _rows_of(flow, _prepared(flow, x), rows)
    if y is None or (isinstance(y, Literal) and y.value is None):
        return images
    return Tuple((images, _rows_of(flow, y, rows)), flow.place)


def _images(flow: Object) -> Array:
    """All images of a folder: bytes, channels last."""
    size = _setting(flow, "target_size")
    held = flow.arguments.get("target_size")
    sizes = items_of(held) if held is not None else None
    plain = tuple(one.value if isinstance(one, Literal) else None for one in sizes) if sizes else size
    both = plain if isinstance(plain, tuple) and len(plain) == 2 else (None, None)
    height, width = (one if isinstance(one, int) else None for one in both)
    channels = CHANNELS.get(str(_setting(flow, "color_mode") or "rgb"))
    statistics = known.between(0.0, 255.0, "typical")
    attributes = {"source": "image folders"}
    return Array("data", (), attributes, (None, height, width, channels), "float32", "numpy", None, statistics, place=flow.place)


def _rows_of(flow: Object, value: Value | None, rows: int | None) -> Value:
    if not isinstance(value, Array):
        source = {"source": value if value is not None else "images"}
        value = Array("data", (), source, None, None, place=flow.place)
    shape = None if value.shape is None else (rows, *value.shape[1:])
    attributes = {"batch_size": rows, "loader": flow, "sample": False}
    return Array("batch", (value,), attributes, shape, value.dtype, "numpy", None, value.statistics, place=flow.place)


def _prepared(flow: Object, images: Value | None) -> Value | None:
    """The images after `preprocessing_function` and `rescale`; statistics of the data themselves are not followed."""
    of = flow.cells.get("of")
    if not isinstance(of, Object) or not isinstance(images, Array):
        return images
    given = {name for name, one in of.arguments.items() if not (isinstance(one, Literal) and not one.value)}
    if given & {"preprocessing_function", *COUNTED} or of.extra:
        return Array("augmented", (images,), {}, images.shape, "float32", "numpy", None, UNKNOWN_STATISTICS, place=flow.place)
    factor = of.arguments.get("rescale")
    if factor is None or (isinstance(factor, Literal) and not factor.value):
        return images
    place = of.argument_places.get("rescale") or of.place
    return arrays.binary("mul", images, factor, place) if "rescale" in given else images


def _labels(call: Call) -> Value:
    """`.classes` and `.labels`: one label for each file, in the order of the files whatever `shuffle` says."""
    flow = call.receiver
    if not isinstance(flow, Object):
        return call.unknown("labels of a generator")
    call.interpreter.emit("labels_read", call.place, None, generator=flow)
    return Array("data", (), {"source": "labels of a generator", "generator": flow}, (None,), "int64", place=call.place)


for kind in FLOWS:
    attribute(kind, "classes", "labels")(_labels)
