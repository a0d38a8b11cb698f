"""OmegaConf, Hydra and Weights & Biases: settings that are composed of files, classes and the command line."""

from __future__ import annotations

import posixpath
from collections.abc import Hashable

from trainlint.core import Place
from trainlint.interpret import functions
from trainlint.interpret.builtins import machine_of
from trainlint.interpret.configuration import with_default
from trainlint.interpret.dispatch import Arguments, Call, attribute, function, method
from trainlint.interpret.files import NAMESPACE, OMEGA, as_namespace, read_settings
from trainlint.interpret.values import (
    NONE,
    OPEN,
    Class,
    Dict,
    Instance,
    List,
    Literal,
    Object,
    Scope,
    Tuple,
    Unknown,
    Value,
)
from trainlint.knowledge.rows import Row

MAIN = Row("hydra.main", "object", "hydra_main")
STORE = Row("hydra.core.config_store.ConfigStore", "config_store", "config_store")
TRACKED = Row("wandb.run", "tracked_run", "tracked_run")
_STORE_CELL, _TRACKED_CELL = "hydra.stored", "wandb.config"
MAXIMUM_DEPTH = 16
MAXIMUM_FILES = 32


def merged(first: Value, second: Value, depth: int = 0) -> Value:
    """Settings of which the second override the first, key by key."""
    if not isinstance(first, Object | Dict) or not isinstance(second, Object | Dict) or depth > MAXIMUM_DEPTH:
        return second
    cells = dict(first.cells)
    for key, value in second.cells.items():
        cells[key] = merged(cells[key], value, depth + 1) if key in cells and key is not OPEN else value
    return Object(NAMESPACE, cells=cells, spelled="namespace", place=second.place)


def as_options(value: Value, place: Place | None, path: str = "", depth: int = 0) -> Value:
    """Settings that the command line may override: `train.lr=0.1`."""
    if isinstance(value, Object | Dict) and depth < MAXIMUM_DEPTH:
        cells = {
            key: as_options(one, place, f"{path}.{key}" if path else str(key), depth + 1) for key, one in value.cells.items()
        }
        return Object(NAMESPACE, cells=cells, spelled="namespace", place=value.place)
    return with_default(value, f"default of `{path}=`", place)


def structured(call: Call, value: Value | None, depth: int = 0) -> Value:
    """A dataclass, or an instance of one, as settings."""
    if isinstance(value, Class):
        value = functions.instantiate(machine_of(call), value, Arguments(), call.place)
    if not isinstance(value, Instance) or depth > MAXIMUM_DEPTH:
        return value or NONE
    cells: dict[Hashable, Value] = {key: structured(call, one, depth + 1) for key, one in value.cells.items()}
    return Object(NAMESPACE, cells=cells, spelled="namespace", place=value.place)


@function("omegaconf.OmegaConf.structured")
def _structured(call: Call) -> Value:
    return structured(call, call.argument(0, "obj"))


@function("omegaconf.OmegaConf.from_cli", "omegaconf.OmegaConf.from_dotlist")
def _from_command_line(call: Call) -> Value:
    """What the command line gives is not known: nothing, as far as the script goes."""
    return Object(NAMESPACE, cells={OPEN: Literal(True)}, spelled="OmegaConf.from_cli", place=call.place)


@function("omegaconf.OmegaConf.merge", "omegaconf.OmegaConf.unsafe_merge")
def _merge(call: Call) -> Value:
    result: Value = Object(NAMESPACE, cells={}, place=call.place)
    overridable = False
    for one in call.arguments.positional:
        value = structured(call, one)
        overridable = overridable or (isinstance(value, Object) and value.spelled == "OmegaConf.from_cli")
        if not isinstance(value, Object | Dict):
            return call.unknown(value.why if isinstance(value, Unknown) else "settings that are not known")
        result = merged(result, value)
    if overridable and isinstance(result, Object):
        result.cells.pop(OPEN, None)
        return as_options(result, call.place)
    return result


@function("omegaconf.OmegaConf.set_struct", "omegaconf.OmegaConf.set_readonly", "omegaconf.OmegaConf.resolve")
def _nothing(_call: Call) -> Value:
    return NONE


@function("omegaconf.OmegaConf.select")
def _select(call: Call) -> Value:
    value, key = call.argument(0), call.literal(1, "key")
    for part in str(key).split(".") if isinstance(key, str) else ():
        value = value.cells.get(part) if isinstance(value, Object) else None
    return call.argument(2, "default") or call.unknown("a setting that is not known") if value is None else value


@function("hydra.main")
def _main(call: Call) -> Value:
    """As a decorator: the command is called with the settings of `config_path` and `config_name`."""
    return Object(
        MAIN, cells={"config": _composed(call, call.argument(-1, "config_name"))}, spelled="hydra.main", place=call.place
    )


