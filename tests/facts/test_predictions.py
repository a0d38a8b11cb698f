"""Argmax over one unit: what is seen where no shape is known, whose outputs they are, and the comparison in its place."""

from __future__ import annotations

import pytest

from tests.rules.checking import apply, findings

TORCH = """\
import torch
import torch.nn.functional as F
from torch import nn, optim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = {layers}

    def forward(self, x):
        return {output}


model = Net()
optimizer = optim.Adam(model.parameters())


def train(loader):
    for x, y in loader:
        answers = {answers}
        print((answers == y).float().mean())
        loss = {loss}
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
LINEAR = "nn.Linear(4, 8), nn.Linear(8, 1)"
WIDE = "nn.Linear(4, 8), nn.Linear(8, 3)"
BOTH = "self.head(self.body(x).relu())"
LOGITS = "F.binary_cross_entropy_with_logits(model(x), y.float().unsqueeze(1))"
PROBABILITIES = "F.binary_cross_entropy(torch.sigmoid(model(x)), y.float().unsqueeze(1))"
MSE = "F.mse_loss(model(x), y)"


def torch_script(answers: str, layers: str = LINEAR, output: str = BOTH, loss: str = LOGITS) -> str:
    return TORCH.format(answers=answers, layers=layers, output=output, loss=loss)


TWO = """\
import numpy as np
from tensorflow import keras

x, y = np.load("x.npy"), np.load("y.npy")
wide = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3, activation="softmax")])
wide.compile("adam", "sparse_categorical_crossentropy")
wide.fit(x, y, epochs=20)
narrow = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense({units}, activation="sigmoid")])
narrow.compile("adam", "binary_crossentropy")
narrow.fit(x, y, epochs=20)
answers = {answers}
print(np.mean(answers == y))
"""

SEVERAL = """\
import torch
import torch.nn.functional as F
from torch import nn, optim

x, y = torch.rand(100, 4), torch.randint(0, 2, (100,))
{models}
first_optimizer, second_optimizer = optim.Adam(first.parameters()), optim.Adam(second.parameters())
for _ in range(50):
    first_optimizer.zero_grad()
    F.cross_entropy(first(x), y).backward()
    first_optimizer.step()
for _ in range(50):
    second_optimizer.zero_grad()
    F.binary_cross_entropy_with_logits(second(x), y.float().unsqueeze(1)).backward()
    second_optimizer.step()
answers = {answers}
print((answers == y).float().mean())
"""
MODELS = "first, second = nn.Sequential(nn.Linear(4, 3)), nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))"


@pytest.mark.parametrize(
    ("script", "old", "new"),
    [
        # a logit is above 0 where its probability is above one half
        (torch_script("torch.argmax(model(x), dim=1)"), "torch.argmax(model(x), dim=1)", "(model(x)[:, 0] > 0.0).long()"),
        (torch_script("model(x).argmax(-1)"), None, None),  # the receiver is a call
        (torch_script("torch.sigmoid(model(x)).argmax(1)"), None, None),
        (torch_script("torch.argmax(torch.sigmoid(model(x)), 1)", loss=PROBABILITIES), "torch.argmax(torch.sigmoid(model(x)), 1)", "(torch.sigmoid(model(x))[:, 0] > 0.5).long()"),
        (torch_script("torch.argmax(\n            model(x), dim=1)"), None, None),
        (torch_script("torch.argmax(model(x), dim=1)", loss=MSE), None, None),  # no logits, no probabilities: nothing to compare with
        *((torch_script("torch.argmax(model(x), dim=1)", output=f"self.head(self.body({x}).relu())"), "torch.argmax(model(x), dim=1)", "(model(x)[:, 0] > 0.0).long()") for x in ("x.view(-1, 4)", "x.float()", "torch.flatten(x, 1)", "x.view(x.size(0), -1)")),
        # of two models the one that is asked
        (TWO.format(units=1, answers="np.argmax(narrow.predict(x), axis=1)"), "np.argmax(narrow.predict(x), axis=1)", "(narrow.predict(x)[:, 0] > 0.5).astype(int)"),
        (TWO.format(units="units=1", answers="np.argmax(narrow.predict(x), axis=-1)"), "np.argmax(narrow.predict(x), axis=-1)", "(narrow.predict(x)[:, 0] > 0.5).astype(int)"),
        (SEVERAL.format(models=MODELS, answers="torch.argmax(second(x), dim=1)"), "torch.argmax(second(x), dim=1)", "(second(x)[:, 0] > 0.0).long()"),
        (SEVERAL.format(models=MODELS, answers="second(x).detach().argmax(dim=-1)"), None, None),
    ],
)  # fmt: skip
def test_one_unit_is_compared(script: str, old: str | None, new: str | None) -> None:
    [found] = [one for one in findings(script, "TRN709") if one.code == "TRN709"]
    if old is None or new is None:
        assert found.fix is None
    else:
        assert found.fix is not None
        assert apply(script, found.fix.edits) == script.replace(old, new)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(torch_script("torch.argmax(model(x), dim=1)", WIDE, loss="F.cross_entropy(model(x), y)"), id="three units"),
        pytest.param(torch_script("torch.argmax(model(x), dim=0)"), id="over the rows"),
        pytest.param(TWO.format(units=1, answers="np.argmax(wide.predict(x), axis=1)"), id="the other model"),
        pytest.param(TWO.format(units="len(y)", answers="np.argmax(narrow.predict(x), axis=1)"), id="units that are not known"),
        pytest.param(
            torch_script("torch.argmax(model(x), dim=1)", "nn.Conv1d(4, 8, 3), nn.Conv1d(8, 1, 3)", loss=MSE),
            id="over the channels of a sequence",
        ),
        pytest.param(torch_script("torch.argmax(model(x), dim=1)", output="self.head(x.unflatten(1, (3, -1)))"), id="over an axis before the last"),
        pytest.param("import encoders\n" + torch_script("torch.argmax(model(x), dim=1)", output="self.head(encoders.choices(x))"), id="of an encoder that is not known"),
        pytest.param(SEVERAL.format(models=MODELS, answers="torch.argmax(first(x), dim=1)"), id="the model of three units"),
        pytest.param(SEVERAL.format(models=MODELS, answers="torch.argmax(second(x), dim=0)"), id="the best row"),
        pytest.param(torch_script("torch.argmax(model(x)[0])"), id="of one row"),
    ],
)  # fmt: skip
def test_what_can_tell_classes_apart_is_not_found(script: str) -> None:
    assert not [one for one in findings(script, "TRN709") if one.code == "TRN709"]


def test_a_loss_that_cannot_serve_one_unit_either_is_the_one_fault() -> None:
    script = torch_script("torch.argmax(model(x), dim=1)", loss="F.cross_entropy(model(x), y)")
    found = {one.code: one for one in findings(script, "TRN303", "TRN709")}
    assert "TRN303" in found
    assert "TRN709" not in found
