"""The computation that is trained, free of any library: a graph of operations from data and parameters to the loss.

Facts build it (`facts/extract`), the stability engine evaluates it, rules walk it. Nodes are compared by identity.

Operations and their attributes (inputs in order; `axis` as in NumPy; shapes include the batch axis, which is None or known):

leaves      data (data, statistics, dtype, batched: rows are drawn in mini-batches; then data and shape are those of all rows),
            input (unbound), parameter (parameters[0]), unknown (attributes["why"])
arithmetic  add, subtract, multiply, divide, negative, power(exponent), matmul, square, sqrt, exp, log, abs, maximum, minimum
reductions  sum(axis, keepdims), mean(axis, keepdims), max, min, prod, std(correction), var(correction), norm(ord),
            argmax, any, all
            Arrays have more (`interpret.arrays.table`): floor_divide, remainder, comparisons (equal, less, ...), logical_*,
            where, clip(low, high), round, sign, sin, cos, ..., erf, outer, dot, tensordot, einsum(equation), l2_normalize
shape       reshape(shape), flatten, transpose(axes), squeeze(axis), expand_dims(axis), concatenate(axis), getitem(index), cast,
            stack(axis), expand(shape), repeat, tile, flip, roll, sort, gather(axis), tril, triu, resize, setitem(index),
            one_hot(classes), detach, shuffle(axis), split(part), scale(kind), dimension(axis: one extent of the input)
layers      dense(units, use_bias), conv(filters, kernel_size, strides, padding, dilation, groups, use_bias, dimensions,
            data_format), conv_transpose, depthwise_conv, separable_conv, embedding(rows, units), lstm / gru / simple_rnn
            (units, return_sequences, bidirectional, biases: 2 where input and state have one each), attention(heads),
            batch_norm, layer_norm, group_norm, instance_norm, rms_norm, normalization(mean, variance, adapted), max_pool,
            average_pool, global_average_pool, global_max_pool, dropout(rate), upsample, zero_pad, cropping, time_distributed,
            permute(dims), repeat_vector(n), masking(mask_value), gaussian_noise(stddev), augmentation(name: the layer's class),
            average / dot(axes, normalize) / dot_attention of several inputs, unit_norm, einsum_dense(equation, bias_axes),
            conv_lstm, prelu, bilinear, embedding_bag(mode), lstm_cell / gru_cell / rnn_cell (one step: the states side by side),
            adaptive_average_pool / adaptive_max_pool(output_size), pixel_shuffle(upscale_factor), interpolate(extents or
            scale_factor, mode, align_corners),
            backbone(name, pretrained: what the script gives as weights, ends: "linear" where it gives logits), custom(name)
activations relu, sigmoid, tanh, softmax(axis), log_softmax(axis), leaky_relu, elu, selu, gelu, swish, softplus, softsign,
            hard_sigmoid, relu6, mish, linear
losses      mean_squared_error, mean_absolute_error, huber, binary_crossentropy, categorical_crossentropy,
            sparse_categorical_crossentropy, cross_entropy, binary_cross_entropy_with_logits, nll, kl_divergence, hinge, ...
            (inputs prediction, target; attributes reduction "mean" | "sum" | "none" | "sum_over_batch", from_logits, delta,
            label_smoothing, unclipped (the logarithm is taken of values of any size), ...; aligns: computed as Keras does;
            "sum_over_batch": the sum of each sample's mean). A loss that weights samples or classes is custom(name, ...)
others      stop_gradient (what `.detach()` cuts off); getitem(part) for another result of a layer: "hidden", "cell", "weights"

Parameters of an operation are in order: kernel, bias; recurrent layers kernel, recurrent_kernel, bias (gates * units), or
(2, gates * units) for two biases, for each level and direction; normalisers gamma, beta; attention query, key, value, output.
Kernels are laid out as Keras does in both libraries: dense (in, units), conv (*kernel_size, in / groups, filters),
conv_transpose (*kernel_size, filters, in), depthwise_conv (*kernel_size, in, multiplier), embedding (rows, units).
`transposed`: dense and embedding whose kernel is kept the other way round (`F.linear(x, w)`, weights of one layer in another).
Recurrent layers and cells take their first states as further inputs; the last inputs of attention are its `masks` ("attention",
"padding"), which are added to the scores. In a new shape None is the rows, and a repetition to None rows is left undone.
Layers that the script writes out (`x @ W + b`, `tf.nn.conv2d(x, K)`) are dense and conv too, marked `written`.
`padding` is "valid", "same", "causal" or one (low, high) pair for each spatial axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from trainlint.core import Place, dataclass

if TYPE_CHECKING:
    import numpy as np

Shape: TypeAlias = "tuple[int | None, ...]"


@dataclass(frozen=True, slots=True)
class Initializer:
    """How a parameter starts.

    `kind`: zeros, ones, constant, uniform, normal, truncated_normal, glorot_uniform, glorot_normal, he_uniform, he_normal,
    lecun_uniform, lecun_normal, orthogonal, torch_default (U(+-1/sqrt(fan_in))), values (`data` given), unknown.
    `numbers`: value, low, high, mean, stddev, scale as the kind needs them; fan_in, fan_out where the library counts them
    in a way that the parameter's shape does not tell.
    """

    kind: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    data: np.ndarray[Any, Any] | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One trainable tensor; `shape` is None if the input shape is unknown, `l2` the factor of `l2 * sum(w**2)` in the loss.

    It starts with the same values as `copied`, if that is given.
    """

    name: str
    shape: tuple[int, ...] | None
    initializer: Initializer
    trainable: bool = True
    l2: float = 0.0
    place: Place | None = None
    copied: Parameter | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One operation. `name` is the script's own name for a layer, where it has one."""

    op: str
    inputs: tuple[Node, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    parameters: tuple[Parameter, ...] = ()
    shape: Shape | None = None
    data: np.ndarray[Any, Any] | None = None
    name: str = ""
    place: Place | None = None


def walk(root: Node) -> Iterator[Node]:
    """Every node below `root`, inputs before their users, each once; without recursion, so that depth does not matter."""
    return iter(_order(root))


@lru_cache(maxsize=8)
def _order(root: Node) -> tuple[Node, ...]:
    """Kept for a few roots alone: rule after rule walks the same graph."""
    seen: set[int] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    order: list[Node] = []
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif id(node) not in seen:
            seen.add(id(node))
            stack.append((node, True))
            stack.extend((one, False) for one in reversed(node.inputs))
    return tuple(order)
