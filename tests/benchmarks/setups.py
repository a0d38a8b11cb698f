"""Training setups at their initialisation, once as a loss graph for trainlint and once as a PyTorch loss over the same layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from tests.stability.graphs import run, weight
from trainlint.facts.graph import Node
from trainlint.stability import stability
from trainlint.stability.bound import StabilityBound

INPUTS: dict[str, dict[str, float | None]] = {
    "standardized": {"low": None, "high": None, "mean": 0.0, "second_moment": 1.0},
    "0..1": {"low": 0.0, "high": 1.0, "mean": None, "second_moment": None},
    "0..255": {"low": 0.0, "high": 255.0, "mean": None, "second_moment": None},
    "raw": {"low": 0.0, "high": 60.0, "mean": 30.0, "second_moment": 1200.0},
}
"""What the facts say of the inputs; `draw_inputs` draws data of these statistics."""

Layer = tuple[Any, ...]


@dataclass(frozen=True)
class Setup:
    """`layers`: ("dense", units), ("conv", filters, size), ("lstm", units), ("attention", heads, size), ("pool",), ("relu",), ..."""

    name: str
    layers: tuple[Layer, ...]
    shape: tuple[int, ...]
    inputs: str
    loss: str
    initial: str
    rows: int = 256

    @property
    def outputs(self) -> int:
        """Units of the last layer."""
        return int(next(layer[1] for layer in reversed(self.layers) if layer[0] in ("dense", "conv")))

    @property
    def saturates(self) -> bool:
        """Bounded activations behind inputs that are not scaled: only the order of magnitude can be known."""
        return bool({"tanh", "sigmoid"} & {layer[0] for layer in self.layers}) and self.inputs in ("0..255", "raw")


def draw_inputs(setup: Setup, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Independent entries with the statistics of `INPUTS`."""
    shape = (setup.rows, *setup.shape)
    if setup.inputs == "standardized":
        return rng.standard_normal(shape)
    high = INPUTS[setup.inputs]["high"] or 1.0
    return rng.uniform(0.0, high, shape)


def graph_of(setup: Setup, known: tuple[Any, Any] | None = None) -> Node:
    """The loss as a graph, of which the statistics are known alone, or inputs and targets themselves (`drawn_data`)."""
    statistics = SimpleNamespace(known="declared", columns=(), **INPUTS[setup.inputs])
    below = Node("data", (), {"batched": True, "statistics": statistics}, shape=(setup.rows, *setup.shape))
    if known is not None:
        below = Node("data", (), {"batched": True}, data=known[0], shape=known[0].shape)
    for layer in setup.layers:
        below = NODES.get(layer[0], lambda b, _l, _k, op=layer[0]: Node(op, (b,)))(below, layer, setup.initial)
    below = Node(below.op, below.inputs, below.attributes, below.parameters, (None, setup.outputs))
    shape = (setup.rows,) if setup.loss == "ce" else (setup.rows, setup.outputs)
    told = SimpleNamespace(known="declared", columns=(), **INPUTS["standardized"])
    target = Node("data", (), {"batched": True, **({"statistics": told} if setup.loss == "mse" else {})}, shape=shape)
    if known is not None:
        target = Node("data", (), {"batched": True}, data=known[1], shape=known[1].shape)
    op = {"mse": "mean_squared_error", "bce": "binary_cross_entropy_with_logits", "ce": "cross_entropy"}[setup.loss]
    return Node(op, (below, target), {"reduction": "mean"})


def estimated(setup: Setup) -> StabilityBound | Any:
    """What trainlint says of the setup, knowing the statistics alone."""
    return stability(run(graph_of(setup), 1e-6, batch=32, framework="torch"))


def _layer(op: str, kinds: tuple[str, ...], **attributes: Any) -> Callable[[Node, Layer, str], Node]:
    """A node with parameters: "kernel" starts as the setup says, any other name is an initialiser's own."""

    def build(below: Node, layer: Layer, initial: str) -> Node:
        named = {key: layer[value] if isinstance(value, int) else value for key, value in attributes.items()}
        bias = "torch_default" if initial == "torch_default" else "zeros"
        parameters = tuple(weight(kind={"kernel": initial, "bias": bias}.get(one, one)) for one in kinds)
        return Node(op, (below,), named, parameters)

    return build


