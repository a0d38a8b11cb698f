"""What a Keras `fit` records by name, and who asks for something else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.passes import every_event
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import (
    Array,
    Dict,
    Function,
    Instance,
    List,
    Literal,
    Object,
    Symbol,
    Tuple,
    Unknown,
    Value,
)

SAME = {
    "accuracy": {"accuracy", "acc"},
    "acc": {"acc"},
    "mse": {"mse", "mean_squared_error"},
    "mae": {"mae", "mean_absolute_error"},
    "mape": {"mape", "mean_absolute_percentage_error"},
    "msle": {"msle", "mean_squared_logarithmic_error"},
}
"""Names under which one metric is recorded in some release or other."""
ALWAYS = frozenset({"loss", "lr", "learning_rate"})
VALIDATION = ("validation_data", "validation_split", "validation_steps")


class NotRecorded(NamedTuple):
    """A name that `fit` does not record: who asks (a class of callbacks, or "" for `history`), why, what is recorded instead."""

    key: str
    asker: str
    why: str
    place: Place
    instead: str = ""


def names_not_recorded(script: Script) -> Iterator[NotRecorded]:
    """Keys of `history.history` and monitors of callbacks that the fit they belong to does not record."""
    events = every_event(script)
    fits = {event.place: event for event in events if event.kind == "fit"}
    for event in events:
        if event.kind == "history_read" and not any(frame.kind == "branch" for frame in event.frames):
            fit, key = event.values.get("fit"), event.values.get("key")
            held = fits.get(fit.place) if isinstance(fit, Object) and _is_complete(fit) else None
            if held is not None and isinstance(key, Literal) and isinstance(key.value, str) and event.place is not None:
                why = "" if _guarded(event.place, key.value) else _why(held, key.value)
                if why:
                    yield NotRecorded(key.value, "", why, event.place, _instead(held, key.value))
        elif event.kind == "fit":
            yield from _monitors(event)


def _is_complete(fit: Object) -> bool:
    held = fit.cells.get("complete")
    return isinstance(held, Literal) and held.value is True


def _guarded(place: Place, key: str) -> bool:
    """Whether a file may ask for the key before it reads it: it can only silence."""
    source = getattr(place, "source_text", "")
    return "KeyError" in source or re.search(rf"['\"]{re.escape(key)}['\"]\s+(not\s+)?in\b", source) is not None


def _monitors(fit: Event) -> Iterator[NotRecorded]:
    for callback in _items(fit.values.get("callbacks")) or ():
        if not isinstance(callback, Object) or callback.row.parameter("monitor") is None or callback.place is None:
            continue
        kind = callback.row.name.rpartition(".")[2]
        best = callback.arguments.get("save_best_only")
        if kind == "ModelCheckpoint" and not (isinstance(best, Literal) and best.value is True):
            continue
        given = callback.arguments.get("monitor")
        key = given.value if isinstance(given, Literal) else callback.row.default("monitor") if given is None else None
        why = _why(fit, key) if isinstance(key, str) else ""
        if why:
            yield NotRecorded(str(key), kind, why, callback.place, _instead(fit, str(key)))


def _why(fit: Event, key: str) -> str:
    """Why a fit does not record a name; nothing if it does, or that is not known."""
    metrics = _metric_names(fit.values.get("metrics"))
    model, method, output = (fit.values.get(role) for role in ("model", "method", "output"))
    if not _leaves_it_to_keras(model) or (isinstance(method, Literal) and method.value == "train_on_batch"):
        return ""
    several = isinstance(output, Tuple | List | Dict)
    if not (isinstance(output, Array) or several) or any(name.startswith("extra:") for name in fit.values):
        return ""
    callbacks = _given(fit.values.get("callbacks"))
    if any(map(_writes_logs, callbacks)):
        return ""
    if key.startswith("val_") and not any(name in fit.values for name in VALIDATION):
        return "the fit has no validation data"
    name = key.removeprefix("val_")
    if metrics is None or (several and name.endswith("_loss")) or (isinstance(model, Instance) and _holds_metrics(model)):
        return ""
    if any(not isinstance(one, Object | Instance) for one in callbacks):
        return ""  # what is not known may write logs
    names = {one for known in metrics for one in SAME.get(known, {known})}
    if name in ALWAYS or name in names or (several and name.endswith(tuple(f"_{one}" for one in names))):
        return ""
    listed = ", ".join(f"`{one}`" for one in ("loss", *sorted(metrics)))
    return f"recorded are {listed}" + (" and those of each output" if several else "")


OWN_RECORDS = frozenset(
    {
        *("fit", "compile", "train_step", "test_step", "make_train_function", "make_test_function", "evaluate"),
        *("metrics", "compute_metrics", "get_metrics_result", "compute_loss"),
    }
)
"""Methods by which a model of the script may record other names."""


def _leaves_it_to_keras(model: Value | None) -> bool:
    """Whether what `fit` records is Keras' alone to say: no model that is not known, and no class that trains in its own way."""
    if not isinstance(model, Instance):
        return not (isinstance(model, Object) and model.row.kind == "unknown")
    alone = len(model.cls.bases) == 1 and isinstance(model.cls.bases[0], Symbol) and model.row is not None
    return alone and not OWN_RECORDS & model.cls.cells.keys()


