"""Which hooks each module gets."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

from . import sessions, trainers
from .driver import Driver
from .jax_functions import Functions
from .old import layer, tensorflow_one
from .randomness import seed_tensorflow
from .tapes import Tapes
from .torch_graphs import Graphs


def hook_tensorflow(tensorflow: Any, driver: Driver) -> None:
    """Have functions run eagerly and record the script's tapes."""
    tapes = Tapes(tensorflow, driver.level, driver.tape_entered, driver.gradient_computed)
    tapes.install()
    tensorflow.config.run_functions_eagerly(True)
    warnings.filterwarnings("ignore", message=".*experimental_run_functions_eagerly.*")  # that data functions stay graphs
    seed_tensorflow()
    with driver.session.guard("keras", "the names of TensorFlow 1"):
        tensorflow_one.install(tensorflow)
    with driver.session.guard("keras", "hooking sessions"):
        sessions.Sessions(tensorflow.compat.v1, driver).install()
    driver.recorder = driver.recorder or tapes


def hook_keras(keras: Any, driver: Driver) -> None:
    """Hook Keras 3 on whichever backend it runs, and let it understand older scripts."""
    with driver.session.guard("keras", "the names of older releases"):
        driver.remark = layer.install(keras)
    if keras.config.backend() == "torch":
        graphs = Graphs(sys.modules["torch"], driver.level, driver.tape_entered, driver.gradient_computed)
        graphs.install()
        driver.recorder = graphs
    if keras.config.backend() == "jax" and driver.functions is not None:
        driver.functions.hook_keras(keras)
    trainers.install(keras, driver)


def hook_tf_keras(keras: Any, driver: Driver) -> None:
    """Hook Keras 2 as it lives on in `tf_keras`, with both of its families of optimizers."""
    trainers.patch_model(keras.Model, driver)
    trainers.patch_layers(keras.layers.Layer, keras.losses.Loss, None, driver)
    scaled = sys.modules[keras.mixed_precision.LossScaleOptimizer.__module__]  # holds a class that no public name leads to
    for family in (keras.optimizers, keras.optimizers.legacy, scaled):
        trainers.patch_apply_gradients(family, driver)


def hook_jax(jax: Any, driver: Driver) -> None:
    """Wrap JAX's gradients."""
    driver.functions = Functions(jax, driver)
    driver.functions.install()


HOOKS: dict[str, Callable[[Any, Driver], None]] = {
    "tensorflow": hook_tensorflow,
    "keras": hook_keras,
    "jax": hook_jax,
    "tf_keras": hook_tf_keras,
}
