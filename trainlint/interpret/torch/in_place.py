"""Tensors whose entries are written anew in place: whatever holds such a tensor holds what it has become."""

from __future__ import annotations

from trainlint.interpret.aliases import changed
from trainlint.interpret.builtins import machine_of
from trainlint.interpret.dispatch import METHODS, Call, method
from trainlint.interpret.values import NONE, Array, Value

DRAWN = ("exponential_", "geometric_", "log_normal_", "cauchy_")
"""Methods that fill a tensor with random numbers."""

MOVED_IN = (
    *("scatter_", "scatter_add_", "scatter_reduce_", "index_add_", "index_put_", "index_copy_", "index_fill_", "masked_fill_"),
    *("masked_scatter_", "fill_diagonal_", "put_", "map_", "apply_", "set_", "resize_"),
)
"""Methods that put numbers of elsewhere into a tensor."""


@method("array", *(name for name in (*DRAWN, *MOVED_IN) if ("array", name) not in METHODS))
def _filled(call: Call) -> Value:
    """`noise.exponential_()`, `table.scatter_(1, labels, 1)`: numbers where the script only made room for them."""
    array = call.receiver
    if not isinstance(array, Array) or array.symbolic:
        return array or NONE
    op, shape = "random" if call.name in DRAWN else "data", None if call.name in ("resize_", "set_") else array.shape
    made = Array(op, (), {"source": "filled in place"}, shape, array.dtype, "torch", place=call.place)
    changed(machine_of(call), array, made)
    return made
