"""TensorFlow: what the functions of `tf`, `tf.math`, `tf.nn`, `tf.random` compute; `keras.ops` is in `keras_operation_rows`."""

from __future__ import annotations

from trainlint.knowledge.numpy_operation_rows import receiver_first
from trainlint.knowledge.rows import Row

_DOCS = "https://www.tensorflow.org/api_docs/python/tf"

ELEMENTWISE: dict[str, str] = {
    "negative": "negative",
    "abs": "abs",
    "square": "square",
    "reciprocal": "reciprocal",
    "sign": "sign",
    "floor": "floor",
    "ceil": "ceil",
    "round": "round",
    "logical_not": "logical_not",
    "sqrt": "sqrt",
    "rsqrt": "rsqrt",
    "exp": "exp",
    "expm1": "expm1",
    "log": "log",
    "log1p": "log1p",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "erf": "erf",
    "sigmoid": "sigmoid",
    "softplus": "softplus",
    "log_sigmoid": "log_sigmoid",
}
PAIRWISE: dict[str, str] = {
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "divide": "divide",
    "truediv": "divide",
    "divide_no_nan": "divide",
    "floordiv": "floor_divide",
    "floormod": "remainder",
    "mod": "remainder",
    "pow": "power",
    "maximum": "maximum",
    "minimum": "minimum",
    "equal": "equal",
    "not_equal": "not_equal",
    "less": "less",
    "less_equal": "less_equal",
    "greater": "greater",
    "greater_equal": "greater_equal",
    "logical_and": "logical_and",
    "logical_or": "logical_or",
    "logical_xor": "logical_xor",
    "squared_difference": "squared_difference",
}

_REDUCE = "x|input_tensor, axis|reduction_indices=None, keepdims|keep_dims=False, name=None"

MATH: tuple[tuple[str, str, str], ...] = (
    *(
        (f"reduce_{name}", kind, _REDUCE)
        for name, kind in (
            *(("mean", "mean"), ("sum", "sum"), ("max", "max"), ("min", "min"), ("prod", "prod"), ("any", "any"), ("all", "all")),
            *(("std", "std"), ("variance", "var"), ("logsumexp", "logsumexp"), ("euclidean_norm", "norm")),
        )
    ),
    ("argmax", "argmax", "x|input, axis|dimension=0, output_type|dtype=None, name=None"),
    ("argmin", "argmin", "x|input, axis|dimension=0, output_type|dtype=None, name=None"),
    ("cumsum", "cumsum", "x, axis=0, exclusive=False, reverse=False, name=None"),
    ("l2_normalize", "l2_normalize", "x, axis=None, epsilon=1e-12, name=None"),
    ("is_nan", "isnan", "x, name=None"),
    ("is_inf", "isinf", "x, name=None"),
    ("is_finite", "isfinite", "x, name=None"),
    ("softmax", "softmax", "x|logits, axis|dim=-1, name=None"),
    ("log_softmax", "log_softmax", "x|logits, axis|dim=-1, name=None"),
)

