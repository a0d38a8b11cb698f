"""Puts the compatibility layer in place once Keras is there."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from . import age, arguments, methods, modules
from .tables import CALLBACKS, MODULES

OLDEST = (
    "the script is one for Keras before 2.4: what it leaves to defaults (rates of Adagrad, Adadelta, Adamax, Nadam) is as it was"
)


def install(keras: ModuleType) -> str | None:
    """Serve missing names; translate arguments and restore defaults if the script was written for an older Keras.

    Returns what the report has to say about it.
    """
    modules.install()
    modules.add_standard_names()
    for root in ("keras", modules.LEGACY):
        for path in ("", *MODULES):
            module = sys.modules.get(f"{root}.{path}".rstrip("."))
            if module is not None and not isinstance(getattr(module, "__loader__", None), modules.Forward):
                modules.patch_module(module, path)
    if age.is_old():
        _translate(keras, age.is_oldest())
    return OLDEST if age.is_oldest() else None


def _translate(keras: Any, oldest: bool) -> None:
    methods.models(keras)
    methods.layers(keras)
    methods.optimizers(keras)
    for one in _classes(keras.layers, keras.Layer):
        arguments.layer(one, oldest)
    for one in _classes(keras.optimizers, keras.optimizers.Optimizer):
        if one is not keras.optimizers.Optimizer and "__init__" in vars(one) and one.__name__ != "LossScaleOptimizer":
            arguments.optimizer(one, keras.optimizers.schedules, oldest)
    for one in _classes(keras.callbacks, keras.callbacks.Callback):
        if one.__name__ in CALLBACKS:
            arguments.callback(one)


def _classes(module: Any, base: type) -> list[Any]:
    return list({id(one): one for one in vars(module).values() if isinstance(one, type) and issubclass(one, base)}.values())
