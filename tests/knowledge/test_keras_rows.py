"""The Keras tables against the installed Keras, and against each other."""

import inspect

import pytest

from trainlint.knowledge import find
from trainlint.knowledge.eras import NOT_TODAY, PARAMETERS, of_path
from trainlint.knowledge.keras_loss_rows import LOSS_NAMES, METRIC_NAMES
from trainlint.knowledge.keras_model_rows import ACTIVATION_OPERATIONS, INITIALIZER_NAMES, REGULARIZER_NAMES
from trainlint.knowledge.keras_rows import ROWS
from trainlint.knowledge.keras_training_rows import OPTIMIZER_NAMES
from trainlint.knowledge.rows import ERAS, REQUIRED

VAGUE_DEFAULTS = {"name", "filters", "dtype"}
"""Defaults that do not matter (generated names) or are spelled differently (a long string of punctuation)."""


@pytest.fixture(scope="module")
def keras():
    import keras

    return keras


def resolve(keras, name):
    value = keras
    for part in name.split(".")[1:]:
        value = getattr(value, part, None)
        if value is None:
            return None
    return value


def signature_of(value):
    target = value.__init__ if inspect.isclass(value) else value
    return inspect.signature(target).parameters


def todays_rows(keras):
    skipped = ("keras.Model", "keras.layers.Wrapper", "keras.optimizers.Optimizer", "keras.wrappers.")
    for row in ROWS:
        if row.library != "keras" or row.name == "keras.Model" or row.name.startswith(skipped[1:]):
            continue
        value = resolve(keras, row.name)
        if value is not None and (inspect.isclass(value) or inspect.isfunction(value) or inspect.ismethod(value)):
            yield row, value


@pytest.mark.framework
def test_every_parameter_is_in_todays_signature(keras):
    wrong = []
    for row, value in todays_rows(keras):
        parameters = signature_of(value)
        names = set(parameters)
        wrong += [
            (row.name, one.name)
            for one in row.parameters
            if not names.intersection((one.name, *one.aliases))
            and one.name not in NOT_TODAY
            and not accepted(one.name, parameters)
        ]
    assert wrong == []


def accepted(name, parameters):
    """What the base classes of layers take through **kwargs, and what optimizers gained or lost lately."""
    takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    return name == "trainable" or (takes_any and name in {"name", "dtype", "activity_regularizer", "normalize"})


@pytest.mark.framework
def test_every_default_is_todays(keras):
    wrong = []
    for row, value in todays_rows(keras):
        parameters = signature_of(value)
        for one in row.parameters:
            today = next((parameters[name] for name in (one.name, *one.aliases) if name in parameters), None)
            if today is None or one.name in VAGUE_DEFAULTS or today.kind is today.VAR_POSITIONAL:
                continue
            expected = REQUIRED if today.default is inspect.Parameter.empty else today.default
            if one.default != expected:
                wrong.append((row.name, one.name, one.default, expected))
    assert wrong == []


@pytest.mark.framework
def test_positional_order_is_todays(keras):
    wrong = []
    for row, value in todays_rows(keras):
        todays = [name for name, one in signature_of(value).items() if one.kind is one.POSITIONAL_OR_KEYWORD and name != "self"]
        ours = [one for one in row.parameters if not one.keyword_only and not one.variadic]
        for position, one in enumerate(ours[: len(todays)]):
            if todays[position] not in (one.name, *one.aliases):
                wrong.append((row.name, position, one.name, todays[position]))
                break
    assert wrong == []


@pytest.mark.framework
def test_every_public_class_has_a_row(keras):
    missing = []
    for package in ("layers", "optimizers", "losses", "metrics", "callbacks", "initializers", "regularizers", "constraints"):
        for name, value in vars(getattr(keras, package)).items():
            if inspect.isclass(value) and not name.startswith("_") and find(f"keras.{package}.{name}") is None:
                missing.append(f"{package}.{name}")
    rare = {"Config", "Quantizer", "CallbackList", "OrbaxCheckpoint"}
    assert [one for one in missing if one.rpartition(".")[2] not in rare | RARE] == []


RARE = {
    *("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper", "Pipeline", "MaxNumBoundingBoxes", "ReversibleEmbedding"),
    *(
        "STFTSpectrogram",
        "stft",
        "ContrastLimitedAdaptiveHistogramEqualization",
        "STFT",
        "STFTInitializer",
        "IdentityInitializer",
    ),
    *("OrthogonalInitializer", "MultiOptimizer", "OptimizerMap", "ConcordanceCorrelation", "PearsonCorrelation"),
}


