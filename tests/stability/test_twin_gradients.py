"""Every row of the twin's table: gradient and Hessian against central differences, and the degree it states."""

import numpy as np
import pytest

from tests.stability.graphs import data, weight
from trainlint.facts.graph import Node
from trainlint.stability.twin.operation import RefusalError
from trainlint.stability.twin.program import Program
from trainlint.stability.twin.table import TABLE

RNG = np.random.default_rng(0)
VECTOR, IMAGE, SERIES, CLIPS = (5, 4), (2, 6, 5, 4), (2, 7, 4), (2, 3, 4, 4, 2)
TORCH = {"data_format": "channels_first"}
AWAY = {"sqrt", "log", "divide", "poisson", "power", "rsqrt", "log1p"}
"""Operations that want positive arguments."""


def parameter(shape, positive=False):
    values = RNG.standard_normal(shape)
    return Node("parameter", (), {}, (weight(values=np.abs(values) + 0.5 if positive else values),))


def weights_of(op, attributes, shape):
    shapes = TABLE[op].parameters([shape], attributes)
    return tuple(weight(values=RNG.standard_normal(one)) for one in shapes)


UNARY = [
    *((op, VECTOR, {}) for op in ("negative", "square", "sqrt", "exp", "log", "abs", "sin", "cos", "cast", "linear", "dropout")),
    *((op, VECTOR, {}) for op in ("relu", "relu6", "sigmoid", "tanh", "softplus", "softsign", "hard_sigmoid", "exponential")),
    *((op, VECTOR, {}) for op in ("selu", "swish", "mish", "gelu", "softmax", "log_softmax", "identity", "elu")),
    ("gelu", VECTOR, {"approximate": True}),
    ("leaky_relu", VECTOR, {"alpha": 0.2}),
    ("softmax", IMAGE, {"axis": 1}),
    ("power", VECTOR, {"exponent": 3}),
    ("power", VECTOR, {"exponent": 0.5}),
    ("sum", VECTOR, {}),
    ("sum", IMAGE, {"axis": (1, -1), "keepdims": True}),
    ("mean", IMAGE, {"axis": 2}),
    ("reshape", VECTOR, {"shape": (2, -1)}),
    ("reshape", VECTOR, {"shape": (None, 2, 2)}),
    ("flatten", IMAGE, {}),
    ("transpose", IMAGE, {"axes": (0, 3, 1, 2)}),
    ("transpose", VECTOR, {}),
    ("squeeze", (3, 1, 2), {"axis": 1}),
    ("expand_dims", VECTOR, {"axis": 1}),
    ("getitem", IMAGE, {"index": (slice(None), 0, slice(1, 4))}),
    ("getitem", IMAGE, {"index": (Ellipsis, -1)}),
    ("rescaling", VECTOR, {"scale": 0.5, "offset": 1.0}),
    ("normalization", VECTOR, {"mean": [0.1, 0.2, 0.3, 0.4], "variance": 4.0}),
    ("dense", VECTOR, {"units": 3}),
    ("dense", SERIES, {"units": 3, "use_bias": False}),
    ("batch_norm", VECTOR, {}),
    ("batch_norm", IMAGE, {"axis": 1, "epsilon": 1e-5}),
    ("batch_norm", (3, 2, 4), {"affine": True}),
    ("batch_norm", VECTOR, {"affine": False}),
    ("batch_norm", VECTOR, {"scale": False}),
    ("layer_norm", IMAGE, {}),
    ("layer_norm", IMAGE, {"normalized_shape": (5, 4), "epsilon": 1e-5}),
    ("layer_norm", VECTOR, {"center": False}),
    ("conv", IMAGE, {"filters": 3, "kernel_size": (3, 2)}),
    ("conv", IMAGE, {"filters": 3, "kernel_size": (3, 2), "strides": (2, 1), "padding": "same"}),
    ("conv", IMAGE, {"filters": 4, "kernel_size": 3, "padding": ((1, 1), (2, 2)), "groups": 2, "use_bias": False}),
    ("conv", IMAGE, {"filters": 3, "kernel_size": (2, 2), "dilation": (2, 1), "data_format": "channels_first"}),
    ("conv", SERIES, {"filters": 3, "kernel_size": (3,), "padding": "causal", "dilation": (2,)}),
    ("depthwise_conv", IMAGE, {"kernel_size": (3, 3), "depth_multiplier": 2, "padding": "same"}),
    ("separable_conv", IMAGE, {"filters": 3, "kernel_size": (3, 3), "depth_multiplier": 2, "strides": (2, 2)}),
    ("separable_conv", IMAGE, {"filters": 3, "kernel_size": (2, 2), "use_bias": False, "data_format": "channels_first"}),
    ("group_norm", IMAGE, {"groups": 2}),
    ("group_norm", IMAGE, {"groups": 3, "affine": True}),
    ("instance_norm", IMAGE, {"affine": True}),
    ("rms_norm", IMAGE, {}),
    ("rms_norm", IMAGE, {"normalized_shape": (5, 4), "epsilon": 1e-3}),
    ("max_pool", IMAGE, {"pool_size": (2, 2)}),
    ("max_pool", IMAGE, {"pool_size": (3, 3), "strides": (2, 2), "padding": "same"}),
    ("average_pool", IMAGE, {"pool_size": (2, 2), "data_format": "channels_first"}),
    ("average_pool", IMAGE, {"pool_size": (3, 3), "strides": (2, 2), "padding": "same"}),
    ("max_pool", SERIES, {"pool_size": (3,), "strides": (2,)}),
    ("global_average_pool", IMAGE, {}),
    ("global_average_pool", IMAGE, {"data_format": "channels_first", "keepdims": True}),
    ("global_max_pool", SERIES, {}),
    ("adaptive_average_pool", IMAGE, {"output_size": (2, 3), "data_format": "channels_first"}),
    ("upsample", IMAGE, {"size": (2, 3)}),
    ("zero_pad", IMAGE, {"padding": ((1, 2), (0, 1))}),
    ("conv_transpose", IMAGE, {"filters": 3, "kernel_size": (3, 2)}),
    ("conv_transpose", IMAGE, {"filters": 3, "kernel_size": (3, 2), "strides": (2, 3), "padding": "same", "use_bias": False}),
    ("conv_transpose", IMAGE, {"filters": 2, "kernel_size": (3, 3), "strides": (2, 2), "padding": ((1, 1), (0, 0)), **TORCH}),
    ("conv_transpose", SERIES, {"filters": 2, "kernel_size": 2, "strides": 3, "dilation": 2, "output_padding": 1, **TORCH}),
    ("lstm", SERIES, {"units": 3}),
    ("lstm", SERIES, {"units": 3, "return_sequences": True, "bidirectional": True, "unit_forget_bias": True}),
    ("lstm", SERIES, {"units": 2, "num_layers": 2, "biases": 2, "batch_first": False, "return_sequences": True}),
    ("gru", SERIES, {"units": 3, "biases": 2}),
    ("gru", SERIES, {"units": 2, "num_layers": 2, "bidirectional": True, "use_bias": False}),
    ("simple_rnn", SERIES, {"units": 3}),
    ("simple_rnn", SERIES, {"units": 3, "nonlinearity": "relu", "return_sequences": True}),
    ("attention", SERIES, {"heads": 2}),
    ("attention", SERIES, {"heads": 2, "key_dim": 3, "use_bias": False}),
    ("attention", SERIES, {"heads": 1, "batch_first": False}),
    *(
        (op, VECTOR, {})
        for op in ("rsqrt", "reciprocal", "log1p", "expm1", "log_sigmoid", "hard_swish", "hard_tanh", "tanh_shrink")
    ),
    *((op, VECTOR, {"axis": 1}) for op in ("max", "min", "var", "std", "norm", "logsumexp", "l2_normalize", "glu")),
    *((op, VECTOR, {}) for op in ("tril", "triu")),
    ("prelu", VECTOR, {"num_parameters": 4}),
    ("clip", VECTOR, {"low": -0.5}),
    ("expand", (1, 4), {"shape": (5, -1)}),
    ("tile", VECTOR, {"repeats": (2, 3)}),
    ("adaptive_max_pool", IMAGE, {"output_size": (2, 3)}),
    ("interpolate", IMAGE, {"scale_factor": 2, "mode": "bilinear", **TORCH}),
    ("pixel_shuffle", (2, 4, 3, 2), {"upscale_factor": 2}),
    ("permute", IMAGE, {"dims": (3, 1, 2)}),
    ("repeat_vector", VECTOR, {"n": 3}),
    ("cropping", IMAGE, {"cropping": ((1, 2), (0, 1))}),
    ("cropping", IMAGE, {"cropping": 1, "data_format": "channels_first"}),
    ("cropping", SERIES, {"cropping": (1, 2)}),
    ("gaussian_noise", VECTOR, {"stddev": 0.1}),
    ("augmentation", IMAGE, {"name": "RandomFlip"}),
    ("unit_norm", VECTOR, {}),
    ("average", VECTOR, {"axis": 0}),
    ("einsum_dense", SERIES, {"equation": "abc,cd->abd", "output_shape": (None, 3), "bias_axes": "d"}),
    ("einsum_dense", IMAGE, {"equation": "...c,cde->...ed", "output_shape": (2, 3), "bias_axes": "e"}),
    ("einsum_dense", SERIES, {"equation": "abc,bd->adc", "output_shape": (3, None)}),
    ("conv_lstm", CLIPS, {"filters": 2, "kernel_size": (2, 2), "unit_forget_bias": True}),
    ("conv_lstm", CLIPS, {"filters": 2, "kernel_size": (3, 2), "padding": "same", "return_sequences": True, "use_bias": False}),
]
BINARY = [
    *((op, VECTOR, VECTOR, {}) for op in ("add", "subtract", "multiply", "divide", "maximum", "minimum")),
    *((op, VECTOR, (4,), {}) for op in ("add", "subtract", "multiply", "divide")),
    ("multiply", (), VECTOR, {}),
    ("matmul", VECTOR, (4, 3), {}),
    ("matmul", (2, 5, 4), (4, 3), {}),
    ("matmul", (4,), (4, 3), {}),
    ("matmul", (2, 5, 4), (4,), {}),
    ("matmul", (4,), (4,), {}),
    ("concatenate", VECTOR, (5, 2), {"axis": -1}),
    ("stack", VECTOR, VECTOR, {"axis": 1}),
    ("attention", SERIES, (2, 3, 5), {"heads": 2, "key_dim": 3}),
    ("einsum", SERIES, (2, 4, 3), {"equation": "abc,acd->abd"}),
    ("bilinear", VECTOR, (5, 3), {"units": 2}),
    ("average", VECTOR, VECTOR, {}),
    ("dot", VECTOR, VECTOR, {"axes": 1}),
    ("dot", VECTOR, VECTOR, {"axes": -1, "normalize": True}),
    ("dot", SERIES, (2, 4, 3), {"axes": (2, 1)}),
    ("dot", SERIES, (2, 7), {"axes": 1}),
    ("dot", VECTOR, (4, 3), {}),
    ("dot_attention", SERIES, (2, 3, 4), {}),
]
AGAINST_TORCH = {
    *("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "where", "one_hot", "gather", "embedding_bag"),
    *("logical_and", "logical_or", "logical_xor", "logical_not", "gaussian_nll", "lstm_cell", "gru_cell", "rnn_cell"),
}
"""Rows whose inputs are not all alike, or that have no gradient: `test_twin_against_torch`, `test_twin_states`."""

REDUCTIONS = ("mean", "sum", "sum_over_batch")
LOSSES = [
    *((op, RNG.standard_normal(VECTOR), {}) for op in ("mean_squared_error", "mean_absolute_error", "huber", "log_cosh")),
    ("huber", RNG.standard_normal(VECTOR), {"delta": 0.3}),
    ("smooth_l1", RNG.standard_normal(VECTOR), {"beta": 0.5}),
    ("poisson", RNG.random(VECTOR), {}),
    ("binary_cross_entropy_with_logits", RNG.integers(0, 2, VECTOR), {"label_smoothing": 0.1}),
    ("binary_crossentropy", RNG.integers(0, 2, VECTOR), {"from_logits": True}),
    ("hinge", RNG.choice([-1, 1], VECTOR), {}),
    ("squared_hinge", RNG.choice([0, 1], VECTOR), {}),
    ("cross_entropy", RNG.integers(0, 4, 5), {}),
    ("cross_entropy", np.eye(4)[RNG.integers(0, 4, 5)], {"label_smoothing": 0.1}),
    ("nll", RNG.integers(0, 4, 5), {}),
    ("kl_divergence", RNG.dirichlet(np.ones(4), 5), {}),
    ("kl_divergence", RNG.standard_normal(VECTOR), {"log_target": True}),
    ("categorical_crossentropy", np.eye(4)[RNG.integers(0, 4, 5)], {"from_logits": True}),
    ("sparse_categorical_crossentropy", RNG.integers(0, 4, (5, 1)), {"from_logits": True}),
    ("categorical_focal_crossentropy", np.eye(4)[RNG.integers(0, 4, 5)], {"from_logits": True}),
    ("binary_focal_crossentropy", RNG.integers(0, 2, VECTOR), {"from_logits": True, "apply_class_balancing": True}),
    ("categorical_hinge", np.eye(4)[RNG.integers(0, 4, 5)], {}),
    ("mean_absolute_percentage_error", RNG.random(VECTOR) + 0.5, {}),
    ("softmax_cross_entropy_with_logits", np.eye(4)[RNG.integers(0, 4, 5)], {}),
    ("sparse_softmax_cross_entropy_with_logits", RNG.integers(0, 4, 5), {}),
]
PROBABILITIES = [
    ("binary_crossentropy", RNG.integers(0, 2, VECTOR), True),
    ("binary_crossentropy", RNG.integers(0, 2, VECTOR), False),
    ("categorical_crossentropy", np.eye(4)[RNG.integers(0, 4, 5)], True),
    ("sparse_categorical_crossentropy", RNG.integers(0, 4, 5), True),
    ("kl_divergence", RNG.dirichlet(np.ones(4), 5), True),
    ("binary_focal_crossentropy", RNG.integers(0, 2, VECTOR), True),
    ("categorical_focal_crossentropy", np.eye(4)[RNG.integers(0, 4, 5)], True),
    ("mean_squared_logarithmic_error", RNG.random(VECTOR), True),
    ("cosine_similarity", RNG.standard_normal(VECTOR), True),
]


def check(node, aligns=False):
    """The gradient of sum(sin(node)), which tells the elements apart, against central differences."""
    node = Node("sum", (Node("sin", (Node("reshape", (node,), {"shape": (-1,)}),)),))
    program = Program(node, aligns=aligns)
    problem = program.problem(0)
    w = problem.start
    value, gradient = problem.gradient(w)
    assert value == pytest.approx(problem.loss(w))
    h = 1e-6
    differences = np.array([(problem.loss(w + h * one) - problem.loss(w - h * one)) / (2 * h) for one in np.eye(len(w))])
    np.testing.assert_allclose(gradient, differences, rtol=1e-5, atol=1e-6 * max(1.0, abs(differences).max()))
    assert np.abs(gradient).max() > 0
    along = RNG.standard_normal(len(w))
    changes = (problem.gradient(w + h * along)[1] - problem.gradient(w - h * along)[1]) / (2 * h)
    product = problem.hessian_vector(w, along)
    np.testing.assert_allclose(product, changes, rtol=1e-4, atol=1e-5 * max(1.0, abs(changes).max()))


@pytest.mark.parametrize(("op", "shape", "attributes"), UNARY)
def test_one_input(op, shape, attributes):
    below = parameter(shape, op in AWAY)
    owned = weights_of(op, attributes, shape) if TABLE[op].parameters else ()
    check(Node(op, (below,), attributes, owned))


@pytest.mark.parametrize(("op", "first", "second", "attributes"), BINARY)
def test_two_inputs(op, first, second, attributes):
    shapes = TABLE[op].parameters([first, second], attributes) if TABLE[op].parameters else ()
    owned = tuple(weight(values=RNG.standard_normal(one)) for one in shapes)
    check(Node(op, (parameter(first), parameter(second, op in AWAY)), attributes, owned))


def test_embedding():
    check(Node("embedding", (data([[0, 2], [2, 1]]),), {"rows": 4, "units": 3}, (weight(values=RNG.standard_normal((4, 3))),)))


@pytest.mark.parametrize("op", ["add", "multiply", "maximum", "minimum", "average"])
def test_more_than_two_inputs(op):
    check(Node(op, (parameter(VECTOR), parameter((1, 4)), parameter(VECTOR), parameter(VECTOR)), {}))


def test_sequences_without_masked_steps_pass():
    x = RNG.standard_normal(SERIES)
    masked = Node("masking", (data(x),), {"mask_value": 0.0})
    check(Node("multiply", (parameter(SERIES), masked)))
    with pytest.raises(RefusalError, match="itself"):
        check(Node("masking", (parameter(SERIES),)))


def test_attention_to_other_keys_than_values():
    check(Node("dot_attention", (parameter(SERIES), parameter((2, 3, 5)), parameter((2, 3, 4))), {}))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("op", "target", "attributes"), LOSSES)
