"""Runs of Keras: one for each `fit`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from trainlint.core import At, Fact, Origin, Span, Unknown
from trainlint.facts.extract.batches import batch_upstream, facts_of_all_rows, first_array, rows_of_data
from trainlint.facts.extract.counts import Count, batch_size_of, loop_counts, steps_of
from trainlint.facts.extract.data import data_facts
from trainlint.facts.extract.heads import Heads, heads_of, loss_node, loss_of_heads, mean_of, only_weight, weighted
from trainlint.facts.extract.initializers import UNKNOWN_INITIALIZER
from trainlint.facts.extract.losses import loss_facts, loss_of_graph
from trainlint.facts.extract.lower import Lowering
from trainlint.facts.extract.models import model_facts
from trainlint.facts.extract.optimizers import (
    assigned_rate,
    optimizer_facts,
    optimizer_schedule,
    rate_assignments,
    unwrapped,
)
from trainlint.facts.extract.scalars import integer, items_of, number
from trainlint.facts.extract.schedules import callback_schedule
from trainlint.facts.graph import Node
from trainlint.facts.run import DataFacts, LossFacts, ModelFacts, OptimizerFacts, TrainingRun
from trainlint.interpret import values as v
from trainlint.interpret.events import Event

DEFAULT_BATCH_SIZE = 32
"""Keras' `batch_size` where none is given (keras.Model.fit)."""

CROSS_ENTROPIES = frozenset({"binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"})
SAMPLE_WEIGHTS = ("class_weight", "sample_weight")
NOWHERE = At(Span("", 1, 1, 1, 1))
"""The place of a run whose event has none."""


def _freezing(events: Sequence[Event]) -> list[Event]:
    """What sets `trainable` of something; of a script's own model too."""
    sets = [one for one in events if one.kind in ("set_attribute", "set_member")]
    return [one for one in sets if isinstance(name := one.values.get("name"), v.Literal) and name.value == "trainable"]


def fit_run(fit: Event, events: Sequence[Event], era: str, order: int) -> TrainingRun:
    """The run of one `fit` event."""
    compiled = compile_before(fit, events)
    optimizer = _role(fit, compiled, "optimizer")
    graph = _Graph(fit, era, loaded=loaded_before(fit, events))
    loss = _loss(fit, compiled, era)
    targets = graph.targets()
    inputs = _as_many_as(targets, graph.inputs())
    batch_size = _batch_size(fit, graph)
    epochs, steps = _counts(fit, inputs, batch_size, optimizer)
    freezing, until = _freezing(events), (compiled or fit).order
    loss_graph = graph.loss(_role(fit, compiled, "loss"), loss, _role(fit, compiled, "loss_weights"))
    run = TrainingRun(
        framework="keras",
        era=era,
        place=fit.place or NOWHERE,
        optimizer=compiled_optimizer(optimizer, era, _rate_assigned(fit, optimizer, events)),
        loss=_within(loss_graph, loss),
        model=graph.model(),
        inputs=inputs,
        targets=targets,
        schedule=optimizer_schedule(optimizer, era) or callback_schedule(fit.values.get("callbacks"), era),
        loss_graph=loss_graph,
        batch_size=batch_size,
        epochs=epochs,
        steps_per_epoch=steps,
        events=tuple(one for one in (*(one for one in freezing if one.order < until), compiled, fit) if one is not None),
        order=order,
        misplaced_optimizer=misplaced_optimizer(compiled or fit, optimizer, era),
        refrozen=any(one.order > until for one in freezing),
    )
    if len(graph.parts) < 2 or graph.outputs is None:
        return run
    place = compiled.argument_places.get("loss") if compiled is not None else None
    heads = Heads(graph.outputs, graph.parts, fit.values.get("y"), _role(fit, compiled, "loss_weights"))
    return replace(run, heads=heads_of(run, heads, _role(fit, compiled, "loss"), place))


