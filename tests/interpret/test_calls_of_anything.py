"""Whatever a script passes to what the tables know: a value comes back, nothing is raised, and nothing large is made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import get_args

import pytest

from tests.interpret.anything import machine
from trainlint.interpret import members, operators, values
from trainlint.interpret.dispatch import ATTRIBUTES, FUNCTIONS, METHODS, Arguments, receiver_kinds
from trainlint.interpret.functions import call_symbol
from trainlint.interpret.standard import copied
from trainlint.interpret.values import (
    OPEN,
    Array,
    Choice,
    Class,
    Dict,
    Instance,
    List,
    Literal,
    Object,
    Slice,
    Symbol,
    Tuple,
    Unknown,
    Value,
)
from trainlint.knowledge import find
from trainlint.knowledge.data_rows import ROWS as DATA
from trainlint.knowledge.keras_rows import ROWS as KERAS
from trainlint.knowledge.operation_rows import ROWS as OPERATIONS
from trainlint.knowledge.torch_rows import ROWS as TORCH

VALUES = get_args(eval(values.Value, vars(values)))
FRAME = Array("data", (), {"source": "pandas.read_csv"}, None, None, "pandas")
PICTURES = Array("data", (), {"source": "mnist"}, (600, 28, 28), "uint8")
BATCH = Array("batch", (PICTURES,), {"batch_size": 16}, (16, 3, 8, 8), "float32", "torch")
WEIGHT = Array("parameter", (), {"name": "w"}, (4, 3), "float32", "torch", symbolic=True)
SOME = (
    *(Unknown("nothing is known"), Literal(None), Literal(True), Literal(2), Literal(-3), Literal(10**12), Literal(0.5)),
    *(Literal(float("nan")), Literal("mean"), Literal(""), FRAME, PICTURES, BATCH, WEIGHT, Array("data", (), {}, ())),
    *(Tuple(()), Tuple((Literal(2), Literal(3))), List({"items": Tuple((BATCH, BATCH))}), List({"open": Literal(True)})),
    *(Dict({"a": PICTURES, OPEN: Literal(True)}), Dict({"lr": Literal(0.1)}), Choice((BATCH, Literal(None)))),
    *(Symbol("torch.nn.Linear", "nn.Linear"), Object(find("torch.nn.Linear")), Slice(Literal(1), Literal(None), Literal(None))),
)  # fmt: skip


def lists_of_arguments(names: tuple[str, ...] = ()) -> Iterator[Arguments]:
    yield Arguments()
    yield Arguments((), {}, (), {}, complete=False)
    for position, one in enumerate(SOME):
        yield Arguments((one,), {}, (None,))
        yield Arguments((BATCH, one), {}, (None, None))
        yield Arguments((PICTURES, one, SOME[position - 1]), {}, (None,) * 3)
        yield Arguments((), dict.fromkeys(names, one))


def names_of(name: str) -> tuple[str, ...]:
    row = find(name)
    return tuple(one.name for one in row.parameters) if row is not None else ("x", "default", "size")


KINDS = {(row.library, row.makes, row.kind): row.name for row in (*DATA, *OPERATIONS, *TORCH)}
SYMBOLS = sorted({*KINDS.values(), *(name for name in FUNCTIONS if ":" not in name and not name.startswith("keras."))})


def results(name: str) -> Iterator[Value]:
    for arguments in lists_of_arguments(names_of(name)):
        yield call_symbol(machine(), Symbol(name, name), arguments, None)


@pytest.mark.parametrize("part", range(8))
def test_functions_and_classes(part: int) -> None:
    for name in SYMBOLS[part::8]:
        assert all(isinstance(one, VALUES) for one in results(name)), name


def gallery() -> dict[str, Value]:
    """A value of each kind that has methods, as the tables make it."""
    found: dict[str, Value] = {kind: one for one in reversed(SOME) for kind in receiver_kinds(one)}
    for name in (*SYMBOLS, *{(row.makes, row.kind): row.name for row in KERAS}.values()):
        arguments = Arguments((PICTURES, Literal(2)), {}, (None, None))
        for given in (arguments, Arguments((Literal(0.5),), {}, (None,)), Arguments()):
            made = call_symbol(machine(), Symbol(name, name), given, None)
            for one in made.items if isinstance(made, Tuple) else (made,):
                for kind in receiver_kinds(one):
                    found.setdefault(kind, one)
    return found


GALLERY = gallery()


@pytest.mark.parametrize("part", range(8))
def test_methods(part: int) -> None:
    for kind, name in sorted(METHODS)[part::8]:
        for arguments in islice(lists_of_arguments(("x", "dim", "lr")), 0, None, 3) if kind in GALLERY else ():
            receiver = copied(GALLERY[kind], deep=True)
            assert isinstance(members.call_attribute(machine(), receiver, name, arguments, None), VALUES), (kind, name)
        for receiver in derived(kind):
            for one in SOME:
                arguments = Arguments((one, one), {}, (None, None))
                assert isinstance(members.call_attribute(machine(), receiver, name, arguments, None), VALUES), (kind, name)


def derived(kind: str) -> Iterator[Instance]:
    """An instance of a script's own class that derives from the library's."""
    row = getattr(GALLERY.get(kind), "row", None)
    if row is not None and find(row.name) is row:
        yield Instance(Class("Own", (Symbol(row.name, row.name),)), row)


@pytest.mark.parametrize("part", range(4))
def test_attributes_items_and_operators(part: int) -> None:
    for kind, receiver in sorted(GALLERY.items())[part::4]:
        for name in sorted({name for other, name in ATTRIBUTES if other == kind and name != "*"} | {"shape", "anything"}):
            assert isinstance(members.attribute(machine(), receiver, name, None), VALUES), (kind, name)
        for other in SOME:
            made = machine()
            assert isinstance(members.getitem(made, receiver, other, None), VALUES)
            assert isinstance(operators.binary(made, "add", receiver, other, None), VALUES)
            assert isinstance(operators.compare(made, "eq", other, receiver, None), VALUES)
            assert all(isinstance(one, VALUES) for one in made.iterate(receiver, None).items)
        for own in derived(kind):
            assert all(isinstance(one, VALUES) for one in machine().iterate(own, None).items)
            assert isinstance(machine().call(own, Arguments((BATCH,), {}, (None,)), None), VALUES)
