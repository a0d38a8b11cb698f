"""The shape that a layer gives and those of its weights: by the formulas of the library's documentation, and by the library."""

from __future__ import annotations

from math import ceil, floor
from typing import Any

import pytest

from tests.interpret.helpers import follow
from trainlint.interpret.values import Array


def window(extent: int, size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """floor((n + 2p - d(k - 1) - 1)/s + 1)."""
    return floor((extent + 2 * padding - dilation * (size - 1) - 1) / stride + 1)


LAYERS: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...] = (
    ("nn.Conv2d(3, 8, 5)", (2, 3, 32, 20), (2, 8, window(32, 5), window(20, 5))),
    ("nn.Conv2d(3, 8, 3, 2, 1)", (2, 3, 33, 20), (2, 8, window(33, 3, 2, 1), window(20, 3, 2, 1))),
    ("nn.Conv2d(3, 8, (3, 5), dilation=2)", (2, 3, 32, 20), (2, 8, window(32, 3, dilation=2), window(20, 5, dilation=2))),
    ("nn.Conv2d(3, 8, 3, padding='same')", (2, 3, 32, 20), (2, 8, 32, 20)),
    ("nn.Conv2d(3, 8, 3, padding='valid')", (2, 3, 32, 20), (2, 8, 30, 18)),
    ("nn.Conv2d(3, 8, 3)", (3, 32, 20), (8, 30, 18)),
    ("nn.Conv1d(4, 6, 3, stride=3)", (2, 4, 17), (2, 6, window(17, 3, 3))),
    ("nn.Conv3d(1, 2, 2)", (2, 1, 5, 6, 7), (2, 2, 4, 5, 6)),
    ("nn.ConvTranspose2d(8, 3, 4, 2, 1)", (2, 8, 16, 10), (2, 3, 15 * 2 - 2 + 3 + 1, 9 * 2 - 2 + 3 + 1)),
    ("nn.ConvTranspose2d(8, 3, 3, 2, 1, output_padding=1)", (2, 8, 16, 10), (2, 3, 32, 20)),
    ("nn.ConvTranspose1d(8, 3, 3, dilation=2)", (2, 8, 7), (2, 3, 6 + 2 * 2 + 1)),
    ("nn.MaxPool2d(2)", (2, 3, 9, 8), (2, 3, 4, 4)),
    ("nn.MaxPool2d(3, 2, ceil_mode=True)", (2, 3, 8, 9), (2, 3, ceil((8 - 3) / 2) + 1, ceil((9 - 3) / 2) + 1)),
    ("nn.MaxPool2d(2, 3, 1, ceil_mode=True)", (1, 1, 5, 6), (1, 1, 2, 3)),
    ("nn.AvgPool2d((2, 1))", (2, 3, 9, 8), (2, 3, 4, 8)),
    ("nn.MaxPool1d(3, padding=1)", (2, 3, 10), (2, 3, window(10, 3, 3, 1))),
    ("nn.LPPool2d(2, 3)", (2, 3, 9, 9), (2, 3, 3, 3)),
    ("nn.AdaptiveAvgPool2d(1)", (2, 3, 9, 8), (2, 3, 1, 1)),
    ("nn.AdaptiveAvgPool2d((None, 4))", (2, 3, 9, 8), (2, 3, 9, 4)),
    ("nn.AdaptiveMaxPool1d(5)", (2, 3, 9), (2, 3, 5)),
    ("nn.Flatten()", (2, 3, 4, 5), (2, 60)),
    ("nn.Flatten(0)", (2, 3, 4, 5), (120,)),
    ("nn.Flatten(1, 2)", (2, 3, 4, 5), (2, 12, 5)),
    ("nn.Flatten(-2)", (2, 3, 4, 5), (2, 3, 20)),
    ("nn.Unflatten(1, (3, 4))", (2, 12), (2, 3, 4)),
    ("nn.Unflatten(-1, (-1, 4))", (2, 12), (2, 3, 4)),
    ("nn.Upsample(scale_factor=2)", (2, 3, 5, 6), (2, 3, 10, 12)),
    ("nn.Upsample(scale_factor=1.5)", (2, 3, 5, 6), (2, 3, floor(5 * 1.5), 9)),
    ("nn.Upsample(scale_factor=(2, 3))", (2, 3, 5, 6), (2, 3, 10, 18)),
    ("nn.Upsample(size=(7, 9))", (2, 3, 5, 6), (2, 3, 7, 9)),
    ("nn.Upsample(11)", (2, 3, 5), (2, 3, 11)),
    ("nn.ZeroPad2d(2)", (2, 3, 5, 6), (2, 3, 9, 10)),
    ("nn.ZeroPad2d((1, 2, 3, 4))", (2, 3, 5, 6), (2, 3, 5 + 7, 6 + 3)),
    ("nn.ReflectionPad2d(1)", (2, 3, 5, 6), (2, 3, 7, 8)),
    ("nn.ReplicationPad1d((2, 0))", (2, 3, 5), (2, 3, 7)),
    ("nn.PixelShuffle(2)", (2, 12, 5, 6), (2, 3, 10, 12)),
    ("nn.Embedding(50, 7)", (2, 9), (2, 9, 7)),
    ("nn.Linear(6, 4)", (2, 5, 6), (2, 5, 4)),
    ("nn.LayerNorm(6)", (2, 5, 6), (2, 5, 6)),
    ("nn.GroupNorm(2, 4)", (2, 4, 6), (2, 4, 6)),
    ("nn.RNNCell(6, 4)", (2, 6), (2, 4)),
)
"""A layer, the shape that enters it, the shape that leaves it."""