def test_losses(op, target, attributes, reduction):
    check(Node(op, (parameter(VECTOR, op in AWAY), data(target)), {**attributes, "reduction": reduction}))


@pytest.mark.parametrize("aligns", [True, False])
@pytest.mark.parametrize("op", ["mean_squared_error", "binary_cross_entropy_with_logits"])
def test_losses_without_reduction(op, aligns):
    check(Node(op, (parameter(VECTOR), data(RNG.integers(0, 2, VECTOR))), {"reduction": "none"}), aligns)


@pytest.mark.parametrize(("op", "target", "aligns"), PROBABILITIES)
def test_losses_of_probabilities(op, target, aligns):
    below = Node("sigmoid" if op.startswith("binary") else "softmax", (parameter(VECTOR),))
    check(Node(op, (below, data(target)), {"reduction": "mean"}), aligns)


def test_losses_whose_target_moves():
    shared = parameter(VECTOR)
    check(Node("mean_squared_error", (Node("tanh", (shared,)), Node("square", (shared,)))))
    with pytest.raises(RefusalError, match="labels"):
        check(Node("binary_cross_entropy_with_logits", (shared, Node("sigmoid", (shared,)))))


def test_gradients_stop():
    shared = parameter(VECTOR)
    problem = Program(Node("sum", (Node("multiply", (shared, Node("stop_gradient", (shared,)))),))).problem(0)
    np.testing.assert_allclose(problem.gradient(problem.start)[1], problem.start)
    assert problem.program.degree == np.inf


