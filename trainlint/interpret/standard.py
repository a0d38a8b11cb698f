"""The parts of the standard library, and of progress bars, that training scripts pass their values through."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from trainlint.core import Origin
from trainlint.interpret import operators
from trainlint.interpret.builtins import machine_of, new_list
from trainlint.interpret.dispatch import Arguments, Call, function, method
from trainlint.interpret.iterators import wrap
from trainlint.interpret.ordering import any_of
from trainlint.interpret.targets import FIELDS
from trainlint.interpret.values import (
    NONE,
    Array,
    Class,
    Dict,
    Instance,
    List,
    Literal,
    Object,
    Partial,
    Scope,
    Symbol,
    Tuple,
    Unknown,
    Value,
)

MAXIMUM_ROWS = 256
MAXIMUM_FACTORS = 16
"""Combinations of `itertools.product` that are followed, and of how many items each."""
CONSTANTS: dict[str, float] = {
    **{f"{library}.{name}": getattr(math, name) for library in ("math", "numpy", "torch") for name in ("pi", "e", "inf", "nan")},
    "numpy.Inf": math.inf,
    "numpy.NaN": math.nan,
}
"""Library constants by canonical name."""

_MATH = (
    *("sqrt", "exp", "log", "log2", "log10", "ceil", "floor", "sin", "cos", "tanh", "pow", "fabs", "isnan", "isclose", "prod"),
    *("tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "radians", "degrees", "expm1", "log1p", "hypot", "fmod"),
)


def _math(name: str) -> Callable[[Call], Value]:
    def compute(call: Call) -> Value:
        numbers = [one.value for one in call.arguments.positional if isinstance(one, Literal)]
        if len(numbers) != len(call.arguments.positional) or not numbers or call.arguments.keywords:
            return call.unknown(f"math.{name} of something that is not known")
        try:
            return Literal(getattr(math, name)(*numbers), call.place, _origin(call))
        except (TypeError, ValueError, OverflowError):
            return call.unknown(f"math.{name} of these values")

    return compute


def _origin(call: Call) -> Origin:
    return Origin.combine(*(one.origin for one in call.arguments.positional if isinstance(one, Literal)))


for _name in _MATH:
    function(f"math.{_name}")(_math(_name))


@function("functools.partial")
def _partial(call: Call) -> Value:
    callee = call.argument(0)
    if callee is None:
        return call.unknown("partial of nothing")
    return Partial(callee, call.arguments.positional[1:], call.arguments.keywords, call.place)


@function("copy.copy", "copy.deepcopy", "sklearn.base.clone")
def _copy(call: Call) -> Value:
    value = call.argument(0) or NONE
    return copied(value, deep=call.name != "copy.copy")


def copied(value: Value, *, deep: bool, depth: int = 0) -> Value:
    """A copy that later changes of the original do not reach (two levels of containers deep)."""
    if isinstance(value, Array) and not value.symbolic and (deep or depth == 0):
        return replace(value)
    if depth > 4 or not isinstance(value, List | Dict | Instance | Object | Tuple):
        return value
    if isinstance(value, Tuple):
        return Tuple(tuple(copied(one, deep=deep, depth=depth + 1) for one in value.items), value.place)
    cells = {key: copied(one, deep=deep, depth=depth + 1) if deep else one for key, one in value.cells.items()}
    if isinstance(value, List):
        return List(cells, value.place, value.kind)
    if isinstance(value, Dict):
        return Dict(cells, value.place)
    if isinstance(value, Instance):
        return Instance(value.cls, value.row, cells, value.place)
    return Object(value.row, value.arguments, value.extra, cells, value.spelled, value.place, value.argument_places)


@function(
    "tqdm.tqdm", "tqdm.auto.tqdm", "tqdm.notebook.tqdm", "tqdm.tqdm_notebook", "tqdm.autonotebook.tqdm", "alive_progress.alive_it"
)
@function("rich.progress.track", "progressbar.progressbar", "fastprogress.progress_bar", "fastprogress.master_bar", "iter")
def _progress(call: Call) -> Value:
    return call.argument(0, "iterable") or call.unknown("a progress bar that is moved by hand")


@function("tqdm.trange", "tqdm.auto.trange", "tqdm.notebook.trange", "tqdm.tnrange")
def _trange(call: Call) -> Value:
    from trainlint.interpret.dispatch import FUNCTIONS

    return FUNCTIONS["builtins.range"](call)


@function("itertools.chain", "itertools.chain.from_iterable")
def _chain(call: Call) -> Value:
    sources, exhaustive = call.arguments.positional, call.arguments.complete
    if call.name.endswith("from_iterable") and sources:
        outer = call.interpreter.iterate(sources[0], call.place)
        sources, exhaustive = tuple(outer.items), outer.exhaustive
    if any(isinstance(one, Object) and one.row.kind == "parameters" for one in sources):
        return new_list(sources, call.place)  # groups of parameters stay recognisable
    found = [call.interpreter.iterate(one, call.place) for one in sources]
    items = [item for one in found for item in one.items]
    return wrap(call, items, exhaustive=exhaustive and all(one.exhaustive for one in found), trips=None)


@function("itertools.product")
def _product(call: Call) -> Value:
    rows: list[tuple[Value, ...]] = [()]
    exhaustive = call.arguments.complete
    times = call.arguments.keywords.get("repeat", Literal(1))
    found = [call.interpreter.iterate(one, call.place) for one in call.arguments.positional]
    if isinstance(times, Literal) and isinstance(times.value, int) and 0 <= times.value * len(found) <= MAXIMUM_FACTORS:
        found = found * times.value
    else:
        return wrap(call, [call.unknown("combinations in an unknown number")], exhaustive=False, trips=None)
    for one in found:
        every = [(*row, item) for row in rows for item in one.items[:MAXIMUM_ROWS]]
        exhaustive = exhaustive and one.exhaustive and len(rows) * len(one.items) <= MAXIMUM_ROWS
        rows = every[:MAXIMUM_ROWS]
    return wrap(call, [Tuple(row) for row in rows], exhaustive=exhaustive, trips=len(rows) if exhaustive else None)


@function("itertools.count", "itertools.cycle", "itertools.repeat")
def _endless(call: Call) -> Value:
    """One item that stands for all that come: of a cycle of known items any of them."""
    item = call.argument(0) or NONE
    if call.name == "itertools.count":
        item = call.unknown("a counter of a loop")
    elif call.name == "itertools.cycle":
        item = any_of(call.interpreter.iterate(item, call.place).items) or call.unknown("an item of nothing")
    return wrap(call, [item], exhaustive=False, trips=None)


@function("itertools.islice")
def _islice(call: Call) -> Value:
    found = call.interpreter.iterate(call.argument(0) or NONE, call.place)
    ends = [one.value for one in call.arguments.positional[1:] if isinstance(one, Literal)]
    whole = [one for one in ends if type(one) is int and one >= 0]
    if found.exhaustive and 0 < len(whole) == len(call.arguments.positional) - 1 and whole[2:] != [0]:
        items = list(islice(found.items, *whole[:3]))
        return wrap(call, items, exhaustive=True, trips=len(items))
    count = call.literal(1)
    trips = count if isinstance(count, int) and len(call.arguments.positional) == 2 else None
    return wrap(call, list(found.items[:1]), exhaustive=False, trips=trips)


@function("os.path.join", "os.path.expanduser", "os.path.abspath", "os.path.dirname", "os.path.basename", "os.path.realpath")
def _path(call: Call) -> Value:
    import posixpath

    parts = [one.value for one in call.arguments.positional if isinstance(one, Literal)]
    if len(parts) != len(call.arguments.positional) or not all(isinstance(one, str) for one in parts) or not parts:
        return call.unknown("a path that is not known")
    if call.name in ("os.path.join", "os.path.dirname", "os.path.basename"):
        texts = [str(one) for one in parts]
        return Literal(getattr(posixpath, call.name.rpartition(".")[2])(*texts), call.place, _origin(call))
    return call.unknown("a path on the machine that runs the script")


@function("os.environ.get", "os.getenv")
def _environment(call: Call) -> Value:
    name, default = call.literal(0), call.argument(1, "default")
    if isinstance(default, Literal) and default.value is not None:
        return Literal(default.value, default.place, Origin.ARGUMENT_DEFAULT, f"default of `os.environ[{name!r}]`")
    return call.unknown(f"it comes from `os.environ[{name!r}]`")


@function(
    "copyreg.pickle",
    "time.sleep",
    "warnings.filterwarnings",
    "warnings.simplefilter",
    "logging.info",
    "gc.collect",
)
def _nothing(_: Call) -> Value:
    return NONE


@function(
    "random.seed",
    "random.setstate",
    "numpy.random.seed",
    "numpy.random.set_state",
    "torch.manual_seed",
    "torch.random.manual_seed",
    "torch.set_rng_state",
    "torch.cuda.manual_seed",
    "torch.cuda.manual_seed_all",
    "tensorflow.random.set_seed",
    "tensorflow.set_random_seed",
    "tensorflow.random.set_random_seed",
    "keras.utils.set_random_seed",
    "pytorch_lightning.seed_everything",
    "lightning.seed_everything",
    "transformers.set_seed",
    "accelerate.utils.set_seed",
)
def _seed(call: Call) -> Value:
    """A random generator of a whole library starts again from a known state."""
    seed = call.argument(0, "seed", "a", "state", "new_state")
    call.interpreter.emit("seed", call.place, {}, seed=seed or NONE, of=Literal(call.name))
    return NONE


@function("random.shuffle", "numpy.random.shuffle", "numpy.random.default_rng().shuffle")
def _shuffle(call: Call) -> Value:
    from trainlint.interpret.arrays.randomness import forget_order

    array = call.argument(0, "x")
    if array is not None:
        call.interpreter.emit("shuffle", call.place, {}, array=array, by=Literal(call.name))
        forget_order(call, array)
    return NONE


@function("collections.deque")
def _deque(call: Call) -> Value:
    """A deque is a list here; with `maxlen` old items drop out, so that it may hold fewer than are known."""
    source = call.argument(0, "iterable")
    found = call.interpreter.iterate(source, call.place) if source is not None else None
    items = tuple(found.items) if found is not None else ()
    limited = call.argument(1, "maxlen") is not None
    return new_list(items, call.place, is_open=limited or (found is not None and not found.exhaustive))


@function("collections.namedtuple")
def _namedtuple(call: Call) -> Value:
    """A class with fields, as `typing.NamedTuple` makes one."""
    name, fields = call.literal(0, "typename"), call.argument(1, "field_names")
    if isinstance(fields, Literal) and isinstance(fields.value, str):
        names: list[Value] = [Literal(one, fields.place) for one in fields.value.replace(",", " ").split()]
    else:
        found = call.interpreter.iterate(fields or NONE, call.place)
        names = list(found.items) if found.exhaustive else []
    if not isinstance(name, str) or not all(isinstance(one, Literal) and isinstance(one.value, str) for one in names):
        return call.unknown("a named tuple whose fields are not known")
    base = Symbol("typing.NamedTuple", "typing.NamedTuple", call.place)
    return Class(name, (base,), {FIELDS: Tuple(tuple(names))}, place=call.place)


@function("dataclasses.field")
def _field(call: Call) -> Value:
    from trainlint.knowledge.rows import Row

    row = Row("dataclasses.field", "object", "dataclass_field", "*, default=None, default_factory=None, **kwargs")
    return Object(row, dict(call.arguments.keywords), {}, {}, call.spelled, call.place)


@function("dataclasses.replace")
def _replace(call: Call) -> Value:
    value = copied(call.argument(0) or NONE, deep=False)
    if isinstance(value, Instance):
        value.cells.update(call.arguments.keywords)
    return value


@function("dataclasses.asdict")
def _asdict(call: Call) -> Value:
    value = call.argument(0)
    return Dict(dict(value.cells), call.place) if isinstance(value, Instance) else call.unknown("asdict of an unknown value")


@function("types.MappingProxyType", "typing.cast", "contextlib.nullcontext")
def _passed_through(call: Call) -> Value:
    index = 1 if call.name == "typing.cast" else 0
    return call.argument(index) or NONE


@function("importlib.import_module")
def _import_module(call: Call) -> Value:
    from trainlint.interpret import imports

    name = call.literal(0)
    if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
        return call.unknown("a module whose name is not known")
    return imports.module(machine_of(call), name, 0, call.place)


@function("operator.attrgetter", "operator.itemgetter")
def _getter(call: Call) -> Value:
    return call.unknown("a getter")


@function("contextlib.contextmanager", "functools.wraps", "functools.lru_cache", "functools.cache")
def _decorator(call: Call) -> Value:
    if call.name == "functools.wraps":
        return call.unknown("functools.wraps")
    return call.argument(0) or call.unknown("a decorator")


@method("function", "__get__")
def _get(call: Call) -> Value:
    return call.receiver or NONE


__all__ = ["CONSTANTS", "Arguments", "Scope", "Unknown", "copied", "operators"]
