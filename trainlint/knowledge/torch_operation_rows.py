"""PyTorch: what each function and tensor method computes, with the parameter names of `interpret.arrays` first.

Functions with explicit weights are in `torch_function_rows`, losses in `torch_training_rows`.
"""

from __future__ import annotations

from trainlint.knowledge.numpy_operation_rows import receiver_first
from trainlint.knowledge.rows import Row

_DOCS = "https://docs.pytorch.org/docs/stable/generated"

ELEMENTWISE: dict[str, str] = {
    "neg": "negative",
    "negative": "negative",
    "abs": "abs",
    "absolute": "abs",
    "square": "square",
    "reciprocal": "reciprocal",
    "sign": "sign",
    "floor": "floor",
    "ceil": "ceil",
    "logical_not": "logical_not",
    "bitwise_not": "invert",
    "isnan": "isnan",
    "isinf": "isinf",
    "isfinite": "isfinite",
    "sqrt": "sqrt",
    "rsqrt": "rsqrt",
    "exp": "exp",
    "exp2": "exp2",
    "expm1": "expm1",
    "log": "log",
    "log2": "log2",
    "log10": "log10",
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
    "relu": "relu",
    "trunc": "nonlinear",
    "lgamma": "nonlinear",
}
"""Functions of each entry, as `torch.f(x)` and `x.f()`."""

PAIRWISE: dict[str, str] = {
    "mul": "multiply",
    "multiply": "multiply",
    "floor_divide": "floor_divide",
    "remainder": "remainder",
    "pow": "power",
    "maximum": "maximum",
    "minimum": "minimum",
    "atan2": "arctan2",
    "eq": "equal",
    "ne": "not_equal",
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "logical_and": "logical_and",
    "logical_or": "logical_or",
    "logical_xor": "logical_xor",
}
"""Functions of two tensors, as `torch.f(x, y)` and `x.f(y)`."""

_AXIS = "axis|dim=None, keepdims|keepdim=False"

SHARED: tuple[tuple[str, str, str], ...] = (
    ("add", "scaled_add", "y|other, *, alpha=1, out=None"),
    ("sub", "scaled_subtract", "y|other, *, alpha=1, out=None"),
    ("subtract", "scaled_subtract", "y|other, *, alpha=1, out=None"),
    ("div", "torch_divide", "y|other, *, rounding_mode=None, out=None"),
    ("divide", "torch_divide", "y|other, *, rounding_mode=None, out=None"),
    ("true_divide", "divide", "y|other"),
    ("matmul", "matmul", "y|other|tensor2, *, out=None"),
    ("mm", "matmul", "y|mat2, *, out=None"),
    ("bmm", "matmul", "y|mat2, *, out=None"),
    ("mv", "matmul", "y|vec, *, out=None"),
    ("dot", "matmul", "y|tensor|other, *, out=None"),
    ("outer", "outer", "y|vec2, *, out=None"),
    ("ger", "outer", "y|vec2, *, out=None"),
    ("sum", "sum", f"{_AXIS}, *, dtype=None, out=None"),
    ("nansum", "sum", f"{_AXIS}, *, dtype=None, out=None"),
    ("mean", "mean", f"{_AXIS}, *, dtype=None, out=None"),
    ("prod", "prod", f"{_AXIS}, *, dtype=None, out=None"),
    ("std", "std", "axis|dim=None, correction|unbiased=1, keepdims|keepdim=False, *, out=None"),
    ("var", "var", "axis|dim=None, correction|unbiased=1, keepdims|keepdim=False, *, out=None"),
    ("norm", "norm", "ord|p='fro', axis|dim=None, keepdims|keepdim=False, out=None, dtype=None"),
    ("max", "torch_max", "axis|dim|other=None, keepdims|keepdim=False, *, out=None"),
    ("min", "torch_min", "axis|dim|other=None, keepdims|keepdim=False, *, out=None"),
    ("amax", "max", f"{_AXIS}, *, out=None"),
    ("amin", "min", f"{_AXIS}, *, out=None"),
    ("median", "torch_median", _AXIS),
    ("any", "any", _AXIS),
    ("all", "all", _AXIS),
    ("argmax", "argmax", f"{_AXIS}, *, out=None"),
    ("argmin", "argmin", f"{_AXIS}, *, out=None"),
    ("logsumexp", "logsumexp", "axis|dim, keepdims|keepdim=False, *, out=None"),
    ("cumsum", "cumsum", "axis|dim, *, dtype=None, out=None"),
    ("cumprod", "cumprod", "axis|dim, *, dtype=None, out=None"),
    ("count_nonzero", "count_nonzero", "axis|dim=None"),
    ("softmax", "softmax", "axis|dim=None, dtype=None"),
    ("log_softmax", "log_softmax", "axis|dim=None, dtype=None"),
    ("clamp", "clip", "low|min=None, high|max=None, *, out=None"),
    ("clip", "clip", "low|min=None, high|max=None, *, out=None"),
    ("round", "round", "*, decimals=0, out=None"),
    ("nan_to_num", "nan_to_num", "nan=0.0, posinf=None, neginf=None, *, out=None"),
    ("reshape", "reshape", "*shape"),
    ("flatten", "flatten", "start|start_dim=0, end|end_dim=-1"),
    ("ravel", "ravel", ""),
    ("transpose", "swapaxes", "first|dim0, second|dim1"),
    ("swapaxes", "swapaxes", "first|axis0, second|axis1"),
    ("swapdims", "swapaxes", "first|dim0, second|dim1"),
    ("permute", "transpose", "*axes|dims"),
    ("movedim", "moveaxis", "source, destination"),
    ("t", "transpose", ""),
    ("squeeze", "squeeze", "axis|dim=None"),
    ("unsqueeze", "expand_dims", "axis|dim"),
    ("tile", "tile", "*repeats|dims"),
    ("tril", "tril", "diagonal=0, *, out=None"),
    ("triu", "triu", "diagonal=0, *, out=None"),
    ("flip", "flip", "*axis|dims"),
    ("roll", "roll", "shift|shifts, axis|dims=None"),
    ("sort", "torch_sort", "axis|dim=-1, descending=False, stable=False, *, out=None"),
    ("argsort", "argsort", "axis|dim=-1, descending=False, stable=False"),
    ("topk", "topk", "k, axis|dim=-1, largest=True, sorted=True, *, out=None"),
    ("gather", "gather_along", "axis|dim, y|index, *, sparse_grad=False, out=None"),
    ("index_select", "take_along", "axis|dim, y|index, *, out=None"),
    ("masked_fill", "masked_fill", "condition|mask, y|value"),
    ("chunk", "chunk", "sections|chunks, axis|dim=0"),
    ("split", "split_pieces", "sections|split_size|split_size_or_sections|split_sizes, axis|dim=0"),
    ("unbind", "unbind", "axis|dim=0"),
    ("unique", "unique", "sorted=True, return_inverse=False, return_counts=False, axis|dim=None"),
    ("diff", "diff", "n=1, axis|dim=-1"),
    ("where", "where_self", "condition, y|other"),
    ("clone", "identity", "*, memory_format=None"),
    ("detach", "detach", ""),
    ("numel", "numel", ""),
    ("bernoulli", "random_bernoulli", "p=None, *, generator=None, out=None"),
)
"""Functions that are methods too, without the tensor they are of."""