def test_every_row_is_tried():
    tried = (
        {one[0] for one in (*UNARY, *BINARY, *LOSSES, *PROBABILITIES)} | {"embedding", "stop_gradient", "masking"} | AGAINST_TORCH
    )
    assert set(TABLE) == tried


@pytest.mark.parametrize(("op", "shape", "attributes"), UNARY)
def test_a_stated_degree_is_that_of_a_polynomial(op, shape, attributes):
    """Along any line through the weights, differences of order degree + 1 of a polynomial vanish."""
    owned = weights_of(op, attributes, shape) if TABLE[op].parameters else ()
    below = parameter(shape, op in AWAY)
    node = Node("sum", (Node("reshape", (Node(op, (below,), attributes, owned),), {"shape": (-1,)}),))
    program = Program(node)
    if program.degree == np.inf:
        return
    problem = program.problem(0)
    line = RNG.standard_normal(len(problem.start))
    values = np.array([problem.loss(problem.start + t * line) for t in range(int(program.degree) + 2)])
    assert abs(np.diff(values, int(program.degree) + 1)).max() <= 1e-9 * abs(values).max()


def test_penalties_are_part_of_loss_and_gradient():
    values = RNG.standard_normal(4)
    node = Node("parameter", (), {}, (weight(values=values, l2=0.3),))
    problem = Program(Node("sum", (node,))).problem(0)
    loss, gradient = problem.gradient(problem.start)
    assert loss == pytest.approx(values.sum() + 0.3 * (values**2).sum())
    np.testing.assert_allclose(gradient, 1 + 0.6 * values)
    np.testing.assert_allclose(problem.hessian_vector(problem.start, np.ones(4)), 0.6)


