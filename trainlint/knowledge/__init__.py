"""What is known of the libraries: tables of rows (`*_rows.py`, each with `ROWS`) and the names they go by (`names.py`)."""

from __future__ import annotations

import importlib
from functools import lru_cache

from trainlint.knowledge.rows import Row

TABLES = ("keras_rows", "torch_rows", "operation_rows", "data_rows")


@lru_cache(maxsize=1)
def _index() -> dict[str, Row]:
    index: dict[str, Row] = {}
    for table in TABLES:
        for row in importlib.import_module(f"trainlint.knowledge.{table}").ROWS:
            index[row.name] = row
            for alias in row.aliases:
                index.setdefault(alias, row)
    return index


def find(name: str) -> Row | None:
    """The row of a canonical name or alias."""
    return _index().get(name)


def names_in(module: str) -> tuple[str, ...]:
    """The public names that the tables know directly inside a module, for `from module import *`."""
    prefix = f"{module}."
    inside = {name[len(prefix) :] for name in _index() if name.startswith(prefix)}
    return tuple(sorted(name for name in inside if name and "." not in name and not name.startswith("_")))


MODULES_OF_ONE_SPELLING = ("torch.nn", "torch.nn.functional", "torch.optim", "torch.optim.lr_scheduler")
"""Modules in which no two things to call differ by the case of their letters only."""


def spelled_otherwise(name: str) -> str:
    """The name that such a module has for what a script calls in other capitals (`LeakyReLU` for `nn.LeakyRelu`), or nothing."""
    module, _, last = name.rpartition(".")
    if module not in MODULES_OF_ONE_SPELLING or find(name) is not None:
        return ""
    return next((one for one in names_in(module) if one.casefold() == last.casefold() and one != last), "")
