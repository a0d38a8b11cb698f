"""Faults of losses and outputs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from tests.benchmarks.mutations.script import Change, Changes, Mutation, Script, argument, last_name, literal, mutation
from trainlint.facts.graph import Node
from trainlint.facts.run import ModelFacts, TrainingRun

MAPS = {"dense", "conv"}
PASSED = {"reshape", "flatten", "getitem", "squeeze", "dropout", "cast", "transpose"}
SPARSE, ONE_HOT, BINARY = "sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy"
CLASSES = {SPARSE: "SparseCategoricalCrossentropy", ONE_HOT: "CategoricalCrossentropy", BINARY: "BinaryCrossentropy"}
REGRESSION = {"mean_squared_error", "mean_absolute_error"}


class Output(NamedTuple):
    """The last layer of a model with the call that makes it, its activation, its units, and where a finding on it is shown."""

    run: TrainingRun
    layer: ast.Call
    activation: str
    units: int
    anchors: tuple[ast.AST, ...]

    @property
    def loss(self) -> str:
        """The loss of the run."""
        return getattr(self.run.loss, "name", "unknown")

    @property
    def from_logits(self) -> bool | None:
        """Whether the loss takes logits."""
        return getattr(self.run.loss, "from_logits", None)


def outputs(script: Script, framework: str, *losses: str) -> Iterator[Output]:
    """The last layers of the models that are trained with one of some losses, each once."""
    seen = set()
    for run in script.runs:
        model = run.model
        if run.framework != framework or not isinstance(model, ModelFacts) or getattr(run.loss, "name", None) not in losses:
            continue
        node: Node | None = model.output
        while node is not None and node.op not in MAPS:
            node = node.inputs[0] if node.inputs and not node.parameters else None
        layer = script.at(node.place) if node is not None else None
        if (
            isinstance(layer, ast.Call)
            and node is not None
            and layer not in seen
            and isinstance(node.attributes.get("units"), int)
        ):
            seen.add(layer)
            shown = [one for other in script.runs if _same(other.model, model) for one in places(script, other)]
            yield Output(run, layer, model.output_activation or "linear", node.attributes["units"], (layer, *shown))


def _same(one: object, other: object) -> bool:
    first, second = (getattr(getattr(model, "output", None), "place", None) for model in (one, other))
    return first is not None and second is not None and first.span == second.span


def places(script: Script, run: TrainingRun) -> Iterator[ast.AST]:
    """Where a finding on a run is shown: its loss, its fit or step, its compile."""
    for place in (getattr(run.loss, "place", None), run.place, *(event.place for event in run.events if event.kind == "compile")):
        node = script.at(place)
        if node is not None:
            yield node


def known_classes(output: Output) -> bool:
    """Whether the labels are known, and the output has a unit for each."""
    return output.run.targets.labels in {"int", "onehot"} and output.run.targets.classes == output.units


# Keras


def with_activation(script: Script, layer: ast.Call, activation: str) -> Change | None:
    """Another activation for a layer; None for what takes none (the `matmul` of a layer that the file writes itself)."""
    name = last_name(layer.func)
    if not name[:1].isupper():
        return None
    return script.with_argument(layer, "activation", f'"{activation}"', 1 if name == "Dense" else None)


def keras_activation(losses: str, before: str, after: str | None, logits: bool | None = None) -> Changes:
    """Another activation of the last layer; None: without it."""

    def changes(script: Script) -> Iterator[Change]:
        for one in outputs(script, "keras", *losses.split()):
            if one.activation != before or (logits is not None and one.from_logits is not logits) or one.units < 2:
                continue
            given = argument(one.layer, "activation", 1)
            change = with_activation(script, one.layer, after or "linear")
            if after is None and given is not None and isinstance(literal(given), str):
                yield script.replaced(given, "None", *one.anchors)
            elif change is not None and after is not None and (before == "linear" or isinstance(literal(given), str)):
                yield change.shown(*one.anchors)

    return changes


def keras_units(units: str, known: bool = True) -> Changes:
    """Another number of outputs of a classifier: `units` is computed from the present `k`."""

    def changes(script: Script) -> Iterator[Change]:
        for one in outputs(script, "keras", SPARSE, ONE_HOT):
            if isinstance(literal(argument(one.layer, "units", 0)), int) and known_classes(one) >= known:
                value = str(eval(units, {"k": one.units}))
                yield script.with_argument(one.layer, "units", value, 0).shown(*one.anchors)

    return changes


def loss_objects(script: Script, *losses: str) -> Iterator[tuple[Output, ast.expr]]:
    """What a Keras run takes for its loss, as far as it is a string or made at one place."""
    seen = set()
    for one in outputs(script, "keras", *losses):
        node = script.at(getattr(one.run.loss, "place", None))
        named = isinstance(literal(node), str) or (isinstance(node, ast.Call) and last_name(node.func) in CLASSES.values())
        compiled = any(event.kind == "compile" for event in one.run.events)
        if named and compiled and node not in seen:
            seen.add(node)
            yield one, node


def logits_flag(value: bool) -> Changes:
    """`from_logits` the wrong way."""

    def changes(script: Script) -> Iterator[Change]:
        right = {"linear"} if not value else {"softmax", "sigmoid"}
        for one, node in loss_objects(script, *CLASSES):
            if one.activation not in right or one.from_logits is value:
                continue
            if isinstance(node, ast.Call):
                yield script.with_argument(node, "from_logits", str(value)).shown(*one.anchors)
            elif value:
                yield script.replaced(node, _made(script, one.loss, "from_logits=True"), *one.anchors)

    return changes


def _made(script: Script, loss: str, arguments: str) -> str:
    module = "keras" if any(alias.name == "keras" for node in script.nodes(ast.Import) for alias in node.names) else "tf.keras"
    return f"{module}.losses.{CLASSES[loss]}({arguments})"


def other_loss(before: str, after: str, labels: str, least: int = 2, output: str = "") -> Changes:
    """Another loss, for labels of a known kind."""

    def changes(script: Script) -> Iterator[Change]:
        for one, node in loss_objects(script, before):
            if one.run.targets.labels in labels.split() and one.units >= least and output in one.activation:
                if isinstance(node, ast.Call) and after in CLASSES:
                    yield script.replaced(
                        node.func, script.code(node.func).replace(CLASSES[before], CLASSES[after]), *one.anchors
                    )
                else:
                    yield script.replaced(node, f'"{after}"', *one.anchors)

    return changes


def class_loss_for_regression(script: Script) -> Iterator[Change]:
    for one in outputs(script, "keras", "mean_squared_error"):
        node = script.at(getattr(one.run.loss, "place", None))
        if isinstance(literal(node), str) and one.activation == "linear" and one.run.targets.labels in {"unknown", "continuous"}:
            yield script.replaced(node, f'"{ONE_HOT}"', *one.anchors)


def softmax_over_one(script: Script) -> Iterator[Change]:
    for one in outputs(script, "keras", BINARY, *REGRESSION):
        change = with_activation(script, one.layer, "softmax")
        plain = one.activation == "linear" or isinstance(literal(argument(one.layer, "activation", 1)), str)
        if one.units == 1 and plain and change is not None:
            yield change.shown(*one.anchors)


def relu_for_regression(script: Script) -> Iterator[Change]:
    for one in outputs(script, "keras", *REGRESSION):
        change = with_activation(script, one.layer, "relu")
        if one.activation == "linear" and change is not None:
            yield change.shown(*one.anchors)


def metric(losses: str, labels: str, text: str) -> Changes:
    """Another list of metrics."""

    def changes(script: Script) -> Iterator[Change]:
        for run, _, call in script.acts("compile", "keras"):
            fits = getattr(run.loss, "name", "") in losses.split() and run.targets.labels in labels.split()
            if fits and isinstance(run.model, ModelFacts) and not any(keyword.arg is None for keyword in call.keywords):
                yield script.with_argument(call, "metrics", text).shown(call)

    return changes


# PyTorch


def loss_calls(script: Script, *losses: str) -> Iterator[tuple[Output, ast.Call, ast.expr]]:
    """The calls of losses in PyTorch, with the predictions that they get."""
    models = {one.run: one for one in outputs(script, "torch", *losses)}
    for run, event, call in script.acts("loss", "torch"):
        prediction = script.at(event.argument_places.get("prediction"))
        prediction = prediction or (call.args[0] if len(call.args) == 2 else None)
        only = len({one.place for one in run.events if one.kind == "loss"}) == 1
        if run in models and prediction is not None and only:
            yield models[run], call, prediction


def activated_before(losses: str, text: str, *activations: str) -> Changes:
    """An activation more between output and loss."""

    def changes(script: Script) -> Iterator[Change]:
        for one, call, prediction in loss_calls(script, *losses.split()):
            if one.activation in activations and one.units > 1:
                yield script.replaced(prediction, text.format(script.code(prediction)), call, *one.anchors)

    return changes


def last_activation(script: Script, losses: str, activation: str) -> Iterator[tuple[Output, ast.Call]]:
    """The call that applies the last activation of a PyTorch model."""
    for one in outputs(script, "torch", *losses.split()):
        node = one.run.model.output  # type: ignore[union-attr]
        while node is not None and node.op in PASSED and node.inputs:
            node = node.inputs[0]
        call = script.at(node.place) if node is not None and node.op == activation else None
        if isinstance(call, ast.Call) and call.args and call is not one.layer and last_name(call.func).lower() == activation:
            yield one, call


def activation_becomes(losses: str, activation: str, text: str, most: int = 10**9) -> Changes:
    """Another expression for the last activation of at most so many units: `{x}` is what it is applied to."""

    def changes(script: Script) -> Iterator[Change]:
        for one, call in last_activation(script, losses, activation):
            if one.units > most:
                continue
            code = text.format(x=script.code(call.args[0]))
            yield script.replaced(call, code, call, *one.anchors)

    return changes


def torch_units(units: str, known: bool = True) -> Changes:
    """Another number of outputs of a PyTorch classifier."""

    def changes(script: Script) -> Iterator[Change]:
        for one in outputs(script, "torch", "cross_entropy", "nll"):
            given = argument(one.layer, "out_features", 1)
            if given is not None and isinstance(literal(given), int) and known_classes(one) >= known:
                value = str(eval(units, {"k": one.units}))
                yield script.replaced(given, value, *one.anchors)

    return changes


def torch_loss(before: str, after: str, **conditions: object) -> Changes:
    """Another loss of PyTorch: the words of `before` in the expression that makes it become those of `after`."""

    def changes(script: Script) -> Iterator[Change]:
        for one, call, _ in loss_calls(script, str(conditions["loss"])):
            makers = [node for node in script.nodes(ast.Call) if last_name(node.func) == before]
            named = [node for node in makers if node is call] or [
                node
                for node in makers
                if isinstance(script.parents[node], ast.Assign) and last_name(call.func) in _targets(script, node)
            ]
            labels = conditions.get("labels") in {None, one.run.targets.labels}
            if one.activation == conditions["outputs"] and labels and len(named) == 1:
                code = script.code(named[0].func)
                yield script.replaced(named[0].func, code[: len(code) - len(before)] + after, call, *one.anchors)

    return changes


def _targets(script: Script, node: ast.AST) -> set[str]:
    return {last_name(target) for target in getattr(script.parents[node], "targets", [])}


def summed(script: Script) -> Iterator[Change]:
    for one, call, _ in loss_calls(script, "cross_entropy", "nll", "mean_squared_error", "smooth_l1"):
        plain = (
            last_name(call.func) in {"cross_entropy", "nll_loss", "mse_loss", "smooth_l1_loss"}
            and argument(call, "reduction") is None
        )
        sgd = getattr(one.run.optimizer, "name", "") == "sgd"
        if plain and sgd and getattr(one.run.loss, "reduction", "") == "mean":
            yield script.with_argument(call, "reduction", '"sum"').shown(call, *one.anchors)


def called_at_once(script: Script) -> Iterator[Change]:
    for one, call, _ in loss_calls(script, "cross_entropy", "mean_squared_error", "nll"):
        if isinstance(call.func, ast.Name) and len(call.args) == 2:
            made = {"cross_entropy": "CrossEntropyLoss", "mean_squared_error": "MSELoss", "nll": "NLLLoss"}[one.loss]
            yield script.replaced(call.func, f"torch.nn.{made}", *one.anchors)


CROSS = f"{SPARSE} {ONE_HOT}"
ROWS: tuple[Mutation, ...] = (
    mutation("softmax output dropped", "301", keras_activation(CROSS, "softmax", None, logits=False)),
    mutation("sigmoid output dropped", "301", keras_activation(BINARY, "sigmoid", None, logits=False)),
    mutation("relu output of a classifier", "304", keras_activation(CROSS, "softmax", "relu", logits=False)),
    mutation("tanh output of a classifier", "304", keras_activation(CROSS, "softmax", "tanh", logits=False)),
    mutation("sigmoid output of exclusive classes", "308", keras_activation(CROSS, "softmax", "sigmoid", logits=False)),
    mutation("relu on logits", "304", keras_activation(CROSS, "linear", "relu", logits=True)),
    mutation("softmax on logits", "302", keras_activation(CROSS, "linear", "softmax", logits=True)),
    mutation("sigmoid on logits", "302", keras_activation(f"{CROSS} {BINARY}", "linear", "sigmoid", logits=True)),
    mutation("from_logits=True on probabilities", "302", logits_flag(True)),
    mutation("from_logits=False on logits", "301", logits_flag(False)),
    mutation("sparse loss for one-hot rows", "306", other_loss(ONE_HOT, SPARSE, "onehot")),
    mutation("categorical loss for integer labels", "305", other_loss(SPARSE, ONE_HOT, "int")),
    mutation("binary loss for integer classes", "305 308 313", other_loss(SPARSE, BINARY, "int", least=3)),
    mutation("binary loss for one-hot classes", "308 301", other_loss(ONE_HOT, BINARY, "onehot", least=3)),
    mutation("squared error for integer classes", "310 314", other_loss(SPARSE, "mse", "int")),
    mutation("absolute error for one-hot classes", "310", other_loss(ONE_HOT, "mae", "onehot", output="softmax")),
    mutation("class loss for a regression", "301 303 311", class_loss_for_regression),
    mutation("one unit for the classes", "303", keras_units("1")),
    mutation("fewer units than classes", "307", keras_units("k - 3")),
    mutation("five times as many units as classes", "307", keras_units("5 * k")),
    mutation("softmax over one unit", "303", softmax_over_one),
    mutation("relu output of a regression", "309", relu_for_regression),
    mutation("accuracy of a regression", "707", metric("mean_squared_error", "continuous unknown", '["accuracy"]')),
    mutation("categorical accuracy for integer labels", "710", metric(SPARSE, "int", '["categorical_accuracy"]')),
    mutation("sparse accuracy for one-hot rows", "710", metric(ONE_HOT, "onehot", '["sparse_categorical_accuracy"]')),
    mutation("softmax before CrossEntropyLoss", "302", activated_before("cross_entropy", "torch.softmax({0}, dim=1)", "linear")),
    mutation("sigmoid before CrossEntropyLoss", "302", activated_before("cross_entropy", "torch.sigmoid({0})", "linear")),
    mutation("relu before CrossEntropyLoss", "304", activated_before("cross_entropy", "torch.relu({0})", "linear")),
    mutation("log_softmax dropped before NLLLoss", "312", activation_becomes("nll", "log_softmax", "{x}")),
    mutation("softmax for log_softmax", "312", activation_becomes("nll", "log_softmax", "torch.softmax({x}, dim=1)")),
    mutation("log_softmax over the batch", "315", activation_becomes("nll", "log_softmax", "torch.log_softmax({x}, dim=0)")),
    mutation("sigmoid dropped before BCELoss", "301", activation_becomes("binary_crossentropy", "sigmoid", "{x}")),
    mutation("relu for sigmoid before BCELoss", "304", activation_becomes("binary_crossentropy", "sigmoid", "torch.relu({x})")),
    mutation(
        "softmax over one unit before BCELoss",
        "303 315",
        activation_becomes("binary_crossentropy", "sigmoid", "torch.softmax({x}, dim=-1)", most=1),
    ),
    mutation("PyTorch: one unit for the classes", "303", torch_units("1")),
    mutation("PyTorch: fewer units than classes", "307", torch_units("k - 3")),
    mutation("PyTorch: five times as many units as classes", "307", torch_units("5 * k")),
    mutation("NLLLoss on logits", "312", torch_loss("CrossEntropyLoss", "NLLLoss", loss="cross_entropy", outputs="linear")),
    mutation("nll_loss on logits", "312", torch_loss("cross_entropy", "nll_loss", loss="cross_entropy", outputs="linear")),
    mutation(
        "BCEWithLogitsLoss on probabilities",
        "302",
        torch_loss("BCELoss", "BCEWithLogitsLoss", loss="binary_crossentropy", outputs="sigmoid"),
    ),
    mutation(
        "squared error for class numbers",
        "310 314 224",
        torch_loss("nll_loss", "mse_loss", loss="nll", outputs="log_softmax", labels="int"),
    ),
    mutation("loss summed over the batch", "113", summed),
    mutation("tensors given to the constructor of the loss", "318", called_at_once),
)