_PLACED = "dtype=None, layout=None, device=None, requires_grad=False"

FUNCTIONS: tuple[tuple[str, str, str], ...] = (
    ("where", "where", "condition, x|input=None, y|other=None, *, out=None"),
    ("einsum", "einsum", "equation, *xs|operands"),
    ("tensordot", "tensordot", "x|a, y|b, axes|dims=2, out=None"),
    ("cat", "concatenate", "xs|tensors, axis|dim=0, *, out=None"),
    ("concat", "concatenate", "xs|tensors, axis|dim=0, *, out=None"),
    ("concatenate", "concatenate", "xs|tensors, axis|dim=0, *, out=None"),
    ("stack", "stack", "xs|tensors, axis|dim=0, *, out=None"),
    ("vstack", "vstack", "xs|tensors, *, out=None"),
    ("hstack", "hstack", "xs|tensors, *, out=None"),
    ("column_stack", "column_stack", "xs|tensors, *, out=None"),
    ("repeat_interleave", "repeat", "x|input|self, repeats, axis|dim=None, *, output_size=None"),
    ("meshgrid", "meshgrid", "*xs|tensors, indexing='ij'"),
    ("addmm", "addmm", "x|input, y|mat1, z|mat2, *, beta=1, alpha=1, out=None"),
    ("linalg.norm", "norm", "x|A|input|self, ord=None, axis|dim=None, keepdims|keepdim=False, *, out=None, dtype=None"),
    ("linalg.vector_norm", "norm", "x|input|self, ord=2, axis|dim=None, keepdims|keepdim=False, *, dtype=None, out=None"),
    ("tensor", "array", f"values|data, *, {_PLACED}, pin_memory=False"),
    ("as_tensor", "array", "values|data, dtype=None, device=None"),
    ("asarray", "array", "values|obj, *, dtype=None, device=None, copy=None, requires_grad=False"),
    ("from_numpy", "array", "values|ndarray"),
    ("zeros", "zeros", f"*shape|size, out=None, {_PLACED}"),
    ("ones", "ones", f"*shape|size, out=None, {_PLACED}"),
    ("empty", "empty", f"*shape|size, out=None, {_PLACED}, pin_memory=False, memory_format=None"),
    ("full", "full", f"shape|size, value|fill_value, *, out=None, {_PLACED}"),
    ("eye", "eye", f"rows|n, columns|m=None, *, out=None, {_PLACED}"),
    ("diag", "diag", "x|input|self, offset|diagonal=0, *, out=None"),
    ("arange", "arange", f"start, stop|end=None, step=None, *, out=None, {_PLACED}"),
    ("linspace", "linspace", f"start, stop|end, count|steps=100, *, out=None, {_PLACED}"),
    ("logspace", "logspace", f"start, stop|end, count|steps=100, base=10.0, *, out=None, {_PLACED}"),
    ("zeros_like", "zeros_like", f"x|input|self, *, {_PLACED}, memory_format=None"),
    ("ones_like", "ones_like", f"x|input|self, *, {_PLACED}, memory_format=None"),
    ("empty_like", "empty_like", f"x|input|self, *, {_PLACED}, memory_format=None"),
    ("full_like", "full_like", f"x|input|self, value|fill_value, *, {_PLACED}, memory_format=None"),
    ("rand", "random_unit", f"*shape|size, generator=None, out=None, {_PLACED}, pin_memory=False"),
    ("randn", "random_standard_normal", f"*shape|size, generator=None, out=None, {_PLACED}, pin_memory=False"),
    ("rand_like", "random_unit", f"x|input|self, *, {_PLACED}, memory_format=None"),
    ("randn_like", "random_standard_normal", f"x|input|self, *, {_PLACED}, memory_format=None"),
    ("randperm", "random_permutation", f"x|n, *, generator=None, out=None, {_PLACED}, pin_memory=False"),
    ("normal", "random_normal", "mean=0.0, deviation|std=1.0, shape|size=None, *, generator=None, out=None"),
    ("poisson", "random_any", "x|input|self, generator=None"),
    ("multinomial", "random_any", "p|input|self, num_samples, replacement=False, *, generator=None, out=None"),
)
"""Functions that are no methods."""

