"""Library layers as operations of `facts.graph`: one vocabulary of attributes for both libraries.

Rows of `knowledge` already carry one canonical name for each parameter. What differs in meaning is settled here:

padding      "valid", "same", "causal" or one (low, high) pair for each spatial axis; PyTorch's 0 is "valid"
strides      one number for each spatial axis; pools without strides step by their own size
data_format  "channels_last" or "channels_first" (always so in PyTorch)
axis         as in NumPy; a softmax without one works on the last axis
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from trainlint.core import Unknown
from trainlint.facts.extract.scalars import passed, plain_setting, whole
from trainlint.interpret import values as v
from trainlint.interpret.torch.networks import ends_linear

_CONV = "kernel_size strides padding dilation|dilation_rate "
_RNN = "units return_sequences return_state bidirectional num_layers use_bias batch_first go_backwards stateful"
_GATED = _RNN + " activation recurrent_activation"
_NORM = "axis epsilon center scale affine"
_TABLE = {
    "dense": "units use_bias",
    "conv": _CONV + "filters groups use_bias",
    "conv_transpose": _CONV + "filters output_padding groups use_bias",
    "depthwise_conv": _CONV + "depth_multiplier use_bias",
    "separable_conv": _CONV + "filters depth_multiplier use_bias",
    "embedding_bag": "rows units mode padding_idx",
    "bilinear": "in1_features in2_features units use_bias",
    "prelu": "num_parameters init shared_axes",
    "rnn_cell": "units input_size use_bias nonlinearity|activation",
    "lstm_cell": "units input_size use_bias",
    "gru_cell": "units input_size use_bias",
    "embedding": "rows|input_dim units|output_dim padding_idx mask_zero",
    "lstm": _GATED + " unit_forget_bias proj_size",
    "gru": _GATED + " reset_after",
    "simple_rnn": _RNN + " nonlinearity|activation",
    "attention": "units heads|num_heads key_dim value_dim use_bias batch_first output_shape attention_axes use_gate kdim vdim "
    "add_bias_kv add_zero_attn",
    "batch_norm": _NORM + " momentum",
    "layer_norm": _NORM + " normalized_shape",
    "group_norm": _NORM + " groups",
    "instance_norm": _NORM,
    "rms_norm": _NORM,
    "normalization": "axis mean variance",
    "einsum_dense": "equation output_shape bias_axes",
    "conv_lstm": _CONV + "filters use_bias return_sequences go_backwards stateful unit_forget_bias activation "
    "recurrent_activation",
    "max_pool": "pool_size strides padding dilation",
    "average_pool": "pool_size strides padding",
    "adaptive_average_pool": "output_size",
    "adaptive_max_pool": "output_size",
    "global_average_pool": "keepdims",
    "global_max_pool": "keepdims",
    "dropout": "rate",
    "upsample": "size scale_factor interpolation|mode align_corners",
    "zero_pad": "padding",
    "cropping": "cropping",
    "dot": "axes normalize",
    "reshape": "shape|target_shape",
    "softmax": "axis",
    "log_softmax": "axis",
    "leaky_relu": "alpha|negative_slope",
    "elu": "alpha",
    "relu": "max_value negative_slope threshold",
    "concatenate": "axis",
    "rescaling": "scale offset",
    "flatten": "start_dim end_dim",
}
ATTRIBUTES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    op: tuple(tuple(one.split("|")) for one in names.split()) for op, names in _TABLE.items()
}
"""Attributes of each operation: the attribute first, then the other parameter names that libraries have for it."""

NOT_ATTRIBUTES = frozenset({"device", "dtype", "name", "trainable", "inplace", "input_shape", "batch_input_shape", "weights"})
"""Parameters that do not change what a layer computes."""

CONVOLUTIONS = frozenset({"conv", "conv_transpose", "depthwise_conv", "separable_conv"})
POOLS = frozenset({"max_pool", "average_pool", "global_average_pool", "global_max_pool"})
SPATIAL = (
    CONVOLUTIONS | POOLS | {*("upsample", "zero_pad", "cropping", "conv_lstm", "adaptive_average_pool", "adaptive_max_pool")}
)
EXTENTS = frozenset({"units", "filters", "rows"})
PER_AXIS = ("kernel_size", "strides", "dilation", "pool_size")
RECURRENT = frozenset({"lstm", "gru", "simple_rnn"})
CELLS = frozenset({"lstm_cell", "gru_cell", "rnn_cell"})

ACTIVATIONS = frozenset(
    {
        "relu", "sigmoid", "tanh", "softmax", "log_softmax", "leaky_relu", "elu", "selu", "gelu", "swish", "softplus", "softsign",
        "hard_sigmoid", "relu6", "mish", "linear", "exponential", "celu", "hard_swish", "hard_tanh", "log_sigmoid", "glu",
        "hard_shrink", "soft_shrink", "tanh_shrink", "threshold", "softmin", "rrelu",
    }
)  # fmt: skip
"""Operations without parameters that a layer may take as its activation."""

ACTIVATION_NAMES = {
    "silu": "swish",
    "identity": "linear",
    "exp": "exponential",
    "hardsigmoid": "hard_sigmoid",
    "logsoftmax": "log_softmax",
}
"""Other names of activations."""

NAMED_ATTRIBUTES: Mapping[str, Mapping[str, Any]] = {
    "softmax": {"axis": -1},
    "log_softmax": {"axis": -1},
    "leaky_relu": {"alpha": 0.2},
}
"""Attributes of activations given by name (`keras.activations`)."""

SYNONYMS = {"identity": "linear", "activation": "linear", "softmax2d": "softmax"}
"""Kinds of layers that are an operation of another name."""


MAXIMUM_WRAPPING = 8


class Activation(NamedTuple):
    """The activation that a layer ends in: an operation (`custom` for a function of the script) and its attributes."""

    op: str
    attributes: Mapping[str, Any]


class Operation(NamedTuple):
    """A layer as an operation: its name in the graph, its attributes, and the activation that follows (None for linear)."""

    op: str
    attributes: dict[str, Any]
    activation: Activation | None


def operation(layer: v.Object, era: str, depth: int = 0) -> Operation:
    """What a library layer computes. `depth` counts the layers around it, since a script may wrap a layer in itself."""
    kind = layer.row.kind
    if depth > MAXIMUM_WRAPPING:
        return Operation("custom", {"name": kind}, None)
    activation = _activation(layer, era, depth)
    if kind == "activation":
        return Operation(activation.op if activation else "linear", dict(activation.attributes) if activation else {}, None)
    wrapped = _wrapped(layer, era, depth)
    if wrapped is not None:
        return wrapped
    op = SYNONYMS.get(kind, kind)
    attributes = _attributes(layer, op, era)
    if op == "adaptive_average_pool" and set(_flat(attributes.get("output_size"))) == {1}:
        op, attributes = "global_average_pool", {**attributes, "keepdims": True, "data_format": "channels_first"}
    if op == "normalization" and "adapted" in layer.cells:
        attributes["adapted"] = True
    if op == "relu":
        op, attributes = _relu(attributes)
    if kind == "augmentation":
        attributes["name"] = layer.row.name.rpartition(".")[2]
    if kind == "backbone":
        attributes["name"] = layer.row.name.rpartition(".")[2]
        attributes["pretrained"] = plain_setting(layer, era, "weights", "pretrained")
        attributes["frozen"] = is_frozen(layer)
        if layer.row.library != "keras" and ends_linear(layer):
            attributes["ends"] = "linear"
    if op in RECURRENT | CELLS | ACTIVATIONS or op == "conv_lstm":
        activation = None
    return Operation(op, attributes, activation)


def is_frozen(layer: v.Object) -> bool:
    """Whether the script takes a layer's weights out of the training."""
    held = (passed(layer, "trainable"), layer.cells.get("requires_grad"))
    return any(isinstance(one, v.Literal) and one.value is False for one in held)


