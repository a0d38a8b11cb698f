"""Operations of PyTorch scripts in the twin: value, gradient and Hessian products against PyTorch's own, in float64."""

import numpy as np
import pytest

from tests.stability.graphs import data, weight
from trainlint.facts.graph import Node
from trainlint.stability.twin.program import Program

pytestmark = pytest.mark.framework
RNG = np.random.default_rng(0)
IMAGE, FLAT, SERIES, FIRST = (3, 4, 7, 6), (5, 4), (3, 4, 7), {"data_format": "channels_first"}
PLACES, BAGS = np.array([0, 2, 1, 3, 0]), np.array([[0, 3, 3], [1, 2, 0]])


def parameters(arrays):
    return [Node("parameter", (), {}, (weight(values=one),)) for one in arrays]


def agrees(node, arrays, compute):
    """Loss, gradient and a Hessian product of sum(sin(node)) over the arrays, in the order in which the node holds them."""
    import torch

    problem = Program(Node("sum", (Node("sin", (node,)),))).problem(0)
    line = np.random.default_rng(1).standard_normal(len(problem.start))
    loss, gradient = problem.gradient(problem.start)
    tensors = [torch.from_numpy(one).requires_grad_() for one in arrays]
    expected = torch.sin(compute(*tensors)).sum()
    slopes = torch.cat(
        [one.reshape(-1) for one in torch.autograd.grad(expected, tensors, create_graph=True, materialize_grads=True)]
    )
    bends = torch.autograd.grad(slopes @ torch.from_numpy(line), tensors, materialize_grads=True)
    np.testing.assert_allclose(problem.start, np.concatenate([one.ravel() for one in arrays]))
    assert loss == pytest.approx(expected.item(), rel=1e-9)
    np.testing.assert_allclose(gradient, slopes.detach().numpy(), rtol=1e-6, atol=1e-9)
    product = problem.hessian_vector(problem.start, line)
    np.testing.assert_allclose(product, np.concatenate([one.numpy().ravel() for one in bends]), rtol=1e-6, atol=1e-9)


