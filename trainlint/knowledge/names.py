"""The canonical name of a library object, whatever path a script reaches it by."""

from __future__ import annotations

from functools import lru_cache

PREFIXES: tuple[tuple[str, str], ...] = (
    ("tensorflow.contrib.keras.api.keras.", "keras."),
    ("tensorflow.contrib.keras.python.keras.", "keras."),
    ("tensorflow.contrib.keras.", "keras."),
    ("tensorflow.python.keras.", "keras."),
    ("tensorflow_core.python.keras.", "keras."),
    ("tensorflow_core.", "tensorflow."),
    ("tensorflow.keras.", "keras."),
    ("tensorflow.compat.v1.", "tensorflow."),
    ("tensorflow.compat.v2.", "tensorflow."),
    ("tensorflow._api.v1.", "tensorflow."),
    ("tensorflow._api.v2.", "tensorflow."),
    ("tensorflow.optimizers.", "keras.optimizers."),
    ("tensorflow.python.framework.ops.", "tensorflow."),
    ("tf_keras.", "keras."),
    ("keras_core.", "keras."),
    ("keras.api._v1.keras.", "keras."),
    ("keras.api._v2.keras.", "keras."),
    ("keras.api.", "keras."),
    ("keras.src.", "keras."),
    ("keras_applications.", "keras.applications."),
    ("keras_preprocessing.", "keras.preprocessing."),
    ("keras.objectives.", "keras.losses."),
    ("keras.initializations.", "keras.initializers."),
    ("keras.backend.tensorflow_backend.", "keras.backend."),
    ("keras.backend.theano_backend.", "keras.backend."),
    ("keras.backend.load_backend.", "keras.backend."),
    ("keras.ops.numpy.", "keras.ops."),
    ("keras.ops.nn.", "keras.ops."),
    ("keras.ops.math.", "keras.ops."),
    ("keras.ops.core.", "keras.ops."),
    ("keras.ops.linalg.", "keras.ops."),
    ("keras.ops.image.", "keras.ops."),
    ("jax.numpy.", "keras.ops."),
    ("jax.nn.", "keras.ops."),
    ("keras.layers.merge.", "keras.layers."),
    ("keras.layers.merging.", "keras.layers."),
    ("keras.preprocessing.image_dataset.", "keras.utils."),
    ("scikeras.wrappers.", "keras.wrappers.scikit_learn."),
)
"""Applied until none fits; no replacement begins with a prefix that leads back to it."""

EXACT: dict[str, str] = {
    "keras.models.Model": "keras.Model",
    "keras.models.Sequential": "keras.Sequential",
    "keras.models.Functional": "keras.Model",
    "keras.layers.Input": "keras.Input",
    "keras.Layer": "keras.layers.Layer",
    "keras.InputSpec": "keras.layers.InputSpec",
    "keras.Loss": "keras.losses.Loss",
    "keras.Metric": "keras.metrics.Metric",
    "keras.Optimizer": "keras.optimizers.Optimizer",
    "keras.Initializer": "keras.initializers.Initializer",
    "keras.Regularizer": "keras.regularizers.Regularizer",
    "keras.saving.load_model": "keras.models.load_model",
    "keras.saving.save_model": "keras.models.save_model",
    "keras.mixed_precision.LossScaleOptimizer": "keras.optimizers.LossScaleOptimizer",
    "keras.utils.PyDataset": "keras.utils.Sequence",
    "keras.backend.Variable": "keras.Variable",
    "tensorflow.contrib.eager.Variable": "tensorflow.Variable",
    "tensorflow.contrib.eager.GradientTape": "tensorflow.GradientTape",
    "keras.backend.common.variables.Variable": "keras.Variable",
    **dict.fromkeys(
        (
            *("keras.layers.core", "keras.layers.convolutional", "keras.layers.pooling", "keras.layers.recurrent"),
            *("keras.layers.normalization", "keras.layers.embeddings", "keras.layers.noise", "keras.layers.wrappers"),
            *("keras.layers.advanced_activations", "keras.layers.local", "keras.layers.experimental.preprocessing"),
        ),
        "keras.layers",
    ),
    "tensorflow.keras": "keras",
    "tensorflow.python.keras": "keras",
    "tensorflow.contrib.keras": "keras",
    "tensorflow_core.keras": "keras",
    "tf_keras": "keras",
    "keras_core": "keras",
    "tensorflow.optimizers": "keras.optimizers",
    "keras.objectives": "keras.losses",
    "keras.initializations": "keras.initializers",
    "keras.backend.tensorflow_backend": "keras.backend",
    "keras_applications": "keras.applications",
    "keras_preprocessing": "keras.preprocessing",
    "scikeras.wrappers": "keras.wrappers.scikit_learn",
    "tensorflow.compat.v1": "tensorflow",
    "tensorflow.compat.v2": "tensorflow",
    "keras.applications.resnet.preprocess_input": "keras.applications.resnet50.preprocess_input",
    "keras.preprocessing.image_dataset_from_directory": "keras.utils.image_dataset_from_directory",
    "keras.preprocessing.text_dataset_from_directory": "keras.utils.text_dataset_from_directory",
    "keras.preprocessing.timeseries_dataset_from_array": "keras.utils.timeseries_dataset_from_array",
    "keras.preprocessing.sequence.pad_sequences": "keras.utils.pad_sequences",
    "keras.preprocessing.image.load_img": "keras.utils.load_img",
    "keras.preprocessing.image.img_to_array": "keras.utils.img_to_array",
    "keras.preprocessing.image.array_to_img": "keras.utils.array_to_img",
    "keras.preprocessing.image.save_img": "keras.utils.save_img",
}
"""Whole names, after the prefixes."""

