"""Randomness in a training loop: seeds that start it anew at every step, and data that are never put in random order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trainlint.core import Fact, Place
from trainlint.facts.extract.counts import loader_over
from trainlint.facts.passes import conditional, innermost_loop, inside
from trainlint.facts.provenance import lineage, made_at_random, main_path, source_object
from trainlint.facts.run import LossFacts, Script, TrainingRun
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Instance, Literal, Object, Unknown, Value
from trainlint.knowledge.data_sets import SORTED

FOLDERS = ("torchvision.datasets.ImageFolder", "torchvision.datasets.DatasetFolder")
"""Data sets that list one class after the other."""
CLASS_LOSSES = frozenset({"cross_entropy", "nll", "sparse_categorical_crossentropy", "categorical_crossentropy"})
"""Losses of rows that each have one class: no windows of a series, no values."""
BINARY_LOSSES = frozenset({"binary_crossentropy", "binary_cross_entropy_with_logits", "hinge", "squared_hinge"})


def seeds_in_step_loops(script: Script, events: Sequence[Event]) -> Iterator[tuple[Event, Event]]:
    """Each seeding with a constant in the very loop that steps, with the step."""
    steps = [event for event in events if event.kind in ("step", "backward")]
    for event in events:
        seed = event.values.get("seed")
        if event.kind != "seed" or not isinstance(seed, Literal) or not isinstance(seed.value, int) or not script.runs:
            continue
        loop = innermost_loop(event)
        step = next((one for one in steps if loop is not None and _steps_in(one, loop, event)), None)
        if step is not None and loop is not None and not conditional(event, loop):
            yield event, step


def _steps_in(step: Event, loop: object, seed: Event) -> bool:
    mine = innermost_loop(step)
    return mine is not None and mine is loop and inside(seed, mine) and (mine.trips is None or mine.trips > 1)


class Unshuffled(NamedTuple):
    """Training data in a fixed order. `by_class`: one class after the other; `explicit`: `shuffle=False` is written.

    `in_pipeline`: the order is that of a `tf.data` pipeline.
    """

    place: Place | None
    by_class: bool
    explicit: bool
    what: str
    in_pipeline: bool = False


def never_shuffled(run: TrainingRun) -> Unshuffled | None:
    """A loader or fit of one run that surely gives its samples in one fixed order, all of it known."""
    if run.full_batch or (isinstance(run.epochs, Fact) and run.epochs.value < 2 and run.framework != "torch"):
        return None
    fit = next((one for one in run.events if one.kind == "fit"), None)
    if fit is not None:
        return _of_fit(run, fit)
    step = next((one for one in run.events if one.kind == "step"), None)
    loader = loader_over(innermost_loop(step)) if step is not None else None
    return _of_loader(loader, run) if loader is not None and source_object(run.targets.value) is loader else None


def _of_loader(loader: Object, run: TrainingRun) -> Unshuffled | None:
    """A loader in a fixed order: image folders; a data set of torchvision; class rows whose loader is told not to shuffle."""
    if loader.row.kind == "pipeline":
        return _of_pipeline(loader, run)
    sampler = loader.arguments.get("sampler")
    told = sampler if isinstance(sampler, Object) and sampler.row.kind == "distributed" else loader
    given = told.arguments.get("shuffle")
    fixed = isinstance(given, Literal) and given.value is False if told is sampler or given is not None else sampler is None
    if not fixed or (sampler is not None and told is loader) or "batch_sampler" in loader.arguments or loader.extra:
        return None
    data = loader.arguments.get("dataset")
    place = told.argument_places.get("shuffle") or told.place
    classes = isinstance(run.loss, LossFacts) and run.loss.name in CLASS_LOSSES and len(run.targets.shape or (0,)) == 1
    pictures = len(run.inputs.shape or ()) == 4
    if isinstance(data, Instance) and given is not None and classes and (pictures or run.targets.shape) and not _permuted(run):
        return Unshuffled(place, False, True, f"the samples of {data.cls.name}")
    if not isinstance(data, Object) or data.row.makes != "dataset":
        return None
    if data.row.name in FOLDERS:
        return Unshuffled(place, True, given is not None, "image folders")
    if data.row.library == "torchvision":
        return Unshuffled(place, False, given is not None, data.row.name.rpartition(".")[2])
    if data.row.kind == "tensor_dataset" and classes and given is not None and not _permuted(run):
        return Unshuffled(place, False, True, "the rows of the TensorDataset")
    return None


def _permuted(run: TrainingRun) -> bool:
    """Whether the rows were put into a random order before, or made up in one."""
    ops = {one.op for one in lineage(run.targets.value)}
    return made_at_random(run.targets.value) or bool(ops & {"shuffle", "split", "random"})


def _of_fit(run: TrainingRun, fit: Event) -> Unshuffled | None:
    x = fit.values.get("x")
    if isinstance(x, Object) and x.row.makes == "generator" and x.row.kind == "image_directory":
        given = x.arguments.get("shuffle")
        if isinstance(given, Literal) and given.value is False:
            return Unshuffled(x.argument_places.get("shuffle") or x.place, True, True, "image folders")
        return None
    if isinstance(x, Object) and x.row.kind == "pipeline":
        return _of_pipeline(x, run)
    given = fit.values.get("shuffle")
    if not isinstance(given, Literal) or given.value is not False or not _sorted_labels(run.targets.value):
        return None
    return Unshuffled(fit.argument_places.get("shuffle") or fit.place, True, True, "the labels, which are sorted")


def _of_pipeline(pipeline: Object, run: TrainingRun) -> Unshuffled | None:
    """A `tf.data` pipeline that never shuffles rows which were put together class by class."""
    labels = run.targets.value
    if "shuffled" in pipeline.cells or not (_put_together(labels) or _sorted_labels(labels)):
        return None
    return Unshuffled(pipeline.place, True, False, "the labels as they were put together", in_pipeline=True)


KEEPS_ORDER = frozenset({"batch", "cast", "reshape", "expand_dims", "squeeze", "one_hot", "identity", "copy"})


def _put_together(value: Value | Unknown | None) -> bool:
    """Whether labels are blocks of one number each: `concatenate([zeros(n), ones(m)])`."""
    while isinstance(value, Array) and value.op in KEEPS_ORDER and value.inputs:
        value = value.inputs[0]
    if not isinstance(value, Array) or value.op != "concatenate" or value.attributes.get("axis", 0) != 0:
        return False
    blocks = [one.statistics for one in value.inputs if isinstance(one, Array) and one.op == "constant"]
    known = len(blocks) == len(value.inputs) and all(one.low is not None and one.low == one.high for one in blocks)
    return known and len({one.low for one in blocks}) == len(blocks) > 1


def _sorted_labels(value: Value | Unknown | None) -> bool:
    """Whether known labels come one class after the other."""
    if not isinstance(value, Array) or value.data is None or value.data.dtype.kind not in "biu" or value.data.size < 8:
        return False
    flat = value.data.reshape(-1)
    return bool((flat[1:] >= flat[:-1]).all()) and flat[0] != flat[-1] and not any(one.op == "shuffle" for one in lineage(value))


def classes_held_back(run: TrainingRun) -> tuple[tuple[int, ...], tuple[int, ...], Event] | None:
    """The classes among the training rows and among those that `validation_split` takes from the end, and the fit."""
    fit = next((one for one in run.events if one.kind == "fit"), None)
    held = fit.values.get("validation_split") if fit is not None else None
    y = fit.values.get("y") if fit is not None else None
    if fit is None or not isinstance(held, Literal) or not isinstance(held.value, float) or not 0 < held.value < 1:
        return None
    labels = _labels_in_order(y) if isinstance(y, Array) and _compares_classes(run) else []
    if any(one != int(one) for one in labels) or not 2 <= len(set(labels)) <= MAXIMUM_CLASSES:
        return None
    kept = math.floor(len(labels) * (1 - held.value))
    return tuple(sorted({int(one) for one in labels[:kept]})), tuple(sorted({int(one) for one in labels[kept:]})), fit


def _compares_classes(run: TrainingRun) -> bool:
    """Whether the targets are classes: by the loss, or as they stand; whole numbers that a regression learns are none."""
    named = run.loss.name if isinstance(run.loss, LossFacts) else ""
    return named in CLASS_LOSSES | BINARY_LOSSES or run.targets.labels in ("binary", "pm1", "onehot")


def _labels_in_order(y: Array) -> list[float]:
    """The labels, row by row: as the script spells them out, or of a table that lists its classes one after the other."""
    if y.data is not None:
        return [float(one) for one in y.data.reshape(-1)] if y.data.ndim and y.data.size == y.data.shape[0] else []
    path = list(main_path(y))
    sizes = SORTED.get(str(path[-1].attributes.get("source")), ()) if path[-1].attributes.get("sorted") else ()
    kept = all(one.op in KEEPS_ORDER for one in path[:-1]) and path[-1].shape is not None and path[-1].shape[0] == sum(sizes)
    return [float(label) for label, size in enumerate(sizes) for _ in range(size)] if kept else []


MAXIMUM_CLASSES = 100
