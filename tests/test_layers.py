"""Imports point one way: a room imports what stands to its left, and the types that all share."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

LAYERS = (
    {"trainlint"},
    {"trainlint.core"},
    {"trainlint.settings"},
    {"trainlint.trust"},
    {"trainlint.knowledge"},
    {"trainlint.source"},
    {"trainlint.workspace"},
    {"trainlint.interpret"},
    {"trainlint.facts.graph"},
    {"trainlint.stability.bound"},
    {"trainlint.facts.run"},
    {"trainlint.wording"},
    {"trainlint.facts"},
    {"trainlint.stability"},
    {"trainlint.judged", "trainlint.scheduled", "trainlint.remedies"},
    {"trainlint.registry"},
    {"trainlint.step_reports", "trainlint.voices"},
    {"trainlint.api"},
    {"rules", "trainlint.rules"},
    {"trainlint.selection", "trainlint.precedence", "trainlint.result"},
    {"trainlint.engine", "trainlint.cache"},
    {"trainlint.fixes"},
    {"trainlint.report"},
    {"trainlint.probe"},
    {"trainlint.server"},
    {"trainlint.cli"},
    {"trainlint.__main__"},
)
"""From left to right; what is to the right of a room is closed to it. The types of facts stand apart from what fills them.
Members of one set do not import each other; a room's own modules may."""

ROOMS = {name for layer in LAYERS for name in layer}
FRAMEWORKS = {"torch", "torchvision", "tensorflow", "keras", "tf_keras", "jax", "sklearn", "pandas"}
LIGHT = {
    "trainlint.core",
    "trainlint.settings",
    "trainlint.trust",
    "trainlint.knowledge",
    "trainlint.registry",
    "trainlint.result",
    "trainlint.precedence",
}
LIGHT |= {
    "trainlint.selection",
    "trainlint.facts",
    "trainlint.wording",
    "trainlint.fixes",
    "trainlint.report",
    "trainlint.cache",
    "trainlint.cli",
    "trainlint.__main__",
}
HEAVY = {"libcst", "numpy", "rich"}


PROBE = ROOT / "trainlint" / "probe"
CHILD = PROBE / "child"
"""What runs in the user's process, as a package of its own; it stands outside of the layers."""
OF_CHILD = {"lanczos", "protocol", "child"}
"""The modules of the probe that the child may import."""


def files() -> list[Path]:
    ours = [path for path in (ROOT / "trainlint").rglob("*.py") if not path.is_relative_to(CHILD)]
    return sorted([*ours, *(ROOT / "rules").glob("*.py")])


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    """The longest entry of `LAYERS` that a module stands in, or its first two parts."""
    parts = module.split(".")
    entries = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((entry for entry in entries if entry in ROOMS and (entry != "trainlint" or len(parts) == 1)), ".".join(parts[:2]))


def place(name: str) -> int:
    return next((index for index, layer in enumerate(LAYERS) if name in layer), len(LAYERS))


def imports(tree: ast.AST, at_import_time: bool = False) -> Iterator[str]:
    """The dotted names that a file imports; with `at_import_time` only those that importing the file imports."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            if not at_import_time:
                yield from imports(node)
        elif not (at_import_time and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            yield from imports(node, at_import_time)


def imported(path: Path, at_import_time: bool = False) -> list[str]:
    return list(imports(ast.parse(path.read_text(encoding="utf-8")), at_import_time))


def test_every_room_has_its_place() -> None:
    assert {room(module_name(path)) for path in files()} - ROOMS == set()


def test_imports_point_one_way() -> None:
    wrong = [
        f"{module_name(path)} imports {name}"
        for path in files()
        for name in imported(path)
        if name.startswith("trainlint.") and name not in ("trainlint.__version__", "trainlint.rules")
        if room(name) != room(module_name(path)) and place(room(name)) >= place(room(module_name(path)))
    ]
    assert wrong == []


def test_rules_import_the_api_only() -> None:
    wrong = [
        f"{path.name} imports {name}"
        for path in sorted((ROOT / "rules").glob("*.py"))
        for name in imported(path)
        if name.startswith(("trainlint", "rules")) and not name.startswith("trainlint.api.")
    ]
    assert wrong == []


def test_only_the_registry_knows_the_rules() -> None:
    wrong = [
        module_name(path)
        for path in files()
        for name in imported(path)
        if name.startswith(("trainlint.rules", "rules")) and module_name(path) != "trainlint.registry"
    ]
    assert wrong == []


def test_reports_decide_nothing() -> None:
    """They may read the registry: SARIF carries the rules' documentation."""
    wrong = [
        f"{module_name(path)} imports {name}"
        for path in files()
        if room(module_name(path)) == "trainlint.report"
        for name in imported(path)
        if room(name) in ("trainlint.engine", "trainlint.selection", "trainlint.precedence", "trainlint.api")
    ]
    assert wrong == []


def test_nobody_imports_a_framework() -> None:
    wrong = [
        f"{module_name(path)} imports {name}" for path in files() for name in imported(path) if name.split(".")[0] in FRAMEWORKS
    ]
    assert wrong == []


def test_the_child_imports_nothing_of_ours_but_itself() -> None:
    """Its frameworks are those of its folder, and it knows itself by relative names: the user's process has no trainlint."""
    allowed = {"torch": {"torch"}, "keras": {"tensorflow", "keras", "tf_keras", "jax"}}
    wrong = []
    for path in [*CHILD.rglob("*.py"), *(PROBE / f"{name}.py" for name in OF_CHILD - {"child"})]:
        frameworks = allowed.get(path.relative_to(PROBE).parts[1], set()) if path.is_relative_to(CHILD) else set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = path.parents[node.level - 1].relative_to(PROBE).parts
                names = [".".join((*base, *filter(None, [node.module]), alias.name)) for alias in node.names]
                wrong += [f"{path.name} imports {name}" for name in names if name.split(".")[0] not in OF_CHILD]
            elif isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
                roots = {name.split(".")[0] for name in names}
                wrong += [f"{path.name} imports {name}" for name in roots & {"trainlint", "rules", *FRAMEWORKS} - frameworks]
    assert wrong == []


def test_light_rooms_import_nothing_heavy_when_they_are_imported() -> None:
    wrong = [
        f"{module_name(path)} imports {name}"
        for path in files()
        if room(module_name(path)) in LIGHT and not module_name(path).startswith("trainlint.facts.extract")
        for name in imported(path, at_import_time=True)
        if name.split(".")[0] in HEAVY
    ]
    assert wrong == []
