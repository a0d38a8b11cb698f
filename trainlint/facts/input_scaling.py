"""The scalings between the raw numbers and the first trainable layer: in the script, in generators, and in the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.graph import Node, walk
from trainlint.facts.provenance import (
    Course,
    Scaling,
    course_of,
    factor_of_bytes,
    fitted_on_itself,
    holds_bytes,
    lineage,
    main_path,
    scaling_of,
)
from trainlint.facts.queries import RESHAPING, TRAINABLE_LAYERS, constant_factor, root_of, trainable
from trainlint.facts.run import Script, TrainingRun
from trainlint.facts.scaling import first_layer_on_raw_inputs, holds_the_inputs
from trainlint.facts.syntax import names_of, targets_of
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Literal, Object, Tuple, Value

UNIT_FACTOR = 1 / 100
"""Data that are multiplied by this or less are being brought to unit scale (1/127.5, 1/255)."""
BYTE_FACTORS = (1 / 255.5, 1 / 127)
"""What bytes are multiplied by to come to unit scale lies between these (1/256 twice is how 16-bit data are scaled)."""


class UnitScaling(NamedTuple):
    """One scaling by a constant on the way to the first layer."""

    factor: float
    place: Place | None


def unit_scalings(run: TrainingRun) -> tuple[UnitScaling, ...]:
    """Scalings of the inputs by constants, in order, from the raw numbers to the first trainable layer; () if not followed.

    A factor of 10 or more in between undoes what came before it; anything else than constants ends the list.
    """
    course = course_of(run.inputs.value)
    if course is None or not course.followed or course.fitted:
        return ()
    found = [UnitScaling(one.factor, one.place) for one in course.scalings if one.factor is not None]
    return (*found, *_in_the_graph(run))


def _in_the_graph(run: TrainingRun, *, bound: bool = True) -> Iterator[UnitScaling]:
    """The scalings above the first trainable layer; of the run's inputs, or (`bound` false) of whatever the layer is fed."""
    root = root_of(run)
    layer = next((one for one in walk(root) if one.op in TRAINABLE_LAYERS and trainable(one)), None) if root is not None else None
    node = layer.inputs[0] if layer is not None and layer.inputs else None
    found: list[UnitScaling] = []
    while node is not None and node.op not in ("data", "input"):
        factor, above = _step(node)
        if above is None:
            return
        if factor is not None:
            found.append(UnitScaling(factor, node.place))
        node = above
    if node is not None and root is not None and (not bound or holds_the_inputs(node, root, run)):  # else it starts above them
        yield from reversed(found)


def _step(node: Node) -> tuple[float | None, Node | None]:
    """The factor of a node (None: it keeps the numbers) and the node above; (None, None) where the way ends."""
    one = constant_factor(node)
    if one is not None:
        return one.value, one.operand
    above = node.inputs[0] if node.inputs else None
    if node.op == "rescaling":
        scale = node.attributes.get("scale")
        return (float(scale), above) if isinstance(scale, int | float) else (None, None)
    return (None, above) if node.op in RESHAPING | {"max_pool", "zero_pad"} else (None, None)


class TwiceScaled(NamedTuple):
    """Two scalings to unit scale of the same data, and the largest value that is left."""

    first: UnitScaling
    second: UnitScaling
    largest: float


def scaled_twice(run: TrainingRun) -> TwiceScaled | None:
    """The first two scalings by 1/100 or less with no enlargement between, of data that are bytes or are treated so twice.

    The model's own are enough where a placeholder is fed elsewhere.
    """
    course = course_of(run.inputs.value)
    steps = unit_scalings(run) if course is not None else tuple(_in_the_graph(run, bound=False))
    small = [index for index, one in enumerate(steps) if 0 < abs(one.factor) <= UNIT_FACTOR]
    if len(small) < 2 or any(abs(one.factor) >= 10 for one in steps[small[0] : small[1]]):
        return None
    first, second = steps[small[0]], steps[small[1]]
    as_bytes = all(BYTE_FACTORS[0] <= abs(one.factor) <= BYTE_FACTORS[1] for one in (first, second))
    wide = any((one.dtype or "").endswith("int16") for one in main_path(run.inputs.value))
    if (course is None or not holds_bytes(course.leaf)) and (not as_bytes or wide):
        return None
    largest = 255.0
    for one in steps:
        largest *= abs(one.factor)
    return TwiceScaled(first, second, largest) if largest <= UNIT_FACTOR else None


