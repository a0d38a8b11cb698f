"""Functions that are two operations, or one that depends on what its arguments are."""

from __future__ import annotations

from dataclasses import replace

from trainlint.interpret.arrays import dtypes, limits, statistics as known
from trainlint.interpret.arrays.creation import finished, shape_argument
from trainlint.interpret.arrays.functions import Application, cast, makes, operation
from trainlint.interpret.arrays.nodes import as_array, integer, known_items, over_choices, shape_of
from trainlint.interpret.arrays.operators import library_of, operate
from trainlint.interpret.arrays.randomness import drawn_whole_numbers
from trainlint.interpret.arrays.shapes import MAXIMUM_AXES, axes_of
from trainlint.interpret.values import UNKNOWN_STATISTICS, Array, List, Literal, Shape, Slice, Tuple, Value


@makes("scaled_add", "scaled_subtract")
def scaled_sum(application: Application) -> Value:
    """`torch.add(x, y, alpha=a)`: x + a*y. `x.add(a, y)` was the order before PyTorch 1.5."""
    x, y, alpha = (application.arguments.get(name) for name in ("x", "y", "alpha"))
    positional = application.call.arguments.positional
    if len(positional) == 3 and isinstance(positional[2], Array):
        y, alpha = positional[2], positional[1]
    if x is None or y is None:
        return application.unknown(f"`{application.call.name}` of nothing")
    op, place, library = application.row.kind.removeprefix("scaled_"), application.place, application.library
    if alpha is not None:
        y = operate("multiply", (y, alpha), {}, place, library)
    return over_choices(lambda pair: operate(op, pair, {}, place, library), (x, y), place)


@makes("torch_divide")
def quotient(application: Application) -> Value:
    """`torch.div`, which rounds if `rounding_mode` says so."""
    mode = application.value("rounding_mode")
    kind = {None: "divide", "floor": "floor_divide", "trunc": "nonlinear"}.get(
        mode if isinstance(mode, str | None) else "", "nonlinear"
    )
    inputs = [application.arguments[name] for name in ("x", "y") if name in application.arguments]
    return over_choices(lambda pair: operate(kind, pair, {}, application.place, application.library), inputs, application.place)


@makes("squared_difference")
def squared_difference(application: Application) -> Value:
    """(x - y)^2."""
    inputs = [application.arguments[name] for name in ("x", "y") if name in application.arguments]
    difference = operate("subtract", inputs, {}, application.place, application.library)
    return operate("square", (difference,), {}, application.place, application.library)


@makes("tf_matmul")
def transposed_product(application: Application) -> Value:
    """`tf.matmul`, whose operands may be transposed first."""
    inputs = []
    for name, flag in (("x", "transpose_a"), ("y", "transpose_b")):
        value = application.arguments.get(name) or application.unknown("a matrix that is not passed")
        if application.value(flag) is True:
            value = operate("swapaxes", (value,), {"first": -2, "second": -1}, application.place, application.library)
        inputs.append(value)
    return over_choices(
        lambda pair: operate("matmul", pair, {}, application.place, application.library), inputs, application.place
    )


@makes("addmm")
def sum_with_product(application: Application) -> Value:
    """beta*x + alpha*(y @ z)."""
    x, y, z = (
        application.arguments.get(name) or application.unknown("an argument that is not passed") for name in ("x", "y", "z")
    )
    place, library = application.place, application.library
    product: Value = operate("matmul", (y, z), {}, place, library)
    for name in ("alpha", "beta"):
        factor = application.arguments.get(name)
        if factor is not None and name == "alpha":
            product = operate("multiply", (product, factor), {}, place, library)
        elif factor is not None:
            x = operate("multiply", (x, factor), {}, place, library)
    return operate("add", (x, product), {}, place, library)


@makes("inner", "vdot")
def inner(application: Application) -> Value:
    """The sum of products over the last axis; of vectors the scalar product."""
    inputs = [application.arguments[name] for name in ("x", "y") if name in application.arguments]
    if application.row.kind == "vdot":
        inputs = [operate("flatten", (one,), {"start": 0, "end": -1}, application.place, library_of(one)) for one in inputs]
    ranks = [None if (shape := shape_of(one)) is None else len(shape) for one in inputs]
    if len(inputs) == 2 and ranks[0] and ranks[1] == 2:
        inputs[1] = operate("transpose", (inputs[1],), {}, application.place, application.library)
    elif 0 not in ranks and not (len(inputs) == 2 and ranks[0] and ranks[1] == 1):
        return application.unknown("a product over several axes")
    kind = "multiply" if 0 in ranks else "matmul"
    return operate(kind, inputs, {}, application.place, application.library)