def _as_many_as(targets: DataFacts, inputs: DataFacts) -> DataFacts:
    """The inputs with as many rows as there are targets, where only these are counted: `fit` takes nothing else."""
    if inputs.shape and inputs.shape[0] is None and targets.samples is not None:
        return replace(inputs, shape=(targets.samples, *inputs.shape[1:]))
    return inputs


def loaded_before(use: Event, events: Sequence[Event]) -> bool:
    """Whether the model of an event surely had all its weights loaded (or copied) ahead of it."""
    model = use.values.get("model")
    for one in events:
        if one.kind == "set_weights" and one.order < use.order and one.values.get("target") is model and model is not None:
            return not any(frame.kind == "branch" for frame in one.frames)
    return False


def compile_before(fit: Event, events: Sequence[Event]) -> Event | None:
    """The last `compile` of the same model ahead of a fit."""
    model = fit.values.get("model")
    before = (one for one in events if one.kind == "compile" and one.order < fit.order and one.values.get("model") is model)
    return max(before, key=lambda one: one.order, default=None)


def _role(fit: Event, compiled: Event | None, role: str) -> v.Value | None:
    found = fit.values.get(role)
    return found if found is not None or compiled is None else compiled.values.get(role)


def _rate_assigned(fit: Event, optimizer: v.Value | None, events: Sequence[Event]) -> v.Value | None:
    """The last learning rate that was assigned to the optimizer ahead of a fit."""
    found = [one for one in rate_assignments(optimizer, events) if one.order < fit.order]
    return assigned_rate(found[-1]) if found else None


def compiled_optimizer(value: v.Value | None, era: str, assigned: v.Value | None = None) -> OptimizerFacts | Unknown:
    """The optimizer as compiled; what stands in its place is said if it is not one."""
    held = unwrapped(value)
    if isinstance(held, v.Object | v.Instance) and held.row is not None and held.row.makes in ("model", "module"):
        return Unknown("the first argument of compile is the model", held.place)
    if value is None:
        return Unknown("the model is not compiled where the linter could see it")
    return optimizer_facts(value, era, assigned)


def misplaced_optimizer(compiled: Event, optimizer: v.Value | None, era: str) -> OptimizerFacts | None:
    """The optimizer that was handed to `compile` in another argument's place, if the optimizer's own place holds none."""
    if isinstance(unwrapped(optimizer), v.Object) and not isinstance(optimizer_facts(optimizer, era), Unknown):
        return None
    for role, value in compiled.values.items():
        if role not in ("optimizer", "model") and isinstance(value, v.Object) and value.row.makes == "optimizer":
            facts = optimizer_facts(value, era)
            return facts if isinstance(facts, OptimizerFacts) else None
    return None


def _loss(fit: Event, compiled: Event | None, era: str) -> LossFacts | Unknown:
    value = _role(fit, compiled, "loss")
    if isinstance(value, v.Object) and value.row.makes == "optimizer":
        return Unknown("the loss argument of compile is an optimizer", value.place)
    facts = loss_facts(value, era)
    place = compiled.argument_places.get("loss") if compiled is not None else None
    return replace(facts, place=facts.place or place) if isinstance(facts, LossFacts) else facts


def _within(root: Node | None, facts: LossFacts | Unknown) -> LossFacts | Unknown:
    """The cross-entropy that a function of the script puts into its loss, if there is one kind of it only (a VAE: BCE + KL)."""
    if root is None or isinstance(facts, Unknown) or facts.name != "custom":
        return facts
    found = loss_of_graph(root, facts.place)
    return found if isinstance(found, LossFacts) and found.name in CROSS_ENTROPIES else facts


