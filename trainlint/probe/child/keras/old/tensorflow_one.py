"""`import tensorflow` for scripts of TensorFlow 1: the names of `tf.compat.v1`, and a `tf.layers` without old Keras."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

from . import age

KEPT = frozenset({"compat", "keras", "version", "sysconfig"})
"""Names of today's `tensorflow` that stay."""


def install(tensorflow: Any) -> bool:
    """Give `tensorflow` the names of its first version if the script uses them; whether it does."""
    if not age.is_graph():
        return False
    if importlib.util.find_spec("tf_keras") is not None:
        os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    first = tensorflow.compat.v1
    first.disable_v2_behavior()
    if age.uses_old_names():
        names = {name: value for name, value in vars(first).items() if not name.startswith("_") and name not in KEPT}
        vars(tensorflow).update(names)
    if os.environ.get("TF_USE_LEGACY_KERAS") != "1":
        for module in (first, tensorflow):
            vars(module)["layers"] = Layers(first)  # the real ones need old Keras
    return True


class Layers:
    """The functions of `tf.layers` by their formulas, with the variables' names and initial values of TensorFlow 1."""

    def __init__(self, first: Any) -> None:
        self.first = first

    def dense(  # noqa: PLR0917 (as TensorFlow 1 had it)
        self,
        inputs: Any,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
        reuse: Any = None,
        **_: Any,
    ) -> Any:
        """activation(x W + b)."""
        first = self.first
        with first.variable_scope(name, "dense", reuse=reuse):
            kernel = first.get_variable("kernel", [int(inputs.shape[-1]), units], initializer=kernel_initializer)
            output = first.tensordot(inputs, kernel, 1)
            if use_bias:
                output += first.get_variable("bias", [units], initializer=bias_initializer or first.zeros_initializer())
            return activation(output) if activation is not None else output

    def conv2d(  # noqa: PLR0917 (as TensorFlow 1 had it)
        self,
        inputs: Any,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        name: str | None = None,
        reuse: Any = None,
        **_: Any,
    ) -> Any:
        """activation(x * W + b), channels last."""
        first = self.first
        with first.variable_scope(name, "conv2d", reuse=reuse):
            shape = [*_pair(kernel_size), int(inputs.shape[-1]), filters]
            kernel = first.get_variable("kernel", shape, initializer=kernel_initializer)
            output = first.nn.conv2d(inputs, kernel, [1, *_pair(strides), 1], padding.upper())
            if use_bias:
                output += first.get_variable("bias", [filters], initializer=first.zeros_initializer())
            return activation(output) if activation is not None else output

    def max_pooling2d(self, inputs: Any, pool_size: Any, strides: Any, padding: str = "valid", **_: Any) -> Any:
        """The largest of each window."""
        return self.first.nn.max_pool(inputs, [1, *_pair(pool_size), 1], [1, *_pair(strides), 1], padding.upper())

    def average_pooling2d(self, inputs: Any, pool_size: Any, strides: Any, padding: str = "valid", **_: Any) -> Any:
        """The mean of each window."""
        return self.first.nn.avg_pool(inputs, [1, *_pair(pool_size), 1], [1, *_pair(strides), 1], padding.upper())

    def flatten(self, inputs: Any, **_: Any) -> Any:
        """One row for each example."""
        size = 1
        for extent in inputs.shape[1:]:
            size *= int(extent)
        return self.first.reshape(inputs, [-1, size])

    def dropout(self, inputs: Any, rate: float = 0.5, training: Any = False, **_: Any) -> Any:
        """Dropout while `training`."""
        first = self.first
        dropped = first.nn.dropout(inputs, rate=rate)
        if isinstance(training, bool):
            return dropped if training else inputs
        return first.cond(training, lambda: dropped, lambda: inputs)


def _pair(value: Any) -> list[int]:
    return [int(one) for one in value] if isinstance(value, (list, tuple)) else [int(value)] * 2