def divided_again(events: tuple[Event, ...]) -> Iterator[tuple[Event, Place | None, float | None]]:
    """`x / r / r` where r is the range, largest entry or deviation of data: the event, the first division, what is left."""
    seen: set[object] = set()
    for event in events:
        scaled, divisor = event.values.get("scaled"), event.values.get("divisor")
        if event.kind != "scaled_again" or event.place is None or event.place in seen:
            continue
        if not isinstance(scaled, Array) or not isinstance(divisor, Array) or scaled.symbolic or divisor.symbolic:
            continue
        if _is_extent(divisor):
            seen.add(event.place)
            width = divisor.statistics.low if divisor.statistics.low == divisor.statistics.high else None
            yield event, scaled.place, 1 / width if width else None


def _is_extent(divisor: Array) -> bool:
    """Whether a divisor is the range, largest entry or deviation of some data (with what keeps it from being zero)."""
    for _ in range(8):
        if divisor.op in ("max", "std", "ptp"):
            return True
        if divisor.op not in ("subtract", "add", "maximum", "where", "cast", "setitem", "reshape", "expand_dims", "clip"):
            return False
        inner = next((one for one in divisor.inputs if isinstance(one, Array)), None)
        if inner is None:
            return False
        divisor = inner
    return False


class OtherScale(NamedTuple):
    """Data that a model is used on, scaled in another way than what it was trained on.

    `ratio` is how many times larger the numbers are than in training (None: only a fitted scaler differs); `scaling` is the
    one that is missing, or the one that was fitted apart (`fitted_apart`).
    """

    use: Event
    role: str
    ratio: float | None
    scaling: Scaling | None
    fitted_apart: bool = False


def other_scales(script: Script, run: TrainingRun, events: tuple[Event, ...]) -> Iterator[OtherScale]:
    """The uses of a run's model on data that are scaled otherwise, unless the data it is trained on are scaled twice."""
    fit = next((one for one in run.events if one.kind in ("fit", "forward")), None)
    if fit is None or not isinstance(run.inputs.value, Array) or len(script.runs) > MAXIMUM_RUNS_COMPARED:
        return
    if scaled_twice(run) is not None:
        return  # what is wrong is the training data's own scaling
    whole = course_of(run.inputs.value)
    for event, role, value in _uses(fit, events):
        origin = _common_origin(run.inputs.value, value)
        trained, used = course_of(run.inputs.value, origin), course_of(value, origin)
        again = _fitted_again(run.inputs.value, value, events) if whole is not None and whole.followed else None
        if again is not None:
            yield OtherScale(event, role, None, again, fitted_apart=True)
            continue
        if trained is None or used is None:
            continue
        if not trained.followed or not used.followed:
            yield from _of_bytes(run.inputs.value, value, event, role)
        elif _one_source(trained.leaf, used.leaf):
            yield from _differences(trained, used, event, role)


MAXIMUM_RUNS_COMPARED = 20


def _common_origin(first: Value, second: Value) -> Array | None:
    """The nearest array that both were made of: what came before it was done to both alike."""
    mine = {id(one) for one in main_path(first)}
    return next((one for one in main_path(second) if id(one) in mine), None)


def _of_bytes(trained: Value, used: Value, event: Event, role: str) -> Iterator[OtherScale]:
    """Bytes that were brought to other widths, by whatever shifts and factors: by their deviation here, by 255 there."""
    own, theirs = factor_of_bytes(trained), factor_of_bytes(used)
    if not own or not theirs or 0.5 < theirs / own < 2:
        return
    steps = [[one for one in main_path(value) if one.op == "normalization"] for value in (trained, used)]
    alone = next((one for mine, other in (steps, steps[::-1]) for one in mine if not other), None)
    factors = (one for value in (used, trained) for one in main_path(value) if one.op in ("divide", "multiply"))
    scaled = alone or next(factors, None)
    yield OtherScale(event, role, theirs / own, Scaling(scaled) if scaled is not None else None)


def _fitted_again(trained: Value | None, used: Value, events: tuple[Event, ...]) -> Scaling | None:
    """The scaling of data that are used by the scaler which also scaled the training data, but was fitted on itself each time."""
    scalers = {id(event.values.get("output")): event.values.get("scaler") for event in events if event.kind == "scaled"}
    mine = [one for one in lineage(trained) if isinstance(scalers.get(id(one)), Object) and fitted_on_itself(one)]
    theirs = [one for one in lineage(used) if isinstance(scalers.get(id(one)), Object) and fitted_on_itself(one)]
    if any(one is other for one in mine for other in theirs):
        return None
    for one in theirs:
        if any(scalers[id(one)] is scalers[id(other)] for other in mine):
            return scaling_of(one)
    return None


def _uses(fit: Event, events: tuple[Event, ...]) -> Iterator[tuple[Event, str, Value]]:
    """What a model is judged and used on, up to where it is trained further on other data: (the event, its role, the data)."""
    model = fit.values.get("model")
    held = fit.values.get("validation_batch", fit.values.get("validation_data"))
    if isinstance(held, Tuple) and held.items:
        yield fit, "validation_data", held.items[0]
    for event in events:
        if event.values.get("model") is not model or event.order <= fit.order:
            continue
        value = event.values.get("x")
        if event.kind == "fit" and value is not fit.values.get("x"):
            return
        if event.kind in ("evaluate", "predict") and value is not None:
            yield event, event.kind, value
        elif event.kind == fit.kind == "forward":
            given = event.values.get("inputs")
            if isinstance(given, Tuple) and len(given.items) == 1:
                yield event, event.kind, given.items[0]


