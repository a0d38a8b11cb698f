"""What the decorators of a command line pass to the function that they decorate."""

from __future__ import annotations

from trainlint.interpret.values import Function, Literal, Object, Unknown, Value


def option_defaults(function_: Function) -> dict[str, Value]:
    """The parameters that `@click.option` and `@hydra.main` fill when the caller does not."""
    found: dict[str, Value] = {}
    for one in function_.decorators:
        if not isinstance(one, Object):
            continue
        if one.row.kind == "click_option":
            name, default = one.cells.get("name"), one.cells.get("default")
            if isinstance(name, Literal) and isinstance(name.value, str):
                found[name.value] = default or Unknown(f"`--{name.value}` must be given on the command line", one.place)
        elif one.row.kind == "hydra_main" and function_.node.params.params:
            settings = one.cells.get("config")
            if settings is not None:
                found[function_.node.params.params[0].name.value] = settings
    return found
