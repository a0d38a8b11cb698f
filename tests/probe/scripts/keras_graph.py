"""TensorFlow 1: a graph with dropout and an input pipeline, one with placeholders, and plain gradient descent point by point."""

import sys

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
X = rng.randn(64, 8, 8, 1).astype("float32")
LABELS = rng.randint(0, 3, 64)
LINE = np.linspace(0, 5, 20)


def pipeline():
    data = tf.data.Dataset.from_tensor_slices((X, LABELS)).repeat().batch(32)
    x, y = tf.data.make_one_shot_iterator(data).get_next()
    hidden = tf.layers.conv2d(x, 4, 3, activation=tf.nn.relu)
    hidden = tf.layers.flatten(tf.layers.max_pooling2d(hidden, 2, 2))
    hidden = tf.layers.dropout(hidden, 0.2, training=True)
    loss = tf.losses.sparse_softmax_cross_entropy(labels=y, logits=tf.layers.dense(hidden, 3))
    step = tf.train.get_or_create_global_step()
    optimizer = tf.train.MomentumOptimizer(tf.train.exponential_decay(0.1, step, 100, 0.9), 0.9)
    pairs = [(tf.clip_by_norm(gradient, 0.01), variable) for gradient, variable in optimizer.compute_gradients(loss)]
    train = optimizer.apply_gradients(pairs, global_step=step)
    with tf.train.MonitoredTrainingSession() as session:
        for _ in range(12):
            session.run([train, loss])


def placeholders():
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, [None, 64])
    y = tf.placeholder(tf.float32, [None, 3])
    weights = tf.Variable(tf.random_normal([64, 3], stddev=0.1))
    bias = tf.Variable(tf.zeros([3]))
    cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=tf.matmul(x, weights) + bias, labels=y))
    train = tf.train.AdamOptimizer(0.01).minimize(cost)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(14):
            session.run([train, cost], feed_dict={x: X.reshape(64, 64), y: np.eye(3)[LABELS]})


def line():
    tf.reset_default_graph()
    x, y = tf.placeholder("float"), tf.placeholder("float")
    slope, height = tf.Variable(0.1), tf.Variable(0.2)
    cost = tf.reduce_sum(tf.pow(x * slope + height - y, 2)) / 2
    train = tf.train.GradientDescentOptimizer(0.01).minimize(cost)
    with tf.Session() as session:
        session.run(tf.initialize_all_variables())
        for _ in range(14):
            session.run(train, {x: LINE, y: 2 * LINE + 1})


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