ONE = [
    ("clip", FLAT, {"low": 0}, lambda t, x: x.clamp(min=0)),
    ("clip", FLAT, {"low": -0.5, "high": 0.3}, lambda t, x: x.clamp(-0.5, 0.3)),
    ("max", IMAGE, {"axis": 2}, lambda t, x: x.max(2)[0]),
    ("max", IMAGE, {"axis": (1, 3), "keepdims": True}, lambda t, x: x.amax((1, 3), keepdim=True)),
    ("min", IMAGE, {}, lambda t, x: x.min()),
    ("expand", (3, 1, 4), {"shape": (2, -1, 5, -1)}, lambda t, x: x.expand(2, -1, 5, -1)),
    ("tile", (3, 4), {"repeats": (2, 3, 1)}, lambda t, x: x.repeat(2, 3, 1)),
    ("tril", (2, 4, 4), {"diagonal": -1}, lambda t, x: x.tril(-1)),
    ("triu", (4, 4), {}, lambda t, x: x.triu()),
    ("reciprocal", FLAT, {}, lambda t, x: x.reciprocal()),
    ("expm1", FLAT, {}, lambda t, x: x.expm1()),
    ("flatten", IMAGE, {"start": 2, "end": -1}, lambda t, x: x.flatten(2)),
    ("flatten", IMAGE, {"start": 0, "end": 1}, lambda t, x: x.flatten(0, 1)),
    ("flatten", FLAT, {"start": 0, "end": -1}, lambda t, x: x.flatten()),
    ("var", IMAGE, {"axis": (2, 3), "correction": 1}, lambda t, x: x.var((2, 3))),
    ("std", FLAT, {"axis": 0, "correction": True, "keepdims": True}, lambda t, x: x.std(0, keepdim=True)),
    ("norm", FLAT, {"axis": 1, "ord": 2}, lambda t, x: x.norm(dim=1)),
    ("norm", FLAT, {"ord": "fro"}, lambda t, x: x.norm()),
    ("l2_normalize", FLAT, {"axis": 1, "eps": 1e-12, "ord": 2.0}, lambda t, x: t.nn.functional.normalize(x, dim=1)),
    ("logsumexp", FLAT, {"axis": -1}, lambda t, x: x.logsumexp(-1)),
    ("hard_swish", (50,), {}, lambda t, x: t.nn.functional.hardswish(x)),
    ("hard_tanh", (50,), {}, lambda t, x: t.nn.functional.hardtanh(x)),
    ("hard_tanh", (50,), {"min_val": -2.0, "max_val": 0.5}, lambda t, x: t.nn.functional.hardtanh(x, -2, 0.5)),
    ("softplus", FLAT, {"beta": 2.0}, lambda t, x: t.nn.functional.softplus(x, 2)),
    ("log_sigmoid", FLAT, {}, lambda t, x: t.nn.functional.logsigmoid(x)),
    ("tanh_shrink", FLAT, {}, lambda t, x: t.nn.functional.tanhshrink(x)),
    ("leaky_relu", FLAT, {"slope": 0.2}, lambda t, x: t.nn.functional.leaky_relu(x, 0.2)),
    ("glu", FLAT, {"axis": -1}, lambda t, x: t.nn.functional.glu(x)),
    ("glu", IMAGE, {"axis": 1}, lambda t, x: t.nn.functional.glu(x, 1)),
    ("adaptive_max_pool", IMAGE, {"output_size": (3, 4), **FIRST}, lambda t, x: t.nn.functional.adaptive_max_pool2d(x, (3, 4))),
    ("adaptive_max_pool", SERIES, {"output_size": 1, **FIRST}, lambda t, x: t.nn.functional.adaptive_max_pool1d(x, 1)),
    (
        "adaptive_average_pool",
        IMAGE,
        {"output_size": (3, None), **FIRST},
        lambda t, x: t.nn.functional.adaptive_avg_pool2d(x, (3, None)),
    ),
    ("zero_pad", IMAGE, {"pad": (1, 2, 0, 3), "value": 0.7}, lambda t, x: t.nn.functional.pad(x, (1, 2, 0, 3), value=0.7)),
    ("pixel_shuffle", IMAGE, {"upscale_factor": 2}, lambda t, x: t.nn.functional.pixel_shuffle(x, 2)),
    ("einsum", (3, 5), {"equation": "ij->j"}, lambda t, x: x.sum(0)),
    *(
        (
            "interpolate",
            IMAGE,
            {("extents" if name == "size" else name): value, "mode": mode, "align_corners": corners, **FIRST},
            lambda t, x, name=name, value=value, mode=mode, corners=corners: t.nn.functional.interpolate(
                x, **{name: value}, mode=mode, align_corners=corners
            ),
        )
        for mode, corners in (("nearest", None), ("bilinear", False), ("bilinear", True))
        for name, value in (("scale_factor", 2), ("size", (5, 11)), ("scale_factor", (1.6, 0.6)))
    ),
]


@pytest.mark.parametrize(("op", "shape", "attributes", "compute"), ONE)
def test_one_input(op, shape, attributes, compute):
    import torch

    arrays = [RNG.standard_normal(shape)]
    agrees(Node(op, tuple(parameters(arrays)), attributes), arrays, lambda x: compute(torch, x))


def test_one_over_the_root():
    arrays = [RNG.random(FLAT) + 0.5]
    agrees(Node("rsqrt", tuple(parameters(arrays))), arrays, lambda x: x.rsqrt())


EINSUMS = [((3, 5, 4), (3, 6, 4), "bid,bjd->bij"), ((3, 5, 4), (6, 4, 2), "bid,jdk->ibk"), ((3, 5), (5,), "ij,j")]


@pytest.mark.parametrize(("first", "second", "equation"), EINSUMS)
def test_sums_over_named_axes(first, second, equation):
    import torch

    arrays = [RNG.standard_normal(first), RNG.standard_normal(second)]
    node = Node("einsum", tuple(parameters(arrays)), {"equation": equation})
    agrees(node, arrays, lambda x, y: torch.einsum(equation, x, y))


def test_what_is_chosen_by_comparing():
    import torch

    arrays = [RNG.standard_normal(FLAT), RNG.standard_normal(4)]
    x, y = parameters(arrays)
    agrees(Node("where", (Node("greater", (x, data(0.1, False))), x, y)), arrays, lambda x, y: torch.where(x > 0.1, x, y))
    arrays = [arrays[0], np.full(4, -1.5)]
    x, y = parameters(arrays)
    unseen = Node("where", (Node("logical_not", (Node("less", (x, y)),)), x, data(-np.inf, False)))
    agrees(Node("softmax", (unseen,), {"axis": -1}), arrays, lambda x, y: x.masked_fill(x < y, -torch.inf).softmax(-1))


