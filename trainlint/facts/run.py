"""The facts of one training run: what optimizer, loss, model and data meet where, and how each is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from trainlint.core import At, Edit, Fact, Place, Severity, Span, Unknown, dataclass
from trainlint.facts.graph import Node, Shape
from trainlint.stability.bound import StabilityBound


@dataclass(frozen=True, slots=True)
class OptimizerFacts:
    """The optimizer of a run, in its library's own parametrisation.

    `name` is canonical (sgd, adam, ...; "manual" for hand-written updates is reported as sgd). `decoupled` says that
    weight decay does not pass through the gradient. `parameters` holds every other setting by canonical name.
    `clip` is (kind, threshold): norm, global_norm, value.
    """

    name: str
    library: str
    learning_rate: Fact[float] | Unknown
    momentum: Fact[float] | Unknown = Fact(0.0)
    nesterov: bool = False
    dampening: float = 0.0
    weight_decay: Fact[float] | Unknown | None = None
    decoupled: bool = False
    epsilon: Fact[float] | Unknown | None = None
    betas: tuple[float, float] | None = None
    amsgrad: bool = False
    clip: tuple[str, float] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None
    written_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class ScheduleFacts:
    """A learning-rate schedule: canonical `name` (exponential_decay, cosine, step, one_cycle, ...) and its numbers."""

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class LossFacts:
    """The loss. `reduction` is mean, sum, none or unknown; `from_logits` is None where the loss has no such notion."""

    name: str
    reduction: str
    from_logits: bool | None
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer as the model lists it. `kind` is an op of `facts.graph`; `node` is its place in the graph."""

    kind: str
    name: str = ""
    units: int | None = None
    activation: str | None = None
    use_bias: bool | None = None
    place: Place | None = None
    node: Node | None = None


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """The model: its layers in order of computation, and its output as a graph node (None if it could not be followed).

    `dtype` is the type of the weights where the script sets it (float16 after `.half()`), None for the library's default.
    """

    layers: tuple[LayerFacts, ...]
    output: Node | None
    output_activation: str | None
    linear_in_parameters: bool | None
    parameters: int | None
    place: Place | None = None
    name: str = ""
    dtype: str | None = None


@dataclass(frozen=True, slots=True)
class DataFacts:
    """Inputs or targets. Numbers are over all entries; `second_moment` is the mean square.

    `scale`: unnormalized | unit | standardized | byte | unknown. `known`: exact | declared | typical | measured | unknown.
    `labels`: int | onehot | multihot | binary | pm1 | prob | continuous | unknown; `classes` where they are known.
    `steps` are the scalings on the way, in order, each (name, factor or None, place). `value` is the interpreter's array (or
    other value): how the data came about can be read from it (`facts.provenance`).
    """

    shape: Shape | None = None
    dtype: str | None = None
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    second_moment: float | None = None
    scale: str = "unknown"
    known: str = "unknown"
    columns: tuple[tuple[float, float, float, float], ...] = ()
    labels: str = "unknown"
    classes: int | None = None
    source: str = ""
    steps: tuple[tuple[str, float | None, Place | None], ...] = ()
    place: Place | None = None
    value: Any = field(default=None, repr=False, compare=False)

    @property
    def samples(self) -> int | None:
        """The number of rows, where it is known."""
        return self.shape[0] if self.shape else None


@dataclass(frozen=True, slots=True)
class Observation:
    """Something that the probe saw in the real training, in a sentence, and how bad it is."""

    severity: Severity
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRun:
    """One place where training happens, with all that meets there.

    `loss_graph` is the scalar that is differentiated, down to data and parameters (None if it could not be followed); of several
    outputs the weighted sum of their losses.
    `events` are the interpreter's events of this run's loop or of its compile and fit, in order, with places.
    `updates_per_epoch` and `updates` count optimizer steps. `order` numbers the runs of a script.
    `misplaced_optimizer` is an optimizer that a Keras `compile` was given in another argument's place, where `optimizer` is
    Unknown because its own place holds something else. `refrozen`: a Keras script sets `trainable` again after the compile, so
    that what trains here need not be what `model` shows, which is the state at the end. `effort` multiplies what may be
    computed for its stability. `measured` is the bound that the probe measured, where that is better known than what follows
    from the script, and
    `observed` what it saw to be wrong with the first step. `heads` holds, of a Keras model with several outputs, each output with
    its loss and labels as a run of its own. `computed` is for `once.once_a_run`.
    """

    framework: str
    era: str
    place: Place
    optimizer: OptimizerFacts | Unknown
    loss: LossFacts | Unknown
    model: ModelFacts | Unknown
    inputs: DataFacts
    targets: DataFacts
    schedule: ScheduleFacts | None = None
    loss_graph: Node | None = None
    batch_size: Fact[int] | Unknown = Unknown("batch size is not known")
    epochs: Fact[int] | Unknown = Unknown("epochs are not known")
    steps_per_epoch: Fact[int] | Unknown = Unknown("the number of samples is not known")
    events: tuple[Any, ...] = ()
    order: int = 0
    misplaced_optimizer: OptimizerFacts | None = None
    refrozen: bool = False
    effort: float = 1.0
    measured: StabilityBound | None = None
    observed: tuple[Observation, ...] = ()
    heads: tuple[TrainingRun, ...] = ()
    computed: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def updates(self) -> int | None:
        """The optimizer steps of the whole run, where they are known."""
        if isinstance(self.epochs, Fact) and isinstance(self.steps_per_epoch, Fact):
            return self.epochs.value * self.steps_per_epoch.value
        return None

    @property
    def full_batch(self) -> bool | None:
        """Whether every step sees all samples; None if that is not known."""
        if self.inputs.samples is None or not isinstance(self.batch_size, Fact):
            return None
        return self.batch_size.value >= self.inputs.samples


@dataclass(frozen=True, slots=True)
class UnusedSuppression:
    """A suppression comment that suppresses nothing: what it names, why that is so, and the edits that take it away."""

    code: str
    reason: str
    place: Place
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Script:
    """All that rules may ask of one file: its runs, and the events and values that no run claims.

    `limits` are the interpreter's bounds that were met. The engine adds what befell the file: `unreadable` or
    `syntax_failure` (then there are no runs) or `holes`, the statements that do not parse and are taken for unknown ones; and for
    rules of scope "afterwards" what the others left: `raised` says which rules or stages failed, `unused_suppressions` which
    comments suppressed nothing. `pinned_eras` are the eras of Keras (`knowledge.rows.ERAS`) that the project pins, or the one
    that the script cannot run without; empty if neither is known. `policy` holds the project's own limits (`facts.policy`).
    """

    filename: str
    runs: tuple[TrainingRun, ...]
    events: tuple[Any, ...]
    limits: tuple[Unknown, ...] = ()
    unreadable: Unknown | None = None
    syntax_failure: Unknown | None = None
    raised: tuple[Unknown, ...] = ()
    unused_suppressions: tuple[UnusedSuppression, ...] = ()
    holes: tuple[Unknown, ...] = ()
    pinned_eras: frozenset[str] = frozenset()
    policy: tuple[tuple[str, Any], ...] = ()

    @property
    def start(self) -> Place:
        """The first character of the file: for what concerns all of it."""
        return At(Span(self.filename, 1, 1, 1, 1))
