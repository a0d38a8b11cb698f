"""Half precision and distribution: gradient scaling left out or misused, samplers whose order never changes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from trainlint.core import Fact, Place
from trainlint.facts.graph import Node, walk
from trainlint.facts.loop_faults import loops_of
from trainlint.facts.passes import conditional, every_event, innermost_loop, inside
from trainlint.facts.run import ModelFacts, OptimizerFacts, Script, TrainingRun
from trainlint.facts.syntax import names_of
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.values import Array, Literal, Object, Symbol
from trainlint.wording import ADAM_FAMILY

SCALED = ("scaled", "multiply")
"""Operations by which a loss may be a scaled one."""


class Misused(NamedTuple):
    """A gradient scaler that is used wrongly: "clip" before unscaling, a "step" past it, an "update" that is missing."""

    what: str
    place: Place
    scale: Place | None = None
    step: Place | None = None


def misused_scalers(script: Script) -> Iterator[Misused]:
    """What is wrong with the gradient scaler of each training loop."""
    events = every_event(script)
    for step in events:
        loop = innermost_loop(step)
        if step.kind != "step" or loop is None or conditional(step, loop) or step.place is None:
            continue
        within = [event for event in events if inside(event, loop)]
        scales = [event for event in within if event.kind == "scale" and _is_on(event)]
        if not scales or any(event.kind == "scale" and not _is_on(event) for event in within):
            continue
        if "scaler" not in step.values:
            if not any(event.kind == "unscale" for event in within) and _has_scaled_loss(within):
                yield Misused("step", step.place, scales[0].place)
            continue
        clips = [event for event in within if event.kind == "clip" and event.order < step.order]
        unscaled = [event for event in within if event.kind == "unscale"]
        for clip in clips[:1]:
            if not any(event.order < clip.order for event in unscaled) and clip.place is not None and not conditional(clip, loop):
                yield Misused("clip", clip.place, scales[0].place, step.place)
        if not any(event.kind == "scaler_update" for event in events):
            yield Misused("update", step.place, scales[0].place)


def _is_on(event: Event) -> bool:
    """Whether a scaler is surely enabled."""
    scaler = event.values.get("scaler")
    enabled = scaler.arguments.get("enabled", Literal(True)) if isinstance(scaler, Object) else None
    return isinstance(enabled, Literal) and enabled.value is True


def _has_scaled_loss(events: list[Event]) -> bool:
    """Whether what goes backward is surely the scaled loss."""
    losses = [event.values.get("loss") for event in events if event.kind == "backward"]
    return bool(losses) and all(isinstance(one, Array) and one.op == "scaled" for one in losses)


class Unscaled(NamedTuple):
    """A forward pass under float16 autocast whose loss goes backward as it is, the step, and the outermost loop around it."""

    place: Place
    step: Place
    backward: Place | None
    loop: Place | None


def unscaled_half_precision(script: Script) -> Iterator[Unscaled]:
    """Forward passes under float16 autocast whose loss goes backward as it is."""
    events = every_event(script)
    if any(event.kind == "scale" for event in events):
        return
    for step in events:
        loop = innermost_loop(step)
        if step.kind != "step" or loop is None or "scaler" in step.values or step.place is None:
            continue
        for event in events:
            if event.kind == "forward" and inside(event, loop) and any(_is_half(frame) for frame in event.frames):
                backward = next((other for other in events if other.kind == "backward" and inside(other, loop)), None)
                loss = backward.values.get("loss") if backward is not None and not conditional(backward, loop) else None
                if backward is not None and event.place is not None and isinstance(loss, Array) and loss.op not in SCALED:
                    yield Unscaled(event.place, step.place, backward.place, loops_of(step)[0].place)
                    return


def _is_half(frame: Frame) -> bool:
    manager = frame.over
    if frame.kind != "with" or frame.name != "autocast" or not isinstance(manager, Object):
        return False
    enabled, dtype, device = (manager.arguments.get(name) for name in ("enabled", "dtype", "device_type"))
    if enabled is not None and not (isinstance(enabled, Literal) and enabled.value is True):
        return False
    if dtype is not None:
        return isinstance(dtype, Symbol) and dtype.name.rpartition(".")[2] in ("float16", "half")
    on_gpu = isinstance(device, Literal) and isinstance(device.value, str) and device.value.startswith("cuda")
    return on_gpu or manager.row.name.startswith("torch.cuda")


def samplers_without_epoch(script: Script) -> Iterator[tuple[Place, Place, str]]:
    """(sampler, loop, its variable) of shuffling distributed samplers whose epoch loop does not tell them the epoch."""
    seen: set[int] = set()
    for step in every_event(script):
        loops = loops_of(step) if step.kind == "step" else []
        if len(loops) < 2 or loops[-2].trips == 1:
            continue
        loader = loops[-1].over
        sampler = loader.arguments.get("sampler") if isinstance(loader, Object) else None
        if not isinstance(sampler, Object) or not sampler.row.name.endswith("DistributedSampler") or id(sampler) in seen:
            continue
        seen.add(id(sampler))
        shuffle = sampler.arguments.get("shuffle", Literal(True))
        told = any(names is None or "set_epoch" in names.read for names in map(names_of, (sampler.place, step.place)))
        shuffles = isinstance(shuffle, Literal) and shuffle.value is True
        if shuffles and not told and sampler.place is not None and loops[-2].place is not None:
            yield sampler.place, loops[-2].place, loops[-2].name


def refused_losses(script: Script) -> Iterator[Place]:
    """Binary cross-entropies of probabilities under float16 autocast, which PyTorch refuses to compute."""
    for event in every_event(script):
        loss = event.values.get("loss")
        managers = [frame for frame in event.frames if frame.kind == "with" and frame.name == "autocast"]
        if event.kind != "loss" or not isinstance(loss, Object) or event.place is None or not managers:
            continue
        if loss.row.library == "torch" and loss.row.kind == "binary_crossentropy" and _is_half(managers[-1]):
            yield event.place


HALF_STEPS = {"float16": 2.0**-12, "bfloat16": 2.0**-9}
"""The share of a number below which what is added to it is rounded away: half a unit in the last place."""


class LostUpdate(NamedTuple):
    """A layer whose weights of half precision are larger than Adam's step can change: their size, and the limit."""

    layer: Node
    dtype: str
    size: float
    limit: float
    rate: float


