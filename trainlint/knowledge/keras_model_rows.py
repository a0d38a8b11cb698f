"""Models of Keras with the methods that train them, base classes, initializers, regularizers, constraints, activations."""

from __future__ import annotations

from trainlint.knowledge.rows import Row

_DOCS = "https://keras.io/api"

_FIT = (
    "x=None, y=None, batch_size={batch}, epochs|nb_epoch=1, verbose='auto', callbacks=None, validation_split=0.0, "
    "validation_data=None, shuffle=True, class_weight=None, sample_weight=None, initial_epoch=0, steps_per_epoch=None, "
    "validation_steps=None, validation_batch_size=None, validation_freq=1, *, max_queue_size=10, workers=1, "
    "use_multiprocessing=False, show_accuracy=False"
)
_GENERATOR_WORKERS = "max_queue_size|max_q_size=10, workers|nb_worker=1, use_multiprocessing|pickle_safe=False"
_FIT_GENERATOR = (
    "generator, steps_per_epoch=None, epochs|nb_epoch=1, verbose=1, callbacks=None, validation_data=None, "
    "validation_steps|nb_val_samples=None, class_weight=None, "
    f"{_GENERATOR_WORKERS}, shuffle=True, initial_epoch=0, *, validation_freq=1, samples_per_epoch=None"
)
_COMPILE = (
    "optimizer='rmsprop', loss=None, loss_weights=None, metrics=None, weighted_metrics=None, run_eagerly=False, "
    "steps_per_execution=1, jit_compile='auto', auto_scale_loss=True, *, sample_weight_mode=None, target_tensors=None, "
    "class_mode=None"
)

_PREDICT = (
    "x, batch_size=None, verbose='auto', steps=None, callbacks=None, *, max_queue_size=10, workers=1, use_multiprocessing=False"
)
_EVALUATE = (
    "x=None, y=None, batch_size=None, verbose='auto', sample_weight=None, steps=None, callbacks=None, return_dict=False, "
    "*, max_queue_size=10, workers=1, use_multiprocessing=False, show_accuracy=False"
)

METHODS: tuple[tuple[str, str], ...] = (
    ("compile", _COMPILE),
    ("fit", _FIT.format(batch="None")),
    ("fit_generator", _FIT_GENERATOR),
    ("train_on_batch", "x, y=None, sample_weight=None, class_weight=None, return_dict=False, *, reset_metrics=True"),
    ("evaluate", _EVALUATE),
    ("evaluate_generator", "generator, steps|val_samples=None, callbacks=None, max_queue_size|max_q_size=10"),
    ("test_on_batch", "x, y=None, sample_weight=None, return_dict=False, *, reset_metrics=True"),
    ("predict", _PREDICT),
    ("predict_generator", "generator, steps|val_samples=None, callbacks=None, max_queue_size|max_q_size=10"),
    ("predict_on_batch", "x"),
    ("predict_classes", "x, batch_size=32, verbose=0"),
    ("predict_proba", "x, batch_size=32, verbose=0"),
)
"""`keras.Model.<method>`: rows to bind arguments by. `compile` took `metrics` before `loss_weights` until Keras 3."""

MODELS: tuple[tuple[str, str, str], ...] = (
    ("Sequential", "sequential", "layers=None, trainable=True, name=None"),
    ("Model", "functional", "inputs|input=None, outputs|output=None, name=None, *, trainable=True, dtype=None"),
)

APPLICATIONS: tuple[str, ...] = (
    "VGG16", "VGG19", "ResNet50", "ResNet101", "ResNet152", "ResNet50V2", "ResNet101V2", "ResNet152V2", "InceptionV3",
    "InceptionResNetV2", "Xception", "DenseNet121", "DenseNet169", "DenseNet201", "EfficientNetB0", "EfficientNetB1",
    "EfficientNetB2", "EfficientNetB3", "EfficientNetB4", "EfficientNetB5", "EfficientNetB6", "EfficientNetB7",
)  # fmt: skip
_PREPROCESSING_INSIDE_LAST: tuple[str, ...] = (
    "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2", "EfficientNetV2B3", "EfficientNetV2S", "EfficientNetV2M",
    "EfficientNetV2L",
)  # fmt: skip
_PREPROCESSING_INSIDE_SECOND: tuple[str, ...] = (
    "ConvNeXtTiny", "ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtXLarge",
)  # fmt: skip
_TOP = "weights='imagenet', input_tensor=None, input_shape=None, pooling=None, classes=1000, classifier_activation='softmax'"
_MOBILE = "pooling=None, classes=1000, classifier_activation='softmax'"
_SHAPED = "weights='imagenet', input_tensor=None"

