"""Comparisons of a model's outputs with one half, which is a threshold for probabilities and not for logits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Edit, Place, Span, Unknown
from trainlint.facts.passes import every_event
from trainlint.facts.provenance import constant_number
from trainlint.facts.queries import above
from trainlint.facts.run import Script, TrainingRun
from trainlint.facts.syntax import last_name, names_of, node_at
from trainlint.interpret.values import Array, Instance, Object, Tuple, Value

COMPARED = frozenset({"greater", "greater_equal", "less", "less_equal"})
PASSED_ON = frozenset({"squeeze", "reshape", "flatten", "detach", "cast", "getitem", "identity", "expand_dims"})
"""Operations that leave an output what it is."""
LINEAR = frozenset({"dense", "conv", "conv_transpose"})
LOGITS_LOSS = "binary_cross_entropy_with_logits"
HALF = re.compile(r"([<>]=?)(\s*)0?\.50*\Z")
MAXIMUM_STEPS = 100


class HalfOfLogits(NamedTuple):
    """Where logits are compared with 0.5 or rounded, the run that trains them, and the edits that mend it."""

    place: Place
    run: TrainingRun
    edits: tuple[Edit, ...]


def logits_compared_with_half(script: Script) -> Iterator[HalfOfLogits]:
    """`model(x) > 0.5` and `torch.round(model(x))` of a model that is trained on its logits."""
    trained = {
        id(layer): run
        for run in script.runs
        if run.framework == "torch" and not isinstance(run.loss, Unknown) and run.loss.name == LOGITS_LOSS
        for layer in _last_layers(run)
    }
    seen: set[object] = set()
    for event in every_event(script) if trained else ():
        made = event.values.get("output")
        if event.kind != "array" or not isinstance(made, Array) or event.place is None:
            continue
        halved = made.op in COMPARED and len(made.inputs) == 2 and constant_number(made.inputs[1]) == 0.5
        run = trained.get(id(_maker(made.inputs[0]))) if halved or (made.op == "round" and made.inputs) else None
        if run is not None and event.place not in seen and not (made.op == "round" and _only_shown(event.place)):
            seen.add(event.place)
            yield HalfOfLogits(event.place, run, _edits(event.place))


class HalfOfClasses(NamedTuple):
    """A mean over all columns of the agreement of `softmax > 0.5` with one-hot rows of so many classes."""

    place: Place
    classes: int


def classes_compared_with_half(script: Script) -> Iterator[HalfOfClasses]:
    """`tf.reduce_mean(tf.equal(probabilities > 0.5, rows))` that a session computes."""
    seen: set[int] = set()
    for event in every_event(script):
        fetched = event.values.get("fetched") if event.kind == "session_run" else None
        for one in _above_all(fetched):
            classes = _columns_that_agree(one) if isinstance(one, Array) and id(one) not in seen else None
            if isinstance(one, Array) and classes is not None and one.place is not None:
                seen.add(id(one))
                yield HalfOfClasses(one.place, classes)


def _above_all(fetched: Value | None) -> Iterator[Value]:
    for one in fetched.items if isinstance(fetched, Tuple) else ():
        yield from above(one)


def _columns_that_agree(mean: Array) -> int | None:
    """How many columns, three or more, a mean over the agreement with one-hot rows counts for themselves."""
    equal = _passed_on(mean.inputs[0]) if mean.op == "mean" and mean.shape == () and mean.inputs else None
    if equal is None or equal.op != "equal" or len(equal.inputs) != 2:
        return None
    for guess, rows in (equal.inputs, equal.inputs[::-1]):
        halved = _passed_on(guess)
        if halved is None or halved.op not in COMPARED or len(halved.inputs) != 2 or constant_number(halved.inputs[1]) != 0.5:
            continue
        output = _passed_on(halved.inputs[0])
        widths = [
            one.shape[-1] for one in (output, rows) if isinstance(one, Array) and one.shape is not None and len(one.shape) == 2
        ]
        width = widths[0] if len(widths) == 2 and widths[0] == widths[1] else None
        if output is not None and output.op == "softmax" and width is not None and width >= 3:
            return width
    return None


def _passed_on(value: Value) -> Array | None:
    """A value before what leaves its numbers as they are."""
    for _ in range(MAXIMUM_STEPS):
        if not isinstance(value, Array) or value.op not in PASSED_ON - {"getitem"} or not value.inputs:
            break
        value = value.inputs[0]
    return value if isinstance(value, Array) else None


def _only_shown(place: Place) -> bool:
    """Whether a number is printed where it is computed, and compared with nothing on the way: it decides nothing."""
    import libcst as cst

    names, node = names_of(place), node_at(place)
    for outer in names.around(node) if names is not None and node is not None else ():
        if isinstance(outer, cst.Call):
            called = last_name(outer.func)
            if called not in PASSED_ALONG:
                return called == "print"
        elif isinstance(outer, cst.Comparison | cst.BaseSmallStatement):
            return False
    return False


PASSED_ALONG = frozenset({"squeeze", "flatten", "reshape", "cpu", "numpy", "detach", "int", "long", "tolist", "list", "str"})


def _last_layers(run: TrainingRun) -> Iterator[Value]:
    """The layer that gives the logits of a run's loss."""
    for event in run.events:
        output = event.values.get("output")
        if event.kind == "loss" and isinstance(output, Array) and output.inputs:
            maker = _maker(output.inputs[0])
            if maker is not None:
                yield maker


def _maker(value: Value) -> Object | Instance | None:
    """The linear layer whose output a value is, with nothing done to its numbers."""
    for _ in range(MAXIMUM_STEPS):
        if not isinstance(value, Array):
            return None
        layer = value.attributes.get("layer")
        if value.op == "layer" and isinstance(layer, Object | Instance):
            return layer if layer.row is not None and layer.row.kind in LINEAR else None
        if value.op not in PASSED_ON or not value.inputs:
            return None
        value = value.inputs[0]
    return None


def _edits(place: Place) -> tuple[Edit, ...]:
    """`x > 0.5` as `x > 0`."""
    text, span = getattr(place, "text", ""), place.span
    found = HALF.search(text)
    if found is None or "\n" in text:
        return ()
    start = span.end_column - (len(text) - found.start()) + len(found[1]) + len(found[2])
    return (Edit(Span(span.filename, span.end_row, start, span.end_row, span.end_column), "0"),)
