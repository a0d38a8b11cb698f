"""Optimizers that look at tensors, losses, clipping or schedules, against the libraries' own steps on one layer."""

import numpy as np
import pytest

from tests.stability.graphs import data, squared, weight
from trainlint.facts.graph import Node
from trainlint.stability.simulate import train
from trainlint.stability.twin.program import Program
from trainlint.stability.updates import Settings

pytestmark = pytest.mark.framework
RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((12, 5)), RNG.standard_normal((12, 3))
KERNEL, BIAS = RNG.standard_normal((5, 3)), RNG.standard_normal(3)
STEPS = 20


def problem(bias=True):
    owned = (weight(values=KERNEL), weight(values=BIAS))[: 1 + bias]
    return Program(squared(Node("dense", (data(X),), {"units": 3, "use_bias": bias}, owned), data(Y))).problem(0)


def endless():
    while True:
        yield None


def ours(settings, bias=True, steps=STEPS, rates=()):
    found = train(problem(bias), settings, endless(), steps, rates or [settings.rate]).weights
    return found[:15].reshape(5, 3), found[15:]


def in_torch(make, bias=True, steps=STEPS, before=lambda parameters: None, after=lambda optimizer: None):
    import torch

    layer = torch.nn.Linear(5, 3, bias=bias, dtype=torch.float64)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(KERNEL.T))
        if bias:
            layer.bias.copy_(torch.from_numpy(BIAS))
    optimizer = make(layer.parameters())

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(layer(torch.from_numpy(X)), torch.from_numpy(Y))
        loss.backward()
        before(layer.parameters())
        return loss

    for _ in range(steps):
        optimizer.step(closure)
        after(optimizer)
    return layer.weight.detach().numpy().T, layer.bias.detach().numpy() if bias else np.zeros(0)


def in_keras(optimizer, steps=STEPS, dtype="float64"):
    import keras
    import tensorflow as tf

    held = [keras.Variable(one, dtype=dtype) for one in (KERNEL, BIAS)]
    x, y = X.astype(dtype), Y.astype(dtype)
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.matmul(x, held[0].value) + held[1].value - y) ** 2)
        optimizer.apply(tape.gradient(loss, [one.value for one in held]), held)
    return tuple(keras.ops.convert_to_numpy(one) for one in held)


def close(found, expected, rtol):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("more", [{}, {"d": 1.5, "beta2_decay": -0.5}])
def test_adafactor_of_torch(more):
    import torch

    expected = in_torch(lambda held: torch.optim.Adafactor(held, lr=0.05, eps=(float(np.finfo(np.float32).eps), 1e-3), **more))
    close(ours(Settings("adafactor", "torch", 0.05, more=more)), expected, 1e-7)


@pytest.mark.parametrize("space", [1, 2])
def test_adafactor_of_torch_factors_the_last_axes_of_a_convolution(space):
    """The first step of a convolution's kernel, which the twin keeps as (*window, in, filters) and PyTorch turned around."""
    import torch

    from trainlint.stability.simulate import first_update

    window = (3, 3)[:space]
    x, kernel = RNG.standard_normal((2, *(5, 5)[:space], 2)), RNG.standard_normal((*window, 2, 4))
    node = Node("conv", (data(x),), {"filters": 4, "kernel_size": window, "use_bias": False}, (weight(values=kernel),))
    twin = Program(Node("mean", (Node("square", (node,)),))).problem(0)
    turned = (space + 1, space, *range(space))  # (filters, in, *window)
    w = torch.tensor(kernel.transpose(turned).copy(), requires_grad=True)
    optimizer = torch.optim.Adafactor([w], lr=1.0, eps=(float(np.finfo(np.float32).eps), 1e-3))
    conv = torch.nn.functional.conv1d if space == 1 else torch.nn.functional.conv2d
    (conv(torch.from_numpy(x).movedim(-1, 1), w) ** 2).mean().backward()
    optimizer.step()
    step = first_update(Settings("adafactor", "torch", 1.0), twin, twin.gradient(twin.start)[1]).reshape(kernel.shape)
    np.testing.assert_allclose((kernel - step).transpose(turned), w.detach().numpy(), rtol=1e-9)


