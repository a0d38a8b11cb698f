"""Runs of training loops that the script writes itself: PyTorch steps, tapes, and updates by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field, replace

from trainlint.core import Fact, Unknown
from trainlint.facts.extract.by_hand import optimizer_by_hand
from trainlint.facts.extract.counts import batch_size_of, loader_over, loop_counts, number_given, steps_of
from trainlint.facts.extract.data import UNKNOWN_DATA, data_facts, target_facts
from trainlint.facts.extract.fits import NOWHERE, loaded_before
from trainlint.facts.extract.initializers import UNKNOWN_INITIALIZER
from trainlint.facts.extract.losses import loss_of_graph, prediction_and_target
from trainlint.facts.extract.lower import Lowering
from trainlint.facts.extract.models import model_facts
from trainlint.facts.extract.optimizers import (
    assigned_rate,
    clip_of,
    optimizer_facts,
    optimizer_schedule,
    rate_assignments,
    unwrapped,
    with_clip,
)
from trainlint.facts.extract.scalars import CHANGES, items_of
from trainlint.facts.extract.schedules import first_rate_under, schedule_facts, scheduled_by
from trainlint.facts.graph import Node, walk
from trainlint.facts.passes import owner_of
from trainlint.facts.run import DataFacts, LossFacts, ModelFacts, OptimizerFacts, ScheduleFacts, TrainingRun
from trainlint.interpret import values as v
from trainlint.interpret.events import Event, Frame

OF_THE_LOOP = frozenset(
    {
        "forward", "loss", "backward", "zero_grad", "step", "scheduler_step", "clip", "mode", "shuffle", "set_weights", "call",
        "scale", "unscale", "scaler_update", "set_learning_rate", "set_attribute",
    }
)  # fmt: skip


@dataclass(slots=True)
class Group:
    """The steps that make one run: every step event of one optimizer at one place, or of one loop's updates by hand."""

    steps: list[Event] = field(default_factory=list)

    @property
    def first(self) -> Event:
        """The step whose pass stands for all."""
        return self.steps[0]

    @property
    def by_hand(self) -> bool:
        """Whether the script writes the update itself."""
        return "optimizer" not in self.first.values


def step_groups(events: Sequence[Event]) -> list[Group]:
    """The steps of a script, grouped into runs, in order."""
    groups: dict[object, Group] = {}
    differentiating = {_frame_key(frame) for event in events if event.kind == "backward" for frame in event.frames}
    for event in events:
        if event.kind == "step":
            groups.setdefault(_key(event, differentiating), Group()).steps.append(event)
    merged: list[Group] = []
    on_branches: list[Group] = []
    for group in groups.values():
        branches = any(frame.kind == "branch" for frame in group.first.frames)
        twin = next((one for one in on_branches if _are_alternatives(one.first, group.first)), None) if branches else None
        if twin is not None:
            twin.steps.extend(group.steps)
            continue
        merged.append(group)
        if branches:
            on_branches.append(group)
    return merged


def _are_alternatives(one: Event, other: Event) -> bool:
    """Whether two steps of one optimizer stand on different sides of one branch (with and without a gradient scaler)."""
    if unwrapped(one.values.get("optimizer")) is not unwrapped(other.values.get("optimizer")) or "optimizer" not in one.values:
        return False
    for first, second in zip(one.frames, other.frames, strict=False):
        if first.kind == second.kind == "branch" and first.place == second.place and first.name != second.name:
            return True
        if first is not second and (first.kind, first.place) != (second.kind, second.place):
            return False
    return False


def with_sure_steps(events: Sequence[Event]) -> list[Event]:
    """The events, with `x.step()` of something unknown as a step if the very same x also clears gradients.

    Only optimizers do both; schedules have no `zero_grad`.
    """
    clearing = {id(event.values.get("target")) for event in events if event.kind == "zero_grad"}
    return [
        replace(event, kind="step", values={"optimizer": event.values["receiver"]})
        if event.kind == "maybe_step" and "receiver" in event.values and id(event.values["receiver"]) in clearing
        else event
        for event in events
    ]


def _frame_key(frame: Frame) -> object:
    return frame.place if frame.place is not None else id(frame)


def _key(event: Event, differentiating: Set[object]) -> object:
    if "optimizer" in event.values:
        optimizer = unwrapped(event.values["optimizer"])
        return id(optimizer) if isinstance(optimizer, v.Object) else 0, event.place
    loop = _training_loop(event, differentiating)
    calls = tuple(_frame_key(frame) for frame in event.frames if frame.kind in ("call", "pass", "uncalled"))
    return "by hand", _frame_key(loop) if loop is not None else calls


