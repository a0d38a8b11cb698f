"""Runs the plan of a run on the steps of the script: those that the script takes itself, and those that the probe repeats.

Two ways lead to a run. In `fit` (`trainers`) the probe is called before a step is taken, takes it itself, and can ask for the
epoch's next batches. In a loop of the script's own it is first called at the optimizer's step; it then only decides whether the
step is taken, and waits for the next one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from ...protocol import Line, Measurement, OptimizerState
from ..session import Session, user_line
from . import by_hand, optimizers, plan
from .randomness import Entry, seed_tensorflow
from .replay import repeat
from .run import Run, Sample, State, Want, sample_of, without_gradient
from .seen import Seen
from .surroundings import surroundings
from .tapes import GRADIENTS, NOTHING, PRODUCTS
from .trials import Steps
from .vectors import Layout, key

FRAMEWORK = "keras"
PATIENCE = 8  # steps of other optimizers between two of the one measured: adversarial trainings alternate


class Recorder(Protocol):
    """What holds the gradients that the script computed since its last step: the tapes of TensorFlow or torch's graph."""

    method: str
    mark: str

    def context(self) -> Any:
        """What the probe's own steps run in."""

    def unnoticed(self, variables: Sequence[Any], /) -> Any:
        """What variables are changed in that what was recorded is still to be used afterwards."""

    records: list[Any]

    def take(self, variables: Sequence[Any]) -> list[Any]:
        """The records of gradients by one of `variables`, given away."""

    def clear(self) -> None:
        """Forget all of them."""


