"""Losses and metrics of Keras: classes, functions, and the strings that `compile` takes."""

from __future__ import annotations

from trainlint.knowledge.rows import Row

_DOCS = "https://keras.io/api"
_REDUCTION = "reduction='sum_over_batch_size', name=None, dtype=None"
_LOGITS = "from_logits=False, label_smoothing=0.0, axis=-1"
_FOCAL = "alpha=0.25, gamma=2.0"
_SPARSE = "from_logits=False, ignore_class=None, "

LOSSES: tuple[tuple[str, str, str, str], ...] = (
    ("MeanSquaredError", "mean_squared_error", _REDUCTION, ""),
    ("MeanAbsoluteError", "mean_absolute_error", _REDUCTION, ""),
    ("MeanAbsolutePercentageError", "mean_absolute_percentage_error", _REDUCTION, ""),
    ("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", _REDUCTION, ""),
    ("BinaryCrossentropy", "binary_crossentropy", f"{_LOGITS}, {_REDUCTION}", _LOGITS),
    ("CategoricalCrossentropy", "categorical_crossentropy", f"{_LOGITS}, {_REDUCTION}", _LOGITS),
    (
        "SparseCategoricalCrossentropy",
        "sparse_categorical_crossentropy",
        f"{_SPARSE}reduction='sum_over_batch_size', axis=-1, name=None, dtype=None",
        f"{_SPARSE}axis=-1",
    ),
    (
        "BinaryFocalCrossentropy",
        "binary_focal_crossentropy",
        f"apply_class_balancing=False, {_FOCAL}, {_LOGITS}, {_REDUCTION}",
        f"apply_class_balancing=False, {_FOCAL}, {_LOGITS}",
    ),
    (
        "CategoricalFocalCrossentropy",
        "categorical_focal_crossentropy",
        f"{_FOCAL}, {_LOGITS}, {_REDUCTION}",
        f"{_FOCAL}, {_LOGITS}",
    ),
    ("CategoricalGeneralizedCrossEntropy", "categorical_generalized_cross_entropy", f"q=0.5, {_REDUCTION}", "q"),
    ("KLDivergence", "kl_divergence", _REDUCTION, ""),
    ("Poisson", "poisson", _REDUCTION, ""),
    ("Huber", "huber", f"delta=1.0, {_REDUCTION}", "delta=1.0"),
    ("LogCosh", "log_cosh", _REDUCTION, ""),
    ("CosineSimilarity", "cosine_similarity", f"axis=-1, {_REDUCTION}", "axis=-1"),
    ("Hinge", "hinge", _REDUCTION, ""),
    ("SquaredHinge", "squared_hinge", _REDUCTION, ""),
    ("CategoricalHinge", "categorical_hinge", _REDUCTION, ""),
    ("CTC", "ctc", _REDUCTION, ""),
    ("Dice", "dice", "reduction='sum_over_batch_size', name=None, axis=None, dtype=None", "axis=None"),
    (
        "Tversky",
        "tversky",
        "alpha=0.5, beta=0.5, reduction='sum_over_batch_size', name=None, axis=None, dtype=None",
        "alpha=0.5, beta=0.5, axis=None",
    ),
    ("Circle", "circle", f"gamma=80.0, margin=0.4, remove_diagonal=True, {_REDUCTION}", "ref_labels=None, ref_embeddings=None"),
)
"""Class, canonical kind, signature of the class, what the function takes after `y_true, y_pred`."""

_SHORT: dict[str, tuple[str, ...]] = {
    "mean_squared_error": ("mse", "MSE"),
    "mean_absolute_error": ("mae", "MAE"),
    "mean_absolute_percentage_error": ("mape", "MAPE"),
    "mean_squared_logarithmic_error": ("msle", "MSLE"),
    "binary_crossentropy": ("bce", "BCE"),
    "binary_focal_crossentropy": ("bce_focal", "BFC"),
    "kl_divergence": ("kld", "KLD", "kullback_leibler_divergence"),
    "log_cosh": ("logcosh",),
    "cosine_similarity": ("cosine", "cosine_proximity"),
    "huber": ("huber_loss",),
}

