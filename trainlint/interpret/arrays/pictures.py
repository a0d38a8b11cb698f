"""Pictures on their way into arrays: read as bytes, resized, recoloured, turned into fractions."""

from __future__ import annotations

from dataclasses import replace

from trainlint.interpret.arrays import dtypes, statistics as known
from trainlint.interpret.arrays.functions import Application, makes
from trainlint.interpret.arrays.methods import call_method
from trainlint.interpret.arrays.nodes import integer, plain
from trainlint.interpret.arrays.operators import operate
from trainlint.interpret.dispatch import Call, bind, function, method
from trainlint.interpret.values import UNKNOWN_STATISTICS, Array, Shape, Statistics, Symbol, Value
from trainlint.knowledge.picture_rows import PICTURE_OBJECTS

BYTES = known.between(0.0, 255.0, "typical")
OVERSHOOTING = frozenset({"bicubic", "lanczos3", "lanczos5", "mitchellcubic"})
"""Interpolations whose results leave the range of the pixels."""

CHANNELS = {"rgb": 3, "rgba": 4, "grayscale": 1}
MODES: dict[str, tuple[int, ...]] = {"L": (), "RGB": (3,), "RGBA": (4,), "CMYK": (4,), "YCbCr": (3,), "HSV": (3,), "LA": (2,)}
"""The channel axis of a Pillow image of each mode of bytes; `L` has none."""
QUARTERS = {"ROTATE_180": 2, "ROTATE_90_CLOCKWISE": 1, "ROTATE_90_COUNTERCLOCKWISE": 1}
"""The quarter turns of `cv2.rotate`."""


def _bounds(x: Array) -> Statistics:
    """What is still known of the pixels after they were mixed with their neighbours."""
    return known.between(x.statistics.low, x.statistics.high, x.statistics.known)


def _changed(application: Application, x: Array, shape: Shape | None, dtype: str | None, statistics: Statistics) -> Array:
    made = operate("resize", (x,), {}, application.place, x.library)
    return replace(made, shape=shape, dtype=dtype, statistics=statistics, data=None)


def _sized(shape: Shape | None, height: int | None, width: int | None) -> Shape | None:
    """The shape of a picture (or a batch of four axes) of another height and width."""
    if shape is None or len(shape) not in (2, 3, 4):
        return None
    first = 1 if len(shape) == 4 else 0
    return (*shape[:first], height, width, *shape[first + 2 :])


def _pair(value: object) -> tuple[int | None, int | None]:
    return (integer(value[0]), integer(value[1])) if isinstance(value, tuple) and len(value) >= 2 else (None, None)


def _with_zeros(bounds: Statistics) -> Statistics:
    """The bounds of pixels beside which zeros were put."""
    if bounds.low is None or bounds.high is None:
        return bounds
    return known.between(min(bounds.low, 0.0), max(bounds.high, 0.0), bounds.known)


@makes("resized", "resized_wide", "resized_fraction", "resized_bytes", "resized_pair")
def resized(application: Application) -> Value:
    """Another height and width; the numbers stay in their range unless the function says otherwise."""
    x, kind = application.arguments.get("x"), application.row.kind
    if not isinstance(x, Array):
        return Array("data", () if x is None else (x,), {"source": "a resized picture"}, place=application.place)
    size = application.value("size")
    if kind == "resized_pair":
        height, width = integer(application.value("height")), integer(application.value("width"))
    elif kind == "resized_wide":
        width, height = _pair(size)
    else:
        height, width = _pair(size)
    shape = _sized(x.shape, height, width)
    if kind == "resized_fraction":
        shape = (*shape[:2], *size[2:]) if shape is not None and isinstance(size, tuple) and len(size) > 2 else shape
        whole = dtypes.category(x.dtype) == 1 and application.value("preserve_range") is not True
        return _changed(application, x, shape, "float64", known.between(0.0, 1.0, "typical") if whole else _bounds(x))
    if kind == "resized_bytes":
        return _changed(application, x, shape, "uint8", BYTES)
    way = application.arguments.get("method")
    name = (way.name.rpartition(".")[2] if isinstance(way, Symbol) else str(application.value("method"))).lower()
    copies = name.startswith("nearest") or application.row.name.endswith("crop_or_pad")  # no entry is computed anew
    dtype = "float32" if application.library == "tensorflow" and not copies else x.dtype
    bounds = UNKNOWN_STATISTICS if name in OVERSHOOTING else _bounds(x)
    return _changed(application, x, shape, dtype, _with_zeros(bounds) if kind == "resized_pair" else bounds)


@makes("recoloured", "grey", "grey_fraction")
def recoloured(application: Application) -> Value:
    """Other channels: `cv2.cvtColor`, grey values."""
    x, kind = application.arguments.get("x"), application.row.kind
    if not isinstance(x, Array):
        return Array("data", () if x is None else (x,), {"source": "a recoloured picture"}, place=application.place)
    inner = None if x.shape is None or len(x.shape) < 3 else x.shape[:-1]
    if kind == "grey_fraction":
        whole = dtypes.category(x.dtype) == 1
        return _changed(application, x, inner, "float64", known.between(0.0, 1.0, "typical") if whole else _bounds(x))
    if kind == "grey":
        return _changed(application, x, None if inner is None else (*inner, 1), x.dtype, _bounds(x))
    code = application.arguments.get("code")
    target = code.name.rpartition("2")[2] if isinstance(code, Symbol) else ""
    if target.startswith("GRAY"):
        return _changed(application, x, inner, x.dtype, _bounds(x))
    if target.startswith(("RGB", "BGR")):
        channels = 4 if target.endswith("A") else 3
        flat = x.shape if x.shape is not None and len(x.shape) == 2 else inner
        return _changed(application, x, None if flat is None else (*flat, channels), x.dtype, _bounds(x))
    return _changed(application, x, x.shape, x.dtype, _bounds(x))


