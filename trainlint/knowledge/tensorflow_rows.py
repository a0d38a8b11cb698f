"""TensorFlow 1 graph training (`tf.train`, `tf.layers`) and what custom loops of TensorFlow 2 use."""

from __future__ import annotations

from trainlint.knowledge.rows import Row

_DOCS = "https://www.tensorflow.org/versions/r1.15/api_docs/python/tf"
_TAIL = "use_locking=False, name=None"

OPTIMIZERS: tuple[tuple[str, str, str], ...] = (
    ("GradientDescentOptimizer", "sgd", f"learning_rate, {_TAIL}"),
    ("MomentumOptimizer", "sgd", "learning_rate, momentum, use_locking=False, name=None, use_nesterov=False"),
    ("AdamOptimizer", "adam", f"learning_rate=0.001, beta_1|beta1=0.9, beta_2|beta2=0.999, epsilon=1e-08, {_TAIL}"),
    ("AdagradOptimizer", "adagrad", f"learning_rate, initial_accumulator_value=0.1, {_TAIL}"),
    ("AdadeltaOptimizer", "adadelta", f"learning_rate=0.001, rho=0.95, epsilon=1e-08, {_TAIL}"),
    (
        "RMSPropOptimizer",
        "rmsprop",
        "learning_rate, rho|decay=0.9, momentum=0.0, epsilon=1e-10, use_locking=False, centered=False, name=None",
    ),
    (
        "FtrlOptimizer",
        "ftrl",
        (
            "learning_rate, learning_rate_power=-0.5, initial_accumulator_value=0.1, l1_regularization_strength=0.0, "
            "l2_regularization_strength=0.0"
        ),
    ),
    ("ProximalGradientDescentOptimizer", "sgd", "learning_rate, l1_regularization_strength=0.0, l2_regularization_strength=0.0"),
)

SCHEDULES: tuple[tuple[str, str, str], ...] = (
    (
        "exponential_decay",
        "exponential_decay",
        "initial_learning_rate|learning_rate, global_step, decay_steps, decay_rate, staircase=False",
    ),
    ("inverse_time_decay", "inverse_time_decay", "initial_learning_rate|learning_rate, global_step, decay_steps, decay_rate"),
    (
        "polynomial_decay",
        "polynomial_decay",
        "initial_learning_rate|learning_rate, global_step, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False",
    ),
    ("piecewise_constant", "piecewise_constant", "x, boundaries, values"),
    ("cosine_decay", "cosine", "initial_learning_rate|learning_rate, global_step, decay_steps, alpha=0.0"),
)

_KERNEL = (
    "activation=None, use_bias=True, kernel_initializer='glorot_uniform', bias_initializer='zeros', kernel_regularizer=None, "
    "bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None, trainable=True, "
    "name=None, reuse=None"
)
_CONV = "inputs, filters, kernel_size, strides={}, padding='valid', data_format='channels_last', dilation_rate={}"
_POOL = "inputs, pool_size, strides, padding='valid', data_format='channels_last', name=None"

LAYERS: tuple[tuple[str, str, str], ...] = (
    ("dense", "Dense", f"inputs, units, {_KERNEL}"),
    ("conv1d", "Conv1D", f"{_CONV.format('1', '1')}, {_KERNEL}"),
    ("conv2d", "Conv2D", f"{_CONV.format('(1, 1)', '(1, 1)')}, {_KERNEL}"),
    ("conv3d", "Conv3D", f"{_CONV.format('(1, 1, 1)', '(1, 1, 1)')}, {_KERNEL}"),
    (
        "conv2d_transpose",
        "Conv2DTranspose",
        f"inputs, filters, kernel_size, strides=(1, 1), padding='valid', data_format=None, {_KERNEL}",
    ),
    ("max_pooling1d", "MaxPooling1D", _POOL),
    ("max_pooling2d", "MaxPooling2D", _POOL),
    ("average_pooling2d", "AveragePooling2D", _POOL),
    ("flatten", "Flatten", "inputs, name=None, data_format=None"),
    ("dropout", "Dropout", "inputs, rate=0.5, noise_shape=None, seed=None, training=False, name=None"),
    ("batch_normalization", "BatchNormalization", "inputs, axis=-1, momentum=0.99, epsilon=0.001, center=True, scale=True"),
)
"""`tf.layers.<function>`, the Keras layer that it makes and calls, signature."""

NN_LAYERS: tuple[tuple[str, str, str, str], ...] = (
    (
        "conv2d",
        "function",
        "conv",
        "input, filters|filter, strides, padding, data_format='NHWC', dilations=None, name=None, *, use_cudnn_on_gpu=True",
    ),
    ("max_pool", "layer_function", "MaxPooling2D", "input|value, ksize, strides, padding, data_format='NHWC', name=None"),
    ("avg_pool", "layer_function", "AveragePooling2D", "input|value, ksize, strides, padding, data_format='NHWC', name=None"),
    ("dropout", "layer_function", "Dropout", "x, keep_prob=None, noise_shape=None, seed=None, name=None, rate=None"),
    ("l2_loss", "function", "l2_loss", "t, name=None"),
)
"""`tf.nn.<function>` with explicit weights, or that does what a Keras layer does."""

_CONTRIB_CONV = (
    "inputs, filters|num_outputs, kernel_size, strides|stride=1, padding='SAME', data_format=None, dilation_rate|rate=1, "
    "activation|activation_fn='relu', normalizer_fn=None, normalizer_params=None, "
    "kernel_initializer|weights_initializer='glorot_uniform', kernel_regularizer|weights_regularizer=None, scope=None"
)