def training_loop(step: Event, events: Sequence[Event]) -> Frame | None:
    """The innermost loop around a step in whose body gradients are computed; a loop over the weights alone is not it."""
    differentiating = {_frame_key(frame) for event in events if event.kind == "backward" for frame in event.frames}
    return _training_loop(step, differentiating)


def _training_loop(step: Event, differentiating: Set[object]) -> Frame | None:
    loops = [frame for frame in step.frames if frame.kind == "loop"]
    return next((frame for frame in reversed(loops) if _frame_key(frame) in differentiating), loops[-1] if loops else None)


def surrounds(frame: Frame, event: Event) -> bool:
    """Whether an event happens within the construct of a frame."""
    return any(one is frame or (one.place is not None and one.place == frame.place) for one in event.frames)


def loop_run(group: Group, events: Sequence[Event], era: str, order: int) -> TrainingRun:
    """The run of one group of steps."""
    step, loop = group.first, training_loop(group.first, events)
    pass_events = [one for one in events if loop is None or surrounds(loop, one)]
    backwards = backwards_before(step, pass_events)
    lowering = Lowering(era, loop=loop.place if loop is not None else None)
    lowering.weights.everywhere = _initialised_everywhere(events, pass_events)
    lowering.weights.registered_only = owner_of(step.values.get("optimizer") or v.NONE) is not None
    for one in pass_events:
        if one.kind == "forward":
            lowering.accept(one.values.get("inputs"))
    root = _root(lowering, backwards)
    schedule = _schedule_of(step, events)
    facts = _optimizer(group, era, schedule, events, pass_events)
    pair = prediction_and_target(root) if root is not None else None
    loader = loader_over(loop)
    inputs, targets, batch = _data(lowering, pair, root, drawn=loader is not None)
    batch_size = _batch_size(batch, loader, inputs, root, lowering)
    same = batch is None or _drawn_before(batch, loop, events)
    batches = None if same else steps_of(inputs.samples, batch_size)
    made = getattr(unwrapped(step.values.get("optimizer")), "place", None)
    epochs, steps = loop_counts(step.frames, loop, made, _frames_of_making(step, events), batches)
    return TrainingRun(
        framework=_framework(group, facts, root, backwards),
        era=era,
        place=step.place or NOWHERE,
        optimizer=facts,
        loss=_loss(root, backwards),
        model=_model(pair, pass_events, step),
        inputs=inputs,
        targets=targets,
        schedule=_schedule_facts(schedule, facts, step, events, era),
        loss_graph=None if root is None or root.op == "unknown" else root,
        batch_size=batch_size,
        epochs=epochs,
        steps_per_epoch=steps,
        events=_events_of(group, loop, events, pass_events),
        order=order,
    )


def _drawn_before(batch: v.Array, loop: Frame | None, events: Sequence[Event]) -> bool:
    """Whether `next` took a mini-batch from its loader before the loop, so that every step sees the same one."""
    drawn = [one for one in events if one.kind == "drawn" and _holds(one.values.get("result"), batch)]
    return loop is not None and bool(drawn) and not any(surrounds(loop, one) for one in drawn)


def _holds(value: v.Value | None, batch: v.Array) -> bool:
    """Whether what `next` gave holds a batch; `.to(device)` makes another array of the same samples of it."""
    if isinstance(value, v.Array):
        return bool(value.inputs) and bool(batch.inputs) and value.inputs[0] is batch.inputs[0]
    return any(_holds(one, batch) for one in items_of(value) or ())


def _frames_of_making(step: Event, events: Sequence[Event]) -> tuple[Frame, ...]:
    """The frames in which the optimizer of a step was made."""
    optimizer = unwrapped(step.values.get("optimizer"))
    made = (one.frames for one in events if one.kind == "made" and one.values.get("object") is optimizer)
    return next(made, ())


def _events_of(group: Group, loop: Frame | None, events: Sequence[Event], pass_events: Sequence[Event]) -> tuple[Event, ...]:
    """What the training loop does, and the steps of schedules in the loops around it (once an epoch)."""
    inside = {id(one) for one in pass_events if one.kind in OF_THE_LOOP or one in group.steps}
    outer = [frame for frame in group.first.frames if frame.kind == "loop" and frame is not loop]
    for one in events:
        if one.kind == "scheduler_step" and any(surrounds(frame, one) for frame in outer):
            inside.add(id(one))
    return tuple(one for one in events if id(one) in inside)


