"""One pass of a training loop: which acts it makes on the gradients, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import dropwhile
from typing import NamedTuple

from trainlint.core import Place
from trainlint.facts.run import Script, TrainingRun
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.values import (
    Array,
    Choice,
    Instance,
    LibraryMethod,
    List,
    Literal,
    Object,
    Tuple,
    Unknown,
    Value,
)

GRADIENT_ACTS = ("backward", "zero_grad", "step", "clip")
FRESH_GRADIENTS = frozenset({"keras", "tensorflow", "tensorflow_addons"})
"""Libraries whose optimizers are given new gradients at every step: nothing is left to be cleared."""


class LoopPass(NamedTuple):
    """The acts on gradients inside one loop body, in order, each place once; `loop` is the innermost loop around the step.

    `only_named` are the methods that the body names without calling them.
    """

    loop: Frame
    step: Event
    acts: tuple[Event, ...]
    only_named: frozenset[str] = frozenset()

    def of(self, kind: str) -> tuple[Event, ...]:
        """The acts of a kind."""
        return tuple(event for event in self.acts if event.kind == kind)

    def before(self, event: Event) -> Event | None:
        """The act that precedes one, going round the loop; clips are passed over."""
        return _neighbour(self.acts, event, -1)

    def after(self, event: Event) -> Event | None:
        """The act that follows one, going round the loop; clips are passed over."""
        return _neighbour(self.acts, event, 1)


def loop_passes(events: Sequence[Event]) -> Iterator[LoopPass]:
    """The innermost loop of every optimizer step that certainly runs at each pass (no undecided branch, no closure).

    Steps that are given fresh gradients (Keras, TensorFlow, distributed autograd) are left out.
    """
    seen: set[tuple[object, object]] = set()
    for event in events:
        loop = training_loop(event)
        if event.kind != "step" or loop is None or conditional(event, loop) or _given_gradients(event):
            continue
        key = (loop.place or id(loop), event.place or id(event))
        if key not in seen:
            seen.add(key)
            acts = _acts(events, loop)
            if not any("context" in act.values for act in acts):
                yield LoopPass(loop, event, acts, _only_named(events, loop))


def _given_gradients(step: Event) -> bool:
    """Whether a step is of a library that keeps no gradients between steps."""
    stepped = step.values.get("optimizer", step.values.get("parameter"))
    if isinstance(stepped, Array):
        return stepped.library in FRESH_GRADIENTS
    row = stepped.row if isinstance(stepped, Object | Instance) else None
    return row is not None and row.library in FRESH_GRADIENTS


def innermost_loop(event: Event) -> Frame | None:
    """The loop frame nearest to an event."""
    return next((frame for frame in reversed(event.frames) if frame.kind == "loop"), None)


def training_loop(event: Event) -> Frame | None:
    """The innermost loop around a step that is no loop over the weights which are updated one by one."""
    loops = [frame for frame in reversed(event.frames) if frame.kind == "loop"]
    return next((frame for frame in loops if "parameter" not in event.values or not _goes_over_weights(frame)), None)


def _goes_over_weights(loop: Frame) -> bool:
    over = loop.over
    for _ in range(4):
        if isinstance(over, Object) and over.row.kind == "parameters":
            return True
        over = over.cells.get("over") if isinstance(over, Object) else None
    return False


def inside(event: Event, loop: Frame) -> bool:
    """Whether an event happens in a loop's body (or in what the body calls)."""
    return any(same_frame(frame, loop) for frame in event.frames)


def same_frame(first: Frame, second: Frame) -> bool:
    """Whether two frames are the same construct of the script."""
    return first is second or (first.place is not None and first.place == second.place and first.kind == second.kind)


def conditional(event: Event, loop: Frame) -> bool:
    """Whether an undecided branch lies between a loop and an event in it."""
    within = False
    for frame in event.frames:
        if within and frame.kind == "branch":
            return True
        within = within or same_frame(frame, loop)
    return False


def on_one_path(first: Event, second: Event) -> bool:
    """Whether two events surely follow one another as the text has them: in one arm of each branch, in the same loops."""
    frames = [frame for frame in (*first.frames, *second.frames) if frame.kind in ("uncalled", "branch", "loop")]
    return all(_shares(event, frame) for frame in frames for event in (first, second))


def _shares(event: Event, frame: Frame) -> bool:
    """Whether an event happens in a frame; the two arms of a branch have one place, and are different frames."""
    return any(frame is one or (frame.kind != "branch" and same_frame(frame, one)) for one in event.frames)


def called_from(event: Event, loop: Frame, other: Event) -> Place | None:
    """The call in the body of a loop in whose function an event happens, and another does not; None of the body's own."""
    within = dropwhile(lambda frame: not same_frame(frame, loop), event.frames)
    call = next((frame for frame in within if frame.kind == "call"), None)
    return None if call is None or inside(other, call) else call.place


def is_unrecorded(event: Event) -> bool:
    """Whether no graph is built of an event (see `unrecording`)."""
    return unrecording(event) is not None


def unrecording(event: Event) -> Frame | None:
    """What keeps graphs from being built of an event: `no_grad` and the like around it, without an `enable_grad` inside."""
    for frame in reversed(event.frames):
        records = _records(frame)
        if records is not None:
            return None if records else frame
    return None


def _records(frame: Frame) -> bool | None:
    """Whether a context manager of PyTorch says that graphs are built; None of what says nothing of it, or is not known.

    `inference_mode` is named "no_grad" too, by the kind of its row; its `mode=False` records as `enable_grad` does.
    """
    if frame.kind != "with" or frame.name not in ("no_grad", "enable_grad", "set_grad_enabled"):
        return None
    mode = frame.over.arguments.get("mode") if isinstance(frame.over, Object) else None
    if isinstance(mode, Literal):
        return bool(mode.value) is (frame.name == "set_grad_enabled")
    return frame.name == "enable_grad" if mode is None and frame.name != "set_grad_enabled" else None


