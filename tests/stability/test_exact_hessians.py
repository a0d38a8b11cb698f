"""The twin's Hessian against PyTorch's own, for the same weights and data, where kinks would upset differences."""

import numpy as np
import pytest

from tests.stability.graphs import data, weight
from trainlint.facts.graph import Node
from trainlint.stability.curvature import curvature
from trainlint.stability.twin.program import Program

pytestmark = pytest.mark.framework
FIRST = {"data_format": "channels_first"}


def framework_hessian(loss, weights):
    """The dense Hessian over all tensors by double backward."""
    import torch

    slopes = torch.cat([one.reshape(-1) for one in torch.autograd.grad(loss, weights, create_graph=True)])
    rows = [torch.autograd.grad(one, weights, retain_graph=True, materialize_grads=True) for one in slopes]
    return np.stack([np.concatenate([part.numpy().ravel() for part in row]) for row in rows])


def twin_hessian(graph):
    problem = Program(graph).problem(0)
    return np.stack([problem.hessian_vector(problem.start, unit) for unit in np.eye(len(problem.start))]), problem


def drawn(*shapes, seed=0, scale=0.7):
    rng = np.random.default_rng(seed)
    return [scale * rng.standard_normal(shape) for shape in shapes]


def tensors(arrays):
    import torch

    return [torch.from_numpy(one).requires_grad_() for one in arrays]


def check(graph, loss, weights):
    found, problem = twin_hessian(graph)
    expected = framework_hessian(loss, weights)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
    top = np.linalg.eigvalsh(expected)[-1]
    assert curvature(problem, problem.start).largest == pytest.approx(top, rel=1e-6)
    reduced = problem.reduced()
    assert curvature(reduced, reduced.start).largest == pytest.approx(top, rel=1e-6)


@pytest.mark.parametrize("loss_name", ["mse", "cross_entropy"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "gelu", "leaky_relu", "elu", "softplus"])
def test_networks(activation, loss_name):
    """Two hidden layers; twelve rows of twenty raw inputs, so that the first layer can be reduced."""
    import torch
    from torch.nn import functional

    rng = np.random.default_rng(1)
    x, y, labels = 3 * rng.random((12, 20)), rng.standard_normal((12, 3)), rng.integers(0, 3, 12)
    arrays = drawn((20, 5), (5,), (5, 4), (4,), (4, 3), (3,), scale=0.3)
    node = data(x)
    for level in range(3):
        node = Node(
            "dense", (node,), {"units": arrays[2 * level].shape[1]}, tuple(weight(values=one) for one in arrays[2 * level :][:2])
        )
        node = Node(activation, (node,)) if level < 2 else node
    weights = tensors(arrays)
    hidden = torch.from_numpy(x)
    for level in range(3):
        hidden = hidden @ weights[2 * level] + weights[2 * level + 1]
        hidden = getattr(functional, activation)(hidden) if level < 2 else hidden
    if loss_name == "mse":
        graph = Node("mean_squared_error", (node, data(y)), {"reduction": "mean"})
        loss = functional.mse_loss(hidden, torch.from_numpy(y))
    else:
        graph = Node("cross_entropy", (node, data(labels)), {"reduction": "mean"})
        loss = functional.cross_entropy(hidden, torch.from_numpy(labels))
    check(graph, loss, weights)


def test_a_small_convolutional_net():
    """Convolution, ReLU, max pool, dense, cross-entropy."""
    import torch
    from torch.nn import functional

    rng = np.random.default_rng(2)
    x, labels = rng.random((6, 1, 8, 8)), rng.integers(0, 3, 6)
    arrays = drawn((3, 3, 1, 4), (4,), (36, 3), (3,))
    kernel, *others = tensors(arrays)
    node = Node(
        "conv", (data(x),), {"filters": 4, "kernel_size": (3, 3), **FIRST}, tuple(weight(values=one) for one in arrays[:2])
    )
    node = Node("max_pool", (Node("relu", (node,)),), {"pool_size": (2, 2), **FIRST})
    node = Node("dense", (Node("flatten", (node,)),), {"units": 3}, tuple(weight(values=one) for one in arrays[2:]))
    graph = Node("cross_entropy", (node, data(labels)), {"reduction": "mean"})

    hidden = functional.conv2d(torch.from_numpy(x), kernel.permute(3, 2, 0, 1), others[0])
    hidden = functional.max_pool2d(torch.relu(hidden), 2).flatten(1)
    loss = functional.cross_entropy(hidden @ others[1] + others[2], torch.from_numpy(labels))
    check(graph, loss, [kernel, *others])


def test_an_embedding_whose_rows_are_not_all_named():
    import torch
    from torch.nn import functional

    indices, y = np.array([[0, 3], [3, 7], [0, 0]]), np.array([[1.0], [0.0], [2.0]])
    arrays = drawn((9, 2), (4, 1), (1,))
    table, kernel, bias = tensors(arrays)
    node = Node("embedding", (data(indices),), {"rows": 9, "units": 2}, (weight(values=arrays[0]),))
    node = Node("tanh", (Node("flatten", (node,)),))
    node = Node("dense", (node,), {"units": 1}, tuple(weight(values=one) for one in arrays[1:]))
    hidden = torch.tanh(table[torch.from_numpy(indices)].flatten(1))
    loss = functional.mse_loss(hidden @ kernel + bias, torch.from_numpy(y))
    check(Node("mean_squared_error", (node, data(y)), {"reduction": "mean"}), loss, [table, kernel, bias])


def test_a_detached_part_is_a_constant():
    """As `detach` is for double backward."""

    values = drawn((4,))
    (w,) = tensors(values)
    parameter = Node("parameter", (), {}, (weight(values=values[0]),))
    squares = Node("square", (parameter,))
    graph = Node("sum", (Node("multiply", (squares, Node("stop_gradient", (squares,)))),))
    found, _ = twin_hessian(graph)
    np.testing.assert_allclose(found, framework_hessian((w**2 * (w**2).detach()).sum(), [w]), rtol=1e-12)
