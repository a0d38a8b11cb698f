"""Libraries that are imported when something of them is first asked for, so that tests are collected where they are missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Lazily:
    """Stands for a module until then."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module(self._name), name)


torch = Lazily("torch")
nn = Lazily("torch.nn")
F = Lazily("torch.nn.functional")
