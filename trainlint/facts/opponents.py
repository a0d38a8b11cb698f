"""A generator and its critic: to which side each of their losses pushes what the critic says of the generated rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.passes import owner_of, same_frame
from trainlint.facts.provenance import computed_number
from trainlint.facts.queries import above
from trainlint.facts.run import TrainingRun
from trainlint.interpret.events import Event
from trainlint.interpret.values import Array, Object, Tuple, Value

KEPT = frozenset({"mean", "sum", "reshape", "squeeze", "flatten", "cast", "expand_dims", "identity"})
RISING = frozenset({"log", "exp", "sigmoid", "log_sigmoid", "softplus", "relu", "tanh", "clip", "sqrt"})
"""Operations that grow with their input."""
TOWARDS_TARGET = frozenset(
    {"binary_crossentropy", "binary_cross_entropy_with_logits", "mean_squared_error", "mean_absolute_error"}
)
MIDDLE = 0.5
"""Between the labels of what is generated and of what is real."""
MAXIMUM_TERMS = 500
"""Terms of a loss, and steps from a loss to what it compares, that are looked at."""


class Push(NamedTuple):
    """A term of a loss: the output that it pushes, up (1) or down (-1), and its place."""

    output: Array
    way: int
    place: Place | None


def helped_critic(run: TrainingRun) -> Place | None:
    """Where a generator's loss pushes the critic's answer to generated rows the way that the critic's own loss does."""
    events = run.events
    outputs = {id(event.values.get("output")): event for event in events if event.kind == "forward"}
    turns = list(_turns(events))
    for step, generator, losses in turns:
        if step.place != run.place:
            continue
        pushes = [push for loss in losses for push in _pushes(loss, outputs) if _is_made(push, generator, outputs)]
        critics = {id(outputs[id(push.output)].values.get("model")) for push in pushes}
        answers = [
            push
            for other, critic, losses_of_critic in turns
            if critics == {id(critic)} and critic is not generator and _share_a_loop(other, step)
            for loss in losses_of_critic
            for push in _pushes(loss, outputs)
            if outputs[id(push.output)].values.get("model") is critic
        ]
        of_made = {push.way for push in answers if _is_made(push, generator, outputs)}
        of_real = {push.way for push in answers if not _is_made(push, generator, outputs)}
        if pushes and {push.way for push in pushes} == of_made and of_real == {-way for way in of_made}:
            return pushes[0].place
    return None


def _turns(events: Sequence[Event]) -> Iterator[tuple[Event, Value, tuple[Array, ...]]]:
    """Every step of an optimizer that holds one model, with that model and the losses that went backward since the last step."""
    losses: list[Value | None] = []
    for event in events:
        if event.kind == "backward":
            losses.append(None if {"gradient", "target", "returned"} & event.values.keys() else event.values.get("loss"))
        optimizer = event.values.get("optimizer")
        if event.kind != "step" or not isinstance(optimizer, Object):
            continue
        known = tuple(loss for loss in losses if isinstance(loss, Array))
        owner = owner_of(optimizer)
        if owner is not None and known and len(known) == len(losses) and "maximize" not in optimizer.arguments:
            yield event, owner, known
        losses = []


def _share_a_loop(first: Event, second: Event) -> bool:
    return any(frame.kind == "loop" and any(same_frame(frame, one) for one in second.frames) for frame in first.frames)


def _is_made(push: Push, generator: Value, outputs: Mapping[int, Event]) -> bool:
    """Whether what a model was called on comes from the generator's own call, with no other rows beside it."""
    judged = outputs[id(push.output)]
    given = judged.values.get("inputs")
    upstream = list(above(given.items[0])) if isinstance(given, Tuple) and given.items else []
    if any(isinstance(one, Array) and one.op in ("concatenate", "stack") for one in upstream):
        return False
    return judged.values.get("model") is not generator and any(
        outputs[id(one)].values.get("model") is generator for one in upstream if id(one) in outputs
    )


def _pushes(loss: Array, outputs: Mapping[int, Event]) -> list[Push]:
    """The outputs of models that a loss is computed from along a path whose sign is known."""
    found: list[Push] = []
    waiting: list[tuple[Value, int, Place | None]] = [(loss, 1, loss.place)]
    for _ in range(MAXIMUM_TERMS):
        if not waiting:
            break
        one, sign, place = waiting.pop()
        if not isinstance(one, Array):
            continue
        if id(one) in outputs:
            found.append(Push(one, -sign, place))
        elif one.op == "loss":
            found.extend(_towards_target(one, sign, outputs))
        else:
            waiting.extend(_factors(one, sign, one.place or place))
    return found


def _factors(one: Array, sign: int, place: Place | None) -> list[tuple[Value, int, Place | None]]:
    """The inputs of an operation and the signs with which the loss grows with them; none where that is not known."""
    if one.op in KEPT | RISING | {"negative"}:
        return [(one.inputs[0], -sign if one.op == "negative" else sign, place)] if one.inputs else []
    if len(one.inputs) != 2 or one.op not in ("add", "subtract", "multiply", "divide"):
        return []
    left, right = one.inputs
    if one.op in ("add", "subtract"):
        return [(left, sign, place), (right, sign if one.op == "add" else -sign, place)]
    for number, other in ((right, left), (left, right)):
        value = computed_number(number)
        if value and (one.op == "multiply" or number is right):
            return [(other, sign if value > 0 else -sign, place)]
    return []


def _towards_target(array: Array, sign: int, outputs: Mapping[int, Event]) -> Iterator[Push]:
    """The answer that a loss compares with one number: it is pushed towards that number."""
    loss = array.attributes.get("loss")
    row = getattr(loss, "row", None)
    if row is None or row.kind not in TOWARDS_TARGET or len(array.inputs) < 2:
        return
    answer, target = array.inputs[:2]
    for _ in range(MAXIMUM_TERMS):
        if id(answer) in outputs or not isinstance(answer, Array) or answer.op not in KEPT | {"sigmoid"} or not answer.inputs:
            break
        answer = answer.inputs[0]
    low, high = (target.statistics.low, target.statistics.high) if isinstance(target, Array) else (None, None)
    if not isinstance(answer, Array) or id(answer) not in outputs or low is None or high is None:
        return
    if low > MIDDLE or high < MIDDLE:
        yield Push(answer, sign if low > MIDDLE else -sign, array.place)