class _Graph:
    """The graph of one fit: the model applied to its inputs, and the loss on top."""

    def __init__(self, fit: Event, era: str, *, loaded: bool) -> None:
        self.fit = fit
        self.era = era
        self.lowering = Lowering(era, _kept_rows(fit))
        self.x, output = with_feature_axis(fit)
        self.batch = first_array(fit.values.get("batch"))
        self.lowering.drawn.update(id(one) for held in (self.x, fit.values.get("y")) for one in (held, *_parts_of(held)))
        if loaded:
            self.lowering.weights.everywhere = UNKNOWN_INITIALIZER
        self.outputs, self.parts = output, tuple[Node, ...]()
        self.output = self._lowered(output)
        self._met = list(self.lowering.leaves)
        y = fit.values.get("y")
        self.target = self.lowering.lower(y) if y is not None and not _none(y) else None

    def _lowered(self, output: v.Value | None) -> Node | None:
        """The node of the model's output; of several only the inputs below them are kept."""
        parts = tuple(output.cells.values()) if isinstance(output, v.Dict) else items_of(output)
        if output is None or parts is None:
            return None if output is None else self.lowering.lower(output)
        lowered = [self.lowering.lower(one) for one in parts]
        if len(lowered) == 1:
            return lowered[0]
        self.parts = tuple(lowered)
        return Node("unknown", (), {"why": f"the model has {len(lowered)} outputs"}, place=getattr(output, "place", None))

    def model(self) -> ModelFacts | Unknown:
        """The facts of the model."""
        held = self.fit.values.get("model")
        if self.output is None:
            return Unknown("the model's layers could not be followed", getattr(held, "place", None))
        if self.output.op == "unknown":
            return Unknown(str(self.output.attributes.get("why", "")), self.output.place or getattr(held, "place", None))
        name = held.cls.name if isinstance(held, v.Instance) else ""
        return model_facts(self.output, getattr(held, "place", None), name)

    def inputs(self) -> DataFacts:
        """The facts of x: the leaf under the model's output that it became."""
        x = self.x
        if self.batch is not None:
            return facts_of_all_rows(self.batch, rows_of_data(self.fit, self.batch))
        ranked = [(node, one) for node, one in self._met if node.shape is None or len(node.shape) > 0]
        if isinstance(x, v.Array):
            node = next((node for node, one in ranked if one is x), None)
            if node is None and len(ranked) == 1:
                return data_facts(ranked[0][1], ranked[0][0])
            return data_facts(x, node)
        if ranked:
            return data_facts(ranked[0][1], ranked[0][0])
        return data_facts(x)

    def targets(self) -> DataFacts:
        """The facts of y."""
        y = self.fit.values.get("y")
        if self.batch is not None and isinstance(y, v.Array):
            return facts_of_all_rows(y, rows_of_data(self.fit, self.batch))
        node = next((node for node, one in self.lowering.leaves if one is y), None)
        return data_facts(y, node)

    def loss(self, value: v.Value | None, facts: LossFacts | Unknown, weights: v.Value | None) -> Node | None:
        """The scalar that is differentiated; None where output, target or loss is not known."""
        y = self.fit.values.get("y")
        names = (name for name in SAMPLE_WEIGHTS if not _none(self.fit.values.get(name)))
        sample_weights = next(names, "")
        if self.parts and self.outputs is not None and value is not None:
            heads = Heads(self.outputs, self.parts, y, weights, self.fit.values.get("loss_outputs"))
            return loss_of_heads(self.lowering, heads, value, sample_weights)
        if self.output is None or self.target is None or y is None or isinstance(facts, Unknown) or value is None:
            return None
        written = self.fit.values.get("loss_output")
        if isinstance(written, v.Array):
            return weighted(self.lowering, mean_of(self.lowering.lower(written), sample_weights), only_weight(weights))
        node = loss_node(self.lowering, value, self.output, y, sample_weights)
        return weighted(self.lowering, replace(node, place=facts.place), only_weight(weights))


def _parts_of(data: v.Value | None) -> tuple[v.Value, ...]:
    """The arrays in a list or dict of inputs or targets."""
    return tuple(data.cells.values()) if isinstance(data, v.Dict) else items_of(data) or ()


