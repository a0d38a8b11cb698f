"""One weight at 1 that should be 2, twenty numbers, a step of each of Keras 2's two families of optimizers."""

import numpy as np
import tf_keras as keras

x = np.arange(20, dtype="float32")[:, None]
for optimizer in (
    keras.optimizers.SGD(0.001),
    keras.optimizers.legacy.SGD(0.001),
    keras.optimizers.Adam(0.01),
    keras.optimizers.legacy.Adam(0.01),
):
    model = keras.Sequential([keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile(optimizer, "mse")
    model.fit(x, 2 * x, batch_size=20, epochs=5, verbose=0)
