"""What is wrong with the arguments of a Keras `compile`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trainlint.core import Place
from trainlint.facts.passes import every_event
from trainlint.facts.run import Script
from trainlint.facts.syntax import Names, names_of, node_at
from trainlint.interpret.events import Event
from trainlint.interpret.keras.common import items_of, listed
from trainlint.interpret.keras.graphs import arrays_below
from trainlint.interpret.keras.models import WHY
from trainlint.interpret.values import Array, Instance, Literal, Object, Symbol, Value
from trainlint.knowledge import find
from trainlint.knowledge.keras_loss_rows import LOSS_NAMES
from trainlint.knowledge.keras_training_rows import OPTIMIZER_NAMES

if TYPE_CHECKING:
    import libcst as cst

SESSION = ("options", "run_metadata", "feed_dict", "fetches", "updates", "distribute", "cloning")
"""Keywords that Keras 2 hands on to the TensorFlow session."""

OWN_LOSSES = ("add_loss", "train_step", "compute_loss", "activity_regularizer", "load_model")
"""Words of files whose models may have something to minimise without a loss of `compile`."""

ADDED_LOSSES = ("add_loss", "activity_regularizer")
"""The same for models of the library's classes and layers alone."""

MEANT = {
    "loss_function": "loss",
    "loss_fn": "loss",
    "losses": "loss",
    "criterion": "loss",
    "optim": "optimizer",
    "optimiser": "optimizer",
    "metric": "metrics",
}


def compile_problem(event: Event, script: Script) -> str:
    """What is wrong with a compile, as the end of a sentence; empty if nothing is."""
    optimizer, loss, model = (event.values.get(role) for role in ("optimizer", "loss", "model"))
    problems = []
    if _makes(optimizer) == "model":
        problems.append("gets the model as its optimizer, and the optimizer as its loss")
    elif _stands_for(optimizer) == "loss" and _stands_for(loss) == "optimizer":
        problems.append("gets loss and optimizer in each other's place")
    elif isinstance(optimizer, Symbol) and _makes(optimizer) == "optimizer":
        name = optimizer.name.rpartition(".")[2]
        problems.append(f"gets the class {name} instead of an instance `{name}(...)`: raises a ValueError")
    if "twice" in event.values:
        what = "the model where its optimizer belongs" if _makes(event.values["twice"]) == "model" else "an optimizer by position"
        problems.append(f"gets {what}, and `optimizer=` by name: raises a TypeError")
    open_ended = isinstance(model, Object) and WHY in model.cells  # a class that is not known may take arguments of its own
    for role in sorted(event.values):
        name = role.removeprefix("extra:")
        taken = name in SESSION or name.startswith("experimental_") or (open_ended and name not in MEANT)
        if name != role and name.isidentifier() and not taken:
            meant = f", meant is `{MEANT[name]}=`" if name in MEANT else ""
            problems.append(f"has no argument `{name}=`{meant}: raises a TypeError or trains on nothing")
    if not problems and _no_loss(loss) and _only_losses_of_compile(model, event) and _is_fitted(model, script):
        problems.append("gets no loss, and the model is then fitted: there is nothing to minimise")
    return " and ".join(problems)


def fit_problem(event: Event) -> str:
    """What makes a `fit` raise in every release, as the end of a sentence; empty if nothing does.

    An argument that it never had; a data set that is never batched; a model that the file makes, hands to nothing else and never
    compiles.
    """
    names = [role.removeprefix("extra:") for role in sorted(event.values) if role.startswith("extra:")]
    unknown = [f"`{name}=`" for name in names if name.isidentifier()]
    method, model = event.values.get("method"), event.values.get("model")
    if not isinstance(method, Literal) or method.value != "fit" or not isinstance(model, Object | Instance):
        return ""
    never = _is_keras_alone(model) and not _compiled_somewhere(event, model)
    if isinstance(model, Instance):
        return "is called on a model that is never compiled: raises" if never else ""
    if _takes_samples_for_batches(event):
        return "gets a data set that is never batched: each element, a single sample, is taken for a batch and raises"
    if unknown:
        return f"has no argument {' and '.join(unknown)}: raises a TypeError"
    return "is called on a model that is never compiled: raises" if never else ""


def _is_keras_alone(model: Object | Instance) -> bool:
    """Whether nothing but Keras decides what `fit` does: a model of its classes, or of one class that derives from them alone."""
    if isinstance(model, Object):
        return model.row.kind in ("sequential", "functional")
    bases, own = model.cls.bases, model.cls.cells
    return model.row is not None and len(bases) == 1 and isinstance(bases[0], Symbol) and not {"fit", "compile"} & own.keys()


def _takes_samples_for_batches(fit: Event) -> bool:
    """Whether the elements of a `tf.data` pipeline are rows of whole arrays, each with one number as its label."""
    x, y = fit.values.get("x"), fit.values.get("y")
    pipeline = isinstance(x, Object) and x.row.makes == "dataset" and "whole" in x.cells and "batch_size" not in x.cells
    return pipeline and isinstance(y, Array) and y.shape == ()