class Driver:
    """The one probe of the process."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.recorder: Recorder | None = None
        self.run: Run | None = None
        self.steps: Steps | None = None
        self.want = Want(product=True)
        self.catching = False
        self.caught: Sample | None = None
        self.target: Any = None
        self.done: dict[int, Any] = {}  # optimizers measured; held, or their ids might come again
        self.met: dict[int, Any] = {}
        self.entry: Entry | None = None
        self.entry_fixed = False
        self.seen = Seen()
        self.depth = 0
        self.made: dict[int, tuple[Any, Line]] = {}
        self.places: dict[str, Line] = {}
        self.lines: dict[int, dict[str, Line]] = {}  # where a model was compiled and fitted
        self.kept: dict[int, Any] = {}
        self.stepper: Any = None
        self.functions: Any = None  # those of JAX
        self.remark: str | None = None  # what every run has to say
        self.foreign = 0  # steps of others since the last one of the run

    @property
    def active(self) -> bool:
        """Whether there is still a run to measure."""
        return self.session.active

    def level(self) -> int:
        """What is to be recorded now."""
        if not self.active or self.recorder is None:
            return NOTHING
        if self.run is None or self.want.product:
            return PRODUCTS
        return GRADIENTS

    def watching(self) -> bool:
        """Whether inputs and activations are of interest: until the first step of a run is caught."""
        return self.active and self.run is None

    def start(self) -> None:
        """The measuring of a run begins."""
        self.session.start()
        if self.remark:
            self.session.note(self.remark)

    @contextmanager
    def measuring(self, doing: str) -> Iterator[None]:
        """A block in which an error ends the run with a sentence, puts everything back, and leaves the script alone."""
        guard = self.session.guard(FRAMEWORK, doing, fatal=True)
        with guard:
            yield
        if guard.failed and self.run is not None:
            run = self._over()
            with self.session.guard(FRAMEWORK, "putting the weights back"):
                run.restore()

    # the entry of a step

    def enter(self) -> None:
        """A step begins: remember the random numbers' states, so that it can be repeated."""
        if self.watching() and not self.entry_fixed:
            self.entry = Entry()

    def note_place(self, what: str, overwrite: bool = True) -> None:
        """Remember the user's line that is being executed as the place of `what`."""
        if self.watching() and (overwrite or what not in self.places):
            line = user_line(sys._getframe(1))
            if line is not None:
                self.places[what] = line

    def tape_entered(self) -> None:
        """The script opens a tape. Weights that have moved since its last gradient were moved without an optimizer."""
        if not self.catching and not self.depth:
            self.depth += 1
            try:
                with self.measuring("measuring at a step without an optimizer"):
                    by_hand.tape_entered(self)
            finally:
                self.depth -= 1
        self.enter()

    def gradient_computed(self) -> None:
        """The script has computed a gradient."""
        if not self.catching:
            self.note_place("backward")
            with self.session.guard(FRAMEWORK, "keeping the weights"):
                by_hand.gradient_computed(self)

    # the optimizer's step

    def on_apply(
        self, optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any] | None, proceed: Callable[[], Any]
    ) -> Any:
        """Called in place of the optimizer's step, which is `proceed`; it returns nothing where that is not taken."""
        if not self.active or self.depth or self.recorder is None:
            return proceed()
        self.depth += 1
        try:
            return self._apply(optimizer, gradients, variables, proceed)
        finally:
            self.depth -= 1

    def _apply(
        self, optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any] | None, proceed: Callable[[], Any]
    ) -> Any:
        take = True
        if self.run is None and not self.catching:
            self.note_place("step")
        with self.measuring("measuring at the optimizer's step"):
            take = self._decide(optimizer, list(gradients), variables, proceed)
        return proceed() if take else getattr(optimizer, "_iterations", None)

    def _decide(self, optimizer: Any, gradients: list[Any], variables: Sequence[Any] | None, proceed: Callable[[], Any]) -> bool:
        """Whether the step is to be taken; catches it where it is the one that the run is about."""
        self.met[id(optimizer)] = optimizer
        known = list(variables if variables is not None else getattr(optimizer, "_trainable_variables", ()))
        if self.run is None:
            if id(optimizer) in self.done or not known:
                if self.recorder is not None:
                    self.recorder.take(known)  # or these weights would seem to move by themselves
                return True
            if not self._begin(optimizer, gradients, known, proceed):
                return True
            if self.catching:
                self.caught = self.run.first if self.run is not None else None
                return False
            return self._resume_begun()
        if optimizer is not self.run.optimizer:
            return True if self.gone_on() else self.want.update
        self.foreign = 0
        sample = self._sample(gradients, known, optimizer)
        update = self.want.update
        if self.catching:
            self.caught = sample
            return update
        if update:
            proceed()
        self._send(sample)
        return False

    def _resume_begun(self) -> bool:
        """The first step of a run in the script's own loop: measure at once, then wait for its next steps."""
        run = self.run
        if run is None:
            return True
        run.again = repeat(self.recorder.mark if self.recorder is not None else "")
        run.take = self.take_step
        self.advance(None)
        return self.run is None

    def begin_by_hand(self, run: Run) -> None:
        """A run without an optimizer, found between two steps of the script's loop."""
        self.start()
        run.found.update(self.known(None, list(run.gradients), run.variables))
        run.places, run.again, run.take = (
            dict(self.places),
            repeat(self.recorder.mark if self.recorder is not None else ""),
            self.take_step,
        )
        self.run, self.want = run, Want()
        self.advance(None)

    def _begin(self, optimizer: Any, gradients: list[Any], variables: list[Any], proceed: Callable[[], Any]) -> bool:
        assert self.recorder is not None
        records = self.recorder.take(variables)
        own = {key(source) for record in records for source in record.sources}
        pairs = [(one, grad) for one, grad in zip(variables, gradients, strict=False) if key(one) in own and grad is not None]
        if not pairs:
            return False
        self.start()
        with self.session.guard(FRAMEWORK, "building the optimizer's state"):
            optimizers.build(optimizer, variables)
        layout = Layout([one for one, _ in pairs])
        given = [grad for _, grad in pairs]
        first = sample_of(records, layout, given, optimizers.loss_scale(optimizer))
        state = State(self.state_of(optimizer, variables))
        self.run = Run(
            optimizer=optimizer,
            variables=variables,
            layout=layout,
            first=first,
            gradients=given,
            apply=lambda: self.inside(proceed),
            entry=self.entry or Entry(),
            seen=self.seen,
            state=state,
            start=layout.read(),
            context=self.recorder.context,
            unnoticed=self.recorder.unnoticed,
            method=self.recorder.method,
        )
        self.run.found.update(self.known(optimizer, gradients, variables))
        self.run.places = self._places(optimizer)
        self.target = optimizer
        self.want = Want()
        return True

    def inside(self, proceed: Callable[[], Any]) -> Any:
        """Take the optimizer's step without looking at the optimizers inside it."""
        self.depth += 1
        try:
            return proceed()
        finally:
            self.depth -= 1

    def known(self, optimizer: Any, gradients: list[Any], variables: list[Any]) -> dict[str, Any]:
        """What the report says of the surroundings: versions, device, dtype, the optimizer, weights without gradient."""
        found: dict[str, Any] = {
            "optimizer": None if optimizer is None else self.optimizer_state(optimizer),
            "without_gradient": without_gradient(gradients, variables[: len(gradients)]),
        }
        with self.session.guard(FRAMEWORK, "reading the surroundings"):
            found.update(surroundings(variables[0]))
        return found

    def optimizer_state(self, optimizer: Any) -> OptimizerState | None:
        """The optimizer's numbers; None and a note where they cannot be read."""
        with self.session.guard(FRAMEWORK, "reading the optimizer's settings"):
            return optimizers.describe(optimizer)
        return None

    def _places(self, optimizer: Any) -> dict[str, Line]:
        made = self.made.get(id(optimizer))
        return {**self.places, **({"optimizer": made[1]} if made is not None else {})}

    def state_of(self, optimizer: Any, variables: list[Any]) -> list[Any]:
        """Every variable that a step may change."""
        state = [*variables, *_variables(optimizer, "variables"), *_variables(optimizers.inner(optimizer), "variables")]
        for model in self.seen.models:
            for name in ("variables", "metrics_variables", "non_trainable_weights"):
                state.extend(_variables(model, name))
        return state

    def _sample(self, gradients: list[Any], variables: list[Any], optimizer: Any) -> Sample | None:
        assert self.run is not None
        assert self.recorder is not None
        records = self.recorder.take(variables)
        if not records:
            return None
        by_key = {key(one): grad for one, grad in zip(variables, gradients, strict=False)}
        given = [by_key.get(key(one)) for one in self.run.layout.variables]
        return sample_of(records, self.run.layout, given, optimizers.loss_scale(optimizer))

    # steps that the probe takes

    def take_step(self, step: Callable[[], Any], want: Want) -> Sample | None:
        """Take one step of the script and return what the optimizer was about to do in it."""
        before = self.want, self.catching, self.depth
        self.want, self.catching, self.caught, self.depth = want, True, None, 0
        if self.recorder is not None:
            self.recorder.clear()
        try:
            step()
        finally:
            self.want, self.catching, self.depth = before
        if self.run is not None and self.run.optimizer is None and self.recorder is not None:
            return by_hand.sample_of_run(self.run, self.recorder)
        return self.caught

    # the plan

    def advance(self, sample: Sample | None) -> None:
        """Go on with the plan until it wants a step of the script, or is done."""
        run = self.run
        if run is None:
            return
        try:
            with run.context():
                if self.steps is None:
                    self.steps = plan.measure(run, self.session)
                    self.want = next(self.steps)
                else:
                    self.want = self.steps.send(sample)
        except StopIteration:
            self.end()

    def _send(self, sample: Sample | None) -> None:
        self.advance(sample)

    def end(self, note: str = "") -> None:
        """The run is measured, or as much of it as the script allowed: write it down."""
        run = self.run
        if run is None:
            return
        if note:
            self.session.note(note)
        self._over()
        run.found.pop("_preconditioner", None)
        self.session.finish(run.measurement(FRAMEWORK, self.session.notes))

    def _over(self) -> Run:
        """There is no run any more; its optimizer is not measured again."""
        assert self.run is not None
        run = self.run
        self.run, self.steps, self.want, self.foreign = None, None, Want(product=True), 0
        self.done.update({id(one): one for one in (run.optimizer, *(run.variables if run.optimizer is None else ()))})
        if self.recorder is not None:
            self.recorder.clear()
        self.seen, self.entry, self.places = Seen(), None, {}
        return run

    def gone_on(self) -> bool:
        """Count a step that is not the run's. After many of them in a row the run waits in vain, and is ended."""
        self.foreign += not self.catching
        if self.foreign <= PATIENCE:
            return False
        self.end("the script went on to another training before all was measured")
        return True

    def script_ended(self) -> None:
        """The script is through: what was measured is reported."""
        if self.active and self.run is not None:
            self.end("the script ended before all was measured")

    def nothing(self, reason: str) -> None:
        """No figure can be had of this run; says why."""
        self.session.finish(Measurement(framework=FRAMEWORK, failure=reason, places=dict(self.places)))


def _variables(owner: Any, name: str) -> list[Any]:
    found = getattr(owner, name, None)
    found = found() if callable(found) else found
    return [one for one in found or () if hasattr(one, "assign")]


def prepare() -> None:
    """Make what is random repeatable."""
    seed_tensorflow()
