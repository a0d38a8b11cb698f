"""Faults of data and labels."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.benchmarks.mutations.library import fits, keyword
from tests.benchmarks.mutations.loops import forwards
from tests.benchmarks.mutations.script import Change, Changes, Mutation, Script, argument, last_name, literal, mutation
from trainlint.facts.extract.counts import loader_over
from trainlint.facts.leakage import SMALL
from trainlint.facts.run import DataFacts, ModelFacts, TrainingRun

CONVERTED = {"sparse_categorical_crossentropy": "int", "categorical_crossentropy": "onehot"}


def where_shown(script: Script) -> list[ast.AST]:
    """The runs, the first layers and the evaluations: where a fault of the data is shown."""
    runs = [script.at(run.place) for run in script.runs]
    layers = [node for _, _, _, node in script.layers()]
    events = [
        *(script.result.script.events if script.result.script else ()),
        *(event for run in script.runs for event in run.events),
    ]
    reads = [script.at(event.place) for event in events if event.kind in {"evaluate", "predict", "fit", "forward"}]
    return [node for node in [*runs, *layers, *reads] if node is not None]


def divisions(script: Script) -> Iterator[tuple[str, ast.AST, ast.expr, float]]:
    """`x / 255` in the training data ("train") and elsewhere ("other"), with what is divided."""
    own = set()
    for run in script.runs:
        for name, factor, place in run.inputs.steps:
            node = script.at(place)
            if name == "divide" and factor and factor >= 100 and node is not None:
                own.add(node)
    for node in script.nodes(ast.stmt):
        value = node.value if isinstance(node, ast.Assign) else None
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Div) and literal(node.value) == 255:
            yield ("train" if node in own else "other"), node, node.target, 255.0
        elif isinstance(value, ast.BinOp) and isinstance(value.op, ast.Div) and literal(value.right) == 255:
            yield ("train" if value in own else "other"), value, value.left, 255.0


def scaling_dropped(which: str) -> Changes:
    """Without one of the divisions."""

    def changes(script: Script) -> Iterator[Change]:
        kinds = [kind for kind, *_ in divisions(script)]
        for kind, node, inner, _ in divisions(script):
            used = which == "train" or tested(script, inner, node)
            if kind == which and "train" in kinds and not isinstance(node, ast.stmt) and used:
                yield script.replaced(node, script.code(inner), *where_shown(script))

    return changes


def tested(script: Script, inner: ast.AST, division: ast.AST) -> bool:
    """Whether a name that is divided goes to an evaluation or a prediction, or to a fit as validation data."""
    names = {last_name(one) for one in getattr(script.parents.get(division), "targets", [])} | {
        node.id for node in ast.walk(inner) if isinstance(node, ast.Name)
    }
    calls = [*script.calls("evaluate", "predict"), *(call for _, call in fits(script))]
    given = [(call, one) for call in calls for part in _given(call) for one in ast.walk(part) if isinstance(one, ast.Name)]
    return any(one.id in names and _lives_until(script, one.id, division, call) for call, one in given)


def _lives_until(script: Script, name: str, division: ast.AST, call: ast.Call) -> bool:
    """Whether a call of the same function follows a division, and no statement in between gives the name to something else."""
    if script.above(division, ast.FunctionDef) is not script.above(call, ast.FunctionDef):
        return True
    first, last = script.statement(division).lineno, script.statement(call).lineno
    bound = [node for node in script.nodes(ast.Name) if node.id == name and isinstance(node.ctx, ast.Store)]
    new = [one for one in bound if first < one.lineno < last and not _reads(script.statement(one), name)]
    return first < last and not new


def _reads(statement: ast.stmt, name: str) -> bool:
    return any(isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Load) for one in ast.walk(statement))


def _given(call: ast.Call) -> list[ast.expr]:
    if last_name(call.func) != "fit":
        return call.args
    found = keyword(call, "validation_data")
    return [found.value] if found is not None else []


def scaled_twice(script: Script) -> Iterator[Change]:
    for kind, node, _, _ in divisions(script):
        if kind == "train" and not isinstance(node, ast.stmt):
            yield script.replaced(node, f"({script.code(node)}) / 255.0", *where_shown(script))


def data_names(script: Script) -> Iterator[tuple[TrainingRun, ast.Call, ast.Name, ast.Name]]:
    """`model.fit(x, y)` with arrays of known shapes under two names."""
    for run, call in fits(script):
        x, y = argument(call, "x", 0), argument(call, "y", 1)
        arrays = (
            run.inputs.shape is not None and run.targets.shape is not None and script.has_rows_of_its_own(script.statement(call))
        )
        if isinstance(x, ast.Name) and isinstance(y, ast.Name) and arrays and x.id != y.id:
            yield run, call, x, y


def before_fit(text: str) -> Changes:
    """A statement more before a fit."""

    def changes(script: Script) -> Iterator[Change]:
        for _, call, x, y in data_names(script):
            yield script.before(script.statement(call), text.format(x=x.id, y=y.id)).shown(call)

    return changes


def shuffled_rows(script: Script) -> Iterator[Change]:
    for run, call, x, _ in data_names(script):
        if is_array(run.inputs) and len(run.inputs.shape or ()) > 1:
            code = f"import random\nrandom.shuffle({x.id})"
            yield script.before(script.statement(call), code).shown(call)


def is_array(data: DataFacts) -> bool:
    """Whether data are an array of NumPy in the first place."""
    return "tensor" not in (data.source or "")


def labels_become(text: str, loss: str) -> Changes:
    """Labels of another kind, converted before fit."""

    def changes(script: Script) -> Iterator[Change]:
        for run, call, _, y in data_names(script):
            fitting = (
                getattr(run.loss, "name", "") == loss and run.targets.labels == CONVERTED[loss] and run.loss_graph is not None
            )
            if fitting and run.targets.classes is not None:
                shown = [script.at(getattr(other.loss, "place", None)) for other in script.runs if other.order >= run.order]
                yield script.before(script.statement(call), f"{y.id} = {text.format(y=y.id)}", *shown, call)

    return changes


def one_hot_dropped(script: Script) -> Iterator[Change]:
    losses = {getattr(run.loss, "name", "") for run in script.runs}
    labels = {name.id for _, call in fits(script) for name in [argument(call, "y", 1)] if isinstance(name, ast.Name)}
    for call in script.calls("to_categorical"):
        kept = script.parents[call]
        trains = isinstance(kept, ast.Assign) and last_name(kept.targets[0]) in labels
        if trains and losses == {"categorical_crossentropy"} and call.args:
            shown = [script.at(getattr(run.loss, "place", None)) for run in script.runs]
            yield script.replaced(call, script.code(call.args[0]), *shown, *where_shown(script))


def validated_on_training_data(script: Script) -> Iterator[Change]:
    for run, call, x, y in data_names(script):
        if (run.inputs.samples or 0) <= SMALL:
            continue  # on so few rows it is tried out whether the model can learn at all, and meant
        if keyword(call, "validation_split") is None:
            yield script.with_argument(call, "validation_data", f"({x.id}, {y.id})").shown(call)


def tested_on_training_data(script: Script) -> Iterator[Change]:
    for _, fit, x, y in data_names(script):
        for call in script.calls("evaluate"):
            kept = script.parents[call]
            named = isinstance(kept, ast.Assign) and "test" in script.code(kept.targets[0])
            if named and len(call.args) >= 2 and fit.lineno < call.lineno:
                yield script.replaced(call.args[0], x.id, call).also(script.replaced(call.args[1], y.id))


def loaders(script: Script) -> Iterator[ast.Call]:
    """The calls `DataLoader(..., shuffle=True)`."""
    return (call for call in script.calls("DataLoader") if literal(argument(call, "shuffle")) is True)


def loader_not_shuffled(script: Script) -> Iterator[Change]:
    known = all(run.framework == "torch" and run.inputs.known == "typical" for run in script.runs)
    drawn = [loader_over(frame) for run in script.runs for event in run.events if event.kind == "step" for frame in event.frames]
    trained = [script.at(loader.place) for loader in drawn if loader is not None]
    for call in loaders(script) if known else ():
        if call not in trained or any(one.arg is None for one in call.keywords):
            continue  # the order in which a model is tested is no fault
        yield script.with_argument(call, "shuffle", "False").shown(call, *where_shown(script))


def set_epoch_dropped(script: Script) -> Iterator[Change]:
    for call in script.calls("set_epoch"):
        statement = script.statement(call)
        if script.parents[call] is statement and script.runs:
            samplers = list(script.calls("DistributedSampler"))
            loops = [script.above(call, ast.For)]
            if samplers and loops[0] is not None:
                yield script.removed(statement, *samplers, *script.calls("DataLoader"))


def statistics(script: Script) -> Iterator[Change]:
    """`Normalize` with statistics of bytes behind `ToTensor`."""
    for call in script.calls("Normalize"):
        numbers = [literal(one) for one in call.args]
        around = script.parents.get(call)
        normalizes = [script.at(place) for run in script.runs for name, _, place in run.inputs.steps if name == "normalization"]
        behind = (
            call in normalizes and isinstance(around, ast.List) and any("ToTensor" in script.code(one) for one in around.elts)
        )
        if behind and len(numbers) == 2 and all(isinstance(one, tuple | list) for one in numbers):
            text = ", ".join("(" + ", ".join(f"{255 * value:.1f}" for value in one) + ",)" for one in numbers)
            yield script.replaced(call, f"{script.code(call.func)}({text})", *where_shown(script))


def doubled(script: Script) -> Iterator[Change]:
    """Doubles for layers of floats, where the inputs are known to be floats."""
    for run, statement, call in forwards(script):
        layers = [node for _, _, _, node in script.layers()]
        torch_only = layers and not any("keras" in script.code(node.func) for node in layers) and "keras" not in script.names
        if (
            torch_only
            and run.inputs.dtype == "float32"
            and len(script.runs) == 1
            and isinstance(call.args[0], ast.Name)
            and isinstance(run.model, ModelFacts)
        ):
            yield script.replaced(call.args[0], f"{script.code(call.args[0])}.double()", call, statement, *layers)


def split_scaled(script: Script) -> Iterator[Change]:
    """Names of a split in the wrong order: one more than `load_data` gives."""
    for call in script.calls("load_data"):
        statement = script.parents[call]
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if isinstance(target, ast.Tuple) and len(target.elts) == 2:
            yield script.replaced(target, f"{script.code(target)}, (x_valid, y_valid)")


ROWS: tuple[Mutation, ...] = (
    # 309: of an autoencoder the pixels are the targets too, beyond what its sigmoid gives
    mutation("division by 255 dropped", "201 102 101 208 309", scaling_dropped("train")),
    mutation("test data not divided by 255", "208", scaling_dropped("other")),
    mutation("divided by 255 twice", "205", scaled_twice),
    mutation("inputs permuted without their labels", "212", before_fit("{x} = {x}[np.random.permutation(len({x}))]")),
    mutation("labels shuffled without their inputs", "212", before_fit("np.random.shuffle({y})")),
    mutation("rows swapped by random.shuffle", "211", shuffled_rows),
    mutation(
        "one-hot rows for the sparse loss",
        "306",
        labels_become("keras.utils.to_categorical({y})", "sparse_categorical_crossentropy"),
    ),
    mutation("class numbers for the one-hot loss", "305", labels_become("{y}.argmax(axis=1)", "categorical_crossentropy")),
    mutation("to_categorical dropped", "305", one_hot_dropped),
    mutation("validated on the training data", "701", validated_on_training_data),
    mutation("test score on the training data", "702", tested_on_training_data),
    mutation("three parts of two", "516", split_scaled),
    mutation("training data not shuffled", "213", loader_not_shuffled),
    mutation("set_epoch dropped", "805", set_epoch_dropped),
    mutation("normalized by statistics of bytes", "207 208", statistics),  # 208: where the test data keep theirs
    mutation("doubles for a layer of floats", "224", doubled),
)