FLAT_PACKAGES: dict[str, str] = {
    "layers": "keras.layers",
    "losses": "keras.losses",
    "metrics": "keras.metrics",
    "callbacks": "keras.callbacks",
    "initializers": "keras.initializers",
    "regularizers": "keras.regularizers",
    "constraints": "keras.constraints",
    "models": "keras.models",
    "applications": "keras.applications",
    "optimizers": "keras.optimizers",
    "optimizer_v1": "keras.optimizers",
    "optimizer_v2": "keras.optimizers",
    "experimental": "keras.optimizers.schedules",
    "legacy_tf_layers": "tensorflow.layers",
}
"""`keras.<package>.<anything>.<CapitalName>` is `<value>.<CapitalName>`: modules within a package move."""

ENGINE: dict[str, str] = {
    "Model": "keras.Model",
    "Container": "keras.Model",
    "Network": "keras.Model",
    "Functional": "keras.Model",
    "Sequential": "keras.Sequential",
    "Input": "keras.Input",
    "Layer": "keras.layers.Layer",
    "InputLayer": "keras.layers.InputLayer",
    "InputSpec": "keras.layers.InputSpec",
    "Merge": "keras.layers.Merge",
    "merge": "keras.layers.merge",
    "load_model": "keras.models.load_model",
    "save_model": "keras.models.save_model",
}
"""What `keras.engine.*` (and the `keras.legacy` shims) held."""

TENSORFLOW_TWO: dict[str, str] = {
    "layers": "keras.layers",
    "losses": "keras.losses",
    "metrics": "keras.metrics",
    "initializers": "keras.initializers",
}
"""`tf.<package>.<CapitalName>` is Keras; the lower-case functions of these packages are TensorFlow 1."""

SCHEDULE_MODULES = frozenset({"schedules", "learning_rate_schedule"})
UTILITY_PACKAGES_KEPT = frozenset({"bounding_boxes", "legacy"})


@lru_cache(maxsize=4096)
def canonical(path: str) -> str:
    """The canonical dotted name: `tensorflow.keras.layers.Dense` and `keras.layers.core.Dense` give `keras.layers.Dense`."""
    name = _without_prefix(path)
    name = EXACT.get(name, name)
    parts = name.split(".")
    if len(parts) > 2:
        name = _flattened(name, parts)
    return EXACT.get(name, name)


def _without_prefix(path: str) -> str:
    changed = True
    while changed:
        changed = False
        for prefix, replacement in PREFIXES:
            if path.startswith(prefix):
                path = replacement + path[len(prefix) :]
                changed = True
                break
    return path


def _flattened(name: str, parts: list[str]) -> str:
    root, package = parts[0], parts[1]
    first_capital = next((index for index in range(2, len(parts)) if parts[index][:1].isupper()), None)
    rest = ".".join(parts[first_capital:]) if first_capital is not None else ""
    if root == "tensorflow":
        return f"{TENSORFLOW_TWO[package]}.{rest}" if rest and package in TENSORFLOW_TWO else name
    if root != "keras":
        return name
    if package in ("engine", "legacy"):
        return ENGINE.get(parts[-1], name)
    if package == "utils" and len(parts) > 3 and parts[2] not in UTILITY_PACKAGES_KEPT:
        return f"keras.utils.{parts[-1]}"
    if rest and SCHEDULE_MODULES.intersection(parts[1:first_capital]):
        return f"keras.optimizers.schedules.{rest}"
    if rest and package in FLAT_PACKAGES:
        return f"{FLAT_PACKAGES[package]}.{rest}"
    return name
