"""Public data sets as arrays: what `load_data()`, `load_iris()` and the makers of random data give."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import replace

from trainlint.core import Place
from trainlint.interpret.arrays import statistics as known
from trainlint.interpret.arrays.frames import names_of, without, written_frame
from trainlint.interpret.arrays.functions import Application, makes, type_named
from trainlint.interpret.arrays.nodes import as_array, integer, known_items, setting
from trainlint.interpret.arrays.operators import operate
from trainlint.interpret.dispatch import Call, bind, function, method
from trainlint.interpret.global_settings import global_setting
from trainlint.interpret.subscripts import NOT_KNOWN
from trainlint.interpret.values import UNKNOWN_STATISTICS, Array, Dict, Literal, Object, Shape, Statistics, Symbol, Tuple, Value
from trainlint.knowledge.data_rows import GENERATORS
from trainlint.knowledge.data_sets import KERAS, SKLEARN, SORTED, DataSet, Table
from trainlint.knowledge.rows import Row

IMAGE_READERS = frozenset({"cv2.imread", "imageio.imread", "skimage.io.imread", "scipy.misc.imread", "PIL.Image.open"})
"""Functions that give bytes."""
BUNCH = Row("sklearn.utils.Bunch", "object", "bunch")


def leaf(table: Table, rows: int | None, source: str, place: Place | None, library: str = "numpy") -> Array:
    """The array of so many rows of a public table, with its typical statistics and what its labels are."""
    statistics = known.settled(Statistics(*table.entries, known="typical", columns=table.columns))
    attributes: dict[str, object] = {"source": source}
    if table.labels:
        attributes |= {"labels": table.labels, "classes": table.classes} | ({"sorted": True} if source in SORTED else {})
    shape = None if table.dtype == "" else (rows, *table.shape)
    return Array("data", (), attributes, shape, table.dtype or None, library, None, statistics, place=place)


TIMES = re.compile(r"date|(?<![a-z])time(?!r)|timestamp", re.IGNORECASE)
"""Names of columns that put rows in order of time."""


def _in_channel_order(data: DataSet, name: str, order: Value | None) -> DataSet:
    """Color pictures come in the order of axes that the script set for all of Keras."""
    shape = data.inputs.shape
    if order is None or not name.startswith("cifar") or len(shape) != 3:
        return data
    if not isinstance(order, Literal):
        return data._replace(inputs=data.inputs._replace(shape=(None, None, None), columns=()))
    if order.value != "channels_first":
        return data
    return data._replace(inputs=data.inputs._replace(shape=(shape[2], *shape[:2]), columns=()))


@function(*(f"keras.datasets.{name}.load_data" for name in KERAS))
def load_data(call: Call) -> Value:
    """`(x_train, y_train), (x_test, y_test)`."""
    name = call.name.split(".")[-2]
    data = _in_channel_order(KERAS[name], name, global_setting(call.interpreter, "data_format"))
    parts = []
    for rows in (data.rows, data.test_rows):
        inputs, targets = (leaf(table, rows, name, call.place) for table in (data.inputs, data.targets))
        words = call.argument(1, "num_words", "nb_words")
        if isinstance(words, Literal) and isinstance(words.value, int) and name in ("imdb", "reuters"):
            inputs = replace(inputs, attributes={**inputs.attributes, "ids": words.value})
        parts.append(Tuple((inputs, targets), call.place))
    return Tuple(tuple(parts), call.place)


@function(*(f"sklearn.datasets.{name}" for name in SKLEARN))
def load_table(call: Call) -> Value:
    """A bundled table: a Bunch with `data` and `target`, or both as a pair with `return_X_y=True`."""
    name = call.name.rpartition(".")[2]
    data, source = SKLEARN[name], name.removeprefix("load_").removeprefix("fetch_")
    library = "pandas" if call.literal(-1, "as_frame") is True else "numpy"
    inputs, targets = (leaf(table, data.rows, source, call.place, library) for table in (data.inputs, data.targets))
    if call.literal(-1, "return_X_y") is True:
        return Tuple((inputs, targets), call.place)
    held: dict[Hashable, Value] = {"data": inputs, "target": targets}
    if data.pictures:
        held["images"] = leaf(data.inputs._replace(shape=data.pictures), data.rows, source, call.place)
    return Object(BUNCH, {}, {}, held, call.spelled, call.place)


@method("object:bunch", "__getitem__")
def bunch_item(call: Call) -> Value:
    """`bunch["data"]`."""
    name = call.literal(0)
    cells = call.receiver.cells if isinstance(call.receiver, Object) else {}
    found = cells.get(name) if isinstance(name, str) else None
    return call.unknown("an entry of a data set") if found is None else found


@function(*(f"sklearn.datasets.{name}" for name, _, _ in GENERATORS))
def make_data(call: Call) -> Value:
    """Random inputs and targets of the shape that the call asks for."""
    row = call.row
    if row is None:
        return call.unknown("random data that are not known")
    bound = bind(row, call.arguments).arguments

    def number(name: str) -> int | None:
        return integer(setting(bound[name]) if name in bound else row.default(name))

    columns = 2 if row.kind in ("moons", "circles") else number("columns")
    classes = number("classes") if row.kind in ("classification", "quantiles") else 2
    if row.kind == "blobs":
        classes = _centers(bound.get("centers"))
    shape: Shape = (number("rows"), columns)
    noise = setting(bound["noise"]) if "noise" in bound else row.default("noise")
    x = _random(call, shape, "float64", _inputs_statistics(row.kind, noise), {})
    if row.kind in ("regression", "friedman"):
        several = number("targets") if row.kind == "regression" else 1
        y = _random(
            call, shape[:1] if several == 1 else (shape[0], several), "float64", UNKNOWN_STATISTICS, {"labels": "continuous"}
        )
    else:
        statistics = known.between(0.0, None if classes is None else classes - 1.0)
        y = _random(call, shape[:1], "int64", statistics, {"labels": "binary" if classes == 2 else "int", "classes": classes})
    more = setting(bound["more"]) if "more" in bound else False
    if more is False:
        return Tuple((x, y), call.place)
    third = call.unknown("what random data were made with")
    return Tuple((x, y, third), call.place) if more is True else third


def _random(call: Call, shape: Shape, dtype: str, statistics: Statistics, attributes: dict[str, object]) -> Array:
    named = {"source": call.name.rpartition(".")[2], **attributes}
    return Array("data", (), named, shape, dtype, "numpy", None, statistics, place=call.place)


def _centers(value: Value | None) -> int | None:
    """How many blobs: three unless the call says a number or a list of centers."""
    if value is None:
        return 3
    items = known_items(value)
    if items is not None:
        return len(items)
    if isinstance(value, Array):
        return value.shape[0] if value.shape else None
    found = value.value if isinstance(value, Literal) else None
    return 3 if isinstance(value, Literal) and found is None else found if isinstance(found, int) else None


def _inputs_statistics(kind: str, noise: object) -> Statistics:
    """What the makers document: standard normal entries, the unit square, the two half circles."""
    if kind in ("regression", "quantiles"):
        return known.STANDARD
    if kind == "friedman":
        return known.uniform(0.0, 1.0)
    if kind == "circles" and noise in (None, 0):
        return known.between(-1.0, 1.0)
    if kind == "moons" and noise in (None, 0):
        return known.between(-1.0, 2.0)
    return UNKNOWN_STATISTICS


@makes("read")
def read(application: Application) -> Value:
    """An array read from a file: nothing is known of its numbers, except that images are bytes."""
    library = application.row.library
    source, path = application.row.name, application.value("source")
    attributes: dict[str, object] = {"source": source}
    if isinstance(path, str):
        attributes["path"] = path
    if source in IMAGE_READERS:
        statistics = known.between(0.0, 255.0, "typical")
        if application.value("as_grey") is True or application.value("as_gray") is True or application.value("flatten") is True:
            return Array("data", (), attributes, (None, None), None, "numpy", place=application.place)
        shape = _read_shape(application.arguments.get("flags")) if source == "cv2.imread" else None
        return Array("data", (), attributes, shape, "uint8", "numpy", None, statistics, place=application.place)
    if library == "pandas":
        if application.value("index_col") is not None and application.value("parse_dates") not in (None, False):
            attributes = {**attributes, "series": "indexed by date"}
        return Array("data", (), attributes, (None, None), None, "pandas", place=application.place)
    return Array("data", (), attributes, None, application.dtype(), "numpy", place=application.place)


def _read_shape(flags: Value | None) -> Shape | None:
    """What `cv2.imread` gives: three channels unless its flags ask for grey values, or for the picture as it is stored."""
    number = setting(flags) if flags is not None else 1
    name = flags.name.rpartition(".")[2] if isinstance(flags, Symbol) else ""
    if number == 1 or name in ("IMREAD_COLOR", "CV_LOAD_IMAGE_COLOR"):
        return (None, None, 3)
    return (None, None) if number == 0 or name in ("IMREAD_GRAYSCALE", "CV_LOAD_IMAGE_GRAYSCALE") else None


@makes("frame")
def frame(application: Application) -> Value:
    """A data frame of an array, or of what is not known number by number."""
    x = application.arguments.get("x")
    written = (
        None if x is None else written_frame(x, application.arguments.get("columns"), application.row.name, application.place)
    )
    if written is not None:
        return written
    column = None if x is None or isinstance(x, Dict) else as_array(x, application.place)
    if isinstance(column, Array):
        return replace(column, library="pandas")
    inputs = () if x is None else (x,)
    rank = 1 if application.row.name.endswith("Series") else 2
    attributes = {"source": application.row.name}
    return Array("data", inputs, attributes, (None,) * rank, None, "pandas", place=application.place)


@makes("dummies")
def dummies(application: Application) -> Value:
    """`pd.get_dummies`: of one column a table with a single 1 in each row; of a frame the columns of text become several."""
    x, dropped = application.arguments.get("x"), application.value("drop_first")
    if not isinstance(x, Array):
        return application.unknown("a table of classes that is not known")
    rows = x.shape[0] if x.shape else None
    if x.shape is None or len(x.shape) != 1:
        return replace(x, shape=(rows, None), library="pandas", data=None)
    op = "one_hot" if dropped in (None, False) else "data"
    attributes = {"source": "pandas.get_dummies"}
    return Array(op, (x,), attributes, (rows, None), "bool", "pandas", None, known.between(0.0, 1.0), place=application.place)


@makes("frame_sorted")
def sorted_frame(application: Application) -> Value:
    """`frame.sort_values("date")`: the same rows; in order of time (attribute `series`) if the name of the column says so."""
    x, by = application.arguments.get("x"), application.value("by")
    name = by[0] if isinstance(by, tuple) and by else by
    if not isinstance(x, Array):
        return application.unknown("a data frame that is not known")
    if not isinstance(name, str) or TIMES.search(name) is None:
        return x
    return replace(x, attributes={**x.attributes, "series": f"sorted by `{name}`"}, place=application.place)


@makes("frame_values", "frame_same", "frame_part", "frame_shuffled", "frame_rest", "frame_column")
def of_frame(application: Application) -> Value:
    """Methods of a data frame that give all, some or other entries of it."""
    x, kind = application.arguments.get("x"), application.row.kind
    if not isinstance(x, Array):
        return application.unknown("a data frame that is not known")
    if kind == "frame_values":
        values, asked = replace(x, library="numpy"), application.arguments.get("dtype")
        wanted = type_named(asked) if asked is not None else None
        return values if wanted is None else operate("cast", (values,), {"dtype": wanted}, application.place)
    if kind == "frame_same":
        return x
    rest = _rest(x, application) if kind == "frame_rest" else None
    if rest is not None:
        return rest
    rows = x.shape[0] if x.shape else None
    shape: Shape | None = {"frame_part": (None, *(x.shape or ())[1:]), "frame_rest": (rows, None), "frame_column": (rows,)}.get(
        kind, x.shape
    )
    op = "shuffle" if kind == "frame_shuffled" else "getitem"
    attributes: dict[str, object] = {"axis": 0} if op == "shuffle" else {"index": (NOT_KNOWN,)}
    if kind == "frame_column" or (kind == "frame_rest" and _drops_columns(application)):
        attributes["columns"] = True
    part = (
        known.part(x.statistics)
        if kind == "frame_part"
        else known.between(x.statistics.low, x.statistics.high, x.statistics.known)
    )
    statistics = x.statistics if op == "shuffle" else part
    return Array(
        op,
        (x,),
        attributes,
        shape if x.shape is not None else None,
        x.dtype,
        x.library,
        None,
        statistics,
        place=application.place,
    )


def _drops_columns(application: Application) -> bool:
    return application.arguments.get("columns") is not None or application.value("axis") in (1, "columns")


def _rest(x: Array, application: Application) -> Array | None:
    """`frame.drop("price", axis=1)` of a frame whose columns are known by name."""
    columns, labels = application.arguments.get("columns"), application.arguments.get("labels")
    across = _drops_columns(application)
    dropped = names_of(columns if columns is not None else labels)
    return without(x, dropped, application.place) if across and dropped and application.value("inplace") is not True else None
