"""Functions and methods that nobody in the script calls: entered with unknown arguments, so that they are judged too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from trainlint.core import Origin
from trainlint.interpret import members
from trainlint.interpret.dispatch import Arguments
from trainlint.interpret.events import Frame
from trainlint.interpret.functions import GENERATOR, base_row, enter, generated_items, instantiate, is_record
from trainlint.interpret.options import option_defaults
from trainlint.interpret.values import Class, Function, Instance, Literal, ModuleValue, Object, Symbol, Unknown, Value
from trainlint.knowledge import find
from trainlint.source.walk import walk

if TYPE_CHECKING:
    from trainlint.interpret.interpreter import Machine


TRAINING_WORDS = (
    *("backward(", "fit_generator", "zero_grad", "optimizer", "optim.", "minimize(", "train_on_batch", "training_step"),
    *("GradientTape", "Trainer", ".step(", "apply_gradients", "learning_rate", "criterion"),
)
WITHIN_WORDS = ((".fit", r"\.fit\b"), (".compile(", r"(?<!\bre)\.compile\("), ("lr", r"\blr\b"))
"""What is looked for by a pattern, which takes a hundred times as long, only where there is a part of it."""


def may_train(text: str) -> bool:
    """Whether some word of a text speaks of training: without one it defines models or handles data, and is read more lightly."""
    if any(word in text for word in TRAINING_WORDS):
        return True
    return any(part in text and re.search(pattern, text) is not None for part, pattern in WITHIN_WORDS)


def enter_uncalled(machine: Machine, module: ModuleValue) -> None:
    """Enter the functions and methods that nobody called, so that a library of training functions is checked too."""
    from trainlint.interpret.interpreter import Activation

    machine.activations.append(Activation(module.scope))
    try:
        own = [one for one in module.scope.cells.values() if isinstance(one, Function) and one.scope is module.scope]
        for function in _callers_first([one for one in own if id(one.node) not in machine.entered]):
            _enter_unknown(machine, function, None)
        for cls in list(machine.classes):
            if cls.cells and _tree_of(cls) is module.scope.tree:
                _enter_methods(machine, cls)
    finally:
        machine.activations.pop()


def _callers_first(functions: list[Function]) -> list[Function]:
    """In the order of the text, but what another of them calls comes last: by then it has the arguments that it is given."""
    called: set[str] = set()
    for function in functions if len(functions) > 1 else ():
        calls = (one.func for one in walk(function.node.body) if isinstance(one, cst.Call))
        called |= {one.value for one in calls if isinstance(one, cst.Name)} - {function.name}
    return sorted(functions, key=lambda function: function.name in called)


def _tree_of(cls: Class) -> object:
    functions = [one for one in cls.cells.values() if isinstance(one, Function)]
    return functions[0].scope.tree if functions else None


def _enter_methods(machine: Machine, cls: Class) -> None:
    instance = _instance_of(machine, cls)
    if instance is None:
        return
    for value in list(cls.cells.values()):
        if isinstance(value, Function):
            _enter_unknown(machine, value, instance)


def _instance_of(machine: Machine, cls: Class) -> Instance | None:
    """The instance that the script made last, or one made with arguments that are not known."""
    made: Value | None = machine.instances.get(id(cls))
    if made is None:
        with machine.frame(Frame("uncalled", cls.place, cls.name)):
            constructor = members.find_in_class(cls, "__init__")
            arguments = _unknown_arguments(machine, constructor, skip=1) if isinstance(constructor, Function) else Arguments()
            made = instantiate(machine, cls, arguments, cls.place)
    return made if isinstance(made, Instance) else None


def _enter_unknown(machine: Machine, function: Function, receiver: Instance | None) -> None:
    if id(function.node) in machine.entered:
        return
    takes_receiver = receiver is not None and not members.has_decorator(function, "builtins.staticmethod")
    arguments = _unknown_arguments(machine, function, skip=int(takes_receiver))
    with machine.frame(Frame("uncalled", function.place, function.name)):
        if takes_receiver and receiver is not None:
            arguments = Arguments((receiver,), arguments.keywords, (), {}, complete=False)
        result = enter(machine, function, arguments, function.place)
        if isinstance(result, Object) and result.row is GENERATOR:
            generated_items(machine, result, function.place)


def _unknown_arguments(machine: Machine, function: Function, skip: int) -> Arguments:
    """Defaults where there are some (a caller may override them), else what the annotation says, else Unknown."""
    parameters = function.node.params
    keywords: dict[str, Value] = option_defaults(function)
    for one in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)[skip:]:
        name = one.name.value
        default = function.defaults.get(name)
        if name in keywords:
            continue
        if isinstance(default, Literal) and default.value is not None:
            note = f"default of `{name}`"
            keywords[name] = Literal(default.value, default.place, Origin.ARGUMENT_DEFAULT, note)
        elif default is not None and not isinstance(default, Literal):
            keywords[name] = default
        else:
            unknown = Unknown(f"`{name}` is a parameter of {function.name}()", function.place)
            annotation = one.annotation.annotation if one.annotation is not None else None
            keywords[name] = unknown if annotation is None else _annotated(machine, function, annotation, unknown)
    return Arguments((), keywords, (), {}, complete=False)


def _annotated(machine: Machine, function: Function, annotation: cst.BaseExpression, unknown: Unknown) -> Value:
    """A parameter by its annotation: settings of a class with their defaults, a model of the script, an optimizer by its kind."""
    from trainlint.interpret import typed_options
    from trainlint.interpret.expressions import evaluate
    from trainlint.interpret.interpreter import Activation

    if not isinstance(annotation, cst.Name | cst.Attribute):
        return unknown
    machine.activations.append(Activation(function.scope))
    try:
        kind = evaluate(machine, annotation)
    finally:
        machine.activations.pop()
    if isinstance(kind, Class) and is_record(kind):
        return typed_options.option_instance(machine, kind, function.place, dashes="")
    if isinstance(kind, Class):
        row = base_row(kind)
        return _instance_of(machine, kind) or unknown if row is not None and row.kind == "module" else unknown
    made = find(kind.name) if isinstance(kind, Symbol) else None
    if made is None or made.makes != "optimizer":
        return unknown
    return Object(
        made, {one.name: unknown for one in made.parameters if not one.variadic}, spelled=made.name, place=unknown.place
    )
