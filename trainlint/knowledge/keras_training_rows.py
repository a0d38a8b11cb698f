"""Optimizers, learning-rate schedules and callbacks of Keras, with the defaults of each release.

Releases: standalone Keras up to 2.3 had Adadelta 1.0, Adagrad 0.01, Adamax and Nadam 0.002, and an epsilon of 1e-8 (Keras 1) or
`backend.epsilon()` = 1e-7; tf.keras took 0.001 everywhere but in SGD. Lion had 1e-4 until Keras 3.
"""

from __future__ import annotations

from typing import Any

from trainlint.knowledge.rows import Row

_DOCS = "https://keras.io/api/optimizers"
_RATE = "learning_rate|lr={}"
_TAIL = (
    "clipnorm=None, clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None, "
    "loss_scale_factor=None, gradient_accumulation_steps=None, name=None, *, decay=0.0, jit_compile=True"
)
_BETAS = "beta_1=0.9, beta_2=0.999"

Eras = tuple[tuple[str, tuple[tuple[str, Any], ...]], ...]


def _old(keras1: dict[str, Any], keras2: dict[str, Any], **others: dict[str, Any]) -> Eras:
    return (
        ("keras1", tuple(keras1.items())),
        ("keras2", tuple(keras2.items())),
        *(
            (era.replace("tf_keras", "tf.keras").replace("keras2_11", "keras2.11"), tuple(one.items()))
            for era, one in others.items()
        ),
    )


_EPSILON_ERAS = _old({"epsilon": 1e-8}, {})

OPTIMIZERS: tuple[tuple[str, str, str, Eras], ...] = (
    ("SGD", "sgd", f"{_RATE.format(0.01)}, momentum=0.0, nesterov=False, weight_decay=None, {_TAIL}", ()),
    (
        "RMSprop",
        "rmsprop",
        f"{_RATE.format(0.001)}, rho=0.9, momentum=0.0, epsilon=1e-07, centered=False, weight_decay=None, {_TAIL}",
        _EPSILON_ERAS,
    ),
    ("Adam", "adam", f"{_RATE.format(0.001)}, {_BETAS}, epsilon=1e-07, amsgrad=False, weight_decay=None, {_TAIL}", _EPSILON_ERAS),
    ("AdamW", "adamw", f"{_RATE.format(0.001)}, weight_decay=0.004, {_BETAS}, epsilon=1e-07, amsgrad=False, {_TAIL}", ()),
    (
        "Adamax",
        "adamax",
        f"{_RATE.format(0.001)}, {_BETAS}, epsilon=1e-07, weight_decay=None, {_TAIL}",
        _old({"learning_rate": 0.002, "epsilon": 1e-8}, {"learning_rate": 0.002}),
    ),
    (
        "Nadam",
        "nadam",
        f"{_RATE.format(0.001)}, {_BETAS}, epsilon=1e-07, weight_decay=None, {_TAIL}, schedule_decay=0.004",
        _old({"learning_rate": 0.002, "epsilon": 1e-8}, {"learning_rate": 0.002}),
    ),
    (
        "Adagrad",
        "adagrad",
        f"{_RATE.format(0.001)}, initial_accumulator_value=0.1, epsilon=1e-07, weight_decay=None, {_TAIL}",
        _old(
            {"learning_rate": 0.01, "epsilon": 1e-8, "initial_accumulator_value": 0.0},
            {"learning_rate": 0.01, "initial_accumulator_value": 0.0},
        ),
    ),
    (
        "Adadelta",
        "adadelta",
        f"{_RATE.format(0.001)}, rho=0.95, epsilon=1e-07, weight_decay=None, {_TAIL}",
        _old({"learning_rate": 1.0, "epsilon": 1e-8}, {"learning_rate": 1.0}),
    ),
    (
        "Adafactor",
        "adafactor",
        (
            f"{_RATE.format(0.001)}, beta_2_decay=-0.8, epsilon_1=1e-30, epsilon_2=0.001, clip_threshold=1.0, "
            f"relative_step=True, "
            f"weight_decay=None, {_TAIL}"
        ),
        (),
    ),
    (
        "Ftrl",
        "ftrl",
        (
            f"{_RATE.format(0.001)}, learning_rate_power=-0.5, initial_accumulator_value=0.1, l1_regularization_strength=0.0, "
            f"l2_regularization_strength=0.0, l2_shrinkage_regularization_strength=0.0, beta=0.0, weight_decay=None, {_TAIL}"
        ),
        (),
    ),
    ("Lamb", "lamb", f"{_RATE.format(0.001)}, {_BETAS}, epsilon=1e-07, weight_decay=None, {_TAIL}", ()),
    (
        "Lion",
        "lion",
        f"{_RATE.format(0.001)}, beta_1=0.9, beta_2=0.99, weight_decay=None, {_TAIL}",
        (("keras2.11", (("learning_rate", 0.0001),)),),
    ),
    (
        "Muon",
        "muon",
        (
            f"{_RATE.format(0.001)}, adam_beta_1=0.9, adam_beta_2=0.999, adam_weight_decay=0.004, epsilon=1e-07, "
            f"weight_decay=0.004, "
            f"{_TAIL}, momentum=0.95, nesterov=True"
        ),
        (),
    ),
    (
        "ScheduleFreeAdamW",
        "schedule_free_adamw",
        f"{_RATE.format(0.0025)}, {_BETAS}, epsilon=1e-08, warmup_steps=0, weight_decay=None, {_TAIL}",
        (),
    ),
    (
        "LossScaleOptimizer",
        "loss_scale",
        "inner_optimizer, initial_scale=32768.0, dynamic_growth_steps=2000, name=None, *, dynamic=True",
        (),
    ),
)