def _compiled_somewhere(fit: Event, model: Object | Instance) -> bool:
    """Whether a file may compile a model: its code has the word, or something else gets the model. It can only silence."""
    text, made, names = getattr(fit.place, "source_text", ""), getattr(model.place, "source_text", ""), names_of(fit.place)
    own = getattr(model.cls.place, "source_text", "") if isinstance(model, Instance) else text
    if "optimizer" in fit.values or names is None or not text == made == own:
        return True
    if "compile" in names.read or "compile" in names.bound:
        return True
    held = _names_it_has(model.place, names)
    given = r"[(,=\[]\s*(?:\w+\.)*{0}\s*[,)\]]|(?:=|\breturn)\s*(?:\w+\.)+{0}\s*$|=\s*{0}\s*$"
    return not held or any(re.search(given.format(one), text, re.MULTILINE) for one in held)


def _names_it_has(place: Place | None, names: Names) -> set[str]:
    """The variables and attributes that hold what is made at a place, there and where functions give it back.

    None of them if it goes elsewhere too.
    """
    import libcst as cst

    node, found, followed = node_at(place), set[str](), set[int]()
    waiting = [] if node is None else [node]
    while waiting:
        value = waiting.pop()
        above = names.parents.get(id(value))
        bound = above.targets[0].target if isinstance(above, cst.Assign) and len(above.targets) == 1 else None
        function = next((one for one in names.around(value) if isinstance(one, cst.FunctionDef)), None)
        given = isinstance(above, cst.Return)
        if isinstance(bound, cst.Attribute):
            found.add(bound.attr.value)
        elif isinstance(bound, cst.Name):
            found.add(bound.value)
            given = any(isinstance(names.parents[id(one)], cst.Return) for one in _reads_within(bound.value, function, names))
        elif not given:
            return set()
        if not given or function is None or id(function) in followed:
            continue
        followed.add(id(function))
        calls = [names.parents[id(one)] for one in names.read.get(function.name.value, ())]
        if any(isinstance(one, cst.ClassDef) for one in names.around(function)) or not all(
            isinstance(one, cst.Call) for one in calls
        ):
            return set()
        waiting.extend(calls)
    return found


def _reads_within(name: str, function: cst.FunctionDef | None, names: Names) -> list[cst.CSTNode]:
    return [one for one in names.read.get(name, ()) if function is None or names.within(one, function)]


def compile_repairs(event: Event) -> list[tuple[str, str]]:
    """What would set a compile right: ("keyword", the misspelt one), ("exchange", ""), ("class", ""); empty if not clear."""
    optimizer, loss = event.values.get("optimizer"), event.values.get("loss")
    found = [("keyword", name) for role in event.values if (name := role.removeprefix("extra:")) != role]
    if any(name not in MEANT or MEANT[name] in event.values for _, name in found):
        return []
    if _makes(optimizer) == "model":
        return []
    if _stands_for(optimizer) == "loss" and _stands_for(loss) == "optimizer":
        found.append(("exchange", ""))
    elif isinstance(optimizer, Symbol) and _makes(optimizer) == "optimizer":
        found.append(("class", ""))
    return found


def _makes(value: Value | None) -> str:
    """What kind of thing a value is: that of its row, or of the row that a symbol names."""
    if isinstance(value, Object):
        return value.row.makes
    if isinstance(value, Instance):
        return value.row.makes if value.row is not None else ""
    row = find(value.name) if isinstance(value, Symbol) else None
    return row.makes if row is not None else ""


def _stands_for(value: Value | None) -> str:
    """Whether an argument names a loss or an optimizer, as text or as an object."""
    if not isinstance(value, Literal):
        return _makes(value)
    if value.value in LOSS_NAMES:
        return "loss"
    return "optimizer" if isinstance(value.value, str) and value.value.lower() in OPTIMIZER_NAMES else ""


def _no_loss(loss: Value | None) -> bool:
    return loss is None or (isinstance(loss, Literal) and loss.value is None)


def _only_losses_of_compile(model: Value | None, event: Event) -> bool:
    """Whether a model can have no losses of its own: one of the library's models, in files that add none."""
    words: tuple[str, ...] = OWN_LOSSES
    if isinstance(model, Object):
        places, plain = [event.place], model.row.kind in ("sequential", "functional")
        words = ADDED_LOSSES if _is_of_library_layers(model) else OWN_LOSSES
    else:
        places = [event.place, model.cls.place] if isinstance(model, Instance) else []
        plain = isinstance(model, Instance) and model.row is not None and model.row.makes == "model"
    texts = [getattr(place, "source_text", "") for place in places]
    return plain and bool(texts) and not any(word in text for word in words for text in texts)


def _is_of_library_layers(model: Object) -> bool:
    """Whether a model is made of layers of the library alone: none of the script's classes, no loaded model."""
    layers = items_of(model.cells.get("layers")) or ()
    if "outputs" in model.cells:
        arrays = list(arrays_below(listed(model.cells["outputs"])))
        layers = tuple(one.attributes["layer"] for one in arrays if "layer" in one.attributes)
        if not all(one.op in ("layer", "input") for one in arrays):
            return False
    others = [one for one in layers if not isinstance(one, Array)]
    return bool(others) and all(isinstance(one, Object) and one.row.makes == "layer" for one in others)


def _is_fitted(model: Value | None, script: Script) -> bool:
    return any(event.kind == "fit" and event.values.get("model") is model for event in every_event(script))
