"""Methods and attributes of arrays: each method is the row of its class in `knowledge.operation_rows`."""

from __future__ import annotations

from dataclasses import replace

from trainlint.interpret.arrays import limits
from trainlint.interpret.arrays.derived import dimension, shape_value
from trainlint.interpret.arrays.functions import apply_row
from trainlint.interpret.arrays.nodes import over_choices
from trainlint.interpret.arrays.operators import operate
from trainlint.interpret.dispatch import METHODS, Arguments, Call, attribute, method
from trainlint.interpret.values import Array, LibraryMethod, Literal, Symbol, Unknown, Value
from trainlint.knowledge import find
from trainlint.knowledge.data_rows import ROWS as DATA_ROWS
from trainlint.knowledge.operation_rows import ROWS
from trainlint.knowledge.rows import Row

CLASSES = {
    "numpy": "numpy.ndarray",
    "torch": "torch.Tensor",
    "tensorflow": "tensorflow.Tensor",
    "keras": "tensorflow.Tensor",
    "pandas": "pandas.DataFrame",
}
"""The class of arrays of each library."""


def _method_names() -> frozenset[str]:
    """Every method that some row describes, and the in-place form of PyTorch's."""
    names: set[str] = set()
    for row in (*ROWS, *DATA_ROWS):
        for name in (row.name, *row.aliases):
            owner, _, method_name = name.rpartition(".")
            if owner in CLASSES.values():
                names.add(method_name)
                if owner == "torch.Tensor":
                    names.add(f"{method_name}_")
    return frozenset(names)


def row_of_method(library: str, name: str) -> Row | None:
    """The row of a method, of the array's own class first; `add_` is `add`."""
    own = CLASSES.get(library, "numpy.ndarray")
    for owner in (own, *(one for one in CLASSES.values() if one != own)):
        found = find(f"{owner}.{name}")
        if found is None and owner == "torch.Tensor" and name.endswith("_"):
            found = find(f"{owner}.{name[:-1]}")
        if found is not None:
            return found
    return None


def call_method(call: Call) -> Value:
    """A method of an array: its row applied to the receiver and the arguments."""
    receiver = call.receiver
    row = row_of_method(receiver.library, call.name) if isinstance(receiver, Array) else None
    if row is None or receiver is None:
        return call.unknown(f"`{call.name}` of an array is not followed")
    given = call.arguments
    arguments = Arguments(
        (receiver, *given.positional),
        given.keywords,
        (receiver.place, *given.positional_places),
        given.keyword_places,
        given.complete,
    )
    made = apply_row(replace(call, arguments=arguments), row)
    if call.name.endswith("_") and not call.name.endswith("__") and isinstance(receiver, Array) and isinstance(made, Array):
        from trainlint.interpret.aliases import changed
        from trainlint.interpret.builtins import machine_of

        changed(machine_of(call), receiver, made)
    return made


for _name in _method_names():
    METHODS.setdefault(("array", _name), call_method)


@method("unknown", "min", "max", "std", "ptp")
def _extent_of_unknown(call: Call) -> Value:
    """`data.max()` of data of which nothing is known: still one number (or one a column) that data can be scaled by."""
    receiver, given = call.receiver, call.arguments
    if not isinstance(receiver, Unknown) or given.positional or not given.keywords.keys() <= {"axis", "keepdims"}:
        return call.unknown(receiver.why if isinstance(receiver, Unknown) else "nothing is known of it")
    return operate(call.name, (receiver,), {}, call.place)


@attribute("array", "shape")
def _shape(call: Call) -> Value:
    return shape_value(call.receiver) if isinstance(call.receiver, Array) else call.unknown("the shape of no array")


@attribute("array", "ndim")
def _rank(call: Call) -> Value:
    shape = call.receiver.shape if isinstance(call.receiver, Array) else None
    return call.unknown("the number of axes of an array") if shape is None else Literal(len(shape), call.place)


@attribute("array", "size")
def _size(call: Call) -> Value:
    """NumPy's number of entries; PyTorch's method."""
    receiver = call.receiver
    if isinstance(receiver, Array) and receiver.library == "torch":
        return LibraryMethod(receiver, "size", call.place)
    count = limits.size(receiver.shape) if isinstance(receiver, Array) else None
    return call.unknown("the number of entries of an array") if count is None else Literal(count, call.place)


@attribute("array", "dtype")
def _dtype(call: Call) -> Value:
    receiver = call.receiver
    if not isinstance(receiver, Array) or receiver.dtype is None:
        return call.unknown("the element type of an array")
    library = "tensorflow" if receiver.library == "keras" else receiver.library
    return Symbol(f"{library}.{receiver.dtype}", f"{library}.{receiver.dtype}", call.place)


@attribute("array", "T", "mT", "H")
def _transposed(call: Call) -> Value:
    attributes: dict[str, object] = {} if call.name != "mT" else {"first": -2, "second": -1}
    if call.receiver is None:
        return call.unknown("the transpose of nothing")
    op = "swapaxes" if attributes else "transpose"
    return over_choices(
        lambda one: operate(op, one, attributes, call.place, one[0].library if isinstance(one[0], Array) else "numpy"),
        (call.receiver,),
        call.place,
    )


@attribute("array", "real", "flat")
def _same(call: Call) -> Value:
    return call.receiver or call.unknown("an attribute of nothing")


@attribute("array", "values")
def _values(call: Call) -> Value:
    """The array in a data frame."""
    return replace(call.receiver, library="numpy") if isinstance(call.receiver, Array) else call.unknown("no data frame")


@attribute("array", "iloc", "loc")
def _indexer(call: Call) -> Value:
    """A data frame that is indexed by position, like an array."""
    return replace(call.receiver, library="numpy") if isinstance(call.receiver, Array) else call.unknown("no data frame")


@attribute("array", "is_cuda", "is_leaf", "is_sparse")
def _flag(call: Call) -> Value:
    return call.unknown(f"`{call.name}` of an array")


@attribute("array", "device")
def _device(call: Call) -> Value:
    return call.unknown("the device of an array")


@method("array", "__len__")
def _length(call: Call) -> Value:
    receiver = call.receiver
    if not isinstance(receiver, Array) or receiver.shape is None or not receiver.shape:
        return call.unknown("the length of an array")
    return dimension(receiver, 0)


@method("array", "__iter__")
def _iterated(call: Call) -> Value:
    return call.receiver or call.unknown("an iterator over nothing")