LOSS_NAMES: dict[str, str] = {
    **{spelled: f"keras.losses.{name}" for name, kind, _, _ in LOSSES for spelled in (kind, name, *_SHORT.get(kind, ()))},
    "crossentropy": "keras.losses.CategoricalCrossentropy",
}
"""What `compile(loss=<string>)` takes, as `keras.losses.get` of some release reads it."""

_THRESHOLDS = "thresholds=None, name=None, dtype=None"
_AT = "num_thresholds=200, class_id=None, name=None, dtype=None"
_NAMED = "name=None, dtype=None"

METRICS: tuple[tuple[str, str, str], ...] = (
    ("Accuracy", "accuracy", _NAMED),
    ("BinaryAccuracy", "binary_accuracy", f"{_NAMED}, threshold=0.5"),
    ("CategoricalAccuracy", "categorical_accuracy", _NAMED),
    ("SparseCategoricalAccuracy", "sparse_categorical_accuracy", _NAMED),
    ("TopKCategoricalAccuracy", "top_k_categorical_accuracy", f"k=5, {_NAMED}"),
    ("SparseTopKCategoricalAccuracy", "sparse_top_k_categorical_accuracy", f"k=5, {_NAMED}, from_sorted_ids=False"),
    (
        "AUC",
        "auc",
        (
            "num_thresholds=200, curve='ROC', summation_method='interpolation', name=None, dtype=None, thresholds=None, "
            "multi_label=False, num_labels=None, label_weights=None, from_logits=False"
        ),
    ),
    ("Precision", "precision", "thresholds=None, top_k=None, class_id=None, name=None, dtype=None"),
    ("Recall", "recall", "thresholds=None, top_k=None, class_id=None, name=None, dtype=None"),
    ("F1Score", "f1_score", "average=None, threshold=None, name='f1_score', dtype=None"),
    ("FBetaScore", "fbeta_score", "average=None, beta=1.0, threshold=None, name='fbeta_score', dtype=None"),
    ("TruePositives", "true_positives", _THRESHOLDS),
    ("TrueNegatives", "true_negatives", _THRESHOLDS),
    ("FalsePositives", "false_positives", _THRESHOLDS),
    ("FalseNegatives", "false_negatives", _THRESHOLDS),
    ("PrecisionAtRecall", "precision_at_recall", f"recall, {_AT}"),
    ("RecallAtPrecision", "recall_at_precision", f"precision, {_AT}"),
    ("SensitivityAtSpecificity", "sensitivity_at_specificity", f"specificity, {_AT}"),
    ("SpecificityAtSensitivity", "specificity_at_sensitivity", f"sensitivity, {_AT}"),
    ("MeanSquaredError", "mean_squared_error", _NAMED),
    ("RootMeanSquaredError", "root_mean_squared_error", _NAMED),
    ("MeanAbsoluteError", "mean_absolute_error", _NAMED),
    ("MeanAbsolutePercentageError", "mean_absolute_percentage_error", _NAMED),
    ("MeanSquaredLogarithmicError", "mean_squared_logarithmic_error", _NAMED),
    ("LogCoshError", "log_cosh", "name='logcosh', dtype=None"),
    ("CosineSimilarity", "cosine_similarity", f"{_NAMED}, axis=-1"),
    ("R2Score", "r2_score", "class_aggregation='uniform_average', num_regressors=0, name='r2_score', dtype=None"),
    ("BinaryCrossentropy", "binary_crossentropy", f"{_NAMED}, from_logits=False, label_smoothing=0"),
    ("CategoricalCrossentropy", "categorical_crossentropy", f"{_NAMED}, from_logits=False, label_smoothing=0, axis=-1"),
    (
        "SparseCategoricalCrossentropy",
        "sparse_categorical_crossentropy",
        f"{_NAMED}, from_logits=False, ignore_class=None, axis=-1",
    ),
    ("KLDivergence", "kl_divergence", _NAMED),
    ("Poisson", "poisson", _NAMED),
    ("Hinge", "hinge", _NAMED),
    ("SquaredHinge", "squared_hinge", _NAMED),
    ("CategoricalHinge", "categorical_hinge", _NAMED),
    (
        "MeanIoU",
        "mean_iou",
        "num_classes, name=None, dtype=None, ignore_class=None, sparse_y_true=True, sparse_y_pred=True, axis=-1",
    ),
    ("IoU", "iou", "num_classes, target_class_ids, name=None, dtype=None"),
    ("BinaryIoU", "binary_iou", "target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None"),
    ("OneHotIoU", "one_hot_iou", "num_classes, target_class_ids, name=None, dtype=None"),
    ("OneHotMeanIoU", "one_hot_mean_iou", "num_classes, name=None, dtype=None"),
    ("Mean", "mean", _NAMED),
    ("Sum", "sum", _NAMED),
    ("MeanMetricWrapper", "wrapper", f"fn, {_NAMED}"),
    ("Metric", "custom", "dtype=None, name=None"),
)

