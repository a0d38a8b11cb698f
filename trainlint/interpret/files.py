"""Settings read from files of the project: YAML, JSON and TOML, read by us within bounds and never outside the project's root.

YAML is read as PyYAML reads it (`1e-3` is a text, as it would be in the run), without any tag that builds objects.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trainlint.core import Origin, Place
from trainlint.interpret.builtins import machine_of
from trainlint.interpret.dispatch import Call, attribute, function, method
from trainlint.interpret.limits import MAXIMUM_ITEMS
from trainlint.interpret.standard import copied
from trainlint.interpret.values import NONE, OPEN, Dict, List, Literal, Object, Tuple, Unknown, Value
from trainlint.knowledge.rows import Row

if TYPE_CHECKING:
    from collections.abc import Hashable

FILE = Row("builtins.file", "file", "file")
PATH = Row("pathlib.Path", "path", "path")
NAMESPACE = Row("trainlint.namespace", "namespace", "namespace")
READERS = {
    **dict.fromkeys(("yaml.safe_load", "yaml.load", "yaml.full_load", "yaml.unsafe_load", "ruamel.yaml.safe_load"), "yaml"),
    **dict.fromkeys(("json.load", "json.loads", "ujson.load", "simplejson.load"), "json"),
    **dict.fromkeys(("tomllib.load", "tomllib.loads", "tomli.load", "toml.load", "tomli.loads"), "toml"),
}
OMEGA = "omegaconf"
"""YAML as OmegaConf reads it: `1e-3` is a number, `${a.b}` stands for another setting."""

MAXIMUM_DEPTH = 32


@function("builtins.open", "io.open", "codecs.open")
def _open(call: Call) -> Value:
    name = path_of(call.argument(0, "file"))
    mode = call.literal(1, "mode")
    if name is None or (isinstance(mode, str) and set(mode) & set("wax+")):
        return call.unknown("a file that is not known")
    return Object(FILE, cells={"path": Literal(name, call.place)}, spelled="open", place=call.place)


@method("file", "read", "readlines")
def _read(call: Call) -> Value:
    return call.receiver if call.name == "read" and call.receiver is not None else call.unknown("the lines of a file")


@function("pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath")
def _path(call: Call) -> Value:
    parts = [path_of(one) for one in call.arguments.positional]
    names = [one for one in parts if one is not None]
    if len(names) != len(parts):
        return call.unknown("a path that is not known")
    return _new_path(posixpath.join(*names) if names else ".", call.place)


def _new_path(name: str, place: Place | None) -> Object:
    return Object(PATH, cells={"path": Literal(posixpath.normpath(name), place)}, spelled="Path", place=place)


@method("path", "__truediv__", "joinpath")
def _joined(call: Call) -> Value:
    names = [path_of(call.receiver), *(path_of(one) for one in call.arguments.positional)]
    known = [one for one in names if one is not None]
    return _new_path(posixpath.join(*known), call.place) if len(known) == len(names) else call.unknown("a path")


@method("path", "resolve", "absolute", "expanduser")
def _same_path(call: Call) -> Value:
    return call.receiver or NONE


@method("path", "open")
def _open_path(call: Call) -> Value:
    name = path_of(call.receiver)
    return call.unknown("a file") if name is None else Object(FILE, cells={"path": Literal(name, call.place)}, place=call.place)


@method("path", "read_text", "read_bytes")
def _read_path(call: Call) -> Value:
    return _open_path(call)


def path_of(value: Value | None) -> str | None:
    """The path that a text, a Path or an open file stands for."""
    if isinstance(value, Object) and value.row in (FILE, PATH):
        value = value.cells.get("path")
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else None


@function(*READERS)
def _load(call: Call) -> Value:
    """A configuration file, or a text written in the script itself (`yaml.safe_load(\"\"\"...\"\"\")`)."""
    source = call.argument(0, "stream", "fp", "s")
    if isinstance(source, Literal) and isinstance(source.value, str):
        return _parsed(READERS[call.name], source.value, "", call)
    name = path_of(source)
    if name is None:
        return call.unknown("it comes from a file that is not known")
    return read_settings(READERS[call.name], name, call)


@function("omegaconf.OmegaConf.load", "mmengine.Config.fromfile", "mmcv.Config.fromfile")
def _load_configuration(call: Call) -> Value:
    name = path_of(call.argument(0, "file_", "filename"))
    other = OMEGA if call.name.startswith("omegaconf") else "yaml"
    kind = {".json": "json", ".toml": "toml"}.get(posixpath.splitext(name or "")[1], other)
    return as_namespace(read_settings(kind, name, call)) if name is not None else call.unknown("a file that is not known")


@function("omegaconf.OmegaConf.create", "easydict.EasyDict", "addict.Dict", "munch.Munch", "munch.munchify", "box.Box")
@function("ml_collections.ConfigDict", "ml_collections.config_dict.ConfigDict", "yacs.config.CfgNode")
def _namespace(call: Call) -> Value:
    first = call.argument(0)
    made = Dict(dict(first.cells) if isinstance(first, Dict) else {}, call.place)
    made.cells.update(call.arguments.keywords)
    return as_namespace(made)


@function("omegaconf.OmegaConf.to_container", "omegaconf.OmegaConf.to_object")
def _to_container(call: Call) -> Value:
    value = call.argument(0)
    return Dict(value.cells, call.place) if isinstance(value, Object) else call.unknown("a configuration that is not known")


def as_namespace(value: Value, depth: int = 0) -> Value:
    """Dicts as objects whose keys are attributes, however deep."""
    if not isinstance(value, Dict) or depth > MAXIMUM_DEPTH:
        return value
    cells: dict[Hashable, Value] = {key: as_namespace(one, depth + 1) for key, one in value.cells.items()}
    return Object(NAMESPACE, cells=cells, spelled="namespace", place=value.place)


@method("namespace", "get", "setdefault", "pop")
def _namespace_get(call: Call) -> Value:
    key = call.literal(0)
    known = call.receiver.cells if isinstance(call.receiver, Object) else {}
    if isinstance(key, str) and key in known:
        return known[key]
    return call.argument(1) or (call.unknown("a setting that is not known") if OPEN in known else NONE)


@method("namespace", "clone", "freeze", "defrost", "setup", "dump")
def _namespace_of_yacs(call: Call) -> Value:
    """`cfg.clone()`; `freeze` and `defrost` change nothing that is read."""
    return copied(call.receiver, deep=True) if call.name == "clone" and call.receiver is not None else NONE


@method("namespace", "merge_from_file", "merge_from_list", "merge_from_other_cfg")
def _merged_from(call: Call) -> Value:
    """Settings that others override: a file of the project is read, of anything else nothing is known afterwards."""
    name = path_of(call.argument(0))
    given = call.arguments.positional[0] if call.arguments.positional else NONE
    found: Value = Unknown(f"`{call.name}` overrides it", given.place or call.place)
    if name is not None and call.name == "merge_from_file":
        found = read_settings("yaml", name, call)
    if isinstance(call.receiver, Object):
        _override(call, call.receiver, found, 0)
    return NONE


def _override(call: Call, settings: Object, found: Value, depth: int) -> None:
    for key, value in list(settings.cells.items()):
        if isinstance(found, Dict) and key not in found.cells:
            continue
        new = found.cells[key] if isinstance(found, Dict) else found
        if isinstance(value, Object) and isinstance(new, Dict | Unknown) and depth < MAXIMUM_DEPTH:
            _override(call, value, new, depth + 1)
        else:
            call.interpreter.heap.write(settings, key, new)


@method("namespace", "items", "keys", "values", "update", "copy", "__len__")
def _namespace_as_dict(call: Call) -> Value:
    from trainlint.interpret.dispatch import METHODS

    if not isinstance(call.receiver, Object) or ("dict", call.name) not in METHODS:
        return call.unknown("a configuration")
    inside = Call(call.interpreter, call.name, call.arguments, call.place, Dict(call.receiver.cells, call.place))
    return METHODS["dict", call.name](inside)


def read_settings(kind: str, name: str, call: Call) -> Value:
    """The contents of a file of the project, by its path as the script names it."""
    machine = machine_of(call)
    tree = machine.scope.tree
    text = machine.workspace.text(name, tree.source.filename if tree is not None else "")
    if text is None:
        return call.unknown(f"it comes from `{name}`, which is not in the project")
    return _parsed(kind, text, posixpath.basename(name), call)


def _parsed(kind: str, text: str, name: str, call: Call) -> Value:
    try:
        data = _PARSERS[kind](text)
    except (ValueError, RecursionError, TypeError) as error:
        return call.unknown(f"`{name}` is not valid {kind.upper()}: {str(error).splitlines()[0][:80] if str(error) else ''}")
    built = _Builder(name, call.place).value(data, "", 0)
    return _interpolated(built, built, 0) if kind == OMEGA else built


def _interpolated(value: Value, root: Value, depth: int) -> Value:
    """A value in which `${a.b}` is what the setting `a.b` is; other interpolations are not known."""
    if depth > MAXIMUM_DEPTH:
        return value
    if isinstance(value, Dict):
        return Dict({key: _interpolated(one, root, depth + 1) for key, one in value.cells.items()}, value.place)
    if not isinstance(value, Literal) or not isinstance(value.value, str) or "${" not in value.value:
        return value
    found: Value | None = root
    text = value.value
    for part in text[2:-1].split(".") if text.startswith("${") and text.endswith("}") and text.count("$") == 1 else ("",):
        found = found.cells.get(part) if isinstance(found, Dict) else None
    unknown = Unknown(f"`{text[:60]}` is filled in while the script runs", value.place)
    return unknown if found is None else _interpolated(found, root, depth + 8)


def _parse_yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, AttributeError, OverflowError) as error:
        raise ValueError(str(error)) from error


def _parse_omegaconf(text: str) -> Any:
    import re

    import yaml

    class Loader(yaml.SafeLoader):
        """PyYAML's safe loader with OmegaConf's idea of a float."""

    number = re.compile(r"^[-+]?(?:\d[\d_]*\.?[\d_]*|\.[\d_]+)[eE][-+]?\d+$")
    Loader.add_implicit_resolver("tag:yaml.org,2002:float", number, list("-+0123456789."))
    try:
        return yaml.load(text, Loader)
    except (yaml.YAMLError, AttributeError, OverflowError) as error:
        raise ValueError(str(error)) from error


def _parse_toml(text: str) -> Any:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


_PARSERS: dict[str, Callable[[str], Any]] = {
    "yaml": _parse_yaml,
    OMEGA: _parse_omegaconf,
    "json": json.loads,
    "toml": _parse_toml,
}


class _Builder:
    """Turns parsed data into values; shared nodes (YAML aliases) cannot grow it beyond `MAXIMUM_ITEMS`."""

    def __init__(self, name: str, place: Place | None) -> None:
        self.name = name
        self.place = place
        self.left = MAXIMUM_ITEMS

    def value(self, data: Any, key: str, depth: int) -> Value:
        """One value; `key` is its dotted name in the file."""
        self.left -= 1
        if self.left < 0 or depth > MAXIMUM_DEPTH:
            return Unknown(f"`{self.name}` holds more than is read", self.place)
        if isinstance(data, dict):
            cells: dict[Hashable, Value] = {}
            for name, one in data.items():
                cells[name] = self.value(one, f"{key}.{name}" if key else str(name), depth + 1)
            return Dict(cells, self.place)
        if isinstance(data, list | tuple):
            items = tuple(self.value(one, key, depth + 1) for one in data)
            return List({"items": Tuple(items, self.place)}, self.place)
        if data is None or isinstance(data, bool | int | float | str):
            note = f"`{key}` in {self.name}" if self.name else f"`{key}`"
            return Literal(data, self.place, Origin.CONFIG, note)
        return Unknown("a date or other value that is no scalar", self.place)


@attribute("path", "parent", "stem", "name", "suffix")
def _path_part(call: Call) -> Value:
    name = path_of(call.receiver)
    if name is None:
        return call.unknown("a path that is not known")
    if call.name == "parent":
        return _new_path(posixpath.dirname(name) or ".", call.place)
    base = posixpath.basename(name)
    stem, suffix = posixpath.splitext(base)
    return Literal({"name": base, "stem": stem, "suffix": suffix}[call.name], call.place)
