"""The weights that a layer brings into the graph of the loss: how many numbers each holds, as the library makes them."""

from __future__ import annotations

from math import prod

import pytest

from trainlint.engine import facts_of
from trainlint.facts.graph import walk
from trainlint.source.read import read_text

KERAS = """
import keras
from keras import layers
model = keras.Sequential([keras.Input({shape}), {layer}, layers.Flatten(), layers.Dense(1, use_bias=False)])
model.compile("sgd", "mse")
model.fit(keras.random.normal((64, *{shape})), keras.random.normal((64, 1)), batch_size=16)
"""

KERAS_LAYERS: tuple[tuple[tuple[int, ...], str, list[int]], ...] = (
    ((12, 4), "layers.Conv1D(6, 3)", [3 * 4 * 6, 6]),
    ((9, 8, 4), "layers.Conv2D(6, (3, 2), use_bias=False)", [3 * 2 * 4 * 6]),
    ((9, 8, 4), "layers.Conv2D(6, 3, groups=2)", [3 * 3 * 2 * 6, 6]),
    ((9, 8, 4), "layers.Conv2DTranspose(6, 3)", [3 * 3 * 6 * 4, 6]),
    ((9, 8, 4), "layers.DepthwiseConv2D(3, depth_multiplier=2)", [3 * 3 * 4 * 2, 8]),
    ((9, 8, 4), "layers.SeparableConv2D(6, 3, depth_multiplier=2)", [3 * 3 * 4 * 2, 8 * 6, 6]),
    ((12, 4), "layers.SeparableConv1D(6, 3, use_bias=False)", [3 * 4, 4 * 6]),
    ((12, 4), "layers.Dense(7)", [4 * 7, 7]),
    ((12, 4), "layers.LSTM(5)", [4 * 20, 5 * 20, 20]),
    ((12, 4), "layers.LSTM(5, use_bias=False)", [4 * 20, 5 * 20]),
    ((12, 4), "layers.GRU(5)", [4 * 15, 5 * 15, 2 * 15]),
    ((12, 4), "layers.SimpleRNN(5)", [4 * 5, 5 * 5, 5]),
    ((12, 4), "layers.Bidirectional(layers.LSTM(5))", [4 * 20, 5 * 20, 20] * 2),
    ((12, 4), "layers.BatchNormalization()", [4, 4]),
    ((12, 4), "layers.BatchNormalization(scale=False)", [4]),
    ((12, 4), "layers.BatchNormalization(center=False, scale=False)", []),
    ((12, 4), "layers.LayerNormalization()", [4, 4]),
    ((12, 4), "layers.LayerNormalization(axis=1)", [12, 12]),
    ((12, 4), "layers.GroupNormalization(2)", [4, 4]),
)

TORCH = """
import torch
from torch import nn
model = nn.Sequential({layer}, nn.Flatten(), nn.LazyLinear(1, bias=False))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
X, y = torch.randn({shape}), torch.randn({shape[0]}, 1)
for step in range(10):
    loss = nn.functional.mse_loss(model(X), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""

TORCH_LAYERS: tuple[tuple[tuple[int, ...], str, list[int]], ...] = (
    ((8, 4, 12), "nn.Conv1d(4, 6, 3)", [3 * 4 * 6, 6]),
    ((8, 4, 9, 9), "nn.Conv2d(4, 6, (3, 2), groups=2, bias=False)", [3 * 2 * 2 * 6]),
    ((8, 4, 9, 9), "nn.ConvTranspose2d(4, 6, 3, groups=2)", [3 * 3 * 3 * 4, 6]),
    ((8, 4), "nn.Linear(4, 7)", [28, 7]),
    ((8, 4), "nn.BatchNorm1d(4)", [4, 4]),
    ((8, 4), "nn.BatchNorm1d(4, affine=False)", []),
    ((8, 4, 9, 9), "nn.InstanceNorm2d(4)", []),
    ((8, 4, 9, 9), "nn.GroupNorm(2, 4)", [4, 4]),
    ((8, 3, 4), "nn.LayerNorm((3, 4))", [12, 12]),
    ((8, 3, 4), "nn.LayerNorm(4)", [4, 4]),
)


def layer_s_own(script: str) -> list[int]:
    """How many numbers each trainable weight holds, but for the one matrix of the last dense layer."""
    (run,) = facts_of(read_text(script, "train.py")).runs
    assert run.loss_graph is not None
    nodes = list(walk(run.loss_graph))
    (last,) = next(node for node in reversed(nodes) if node.op == "dense").parameters
    found = {id(one): one for node in nodes for one in node.parameters if one.trainable and one is not last}
    return sorted(-1 if one.shape is None else prod(one.shape) for one in found.values())


@pytest.mark.parametrize(("shape", "layer", "expected"), KERAS_LAYERS)
def test_weights_of_a_keras_layer(shape: tuple[int, ...], layer: str, expected: list[int]) -> None:
    assert layer_s_own(KERAS.format(shape=shape, layer=layer)) == sorted(expected)


@pytest.mark.parametrize(("shape", "layer", "expected"), TORCH_LAYERS)
def test_weights_of_a_pytorch_layer(shape: tuple[int, ...], layer: str, expected: list[int]) -> None:
    assert layer_s_own(TORCH.format(shape=shape, layer=layer)) == sorted(expected)


@pytest.mark.framework
def test_keras_makes_these_weights() -> None:
    import keras

    for shape, layer, expected in KERAS_LAYERS:
        made = eval(layer, {"layers": keras.layers})
        made.build((None, *shape))
        assert sorted(prod(one.shape) for one in made.trainable_weights) == sorted(expected), layer


@pytest.mark.framework
def test_pytorch_makes_these_weights() -> None:
    from torch import nn

    for _, layer, expected in TORCH_LAYERS:
        assert sorted(one.numel() for one in eval(layer, {"nn": nn}).parameters()) == sorted(expected), layer
