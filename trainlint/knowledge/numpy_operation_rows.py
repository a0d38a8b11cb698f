"""NumPy: what each function and method computes, with the parameter names of `interpret.arrays` first and NumPy's as aliases.

Signatures are those of NumPy 2; positions and names are compared with the installed one.
"""

from __future__ import annotations

from trainlint.knowledge.rows import Row

_DOCS = "https://numpy.org/doc/stable/reference/generated"

ELEMENTWISE: dict[str, str] = {
    "negative": "negative",
    "abs": "abs",
    "absolute": "abs",
    "fabs": "float_abs",
    "square": "square",
    "sign": "sign",
    "floor": "floor",
    "ceil": "ceil",
    "rint": "float_round",
    "logical_not": "logical_not",
    "invert": "invert",
    "isnan": "isnan",
    "isinf": "isinf",
    "isfinite": "isfinite",
    "sqrt": "sqrt",
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
    "arcsin": "arcsin",
    "arccos": "arccos",
    "arctan": "arctan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "arcsinh": "nonlinear",
    "arctanh": "nonlinear",
    "cbrt": "nonlinear",
    "deg2rad": "nonlinear",
    "positive": "identity",
}
"""Functions of each entry of one array, and their operations."""

PAIRWISE: dict[str, str] = {
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "divide": "divide",
    "true_divide": "divide",
    "floor_divide": "floor_divide",
    "remainder": "remainder",
    "mod": "remainder",
    "power": "power",
    "float_power": "float_power",
    "maximum": "maximum",
    "minimum": "minimum",
    "fmax": "maximum",
    "fmin": "minimum",
    "arctan2": "arctan2",
    "matmul": "matmul",
    "equal": "equal",
    "not_equal": "not_equal",
    "less": "less",
    "less_equal": "less_equal",
    "greater": "greater",
    "greater_equal": "greater_equal",
    "logical_and": "logical_and",
    "logical_or": "logical_or",
    "logical_xor": "logical_xor",
    "bitwise_and": "bitwise_and",
    "bitwise_or": "bitwise_or",
}
"""Functions of two arrays."""

_AXIS_OUT = "axis=None, out=None, keepdims=False"
_MEAN = "axis=None, dtype=None, out=None, keepdims=False"
_SPREAD = "axis=None, dtype=None, out=None, correction|ddof=0, keepdims=False"
_LIKE = "dtype=None, order='K', subok=True, shape=None"

