"""Command lines made of typed classes and functions: tyro, simple_parsing, HfArgumentParser, Tap, pyrallis, fire, typer.

Every field with a default is an option `--field`; the user may override it, and a field without one must be given.
"""

from __future__ import annotations

from trainlint.core import Place
from trainlint.interpret import functions, members
from trainlint.interpret.builtins import machine_of
from trainlint.interpret.configuration import PARSER, options_of, with_default
from trainlint.interpret.dispatch import Arguments, Call, function, method
from trainlint.interpret.interpreter import Machine
from trainlint.interpret.values import (
    NONE,
    Class,
    Dict,
    Function,
    Instance,
    Literal,
    Object,
    Partial,
    Symbol,
    Tuple,
    Unknown,
    Value,
)
from trainlint.knowledge import find
from trainlint.knowledge.rows import REQUIRED, Row

CLASS_PARSER = Row("transformers.HfArgumentParser", "parser", "class_parser")
MAXIMUM_DEPTH = 8


def option_instance(machine: Machine, cls: Value, place: Place | None, dashes: str = "--") -> Value:
    """An instance of a class of settings, each field its default, as the command line leaves it when nothing is given.

    Without `dashes` it is the caller of a function that may give others.
    """
    if isinstance(cls, Class):
        made = functions.instantiate(machine, cls, Arguments(), place)
        if isinstance(made, Instance):
            _mark(made, place, dashes, 0)
        return made
    row = find(cls.name) if isinstance(cls, Symbol) else None
    if row is None:
        return Unknown("the settings are of a class that is not known", place)
    arguments: dict[str, Value] = {}
    for one in row.parameters:
        if one.default is not REQUIRED and (one.default is None or isinstance(one.default, bool | int | float | str)):
            arguments[one.name] = with_default(Literal(one.default, place), f"default of `--{one.name}`", place)
    return Object(row, arguments, spelled=row.name, place=place)


def _mark(instance: Instance, place: Place | None, dashes: str, depth: int) -> None:
    """Turn the fields of settings into options, those of nested settings too."""
    for name in functions.record_fields(instance.cls):
        value = instance.cells.get(name) or members.find_in_class(instance.cls, name)
        if isinstance(value, Instance) and depth < MAXIMUM_DEPTH:
            _mark(value, place, dashes, depth + 1)
        elif value is None:
            instance.cells[name] = Unknown(f"`{dashes}{name}` must be given" + " on the command line" * bool(dashes), place)
        else:
            instance.cells[name] = with_default(value, f"default of `{dashes}{name}`", place)


def with_options(callee: Value, place: Place | None) -> Arguments:
    """The arguments with which a command line calls a function when nothing is given."""
    if not isinstance(callee, Function):
        return Arguments()
    passed = {name: with_default(value, f"default of `--{name}`", place) for name, value in callee.defaults.items()}
    return Arguments((), passed, (), {}, complete=False)


@function("tyro.cli", "simple_parsing.parse", "pyrallis.parse", "draccus.parse", "chz.entrypoint", "jsonargparse.CLI")
@function("fire.Fire", "typer.run", "jsonargparse.auto_cli", "chz.nested_entrypoint")
def _parse(call: Call) -> Value:
    """Settings of a class, or the call of a function with its defaults."""
    target = call.argument(0, "config_class", "f", "component", "components", "function")
    target = target or machine_of(call).activations[0].scope.cells.get("main")
    if isinstance(target, Function | Partial):
        return call.interpreter.call(target, with_options(target, call.place), call.place)
    if isinstance(target, Class) and call.name in ("fire.Fire", "jsonargparse.CLI", "jsonargparse.auto_cli"):
        return call.interpreter.call(target, Arguments(), call.place)
    if target is None:
        return call.unknown("a command line of which nothing is known")
    return option_instance(machine_of(call), target, call.place)


@function("simple_parsing.ArgumentParser")
def _simple_parser(call: Call) -> Value:
    return Object(PARSER, cells={"options": Dict({}, call.place)}, spelled=call.spelled, place=call.place)


@method("parser", "add_arguments")
def _add_arguments(call: Call) -> Value:
    """`parser.add_arguments(Options, dest="options")`."""
    cls, target = call.argument(0, "dataclass"), call.literal(1, "dest")
    if isinstance(call.receiver, Object) and cls is not None and isinstance(target, str):
        made = option_instance(machine_of(call), cls, call.place)
        machine_of(call).heap.write(options_of(call.receiver), target, made)
    return NONE


@function("transformers.HfArgumentParser", "transformers.hf_argparser.HfArgumentParser", "trl.TrlParser")
def _class_parser(call: Call) -> Value:
    classes = call.argument(0, "dataclass_types") or NONE
    found = (classes,) if isinstance(classes, Class | Symbol) else tuple(call.interpreter.iterate(classes, call.place).items)
    return Object(CLASS_PARSER, cells={"classes": Tuple(found), "options": Dict({})}, spelled=call.spelled, place=call.place)


@method("parser:class_parser", "parse_args_into_dataclasses", "parse_args_and_config")
def _parse_into(call: Call) -> Value:
    classes = call.receiver.cells.get("classes") if isinstance(call.receiver, Object) else None
    found = classes.items if isinstance(classes, Tuple) else ()
    return Tuple(tuple(option_instance(machine_of(call), one, call.place) for one in found), call.place)


@method("parser:class_parser", "parse_json_file", "parse_yaml_file", "parse_dict")
def _parse_file(call: Call) -> Value:
    classes = call.receiver.cells.get("classes") if isinstance(call.receiver, Object) else None
    count = len(classes.items) if isinstance(classes, Tuple) else 0
    return Tuple(tuple(call.unknown("a file of settings that is not known") for _ in range(count)), call.place)


@method("tap.Tap", "parse_args")
def _parse_tap(call: Call) -> Value:
    if isinstance(call.receiver, Instance):
        _mark(call.receiver, call.place, "--", 0)
    return call.receiver or NONE
