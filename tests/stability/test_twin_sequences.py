"""Recurrent layers, attention, transposed convolutions and the KL divergence against PyTorch's and Keras' own, weights copied."""

import numpy as np
import pytest

from tests.stability.graphs import data, weight
from trainlint.facts.graph import Node
from trainlint.stability.twin.program import Program

pytestmark = pytest.mark.framework
RNG = np.random.default_rng(0)
SERIES, IMAGE = (3, 5, 4), (2, 4, 5, 3)
FIRST = {"data_format": "channels_first"}


def twin(op, x, attributes, values):
    """Value and gradients (input first) of sum(sin(op(x)))."""
    below = Node("parameter", (), {}, (weight(values=x),))
    node = Node("sum", (Node("sin", (Node(op, (below,), attributes, tuple(weight(values=one) for one in values)),)),))
    problem = Program(node).problem(0)
    loss, gradient = problem.gradient(problem.start)
    cuts = np.cumsum([x.size, *(one.size for one in values)])[:-1]
    return loss, [part.reshape(one.shape) for part, one in zip(np.split(gradient, cuts), [x, *values], strict=True)]


def same(found, expected, rounding=1e-9):
    assert found[0] == pytest.approx(expected[0], rel=rounding)
    for one, other in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e3 * rounding, atol=rounding)


def in_torch(layer, x, call):
    """Value, gradient of the input, and the layer's parameters after a backward pass, by name."""
    import torch

    layer = layer.double()
    tracked = torch.from_numpy(x).requires_grad_()
    loss = torch.sin(call(layer, tracked)).sum()
    loss.backward()
    return loss.item(), tracked.grad.numpy(), dict(layer.named_parameters())


def recurrent_values(held, what, levels, sides, order):
    """PyTorch's weights as the twin lays them out; `order` permutes its gates."""
    found = []
    for level in range(levels):
        for side in ("", "_reverse")[:sides]:
            kernel, inner, one, other = (
                getattr(held[f"{name}_l{level}{side}"], what).numpy() for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            )
            gates = [np.concatenate([np.split(each, len(order))[gate] for gate in order]) for each in (kernel, inner, one, other)]
            found += [gates[0].T, gates[1].T, np.stack(gates[2:])]
    return found


@pytest.mark.parametrize("settings", [{}, {"bidirectional": True}, {"num_layers": 2}, {"num_layers": 2, "bidirectional": True}])
@pytest.mark.parametrize(
    ("name", "op", "order"), [("LSTM", "lstm", (0, 1, 2, 3)), ("GRU", "gru", (1, 0, 2)), ("RNN", "simple_rnn", (0,))]
)
@pytest.mark.parametrize("batch_first", [True, False])
def test_recurrent_layers_of_torch(name, op, order, settings, batch_first):
    import torch

    x = RNG.standard_normal(SERIES)
    layer = getattr(torch.nn, name)(4, 3, batch_first=batch_first, **settings)
    loss, to_input, held = in_torch(layer, x, lambda one, given: one(given)[0])
    levels, sides = settings.get("num_layers", 1), 1 + settings.get("bidirectional", False)
    values, gradients = (recurrent_values(held, what, levels, sides, order) for what in ("data", "grad"))
    attributes = {"units": 3, "biases": 2, "return_sequences": True, "batch_first": batch_first, **settings}
    same(twin(op, x, attributes, values), (loss, [to_input, *gradients]))


def test_a_rectified_recurrent_layer_without_biases():
    import torch

    x = RNG.standard_normal(SERIES)
    layer = torch.nn.RNN(4, 3, nonlinearity="relu", bias=False, batch_first=True)
    loss, to_input, held = in_torch(layer, x, lambda one, given: one(given)[0][:, -1])
    values, gradients = ([getattr(one, what).numpy().T for one in held.values()] for what in ("data", "grad"))
    attributes = {"units": 3, "nonlinearity": "relu", "use_bias": False}
    same(twin("simple_rnn", x, attributes, values), (loss, [to_input, *gradients]))


@pytest.mark.parametrize("batch_first", [True, False])
def test_attention_of_torch(batch_first):
    import torch

    x = RNG.standard_normal((3, 5, 8))
    layer = torch.nn.MultiheadAttention(8, 2, batch_first=batch_first)
    torch.nn.init.normal_(layer.in_proj_bias)
    loss, to_input, held = in_torch(layer, x, lambda one, given: one(given, given, given)[0])

    def values(what):
        kernel, bias, out, offset = (
            getattr(held[one], what).numpy() for one in ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
        )
        return [*(one.T for one in np.split(kernel, 3)), out.T, *np.split(bias, 3), offset]

    found = twin("attention", x, {"heads": 2, "batch_first": batch_first}, values("data"))
    same(found, (loss, [to_input, *values("grad")]))


