"""Layers that merge and rearrange, and losses, against Keras in float64: values, gradients and Hessian-vector products."""

import numpy as np
import pytest

from tests.stability.graphs import data, weight
from trainlint.facts.graph import Node
from trainlint.stability.twin.program import Program

pytestmark = pytest.mark.framework
RNG = np.random.default_rng(0)
VECTOR, SERIES, IMAGE, CLIPS = (5, 4), (3, 6, 4), (2, 6, 5, 3), (2, 3, 5, 4, 2)
DOUBLE = {"dtype": "float64"}


def in_keras(variables, loss_of):
    """The loss, its gradient and the Hessian times a direction, by reverse over reverse."""
    import tensorflow as tf

    directions = [RNG.standard_normal(tuple(one.shape)) for one in variables]
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            loss = loss_of()
        slopes = inner.gradient(loss, variables, unconnected_gradients="zero")
        along = tf.add_n([tf.reduce_sum(slope * one) for slope, one in zip(slopes, directions, strict=True)])
    products = outer.gradient(along, variables, unconnected_gradients="zero")
    flat = [np.concatenate([np.ravel(one) for one in held]) for held in (slopes, directions, products)]
    return float(loss), *flat


def agree(root, expected):
    loss, gradient, direction, product = expected
    problem = Program(root, aligns=True).problem(0)
    assert problem.loss(problem.start) == pytest.approx(loss, rel=1e-6)
    np.testing.assert_allclose(problem.gradient(problem.start)[1], gradient, rtol=1e-4, atol=1e-6 * abs(gradient).max())
    found = problem.hessian_vector(problem.start, direction)
    np.testing.assert_allclose(found, product, rtol=1e-4, atol=1e-6 * max(abs(product).max(), 1e-6))


LAYERS = [
    (lambda k: k.Permute((3, 1, 2), **DOUBLE), "permute", [IMAGE], {"dims": (3, 1, 2)}),
    (lambda k: k.RepeatVector(3, **DOUBLE), "repeat_vector", [VECTOR], {"n": 3}),
    (lambda k: k.Cropping1D((1, 2), **DOUBLE), "cropping", [SERIES], {"cropping": (1, 2)}),
    (lambda k: k.Cropping2D(((1, 2), (0, 1)), **DOUBLE), "cropping", [IMAGE], {"cropping": ((1, 2), (0, 1))}),
    (lambda k: k.Cropping2D((2, 1), **DOUBLE), "cropping", [IMAGE], {"cropping": (2, 1)}),
    (lambda k: k.Add(**DOUBLE), "add", [VECTOR] * 3, {}),
    (lambda k: k.Multiply(**DOUBLE), "multiply", [VECTOR] * 3, {}),
    (lambda k: k.Maximum(**DOUBLE), "maximum", [VECTOR] * 3, {}),
    (lambda k: k.Average(**DOUBLE), "average", [VECTOR] * 3, {}),
    (lambda k: k.Dot(1, **DOUBLE), "dot", [VECTOR, VECTOR], {"axes": 1}),
    (lambda k: k.Dot(-1, normalize=True, **DOUBLE), "dot", [VECTOR, VECTOR], {"axes": -1, "normalize": True}),
    (lambda k: k.Dot((2, 1), **DOUBLE), "dot", [SERIES, (3, 4, 2)], {"axes": (2, 1)}),
    (lambda k: k.Dot((1, 1), **DOUBLE), "dot", [SERIES, (3, 6)], {"axes": (1, 1)}),
    (lambda k: k.Dot((1, 2), **DOUBLE), "dot", [(3, 4), SERIES], {"axes": (1, 2)}),
    (lambda k: k.UnitNormalization(**DOUBLE), "unit_norm", [VECTOR], {}),
    (lambda k: k.Attention(**DOUBLE), "dot_attention", [SERIES, (3, 2, 4)], {}),
    (lambda k: k.Attention(**DOUBLE), "dot_attention", [SERIES, (3, 2, 5), (3, 2, 4)], {}),
    (
        lambda k: k.EinsumDense("abc,cd->abd", (None, 2), bias_axes="d", **DOUBLE),
        "einsum_dense",
        [SERIES],
        {"equation": "abc,cd->abd", "output_shape": (None, 2), "bias_axes": "d"},
    ),
    (
        lambda k: k.EinsumDense("...c,cde->...ed", (2, 3), bias_axes="e", **DOUBLE),
        "einsum_dense",
        [IMAGE],
        {"equation": "...c,cde->...ed", "output_shape": (2, 3), "bias_axes": "e"},
    ),
    (
        lambda k: k.ConvLSTM2D(2, (3, 2), unit_forget_bias=False, **DOUBLE),
        "conv_lstm",
        [CLIPS],
        {"filters": 2, "kernel_size": (3, 2)},
    ),
    (
        lambda k: k.ConvLSTM2D(2, 3, padding="same", strides=2, return_sequences=True, use_bias=False, **DOUBLE),
        "conv_lstm",
        [CLIPS],
        {"filters": 2, "kernel_size": 3, "padding": "same", "strides": 2, "return_sequences": True, "use_bias": False},
    ),
]


