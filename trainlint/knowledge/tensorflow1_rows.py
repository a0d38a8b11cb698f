"""What graph scripts of TensorFlow 1 use around their training: sessions, initialisation, data of the tutorials, `tf.data`."""

from __future__ import annotations

from trainlint.knowledge.rows import Row

_DOCS = "https://www.tensorflow.org/versions/r1.15/api_docs/python/tf"

INITIALIZATIONS: tuple[str, ...] = (
    *("global_variables_initializer", "initialize_all_variables", "initializers.global_variables"),
    *("variables_initializer", "initialize_variables", "initializers.variables"),
)
"""`tf.<function>`: the operation that gives the weights their first values."""

OTHER_INITIALIZATIONS: tuple[str, ...] = (
    *("local_variables_initializer", "initialize_local_variables", "initializers.local_variables"),
    *("tables_initializer", "initialize_all_tables", "report_uninitialized_variables"),
)
"""`tf.<function>`: operations that initialise something else than the weights."""

MANAGED_SESSIONS: tuple[str, ...] = (
    *("train.MonitoredTrainingSession", "train.MonitoredSession", "train.SingularMonitoredSession", "train.Supervisor"),
    *("contrib.slim.learning.train", "train.SessionManager"),
)
"""Sessions that initialise or restore the weights themselves."""

INPUT_DATA = "tensorflow.examples.tutorials.mnist.input_data.read_data_sets"
_INPUT_DATA_NAMES = (
    "tensorflow.contrib.learn.python.learn.datasets.mnist.read_data_sets",
    "tensorflow.contrib.learn.datasets.mnist.read_data_sets",
    "tensorflow.examples.tutorials.mnist.read_data_sets",
    "input_data.read_data_sets",
)

DATASET = "tensorflow.data.Dataset"

ROWS: tuple[Row, ...] = (
    *(Row(f"tensorflow.{name}", "object", "initialization", "", (), (), f"{_DOCS}/{name}") for name in INITIALIZATIONS),
    *(Row(f"tensorflow.{name}", "object", "other_initialization", "") for name in OTHER_INITIALIZATIONS),
    *(Row(f"tensorflow.{name}", "object", "managed_session", "*args, **kwargs") for name in MANAGED_SESSIONS),
    Row("tensorflow.train.Saver", "object", "saver", "var_list=None, **kwargs", (), (), f"{_DOCS}/train/Saver"),
    Row("tensorflow.group", "function", "group", "*inputs, **kwargs", (), (), f"{_DOCS}/group"),
    Row("tensorflow.get_collection", "function", "collection", "key, scope=None", (), (), f"{_DOCS}/get_collection"),
    Row(
        INPUT_DATA,
        "function",
        "input_data",
        (
            "train_dir, fake_data=False, one_hot=False, dtype='float32', reshape=True, validation_size=5000, seed=None, "
            "source_url=None"
        ),
        _INPUT_DATA_NAMES,
    ),
    Row(f"{DATASET}.from_tensor_slices", "function", "pipeline", "tensors", (), (), f"{_DOCS}/data/Dataset"),
    Row(f"{DATASET}.zip", "function", "pipeline", "datasets", (), (), f"{_DOCS}/data/Dataset"),
)
