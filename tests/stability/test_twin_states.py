"""Recurrent layers with states, cells, and encoders of transformers, against PyTorch in float64."""

from dataclasses import replace

import numpy as np
import pytest

from tests.stability.graphs import weight
from trainlint.engine import facts_of
from trainlint.facts.graph import Initializer, Node
from trainlint.source.read import read_text
from trainlint.stability.synthetic import Synthetic
from trainlint.stability.twin.program import Program

pytestmark = pytest.mark.framework
RNG = np.random.default_rng(0)
UNITS, WIDTH = 3, 2
GATED = {"LSTM": ("lstm", 2), "GRU": ("gru", 1), "RNN": ("simple_rnn", 1)}


def in_our_order(tensor, kind):
    """PyTorch's (gates * units, inputs) as (inputs, gates * units), gates in Keras' order."""
    array = tensor.detach().numpy()
    if kind.startswith("GRU"):
        reset, update, new = np.split(array, 3)
        array = np.concatenate([update, reset, new])
    return array.T


def own(module, kind, suffixes):
    """The weights of each level and direction as PyTorch's tensors."""
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    return [[getattr(module, name + suffix) for name in names] for suffix in suffixes]


def as_ours(parts, kind):
    arrays = []
    for kernel, recurrent, first, second in parts:
        biases = np.stack([in_our_order(first, kind), in_our_order(second, kind)])
        arrays.extend((in_our_order(kernel, kind), in_our_order(recurrent, kind), biases))
    return arrays


