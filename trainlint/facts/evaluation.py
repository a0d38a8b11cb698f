"""What a script calls a test, and on which data it makes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.extract.counts import loader_over
from trainlint.facts.leakage import SMALL, same_rows
from trainlint.facts.loop_faults import loops_of
from trainlint.facts.passes import every_event, innermost_loop, inside, is_unrecorded, owner_of, same_frame, text_of
from trainlint.facts.provenance import main_path
from trainlint.facts.registration import made
from trainlint.facts.run import Script, TrainingRun
from trainlint.facts.syntax import enclosing, targets_of
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.values import Array, Instance, List, Literal, Object, Tuple, Unknown, Value, alternatives
from trainlint.wording import row_in_words

# That a score is named one of held-back data, or a set "test", is what these findings are about: the name is the claim's subject.
HELD_BACK = re.compile(r"(?<![a-z])(test|val|valid|validate|validation|holdout)(?![a-z])", re.IGNORECASE)
TRAINING = re.compile(r"train|overfit|fit_", re.IGNORECASE)
TEST = re.compile(r"(?<![a-z])test(?![a-z])", re.IGNORECASE)
FURTHER = re.compile(r"(?<![a-z])(val|valid|validation|dev|holdout|hold_out|unseen)(?![a-z])", re.IGNORECASE)
SELECTING = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau")


class TestOnTraining(NamedTuple):
    """A score that is named as one of held-back data (`called`), on the data of the fit or loop at `trained`."""

    place: Place
    called: str
    trained: Place


class SeenRows(NamedTuple):
    """What tells that a model is judged by rows it has seen: in words, and `what` else stands at `other`."""

    place: Place
    said: str
    what: str
    other: Place | None


def tests_on_seen_rows(script: Script) -> Iterator[SeenRows]:
    """Scores on the training data, steps on the test data, and folds that share one model."""
    for one in tests_on_training_data(script):
        said = (
            f"`{one.called}` is computed on the data that {row_in_words(one.trained)} trains on: it tells what was learnt by"
            " heart, not how the model does on other data. Compute it on data that were held back"
        )
        yield SeenRows(one.place, said, "trained here", one.trained)
    for place, split, trained in _trained_on_test_part(script):
        said = (
            f"this trains on the test part of the split in {row_in_words(split)}, {row_in_words(trained)} on its training part:"
            " the model has then seen the rows that it is judged by. Leave the training step out here"
        )
        yield SeenRows(place, said, "split here", split)
    yield from _scores_over_all_rows(script)
    for loop, model in folds_of_one_model(script):
        said = (
            "the model comes from before this loop and is trained on in every fold: from the second fold on it has seen the rows"
            " that it is judged by. Make model and optimizer anew in each fold"
        )
        yield SeenRows(loop, said, "made here", model)


def tests_on_training_data(script: Script) -> Iterator[TestOnTraining]:
    """Scores called test or validation that are computed on the very data of a run."""
    events = every_event(script)
    yield from _evaluations(events)
    yield from _loops(script, events)
    yield from _loaders_of_training_data(script, events)


def _scores_over_all_rows(script: Script) -> Iterator[SeenRows]:
    """Scores of predictions for all rows of a split, by a model that was fitted on its training part; where it has no others."""
    events = every_event(script)
    found: dict[int, list[SeenRows | None]] = {}
    for score in (event for event in events if event.kind == "score" and event.place is not None):
        made = [one.place for one in main_path(score.values.get("predicted"))]
        for asked in (event for event in events if event.kind == "predict" and event.place in made and event.place is not None):
            model = asked.values.get("model")
            fits = [event for event in events if event.kind == "fit" and event.values.get("model") is model]
            before = [fit for fit in fits if fit.order < asked.order and fit.place is not None]
            found.setdefault(id(model), []).append(_over_all_rows(score, asked, before[-1]) if before else None)
    for judged in found.values():
        yield from (one for one in judged if one is not None and None not in judged)


def _over_all_rows(score: Event, asked: Event, fit: Event) -> SeenRows | None:
    split = _split_of_all(fit.values.get("x"), asked.values.get("x"))
    if split is None or split.place is None or score.place is None or fit.place is None:
        return None
    said = (
        f"`{text_of(score.values.get('name'))}` judges predictions for all rows, those included that {row_in_words(fit.place)}"
        " trains on: it tells in part what was learnt by heart. Predict the test part only"
    )
    return SeenRows(score.place, said, "split here", split.place)


def _split_of_all(trained: Value | None, asked: Value | None) -> Array | None:
    """The split of just the rows that are asked about, whose training part is trained on."""
    for one in main_path(trained):
        if one.op == "split" and one.attributes.get("part") == "train":
            return one if asked is not None and same_rows(one.inputs[0], asked) else None
    return None


def _trained_on_test_part(script: Script) -> Iterator[tuple[Place, Place, Place]]:
    """(the run, the split, the other run) where a run trains on what a split held back from another with its optimizer."""
    seen: set[object] = set()
    for run in script.runs:
        split = _part(run, "test")
        for other in script.runs:
            same = other is not run and _optimizer_of(other) is not None and _optimizer_of(other) == _optimizer_of(run)
            if split is not None and same and _part(other, "train") == split and run.place not in seen:
                seen.add(run.place)
                yield run.place, split, other.place


def _part(run: TrainingRun, name: str) -> Place | None:
    """The split of which a run trains on a part of this name, and on nothing beside it."""
    ways = [one for one in main_path(run.inputs.value) if one.op in ("split", "concatenate")]
    return ways[0].place if ways and ways[0].op == "split" and ways[0].attributes.get("part") == name else None


def _optimizer_of(run: TrainingRun) -> Place | None:
    return getattr(run.optimizer, "place", None)


def _evaluations(events: Sequence[Event]) -> Iterator[TestOnTraining]:
    fits = [event for event in events if event.kind == "fit"]
    for event in events:
        x = event.values.get("x")
        if event.kind != "evaluate" or x is None or event.place is None:
            continue
        for fit in fits:
            own = fit.values.get("x")
            alike = own is not None and (same_rows(own, x) or (own is x and _x_in_words(fit) == _x_in_words(event) != ""))
            same = fit.values.get("model") is event.values.get("model") and alike
            small = isinstance(x, Array) and bool(x.shape) and x.shape is not None and (x.shape[0] or SMALL + 1) <= SMALL
            called = " ".join(targets_of(event.place, through=True))
            cut_off = fit.values.get("model") is event.values.get("model") and own is not None and _is_held_back_of(x, own)
            if cut_off and event.order > fit.order and fit.place is not None:
                said = _x_in_words(event) or called
                yield TestOnTraining(event.place, said or "this score", fit.place)
                break
            if same and not small and fit.place is not None and HELD_BACK.search(called) and not TRAINING.search(called):
                yield TestOnTraining(event.place, called, fit.place)
                break


def _x_in_words(event: Event) -> str:
    """How the script writes what a model is fitted to or evaluated on."""
    return str(getattr(event.argument_places.get("x"), "text", ""))


def _is_held_back_of(x: Value, trained: Value) -> bool:
    """Whether `x` is the test part of a split of the very rows that a fit was given whole."""
    path = list(main_path(x))
    return any(one.op == "split" and one.attributes.get("part") == "test" and one.inputs[:1] == (trained,) for one in path)


def _loops(script: Script, events: Sequence[Event]) -> Iterator[TestOnTraining]:
    """Passes without gradients over the loader of a run, in a function that is named a test."""
    trained = {id(loader): run.place for run in script.runs for loader in _loaders(run.events)}
    seen: set[object] = set()
    for event in events:
        loop = innermost_loop(event)
        loader = loader_over(loop)
        if event.kind != "forward" or loop is None or id(loader) not in trained or loop.place is None or loop.place in seen:
            continue
        if any(one.kind in ("backward", "step") and inside(one, loop) for one in events):
            continue  # it trains, whatever else it looks at
        without = is_unrecorded(event)
        called = next(
            (frame.name for frame in reversed(event.frames) if frame.kind == "call" and HELD_BACK.search(frame.name)), ""
        )
        if without and called and not TRAINING.search(called) and not _has_further_calls(script, called):
            seen.add(loop.place)
            yield TestOnTraining(loop.place, f"{called}()", trained[id(loader)])
            continue
        total = _total_named_as_held_back(events, loop) if without and not _serves_others(script, event, loop) else None
        if total is not None and total.place is not None:
            seen.add(loop.place)
            yield TestOnTraining(total.place, _total_name(total.place), trained[id(loader)])


def _total_named_as_held_back(events: Sequence[Event], loop: Frame) -> Event | None:
    """The first total of a loop that is named as that of held-back data."""
    for event in events:
        if event.kind == "accumulated" and event.place is not None and inside(event, loop):
            name = _total_name(event.place)
            if HELD_BACK.search(name) and not TRAINING.search(name):
                return event
    return None


def _total_name(place: Place) -> str:
    """What the statement at a place adds to or appends to."""
    import libcst as cst
    from libcst.helpers import get_full_name_for_node

    statement = enclosing(place, cst.Assign, cst.AugAssign, cst.Expr)
    if isinstance(statement, cst.Assign):
        return get_full_name_for_node(statement.targets[0].target) or ""
    if isinstance(statement, cst.AugAssign):
        return get_full_name_for_node(statement.target) or ""
    called = statement.value.func if isinstance(statement, cst.Expr) and isinstance(statement.value, cst.Call) else None
    return (get_full_name_for_node(called.value) or "") if isinstance(called, cst.Attribute) else ""


def _loaders_of_training_data(script: Script, events: Sequence[Event]) -> Iterator[TestOnTraining]:
    """Loaders named as those of held-back data that go over the whole data set which a run is trained on."""
    trained = {
        id(data): (loader, run.place) for run in script.runs for loader in _loaders(run.events) for data in _data_of(loader)
    }
    seen: set[int] = set()
    for event in events:
        loader = loader_over(innermost_loop(event))
        if event.kind != "forward" or loader is None or id(loader) in seen or loader.place is None:
            continue
        seen.add(id(loader))
        own, at = next((trained[id(data)] for data in _data_of(loader) if id(data) in trained), (loader, None))
        name = " ".join(targets_of(loader.place))
        chosen = any("sampler" in one.arguments for one in (loader, own) if isinstance(one, Object))
        if own is not loader and at is not None and not chosen and HELD_BACK.search(name) and not TRAINING.search(name):
            yield TestOnTraining(loader.place, name, at)


def _data_of(loader: Value) -> Iterator[Value]:
    data = loader.arguments.get("dataset") if isinstance(loader, Object) and loader.row.makes == "loader" else None
    if isinstance(data, Object | Instance):
        yield data


def _loaders(events: Sequence[Event]) -> Iterator[Value]:
    for event in events:
        loader = loader_over(innermost_loop(event)) if event.kind == "step" else None
        if loader is not None:
            yield loader


def _serves_others(script: Script, event: Event, loop: Frame) -> bool:
    """Whether the function in which a loop stands is called more than once: what it names is then not of this data alone."""
    around = takewhile(lambda frame: not same_frame(frame, loop), event.frames)
    names = [frame.name for frame in around if frame.kind == "call"]
    return bool(names) and _has_further_calls(script, names[-1])


def _has_further_calls(script: Script, function: str) -> bool:
    """Whether a text calls a function twice or more: training and held-back scores are then both told; it can only silence."""
    source = next((getattr(run.place, "source_text", "") for run in script.runs), "")
    return len(re.findall(rf"(?<!def ){re.escape(function)}\s*\(", source)) > 1


class Selection(NamedTuple):
    """A fit whose callbacks, or tuner, choose by the set that is named test: the best of all `tries`."""

    place: Place
    callbacks: tuple[str, ...]
    data: str
    tries: str = "epochs"


def selections_by_test_set(script: Script) -> Iterator[Selection]:
    """Fits that stop, keep weights, lower the rate or choose settings by data named test, where no other set is held back."""
    for event in every_event(script):
        place = event.argument_places.get("validation_data")
        data = getattr(place, "text", "")
        if event.kind != "fit" or place is None or not TEST.search(data) or FURTHER.search(data):
            continue
        chosen = tuple(sorted({one for one in _callbacks(event.values.get("callbacks")) if one in SELECTING}))
        searched = any(frame.kind == "search" for frame in event.frames)
        chosen = (*chosen, "the tuner") if searched else chosen
        source = getattr(place, "source_text", "")
        if chosen and not FURTHER.search(re.sub(r"validation_(data|split|steps|batch_size|freq)|val_\w+", "", source)):
            yield Selection(place, chosen, data, "trials" if searched else "epochs")


def _callbacks(value: Value | None) -> Iterator[str]:
    held = value.cells.get("items") if isinstance(value, List) else value
    for one in held.items if isinstance(held, Tuple) else ():
        if isinstance(one, Object):
            name = one.row.name.rpartition(".")[2]
            given = one.arguments.get("monitor")
            best = one.arguments.get("save_best_only")
            if given is not None and not text_of(given).startswith("val_"):
                continue
            if name != "ModelCheckpoint" or (best is not None and getattr(best, "value", None) is True):
                yield name


def shuffled_series(events: Sequence[Event]) -> Iterator[tuple[Place, Place | None, str]]:
    """Shuffled splits of rows that are in order of time: the split, what put them in order, and in words."""
    for event in events:
        arrays, parts = event.values.get("arrays"), event.values.get("parts")
        if event.kind != "split" or event.place is None or not isinstance(arrays, Tuple) or not isinstance(parts, Tuple):
            continue
        if not any(isinstance(one, Array) and one.attributes.get("shuffle") for one in parts.items):
            continue
        for array in arrays.items[:1]:
            found = next((step for step in main_path(array) if isinstance(step.attributes.get("series"), str)), None)
            if found is not None:
                yield event.place, found.place, str(found.attributes["series"])


def folds_of_one_model(script: Script) -> Iterator[tuple[Place, Place]]:
    """(the loop over the folds of a cross-validation, the model) where a model from before it is trained on in each fold."""
    events = every_event(script)
    born = {id(held): event for event, held in made(script) if held is not None}
    seen: set[object] = set()
    for step in events:
        trains = {"step": owner_of(step.values.get("optimizer") or Literal(None)), "fit": step.values.get("model")}
        model = trains.get(step.kind)
        before = born.get(id(model))
        loop = next((frame for frame in loops_of(step) if _is_over_folds(frame)), None)
        if loop is None or loop.place is None or loop.place in seen or before is None or before.place is None:
            continue
        anew = [one for one in events if inside(one, loop) and one.kind in ("set_weights", "initialize", "initialise", "made")]
        judged = any(inside(one, loop) and _judges(one) for one in events)
        own = inside(before, loop) or any(frame.trips != 1 for frame in loops_of(before))  # `models = [make() for _ in folds]`
        if not own and not anew and judged and not RESETS.search(getattr(loop.place, "source_text", "")):
            seen.add(loop.place)
            yield loop.place, before.place


def _judges(event: Event) -> bool:
    """Whether an event looks at how a model does, and does not train it."""
    by_hand = event.kind == "forward" and is_unrecorded(event)
    return by_hand or event.kind in ("evaluate", "predict") or "validation_data" in event.values


RESETS = re.compile(r"reset_parameters|load_state_dict|[sl]\w+_weights|deepcopy|clone_model|init_weights|weight_reset|\.apply\(")
"""What a text says that makes a model start anew: it can only silence."""


def _is_over_folds(loop: Frame) -> bool:
    """Whether a loop surely goes over what `split` of a splitter of scikit-learn (`KFold`) gives, also within `enumerate`."""
    over = loop.over
    while isinstance(over, Object) and over.row.makes == "iterator":
        over = over.cells.get("over")
    trails = [one.trail if isinstance(one, Unknown) else () for one in alternatives(over)] if over is not None else []
    return bool(trails) and all(len(one) == 2 and one[0].startswith(SPLITTERS) and one[1] == "split" for one in trails)


SPLITTERS = ("sklearn.model_selection.", "sklearn.cross_validation.")
"""Where the classes stand whose `split` gives the rows of one fold after the other."""