def backwards_before(step: Event, pass_events: Sequence[Event]) -> list[Event]:
    """The backward passes whose gradients a step uses: those since the step before it, else all of its loop, each place once."""
    backwards = [one for one in pass_events if one.kind == "backward"]
    previous = max((one.order for one in pass_events if one.kind == "step" and one.order < step.order and one.place != step.place
                    and "optimizer" in one.values), default=-1)  # fmt: skip
    window = [one for one in backwards if previous < one.order < step.order]
    chosen = window or [one for one in backwards if one.order < step.order] or backwards
    chosen = [one for one in chosen if "returned" not in one.values] or chosen  # a penalty's gradients are no loss of their own
    return list({one.place or id(one): one for one in chosen}.values())


def _initialised_everywhere(events: Sequence[Event], pass_events: Sequence[Event]) -> object:
    """What all parameters of the model start as: what a loop over them did (`interpret.torch.parameters`), or loaded weights."""
    weights_set = [one for one in events if one.kind == "set_weights"]
    for event in pass_events:
        model = event.values.get("model")
        if event.kind != "forward" or not isinstance(model, v.Object | v.Instance):
            continue
        if loaded_before(event, weights_set):
            return UNKNOWN_INITIALIZER
        if "parameter_initializer" in model.cells:
            return model.cells["parameter_initializer"]
    return None


def _root(lowering: Lowering, backwards: Sequence[Event]) -> Node | None:
    """The scalar that is differentiated: the loss, or the sum of several whose gradients add up."""
    nodes = [lowering.lower(one.values.get("loss")) for one in backwards]
    if len(nodes) < 2:
        return nodes[0] if nodes else None
    total = nodes[0]
    for node in nodes[1:]:
        total = Node("add", (total, node), shape=(), place=node.place)
    return total


def _loss(root: Node | None, backwards: Sequence[Event]) -> LossFacts | Unknown:
    if root is None:
        return Unknown("the script computes the gradient without a loss that the linter can see")
    return loss_of_graph(root, backwards[0].place)


def _optimizer(
    group: Group, era: str, schedule: v.Object | None, events: Sequence[Event], pass_events: Sequence[Event]
) -> OptimizerFacts | Unknown:
    clips = [one for one in pass_events if one.kind == "clip"]
    clip = clip_of(clips[0].values.get("maximum"), clips[0].values.get("by")) if clips else None
    if group.by_hand:
        return with_clip(optimizer_by_hand(group.steps), clip)
    assigned = _rate_assigned(group.first, events, pass_events)
    facts = optimizer_facts(group.first.values["optimizer"], era, assigned)
    if isinstance(facts, OptimizerFacts) and schedule is not None:
        facts = replace(facts, learning_rate=first_rate_under(schedule, era, facts.learning_rate))
    return with_clip(facts, clip)


def _rate_assigned(step: Event, events: Sequence[Event], pass_events: Sequence[Event]) -> v.Value | None:
    """The rate of the first step if it was assigned: ahead of the loop, or by the loop ahead of every step."""
    inside = {id(one) for one in pass_events}
    for event in reversed(rate_assignments(step.values.get("optimizer"), events)):
        sometimes = id(event) in inside and any(frame.kind == "branch" for frame in event.frames)
        if event.order < step.order and not sometimes:
            return assigned_rate(event)
    return None


def _framework(group: Group, facts: OptimizerFacts | Unknown, root: Node | None, backwards: Sequence[Event]) -> str:
    library = facts.library if isinstance(facts, OptimizerFacts) else ""
    if library in ("torch", "keras"):
        return library
    loss = backwards[0].values.get("loss") if backwards and root is not None else group.first.values.get("parameter")
    library = loss.library if isinstance(loss, v.Array) else library
    return "keras" if library == "tensorflow" else library or "torch"


def _schedule_of(step: Event, events: Sequence[Event]) -> v.Object | None:
    """The scheduler that moves this optimizer's rate: one that is stepped and was built on it."""
    optimizer = unwrapped(step.values.get("optimizer"))
    for event in events:
        schedule = event.values.get("schedule") if event.kind == "scheduler_step" else None
        if isinstance(schedule, v.Object) and unwrapped(scheduled_by(schedule)) is optimizer:
            return schedule
    return None


def _schedule_facts(
    schedule: v.Object | None, optimizer: OptimizerFacts | Unknown, step: Event, events: Sequence[Event], era: str
) -> ScheduleFacts | None:
    """The schedule that moves the rate: a scheduler, one the optimizer carries, or assignments in its loops (`assigned`)."""
    if schedule is not None:
        return schedule_facts(schedule, era)
    if (
        isinstance(optimizer, OptimizerFacts)
        and isinstance(optimizer.learning_rate, Fact)
        and CHANGES in optimizer.learning_rate.why
    ):
        return ScheduleFacts("assigned", {}, optimizer.learning_rate.place)
    carried = optimizer_schedule(step.values.get("optimizer"), era)
    loops = [frame for frame in step.frames if frame.kind == "loop"]
    every = rate_assignments(step.values.get("optimizer"), events)
    assigned = [one for one in every if any(surrounds(frame, one) for frame in loops)]
    return ScheduleFacts("assigned", {}, assigned[0].place) if carried is None and assigned else carried


