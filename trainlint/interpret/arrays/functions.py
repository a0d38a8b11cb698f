"""Library functions on arrays: a call is bound to its row's parameters, and the row's kind says what it makes.

Parameters named `condition`, `x`, `y`, `z` are inputs, `xs` is a sequence of inputs; all others are attributes, with the names
that `facts.graph` and `table` use. Kinds that need more than a row have a maker here, registered with `makes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace
from typing import Any, TypeAlias

from trainlint.core import Origin, Place, dataclass
from trainlint.interpret.arrays import dtypes, statistics as known
from trainlint.interpret.arrays.nodes import as_array, integer, known_items, over_choices, setting, shape_of
from trainlint.interpret.arrays.operators import library_of, operate
from trainlint.interpret.dispatch import Arguments, Call, bind, function
from trainlint.interpret.values import Array, Choice, Dict, List, Literal, Tuple, Unknown, Value, alternatives
from trainlint.knowledge.rows import REQUIRED, Row

INPUTS = frozenset({"condition", "x", "y", "z", "xs"})
IGNORED = frozenset(
    {
        "out",
        "name",
        "device",
        "layout",
        "pin_memory",
        "requires_grad",
        "memory_format",
        "where",
        "initial",
        "order",
        "_stacklevel",
    }
)
MAXIMUM_PARTS = 64
RECORDED = frozenset({"argmax", "reshape", "empty", "round"})
"""Operations whose results are "array" events, for rules that look at an operation wherever it stands."""


@dataclass(frozen=True, slots=True)
class Application:
    """One call of a row: its arguments by canonical name; `*shape` is gathered into one Tuple."""

    call: Call
    row: Row
    arguments: Mapping[str, Value] = field(default_factory=dict)

    @property
    def place(self) -> Place | None:
        """Where the call stands."""
        return self.call.place

    @property
    def library(self) -> str:
        """The library of the result."""
        library = self.row.library
        found = library_of(*self.arguments.values())
        return found if library == "numpy" and found != "numpy" else library

    def value(self, name: str) -> Any:
        """An argument as plain Python, arrays as tuples, or the row's default."""
        if name in self.arguments:
            return setting(self.arguments[name])
        default = self.row.default(name)
        return None if default is REQUIRED else default

    def dtype(self) -> str | None:
        """The `dtype` argument; None if it was not given or names no type that is known."""
        return dtypes.of_value(self.arguments.get("dtype"))

    def number(self, name: str) -> float | None:
        """An argument as a real number."""
        value = self.value(name)
        return float(value) if isinstance(value, bool | int | float) else None

    def unknown(self, why: str) -> Unknown:
        """An Unknown at this call."""
        return self.call.unknown(why)


Maker: TypeAlias = "Callable[[Application], Value]"
MAKERS: dict[str, Maker] = {}


def makes(*kinds: str) -> Callable[[Maker], Maker]:
    """Register what a row of these kinds makes."""

    def register(maker: Maker) -> Maker:
        MAKERS.update(dict.fromkeys(kinds, maker))
        return maker

    return register


@function("makes:operation")
def apply(call: Call) -> Value:
    """The result of calling a library function that a row with makes="operation" describes."""
    assert call.row is not None
    return apply_row(call, call.row)


def apply_row(call: Call, row: Row) -> Value:
    """The result of calling a row with the call's arguments."""
    if not call.arguments.complete and not call.arguments.positional:
        return call.unknown(f"the arguments of `{call.name}` are not known")
    application = Application(call, row, _gathered(row, call.arguments))
    maker = MAKERS.get(row.kind)
    made = maker(application) if maker is not None else operation(application)
    for one in made.items if isinstance(made, Tuple) else (made,):
        if isinstance(one, Array) and (one.op in RECORDED or row.kind in RECORDED) and one.place is call.place:
            call.interpreter.emit("array", call.place, output=one)
    return made


def _gathered(row: Row, arguments: Arguments) -> Mapping[str, Value]:
    """Arguments by name; those of `*shape` become one Tuple, or the one sequence that was passed instead."""
    bound = dict(bind(row, arguments).arguments)
    for parameter in row.parameters:
        if parameter.variadic and not parameter.keyword_only:
            items: list[Value] = []
            while f"{parameter.name}[{len(items)}]" in bound:
                items.append(bound.pop(f"{parameter.name}[{len(items)}]"))
            if len(items) == 1 and _is_sequence(items[0]):
                bound[parameter.name] = items[0]
            elif items:
                bound[parameter.name] = Tuple(tuple(items), arguments.positional[0].place if arguments.positional else None)
    return bound