METHODS: tuple[tuple[str, str, str], ...] = (
    ("view", "reshape", "*shape|size"),
    ("view_as", "reshape_as", "y|other"),
    ("reshape_as", "reshape_as", "y|other"),
    ("expand", "expand", "*shape|size"),
    ("expand_as", "expand_as", "y|other"),
    ("repeat", "tile", "*repeats"),
    ("repeat_interleave", "repeat", "repeats, axis|dim=None, *, output_size=None"),
    ("addmm", "addmm", "y|mat1, z|mat2, *, beta=1, alpha=1"),
    ("to", "to", "*args, **kwargs"),
    ("type", "to", "dtype=None, non_blocking=False"),
    ("type_as", "type_as", "y|other"),
    ("cuda", "identity", "device=None, non_blocking=False, memory_format=None"),
    ("cpu", "identity", "memory_format=None"),
    ("contiguous", "identity", "memory_format=None"),
    ("pin_memory", "identity", "device=None"),
    ("requires_grad", "identity", ""),
    ("retain_grad", "identity", ""),
    ("numpy", "detach", "*, force=False"),
    ("item", "item", ""),
    ("tolist", "tolist", ""),
    ("size", "size", "axis|dim=None"),
    ("dim", "ndim", ""),
    ("ndimension", "ndim", ""),
    ("nelement", "numel", ""),
    ("zero", "zeros_like", ""),
    ("fill", "full_like", "value"),
    ("copy", "copy_from", "y|src, non_blocking=False"),
    ("uniform", "random_uniform", "low|from=0.0, high|to=1.0, *, generator=None"),
    ("normal", "random_normal", "mean=0.0, deviation|std=1.0, *, generator=None"),
    ("random", "random_any", "low|from=0, high|to=None, *, generator=None"),
    *(
        (name, "cast_to", "memory_format=None")
        for name in ("float", "double", "half", "bfloat16", "long", "int", "short", "byte", "bool")
    ),
)
"""Methods of tensors that are no functions; `zero`, `fill` and the random ones end in an underscore."""

