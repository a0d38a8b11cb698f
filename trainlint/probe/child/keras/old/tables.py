"""What old releases of Keras called things, and what it is called today: a new name is a new row."""

from __future__ import annotations

ROOTS = ("keras", "keras._tf_keras.keras", "tensorflow.keras", "tensorflow.python.keras", "tensorflow.contrib.keras")
"""Packages under which Keras's modules have been reached. Their missing modules are looked for below the first."""

MODULES: dict[str, tuple[str, ...]] = {
    "engine": ("", "layers", "models"),
    "legacy": ("", "layers", "models"),
    "topology": ("", "layers", "models"),
    "layers": ("layers", "models"),
    "layers.experimental": ("layers",),
    "layers.experimental.preprocessing": ("layers",),
    "utils": ("utils",),
    "optimizers": ("optimizers",),
    "optimizers.schedules": ("optimizers.schedules",),
    "optimizers_v2": ("optimizers",),
    "optimizer_v2": ("optimizers",),
    "optimizer_v1": ("optimizers",),
    "experimental": ("optimizers.schedules", "layers"),
    "objectives": ("losses",),
    "losses": ("losses",),
    "metrics": ("metrics",),
    "models": ("models", ""),
    "initializations": ("initializers",),
    "initializers": ("initializers",),
    "regularizers": ("regularizers",),
    "constraints": ("constraints",),
    "activations": ("activations",),
    "callbacks": ("callbacks",),
    "backend": ("backend",),
    "applications": ("applications",),
    "datasets": ("datasets",),
    "preprocessing": ("preprocessing",),
    "preprocessing.image": ("preprocessing.image", "utils"),
    "preprocessing.text": ("preprocessing.text",),
    "preprocessing.sequence": ("preprocessing.sequence", "utils"),
    "mixed_precision": ("mixed_precision",),
    "mixed_precision.experimental": ("mixed_precision",),
    "saving": ("saving", "models"),
    "wrappers": ("wrappers",),
    "wrappers.scikit_learn": ("wrappers",),
}
"""For a module below a root (or the nearest package above it): the modules of today's Keras in which its names are looked for."""

NAMES: dict[str, str] = {
    "layers.BatchNormalizationV1": "layers.BatchNormalization",
    "layers.BatchNormalizationV2": "layers.BatchNormalization",
    "layers.CuDNNLSTM": "layers.LSTM",
    "layers.CuDNNGRU": "layers.GRU",
    "layers.Deconvolution2D": "layers.Conv2DTranspose",
    "layers.Deconvolution3D": "layers.Conv3DTranspose",
    "layers.Deconv2D": "layers.Conv2DTranspose",
    "layers.Deconv3D": "layers.Conv3DTranspose",
    "layers.SeparableConvolution2D": "layers.SeparableConv2D",
    "layers.AtrousConvolution1D": "layers.Conv1D",
    "layers.AtrousConvolution2D": "layers.Conv2D",
    "layers.TimeDistributedDense": "layers.Dense",
    "layers.SyncBatchNormalization": "layers.BatchNormalization",
    "layers.merge": "old.merge",
    "layers.Merge": "old.Merge",
    "layers.containers": "models",
    "initializers.normal": "initializers.RandomNormal",
    "initializers.uniform": "initializers.RandomUniform",
    "initializers.zero": "initializers.Zeros",
    "initializers.one": "initializers.Ones",
    "regularizers.WeightRegularizer": "regularizers.L1L2",
    "regularizers.l1l2": "regularizers.L1L2",
    "regularizers.activity_l1": "regularizers.L1",
    "regularizers.activity_l2": "regularizers.L2",
    "regularizers.activity_l1l2": "regularizers.L1L2",
    "constraints.maxnorm": "constraints.MaxNorm",
    "constraints.max_norm": "constraints.MaxNorm",
    "constraints.nonneg": "constraints.NonNeg",
    "constraints.non_neg": "constraints.NonNeg",
    "constraints.unitnorm": "constraints.UnitNorm",
    "constraints.unit_norm": "constraints.UnitNorm",
    "losses.mse": "losses.mean_squared_error",
    "losses.mae": "losses.mean_absolute_error",
    "losses.mape": "losses.mean_absolute_percentage_error",
    "losses.msle": "losses.mean_squared_logarithmic_error",
    "losses.MSE": "losses.mean_squared_error",
    "losses.MAE": "losses.mean_absolute_error",
    "losses.kld": "losses.kl_divergence",
    "losses.KLD": "losses.kl_divergence",
    "losses.kullback_leibler_divergence": "losses.kl_divergence",
    "losses.logcosh": "losses.log_cosh",
    "losses.cosine_proximity": "losses.cosine_similarity",
    "losses.cosine": "losses.cosine_similarity",
    "metrics.mse": "metrics.mean_squared_error",
    "metrics.mae": "metrics.mean_absolute_error",
    "optimizers.adam": "optimizers.Adam",
    "optimizers.sgd": "optimizers.SGD",
    "optimizers.rmsprop": "optimizers.RMSprop",
    "optimizers.adagrad": "optimizers.Adagrad",
    "optimizers.adadelta": "optimizers.Adadelta",
    "optimizers.adamax": "optimizers.Adamax",
    "optimizers.nadam": "optimizers.Nadam",
    "optimizers.CosineDecay": "optimizers.schedules.CosineDecay",
    "utils.np_utils": "utils",
    "utils.generic_utils": "utils",
    "utils.layer_utils": "utils",
    "utils.vis_utils": "utils",
    "utils.io_utils": "utils",
    "utils.training_utils": "utils",
    "utils.data_utils": "utils",
    "utils.plot": "utils.plot_model",
    "utils.multi_gpu_model": "old.multi_gpu_model",
    "utils.get_custom_objects": "saving.get_custom_objects",
    "models.Graph": "",
    "models.Functional": "Model",
    "Container": "Model",
    "Network": "Model",
    "mixed_precision.Policy": "mixed_precision.DTypePolicy",
    "mixed_precision.set_policy": "mixed_precision.set_global_policy",
    "wrappers.KerasClassifier": "old.KerasClassifier",
    "wrappers.KerasRegressor": "old.KerasRegressor",
    "backend.tensorflow_backend": "backend",
    "backend.get_session": "old.get_session",
    "backend.set_session": "old.set_session",
    "backend.set_image_dim_ordering": "old.set_image_dim_ordering",
    "backend.image_dim_ordering": "old.image_dim_ordering",
    "backend.set_learning_phase": "old.set_learning_phase",
    "backend.learning_phase": "old.learning_phase",
    "backend.common": "backend",
    "backend.manual_variable_initialization": "old.nothing",
    "backend.log_softmax": "ops.log_softmax",
    "backend.slice": "ops.slice",
    "backend.tf": "tensorflow",
}
"""Names below a root whose spelling changed; `old.` are those of `stand_ins`."""