def _is_sequence(value: Value) -> bool:
    """Whether the one argument of `*shape` is the whole shape."""
    if isinstance(value, Array):
        return value.shape is not None and len(value.shape) == 1
    return known_items(value) is not None or not isinstance(value, Literal | Unknown | Choice)


def operation(application: Application, kind: str = "", **fixed: Any) -> Value:
    """The node that the row's kind names, of the inputs and attributes among the arguments."""
    row, op = application.row, kind or application.row.kind
    inputs: list[Value] = []
    attributes: dict[str, Any] = {}
    for parameter in row.parameters:
        name = parameter.name
        given = application.arguments.get(name)
        if name in INPUTS:
            inputs.extend(_inputs(name, given))
        elif name == "dtype":
            if given is not None and not (isinstance(given, Literal) and given.value is None):
                attributes["dtype"] = dtypes.of_value(given) or "unknown"
        elif name == "out" and isinstance(given, Array):
            attributes["dtype"] = given.dtype or "unknown"
        elif name not in IGNORED and given is not None:
            attributes[name] = setting(given)
        elif name not in IGNORED and not any(parameter.default is one for one in (REQUIRED, None, False)):
            attributes[name] = parameter.default
    attributes.update(fixed)
    if not inputs:
        return application.unknown(f"`{application.call.name}` without arguments")
    made = over_choices(
        lambda chosen: operate(op, chosen, attributes, application.place, application.library), inputs, application.place
    )
    out = application.arguments.get("out")
    if isinstance(out, Array) and isinstance(made, Array):
        from trainlint.interpret.aliases import changed
        from trainlint.interpret.builtins import machine_of

        changed(machine_of(application.call), out, made)
    return _as_number(application, inputs, made)


def _inputs(name: str, given: Value | None) -> tuple[Value, ...]:
    if given is None:
        return ()
    if name == "xs" and isinstance(given, Array):
        return _rows(given)
    items = known_items(given) if name == "xs" else None
    return (given,) if items is None else items


def _rows(array: Array) -> tuple[Value, ...]:
    """An array where a sequence of arrays is asked for: its rows, or one that stands for all."""
    from trainlint.interpret.arrays.indexing import getitem

    count = array.shape[0] if array.shape else None
    if count is None or not 0 < count <= MAXIMUM_PARTS:
        return (replace(array, shape=None, data=None, statistics=known.without_columns(array.statistics)),)
    return tuple(getitem(array, Literal(number), array.place) for number in range(count))


def _as_number(application: Application, inputs: list[Value], made: Value) -> Value:
    """NumPy's functions of Python numbers give what is as good as a Python number: `np.sqrt(2)`."""
    numbers = [one for one in inputs if isinstance(one, Literal)]
    if application.library != "numpy" or len(numbers) < len(inputs) or not isinstance(made, Array):
        return made
    if made.data is None or made.data.ndim or made.data.dtype.kind not in "biuf":
        return made
    note = next((one.note for one in numbers if one.note), "")
    return Literal(made.data.item(), application.place, Origin.combine(*(one.origin for one in numbers)), note)


@makes("identity")
def identity(application: Application) -> Value:
    """What changes nothing that matters here: `.cuda()`, `.contiguous()`, `.clone()`."""
    x = application.arguments.get("x")
    if isinstance(x, List | Tuple | Dict) and application.row.library == "numpy":
        x = as_array(x, application.place)
    if isinstance(x, Array) and not x.symbolic and application.call.name.rpartition(".")[2] in ("copy", "clone"):
        return replace(x)  # what is done to one does not reach the other
    return _moved(application, x) or application.unknown(f"`{application.call.name}` without an array")


def _moved(application: Application, x: Value | None) -> Value | None:
    """A mini-batch that was moved: `attributes["device"]` is the text of the device, or "" for one that is not known.

    `attributes["device_if_any"]` is "cuda" where that is what a test chooses if there is one.
    """
    if not isinstance(x, Array) or application.call.name not in ("to", "cuda", "cpu"):
        return x
    if x.op != "batch":
        application.call.interpreter.emit("moved_tensor", application.place, value=x)
        return x
    given = application.call.argument(1, "device")  # behind the array itself
    text = given.value.partition(":")[0] if isinstance(given, Literal) and isinstance(given.value, str) else ""
    moved = {**x.attributes, "device": text if application.call.name == "to" else application.call.name}
    names = [one.value for one in alternatives(given) if isinstance(one, Literal)] if isinstance(given, Choice) else []
    if any(isinstance(one, str) and one.startswith("cuda") for one in names):
        moved["device_if_any"] = "cuda"
    return replace(x, attributes=moved)


