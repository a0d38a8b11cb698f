"""Where a training runs: versions, device, and the dtype that it computes in."""

from __future__ import annotations

import sys
from typing import Any

LIBRARIES = ("keras", "tf_keras", "tensorflow", "torch", "jax", "numpy")


def surroundings(variable: Any) -> dict[str, Any]:
    """The fields of a Measurement that any of the trained variables tells."""
    loaded: dict[str, Any] = {name: sys.modules.get(name) for name in LIBRARIES}
    versions = {name: str(module.__version__) for name, module in loaded.items() if hasattr(module, "__version__")}
    return {"libraries": versions, "device": _device(variable, loaded), "dtype": _dtype(variable, loaded["keras"])}


def _device(variable: Any, loaded: dict[str, Any]) -> str:
    own: Any = getattr(getattr(variable, "_value", None), "device", None)
    if hasattr(own, "type"):  # of torch
        return str(own.type)
    tensorflow, jax = loaded["tensorflow"], loaded["jax"]
    if tensorflow is not None and "tensorflow" in type(variable).__module__:
        return "cuda" if tensorflow.config.list_logical_devices("GPU") else "cpu"
    if jax is not None and hasattr(jax, "default_backend"):
        return "cuda" if jax.default_backend() == "gpu" else str(jax.default_backend())
    return "cpu"


def _dtype(variable: Any, keras: Any) -> str:
    if keras is not None and hasattr(keras, "config") and hasattr(keras.config, "dtype_policy"):
        return str(keras.config.dtype_policy().name)
    return str(getattr(variable.dtype, "name", variable.dtype))
