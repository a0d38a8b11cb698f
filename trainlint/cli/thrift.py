"""What the process of a command spares itself: garbage collection, threads for small matrices, LibCST's checks of its nodes.

LibCST's nodes are frozen dataclasses that look at themselves when they are made. Its native parser makes only nodes that are well
formed, and nothing here writes to one, so plain dataclasses that do not look serve as well: with them the import and the parser
take three quarters of the time.
"""

from __future__ import annotations

import atexit
import dataclasses
import gc
import os
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_NODE = "CSTNode"
_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def be_thrifty() -> None:
    """Begin to spare. Only for processes that are our own: other users of LibCST may rely on frozen nodes."""
    gc.set_threshold(100_000, 50, 10)  # trees are many objects that live long: to look at them again and again frees nothing
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)  # the last collections, ahead of an exit that frees all there is, took a tenth of the time
    for name in _THREADS:
        if name not in os.environ:
            os.putenv(name, "1")  # for NumPy in this process alone: `os.environ`, which a probed script gets, stays as it is
    if "libcst" not in sys.modules and not any(isinstance(one, _PlainNodes) for one in sys.meta_path):
        sys.meta_path.insert(0, _PlainNodes())


class _PlainNodes:
    """Finds LibCST once, and has its nodes made plain dataclasses while it is imported."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != "libcst":
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module
            spec.loader.exec_module = lambda module: _load(load, module)  # type: ignore[method-assign]
        return spec


def _load(load: Callable[[ModuleType], None], module: ModuleType) -> None:
    usual = dataclasses.dataclass

    def dataclass(cls: Any = None, /, **options: Any) -> Any:
        if cls is None:
            return lambda one: dataclass(one, **options)
        if any(base.__name__ == _NODE for base in cls.__mro__):
            options.update(frozen=False, repr=False, eq=False)  # nodes have their own, for which others would be thrown away
            if cls.__name__ == _NODE and "__post_init__" in cls.__dict__:
                del cls.__post_init__
        return usual(cls, **options)

    dataclasses.dataclass = dataclass
    try:
        load(module)
    finally:
        dataclasses.dataclass = usual
