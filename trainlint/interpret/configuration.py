"""Where settings come from: command lines (argparse, click, absl flags), environment variables and configuration files.

A default is a value that the user may override: it keeps the origin "argument-default" and the option's name, so that every
message can say "default of `--lr`".
"""

from __future__ import annotations

from trainlint.core import Origin, Place
from trainlint.interpret import operators
from trainlint.interpret.builtins import machine_of
from trainlint.interpret.dispatch import Arguments, Call, function, method
from trainlint.interpret.interpreter import Machine
from trainlint.interpret.values import NONE, Dict, List, Literal, Object, Tuple, Unknown, Value
from trainlint.knowledge.rows import Row

PARSER = Row("argparse.ArgumentParser", "parser", "argparse")
NAMESPACE = Row("argparse.Namespace", "namespace", "namespace")
FLAGS = Row("absl.flags.FLAGS", "namespace", "flags")
_FLAGS_CELL = "absl.flags.FLAGS"


def with_default(value: Value, note: str, place: Place | None) -> Value:
    """The value of an option that the user left alone."""
    if isinstance(value, Literal):
        return Literal(value.value, value.place or place, Origin.ARGUMENT_DEFAULT, note)
    if isinstance(value, Tuple):
        return Tuple(tuple(with_default(one, note, place) for one in value.items), value.place)
    items = value.cells.get("items") if isinstance(value, List) else None
    if isinstance(value, List) and isinstance(items, Tuple):
        return List({**value.cells, "items": with_default(items, note, place)}, value.place, value.kind)
    return value


@function("argparse.ArgumentParser", "configargparse.ArgumentParser", "configargparse.ArgParser", "jsonargparse.ArgumentParser")
def _parser(call: Call) -> Value:
    made = Object(PARSER, cells={"options": Dict({}, call.place)}, spelled=call.spelled, place=call.place)
    parents = call.argument(-1, "parents")
    for parent in call.interpreter.iterate(parents, call.place).items if parents is not None else ():
        if isinstance(parent, Object) and isinstance(parent.cells.get("options"), Dict):
            options_of(made).cells.update(options_of(parent).cells)
    return made


def options_of(parser: Object) -> Dict:
    """What each name of a parser's namespace is when the command line gives nothing."""
    options = parser.cells.get("options")
    return options if isinstance(options, Dict) else Dict({})


@method("parser", "add_argument", "add")
def _add_argument(call: Call) -> Value:
    parser = call.receiver
    names = [one.value for one in call.arguments.positional if isinstance(one, Literal) and isinstance(one.value, str)]
    if not isinstance(parser, Object) or not names:
        return NONE
    longest = next((one for one in names if one.startswith("--")), names[0])
    target = call.literal(-1, "dest")
    key = target if isinstance(target, str) else longest.lstrip("-").replace("-", "_")
    machine_of(call).heap.write(options_of(parser), key, _option_value(call, longest))
    spelled = Tuple((Literal(key), call.arguments.keywords.get("type", NONE), Literal(call.literal(-1, "nargs") is None)))
    for name in names if call.literal(-1, "action") in (None, "store") else ():
        machine_of(call).heap.write(parser, ("spelled", name), spelled)
    return Object(Row("argparse.Action", "object", "argparse_action"), cells={"dest": Literal(key)}, place=call.place)


def _option_value(call: Call, name: str) -> Value:
    keywords = call.arguments.keywords
    note = f"default of `{name}`"
    action = call.literal(-1, "action")
    if action in ("store_true", "store_false") and "default" not in keywords:
        return with_default(Literal(action == "store_false", call.place), note, call.place)
    if "default" not in keywords:
        required = operators.truth(keywords.get("required", Literal(False)))
        if required or not name.startswith("-"):
            return Unknown(f"`{name}` must be given on the command line", call.place)
        return with_default(Literal(None, call.place), note, call.place)
    default = keywords["default"]
    converter = keywords.get("type")
    if isinstance(default, Literal) and isinstance(default.value, str) and converter is not None:
        default = call.interpreter.call(converter, Arguments((default,), {}, (call.place,)), call.place)
    return with_default(default, note, call.place)


