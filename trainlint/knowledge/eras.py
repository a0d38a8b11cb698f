"""What only some releases of Keras have: a use of it says which release a script was written for.

Each line is (what, the eras in which it works, joined by `|`). Keras 2.0 to 2.3 still took the names of Keras 1, with a warning.
"""

from __future__ import annotations

from functools import lru_cache

OLD = "keras1|keras2"
BEFORE_2_11 = "keras1|keras2|tf.keras"
BEFORE_3 = "keras1|keras2|tf.keras|keras2.11"
SINCE_2 = "keras2|tf.keras|keras2.11|keras3"

PARAMETERS: dict[str, str] = {
    **dict.fromkeys(
        (
            *("nb_epoch", "nb_filter", "nb_row", "nb_col", "border_mode", "subsample", "dim_ordering", "init", "inner_init"),
            *("inner_activation", "forget_bias_init", "W_regularizer", "U_regularizer", "b_regularizer", "W_constraint"),
            *("b_constraint", "filter_length", "subsample_length", "pool_length", "samples_per_epoch", "nb_val_samples"),
            *("nb_worker", "max_q_size", "pickle_safe", "consume_less", "dropout_W", "dropout_U", "atrous_rate", "nb_classes"),
            *("show_accuracy", "beta_init", "gamma_init"),
        ),
        OLD,
    ),
    "lr": BEFORE_3,
    "decay": BEFORE_3,
    "schedule_decay": BEFORE_3,
    "initial_accumulator_value": "tf.keras|keras2.11|keras3",
    "sample_weight_mode": BEFORE_3,
    "target_tensors": BEFORE_2_11,
    "input_length": BEFORE_3,
    "max_queue_size": BEFORE_3,
    "use_multiprocessing": BEFORE_3,
    "workers": BEFORE_3,
    "implementation": BEFORE_3,
    "time_major": "tf.keras|keras2.11",
    "renorm": "tf.keras|keras2.11|keras3",
    "epochs": SINCE_2,
    "units": SINCE_2,
    "filters": SINCE_2,
    "kernel_size": SINCE_2,
    "kernel_initializer": SINCE_2,
    "kernel_regularizer": SINCE_2,
    "use_bias": SINCE_2,
    "learning_rate": SINCE_2,
    "steps_per_epoch": SINCE_2,
    "auto_scale_loss": "keras3",
    "loss_scale_factor": "keras3",
    "gradient_accumulation_steps": "keras3",
    "use_ema": "tf.keras|keras2.11|keras3",
    "weight_decay": "tf.keras|keras2.11|keras3",
    "negative_slope": "tf.keras|keras2.11|keras3",
}
"""Arguments as the script spells them."""

NOT_TODAY: frozenset[str] = frozenset(
    {
        *(name for name, eras in PARAMETERS.items() if "keras3" not in eras.split("|")),
        *(
            "class_mode",
            "mode",
            "fused",
            "virtual_batch_size",
            "dropout",
            "dynamic",
            "input_dtype",
            "weights",
            "batch_size",
            "input_dim",
        ),
        *("input_shape", "batch_input_shape", "jit_compile", "is_legacy_optimizer", "period", "options", "grayscale"),
        *("reset_metrics", "write_grads", "dynamic", "on_batch_begin", "on_batch_end", "threshold", "k", "autocast"),
    }
)
"""Parameters of rows that today's signatures do not list: gone, or taken through `**kwargs`."""

_MODULES: tuple[tuple[str, str], ...] = (
    ("tensorflow.contrib.keras.", "tf.keras"),
    ("tensorflow.keras.layers.experimental.", "tf.keras|keras2.11"),
    ("tensorflow.keras.experimental.", "tf.keras|keras2.11"),
    ("tensorflow.keras.optimizers.legacy.", "tf.keras|keras2.11"),
    ("tensorflow.keras.optimizers.experimental.", "tf.keras|keras2.11"),
    ("tensorflow.keras.ops.", "keras3"),
    ("tensorflow.python.keras.", "tf.keras"),
    ("tensorflow.keras.", "tf.keras|keras2.11|keras3"),
    ("tf_keras.", "keras2.11"),
    ("keras.ops.", "keras3"),
    ("keras.random.", "keras3"),
    ("keras.Variable.", "keras3"),
    ("keras.saving.", "keras2.11|keras3"),
    ("keras.utils.np_utils.", BEFORE_3),
    ("keras.utils.vis_utils.", BEFORE_3),
    ("keras.optimizers.legacy.", "keras2.11"),
    ("keras.optimizers.experimental.", "keras2.11"),
    ("keras.objectives.", OLD),
    ("keras.initializations.", "keras1"),
    ("keras.engine.topology.", OLD),
    ("keras.engine.Input", OLD),
    ("keras.engine.Layer", OLD),
    ("keras.engine.", BEFORE_3),
    ("keras.layers.core.", BEFORE_3),
    ("keras.layers.convolutional.", BEFORE_3),
    ("keras.layers.normalization.BatchNormalization", OLD),
    ("keras.layers.pooling.", BEFORE_2_11),
    ("keras.layers.recurrent.", BEFORE_2_11),
    ("keras.layers.embeddings.", BEFORE_2_11),
    ("keras.layers.wrappers.", BEFORE_2_11),
    ("keras.layers.noise.", BEFORE_2_11),
    ("keras.layers.merge.", BEFORE_2_11),
    ("keras.layers.advanced_activations.", BEFORE_2_11),
    ("keras.layers.CuDNN", "keras2"),
    ("keras.backend.tensorflow_backend.", OLD),
    ("keras.wrappers.", BEFORE_3),
    ("keras.", "keras1|keras2|keras2.11|keras3"),
)
"""Paths as the script reaches them; the first that fits counts."""

METHODS: dict[str, str] = {
    "fit_generator": BEFORE_3,
    "evaluate_generator": BEFORE_3,
    "predict_generator": BEFORE_3,
    "predict_classes": BEFORE_2_11,
    "predict_proba": BEFORE_2_11,
}


@lru_cache(maxsize=4096)
def of_path(path: str) -> str:
    """The eras (joined by `|`) in which a library path such as `tensorflow.keras.layers` exists; "" if it says nothing."""
    return next((eras for prefix, eras in _MODULES if f"{path}.".startswith(prefix)), "")