def _holds_metrics(model: Instance) -> bool:
    """Whether a model of the script, or a layer in it, has metrics of its own, or what is not known and may be one."""
    waiting: list[Value] = [model]
    for _ in range(MAXIMUM_PARTS):
        if not waiting:
            return False
        one = waiting.pop()
        if isinstance(one, Unknown) or (isinstance(one, Object) and one.row.makes == "metric"):
            return True
        if isinstance(one, Instance) and "add_metric" in getattr(one.cls.place, "source_text", ""):
            return True
        if isinstance(one, Tuple):
            waiting.extend(one.items)
        elif isinstance(one, Instance | List | Dict):
            waiting.extend(one.cells.values())
    return True


MAXIMUM_PARTS = 2_000
WRITES_LOGS = re.compile(r"\blogs\s*\[[^\]\n]*\]\s*[-+*/]?=(?!=)|\blogs\.(?:update|setdefault)\(")


def _writes_logs(callback: Value) -> bool:
    """Whether a callback may put more into the logs, which the next ones and the history then hold: the text can only silence."""
    if isinstance(callback, Object):
        return callback.row.name.endswith("LambdaCallback")
    text = getattr(callback.cls.place, "source_text", "") if isinstance(callback, Instance) else ""
    return WRITES_LOGS.search(text) is not None


def _given(callbacks: Value | None) -> tuple[Value, ...]:
    """The callbacks of a fit; of a list that is not all known the whole."""
    if callbacks is None or (isinstance(callbacks, Literal) and callbacks.value is None):
        return ()
    return items if (items := _items(callbacks)) is not None else (callbacks,)


def _instead(fit: Event, key: str) -> str:
    """The name that is recorded where this one is not: without `val_`, or the only metric; "" if several come into question."""
    validated = any(name in fit.values for name in VALIDATION)
    front = "val_" if key.startswith("val_") and validated else ""
    name, metrics = key.removeprefix("val_"), _metric_names(fit.values.get("metrics")) or set()
    if not _why(fit, front + name):
        return front + name
    return front + next(iter(metrics)) if len(metrics) == 1 else ""


def _metric_names(value: Value | None) -> set[str] | None:
    """The names of the metrics a model was compiled with; None if one is not known."""
    if value is None or (isinstance(value, Literal) and value.value is None):
        return set()
    items = _items(value)
    found: set[str] = set()
    for one in items if items is not None else (value,):
        name = _metric_name(one)
        if not name:
            return None
        found.add(name)
    return found


def _metric_name(value: Value) -> str:
    if isinstance(value, Literal):
        return value.value if isinstance(value.value, str) else ""
    if isinstance(value, Symbol):
        library, last = value.name.partition(".")[0], value.name.rpartition(".")[2]
        return (
            last if library in ("keras", "tensorflow") and last.islower() else ""
        )  # of others it is an object, a list, anything
    if isinstance(value, Function):
        return value.name if value.name.isidentifier() else ""
    if isinstance(value, Object) and value.row.makes in ("metric", "loss"):
        given = value.arguments.get("name") or value.cells.get("name")
        if given is not None:
            return given.value if isinstance(given, Literal) and isinstance(given.value, str) else ""
        usual = value.row.default("name") if value.row.makes == "metric" else None
        return (
            usual
            if isinstance(usual, str)
            else re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", value.row.name.rpartition(".")[2]).lower()
        )
    return ""


def _items(value: Value | None) -> tuple[Value, ...] | None:
    if isinstance(value, Tuple):
        return value.items
    if isinstance(value, List) and "open" not in value.cells:
        held = value.cells.get("items")
        return held.items if isinstance(held, Tuple) else None
    return None


def scheduled_plateaus(script: Script) -> Iterator[tuple[str, str, Place, tuple[Place, float] | None]]:
    """Callbacks that set a rate that is a schedule: the callback, the schedule, where, and the argument with its first rate."""
    for event in every_event(script):
        optimizer = event.values.get("optimizer")
        rate = optimizer.arguments.get("learning_rate") if isinstance(optimizer, Object) else None
        if event.kind != "fit" or not isinstance(rate, Object) or rate.row.makes != "schedule":
            continue
        for callback in _items(event.values.get("callbacks")) or ():
            if isinstance(callback, Object) and callback.row.name.endswith("ReduceLROnPlateau") and callback.place is not None:
                yield "ReduceLROnPlateau", rate.row.name.rpartition(".")[2], callback.place, _first_rate(optimizer, rate)


def _first_rate(optimizer: Value | None, schedule: Object) -> tuple[Place, float] | None:
    """The argument that holds a schedule, and the rate that the schedule starts from."""
    place = optimizer.argument_places.get("learning_rate") if isinstance(optimizer, Object) else None
    first = schedule.arguments.get("initial_learning_rate")
    known = isinstance(first, Literal) and isinstance(first.value, int | float)
    return (place, float(first.value)) if known and place is not None and isinstance(first, Literal) else None  # type: ignore[arg-type]