@method("parser", "set_defaults")
def _set_defaults(call: Call) -> Value:
    if isinstance(call.receiver, Object):
        for key, value in call.arguments.keywords.items():
            machine_of(call).heap.write(options_of(call.receiver), key, with_default(value, f"default of `{key}`", call.place))
    return NONE


@method("parser", "add_argument_group", "add_mutually_exclusive_group", "add_subparsers", "add_parser")
def _group(call: Call) -> Value:
    """Groups and sub-parsers share the options of their parser: together they say which names there are."""
    if call.name == "add_subparsers" and isinstance(call.receiver, Object):
        target = call.literal(-1, "dest")
        if isinstance(target, str):
            machine_of(call).heap.write(options_of(call.receiver), target, call.unknown("the sub-command of the command line"))
    return call.receiver or NONE


@method("parser", "parse_args", "parse_known_args", "parse_intermixed_args")
def _parse_args(call: Call) -> Value:
    if not isinstance(call.receiver, Object):
        return call.unknown("the command line")
    made = Object(NAMESPACE, cells=dict(options_of(call.receiver).cells), spelled="Namespace", place=call.place)
    _fill(call, call.receiver, made)
    if call.name == "parse_known_args":
        rest = List({"items": Tuple(()), "open": Literal(True)}, call.place)
        return Tuple((made, rest), call.place)
    return made


def _fill(call: Call, parser: Object, namespace: Object) -> None:
    """What a command line that the script itself writes out gives: `parse_args(["--lr", "0.1"])`."""
    given = call.argument(0, "args")
    if given is None or (isinstance(given, Literal) and given.value is None):
        return
    found = call.interpreter.iterate(given, call.place)
    words = [one for one in found.items if isinstance(one, Literal)]
    if not found.exhaustive or len(words) < len(found.items):
        return  # `sys.argv[1:]`: what the user gives
    index = 0
    while index < len(words):
        name, equals, text = str(words[index].value).partition("=")
        spelled = parser.cells.get(("spelled", name))
        word = Literal(text, call.place) if equals else words[index + 1] if index + 1 < len(words) else None
        index += 1 if equals else 2
        if not isinstance(spelled, Tuple) or word is None or operators.truth(spelled.items[2]) is not True:
            unknown = call.unknown(f"the command line holds `{name[:40]}`, which is not followed")
            namespace.cells.update(dict.fromkeys(namespace.cells, unknown))
            return
        converter = spelled.items[1]
        value = word if operators.truth(converter) is False else _converted(call, converter, word)
        namespace.cells[str(spelled.items[0].value) if isinstance(spelled.items[0], Literal) else ""] = value


def _converted(call: Call, converter: Value, word: Literal) -> Value:
    return call.interpreter.call(converter, Arguments((word,), {}, (call.place,)), call.place)


@method("parser", "get_default")
def _get_default(call: Call) -> Value:
    key = call.literal(0)
    known = options_of(call.receiver).cells if isinstance(call.receiver, Object) else {}
    return known.get(key, NONE) if isinstance(key, str) else NONE


@method("namespace", "__getitem__")
def _namespace_item(call: Call) -> Value:
    key = operators.key_of(call.argument(0) or NONE)
    if isinstance(call.receiver, Object) and key is not None and key[0] in call.receiver.cells:
        return call.receiver.cells[key[0]]
    return call.unknown("a setting that is not known")