@pytest.mark.parametrize(
    ("settings", "attributes"),
    [
        ({"stride": 2}, {"strides": 2}),
        ({"stride": 2, "padding": 1, "output_padding": 1}, {"strides": 2, "padding": ((1, 1), (1, 1)), "output_padding": 1}),
        ({"stride": (1, 3), "dilation": 2, "bias": False}, {"strides": (1, 3), "dilation": 2, "use_bias": False}),
    ],
)
def test_transposed_convolutions_of_torch(settings, attributes):
    import torch

    x = RNG.standard_normal((2, 3, 4, 5))
    loss, to_input, held = in_torch(torch.nn.ConvTranspose2d(3, 4, (3, 2), **settings), x, lambda one, given: one(given))

    def values(what):
        return [
            np.moveaxis(array, (0, 1), (-1, -2)) if array.ndim > 1 else array
            for one in held.values()
            if (array := getattr(one, what).numpy()) is not None
        ]

    full = {"filters": 4, "kernel_size": (3, 2), **FIRST, **attributes}
    same(twin("conv_transpose", x, full, values("data")), (loss, [to_input, *values("grad")]))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("log_target", [False, True])
def test_kl_divergence_of_torch(reduction, log_target):
    import torch

    x, target = np.log(RNG.dirichlet(np.ones(4), 5)), RNG.dirichlet(np.ones(4), 5)
    target[0] = [0, 0, 0.5, 0.5]
    target = np.log(target + 0.01) if log_target else target
    below = Node("parameter", (), {}, (weight(values=x),))
    problem = Program(Node("kl_divergence", (below, data(target)), {"reduction": reduction, "log_target": log_target})).problem(0)
    loss, gradient = problem.gradient(problem.start)
    tracked = torch.from_numpy(x).requires_grad_()
    expected = torch.nn.KLDivLoss(reduction=reduction, log_target=log_target)(tracked, torch.from_numpy(target))
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-9)
    np.testing.assert_allclose(gradient, tracked.grad.numpy().ravel(), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(("reduction", "keras_name"), [("mean", "sum_over_batch_size"), ("sum_over_batch", "sum")])
def test_kl_divergence_of_keras(reduction, keras_name):
    import keras

    x, target = RNG.dirichlet(np.ones(4), 5), RNG.dirichlet(np.ones(4), 5)
    target[0] = [0, 0, 0.5, 0.5]
    node = Node("kl_divergence", (Node("parameter", (), {}, (weight(values=x),)), data(target)), {"reduction": reduction})
    problem = Program(node, aligns=True).problem(0)
    expected = keras.losses.KLDivergence(reduction=keras_name, dtype="float64")(target, x)
    assert problem.loss(problem.start) == pytest.approx(float(expected), rel=1e-6)


def in_keras(layer, x, call=None):
    """Value, gradient of the input, and weights and their gradients, the weights drawn anew to be far from zero."""
    import tensorflow as tf

    call = call or layer
    given = tf.Variable(x)
    call(given)
    for one in layer.trainable_variables:
        one.assign(RNG.standard_normal(tuple(one.shape)))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(call(given)))
    held = [one.value for one in layer.trainable_variables]
    gradients = tape.gradient(loss, [given, *held])
    return float(loss), [one.numpy() for one in held], [one.numpy() for one in gradients]