METRIC_NAMES: dict[str, str] = {
    **{spelled: f"keras.metrics.{name}" for name, kind, _ in METRICS for spelled in (kind, name, *_SHORT.get(kind, ()))},
    "acc": "keras.metrics.Accuracy",
}
"""What `compile(metrics=[<string>])` takes; "accuracy" means the accuracy that fits loss and output."""

_METRIC_FUNCTIONS = (
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "top_k_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
)

TENSORFLOW_1: tuple[tuple[str, str, str], ...] = (
    ("mean_squared_error", "mean_squared_error", "labels|y_true, predictions|y_pred, weights=1.0"),
    ("absolute_difference", "mean_absolute_error", "labels, predictions, weights=1.0"),
    ("huber_loss", "huber", "labels, predictions, weights=1.0, delta=1.0"),
    ("log_loss", "binary_crossentropy", "labels, predictions, weights=1.0, epsilon=1e-07"),
    ("hinge_loss", "hinge", "labels, logits, weights=1.0"),
    ("softmax_cross_entropy", "categorical_crossentropy", "onehot_labels, logits, weights=1.0, label_smoothing=0"),
    ("sparse_softmax_cross_entropy", "sparse_categorical_crossentropy", "labels, logits, weights=1.0"),
    ("sigmoid_cross_entropy", "binary_crossentropy", "multi_class_labels, logits, weights=1.0, label_smoothing=0"),
)
"""`tf.losses` of TensorFlow 1: functions that give the mean over the batch."""


def _rows() -> tuple[Row, ...]:
    rows = [Row("keras.losses.Loss", "loss", "custom", "name=None, reduction='sum_over_batch_size', dtype=None", (), (), _DOCS)]
    for name, kind, signature, extra in LOSSES:
        rows.append(Row(f"keras.losses.{name}", "loss", kind, signature, (), (), f"{_DOCS}/losses"))
        spellings = (*_SHORT.get(kind, ()), kind)
        aliases = [f"keras.{package}.{one}" for package in ("losses", "metrics") for one in spellings]
        aliases.remove(f"keras.losses.{kind}")
        text = f"y_true, y_pred{', ' if extra else ''}{extra}"
        rows.append(Row(f"keras.losses.{kind}", "loss_function", kind, text, tuple(aliases), (), f"{_DOCS}/losses"))
    rows += [Row(f"keras.metrics.{name}", "metric", kind, text, (), (), f"{_DOCS}/metrics") for name, kind, text in METRICS]
    rows += [
        Row(f"keras.metrics.{kind}", "metric_function", kind, "y_true, y_pred, *, threshold=0.5, k=5")
        for kind in _METRIC_FUNCTIONS
    ]
    rows += [
        Row(f"tensorflow.losses.{name}", "loss_function", kind, f"{text}, scope=None, loss_collection=None, reduction=None")
        for name, kind, text in TENSORFLOW_1
    ]
    return tuple(rows)


ROWS: tuple[Row, ...] = _rows()
