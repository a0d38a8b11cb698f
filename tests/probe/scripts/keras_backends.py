"""The same two Keras models on whichever backend KERAS_BACKEND names, and plain JAX if it is asked for by "jax"."""

import os
import sys

os.environ["KERAS_BACKEND"] = sys.argv[1]

import numpy as np

rng = np.random.default_rng(0)
X = rng.normal(size=(128, 10)).astype("float32")
LABELS = (X @ rng.normal(size=(10, 3))).argmax(1)
WEIGHTS = [rng.normal(size=shape).astype("float32") * 0.3 for shape in ((10, 12), (12,), (12, 3), (3,))]


def keras_models():
    import keras
    from keras import layers

    for optimizer in (keras.optimizers.SGD(0.1), keras.optimizers.Adam(0.01)):
        stack = [layers.Input((10,)), layers.Dense(12, activation="tanh", kernel_regularizer="l2"), layers.Dense(3)]
        model = keras.Sequential(stack)
        model.set_weights(WEIGHTS)
        model.compile(optimizer=optimizer, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.fit(X, LABELS, batch_size=16, epochs=2, shuffle=False, verbose=0)


def plain_jax():
    import jax
    import jax.numpy as jnp

    def loss(parameters, x, y):
        return jnp.mean((x @ parameters["slope"] + parameters["height"] - y) ** 2)

    @jax.jit
    def step(parameters, x, y):
        value, slopes = jax.value_and_grad(loss)(parameters, x, y)
        return jax.tree_util.tree_map(lambda one, slope: one - 0.1 * slope, parameters, slopes), value

    parameters = {"slope": jnp.zeros((10, 1)), "height": jnp.zeros((1,))}
    for _ in range(12):
        parameters, _ = step(parameters, X, X[:, :1])


if __name__ == "__main__":
    keras_models()
    if "plain" in sys.argv[2:]:
        plain_jax()
