"""Functions of NumPy that follow rules of their own."""

from __future__ import annotations

from dataclasses import replace

from trainlint.interpret.aliases import changed
from trainlint.interpret.arrays import dtypes, statistics as known
from trainlint.interpret.arrays.functions import Application, makes, operation
from trainlint.interpret.arrays.operators import operate
from trainlint.interpret.builtins import machine_of
from trainlint.interpret.dispatch import Call, function, method
from trainlint.interpret.values import NONE, UNKNOWN_STATISTICS, Array, Value


@makes("float_abs", "float_round", "float_power")
def in_floating_point(application: Application) -> Value:
    """NumPy's functions that give floating point numbers of whole ones too."""
    made = operation(application, application.row.kind.removeprefix("float_"))
    target = dtypes.floating(made.dtype, "numpy") if isinstance(made, Array) else None
    return made if target is None else operate("cast", (made,), {"dtype": target}, application.place)


@makes("fill", "sort_in_place")
def in_place(application: Application) -> Value:
    """`x.fill(0)`, `x.sort()`: every name of the array sees the change; None comes back."""
    x, value = application.arguments.get("x"), application.arguments.get("value")
    if isinstance(x, Array) and application.row.kind == "sort_in_place":
        made = operate("sort", (x,), {"axis": application.value("axis")}, application.place, x.library)
        changed(machine_of(application.call), x, made)
    elif isinstance(x, Array) and value is not None:
        settings = {"shape": x.shape, "dtype": x.dtype or "unknown"}
        changed(machine_of(application.call), x, operate("expand", (value,), settings, application.place, x.library))
    return NONE


@method("array", "put", "partition", "itemset")
@function("numpy.put", "numpy.copyto", "numpy.place", "numpy.putmask", "numpy.fill_diagonal")
def _changed_somewhere(call: Call) -> Value:
    """Functions that write into an array: its entries are not known afterwards."""
    x = call.receiver or call.argument(0)
    if isinstance(x, Array):
        changed(machine_of(call), x, replace(x, op="setitem", inputs=(x,), data=None, statistics=UNKNOWN_STATISTICS))
    return NONE


@makes("view")
def view(application: Application) -> Value:
    """`x.view()` is the array; with a type its memory is read as something else."""
    x = application.arguments.get("x")
    return x if x is not None and "dtype" not in application.arguments else application.unknown("memory read as another type")


@makes("average")
def average(application: Application) -> Value:
    """`numpy.average`: the mean; with weights a number in the range of the entries."""
    x, weights = application.arguments.get("x"), application.value("weights")
    if application.value("returned") not in (None, False):
        return application.unknown("an average with its sum of weights")
    made = operation(application, "mean")
    if weights is None or not isinstance(made, Array):
        return made
    held = x.statistics if isinstance(x, Array) else UNKNOWN_STATISTICS
    return replace(made, op="average", data=None, statistics=known.between(held.low, held.high))
