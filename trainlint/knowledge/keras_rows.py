"""What is known of Keras and of TensorFlow's training, joined from its tables."""

from __future__ import annotations

from trainlint.knowledge import (
    keras_layer_rows,
    keras_loss_rows,
    keras_model_rows,
    keras_operation_rows,
    keras_preprocessing_rows,
    keras_training_rows,
    tensorflow1_rows,
    tensorflow_rows,
)
from trainlint.knowledge.rows import Row

ROWS: tuple[Row, ...] = (
    *keras_layer_rows.ROWS,
    *keras_model_rows.ROWS,
    *keras_training_rows.ROWS,
    *keras_loss_rows.ROWS,
    *keras_preprocessing_rows.ROWS,
    *keras_operation_rows.ROWS,
    *tensorflow_rows.ROWS,
    *tensorflow1_rows.ROWS,
)