@makes("detach")
def detach(application: Application) -> Value:
    """Cut from the graph of gradients: `.detach()`, `tf.stop_gradient`, `.numpy()`."""
    made = operation(application, "detach")
    library = "numpy" if application.call.name.rpartition(".")[2] == "numpy" else application.library
    return replace(made, detached=made.symbolic, library=library) if isinstance(made, Array) else made


@makes("torch_max", "torch_min")
def extremes(application: Application) -> Value:
    """`torch.max`: of all entries, along an axis (with the indices), or of two tensors."""
    kind = application.row.kind.removeprefix("torch_")
    other = application.arguments.get("axis")
    if isinstance(other, Array):
        x = application.arguments.get("x") or other
        return operate(f"{kind}imum", (x, other), {}, application.place, "torch")
    made = operation(application, kind)
    if other is None:
        return made
    return Tuple((made, operation(application, f"arg{kind}")), application.place)


@makes("torch_sort")
def sort_with_indices(application: Application) -> Value:
    """`torch.sort`: the sorted tensor and the indices."""
    return Tuple((operation(application, "sort"), operation(application, "argsort")), application.place)


@makes("topk")
def top(application: Application) -> Value:
    """The k largest entries along an axis, and their indices."""
    x, count = application.arguments.get("x"), integer(application.value("k"))
    if not isinstance(x, Array):
        return application.unknown("the largest entries of an unknown array")
    axis = integer(application.value("axis"))
    shape = None
    if x.shape and axis is not None and -len(x.shape) <= axis < len(x.shape):
        shape = tuple(count if index == axis % len(x.shape) else one for index, one in enumerate(x.shape))
    values = operate("gather", (x,), {"axis": axis}, application.place, x.library)
    indices = operate("argsort", (x,), {"axis": axis}, application.place, x.library)
    return Tuple((replace(values, shape=shape), replace(indices, shape=shape, data=None)), application.place)


@makes("vstack", "hstack", "dstack", "column_stack")
def stacked(application: Application) -> Value:
    """NumPy's stacking by rank: rows below each other, or side by side."""
    inputs = _inputs("xs", application.arguments.get("xs"))
    shapes = [shape_of(one) for one in inputs]
    ranks = {None if shape is None else len(shape) for shape in shapes}
    rank, kind = (ranks.pop() if len(ranks) == 1 else None), application.row.kind
    if rank == 1 and kind in ("vstack", "column_stack"):
        return operate("stack", inputs, {"axis": 0 if kind == "vstack" else 1}, application.place, application.library)
    axis = {"vstack": 0, "hstack": 0 if rank == 1 else 1, "column_stack": 1, "dstack": 2}[kind]
    made = operate("concatenate", inputs, {"axis": axis}, application.place, application.library)
    return replace(made, shape=None, data=None) if rank is None or (kind == "dstack" and rank < 3) else made


@makes("astype", "to")
def converted(application: Application) -> Value:
    """`x.to(...)`, `x.type(...)`: another element type if one is named (or that of another tensor), else only moved."""
    x = application.arguments.get("x")
    if x is None:
        return application.unknown(f"`{application.call.name}` without an array")
    named = [one for name, one in application.arguments.items() if name != "x"]
    given = [*(known_items(one) or (one,) for one in named)]
    flat = [item for items in given for item in items]
    target = next((found for one in flat if (found := type_named(one)) is not None), None)
    if target is None and named and application.row.library == "numpy":
        target = "unknown"
    if target is None:
        return _moved(application, x) or x
    return over_choices(lambda one: cast(one[0], target, application.place, library_of(*one)), (x,), application.place)


def cast(x: Value, target: str, place: Place | None, library: str) -> Array:
    """An array in another element type; a parameter that has it already is given back itself, as PyTorch does."""
    same = library == "torch" and isinstance(x, Array) and x.op == "parameter" and x.dtype == target
    return x if same and isinstance(x, Array) else operate("cast", (x,), {"dtype": target}, place, library)


def type_named(value: Value) -> str | None:
    """The element type that a value names, or that of an array."""
    return value.dtype if isinstance(value, Array) else dtypes.of_value(value)


@makes("type_as")
def like(application: Application) -> Value:
    """The element type of another array."""
    x, y = application.arguments.get("x"), application.arguments.get("y")
    target = y.dtype if isinstance(y, Array) and y.dtype else "unknown"
    return (
        application.unknown("an unknown array")
        if x is None
        else operate("cast", (x,), {"dtype": target}, application.place, library_of(x))
    )
