"""Everything that `fit` takes, and what else trains a Keras model: each function is one training (the GAN two)."""

import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers

rng = np.random.default_rng(0)
X = rng.normal(size=(96, 10)).astype("float32")
LABELS = (X @ rng.normal(size=(10, 3))).argmax(1)
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def net(**more):
    keras.utils.set_random_seed(1)
    stack = [
        layers.Input((10,)),
        layers.Dense(16, activation="tanh", kernel_regularizer="l2"),
        layers.Dropout(0.2),
        layers.Dense(3),
    ]
    return keras.Sequential(stack, **more)


def fit(*data, model=None, optimizer="sgd", loss=LOSS, compiled=None, **more):
    model = model or net()
    model.compile(optimizer=optimizer, loss=loss, **(compiled or {}))
    model.fit(*data, **{"epochs": 1, "verbose": 0, "batch_size": 32, **more})


def arrays_with_weights():
    fit(X, LABELS, sample_weight=np.linspace(0, 1, 96))


def class_weights():
    fit(X, LABELS, class_weight={0: 1.0, 1: 2.0, 2: 0.5})


def dataset():
    fit(tf.data.Dataset.from_tensor_slices((X, LABELS)).shuffle(96).batch(32), batch_size=None)


def generator():
    def batches():
        while True:
            rows = rng.integers(0, 96, 32)
            yield X[rows], LABELS[rows]

    fit(batches(), steps_per_epoch=4, batch_size=None)


def sequence():
    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return X[32 * index : 32 * index + 32], LABELS[32 * index : 32 * index + 32]

    fit(Batches(), batch_size=None)


def compiled_by_xla():
    fit(X, LABELS, compiled={"jit_compile": True})


def several_losses():
    number = layers.Input((10,))
    hidden = layers.Dense(8, activation="relu")(number)
    model = keras.Model(number, [layers.Dense(3, name="a")(hidden), layers.Dense(1, name="b")(hidden)])
    targets = {"a": LABELS, "b": X[:, :1]}
    fit(X, targets, model=model, loss={"a": LOSS, "b": "mse"}, compiled={"loss_weights": {"a": 1.0, "b": 0.3}})


def half_precision():
    keras.mixed_precision.set_global_policy("mixed_float16")
    fit(X, LABELS, optimizer="adam")
    keras.mixed_precision.set_global_policy("float32")


def accumulated():
    fit(X, LABELS, optimizer=keras.optimizers.SGD(0.1, gradient_accumulation_steps=2))


def warmed_up():
    schedule = keras.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=0.25, warmup_steps=10)
    fit(X, LABELS, optimizer=keras.optimizers.AdamW(schedule))


def without_second_derivative():
    class Dilation(layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(2, 2, 1))

        def call(self, x):
            return tf.nn.dilation2d(x, self.kernel.value, [1, 1, 1, 1], "VALID", "NHWC", [1, 1, 1, 1])

    keras.utils.set_random_seed(1)
    stack = [layers.Input((10,)), layers.Dense(9), layers.Reshape((3, 3, 1)), Dilation(), layers.Flatten(), layers.Dense(3)]
    fit(X, LABELS, model=keras.Sequential(stack))


def wrong_second_derivative():
    @tf.custom_gradient
    def square(x):
        def backward(upstream):
            return tf.numpy_function(lambda g, at: 2 * g * at, [upstream, x], tf.float32)

        return x * x, backward

    class Opaque(layers.Layer):
        def call(self, x):
            return square(x)

    keras.utils.set_random_seed(1)
    fit(X, LABELS, model=keras.Sequential([layers.Input((10,)), layers.Dense(6), Opaque(), layers.Dense(3)]))


def line():
    fit(X, X[:, :1], model=keras.Sequential([layers.Input((10,)), layers.Dense(1)]), loss="mse", batch_size=96)


def unused_layer():
    class Half(keras.Model):
        def __init__(self):
            super().__init__()
            self.used, self.unused = layers.Dense(3, name="used"), layers.Dense(3, name="unused")

        def call(self, x):
            self.unused(x)
            return self.used(x)

    fit(X, LABELS, model=Half())