FUNCTIONS: tuple[tuple[str, str, str], ...] = (
    ("sum", "sum", f"x|a, {_MEAN}"),
    ("nansum", "sum", f"x|a, {_MEAN}"),
    ("prod", "prod", f"x|a, {_MEAN}"),
    ("mean", "mean", f"x|a, {_MEAN}"),
    ("nanmean", "mean", f"x|a, {_MEAN}"),
    ("average", "average", "x|a, axis=None, weights=None, returned=False, *, keepdims=False"),
    ("std", "std", f"x|a, {_SPREAD}"),
    ("nanstd", "std", f"x|a, {_SPREAD}"),
    ("var", "var", f"x|a, {_SPREAD}"),
    ("max", "max", f"x|a, {_AXIS_OUT}"),
    ("min", "min", f"x|a, {_AXIS_OUT}"),
    ("nanmax", "max", f"x|a, {_AXIS_OUT}"),
    ("nanmin", "min", f"x|a, {_AXIS_OUT}"),
    ("ptp", "ptp", f"x|a, {_AXIS_OUT}"),
    ("median", "median", "x|a, axis=None, out=None, overwrite_input=False, keepdims=False"),
    ("any", "any", f"x|a, {_AXIS_OUT}"),
    ("all", "all", f"x|a, {_AXIS_OUT}"),
    ("argmax", "argmax", "x|a, axis=None, out=None, *, keepdims=False"),
    ("argmin", "argmin", "x|a, axis=None, out=None, *, keepdims=False"),
    ("count_nonzero", "count_nonzero", "x|a, axis=None, *, keepdims=False"),
    ("cumsum", "cumsum", "x|a, axis=None, dtype=None, out=None"),
    ("cumprod", "cumprod", "x|a, axis=None, dtype=None, out=None"),
    ("linalg.norm", "norm", "x, ord=None, axis=None, keepdims=False"),
    ("dot", "dot", "x|a, y|b, out=None"),
    ("inner", "inner", "x|a, y|b"),
    ("outer", "outer", "x|a, y|b, out=None"),
    ("vdot", "vdot", "x|a, y|b"),
    ("einsum", "einsum", "equation, *xs"),
    ("tensordot", "tensordot", "x|a, y|b, axes=2"),
    ("where", "where", "condition, x=None, y=None"),
    ("clip", "clip", "x|a, low|a_min|min=None, high|a_max|max=None, out=None"),
    ("round", "round", "x|a, decimals=0, out=None"),
    ("around", "round", "x|a, decimals=0, out=None"),
    ("nan_to_num", "nan_to_num", "x, copy=True, nan=0.0, posinf=None, neginf=None"),
    ("reshape", "reshape", "x|a, shape|newshape, order='C', *, copy=None"),
    ("ravel", "ravel", "x|a, order='C'"),
    ("transpose", "transpose", "x|a, axes=None"),
    ("permute_dims", "transpose", "x|a, axes=None"),
    ("swapaxes", "swapaxes", "x|a, first|axis1, second|axis2"),
    ("moveaxis", "moveaxis", "x|a, source, destination"),
    ("squeeze", "squeeze", "x|a, axis=None"),
    ("expand_dims", "expand_dims", "x|a, axis"),
    ("broadcast_to", "expand", "x|array, shape, subok=False"),
    ("concatenate", "concatenate", "xs|arrays, axis=0, out=None, *, dtype=None, casting='same_kind'"),
    ("stack", "stack", "xs|arrays, axis=0, out=None, *, dtype=None, casting='same_kind'"),
    ("append", "append", "x|arr, y|values, axis=None"),
    ("vstack", "vstack", "xs|tup, *, dtype=None, casting='same_kind'"),
    ("hstack", "hstack", "xs|tup, *, dtype=None, casting='same_kind'"),
    ("dstack", "dstack", "xs|tup"),
    ("column_stack", "column_stack", "xs|tup"),
    ("repeat", "repeat", "x|a, repeats, axis=None"),
    ("tile", "tile", "x|A, repeats|reps"),
    ("flip", "flip", "x|m, axis=None"),
    ("fliplr", "flip", "x|m, axis=1"),
    ("flipud", "flip", "x|m, axis=0"),
    ("roll", "roll", "x|a, shift, axis=None"),
    ("sort", "sort", "x|a, axis=-1, kind=None, order=None"),
    ("argsort", "argsort", "x|a, axis=-1, kind=None, order=None"),
    ("take", "take", "x|a, y|indices, axis=None, out=None, mode='raise'"),
    ("diff", "diff", "x|a, n=1, axis=-1"),
    ("split", "split_pieces", "x|ary, sections|indices_or_sections, axis=0"),
    ("array_split", "array_split", "x|ary, sections|indices_or_sections, axis=0"),
    ("meshgrid", "meshgrid", "*xs, copy=True, sparse=False, indexing='xy'"),
    ("unique", "unique", "x|ar, return_index=False, return_inverse=False, return_counts=False, axis=None"),
    ("nonzero", "nonzero", "x|a"),
    ("argwhere", "nonzero_rows", "x|a"),
    ("array", "array", "values|object, dtype=None, *, copy=True, order='K', subok=False, ndmin=0"),
    ("asarray", "array", "values|a, dtype=None, order=None"),
    ("asanyarray", "array", "values|a, dtype=None, order=None"),
    ("ascontiguousarray", "at_least_1", "x|a, dtype=None"),
    ("fromiter", "array", "values|iter, dtype, count=-1"),
    ("shape", "shape", "x|a"),
    ("ndim", "ndim", "x|a"),
    ("atleast_1d", "at_least_1", "*xs"),
    ("atleast_2d", "at_least_2", "*xs"),
    ("copy", "identity", "x|a, order='K', subok=False"),
    ("zeros", "zeros", "shape, dtype=None, order='C'"),
    ("ones", "ones", "shape, dtype=None, order='C'"),
    ("empty", "empty", "shape, dtype=None, order='C'"),
    ("full", "full", "shape, value|fill_value, dtype=None, order='C'"),
    ("zeros_like", "zeros_like", f"x|a, {_LIKE}"),
    ("ones_like", "ones_like", f"x|a, {_LIKE}"),
    ("empty_like", "empty_like", f"x|prototype, {_LIKE}"),
    ("full_like", "full_like", f"x|a, value|fill_value, {_LIKE}"),
    ("eye", "eye", "rows|N, columns|M=None, offset|k=0, dtype=None, order='C'"),
    ("identity", "eye", "rows|n, dtype=None"),
    ("diag", "diag", "x|v, offset|k=0"),
    ("arange", "arange", "start|start_or_stop, stop=None, step=None, dtype=None"),
    ("linspace", "linspace", "start, stop, count|num=50, endpoint=True, retstep=False, dtype=None, axis=0"),
    ("logspace", "logspace", "start, stop, count|num=50, endpoint=True, base=10.0, dtype=None, axis=0"),
    ("geomspace", "geomspace", "start, stop, count|num=50, endpoint=True, dtype=None, axis=0"),
    ("load", "read", "source|file, mmap_mode=None, allow_pickle=False"),
    ("loadtxt", "read", "source|fname, dtype=None, comments='#', delimiter=None, converters=None, skiprows=0"),
    ("genfromtxt", "read", "source|fname, dtype=None, comments='#', delimiter=None, skip_header=0"),
    ("fromfile", "read", "source|file, dtype=None, count=-1, sep=''"),
    ("frombuffer", "read", "source|buffer, dtype=None, count=-1, offset=0"),
)
"""Function, operation, signature."""

