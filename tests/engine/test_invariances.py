"""What does not change a training does not change what is said of it: random scripts, rewritten without changing their meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, given, settings, strategies as st

from trainlint.engine import check_source
from trainlint.result import CheckResult
from trainlint.settings import Settings
from trainlint.source.read import read_text
from trainlint.workspace import Project

NAMES = ("net", "optim_", "criterion", "inputs", "labels", "rate", "size", "rounds", "hidden")


@dataclass(frozen=True)
class Program:
    """A script in parts: each is a list of rows; `constants` and `data` do not depend on one another."""

    imports: tuple[str, ...]
    constants: tuple[str, ...]
    data: tuple[str, ...]
    model: tuple[str, ...]
    training: tuple[str, ...]

    def text(self) -> str:
        return "\n".join((*self.imports, *self.constants, *self.data, *self.model, *self.training)) + "\n"


RATES = st.sampled_from([1e-5, 0.001, 0.01, 0.3, 5.0])
SCALES = st.sampled_from([1.0, 19.0, 255.0])
ACTIVATIONS = st.sampled_from(["relu", "tanh", "sigmoid", "softmax", None])


@st.composite
def keras_programs(draw: st.DrawFn) -> Program:
    classes = draw(st.sampled_from([1, 3]))
    scale, last = draw(SCALES), draw(ACTIVATIONS)
    loss = draw(st.sampled_from(["mse", "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"]))
    optimizer = draw(st.sampled_from(["SGD", "Adam", "RMSprop"]))
    layers = [f"keras.layers.Dense(hidden, activation={draw(ACTIVATIONS)!r})" for _ in range(draw(st.integers(0, 2)))]
    layers.append(f"keras.layers.Dense({classes}, activation={last!r})")
    labels = "np.arange(20) % 2" if classes == 1 else "np.arange(20) % 3"
    return Program(
        ("import numpy as np", "from tensorflow import keras"),
        (f"rate = {draw(RATES)}", f"rounds = {draw(st.sampled_from([1, 20]))}", "size = 5", "hidden = 4"),
        (f"inputs = np.linspace(0.0, {scale}, 40).reshape(20, 2)", f"labels = {labels}"),
        ("net = keras.Sequential([keras.Input((2,)), " + ", ".join(layers) + "])",),
        (
            f"net.compile(optimizer=keras.optimizers.{optimizer}(rate), loss={loss!r}, metrics=['accuracy'])",
            "net.fit(inputs, labels, batch_size=size, epochs=rounds)",
        ),
    )


@st.composite
def torch_programs(draw: st.DrawFn) -> Program:
    units = draw(st.sampled_from([1, 3]))
    middle = draw(st.sampled_from(["", "nn.ReLU(), ", "nn.Softmax(dim=1), "]))
    last = draw(st.sampled_from(["", ", nn.Sigmoid()", ", nn.Softmax(dim=1)"]))
    loss = draw(st.sampled_from(["MSELoss", "CrossEntropyLoss", "BCELoss", "BCEWithLogitsLoss"]))
    labels = "torch.arange(20) % 3" if loss == "CrossEntropyLoss" else f"torch.ones(20, {units})"
    steps = ["    optim_.zero_grad()", "    value = criterion(net(inputs), labels)", "    value.backward()", "    optim_.step()"]
    left_out = draw(st.sampled_from([None, None, 0, 3]))
    if left_out is not None:
        del steps[left_out]
    return Program(
        ("import torch", "from torch import nn"),
        (f"rate = {draw(RATES)}", f"rounds = {draw(st.sampled_from([3, 50]))}", "hidden = 4"),
        (f"inputs = torch.linspace(0.0, {draw(SCALES)}, 40).reshape(20, 2)", f"labels = {labels}"),
        (f"net = nn.Sequential(nn.Linear(2, hidden), {middle}nn.Linear(hidden, {units}){last})",),
        (
            f"criterion = nn.{loss}()",
            f"optim_ = torch.optim.{draw(st.sampled_from(['SGD', 'Adam']))}(net.parameters(), lr=rate)",
            "for _ in range(rounds):",
            *steps,
        ),
    )


def said(result: CheckResult) -> list[tuple[object, ...]]:
    """The facts of each run and the findings, without their places and names."""
    assert result.script is not None
    assert not result.failed
    facts: list[tuple[object, ...]] = []
    for run in result.script.runs:
        optimizer = run.optimizer
        rate = getattr(getattr(optimizer, "learning_rate", None), "value", None)
        known = (getattr(run.batch_size, "value", None), getattr(run.epochs, "value", None), run.inputs.high)
        facts.append((run.framework, getattr(optimizer, "name", None), rate, getattr(run.loss, "name", None), *known))
    return facts + sorted((one.code, one.severity.value, *sorted(one.numbers.items())) for one in result.findings)


def check(text: str) -> list[tuple[object, ...]]:
    return said(check_source(read_text(text, "train.py"), Settings(preview=True)))


def renamed(program: Program) -> str:
    text = program.text()
    for number, name in enumerate(NAMES):
        text = re.sub(rf"(?<![\w.]){name}\b", f"q{number}_", text)
    return text


def commented(program: Program) -> str:
    rows = program.text().splitlines()
    return "#!/usr/bin/env python\n" + "".join(f"{row}  # note: {'#' * len(row)}\n\n" for row in rows)


def reordered(program: Program) -> str:
    changed = (*reversed(program.imports), *reversed(program.constants), *reversed(program.data), *program.model)
    return "\n".join((*changed, *program.training)) + "\n"


def in_functions(program: Program) -> str:
    inner = "\n    ".join(
        ("def build(hidden):", *program.model, "return net\n", "", "def main():", *program.constants, *program.data)
    ).replace("\n    def ", "\ndef ")
    rest = "\n    ".join(("", "net = build(hidden)", *program.training))
    return "\n".join(program.imports) + "\n" + inner + rest + '\n\nif __name__ == "__main__":\n    main()\n'


MANY = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
PROGRAMS = st.one_of(keras_programs(), torch_programs())


@MANY
@given(PROGRAMS)
def test_names_comments_and_the_order_of_independent_rows_do_not_matter(program: Program) -> None:
    expected = check(program.text())
    assert len(expected) > 0
    assert check(commented(program)) == expected
    assert check(reordered(program)) == expected
    assert check(renamed(program)) == expected


@MANY
@given(PROGRAMS)
def test_functions_do_not_matter(program: Program) -> None:
    assert check(in_functions(program)) == check(program.text())


@MANY
@given(program=PROGRAMS)
def test_files_do_not_matter(program: Program, tmp_path_factory: object) -> None:
    folder: Path = tmp_path_factory.mktemp("project")  # type: ignore[attr-defined]
    (folder / ".git").mkdir()
    (folder / "config.py").write_text("\n".join(program.constants) + "\n", encoding="utf-8")
    data = "\n".join((*program.imports, *program.data)) + "\n"
    (folder / "data.py").write_text(data, encoding="utf-8")
    names = ", ".join(row.split(" ")[0] for row in program.constants)
    imports = f"from config import {names}\nfrom data import inputs, labels"
    text = "\n".join((*program.imports, imports, *program.model, *program.training)) + "\n"
    path = folder / "train.py"
    path.write_text(text, encoding="utf-8")
    split = check_source(read_text(text, str(path), path), Settings(preview=True), Project(folder))
    assert said(split) == check(program.text())