def _attributes(layer: v.Object, op: str, era: str) -> dict[str, Any]:
    entries = ATTRIBUTES.get(op)
    if entries is None:
        given = [one.name for one in layer.row.parameters if not one.variadic and one.name in layer.arguments]
        entries = tuple((name,) for name in given if name not in NOT_ATTRIBUTES)
    attributes: dict[str, Any] = {}
    for names in entries:
        value = plain_setting(layer, era, *names)
        if value is not None:
            attributes[names[0]] = _extent(value) if names[0] in EXTENTS else value
    if op in SPATIAL:
        _settle_space(layer, op, attributes, era)
    if op in ("softmax", "log_softmax") and "axis" not in attributes:
        attributes["axis"] = -3 if layer.row.kind == "softmax2d" else -1
    if op in RECURRENT | CELLS:
        _settle_recurrence(layer, op, attributes)
    if op == "reshape" and layer.row.library == "keras" and isinstance(attributes.get("shape"), tuple):
        attributes["shape"] = (None, *attributes["shape"])
    return attributes


def _extent(value: object) -> object:
    """A number of units or the like as it stands; none that no library takes."""
    return value if isinstance(value, Unknown) or whole(value) is not None else Unknown("no size that a layer can have")


def _settle_recurrence(layer: v.Object, op: str, attributes: dict[str, Any]) -> None:
    """PyTorch gives back all steps, and adds one bias to the input's product and one to the state's; so does Keras' GRU."""
    torch = layer.row.library == "torch"
    if torch:
        attributes["return_sequences"] = True
    if torch or (op == "gru" and attributes.get("reset_after") is not False):
        attributes["biases"] = 2