RECURRENT = (
    ("nn.LSTM(6, 4, batch_first=True)", (2, 9, 6), (2, 9, 4), (1, 2, 4)),
    ("nn.LSTM(6, 4)", (9, 2, 6), (9, 2, 4), (1, 2, 4)),
    ("nn.GRU(6, 4, 3, bidirectional=True)", (9, 2, 6), (9, 2, 8), (6, 2, 4)),
    ("nn.LSTM(6, 4, proj_size=2, batch_first=True)", (2, 9, 6), (2, 9, 2), (1, 2, 2)),
    ("nn.RNN(6, 4)", (9, 6), (9, 4), (1, 4)),
)
"""A layer, what enters, what leaves at every step, its last hidden state."""

WEIGHTS = (
    *(("nn.Linear(6, 4)", "weight", (4, 6)), ("nn.Linear(6, 4)", "bias", (4,)), ("nn.Embedding(50, 7)", "weight", (50, 7))),
    *(("nn.Conv2d(4, 8, (3, 5), groups=2)", "weight", (8, 2, 3, 5)), ("nn.Conv2d(4, 8, 3)", "bias", (8,))),
    *(("nn.ConvTranspose2d(4, 8, 3)", "weight", (4, 8, 3, 3)), ("nn.ConvTranspose1d(4, 8, 3, groups=2)", "weight", (4, 4, 3))),
    *(("nn.BatchNorm2d(5)", "weight", (5,)), ("nn.BatchNorm1d(5)", "bias", (5,)), ("nn.GroupNorm(2, 4)", "weight", (4,))),
    *(
        ("nn.LayerNorm(6)", "weight", (6,)),
        ("nn.LayerNorm((3, 6))", "bias", (3, 6)),
        ("nn.InstanceNorm2d(3, affine=True)", "weight", (3,)),
    ),
)

NOT_KNOWN = (
    *(("nn.Conv2d(3, 8, 3)", "(2, 32)"), ("nn.MaxPool2d(2)", "(2, 32)"), ("nn.ConvTranspose2d(3, 8, 3)", "(2, 32)")),
    *(("nn.ZeroPad2d(1)", "(2, 32)"), ("nn.AdaptiveAvgPool2d(1)", "(2, 32)"), ("nn.Upsample(scale_factor=2)", "(2, 32)")),
    *(("nn.PixelShuffle(2)", "(2, 32)"), ("nn.Unflatten(1, (-1, -1))", "(2, 32)"), ("nn.Unflatten(5, (2, 2))", "(2, 32)")),
    *(("nn.Flatten(2, 1)", "(2, 32, 3)"), ("nn.PixelShuffle(side)", "(2, 4, 3, 3)"), ("nn.LSTM(3, 4)", "(2, 3, 4, 3)")),
)
"""A layer and an input that it refuses, or whose result depends on what is not known."""

HEADER = "import torch\nfrom torch import nn\n"


def after(script: str) -> dict[Any, Any]:
    return follow(HEADER + script).module.scope.cells


def shape_of(value: Any) -> Any:
    assert isinstance(value, Array), value
    return value.shape


@pytest.mark.parametrize(("layer", "entering", "leaving"), LAYERS)
def test_shape_behind_a_layer(layer: str, entering: tuple[int, ...], leaving: tuple[int, ...]) -> None:
    dtype = ", dtype=torch.long" if "Embedding" in layer else ""
    assert shape_of(after(f"y = {layer}(torch.zeros({entering}{dtype}))")["y"]) == leaving


@pytest.mark.parametrize(("layer", "entering", "outputs", "hidden"), RECURRENT)
def test_shapes_behind_a_recurrent_layer(layer: str, entering: Any, outputs: Any, hidden: Any) -> None:
    states = "(h, c)" if "LSTM" in layer else "h"
    found = after(f"y, {states} = {layer}(torch.zeros({entering}))")
    assert (shape_of(found["y"]), shape_of(found["h"])) == (outputs, hidden)


@pytest.mark.parametrize(("layer", "name", "shape"), WEIGHTS)
def test_shape_of_a_parameter(layer: str, name: str, shape: tuple[int, ...]) -> None:
    assert shape_of(after(f"w = {layer}.{name}")["w"]) == shape


@pytest.mark.parametrize(("layer", "entering"), NOT_KNOWN)
def test_no_shape_is_made_up(layer: str, entering: str) -> None:
    value = after(f"side = int(input())\ny = {layer}(torch.zeros({entering}))")["y"]
    if isinstance(value, Array):
        assert value.shape is None or None in value.shape


@pytest.mark.framework
def test_the_tables_are_those_of_the_library() -> None:
    import torch
    from torch import nn

    scope = {"nn": nn}
    for layer, entering, leaving in LAYERS:
        made = torch.zeros(entering, dtype=torch.long if "Embedding" in layer else torch.float)
        assert tuple(eval(layer, scope)(made).shape) == leaving, layer
    for layer, entering, outputs, hidden in RECURRENT:
        y, h = eval(layer, scope)(torch.zeros(entering))
        assert (tuple(y.shape), tuple((h[0] if isinstance(h, tuple) else h).shape)) == (outputs, hidden), layer
    for layer, name, shape in WEIGHTS:
        assert tuple(getattr(eval(layer, scope), name).shape) == shape, layer
