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

ALIASES: dict[str, str] = {
    **dict.fromkeys(("output_dim", "p", "bias", "input", "output", "length", "l", "m", "stride"), OLD),
    "alpha": BEFORE_3,
}
"""The same for names that tell an era only where they stand for a parameter that is called otherwise today."""

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

_GONE_BY_2020 = (
    "tensorflow.contrib.",
    "tensorflow.Session.",
    "tensorflow.InteractiveSession.",
    "tensorflow.placeholder.",
    "tensorflow.ConfigProto.",
    "tensorflow.get_default_graph.",
    "tensorflow.global_variables_initializer.",
    "tensorflow.set_random_seed.",
    "tensorflow.app.",
    "scipy.misc.imread.",
    "scipy.misc.imresize.",
    "scipy.misc.imsave.",
    "sklearn.cross_validation.",
    "sklearn.grid_search.",
    "sklearn.preprocessing.Imputer.",
    "sklearn.externals.",
)
"""What TensorFlow 2, SciPy 1.3 and scikit-learn 0.23 no longer had: a script that uses it was written for no Keras after 2.10."""

_BACKEND_TODAY = (
    *("clear_session", "epsilon", "floatx", "get_uid", "image_data_format", "is_float_dtype", "is_int_dtype", "is_keras_tensor"),
    *("result_type", "set_epsilon", "set_floatx", "set_image_data_format", "standardize_dtype", "backend"),
)

_MODULES: tuple[tuple[str, str], ...] = (
    ("tensorflow.contrib.keras.", "tf.keras"),
    *((path, BEFORE_2_11) for path in _GONE_BY_2020),
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
    ("keras.preprocessing.image.ImageDataGenerator.", BEFORE_3),
    ("keras.preprocessing.text.", BEFORE_3),
    ("keras.preprocessing.sequence.TimeseriesGenerator.", BEFORE_3),
    ("keras.layers.LocallyConnected", BEFORE_3),
    ("keras.layers.ThresholdedReLU.", BEFORE_3),
    ("keras.wrappers.scikit_learn.", BEFORE_3),
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
    if path.startswith("keras.backend.") and path.rpartition(".")[2] not in _BACKEND_TODAY and path.count(".") == 2:
        return BEFORE_3
    return next((eras for prefix, eras in _MODULES if f"{path}.".startswith(prefix)), "")