EVERY_LAYER: dict[str, str] = {
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "U_constraint": "recurrent_constraint",
    "b_constraint": "bias_constraint",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "pool_length": "pool_size",
    "atrous_rate": "dilation_rate",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "beta_init": "beta_initializer",
    "gamma_init": "gamma_initializer",
    "bias": "use_bias",
    "dim_ordering": "data_format",
    "consume_less": "",
    "forget_bias_init": "",
    "implementation": "",
    "time_major": "",
    "mode": "",
    "renorm": "",
    "fused": "",
    "virtual_batch_size": "",
    "dynamic": "",
    "input_dtype": "",
}
"""Arguments of any layer: today's name, or "" where it is dropped. A layer that has a parameter of the old name keeps it."""

LAYERS: dict[str, dict[str, str]] = {
    "Dense": {"output_dim": "units"},
    "SimpleRNN": {"output_dim": "units"},
    "LSTM": {"output_dim": "units"},
    "GRU": {"output_dim": "units"},
    "ConvLSTM2D": {"nb_filter": "filters"},
    "Embedding": {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer", "dropout": ""},
    "Dropout": {"p": "rate"},
    "SpatialDropout1D": {"p": "rate"},
    "SpatialDropout2D": {"p": "rate"},
    "GaussianDropout": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "RepeatVector": {"nb_rep": "n"},
    "UpSampling1D": {"length": "size"},
    "MaxPooling1D": {"stride": "strides"},
    "AveragePooling1D": {"stride": "strides"},
    "Lambda": {"output_shape": "output_shape"},
    "TimeDistributed": {"input_length": ""},
    "Input": {"batch_input_shape": "batch_shape"},
}
"""Arguments of single layers, before those of any layer."""

VALUES: dict[str, dict[object, object]] = {
    "data_format": {"th": "channels_first", "tf": "channels_last"},
    "merge_mode": {},
    "kernel_initializer": {"normal": "random_normal", "uniform": "random_uniform", "zero": "zeros", "one": "ones"},
    "class_weight": {"auto": None},
}
"""Values of (translated) arguments that are spelled differently today."""

OPTIMIZERS: dict[str, str] = {"lr": "learning_rate", "schedule_decay": "", "rho_decay": "rho"}
"""Arguments of any optimizer; `decay` becomes the schedule that it was."""

CALLBACKS: dict[str, dict[str, str]] = {
    "ModelCheckpoint": {"period": ""},
    "TensorBoard": {
        "write_grads": "",
        "batch_size": "",
        "embeddings_layer_names": "",
        "embeddings_data": "",
        "histogram_freq": "",
    },
    "ReduceLROnPlateau": {"epsilon": "min_delta"},
}

COMPILE: dict[str, str] = {
    "objective": "loss",
    "class_mode": "",
    "theano_mode": "",
    "sample_weight_mode": "",
    "target_tensors": "",
    "options": "",
    "run_metadata": "",
    "experimental_run_tf_function": "",
    "loss_function": "loss",
}

FIT: dict[str, str] = {
    "nb_epoch": "epochs",
    "nb_epochs": "epochs",
    "generator": "x",
    "samples_per_epoch": "steps_per_epoch",
    "nb_val_samples": "validation_steps",
    "val_samples": "steps",
    "show_accuracy": "",
    "max_q_size": "",
    "max_queue_size": "",
    "nb_worker": "",
    "workers": "",
    "pickle_safe": "",
    "use_multiprocessing": "",
    "reset_metrics": "",
}
"""Arguments of `compile`, and of `fit` and its like."""

DEFAULTS: dict[str, dict[str, object]] = {
    "Adadelta": {"learning_rate": 1.0},
    "Adagrad": {"learning_rate": 0.01},
    "Adamax": {"learning_rate": 0.002},
    "Nadam": {"learning_rate": 0.002},
    "LSTM": {"recurrent_activation": "hard_sigmoid"},
    "GRU": {"recurrent_activation": "hard_sigmoid", "reset_after": False},
}
"""What was taken where nothing was given, in Keras before 2.4 as a package of its own."""

OLDEST = (
    *("nb_epoch", "nb_filter", "nb_row", "nb_col", "border_mode", "subsample", "dim_ordering", "inner_init", "inner_activation"),
    *("W_regularizer", "U_regularizer", "b_regularizer", "W_constraint", "b_constraint", "filter_length", "pool_length"),
    *("samples_per_epoch", "nb_val_samples", "max_q_size", "consume_less", "dropout_W", "dropout_U", "show_accuracy"),
)
"""Arguments that only Keras 1 had, and Keras before 2.4 still understood: such a script expects the defaults of its time."""

OLDEST_NAMES = (
    *("keras.engine.topology", "from keras.engine import Layer", "from keras.engine import Input", "keras.objectives"),
    *("keras.initializations", "keras.layers.normalization import BatchNormalization", "tensorflow_backend", "CuDNNLSTM"),
    *("CuDNNGRU", "set_image_dim_ordering", "tf.Session(", "tf.placeholder(", "tf.ConfigProto("),
)
"""Names that do the same."""

MARKS = (
    *("lr", "decay", "schedule_decay", "batch_input_shape", "init", "output_dim", "p", "loss_function", "period", "write_grads"),
    *("sample_weight_mode", "target_tensors", "workers", "use_multiprocessing", "max_queue_size", "input", "output", "bias"),
    *("input_length", "generator", "implementation", "renorm", "fused", "time_major", "epsilon"),
)
"""Arguments that Keras 3 does not take everywhere where older releases took them: where they stand, they are translated."""

MARKED_NAMES = (
    *("fit_generator", "predict_classes", "predict_proba", "predict_generator", "evaluate_generator", "keras.engine", "np_utils"),
    *(
        "keras.layers.core",
        "keras.layers.convolutional",
        "keras.layers.normalization",
        "keras.layers.recurrent",
        "keras import engine",
    ),
    *("keras.layers.embeddings", "keras.layers.advanced_activations", "keras.layers.merge", "Convolution2D", "Convolution1D"),
    *("keras.layers.pooling", "keras.layers.wrappers", "wrappers.scikit_learn", "multi_gpu_model", "minimize(", "_shape"),
)
"""Names that do the same."""

NUMPY: dict[str, str] = {
    "float": "builtins.float",
    "int": "builtins.int",
    "bool": "builtins.bool",
    "object": "builtins.object",
    "str": "builtins.str",
    "complex": "builtins.complex",
    "unicode": "builtins.str",
    "float_": "numpy.float64",
    "product": "numpy.prod",
    "cumproduct": "numpy.cumprod",
    "sometrue": "numpy.any",
    "alltrue": "numpy.all",
    "Inf": "math.inf",
    "NaN": "math.nan",
    "infty": "math.inf",
    "in1d": "numpy.isin",
    "trapz": "numpy.trapezoid",
    "row_stack": "numpy.vstack",
}
STANDARD: dict[str, str] = {
    "time.clock": "time.perf_counter",
    "collections.Mapping": "collections.abc.Mapping",
    "collections.MutableMapping": "collections.abc.MutableMapping",
    "collections.Iterable": "collections.abc.Iterable",
    "collections.Sequence": "collections.abc.Sequence",
    "collections.Callable": "collections.abc.Callable",
}
"""Names that numpy and the standard library have lost since."""
