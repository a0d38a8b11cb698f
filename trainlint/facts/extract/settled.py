"""Attributes of operations that fit batches of any size, where the script has them for its own."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from trainlint.facts.extract.losses import LOSS_OPS
from trainlint.interpret import values as v

HIDDEN = frozenset({"literal", "layer", "loss", "name", "initializer", "identity", "given_state"})
"""Attributes of arrays that are the interpreter's own, not the operation's."""


def own_attributes(array: v.Array) -> Mapping[str, Any]:
    """The attributes of an array that say what its operation does."""
    return {key: value for key, value in array.attributes.items() if key not in HIDDEN}


def settled(array: v.Array, batches: Container[int]) -> Mapping[str, Any]:
    """The attributes of an operation; a softmax without an axis gets the one that PyTorch then takes (`_get_softmax_dim`).

    `batches` are the rows that the script's mini-batches have.
    """
    own = own_attributes(array)
    if array.op in LOSS_OPS and "reduction" not in own:
        return {**own, "reduction": "none"}
    if array.op in ("softmax", "log_softmax") and own.get("axis") is None:
        rank = len(array.shape) if array.shape is not None else 2
        return {**own, "axis": 0 if rank in (0, 1, 3) else 1}
    if array.op == "reshape":
        return {**own, "shape": _for_any_rows(own.get("shape"), array)}
    if array.op in REPEATING:
        return {**own, REPEATING[array.op]: _to_any_rows(own.get(REPEATING[array.op]), array, batches)}
    return own


REPEATING = {"expand": "shape", "tile": "repeats"}
"""Operations that repeat an array, and the attribute with what they make of each axis."""


def _for_any_rows(wanted: object, made: v.Array) -> object:
    """A new shape that fits batches of other sizes too: `x.view(x.size(0), -1)` gives (None, -1), None for the rows of x."""
    given = made.inputs[0] if made.inputs else None
    rows = given.shape[0] if isinstance(given, v.Array) and given.shape else None
    if not isinstance(wanted, tuple | list) or not wanted or not isinstance(wanted[0], int) or not rows or rows == 1:
        return wanted
    if wanted[0] == rows:
        return (None, *wanted[1:])
    rest = made.shape[1:] if made.shape else ()
    return (-1, *rest) if wanted[0] % rows == 0 and None not in rest else wanted


def _to_any_rows(wanted: object, made: v.Array, batches: Container[int]) -> object:
    """What repeats an array for all rows of a batch: `token.expand(x.size(0), -1, -1)` gives (None, -1, -1)."""
    given = made.inputs[0] if made.inputs else None
    if not isinstance(given, v.Array) or given.shape is None or not made.shape or not isinstance(wanted, tuple | list):
        return wanted
    rows = made.shape[0]
    one_row = len(given.shape) < len(made.shape) or given.shape[0] == 1
    for_batch = rows is not None and rows > 1 and rows in batches and len(wanted) == len(made.shape)
    return (None, *wanted[1:]) if for_batch and (one_row or (given.shape[0] == rows and made.op == "expand")) else wanted
