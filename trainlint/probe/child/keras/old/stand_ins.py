"""Functions and classes that Keras no longer has in any form."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def nothing(*_: Any, **__: Any) -> None:
    """A call without effect today."""


def get_session() -> Any:
    """A session of TensorFlow 1, which today only some calls take and ignore."""
    tensorflow: Any = sys.modules["tensorflow"]
    return tensorflow.compat.v1.Session(graph=tensorflow.Graph())


def set_session(session: Any) -> None:
    """Sessions are no longer set."""


def set_image_dim_ordering(order: str) -> None:
    """`th` and `tf` are "channels_first" and "channels_last"."""
    keras: Any = sys.modules["keras"]
    keras.config.set_image_data_format({"th": "channels_first", "tf": "channels_last"}[order])


def image_dim_ordering() -> str:
    """The same, asked for."""
    keras: Any = sys.modules["keras"]
    return "th" if keras.config.image_data_format() == "channels_first" else "tf"


def set_learning_phase(value: Any) -> None:
    """Layers are told by `training=` today."""


def learning_phase() -> int:
    """Training."""
    return 1


def multi_gpu_model(model: Any, *_: Any, **__: Any) -> Any:
    """The model itself: its gradient is the same on one device."""
    return model


def merge(inputs: Any, mode: Any = "sum", concat_axis: int = -1, dot_axes: Any = -1, name: str | None = None, **_: Any) -> Any:
    """The function of Keras 1 that joins tensors."""
    keras: Any = sys.modules["keras"]
    layers = {
        "sum": lambda: keras.layers.Add(name=name),
        "mul": lambda: keras.layers.Multiply(name=name),
        "ave": lambda: keras.layers.Average(name=name),
        "max": lambda: keras.layers.Maximum(name=name),
        "concat": lambda: keras.layers.Concatenate(axis=concat_axis, name=name),
        "dot": lambda: keras.layers.Dot(axes=dot_axes, name=name),
        "cos": lambda: keras.layers.Dot(axes=dot_axes, normalize=True, name=name),
    }
    layer = keras.layers.Lambda(mode, name=name) if callable(mode) else layers[mode]()
    return layer(inputs)


def Merge(*_: Any, **__: Any) -> Any:  # noqa: N802 (the name of the class that it stands for)
    """The layer of Keras 1 that joins whole models.

    Raises:
        TypeError: always; today's Keras has no layer that holds models as its inputs.
    """
    raise TypeError("the layer Merge of Keras 1 has no counterpart in Keras 3: the model must be written with Input and Model")


class _Wrapper:
    """What `keras.wrappers.scikit_learn` offered, in as far as it trains: `fit` builds the model and fits it."""

    def __init__(self, build_fn: Callable[..., Any] | None = None, **sk_params: Any) -> None:
        self.build_fn = build_fn
        self.sk_params = sk_params

    def get_params(self, **_: Any) -> dict[str, Any]:
        """The parameters, for scikit-learn."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> _Wrapper:
        """Set parameters, for scikit-learn."""
        self.build_fn = params.pop("build_fn", self.build_fn)
        self.sk_params.update(params)
        return self

    def fit(self, x: Any, y: Any, **named: Any) -> Any:
        """Build the model and fit it."""
        import inspect

        assert self.build_fn is not None
        known = inspect.signature(self.build_fn).parameters
        self.model = self.build_fn(**{name: value for name, value in self.sk_params.items() if name in known})
        rest = {name: value for name, value in self.sk_params.items() if name not in known}
        if "nb_epoch" in rest:
            rest["epochs"] = rest.pop("nb_epoch")
        self.history = self.model.fit(x, self.targets(y), **{**rest, **named})
        return self.history

    def targets(self, y: Any) -> Any:
        """What the model is trained on."""
        return y

    def predict(self, x: Any, **named: Any) -> Any:
        """The model's outputs."""
        return self.model.predict(x, **named)

    def score(self, x: Any, y: Any, **named: Any) -> float:
        """Minus the loss, as scikit-learn maximises."""
        loss = self.model.evaluate(x, self.targets(y), **named)
        return -float(loss[0] if isinstance(loss, (list, tuple)) else loss)

    def __sklearn_tags__(self) -> Any:
        from importlib import import_module

        return import_module("sklearn.base").BaseEstimator().__sklearn_tags__()


class KerasRegressor(_Wrapper):
    """For numbers."""

    _estimator_type = "regressor"


class KerasClassifier(_Wrapper):
    """For classes: whole numbers become one-hot rows where the loss is a categorical crossentropy."""

    _estimator_type = "classifier"

    def targets(self, y: Any) -> Any:
        """One-hot rows where the loss needs them."""
        import numpy as np

        y = np.asarray(y)
        self.classes_ = np.unique(y) if y.ndim == 1 else np.arange(y.shape[-1])
        if getattr(self.model, "loss", None) == "categorical_crossentropy" and y.ndim == 1:
            return np.eye(len(self.classes_), dtype="float32")[np.searchsorted(self.classes_, y)]
        return y
