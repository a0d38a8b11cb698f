"""How many weights train: as the libraries count them (`numel()` of PyTorch 2.13 and `count_params()` of Keras 3.15)."""

from __future__ import annotations

import pytest

from trainlint.engine import check_source
from trainlint.facts.run import ModelFacts
from trainlint.settings import Settings
from trainlint.source.read import read_text

TORCH = """\
import torch
from torch import nn
model = {layer}
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(10):
    optimizer.zero_grad()
    output = model(torch.rand{shape})
    nn.functional.mse_loss(output{part}, torch.zeros({target})).backward()
    optimizer.step()
"""
KERAS = """\
import numpy as np
from tensorflow.keras import Input, Sequential, layers
model = Sequential([Input({shape}), {layer}, layers.Flatten(), layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.random.rand(32, *{shape}), np.random.rand(32, 1))
"""
IMAGES = (8, 8, 4)
ROWS = (9, 3)


def parameters(script: str) -> int | None:
    result = check_source(read_text(script, "train.py"), Settings())
    assert result.script is not None
    [run] = result.script.runs
    assert isinstance(run.model, ModelFacts), run.model
    return run.model.parameters


@pytest.mark.parametrize(
    ("layer", "shape", "count"),
    [
        ("nn.Conv2d(4, 6, 3, groups=2)", (2, 4, 8, 8), 114),
        ("nn.ConvTranspose2d(4, 6, 3, groups=2)", (2, 4, 8, 8), 114),
        ("nn.ConvTranspose1d(4, 6, 3, bias=False)", (2, 4, 8), 72),
        ("nn.BatchNorm2d(4)", (2, 4, 8, 8), 8),
        ("nn.GroupNorm(2, 4)", (2, 4, 8, 8), 8),
        ("nn.LayerNorm((3, 5))", (2, 3, 5), 30),
        ("nn.LayerNorm(5, bias=False)", (2, 5), 5),
        ("nn.RMSNorm(5)", (2, 5), 5),
        ("nn.RNN(3, 5)", (2, 9, 3), 50),
        ("nn.LSTM(3, 5)", (2, 9, 3), 200),
        ("nn.GRU(3, 5, num_layers=2, bidirectional=True, bias=False)", (2, 9, 3), 690),
        ("nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4, affine=False))", (2, 4), 20),
        ("nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4, elementwise_affine=False))", (2, 4), 20),
        ("nn.Sequential(nn.Conv2d(4, 4, 3), nn.InstanceNorm2d(4))", (2, 4, 8, 8), 148),
    ],
)
def test_weights_of_torch(layer: str, shape: tuple[int, ...], count: int) -> None:
    part = "[0]" if layer.startswith(("nn.RNN", "nn.LSTM", "nn.GRU")) else ""
    assert parameters(TORCH.format(layer=layer, shape=shape, part=part, target=1)) == count


@pytest.mark.parametrize(
    ("layer", "shape", "count", "output"),
    [
        ("layers.Conv2D(6, (3, 5), groups=2)", IMAGES, 186, 6 * 4 * 6),
        ("layers.Conv2DTranspose(6, 3)", IMAGES, 222, 10 * 10 * 6),
        ("layers.DepthwiseConv2D(3, depth_multiplier=2)", IMAGES, 80, 6 * 6 * 8),
        ("layers.SeparableConv2D(6, 3, depth_multiplier=2)", IMAGES, 126, 6 * 6 * 6),
        ("layers.SeparableConv1D(6, 3, use_bias=False)", (8, 4), 36, 6 * 6),
        ("layers.BatchNormalization(center=False)", (4,), 4, 4),  # the moving mean and variance do not train
        ("layers.BatchNormalization(scale=False)", (4,), 4, 4),
        ("layers.LayerNormalization()", ROWS, 6, 27),
        ("layers.SimpleRNN(5)", ROWS, 45, 5),
        ("layers.GRU(5)", ROWS, 150, 5),
        ("layers.GRU(5, reset_after=False)", ROWS, 135, 5),
        ("layers.LSTM(5, use_bias=False)", ROWS, 160, 5),
        ("layers.Bidirectional(layers.LSTM(5))", ROWS, 360, 10),
        ("layers.Embedding(7, 3)", (9,), 21, 27),
    ],
)
def test_weights_of_keras(layer: str, shape: tuple[int, ...], count: int, output: int) -> None:
    assert parameters(KERAS.format(layer=layer, shape=shape)) == count + output + 1
