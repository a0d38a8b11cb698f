"""How people write Keras: the parts that many scripts have in common, and the facts of a run under the names that the tables use.

What a row of a table expects was worked out by hand from the documentation of Keras (defaults, what a generator yields, how rows
are kept). A fact that a row does not name is not looked at; `UNKNOWN` says that it must not be guessed.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.interpret.helpers import follow
from trainlint.core import Fact, Unknown
from trainlint.facts.extract import extract
from trainlint.facts.run import ModelFacts, TrainingRun

Idioms = dict[str, tuple[str, dict[str, Any]]]
UNKNOWN = "?"

HEAD = """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.models import Sequential, Model
from tensorflow.keras.layers import Dense, Conv2D, Flatten, Dropout, Activation, Input
from tensorflow.keras.preprocessing.image import ImageDataGenerator
"""

TABLE = "x = np.random.random((1000, 8))\ny = np.random.randint(2, size=(1000, 1))\n"
MNIST = "(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()\n"
ONE = "model = Sequential([Dense(16, activation='relu'), Dense(1, activation='sigmoid')])\n"
TEN = "model = Sequential([Flatten(), Dense(10, activation='softmax')])\n"
CONV = """model = Sequential([Conv2D(8, 3, activation='relu', input_shape=(150, 150, 3)), Flatten(), Dense(1, activation='sigmoid')])
model.compile(loss='binary_crossentropy', optimizer='rmsprop')
"""
COMPILE_ONE = "model.compile(optimizer='adam', loss='binary_crossentropy')\n"
COMPILE_TEN = "model.compile(optimizer='adam', loss='sparse_categorical_crossentropy')\n"
FIT = "model.fit(x, y, epochs=3)\n"


def _value(fact: object) -> object:
    return fact.value if isinstance(fact, Fact) else UNKNOWN


def _row(fact: object) -> int | None:
    place = fact.place if isinstance(fact, Unknown) else None
    return None if place is None else place.span.row


def _frozen(model: object) -> list[str]:
    """The kinds of layers all weights of which stay as they are."""
    nodes = [(one.kind, one.node) for one in model.layers if one.node is not None] if isinstance(model, ModelFacts) else []
    return [kind for kind, node in nodes if node.parameters and not any(one.trainable for one in node.parameters)]


def facts(run: TrainingRun) -> dict[str, Any]:
    """What the table may ask of a run, under the names it uses."""
    optimizer, model = run.optimizer, run.model
    rate = getattr(optimizer, "learning_rate", None)
    return {
        "optimizer": getattr(optimizer, "name", UNKNOWN),
        "lr": _value(rate),
        "lr_why": getattr(rate, "reason", ""),
        "optimizer_why": getattr(optimizer, "reason", ""),
        "loss_why": getattr(run.loss, "reason", ""),
        "model_why": getattr(model, "reason", ""),
        "batch_why": getattr(run.batch_size, "reason", ""),
        "epochs_why": getattr(run.epochs, "reason", ""),
        "steps_why": getattr(run.steps_per_epoch, "reason", ""),
        "why_row": _row(rate if isinstance(rate, Unknown) else optimizer),
        "origin": rate.origin.value if isinstance(rate, Fact) else UNKNOWN,
        "momentum": _value(getattr(optimizer, "momentum", None)),
        "schedule": getattr(run.schedule, "name", None),
        "loss": getattr(run.loss, "name", UNKNOWN),
        "from_logits": getattr(run.loss, "from_logits", None),
        "activation": getattr(model, "output_activation", UNKNOWN),
        "parameters": getattr(model, "parameters", UNKNOWN),
        "layers": [one.kind for one in getattr(model, "layers", ())],
        "frozen": _frozen(model),
        "output_shape": getattr(getattr(model, "output", None), "shape", UNKNOWN),
        "batch": _value(run.batch_size),
        "epochs": _value(run.epochs),
        "steps": _value(run.steps_per_epoch),
        "scale": run.inputs.scale,
        "low": run.inputs.low,
        "high": run.inputs.high,
        "known": run.inputs.known,
        "shape": run.inputs.shape,
        "labels": run.targets.labels,
        "classes": run.targets.classes,
    }


def runs_of(text: str) -> tuple[TrainingRun, ...]:
    """The runs of a script behind the usual imports."""
    return extract(follow(HEAD + text)).runs


def check(runs: tuple[TrainingRun, ...], expected: dict[str, Any]) -> None:
    """Assert that there is one run and that it has the expected facts; reasons (`..._why`) need only contain the words."""
    assert len(runs) == 1
    found = facts(runs[0])
    said = {key: value for key, value in expected.items() if key.endswith("_why")}
    wanted = {key: value for key, value in expected.items() if key not in said}
    assert {key: found[key] for key in wanted} == {key: pytest.approx(value) for key, value in wanted.items()}
    assert {key: value for key, value in said.items() if value not in found[key]} == {}