@makes("moveaxis")
def moved(application: Application) -> Value:
    """One axis moved to another position."""
    x, source, target = application.arguments.get("x"), application.value("source"), application.value("destination")
    shape = None if x is None else shape_of(x)
    one, other = integer(source), integer(target)
    if x is None or shape is None or one is None or other is None or axes_of((one,), len(shape)) is None:
        return operation(application, "moveaxis")
    order = [index for index in range(len(shape)) if index != one % len(shape)]
    order.insert(other % len(shape), one % len(shape))
    return operate("transpose", (x,), {"axes": tuple(order)}, application.place, application.library)


@makes("append")
def appended(application: Application) -> Value:
    """`numpy.append`, which flattens both unless an axis is given."""
    return operation(application, "concatenate", axis=application.value("axis"))


@makes("ravel")
def raveled(application: Application) -> Value:
    """All entries in one axis."""
    return operation(application, "flatten", start=0, end=-1)


@makes("torch_median")
def median(application: Application) -> Value:
    """The lower median (PyTorch does not average), with its index if an axis is given."""
    made = operation(application, "median")
    if isinstance(made, Array) and made.inputs and isinstance(made.inputs[0], Array):
        bounds = known.between(made.inputs[0].statistics.low, made.inputs[0].statistics.high)
        made = replace(made, data=None, dtype=made.inputs[0].dtype, statistics=bounds)
    return made if "axis" not in application.arguments else Tuple((made, operation(application, "argmax")), application.place)


@makes("take", "take_along", "gather_along")
def taken(application: Application) -> Value:
    """Entries at given indices: along an axis, of the flattened array (`numpy.take`), or one for one (`torch.gather`)."""
    from trainlint.interpret.arrays.indexing import getitem

    x, y, axis = application.arguments.get("x"), application.arguments.get("y"), integer(application.value("axis"))
    array = None if x is None else as_array(x, application.place, application.library)
    if array is None or y is None:
        return operation(application, "gather")
    if application.row.kind == "gather_along":
        made = operation(application, "gather", axis=axis)
        return replace(made, shape=shape_of(y), dtype=array.dtype) if isinstance(made, Array) else made
    if axis is None:
        if application.row.library == "numpy":
            array = operate("flatten", (array,), {"start": 0, "end": -1}, application.place, array.library)
        axis = 0
    if axis >= MAXIMUM_AXES or (array.shape is not None and not -len(array.shape) <= axis < len(array.shape)):
        return application.unknown("an axis that the array does not have")
    if axis < 0:
        if array.shape is None:
            return operation(application, "gather", axis=axis)
        axis %= len(array.shape)
    full = Slice(Literal(None), Literal(None), Literal(None))
    return getitem(array, Tuple((*(full for _ in range(axis)), y)), application.place)


@makes("masked_fill")
def masked(application: Application) -> Value:
    """`x.masked_fill(mask, value)`: the value where the mask is true."""
    x, mask, value = (application.arguments.get(name) for name in ("x", "condition", "y"))
    inputs = [one or application.unknown("an argument that is not passed") for one in (mask, value, x)]
    return operate("where", inputs, {}, application.place, "torch")


@makes("where_self")
def where_self(application: Application) -> Value:
    """`x.where(condition, other)`."""
    x, condition, other = (application.arguments.get(name) for name in ("x", "condition", "y"))
    inputs = [one or application.unknown("an argument that is not passed") for one in (condition, x, other)]
    return operate("where", inputs, {}, application.place, "torch")


@makes("where")
def where(application: Application) -> Value:
    """`where(condition, x, y)`; with a condition alone the indices where it holds."""
    if "x" in application.arguments and "y" in application.arguments:
        return operation(application)
    condition = application.arguments.get("condition")
    shape = None if condition is None else shape_of(condition)
    if condition is None or shape is None:
        return application.unknown("the indices where a condition holds")
    indices = known.between(0.0, None)
    library = application.row.library
    if library == "tensorflow":
        return Array("nonzero", (condition,), {}, (None, len(shape)), "int64", library, None, indices, place=application.place)
    one = Array("nonzero", (condition,), {}, (None,), "int64", library, None, indices, place=application.place)
    return Tuple((one,) * len(shape), application.place)


