"""Faults of layers and their weights."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.benchmarks.mutations.library import own_training
from tests.benchmarks.mutations.outputs import known_classes, outputs
from tests.benchmarks.mutations.script import Change, Changes, Mutation, Script, argument, last_name, literal, mutation
from trainlint.facts.graph import Node, walk
from trainlint.facts.queries import users_of
from trainlint.facts.run import LayerFacts, ModelFacts, TrainingRun

MAPS = {"dense", "conv"}
ZEROS = '"zeros"'
TRANSPARENT = {"flatten", "dropout", "reshape"}
CLASS_LOSSES = ("sparse_categorical_crossentropy", "categorical_crossentropy")


def plain(layer: LayerFacts) -> bool:
    """Whether a layer is made by the class of a library."""
    return layer.kind in MAPS and isinstance(layer.units, int)


def pairs(
    script: Script, framework: str, alone: bool = True
) -> Iterator[tuple[TrainingRun, LayerFacts, ast.Call, LayerFacts, ast.Call]]:
    """Hidden layers that only flattening and dropout part from the next one, with that one, each once.

    `alone`: nothing else reads such a layer. What a residual sum takes, or stands in front of one, is linear in many networks.
    """
    seen = set()
    for run in script.runs:
        layers = run.model.layers if isinstance(run.model, ModelFacts) and run.framework == framework else ()
        for number, layer in enumerate(layers):
            following = next((one for one in layers[number + 1 :] if one.kind not in TRANSPARENT), None)
            call, other = script.at(layer.place), script.at(following.place) if following else None
            if not isinstance(call, ast.Call) or not isinstance(other, ast.Call) or call is other or call in seen:
                continue
            if following and plain(layer) and plain(following) and not (alone and not reads_alone(run, layer, following)):
                seen.add(call)
                yield run, layer, call, following, other


def reads_alone(run: TrainingRun, layer: LayerFacts, following: LayerFacts) -> bool:
    """Whether the next layer reads a layer, and nothing beside it does."""
    output = run.model.output if isinstance(run.model, ModelFacts) else None
    node = layer.node
    users = users_of(output) if output is not None else {}
    while node is not None and node is not following.node:
        below = users.get(id(node), ())
        node = below[0] if len(below) == 1 and len(below[0].inputs) == 1 else None
    return node is not None


def is_bottleneck(script: Script, run: TrainingRun, layer: LayerFacts, following: LayerFacts) -> bool:
    """Whether a layer is narrower than what it reads and than what reads it: two linear maps are a factorisation then."""
    width = (
        layer.node.inputs[0].shape[-1] if layer.node is not None and layer.node.inputs and layer.node.inputs[0].shape else None
    )
    return width is None or (layer.units or 0) < min(width, following.units or 0)


def hidden_activation(text: str | None, wide: bool = True) -> Changes:
    """Another activation of a hidden Keras layer that another one reads; None: without it."""

    def changes(script: Script) -> Iterator[Change]:
        for run, layer, call, following, other in pairs(script, "keras", alone=text is None):
            given = argument(call, "activation", 1 if last_name(call.func) == "Dense" else None)
            if literal(given) == "relu" and not (wide and is_bottleneck(script, run, layer, following)):
                yield script.replaced(given, "None" if text is None else f'"{text}"', call, other)  # type: ignore[arg-type]

    return changes


def relu_call(text: str) -> Changes:
    """Another expression for `relu(x)` between two layers of a PyTorch model that is not narrower than both."""

    def changes(script: Script) -> Iterator[Change]:
        for run, layer, call, following, other in pairs(script, "torch"):
            for node in walk(run.model.output) if isinstance(run.model, ModelFacts) and run.model.output else ():
                relu = script.at(node.place) if node.op == "relu" and layer.node in node.inputs else None
                if not isinstance(relu, ast.Call) or len(relu.args) != 1 or last_name(relu.func) != "relu":
                    continue
                if not is_bottleneck(script, run, layer, following):
                    yield script.replaced(relu, text.format(x=script.code(relu.args[0])), relu, call, other)

    return changes


def initialized(initializer: str) -> Changes:
    """Another start of a hidden kernel."""

    def changes(script: Script) -> Iterator[Change]:
        for _, layer, call, _, other in pairs(script, "keras", alone=initializer != ZEROS):  # behind relu zeros are dead anywhere
            if layer.activation == "relu" and not any(one.arg is None for one in call.keywords):
                yield script.with_argument(call, "kernel_initializer", initializer).shown(call, other)

    return changes


def filled(code: str) -> Changes:
    """Another start of a hidden kernel, in the `__init__` of a module."""

    def changes(script: Script) -> Iterator[Change]:
        for _, _, call, _, other in pairs(script, "torch"):
            statement = script.statement(call)
            if isinstance(statement, ast.Assign) and statement.value is call and script.has_rows_of_its_own(statement):
                name = script.code(statement.targets[0])
                if name.startswith("self."):
                    yield script.after(statement, code.format(f"{name}.weight"), call, other)

    return changes


def inner_number(name: str, position: int, *layers: str) -> Changes:
    """One of the sizes of a layer of PyTorch that reads another layer, one too large; the finding may stand at its call."""

    def changes(script: Script) -> Iterator[Change]:
        for run, _, layer, call in script.layers():
            node = layer.node
            given = argument(call, name, position)
            reads = node is not None and bool(node.inputs) and node.inputs[0].shape is not None and run.framework == "torch"
            if last_name(call.func) in layers and isinstance(literal(given), int) and reads and any_map(node):
                yield script.replaced(given, str(literal(given) + 1), call, *calls_of(script, call))  # type: ignore[arg-type]

    return changes


def any_map(node: Node | None) -> bool:
    """Whether a layer reads another one."""
    return node is not None and any(one.op in MAPS for below in node.inputs for one in walk(below))


def calls_of(script: Script, layer: ast.Call) -> list[ast.AST]:
    """The calls of a layer that is kept in an attribute: there its input does not fit."""
    kept = script.parents[layer]
    names = {last_name(one) for one in getattr(kept, "targets", [])}
    return [call for call in script.nodes(ast.Call) if isinstance(call.func, ast.Attribute) and call.func.attr in names]


def element_of_list(script: Script, call: ast.Call) -> bool:
    """Whether a layer stands in the list of a Sequential."""
    return isinstance(script.parents[call], ast.List)


def without_element(script: Script, call: ast.Call, *anchors: ast.AST) -> Change:
    """A list without one of its elements."""
    elements = script.parents[call].elts  # type: ignore[attr-defined]
    number = elements.index(call)
    if number + 1 < len(elements):
        return Change(((script.start(call), script.start(elements[number + 1]), ""),)).shown(*anchors)
    return Change(((script.end(elements[number - 1]), script.end(call), ""),)).shown(*anchors)


def flatten_removed(script: Script) -> Iterator[Change]:
    for one in outputs(script, "keras", *CLASS_LOSSES):
        for _, _, layer, call in script.layers("flatten"):
            if element_of_list(script, call) and known_classes(one) and layer in getattr(one.run.model, "layers", ()):
                dense = [node for _, _, _, node in script.layers("dense")]
                yield without_element(script, call, *dense, *one.anchors)


def flatten_becomes(text: str) -> Changes:
    """Another expression for `torch.flatten(x, 1)`."""

    def changes(script: Script) -> Iterator[Change]:
        for _, number, _layer, call in script.layers("flatten"):
            if len(call.args) == 2 and literal(call.args[1]) == 1 and number:
                following = [node for node in script.nodes(ast.Call) if node.lineno > call.lineno][:1]
                losses = [node for _, _, node in script.acts("loss")]
                made = [node for _, _, _, node in script.layers("dense")]
                yield script.replaced(call, text.format(x=script.code(call.args[0])), *following, *losses, *made)

    return changes


def dropout_rate(rate: str) -> Changes:
    """Another rate of a dropout layer."""

    def changes(script: Script) -> Iterator[Change]:
        for _, _, _, call in script.layers("dropout"):
            given = argument(call, "rate", 0) or argument(call, "p")
            if last_name(call.func) == "Dropout" and isinstance(literal(given), float):
                yield script.replaced(given, rate, call)  # type: ignore[arg-type]

    return changes


def dropout_behind(script: Script) -> Iterator[Change]:
    for one in outputs(script, "keras", *CLASS_LOSSES, "binary_crossentropy"):
        module = script.code(one.layer.func).rpartition(".")[0]
        if module and element_of_list(script, one.layer):
            end = script.end(one.layer)
            yield Change(((end, end, f", {module}.Dropout(0.5)"),)).shown(*one.anchors)


def kernel_as_numbers(script: Script) -> Iterator[Change]:
    for _, _, _, call in script.layers("conv"):
        given = argument(call, "kernel_size") or argument(call, "", 1)
        size = literal(given)
        since = script.is_keras_3 or "from tensorflow" in script.text or "tf.keras" in script.text
        modern = (
            since and last_name(call.func) == "Conv2D" and argument(call, "", 2) is None and argument(call, "strides") is None
        )
        if modern and size in {(3, 3), (5, 5), 3, 5} and argument(call, "filters", 0) is not None:
            width = size if isinstance(size, int) else size[0]
            if given in call.args:
                yield script.replaced(given, f"{width}, {width}", call)
            elif len(call.args) == 1:
                keyword = next(one for one in call.keywords if one.value is given)
                yield Change(((script.start(keyword), script.end(keyword), f"{width}, {width}"),)).shown(call)


def modules(script: Script) -> Iterator[ast.ClassDef]:
    """The classes of PyTorch modules that take part in training."""
    makers = {last_name(call.func) for run, _, call in script.acts("made") if run.framework == "torch"}
    used = {script.above(call, ast.ClassDef) for run, _, _, call in script.layers() if run.framework == "torch"}
    return (one for one in script.nodes(ast.ClassDef) if one in used or one.name in makers)


def init_removed(script: Script) -> Iterator[Change]:
    for one in modules(script):
        for call in ast.walk(one):
            if isinstance(call, ast.Call) and last_name(call.func) == "__init__" and isinstance(script.parents[call], ast.Expr):
                function = script.above(call, ast.FunctionDef)
                yield Change(script.removed(script.statement(call)).edits, (function.lineno,) if function else ())


def made_in_forward(script: Script) -> Iterator[Change]:
    """`self.fc(x)` becomes a new layer at each call."""
    for run, _, _, call in script.layers("dense", "conv"):
        numbers = all(isinstance(literal(one), int) for one in call.args)
        if run.framework == "torch" and last_name(call.func) in {"Linear", "Conv2d"} and numbers:
            for used in calls_of(script, call):
                statement = script.statement(call)
                own = isinstance(statement, ast.Assign) and statement.value is call and len(calls_of(script, call)) == 1
                if isinstance(used, ast.Call) and script.code(used.func).startswith("self.") and own:
                    yield script.replaced(used.func, script.code(call), used).also(script.removed(statement))


def functional_dropout(script: Script) -> Iterator[Change]:
    """Dropout that is always on, in a file that evaluates."""
    if not any(True for _ in script.calls("eval")):
        return
    for run, _, _, call in script.layers("dropout"):
        rate = literal(argument(call, "p", 0))
        for used in calls_of(script, call) if run.framework == "torch" and rate else ():
            if isinstance(used, ast.Call) and len(used.args) == 1 and script.code(used.func).startswith("self."):
                yield script.replaced(used, f"torch.nn.functional.dropout({script.code(used.args[0])}, p={rate})", used)


def training_flag_dropped(script: Script) -> Iterator[Change]:
    for call in script.calls("dropout"):
        change = script.without_argument(call, "training")
        if change is not None and any(True for _ in script.calls("eval")):
            yield change.shown(call)


def plain_list(script: Script) -> Iterator[Change]:
    for call in script.calls("ModuleList"):
        if len(call.args) == 1 and script.runs:
            yield script.replaced(call, script.code(call.args[0]), call)


def batch_first_dropped(script: Script) -> Iterator[Change]:
    for run, _, layer, call in script.layers("lstm", "gru", "simple_rnn"):
        change = script.without_argument(call, "batch_first")
        direct = layer.node is not None and layer.node.inputs and layer.node.inputs[0].op == "data" and run.framework == "torch"
        if change is not None and direct:
            yield change.shown(call, *calls_of(script, call))


def channels_first(script: Script) -> Iterator[Change]:
    """`shape=(28, 28, 1)` becomes `(1, 28, 28)`."""
    convolutions = [call for _, _, _, call in script.layers("conv")]
    for call in script.nodes(ast.Call):
        name = last_name(call.func)
        given = argument(call, "input_shape") or (argument(call, "shape", 0) if name in {"Input", "InputLayer"} else None)
        shape = literal(given)
        if shown_only(script, call):
            continue
        if isinstance(shape, tuple) and len(shape) == 3 and shape[2] in {1, 3} and shape[0] >= 8 and convolutions:
            fits = [node for _, _, node in script.acts("fit")]
            yield script.replaced(given, f"({shape[2]}, {shape[0]}, {shape[1]})", call, *convolutions, *fits)  # type: ignore[arg-type]


def shown_only(script: Script, call: ast.Call) -> bool:
    """Whether what a call makes is bound to a name that nothing reads: an input that no layer is called on has any shape."""
    kept = script.parents[call]
    name = kept.targets[0] if isinstance(kept, ast.Assign) else None
    read = {node.id for node in script.nodes(ast.Name) if isinstance(node.ctx, ast.Load)}
    return isinstance(name, ast.Name) and name.id not in read


def result_dropped(script: Script) -> Iterator[Change]:
    """`x = layers.Dense(64)(x)`, whose result is bound to a name nobody reads."""
    for _, _, _, call in script.layers("dense", "conv"):
        statement = script.statement(call)
        applied = isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call) and statement.value.func is call
        if applied and isinstance(statement.targets[0], ast.Name) and len(statement.value.args) == 1:  # type: ignore[attr-defined]
            read = statement.value.args[0]  # type: ignore[attr-defined]
            if isinstance(read, ast.Name) and read.id == statement.targets[0].id:  # type: ignore[attr-defined]
                yield script.replaced(statement.targets[0], f"{read.id}_features", call)  # type: ignore[attr-defined]


def frozen(script: Script) -> Iterator[Change]:
    for _, _, call in script.acts("compile", "keras"):
        statement = script.statement(call)
        if isinstance(call.func, ast.Attribute) and isinstance(statement, ast.Expr) and not own_training(script):
            fits = [node for _, _, node in script.acts("fit")]
            yield script.before(statement, f"{script.code(call.func.value)}.trainable = False", call, *fits)


def frozen_module(script: Script) -> Iterator[Change]:
    for run in script.runs:
        call = script.at(getattr(run.optimizer, "place", None))
        given = argument(call, "params", 0) if isinstance(call, ast.Call) else None
        whole = isinstance(given, ast.Call) and last_name(given.func) == "parameters" and not given.args
        if (
            whole
            and run.framework == "torch"
            and "keras" not in script.text
            and script.has_rows_of_its_own(script.statement(call))
        ):
            acts = [node for kind in ("step", "backward") for _, _, node in script.acts(kind)]
            code = f"{script.code(given.func.value)}.requires_grad_(False)"  # type: ignore[union-attr]
            yield script.before(script.statement(call), code, call, *acts)


ROWS: tuple[Mutation, ...] = (
    mutation("hidden activation dropped", "401", hidden_activation(None)),
    mutation("softmax in a hidden layer", "418", hidden_activation("softmax", wide=False)),
    mutation("PyTorch: relu between two layers dropped", "401", relu_call("{x}")),
    mutation("PyTorch: softmax between two layers", "418", relu_call("torch.softmax({x}, dim=1)")),
    mutation("PyTorch: relu twice", "425", relu_call("torch.relu(torch.relu({x}))")),
    mutation("hidden kernel of zeros", "402", initialized(ZEROS)),
    mutation("hidden kernel of ones", "402 403", initialized('"ones"')),
    mutation("PyTorch: hidden kernel of zeros", "402", filled("torch.nn.init.zeros_({})")),
    mutation("PyTorch: hidden kernel of one constant", "402 403", filled("torch.nn.init.constant_({}, 0.5)")),
    mutation("in_features one too large", "406", inner_number("in_features", 0, "Linear")),
    mutation("in_channels one too large", "406", inner_number("in_channels", 0, "Conv2d")),
    mutation("num_features one too large", "406", inner_number("num_features", 0, "BatchNorm1d", "BatchNorm2d")),
    mutation("Flatten dropped", "405", flatten_removed),
    mutation("flatten dropped before Linear", "406 405", flatten_becomes("{x}")),
    mutation("batch axis flattened", "414 406", flatten_becomes("{x}.view(-1)")),
    mutation("dropout of 0.99", "416", dropout_rate("0.99")),
    mutation("dropout of 1.0", "416", dropout_rate("1.0")),
    mutation("dropout behind the output", "417", dropout_behind),
    mutation("kernel size as two numbers", "409", kernel_as_numbers),
    mutation("super().__init__() dropped", "413", init_removed),
    mutation("layer made in forward", "411", made_in_forward),
    mutation("functional dropout always on", "412", functional_dropout),
    mutation("training= of dropout dropped", "412", training_flag_dropped),
    mutation("plain list for ModuleList", "410", plain_list),
    mutation("batch_first dropped", "421 406", batch_first_dropped),
    mutation("channels first", "408", channels_first),
    mutation("result of a layer not read", "415", result_dropped),
    mutation("all weights frozen", "424", frozen),
    mutation("PyTorch: all weights frozen", "424", frozen_module),
)
