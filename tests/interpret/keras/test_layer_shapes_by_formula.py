"""Output shapes of Keras layers by the formulas of the documentation, which Keras itself confirms."""

from __future__ import annotations

from math import ceil
from typing import Any

import pytest

from tests.interpret.helpers import follow
from trainlint.interpret.values import Array


def valid(extent: int, size: int, stride: int = 1, dilation: int = 1) -> int:
    """ceil((n - d(k - 1))/s)."""
    return ceil((extent - dilation * (size - 1)) / stride)


def grown(extent: int, size: int, stride: int = 1, dilation: int = 1) -> int:
    """n s + max(d(k - 1) + 1 - s, 0)."""
    return extent * stride + max(dilation * (size - 1) + 1 - stride, 0)


CASES: tuple[tuple[str, str, tuple[int | None, ...]], ...] = (
    ("(28, 20, 1)", "layers.Conv2D(32, (3, 5), strides=2)(x)", (None, valid(28, 3, 2), valid(20, 5, 2), 32)),
    ("(28, 20, 1)", "layers.Conv2D(32, 3, dilation_rate=(2, 3))(x)", (None, valid(28, 3, 1, 2), valid(20, 3, 1, 3), 32)),
    ("(28, 20, 1)", "layers.Conv2D(32, 3, strides=3, padding='same')(x)", (None, ceil(28 / 3), ceil(20 / 3), 32)),
    ("(50, 4)", "layers.Conv1D(6, 5, padding='causal', dilation_rate=2)(x)", (None, 50, 6)),
    ("(7, 9, 8)", "layers.Conv2DTranspose(4, 3, strides=2, padding='same')(x)", (None, 14, 18, 4)),
    ("(7, 9, 8)", "layers.Conv2DTranspose(4, (3, 2), strides=(2, 3))(x)", (None, grown(7, 3, 2), grown(9, 2, 3), 4)),
    ("(7, 9, 8)", "layers.Conv2DTranspose(4, 3, dilation_rate=2)(x)", (None, grown(7, 3, 1, 2), grown(9, 3, 1, 2), 4)),
    ("(7, 8)", "layers.Conv1DTranspose(4, 3, dilation_rate=3)(x)", (None, grown(7, 3, 1, 3), 4)),
    ("(20, 18, 3)", "layers.DepthwiseConv2D(3, depth_multiplier=2)(x)", (None, 18, 16, 6)),
    ("(27, 20, 4)", "layers.MaxPooling2D(3, strides=2)(x)", (None, valid(27, 3, 2), valid(20, 3, 2), 4)),
    ("(27, 20, 4)", "layers.AveragePooling2D((2, 3), padding='same')(x)", (None, 14, 7, 4)),
    ("(28, 20, 4)", "layers.GlobalMaxPooling2D(keepdims=True)(x)", (None, 1, 1, 4)),
    ("(8, 6, 2)", "layers.UpSampling2D((2, 3))(x)", (None, 16, 18, 2)),
    ("(8, 6, 2)", "layers.ZeroPadding2D(2)(x)", (None, 12, 10, 2)),
    ("(8, 6, 2)", "layers.ZeroPadding2D((1, 2))(x)", (None, 10, 10, 2)),
    ("(8, 6, 2)", "layers.ZeroPadding2D(((1, 0), (2, 3)))(x)", (None, 9, 11, 2)),
    ("(9, 2)", "layers.ZeroPadding1D((1, 3))(x)", (None, 13, 2)),
    ("(9, 2)", "layers.ZeroPadding1D(2)(x)", (None, 13, 2)),
    ("(9, 2)", "layers.Cropping1D((1, 3))(x)", (None, 5, 2)),
    ("(8, 6, 2)", "layers.Cropping2D(((1, 2), (0, 3)))(x)", (None, 5, 3, 2)),
    ("(8, 6, 4, 2)", "layers.Cropping3D(1)(x)", (None, 6, 4, 2, 2)),
    ("(12,)", "layers.Reshape((3, -1))(x)", (None, 3, 4)),
    ("(2, 3, 4)", "layers.Permute((3, 1, 2))(x)", (None, 4, 2, 3)),
    ("(6,)", "layers.RepeatVector(5)(x)", (None, 5, 6)),
    ("(10, 4)", "layers.LSTM(7, return_sequences=True)(x)", (None, 10, 7)),
    ("(10, 4)", "layers.Bidirectional(layers.LSTM(7))(x)", (None, 14)),
    ("(10, 4)", "layers.Bidirectional(layers.GRU(7), merge_mode='sum')(x)", (None, 7)),
    ("(10, 4)", "layers.TimeDistributed(layers.Dense(3))(x)", (None, 10, 3)),
    ("(8, 1)", "layers.add([x, layers.Dense(5)(x)])", (None, 8, 5)),
    ("(4, 8)", "layers.concatenate([x, x, layers.Dense(8)(x)], axis=1)", (None, 12, 8)),
    ("(4, 8)", "layers.Concatenate()([x, layers.Dense(3)(x)])", (None, 4, 11)),
    ("(8, 16)", "layers.MultiHeadAttention(2, 4)(x, x)", (None, 8, 16)),
    ("(8, 16)", "layers.MultiHeadAttention(2, 4, output_shape=5)(x, x)", (None, 8, 5)),
    ("(8,)", "layers.Dot(1)([x, x])", (None, 1)),
    ("(4, 8)", "layers.Dot((1, -2))([x, layers.Dense(3)(x)])", (None, 8, 3)),
    ("(4, 8)", "layers.dot([x, layers.Flatten()(layers.Dense(2)(x))], axes=(2, 1))", (None, 4)),
    ("(4, 9, 7, 2)", "layers.ConvLSTM2D(3, (3, 2))(x)", (None, 7, 6, 3)),
    ("(4, 9, 7, 2)", "layers.ConvLSTM2D(3, 3, strides=2, padding='same', return_sequences=True)(x)", (None, 4, 5, 4, 3)),
    ("(30, 40, 3)", "layers.Resizing(10, 20)(x)", (None, 10, 20, 3)),
    ("(30, 40, 3)", "layers.CenterCrop(10, 20)(x)", (None, 10, 20, 3)),
    ("(None, None, 3)", "layers.Conv2D(4, 3)(x)", (None, None, None, 4)),
    ("(None, 3)", "layers.ZeroPadding1D(1)(x)", (None, None, 3)),
    ("(None, 3)", "layers.Conv1DTranspose(4, 3)(x)", (None, None, 4)),
)