@makes("nonzero_rows")
def nonzero_rows(application: Application) -> Value:
    """`numpy.argwhere`: a row of indices for each entry that is not zero."""
    x = application.arguments.get("x")
    shape = None if x is None else shape_of(x)
    inputs = () if x is None else (x,)
    columns = None if shape is None else len(shape)
    return Array(
        "nonzero", inputs, {}, (None, columns), "int64", "numpy", None, known.between(0.0, None), place=application.place
    )


@makes("at_least_1")
def at_least_1(application: Application) -> Value:
    """A number becomes an array of one entry."""
    items = application.call.arguments.positional
    if len(items) != 1:
        return application.unknown("several arrays at once")
    array = as_array(items[0], application.place)
    if array is None or array.shape is None:
        return application.unknown("an array whose shape is not known")
    return operate("reshape", (array,), {"shape": (1,)}, application.place) if array.shape == () else array


@makes("at_least_2")
def at_least_2(application: Application) -> Value:
    """A number becomes a table of one entry, a column of numbers one row."""
    one = at_least_1(application)
    if not isinstance(one, Array) or one.shape is None or len(one.shape) != 1:
        return one
    return operate("expand_dims", (one,), {"axis": 0}, application.place)


@makes("cast_to")
def cast_to(application: Application) -> Value:
    """`x.float()`, `numpy.float32(x)`: the type that the function is named after."""
    x = application.arguments.get("x")
    name = application.row.name.rpartition(".")[2]
    target = dtypes.named(name, application.row.library) or "unknown"
    value = Literal(0) if x is None else x
    library = "torch" if application.row.library == "torch" else library_of(value)
    made = over_choices(lambda one: cast(one[0], target, application.place, library), (value,), application.place)
    if isinstance(made, Array) and made.data is not None and isinstance(value, Literal):
        return Literal(made.data.item(), application.place, value.origin, value.note)
    return made


@makes("reshape_as", "expand_as")
def shaped_as(application: Application) -> Value:
    """In the shape of another array."""
    x, y = application.arguments.get("x"), application.arguments.get("y")
    shape = None if y is None else shape_of(y)
    if x is None or shape is None:
        return operation(application, "gather") if x is not None else application.unknown("an array that is not passed")
    return operate(application.row.kind.removesuffix("_as"), (x,), {"shape": shape}, application.place, application.library)


@makes("copy_from")
def copied_into(application: Application) -> Value:
    """`x.copy_(y)`: what the array holds afterwards."""
    x, y = application.arguments.get("x"), application.arguments.get("y")
    array = None if y is None else as_array(y, application.place, "torch")
    if not isinstance(x, Array) or array is None:
        return x or application.unknown("an array that is not passed")
    return operate("expand", (array,), {"shape": x.shape, "dtype": x.dtype or "unknown"}, application.place, "torch")


@makes("torch_randint")
def torch_integers(application: Application) -> Value:
    """`torch.randint([low,] high, size)`: the shape is the last of the positional arguments."""
    bounds = list(known_items(application.arguments.get("bounds")) or ())
    given = application.arguments.get("shape")
    if given is None and bounds:
        given = bounds.pop()
    named = {name: application.arguments[name] for name in ("low", "high") if name in application.arguments}
    low, high = named.get("low"), named.get("high")
    if len(bounds) == 2:
        low, high = bounds
    elif len(bounds) == 1 and high is None:
        high = bounds[0]
    first = integer(low.value) if isinstance(low, Literal) else 0 if low is None else None
    last = integer(high.value) if isinstance(high, Literal) else None
    statistics = drawn_whole_numbers(first, None if last is None else last - 1)
    attributes = {"distribution": "integers", "low": first, "high": None if last is None else last - 1}
    dtype = application.dtype() or "int64"
    shape = shape_argument(given)
    return finished(
        application, Array("random", (), attributes, shape, dtype, "torch", None, statistics, place=application.place)
    )