def dead_units():
    keras.utils.set_random_seed(1)
    dead = layers.Dense(16, activation="relu", bias_initializer=keras.initializers.Constant(-100.0), name="dead")
    saturated = layers.Dense(4, activation="sigmoid", bias_initializer=keras.initializers.Constant(100.0), name="saturated")
    x = np.c_[X, np.full((96, 1), 5.0, "float32")]
    fit(x, LABELS, model=keras.Sequential([layers.Input((11,)), dead, saturated, layers.Dense(3)]))


def never_steps():
    class Idle(keras.Model):
        def train_step(self, data):
            return {"loss": tf.reduce_sum(self(data[0]))}

        def call(self, x):
            return x

    fit(X, LABELS, model=Idle())


def on_batches():
    model = net()
    model.compile("sgd", loss=LOSS)
    for begin in range(0, 96, 16):
        model.train_on_batch(X[begin : begin + 16], LABELS[begin : begin + 16])


def adversaries():
    class Gan(keras.Model):
        def __init__(self):
            super().__init__()
            self.maker = keras.Sequential([layers.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(10)])
            self.judge = keras.Sequential([layers.Input((10,)), layers.Dense(8, activation="leaky_relu"), layers.Dense(1)])

        def compile(self, judge, maker):
            super().compile()
            self.judges, self.makes = judge, maker

        def train_step(self, data):
            rows = tf.shape(data)[0]
            loss = keras.losses.BinaryCrossentropy(from_logits=True)
            truth = tf.concat([tf.ones((rows, 1)), tf.zeros((rows, 1))], 0)
            with tf.GradientTape() as tape:
                judged = loss(truth, self.judge(tf.concat([data, self.maker(tf.random.normal((rows, 4)))], 0)))
            weights = self.judge.trainable_weights
            self.judges.apply_gradients(zip(tape.gradient(judged, weights), weights))
            with tf.GradientTape() as tape:
                made = loss(tf.ones((rows, 1)), self.judge(self.maker(tf.random.normal((rows, 4)))))
            weights = self.maker.trainable_weights
            self.makes.apply_gradients(zip(tape.gradient(made, weights), weights))
            return {"judge": judged, "maker": made}

    keras.utils.set_random_seed(1)
    gan = Gan()
    gan.compile(keras.optimizers.Adam(1e-3), keras.optimizers.RMSprop(1e-3))
    gan.fit(X, batch_size=16, epochs=1, verbose=0)


def tape_in_a_loop():
    model, optimizer = net(), keras.optimizers.SGD(0.1)
    for x, y in tf.data.Dataset.from_tensor_slices((X, LABELS)).batch(16):
        with tf.GradientTape() as tape:
            loss = LOSS(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))


def tape_in_a_function():
    model, optimizer = net(), keras.optimizers.Adam(0.01)

    @tf.function(jit_compile=True)
    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = LOSS(y, model(x, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    for begin in range(0, 96, 12):
        train_step(X[begin : begin + 12], LABELS[begin : begin + 12])


def accumulated_by_hand():
    keras.utils.set_random_seed(1)
    model, optimizer = keras.Sequential([layers.Input((10,)), layers.Dense(1)]), keras.optimizers.SGD(0.1)
    for _ in range(10):
        total = None
        for begin in range(0, 96, 24):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(X[begin : begin + 24]) - X[begin : begin + 24, :1]) ** 2) / 4
            gradients = tape.gradient(loss, model.trainable_variables)
            total = gradients if total is None else [one + more for one, more in zip(total, gradients)]
        optimizer.apply_gradients(zip(total, model.trainable_variables))


def by_hand():
    weights = tf.Variable(rng.normal(size=(10, 1)).astype("float32"))
    bias = tf.Variable(tf.zeros((1,)))
    for _ in range(12):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.matmul(X, weights) + bias - X[:, :1]) ** 2)
        slopes = tape.gradient(loss, [weights, bias])
        weights.assign_sub(0.1 * slopes[0])
        bias.assign_sub(0.1 * slopes[1])


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
        print("done", name, flush=True)