FUNCTIONS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("matmul", "tf_matmul", "x|a, y|b, transpose_a=False, transpose_b=False", ("linalg.matmul",)),
    ("tensordot", "tensordot", "x|a, y|b, axes, name=None", ("linalg.tensordot",)),
    ("einsum", "einsum", "equation, *xs", ("linalg.einsum",)),
    ("norm", "norm", "x|tensor, ord='euclidean', axis=None, keepdims=None, name=None", ("linalg.norm",)),
    ("arg_max", "argmax", "x|input, axis|dimension, output_type|dtype=None, name=None", ("compat.v1.arg_max",)),
    ("arg_min", "argmin", "x|input, axis|dimension, output_type|dtype=None, name=None", ("compat.v1.arg_min",)),
    ("where", "where", "condition, x=None, y=None, name=None", ()),
    ("clip_by_value", "clip", "x|t, low|clip_value_min, high|clip_value_max, name=None", ()),
    ("cast", "astype", "x, dtype, name=None", ()),
    ("reshape", "reshape", "x|tensor, shape, name=None", ()),
    ("transpose", "transpose", "x|a, axes|perm=None, conjugate=False, name=None", ("linalg.matrix_transpose",)),
    ("squeeze", "squeeze", "x|input, axis|squeeze_dims=None, name=None", ()),
    ("expand_dims", "expand_dims", "x|input, axis|dim, name=None", ()),
    ("broadcast_to", "expand", "x|input, shape, name=None", ()),
    ("concat", "concatenate", "xs|values, axis|concat_dim, name=None", ()),
    ("stack", "stack", "xs|values, axis=0, name=None", ()),
    ("unstack", "unbind", "x|value, num=None, axis=0, name=None", ()),
    ("split", "split_pieces", "x|value, sections|num_or_size_splits, axis=0, num=None, name=None", ()),
    ("tile", "tile", "x|input, repeats|multiples, name=None", ()),
    ("repeat", "repeat", "x|input, repeats, axis=None, name=None", ()),
    ("reverse", "flip", "x|tensor, axis, name=None", ()),
    ("roll", "roll", "x|input, shift, axis, name=None", ()),
    ("gather", "take", "x|params, y|indices, validate_indices=None, axis=None, batch_dims=0, name=None", ()),
    ("sort", "sort", "x|values, axis=-1, direction='ASCENDING', name=None", ()),
    ("argsort", "argsort", "x|values, axis=-1, direction='ASCENDING', stable=False, name=None", ()),
    ("one_hot", "one_hot", "x|indices, classes|depth, on_value=None, off_value=None, axis=None, dtype=None, name=None", ()),
    ("meshgrid", "meshgrid", "*xs, indexing='xy'", ()),
    ("identity", "identity", "x|input, name=None", ()),
    ("stop_gradient", "detach", "x|input, name=None", ()),
    ("shape", "shape", "x|input, out_type=None, name=None", ()),
    ("size", "numel", "x|input, out_type=None, name=None", ()),
    ("rank", "ndim", "x|input, name=None", ()),
    ("constant", "array", "values|value, dtype=None, shape=None, name=None", ()),
    ("convert_to_tensor", "array", "values|value, dtype=None, dtype_hint=None, name=None", ()),
    ("zeros", "zeros", "shape, dtype=None, name=None, layout=None", ()),
    ("ones", "ones", "shape, dtype=None, name=None, layout=None", ()),
    ("fill", "full", "shape|dims, value, name=None, layout=None", ()),
    ("zeros_like", "zeros_like", "x|input, dtype=None, name=None, layout=None", ()),
    ("ones_like", "ones_like", "x|input, dtype=None, name=None, layout=None", ()),
    ("eye", "eye", "rows|num_rows, columns|num_columns=None, batch_shape=None, dtype=None, name=None", ("linalg.eye",)),
    ("range", "arange", "start, stop|limit=None, step|delta=None, dtype=None, name='range'", ()),
    ("linspace", "linspace", "start, stop, count|num, name=None, axis=0", ()),
    (
        "random.uniform",
        "random_uniform",
        "shape, low|minval=0, high|maxval=1, dtype=None, seed=None, name=None",
        ("random_uniform",),
    ),
    (
        "random.normal",
        "random_normal",
        "shape, mean=0.0, deviation|stddev=1.0, dtype=None, seed=None, name=None",
        ("random_normal",),
    ),
    (
        "random.truncated_normal",
        "random_truncated_normal",
        "shape, mean=0.0, deviation|stddev=1.0, dtype=None, seed=None, name=None",
        ("truncated_normal",),
    ),
    ("random.shuffle", "random_rows", "x|value, seed=None, name=None", ("random_shuffle",)),
)
"""Function, operation, signature, other names within `tf`."""

NN: tuple[tuple[str, str, str], ...] = (
    ("relu", "relu", "x|features, name=None"),
    ("relu6", "relu6", "x|features, name=None"),
    ("leaky_relu", "leaky_relu", "x|features, slope|alpha=0.2, name=None"),
    ("elu", "elu", "x|features, name=None"),
    ("selu", "selu", "x|features, name=None"),
    ("gelu", "gelu", "x|features, approximate=False, name=None"),
    ("silu", "swish", "x|features, beta=1.0"),
    ("swish", "swish", "x|features, beta=1.0"),
    ("softsign", "softsign", "x|features, name=None"),
    ("bias_add", "add", "x|value, y|bias, data_format=None, name=None"),
)

