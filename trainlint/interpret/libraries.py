"""Loads the handlers of all libraries, once, when the first script is interpreted."""

from __future__ import annotations

import importlib
from functools import lru_cache

HANDLERS = (
    "builtins",
    "iterators",
    "ordering",
    "objects",
    "containers",
    "standard",
    "configuration",
    "typed_options",
    "hydra",
    "files",
    "arrays",
    "keras",
    "tensorflow1",
    "torch",
)


@lru_cache(maxsize=1)
def load() -> None:
    """Import every handler module, so that it registers with `dispatch`."""
    for name in HANDLERS:
        importlib.import_module(f"trainlint.interpret.{name}")