RECURRENT = [
    (lambda layers: layers.LSTM(3, unit_forget_bias=False, dtype="float64"), "lstm", {"units": 3}),
    (lambda layers: layers.LSTM(3, return_sequences=True, use_bias=False, dtype="float64"), "lstm", {"units": 3, "return_sequences": True, "use_bias": False}),
    (lambda layers: layers.GRU(3, dtype="float64"), "gru", {"units": 3, "biases": 2}),
    (lambda layers: layers.SimpleRNN(3, dtype="float64"), "simple_rnn", {"units": 3}),
    (lambda layers: layers.Bidirectional(layers.GRU(3, dtype="float64"), dtype="float64"), "gru", {"units": 3, "biases": 2, "bidirectional": True}),
    (
        lambda layers: layers.Bidirectional(layers.LSTM(3, return_sequences=True, dtype="float64"), dtype="float64"),
        "lstm",
        {"units": 3, "bidirectional": True, "return_sequences": True},
    ),
    (lambda layers: layers.Conv2DTranspose(3, (3, 2), strides=(2, 3), dtype="float64"), "conv_transpose", {"filters": 3, "kernel_size": (3, 2), "strides": (2, 3)}),
    (
        lambda layers: layers.Conv2DTranspose(3, (3, 2), strides=2, padding="same", use_bias=False, dtype="float64"),
        "conv_transpose",
        {"filters": 3, "kernel_size": (3, 2), "strides": 2, "padding": "same", "use_bias": False},
    ),
    (
        lambda layers: layers.Conv2DTranspose(3, 2, strides=3, padding="same", dtype="float64"),
        "conv_transpose",
        {"filters": 3, "kernel_size": 2, "strides": 3, "padding": "same"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("make", "op", "attributes"), RECURRENT)
def test_layers_of_keras(make, op, attributes):
    import keras

    x = RNG.standard_normal(IMAGE if op == "conv_transpose" else SERIES)
    loss, values, gradients = in_keras(make(keras.layers), x)
    same(twin(op, x, attributes, values), (loss, gradients))


def test_the_forget_bias_of_keras():
    import keras

    layer = keras.layers.LSTM(3)
    layer.build(SERIES)
    np.testing.assert_array_equal(layer.cell.bias.numpy(), [0] * 3 + [1] * 3 + [0] * 6)


@pytest.mark.parametrize("biased", [True, False])
def test_attention_of_keras(biased):
    import keras

    x = RNG.standard_normal(SERIES)
    layer = keras.layers.MultiHeadAttention(2, 3, use_bias=biased, dtype="float64")
    loss, values, gradients = in_keras(layer, x, lambda given: layer(given, given))

    def ordered(held):
        """Kernels, then biases, with heads and sizes on one axis."""
        step = 1 + biased
        kernels = [one.reshape(4, 6) for one in held[0 : 3 * step : step]]
        biases = [one.reshape(-1) for one in held[1 : 4 * step : step]] if biased else []
        return [*kernels, held[3 * step].reshape(6, 4), *biases]

    found = twin("attention", x, {"heads": 2, "key_dim": 3, "use_bias": biased}, ordered(values))
    same(found, (loss, [gradients[0], *ordered(gradients[1:])]), rounding=1e-6)  # its 1/sqrt(size) passes through float32


@pytest.mark.parametrize("batch_first", [True, False])
def test_the_last_state_of_torch(batch_first):
    import torch

    x = RNG.standard_normal(SERIES)
    layer = torch.nn.LSTM(4, 3, batch_first=batch_first).double()
    held = dict(layer.named_parameters())
    values = tuple(weight(values=one) for one in recurrent_values(held, "data", 1, 1, (0, 1, 2, 3)))
    attributes = {"units": 3, "biases": 2, "return_sequences": True, "batch_first": batch_first}
    hidden = Node("getitem", (Node("lstm", (data(x),), attributes, values),), {"part": "hidden"})
    problem = Program(Node("sum", (Node("sin", (Node("getitem", (hidden,), {"index": (-1,)}),)),))).problem(0)
    expected = torch.sin(layer(torch.from_numpy(x))[1][0][-1]).sum()
    assert problem.loss(problem.start) == pytest.approx(expected.item(), rel=1e-12)


SCRIPTS = {
    "torch attention": (
        """
import torch
from torch import nn
x, y = torch.randn(16, 5, 8), torch.randn(16, 5, 8)
layer = nn.MultiheadAttention(8, 2, batch_first=True)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.01)
for _ in range(9):
    optimizer.zero_grad()
    nn.functional.mse_loss(layer(x, x, x)[0], y).backward()
    optimizer.step()
""",
        lambda: [one.detach().numpy() for one in _torch().nn.MultiheadAttention(8, 2).parameters()],
        (0, 0, 0, 2),
    ),
    "torch recurrence": (
        """
import torch
from torch import nn
x, y = torch.randn(16, 5, 8), torch.randn(16, 5, 6)
layer = nn.GRU(8, 6, batch_first=True)
optimizer = torch.optim.SGD(layer.parameters(), lr=0.01)
for _ in range(9):
    optimizer.zero_grad()
    nn.functional.mse_loss(layer(x)[0], y).backward()
    optimizer.step()
""",
        lambda: [one.detach().numpy() for one in _torch().nn.GRU(8, 6).parameters()],
        (0, 1, 2),
    ),
    "keras attention": (
        """
import keras, numpy as np
given = keras.Input((5, 8))
model = keras.Model(given, keras.layers.MultiHeadAttention(2, 3)(given, given))
model.compile(keras.optimizers.SGD(0.01), "mse")
model.fit(np.random.randn(16, 5, 8), np.random.randn(16, 5, 8))
""",
        lambda: _built(_keras().layers.MultiHeadAttention(2, 3), (1, 5, 8), (1, 5, 8)),
        (0, 2, 4, 6),
    ),
    "keras separable": (
        """
import keras, numpy as np
model = keras.Sequential([keras.layers.SeparableConv1D(6, 3)])
model.compile(keras.optimizers.SGD(0.01), "mse")
model.fit(np.random.randn(16, 5, 8), np.random.randn(16, 3, 6))
""",
        lambda: _built(_keras().layers.SeparableConv1D(6, 3), (1, 5, 8)),
        (0, 1),
    ),
}


def _torch():
    import torch

    return torch


def _keras():
    import keras

    return keras


def _built(layer, *shapes):
    layer.build(*shapes)
    return [one.numpy() for one in layer.trainable_variables]


@pytest.mark.parametrize("name", SCRIPTS)
def test_weights_start_at_the_scale_of_the_library(name):
    """The mean square of each kernel over many draws; `places` are the library's tensors for those of the twin."""
    from tests.facts.test_scripts import run

    script, make, places = SCRIPTS[name]
    program = Program(run(script).loss_graph, supply=lambda node: np.zeros(node.shape))
    draws = [make() for _ in range(60)]
    for index, place in enumerate(places):
        ours = np.mean([(program.problem(seed)._values[index] ** 2).mean() for seed in range(60)])
        assert ours == pytest.approx(np.mean([(draw[place] ** 2).mean() for draw in draws]), rel=0.1)
