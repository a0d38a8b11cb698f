"""Element types: how scripts spell them, and which type an operation gives in each library.

NumPy's rules are NumPy's own (`numpy.result_type`). PyTorch promotes by category, and a tensor with axes outranks one without,
which outranks a Python number (docs: "torch.Tensor type promotion"). TensorFlow does not promote: Python numbers and NumPy
arrays take the type of the tensor.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainlint.interpret.values import Array, Literal, Object, Symbol, Value

_NAMES = {
    "half": "float16",
    "double": "float64",
    "short": "int16",
    "long": "int64",
    "byte": "uint8",
    "ubyte": "uint8",
    "single": "float32",
    "float_": "float64",
    "int_": "int64",
    "bool_": "bool",
    "intp": "int64",
    "cfloat": "complex64",
    "cdouble": "complex128",
    "complex_": "complex128",
    "floatx": "float32",
    "f": "float32",
    "d": "float64",
    "f4": "float32",
    "f8": "float64",
    "i": "int32",
    "i4": "int32",
    "i8": "int64",
    "u1": "uint8",
    "<f4": "float32",
    "<f8": "float64",
    "string": "str",
    "str_": "str",
}
_KNOWN = {
    *("float16", "float32", "float64", "bfloat16", "bool", "complex64", "complex128", "str"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
}
_AMBIGUOUS = {
    ("torch", "float"): "float32",
    ("torch", "int"): "int32",
    ("torch", "complex"): "complex64",
    ("", "float"): "float64",
    ("", "int"): "int64",
    ("", "complex"): "complex128",
}
_TENSOR_TYPES = {
    "Tensor": "float32",
    "FloatTensor": "float32",
    "DoubleTensor": "float64",
    "HalfTensor": "float16",
    "BFloat16Tensor": "bfloat16",
    "LongTensor": "int64",
    "IntTensor": "int32",
    "ShortTensor": "int16",
    "ByteTensor": "uint8",
    "CharTensor": "int8",
    "BoolTensor": "bool",
}


def named(name: str, library: str = "") -> str | None:
    """The canonical element type of a name: `double` is float64, `float` float32 in PyTorch and float64 elsewhere."""
    name = _NAMES.get(name, name)
    if name in _KNOWN:
        return name
    return _AMBIGUOUS.get((library, name)) or _AMBIGUOUS.get(("", name)) or _TENSOR_TYPES.get(name)


def of_value(value: Value | None) -> str | None:
    """The element type that a `dtype=` argument names, or None if it names none that is known."""
    if isinstance(value, Symbol):
        library, _, rest = value.name.partition(".")
        return named(rest.rpartition(".")[2] or library, library if rest else "")
    if isinstance(value, Literal) and isinstance(value.value, str):
        library, _, rest = value.value.partition(".")
        return named(rest or library, library if rest else "")
    if isinstance(value, Object):
        return next((found for one in value.arguments.values() if (found := of_value(one))), None)
    return None


def as_numpy(name: str | None) -> np.dtype[np.generic] | None:
    """NumPy's own type of that name; None for the types that it lacks (bfloat16) and for text."""
    if name is None or name in ("bfloat16", "str"):
        return None
    try:
        return np.dtype(name)
    except TypeError:
        return None


def category(name: str | None) -> int:
    """0 bool, 1 integer, 2 floating point, 3 complex; -1 if it is not known."""
    if name is None or name == "str":
        return -1
    if name == "bool":
        return 0
    return 1 if "int" in name else 3 if name.startswith("complex") else 2


def default(kind: int, library: str) -> str:
    """The type that a library gives Python numbers of a category."""
    if library == "torch":
        return ("bool", "int64", "float32", "complex64")[kind]
    if library in ("tensorflow", "keras"):
        return ("bool", "int32", "float32", "complex128")[kind]
    return ("bool", "int64", "float64", "complex128")[kind]


def is_weak(array: Array) -> bool:
    """Whether the array is a Python number, which takes on the type of what it meets."""
    return "literal" in array.attributes


def promote(arrays: Sequence[Array], library: str) -> str | None:
    """The type in which a library computes with these operands; None if one of them is not known."""
    if not arrays or any(category(one.dtype) < 0 for one in arrays):
        return None
    if library == "torch":
        return _promote_torch(arrays)
    if library in ("tensorflow", "keras"):
        return _promote_tensorflow(arrays)
    return _promote_numpy(arrays)


def _merge(names: Sequence[str]) -> str | None:
    if "bfloat16" in names:
        others = [one for one in names if one != "bfloat16" and category(one) == 2]
        return _merge(others) if others and set(others) != {"float16"} else "float32" if others else "bfloat16"
    return str(np.result_type(*[np.dtype(one) for one in names]))


def _promote_numpy(arrays: Sequence[Array]) -> str | None:
    strong = [one.dtype for one in arrays if not is_weak(one) and one.dtype]
    if not strong:
        return _merge([one.dtype for one in arrays if one.dtype])
    highest = max(map(category, strong))
    weak = max((category(one.dtype) for one in arrays if is_weak(one)), default=0)
    if weak > highest:
        strong.append("complex64" if weak == 3 and highest == 2 else default(weak, "numpy"))
    return _merge(strong)


def _promote_torch(arrays: Sequence[Array]) -> str | None:
    result: str | None = None
    tiers = (
        [one.dtype for one in arrays if not is_weak(one) and one.shape != () and one.dtype],
        [one.dtype for one in arrays if not is_weak(one) and one.shape == () and one.dtype],
        [default(category(one.dtype), "torch") for one in arrays if is_weak(one)],
    )
    for tier in tiers:
        if tier:
            merged = _merge_torch(tier)
            if result is None or category(merged) > category(result):
                result = merged
    return result


def _merge_torch(names: Sequence[str]) -> str | None:
    highest = max(map(category, names))
    return _merge([one for one in names if category(one) == highest]) if highest >= 2 else _merge(names)


def _promote_tensorflow(arrays: Sequence[Array]) -> str | None:
    tensors = [one.dtype for one in arrays if not is_weak(one) and one.library in ("tensorflow", "keras") and one.dtype]
    if not tensors:
        tensors = [one.dtype for one in arrays if not is_weak(one) and one.dtype]
    if not tensors:
        return default(max(category(one.dtype) for one in arrays), "tensorflow")
    return tensors[0]


def floating(name: str | None, library: str, *, division: bool = False) -> str | None:
    """The type of a result that is never an integer: of `exp`, `mean`, or `/` (`division`) in that library."""
    kind = category(name)
    if kind < 0 or kind >= 2:
        return name
    if library in ("tensorflow", "keras"):
        return ("float64" if name in ("int32", "int64", "uint32", "uint64") else "float32") if division else name
    if library == "torch":
        return "float32"
    if division or name is None:
        return "float64"
    return str(np.exp(np.zeros((), name)).dtype)


def summed(name: str | None, library: str) -> str | None:
    """The type of a sum: NumPy and PyTorch widen integers to 64 bits."""
    kind = category(name)
    if kind not in (0, 1) or library in ("tensorflow", "keras"):
        return name
    return "uint64" if name is not None and name.startswith("uint") and library == "numpy" else "int64"
