"""Encoder layers of transformers, as the operations that they consist of: attention, two dense layers, sums and normalisers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from trainlint.core import Place
from trainlint.facts.extract.layers import activation, operation
from trainlint.facts.extract.scalars import passed, plain_setting, whole
from trainlint.facts.extract.weights import Weights, as_object
from trainlint.facts.graph import Node, Parameter, Shape
from trainlint.interpret import values as v

ENCODERS = frozenset({"transformer_encoder", "transformer_encoder_layer"})
MAXIMUM_LAYERS = 64
FIRST = "layers.0."
"""The layers of a stack start as copies of one: with the same weights (torch.nn.TransformerEncoder)."""


class _Block(NamedTuple):
    """One encoder layer: whose tensors they are, what they are called, and its settings."""

    weights: Weights
    owner: v.Object
    prefix: str
    layer: v.Object
    masks: tuple[Node, ...]
    names: object
    place: Place | None

    def part(self, name: str, op: str, inputs: tuple[Node, ...], attributes: Mapping[str, Any]) -> Node:
        """A layer inside of this one."""
        shape = inputs[0].shape
        path = f"{self.prefix}{name}", f"{FIRST if self.prefix else ''}{name}"
        own: tuple[Parameter, ...] = self.weights.of_part(self.owner, path, op, attributes, shape)
        made: Shape | None = shape
        if op == "dense" and shape is not None:
            made = (*shape[:-1], whole(attributes.get("units")))
        return Node(op, inputs, attributes, own, made, place=self.place)


def encoder(weights: Weights, layer: v.Object, inputs: tuple[Node, ...], names: object, shape: Shape | None) -> Node | None:
    """`nn.TransformerEncoderLayer`, or a stack of copies of one; None where its settings are not known.

    `inputs` are the sequence and the masks that `names` tells apart.
    """
    value, masks = inputs[0], inputs[1:]
    if layer.row.kind == "transformer_encoder_layer":
        return _layer(_Block(weights, layer, "", layer, masks, names, layer.place), value)
    inner, count = as_object(passed(layer, "encoder_layer")), whole(plain_setting(layer, weights.era, "num_layers"))
    known = inner is not None and inner.row.kind == "transformer_encoder_layer" and count is not None
    if not known or inner is None or count is None or not 0 < count <= MAXIMUM_LAYERS:
        return None
    node: Node | None = value
    for index in range(count):
        if node is not None:
            node = _layer(_Block(weights, layer, f"layers.{index}.", inner, masks, names, layer.place), node)
    last = passed(layer, "norm")
    if node is None or last is None or (isinstance(last, v.Literal) and last.value is None):
        return node
    norm = as_object(last)
    if norm is None:
        return None
    found = operation(norm, weights.era)
    own = weights.of_layer(norm, found.op, found.attributes, node.shape)
    return Node(found.op, (node,), found.attributes, own, shape, place=norm.place)


def _layer(block: _Block, x: Node) -> Node | None:
    """Normalised behind each sum (Vaswani et al. 2017), or with `norm_first` before attention and dense layers."""
    settings = {name: plain_setting(block.layer, block.weights.era, name) for name in SETTINGS}
    width, inner, heads = (whole(settings[name]) for name in ("units", "dim_feedforward", "heads"))
    first, biased, epsilon = settings["norm_first"], settings["use_bias"], settings["layer_norm_eps"]
    named = passed(block.layer, "activation")
    between = "relu" if named is None else activation(named, block.weights.era)
    flags = (first, biased, settings["batch_first"])
    if None in (width, inner, heads, between) or not all(isinstance(one, bool) for one in flags):
        return None
    if not isinstance(epsilon, int | float):
        return None
    norm = {"normalized_shape": (width,), "epsilon": epsilon, "affine": True, "center": biased}
    heeding: dict[str, Any] = {"units": width, "heads": heads, "use_bias": biased, "batch_first": settings["batch_first"]}
    if block.masks:
        heeding["masks"] = block.names

    def attended(value: Node) -> Node:
        return block.part("self_attn", "attention", (value, value, value, *block.masks), heeding)

    def fed(value: Node) -> Node:
        wide = block.part("linear1", "dense", (value,), {"units": inner, "use_bias": biased})
        op, attributes = ("relu", {}) if isinstance(between, str) or between is None else (between.op, between.attributes)
        active = Node(op, (wide,), attributes, shape=wide.shape, place=block.place)
        return block.part("linear2", "dense", (active,), {"units": width, "use_bias": biased})

    for name, inside in (("norm1", attended), ("norm2", fed)):
        below = block.part(name, "layer_norm", (x,), norm) if first else x
        x = Node("add", (x, inside(below)), shape=x.shape, place=block.place)
        x = x if first else block.part(name, "layer_norm", (x,), norm)
    return x


SETTINGS = ("units", "heads", "dim_feedforward", "layer_norm_eps", "batch_first", "norm_first", "use_bias")
