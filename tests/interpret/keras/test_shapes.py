"""Output shapes of layers against Keras' own."""

import pytest

from tests.interpret.helpers import follow
from trainlint.interpret.values import Array

CASES = [
    ("(8,)", "layers.Dense(3)(x)"),
    ("(5, 8)", "layers.Dense(3)(x)"),
    ("(28, 28, 1)", "layers.Conv2D(32, 3)(x)"),
    ("(28, 28, 1)", "layers.Conv2D(32, (3, 5), strides=2, padding='same')(x)"),
    ("(28, 28, 1)", "layers.Conv2D(32, 3, dilation_rate=2)(x)"),
    ("(28, 28, 1)", "layers.Conv2D(32, 3, 3)(x)"),
    ("(50, 4)", "layers.Conv1D(6, 5, padding='causal')(x)"),
    ("(9, 9, 9, 2)", "layers.Conv3D(4, 3)(x)"),
    ("(7, 7, 8)", "layers.Conv2DTranspose(4, 3, strides=2, padding='same')(x)"),
    ("(7, 7, 8)", "layers.Conv2DTranspose(4, 3, strides=2)(x)"),
    ("(7, 7, 8)", "layers.Conv2DTranspose(4, 2, strides=3)(x)"),
    ("(20, 20, 3)", "layers.SeparableConv2D(16, 3)(x)"),
    ("(20, 20, 3)", "layers.DepthwiseConv2D(3, depth_multiplier=2, padding='same')(x)"),
    ("(28, 28, 4)", "layers.MaxPooling2D()(x)"),
    ("(27, 27, 4)", "layers.MaxPooling2D(3, strides=2, padding='same')(x)"),
    ("(27, 27, 4)", "layers.AveragePooling2D((2, 3))(x)"),
    ("(30, 4)", "layers.MaxPooling1D(4)(x)"),
    ("(28, 28, 4)", "layers.GlobalAveragePooling2D()(x)"),
    ("(28, 28, 4)", "layers.GlobalMaxPooling2D(keepdims=True)(x)"),
    ("(28, 28, 4)", "layers.Flatten()(x)"),
    ("(12,)", "layers.Reshape((3, -1))(x)"),
    ("(2, 3, 4)", "layers.Permute((3, 1, 2))(x)"),
    ("(6,)", "layers.RepeatVector(5)(x)"),
    ("(10,)", "layers.Embedding(100, 16)(x)"),
    ("(10, 4)", "layers.LSTM(7)(x)"),
    ("(10, 4)", "layers.LSTM(7, return_sequences=True)(x)"),
    ("(10, 4)", "layers.GRU(7)(x)"),
    ("(10, 4)", "layers.Bidirectional(layers.LSTM(7, return_sequences=True))(x)"),
    ("(10, 4)", "layers.Bidirectional(layers.GRU(7), merge_mode='sum')(x)"),
    ("(10, 4)", "layers.TimeDistributed(layers.Dense(3))(x)"),
    ("(5, 8, 8, 1)", "layers.TimeDistributed(layers.Conv2D(4, 3))(x)"),
    ("(8, 8, 2)", "layers.UpSampling2D(3)(x)"),
    ("(8, 8, 2)", "layers.ZeroPadding2D((1, 2))(x)"),
    ("(8, 8, 2)", "layers.ZeroPadding2D(((1, 0), (2, 3)))(x)"),
    ("(8, 8, 2)", "layers.Cropping2D(((1, 2), (0, 3)))(x)"),
    ("(9, 2)", "layers.ZeroPadding1D((1, 3))(x)"),
    ("(8,)", "layers.BatchNormalization()(x)"),
    ("(8,)", "layers.Activation('relu')(x)"),
    ("(8,)", "layers.Dropout(0.5)(x)"),
    ("(8,)", "layers.add([x, layers.Dense(8)(x)])"),
    ("(8,)", "layers.Concatenate()([x, layers.Dense(3)(x)])"),
    ("(4, 8)", "layers.concatenate([x, x], axis=1)"),
    ("(8, 16)", "layers.MultiHeadAttention(2, 4)(x, x)"),
    ("(8,)", "layers.Dot(1)([x, x])"),
    ("(4, 8)", "layers.Dot((1, -2))([x, layers.Dense(3)(x)])"),
    ("(4, 8)", "layers.Dot(axes=(2, 1))([x, layers.Flatten()(layers.Dense(2)(x))])"),
    ("(4, 9, 7, 2)", "layers.ConvLSTM2D(3, (3, 2))(x)"),
    ("(4, 9, 7, 2)", "layers.ConvLSTM2D(3, 3, strides=2, padding='same', return_sequences=True)(x)"),
    ("(30, 40, 3)", "layers.Resizing(10, 20)(x)"),
    ("(28, 28, 1)", "layers.Rescaling(1 / 255)(x)"),
]


@pytest.mark.framework
@pytest.mark.parametrize(("shape", "expression"), CASES)
def test_shape_is_that_of_keras(shape, expression):
    import keras

    names = {"layers": keras.layers, "keras": keras, "x": keras.Input(eval(shape))}
    expected = tuple(eval(expression, names).shape)
    script = f"import keras\nfrom keras import layers\nx = keras.Input({shape})\ny = {expression}\n"
    result = follow(script).module.scope.cells["y"]
    assert isinstance(result, Array)
    assert result.shape == expected


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        ("Conv2D(8, 3, data_format='channels_first')", (3, 32, 32), (None, 8, 30, 30)),
        ("Convolution2D(8, 3, 5, dim_ordering='th', border_mode='valid')", (3, 32, 32), (None, 8, 30, 28)),
        ("MaxPooling2D(dim_ordering='th')", (3, 32, 32), (None, 3, 16, 16)),
        ("Convolution2D(nb_filter=8, nb_row=3, nb_col=5)", (32, 32, 3), (None, 30, 28, 8)),
    ],
)
def test_channels_first_and_keras_1(layer, shape, expected):
    script = f"from keras.layers import *\nx = Input({shape})\ny = {layer}(x)\n"
    assert follow(script).module.scope.cells["y"].shape == expected


def test_data_format_of_the_whole_script():
    script = (
        "import keras\nkeras.backend.set_image_data_format('channels_first')\n"
        "x = keras.layers.Input((1, 32, 32))\ny = keras.layers.Conv2D(64, (16, 16))(x)\n"
    )
    assert follow(script).module.scope.cells["y"].shape == (None, 64, 17, 17)


def test_a_data_format_that_is_not_known_says_nothing_of_shapes():
    script = (
        "import sys\nimport keras\nkeras.backend.set_image_data_format(sys.argv[1])\n"
        "x = keras.layers.Input((1, 32, 32))\ny = keras.layers.Conv2D(64, (16, 16))(x)\n"
    )
    followed = follow(script)
    assert followed.module.scope.cells["y"].shape is None
    assert not [event for event in followed.events if event.kind == "misfit"]


def test_unknown_settings_give_unknown_extents():
    script = "from keras.layers import *\nx = Input((None, 3))\ny = Conv1D(filters, 3)(x)\n"
    assert follow(script).module.scope.cells["y"].shape == (None, None, None)
