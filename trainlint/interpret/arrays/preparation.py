"""What scripts do to data before training: split, scale, encode, shuffle (scikit-learn, Keras)."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from trainlint.interpret.arrays import dtypes, limits, statistics as known
from trainlint.interpret.arrays.creation import collected_list
from trainlint.interpret.arrays.functions import Application, makes
from trainlint.interpret.arrays.indexing import getitem
from trainlint.interpret.arrays.nodes import Data, as_array, integer, is_scalar, known_items, setting
from trainlint.interpret.arrays.operators import ERRORS, operate
from trainlint.interpret.dispatch import Call, bind, function, method
from trainlint.interpret.values import (
    NONE,
    UNKNOWN_STATISTICS,
    Array,
    List,
    Literal,
    Object,
    Slice,
    Statistics,
    Tuple,
    Unknown,
    Value,
)
from trainlint.knowledge.data_rows import SCALING_FUNCTIONS

NEW_COLUMNS = frozenset({"components", "selected", "terms", "composed"})
"""Kinds of transformers after which the columns are others than before."""

DRAWS_FOR_ALL = 10
"""So many draws for each number leave out the largest with a probability below e^-10."""


def _arrays(call: Call) -> list[Value]:
    return list(call.arguments.positional)


@function("sklearn.model_selection.train_test_split")
def train_test_split(call: Call) -> Value:
    """Training and test part of each array: op "split" with attributes part, by, shuffle; the test part has ceil(n * share)."""
    arrays = [as_array(one, call.place) or one for one in _arrays(call)]
    shuffled = call.literal(-1, "shuffle") is not False
    rows = next((one.shape[0] for one in arrays if isinstance(one, Array) and one.shape), None)
    test, train = (_share(call, name, rows, up=name == "test_size") for name in ("test_size", "train_size"))
    if "test_size" not in call.arguments.keywords and "train_size" not in call.arguments.keywords:
        test = None if rows is None else math.ceil(rows * 0.25)
    if rows is not None:
        train = rows - test if train is None and test is not None and "train_size" not in call.arguments.keywords else train
        test = rows - train if test is None and train is not None and "test_size" not in call.arguments.keywords else test
    train, test = (None if one is None or one < 0 else one for one in (train, test))
    made: list[Value] = []
    for one in arrays:
        for part, count in (("train", train), ("test", test)):
            made.append(_part(call, one, part, count, (train or 0, rows), shuffled=shuffled))
    call.interpreter.emit("split", call.place, {}, arrays=Tuple(tuple(arrays)), parts=Tuple(tuple(made)))
    return List({"items": Tuple(tuple(made))}, call.place)


def _share(call: Call, name: str, rows: int | None, *, up: bool) -> int | None:
    value = call.literal(-1, name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e15:
        return None
    if isinstance(value, int):
        return value
    if rows is None or value >= 1:
        return None
    return math.ceil(rows * value) if up else math.floor(rows * value)


def _part(call: Call, array: Value, part: str, count: int | None, bounds: tuple[int, int | None], *, shuffled: bool) -> Value:
    if not isinstance(array, Array):
        return Unknown(array.why if isinstance(array, Unknown) else "a part of something that is no array", call.place)
    attributes = {"part": part, "by": "train_test_split", "shuffle": shuffled}
    if not shuffled and count is not None:
        start, stop = (0, count) if part == "train" else (bounds[0], bounds[0] + count)
        taken = getitem(array, Slice(Literal(start), Literal(stop), Literal(None)), call.place)
        return replace(taken, op="split", attributes=attributes) if isinstance(taken, Array) else taken
    shape = None if array.shape is None else (count, *array.shape[1:])
    statistics = replace(array.statistics, known=known.weakest(array.statistics.known, "typical"))
    statistics = array.statistics if array.statistics.known in ("declared", "unknown") else statistics
    return Array(
        "split", (array,), attributes, shape, array.dtype, array.library, None, statistics, array.symbolic, place=call.place
    )


@function("sklearn.utils.shuffle")
def shuffle_together(call: Call) -> Value:
    """The rows of all arrays in one random order: op "shuffle" whose attribute `together` is the call's place."""
    made: list[Value] = []
    for one in _arrays(call):
        array = as_array(one, call.place)
        if array is None:
            made.append(call.unknown("something that is no array in random order"))
            continue
        permuted = operate("shuffle", (array,), {"axis": 0, "together": call.place}, call.place, array.library)
        made.append(replace(permuted, statistics=known.without_columns(array.statistics)))
    return made[0] if len(made) == 1 else List({"items": Tuple(tuple(made))}, call.place)


