"""What the twin does not compute, and the reason it gives: arguments that the libraries reject or give another meaning."""

import numpy as np
import pytest

from tests.stability.graphs import data, weight
from trainlint.facts.graph import Node
from trainlint.stability.twin.operation import RefusalError
from trainlint.stability.twin.program import Program

ROWS, CUBE, IMAGE = np.ones((4, 6)), np.ones((2, 3, 4)), np.ones((2, 5, 5, 4))
WINDOW = {"filters": 3, "kernel_size": 2}
PLAIN = {"heads": 2, "use_bias": False}

REFUSED = [
    # windows: PyTorch and Keras raise for each of these
    ("conv", [IMAGE], {**WINDOW, "strides": 0}, 2, "a window or stride below 1"),
    ("conv", [IMAGE], {**WINDOW, "padding": ((0, 0), (-1, 0))}, 2, "the padding is not known"),
    ("conv", [IMAGE], {"filters": 3, "kernel_size": 2, "groups": 3}, 2, "the shape of a convolution is not known"),
    ("conv", [np.ones((1, 2, 2, 130))], {"filters": 130, "kernel_size": 2, "groups": 65}, 2, "a convolution of more than 64 groups"),
    ("max_pool", [np.ones((2, 2, 2, 1))], {"pool_size": 3}, 0, "a window is larger than its input"),
    ("conv_transpose", [IMAGE], {**WINDOW, "groups": 2}, 2, "a transposed convolution with groups"),
    ("conv_transpose", [IMAGE], {**WINDOW, "strides": -1}, 2, "a window or stride below 1"),
    ("conv_transpose", [IMAGE], {**WINDOW, "padding": ((0, 0), (0, 0)), "output_padding": 2}, 2, "the padding is not known"),
    ("conv_transpose", [IMAGE], {"filters": 0, "kernel_size": 2}, 2, "the shape of a convolution is not known"),
    # pictures of other sizes
    ("adaptive_average_pool", [IMAGE], {"output_size": (1, 2, 3)}, 0, "`output_size` does not fit the input"),
    ("adaptive_average_pool", [IMAGE], {"output_size": 0}, 0, "an adaptive pool to nothing"),
    ("upsample", [IMAGE], {"mode": "bicubic"}, 0, "an interpolation other than nearest and linear: `bicubic`"),
    ("upsample", [IMAGE], {"size": 0.1}, 0, "a picture without entries"),
    ("zero_pad", [IMAGE], {"padding": ((1, 1),)}, 0, "the padding is not known"),
    ("zero_pad", [IMAGE], {"pad": (1, 1, 1)}, 0, "a padding of an unusual kind"),
    ("zero_pad", [IMAGE], {"pad": (1, 1), "mode": "reflect"}, 0, "a padding of an unusual kind"),
    ("zero_pad", [IMAGE], {"pad": (-1, 0)}, 0, "a padding that cuts off entries"),
    ("zero_pad", [IMAGE], {"pad": (1, 0), "value": "x"}, 0, "`value` of an operation is not known"),
    ("pixel_shuffle", [IMAGE], {"upscale_factor": 2}, 0, "channels that cannot be made pixels"),
    # arithmetic
    ("power", [ROWS, ROWS], {}, 0, "a power with an array for its exponent"),
    ("matmul", [ROWS, np.array(2.0)], {}, 0, "a matrix product with a number"),
    ("matmul", [ROWS, ROWS], {}, 0, r"shapes \(4, 6\) and \(4, 6\) do not fit a matrix product"),
    ("transpose", [CUBE], {"axes": (0, 1)}, 0, "a transposition that does not fit its array"),
    ("cast", [ROWS], {"dtype": "int64"}, 0, "a conversion to whole numbers"),
    ("average", [ROWS], {"weights": (1, 2)}, 0, "a weighted average"),
    ("dot", [CUBE, ROWS], {}, 0, "a `dot` of arrays with more than two axes"),
    ("dot", [ROWS, np.ones(6)], {"axes": 1}, 0, "a `Dot` of inputs that do not fit"),
    ("einsum", [ROWS, ROWS], {"equation": "ij,kj,lj->ikl"}, 0, "einsum"),
    ("einsum", [ROWS, ROWS], {"equation": "ij,ji->i"}, 0, "einsum"),
    # sizes of arrays
    ("var", [ROWS], {"correction": 0.5}, 0, "the correction of a variance is not known"),
    ("var", [np.ones(1)], {"correction": 1}, 0, "a variance of too few entries"),
    ("norm", [ROWS], {"ord": 1}, 0, "a norm other than the Euclidean one"),
    ("norm", [ROWS], {"ord": 2}, 0, "a norm other than the Euclidean one"),  # of a matrix: its largest singular value
    ("l2_normalize", [ROWS], {"ord": 1}, 0, "a norm other than the Euclidean one"),
    ("logsumexp", [ROWS], {}, 0, "the logarithm of a sum over several axes"),
    ("group_norm", [IMAGE], {"groups": 3}, 2, "groups that do not divide the channels"),
    ("normalization", [ROWS], {"mean": "a", "variance": 1.0}, 0, "the numbers of a normalization are not known"),
    ("dense", [np.array(1.0)], {"units": 2}, 2, "the width of a dense layer is not known"),
    ("softplus", [ROWS], {"beta": -1.0}, 0, "a softplus whose steepness is not positive"),
    ("glu", [CUBE], {"axis": 1}, 0, "a gated linear unit over an odd number of entries"),
    ("prelu", [CUBE], {"num_parameters": 5}, 2, "slopes that do not fit the channels"),
    # what is chosen
    ("clip", [ROWS, np.zeros(6), np.ones(6)], {}, 0, "bounds that are arrays"),
    ("expand", [ROWS], {"shape": (6,)}, 0, "an array is repeated to fewer axes than it has"),
    ("tile", [ROWS], {"repeats": (0, 2)}, 0, "an array is repeated less than once"),
    ("one_hot", [np.array([0, 1])], {"classes": 3, "on_value": 0.9}, 0, "one-hot rows of other numbers than 0 and 1"),
    ("one_hot", [np.array([0, 3])], {"classes": 3}, 0, "a label is outside of the classes"),
    ("one_hot", [np.array([0, 1])], {"classes": 3, "axis": 0}, 0, "one-hot labels along another axis than the last"),
    ("getitem", [ROWS], {"index": "?"}, 0, "a subscript that is not known"),
    ("getitem", [ROWS], {"index": 1.5}, 0, "a subscript that is not known"),
    ("getitem", [ROWS], {"index": slice("a", None)}, 0, "a subscript that is not known"),
    ("getitem", [ROWS], {}, 0, "a subscript that is not known"),
    ("getitem", [ROWS], {"index": (slice(None), 6)}, 0, "a subscript that does not fit its array"),
    ("gather", [ROWS, np.full((4, 6), 9)], {"axis": 1}, 0, "indices that do not fit what they are of"),
    ("gather", [ROWS, np.zeros(4)], {"axis": 1}, 0, "indices that do not fit what they are of"),
    ("embedding_bag", [np.zeros((2, 3))], {"rows": 5, "units": 2, "mode": "max"}, 1, "an embedding bag of an unusual kind"),
    ("embedding_bag", [np.full((2, 3), 5)], {"rows": 5, "units": 2}, 1, "an index lies outside of the embedding"),
    ("bilinear", [ROWS, np.ones((3, 6))], {"units": 2}, 2, "a bilinear layer whose inputs have different numbers of rows"),
    # sequences
    ("attention", [CUBE], {**PLAIN, "masks": ("causal",)}, 4, "an attention with an unusual mask"),
    ("attention", [CUBE, CUBE, CUBE, np.ones(3)], {**PLAIN, "masks": ("attention",)}, 4, "a mask that does not fit its attention"),
    ("attention", [CUBE], {**PLAIN, "add_bias_kv": True}, 4, "an attention with unusual settings"),
    ("attention", [CUBE], {"use_bias": False}, 4, "an attention with unusual settings"),
    ("attention", [CUBE], {**PLAIN, "key_dim": 2, "value_dim": 3}, 4, "an attention whose values have a size of their own"),
    ("attention", [CUBE, CUBE, 2 * CUBE], {**PLAIN}, 4, "an attention whose inputs cannot be told apart"),
    ("attention", [CUBE], {"heads": 3, "use_bias": False}, 4, "the number of heads of an attention does not divide its width"),
    ("dot_attention", [CUBE, CUBE], {"use_scale": True}, 0, "an attention with unusual settings"),
    ("lstm", [np.ones((2, 4))], {"units": 3, "use_bias": False}, 2, "a recurrent layer over too many steps, or over none"),
    ("lstm", [CUBE], {"units": 3, "use_bias": False, "stateful": True}, 2, "another `stateful` than the usual one"),
    ("simple_rnn", [CUBE], {"units": 3, "use_bias": False, "nonlinearity": "elu"}, 2, "a recurrent layer with an unusual activation"),
    ("simple_rnn", [CUBE, np.ones((2, 2, 3))], {"units": 3, "use_bias": False}, 2, "a state that does not fit its recurrent layer"),
    ("simple_rnn", [CUBE, np.ones((1, 5, 3))], {"units": 3, "use_bias": False}, 2, "a state of other rows than the input has"),
    ("rnn_cell", [ROWS[:, :4], np.ones((4, 2))], {"units": 3, "use_bias": False}, 2, "a state that does not fit its recurrent layer"),
    ("rnn_cell", [ROWS[:, :4], np.ones((3, 3))], {"units": 3, "use_bias": False}, 2, "a state of other rows than the input has"),
    ("conv_lstm", [np.ones((2, 3, 4, 4, 1))], {"filters": 0, "kernel_size": 3}, 2, "the shape of a convolution is not known"),
    # starts
    ("dense", [ROWS], {"units": 2, "use_bias": False}, (weight(values=np.full((6, 2), np.nan)),), "initial weights do not fit their layer"),
    ("dense", [ROWS], {"units": 2, "use_bias": False}, (weight(values=np.full((6, 2), 1 + 1j)),), "initial weights that are no real numbers"),
    ("dense", [np.ones((2, 1100))], {"units": 1100, "use_bias": False}, (weight((1100, 1100), "orthogonal"),), "an orthogonal matrix too large to be drawn here"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("op", "inputs", "attributes", "owned", "why"), REFUSED, ids=lambda one: one if isinstance(one, str) else ""
)
def test_the_reason_is_said(op, inputs, attributes, owned, why):
    parameters = tuple(weight(None) for _ in range(owned)) if isinstance(owned, int) else owned
    leaves = {id(one): data(one, batched=False) for one in inputs}
    node = Node(op, tuple(leaves[id(one)] for one in inputs), attributes, parameters)
    with pytest.raises(RefusalError, match=why):
        Program(Node("sum", (node,))).problem(0)
