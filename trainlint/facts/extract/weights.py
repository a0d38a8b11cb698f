"""The trainable tensors of library layers: shapes, initialisers by library default, penalties, and which layers share them.

Kernels have one orientation in both libraries, that of Keras: dense (in, units), convolution (*kernel_size, in / groups,
filters), transposed convolution (*kernel_size, filters, in), depthwise (*kernel_size, in, multiplier), embedding (rows, units),
recurrent (in, gates * units) and (units, gates * units). PyTorch's own tensors are transposed to that.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from trainlint.facts.extract.initializers import UNKNOWN_INITIALIZER, initializer, named_initializer, regularizer_l2
from trainlint.facts.extract.layers import CONVOLUTIONS, RECURRENT, is_frozen, operation, weighted_layer, width
from trainlint.facts.extract.scalars import items_of, passed, plain_setting, whole
from trainlint.facts.graph import Initializer, Parameter, Shape
from trainlint.interpret import values as v

GATES = {"lstm": 4, "gru": 3, "simple_rnn": 1, "lstm_cell": 4, "gru_cell": 3, "rnn_cell": 1}


class Slot(NamedTuple):
    """One weight of a layer: its name, shape, the Keras argument of its initialiser, the default kinds, and its fan-in.

    `fans` are (fan_in, fan_out) as the library's own layout of the weight has them, where they do not follow from `shape`.
    `start` is the default where it has numbers of its own.
    """

    name: str
    shape: tuple[int | None, ...] | None
    keras_default: str
    torch_default: str
    fan_in: int | None = None
    fans: tuple[int, int] | None = None
    start: Initializer | None = None


def slots(op: str, attributes: Mapping[str, Any], input_shape: Shape | None) -> tuple[Slot, ...]:
    """The weights of an operation whose input has this shape."""
    make = _SLOTS.get(op)
    return make(op, attributes, input_shape) if make is not None else ()


def _channels(op: str, attributes: Mapping[str, Any], shape: Shape | None) -> int | None:
    if not shape:
        return None
    if attributes.get("data_format") == "channels_first" and len(shape) > 1 and op != "dense":
        return shape[1]
    return shape[-1]


def _biased(attributes: Mapping[str, Any], kernels: tuple[Slot, ...], units: int | None) -> tuple[Slot, ...]:
    if attributes.get("use_bias", True) is False:
        return kernels
    return (*kernels, Slot("bias", (units,), "zeros", kernels[0].torch_default, kernels[0].fan_in))


def _dense(op: str, attributes: Mapping[str, Any], shape: Shape | None) -> tuple[Slot, ...]:
    rows, units = attributes.get("in_features") or _channels(op, attributes, shape), width(attributes)
    return _biased(attributes, (Slot("kernel", (rows, units), "glorot_uniform", "torch_default", rows),), units)


def _convolution(op: str, attributes: Mapping[str, Any], shape: Shape | None) -> tuple[Slot, ...]:
    channels = attributes.get("in_channels") or _channels(op, attributes, shape)
    filters, groups = width(attributes), whole(attributes.get("groups", 1)) or 1
    kernel = _extents(attributes.get("kernel_size"))
    if kernel is None:
        return _biased(attributes, (Slot("kernel", None, "glorot_uniform", "torch_default"),), filters)
    area = math.prod(kernel)
    if op == "conv":
        inner = None if channels is None else channels // groups
        fan = None if inner is None else inner * area
        return _biased(attributes, (Slot("kernel", (*kernel, inner, filters), "glorot_uniform", "torch_default", fan),), filters)
    if op == "conv_transpose":
        outer = None if filters is None else filters // groups
        fan = None if outer is None else outer * area
        slot = Slot("kernel", (*kernel, outer, channels), "glorot_uniform", "torch_default", fan)
        return _biased(attributes, (slot,), filters)
    multiplier = whole(attributes.get("depth_multiplier", 1)) or 1
    spread = None if channels is None else channels * multiplier
    depthwise = Slot("depthwise_kernel", (*kernel, channels, multiplier), "glorot_uniform", "torch_default", area)
    if op == "depthwise_conv":
        return _biased(attributes, (depthwise,), spread)
    pointwise = Slot("pointwise_kernel", (*(1,) * len(kernel), spread, filters), "glorot_uniform", "torch_default", spread)
    return _biased(attributes, (depthwise, pointwise), filters)


def _extents(value: Any) -> tuple[int, ...] | None:
    if not isinstance(value, tuple):
        return None
    extents = tuple(whole(one) for one in value)
    return tuple(one for one in extents if one is not None) if None not in extents else None


def _embedding(_op: str, attributes: Mapping[str, Any], _shape: Shape | None) -> tuple[Slot, ...]:
    return (Slot("embeddings", (whole(attributes.get("rows")), width(attributes)), "uniform", "normal"),)


def _recurrent(op: str, attributes: Mapping[str, Any], shape: Shape | None) -> tuple[Slot, ...]:
    units, gates = width(attributes), GATES[op]
    rows = attributes.get("input_size") or _channels(op, {}, shape)
    depth, both = whole(attributes.get("num_layers", 1)) or 1, attributes.get("bidirectional") is True
    wide = None if units is None else gates * units
    found: list[Slot] = []
    for level in range(min(depth, 64)):
        for side in ("", "_reverse") if both else ("",):
            suffix = (f"_{level}" if level else "") + side
            found.append(Slot(f"kernel{suffix}", (rows, wide), "glorot_uniform", "torch_rnn", units))
            found.append(Slot(f"recurrent_kernel{suffix}", (units, wide), "orthogonal", "torch_rnn", units))
            if attributes.get("use_bias", True) is not False:
                extent = (2, wide) if attributes.get("biases") == 2 else (wide,)
                found.append(Slot(f"bias{suffix}", extent, "zeros", "torch_rnn", units))
        rows = None if units is None else units * (2 if both else 1)
    return tuple(found)


def _einsum_dense(_op: str, attributes: Mapping[str, Any], _shape: Shape | None) -> tuple[Slot, ...]:
    """Their shapes follow from the equation and the input."""
    found = (Slot("kernel", None, "glorot_uniform", "unknown"), Slot("bias", None, "zeros", "unknown"))
    return found if attributes.get("bias_axes") else found[:1]


def _conv_lstm(op: str, attributes: Mapping[str, Any], shape: Shape | None) -> tuple[Slot, ...]:
    window, filters = _extents(attributes.get("kernel_size")), width(attributes)
    wide = None if filters is None else 4 * filters
    kernels = tuple(
        Slot(name, None if window is None else (*window, rows, wide), default, "unknown")
        for name, rows, default in (
            ("kernel", _channels(op, {}, shape), "glorot_uniform"),
            ("recurrent_kernel", filters, "orthogonal"),
        )
    )
    return _biased(attributes, kernels, wide)


def _norm(op: str, attributes: Mapping[str, Any], shape: Shape | None) -> tuple[Slot, ...]:
    if attributes.get("affine", True) is False:
        return ()
    extent: tuple[int | None, ...] | None = (_norm_width(op, attributes, shape),)
    normalized = attributes.get("normalized_shape")
    if normalized is not None:
        extent = _extents(normalized if isinstance(normalized, tuple) else (normalized,))
    found = [Slot("gamma", extent, "ones", "ones")] if attributes.get("scale", True) is not False else []
    if attributes.get("center", True) is not False and op != "rms_norm":
        found.append(Slot("beta", extent, "zeros", "zeros"))
    return tuple(found)


def _norm_width(op: str, attributes: Mapping[str, Any], shape: Shape | None) -> int | None:
    known = attributes.get("channels")
    if isinstance(known, int):
        return known
    axis = attributes.get("axis", 1 if "affine" in attributes and op != "layer_norm" else -1)
    if not shape or isinstance(axis, bool) or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return None
    return shape[axis]


def _attention(_op: str, attributes: Mapping[str, Any], shape: Shape | None) -> tuple[Slot, ...]:
    model = width(attributes) or (shape[-1] if shape else None)
    heads, key = whole(attributes.get("heads", 1)), whole(attributes.get("key_dim"))
    inner = heads * key if heads is not None and key is not None else model
    in_torch = (model, 3 * model) if model is not None and key is None else None  # it keeps all three in one tensor
    kernels = [
        Slot(f"{name}_kernel", (model, inner), "glorot_uniform", "glorot_uniform", model, in_torch)
        for name in ("query", "key", "value")
    ]
    kernels.append(Slot("output_kernel", (inner, model), "glorot_uniform", "torch_default", inner))
    if attributes.get("use_bias", True) is False:
        return tuple(kernels)
    biases = [Slot(f"{name}_bias", (inner,), "zeros", "zeros") for name in ("query", "key", "value")]
    return (*kernels, *biases, Slot("output_bias", (model,), "zeros", "zeros"))


def _slopes(op: str, attributes: Mapping[str, Any], shape: Shape | None) -> tuple[Slot, ...]:
    """PyTorch's `PReLU`; Keras' has a slope for each entry."""
    start = attributes.get("init")
    if "num_parameters" not in attributes or isinstance(start, bool) or not isinstance(start, int | float):
        return _opaque(op, attributes, shape)
    start = Initializer("constant", {"value": float(start)})
    return (Slot("kernel", (whole(attributes.get("num_parameters")),), "zeros", "zeros", start=start),)


def _bilinear(_op: str, attributes: Mapping[str, Any], _shape: Shape | None) -> tuple[Slot, ...]:
    units, first, second = width(attributes), whole(attributes.get("in1_features")), whole(attributes.get("in2_features"))
    return _biased(attributes, (Slot("kernel", (units, first, second), "unknown", "torch_default", first),), units)


def _opaque(_op: str, _attributes: Mapping[str, Any], _shape: Shape | None) -> tuple[Slot, ...]:
    return (Slot("weights", None, "unknown", "unknown"),)


_Maker = Callable[[str, Mapping[str, Any], "Shape | None"], "tuple[Slot, ...]"]
_SLOTS: Mapping[str, _Maker] = {
    "dense": _dense,
    **dict.fromkeys(CONVOLUTIONS, _convolution),
    **dict.fromkeys(RECURRENT, _recurrent),
    **dict.fromkeys(("batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm"), _norm),
    "embedding": _embedding,
    "attention": _attention,
    "embedding_bag": _embedding,
    "bilinear": _bilinear,
    "prelu": _slopes,
    **dict.fromkeys(("lstm_cell", "gru_cell", "rnn_cell"), _recurrent),
    "einsum_dense": _einsum_dense,
    "conv_lstm": _conv_lstm,
    **dict.fromkeys(
        ("backbone", "locally_connected", "rnn", "transformer",
         "transformer_encoder", "transformer_decoder", "transformer_encoder_layer", "transformer_decoder_layer",
         "time_distributed"),
        _opaque,
    ),
}  # fmt: skip


class Weights:
    """The parameters of one run's graph: each tensor of the script is one `Parameter`, however often it is used.

    `everywhere` is the initialiser that a loop over all parameters of the model gave each of them. With `registered_only` the
    optimizer was given what a module has registered: a plain tensor that wants gradients gets them, and never moves.
    """

    def __init__(self, era: str) -> None:
        self.era = era
        self.everywhere: object = None
        self.registered_only = False
        self._known: dict[tuple[int, str], Parameter] = {}
        self._held: list[object] = []

    def of_layer(
        self, layer: v.Object, op: str, attributes: Mapping[str, Any], input_shape: Shape | None
    ) -> tuple[Parameter, ...]:
        """The parameters of a layer's call, in the order of `slots`."""
        owner = weighted_layer(layer)
        return tuple(self._of_slot(owner, slot) for slot in self._slots(owner, op, attributes, input_shape))

    def of_part(
        self, owner: v.Object, path: tuple[str, str], op: str, attributes: Mapping[str, Any], input_shape: Shape | None
    ) -> tuple[Parameter, ...]:
        """The parameters of a layer inside of another. `path` is where it is, and where the one is that it is a copy of."""
        found = []
        for slot in slots(op, attributes, input_shape):
            first = self._known.get((id(owner.cells), f"{path[1]}.{slot.name}")) if path[0] != path[1] else None
            inner = slot._replace(name=f"{path[0]}.{slot.name}")
            found.append(self._once(owner.cells, inner.name, partial(self._copy, owner, inner, first)))
        return tuple(found)

    def _copy(self, owner: v.Object, slot: Slot, first: Parameter | None) -> Parameter:
        return replace(self._of_layer_slot(owner, slot, None), copied=first)

    def leaf(self, array: v.Array) -> Parameter:
        """The parameter that an Array of op "parameter" is; one that belongs to a library layer is that layer's."""
        return self._of_array(array, None, None)

    def _of_array(self, array: v.Array, layer: v.Object | None, slot: Slot | None) -> Parameter:
        """One tensor, whoever shows it: by its state. `slot` is what the layer at hand expects of it, if it is its own."""
        owner, name = as_object(array.attributes.get("layer")), str(array.attributes.get("name") or "")
        if owner is None or owner.row.makes != "layer":
            return self._once(array.attributes.get("state", array), "", lambda: self._own(array, name))
        if layer is None or slot is None or owner.cells is not layer.cells:
            found = operation(owner, self.era)
            known = self._slots(owner, found.op, found.attributes, None)
            slot = next((one for one in known if name in (one.name, TORCH_NAMES.get(one.name))), None)
        if slot is None:
            return self._once(array.attributes.get("state", array), "", lambda: self._own(array, name))
        fitting = slot
        return self._once(array.attributes.get("state", array), "", lambda: self._of_layer_slot(owner, fitting, array))

    def _slots(self, owner: v.Object, op: str, attributes: Mapping[str, Any], input_shape: Shape | None) -> tuple[Slot, ...]:
        sizes = {name: whole(plain_setting(owner, self.era, name)) for name in SIZES}
        return slots(op, {**attributes, **{name: size for name, size in sizes.items() if size is not None}}, input_shape)

    def _once(self, owner: object, name: str, make: Callable[[], Parameter]) -> Parameter:
        key = (id(owner), name)
        if key not in self._known:
            self._held.append(owner)
            self._known[key] = make()
        return self._known[key]

    def _own(self, array: v.Array, name: str) -> Parameter:
        """A tensor that the script made itself."""
        start = Initializer("values", data=array.data, place=array.place) if array.data is not None else self._start(array)
        return Parameter(
            name or "weight",
            _complete(array.shape),
            start or initializer(self.everywhere, self.era) or UNKNOWN_INITIALIZER,
            _leaf_trainable(array) and (not self.registered_only or any(map(array.attributes.get, REGISTERED))),
            regularizer_l2(array.attributes.get("regularizer"), self.era),
            array.place,
        )

    def _start(self, array: v.Array) -> Initializer | None:
        """What the script says that a tensor starts as; None if it says nothing."""
        state = array.attributes.get("state")
        held = state.cells.get("initializer") if isinstance(state, v.Object) else None
        held = array.attributes.get("initializer") if held is None else held
        if held is None:
            return None
        return initializer(held, self.era) or UNKNOWN_INITIALIZER

    def _of_slot(self, layer: v.Object, slot: Slot) -> Parameter:
        held = layer.cells.get(TORCH_NAMES.get(slot.name, slot.name))
        if isinstance(held, v.Array) and held.op == "parameter":
            return self._of_array(held, layer, slot)
        return self._once(layer.cells, slot.name, lambda: self._of_layer_slot(layer, slot, None))

    def _of_layer_slot(self, layer: v.Object, slot: Slot, held: v.Array | None) -> Parameter:
        start = None if held is None else self._start(held)
        trainable = not is_frozen(layer) and (held is None or _leaf_trainable(held))
        drawn = start or _counted(self._default(layer, slot), slot)
        return Parameter(slot.name, _complete(slot.shape), drawn, trainable, self._l2(layer, slot), layer.place)

    def _default(self, layer: v.Object, slot: Slot) -> Initializer:
        if isinstance(self.everywhere, Initializer):
            return self.everywhere
        if "set_weights" in layer.cells:
            return _set_values(layer.cells["set_weights"], slot)
        value = passed(layer, f"{slot.name}_initializer", f"{slot.name}_init")
        if value is not None:
            return initializer(value, self.era) or UNKNOWN_INITIALIZER
        if layer.row.library == "torch":
            everywhere = initializer(self.everywhere, self.era) if self.everywhere is not None else None
            return everywhere or (_torch_initializer(slot) if self.everywhere is None else UNKNOWN_INITIALIZER)
        default = plain_setting(layer, self.era, f"{slot.name}_initializer")
        return named_initializer(default if isinstance(default, str) else slot.keras_default)

    def _l2(self, layer: v.Object, slot: Slot) -> float:
        return regularizer_l2(passed(layer, f"{slot.name}_regularizer"), self.era)