@function("hydra.compose")
def _compose(call: Call) -> Value:
    return _composed(call, call.argument(0, "config_name"))


def _composed(call: Call, name: Value | None) -> Value:
    folder = call.literal(-1, "config_path")
    if not isinstance(name, Literal) or not isinstance(name.value, str):
        return call.unknown("the settings that Hydra is given are not known")
    stored = _stored(call).cells.get(name.value)
    base = folder if isinstance(folder, str) else ""
    found = structured(call, stored) if stored is not None else _Composer(call, base).load(name.value)
    return as_options(found, call.place) if isinstance(found, Object) else found


class _Composer:
    """Reads a primary file and those that its `defaults` name (hydra.cc, "The Defaults List")."""

    def __init__(self, call: Call, folder: str) -> None:
        self.call = call
        self.folder = folder
        self.files = 0

    def load(self, name: str) -> Value:
        """A file by its name below the folder, with its defaults."""
        self.files += 1
        if self.files > MAXIMUM_FILES:
            return self.call.unknown("the settings are in more files than are read")
        path = posixpath.join(self.folder, name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
        own = as_namespace(read_settings(OMEGA, posixpath.normpath(path), self.call))
        if not isinstance(own, Object) or "defaults" not in own.cells:
            return own
        entries = own.cells.pop("defaults")
        items = entries.cells.get("items") if isinstance(entries, List) else None
        result: Value = Object(NAMESPACE, cells={}, place=self.call.place)
        placed = False
        for entry in items.items if isinstance(items, Tuple) else ():
            if isinstance(entry, Literal) and entry.value == "_self_":
                result, placed = merged(result, own), True
            else:
                result = merged(result, self._entry(entry, name))
        return result if placed else merged(result, own)

    def _entry(self, entry: Value, importer: str) -> Value:
        """`model: small` is `model/small.yaml` below the key `model`; a plain name is a file merged as it stands."""
        nothing = Object(NAMESPACE, cells={}, place=self.call.place)
        around = posixpath.dirname(importer)
        if isinstance(entry, Literal) and isinstance(entry.value, str):
            found = self.load(posixpath.join(around, entry.value))
            return found if isinstance(found, Object) else nothing
        pairs = list(entry.cells.items()) if isinstance(entry, Object | Dict) else []
        if len(pairs) != 1 or not isinstance(pairs[0][0], str) or not isinstance(pairs[0][1], Literal):
            return nothing
        group, option = pairs[0][0].removeprefix("optional ").removeprefix("/"), pairs[0][1].value
        group, _, package = group.partition("@")
        if group.startswith(("override ", "hydra/")) or not isinstance(option, str):
            return nothing
        found = self.load(posixpath.join(around, group, option))
        for part in reversed((package or group).split("/")) if package != "_global_" else ():
            found = Object(NAMESPACE, cells={part: found}, spelled="namespace", place=self.call.place)
        return found if isinstance(found, Object) else nothing


def _stored(call: Call) -> Dict:
    """What the script put into Hydra's store, kept with its main module."""
    scope: Scope = machine_of(call).activations[0].scope
    found = scope.cells.get(_STORE_CELL)
    if isinstance(found, Dict):
        return found
    made = Dict({})
    machine_of(call).heap.write(scope, _STORE_CELL, made)
    return made


@function("hydra.core.config_store.ConfigStore.instance", "hydra.core.config_store.ConfigStore")
def _store(call: Call) -> Value:
    return Object(STORE, spelled="ConfigStore", place=call.place)


@method("config_store", "store")
def _put(call: Call) -> Value:
    name, node, group = call.argument(-1, "name"), call.argument(-1, "node"), call.argument(-1, "group")
    if isinstance(name, Literal) and isinstance(name.value, str) and node is not None and group is None:
        machine_of(call).heap.write(_stored(call), name.value, node)
    return NONE


@function("wandb.init")
def _tracked(call: Call) -> Value:
    """`wandb.init(config=...)`: a sweep may override what the script gives."""
    given = structured(call, call.argument(-1, "config"))
    cells = given.cells if isinstance(given, Object | Dict) else {}
    options: dict[Hashable, Value] = {
        key: with_default(value, f"default of `wandb.config.{key}`", call.place) for key, value in cells.items()
    }
    made = Object(NAMESPACE, cells={**options, **({OPEN: Literal(True)} if isinstance(given, Unknown) else {})}, place=call.place)
    machine_of(call).heap.write(machine_of(call).activations[0].scope, _TRACKED_CELL, made)
    return Object(TRACKED, cells={"config": made}, spelled="wandb.init", place=call.place)


@attribute("symbol", "wandb.config")
def _tracked_settings(call: Call) -> Value:
    found = machine_of(call).activations[0].scope.cells.get(_TRACKED_CELL)
    return found or call.unknown("the settings of `wandb` are not known")
