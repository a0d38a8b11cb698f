"""Modules and names of older releases, looked for after the real ones, by a finder and by the modules' `__getattr__`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from . import stand_ins
from .tables import MODULES, NAMES, NUMPY, ROOTS, STANDARD

LEGACY = "keras._tf_keras.keras"  # Keras's own collection of the names that `tf.keras` must keep


def install() -> None:
    """Serve what is missing. Calling it again changes nothing."""
    if not any(isinstance(one, Finder) for one in sys.meta_path):
        sys.meta_path.append(Finder())


def add_standard_names() -> None:
    """Give numpy and the standard library back the names that they have lost."""
    for name, target in {**{f"numpy.{name}": target for name, target in NUMPY.items()}, **STANDARD}.items():
        module, _, attribute = name.rpartition(".")
        owner = importlib.import_module(module)
        if attribute not in vars(owner):
            found = resolve(target)
            if found is not None:
                setattr(owner, attribute, found)


def patch_module(module: ModuleType, path: str) -> None:
    """Have `module`, which is `path` below a root ("" the root itself), look up its missing names in the tables."""
    existing: Callable[[str], Any] | None = vars(module).get("__getattr__")

    def missing(name: str) -> Any:
        if existing is not None:
            try:
                return existing(name)
            except AttributeError:
                pass
        found = None if name.startswith("__") else lookup(path, name)
        if found is None:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        return found

    module.__dict__["__getattr__"] = missing


def lookup(path: str, name: str) -> Any:
    """What `name` in the module `path` below a root is today, or None."""
    targets = _targets(path)
    for target in (path, *targets):
        spelled = f"{target}.{name}" if target else name
        if spelled in NAMES:
            return below_keras(NAMES[spelled]) if NAMES[spelled] else None
    for target in targets:
        found = below_keras(f"{target}.{name}" if target else name)
        if found is not None:
            return found
    if f"{path}.{name}".lstrip(".") in MODULES:
        return importlib.import_module(f"keras.{path}.{name}".replace("..", "."))
    return None


def _targets(path: str) -> tuple[str, ...]:
    parts = path.split(".") if path else []
    for length in range(len(parts), 0, -1):
        targets = MODULES.get(".".join(parts[:length]))
        if targets is not None:
            return targets
    return ("",)


def below_keras(name: str) -> Any:
    """The object `name` of today's Keras, of its collection for TensorFlow, or of `stand_ins`."""
    if name.startswith("old."):
        return getattr(stand_ins, name[4:])
    if name == "tensorflow":
        return sys.modules.get(name)
    for root in ("keras", LEGACY):
        found = resolve(f"{root}.{name}")
        if found is not None:
            return found
    return None


def resolve(path: str) -> Any:
    """The object at a dotted path that exists, without asking the tables; None if there is none."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        module = sys.modules.get(name)
        if module is None:
            try:
                module = importlib.import_module(name) if _exists(name) else None
            except (ImportError, AttributeError):
                module = None
        if module is not None and not isinstance(getattr(module, "__loader__", None), Forward):
            found: Any = module
            for part in parts[length:]:
                found = vars(found).get(part) if isinstance(found, ModuleType) else getattr(found, part, None)
                if found is None:
                    return None
            return found
    return None


def _exists(name: str) -> bool:
    if name.split(".", maxsplit=1)[0] not in sys.modules and name.split(".", maxsplit=1)[0] not in ("math", "collections"):
        return False
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return False
    return spec is not None and not isinstance(spec.loader, Forward)


class Finder(MetaPathFinder):
    """Finds the missing modules below Keras's roots."""

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        """A forwarding module, or None where the tables know nothing."""
        below = below_root(name)
        if below is None or "keras" not in sys.modules or not _known(below):
            return None
        return ModuleSpec(name, Forward(below), is_package=True)


class Forward(Loader):
    """Makes a module whose names are looked up in the tables."""

    def __init__(self, path: str) -> None:
        self.path = path

    def create_module(self, spec: ModuleSpec) -> None:
        """Python's own module."""

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run: the names come when they are asked for."""
        patch_module(module, self.path)


def below_root(name: str) -> str | None:
    """The path of a module below the root that it stands under, or None."""
    for root in sorted(ROOTS, key=len, reverse=True):
        if name == root:
            return ""
        if name.startswith(f"{root}."):
            return name[len(root) + 1 :]
    return None


def _known(path: str) -> bool:
    """Whether a module of this path has existed: the table names it or the package that it stood in."""
    if not path or path in MODULES or path in NAMES:
        return True
    package, _, last = path.rpartition(".")
    return (package in MODULES or not package) and last.isidentifier() and (bool(package) and last.islower())