SCALARS = {
    name: name.rstrip("_")
    for name in (
        *("float16", "float32", "float64", "int8", "int16", "int32", "int64"),
        *("uint8", "uint16", "uint32", "uint64", "bool_", "half", "single", "double"),
    )
}
"""Types that are called on numbers and arrays."""

RANDOM: tuple[tuple[str, str, str], ...] = (
    ("rand", "random_unit", "*shape"),
    ("random", "random_unit", "shape|size=None, dtype=None, out=None"),
    ("random_sample", "random_unit", "shape|size=None"),
    ("ranf", "random_unit", "shape|size=None"),
    ("sample", "random_unit", "shape|size=None"),
    ("randn", "random_standard_normal", "*shape"),
    ("standard_normal", "random_standard_normal", "shape|size=None, dtype=None, out=None"),
    ("normal", "random_normal", "mean|loc=0.0, deviation|scale=1.0, shape|size=None"),
    ("uniform", "random_uniform", "low=0.0, high=1.0, shape|size=None"),
    ("randint", "random_integers", "low, high=None, shape|size=None, dtype=None"),
    ("integers", "random_integers", "low, high=None, shape|size=None, dtype=None, endpoint=False"),
    ("permutation", "random_permutation", "x, axis=0"),
    ("permuted", "random_permutation", "x, axis=None, out=None"),
    ("choice", "random_choice", "x|a, shape|size=None, replace=True, p=None, axis=0, shuffle=True"),
    ("exponential", "random_exponential", "scale=1.0, shape|size=None"),
    ("binomial", "random_binomial", "n, p, shape|size=None"),
    ("poisson", "random_poisson", "rate|lam=1.0, shape|size=None"),
    ("laplace", "random_laplace", "mean|loc=0.0, scale=1.0, shape|size=None"),
    ("gamma", "random_positive", "k|shape, scale=1.0, shape|size=None"),
    ("chisquare", "random_positive", "df, shape|size=None"),
    ("lognormal", "random_positive", "mean=0.0, sigma=1.0, shape|size=None"),
    ("rayleigh", "random_positive", "scale=1.0, shape|size=None"),
    ("weibull", "random_positive", "a, shape|size=None"),
    ("beta", "random_probability", "a, b, shape|size=None"),
    ("dirichlet", "random_shares", "alpha, shape|size=None"),
    ("logistic", "random_any", "mean|loc=0.0, scale=1.0, shape|size=None"),
    ("gumbel", "random_any", "mean|loc=0.0, scale=1.0, shape|size=None"),
    ("standard_t", "random_any", "df, shape|size=None"),
)
"""Functions of `numpy.random`, which are also methods of its generators."""