NODES: dict[str, Callable[[Node, Layer, str], Node]] = {
    "dense": _layer("dense", ("kernel", "bias"), units=1),
    "conv": _layer("conv", ("kernel", "bias"), filters=1, kernel_size=2),
    "pool": lambda below, _l, _k: Node("max_pool", (below,), {"pool_size": (2, 2)}),
    "mean": lambda below, _l, _k: Node("mean", (below,), {"axis": (1,)}),
    "lstm": _layer("lstm", ("kernel", "orthogonal", "zeros"), units=1),
    "attention": lambda below, layer, initial: Node(
        "attention",
        (below,),
        {"heads": layer[1], "key_dim": layer[2]},
        (*(weight(kind=initial) for _ in range(4)), *(weight(kind="zeros") for _ in range(4))),
    ),
    "norm": lambda below, _l, _k: Node("layer_norm", (below,), {"epsilon": 1e-5}, (weight(kind="ones"), weight(kind="zeros"))),
}


class Drawn:
    """The weights of one PyTorch model, drawn by PyTorch's own initialisers in the order in which they are asked for."""

    def __init__(self, initial: str) -> None:
        self.initial = initial
        self.tensors: list[Any] = []
        self._next = 0
        self._drawn = False

    def begin(self) -> None:
        """Hand out the tensors of the first evaluation once more, in the same order."""
        self._drawn, self._next = bool(self.tensors), 0

    def kernel(self, *shape: int, fan_in: int, fan_out: int) -> Any:
        """A kernel laid out (*window, in, out)."""
        import torch

        wide = torch.empty(shape, dtype=torch.float64)
        deviation = {
            "glorot_uniform": math.sqrt(2 / (fan_in + fan_out)),
            "he_normal": math.sqrt(2 / fan_in),
            "lecun_normal": math.sqrt(1 / fan_in),
            "torch_default": math.sqrt(1 / (3 * fan_in)),
        }[self.initial]
        if self.initial.endswith("normal"):
            torch.nn.init.trunc_normal_(wide, 0.0, deviation / 0.8796, -2 * deviation / 0.8796, 2 * deviation / 0.8796)
        else:
            torch.nn.init.uniform_(wide, -math.sqrt(3) * deviation, math.sqrt(3) * deviation)
        return self.keep(wide)

    def bias(self, units: int, fan_in: int) -> Any:
        """Zeros, or PyTorch's own uniform."""
        import torch

        edge = 1 / math.sqrt(fan_in) if self.initial == "torch_default" else 0.0
        return self.keep(torch.empty(units, dtype=torch.float64).uniform_(-edge, edge))

    def keep(self, tensor: Any) -> Any:
        """Track a tensor, or give back the one that was tracked in its place."""
        if self._drawn:
            self._next += 1
            return self.tensors[self._next - 1]
        self.tensors.append(tensor.requires_grad_())
        return tensor


def forward(x: Any, layer: Layer, drawn: Drawn) -> Any:
    """One layer in PyTorch, channels last as trainlint's graph has them."""
    import torch
    from torch.nn import functional

    if layer[0] == "dense":
        width, units = x.shape[-1], layer[1]
        return x @ drawn.kernel(width, units, fan_in=width, fan_out=units) + drawn.bias(units, width)
    if layer[0] == "conv":
        (tall, wide), channels, filters = layer[2], x.shape[-1], layer[1]
        area = tall * wide
        kernel = drawn.kernel(tall, wide, channels, filters, fan_in=area * channels, fan_out=area * filters)
        bias = drawn.bias(filters, area * channels)
        return functional.conv2d(x.movedim(-1, 1), kernel.permute(3, 2, 0, 1), bias).movedim(1, -1)
    if layer[0] == "pool":
        return functional.max_pool2d(x.movedim(-1, 1), 2).movedim(1, -1)
    if layer[0] == "lstm":
        return _lstm(x, layer[1], drawn)
    if layer[0] == "attention":
        return _attention(x, layer[1], layer[2], drawn)
    if layer[0] == "norm":
        scale, offset = (drawn.keep(make(x.shape[-1], dtype=torch.float64)) for make in (torch.ones, torch.zeros))
        return functional.layer_norm(x, x.shape[-1:], scale, offset)
    plain = {"flatten": lambda t: t.flatten(1), "mean": lambda t: t.mean(1), "relu": torch.relu, "tanh": torch.tanh}
    return {**plain, "sigmoid": torch.sigmoid, "gelu": functional.gelu}[layer[0]](x)


