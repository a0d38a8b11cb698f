"""The shape of library knowledge: one row for each library object, and how to find a row by any of its names."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

ERAS = ("keras1", "keras2", "tf.keras", "keras2.11", "keras3")
"""Keras 1; standalone 2.0-2.3 (and 2.4 shim); tf.keras up to 2.10; Keras 2.11-2.15; Keras 3."""


class Required:
    """The default of a parameter that has none."""


REQUIRED = Required()


class Parameter(NamedTuple):
    """One parameter: canonical name, default (`REQUIRED` when there is none), other spellings, and how it may be given."""

    name: str
    default: Any
    aliases: tuple[str, ...] = ()
    keyword_only: bool = False
    variadic: bool = False


class Row(NamedTuple):
    """One library object.

    `makes` says what calling it gives: layer, model, optimizer, loss, metric, schedule, initializer, regularizer, dataset,
    loader, callback, scaler, generator, module (a torch container), base (a class scripts inherit from), operation (an
    Array with op `kind`), loss_function, metric_function, layer_function (functions that do what such an object does),
    function (a handler of the interpreter), context (for `with`), constraint, wrapper, object (anything else worth naming).
    `kind` is the canonical lower-case kind (dense, sgd, mean_squared_error, ...).
    `signature` is "a, b|alias=1, *, c=None, *args, **kwargs" with canonical parameter names first, read on demand.
    `eras` overrides defaults: {"keras2": {"learning_rate": 1.0}}; a parameter absent in an era maps to `REQUIRED`'s type.
    `source` is the documentation the row was taken from.
    """

    name: str
    makes: str
    kind: str
    signature: str = ""
    aliases: tuple[str, ...] = ()
    eras: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()
    source: str = ""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of `signature`, in order."""
        return _parse(self.signature)

    @property
    def library(self) -> str:
        """The first part of the canonical name: keras, torch, numpy, ..."""
        return self.name.partition(".")[0]

    def default(self, parameter: str, era: str = "") -> Any:
        """The default of a parameter in an era; `REQUIRED` if it has none or is not known."""
        for name, overrides in self.eras:
            if name == era:
                for key, value in overrides:
                    if key == parameter:
                        return value
        return next((one.default for one in self.parameters if one.name == parameter), REQUIRED)

    def parameter(self, spelled: str) -> Parameter | None:
        """The parameter with this canonical name or alias."""
        return next((one for one in self.parameters if spelled == one.name or spelled in one.aliases), None)


def _split(signature: str) -> list[str]:
    """The parts between the commas that stand outside of brackets and quotes."""
    parts, depth, quoted = [""], 0, False
    for character in signature:
        depth += (character in "([{") - (character in ")]}")
        quoted ^= character == "'"
        if character == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    return parts


@cache
def _parse(signature: str) -> tuple[Parameter, ...]:
    import ast

    parameters: list[Parameter] = []
    keyword_only = False
    for part in _split(signature):
        text = part.strip()
        if not text:
            continue
        if text == "*":
            keyword_only = True
            continue
        spelled, has_default, default = text.partition("=")
        name, *aliases = spelled.strip().split("|")
        parameters.append(
            Parameter(
                name.lstrip("*"),
                ast.literal_eval(default.strip()) if has_default else REQUIRED,
                tuple(aliases),
                keyword_only or name.startswith("**"),
                name.startswith("*"),
            )
        )
        keyword_only = keyword_only or name.startswith("*")
    return tuple(parameters)