@method("resampler", "fit_resample", "fit_sample")
def oversample(call: Call) -> Value:
    """`SMOTE().fit_resample(x, y)`: the rows and further ones that are copies or mixtures of them, op "resample"."""
    return _resampled(call, [one for one in (call.argument(0, "X"), call.argument(1, "y")) if one is not None])


@function("sklearn.utils.resample")
def resample(call: Call) -> Value:
    """`resample(x, y)`: rows drawn with replacement, so that some come several times; without, a random part."""
    if call.literal(-1, "replace") is False:
        return shuffle_together(call)
    return _resampled(call, _arrays(call))


def _resampled(call: Call, given: list[Value]) -> Value:
    made: list[Value] = []
    for one in given:
        array = as_array(one, call.place)
        if array is None:
            made.append(call.unknown("rows drawn again from something that is no array"))
            continue
        shape = None if array.shape is None else (None, *array.shape[1:])
        attributes = {"together": call.place}
        bounds = known.between(array.statistics.low, array.statistics.high, array.statistics.known)
        made.append(Array("resample", (array,), attributes, shape, array.dtype, array.library, None, bounds, place=call.place))
    return made[0] if len(made) == 1 else List({"items": Tuple(tuple(made))}, call.place)


@method("scaler", "fit", "partial_fit")
@method("encoder", "fit")
def fit(call: Call) -> Value:
    """`scaler.fit(x)`: remembers what it was fitted on; `partial_fit` adds to it, which is not followed."""
    array = call.argument(0, "X", "y")
    if isinstance(call.receiver, Object) and array is not None:
        fitted = as_array(array, call.place) or array
        more = call.name.rpartition(".")[2] == "partial_fit" and call.receiver.cells.get("fitted") not in (None, fitted)
        held = call.unknown("a scaler that is fitted on several arrays") if more else fitted
        call.interpreter.heap.write(call.receiver, "fitted", held)
        call.interpreter.emit("scaler_fit", call.place, {}, scaler=call.receiver, array=fitted)
    return call.receiver or NONE


@method("scaler", "fit_transform")
def fit_and_scale(call: Call) -> Value:
    """`scaler.fit_transform(x)`."""
    fit(call)
    return scale(call)


@method("scaler", "transform")
def scale(call: Call) -> Value:
    """`scaler.transform(x)`: op "scale" with attribute `kind`; inputs x and what the scaler was fitted on."""
    scaler, given = call.receiver, call.argument(0, "X")
    if not isinstance(scaler, Object) or given is None:
        return call.unknown("a scaler that is not known")
    array = as_array(given, call.place)
    made = _scaled(call, scaler.row.kind, array or given, scaler.cells.get("fitted"), _options(scaler))
    call.interpreter.emit("scaled", call.place, {}, scaler=scaler, array=array or given, output=made)
    return made


def _options(scaler: Object) -> dict[str, Any]:
    names = ("with_mean", "with_std", "feature_range", "output_distribution", "standardize")
    return {name: setting(scaler.arguments[name]) if name in scaler.arguments else scaler.row.default(name) for name in names}


def _scaled(call: Call, kind: str, given: Value, fitted: Value | None, options: dict[str, Any]) -> Array:
    array = given if isinstance(given, Array) else None
    base = fitted if isinstance(fitted, Array) else None
    data, on_it = _scaled_entries(kind, array, base, options), fitted is given
    statistics = known.of_data(data) if data is not None else _declared(kind, array, options, fitted_on_it=on_it)
    shape, dtype = (None, None) if array is None else (array.shape, array.dtype)
    if kind in NEW_COLUMNS and shape:
        shape = (shape[0], None)
    dtype = dtype if dtype in ("float32", "float16") else "float64"
    inputs = (given,) if base is None or on_it else (given, base)
    elsewhere = base is None and not on_it  # on something that is not known, or where nothing of this script shows it
    attributes = {"kind": kind, **({"fitted_elsewhere": True} if elsewhere else {})}
    return Array("scale", inputs, attributes, shape, dtype, "numpy", data, statistics, place=call.place)


def _scaled_entries(kind: str, array: Array | None, base: Array | None, options: dict[str, Any]) -> Data | None:
    """The scaled entries, column by column, where both the array and what the scaler was fitted on are known."""
    if array is None or array.data is None or base is None or base.data is None or array.shape is None or len(array.shape) != 2:
        return None
    x, fitted = array.data.astype(np.float64), base.data.astype(np.float64)
    if not fitted.size or fitted.ndim != 2 or not limits.affordable(array.shape):
        return None
    with np.errstate(all="ignore"):
        if kind == "standard":
            offset = fitted.mean(0) if options["with_mean"] else np.zeros(fitted.shape[1])
            divisor = fitted.std(0) if options["with_std"] else np.ones(fitted.shape[1])
        elif kind == "range" and options["feature_range"] == (0, 1):
            offset, divisor = fitted.min(0), fitted.max(0) - fitted.min(0)
        elif kind == "largest":
            offset, divisor = np.zeros(fitted.shape[1]), np.abs(fitted).max(0)
        else:
            return None
        try:
            scaled: Data = (x - offset) / np.where(divisor == 0, 1, divisor)
        except ERRORS:
            return None
    limits.spend(scaled.size)
    scaled.flags.writeable = False
    return scaled


