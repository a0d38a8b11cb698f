"""How a script turns the outputs of its model into decisions: argmax over an axis, and what is left of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trainlint.core import Edit, Place, Unknown
from trainlint.facts.loss_fit import loss_verdict
from trainlint.facts.run import Script, TrainingRun
from trainlint.facts.syntax import last_name, names_of, node_at, readers, targets_of
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Literal, Object, Value
from trainlint.wording import run_cause, site_cause

KEEPS_WIDTH = frozenset(
    {
        *("sigmoid", "softmax", "tanh", "relu", "log_softmax", "softplus", "leaky_relu", "hard_sigmoid", "detach", "cast"),
        *("dropout", "identity", "negative", "exp", "log"),
    }
)
"""Operations whose result is as wide as what they are given."""

UNITS = {"dense": ("units", "out_features")}
PER_ROW_LAYERS = ("dense", "dropout", "batch_norm", "activation", "relu", "sigmoid", "tanh", "flatten", "softmax", "layer_norm")
FLATTENING = ("flatten", "global_average_pool", "global_max_pool")
KEEPS_ROWS = frozenset({"to", "cuda", "cpu", "float", "double", "half", "type", "flatten", "detach", "clone", "contiguous"})
"""Methods that leave rows rows, or make rows of anything; so do `view` and `reshape` to two axes."""
MAXIMUM_STEPS = 500


class IdleArgmax(NamedTuple):
    """An argmax that cannot tell classes apart: over one unit, (`flat`) over `rows` rows at once, or (`down`) down the rows."""

    place: Place
    flat: bool
    rows: int | None
    run: TrainingRun | None
    replacement: tuple[Edit, ...]
    down: bool = False

    @property
    def cause(self) -> tuple[str, str]:
        """The loss, where it cannot serve one unit either (TRN303); else the argmax itself."""
        verdict = loss_verdict(self.run) if self.run is not None else None
        if self.run is not None and verdict is not None and verdict.row.code == "TRN303":
            return run_cause("loss-output", self.run)
        return site_cause("argmax", self.place)


def idle_argmaxes(script: Script, events: Sequence[Event]) -> Iterator[IdleArgmax]:
    """Each place where argmax is taken of a model's outputs over an axis of extent 1, or of a batch without an axis."""
    seen: set[object] = set()
    for event in events:
        made = event.values.get("output")
        if event.kind != "array" or not isinstance(made, Array) or made.op != "argmax" or event.place is None:
            continue
        given = made.inputs[0] if made.inputs else None
        if not isinstance(given, Array) or not given.symbolic or event.place in seen:
            continue
        axis, rows = made.attributes.get("axis"), given.shape[0] if given.shape else None
        over_one = isinstance(axis, int) and width_of(given) == 1 and _is_last(axis, given) and not _chosen(event)
        flat = (
            axis is None and given.shape is not None and len(given.shape) == 2 and (given.shape[-1] or 0) > 1 and (rows or 0) > 1
        )
        down = axis == 0 and given.shape is not None and len(given.shape) == 2 and (given.shape[1] or 0) > 1 and rows != 1
        down = down and event.place.span.row not in seen and _is_compared(event.place)
        if over_one or flat or down:
            seen.update((event.place, event.place.span.row))
            run = _run_of(script, given)
            edits = _comparison(event.place, given, run) if over_one else ()
            yield IdleArgmax(event.place, flat, rows, run, edits, down)


def _chosen(event: Event) -> bool:
    """Whether a branch that is not decided is around an event, other than every so many passes: it may be for other models."""
    return any(frame.kind == "branch" and frame.trips is None for frame in event.frames)


def _is_compared(place: Place) -> bool:
    """Whether what is computed at a place, or the name that it is bound to, is tested for equality."""
    import libcst as cst

    names, node = names_of(place), node_at(place)
    if names is None or node is None:
        return False
    for one in (node, *(other for name in targets_of(place, through=True) for other in readers(place, name))):
        for above in names.around(one):
            if isinstance(above, cst.Comparison) and isinstance(above.comparisons[0].operator, cst.Equal):
                return True
            if isinstance(above, cst.Call) and last_name(above.func) in EQUALITY:
                return True
    return False


EQUALITY = ("eq", "equal", "array_equal")


def width_of(array: Array) -> int | None:
    """The extent of the last axis: known, or that of the dense layer that made it."""
    for _ in range(MAXIMUM_STEPS):
        if array.shape is not None:
            return array.shape[-1] if array.shape else None
        layer = array.attributes.get("layer")
        if array.op == "layer" and isinstance(layer, Object):
            for name in UNITS.get(layer.row.kind, ()):
                held = layer.arguments.get(name)
                if isinstance(held, Literal):
                    return held.value if isinstance(held.value, int) else None
        above = array.inputs[0] if array.op in KEEPS_WIDTH and array.inputs else None
        if not isinstance(above, Array):
            return None
        array = above
    return None


