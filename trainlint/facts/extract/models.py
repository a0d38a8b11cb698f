"""The model of a run: its layers in order, its output, its parameter count, and whether the output is linear in the weights."""

from __future__ import annotations

import math

from trainlint.core import Place
from trainlint.facts.extract.layers import ACTIVATIONS, width
from trainlint.facts.graph import Node, Parameter, walk
from trainlint.facts.run import LayerFacts, ModelFacts

PLUMBING = frozenset(
    {
        "data", "input", "unknown", "parameter", "add", "subtract", "multiply", "divide", "negative", "power", "matmul", "square",
        "sqrt", "exp", "log", "abs", "maximum", "minimum", "sum", "mean", "transpose", "squeeze", "expand_dims", "getitem",
        "cast", "stop_gradient", "linear",
    }
)  # fmt: skip
"""Operations that are not layers."""

UNCHANGED = frozenset(
    {
        "reshape", "flatten", "unflatten", "squeeze", "expand_dims", "cast", "linear", "transpose", "permute", "swapaxes",
        "getitem", "dropout", "identity", "copy", "broadcast_to", "repeat", "pixel_shuffle", "upsample", "interpolate",
        "cropping",
    }
)  # fmt: skip
"""Operations behind which the output activation is looked for."""

ACTIVATED = frozenset({"dense", "conv", "conv_transpose", "depthwise_conv", "separable_conv", "attention", "time_distributed"})
"""Layers that list the activation which follows them as their own."""

NONLINEAR = math.inf
"""The degree of what is no polynomial."""

PRESERVING = frozenset(
    {
        "linear", "reshape", "flatten", "transpose", "squeeze", "expand_dims", "getitem", "cast", "dropout", "negative", "sum",
        "mean", "average_pool", "global_average_pool", "upsample", "zero_pad", "cropping", "permute", "repeat_vector", "masking",
        "rescaling", "normalization", "average", "gaussian_noise", "identity", "stack", "pad", "add", "subtract", "concatenate",
        "broadcast_to", "dense", "conv", "conv_transpose", "depthwise_conv", "swapaxes", "diff", "cumsum", "trace", "roll",
        "flip", "adaptive_average_pool", "pixel_shuffle", "unfold",
        "interpolate", "expand", "tile", "tril", "triu",
    }
)  # fmt: skip
"""Operations that are linear in their inputs: the degree is the largest of the inputs', one more with weights of their own."""

PRODUCTS = frozenset({"multiply", "matmul", "dot", "einsum", "outer"})
SMOOTH = (ACTIVATIONS - {"linear"}) | {
    "exp", "log", "sqrt", "abs", "maximum", "minimum", "max_pool", "global_max_pool", "lstm", "gru", "simple_rnn", "attention",
    "layer_norm", "group_norm", "instance_norm", "rms_norm", "max", "min", "sin", "cos", "norm", "clip", "var", "std", "prelu",
    "adaptive_max_pool", "conv_lstm", "dot_attention", "unit_norm", "log1p", "expm1", "sign", "round", "floor", "arctan", "erf",
    "logsumexp", "separable_conv",
}  # fmt: skip
"""Operations that no polynomial equals."""


def model_facts(output: Node, place: Place | None, name: str = "") -> ModelFacts:
    """The facts of the model whose output is this node."""
    degree = degree_in_weights(output)
    return ModelFacts(
        layers=layers_of(output),
        output=output,
        output_activation=output_activation(output),
        linear_in_parameters=None if degree is None else degree <= 1,
        parameters=parameter_count(output),
        place=place,
        name=name,
    )


def layers_of(output: Node) -> tuple[LayerFacts, ...]:
    """The layers in order of computation, each once; an activation right after a dense or convolutional layer is part of it.

    A weight that the script made itself is a layer of kind `parameter`.
    """
    found: list[LayerFacts] = []
    position: dict[int, int] = {}
    listed: set[int] = set()
    for node in walk(output):
        before = node.inputs[0] if len(node.inputs) == 1 else None
        if node.op == "parameter":
            found.append(LayerFacts("parameter", node.name, place=node.place, node=node))
        elif node.op in ACTIVATIONS and before is not None and before.op in ACTIVATED and id(before) in position:
            index = position[id(before)]
            if found[index].activation in (None, "linear"):
                found[index] = _layer(found[index].node or before, node.op)
        elif node.op not in PLUMBING or (node.op == "custom" and node.inputs):
            owner = id(node.parameters[0]) if node.parameters else id(node)
            if owner in listed:
                continue
            listed.add(owner)
            position[id(node)] = len(found)
            found.append(_layer(node, "linear" if node.op in ACTIVATED else None))
    return tuple(found)