@pytest.mark.parametrize("arguments", [{}, {"nesterov": False, "momentum": 0.8}, {"adjust_lr_fn": "match_rms_adamw"}])
def test_muon_of_torch(arguments):
    """PyTorch orthogonalises in bfloat16."""
    import torch

    settings = Settings(
        "muon",
        "torch",
        0.02,
        arguments.get("momentum", 0.95),
        arguments.get("nesterov", True),
        decay=0.1,
        decoupled=True,
        more=arguments,
    )
    expected = in_torch(lambda held: torch.optim.Muon(held, lr=0.02, **arguments), bias=False)
    close(ours(settings, bias=False), expected, 0.03)


@pytest.mark.parametrize("arguments", [{}, {"lr": 0.3, "max_iter": 4}, {"history_size": 2, "max_iter": 30, "max_eval": 7}])
def test_lbfgs_of_torch(arguments):
    import torch

    settings = Settings("lbfgs", "torch", arguments.get("lr", 1.0), more=arguments)
    close(ours(settings, steps=3), in_torch(lambda held: torch.optim.LBFGS(held, **arguments), steps=3), 1e-6)


@pytest.mark.parametrize("kind", ["global_norm", "value"])
def test_clipping_in_torch(kind):
    import torch

    def clip(held):
        if kind == "value":
            torch.nn.utils.clip_grad_value_(held, 0.1)
        else:
            torch.nn.utils.clip_grad_norm_(held, 0.1)

    expected = in_torch(lambda held: torch.optim.SGD(held, lr=0.5, momentum=0.9), before=clip)
    close(ours(Settings("sgd", "torch", 0.5, 0.9, clip=(kind, 0.1))), expected, 1e-5)


@pytest.mark.parametrize("name", ["SGD", "RMSprop"])
def test_schedules_in_torch(name):
    """PyTorch multiplies the whole buffer by the rate of the step."""
    import torch

    made = []

    def make(held):
        optimizer = getattr(torch.optim, name)(held, lr=0.05, momentum=0.9)
        made.append(torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.8))
        return optimizer

    expected = in_torch(make, after=lambda optimizer: made[0].step())
    settings = Settings(name.lower(), "torch", 0.05, 0.9, epsilon=1e-8, rho=0.99)
    close(ours(settings, rates=[0.05 * 0.8**step for step in range(STEPS)]), expected, 1e-7)


@pytest.mark.parametrize(
    ("settings", "name", "arguments", "rounding"),
    [
        (Settings("lamb", "keras", 0.05, decay=0.1, decoupled=True), "Lamb", {"weight_decay": 0.1}, 1e-4),
        (Settings("adafactor", "keras", 0.05), "Adafactor", {}, 1e-4),
        (Settings("muon", "keras", 0.02, 0.95, nesterov=True, decay=0.004, decoupled=True), "Muon", {}, 1e-3),
        (Settings("sgd", "keras", 0.3, 0.9, clip=("norm", 0.1)), "SGD", {"momentum": 0.9, "clipnorm": 0.1}, 1e-5),
        (Settings("sgd", "keras", 0.3, clip=("global_norm", 0.1)), "SGD", {"global_clipnorm": 0.1}, 1e-5),
        (Settings("sgd", "keras", 0.3, clip=("value", 0.1)), "SGD", {"clipvalue": 0.1}, 1e-5),
    ],
)
def test_optimizers_of_keras(settings, name, arguments, rounding):
    import keras

    optimizer = getattr(keras.optimizers, name)(learning_rate=settings.rate, **arguments)
    close(ours(settings), in_keras(optimizer, dtype="float32" if name == "Muon" else "float64"), rounding)


@pytest.mark.parametrize("name", ["SGD", "RMSprop"])
@pytest.mark.parametrize("nesterov", [False, True])
def test_schedules_in_keras(name, nesterov):
    """Keras keeps the rate of each step inside of the momentum."""
    import keras

    if name == "RMSprop" and nesterov:
        nesterov = False
    schedule = keras.optimizers.schedules.ExponentialDecay(0.05, 1, 0.8)
    more = {"nesterov": nesterov} if name == "SGD" else {}
    expected = in_keras(getattr(keras.optimizers, name)(learning_rate=schedule, momentum=0.9, **more))
    settings = Settings(name.lower(), "keras", 0.05, 0.9, nesterov=nesterov)
    close(ours(settings, rates=[0.05 * 0.8**step for step in range(STEPS)]), expected, 1e-4)
