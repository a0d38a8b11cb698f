"""The abstract interpreter: follows a script's values without running it, and records what the script does to its training.

`interpret` always ends and never raises: steps, depth and sizes are bounded, and what runs over a bound is listed in
`Interpretation.limits`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from typing import TYPE_CHECKING, NoReturn, Protocol

from trainlint.core import Place, Unknown as Limit, dataclass
from trainlint.interpret import functions, iteration, loops, members, operators, uncalled
from trainlint.interpret.dispatch import AT_END, Arguments, Iteration
from trainlint.interpret.events import Event, Frame
from trainlint.interpret.heap import Heap
from trainlint.interpret.limits import (
    MAXIMUM_EVENTS,
    MAXIMUM_LIBRARY_STEPS,
    MAXIMUM_STEPS,
    MAXIMUM_UNCALLED_STEPS,
    RECURSION_LIMIT,
    LimitReachedError,
)
from trainlint.interpret.values import Class, Instance, ModuleValue, Scope, Value
from trainlint.source.parse import NodePlace

if TYPE_CHECKING:
    import libcst as cst

    from trainlint.source.parse import Tree
    from trainlint.source.read import Source


class Workspace(Protocol):
    """Where the interpreter may look for the other files of a project."""

    def module(self, name: str, level: int, importer: str) -> Tree | None:
        """The parsed file of an import (`level` dots, then `name`) in the file `importer`; None if it is not the project's."""
        ...

    def source(self, filename: str) -> Source | None:
        """The text of a module that was imported, by the filename of its spans."""
        ...

    def text(self, path: str, importer: str) -> str | None:
        """The text of a project file that the script `importer` opens by this path; None if it is not the project's."""
        ...


class NoWorkspace:
    """A script on its own: every import is a library's."""

    def module(self, name: str, level: int, importer: str) -> Tree | None:  # noqa: ARG002
        """No project file."""
        return None

    def source(self, filename: str) -> Source | None:  # noqa: ARG002
        """No project file."""
        return None

    def text(self, path: str, importer: str) -> str | None:  # noqa: ARG002
        """No project file."""
        return None


@dataclass(frozen=True, slots=True)
class Interpretation:
    """What came of one script.

    `era` is the era of Keras that it was written for, `pinned` those that its project pins, or the one that it needs.
    """

    tree: Tree
    events: tuple[Event, ...]
    module: ModuleValue
    era: str = ""
    limits: tuple[Limit, ...] = ()
    pinned: frozenset[str] = frozenset()

    @property
    def filename(self) -> str:
        """The path as the user named it."""
        return self.tree.source.filename


@dataclass(slots=True)
class Activation:
    """One running function: its scope, what it returned or yielded so far, and which function it is."""

    scope: Scope
    returns: list[Value] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    function: object = None


@dataclass(slots=True)
class Machine:
    """The state of one interpretation; implements `dispatch.Interpreter`."""

    workspace: Workspace
    heap: Heap = field(default_factory=Heap)
    events: list[Event] = field(default_factory=list)
    frames: tuple[Frame, ...] = ()
    activations: list[Activation] = field(default_factory=list)
    modules: dict[str, ModuleValue] = field(default_factory=dict)
    limits: list[Limit] = field(default_factory=list)
    eras: list[tuple[frozenset[str], Place | None]] = field(default_factory=list)
    pinned: frozenset[str] = frozenset()
    imported_text: int = 0
    defers: bool = False
    """Nothing trains in the file: the project's files that it imports are followed when something of theirs is read ..."""
    follows: bool = True
    """... as long as its own statements run; not for the functions that nobody calls."""
    stars: dict[int, list[Callable[[], None]]] = field(default_factory=dict)
    located: dict[tuple[str, int, str], ModuleValue | None] = field(default_factory=dict)
    entered: set[int] = field(default_factory=set)
    generators: dict[int, bool] = field(default_factory=dict)
    instances: dict[int, Instance] = field(default_factory=dict)
    classes: list[Class] = field(default_factory=list)
    settings: Scope = field(default_factory=lambda: Scope(kind="settings"))
    steps: int = 0
    allowed: int = MAXIMUM_STEPS
    nesting: int = 0

    @property
    def activation(self) -> Activation:
        """The function that is running."""
        return self.activations[-1]

    @property
    def scope(self) -> Scope:
        """The scope that is running."""
        return self.activations[-1].scope

    def place(self, node: cst.CSTNode) -> Place | None:
        """The place of a node of the file that is running."""
        tree = self.activations[-1].scope.tree
        return None if tree is None else NodePlace(tree, node)

    def step(self) -> None:
        """Count one step of work.

        Raises:
            LimitReachedError: more were taken than this phase is allowed.
        """
        self.steps += 1
        if self.steps > self.allowed:
            self.stop()

    def stop(self) -> NoReturn:
        """End the phase: all its steps are taken.

        Raises:
            LimitReachedError: always.
        """
        raise LimitReachedError(f"the analysis stopped after {self.steps:,} steps")

    def call(self, callee: Value, arguments: Arguments, place: Place | None) -> Value:
        """Call any value."""
        return functions.call(self, callee, arguments, place)

    def attribute(self, value: Value, name: str, place: Place | None) -> Value:
        """`value.name`."""
        return members.attribute(self, value, name, place)

    def iterate(self, value: Value, place: Place | None) -> Iteration:
        """What a `for` over the value would see."""
        return iteration.iterate(self, value, place)

    def truth(self, value: Value) -> bool | None:
        """`bool(value)`, or None if it is not known."""
        return operators.truth(value)

    def emit(self, kind: str, place: Place | None, places: Mapping[str, Place] | None = None, **values: Value) -> None:
        """Record an event inside the present frames.

        Raises:
            LimitReachedError: more than `MAXIMUM_EVENTS` were recorded.
        """
        if len(self.events) >= MAXIMUM_EVENTS:
            raise LimitReachedError(f"the analysis stopped after {MAXIMUM_EVENTS:,} training events")
        self.events.append(Event(kind, place, self.frames, values, places or {}, len(self.events)))

    @contextmanager
    def frame(self, frame: Frame) -> Iterator[None]:
        """Surround what is done within by a frame."""
        before = self.frames
        self.frames = (*before, frame)
        try:
            yield
        finally:
            self.frames = before

    def note_era(self, era: str, place: Place | None) -> None:
        """Record that the script uses something that only these eras (joined by `|`) have."""
        self.eras.append((frozenset(era.split("|")), place))

    def limit(self, reason: str, place: Place | None) -> None:
        """Record once that a bound was met at a place."""
        if not any(one.reason == reason for one in self.limits):
            self.limits.append(Limit(reason, place))