def _declared(kind: str, array: Array | None, options: dict[str, Any], *, fitted_on_it: bool) -> Statistics:
    """What a scaler promises of its result; bounds only hold for the data that it was fitted on."""
    if kind in ("standard", "power"):
        both = (
            (options["with_mean"], options["with_std"]) == (True, True) if kind == "standard" else options["standardize"] is True
        )
        return known.STANDARD if both else UNKNOWN_STATISTICS
    if kind == "range":
        low_high = options["feature_range"]
        if isinstance(low_high, tuple) and len(low_high) == 2 and all(map(is_scalar, low_high)):
            return known.between(float(low_high[0]), float(low_high[1]))
        return UNKNOWN_STATISTICS
    if kind == "quantile":
        return known.between(0.0, 1.0) if options["output_distribution"] == "uniform" else known.STANDARD
    if kind in ("largest", "rows"):
        positive = array is not None and array.statistics.low is not None and array.statistics.low >= 0
        return known.between(0.0 if positive else -1.0, 1.0) if fitted_on_it or kind == "rows" else UNKNOWN_STATISTICS
    return UNKNOWN_STATISTICS


@method("scaler", "inverse_transform")
@method("encoder", "inverse_transform")
def inverse(call: Call) -> Value:
    """Back to the scale of the data; the numbers are not followed."""
    array = call.argument(0, "X", "y")
    shape = array.shape if isinstance(array, Array) else None
    inputs = () if array is None else (array,)
    symbolic = isinstance(array, Array) and array.symbolic
    return Array("unscale", inputs, {}, shape, None, "numpy", symbolic=symbolic, place=call.place)


@function(*(f"sklearn.preprocessing.{name}" for name in SCALING_FUNCTIONS))
def scale_at_once(call: Call) -> Value:
    """`sklearn.preprocessing.scale(x)` and its relatives: fitted on what they scale."""
    assert call.row is not None
    bound = bind(call.row, call.arguments).arguments
    given = bound.get("x")
    if given is None:
        return call.unknown("a scaling of nothing")
    array = as_array(given, call.place)
    names = ("with_mean", "with_std", "feature_range")
    options = {name: setting(bound[name]) if name in bound else call.row.default(name) for name in names}
    it = array or given
    return _scaled(call, call.row.kind, it, it, {**options, "standardize": True, "output_distribution": "uniform"})


@method("encoder", "fit_transform")
def fit_and_encode(call: Call) -> Value:
    """`encoder.fit_transform(y)`."""
    fit(call)
    return encode(call)


@method("encoder", "transform")
def encode(call: Call) -> Value:
    """Labels as whole numbers, or as rows with a single 1."""
    encoder, given = call.receiver, call.argument(0, "y", "X")
    if not isinstance(encoder, Object) or given is None:
        return call.unknown("an encoder that is not known")
    array = as_array(given, call.place)
    kind = encoder.row.kind
    words, classes = _words(encoder.cells.get("fitted")), fitted_classes(encoder)
    shape = array.shape if array is not None else None
    rows = shape[0] if shape else None
    inputs = (array or given,)
    if kind == "labels":
        bounds = known.between(0.0, None if classes is None else classes - 1.0)
        attributes = {"labels": "binary" if classes == 2 else "int", "classes": classes, "nominal": bool(words)}
        return Array("encode", inputs, attributes, (rows,), "int64", "numpy", None, bounds, place=call.place)
    if kind == "ordinals":
        ordered = "categories" in encoder.arguments
        attributes = {"nominal": bool(words) and not ordered, "classes": classes}
        return Array("encode", inputs, attributes, shape, "float64", "numpy", None, known.between(0.0, None), place=call.place)
    if kind == "indicators":
        table = {"labels": "multihot"}
        return Array("encode", inputs, table, (rows, None), "int64", "numpy", None, known.between(0.0, 1.0), place=call.place)
    width = 1 if kind == "binarizer" and classes == 2 else classes
    one_column = kind == "binarizer" or (shape is not None and len(shape) == 2 and shape[1] == 1)
    shape = (rows, width if one_column else None)
    bounds = known.between(0.0, 1.0)
    return Array(
        "one_hot", inputs, {"classes": classes if one_column else None}, shape, "float64", "numpy", None, bounds, place=call.place
    )


