"""Trains in `fit` and in a loop, and prints where that leads: the same with the probe and without it."""

import json

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(3)
rng = np.random.default_rng(0)
X = rng.normal(size=(64, 6)).astype("float32")
Y = X[:, :1] ** 2


def net():
    return keras.Sequential([layers.Input((6,)), layers.Dense(8, activation="tanh"), layers.Dropout(0.3), layers.Dense(1)])


fitted = net()
fitted.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse", metrics=["mae"])
history = fitted.fit(X, Y, batch_size=16, epochs=3, validation_split=0.25, verbose=0)
looped, optimizer = net(), keras.optimizers.SGD(0.05, momentum=0.9)
values = []
for _ in range(2):
    for begin in range(0, 64, 8):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((looped(X[begin : begin + 8], training=True) - Y[begin : begin + 8]) ** 2)
        optimizer.apply_gradients(zip(tape.gradient(loss, looped.trainable_variables), looped.trainable_variables))
        values.append(float(loss))
weight = float(fitted.get_weights()[0][0, 0])
print(json.dumps({"fitted": history.history["loss"], "seen": history.history["val_loss"], "weight": weight, "looped": values}))