REFUSED = (
    *(("(8,)", "layers.Conv2D(4, 3)(x)"), ("(8,)", "layers.MaxPooling2D()(x)"), ("(8,)", "layers.GlobalAveragePooling2D()(x)")),
    *(("(8,)", "layers.UpSampling2D()(x)"), ("(8,)", "layers.ZeroPadding2D()(x)"), ("(8,)", "layers.Conv2DTranspose(4, 3)(x)")),
    *(("(7, 9, 3)", "layers.Cropping2D(4)(x)"), ("(7, 9, 3)", "layers.Conv2D(4, 8)(x)"), ("(8,)", "layers.Permute((2, 1))(x)")),
    *(("(8,)", "layers.LSTM(3)(x)"), ("(4, 8)", "layers.concatenate([x, layers.Dense(3)(x)], axis=5)")),
    *(
        ("(7, 9, 3)", "layers.ZeroPadding2D(((1, 2),))(x)"),
        ("(7, 9, 3)", "layers.ZeroPadding2D('a')(x)"),
        ("(4, 8)", "layers.RepeatVector(5)(x)"),
    ),
)
"""Keras raises at each of these."""


def after(shape: str, expression: str) -> Any:
    script = f"import keras\nfrom keras import layers\nx = keras.Input({shape})\ny = {expression}"
    return follow(script).module.scope.cells["y"]


@pytest.mark.parametrize(("shape", "expression", "expected"), CASES)
def test_shape_behind_a_layer(shape: str, expression: str, expected: tuple[int | None, ...]) -> None:
    found = after(shape, expression)
    assert isinstance(found, Array)
    assert found.shape == expected


@pytest.mark.parametrize(("shape", "expression"), REFUSED)
def test_no_shape_is_made_up_where_keras_refuses(shape: str, expression: str) -> None:
    found = after(shape, expression)
    assert not isinstance(found, Array) or found.shape is None or None in found.shape[1:]


@pytest.mark.framework
def test_the_tables_are_those_of_keras() -> None:
    import keras

    for shape, expression, expected in CASES:
        scope = {"layers": keras.layers, "x": keras.Input(eval(shape))}
        assert tuple(eval(expression, scope).shape) == expected, expression
    for shape, expression in REFUSED:
        with pytest.raises((ValueError, IndexError, TypeError)):
            eval(expression, {"layers": keras.layers, "x": keras.Input(eval(shape))})