SIZES = ("in_features", "in_channels", "input_size", "channels")
"""Arguments by which PyTorch layers say what they take."""

REGISTERED = ("registered", "model", "layer")
"""What an array has that an optimizer finds in a module: an `nn.Parameter`, or a weight of a module or layer."""
TORCH_NAMES = {"kernel": "weight", "embeddings": "weight", "gamma": "weight", "beta": "bias"}
"""What PyTorch calls the weights of a layer."""


def as_object(layer: object) -> v.Object | None:
    """A library layer as an Object; an instance of a script's subclass of one counts, with the arguments of its base."""
    if isinstance(layer, v.Object):
        return layer
    if not isinstance(layer, v.Instance) or layer.row is None or layer.row.makes != "layer":
        return None
    arguments = {key[1]: value for key, value in layer.cells.items() if isinstance(key, tuple) and key[:1] == ("argument",)}
    return v.Object(layer.row, arguments, {}, layer.cells, layer.cls.name, layer.place)


def _complete(shape: tuple[int | None, ...] | None) -> tuple[int, ...] | None:
    if shape is None or None in shape:
        return None
    return tuple(one for one in shape if one is not None)


def _leaf_trainable(array: v.Array) -> bool:
    state = array.attributes.get("state")
    held = state.cells.get("requires_grad") if isinstance(state, v.Object) else array.attributes.get("trainable", True)
    return not (held is False or (isinstance(held, v.Literal) and held.value is False))