def fitted_classes(encoder: Object) -> int | None:
    """How many classes an encoder of labels met, where that is known."""
    words = _words(encoder.cells.get("fitted"))
    return len(words) if words else _classes_of(encoder.cells.get("fitted"))


def _words(values: Value | None) -> frozenset[str]:
    """The different texts in a known (nested) list; empty if it is anything else."""
    found: set[str] = set()
    for one in known_items(values) or ():
        inner = known_items(one) or (one,)
        if not all(isinstance(word, Literal) and isinstance(word.value, str) for word in inner):
            return frozenset()
        found.update(str(word.value) for word in inner if isinstance(word, Literal))
    return frozenset(found)


def _classes_of(labels: Value | None) -> int | None:
    """How many different labels there are, where that is known."""
    if isinstance(labels, Array) and labels.data is not None and labels.data.dtype.kind in "biuf":
        return int(np.unique(labels.data).size)
    return label_classes(labels)


def label_classes(labels: Value | None) -> int | None:
    """The number of classes that to_categorical finds: the largest label plus one, or what the data set is known to have."""
    for _ in range(32):
        if not isinstance(labels, Array):
            return None
        if labels.data is not None and labels.data.size and labels.data.dtype.kind in "biu":
            return int(labels.data.max()) + 1
        classes = labels.attributes.get("classes")
        if isinstance(classes, int):
            return classes
        if labels.op == "random":
            return _largest_drawn(labels)
        labels = (
            labels.inputs[0]
            if labels.inputs and labels.op in ("split", "getitem", "cast", "reshape", "squeeze", "flatten")
            else None
        )
    return None


def _largest_drawn(labels: Array) -> int | None:
    """One more than the largest of whole numbers drawn evenly, where there are so many that it is surely among them."""
    low, high, count = labels.attributes.get("low"), labels.attributes.get("high"), limits.size(labels.shape)
    if labels.attributes.get("distribution") != "integers" or not isinstance(low, int) or not isinstance(high, int) or low < 0:
        return None
    return high + 1 if count is not None and count >= DRAWS_FOR_ALL * (high - low + 1) else None


@function("keras.utils.to_categorical")
def to_categorical(call: Call) -> Value:
    """One row with a single 1 for each label; a last axis of extent 1 is dropped."""
    given = call.argument(0, "x", "y")
    labels = None if given is None else as_array(given, call.place) or collected_list(given, "numpy", call.place)
    wanted = call.argument(1, "num_classes", "nb_classes")
    if labels is None:
        return call.unknown("labels that are not known")
    explicit = wanted is not None and not (isinstance(wanted, Literal) and wanted.value is None)
    classes = integer(setting(wanted)) if explicit else label_classes(labels)
    if labels.shape is not None and len(labels.shape) > 1 and labels.shape[-1] == 1:
        labels = operate("squeeze", (labels,), {"axis": -1}, call.place, "numpy")
    return operate("one_hot", (labels,), {"classes": classes, "dtype": "float32"}, call.place, "numpy")


@function("keras.utils.pad_sequences")
def pad_sequences(call: Call) -> Value:
    """Lists of token numbers as rows of `maxlen` numbers; without `maxlen` the longest list decides, which is not known.

    What is padded as floats may be rows of features, each an axis of its own: the rank is not known then.
    """
    row = call.row
    bound = bind(row, call.arguments).arguments if row is not None else {}
    given = bound.get("sequences")
    if given is None:
        return call.unknown("token numbers that are not known")
    array = as_array(given, call.place)
    items = known_items(given)
    rows = array.shape[0] if array is not None and array.shape else len(items) if items is not None else None
    length = integer(setting(bound.get("maxlen")))
    dtype = dtypes.of_value(bound["dtype"]) if "dtype" in bound else "int32"
    whole_numbers = (dtype or "").startswith(("int", "uint"))
    shape = (rows, length if length is not None and length >= 0 else None) if whole_numbers else None
    inputs = (given if array is None else array,)
    return Array("pad_sequences", inputs, {}, shape, dtype, "numpy", None, known.between(0.0, None), place=call.place)


@makes("one_hot")
def one_hot(application: Application) -> Value:
    """`F.one_hot(y, C)` and `tf.one_hot(y, C)`."""
    x = application.arguments.get("x")
    if x is None:
        return application.unknown("labels that are not known")
    classes = integer(application.value("classes"))
    if classes is None or classes < 0:
        classes = label_classes(as_array(x, application.place))
    dtype = application.dtype() or ("int64" if application.row.library == "torch" else "float32")
    return operate("one_hot", (x,), {"classes": classes, "dtype": dtype}, application.place, application.row.library)
