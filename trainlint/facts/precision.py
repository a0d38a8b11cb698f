"""Half precision and distribution: gradient scaling left out or misused, samplers whose order never changes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

from trainlint.core import Fact, Place
from trainlint.facts.extract.counts import loader_over
from trainlint.facts.graph import Node, walk
from trainlint.facts.loop_faults import loops_of
from trainlint.facts.passes import conditional, every_event, innermost_loop, inside
from trainlint.facts.run import ModelFacts, OptimizerFacts, Script, TrainingRun
from trainlint.facts.syntax import Names, enclosing, names_of, node_at
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.values import Array, Literal, Object, Symbol, alternatives
from trainlint.wording import ADAM_FAMILY

if TYPE_CHECKING:
    import libcst as cst

SAMPLER = "DistributedSampler"
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
    """(sampler, loop, its variable) of shuffling distributed samplers whose epoch loop does not tell them the epoch.

    Where the loader may have none the variable is "": there is nothing to call then.
    """
    seen: set[object] = set()
    for step in every_event(script):
        loops = loops_of(step) if step.kind == "step" else []
        loader = loader_over(loops[-1]) if len(loops) >= 2 and loops[-2].trips != 1 else None
        if loader is None or loops[-2].place is None:
            continue
        sampler = loader.arguments.get("sampler")
        always = isinstance(sampler, Object)
        own = (one for one in alternatives(sampler) if isinstance(one, Object)) if sampler is not None else ()
        made = next((one.place for one in own if _shuffles_by_epoch(one)), None)
        place = made or (None if always else _sampler_of_another_branch(loader.argument_places.get("sampler")))
        if place is None or place in seen:
            continue
        seen.add(place)
        if not any(names is None or "set_epoch" in names.read for names in map(names_of, (place, step.place))):
            yield place, loops[-2].place, loops[-2].name if always else ""


def _shuffles_by_epoch(sampler: Object) -> bool:
    shuffle = sampler.arguments.get("shuffle", Literal(True))
    return sampler.row.name.endswith(SAMPLER) and isinstance(shuffle, Literal) and shuffle.value is True


def _sampler_of_another_branch(given: Place | None) -> Place | None:
    """The call of PyTorch's sampler, told nothing of `shuffle`, that the name passed as `sampler=` is bound to elsewhere.

    Options of the command line decide which branch is followed: what the others bind is not among the values.
    """
    import libcst as cst

    names, node, tree = names_of(given), node_at(given), getattr(given, "tree", None)
    if names is None or tree is None or not isinstance(node, cst.Name):
        return None
    around = enclosing(given, cst.FunctionDef, cst.Module)
    for target in names.bound.get(node.value, ()):
        bound = next((one.value for one in names.around(target) if isinstance(one, cst.Assign)), None)
        here = enclosing(tree.place(target), cst.FunctionDef, cst.Module) is around
        if isinstance(bound, cst.Call) and here and _is_of_torch(names, bound.func):
            return None if any(map(_tells_shuffle, enumerate(bound.args))) else cast("Place", tree.place(bound))
    return None


def _tells_shuffle(numbered: tuple[int, cst.Arg]) -> bool:
    """Whether an argument of the sampler is, or may be, `shuffle`, the fourth."""
    number, argument = numbered
    return bool(argument.star) or (number > 2 if argument.keyword is None else argument.keyword.value == "shuffle")


def _is_of_torch(names: Names, called: cst.BaseExpression) -> bool:
    """Whether what is called is the sampler, by a name that the file binds by imports from PyTorch alone."""
    import libcst as cst
    from libcst.helpers import get_full_name_for_node

    name = get_full_name_for_node(called) or ""
    bound = names.bound.get(name.partition(".")[0], ())
    for node in bound:
        alias = next((one for one in names.around(node) if isinstance(one, cst.ImportAlias)), None)
        source = next((one.module for one in names.around(node) if isinstance(one, cst.ImportFrom)), None)
        module = source if source is not None else alias.name if alias is not None else None
        if module is None or (get_full_name_for_node(module) or "").partition(".")[0] != "torch":
            return False
    return bool(bound) and name.rpartition(".")[2] == SAMPLER


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
