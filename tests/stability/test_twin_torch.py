"""Layers, losses and update rules of the twin against PyTorch and Keras in float64."""

import numpy as np
import pytest

from tests.stability.graphs import data, weight
from trainlint.facts.graph import Node
from trainlint.stability.simulate import first_update, train
from trainlint.stability.twin.program import Program
from trainlint.stability.updates import Settings

pytestmark = pytest.mark.framework
RNG = np.random.default_rng(0)
IMAGE, SERIES, FLAT = (3, 4, 7, 6), (3, 4, 9), (5, 4)


def compare(make_layer, op, shape, attributes, transposed=True):
    """Value and all gradients of sum(sin(layer(x))), the layer's weights being the twin's (kernels transposed)."""
    import torch

    x = RNG.standard_normal(shape)
    layer = make_layer(torch.nn).double()
    tensors = list(layer.parameters())
    values = []
    for tensor in tensors:
        with torch.no_grad():
            tensor.copy_(torch.from_numpy(RNG.standard_normal(tuple(tensor.shape))))
        array = tensor.detach().numpy()
        if array.ndim > 1 and transposed:
            array = array.T if array.ndim == 2 else np.moveaxis(array, (0, 1), (-1, -2))
        values.append(array)
    below = Node("parameter", (), {}, (weight(values=x),))
    node = Node(op, (below,), attributes, tuple(weight(values=one) for one in values))
    problem = Program(Node("sum", (Node("sin", (node,)),))).problem(0)
    loss, gradient = problem.gradient(problem.start)

    tracked = torch.from_numpy(x).requires_grad_()
    expected = torch.sin(layer(tracked)).sum()
    expected.backward()
    parts = [tracked.grad.numpy()]
    for tensor in tensors:
        array = tensor.grad.numpy()
        if array.ndim > 1 and transposed:
            array = array.T if array.ndim == 2 else np.moveaxis(array, (0, 1), (-1, -2))
        parts.append(array)
    assert loss == pytest.approx(expected.item(), rel=1e-9)
    np.testing.assert_allclose(gradient, np.concatenate([one.ravel() for one in parts]), rtol=1e-6, atol=1e-9)


FIRST = {"data_format": "channels_first"}
LAYERS = [
    (lambda nn: nn.Linear(4, 3), "dense", FLAT, {"units": 3}),
    (lambda nn: nn.Conv2d(4, 6, 3), "conv", IMAGE, {"filters": 6, "kernel_size": (3, 3), **FIRST}),
    (
        lambda nn: nn.Conv2d(4, 6, (3, 2), stride=2, padding=1),
        "conv",
        IMAGE,
        {"filters": 6, "kernel_size": (3, 2), "strides": (2, 2), "padding": ((1, 1), (1, 1)), **FIRST},
    ),
    (
        lambda nn: nn.Conv2d(4, 6, 3, padding="same", dilation=2),
        "conv",
        IMAGE,
        {"filters": 6, "kernel_size": (3, 3), "padding": "same", "dilation": (2, 2), **FIRST},
    ),
    (
        lambda nn: nn.Conv2d(4, 6, 3, groups=2, bias=False),
        "conv",
        IMAGE,
        {"filters": 6, "kernel_size": (3, 3), "groups": 2, "use_bias": False, **FIRST},
    ),
    (lambda nn: nn.Conv1d(4, 5, 3), "conv", SERIES, {"filters": 5, "kernel_size": (3,), **FIRST}),
    (lambda nn: nn.BatchNorm1d(4), "batch_norm", FLAT, {"affine": True, "epsilon": 1e-5}),
    (lambda nn: nn.BatchNorm2d(4), "batch_norm", IMAGE, {"affine": True, "epsilon": 1e-5}),
    (lambda nn: nn.LayerNorm(6), "layer_norm", IMAGE, {"normalized_shape": 6, "epsilon": 1e-5}),
    (lambda nn: nn.LayerNorm((7, 6)), "layer_norm", IMAGE, {"normalized_shape": (7, 6), "epsilon": 1e-5}),
    (lambda nn: nn.GroupNorm(2, 4), "group_norm", IMAGE, {"affine": True, "groups": 2, "epsilon": 1e-5}),
    (lambda nn: nn.InstanceNorm2d(4, affine=True), "instance_norm", IMAGE, {"affine": True, "epsilon": 1e-5}),
    (lambda nn: nn.RMSNorm(6, eps=1e-5), "rms_norm", IMAGE, {"normalized_shape": 6, "epsilon": 1e-5}),
    (lambda nn: nn.MaxPool2d(2), "max_pool", IMAGE, {"pool_size": (2, 2), **FIRST}),
    (
        lambda nn: nn.MaxPool2d(3, stride=2, padding=1),
        "max_pool",
        IMAGE,
        {"pool_size": (3, 3), "strides": (2, 2), "padding": ((1, 1), (1, 1)), **FIRST},
    ),
    (
        lambda nn: nn.AvgPool2d(3, stride=2, padding=1),
        "average_pool",
        IMAGE,
        {"pool_size": (3, 3), "strides": (2, 2), "padding": ((1, 1), (1, 1)), **FIRST},
    ),
    (lambda nn: nn.AdaptiveAvgPool2d((3, 4)), "adaptive_average_pool", IMAGE, {"output_size": (3, 4), **FIRST}),
    (lambda nn: nn.Upsample(scale_factor=2), "upsample", IMAGE, {"scale_factor": 2, **FIRST}),
    (lambda nn: nn.ZeroPad2d((1, 2, 3, 0)), "zero_pad", IMAGE, {"padding": (1, 2, 3, 0), **FIRST}),
    (lambda nn: nn.Flatten(), "flatten", IMAGE, {}),
    *(
        (lambda nn, name=name: getattr(nn, name)(), op, FLAT, {})
        for name, op in (
            ("ReLU", "relu"), ("ReLU6", "relu6"), ("Sigmoid", "sigmoid"), ("Tanh", "tanh"), ("SELU", "selu"), ("GELU", "gelu"),
            ("SiLU", "swish"), ("Softplus", "softplus"), ("Softsign", "softsign"), ("Mish", "mish"), ("ELU", "elu"),
            ("LeakyReLU", "leaky_relu"), ("Hardsigmoid", "hard_sigmoid"),
        )
    ),
    (lambda nn: nn.GELU(approximate="tanh"), "gelu", FLAT, {"approximate": "tanh"}),
    (lambda nn: nn.Softmax(1), "softmax", IMAGE, {"axis": 1}),
    (lambda nn: nn.LogSoftmax(-1), "log_softmax", FLAT, {}),
]  # fmt: skip