def _relu(attributes: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Keras' `ReLU` layer with its bounds: relu, relu6, leaky_relu, or custom for other bounds."""
    bound, slope, threshold = (attributes.get(name) or 0 for name in ("max_value", "negative_slope", "threshold"))
    if threshold != 0 or (bound and (bound != 6 or slope)):
        return "custom", {"name": "relu", **attributes}
    if bound:
        return "relu6", {}
    return ("leaky_relu", {"alpha": slope}) if slope else ("relu", {})


def _settle_space(layer: v.Object, op: str, attributes: dict[str, Any], era: str) -> None:
    """Give every spatial attribute one entry for each axis, and the data format."""
    dimensions = dimensions_of(layer)
    if op in ("max_pool", "average_pool") and attributes.get("strides") is None:
        attributes["strides"] = attributes.get("pool_size")
    if dimensions is not None:
        attributes["dimensions"] = dimensions
        for name in PER_AXIS:
            if name in attributes:
                attributes[name] = per_axis(attributes[name], dimensions)
    if layer.row.library == "torch":
        attributes["data_format"] = "channels_first"
        if op == "upsample":
            _settle_upsampling(layer, attributes)
        if "padding" in attributes and op != "zero_pad":
            attributes["padding"] = _torch_padding(attributes["padding"], dimensions)
        return
    written = plain_setting(layer, era, "data_format")
    attributes["data_format"] = written if isinstance(written, str) else "channels_last"


def _settle_upsampling(layer: v.Object, attributes: dict[str, Any]) -> None:
    """PyTorch's `size` is what comes out, not a factor; one class of each interpolation has none as a setting."""
    if "size" in attributes:
        attributes["extents"] = attributes.pop("size")
    if layer.row.name.endswith("UpsamplingBilinear2d"):
        attributes.update(interpolation="bilinear", align_corners=True)


def dimensions_of(layer: v.Object) -> int | None:
    """The number of spatial axes: the digit in `Conv2D`, `MaxPool1d`."""
    found = re.search(r"([123])[dD]", layer.row.name.rpartition(".")[2])
    return int(found[1]) if found else None


def per_axis(value: Any, dimensions: int) -> Any:
    """One number for each axis from one number or a tuple of them; anything else as it is."""
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,) * dimensions
    return value * dimensions if isinstance(value, tuple) and len(value) == 1 else value


def _torch_padding(value: Any, dimensions: int | None) -> Any:
    if isinstance(value, str) or dimensions is None:
        return value
    sides = per_axis(value, dimensions)
    if not isinstance(sides, tuple) or not all(isinstance(one, int) for one in sides):
        return Unknown("the padding is not known", None)
    return "valid" if not any(sides) else tuple((one, one) for one in sides)


def _flat(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _wrapped(layer: v.Object, era: str, depth: int) -> Operation | None:
    """The operation inside of `TimeDistributed` and `Bidirectional`."""
    if layer.row.kind not in ("time_distributed", "bidirectional"):
        return None
    inner = passed(layer, "layer")
    if not isinstance(inner, v.Object) or inner.row.makes != "layer":
        return Operation("custom", {"name": layer.row.kind}, None)
    found = operation(inner, era, depth + 1)
    if layer.row.kind == "bidirectional":
        return found._replace(attributes={**found.attributes, "bidirectional": True})
    if found.op in ("dense", "dropout", "linear"):
        return found
    return Operation("time_distributed", {**found.attributes, "layer": found.op}, found.activation)


def weighted_layer(layer: v.Object) -> v.Object:
    """The layer that owns the weights: the inner one of a wrapper."""
    if layer.row.kind in ("time_distributed", "bidirectional"):
        inner = passed(layer, "layer")
        if isinstance(inner, v.Object) and inner is not layer:
            return inner
    return layer


def _activation(layer: v.Object, era: str, depth: int) -> Activation | None:
    if layer.row.parameter("activation") is None and "activation" not in layer.arguments:
        return None
    value = passed(layer, "activation")
    if value is None:
        default = layer.row.default("activation", era)
        return activation_named(default) if isinstance(default, str) else None
    return activation(value, era, depth)


def activation(value: v.Value, era: str, depth: int = 0) -> Activation | None:
    """The activation that an argument names: a string, a library function or layer, or a function of the script."""
    if isinstance(value, v.Literal):
        return activation_named(value.value) if isinstance(value.value, str) else None
    if isinstance(value, v.Symbol):
        return activation_named(value.name.rpartition(".")[2])
    if isinstance(value, v.Object) and value.row.makes == "layer":
        found = operation(value, era, depth + 1)
        return None if found.op == "linear" else Activation(found.op, found.attributes)
    name = value.name if isinstance(value, v.Function) else ""
    return Activation("custom", {"name": name})


def activation_named(name: str) -> Activation | None:
    """The activation of a name; None for linear."""
    op = name.lower()
    op = ACTIVATION_NAMES.get(op, op)
    if op == "linear":
        return None
    if op not in ACTIVATIONS:
        return Activation("custom", {"name": name})
    return Activation(op, NAMED_ATTRIBUTES.get(op, {}))


def width(attributes: Mapping[str, Any]) -> int | None:
    """Units or filters."""
    return whole(attributes.get("units", attributes.get("filters")))