def _torch_initializer(slot: Slot) -> Initializer:
    """`reset_parameters` of torch.nn: U(+-1/sqrt(fan_in)), for recurrent layers U(+-1/sqrt(units)), N(0, 1) for embeddings."""
    if slot.start is not None:
        return slot.start
    if slot.torch_default == "torch_default":
        return Initializer("torch_default", {} if not slot.fan_in else {"fan_in": float(slot.fan_in)})
    if slot.torch_default == "torch_rnn":
        if not slot.fan_in:
            return UNKNOWN_INITIALIZER
        edge = 1 / math.sqrt(slot.fan_in)
        return Initializer("uniform", {"low": -edge, "high": edge})
    if slot.torch_default == "normal":
        return Initializer("normal", {"mean": 0.0, "stddev": 1.0})
    return Initializer(slot.torch_default)


def _counted(start: Initializer, slot: Slot) -> Initializer:
    """An initialiser with the fans that the library's own layout of the weight gives it."""
    if slot.fans is None or not start.kind.startswith(("glorot", "he", "lecun")):
        return start
    fans = {"fan_in": float(slot.fans[0]), "fan_out": float(slot.fans[1])}
    return replace(start, numbers={**start.numbers, **fans})


def _set_values(weights: v.Value, slot: Slot) -> Initializer:
    """What `layer.set_weights([...])` gave a weight, by the order of kernel and bias."""
    index = {"kernel": 0, "embeddings": 0, "bias": 1}.get(slot.name)
    items = items_of(weights)
    given = items[index] if items is not None and index is not None and index < len(items) else None
    if isinstance(given, v.Array) and given.data is not None:
        return Initializer("values", data=given.data, place=given.place)
    return UNKNOWN_INITIALIZER