_OTHER_APPLICATIONS: tuple[tuple[str, str], ...] = (
    ("MobileNet", f"input_shape=None, alpha=1.0, depth_multiplier=1, dropout=0.001, include_top=True, {_SHAPED}, {_MOBILE}"),
    ("MobileNetV2", f"input_shape=None, alpha=1.0, include_top=True, {_SHAPED}, {_MOBILE}"),
    *(
        (
            f"MobileNetV3{size}",
            (
                f"input_shape=None, alpha=1.0, minimalistic=False, include_top=True, {_SHAPED}, classes=1000, pooling=None, "
                "dropout_rate=0.2, classifier_activation='softmax', include_preprocessing=True"
            ),
        )
        for size in ("Small", "Large")
    ),
    *((f"NASNet{size}", f"input_shape=None, include_top=True, {_SHAPED}, {_MOBILE}") for size in ("Mobile", "Large")),
)

_FAN = "seed=None, input_axes=None, output_axes=None"
INITIALIZERS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("Zeros", "zeros", "", ("zeros", "zero")),
    ("Ones", "ones", "", ("ones", "one")),
    ("Constant", "constant", "value=0.0", ("constant",)),
    ("RandomNormal", "normal", "mean=0.0, stddev=0.05, seed=None", ("random_normal", "normal")),
    ("RandomUniform", "uniform", "minval=-0.05, maxval=0.05, seed=None", ("random_uniform", "uniform")),
    ("TruncatedNormal", "truncated_normal", "mean=0.0, stddev=0.05, seed=None", ("truncated_normal",)),
    ("GlorotUniform", "glorot_uniform", _FAN, ("glorot_uniform", "xavier_uniform")),
    ("GlorotNormal", "glorot_normal", _FAN, ("glorot_normal", "xavier_normal")),
    ("HeUniform", "he_uniform", _FAN, ("he_uniform",)),
    ("HeNormal", "he_normal", _FAN, ("he_normal",)),
    ("LecunUniform", "lecun_uniform", _FAN, ("lecun_uniform",)),
    ("LecunNormal", "lecun_normal", _FAN, ("lecun_normal",)),
    ("Orthogonal", "orthogonal", "gain|scale=1.0, seed=None", ("orthogonal",)),
    ("Identity", "identity", "gain=1.0", ("identity",)),
    (
        "VarianceScaling",
        "variance_scaling",
        f"scale=1.0, mode='fan_in', distribution='truncated_normal', {_FAN}",
        ("variance_scaling",),
    ),
    ("Initializer", "custom", "", ()),
)
"""Class, kind of `facts.graph.Initializer`, signature, strings that name it."""

INITIALIZER_NAMES: dict[str, str] = {
    spelled: f"keras.initializers.{name}" for name, _, _, spellings in INITIALIZERS for spelled in (*spellings, name)
}

REGULARIZERS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("L1", "l1", "l1|l=0.01", ("l1", "WeightRegularizer")),
    ("L2", "l2", "l2|l=0.01", ("l2",)),
    ("L1L2", "l1_l2", "l1=0.0, l2=0.0", ("l1_l2", "l1l2")),
    ("OrthogonalRegularizer", "orthogonal", "factor=0.01, mode='rows'", ("orthogonal_regularizer",)),
    ("Regularizer", "custom", "", ()),
)
REGULARIZER_NAMES: dict[str, str] = {
    spelled: f"keras.regularizers.{name}" for name, _, _, spellings in REGULARIZERS for spelled in (*spellings, name)
}

CONSTRAINTS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("MaxNorm", "max_norm", "max_value|m=2, axis=0", ("maxnorm", "max_norm")),
    ("MinMaxNorm", "min_max_norm", "min_value=0.0, max_value=1.0, rate=1.0, axis=0", ("min_max_norm",)),
    ("NonNeg", "non_negative", "", ("nonneg", "non_neg")),
    ("UnitNorm", "unit_norm", "axis=0", ("unitnorm", "unit_norm")),
    ("Constraint", "custom", "", ()),
)

ACTIVATIONS: tuple[tuple[str, str, str], ...] = (
    ("relu", "relu", "x, negative_slope|alpha=0.0, max_value=None, threshold=0.0"),
    ("relu6", "relu6", "x"),
    ("sigmoid", "sigmoid", "x"),
    ("tanh", "tanh", "x"),
    ("softmax", "softmax", "x, axis=-1"),
    ("log_softmax", "log_softmax", "x, axis=-1"),
    ("linear", "linear", "x"),
    ("leaky_relu", "leaky_relu", "x, negative_slope|alpha=0.2"),
    ("elu", "elu", "x, alpha=1.0"),
    ("selu", "selu", "x"),
    ("gelu", "gelu", "x, approximate=False"),
    ("silu", "swish", "x"),
    ("swish", "swish", "x"),
    ("softplus", "softplus", "x"),
    ("softsign", "softsign", "x"),
    ("hard_sigmoid", "hard_sigmoid", "x"),
    ("hard_silu", "hard_swish", "x"),
    ("hard_swish", "hard_swish", "x"),
    ("hard_tanh", "hard_tanh", "x"),
    ("log_sigmoid", "log_sigmoid", "x"),
    ("mish", "mish", "x"),
    ("exponential", "exp", "x"),
    ("celu", "celu", "x, alpha=1.0"),
    ("glu", "glu", "x, axis=-1"),
    ("sparsemax", "sparsemax", "x, axis=-1"),
    ("squareplus", "squareplus", "x, b=4"),
    ("soft_shrink", "soft_shrink", "x, threshold=0.5"),
    ("hard_shrink", "hard_shrink", "x, threshold=0.5"),
    ("tanh_shrink", "tanh_shrink", "x"),
)
"""Function, operation of `facts.graph`, signature."""