OLD_ORDERS: dict[str, tuple[str, ...]] = {
    "SGD": ("learning_rate", "momentum", "decay", "nesterov"),
    "RMSprop": ("learning_rate", "rho", "epsilon", "decay"),
    "Adam": ("learning_rate", "beta_1", "beta_2", "epsilon", "decay", "amsgrad"),
    "Adamax": ("learning_rate", "beta_1", "beta_2", "epsilon", "decay"),
    "Nadam": ("learning_rate", "beta_1", "beta_2", "epsilon", "schedule_decay"),
    "Adagrad": ("learning_rate", "epsilon", "decay"),
    "Adadelta": ("learning_rate", "rho", "epsilon", "decay"),
}
"""The positional order of the arguments in Keras 1 and standalone Keras up to 2.3."""

ADDONS: tuple[tuple[str, str, str], ...] = (
    ("AdamW", "adamw", f"weight_decay, {_RATE.format(0.001)}, {_BETAS}, epsilon=1e-07, amsgrad=False"),
    ("SGDW", "sgd", f"weight_decay, {_RATE.format(0.001)}, momentum=0.0, nesterov=False"),
    ("RectifiedAdam", "radam", f"{_RATE.format(0.001)}, {_BETAS}, epsilon=1e-07, weight_decay=0.0, amsgrad=False"),
    ("LAMB", "lamb", f"{_RATE.format(0.001)}, {_BETAS}, epsilon=1e-06, weight_decay=0.0"),
    ("LazyAdam", "adam", f"{_RATE.format(0.001)}, {_BETAS}, epsilon=1e-07, amsgrad=False"),
    ("NovoGrad", "novograd", f"{_RATE.format(0.001)}, beta_1=0.9, beta_2=0.999, epsilon=1e-07, weight_decay=0.0"),
    ("Lookahead", "lookahead", "optimizer, sync_period=6, slow_step_size=0.5"),
    ("SWA", "swa", "optimizer, start_averaging=0, average_period=10"),
    ("MovingAverage", "moving_average", "optimizer, average_decay=0.99"),
)

_DECAY = "initial_learning_rate, decay_steps, decay_rate, staircase=False, name=None"

SCHEDULES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("ExponentialDecay", "exponential_decay", _DECAY, ()),
    ("InverseTimeDecay", "inverse_time_decay", _DECAY, ()),
    (
        "PolynomialDecay",
        "polynomial_decay",
        "initial_learning_rate, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False, name='PolynomialDecay'",
        (),
    ),
    ("PiecewiseConstantDecay", "piecewise_constant", "boundaries, values, name='PiecewiseConstant'", ()),
    (
        "CosineDecay",
        "cosine",
        "initial_learning_rate, decay_steps, alpha=0.0, name='CosineDecay', warmup_target=None, warmup_steps=0",
        (),
    ),
    (
        "CosineDecayRestarts",
        "cosine_restarts",
        "initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name='SGDRDecay'",
        (),
    ),
    ("LearningRateSchedule", "custom", "", ()),
)