@pytest.mark.parametrize(("make", "op", "shape", "attributes"), LAYERS)
def test_layers(make, op, shape, attributes):
    compare(make, op, shape, attributes, transposed="norm" not in op)


LABELS, PIXELS = RNG.integers(0, 4, 5), RNG.integers(0, 4, (3, 7, 6))
LOSSES = [
    (lambda nn, r: nn.MSELoss(reduction=r), "mean_squared_error", FLAT, RNG.standard_normal(FLAT), {}),
    (lambda nn, r: nn.L1Loss(reduction=r), "mean_absolute_error", FLAT, RNG.standard_normal(FLAT), {}),
    (lambda nn, r: nn.HuberLoss(r, 0.5), "huber", FLAT, RNG.standard_normal(FLAT), {"delta": 0.5}),
    (lambda nn, r: nn.SmoothL1Loss(reduction=r, beta=0.7), "smooth_l1", FLAT, RNG.standard_normal(FLAT), {"beta": 0.7}),
    (
        lambda nn, r: nn.BCEWithLogitsLoss(reduction=r),
        "binary_cross_entropy_with_logits",
        FLAT,
        RNG.integers(0, 2, FLAT).astype(float),
        {},
    ),
    (lambda nn, r: nn.CrossEntropyLoss(reduction=r), "cross_entropy", FLAT, LABELS, {}),
    (lambda nn, r: nn.CrossEntropyLoss(reduction=r), "cross_entropy", IMAGE, PIXELS, {}),
    (
        lambda nn, r: nn.CrossEntropyLoss(reduction=r, label_smoothing=0.1),
        "cross_entropy",
        FLAT,
        LABELS,
        {"label_smoothing": 0.1},
    ),
    (lambda nn, r: nn.CrossEntropyLoss(reduction=r), "cross_entropy", FLAT, RNG.dirichlet(np.ones(4), 5), {}),
    (lambda nn, r: nn.NLLLoss(reduction=r), "nll", FLAT, LABELS, {}),
]


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("case", LOSSES)
def test_losses(case, reduction):
    import torch

    make, op, shape, target, attributes = case
    x = RNG.standard_normal(shape)
    below = Node("parameter", (), {}, (weight(values=x),))
    problem = Program(Node(op, (below, data(target)), {**attributes, "reduction": reduction})).problem(0)
    loss, gradient = problem.gradient(problem.start)
    tracked = torch.from_numpy(x).requires_grad_()
    expected = make(torch.nn, reduction)(tracked, torch.from_numpy(target))
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-9)
    np.testing.assert_allclose(gradient, tracked.grad.numpy().ravel(), rtol=1e-6, atol=1e-12)