def lost_update(run: TrainingRun) -> LostUpdate | None:
    """The dense layer or convolution with the largest first weights that steps of Adam do not change."""
    model, optimizer = run.model, run.optimizer
    if not isinstance(model, ModelFacts) or model.dtype not in HALF_STEPS or not isinstance(optimizer, OptimizerFacts):
        return None
    rate = optimizer.learning_rate
    if optimizer.name not in ADAM_FAMILY or not isinstance(rate, Fact) or rate.value <= 0 or model.output is None:
        return None
    limit = rate.value / HALF_STEPS[model.dtype]
    sizes = [(size, node) for node in walk(model.output) if (size := _first_size(node)) is not None]
    size, node = max(sizes, key=lambda one: one[0], default=(0.0, None))
    return LostUpdate(node, model.dtype, size, limit, rate.value) if node is not None and size > limit else None


def _first_size(node: Node) -> float | None:
    """The root mean square of a kernel that PyTorch initialised, 1 / sqrt(3 fan_in)."""
    kernel = node.parameters[0] if node.parameters and node.op in ("dense", "conv") else None
    if kernel is None or kernel.shape is None or not kernel.trainable or kernel.initializer.kind != "torch_default":
        return None
    fan_in = math.prod(kernel.shape[:-1])
    return (3 * fan_in) ** -0.5 if fan_in else None