def test_entries_that_arrays_name():
    import torch

    arrays, places = [RNG.standard_normal(FLAT)], torch.from_numpy(PLACES)
    (x,) = parameters(arrays)
    whole = Node("getitem", (x, data(PLACES)), {"index": (np.arange(5), "?")})
    agrees(whole, arrays, lambda x: x[torch.arange(5), places])
    few = Node("getitem", (x, data(PLACES)), {"index": (np.arange(3), "?")})  # the script's batches are of three rows
    agrees(few, arrays, lambda x: x[torch.arange(5), places])
    agrees(Node("getitem", (x, data(PLACES)), {"index": ("?",)}), arrays, lambda x: x[places])
    agrees(Node("gather", (x, data(PLACES[:, None])), {"axis": 1}), arrays, lambda x: x.gather(1, places[:, None]))


def test_labels_as_rows_of_zeros_and_a_one():
    import torch

    arrays, labels = [RNG.standard_normal(FLAT)], torch.from_numpy(PLACES)
    node = Node("multiply", (*parameters(arrays), Node("one_hot", (data(PLACES),), {"classes": 4})))
    agrees(node, arrays, lambda x: x * torch.nn.functional.one_hot(labels, 4))


def test_one_row_beside_many():
    import torch

    arrays = [RNG.standard_normal((1, 2)), RNG.standard_normal(FLAT)]
    token, x = parameters(arrays)
    node = Node("concatenate", (Node("expand", (token,), {"shape": (None, -1)}), x), {"axis": 1})
    agrees(node, arrays, lambda token, x: torch.cat([token.expand(5, -1), x], 1))


@pytest.mark.parametrize(("count", "shape"), [(1, FLAT), (4, IMAGE)])
def test_slopes_that_are_learnt(count, shape):
    import torch

    arrays = [RNG.standard_normal(shape), RNG.standard_normal(count)]
    node = Node("prelu", tuple(parameters(arrays[:1])), {"num_parameters": count}, (weight(values=arrays[1]),))
    agrees(node, arrays, torch.nn.functional.prelu)


def test_products_of_two_inputs():
    import torch

    arrays = [RNG.standard_normal(one) for one in ((5, 3), (5, 4), (2, 3, 4), (2,))]
    node = Node("bilinear", tuple(parameters(arrays[:2])), {"units": 2}, tuple(weight(values=one) for one in arrays[2:]))
    agrees(node, arrays, torch.nn.functional.bilinear)


@pytest.mark.parametrize("mode", ["mean", "sum"])
def test_means_of_embeddings(mode):
    import torch

    arrays, bags = [RNG.standard_normal((6, 2))], torch.from_numpy(BAGS)
    node = Node("embedding_bag", (data(BAGS),), {"rows": 6, "units": 2, "mode": mode}, (weight(values=arrays[0]),))
    agrees(node, arrays, lambda table: getattr(table[bags], mode)(1))
    with torch.no_grad():
        expected = torch.nn.functional.embedding_bag(bags, torch.from_numpy(arrays[0]), mode=mode).numpy()
    np.testing.assert_allclose(getattr(arrays[0][BAGS], mode)(1), expected)


@pytest.mark.parametrize("op", ["dense", "embedding"])
def test_kernels_that_stand_the_other_way_round(op):
    import torch

    arrays = [RNG.standard_normal((3, 4))]
    below = data(RNG.standard_normal(FLAT)) if op == "dense" else data(PLACES)
    attributes = {"units": 3, "rows": 4, "use_bias": False, "transposed": True}
    node = Node(op, (below,), attributes, (weight(values=arrays[0]),))
    x = torch.from_numpy(below.data)
    agrees(node, arrays, (lambda w: x @ w.T) if op == "dense" else (lambda w: w.T[x]))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_loss_with_variances(reduction):
    import torch

    arrays, target = [RNG.standard_normal(5), RNG.random(5) + 0.2], RNG.standard_normal(5)
    prediction, variance = parameters(arrays)
    node = Node("gaussian_nll", (prediction, data(target), variance), {"reduction": reduction})
    goal = torch.from_numpy(target)
    agrees(node, arrays, lambda p, v: torch.nn.functional.gaussian_nll_loss(p, goal, v, reduction=reduction))