ACTIVATIONS: tuple[tuple[str, str, str], ...] = (
    ("relu", "relu", "inplace=False"),
    ("relu6", "relu6", "inplace=False"),
    ("leaky_relu", "leaky_relu", "slope|negative_slope=0.01, inplace=False"),
    ("elu", "elu", "alpha=1.0, inplace=False"),
    ("selu", "selu", "inplace=False"),
    ("celu", "nonlinear", "alpha=1.0, inplace=False"),
    ("gelu", "gelu", "approximate='none'"),
    ("silu", "swish", "inplace=False"),
    ("mish", "mish", "inplace=False"),
    ("sigmoid", "sigmoid", ""),
    ("logsigmoid", "log_sigmoid", ""),
    ("hardsigmoid", "hard_sigmoid", "inplace=False"),
    ("hardtanh", "hard_tanh", "min_val=-1.0, max_val=1.0, inplace=False"),
    ("hardswish", "hard_swish", "inplace=False"),
    ("tanh", "tanh", ""),
    ("softplus", "softplus", "beta=1.0, threshold=20.0"),
    ("softsign", "softsign", ""),
    ("softmax", "softmax", "axis|dim=None, _stacklevel=3, dtype=None"),
    ("softmin", "nonlinear", "axis|dim=None, _stacklevel=3, dtype=None"),
    ("log_softmax", "log_softmax", "axis|dim=None, _stacklevel=3, dtype=None"),
    ("glu", "glu", "axis|dim=-1"),
    ("normalize", "l2_normalize", "ord|p=2.0, axis|dim=1, eps=1e-12, out=None"),
    ("one_hot", "one_hot", "classes|num_classes=-1"),
    ("interpolate", "interpolate", "size=None, scale_factor=None, mode='nearest', align_corners=None"),
    ("pad", "pad", "pad, mode='constant', value=None"),
)
"""Functions of `torch.nn.functional` without weights, without the tensor they are of."""

TENSOR_CLASSES = (
    *("Tensor", "FloatTensor", "DoubleTensor", "HalfTensor", "BFloat16Tensor"),
    *("LongTensor", "IntTensor", "ShortTensor", "ByteTensor", "BoolTensor"),
)


def _of_tensor(text: str, name: str = "x|input|self") -> str:
    return f"{name}, {text}" if text else name


def _shared(name: str, kind: str, text: str) -> Row:
    methods = (f"torch.Tensor.{name}",)
    if name == "where":
        return Row("torch.Tensor.where", "operation", kind, receiver_first(text), (), (), f"{_DOCS}/torch.Tensor.where.html")
    tensor = "x|tensor|input|self" if name == "split" else "x|input|self"
    return Row(f"torch.{name}", "operation", kind, _of_tensor(text, tensor), methods, (), f"{_DOCS}/torch.{name}.html")


ROWS: tuple[Row, ...] = (
    *(_shared(name, kind, "*, out=None") for name, kind in ELEMENTWISE.items()),
    *(_shared(name, kind, "y|other|exponent, *, out=None") for name, kind in PAIRWISE.items()),
    *(_shared(name, kind, text) for name, kind, text in SHARED),
    *(Row(f"torch.{name}", "operation", kind, text, (), (), f"{_DOCS}/torch.{name}.html") for name, kind, text in FUNCTIONS),
    Row(
        "torch.randint",
        "operation",
        "torch_randint",
        f"*bounds, generator=None, shape|size=None, low=None, high=None, out=None, {_PLACED}",
        source=f"{_DOCS}/torch.randint.html",
    ),
    *(
        Row(f"torch.Tensor.{name}", "operation", kind, receiver_first(text), (), (), f"{_DOCS}/torch.Tensor.{name}.html")
        for name, kind, text in METHODS
    ),
    *(
        Row(
            f"torch.nn.functional.{name}",
            "operation",
            kind,
            _of_tensor(text, "x|tensor|input" if name == "one_hot" else "x|input|self"),
            (),
            (),
            f"{_DOCS}/torch.nn.functional.{name}.html",
        )
        for name, kind, text in ACTIVATIONS
    ),
    Row(
        "torch.nn.functional.scaled_dot_product_attention",
        "operation",
        "scaled_dot_product_attention",
        "x|query, y|key, z|value, mask|attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False",
        source=f"{_DOCS}/torch.nn.functional.scaled_dot_product_attention.html",
    ),
    Row(
        "torch.nn.Transformer.generate_square_subsequent_mask",
        "operation",
        "causal_mask",
        "sz, device=None, dtype=None",
        source=f"{_DOCS}/torch.nn.Transformer.html",
    ),
    Row(
        "torch.nn.utils.rnn.pack_padded_sequence",
        "operation",
        "identity",
        "x|input, lengths, batch_first=False, enforce_sorted=True",
        source=f"{_DOCS}/torch.nn.utils.rnn.pack_padded_sequence.html",
    ),
    Row(
        "torch.nn.utils.rnn.pad_packed_sequence",
        "operation",
        "unpacked",
        "x|sequence, batch_first=False, padding_value=0.0, total_length=None",
        source=f"{_DOCS}/torch.nn.utils.rnn.pad_packed_sequence.html",
    ),
    *(
        Row(f"torch.{name}", "operation", "tensor_class", "*values", (f"torch.cuda.{name}",), (), f"{_DOCS}/../tensors.html")
        for name in TENSOR_CLASSES
    ),
)