def with_feature_axis(fit: Event) -> tuple[v.Value | None, v.Value | None]:
    """X and the model's output, with a vector of numbers x as the column that Keras makes of it (`data_adapter.expand_1d`)."""
    from trainlint.interpret.keras.graphs import substitute

    x, output = fit.values.get("x"), fit.values.get("output")
    if not isinstance(x, v.Array) or x.shape is None or len(x.shape) != 1 or x.symbolic or output is None:
        return x, output
    data = None if x.data is None else x.data.reshape(-1, 1)
    column = replace(x, op="expand_dims", inputs=(x,), attributes={"axis": -1}, shape=(*x.shape, 1), data=data)
    return column, substitute(output, {id(x): column})


def _none(value: v.Value | None) -> bool:
    return value is None or (isinstance(value, v.Literal) and value.value is None)


def _batch_size(fit: Event, graph: _Graph) -> Count:
    written = fit.values.get("batch_size")
    batched = next((one for node, one in graph.lowering.leaves if node.attributes.get("batched") and one.op == "batch"), None)
    batched = batched or batch_upstream(graph.batch)
    if batched is not None:
        return batch_size_of(batched)
    if graph.batch is not None and graph.batch.shape and graph.batch.shape[0] is not None:
        return Fact(graph.batch.shape[0], graph.batch.place)
    if _on_batch(fit):
        return _rows_of_batch(fit)
    x = fit.values.get("x")
    batches_itself = isinstance(x, v.Object | v.Instance)
    if not _none(written) and not batches_itself:
        return integer(written, fit.argument_places.get("batch_size") or fit.place)
    if isinstance(x, v.Array | v.List | v.Tuple | v.Dict) or (isinstance(x, v.Unknown) and not _none(fit.values.get("y"))):
        return Fact(DEFAULT_BATCH_SIZE, fit.place, origin=Origin.LIBRARY_DEFAULT)
    return Unknown("the batches come from a generator or data set", getattr(x, "place", None) or fit.place)


def _rows_of_batch(fit: Event) -> Count:
    x = fit.values.get("x")
    if isinstance(x, v.Array) and x.shape and x.shape[0] is not None:
        return Fact(x.shape[0], x.place)
    return Unknown("the script picks the batches", fit.place)


def _kept_rows(fit: Event) -> tuple[int, int] | None:
    """All rows, and those left for training by `validation_split`: Keras takes the last ones, floor(n * (1 - split)) stay."""
    held = fit.values.get("validation_split")
    given = [next(iter(_parts_of(one)), one) for one in (fit.values.get("x"), fit.values.get("y"))]
    rows = next((one.shape[0] for one in given if isinstance(one, v.Array) and one.shape and one.shape[0] is not None), None)
    if rows is None or not isinstance(given[0], v.Array):
        return None
    split = Fact(0.0) if _none(held) else number(held)
    if isinstance(split, Unknown) or not 0 <= split.value < 1:
        return None
    return rows, math.floor(rows * (1 - split.value))


def _counts(fit: Event, inputs: DataFacts, batch_size: Count, optimizer: v.Value | None) -> tuple[Count, Count]:
    """Epochs and steps in each; for `train_on_batch` from the loops around it."""
    if not _on_batch(fit):
        return _epochs(fit), _steps(fit, inputs.samples, batch_size)
    loop = next((frame for frame in reversed(fit.frames) if frame.kind == "loop"), None)
    made = getattr(unwrapped(optimizer), "place", None)
    return loop_counts(fit.frames, loop, made, (), Unknown("the script picks the batches", fit.place))


def _on_batch(fit: Event) -> bool:
    method = fit.values.get("method")
    return isinstance(method, v.Literal) and method.value == "train_on_batch"


def _epochs(fit: Event) -> Count:
    held = fit.values.get("epochs")
    if _none(held):
        return Fact(1, fit.place, origin=Origin.LIBRARY_DEFAULT)
    return integer(held, fit.argument_places.get("epochs") or fit.place)


def _steps(fit: Event, rows: int | None, batch_size: Fact[int] | Unknown) -> Count:
    held = fit.values.get("steps_per_epoch")
    if not _none(held):
        return integer(held, fit.argument_places.get("steps_per_epoch") or fit.place)
    batches = fit.values.get("batches")
    return steps_of(rows, batch_size) if batches is None else integer(batches, fit.place)