def test_binary_loss_of_probabilities():
    import torch

    x, target = RNG.random(FLAT), RNG.integers(0, 2, FLAT).astype(float)
    problem = Program(Node("binary_crossentropy", (Node("parameter", (), {}, (weight(values=x),)), data(target)))).problem(0)
    loss, gradient = problem.gradient(problem.start)
    tracked = torch.from_numpy(x).requires_grad_()
    expected = torch.nn.BCELoss()(tracked, torch.from_numpy(target))
    expected.backward()
    assert loss == pytest.approx(expected.item(), rel=1e-9)
    np.testing.assert_allclose(gradient, tracked.grad.numpy().ravel(), rtol=1e-6)


def quadratic():
    """A loss of three weights with gradients of several sizes."""
    x = np.random.default_rng(1).standard_normal((6, 3)) * np.array([1.0, 0.1, 10.0])
    w = Node("parameter", (), {}, (weight(values=[0.5, -1.0, 2.0]),))
    error = Node("subtract", (Node("matmul", (data(x, False), w)), data(np.ones(6), False)))
    return x, Program(Node("mean", (Node("square", (error,)),))).problem(0)


DECAY, NESTEROV = {"weight_decay": 0.1}, {"momentum": 0.9, "nesterov": True}
TORCH = [
    (Settings("sgd", "torch", 1e-3), "SGD", {}),
    (Settings("sgd", "torch", 1e-3, 0.9, dampening=0.3, decay=0.1), "SGD", {**DECAY, "momentum": 0.9, "dampening": 0.3}),
    (Settings("sgd", "torch", 1e-3, momentum=0.9, nesterov=True), "SGD", NESTEROV),
    (Settings("adam", "torch", 0.1, epsilon=1e-8, decay=0.1), "Adam", {"weight_decay": 0.1}),
    (
        Settings("adam", "torch", 0.1, epsilon=1e-3, amsgrad=True, betas=(0.5, 0.9)),
        "Adam",
        {"eps": 1e-3, "amsgrad": True, "betas": (0.5, 0.9)},
    ),
    (Settings("adamw", "torch", 0.1, epsilon=1e-8, decay=0.1, decoupled=True), "AdamW", {"weight_decay": 0.1}),
    (Settings("nadam", "torch", 0.1, epsilon=1e-8), "NAdam", {}),
    (Settings("adamax", "torch", 0.1, epsilon=1e-8), "Adamax", {}),
    (Settings("rmsprop", "torch", 0.01, epsilon=1e-8, rho=0.99), "RMSprop", {}),
    (
        Settings("rmsprop", "torch", 0.01, epsilon=1e-8, rho=0.9, momentum=0.5, centered=True),
        "RMSprop",
        {"alpha": 0.9, "momentum": 0.5, "centered": True},
    ),
    (Settings("adagrad", "torch", 0.1, epsilon=1e-10), "Adagrad", {}),
    (Settings("adadelta", "torch", 1.0, epsilon=1e-6, rho=0.9), "Adadelta", {}),
    (Settings("radam", "torch", 0.01, epsilon=1e-8), "RAdam", {}),
    (Settings("radam", "torch", 0.01, epsilon=1e-8, betas=(0.5, 0.9), decay=0.1), "RAdam", {"betas": (0.5, 0.9), **DECAY}),
    (Settings("rprop", "torch", 0.01), "Rprop", {}),
    (
        Settings("rprop", "torch", 0.1, more={"etas": (0.3, 1.5), "step_sizes": (0.01, 0.2)}),
        "Rprop",
        {"etas": (0.3, 1.5), "step_sizes": (0.01, 0.2)},
    ),
    (Settings("adafactor", "torch", 0.01), "Adafactor", {"eps": (float(np.finfo(np.float32).eps), 1e-3)}),
]
KERAS = [
    (Settings("sgd", "keras", 1e-3), "SGD", {}),
    (Settings("sgd", "keras", 1e-3, momentum=0.9), "SGD", {"momentum": 0.9}),
    (Settings("sgd", "keras", 1e-3, 0.9, nesterov=True, decay=0.1, decoupled=True), "SGD", {**DECAY, **NESTEROV}),
    (Settings("adam", "keras", 0.1), "Adam", {}),
    (Settings("adam", "keras", 0.1, amsgrad=True), "Adam", {"amsgrad": True}),
    (Settings("adamw", "keras", 0.1, decay=0.1, decoupled=True), "AdamW", {"weight_decay": 0.1}),
    (Settings("nadam", "keras", 0.1, momentum_decay=1.0), "Nadam", {}),
    (Settings("adamax", "keras", 0.1), "Adamax", {}),
    (Settings("rmsprop", "keras", 0.01), "RMSprop", {}),
    (Settings("rmsprop", "keras", 0.01, momentum=0.5, centered=True), "RMSprop", {"momentum": 0.5, "centered": True}),
    (Settings("adagrad", "keras", 0.1, accumulator=0.1), "Adagrad", {}),
    (Settings("adadelta", "keras", 1.0, rho=0.95), "Adadelta", {}),
    (Settings("lion", "keras", 0.01, betas=(0.9, 0.99), decay=0.1, decoupled=True), "Lion", DECAY),
    (Settings("lamb", "keras", 0.01), "Lamb", {}),
    (Settings("adafactor", "keras", 0.01), "Adafactor", {}),
]
STEPS = 25


