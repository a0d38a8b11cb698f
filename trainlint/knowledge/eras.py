"""Which eras of Keras have a path: the script's own imports tell what it was written for."""

from __future__ import annotations

PATHS: tuple[tuple[str, str], ...] = (
    ("keras.ops", "keras3"),
    ("keras.random", "keras3"),
    ("keras.src", "keras2.11|keras3"),
    ("keras_core", "keras3"),
    ("keras.engine", "keras1|keras2"),
    ("keras.objectives", "keras1"),
    ("keras.initializations", "keras1"),
    ("keras.layers.core", "keras1|keras2"),
    ("keras.layers.convolutional", "keras1|keras2"),
    ("keras.layers.recurrent", "keras1|keras2"),
    ("keras.layers.embeddings", "keras1|keras2"),
    ("keras.layers.normalization", "keras1|keras2"),
    ("keras.layers.advanced_activations", "keras1|keras2"),
    ("keras.layers.pooling", "keras1|keras2"),
    ("keras.layers.wrappers", "keras1|keras2"),
    ("keras.layers.merge", "keras1|keras2"),
    ("keras.utils.np_utils", "keras1|keras2"),
    ("keras.utils.visualize_util", "keras1"),
    ("keras.utils.vis_utils", "keras2"),
    ("keras.backend.tensorflow_backend", "keras1|keras2"),
    ("tensorflow.contrib.keras", "keras2"),
    ("tensorflow.python.keras", "tf.keras|keras2.11"),
    ("keras.optimizers.legacy", "keras2.11"),
    ("tensorflow.keras.optimizers.legacy", "keras2.11"),
    ("tensorflow.keras.optimizers.experimental", "tf.keras|keras2.11"),
    ("tensorflow.keras.utils.image_dataset_from_directory", "tf.keras|keras2.11|keras3"),
)
"""(path prefix as the script spells it, eras that have it). Sources: the release notes of Keras 2.0, 2.4, 2.6, 2.11 and 3.0."""


def of_path(spelled: str) -> str:
    """The eras (joined by `|`) that have a path; "" if it tells nothing."""
    for prefix, eras in PATHS:
        if spelled == prefix or spelled.startswith(f"{prefix}."):
            return eras
    return ""
