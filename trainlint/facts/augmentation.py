"""Random changes of pictures: those that reach the data a model is judged by, and those that change what a label means."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from operator import is_
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.drawing import FOLDERS
from trainlint.facts.extract.counts import loader_over
from trainlint.facts.passes import text_of, unrecording
from trainlint.facts.provenance import lineage, source_object
from trainlint.facts.run import Script
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, List, Literal, Object, Tuple, Value
from trainlint.knowledge.data_rows import RANDOM_TRANSFORMS

DIGITS = frozenset({"mnist", "MNIST", "EMNIST", "KMNIST", "QMNIST", "SVHN", "USPS"})
"""Data sets of digits and letters: a mirrored 2 is no 2, a turned 6 is a 9."""

MIRRORING = frozenset({"RandomHorizontalFlip", "RandomVerticalFlip", "RandomFlip"})
RIGHT_ANGLE = 90.0
CHANGING = (
    "rotation_range",
    "width_shift_range",
    "height_shift_range",
    "shear_range",
    "zoom_range",
    "horizontal_flip",
    "vertical_flip",
)
"""Settings of ImageDataGenerator that change each picture at random."""

HELD_BACK = ("test", "val", "valid", "validation", "testing")
"""What parts of a data set and their folders are called that nothing is trained on."""

SEVERAL_LOOKS = re.compile(r"\btta\b|test.time.augment", re.IGNORECASE)
"""How scripts speak of predictions averaged over several looks at a picture: it can only silence."""


class Augmented(NamedTuple):
    """A random change `what` of the data `of`; `place` is that of the transform, `used` where the data are used."""

    place: Place
    what: str
    of: str
    used: Place | None = None


def augmented_evaluations(script: Script, events: Sequence[Event]) -> Iterator[Augmented]:
    """Random changes of validation or test data."""
    source = next((getattr(event.place, "source_text", "") for event in events if event.place is not None), "")
    if SEVERAL_LOOKS.search(source) or not script.runs:
        return
    seen: set[object] = set()
    for one in (*_held_back_sets(script, events), *_without_gradients(script, events), *_generators(events), *_pipelines(events)):
        if one.place not in seen:
            seen.add(one.place)
            yield one


def _held_back_sets(script: Script, events: Sequence[Event]) -> Iterator[Augmented]:
    """Data sets of torchvision with `train=False` or `split="test"` and a random transform, that no run trains on."""
    loaders, trained = [source_object(run.inputs.value) for run in script.runs], _trained_on(script)
    for event in events:
        data = event.values.get("object")
        if event.kind != "dataset" or not isinstance(data, Object) or data.row.library != "torchvision" or id(data) in trained:
            continue
        if not _is_held_back(data) or not any(one is not None for one in loaders):
            continue
        for one in _random_steps(data.arguments.get("transform")):
            if one.place is not None:
                yield Augmented(one.place, _name(one), f"the {data.row.name.rpartition('.')[2]} test data", data.place)


def _trained_on(script: Script) -> set[int]:
    """The data sets that runs are trained on through a loader."""
    loaders = [source_object(run.inputs.value) for run in script.runs]
    return {id(one.arguments["dataset"]) for one in loaders if one is not None and "dataset" in one.arguments}


def _is_held_back(data: Object) -> bool:
    train, split, root = (data.arguments.get(name) for name in ("train", "split", "root"))
    folder = text_of(root).replace("\\", "/").rstrip("/").rpartition("/")[2].lower() if data.row.name in FOLDERS else ""
    return (isinstance(train, Literal) and train.value is False) or text_of(split) in HELD_BACK or folder in HELD_BACK


def _random_steps(transform: Value | None) -> Iterator[Object]:
    """The random transforms in one, or in a list of them."""
    if not isinstance(transform, Object):
        return
    if transform.row.kind == "compose":
        steps = transform.arguments.get("transforms")
        held = steps.cells.get("items") if isinstance(steps, List) else steps
        for one in held.items if isinstance(held, Tuple) else ():
            yield from _random_steps(one)
    elif _name(transform) in RANDOM_TRANSFORMS:
        yield transform


def _without_gradients(script: Script, events: Sequence[Event]) -> Iterator[Augmented]:
    """Random transforms that are applied while nothing is learnt, but to the very data that a run trains on."""
    trained = _trained_on(script)
    for event in events:
        transform = event.values.get("transform")
        if event.kind != "augment" or not isinstance(transform, Object) or transform.place is None:
            continue
        frame, loader = unrecording(event), _drawing(events, event)
        own = isinstance(loader, Object) and id(loader.arguments.get("dataset")) in trained
        if frame is not None and not own:
            yield Augmented(transform.place, _name(transform), "data that are judged without gradients", frame.place)


def _drawing(events: Sequence[Event], change: Event) -> Value | None:
    """The loader over whose batches the loop goes that draws an image: an image is changed right before the loop is entered."""
    depth = len(change.frames)
    for event in events[bisect_right(events, change.order, key=lambda one: one.order) :]:
        loop = event.frames[depth] if len(event.frames) > depth else None
        if loop is not None and loop.kind == "loop" and all(map(is_, event.frames, change.frames)):
            return loader_over(loop)
    return None


def _generators(events: Sequence[Event]) -> Iterator[Augmented]:
    """`ImageDataGenerator` that changes pictures at random, as validation data or in `evaluate`."""
    for event in events:
        flow = event.values.get("validation_data" if event.kind == "fit" else "x") if event.kind in ("fit", "evaluate") else None
        of = flow.cells.get("of") if isinstance(flow, Object) and flow.row.makes == "generator" else None
        if not isinstance(of, Object) or not isinstance(flow, Object):
            continue
        if event.kind == "evaluate" and any(one.kind == "fit" and one.values.get("x") is flow for one in events):
            continue
        what = next((name for name in CHANGING if _given(of.arguments.get(name))), "")
        place = of.argument_places.get(what) or of.place
        if what and place is not None:
            yield Augmented(place, what, "the validation data" if event.kind == "fit" else "the test data", flow.place)


def _pipelines(events: Sequence[Event]) -> Iterator[Augmented]:
    """`tf.data` pipelines that a fit is validated on, whose `map` calls a random function of `tf.image`."""
    for event in events:
        held, flow = event.values.get("validation_batch"), event.values.get("validation_data")
        if event.kind != "fit" or not isinstance(held, Tuple) or not held.items or not isinstance(flow, Object):
            continue
        what = next((str(one.attributes["random"]) for one in lineage(held.items[0]) if "random" in one.attributes), "")
        if what and flow.place is not None:
            yield Augmented(flow.place, what, "the validation data", event.argument_places.get("validation_data"))


def _given(value: Value | None) -> bool:
    return isinstance(value, Literal) and bool(value.value)


def _name(one: Object) -> str:
    return one.row.name.rpartition(".")[2]


def mirrored_digits(events: Sequence[Event]) -> Iterator[Augmented]:
    """Mirrored or turned digits and letters of known data sets that a run trains on."""
    seen: set[object] = set()
    for event in events:
        for transform, image in _changes(event):
            known = next((str(one.attributes["source"]) for one in lineage(image) if one.attributes.get("source") in DIGITS), "")
            if known and _changes_meaning(transform) and transform.place is not None and transform.place not in seen:
                seen.add(transform.place)
                yield Augmented(transform.place, _name(transform), known)
        if event.kind == "fit":
            yield from _flipped_by_generator(event)


def _changes(event: Event) -> Iterator[tuple[Object, Value | None]]:
    transform = event.values.get("transform")
    if event.kind == "augment" and isinstance(transform, Object):
        yield transform, event.values.get("image")
    if event.kind == "fit":
        for one in lineage(event.values.get("output")):
            layer = one.attributes.get("layer")
            if isinstance(layer, Object) and layer.row.kind == "augmentation":
                yield layer, one


def _changes_meaning(transform: Object) -> bool:
    """Whether a transform mirrors, or turns by a right angle and more."""
    name = _name(transform)
    if name in MIRRORING:
        held = transform.arguments.get("p")
        return not (isinstance(held, Literal) and not held.value)
    held = transform.arguments.get("degrees", transform.arguments.get("args[0]"))
    turned = held.value if isinstance(held, Literal) and isinstance(held.value, int | float) else 0
    return name == "RandomRotation" and transform.row.library == "torchvision" and turned >= RIGHT_ANGLE


def _flipped_by_generator(fit: Event) -> Iterator[Augmented]:
    flow = fit.values.get("x")
    of = flow.cells.get("of") if isinstance(flow, Object) and flow.row.makes == "generator" else None
    given = flow.arguments.get("x") if isinstance(flow, Object) else None
    if not isinstance(of, Object) or not isinstance(given, Array):
        return
    known = next((str(one.attributes["source"]) for one in lineage(given) if one.attributes.get("source") in DIGITS), "")
    for name in ("horizontal_flip", "vertical_flip"):
        place = of.argument_places.get(name) or of.place
        if known and _given(of.arguments.get(name)) and place is not None:
            yield Augmented(place, name, known)
