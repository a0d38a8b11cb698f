"""Faults of PyTorch's training loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.benchmarks.mutations.script import Change, Changes, Mutation, Script, last_name, mutation
from trainlint.facts.run import ModelFacts, OptimizerFacts, TrainingRun

MODES = {"dropout", "batch_norm"}


def acts(script: Script, kind: str) -> Iterator[tuple[TrainingRun, ast.Call]]:
    """The acts of PyTorch loops that are statements of their own."""
    for run, event, call in script.acts(kind):
        statement = script.parents[call]
        if event.in_loop() and isinstance(statement, ast.Expr) and script.has_rows_of_its_own(statement) and _steps(script, run):
            yield run, call


def _steps(script: Script, run: TrainingRun) -> list[ast.Call]:
    calls = [script.at(event.place) for event in run.events if event.kind == "step"]
    return [call for call in calls if isinstance(call, ast.Call) and last_name(call.func) == "step"]


def partner(script: Script, run: TrainingRun, kind: str, call: ast.Call) -> ast.stmt | None:
    """The statement of another act in the block of an act."""
    block = script.block(script.statement(call))
    for event in run.events:
        node = script.at(event.place) if event.kind == kind else None
        if node is not None and script.statement(node) in block and isinstance(script.statement(node), ast.Expr | ast.Assign):
            return script.statement(node)
    return None


def in_a_loop(script: Script, call: ast.AST) -> bool:
    """Whether the file shows the loop around an act."""
    return script.above(call, ast.For) is not None


def removed(kind: str) -> Changes:
    """Without an act; the finding may stand at the other acts of the step."""

    def changes(script: Script) -> Iterator[Change]:
        for run, call in acts(script, kind):
            others = [partner(script, run, other, call) for other in ("zero_grad", "backward", "step", "loss")]
            if in_a_loop(script, call) and _only(run, kind) and others[0] is not None and made(run):
                losses = [script.at(event.place) for event in run.events if event.kind == "loss"]
                yield script.removed(script.statement(call), *others, *losses)

    return changes


def zero_grad_removed(script: Script) -> Iterator[Change]:
    for run, call in acts(script, "zero_grad"):
        step, backward = (partner(script, run, kind, call) for kind in ("step", "backward"))
        if step is not None and in_a_loop(script, call) and _only(run, "zero_grad") and made(run):
            yield script.removed(script.statement(call), step, backward)


def made(run: TrainingRun) -> bool:
    """Whether the optimizer of a run is known."""
    return isinstance(run.optimizer, OptimizerFacts)


def _only(run: TrainingRun, kind: str) -> bool:
    return len({str(event.place) for event in run.events if event.kind == kind}) == 1


def zero_grad_before_loop(script: Script) -> Iterator[Change]:
    for run, call in acts(script, "zero_grad"):
        statement, loop = script.statement(call), script.above(call, ast.For)
        step, backward = (partner(script, run, kind, call) for kind in ("step", "backward"))
        if loop is not None and statement in loop.body and step is not None and _only(run, "zero_grad") and made(run):
            yield script.removed(statement, step, backward).also(script.before(loop, script.code(statement)))


def zero_grad_after_backward(script: Script) -> Iterator[Change]:
    for run, call in acts(script, "zero_grad"):
        step, backward = partner(script, run, "step", call), partner(script, run, "backward", call)
        statement = script.statement(call)
        if step is not None and backward is not None and statement.lineno < backward.lineno and _only(run, "backward"):
            yield script.removed(statement).also(script.before(step, script.code(statement)))


def without_parentheses(kind: str, method: str) -> Changes:
    def changes(script: Script) -> Iterator[Change]:
        for _, call in acts(script, kind):
            if last_name(call.func) == method and not call.args:
                yield script.replaced(call, script.code(call.func))

    return changes


def mode_calls(script: Script, mode: str) -> Iterator[ast.Call]:
    """Statements `model.train()` or `model.eval()` of files that train a model with dropout or batch normalisation."""
    runs = [run for run in script.runs if isinstance(run.model, ModelFacts)]
    if not any(layer.kind in MODES for run in runs for layer in run.model.layers):  # type: ignore[union-attr]
        return
    for call in script.calls(mode):
        plain = isinstance(call.func, ast.Attribute) and not call.args and isinstance(script.parents[call], ast.Expr)
        if plain and call.func.value.__class__ is ast.Name and script.has_rows_of_its_own(script.statement(call)):  # type: ignore[attr-defined]
            yield call


def mode_not_called(mode: str) -> Changes:
    return lambda script: (script.replaced(call, script.code(call.func)) for call in mode_calls(script, mode))


def mode_set(mode: str, text: str) -> Changes:
    def changes(script: Script) -> Iterator[Change]:
        for call in mode_calls(script, mode):
            receiver = script.code(call.func.value)  # type: ignore[attr-defined]
            yield script.replaced(call, text.format(receiver))

    return changes


def train_mode_removed(script: Script) -> Iterator[Change]:
    evaluations = list(mode_calls(script, "eval"))
    for call in mode_calls(script, "train"):
        if evaluations:
            forwards = [node for _, _, node in script.acts("forward") if node.lineno >= call.lineno][:1]
            yield script.removed(script.statement(call), *evaluations, *forwards)


def eval_mode_removed(script: Script) -> Iterator[Change]:
    for call in mode_calls(script, "eval"):
        block = script.block(script.statement(call))
        loops = [node for one in block for node in ast.walk(one) if isinstance(node, ast.For) and node.lineno > call.lineno]
        if loops and any(True for _ in mode_calls(script, "train")):
            calls = [node for node in ast.walk(loops[0]) if isinstance(node, ast.Call) and last_name(node.func) == "model"]
            yield script.removed(script.statement(call), loops[0], *calls)


def forwards(script: Script) -> Iterator[tuple[TrainingRun, ast.Assign, ast.Call]]:
    """Statements `output = model(data)` of training loops."""
    for run, _, call in script.acts("forward"):
        statement = script.parents[call]
        if isinstance(statement, ast.Assign) and any(True for _ in _steps(script, run)) and call.args:
            yield run, statement, call


def surrounded(head: str, scaled: bool = True) -> Changes:
    """The forward pass of a step under something else."""

    def changes(script: Script) -> Iterator[Change]:
        for run, statement, _ in forwards(script):
            found = [node for other, node in acts(script, "backward") if other is run and not node.args]
            near = [node for node in found if script.statement(node) in script.block(statement)]
            if script.has_rows_of_its_own(statement) and near and (scaled or not _scaled(run)):
                indent = " " * statement.col_offset
                yield script.replaced(statement, f"with {head}:\n{indent}    {script.code(statement)}", near[0])

    return changes


def clip(where: str) -> Changes:
    """Gradient clipping before or behind an act."""

    def changes(script: Script) -> Iterator[Change]:
        for run, _, call in script.acts("forward"):
            if any(event.kind == "clip" for event in run.events):
                continue
            if where == "zero" and any("context" in event.values for event in run.events):
                continue  # the gradients of distributed autograd are not where it clips: whatever the threshold, nothing happens
            for _, act in acts(script, "backward" if where == "before backward" else "step"):
                if script.statement(call) in script.block(script.statement(act)) and _only(run, "step"):
                    code = (
                        f"torch.nn.utils.clip_grad_norm_({script.code(call.func)}.parameters(), {0 if where == 'zero' else 1.0})"
                    )
                    put = script.after if where == "after step" else script.before
                    yield put(script.statement(act), code)

    return changes


def lossy(run: TrainingRun) -> bool:
    """Whether the loss is one of the library, and all of what is minimised."""
    calls = {one.place for one in run.events if one.kind == "loss"}
    steps = {one.place for one in run.events if one.kind == "step"}
    return getattr(run.loss, "name", "custom") != "custom" and len(calls) == 1 and len(steps) == 1


def named_losses(script: Script) -> Iterator[tuple[TrainingRun, ast.Call, ast.Name]]:
    """The calls `loss.backward()` of losses of the library under a name."""
    for run, call in acts(script, "backward"):
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and not call.args and lossy(run):
            yield run, call, call.func.value


def loss_becomes(text: str) -> Changes:
    """A statement before backward that makes something else of the loss."""

    def changes(script: Script) -> Iterator[Change]:
        for _, call, name in named_losses(script):
            yield script.before(script.statement(call), text.format(name.id), call)

    return changes


def loss_negated(script: Script) -> Iterator[Change]:
    for _, _, name in named_losses(script):
        yield script.replaced(name, f"(-{name.id})")


def running_loss_keeps_graph(script: Script) -> Iterator[Change]:
    losses = {name.id for _, _, name in named_losses(script)}
    for statement in script.nodes(ast.AugAssign):
        call = statement.value
        loop = script.above(statement, ast.For)
        inside = loop is not None and any(one in ast.walk(loop) for _, one in acts(script, "backward"))
        if isinstance(call, ast.Call) and last_name(call.func) == "item" and inside and isinstance(statement.op, ast.Add):
            receiver = call.func.value  # type: ignore[attr-defined]
            if isinstance(receiver, ast.Name) and receiver.id in losses:
                yield script.replaced(call, receiver.id)


def step_behind_batches(script: Script) -> Iterator[Change]:
    """backward and step stand behind the loop over the batches."""
    for run, call in acts(script, "backward"):
        loop, step = script.above(call, ast.For), partner(script, run, "step", call)
        statement = script.statement(call)
        if loop is not None and step is not None and statement in loop.body and loop.body[-1] not in {step, statement}:
            moved = script.after(loop, f"{script.code(statement)}\n{script.code(step)}")
            if script.above(loop, ast.For) is not None or script.above(loop, ast.FunctionDef) is not None:
                yield script.removed(statement).also(script.removed(step), moved)


def misspelt(script: Script) -> Iterator[Change]:
    for _, _, call in forwards(script):
        if isinstance(call.args[0], ast.Name):
            yield script.replaced(call.args[0], f"{call.args[0].id}_batch_")


def copies_dropped(script: Script) -> Iterator[Change]:
    """`data, target = data.to(device), target.to(device)` without the assignment."""
    for _, statement, call in forwards(script):
        for other in script.block(statement):
            value = getattr(other, "value", None)
            parts = value.elts if isinstance(other, ast.Assign) and isinstance(value, ast.Tuple) else []
            if parts and all(isinstance(one, ast.Call) and last_name(one.func) == "to" for one in parts):
                yield script.replaced(other, "; ".join(script.code(one) for one in parts), call)


def seeded_in_loop(script: Script) -> Iterator[Change]:
    for _, call in acts(script, "backward"):
        loop = script.above(call, ast.For)
        if loop is not None and script.statement(call) in loop.body:
            yield script.before(loop.body[0], "torch.manual_seed(0)")


def accumulated(script: Script) -> Iterator[Change]:
    """step and zero_grad on every fourth pass, the loss not divided by four."""
    for run, call in acts(script, "step"):
        loop, clear = script.above(call, ast.For), partner(script, run, "zero_grad", call)
        counted = loop is not None and isinstance(loop.iter, ast.Call) and last_name(loop.iter.func) == "enumerate"
        sgd = getattr(run.optimizer, "name", "") == "sgd"
        if counted and clear is not None and sgd and isinstance(loop.target, ast.Tuple) and _only(run, "step"):  # type: ignore[union-attr]
            number = script.code(loop.target.elts[0])  # type: ignore[union-attr]
            indent = " " * script.statement(call).col_offset
            both = f"{indent}    {script.code(script.statement(call))}\n{indent}    {script.code(clear)}"
            text = f"if ({number} + 1) % 4 == 0:\n{both}"
            backward = partner(script, run, "backward", call)
            yield script.replaced(script.statement(call), text, backward).also(script.removed(clear))


def scaled_and_stepped(script: Script) -> Iterator[Change]:
    """A GradScaler scales the loss, and the optimizer steps by itself."""
    for run, call in acts(script, "backward"):
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and not call.args:
            step = partner(script, run, "step", call)
            if step is not None and _only(run, "backward") and not _scaled(run):
                change = script.replaced(call.func.value, f"scaler.scale({call.func.value.id})", step)
                yield change.also(script.after_imports('scaler = torch.amp.GradScaler("cuda")'))


def _scaled(run: TrainingRun) -> bool:
    return any(event.kind in {"scale", "unscale", "scaler_update"} for event in run.events)


def ascending(script: Script) -> Iterator[Change]:
    for _, _, call in script.acts("step"):
        for node in ast.walk(call):
            if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
                yield script.replaced(node, script.code(node.operand))


ROWS: tuple[Mutation, ...] = (
    mutation("zero_grad removed", "501", zero_grad_removed),
    mutation("zero_grad before the loop over the batches", "501", zero_grad_before_loop),
    mutation("zero_grad between backward and step", "502", zero_grad_after_backward),
    mutation("zero_grad without ()", "504", without_parentheses("zero_grad", "zero_grad")),
    mutation("backward without ()", "504", without_parentheses("backward", "backward")),
    mutation("step without ()", "504", without_parentheses("step", "step")),
    mutation("scheduler.step without ()", "504", without_parentheses("scheduler_step", "step")),
    mutation("eval without ()", "504", mode_not_called("eval")),
    mutation("train without ()", "504", mode_not_called("train")),
    mutation("backward removed", "503", removed("backward")),
    mutation("step removed", "503", removed("step")),
    mutation("eval() for train()", "505", mode_set("train", "{}.eval()")),
    mutation("train() removed", "505", train_mode_removed),
    mutation("eval() removed", "506", eval_mode_removed),
    mutation("model.train = True", "609", mode_set("train", "{}.train = True")),
    mutation("forward under no_grad", "507", surrounded("torch.no_grad()")),
    mutation("clipping behind step", "510", clip("after step")),
    mutation("clipping before backward", "510", clip("before backward")),
    mutation("clipping at 0", "121", clip("zero")),
    mutation("loss detached", "316", loss_becomes("{0} = {0}.detach()")),
    mutation(
        "loss made anew as a tensor",
        "316",
        loss_becomes("{0} = torch.tensor({0}.item(), requires_grad=True)"),
    ),
    mutation("loss negated", "317", loss_negated),
    mutation("loss inverted", "317", loss_becomes("{0} = 1 / {0}")),
    mutation("running loss without item()", "509", running_loss_keeps_graph),
    mutation("backward and step behind the batches", "512", step_behind_batches),
    mutation("name misspelt", "516", misspelt),
    mutation("copies on the device dropped", "517", copies_dropped),
    mutation("seed in the loop", "227", seeded_in_loop),
    mutation("accumulated without division", "513", accumulated),
    mutation("optimizer steps past the GradScaler", "802", scaled_and_stepped),
    mutation("float16 without a GradScaler", "801", surrounded('torch.autocast("cuda", dtype=torch.float16)', scaled=False)),
    mutation("update ascends", "514", ascending),
)
