"""Handlers of Keras (all releases) and of TensorFlow's own training; importing the package registers them."""

from __future__ import annotations

from trainlint.interpret.keras import (
    compiling,
    custom,
    data_sets,
    distribution,
    estimators,
    generators,
    graph_layers,
    inspection,
    layers,
    loops,
    models,
    operations,
    preprocess,
    stateless,
    tokens,
    training,
    tuners,
)

__all__ = [
    "compiling",
    "custom",
    "data_sets",
    "distribution",
    "estimators",
    "generators",
    "graph_layers",
    "inspection",
    "layers",
    "loops",
    "models",
    "operations",
    "preprocess",
    "stateless",
    "tokens",
    "training",
    "tuners",
]
