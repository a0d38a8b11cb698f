"""Faults of optimizers, learning rates and schedules."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from tests.benchmarks.mutations.library import own_training
from tests.benchmarks.mutations.loops import acts, partner
from tests.benchmarks.mutations.outputs import places
from tests.benchmarks.mutations.script import Change, Changes, Mutation, Script, argument, last_name, literal, mutation
from trainlint.core import Fact
from trainlint.facts.pace import made_up_data
from trainlint.facts.run import ModelFacts, OptimizerFacts, TrainingRun

BY_LAYER = {"sgd", "adam", "adamw", "nadam", "rmsprop"}
SPELLED = {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop"}


class Rate(NamedTuple):
    """A learning rate that a file writes or leaves out, and how to write another one."""

    run: TrainingRun
    optimizer: OptimizerFacts
    value: float
    written: bool
    put: Callable[[str], Change]


def _other(script: Script, node: ast.AST, shown: list[ast.AST], text: str) -> Change:
    return script.replaced(node, text, *shown)


def _given(script: Script, made: ast.Call, shown: list[ast.AST], text: str) -> Change:
    return script.with_argument(made, "learning_rate", text, 0).shown(*shown)


def rates(script: Script) -> Iterator[Rate]:
    """The learning rates of the runs, each once, where the file shows the number, the call or the string."""
    seen = set()
    for run in script.runs:
        optimizer = run.optimizer
        if (
            not isinstance(optimizer, OptimizerFacts)
            or optimizer.written_by_hand
            or not isinstance(optimizer.learning_rate, Fact)
        ):
            continue
        node, made = script.at(optimizer.learning_rate.place), script.at(optimizer.place)
        shown = [made, *(one for other in script.runs if other.optimizer == optimizer for one in places(script, other))]
        value = optimizer.learning_rate.value
        if node in seen or run.schedule is not None:
            continue
        seen.add(node)
        if isinstance(literal(node), float | int) and literal(node) == value:
            inside = script.parents[node]
            in_call = made in {inside, script.parents.get(inside)}
            yield Rate(run, optimizer, value, in_call, partial(_other, script, node, shown))
        elif isinstance(made, ast.Call) and made is node and run.framework == "keras":
            yield Rate(
                run,
                optimizer,
                value,
                False,
                partial(_given, script, made, shown),
            )


def rate(
    text: str, times: float = 1.0, least: int = 0, only_written: bool = False, names: str = "", learns: bool = False
) -> Changes:
    """Another learning rate, where a model of at least so many trained layers is known.

    `learns`: not on data that are drawn at random, from which nothing can be learnt at any rate.
    """

    def changes(script: Script) -> Iterator[Change]:
        for one in rates(script):
            layers = [
                layer for layer in getattr(one.run.model, "layers", ()) if layer.kind in {"dense", "conv", "embedding", "lstm"}
            ]
            named = one.optimizer.name in (names.split() or BY_LAYER)
            if learns and made_up_data(one.run):
                continue
            if len(layers) >= least and named and one.value > 0 and (one.written or not only_written):
                yield one.put(text.format(repr(float(f"{one.value * times:.4g}"))))

    return changes


def optimizer_calls(script: Script, framework: str = "", *names: str) -> Iterator[tuple[TrainingRun, OptimizerFacts, ast.Call]]:
    """The calls that make the optimizers of runs, each once."""
    seen = set()
    for run in script.runs:
        optimizer, call = run.optimizer, script.at(getattr(run.optimizer, "place", None))
        if not isinstance(optimizer, OptimizerFacts) or not isinstance(call, ast.Call) or call in seen:
            continue
        wanted = framework in run.framework and (not names or optimizer.name in names)
        if wanted and last_name(call.func).lower() == optimizer.name:
            seen.add(call)
            yield run, optimizer, call


def setting(framework: str, names: str, keyword: str, value: str, per_rate: bool = False, only_keras_3: bool = False) -> Changes:
    """Another value for a setting; `per_rate`: divided by the learning rate."""

    def changes(script: Script) -> Iterator[Change]:
        for run, optimizer, call in optimizer_calls(script, framework, *names.split()):
            text = value
            if only_keras_3 and not script.is_keras_3:
                continue
            if per_rate:
                if not isinstance(optimizer.learning_rate, Fact) or optimizer.learning_rate.value <= 0:
                    continue
                text = repr(float(f"{float(value) / optimizer.learning_rate.value:.4g}"))
            yield script.with_argument(call, keyword, text).shown(call, *places(script, run))

    return changes


def class_for_instance(script: Script) -> Iterator[Change]:
    for _, event, compiled in script.acts("compile", "keras"):
        call = script.at(event.argument_places.get("optimizer"))
        if isinstance(call, ast.Call) and last_name(call.func) in {"Adam", "SGD", "RMSprop"}:
            yield script.replaced(call, script.code(call.func), compiled)


def assigned(call: ast.Call, script: Script) -> ast.Assign | None:
    """The statement `optimizer = SGD(...)` of a call."""
    statement = script.parents[call]
    whole = isinstance(statement, ast.Assign) and len(statement.targets) == 1 and script.has_rows_of_its_own(statement)
    return statement if whole and isinstance(statement.targets[0], ast.Name | ast.Attribute) else None  # type: ignore[attr-defined,return-value]


def other_parameters(script: Script) -> Iterator[Change]:
    for run, _, call in optimizer_calls(script, "torch"):
        given, statement = argument(call, "params", 0), assigned(call, script)
        if (
            isinstance(given, ast.Call)
            and last_name(given.func) == "parameters"
            and statement
            and isinstance(run.model, ModelFacts)
        ):
            other = script.before(statement, "other_model = torch.nn.Linear(4, 4)")
            acts = [node for kind in ("step", "backward", "forward") for _, _, node in script.acts(kind)]
            yield script.replaced(given, "other_model.parameters()", call, *acts).also(other)


def rate_as_attribute(script: Script) -> Iterator[Change]:
    for _, _, call in optimizer_calls(script, "torch"):
        statement = assigned(call, script)
        if statement is not None:
            yield script.after(statement, f"{script.code(statement.targets[0])}.lr = 1e-4")


def made_in_loop(script: Script) -> Iterator[Change]:
    """The optimizer is made anew for every batch, where the loop stands in the same function."""
    for _, _, call in optimizer_calls(script, "torch"):
        statement = assigned(call, script)
        if statement is None:
            continue
        for _, step in acts(script, "step"):
            loop = script.above(step, ast.For)
            same = script.above(step, ast.FunctionDef) is script.above(call, ast.FunctionDef)
            if loop is not None and same and loop.lineno > call.lineno and script.above(statement, ast.For) is None:
                yield script.before(loop.body[0], script.code(statement)).shown(step)


def scheduler_steps(script: Script) -> Iterator[tuple[TrainingRun, ast.Call, ast.stmt]]:
    """The statements `scheduler.step()` of schedules that the file makes, where that is the only step."""
    for run, _, call in script.acts("scheduler_step", "torch"):
        statement = script.statement(call)
        once = len({str(one.place) for one in run.events if one.kind == "scheduler_step"}) == 1
        if script.parents[call] is statement and script.has_rows_of_its_own(statement) and run.schedule is not None and once:
            yield run, call, statement


def scheduler_not_stepped(script: Script) -> Iterator[Change]:
    for run, _, statement in scheduler_steps(script):
        yield script.removed(statement, script.at(run.schedule.place))  # type: ignore[union-attr]


def scheduler_before_optimizer(script: Script) -> Iterator[Change]:
    """The schedule steps at the head of the pass that ends with its step."""
    for _, call, statement in scheduler_steps(script):
        loop = script.above(call, ast.For)
        if loop is not None and statement in loop.body and not call.args and statement is not loop.body[0]:
            head = loop.body[0]
            yield script.removed(statement).also(script.before(head, script.code(statement)))


def scheduler_per_batch(script: Script) -> Iterator[Change]:
    for run, call, statement in scheduler_steps(script):
        decays = run.schedule is not None and run.schedule.name in {"step", "exponential", "cosine"}
        for other, step in acts(script, "step"):
            same = script.above(step, ast.FunctionDef) is script.above(call, ast.FunctionDef)
            if other is run and same and decays and script.above(step, ast.For) is not script.above(call, ast.For):
                yield script.removed(statement).also(script.after(script.statement(step), script.code(statement)))


def plateau_without_metric(script: Script) -> Iterator[Change]:
    for run, _, call in script.acts("scheduler_step", "torch"):
        if run.schedule is not None and run.schedule.name == "reduce_on_plateau" and len(call.args) == 1:
            yield script.replaced(call, f"{script.code(call.func)}()")


def schedule_setting(name: str, position: int, value: str, most_epochs: int) -> Changes:
    """Another setting of a StepLR, in a run of a known number of epochs."""

    def changes(script: Script) -> Iterator[Change]:
        for run, _, _ in scheduler_steps(script):
            call = script.at(run.schedule.place)  # type: ignore[union-attr]
            known = isinstance(run.epochs, Fact) and 4 <= run.epochs.value <= most_epochs
            if isinstance(call, ast.Call) and last_name(call.func) == "StepLR" and known and call.args:
                yield script.with_argument(call, name, value, position).shown(call)

    return changes


def schedule_for(text: str, callback: bool = False) -> Changes:
    """A schedule in place of a rate, in Keras runs of known length."""

    def changes(script: Script) -> Iterator[Change]:
        for one in rates(script):
            fit = script.at(one.run.place)
            updates = one.run.updates
            if one.run.framework != "keras" or not isinstance(fit, ast.Call) or last_name(fit.func) != "fit":
                continue
            code = text.format(one.value, (updates or 0) // 2)
            if "keras" not in script.names:
                continue
            # the callback moves the optimizer of `compile`, not those of a step of the model's own
            if callback and argument(fit, "callbacks") is None and updates and not own_training(script):
                plateau = script.with_argument(fit, "callbacks", "[keras.callbacks.ReduceLROnPlateau('loss')]")
                yield one.put(code).also(plateau)
            elif not callback and updates is not None and updates >= 400:
                yield one.put(code)

    return changes


def clear_before_step(script: Script) -> Iterator[Change]:
    """step stands before backward."""
    for run, call in acts(script, "backward"):
        step = partner(script, run, "step", call)
        statement = script.statement(call)
        if step is not None and step.lineno > statement.lineno and not call.args:
            yield script.removed(step, statement).also(script.before(statement, script.code(step)))


DECAY = "keras.optimizers.schedules.ExponentialDecay({}, 10, 0.5)"
LONG = "keras.optimizers.schedules.ExponentialDecay({}, {}, 0.5)"
TOO_LARGE = "101 102 103 112 116 120 114"
ADAMS = "adam adamw nadam"
ROWS: tuple[Mutation, ...] = (
    mutation("learning rate × 1000", TOO_LARGE, rate("{}", times=1e3, least=2)),
    mutation("learning rate / 100,000", "111 112", rate("{}", times=1e-5, least=2, learns=True)),
    mutation("learning rate 0", "108", rate("0.0")),
    mutation("learning rate negative", "106", rate("{}", times=-1.0)),
    mutation("learning rate a string", "107", rate('"{}"', only_written=True)),
    mutation("learning rate None", "107", rate("None", only_written=True, names="sgd adam adamw")),
    mutation("momentum 1.0", "109", setting("", "sgd", "momentum", "1.0")),
    mutation("momentum 9.0", "109", setting("", "sgd", "momentum", "9.0")),
    mutation("PyTorch: betas exchanged", "616", setting("torch", ADAMS, "betas", "(0.999, 0.9)")),
    mutation("PyTorch: beta above 1", "109", setting("torch", ADAMS, "betas", "(9.0, 0.999)")),
    mutation("betas exchanged", "616", setting("keras", ADAMS, "beta_1", "0.9999")),
    mutation("beta above 1", "109", setting("keras", ADAMS, "beta_1", "1.9")),
    mutation(
        "weight decay takes the weights away", "122 101", setting("torch", "sgd adamw", "weight_decay", "2.0", per_rate=True)
    ),
    mutation("decay= of older versions", "602 603", setting("keras", "sgd adam rmsprop", "decay", "1e-6", only_keras_3=True)),
    mutation("class for an optimizer", "601 107", class_for_instance),
    mutation("optimizer of another model", "607", other_parameters),
    mutation("optimizer.lr set", "609", rate_as_attribute),
    mutation("optimizer made for every batch", "608", made_in_loop),
    mutation("step before backward", "502 503", clear_before_step),
    mutation("scheduler never stepped", "610", scheduler_not_stepped),
    mutation("scheduler steps before the optimizer", "612", scheduler_before_optimizer),
    mutation("scheduler steps after every batch", "611 117", scheduler_per_batch),
    mutation("ReduceLROnPlateau without its metric", "612", plateau_without_metric),
    mutation("StepLR that never acts", "118", schedule_setting("step_size", 1, "1000", 900)),
    mutation("StepLR that ends too early", "117", schedule_setting("gamma", 2, "0.001", 900)),
    mutation("decay that ends too early", "117", schedule_for(DECAY)),
    mutation("ReduceLROnPlateau beside a schedule", "605", schedule_for(LONG, callback=True)),
)
