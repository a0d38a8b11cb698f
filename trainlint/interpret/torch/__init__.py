"""PyTorch: handlers of `dispatch`, registered by being imported. The rows are in `knowledge.torch_rows`."""

from __future__ import annotations

from trainlint.interpret.torch import (
    containers,
    data,
    functional,
    hugging_face,
    in_place,
    launching,
    layers,
    lightning,
    loaders,
    losses,
    modules,
    networks,
    parameters,
    remote,
    splits,
    trainers,
    training,
    updates,
)

__all__ = [
    "containers",
    "data",
    "functional",
    "hugging_face",
    "in_place",
    "launching",
    "layers",
    "lightning",
    "loaders",
    "losses",
    "modules",
    "networks",
    "parameters",
    "remote",
    "splits",
    "trainers",
    "training",
    "updates",
]