_MONITOR = "monitor='val_loss', "

CALLBACKS: tuple[tuple[str, str, str], ...] = (
    (
        "EarlyStopping",
        "early_stopping",
        (
            f"{_MONITOR}min_delta=0, patience=0, verbose=0, mode='auto', baseline=None, restore_best_weights=False, "
            "start_from_epoch=0"
        ),
    ),
    (
        "ModelCheckpoint",
        "checkpoint",
        (
            f"filepath, {_MONITOR}verbose=0, save_best_only=False, save_weights_only=False, mode='auto', save_freq='epoch', "
            "initial_value_threshold=None, *, period=1, options=None"
        ),
    ),
    (
        "ReduceLROnPlateau",
        "reduce_on_plateau",
        f"{_MONITOR}factor=0.1, patience=10, verbose=0, mode='auto', min_delta|epsilon=0.0001, cooldown=0, min_lr=0.0",
    ),
    ("LearningRateScheduler", "learning_rate_scheduler", "schedule, verbose=0"),
    (
        "LambdaCallback",
        "lambda",
        (
            "on_epoch_begin=None, on_epoch_end=None, on_train_begin=None, on_train_end=None, on_train_batch_begin=None, "
            "on_train_batch_end=None, *, on_batch_begin=None, on_batch_end=None"
        ),
    ),
    (
        "TensorBoard",
        "tensorboard",
        (
            "log_dir='logs', histogram_freq=0, write_graph=True, write_images=False, write_steps_per_second=False, "
            "update_freq='epoch', profile_batch=0, embeddings_freq=0, embeddings_metadata=None, *, batch_size=32, "
            "write_grads=False"
        ),
    ),
    ("CSVLogger", "csv_logger", "filename, separator=',', append=False"),
    ("TerminateOnNaN", "terminate_on_nan", "raise_error=False"),
    ("BackupAndRestore", "backup", "backup_dir, save_freq='epoch', double_checkpoint=False, delete_checkpoint=True"),
    ("SwapEMAWeights", "swap_ema", "swap_on_epoch=False"),
    ("History", "history", ""),
    ("ProgbarLogger", "progress", ""),
    ("RemoteMonitor", "remote_monitor", "root='http://localhost:9000'"),
    ("BaseLogger", "base_logger", "stateful_metrics=None"),
    ("Callback", "custom", ""),
)


def _rows() -> tuple[Row, ...]:
    optimizers = [
        Row(f"keras.optimizers.{name}", "optimizer", kind, text, (), eras, _DOCS) for name, kind, text, eras in OPTIMIZERS
    ]
    addons = [
        Row(
            f"tensorflow_addons.optimizers.{name}",
            "optimizer",
            kind,
            f"{text}, *, name=None, decay=0.0, clipnorm=None, clipvalue=None",
        )
        for name, kind, text in ADDONS
    ]
    schedules = [
        Row(f"keras.optimizers.schedules.{name}", "schedule", kind, text, aliases, (), f"{_DOCS}/learning_rate_schedules")
        for name, kind, text, aliases in SCHEDULES
    ]
    callbacks = [
        Row(f"keras.callbacks.{name}", "callback", kind, text, (), (), "https://keras.io/api/callbacks")
        for name, kind, text in CALLBACKS
    ]
    base = Row(
        "keras.optimizers.Optimizer", "optimizer", "custom", f"learning_rate|lr=0.01, *, name=None, {_TAIL.partition('*, ')[2]}"
    )
    return (*optimizers, *addons, *schedules, *callbacks, base)


ROWS: tuple[Row, ...] = _rows()

OPTIMIZER_NAMES: dict[str, str] = {name.lower(): f"keras.optimizers.{name}" for name, *_ in OPTIMIZERS}
"""What `compile(optimizer=<string>)` takes: the class name in any case, as `keras.optimizers.get` reads it."""