@function("absl.flags.DEFINE_float", "absl.flags.DEFINE_integer", "absl.flags.DEFINE_string", "absl.flags.DEFINE_bool")
@function("absl.flags.DEFINE_boolean", "absl.flags.DEFINE_enum", "absl.flags.DEFINE_list", "absl.flags.DEFINE_multi_string")
@function("tensorflow.app.flags.DEFINE_float", "tensorflow.app.flags.DEFINE_integer", "tensorflow.app.flags.DEFINE_string")
@function("tensorflow.app.flags.DEFINE_bool", "tensorflow.app.flags.DEFINE_boolean", "tensorflow.flags.DEFINE_float")
@function("tensorflow.flags.DEFINE_integer", "tensorflow.flags.DEFINE_string", "tensorflow.flags.DEFINE_boolean")
def _define_flag(call: Call) -> Value:
    name, default = call.literal(0, "name"), call.argument(1, "default", "default_value")
    if not isinstance(name, str) or default is None:
        return call.unknown("a flag without a name")
    value = with_default(default, f"default of `--{name}`", call.place)
    flags = _flags(call)
    machine_of(call).heap.write(flags, name, value)
    return Object(Row("absl.flags.FlagHolder", "object", "flag"), cells={"value": value}, place=call.place)


def _flags(call: Call) -> Object:
    """The one set of flags of a script, kept with its main module."""
    scope = machine_of(call).activations[0].scope
    found = scope.cells.get(_FLAGS_CELL)
    if isinstance(found, Object):
        return found
    made = Object(FLAGS, spelled="FLAGS")
    machine_of(call).heap.write(scope, _FLAGS_CELL, made)
    return made


FLAG_SETS = frozenset({"absl.flags.FLAGS", "tensorflow.app.flags.FLAGS", "tensorflow.flags.FLAGS"})
"""The symbols that stand for the one set of flags."""


def flag(machine: Machine, name: str, place: Place | None) -> Value:
    """The value of `FLAGS.name`."""
    flags = machine.activations[0].scope.cells.get(_FLAGS_CELL)
    found = flags.cells.get(name) if isinstance(flags, Object) else None
    return Unknown(f"the flag `--{name}` is defined nowhere", place) if found is None else found


@function("absl.app.run", "tensorflow.app.run")
def _run_main(call: Call) -> Value:
    main = call.argument(0, "main") or machine_of(call).activations[0].scope.cells.get("main")
    return call.interpreter.call(main, Arguments(), call.place) if main is not None else NONE


@function("click.option", "click.argument", "typer.Option", "typer.Argument", "rich_click.option")
def _click_option(call: Call) -> Value:
    """As a decorator: keeps its declaration, so that entering the command binds the parameter to the default."""
    names = [one.value for one in call.arguments.positional if isinstance(one, Literal) and isinstance(one.value, str)]
    if call.name.startswith("typer."):
        first = call.arguments.positional[0] if call.arguments.positional else call.arguments.keywords.get("default", NONE)
        return with_default(first, "default of an option", call.place)
    longest = next((one for one in names if one.startswith("--")), names[0] if names else "")
    plain = next((one for one in names if not one.startswith("-")), longest)
    key = plain.lstrip("-").partition("/")[0].replace("-", "_")
    cells: dict[object, Value] = {"name": Literal(key)}
    default = call.arguments.keywords.get("default")
    if default is not None:
        cells["default"] = with_default(default, f"default of `{longest}`", call.place)
    elif operators.truth(call.arguments.keywords.get("is_flag", Literal(False))):
        cells["default"] = with_default(Literal(False, call.place), f"default of `{longest}`", call.place)
    return Object(Row(call.name, "object", "click_option"), cells=dict(cells), place=call.place)


@function("builtins.exec")
def _execute_text(call: Call) -> Value:
    """`exec(open("configurator.py").read())`: the settings of the module so far are defaults that the text may override."""
    machine = machine_of(call)
    scope = machine.activations[0].scope
    for name, value in list(scope.cells.items()):
        if isinstance(name, str) and isinstance(value, Literal) and isinstance(value.value, int | float | str):
            machine.heap.write(scope, name, with_default(value, f"default of `{name}`, which `exec` may override", call.place))
    return NONE


_DRAWS = ("choice", "choices", "sample", "triangular")
"""Functions of `random` that no row of `knowledge.numpy_operation_rows` describes."""


@function(*(f"random.{name}" for name in _DRAWS), *(f"secrets.{name}" for name in ("choice", "randbelow")))
def _drawn(call: Call) -> Value:
    return call.unknown(f"it is drawn at random by `{call.name}`")