LOSSES: tuple[tuple[str, str, str], ...] = (
    ("softmax_cross_entropy_with_logits", "categorical_crossentropy", "target|labels, prediction|logits, axis|dim=-1, name=None"),
    (
        "softmax_cross_entropy_with_logits_v2",
        "categorical_crossentropy",
        "target|labels, prediction|logits, axis|dim=None, name=None",
    ),
    (
        "sparse_softmax_cross_entropy_with_logits",
        "sparse_categorical_crossentropy",
        "target|labels, prediction|logits, name=None",
    ),
    ("sigmoid_cross_entropy_with_logits", "binary_crossentropy", "target|labels=None, prediction|logits=None, name=None"),
)
"""Losses of logits, one number a row (the last: an entry)."""

METHODS: tuple[tuple[str, str, str], ...] = (
    ("numpy", "detach", ""),
    ("get_shape", "shape", ""),
    ("set_shape", "identity", "shape"),
    ("value", "identity", ""),
    ("read_value", "identity", ""),
    ("eval", "identity", "feed_dict=None, session=None"),
)
"""Methods of tensors and variables."""


_DRAWN = "deviation|stddev=1.0, dtype=None, seed=None"
KERAS_RANDOM: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("random.normal", "random_normal", f"shape, mean=0.0, {_DRAWN}", ("backend.random_normal", "backend.random_normal_variable")),
    ("random.truncated_normal", "random_truncated_normal", f"shape, mean=0.0, {_DRAWN}", ("backend.truncated_normal",)),
    (
        "random.uniform",
        "random_uniform",
        "shape, low|minval=0.0, high|maxval=1.0, dtype=None, seed=None",
        ("backend.random_uniform",),
    ),
    ("random.randint", "random_integers", "shape, low|minval, high|maxval, dtype='int32', seed=None", ()),
    ("random.shuffle", "random_rows", "x, axis=0, seed=None", ()),
)
"""Function, operation, signature, other names within `keras`."""


def _math_aliases(name: str) -> tuple[str, ...]:
    also_nn = name in ("sigmoid", "tanh", "softplus", "log_softmax", "softmax", "l2_normalize", "log_sigmoid")
    return (f"tensorflow.{name}", *((f"tensorflow.nn.{name}",) if also_nn else ()))


ROWS: tuple[Row, ...] = (
    *(
        Row(
            f"tensorflow.math.{name}", "operation", kind, "x|features, name=None", _math_aliases(name), (), f"{_DOCS}/math/{name}"
        )
        for name, kind in ELEMENTWISE.items()
    ),
    *(
        Row(f"tensorflow.math.{name}", "operation", kind, "x|a, y|b, name=None", _math_aliases(name), (), f"{_DOCS}/math/{name}")
        for name, kind in PAIRWISE.items()
    ),
    *(
        Row(f"tensorflow.math.{name}", "operation", kind, text, _math_aliases(name), (), f"{_DOCS}/math/{name}")
        for name, kind, text in MATH
    ),
    *(
        Row(
            f"tensorflow.{name}",
            "operation",
            kind,
            text,
            tuple(f"tensorflow.{one}" for one in also),
            (),
            f"{_DOCS}/{name.replace('.', '/')}",
        )
        for name, kind, text, also in FUNCTIONS
    ),
    *(Row(f"tensorflow.nn.{name}", "operation", kind, text, (), (), f"{_DOCS}/nn/{name}") for name, kind, text in NN),
    *(
        Row(f"keras.{name}", "operation", kind, text, tuple(f"keras.{one}" for one in also), (), "https://keras.io/api/random")
        for name, kind, text, also in KERAS_RANDOM
    ),
    *(Row(f"tensorflow.nn.{name}", "loss_function", kind, text, (), (), f"{_DOCS}/nn/{name}") for name, kind, text in LOSSES),
    *(
        Row(f"tensorflow.Tensor.{name}", "operation", kind, receiver_first(text), (), (), f"{_DOCS}/Tensor#{name}")
        for name, kind, text in METHODS
    ),
)