@pytest.mark.parametrize(("make", "op", "shapes", "attributes"), LAYERS)
def test_layers(make, op, shapes, attributes):
    import keras
    import tensorflow as tf

    layer = make(keras.layers)
    inputs = [tf.Variable(RNG.standard_normal(shape)) for shape in shapes]

    def given():
        return [tf.identity(one) for one in inputs] if len(inputs) > 1 else tf.identity(inputs[0])

    layer(given())
    for one in layer.trainable_variables:
        one.assign(RNG.standard_normal(tuple(one.shape)))
    held = [one.value for one in layer.trainable_variables]
    expected = in_keras([*inputs, *held], lambda: tf.reduce_sum(tf.sin(tf.cast(layer(given()), tf.float64))))
    below = tuple(Node("parameter", (), {}, (weight(values=one.numpy()),)) for one in inputs)
    node = Node(op, below, attributes, tuple(weight(values=one.numpy()) for one in held))
    agree(Node("sum", (Node("sin", (node,)),)), expected)


CLASSES = np.eye(4)[RNG.integers(0, 4, 5)]
BINARY = RNG.integers(0, 2, VECTOR).astype(float)
LOSSES = [
    ("MeanAbsolutePercentageError", "mean_absolute_percentage_error", "linear", RNG.random(VECTOR) + 0.5, {}, {}),
    ("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", "linear", RNG.random(VECTOR), {}, {}),
    ("CosineSimilarity", "cosine_similarity", "linear", RNG.standard_normal(VECTOR), {}, {}),
    ("CategoricalHinge", "categorical_hinge", "linear", CLASSES, {}, {}),
    ("BinaryFocalCrossentropy", "binary_focal_crossentropy", "sigmoid", BINARY, {}, {}),
    (
        "BinaryFocalCrossentropy",
        "binary_focal_crossentropy",
        "linear",
        BINARY,
        {"from_logits": True, "gamma": 3.0, "apply_class_balancing": True, "alpha": 0.7},
        {"from_logits": True, "gamma": 3.0, "apply_class_balancing": True, "alpha": 0.7},
    ),
    ("CategoricalFocalCrossentropy", "categorical_focal_crossentropy", "softmax", CLASSES, {}, {}),
    (
        "CategoricalFocalCrossentropy",
        "categorical_focal_crossentropy",
        "linear",
        CLASSES,
        {"from_logits": True, "gamma": 1.5, "label_smoothing": 0.1},
        {"from_logits": True, "gamma": 1.5, "label_smoothing": 0.1},
    ),
]


@pytest.mark.parametrize(("reduction", "ours"), [("sum_over_batch_size", "mean"), ("sum", "sum_over_batch")])
@pytest.mark.parametrize(("name", "op", "activation", "target", "settings", "attributes"), LOSSES)
def test_losses(name, op, activation, target, settings, attributes, reduction, ours):
    import keras
    import tensorflow as tf

    loss = getattr(keras.losses, name)(reduction=reduction, dtype="float64", **settings)
    x = tf.Variable(RNG.standard_normal(VECTOR))
    expected = in_keras([x], lambda: loss(target, getattr(keras.activations, activation)(x)))
    prediction = Node(activation, (Node("parameter", (), {}, (weight(values=x.numpy()),)),))
    agree(Node(op, (prediction, data(target)), {**attributes, "reduction": ours}), expected)
