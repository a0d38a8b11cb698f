"""What passes through the layers and losses of a step: inputs, targets, activations, the loss's name."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...protocol import Range, Units
from .vectors import array

MOST_VALUES = 20_000_000
BOUNDED = {
    "sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
RECTIFIED = frozenset({"relu", "relu6"})
ACTIVATION_LAYERS = {"ReLU": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh"}
NEAR = 0.005  # of a bound's range: closer than that for every row, the unit passes on no gradient to speak of
OF_CLASSES = ("crossentropy", "cross_entropy", "hinge")


class Seen:
    """Collected during one step, from the outermost layer call and every call of a loss."""

    def __init__(self) -> None:
        self.models: list[Any] = []
        self.inputs: list[Range] = []
        self.targets: list[Range] = []
        self.units: dict[str, Units] = {}
        self.loss_names: list[str] = []
        self.classes: int | None = None
        self.rows: int | None = None

    def model(self, layer: Any, inputs: Any) -> None:
        """The outermost call of a layer with what it is given."""
        if not any(one is layer for one in self.models):
            self.models.append(layer)
            arrays = leaves(inputs)
            self.inputs.extend(ranges(arrays))
            if self.rows is None and arrays and arrays[0].ndim:
                self.rows = int(arrays[0].shape[0])

    def layer(self, layer: Any, output: Any) -> None:
        """The output of a layer with an activation: dead and saturated units."""
        kind = activation_of(layer)
        name = str(getattr(layer, "name", type(layer).__name__))
        if kind is None or name in self.units:
            return
        arrays = leaves(output)
        if arrays and arrays[0].ndim >= 2 and arrays[0].size:
            found = units(name, kind, arrays[0], getattr(layer, "data_format", None) == "channels_first")
            if found is not None:
                self.units[name] = found

    def loss(self, loss: Any, targets: Any, outputs: Any) -> None:
        """One call of a loss object."""
        name = str(getattr(getattr(loss, "fn", None), "__name__", None) or getattr(loss, "name", type(loss).__name__))
        self.loss_names.append(name)
        self.targets.extend(ranges(leaves(targets)))
        shapes = [one.shape for one in leaves(outputs)]
        if self.classes is None and any(word in name for word in OF_CLASSES) and shapes and shapes[0]:
            self.classes = 2 if "binary" in name or shapes[0][-1] == 1 else int(shapes[0][-1])


def activation_of(layer: Any) -> str | None:
    """The name of the layer's activation if its units can die or saturate."""
    kind = ACTIVATION_LAYERS.get(type(layer).__name__)
    if kind is None:
        kind = getattr(getattr(layer, "activation", None), "__name__", None)
    if hasattr(layer, "recurrent_activation") or hasattr(layer, "cell"):
        return None
    return kind if kind in RECTIFIED or kind in BOUNDED else None


def leaves(value: Any) -> list[Any]:
    """The arrays in a nest of lists, tuples and dicts; what is no array is left out."""
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]
    if isinstance(value, (list, tuple)) and not hasattr(value, "shape"):
        return [leaf for one in value for leaf in leaves(one)]
    if value is None or isinstance(value, (bool, str, bytes)):
        return []
    try:
        found = array(value)
    except (TypeError, ValueError, AttributeError, NotImplementedError):
        return []
    return [found] if found.dtype.kind in "fiub" else []


def ranges(arrays: list[Any]) -> list[Range]:
    """Each array's extent and moments over its finite entries."""
    return [range_of(one) for one in arrays if one.size and one.size <= MOST_VALUES]


def range_of(values: Any) -> Range:
    """One array's extent and moments over its finite entries."""
    dtype, shape = values.dtype.name, tuple(int(extent) for extent in values.shape)
    values = values.astype(np.float64) if values.size <= MOST_VALUES // 4 else values.astype(np.float32)
    finite = values[np.isfinite(values)]
    constant = 0
    if values.ndim >= 2 and values.shape[0] > 1:
        columns = values.reshape(values.shape[0], -1)
        constant = int(np.sum(np.all(columns == columns[:1], axis=0)))
    if not finite.size:
        return Range(shape, dtype, float("nan"), float("nan"), float("nan"), float("nan"), constant, int(values.size))
    return Range(
        shape=shape,
        dtype=dtype,
        low=float(finite.min()),
        high=float(finite.max()),
        mean=float(finite.mean()),
        second_moment=float(np.mean(np.square(finite))),
        constant_columns=constant,
        non_finite=int(values.size - finite.size),
    )


def units(name: str, kind: str, output: Any, channels_first: bool) -> Units | None:
    """The units (the entries of the channel axis) that are dead or saturated for all rows and places."""
    if channels_first and output.ndim > 2:
        output = np.moveaxis(output, 1, -1)
    rows = output.reshape(-1, output.shape[-1]).astype(np.float32)
    if rows.shape[0] < 2:
        return None
    if kind in RECTIFIED:
        return Units(name, rows.shape[1], dead=int(np.sum(np.all(rows <= 0, axis=0))))
    low, high = BOUNDED[kind]
    near = NEAR * (high - low)
    at_bound = (rows <= low + near) | (rows >= high - near)
    return Units(name, rows.shape[1], saturated=int(np.sum(np.all(at_bound, axis=0))))
