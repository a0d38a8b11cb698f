"""Every path by which scripts reach Keras gives one canonical name."""

import pytest

from trainlint.knowledge import find
from trainlint.knowledge.names import canonical


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("keras.layers.Dense", "keras.layers.Dense"),
        ("keras.layers.core.Dense", "keras.layers.Dense"),
        ("keras.src.layers.core.dense.Dense", "keras.layers.Dense"),
        ("keras.api.layers.Dense", "keras.layers.Dense"),
        ("keras.api._v2.keras.layers.Dense", "keras.layers.Dense"),
        ("tensorflow.keras.layers.Dense", "keras.layers.Dense"),
        ("tensorflow.python.keras.layers.core.Dense", "keras.layers.Dense"),
        ("tensorflow.compat.v1.keras.layers.Dense", "keras.layers.Dense"),
        ("tensorflow.contrib.keras.layers.Dense", "keras.layers.Dense"),
        ("tf_keras.layers.Dense", "keras.layers.Dense"),
        ("keras.layers.convolutional.Conv2D", "keras.layers.Conv2D"),
        ("keras.layers.normalization.BatchNormalization", "keras.layers.BatchNormalization"),
        ("keras.layers.advanced_activations.LeakyReLU", "keras.layers.LeakyReLU"),
        ("keras.layers.merge.concatenate", "keras.layers.concatenate"),
        ("keras.layers.experimental.preprocessing.Rescaling", "keras.layers.Rescaling"),
        ("tensorflow.keras.layers.experimental.preprocessing.Normalization", "keras.layers.Normalization"),
        ("keras.engine.topology.Layer", "keras.layers.Layer"),
        ("keras.engine.Input", "keras.Input"),
        ("keras.engine.training.Model", "keras.Model"),
        ("keras.engine.sequential.Sequential", "keras.Sequential"),
        ("keras.models.Model", "keras.Model"),
        ("tensorflow.keras.Model", "keras.Model"),
        ("keras.models.Sequential", "keras.Sequential"),
        ("keras.layers.Input", "keras.Input"),
        ("tensorflow.keras.layers.Layer", "keras.layers.Layer"),
        ("keras.Layer", "keras.layers.Layer"),
        ("keras.optimizers.legacy.SGD", "keras.optimizers.SGD"),
        ("keras.optimizers.experimental.AdamW", "keras.optimizers.AdamW"),
        ("tensorflow.keras.optimizers.legacy.Adam", "keras.optimizers.Adam"),
        ("tensorflow.python.keras.optimizer_v2.gradient_descent.SGD", "keras.optimizers.SGD"),
        ("tensorflow.optimizers.Adam", "keras.optimizers.Adam"),
        ("keras.optimizers.schedules.ExponentialDecay", "keras.optimizers.schedules.ExponentialDecay"),
        (
            "tensorflow.keras.optimizers.schedules.ExponentialDecay",
            "keras.optimizers.schedules.ExponentialDecay",
        ),
        ("keras.src.optimizers.schedules.learning_rate_schedule.CosineDecay", "keras.optimizers.schedules.CosineDecay"),
        ("tensorflow.keras.experimental.CosineDecay", "keras.optimizers.schedules.CosineDecay"),
        ("keras.objectives.mean_squared_error", "keras.losses.mean_squared_error"),
        ("tensorflow.losses.MeanSquaredError", "keras.losses.MeanSquaredError"),
        ("tensorflow.losses.sparse_softmax_cross_entropy", "tensorflow.losses.sparse_softmax_cross_entropy"),
        ("tensorflow.keras.losses.Reduction.SUM", "keras.losses.Reduction.SUM"),
        ("tensorflow.metrics.Mean", "keras.metrics.Mean"),
        ("keras.callbacks.callbacks.EarlyStopping", "keras.callbacks.EarlyStopping"),
        ("keras.utils.np_utils.to_categorical", "keras.utils.to_categorical"),
        ("keras.utils.data_utils.Sequence", "keras.utils.Sequence"),
        ("keras.utils.PyDataset", "keras.utils.Sequence"),
        ("keras.backend.tensorflow_backend.mean", "keras.backend.mean"),
        ("tensorflow.keras.backend.mean", "keras.backend.mean"),
        ("keras.ops.numpy.mean", "keras.ops.mean"),
        ("keras.applications.vgg16.VGG16", "keras.applications.VGG16"),
        ("tensorflow.keras.applications.resnet50.ResNet50", "keras.applications.ResNet50"),
        ("keras.applications.vgg16.preprocess_input", "keras.applications.vgg16.preprocess_input"),
        ("keras.preprocessing.image.ImageDataGenerator", "keras.preprocessing.image.ImageDataGenerator"),
        ("keras_preprocessing.image.ImageDataGenerator", "keras.preprocessing.image.ImageDataGenerator"),
        ("tensorflow.keras.preprocessing.image_dataset_from_directory", "keras.utils.image_dataset_from_directory"),
        ("keras.preprocessing.sequence.pad_sequences", "keras.utils.pad_sequences"),
        ("keras.wrappers.scikit_learn.KerasClassifier", "keras.wrappers.scikit_learn.KerasClassifier"),
        ("scikeras.wrappers.KerasRegressor", "keras.wrappers.scikit_learn.KerasRegressor"),
        ("tensorflow.compat.v1.train.AdamOptimizer", "tensorflow.train.AdamOptimizer"),
        ("tensorflow.keras", "keras"),
        ("keras.layers", "keras.layers"),
        ("keras.datasets.mnist.load_data", "keras.datasets.mnist.load_data"),
    ],
)
def test_canonical_names(path, name):
    assert canonical(path) == name


@pytest.mark.parametrize("path", ["numpy.array", "torch.nn.Linear", "sklearn.preprocessing.StandardScaler", "os", ""])
def test_other_names_stay(path):
    assert canonical(path) == path


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("keras.layers.Convolution2D", "keras.layers.Conv2D"),
        ("keras.layers.MaxPool2D", "keras.layers.MaxPooling2D"),
        ("keras.layers.GlobalAvgPool2D", "keras.layers.GlobalAveragePooling2D"),
        ("keras.losses.mse", "keras.losses.mean_squared_error"),
        ("keras.metrics.MAE", "keras.losses.mean_absolute_error"),
        ("keras.regularizers.l2", "keras.regularizers.L2"),
        ("keras.initializers.he_normal", "keras.initializers.HeNormal"),
        ("keras.constraints.maxnorm", "keras.constraints.MaxNorm"),
    ],
)
def test_rows_by_other_names(path, row):
    assert find(canonical(path)).name == row


@pytest.mark.parametrize(
    ("row", "spelled", "name"),
    [
        ("keras.layers.Dense", "output_dim", "units"),
        ("keras.layers.Dense", "init", "kernel_initializer"),
        ("keras.layers.Dense", "W_regularizer", "kernel_regularizer"),
        ("keras.layers.Conv2D", "nb_filter", "filters"),
        ("keras.layers.Conv2D", "border_mode", "padding"),
        ("keras.layers.Conv2D", "subsample", "strides"),
        ("keras.layers.Dropout", "p", "rate"),
        ("keras.layers.LSTM", "inner_activation", "recurrent_activation"),
        ("keras.optimizers.Adam", "lr", "learning_rate"),
        ("keras.Model", "input", "inputs"),
        ("keras.Model", "output", "outputs"),
        ("keras.Model.fit", "nb_epoch", "epochs"),
    ],
)
def test_old_parameter_names(row, spelled, name):
    assert find(row).parameter(spelled).name == name