def interpret(tree: Tree, workspace: Workspace | None = None, versions: tuple[str, ...] = ()) -> Interpretation:
    """Follow a whole script: its module body, then the functions and methods that nobody called, with unknown arguments.

    `versions` are requirements (`keras==2.12`) that count instead of those of the script and its project.
    """
    from trainlint.interpret import arrays, libraries

    libraries.load()
    arrays.reset()
    machine = Machine(workspace or NoWorkspace())
    machine.pinned = pinned_eras(tree, machine.workspace, versions)
    module = ModuleValue("__main__", Scope(kind="module", name="__main__", tree=tree))
    machine.modules[tree.source.filename] = module
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, RECURSION_LIMIT))
    try:
        machine.defers = not uncalled.may_train(tree.source.text)
        _within(machine, MAXIMUM_STEPS, lambda: functions.run_module(machine, module, tree))
        machine.follows = not machine.defers
        steps = MAXIMUM_LIBRARY_STEPS if machine.defers else MAXIMUM_UNCALLED_STEPS
        _within(machine, steps, lambda: uncalled.enter_uncalled(machine, module))
        _within(machine, MAXIMUM_UNCALLED_STEPS, lambda: [finish(machine) for finish in AT_END])
    finally:
        sys.setrecursionlimit(before)
    pinned = machine.pinned or _latest_only(machine.eras)
    era = resolve_era(machine.eras, pinned)
    return Interpretation(tree, tuple(machine.events), module, era, tuple(machine.limits), pinned)


def _latest_only(uses: list[tuple[frozenset[str], Place | None]]) -> frozenset[str]:
    """The latest era, where the script uses what no era before has (`keras.ops`): it runs there or nowhere."""
    from trainlint.knowledge.rows import ERAS

    latest = frozenset(ERAS[-1:])
    return latest if any(eras == latest for eras, _ in uses) else frozenset()


def pinned_eras(tree: Tree, workspace: Workspace, versions: tuple[str, ...]) -> frozenset[str]:
    """The eras of Keras that settings, the script's own metadata or its project's files leave; empty if nothing pins one."""
    from trainlint.knowledge.versions import FILES, of_script, pinned_eras as eras_in

    if "keras" not in tree.source.text:
        return frozenset()
    for text in ("\n".join(versions), of_script(tree.source.text)):
        found = eras_in(text)
        if found:
            return found
    texts = (workspace.text(name, tree.source.filename) for name in FILES)
    return next((found for text in texts if text and (found := eras_in(text))), frozenset())


def _within(machine: Machine, steps: int, phase: Callable[[], object]) -> None:
    """Run one phase within its own number of steps. What was left out matters, and is reported, if the script trains."""
    machine.allowed = machine.steps + steps
    try:
        phase()
        return
    except LimitReachedError as error:
        reason = str(error)
    except RecursionError:
        reason = "the script nests calls too deeply to be followed"
    machine.activations.clear()
    machine.frames = ()
    trains = steps == MAXIMUM_UNCALLED_STEPS and any(event.kind in loops.TRAINING_EVENTS for event in machine.events)
    if steps == MAXIMUM_STEPS or trains:
        machine.limit(reason, None)


def resolve_era(uses: list[tuple[frozenset[str], Place | None]], pinned: frozenset[str] = frozenset()) -> str:
    """The latest era in which everything that the script uses exists; "" if nothing tells or uses contradict each other.

    What the project pins counts above all: then it is the latest of those in which most of the uses exist.
    """
    from trainlint.knowledge.rows import ERAS

    possible = set(pinned or ERAS)
    for eras, _ in uses:
        possible = possible & eras or (possible if pinned else set())
    if pinned:
        return max(possible, key=ERAS.index)
    if not uses or not possible:
        return ""
    return max(possible, key=ERAS.index)