STANDARD_RANDOM: tuple[tuple[str, str, str], ...] = (
    ("random", "random_unit", ""),
    ("uniform", "random_uniform", "low|a, high|b"),
    ("gauss", "random_normal", "mean|mu=0.0, deviation|sigma=1.0"),
    ("normalvariate", "random_normal", "mean|mu=0.0, deviation|sigma=1.0"),
    ("randint", "random_integers", "low|a, high|b, *, endpoint=True"),
    ("randrange", "random_integers", "low|start, high|stop=None, step=1"),
)
"""Functions of Python's own `random`; `endpoint` stands for the upper end that `randint` includes."""

_REDUCE = "axis=None, dtype=None, out=None, keepdims=False"

METHODS: tuple[tuple[str, str, str], ...] = (
    ("sum", "sum", _REDUCE),
    ("mean", "mean", _REDUCE),
    ("prod", "prod", _REDUCE),
    ("std", "std", _SPREAD),
    ("var", "var", _SPREAD),
    ("max", "max", _AXIS_OUT),
    ("min", "min", _AXIS_OUT),
    ("ptp", "ptp", _AXIS_OUT),
    ("any", "any", _AXIS_OUT),
    ("all", "all", _AXIS_OUT),
    ("argmax", "argmax", "axis=None, out=None, *, keepdims=False"),
    ("argmin", "argmin", "axis=None, out=None, *, keepdims=False"),
    ("cumsum", "cumsum", "axis=None, dtype=None, out=None"),
    ("dot", "dot", "y|b, out=None"),
    ("clip", "clip", "low|min=None, high|max=None, out=None"),
    ("round", "round", "decimals=0, out=None"),
    ("reshape", "reshape", "*shape, order='C'"),
    ("ravel", "ravel", "order='C'"),
    ("flatten", "ravel", "order='C'"),
    ("transpose", "transpose", "*axes"),
    ("swapaxes", "swapaxes", "first|axis1, second|axis2"),
    ("squeeze", "squeeze", "axis=None"),
    ("repeat", "repeat", "repeats, axis=None"),
    ("argsort", "argsort", "axis=-1, kind=None, order=None"),
    ("take", "take", "y|indices, axis=None, out=None, mode='raise'"),
    ("astype", "astype", "dtype, order='K', casting='unsafe', subok=True, copy=True"),
    ("copy", "identity", "order='C'"),
    ("view", "view", "dtype=None"),
    ("item", "item", "*args"),
    ("tolist", "tolist", ""),
    ("nonzero", "nonzero", ""),
    ("fill", "fill", "value"),
    ("sort", "sort_in_place", "axis=-1, kind=None, order=None"),
)
"""Methods of `numpy.ndarray`; the receiver comes before the parameters."""


def receiver_first(signature: str) -> str:
    """The signature with the receiver as its first parameter."""
    return f"x, {signature}" if signature else "x"


def _page(name: str) -> str:
    return f"{_DOCS}/numpy.{name}.html"


ROWS: tuple[Row, ...] = (
    *(
        Row(f"numpy.{name}", "operation", kind, "x, out=None, *, dtype=None", source=_page(name))
        for name, kind in ELEMENTWISE.items()
    ),
    *(
        Row(f"numpy.{name}", "operation", kind, "x|x1, y|x2, out=None, *, dtype=None", source=_page(name))
        for name, kind in PAIRWISE.items()
    ),
    *(Row(f"numpy.{name}", "operation", kind, text, source=_page(name)) for name, kind, text in FUNCTIONS),
    *(Row(f"numpy.{name}", "operation", "cast_to", "x|value=0", source=_page("generic")) for name in SCALARS),
    *(
        Row(
            f"numpy.random.{name}",
            "operation",
            kind,
            text,
            (f"numpy.random.Generator.{name}", f"numpy.random.RandomState.{name}"),
            source=_page(f"random.{name}"),
        )
        for name, kind, text in RANDOM
    ),
    *(
        Row(f"random.{name}", "operation", kind, text, source="https://docs.python.org/3/library/random.html")
        for name, kind, text in STANDARD_RANDOM
    ),
    *(
        Row(f"numpy.random.{name}", "object", "random_generator", "seed=None", source=_page(f"random.{name}"))
        for name in ("default_rng", "RandomState")
    ),
    *(
        Row(f"numpy.ndarray.{name}", "operation", kind, receiver_first(text), source=_page(f"ndarray.{name}"))
        for name, kind, text in METHODS
    ),
)
