"""`torchvision.datasets` and `torchvision.transforms`: what a sample looks like, and what each transform does to its numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from trainlint.core import Place
from trainlint.interpret.arrays import dtypes, statistics as known
from trainlint.interpret.arrays.datasets import leaf
from trainlint.interpret.arrays.indexing import getitem
from trainlint.interpret.arrays.nodes import integer, is_scalar, known_items, setting
from trainlint.interpret.arrays.operators import operate
from trainlint.interpret.dispatch import Arguments, Call, Interpreter, Iteration, attribute, iterates, method
from trainlint.interpret.values import UNKNOWN_STATISTICS, Array, Literal, Object, Shape, Statistics, Tuple, Value
from trainlint.knowledge.data_rows import RANDOM_TRANSFORMS
from trainlint.knowledge.data_sets import TORCHVISION, DataSet, classes, pixels
from trainlint.knowledge.picture_rows import PICTURE_OBJECTS

Change: TypeAlias = "Callable[[Call, Object, Array], Value]"
FAKE_IMAGE = (3, 224, 224)
HALF = 0.5
"""Mean and deviation of the customary `Normalize((0.5,), (0.5,))`, which maps 0..1 to -1..1 and says nothing of the images."""


def _data_set(dataset: Object) -> DataSet:
    """What is known of the data set; `FakeData` is as large as it is asked to be."""
    data = TORCHVISION[dataset.row.name.rpartition(".")[2]]
    if not dataset.row.name.endswith("FakeData"):
        return data
    given = [
        setting(dataset.arguments[name]) if name in dataset.arguments else None for name in ("size", "image_size", "num_classes")
    ]
    image = given[1] if isinstance(given[1], tuple) and len(given[1]) == 3 else FAKE_IMAGE
    height, width, channels = (_extent(one) for one in (image[1], image[2], image[0]))
    rows = 1_000 if given[0] is None else _extent(given[0])
    return DataSet(pixels((height, width, channels)), classes(integer(given[2]) or 10), rows, rows)


def _extent(value: object) -> int | None:
    """A number of pixels, channels or rows."""
    number = integer(value)
    return None if number is None or number < 0 else number


def _rows(dataset: Object) -> int | None:
    """The rows of the part that `train=` or `split=` names."""
    data = _data_set(dataset)
    train, split = (setting(dataset.arguments.get(name)) for name in ("train", "split"))
    if split in ("train", "test"):
        return data.rows if split == "train" else data.test_rows
    if split is not None or not isinstance(train, bool | None):
        return None
    return data.test_rows if train is False else data.rows


def _whole(interpreter: Interpreter, dataset: Object, role: str) -> Array:
    """All images, or all labels; one array for each data set, so that its samples share it."""
    held = dataset.cells.get(f"all {role}")
    if isinstance(held, Array):
        return held
    data = _data_set(dataset)
    table = data.inputs if role == "images" else data.targets
    made = leaf(table, _rows(dataset), dataset.row.name.rpartition(".")[2], dataset.place)
    interpreter.heap.write(dataset, f"all {role}", made)
    return made


@method("torchvision.dataset", "__len__")
def _length(call: Call) -> Value:
    rows = _rows(call.receiver) if isinstance(call.receiver, Object) else None
    return call.unknown("the number of images") if rows is None else Literal(rows, call.place)


@method("torchvision.dataset", "__getitem__")
def _sample(call: Call) -> Value:
    """An image after its transform, and its label."""
    dataset, index = call.receiver, call.argument(0)
    if not isinstance(dataset, Object) or index is None:
        return call.unknown("a sample of a data set")
    image, label = (getitem(_whole(call.interpreter, dataset, role), index, call.place) for role in ("images", "labels"))
    return Tuple(
        (_put_through(call, dataset, "transform", image), _put_through(call, dataset, "target_transform", label)), call.place
    )


def _put_through(call: Call, dataset: Object, role: str, value: Value) -> Value:
    transform = dataset.arguments.get(role)
    if transform is None or (isinstance(transform, Literal) and transform.value is None):
        return value
    return call.interpreter.call(transform, Arguments((value,), {}, (call.place,)), call.place)


@iterates("torchvision.dataset")
def _each(interpreter: Interpreter, value: Value, place: Place | None) -> Iteration:
    if not isinstance(value, Object):
        return Iteration((), False, None)
    index = Array("data", (), {"source": "the index of a sample"}, (), "int64", place=place)
    item = interpreter.call(interpreter.attribute(value, "__getitem__", place), Arguments((index,), {}, (place,)), place)
    return Iteration((item,), False, _rows(value))


@attribute("torchvision.dataset", "data", "train_data", "test_data", "targets", "train_labels", "test_labels")
def _all(call: Call) -> Value:
    """All images or labels as they are stored, before any transform."""
    if not isinstance(call.receiver, Object):
        return call.unknown("no data set")
    role = "labels" if call.name.endswith(("targets", "labels")) else "images"
    made = _whole(call.interpreter, call.receiver, role)
    return replace(made, library="torch") if call.receiver.row.name.endswith("MNIST") else made


@method("transform", "__call__", "forward")
def apply_transform(call: Call) -> Value:
    """One transform, or a list of them one after the other."""
    transform, value = call.receiver, call.argument(0, "img", "pic", "tensor")
    if not isinstance(transform, Object) or value is None:
        return call.unknown("a transform that is not known")
    kind = transform.row.kind
    if kind == "compose":
        steps = known_items(transform.arguments.get("transforms"))
        if steps is None:
            return call.unknown("transforms that are not known one by one")
        for one in steps:
            value = call.interpreter.call(one, Arguments((value,), {}, (call.place,)), call.place)
        return value
    if kind == "lambda":
        function = transform.arguments.get("lambd")
        return (
            call.unknown("a function that is not passed")
            if function is None
            else call.interpreter.call(function, call.arguments, call.place)
        )
    if transform.row.name.rpartition(".")[2] in RANDOM_TRANSFORMS:
        call.interpreter.emit("augment", call.place, transform=transform, image=value)
    change = CHANGES.get(kind)
    if change is None:
        return value
    image = value if isinstance(value, Array) else Array("data", (value,), {"source": "an image"}, place=call.place)
    return change(call, transform, image)


def _channels_first(call: Call, image: Array) -> Array:
    """(H, W, C) and (H, W) as (C, H, W)."""
    if image.shape is not None and len(image.shape) == 2:
        return operate("expand_dims", (image,), {"axis": 0}, call.place, "torch")
    if image.shape is not None and len(image.shape) == 3:
        return operate("transpose", (image,), {"axes": (2, 0, 1)}, call.place, "torch")
    size = image.attributes.get("size") if image.op == "resize" and _is_picture(image) else None
    known_size = isinstance(size, tuple) and len(size) == 2  # of a picture whose colours are not known
    shape = (None, *_height_and_width(size, None, square=False)) if known_size else None
    return replace(operate("transpose", (image,), {"axes": (2, 0, 1)}, call.place, "torch"), shape=shape)


def _is_picture(image: Array) -> bool:
    """Whether something is a Pillow image, perhaps resized or recoloured."""
    while image.op == "resize" and image.inputs and isinstance(image.inputs[0], Array):
        image = image.inputs[0]
    return image.attributes.get("source") in PICTURE_OBJECTS


def _to_tensor(call: Call, _: Object, image: Array) -> Value:
    """Channels first; bytes become fractions of 255, other types stay as they are."""
    tensor = _channels_first(call, image)
    if tensor.dtype == "uint8":
        return operate("divide", (tensor, Literal(255, call.place)), {}, call.place, "torch")
    return tensor if tensor.dtype is not None else replace(tensor, dtype=None, statistics=UNKNOWN_STATISTICS)


def _to_picture(call: Call, _: Object, image: Array) -> Value:
    """A Pillow image: bytes, channels last (fractions are multiplied by 255)."""
    shape = image.shape
    if shape is not None and len(shape) == 3 and image.library == "torch":
        shape = (shape[1], shape[2], shape[0])
    statistics = known.between(0.0, 255.0, "typical")
    return Array("resize", (image,), {}, shape, "uint8", "numpy", None, statistics, place=call.place)


def _to_byte_tensor(call: Call, _: Object, image: Array) -> Value:
    return _channels_first(call, image)


def _convert(call: Call, transform: Object, image: Array) -> Value:
    """Another type; whole numbers become fractions where the transform scales."""
    target = dtypes.of_value(transform.arguments.get("dtype"))
    scales = transform.row.kind == "convert_dtype" or setting(transform.arguments.get("scale")) is True
    if scales and dtypes.category(target) == 2 and image.dtype == "uint8":
        image = operate("divide", (image, Literal(255, call.place)), {}, call.place, "torch")
    return operate("cast", (image,), {"dtype": target or "unknown"}, call.place, "torch")


def _normalize(call: Call, transform: Object, image: Array) -> Value:
    """(x - mean)/std of each channel: op "normalization" with mean and variance of the channels."""
    mean, deviation = (_numbers(setting(transform.arguments.get(name))) for name in ("mean", "std"))
    if mean is None or deviation is None or 0.0 in deviation:
        return Array("normalization", (image,), {}, image.shape, image.dtype, "torch", place=transform.place or call.place)
    attributes = {"mean": mean, "variance": tuple(one * one for one in deviation), "adapted": True}
    statistics = _normalized(image, mean, deviation)
    return Array(
        "normalization",
        (image,),
        attributes,
        image.shape,
        image.dtype,
        "torch",
        None,
        statistics,
        image.symbolic,
        place=transform.place or call.place,
    )


def _numbers(value: object) -> tuple[float, ...] | None:
    given = value if isinstance(value, tuple) else (value,)
    numbers = tuple(float(one) for one in given if is_scalar(one))
    return numbers if numbers and len(numbers) == len(given) else None


def _normalized(image: Array, mean: tuple[float, ...], deviation: tuple[float, ...]) -> Statistics:
    """The statistics after normalisation: channel by channel where the data set's channels are known.

    For images of which only the range is known, constants other than the customary 0.5 declare their moments.
    """
    pairs = list(
        zip(
            mean * len(deviation) if len(mean) == 1 else mean,
            deviation * len(mean) if len(deviation) == 1 else deviation,
            strict=False,
        )
    )
    moments = _channels(image) or [image.statistics]
    if all(one.second_moment is None for one in moments) and set(pairs) != {(HALF, HALF)}:
        low, high = (
            None if bound is None else pick((bound - m) / d for m, d in pairs)
            for bound, pick in ((image.statistics.low, min), (image.statistics.high, max))
        )
        return Statistics(low, high, 0.0, 1.0, "declared")
    if len(set(pairs)) == 1:
        return known.affine(image.statistics, 1 / pairs[0][1], -pairs[0][0] / pairs[0][1])
    channels = _channels(image)
    if len(channels) == len(pairs):
        parts = [known.affine(one, 1 / d, -m / d) for one, (m, d) in zip(channels, pairs, strict=True)]
        return known.hull(parts, (1,) * len(parts))
    parts = [
        known.affine(known.between(image.statistics.low, image.statistics.high, image.statistics.known), 1 / d, -m / d)
        for m, d in pairs
    ]
    return known.hull(parts, (None,) * len(parts))


def _channels(image: Array) -> list[Statistics]:
    """The statistics of each channel of an image that was only divided by 255 since it was read."""
    divided, one = False, image
    for _ in range(16):
        if one.op == "data":
            break
        divided = divided or one.op == "divide"
        if not one.inputs or not isinstance(one.inputs[0], Array) or one.op == "normalization":
            return []
        one = one.inputs[0]
    factor = 1 / 255 if divided else 1.0
    return [known.affine(Statistics(*column, known=one.statistics.known), factor, 0.0) for column in one.statistics.columns]


def _height_and_width(size: object, shape: Shape | None, *, square: bool) -> tuple[int | None, int | None]:
    """The size that a transform names; one number is a square, or the shorter side (`Resize`)."""
    if isinstance(size, tuple) and len(size) == 2:
        return _extent(size[0]), _extent(size[1])
    side = _extent(size[0] if isinstance(size, tuple) and size else size)
    if square:
        return side, side
    axes = _image_axes(shape)
    extents = None if shape is None or axes is None else (shape[axes[0]], shape[axes[1]])
    return (side, side) if extents is not None and None not in extents and extents[0] == extents[1] else (None, None)


def _image_axes(shape: Shape | None) -> tuple[int, int] | None:
    """Which axes are height and width: the first two of an image, the last two of a tensor."""
    if shape is None or len(shape) not in (2, 3):
        return None
    if len(shape) == 2 or shape[-1] in (1, 3, 4):
        return (0, 1)
    return (1, 2)


def _sized(call: Call, transform: Object, image: Array) -> Value:
    """Resized or cropped: another height and width, the same kind of numbers."""
    wanted = setting(transform.arguments.get("size"))
    height, width = _height_and_width(wanted, image.shape, square=transform.row.kind == "crop")
    axes = _image_axes(image.shape)
    shape = None
    if image.shape is not None and axes is not None:
        shape = tuple(height if i == axes[0] else width if i == axes[1] else one for i, one in enumerate(image.shape))
    made = operate("resize", (image,), {"size": wanted}, call.place, image.library)
    return replace(made, shape=shape, dtype=image.dtype, statistics=known.part(image.statistics))


def _grayscale(call: Call, transform: Object, image: Array) -> Value:
    channels = (
        1 if "num_output_channels" not in transform.arguments else _extent(setting(transform.arguments["num_output_channels"]))
    )
    shape = None
    axes = _image_axes(image.shape)
    if image.shape is not None and axes is not None:
        extents = (image.shape[axes[0]], image.shape[axes[1]])
        shape = (*extents, channels) if axes == (0, 1) else (channels, *extents)
    elif _is_picture(image):
        shape = (None, None, channels)
    made = operate("resize", (image,), {}, call.place, image.library)
    bounds = known.between(image.statistics.low, image.statistics.high, image.statistics.known)
    return replace(made, shape=shape, dtype=image.dtype, statistics=bounds)


CHANGES: dict[str, Change] = {
    "to_tensor": _to_tensor,
    "to_picture": _to_picture,
    "to_byte_tensor": _to_byte_tensor,
    "convert_dtype": _convert,
    "to_dtype": _convert,
    "normalize": _normalize,
    "resize": _sized,
    "crop": _sized,
    "grayscale": _grayscale,
}


@method("array", "convert")
def _image_mode(call: Call) -> Value:
    """`image.convert("RGB")`: still bytes."""
    return call.receiver or call.unknown("no image")
