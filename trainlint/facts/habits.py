"""Habits that a script lacks or has: seeds, aids to training, workers, neighbours of normalisers, complete checkpoints."""

from __future__ import annotations

from collections.abc import Iterator

from trainlint.core import Fact, Place, Unknown
from trainlint.facts.bindings import names_read
from trainlint.facts.extract.counts import loader_over
from trainlint.facts.graph import walk
from trainlint.facts.passes import every_event, innermost_loop, repr_names
from trainlint.facts.registration import made
from trainlint.facts.run import ModelFacts, OptimizerFacts, Script, TrainingRun
from trainlint.interpret.values import Array, Dict, List, Literal, Object, Tuple, Value

STOPPING = frozenset({"EarlyStopping", "ReduceLROnPlateau"})


def is_seeded(script: Script) -> bool:
    """Whether a script seeds something, itself or by a name that speaks of seeds."""
    if any(event.kind == "seed" for event in every_event(script)):
        return True
    texts = {getattr(run.place, "source_text", "") for run in script.runs}
    return any("seed" in name.lower() for text in texts for name in names_read(text))


def missing_aids(run: TrainingRun) -> list[str]:
    """What a run goes without: a schedule, clipping, early stopping."""
    optimizer = run.optimizer
    if not isinstance(optimizer, OptimizerFacts):
        return []
    fit = next((event for event in run.events if event.kind == "fit"), None)
    callbacks = fit.values.get("callbacks") if fit is not None else None
    names = repr_names(callbacks) if callbacks is not None else frozenset()
    if "unknown" in names:
        return []
    missing = [] if run.schedule is not None else ["a schedule"]
    missing += [] if optimizer.clip is not None else ["clipping"]
    return missing + (["early stopping"] if fit is not None and not names & STOPPING else [])


def loaders_without_workers(script: Script) -> Iterator[Place]:
    """Loaders of training loops that read a data set of files or transforms in the main process."""
    seen: set[int] = set()
    for step in every_event(script):
        loader = loader_over(innermost_loop(step)) if step.kind == "step" else None
        if loader is None or id(loader) in seen or loader.place is None or loader.row.library != "torch":
            continue
        seen.add(id(loader))
        workers, data = loader.arguments.get("num_workers"), loader.arguments.get("dataset")
        none = workers is None or (isinstance(workers, Literal) and workers.value == 0)
        if none and not (isinstance(data, Object) and data.row.kind == "tensor_dataset") and not isinstance(data, Array):
            yield loader.place


def architecture_habits(run: TrainingRun) -> Iterator[tuple[str, Place]]:
    """(what, where) of biases and dropout ahead of batch normalisation, and of L2 in Adam."""
    optimizer = run.optimizer
    if isinstance(optimizer, OptimizerFacts) and optimizer.name == "adam" and not optimizer.decoupled:
        decay = optimizer.weight_decay
        if isinstance(decay, Fact) and decay.value > 0 and optimizer.place is not None:
            yield (
                f"Adam divides its weight_decay={decay.value:g} by the second moment: AdamW decays all weights alike",
                optimizer.place,
            )
    output = None if not isinstance(run.model, ModelFacts) or isinstance(run.model, Unknown) else run.model.output
    for node in walk(output) if output is not None else ():
        above = node.inputs[0] if node.op == "batch_norm" and node.inputs else None
        if above is None or above.place is None:
            continue
        if above.op in ("dense", "conv") and above.attributes.get("use_bias") is True:
            yield "batch normalisation subtracts the bias of this layer: leave it out", above.place
        elif above.op == "dropout":
            yield "dropout ahead of batch normalisation: its variance differs between training and evaluation", above.place


def incomplete_checkpoints(script: Script) -> Iterator[Place]:
    """Checkpoints in training loops without any optimizer's state, of scripts that load weights ahead of the loop."""
    events = every_event(script)
    optimizers = {id(one) for _, one in made(script, "optimizer")}
    loads = [event for event in events if event.kind == "set_weights" and id(event.values.get("target")) not in optimizers]
    restored = any(event.kind == "set_weights" and id(event.values.get("target")) in optimizers for event in events)
    steps = [event.order for event in events if event.kind == "step"]
    if not steps or restored or not any(event.order < steps[0] for event in loads):
        return
    for event in events:
        states = list(_states(event.values.get("value"))) if event.kind == "saved" else []
        if states and event.order > steps[0] and event.place is not None and not any(id(one) in optimizers for one in states):
            yield event.place


def _states(value: Value | None) -> Iterator[Value]:
    """What the state dicts in a value are of; nothing if something in it is not known."""
    parts: list[Value | None] = [value]
    if isinstance(value, Dict):
        parts = list(value.cells.values())
    elif isinstance(value, List | Tuple):
        held = value if isinstance(value, Tuple) else value.cells.get("items")
        parts = list(held.items) if isinstance(held, Tuple) else []
    found = [one.cells["model"] for one in parts if isinstance(one, Object) and one.row.kind == "state_dict"]
    yield from found