def _model(pair: tuple[Node, Node] | None, pass_events: Sequence[Event], step: Event) -> ModelFacts | Unknown:
    forward = next((one for one in pass_events if one.kind == "forward" and one.order < step.order), None)
    held = forward.values.get("model") if forward is not None else None
    place = getattr(held, "place", None)
    if pair is None or pair[0].op == "unknown":
        reason = str(pair[0].attributes.get("why", "")) if pair is not None else "the model's output could not be followed"
        return Unknown(reason, place)
    name = held.cls.name if isinstance(held, v.Instance) else ""
    return replace(model_facts(pair[0], place, name), dtype=_weights_dtype(held))


def _weights_dtype(model: v.Value | None) -> str | None:
    """The type that `.half()`, `.double()` or `.to(dtype)` gave the weights (`interpret.torch.modules`)."""
    cells = model.cells if isinstance(model, v.Object | v.Instance) else {}
    held = cells.get("parameter_dtype")
    return str(held.value) if isinstance(held, v.Literal) else None


def _data(
    lowering: Lowering, pair: tuple[Node, Node] | None, root: Node | None, *, drawn: bool
) -> tuple[DataFacts, DataFacts, v.Array | None]:
    """Inputs, targets, and the mini-batch of the inputs if there is one (of anything in the loss otherwise).

    `drawn`: the loop goes over a loader, so that fixed tensors (a positional encoding, a mask) are not the samples.
    """
    if root is None:
        return UNKNOWN_DATA, UNKNOWN_DATA, None
    below = {id(node) for node in walk(pair[0])} if pair else {id(node) for node in walk(root)}
    aside = {id(node) for node in walk(pair[1])} if pair else set()
    fed = pair is not None and any(node.op == "input" for node in walk(pair[0]))  # constants beside it are no samples
    inputs = _main([(node, one) for node, one in lowering.leaves if id(node) in below and not (fed and one.op == "constant")])
    if drawn and inputs is not None and inputs[0].attributes.get("batched") is not True and inputs[1].op != "random":
        inputs = None
    target_leaf = _main([(node, one) for node, one in lowering.leaves if id(node) in aside])
    targets = _facts_of(target_leaf) if pair is None else target_facts(lowering.array_of(pair[1]), target_leaf)
    batched = [one for node, one in lowering.leaves if node.attributes.get("batched") is True]
    chosen = inputs[1] if inputs is not None and inputs[1] in batched else batched[0] if batched else None
    return _facts_of(inputs), targets, chosen


def _main(leaves: Iterable[tuple[Node, v.Array]]) -> tuple[Node, v.Array] | None:
    """The leaf that carries the samples: the first batched one, else the one of the highest rank and size."""
    ranked = list(leaves)
    for one in ranked:
        if one[0].attributes.get("batched") is True:
            return one
    return max(ranked, key=lambda one: _weight(one[0]), default=None)


def _weight(node: Node) -> float:
    return math.prod(extent or 32 for extent in node.shape) if node.shape is not None else 0.5


def _facts_of(leaf: tuple[Node, v.Array] | None) -> DataFacts:
    return UNKNOWN_DATA if leaf is None else data_facts(leaf[1], leaf[0])


def _in_parts(part: object, lowering: Lowering) -> bool:
    """Whether the model is called on several parts of one array, one after the other."""
    if not isinstance(part, v.Array) or part.op not in ("split", "getitem") or not part.inputs:
        return False
    return sum(one.op == part.op and bool(one.inputs) and one.inputs[0] is part.inputs[0] for _, one in lowering.leaves) > 1


def _batch_size(
    batch: v.Array | None, loader: v.Object | None, inputs: DataFacts, root: Node | None, lowering: Lowering
) -> Fact[int] | Unknown:
    if batch is not None:
        return batch_size_of(batch)
    given = number_given(loader)
    if given is not None:
        return given
    if root is None or root.op == "unknown" or inputs.samples is None:
        return Unknown("the number of samples is not known")
    if _in_parts(inputs.value, lowering):
        return Unknown("the model sees the samples in parts", inputs.place)
    return Fact(inputs.samples, inputs.place, why=("every step sees all samples",))
