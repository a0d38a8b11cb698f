"""What a Keras `fit` is given and what it is not: callbacks, steps, labels of folders, layers that were frozen too late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Fact, Place
from trainlint.facts.bindings import mentions
from trainlint.facts.loop_faults import upstream
from trainlint.facts.passes import every_event, text_of
from trainlint.facts.provenance import main_path, source_object
from trainlint.facts.registration import made
from trainlint.facts.run import LossFacts, ModelFacts, Script, TrainingRun
from trainlint.facts.syntax import assigned_name, collected_name, enclosing, names_of, readers, targets_of
from trainlint.interpret.events import Event
from trainlint.interpret.keras.common import items_of
from trainlint.interpret.values import Array, Instance, List, Literal, Object, Tuple, Unknown, Value, alternatives
from trainlint.wording import row_in_words

REPORTING = frozenset({"TensorBoard", "CSVLogger", "RemoteMonitor", "ProgbarLogger", "History", "BaseLogger"})
"""Callbacks that only write down what happens: training is the same without them, and one is left out on purpose at times."""


def callbacks_left_out(script: Script) -> Iterator[tuple[str, Place, Place]]:
    """(what, where it is made, the fit) of callbacks that nothing reads, ahead of a fit without them; of a list only once."""
    events = every_event(script)
    fits = [event for event in events if event.kind == "fit" and event.place is not None]
    lists: set[str] = set()
    for event, callback in made(script, "callback"):
        name, listed = assigned_name(event.place), collected_name(event.place)
        if listed in lists:
            continue
        name = name or listed
        after = [fit for fit in fits if fit.order > event.order]
        if not name or not after or event.place is None or _is_read(event.place, name) or not isinstance(callback, Object):
            continue
        if callback.row.name.rpartition(".")[2] in REPORTING:
            continue
        known = all(_is_without(fit.values.get("callbacks"), callback) for fit in after)
        if known and after[0].place is not None:
            lists |= {listed} - {""}
            what = f"the list `{listed}` of callbacks" if listed else callback.row.name.rpartition(".")[2]
            yield what, event.place, after[0].place


def optimizers_left_out(script: Script) -> Iterator[tuple[str, Place, str, Place]]:
    """(class, where it is made, what the model trains with instead, the compile) of optimizers that nothing reads."""
    compiles = [event for event in every_event(script) if event.kind == "compile" and event.place is not None]
    for event, optimizer in made(script, "optimizer"):
        name = assigned_name(event.place)
        after = [one for one in compiles if one.order > event.order]
        if not name or not after or event.place is None or optimizer.row is None or optimizer.row.library != "keras":
            continue
        others = [_other_optimizer(one.values.get("optimizer"), optimizer) for one in after]
        if after[0].place is not None and all(others) and not _is_read(event.place, name):
            yield optimizer.row.name.rpartition(".")[2], event.place, others[0], after[0].place


def _other_optimizer(value: Value | None, optimizer: Value) -> str:
    """What a model is compiled with, in words, if that is surely another optimizer; else nothing."""
    if isinstance(value, Literal) and isinstance(value.value, str):
        return repr(value.value)
    if not isinstance(value, Object) or value.row.makes != "optimizer" or value is optimizer or value.place is None:
        return ""
    return f"the {value.row.name.rpartition('.')[2]} of {row_in_words(value.place)}"


def _is_read(place: Place, name: str) -> bool:
    """Whether any code reads what is bound to a name: a variable by the name alone (`keras.callbacks` is none), else any word."""
    import libcst as cst

    attribute = any("." in one for one in targets_of(place)) or isinstance(
        enclosing(place, cst.FunctionDef, cst.ClassDef), cst.ClassDef
    )
    return bool(mentions(place, name)) if attribute or names_of(place) is None else bool(readers(place, name))


def _is_without(value: Value | None, callback: Object) -> bool:
    """Whether a `callbacks` argument surely does not hold a callback."""
    stack, seen = [value], 0
    while stack and seen < 1_000:
        one = stack.pop()
        seen += 1
        if one is callback or isinstance(one, Unknown):
            return False
        if isinstance(one, List):
            stack.append(one.cells.get("items"))
            if "open" in one.cells:
                return False
        elif isinstance(one, Tuple):
            stack.extend(one.items)
        elif one is not None:
            stack.extend(other for other in alternatives(one) if other is not one)
    return True


class WrongSteps(NamedTuple):
    """`steps_per_epoch` that is the number of samples (`repeats`), or more than the data hold."""

    steps: int
    samples: int
    batch: int
    repeats: bool
    place: Place


def wrong_steps(run: TrainingRun) -> WrongSteps | None:
    """A number of steps that does not fit the samples and the batch size."""
    fit = next((event for event in run.events if event.kind == "fit"), None)
    held = fit.values.get("steps_per_epoch") if fit is not None else None
    samples, batch = run.inputs.samples, run.batch_size
    if fit is None or not isinstance(held, Literal) or not isinstance(held.value, int) or samples is None:
        return None
    place = fit.argument_places.get("steps_per_epoch") or fit.place
    if not isinstance(batch, Fact) or batch.value < 2 or place is None or held.value < 1:
        return None
    holds = -(-samples // batch.value)
    x = fit.values.get("x")
    if isinstance(x, Array):
        return WrongSteps(held.value, samples, batch.value, False, place) if held.value > holds else None
    endless = isinstance(x, Object) and x.row.makes == "generator" and held.value == samples > batch.value
    return WrongSteps(held.value, samples, batch.value, True, place) if endless else None


class FrozenLate(NamedTuple):
    """`trainable` set after a fit: where, the next fit, which compiles nothing in between."""

    place: Place
    fit: Place
    frozen: bool | None
    compiled: Place | None = None


def frozen_after_fit(script: Script) -> Iterator[FrozenLate]:
    """Layers whose `trainable` changes between two fits of a model that is not compiled again."""
    events = every_event(script)
    fits = [event for event in events if event.kind == "fit"]
    seen: set[object] = set()
    for event in events:
        if event.kind != "set_attribute" or text_of(event.values.get("name")) != "trainable" or event.place in seen:
            continue
        before = [fit for fit in fits if fit.order < event.order and _holds(fit, event.values.get("target"))]
        model = before[-1].values.get("model") if before else None
        after = [fit for fit in fits if fit.order > event.order and fit.values.get("model") is model]
        if not after or event.place is None or after[0].place is None or not _straight(event, before[-1], after[0]):
            continue
        compiled = [one for one in events if one.kind == "compile" and one.values.get("model") is model]
        if not any(event.order < one.order < after[0].order for one in compiled) and after[0].place != before[-1].place:
            seen.add(event.place)
            value = event.values.get("value")
            frozen = bool(value.value) if isinstance(value, Literal) else None
            yield FrozenLate(event.place, after[0].place, frozen, compiled[-1].place if compiled else None)


def _straight(*events: Event) -> bool:
    """Whether nothing that is undecided or called from elsewhere lies around only some of the events."""
    kinds = ("branch", "uncalled")
    places = [[frame.place for frame in event.frames if frame.kind in kinds] for event in events]
    return all(one == places[0] for one in places)


def _holds(fit: Event, target: Value | None) -> bool:
    """Whether a fitted model is, or uses, a layer or a model."""
    output = fit.values.get("output")
    if target is None or isinstance(fit.values.get("model"), Instance):
        return False
    if target is fit.values.get("model"):
        return True
    layers = {id(one) for one in _layers(output)}
    inner = target.cells.get("outputs") if isinstance(target, Object) else None
    return any(id(one) in layers for one in _layers(inner) or [target])


def _layers(outputs: Value | None) -> list[Value]:
    """The layers that one output, or several, are computed by."""
    each = items_of(outputs) or (outputs,)
    found = [up.attributes.get("layer") for one in each if isinstance(one, Array) for up in upstream(one)]
    return [one for one in found if one is not None]


NEEDED = {"categorical_crossentropy": "categorical", "sparse_categorical_crossentropy": "int"}


class WrongLabels(NamedTuple):
    """Labels of folders in another form than the loss takes: the argument, its value, what is needed, whether it was written."""

    argument: str
    mode: str
    needed: str
    written: Place | None
    place: Place


def labels_of_folders(run: TrainingRun) -> WrongLabels | None:
    """The label mode of a folder of images that does not fit the loss."""
    if not isinstance(run.loss, LossFacts):
        return None
    leaf = next((one for one in main_path(run.targets.value) if one.attributes.get("source") == "labels of folders"), None)
    direct = all(one.op in ("batch", "data", "getitem") for one in main_path(run.targets.value))
    if leaf is None or leaf.place is None or not direct:
        return None
    flow = source_object(run.targets.value)
    generator = flow is not None and flow.row.makes == "generator"
    mode = "categorical" if leaf.dtype == "float32" and leaf.shape is not None and leaf.shape[1:] != (1,) else "int"
    mode = "binary" if leaf.shape is not None and leaf.shape[1:] == (1,) else mode
    needed = _needed(run)
    if not needed or mode == needed or (needed == "int" and mode == "binary") or leaf.shape is None:
        return None
    names = {"int": "sparse"} if generator else {}
    argument = "class_mode" if generator else "label_mode"
    written = flow.argument_places.get(argument) if flow is not None else None
    return WrongLabels(argument, names.get(mode, mode), names.get(needed, needed), written, leaf.place)


def _needed(run: TrainingRun) -> str:
    """The label mode that a loss takes; "" if it takes several or is not known."""
    if not isinstance(run.loss, LossFacts):
        return ""
    if run.loss.name == "binary_crossentropy" and isinstance(run.model, ModelFacts) and run.model.output is not None:
        shape = run.model.output.shape
        return "binary" if shape is not None and len(shape) == 2 and shape[1] == 1 and _is_onehot(run) else ""
    return NEEDED.get(run.loss.name, "")


def _is_onehot(run: TrainingRun) -> bool:
    return run.targets.labels == "onehot"
