"""Imports: a project's own files are interpreted, everything else becomes a symbol by its canonical name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import libcst as cst

from trainlint.interpret import functions, targets
from trainlint.interpret.values import Deferred, ModuleValue, Scope, Symbol, Unknown, Value
from trainlint.knowledge.names import canonical

if TYPE_CHECKING:
    from trainlint.core import Place
    from trainlint.interpret.interpreter import Machine

T = TypeVar("T")

MAXIMUM_MODULES = 200
MAXIMUM_IMPORTED_TEXT = 500_000
"""Characters of a project's files that are followed for one script, besides its own."""

LIBRARIES = frozenset(
    {
        *("torch", "tensorflow", "keras", "numpy", "pandas", "sklearn", "torchvision", "os", "sys", "builtins"),
        *(
            "timm",
            "transformers",
            "accelerate",
            "lightning",
            "pytorch_lightning",
            "ignite",
            "fastai",
            "skorch",
            "omegaconf",
            "hydra",
        ),
    }
)
"""Never looked for among the project's files: what the tables know says more than following them, even in their own projects."""


def dotted(node: cst.BaseExpression | None) -> str:
    """The dotted name of an import."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def import_names(machine: Machine, node: cst.Import) -> None:
    """`import a.b`, `import a.b as c`."""
    for alias in node.names:
        path = dotted(alias.name)
        place = machine.place(alias)
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            _bind(machine, alias.asname.name.value, module(machine, path, 0, place))
        else:
            loaded = module(machine, path, 0, place)
            first = path.partition(".")[0]
            _bind(machine, first, loaded if first == path else module(machine, first, 0, place))


def import_from(machine: Machine, node: cst.ImportFrom) -> None:
    """`from a import b as c`, `from . import d`, `from a import *`."""
    path = dotted(node.module)
    level = len(node.relative)
    place = machine.place(node)
    deferred = machine.defers and level > 0
    if isinstance(node.names, cst.ImportStar):
        if deferred:
            scope = machine.scope
            machine.stars.setdefault(id(scope), []).append(
                lambda: _within(machine, scope, lambda: _star(machine, path, level, place))
            )
        else:
            _star(machine, path, level, place)
        return
    source = None if deferred else module(machine, path, level, place)
    for alias in node.names:
        name = dotted(alias.name)
        bound = alias.asname.name.value if alias.asname and isinstance(alias.asname.name, cst.Name) else name
        at = machine.place(alias)
        _bind(
            machine,
            bound,
            _deferred(machine, (path, level), name, at) if source is None else _member(machine, source, (path, level), name, at),
        )


def _star(machine: Machine, path: str, level: int, place: Place | None) -> None:
    source = module(machine, path, level, place)
    if isinstance(source, Symbol):
        _import_star(machine, source)
    if not isinstance(source, ModuleValue):
        return
    targets.settle(machine, source.scope)
    for key, value in list(source.scope.cells.items()):
        if isinstance(key, str) and not key.startswith("_"):
            _bind(machine, key, value)


def _deferred(machine: Machine, path: tuple[str, int], name: str, place: Place | None) -> Deferred:
    """A name of another file of the project, to be followed when it is read."""
    scope = machine.scope
    unknown = Unknown(f"`{name}` is imported, and nothing trains here", place)

    def follow() -> Value:
        if not machine.follows:
            return unknown
        return _within(machine, scope, lambda: _member(machine, module(machine, *path, place), path, name, place))

    return Deferred(unknown.why, place, follow=follow)


def _within(machine: Machine, scope: Scope, work: Callable[[], T]) -> T:
    """Do what a statement of another scope does."""
    from trainlint.interpret.interpreter import Activation

    machine.activations.append(Activation(scope))
    try:
        return work()
    finally:
        machine.activations.pop()


def bound_in(machine: Machine, source: ModuleValue, name: str) -> Value | None:
    """What a module binds a name to."""
    if name not in source.scope.cells and machine.stars:
        targets.settle(machine, source.scope)
    found = source.scope.cells.get(name)
    return found.follow() if isinstance(found, Deferred) else found


def _bind(machine: Machine, name: str, value: Value) -> None:
    machine.heap.write(machine.scope, name, value)


def _member(machine: Machine, source: Value, path: tuple[str, int], name: str, place: Place | None) -> Value:
    if isinstance(source, ModuleValue):
        found = bound_in(machine, source, name)
        if found is not None:
            return found
        inner = module(machine, f"{path[0]}.{name}" if path[0] else name, path[1], place)
        return inner if isinstance(inner, ModuleValue) else Unknown(f"`{name}` is not in {source.name}", place)
    inside = project_module(
        machine, f"{path[0]}.{name}" if path[0] else name, place, path[1]
    )  # of a folder without `__init__.py`
    if isinstance(inside, ModuleValue):
        return inside
    if isinstance(source, Symbol):
        return symbol(machine, f"{source.spelled}.{name}", place)
    return Unknown(f"`{name}` comes from a module that is not known", place)


def symbol(machine: Machine, spelled: str, place: Place | None) -> Symbol:
    """The symbol of a library path; notes the eras that have such a path."""
    from trainlint.knowledge import eras

    possible = eras.of_path(spelled)
    if possible:
        machine.note_era(possible, place)
    return Symbol(canonical(spelled), spelled, place)


def module(machine: Machine, path: str, level: int, place: Place | None) -> Value:
    """A project's module, interpreted once, or the symbol of a library."""
    found = project_module(machine, path, place, level)
    if found is not None:
        return found
    if level:
        return Unknown(f"the module `{'.' * level}{path}` is not there", place)
    return symbol(machine, path, place)


def project_module(machine: Machine, path: str, place: Place | None, level: int = 0) -> Value | None:
    """A module of the project, interpreted once; None if the project has no such file."""
    if not level and path.partition(".")[0] in LIBRARIES:
        return None
    tree = machine.scope.tree
    importer = tree.source.filename if tree is not None else ""
    place_of_import = (path, level, importer)
    known = machine.located.get(place_of_import)
    if known is not None:
        return known
    if machine.imported_text > MAXIMUM_IMPORTED_TEXT or len(machine.modules) >= MAXIMUM_MODULES:
        return Unknown("the project has more files than are followed for one script", place) if level else None
    if place_of_import in machine.located:
        return None
    found = machine.workspace.module(path, level, importer)
    if found is None:
        machine.located[place_of_import] = None
        return None
    key = found.source.filename
    value = machine.modules.get(key)
    if value is None:
        machine.imported_text += len(found.source.text)
        value = machine.modules[key] = ModuleValue(path, Scope(kind="module", name=path, tree=found), place)
        machine.located[place_of_import] = value
        functions.run_module(machine, value, found)
    machine.located[place_of_import] = value
    return value


def _import_star(machine: Machine, source: Symbol) -> None:
    """`from keras.layers import *`: every name that the tables know in that module."""
    from trainlint.knowledge import names_in

    for name in names_in(source.name):
        if name not in machine.scope.cells:
            _bind(machine, name, Symbol(canonical(f"{source.spelled}.{name}"), f"{source.spelled}.{name}", source.place))