@makes("glu")
def gated(application: Application) -> Value:
    """One half of the axis times the sigmoid of the other."""
    made = operation(application, "gather")
    x, axis = application.arguments.get("x"), integer(application.value("axis"))
    if not isinstance(made, Array) or not isinstance(x, Array) or x.shape is None or axis is None:
        return made
    axes = axes_of((axis,), len(x.shape))
    if axes is None:
        return made
    halves: Shape = tuple(one // 2 if one is not None and index in axes else one for index, one in enumerate(x.shape))
    return replace(made, op="glu", shape=halves, dtype=x.dtype, statistics=UNKNOWN_STATISTICS)


@makes("pad")
def padded(application: Application) -> Value:
    """`torch.nn.functional.pad(x, (left, right, top, bottom, ...))`: pairs from the last axis on."""
    x, widths = application.arguments.get("x"), application.value("pad")
    made = operation(application, "resize")
    if not isinstance(made, Array) or not isinstance(x, Array) or x.shape is None or not isinstance(widths, tuple):
        return made
    numbers = [integer(one) for one in widths]
    if len(numbers) % 2 or len(numbers) > 2 * len(x.shape):
        return made
    extents = list(x.shape)
    for pair in range(len(numbers) // 2):
        before, after, extent = numbers[2 * pair], numbers[2 * pair + 1], extents[-1 - pair]
        extents[-1 - pair] = None if before is None or after is None or extent is None else extent + before + after
    value = application.number("value") or 0.0
    statistics = known.between(x.statistics.low, x.statistics.high)
    bounds = known.hull((statistics, known.between(value, value)), (None, None)) if statistics.known != "unknown" else statistics
    return replace(made, op="zero_pad", shape=tuple(extents), dtype=x.dtype, statistics=bounds)


@makes("size", "shape")
def shape_or_extent(application: Application) -> Value:
    """`x.size()`, `x.size(0)`, `tf.shape(x)`."""
    x, axis = application.arguments.get("x"), application.arguments.get("axis")
    if not isinstance(x, Array):
        return application.unknown("the shape of something that is not known")
    whole = shape_value(x)
    if axis is None or isinstance(whole, Array):
        return whole
    number = integer(axis.value) if isinstance(axis, Literal) else None
    items = known_items(whole) or ()
    if number is None or not -len(items) <= number < len(items):
        return application.unknown("an extent of an array")
    return items[number]


def shape_value(x: Array) -> Value:
    """The shape as a tuple of numbers; an extent that is not known is an Array with op "dimension"."""
    if x.shape is None:
        return Array("shape", (x,), {}, (None,), "int64", x.library, None, known.between(0.0, None), detached=True, place=x.place)
    return Tuple(tuple(dimension(x, axis) for axis in range(len(x.shape))), x.place)


def dimension(x: Array, axis: int) -> Value:
    """One extent of an array."""
    extent = x.shape[axis] if x.shape is not None else None
    if extent is not None:
        return Literal(extent, x.place)
    return Array("dimension", (x,), {"axis": axis}, (), "int64", "numpy", None, known.between(0.0, None), place=x.place)


@makes("numel")
def entries(application: Application) -> Value:
    """The number of entries."""
    x = application.arguments.get("x")
    count = limits.size(shape_of(x)) if x is not None else None
    return application.unknown("the number of entries of an array") if count is None else Literal(count, application.place)


@makes("ndim")
def rank(application: Application) -> Value:
    """The number of axes."""
    x = application.arguments.get("x")
    shape = None if x is None else shape_of(x)
    return application.unknown("the number of axes of an array") if shape is None else Literal(len(shape), application.place)


@makes("item")
def number(application: Application) -> Value:
    """`x.item()`: the number itself where it is known, else the array cut from the graph."""
    x = application.arguments.get("x")
    if not isinstance(x, Array):
        return application.unknown("the number in something that is not known")
    if x.data is not None and x.data.size == 1:
        return Literal(x.data.item(), application.place)
    made = operate("detach", (x,), {}, application.place, x.library)
    attributes = {**made.attributes, "number": True}
    return replace(made, attributes=attributes, shape=(), data=None, statistics=known.part(x.statistics), detached=made.symbolic)


MAXIMUM_LIST = 1_000


@makes("tolist")
def as_list(application: Application) -> Value:
    """Nested lists of the entries."""
    x = application.arguments.get("x")
    if not isinstance(x, Array) or x.data is None or x.data.size > MAXIMUM_LIST:
        return application.unknown("the entries of an array that are not known")
    return _listed(x.data.tolist(), application)


def _listed(value: object, application: Application) -> Value:
    if isinstance(value, list):
        return List({"items": Tuple(tuple(_listed(one, application) for one in value))}, application.place)
    return Literal(value if isinstance(value, bool | int | float | complex) else None, application.place)