CONTRIB_LAYERS: tuple[tuple[str, str, str], ...] = (
    (
        "fully_connected",
        "Dense",
        (
            "inputs, units|num_outputs, activation|activation_fn='relu', normalizer_fn=None, normalizer_params=None, "
            "kernel_initializer|weights_initializer='glorot_uniform', kernel_regularizer|weights_regularizer=None, scope=None"
        ),
    ),
    ("conv2d", "Conv2D", _CONTRIB_CONV),
    ("convolution2d", "Conv2D", _CONTRIB_CONV),
    ("max_pool2d", "MaxPooling2D", "inputs, pool_size|kernel_size, strides|stride=2, padding='VALID', scope=None"),
    ("avg_pool2d", "AveragePooling2D", "inputs, pool_size|kernel_size, strides|stride=2, padding='VALID', scope=None"),
    ("flatten", "Flatten", "inputs, outputs_collections=None, scope=None"),
)
"""`tf.contrib.layers.<function>`, also `tf.contrib.slim.<function>`: layers with weights end in a relu unless told otherwise."""

INITIALIZERS: tuple[tuple[str, str, str], ...] = (
    ("zeros_initializer", "zeros", "dtype=None"),
    ("ones_initializer", "ones", "dtype=None"),
    ("constant_initializer", "constant", "value=0, dtype=None, verify_shape=False"),
    ("random_normal_initializer", "normal", "mean=0.0, stddev=0.05, seed=None, dtype=None"),
    ("random_uniform_initializer", "uniform", "minval=-0.05, maxval=0.05, seed=None, dtype=None"),
    ("truncated_normal_initializer", "truncated_normal", "mean=0.0, stddev=1.0, seed=None, dtype=None"),
    ("glorot_uniform_initializer", "glorot_uniform", "seed=None, dtype=None"),
    ("glorot_normal_initializer", "glorot_normal", "seed=None, dtype=None"),
    ("he_normal_initializer", "he_normal", "seed=None, dtype=None"),
    ("he_uniform_initializer", "he_uniform", "seed=None, dtype=None"),
    ("lecun_normal_initializer", "lecun_normal", "seed=None, dtype=None"),
    ("lecun_uniform_initializer", "lecun_uniform", "seed=None, dtype=None"),
    ("orthogonal_initializer", "orthogonal", "gain=1.0, seed=None, dtype=None"),
    (
        "variance_scaling_initializer",
        "variance_scaling",
        "scale=1.0, mode='fan_in', distribution='truncated_normal', seed=None, dtype=None",
    ),
    ("contrib.layers.xavier_initializer", "glorot_uniform", "uniform=True, seed=None, dtype=None"),
)

STRATEGIES: tuple[str, ...] = (
    *("MirroredStrategy", "MultiWorkerMirroredStrategy", "TPUStrategy", "OneDeviceStrategy", "CentralStorageStrategy"),
    *("ParameterServerStrategy", "Strategy", "get_strategy"),
)
"""`tf.distribute.<name>(...)`, some of them also in `tf.distribute.experimental`."""

_OTHERS: tuple[tuple[str, str, str, str], ...] = (
    ("GradientTape", "context", "tape", "persistent=False, watch_accessed_variables=True"),
    (
        "Variable",
        "function",
        "variable",
        (
            "initial_value=None, trainable=None, validate_shape=True, caching_device=None, name=None, variable_def=None, "
            "dtype=None, "
            "import_scope=None, constraint=None, *, collections=None, shape=None"
        ),
    ),
    (
        "get_variable",
        "function",
        "get_variable",
        "name, shape=None, dtype=None, initializer=None, regularizer=None, trainable=None, *, collections=None",
    ),
    ("placeholder", "function", "placeholder", "dtype, shape=None, name=None"),
    ("contrib.layers.l2_regularizer", "regularizer", "l2", "scale"),
    ("contrib.layers.l1_regularizer", "regularizer", "l1", "scale"),
    ("losses.get_regularization_loss", "function", "regularization_loss", "scope=None, name=None"),
    ("losses.get_total_loss", "function", "total_loss", "add_regularization_losses=True, name=None"),
    ("Session", "object", "session", "target='', graph=None, config=None"),
    ("InteractiveSession", "object", "session", "target='', graph=None, config=None"),
    ("function", "function", "decorator", "func=None"),
    ("Module", "base", "module", "name=None"),
)

ROWS: tuple[Row, ...] = (
    *(
        Row(
            f"tensorflow.distribute.{name}",
            "object",
            "strategy",
            "*args, **kwargs",
            (f"tensorflow.distribute.experimental.{name}",),
        )
        for name in STRATEGIES
    ),
    *(
        Row(f"tensorflow.train.{name}", "optimizer", kind, text, (), (), f"{_DOCS}/train/{name}")
        for name, kind, text in OPTIMIZERS
    ),
    *(Row(f"tensorflow.train.{name}", "schedule", kind, text, (), (), f"{_DOCS}/train/{name}") for name, kind, text in SCHEDULES),
    *(
        Row(f"tensorflow.layers.{name}", "layer_function", layer, text, (), (), f"{_DOCS}/layers/{name}")
        for name, layer, text in LAYERS
    ),
    *(Row(f"tensorflow.nn.{name}", makes, kind, text) for name, makes, kind, text in NN_LAYERS),
    *(
        Row(f"tensorflow.contrib.layers.{name}", "layer_function", layer, text, (f"tensorflow.contrib.slim.{name}",))
        for name, layer, text in CONTRIB_LAYERS
    ),
    *(
        Row(f"tensorflow.{name}", "initializer", kind, text, (f"tensorflow.initializers.{name.removesuffix('_initializer')}",))
        for name, kind, text in INITIALIZERS
    ),
    *(Row(f"tensorflow.{name}", makes, kind, text) for name, makes, kind, text in _OTHERS),
)