def _one_source(first: Array, second: Array) -> bool:
    """Whether two leaves surely hold numbers of one scale: parts of one source, or bytes both."""
    if first is second or (holds_bytes(first) and holds_bytes(second)):
        return True
    sources = first.attributes.get("source"), second.attributes.get("source")
    return isinstance(sources[0], str) and sources[0] == sources[1] and first.place is not None and first.place == second.place


def _differences(trained: Course, used: Course, event: Event, role: str) -> Iterator[OtherScale]:
    if not trained.fitted and not used.fitted:
        ratio = used.factor / trained.factor
        if ratio >= 2 or ratio <= 0.5:
            missing = next(iter((trained if ratio > 1 else used).scalings), None)
            yield OtherScale(event, role, ratio, missing)
    elif len(trained.fitted) == 1 and not used.fitted and used.factor == trained.factor:
        yield OtherScale(event, role, None, trained.fitted[0])
    elif len(trained.fitted) == 1 and len(used.fitted) == 1:
        mine, theirs = trained.fitted[0], used.fitted[0]
        apart = fitted_on_itself(theirs.array) and fitted_on_itself(mine.array) and not _shared(mine, theirs)
        if mine.kind == theirs.kind and apart:
            yield OtherScale(event, role, None, theirs, fitted_apart=True)


def _shared(first: Scaling, second: Scaling) -> bool:
    """Whether both parts were scaled by one call, before they were parted, or come from one array."""
    return first.array is second.array or any(one is second.array for one in main_path(first.array))


class UnusedScaling(NamedTuple):
    """A scaling whose result nobody reads while a run is given the unscaled data; `name` is what it was bound to, if anything."""

    place: Place
    name: str
    what: str


def unused_scalings(script: Script, events: tuple[Event, ...]) -> Iterator[UnusedScaling]:
    """Scalings that are dropped, or bound to a name that stands nowhere else, of data that a run trains on as they are."""
    trained = [one for run in script.runs for value in (run.inputs.value, run.targets.value) for one in lineage(value)]
    in_place = (event.values.get("output") for event in events if event.kind == "scaled" and _in_place(event))
    used = {id(one) for one in trained} | {id(one) for one in in_place}
    for event in events:
        made = event.values.get("value" if event.kind == "dropped" else "output")
        if event.kind not in ("dropped", "scaled") or not isinstance(made, Array) or event.place is None or id(made) in used:
            continue
        scaling = scaling_of(made)
        raw = made.inputs[0] if made.inputs else None
        if scaling is None or not isinstance(raw, Array) or not any(one is raw for one in trained):
            continue
        if any(id(one) in used for one in _siblings(made, trained)):
            continue
        if event.kind == "dropped":
            yield UnusedScaling(event.place, "", made.op)
        else:
            name = name_read_nowhere(event.place)
            if name:
                yield UnusedScaling(event.place, name, made.op)


def _siblings(made: Array, trained: list[Array]) -> Iterator[Array]:
    """Other scalings of the same data that a run does use."""
    for one in trained:
        if scaling_of(one) is not None and one.inputs and one.inputs[0] is made.inputs[0]:
            yield one


def _in_place(event: Event) -> bool:
    scaler = event.values.get("scaler")
    held = scaler.arguments.get("copy") if isinstance(scaler, Object) else None
    return held is not None and not (isinstance(held, Literal) and held.value is True)


def name_read_nowhere(place: Place) -> str:
    """The plain name that the statement at a place binds its value to, if the code of the file has that name nowhere else."""
    bound, names = targets_of(place), names_of(place)
    name = bound[0] if len(bound) == 1 else ""
    if names is None or "." in name or name in names.read or len(names.bound.get(name, ())) != 1:
        return ""
    return name


TABLES = ("pandas.read_csv", "pandas.read_table", "pandas.read_excel", "numpy.loadtxt", "numpy.genfromtxt")
"""Readers of tables whose columns have their own units."""


def table_read_raw(run: TrainingRun) -> Array | None:
    """The table whose columns go to a dense layer as they are read, with nothing in between that could scale them."""
    course = course_of(run.inputs.value)
    if course is None or not course.followed or course.scalings or run.inputs.known != "unknown":
        return None
    layer = first_layer_on_raw_inputs(run)
    source = course.leaf.attributes.get("source")
    return course.leaf if layer is not None and layer.op == "dense" and source in TABLES else None
