"""Layers that a script writes out, as the layers they are: `x @ W + b` is dense, `tf.nn.conv2d(x, K) + b` a convolution."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trainlint.facts.extract.cross_entropy import activation
from trainlint.facts.extract.scalars import passed, plain
from trainlint.facts.graph import Node
from trainlint.facts.queries import scalar
from trainlint.interpret import values as v

WRITTEN = "written"
"""The attribute that marks a layer whose weights the script made itself."""


def folded(node: Node) -> Node:
    """A node as what it amounts to: a written layer, one with its bias, a written activation, or the operand of `+ 0`."""
    if node.op == "matmul" and len(node.inputs) == 2:
        return _dense(node)
    if node.op == "add" and len(node.inputs) == 2:
        return _sum(node)
    return activation(node)


def _dense(node: Node) -> Node:
    """`x @ W` with a weight of the script's own on the right."""
    value, weight = node.inputs
    plainly = not any(node.attributes.get(name) for name in ("transpose_a", "transpose_b", "adjoint_a", "adjoint_b"))
    if not plainly or not _own_weight(weight, 2) or value.op == "parameter" or weight.shape is None:
        return node
    attributes = {"units": weight.shape[-1], "use_bias": False, WRITTEN: True}
    return Node("dense", (value,), attributes, weight.parameters, node.shape, name=weight.name, place=node.place)


def _sum(node: Node) -> Node:
    """A written layer plus a vector of the script's own is that layer with a bias; plus 0 changes nothing."""
    for layer, other in (node.inputs, node.inputs[::-1]):
        if scalar(other) == 0.0 and layer.shape == node.shape:
            return layer
        wanted = layer.attributes.get("units", layer.attributes.get("filters"))
        open_layer = layer.attributes.get(WRITTEN) is True and layer.attributes.get("use_bias") is False
        if open_layer and _own_weight(other, 1) and other.shape == (wanted,) and node.shape == layer.shape:
            attributes = {**layer.attributes, "use_bias": True}
            return replace(layer, attributes=attributes, parameters=(*layer.parameters, *other.parameters))
    return node


def _own_weight(node: Node, rank: int) -> bool:
    """Whether a node is a weight of known shape with so many axes."""
    return node.op == "parameter" and len(node.parameters) == 1 and node.shape is not None and len(node.shape) == rank


def written(layer: v.Object, inputs: tuple[Node, ...], array: v.Array) -> Node | None:
    """A library's function of weights that the script passes to it; None where it is not known."""
    return linear(inputs, array) if layer.row.kind == "dense" else convolution(layer, inputs, array)


def linear(inputs: tuple[Node, ...], array: v.Array) -> Node | None:
    """`F.linear(x, weight, bias)` with a weight (units, inputs): dense with its kernel transposed, else x weight' + bias."""
    if len(inputs) not in (2, 3) or inputs[1].shape is None or len(inputs[1].shape) != 2:
        return None
    value, weight, *bias = inputs
    if _own_weight(weight, 2) and all(_own_weight(one, 1) for one in bias) and value.op != "parameter":
        attributes = {"units": inputs[1].shape[0], "use_bias": bool(bias), "transposed": True, WRITTEN: True}
        own = tuple(parameter for one in (weight, *bias) for parameter in one.parameters)
        return Node("dense", (value,), attributes, own, array.shape, name=weight.name, place=array.place)
    turned = Node("transpose", (weight,), {"axes": (1, 0)}, shape=weight.shape and weight.shape[::-1], place=array.place)
    product = Node("matmul", (value, turned), shape=array.shape, place=array.place)
    return Node("add", (product, bias[0]), shape=array.shape, place=array.place) if bias else product


def convolution(layer: v.Object, inputs: tuple[Node, ...], array: v.Array) -> Node | None:
    """`tf.nn.conv2d(x, kernel, strides, padding)` with a kernel of the script's own; None where it is not that."""
    if layer.row.kind != "conv" or layer.row.library == "torch":
        return None
    if len(inputs) != 2 or not _own_weight(inputs[1], 4) or inputs[1].shape is None:
        return None
    *size, _, filters = inputs[1].shape
    first = plain(passed(layer, "data_format")) == "NCHW"
    padding = plain(passed(layer, "padding"))
    attributes: dict[str, Any] = {
        "kernel_size": tuple(size),
        "filters": filters,
        "strides": _spatial(plain(passed(layer, "strides")), first=first),
        "padding": padding.lower() if isinstance(padding, str) else padding,
        "data_format": "channels_first" if first else "channels_last",
        "dilation": (1, 1),
        "groups": 1,
        "use_bias": False,
        WRITTEN: True,
    }
    return Node("conv", inputs[:1], attributes, inputs[1].parameters, array.shape, name=inputs[1].name, place=array.place)


def _spatial(given: object, *, first: bool) -> object:
    """The two spatial entries of `[1, s, s, 1]`."""
    if isinstance(given, tuple) and len(given) == 4:
        return given[2:] if first else given[1:3]
    return (given, given) if isinstance(given, int) else given
