"""Six architectures, each trained by three optimizers on one batch: what the probe measures is held against dense Hessians."""

import sys

import keras
import numpy as np
from keras import layers

ARCHITECTURES = ("mlp", "cnn", "lstm", "transformer", "autoencoder", "discriminator")
OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.01),
    "momentum": lambda: keras.optimizers.SGD(0.01, momentum=0.9),
    "adam": lambda: keras.optimizers.Adam(0.001),
}


def classifier(*stack):
    return keras.Sequential([*stack, layers.Dense(3, activation="softmax")])


def transformer():
    tokens = layers.Input((6,))
    hidden = layers.Embedding(8, 4)(tokens)
    hidden = layers.LayerNormalization()(hidden + layers.MultiHeadAttention(2, 3)(hidden, hidden))
    hidden = layers.LayerNormalization()(hidden + layers.Dense(4)(layers.Dense(6, activation="gelu")(hidden)))
    return keras.Model(tokens, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling1D()(hidden)))


def setup(architecture):
    """The model at its initial weights, its loss, and its only batch."""
    keras.utils.set_random_seed(7)
    rng = np.random.default_rng(7)
    classes = rng.integers(0, 3, 16)
    if architecture == "mlp":
        x = rng.normal(size=(16, 8)).astype("float32")
        stack = (
            layers.Input((8,)),
            layers.Dense(12, activation="tanh", kernel_regularizer="l2"),
            layers.Dense(8, activation="relu"),
        )
        return classifier(*stack), "sparse_categorical_crossentropy", x, classes
    if architecture == "cnn":
        x = rng.normal(size=(16, 8, 8, 1)).astype("float32")
        convolutions = (layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D())
        return classifier(layers.Input((8, 8, 1)), *convolutions, layers.Flatten()), "sparse_categorical_crossentropy", x, classes
    if architecture == "lstm":
        x = rng.normal(size=(16, 5, 3)).astype("float32")
        return keras.Sequential([layers.Input((5, 3)), layers.LSTM(6), layers.Dense(1)]), "mean_squared_error", x, x[:, :1, 0]
    if architecture == "transformer":
        return transformer(), "sparse_categorical_crossentropy", rng.integers(0, 8, size=(16, 6)), classes
    x = rng.normal(size=(16, 10)).astype("float32")
    if architecture == "autoencoder":
        stack = (layers.Dense(4, activation="tanh"), layers.Dense(10))
        return keras.Sequential([layers.Input((10,)), *stack]), "mean_squared_error", x, x
    stack = (layers.Dense(8, activation="leaky_relu"), layers.Dense(1, activation="sigmoid"))
    return keras.Sequential([layers.Input((10,)), *stack]), "binary_crossentropy", x, (classes[:, None] > 1).astype("float32")


if __name__ == "__main__":
    for name in sys.argv[1:] or ARCHITECTURES:
        for optimizer in OPTIMIZERS.values():
            model, loss, x, y = setup(name)
            model.compile(optimizer=optimizer(), loss=loss)
            model.fit(x, y, batch_size=16, epochs=1, shuffle=False, verbose=0)