@pytest.mark.framework
@pytest.mark.parametrize(
    "spelled", ["mse", "MSE", "mae", "kld", "binary_crossentropy", "SparseCategoricalCrossentropy", "log_cosh"]
)
def test_loss_strings_are_those_of_keras(keras, spelled):
    assert type(keras.losses.get(spelled)).__name__ == LOSS_NAMES[spelled].rpartition(".")[2] or (
        keras.losses.get(spelled).__name__ == find(LOSS_NAMES[spelled]).kind
    )


@pytest.mark.framework
def test_strings_of_keras_are_known(keras):
    from keras.src import activations, initializers, losses, optimizers, regularizers

    rare = {"lossscaleoptimizer", "multioptimizer", "optimizer", "optimizermap", "threshold", "sparse_plus", "sparse_sigmoid"}
    rare |= {"stft", "initializer", "regularizer", "orthogonal_regularizer"}
    for module, known in (
        (losses, LOSS_NAMES),
        (optimizers, OPTIMIZER_NAMES),
        (initializers, INITIALIZER_NAMES),
        (activations, ACTIVATION_OPERATIONS),
        (regularizers, REGULARIZER_NAMES),
    ):
        spelled = {name for name in module.ALL_OBJECTS_DICT if name.islower()} - rare
        assert spelled - set(known) == set()


def test_strings_name_rows():
    for table in (LOSS_NAMES, METRIC_NAMES, OPTIMIZER_NAMES, INITIALIZER_NAMES, REGULARIZER_NAMES):
        assert [name for name in table.values() if find(name) is None] == []


def test_names_are_unique():
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names))


def test_every_signature_parses():
    assert sum(len(row.parameters) for row in ROWS) > 4_000


@pytest.mark.parametrize(
    ("optimizer", "era", "rate"),
    [
        ("SGD", "keras1", 0.01),
        ("SGD", "keras3", 0.01),
        ("Adam", "keras2", 0.001),
        ("Adadelta", "keras1", 1.0),
        ("Adadelta", "keras2", 1.0),
        ("Adadelta", "tf.keras", 0.001),
        ("Adadelta", "keras3", 0.001),
        ("Adagrad", "keras2", 0.01),
        ("Adagrad", "keras3", 0.001),
        ("Nadam", "keras2", 0.002),
        ("Nadam", "tf.keras", 0.001),
        ("Adamax", "keras1", 0.002),
        ("Lion", "keras2.11", 0.0001),
        ("Lion", "keras3", 0.001),
    ],
)
def test_learning_rates_by_era(optimizer, era, rate):
    assert find(f"keras.optimizers.{optimizer}").default("learning_rate", era) == rate


@pytest.mark.parametrize(("era", "epsilon"), [("keras1", 1e-8), ("keras2", 1e-7), ("keras3", 1e-7)])
def test_epsilon_by_era(era, epsilon):
    assert find("keras.optimizers.Adam").default("epsilon", era) == epsilon


def test_eras_are_eras():
    for eras in PARAMETERS.values():
        assert set(eras.split("|")) <= set(ERAS)


@pytest.mark.parametrize(
    ("path", "possible", "impossible"),
    [
        ("tensorflow.keras.layers", "keras3", "keras1"),
        ("keras.ops.mean", "keras3", "keras2.11"),
        ("keras.engine.topology.Layer", "keras2", "keras3"),
        ("keras.layers", "keras1", "tf.keras"),
        ("tensorflow.keras.layers.experimental.preprocessing", "tf.keras", "keras3"),
    ],
)
def test_paths_tell_the_era(path, possible, impossible):
    assert possible in of_path(path).split("|")
    assert impossible not in of_path(path).split("|")


@pytest.mark.parametrize("path", ["numpy.array", "torch.nn.Linear", "sklearn.model_selection"])
def test_other_libraries_tell_nothing(path):
    assert of_path(path) == ""


@pytest.mark.framework
def test_paths_that_are_said_to_be_gone_are_gone(keras):
    gone = {
        *("keras.engine", "keras.objectives", "keras.layers.core", "keras.utils.np_utils", "keras.backend.mean"),
        *("keras.layers.CuDNNLSTM", "keras.preprocessing.image.ImageDataGenerator", "keras.layers.ThresholdedReLU"),
        *("keras.wrappers.scikit_learn", "keras.preprocessing.text", "keras.optimizers.experimental"),
    }
    assert [path for path in gone if resolve(keras, path) is not None or "keras3" in of_path(path).split("|")] == []
    here = {"keras.backend.epsilon", "keras.ops.mean", "keras.layers.Dense", "keras.models.Model", "keras.utils.to_categorical"}
    assert [path for path in here if resolve(keras, path) is None or "keras3" not in of_path(path).split("|")] == []