def _lstm(x: Any, units: int, drawn: Drawn) -> Any:
    """Keras' LSTM: gates i, f, g, o; the last state."""
    import torch

    kernel = drawn.kernel(x.shape[-1], 4 * units, fan_in=x.shape[-1], fan_out=4 * units)
    inner = torch.empty(units, 4 * units, dtype=torch.float64)
    inner = drawn.keep(torch.nn.init.orthogonal_(inner))
    bias = drawn.keep(torch.zeros(4 * units, dtype=torch.float64))
    hidden = cell = torch.zeros(len(x), units, dtype=torch.float64)
    for step in range(x.shape[1]):
        i, f, g, o = (x[:, step] @ kernel + hidden @ inner + bias).chunk(4, dim=1)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        hidden = torch.sigmoid(o) * torch.tanh(cell)
    return hidden


def _attention(x: Any, heads: int, size: int, drawn: Drawn) -> Any:
    """Self-attention with biases that start at zero."""
    import torch

    model, inner = x.shape[-1], heads * size
    kernels = [drawn.kernel(model, inner, fan_in=model, fan_out=inner) for _ in range(3)]
    last = drawn.kernel(inner, model, fan_in=inner, fan_out=model)
    biases = [drawn.keep(torch.zeros(width, dtype=torch.float64)) for width in (inner, inner, inner, model)]
    q, k, v = ((x @ one + b).unflatten(-1, (heads, size)).transpose(1, 2) for one, b in zip(kernels, biases, strict=False))
    shares = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(size), -1)
    return (shares @ v).transpose(1, 2).flatten(2) @ last + biases[3]