ACTIVATION_OPERATIONS: dict[str, str] = {
    **{name: operation for name, operation, _ in ACTIVATIONS},
    "LeakyReLU": "leaky_relu",
    "ReLU": "relu",
    "Softmax": "softmax",
    "lrelu": "leaky_relu",
}
"""What `activation=<string>` takes."""

_BASES: tuple[tuple[str, str, str, str], ...] = (
    (
        "layers.Layer",
        "layer",
        "custom",
        (
            "*, activity_regularizer=None, trainable=True, dtype=None, autocast=True, name=None, input_shape=None, "
            "batch_input_shape=None, input_dim=None, dynamic=False, weights=None"
        ),
    ),
    ("layers.InputSpec", "object", "input_spec", "dtype=None, shape=None, ndim=None, max_ndim=None, min_ndim=None, axes=None"),
    (
        "Input",
        "function",
        "input",
        (
            "shape=None, batch_size=None, dtype=None, sparse=None, ragged=None, batch_shape|batch_input_shape=None, name=None, "
            "tensor=None, optional=False"
        ),
    ),
    ("models.load_model", "model", "pretrained", "filepath, custom_objects=None, compile=True, safe_mode=True, *, options=None"),
    ("models.model_from_json", "model", "pretrained", "json_string, custom_objects=None"),
    ("models.model_from_yaml", "model", "pretrained", "yaml_string, custom_objects=None"),
    ("models.clone_model", "function", "clone_model", "model, input_tensors=None, clone_function=None"),
    ("wrappers.scikit_learn.KerasClassifier", "wrapper", "classifier", "build_fn|model=None, **sk_params"),
    ("wrappers.scikit_learn.KerasRegressor", "wrapper", "regressor", "build_fn|model=None, **sk_params"),
    ("mixed_precision.set_global_policy", "policy", "dtype_policy", "policy"),
    ("mixed_precision.experimental.set_policy", "policy", "dtype_policy", "policy"),
    ("config.set_dtype_policy", "policy", "dtype_policy", "policy"),
    ("mixed_precision.Policy", "object", "dtype_policy", "name=None"),
)


def _rows() -> tuple[Row, ...]:
    rows = [
        Row(f"keras.{name}", "model", kind, text, (f"keras.models.{name}",), (), f"{_DOCS}/models") for name, kind, text in MODELS
    ]
    rows += [Row(f"keras.Model.{name}", "function", name, text, (), (), f"{_DOCS}/models") for name, text in METHODS]
    backbones = [
        *((name, f"include_top=True, {_TOP}") for name in APPLICATIONS),
        *((name, f"include_top=True, {_TOP}, include_preprocessing=True") for name in _PREPROCESSING_INSIDE_LAST),
        *((name, f"include_top=True, include_preprocessing=True, {_TOP}") for name in _PREPROCESSING_INSIDE_SECOND),
        *_OTHER_APPLICATIONS,
    ]
    rows += [Row(f"keras.applications.{name}", "model", "backbone", f"{text}, name=None") for name, text in backbones]
    for package, makes, entries in (
        ("initializers", "initializer", INITIALIZERS),
        ("regularizers", "regularizer", REGULARIZERS),
        ("constraints", "constraint", CONSTRAINTS),
    ):
        for name, kind, text, spellings in entries:
            aliases = tuple(f"keras.{package}.{one}" for one in spellings)
            rows.append(Row(f"keras.{package}.{name}", makes, kind, text, aliases, (), f"{_DOCS}/layers/{package}"))
    rows += [
        Row(f"keras.activations.{name}", "operation", kind, text, (), (), f"{_DOCS}/layers") for name, kind, text in ACTIVATIONS
    ]
    elsewhere = {"Input": ("keras.layers.Input",)}
    rows += [Row(f"keras.{name}", makes, kind, text, elsewhere.get(name, ()), (), _DOCS) for name, makes, kind, text in _BASES]
    return tuple(rows)


ROWS: tuple[Row, ...] = _rows()