def agrees(node, module, kind, suffixes, arrays, compute):
    """Value, gradient and a Hessian product of sum(sin(node)); the inputs come first, then the weights."""
    import torch

    problem = Program(Node("sum", (Node("sin", (node,)),))).problem(0)
    loss, gradient = problem.gradient(problem.start)
    inputs, parts = [torch.from_numpy(one).requires_grad_() for one in arrays], own(module, kind, suffixes)
    tensors = [*inputs, *(one for part in parts for one in part)]

    def flat(found):
        grouped = [found[start : start + 4] for start in range(len(inputs), len(found), 4)]
        return np.concatenate(
            [one.detach().numpy().ravel() for one in found[: len(inputs)]] + [x.ravel() for x in as_ours(grouped, kind)]
        )

    expected = torch.sin(compute(module, *inputs)).sum()
    slopes = torch.autograd.grad(expected, tensors, create_graph=True)
    line = [torch.from_numpy(RNG.standard_normal(tuple(one.shape))) for one in tensors]
    bends = torch.autograd.grad(sum((a * b).sum() for a, b in zip(slopes, line, strict=True)), tensors)
    assert loss == pytest.approx(expected.item(), rel=1e-9)
    np.testing.assert_allclose(gradient, flat(slopes), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(problem.hessian_vector(problem.start, flat(line)), flat(bends), rtol=1e-6, atol=1e-9)


def given(arrays):
    return tuple(Node("parameter", (), {}, (weight(values=one),)) for one in arrays)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize(("levels", "both", "first"), [(1, False, True), (1, False, False), (2, True, True)])
@pytest.mark.parametrize("part", ["", "hidden", "cell"])
def test_states_of_layers(kind, levels, both, first, part):
    """The layer goes on from states that are given where it has several levels, else from zeros."""
    import torch

    op, states = GATED[kind]
    if part == "cell" and states == 1:
        part = "hidden"
    sides = 1 + both
    settings = {"num_layers": levels, "bidirectional": both, "batch_first": first}
    module = getattr(torch.nn, kind)(WIDTH, UNITS, **settings).double()
    suffixes = [f"_l{level}{side}" for level in range(levels) for side in ("", "_reverse")[:sides]]
    arrays = [RNG.standard_normal((4, 5, WIDTH))]
    arrays += [RNG.standard_normal((levels * sides, 4 if first else 5, UNITS)) for _ in range(states if levels > 1 else 0)]
    weights = tuple(weight(values=one) for one in as_ours(own(module, kind, suffixes), kind))
    node = Node(op, given(arrays), {"units": UNITS, "biases": 2, "return_sequences": True, **settings}, weights)
    node = Node("getitem", (node,), {"part": part}) if part else node

    def compute(module, x, *start):
        outputs, last = module(x, start if len(start) > 1 else start[0]) if start else module(x)
        last = last if isinstance(last, tuple) else (last,)
        return last[part == "cell"] if part else outputs

    agrees(node, module, kind, suffixes, arrays, compute)


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize("starts", [True, False])
def test_cells(kind, starts):
    import torch

    _, states = GATED[kind]
    module = getattr(torch.nn, f"{kind}Cell")(WIDTH, UNITS).double()
    arrays = [RNG.standard_normal((4, WIDTH)), *(RNG.standard_normal((4, UNITS)) for _ in range(states if starts else 0))]
    weights = tuple(weight(values=one) for one in as_ours(own(module, kind, [""]), kind))
    node = Node(f"{kind.lower()}_cell", given(arrays), {"units": UNITS, "biases": 2}, weights)

    def compute(module, x, *start):
        after = module(x, start if len(start) > 1 else start[0]) if start else module(x)
        return torch.cat(after, -1) if isinstance(after, tuple) else after

    agrees(node, module, kind, [""], arrays, compute)


SCRIPT = """
import torch
from torch import nn
import torch.nn.functional as F

x = torch.randn({shape})
y = torch.randn({shape})

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {made}

    def forward(self, x):
        return {called}

model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=4)
for epoch in range(3):
    for xb, yb in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(xb), yb)
        loss.backward()
        optimizer.step()
"""
LAYER = "nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0{more})"
ENCODERS = [
    (f"self.e = {LAYER.format(more=', batch_first=True')}", "self.e(x)"),
    (f"self.e = {LAYER.format(more='')}", "self.e(x)"),
    (f"self.e = {LAYER.format(more=', batch_first=True, norm_first=True, activation=F.gelu')}", "self.e(x)"),
    (
        f"self.e = nn.TransformerEncoder({LAYER.format(more=', batch_first=True')}, 2, norm=nn.LayerNorm(8))",
        "self.e(x, mask=nn.Transformer.generate_square_subsequent_mask(x.size(1)))",
    ),
    (
        f"self.e = {LAYER.format(more=', batch_first=True')}",
        "self.e(x, src_mask=torch.triu(torch.ones(5, 5), diagonal=1).bool())",
    ),
    (
        "self.e = nn.MultiheadAttention(8, 2, batch_first=True)",
        "self.e(x, x, x, attn_mask=torch.triu(torch.full((5, 5), float('-inf')), 1), need_weights=False)[0]",
    ),
]


def tensor_named(module, name):
    """The numbers of one of the twin's parameters in PyTorch's module, in the twin's layout."""
    path, _, slot = name.rpartition(".")
    if path == "" and slot in ("gamma", "beta"):
        module = module.norm
    for step in path.split(".") if path else ():
        module = module[int(step)] if step.isdigit() else getattr(module, step)
    which, _, kind = slot.rpartition("_")
    if which in ("query", "key", "value"):
        found = (module.in_proj_weight if kind == "kernel" else module.in_proj_bias).chunk(3)[
            ("query", "key", "value").index(which)
        ]
    elif which == "output":
        found = module.out_proj.weight if kind == "kernel" else module.out_proj.bias
    else:
        found = module.bias if kind in ("bias", "beta") else module.weight
    return found


@pytest.mark.parametrize(("made", "called"), ENCODERS)
def test_encoders_of_scripts(made, called):
    """The graph of a script with the weights of PyTorch's own module computes its loss, gradient and Hessian."""
    import torch

    text = SCRIPT.format(shape="64, 5, 8", made=made, called=called)
    [run] = facts_of(read_text(text, "train.py")).runs
    program = Program(run.loss_graph, supply=Synthetic(run.loss_graph, 0, 4))
    names: dict[str, object] = {"torch": torch}
    exec(text.partition("optimizer =")[0], names)
    model = names["model"].double()
    x, y = (torch.from_numpy(program.leaves[index]) for index in sorted(program.batched))
    tensors = [tensor_named(model.e, one.name) for one in program.parameters]

    def ours(found):
        return [one.detach().numpy().T if len(one.shape) == 2 else one.detach().numpy() for one in found]

    program.parameters = [
        replace(one, initializer=Initializer("values", data=array))
        for one, array in zip(program.parameters, ours(tensors), strict=True)
    ]
    problem = program.problem(0)
    loss, gradient = problem.gradient(problem.start)
    previous = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):  # the one that can be derived twice
            expected = torch.nn.functional.mse_loss(model(x), y)
            slopes = torch.autograd.grad(expected, list(model.parameters()), create_graph=True)
            norm = torch.sqrt(sum((one**2).sum() for one in slopes))
            bends = torch.autograd.grad((norm**2) / 2, list(model.parameters()))
    finally:
        torch.set_default_dtype(previous)
    assert loss == pytest.approx(expected.item(), rel=1e-9)
    assert np.linalg.norm(gradient) == pytest.approx(norm.item(), rel=1e-9)
    product = problem.hessian_vector(problem.start, gradient)  # H g, which is also the gradient of |g|^2 / 2
    assert np.linalg.norm(product) == pytest.approx(torch.sqrt(sum((one**2).sum() for one in bends)).item(), rel=1e-6)
