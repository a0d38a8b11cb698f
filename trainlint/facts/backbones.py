"""Pretrained networks and the scale of what they are given: scaled again inside, or by the statistics of another family."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.provenance import lineage, main_path, scaling_of, source_object
from trainlint.facts.run import Script, TrainingRun
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Literal, Object, Symbol
from trainlint.knowledge.backbones import ALWAYS_INSIDE, MODES, family_of

MODES_IN_WORDS = {
    "caffe": "BGR bytes minus the mean of ImageNet",
    "torch": "fractions of 255, standardized by ImageNet",
    "tf": "-1 to 1",
    "inside": "bytes 0 to 255",
}


class BackboneInput(NamedTuple):
    """A pretrained network (`name`), what it is given, and where that was scaled last."""

    name: str
    given: Array
    place: Place | None
    scaled: Place | None = None
    said: str = ""


def backbones(run: TrainingRun) -> Iterator[tuple[Object, Array, Array]]:
    """The pretrained networks that a run's outputs came through: the network, its call, and what it is called on."""
    seen: set[int] = set()
    for event in run.events:
        for one in lineage(event.values.get("output")):
            layer = one.attributes.get("layer")
            given = one.inputs[0] if one.inputs else None
            network = isinstance(layer, Object) and layer.row.kind == "backbone" and id(layer) not in seen
            if network and isinstance(layer, Object) and isinstance(given, Array):
                seen.add(id(layer))
                yield layer, one, given


def scaled_before_backbone(run: TrainingRun) -> Iterator[BackboneInput]:
    """Keras networks that rescale their inputs themselves, on inputs that are within -1 to 1 already."""
    for network, call, given in backbones(run):
        name = network.row.name.rpartition(".")[2]
        family = family_of(name)
        inside = network.arguments.get("include_preprocessing")
        off = inside is not None and not (isinstance(inside, Literal) and inside.value is True)
        if network.row.library != "keras" or MODES.get(family) != "inside" or _own_weights(network):
            continue
        if off and family != ALWAYS_INSIDE:
            continue
        place = _within_one(given)
        if place is not None:
            yield BackboneInput(name, given, network.place or call.place, place)


def _own_weights(network: Object) -> bool:
    """Whether a network starts from random weights, or from a file."""
    held = network.arguments.get("weights")
    return held is not None and not (isinstance(held, Literal) and held.value == "imagenet")


def _within_one(given: Array) -> Place | None:
    """Where bytes were brought to -1..1 or 0..1, if what a network is given surely is that."""
    for one in main_path(given):
        known = one.statistics
        if known.low is not None and known.high is not None:
            if known.low < -1 or known.high > 1 or known.high <= 0:
                return None
            return next((step.place for step in main_path(one) if scaling_of(step) is not None and step.place is not None), None)
        layer = one.attributes.get("layer")
        if one.op != "layer" or not isinstance(layer, Object) or layer.row.kind not in ("augmentation", "resize", "crop"):
            return None
    return None


def wrong_statistics(script: Script, events: Sequence[Event]) -> Iterator[BackboneInput]:
    """Pretrained networks whose inputs were prepared as another family's, or not at all; and `Normalize` in the wrong units."""
    prepared = {event.place: event for event in events if event.kind == "preprocess"}
    for run in script.runs:
        for network, call, given in backbones(run):
            name = network.row.name.rpartition(".")[2]
            if network.row.library == "keras" and not _own_weights(network):
                yield from _other_family(name, network.place or call.place, given, prepared)
                yield from _as_bytes(name, call.place or network.place, given)
            elif network.row.library == "torchvision" and _has_weights(network) and _plain_fractions(given):
                said = "it was trained on inputs standardized by the mean and deviation of ImageNet, and gets 0 to 1"
                yield BackboneInput(name, given, network.place or call.place, None, said)
        yield from _normalized_in_bytes(run)


def _as_bytes(name: str, at: Place | None, given: Array) -> Iterator[BackboneInput]:
    """A network that was trained on numbers near 0 to 1, on bytes as they were read; image layers may lie between."""
    mode = MODES.get(family_of(name), "")
    if mode not in ("tf", "torch"):
        return  # the others take bytes, or bytes less their mean
    for one in main_path(given):
        low, high = one.statistics.low, one.statistics.high
        if low is not None and high is not None:
            if low == 0 and high == 255:
                yield BackboneInput(name, given, at, None, f"it was trained on {MODES_IN_WORDS[mode]}, and gets bytes 0 to 255")
            return
        layer = one.attributes.get("layer")
        if one.op != "layer" or not isinstance(layer, Object) or layer.row.kind not in ("augmentation", "resize", "crop"):
            return


def _other_family(name: str, at: Place | None, given: Array, prepared: dict[Place | None, Event]) -> Iterator[BackboneInput]:
    wanted = MODES.get(family_of(name), "")
    for place, family in _preparations(given, prepared):
        mode = MODES.get(family, "")
        if wanted and mode and mode not in (wanted, "inside"):
            said = f"preprocess_input of {family} gives {MODES_IN_WORDS[mode]}, and it was trained on {MODES_IN_WORDS[wanted]}"
            yield BackboneInput(name, given, at, place, said)
            return


def _preparations(given: Array, prepared: dict[Place | None, Event]) -> Iterator[tuple[Place | None, str]]:
    """Each `preprocess_input` that what a network is given went through, with its family."""
    for one in main_path(given):
        event = prepared.get(one.place) if one.place is not None else None
        family = event.values.get("family") if event is not None else None
        if isinstance(family, Literal) and isinstance(family.value, str):
            yield one.place, family.value
    flow = source_object(given)
    of = flow.cells.get("of") if flow is not None else None
    written = of.arguments.get("preprocessing_function") if isinstance(of, Object) else None
    if isinstance(of, Object) and isinstance(written, Symbol) and written.name.endswith(".preprocess_input"):
        yield of.argument_places.get("preprocessing_function") or of.place, written.name.split(".")[-2]


def _has_weights(network: Object) -> bool:
    for name in ("weights", "pretrained"):
        held = network.arguments.get(name)
        if held is not None and not (isinstance(held, Literal) and held.value in (None, False)):
            return isinstance(held, Literal | Symbol)
    return False


def _plain_fractions(given: Array) -> bool:
    """Whether bytes divided by 255, and nothing else, are what a network is given."""
    known = given.statistics
    if known.low is None or known.low < 0 or known.high != 1 or given.symbolic:
        return False
    return any(one.op == "divide" for one in main_path(given)) and not any(one.op == "normalization" for one in main_path(given))


def _normalized_in_bytes(run: TrainingRun) -> Iterator[BackboneInput]:
    """`Normalize` with a mean in bytes on fractions."""
    for one in main_path(run.inputs.value):
        mean = one.attributes.get("mean")
        given = one.inputs[0] if one.op == "normalization" and one.inputs else None
        if not isinstance(mean, tuple) or not isinstance(given, Array) or given.statistics.high is None:
            continue
        largest = max((abs(number) for number in mean if isinstance(number, float)), default=0.0)
        if largest > 1 and given.statistics.high <= 1:
            yield BackboneInput("", given, one.place, one.place, f"a mean of {largest:g} is subtracted from values of 0 to 1")