def _is_last(axis: int, given: Array) -> bool:
    """Whether an axis is the last one; of an unknown number of axes 1 is, if every layer upstream takes rows."""
    if given.shape is not None:
        return len(given.shape) >= 2 and axis in (-1, len(given.shape) - 1)
    return axis == -1 or (axis == 1 and _has_two_axes(given))


def _has_two_axes(array: Array) -> bool:
    for _ in range(MAXIMUM_STEPS):
        if array.shape is not None:
            return len(array.shape) == 2
        layer = array.attributes.get("layer")
        kind = layer.row.kind if isinstance(layer, Object) else array.op
        if kind in FLATTENING:
            return True
        above = array.inputs[0] if array.inputs else None
        if array.op in ("data", "batch") or not isinstance(above, Array):
            return above is None or isinstance(above, Array) or _is_of_rows(above)
        if kind not in PER_ROW_LAYERS and array.op not in KEEPS_WIDTH:
            return False
        array = above
    return False


def _is_of_rows(given: Value) -> bool:
    """Whether a value that could not be followed is taken for rows: an input, but not what an unknown call made of it."""
    import libcst as cst

    node = node_at(getattr(given, "place", None))
    if not isinstance(node, cst.Call):
        return True
    method = last_name(node.func) if isinstance(node.func, cst.Attribute) else ""
    return method in KEEPS_ROWS or (method in ("view", "reshape") and len(node.args) == 2)


def _run_of(script: Script, given: Array) -> TrainingRun | None:
    """The run that trains the layer whose outputs are asked: the only one, or the one whose model holds that layer's place."""
    if len(script.runs) == 1:
        return script.runs[0]
    places = {one.attributes["layer"].place for one in _outputs(given)}
    for run in script.runs:
        if not isinstance(run.model, Unknown) and run.model.layers and any(one.place in places for one in run.model.layers[-2:]):
            return run
    return None


def _outputs(array: Array) -> Iterator[Array]:
    for _ in range(MAXIMUM_STEPS):
        if isinstance(array.attributes.get("layer"), Object):
            yield array
        above = array.inputs[0] if array.op in KEEPS_WIDTH and array.inputs else None
        if not isinstance(above, Array):
            return
        array = above


CALLS = (
    (re.compile(r"(?:np|numpy)\.argmax\((.+?),\s*(?:axis\s*=\s*)?-?1\)\Z"), "({0}[:, 0] > {1}).astype(int)"),
    (re.compile(r"torch\.argmax\((.+?),\s*(?:(?:axis|dim)\s*=\s*)?-?1\)\Z"), "({0}[:, 0] > {1}).long()"),
    (re.compile(r"tf\.argmax\((.+?),\s*(?:axis\s*=\s*)?-?1\)\Z"), "tf.cast({0}[:, 0] > {1}, tf.int64)"),
    (re.compile(r"([\w.]+)\.argmax\((?:(?:axis|dim)\s*=\s*)?-?1\)\Z"), "({0}[:, 0] > {1}){2}"),
)
"""How argmax over the last axis is written, and the comparison in its place."""


def _comparison(place: Place, given: Array, run: TrainingRun | None) -> tuple[Edit, ...]:
    """`argmax(p, 1)` as `p[:, 0] > 0.5` where p are probabilities, `> 0.0` where they are logits."""
    text = getattr(place, "text", "")
    threshold = _threshold(given, run)
    if threshold is None or "\n" in text or "#" in text:
        return ()
    cast = ".long()" if given.library == "torch" else ".astype(int)"
    for pattern, instead in CALLS:
        found = pattern.match(text)
        if found is not None and found[1].count("(") == found[1].count(")"):
            return (Edit(place.span, instead.format(found[1], threshold, cast)),)
    return ()


def _threshold(given: Array, run: TrainingRun | None) -> str | None:
    output = None if run is None or isinstance(run.model, Unknown) else run.model.output_activation
    if output == "sigmoid" or any(one.op == "sigmoid" for one in _top(given)):
        return "0.5"
    logits = run is not None and not isinstance(run.loss, Unknown) and run.loss.from_logits is True
    return "0.0" if logits and output == "linear" else None


def _top(array: Array) -> Iterator[Array]:
    for _ in range(MAXIMUM_STEPS):
        yield array
        above = array.inputs[0] if array.op in KEEPS_WIDTH and array.inputs else None
        if not isinstance(above, Array):
            return
        array = above