def test_a_shared_weight_collects_both_gradients():
    w = weight(values=[[2.0]])
    x = data([[3.0]])
    once = Node("dense", (x,), {"units": 1, "use_bias": False}, (w,))
    twice = Node("dense", (once,), {"units": 1, "use_bias": False}, (w,))
    problem = Program(Node("sum", (twice,))).problem(0)
    assert problem.gradient(problem.start)[1] == pytest.approx([2 * 2.0 * 3.0])


def test_rows_of_a_batch():
    x = np.arange(6.0).reshape(6, 1)
    node = Node("mean", (Node("multiply", (parameter((1, 1)), data(x))),))
    problem = Program(node).problem(0)
    _, gradient = problem.gradient(problem.start, np.array([1, 5]))
    assert gradient == pytest.approx([3.0])


def test_adapted_normalization_keeps_the_statistics_of_all_rows():
    x = np.array([[0.0], [10.0], [20.0], [30.0]])
    node = Node("sum", (Node("multiply", (parameter((1, 1)), Node("normalization", (data(x),)))),))
    problem = Program(node).problem(0)
    _, gradient = problem.gradient(problem.start, np.array([3]))
    assert gradient == pytest.approx([(30 - x.mean()) / x.std()])


@pytest.mark.parametrize(
    "node",
    [
        Node("matmul", (data(np.ones((100_000, 1))), data(np.ones((1, 100_000))))),
        Node("add", (data(np.ones((100_000, 1))), data(np.ones((1, 100_000))))),
        Node("dense", (data(np.ones((2, 3))),), {"units": 10**9}, (weight(None), weight(None))),
        Node("conv", (data(np.ones((9, 99, 99, 9))),), {"filters": 2, "kernel_size": (50, 50)}, (weight(None), weight(None))),
        Node("upsample", (data(np.ones((1, 9, 9, 1))),), {"size": (10**6, 10**6)}),
        Node("zero_pad", (data(np.ones((1, 9, 9, 1))),), {"padding": (10**6, 10**6)}),
        Node("reshape", (data(np.ones(6)),), {"shape": "(2, 3)"}),
        Node("sum", (data(np.ones(6)),), {"axis": 3}),
        Node("power", (data(np.ones(6)),)),
        Node("embedding", (data([5]),), {"rows": 3, "units": 2}, (weight(None),)),
        Node("mean_squared_error", (data(np.ones((2, 3))), data(np.ones((3, 2)))), {"reduction": "mean"}),
        Node("mean_squared_error", (data(np.ones(3)), data(np.ones(3))), {"reduction": "unknown"}),
        Node("cross_entropy", (data(np.ones((2, 3))), data([0, 7])), {"reduction": "mean"}),
        Node("lstm", (data(np.ones((2, 3, 1))),), {"units": 4}, (weight(None),)),
        Node("add", (data(np.ones(3)),)),
        Node("subtract", (data(np.ones(3)), data(np.ones(3)), data(np.ones(4)))),
        Node("repeat_vector", (data(np.ones((2, 3))),), {"n": 10**9}),
        Node("cropping", (data(np.ones((2, 3, 3, 1))),), {"cropping": 2}),
        Node("masking", (data(np.zeros((2, 3, 1))),), {"mask_value": 0.0}),
        Node("augmentation", (data(np.ones((2, 3, 3, 1))),), {"name": "RandomBrightness"}),
        Node("dot", (data(np.ones((2, 3))), data(np.ones((2, 4)))), {"axes": 1}),
        Node("dot_attention", (data(np.ones((2, 3))), data(np.ones((2, 3))))),
        Node("cosine_similarity", (data(np.ones((2, 3))), data(np.ones((2, 3)))), {"reduction": "mean"}),
        Node("einsum_dense", (data(np.ones((2, 3))),), {"equation": "ab,bc->ac", "output_shape": None}, (weight(None),)),
        Node("conv_lstm", (data(np.ones((2, 3, 4, 4, 1))),), {"filters": 2, "kernel_size": 9}, (weight(None), weight(None))),
    ],
)
def test_what_does_not_fit_is_refused(node):
    with pytest.raises(RefusalError):
        Program(Node("sum", (node,)))