def drawn_data(setup: Setup, seed: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Inputs, and targets that a linear function of them explains by half."""
    rng = np.random.default_rng(1000 + seed)
    x = draw_inputs(setup, rng)
    teacher = (x - x.mean(0)).reshape(len(x), -1) @ rng.standard_normal((math.prod(setup.shape), setup.outputs))
    teacher = 0.7 * teacher / teacher.std(ddof=1) + 0.7 * rng.standard_normal(teacher.shape)
    if setup.loss == "mse":
        return x, teacher
    return x, (teacher > 0).astype(float) if setup.loss == "bce" else teacher.argmax(1)


def loss_of(setup: Setup, seed: int, data: int | None = None) -> tuple[Callable[[], Any], list[Any]]:
    """The loss in PyTorch at one draw of weights and data, to be evaluated again as the weights change, and the weights.

    `data` draws the data apart from the weights.
    """
    import torch
    from torch.nn import functional

    torch.manual_seed(seed)
    x, y = (torch.from_numpy(one) for one in drawn_data(setup, seed if data is None else data))
    drawn = Drawn(setup.initial)

    def loss() -> Any:
        drawn.begin()
        value = x
        for layer in setup.layers:
            value = forward(value, layer, drawn)
        if setup.loss == "mse":
            return functional.mse_loss(value, y)
        if setup.loss == "bce":
            return functional.binary_cross_entropy_with_logits(value, y)
        return functional.cross_entropy(value, y)

    loss()
    return loss, drawn.tensors


def measured(setup: Setup, seed: int) -> float:
    """The largest Hessian eigenvalue in PyTorch at one draw of weights and data, by SciPy's `eigsh` with double backward."""
    import torch
    from scipy.sparse.linalg import LinearOperator, eigsh

    loss, tensors = loss_of(setup, seed)
    slopes = torch.autograd.grad(loss(), tensors, create_graph=True)

    def product(vector: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        parts = torch.split(torch.from_numpy(vector.reshape(-1)), [one.numel() for one in tensors])
        along = sum((g * part.reshape(g.shape)).sum() for g, part in zip(slopes, parts, strict=True))
        found = torch.autograd.grad(along, tensors, retain_graph=True, materialize_grads=True)
        return torch.cat([one.reshape(-1) for one in found]).numpy()

    dimension = sum(one.numel() for one in tensors)
    operator = LinearOperator((dimension, dimension), matvec=product, dtype=np.float64)
    return float(eigsh(operator, k=1, which="LA", tol=1e-4, v0=np.ones(dimension), return_eigenvectors=False)[0])


def setups() -> Iterator[Setup]:
    """All setups of the benchmark."""
    for inputs in INPUTS:
        yield Setup(f"linear regression, {inputs}", (("dense", 1),), (12,), inputs, "mse", "glorot_uniform")
    for inputs in ("standardized", "0..1"):
        yield Setup(f"logistic regression, {inputs}", (("dense", 1),), (12,), inputs, "bce", "glorot_uniform")
        yield Setup(f"softmax regression, {inputs}", (("dense", 10),), (64,), inputs, "ce", "glorot_uniform")
    for loss, outputs in (("mse", 1), ("ce", 10)):
        for initial in ("glorot_uniform", "he_normal", "lecun_normal", "torch_default"):
            for activation in ("relu", "tanh", "sigmoid"):
                layers = (("dense", 32), (activation,), ("dense", 32), (activation,), ("dense", outputs))
                for inputs in ("standardized", "0..1") if initial in ("glorot_uniform", "torch_default") else ("standardized",):
                    yield Setup(f"MLP {activation} {initial} {loss}, {inputs}", layers, (20,), inputs, loss, initial)
    for loss, outputs in (("mse", 1), ("ce", 10)):
        for activation in ("relu", "tanh"):
            for inputs in ("0..255", "raw"):
                layers = (("dense", 64), (activation,), ("dense", outputs))
                yield Setup(f"MLP {activation} {loss}, {inputs}", layers, (30,), inputs, loss, "glorot_uniform")
    wide = (("dense", 128), ("relu",), ("dense", 10))
    deep = (("dense", 300), ("relu",), ("dense", 300), ("relu",), ("dense", 10))
    yield Setup("MLP of pixels ce, 0..1", wide, (784,), "0..1", "ce", "glorot_uniform", 512)
    yield Setup("MLP of pixels ce, standardized", wide, (784,), "standardized", "ce", "torch_default", 512)
    yield Setup("deep MLP of pixels ce, 0..1", deep, (784,), "0..1", "ce", "torch_default", 512)
    yield Setup("deep MLP of pixels mse, 0..1", deep, (784,), "0..1", "mse", "he_normal", 512)
    small = (("conv", 8, (3, 3)), ("relu",), ("pool",), ("flatten",), ("dense", 10))
    two = (("conv", 16, (3, 3)), ("relu",), ("pool",), ("conv", 32, (3, 3)), ("relu",), ("pool",), ("flatten",), ("dense", 10))
    for initial in ("glorot_uniform", "torch_default"):
        yield Setup(f"CNN {initial}, 0..1", small, (12, 12, 1), "0..1", "ce", initial, 128)
        yield Setup(f"CNN {initial}, standardized", small, (12, 12, 3), "standardized", "ce", initial, 128)
        yield Setup(f"CNN of pixels {initial}, 0..1", two, (28, 28, 1), "0..1", "ce", initial, 64)
    tiny = (("conv", 4, (3, 3)), ("relu",), ("pool",), ("flatten",), ("dense", 3))
    yield Setup("small CNN glorot_uniform, 0..1", tiny, (8, 8, 1), "0..1", "ce", "glorot_uniform", 32)
    yield Setup("CNN, 0..255", small, (12, 12, 1), "0..255", "ce", "glorot_uniform", 128)
    for loss, outputs in (("mse", 1), ("ce", 5)):
        lstm, block = (("lstm", 24), ("dense", outputs)), (("attention", 2, 8), ("norm",), ("mean",), ("dense", outputs))
        for inputs in ("standardized", "0..1"):
            yield Setup(f"LSTM {loss}, {inputs}", lstm, (12, 6), inputs, loss, "glorot_uniform")
        few = (("lstm", 8), ("dense", outputs))
        yield Setup(f"small LSTM {loss}, standardized", few, (5, 3), "standardized", loss, "glorot_uniform", 32)
        yield Setup(f"attention {loss}, standardized", block, (10, 16), "standardized", loss, "glorot_uniform")
