"""Faults of calls of Keras: compile, fit, callbacks and what they leave behind."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from tests.benchmarks.mutations.script import Change, Changes, Mutation, Script, argument, last_name, literal, mutation
from trainlint.core import Fact
from trainlint.facts.run import ModelFacts, TrainingRun


def compiles(script: Script) -> Iterator[tuple[TrainingRun, ast.Call]]:
    """The calls `model.compile(...)` of models without a `compile` or `train_step` of their own."""
    for run, _, call in script.acts("compile", "keras") if not own_training(script) else ():
        if last_name(call.func) == "compile" and not any(one.arg is None for one in call.keywords):
            yield run, call


def own_training(script: Script) -> bool:
    """Whether models of the file say themselves how they are trained."""
    return any(node.name in {"compile", "train_step", "fit"} for node in script.nodes(ast.FunctionDef))


def fits(script: Script) -> Iterator[tuple[TrainingRun, ast.Call]]:
    """The calls `model.fit(...)`."""
    own = any(node.name == "fit" for node in script.nodes(ast.FunctionDef))
    for run, _, call in script.acts("fit", "keras") if not own else ():
        if last_name(call.func) == "fit" and not any(one.arg is None for one in call.keywords):
            yield run, call


def keyword(call: ast.Call, name: str) -> ast.keyword | None:
    """A keyword of a call."""
    return next((one for one in call.keywords if one.arg == name), None)


def renamed(script: Script, call: ast.Call, name: str, new: str) -> Iterator[Change]:
    """Another name for a keyword."""
    found = keyword(call, name)
    if found is not None:
        start = script.start(found)
        yield Change(((start, start + len(name), new),)).shown(call)


def compile_keyword(name: str, new: str) -> Changes:
    """A misspelt keyword of compile."""
    return lambda script: (change for _, call in compiles(script) for change in renamed(script, call, name, new))


def fit_keyword(name: str, new: str, outdated: bool = False) -> Changes:
    """A misspelt keyword of fit, or one that Keras 3 has no more."""
    return lambda script: (
        change for _, call in fits(script) if script.is_keras_3 or not outdated for change in renamed(script, call, name, new)
    )


def optimizer_keyword(script: Script) -> Iterator[Change]:
    seen = set()
    for run in script.runs:
        call = script.at(getattr(run.optimizer, "place", None))
        if run.framework == "keras" and isinstance(call, ast.Call) and call not in seen and script.is_keras_3:
            seen.add(call)
            yield from renamed(script, call, "learning_rate", "lr")


def loss_and_optimizer_exchanged(script: Script) -> Iterator[Change]:
    for _, call in compiles(script):
        loss, optimizer = argument(call, "loss", 1), argument(call, "optimizer", 0)
        plain = isinstance(loss, ast.Constant | ast.Call) and isinstance(optimizer, ast.Constant | ast.Call)
        if loss is not None and optimizer is not None and plain:
            yield script.replaced(loss, script.code(optimizer), call).also(script.replaced(optimizer, script.code(loss)))


def model_as_argument(script: Script) -> Iterator[Change]:
    for _, call in compiles(script):
        if not call.args and call.keywords and isinstance(call.func, ast.Attribute) and keyword(call, "optimizer"):
            start = script.start(call.keywords[0])
            yield Change(((start, start, f"{script.code(call.func.value)}, "),)).shown(call)


def loss_dropped(script: Script) -> Iterator[Change]:
    adds = any(True for _ in script.calls("add_loss"))
    for run, call in compiles(script):
        change = script.without_argument(call, "loss")
        if change is not None and not adds and isinstance(run.model, ModelFacts):
            yield change.shown(call, *(fit for _, fit in fits(script)))


def compile_dropped(script: Script) -> Iterator[Change]:
    if len({call for _, call in compiles(script)}) == 1:
        for _, call in compiles(script):
            statement = script.statement(call)
            if isinstance(statement, ast.Expr) and statement.value is call:
                yield script.removed(statement, *(fit for _, fit in fits(script)))


def callbacks(text: str, validated: bool | None = None) -> Changes:
    """Callbacks for a fit that has none."""

    def changes(script: Script) -> Iterator[Change]:
        for run, call in fits(script):
            has = keyword(call, "validation_data") is not None or keyword(call, "validation_split") is not None
            if not isinstance(run.model, ModelFacts) or own_training(script):
                continue
            if keyword(call, "callbacks") is None and validated in {None, has} and "keras" in script.names:
                yield script.with_argument(call, "callbacks", f"[keras.callbacks.{text}]").shown(call)

    return changes


def callbacks_dropped(script: Script) -> Iterator[Change]:
    for _, call in fits(script):
        given = argument(call, "callbacks")
        if isinstance(given, ast.Name):
            change = script.without_argument(call, "callbacks")
            made = [node for node in script.nodes(ast.Assign) if any(last_name(one) == given.id for one in node.targets)]
            reads = [node for node in script.nodes(ast.Name) if node.id == given.id and isinstance(node.ctx, ast.Load)]
            if change is not None and len(made) == 1 and len(reads) == 1:
                inner = [node for node in ast.walk(made[0].value) if isinstance(node, ast.Call)]
                yield change.shown(call, made[0], *inner)


def validation_dropped(script: Script) -> Iterator[Change]:
    for _, call in fits(script):
        given = keyword(call, "callbacks")
        monitored = "val_" in script.code(given.value) if given is not None else False
        for name in ("validation_data", "validation_split"):
            change = script.without_argument(call, name)
            if change is not None and monitored:
                yield change.shown(given)


def recorded_name(script: Script) -> Iterator[Change]:
    """`history.history["loss"]` under a name of Keras 2.2."""
    for node in script.nodes(ast.Subscript):
        if isinstance(node.value, ast.Attribute) and node.value.attr == "history" and isinstance(literal(node.slice), str):
            yield script.replaced(node.slice, '"f1_score"', node)


def history_read(script: Script) -> Iterator[Change]:
    for _, call in fits(script):
        statement = script.statement(call)
        plain = isinstance(statement, ast.Expr) and statement.value is call and not own_training(script)
        if plain and statement.col_offset == 0:
            change = script.after(statement, 'print(history.history["f1_score"])')
            start = script.start(statement)
            yield Change(((start, start, "history = "),)).also(change)


def fit_method(new: str) -> Changes:
    """A method of older versions."""

    def changes(script: Script) -> Iterator[Change]:
        for _, call in fits(script):
            if isinstance(call.func, ast.Attribute) and script.is_keras_3:
                end = script.end(call.func)
                yield Change(((end - len("fit"), end, new),)).shown(call)

    return changes


def samples_for_steps(script: Script) -> Iterator[Change]:
    for run, call in fits(script):
        many = run.inputs.samples and isinstance(run.batch_size, Fact) and run.batch_size.value > 1
        if many and keyword(call, "steps_per_epoch") is None and len(call.args) >= 2:
            yield script.with_argument(call, "steps_per_epoch", str(run.inputs.samples)).shown(call)


def frozen_after_fit(script: Script) -> Iterator[Change]:
    """Layers are frozen between two fits of one model that is compiled before both."""
    calls = [(call, script.statement(call)) for _, call in fits(script)]
    compiled = [call.lineno for _, call in compiles(script)]
    for (first, one), (second, other) in pairwise(calls):
        between = any(one.lineno < row < other.lineno for row in compiled)
        if script.code(first.func) == script.code(second.func) and not between and other in script.block(one) and compiled:
            model = script.code(first.func).rpartition(".")[0]
            if not any(one.end_lineno < node.lineno < other.lineno for node in _bound(script, model)):  # type: ignore[operator]
                yield script.before(other, f"{model}.layers[-1].trainable = False", second)


def _bound(script: Script, name: str) -> Iterator[ast.Assign]:
    return (node for node in script.nodes(ast.Assign) if any(script.code(one) == name for one in node.targets))


def misspelt_data(script: Script) -> Iterator[Change]:
    for _, call in fits(script):
        given = argument(call, "x", 0)
        if isinstance(given, ast.Name):
            yield script.replaced(given, f"{given.id}_scaled_", call)


ROWS: tuple[Mutation, ...] = (
    mutation("compile(loss_function=)", "601", compile_keyword("loss", "loss_function")),
    mutation("compile(metric=)", "601", compile_keyword("metrics", "metric")),
    mutation("compile(optim=)", "601", compile_keyword("optimizer", "optim")),
    mutation("loss and optimizer exchanged", "601", loss_and_optimizer_exchanged),
    mutation("model as argument of compile", "601", model_as_argument),
    mutation("compile without a loss", "601", loss_dropped),
    mutation("fit without compile", "601", compile_dropped),
    mutation("fit(nb_epoch=)", "603 602", fit_keyword("epochs", "nb_epoch", outdated=True)),
    mutation("fit(validate_data=)", "603 601", fit_keyword("validation_data", "validate_data")),
    mutation("lr= of older versions", "603 602", optimizer_keyword),
    mutation("fit_generator", "603", fit_method("fit_generator")),
    mutation("monitors a metric nobody records", "604", callbacks('EarlyStopping(monitor="val_f1_score")', validated=True)),
    mutation("monitors validation that is not there", "604", callbacks('EarlyStopping(monitor="val_loss")', validated=False)),
    mutation(
        "checkpoint of a metric nobody records", "604", callbacks('ModelCheckpoint("m.keras", "val_f1", save_best_only=True)')
    ),
    mutation("callbacks not passed", "614", callbacks_dropped),
    mutation("validation dropped under its callbacks", "604", validation_dropped),
    mutation("history under another name", "604", recorded_name),
    mutation("history of a metric nobody records", "604", history_read),
    mutation("samples for steps_per_epoch", "615", samples_for_steps),
    mutation("frozen between two fits", "606", frozen_after_fit),
    mutation("fit of a name bound nowhere", "516", misspelt_data),
)
