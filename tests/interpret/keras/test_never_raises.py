"""Handlers take any argument: what cannot be followed is Unknown, nothing is raised and nothing large is made."""

import itertools

import pytest

from tests.interpret.anything import machine
from trainlint.interpret.dispatch import FUNCTIONS, METHODS, Arguments, Call
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
    Symbol,
    Tuple,
    Unknown,
)
from trainlint.knowledge import find
from trainlint.knowledge.keras_rows import ROWS

ARRAY = Array("input", (), {}, (None, 4), "float32", "keras", symbolic=True)
LITTLE = Array("data", (), {}, (), "float32")
STRANGE = (
    Unknown("nothing is known"),
    Literal(None),
    Literal(True),
    Literal(-3),
    Literal(0),
    Literal(10**12),
    Literal(float("nan")),
    Literal(float("inf")),
    Literal("relu"),
    Literal(""),
    ARRAY,
    LITTLE,
    Tuple(()),
    Tuple((Literal(-1), Literal("x"), Tuple((Literal(2),)))),
    List({"items": Tuple((ARRAY, ARRAY))}),
    List({}),
    List({"items": Tuple((Literal(3),)), "open": Literal(True)}),
    Dict({"a": ARRAY, OPEN: Literal(True)}),
    Choice((ARRAY, Literal(None))),
    Symbol("keras.layers.Dense", "keras.layers.Dense"),
    Symbol("keras.losses.mse", "keras.losses.mse"),
    Object(find("keras.layers.Dense")),
    Object(find("keras.Sequential")),
    Object(find("keras.Model"), cells={"inputs": ARRAY, "outputs": ARRAY}),
    Object(find("keras.optimizers.Adam")),
    Instance(Class("Net"), find("keras.Model")),
)


def argument_lists():
    yield Arguments()
    for one in STRANGE:
        yield Arguments((one,), {}, (None,))
        yield Arguments((ARRAY, one), {}, (None, None))
        yield Arguments((one, one, one, one), {}, (None,) * 4)
        yield Arguments((), dict.fromkeys(("x", "y", "inputs", "outputs", "loss", "optimizer", "shape", "name"), one))
    for one, other in itertools.islice(itertools.product(STRANGE, repeat=2), 0, None, 7):
        yield Arguments((one, other), {"training": other}, (None, None))


def module_of(handler):
    return getattr(handler, "func", handler).__module__


OURS = sorted(name for name, handler in FUNCTIONS.items() if module_of(handler).startswith("trainlint.interpret.keras"))
KINDS = ("keras.", "tensorflow.", "context:", "object:session", "object:train_operation", "tensorflow_addons.")


@pytest.mark.parametrize("name", [name for name in OURS if not name.startswith("keras.layers.Random")])
def test_functions(name):
    row = find(name)
    for arguments in argument_lists():
        assert FUNCTIONS[name](Call(machine(), name, arguments, None, None, row, name)) is not None


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in METHODS if kind.startswith(KINDS)}))
def test_methods(kind):
    receivers = [one for one in STRANGE if isinstance(one, Object | Instance)] + [STRANGE[0], ARRAY]
    for name in sorted(name for other, name in METHODS if other == kind):
        for receiver in receivers:
            row = receiver.row if isinstance(receiver, Object | Instance) else None
            for arguments in itertools.islice(argument_lists(), 0, None, 3):
                assert METHODS[kind, name](Call(machine(), name, arguments, None, receiver, row, name)) is not None


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row.makes == "layer" and "Random" not in row.name], ids=lambda row: row.name
)
def test_calls_of_layers(row):
    for value in STRANGE:
        arguments = {one.name: value for one in row.parameters if not one.variadic}
        layer = Object(row, arguments)
        for given in STRANGE[:20]:
            assert machine().call(layer, Arguments((given,), {}, (None,)), None) is not None