@makes("same_picture")
def same_picture(application: Application) -> Value:
    """Flipped, smoothed, made a Pillow image: the same size and range."""
    x = application.arguments.get("x")
    if not isinstance(x, Array):
        return x or application.unknown("a picture that is not known")
    made = _changed(application, x, x.shape, x.dtype, _bounds(x))
    name = application.row.name
    return replace(made, attributes={**made.attributes, "source": name}) if name in PICTURE_OBJECTS else made


@makes("random_picture", "random_colours")
def random_picture(application: Application) -> Value:
    """Flipped or recoloured at random (attribute `random`: by what); the range of other colours is not known."""
    x = application.arguments.get("x")
    if not isinstance(x, Array):
        return x or application.unknown("a picture that is not known")
    bounds = _bounds(x) if application.row.kind == "random_picture" else UNKNOWN_STATISTICS
    made = _changed(application, x, x.shape, x.dtype, bounds)
    return replace(made, attributes={**made.attributes, "random": application.row.name.rpartition(".")[2]})


@makes("turned", "warped")
def turned(application: Application) -> Value:
    """Turned by quarters, which exchanges height and width, or warped onto a picture of another size."""
    x = application.arguments.get("x")
    if not isinstance(x, Array):
        return x or application.unknown("a picture that is not known")
    if application.row.kind == "warped":
        width, height = _pair(application.value("size"))
        return _changed(application, x, _sized(x.shape, height, width), x.dtype, _with_zeros(_bounds(x)))
    code = application.arguments.get("quarters")
    turns = QUARTERS.get(code.name.rpartition(".")[2]) if isinstance(code, Symbol) else integer(application.value("quarters"))
    first = 1 if x.shape is not None and len(x.shape) == 4 else 0
    sides: Shape = (None, None) if x.shape is None or turns is None else x.shape[first : first + 2]
    height, width = sides if len(sides) == 2 else (None, None)
    if turns is not None and turns % 2:
        height, width = width, height
    return _changed(application, x, _sized(x.shape, height, width), x.dtype, _bounds(x))


@makes("standardized_picture")
def standardized_picture(application: Application) -> Value:
    """`tf.image.per_image_standardization`: mean 0 and mean square 1 in every picture."""
    x = application.arguments.get("x")
    if not isinstance(x, Array):
        return application.unknown("a picture that is not known")
    return Array(
        "scale", (x,), {"kind": "picture"}, x.shape, "float32", "tensorflow", None, known.STANDARD, place=application.place
    )


@makes("decoded")
def decoded(application: Application) -> Value:
    """`tf.image.decode_jpeg(contents, channels=3)`: bytes, channels last."""
    channels = integer(application.value("channels")) or None
    shape: Shape | None = (None, None, channels)
    if application.row.name.endswith(("decode_image", "decode_gif")):
        shape = None if channels is None or application.row.name.endswith("gif") else shape
    attributes = {"source": application.row.name}
    return Array("data", (), attributes, shape, "uint8", "tensorflow", None, BYTES, place=application.place)


@function("keras.utils.load_img")
def load_img(call: Call) -> Value:
    """A Pillow image of a target size."""
    bound = bind(call.row, call.arguments).arguments if call.row is not None else {}
    height, width = _pair(plain(bound.get("target_size")))
    mode = plain(bound["color_mode"]) if "color_mode" in bound else "rgb"
    mode = "grayscale" if plain(bound.get("grayscale")) is True else mode
    channels = CHANNELS.get(mode) if isinstance(mode, str) else None
    shape = None if channels is None else (height, width) if channels == 1 else (height, width, channels)
    return Array("data", (), {"source": "keras.utils.load_img"}, shape, "uint8", "numpy", None, BYTES, place=call.place)


@function("keras.utils.img_to_array")
def img_to_array(call: Call) -> Value:
    """A Pillow image as floats with a channel axis; the range stays that of bytes."""
    image = call.argument(0, "img")
    if not isinstance(image, Array):
        return Array("data", () if image is None else (image,), {"source": "a picture"}, None, "float32", place=call.place)
    made = operate("cast", (image,), {"dtype": "float32"}, call.place, "numpy")
    shape = (*made.shape, 1) if made.shape is not None and len(made.shape) == 2 else made.shape
    return replace(made, shape=shape, data=None if shape != made.shape else made.data)


@method("array:resize", "resize", "crop", "rotate", "thumbnail", "transpose", "convert")
@method("array:data", "resize", "crop", "rotate", "thumbnail", "transpose", "convert")
def _of_picture(call: Call) -> Value:
    """The methods of a Pillow image; those of arrays for any other."""
    image = call.receiver
    if not isinstance(image, Array) or image.attributes.get("source") not in PICTURE_OBJECTS:
        return call_method(call)
    if call.name == "resize":
        width, height = _pair(plain(call.argument(0, "size")))
        return replace(image, shape=_sized(image.shape, height, width), place=call.place)
    if call.name == "convert":
        axes = MODES.get(str(plain(call.argument(0, "mode"))))
        size = (None, None) if image.shape is None else image.shape[:2]
        made = replace(image, shape=None if axes is None else (*size, *axes), place=call.place)
        return made if axes is not None else replace(made, dtype=None, statistics=UNKNOWN_STATISTICS)
    if call.name == "thumbnail":
        return call.unknown("thumbnail() changes the image in place")
    return replace(image, shape=_sized(image.shape, None, None), place=call.place)