def _layer(node: Node, activation: str | None) -> LayerFacts:
    bias = node.attributes.get("use_bias")
    return LayerFacts(
        node.op, node.name, width(node.attributes), activation, bias if isinstance(bias, bool) else None, node.place, node
    )


ELEMENTWISE = frozenset({"exp", "log", "sqrt", "square", "abs", "sin", "cos"})
"""Operations that an output may end in, without being an activation of a library."""


def output_activation(output: Node) -> str | None:
    """The operation in which the model ends: an activation's name, linear, or None if it could not be followed."""
    node = output
    while node.op in UNCHANGED and node.inputs and node.op != "linear":
        node = node.inputs[0]
    if node.op in ACTIVATIONS:
        return node.op
    if node.op == "backbone" and "ends" in node.attributes:
        return str(node.attributes["ends"])
    if node.op in ("unknown", "custom", "backbone", "input", "data", "stop_gradient", "time_distributed", "lambda", "maximum"):
        return None
    if node.op in ELEMENTWISE:
        return "log_softmax" if node.op == "log" and output_activation(node.inputs[0]) == "softmax" else node.op
    return {"lstm": "tanh", "gru": "tanh", "simple_rnn": "tanh", "conv_lstm": "tanh"}.get(node.op, "linear")


def parameter_count(output: Node) -> int | None:
    """The number of weights in the graph, frozen ones too; None if the shape of one is not known."""
    seen: dict[int, Parameter] = {}
    for node in walk(output):
        if node.op in ("unknown", "custom"):
            return None
        seen.update((id(one), one) for one in node.parameters)
    total = 0
    for one in seen.values():
        if one.shape is None:
            return None
        total += math.prod(one.shape)
    return total


def degree_in_weights(output: Node) -> float | None:
    """The polynomial degree of a node in the trainable weights: 0, 1, 2, ..., `NONLINEAR`, or None if that is not known."""
    degrees: dict[int, float | None] = {}
    for node in walk(output):
        degrees[id(node)] = _degree(node, [degrees[id(one)] for one in node.inputs])
    return degrees[id(output)]


def _degree(node: Node, inputs: list[float | None]) -> float | None:
    own = 1.0 if any(one.trainable for one in node.parameters) else 0.0
    if node.op == "parameter":
        return own
    if node.op in ("data", "input"):
        return 0.0
    if node.op == "unknown" or any(one is None for one in inputs):
        return None
    known = [one for one in inputs if one is not None]
    largest = max(known, default=0.0)
    if node.op == "embedding":
        return own if largest == 0 else NONLINEAR
    if node.op == "batch_norm":
        return own if largest == 0 else NONLINEAR
    if node.op in PRESERVING:
        return largest + own
    if node.op in PRODUCTS:
        return sum(known)
    if node.op == "divide":
        return known[0] if len(known) == 2 and known[1] == 0 else largest and NONLINEAR
    if node.op == "square":
        return 2 * largest
    if node.op == "power":
        return _power(node, known)
    if node.op in SMOOTH:
        return NONLINEAR if largest or own else 0.0
    return None


def _power(node: Node, inputs: list[float]) -> float:
    exponent = node.attributes.get("exponent")
    if exponent is None and len(node.inputs) == 2 and node.inputs[1].data is not None and node.inputs[1].data.size == 1:
        exponent = node.inputs[1].data.item()
    if max(inputs, default=0.0) == 0:
        return 0.0
    whole = isinstance(exponent, int | float) and 0 <= exponent < 100 and exponent == int(exponent)
    return inputs[0] * float(exponent) if whole and isinstance(exponent, int | float) else NONLINEAR
