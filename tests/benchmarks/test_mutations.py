"""The mutation benchmark on two small clean scripts: what it puts in is Python, and what it must find it finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import mutate
from tests.benchmarks.mutations.catalogue import MUTATIONS
from tests.benchmarks.mutations.judge import Checkout, changed, edited_rows, is_clean, judge, moved, parses
from tests.benchmarks.mutations.script import Change, Script

TORCH = """\
import torch
from torch import nn, optim
from torchvision import datasets, transforms


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(784, 128)
        self.dropout = nn.Dropout(0.25)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x):
        x = torch.flatten(x, 1)
        x = torch.relu(self.fc1(x))
        x = self.dropout(x)
        return self.fc2(x)


data = datasets.MNIST("data", transform=transforms.ToTensor())
loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True)
model = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=5)
for epoch in range(20):
    model.train()
    for images, labels in loader:
        optimizer.zero_grad()
        output = model(images)
        loss = criterion(output, labels)
        loss.backward()
        optimizer.step()
    scheduler.step()
"""

KERAS = """\
from tensorflow import keras

(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train / 255.0
x_test = x_test / 255.0
model = keras.Sequential(
    [
        keras.layers.Flatten(input_shape=(28, 28)),
        keras.layers.Dense(128, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.001),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(x_train, y_train, epochs=5)
model.evaluate(x_test, y_test)
"""

FOUND = {
    "torch": {
        "zero_grad removed": "optimizer.step()",
        "zero_grad between backward and step": "optimizer.zero_grad()",
        "step before backward": "optimizer.step()",
        "backward removed": "loss = criterion",
        "step removed": "loss.backward()",
        "step without ()": "optimizer.step",
        "loss detached": "loss = loss.detach()",
        "clipping behind step": "torch.nn.utils.clip",
        "softmax before CrossEntropyLoss": "criterion = ",
        "PyTorch: fewer units than classes": "self.fc2 = nn.Linear(128, 7)",
        "in_features one too large": "self.fc2 = nn.Linear(129",
        "momentum 1.0": "optimizer = optim.SGD",
        "scheduler never stepped": "scheduler = ",
    },
    "keras": {
        "division by 255 dropped": "model.",
        "softmax output dropped": 'loss="sparse',
        "one unit for the classes": "keras.layers.Dense(1,",
        "categorical loss for integer labels": 'loss="categorical',
        "learning rate × 1000": "optimizer=keras.optimizers.Adam(learning_rate=1.0)",
        "learning rate a string": "optimizer=keras.optimizers.Adam(learning_rate=",
        "compile(loss_function=)": "model.compile(",
        "validated on the training data": "model.fit(",
    },
}
"""What stands where the finding is shown in the changed script."""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "torch.py").write_text(TORCH, encoding="utf-8")
    (folder / "keras.py").write_text(KERAS, encoding="utf-8")
    return Checkout(folder)


@pytest.fixture(scope="module")
def scripts(checkout: Checkout) -> dict[str, Script]:
    return {Path(one.filename).stem: one for one in checkout.scripts()}


def test_there_are_at_least_sixty_faults_of_different_names() -> None:
    assert len({one.name for one in MUTATIONS}) == len(MUTATIONS) >= 60
    assert all(one.codes for one in MUTATIONS)


def test_unchanged_scripts_train_and_are_clean(scripts: dict[str, Script]) -> None:
    assert set(scripts) == {"torch", "keras"}
    assert all(is_clean(one) for one in scripts.values())


@pytest.mark.parametrize("name", ["torch", "keras"])
def test_every_fault_changes_the_script_into_other_python(scripts: dict[str, Script], name: str) -> None:
    script = scripts[name]
    put = [(one.name, changed(script.text, change)) for one in MUTATIONS for change in one.changes(script)]
    assert len({fault for fault, _ in put}) >= 30
    assert [fault for fault, text in put if text == script.text or not parses(text)] == []


@pytest.mark.parametrize(
    ("name", "fault", "there"), [(name, fault, text) for name, some in FOUND.items() for fault, text in some.items()]
)
def test_fault_is_found_where_it_was_put(
    checkout: Checkout, scripts: dict[str, Script], name: str, fault: str, there: str
) -> None:
    mutation = next(one for one in MUTATIONS if one.name == fault)
    change = next(mutation.changes(scripts[name]))
    case = judge(checkout, scripts[name], mutation, change)
    assert case is not None
    assert case.right, case
    rows = changed(scripts[name].text, change).split("\n")
    assert [row for row in case.rows if not rows[row - 1].strip().startswith(there)] == []


def test_only_the_loader_that_is_trained_on_loses_its_order(tmp_path: Path) -> None:
    tested = "tests = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True)\n"
    (tmp_path / "torch.py").write_text(TORCH.replace("model = Net()\n", tested + "model = Net()\n"), encoding="utf-8")
    mutation = next(one for one in MUTATIONS if one.name == "training data not shuffled")
    (script,) = Checkout(tmp_path).scripts()
    (change,) = mutation.changes(script)
    assert "loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=False)" in changed(script.text, change)


def test_rows_are_followed_through_a_change() -> None:
    change = Change(((0, 2, ""), (4, 4, "x\n")))
    assert changed("a\nb\nc\n", change) == "b\nx\nc\n"
    assert [moved(change, offset) for offset in (0, 2, 4)] == [None, 0, 4]


def test_table_counts_what_is_right(checkout: Checkout, scripts: dict[str, Script]) -> None:
    mutation = next(one for one in MUTATIONS if one.name == "zero_grad removed")
    cases = mutate.cases_of(mutation, [(checkout, one) for one in scripts.values()], limit=5, seed=0)
    assert len(cases) == 1
    assert (
        mutate.table([mutation], {mutation.name: cases}).splitlines()[2].startswith("| zero_grad removed | TRN501 | 1 | 1 | 1 ")
    )


def test_rows_that_a_change_writes() -> None:
    class Text:
        text = "a\nb\nc\n"

    assert edited_rows(Text(), Change(((2, 3, "x\ny"),))) == {2, 3}  # type: ignore[arg-type]
    assert edited_rows(Text(), Change(((2, 4, ""),))) == set()  # type: ignore[arg-type]