def endless():
    while True:
        yield None


@pytest.mark.parametrize(("settings", "name", "arguments"), TORCH)
def test_torch_updates(settings, name, arguments):
    import torch

    x, problem = quadratic()
    w = torch.tensor(problem.start, requires_grad=True)
    optimizer = getattr(torch.optim, name)([w], lr=settings.rate, **arguments)
    for step in range(STEPS):
        optimizer.zero_grad()
        ((torch.from_numpy(x) @ w - 1) ** 2).mean().backward()
        if step == 0 and not settings.decay:
            first = settings.rate * first_update(settings, problem, w.grad.numpy().copy())
        optimizer.step()
        if step == 0 and not settings.decay:
            np.testing.assert_allclose(problem.start - first, w.detach().numpy(), rtol=1e-7)
    found = train(problem, settings, endless(), STEPS, [settings.rate])
    np.testing.assert_allclose(found.weights, w.detach().numpy(), rtol=1e-7)


@pytest.mark.parametrize(("settings", "name", "arguments"), KERAS)
def test_keras_updates(settings, name, arguments):
    import keras

    x, problem = quadratic()
    w = keras.Variable(problem.start, dtype="float64")
    optimizer = getattr(keras.optimizers, name)(learning_rate=settings.rate, **arguments)
    for _ in range(STEPS):
        value = keras.ops.convert_to_numpy(w)
        optimizer.apply([keras.ops.convert_to_tensor(2 / 6 * x.T @ (x @ value - 1))], [w])
    found = train(problem, settings, endless(), STEPS, [settings.rate])
    np.testing.assert_allclose(found.weights, keras.ops.convert_to_numpy(w), atol=5e-5)  # its settings pass through float32


@pytest.mark.parametrize(
    "case",
    [
        ("mean_squared_error", "MeanSquaredError", RNG.standard_normal(FLAT), None),
        ("mean_absolute_error", "MeanAbsoluteError", RNG.standard_normal(FLAT), None),
        ("huber", "Huber", RNG.standard_normal(FLAT), None),
        ("log_cosh", "LogCosh", RNG.standard_normal(FLAT), None),
        ("hinge", "Hinge", RNG.choice([-1.0, 1.0], FLAT), None),
        ("squared_hinge", "SquaredHinge", RNG.choice([0.0, 1.0], FLAT), None),
        ("poisson", "Poisson", RNG.random(FLAT), "exp"),
        ("binary_crossentropy", "BinaryCrossentropy", RNG.integers(0, 2, FLAT).astype(float), "sigmoid"),
        ("categorical_crossentropy", "CategoricalCrossentropy", np.eye(4)[LABELS], "softmax"),
        ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy", LABELS, "softmax"),
    ],
)
@pytest.mark.parametrize(("reduction", "keras_name"), [("mean", "sum_over_batch_size"), ("sum_over_batch", "sum")])
def test_keras_losses(case, reduction, keras_name):
    import keras

    op, name, target, below = case
    x = RNG.standard_normal(FLAT)
    node = Node("parameter", (), {}, (weight(values=x),))
    node = Node(below, (node,)) if below else node
    loss = Program(Node(op, (node, data(target)), {"reduction": reduction}), aligns=True).problem(0)
    prediction = _value(node)
    expected = getattr(keras.losses, name)(reduction=keras_name, dtype="float64")(target, prediction)
    assert loss.loss(loss.start) == pytest.approx(float(expected), rel=1e-6)


def _value(node):
    """The array that a node evaluates to, one entry at a time."""
    found = []
    for row in range(FLAT[0]):
        for column in range(FLAT[1]):
            picked = Node("getitem", (node,), {"index": (row, column)})
            problem = Program(picked).problem(0)
            found.append(problem.loss(problem.start))
    return np.array(found).reshape(FLAT)
