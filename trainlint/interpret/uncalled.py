"""Functions and methods that nobody in the script calls: entered with unknown arguments, so that they are judged too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainlint.core import Origin
from trainlint.interpret import members
from trainlint.interpret.dispatch import Arguments
from trainlint.interpret.events import Frame
from trainlint.interpret.functions import GENERATOR, enter, generated_items, instantiate, option_defaults
from trainlint.interpret.values import Class, Function, Instance, Literal, ModuleValue, Object, Unknown, Value

if TYPE_CHECKING:
    from trainlint.interpret.interpreter import Machine


def enter_uncalled(machine: Machine, module: ModuleValue) -> None:
    """Enter the functions and methods that nobody called, so that a library of training functions is checked too."""
    from trainlint.interpret.interpreter import Activation

    machine.activations.append(Activation(module.scope))
    try:
        for value in list(module.scope.cells.values()):
            if isinstance(value, Function) and value.scope is module.scope:
                _enter_unknown(machine, value, None)
        for cls in list(machine.classes):
            if cls.cells and _tree_of(cls) is module.scope.tree:
                _enter_methods(machine, cls)
    finally:
        machine.activations.pop()


def _tree_of(cls: Class) -> object:
    functions = [one for one in cls.cells.values() if isinstance(one, Function)]
    return functions[0].scope.tree if functions else None


def _enter_methods(machine: Machine, cls: Class) -> None:
    instance = machine.instances.get(id(cls))
    if instance is None:
        with machine.frame(Frame("uncalled", cls.place, cls.name)):
            constructor = members.find_in_class(cls, "__init__")
            arguments = _unknown_arguments(constructor, skip=1) if isinstance(constructor, Function) else Arguments()
            made = instantiate(machine, cls, arguments, cls.place)
        if not isinstance(made, Instance):
            return
        instance = made
    for value in list(cls.cells.values()):
        if isinstance(value, Function):
            _enter_unknown(machine, value, instance)


def _enter_unknown(machine: Machine, function: Function, receiver: Instance | None) -> None:
    if id(function.node) in machine.entered:
        return
    takes_receiver = receiver is not None and not members.has_decorator(function, "builtins.staticmethod")
    arguments = _unknown_arguments(function, skip=int(takes_receiver))
    with machine.frame(Frame("uncalled", function.place, function.name)):
        if takes_receiver and receiver is not None:
            arguments = Arguments((receiver,), arguments.keywords, (), {}, complete=False)
        result = enter(machine, function, arguments, function.place)
        if isinstance(result, Object) and result.row is GENERATOR:
            generated_items(machine, result, function.place)


def _unknown_arguments(function: Function, skip: int) -> Arguments:
    """Defaults where there are some (a caller may override them), else Unknown, for every parameter."""
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
            keywords[name] = Unknown(f"`{name}` is a parameter of {function.name}()", function.place)
    return Arguments((), keywords, (), {}, complete=False)