def outputs_of(call: Event) -> Iterator[Array]:
    """The tensors that a call of a model gives: on every branch, the parts of tuples and a recurrent layer's state too."""
    stack: list[Value | None] = [call.values.get("output")]
    while stack:
        one = stack.pop()
        if isinstance(one, Tuple | Choice):
            stack.extend(reversed(one.items if isinstance(one, Tuple) else one.alternatives))
        elif isinstance(one, Array):
            yield one


@lru_cache(maxsize=2)
def every_event(script: Script) -> tuple[Event, ...]:
    """All events of a file in order, those of its runs included, each once."""
    found = {id(event): event for event in script.events}
    for run in script.runs:
        found.update({id(event): event for event in run.events})
    return tuple(sorted(found.values(), key=lambda event: event.order))


def lowers_rate_later(run: TrainingRun) -> bool:
    """Whether something in the run lowers the rate or ends it early: a scheduler, a plateau callback, early stopping."""
    names = ("ReduceLROnPlateau", "EarlyStopping", "LearningRateScheduler")
    for event in run.events:
        if event.kind == "scheduler_step":
            return True
        callbacks = event.values.get("callbacks")
        if callbacks is not None and any(name in repr_names(callbacks) for name in names):
            return True
    return False


def rate_is_replaced(run: TrainingRun) -> bool:
    """Whether the script sets the rate itself after the optimizer was built (scheduler, callback, parameter groups)."""
    return lowers_rate_later(run) or any(
        event.kind == "set_learning_rate"
        or (event.kind == "set_attribute" and text_of(event.values.get("name")) in ("lr", "learning_rate"))
        for event in run.events
    )


def clip_place(run: TrainingRun) -> Place:
    """Where gradients are clipped: the call in the loop, else the optimizer that was told to, else the run."""
    called = next((event.place for event in run.events if event.kind == "clip" and event.place is not None), None)
    return called or getattr(run.optimizer, "place", None) or run.place


def steps_parameters_of(step: Event, clear: Event) -> bool:
    """Whether a clear surely concerns what a step updates: the same optimizer, or the model whose parameters it holds."""
    optimizer, target = step.values.get("optimizer"), clear.values.get("target")
    if optimizer is None or target is None:
        return False
    return optimizer is target or owner_of(optimizer) is target


def owner_of(optimizer: Value) -> Value | None:
    """The model whose `parameters()` an optimizer was given."""
    params = optimizer.arguments.get("params") if isinstance(optimizer, Object) else None
    return params.cells.get("model") if isinstance(params, Object) else None


def moves_own_tensors(optimizer: Value | None) -> bool:
    """Whether an optimizer was given tensors of the script one by one, none of them a module's: a picture, a patch of it."""
    params = optimizer.arguments.get("params") if isinstance(optimizer, Object) else None
    held = params.cells.get("items") if isinstance(params, List) else params
    items = held.items if isinstance(held, Tuple) else ()
    return bool(items) and all(
        isinstance(one, Array) and one.op == "parameter" and not {"layer", "model"} & one.attributes.keys() for one in items
    )


def text_of(value: Value | None) -> str:
    """The string that a value is, or nothing."""
    return value.value if isinstance(value, Literal) and isinstance(value.value, str) else ""


def repr_names(value: Value) -> frozenset[str]:
    """The last parts of the names of library objects in a (nested) list."""
    found: set[str] = set()
    stack: list[Value] = [value]
    for _ in range(1000):
        if not stack:
            break
        one = stack.pop()
        if isinstance(one, Object):
            found.add(one.row.name.rpartition(".")[2])
        elif isinstance(one, Tuple):
            stack.extend(one.items)
        elif isinstance(one, Choice):
            stack.extend(one.alternatives)
        elif isinstance(one, List):
            items = one.cells.get("items")
            stack.extend(items.items if isinstance(items, Tuple) else ())
            if "open" in one.cells:
                found.add("unknown")
        elif isinstance(one, Unknown):
            found.add("unknown")
    return frozenset(found)


def _acts(events: Sequence[Event], loop: Frame) -> tuple[Event, ...]:
    acts: dict[object, Event] = {}
    for event in events:
        if event.kind in GRADIENT_ACTS and inside(event, loop):
            acts.setdefault((event.kind, event.place or id(event)), event)
    return tuple(acts.values())


def names_only(events: Sequence[Event], model: Value | None, name: str) -> bool:
    """Whether a script names a method without calling it, or puts something in its place: that is what is wrong then."""
    for event in events:
        method = event.values.get("method")
        if event.kind == "not_called" and isinstance(method, LibraryMethod) and method.name == name and method.receiver is model:
            return True
        set_here = event.kind in ("set_attribute", "set_member") and event.values.get("target") is model
        if set_here and text_of(event.values.get("name")) == name:
            return True
    return False


def _only_named(events: Sequence[Event], loop: Frame) -> frozenset[str]:
    methods = [event.values.get("method") for event in events if event.kind == "not_called" and inside(event, loop)]
    return frozenset(one.name for one in methods if isinstance(one, LibraryMethod))


def _neighbour(acts: tuple[Event, ...], event: Event, direction: int) -> Event | None:
    index = acts.index(event)
    for distance in range(1, len(acts)):
        one = acts[(index + direction * distance) % len(acts)]
        if one.kind != "clip":
            return one
    return None
