"""How layers are mended where they are spelled in other ways than the documentation of the rules spells them."""

from __future__ import annotations

import ast

import pytest

from tests.rules.checking import apply, findings

TORCH = """\
import torch
{imports}
model = {model}


def train(loader):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for x, y in loader:
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
"""
NN = "from torch import nn\n"
MODULE = """\
class Net({nn}.Module):
    def __init__(self):
        super().__init__()
        {made}

    def forward(self, x):
        return {output}


"""
KERAS = """\
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.layers import Conv2D, Dense, {imported}
model = keras.Sequential()
{layers}
model.compile("adam", "mse")


def train(x, y):
    model.fit(x, y)
"""
IMAGES = """\
import numpy as np
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.layers import Dense, {imported}

x, y = np.random.rand(500, 28, 28, 1), keras.utils.to_categorical(np.random.randint(0, 10, 500), 10)
model = keras.Sequential()
model.add(layers.Conv2D(8, 3, activation="relu", input_shape=(28, 28, 1)))
{layers}
model.compile("adam", "categorical_crossentropy")
model.fit(x, y)
"""


def torch_script(model: str, imports: str = NN) -> str:
    return TORCH.format(imports=imports, model=model)


def module(made: str, output: str, nn: str = "nn", imports: str = NN) -> str:
    return TORCH.format(imports=imports + "\n\n" + MODULE.format(nn=nn, made=made, output=output), model="Net()")


def keras_script(*layers: str, imported: str = "Flatten") -> str:
    return KERAS.format(layers="\n".join(layers), imported=imported)


def image_script(*layers: str, imported: str = "Flatten") -> str:
    return IMAGES.format(layers="\n".join(layers), imported=imported)


DENSE = 'model.add(layers.Dense(64, activation="relu", input_shape=(20,)))'
OUTPUT = "model.add(layers.Dense(1))"
TWO = "nn.Sequential(nn.Linear(8, 32), nn.Linear(32, 1))"
CONSTANT = "nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 1))\n{}\n{}"


def linear(spelling: str) -> str:
    return "model.add(" + spelling + ")"


@pytest.mark.parametrize(
    ("code", "script", "old", "new"),
    [
        # relu is named as the layer before it is, for that name is bound
        ("TRN401", torch_script(TWO), "32), nn", "32), nn.ReLU(), nn"),
        ("TRN401", torch_script(TWO.replace("nn", "torch.nn"), ""), "32), torch", "32), torch.nn.ReLU(), torch"),
        ("TRN401", module("self.net = " + TWO, "self.net(x)"), "32), nn", "32), nn.ReLU(), nn"),
        ("TRN401", keras_script(linear("Dense(64, input_shape=(20,))"), OUTPUT), "20,))", '20,), activation="relu")'),
        # ... and a parameter as the package that is imported
        (
            "TRN410",
            module("self.w, self.b = None, torch.nn.Linear(8, 1)\n        self.s = torch.ones(1, requires_grad=True)", "self.b(x) * self.s", "torch.nn", ""),
            "torch.ones(1, requires_grad=True)",
            "torch.nn.Parameter(torch.ones(1))",
        ),
        (
            "TRN410",
            module("self.b = nn.Linear(8, 1)\n        self.s = torch.zeros(1, requires_grad=True)", "self.b(x) * self.s"),
            "torch.zeros(1, requires_grad=True)",
            "nn.Parameter(torch.zeros(1))",
        ),
        (
            "TRN410",
            module('self.d = {"a": nn.Linear(8, 1)}\n        self.b = nn.Linear(1, 1)', 'self.b(self.d["a"](x).relu())'),
            '{"a": nn.Linear(8, 1)}',
            'nn.ModuleDict({"a": nn.Linear(8, 1)})',
        ),
        # the library's own start
        ("TRN402", keras_script(linear('Dense(64, "tanh", kernel_initializer="zeros", input_shape=(20,))'), OUTPUT), '"zeros"', '"glorot_uniform"'),
        (
            "TRN402",
            torch_script(CONSTANT.format("nn.init.constant_(model[0].weight, 0.5)", "nn.init.constant_(model[2].weight, 0.5)")),
            "constant_(model[0].weight, 0.5)",
            "xavier_uniform_(model[0].weight)",
        ),
        # the axes that a dense layer takes
        ("TRN405", image_script('model.add(layers.Dense(10, activation="softmax"))'), "model.add(layers.Dense", "model.add(layers.Flatten())\nmodel.add(layers.Dense"),
        ("TRN405", image_script('model.add(Dense(10, activation="softmax"))'), "model.add(Dense", "model.add(Flatten())\nmodel.add(Dense"),
        # sizes
        ("TRN406", NN + "import torch\nnn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(in_features=32, out_features=1))(torch.rand(4, 8))\n", "32", "16"),
        ("TRN408", keras_script('model.add(Conv2D(8, 3, padding="same", input_shape=[3, 32, 32]))', "model.add(Flatten())", OUTPUT), "[3, 32, 32]", "[32, 32, 3]"),
        # layers that are made at every call
        (
            "TRN411",
            module("self.linear = nn.Linear(8, 16)", "nn.Linear(16, 1)(self.linear(x))"),
            "        self.linear = nn.Linear(8, 16)\n\n    def forward(self, x):\n        return nn.Linear(16, 1)",
            "        self.linear_ = nn.Linear(16, 1)\n        self.linear = nn.Linear(8, 16)\n\n    def forward(self, x):\n        return self.linear_",
        ),
        # dropout
        ("TRN416", torch_script("nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(p=0.95), nn.Linear(32, 1))"), "p=0.95", "p=0.05"),
        ("TRN422", IMAGES.format(imported="Flatten", layers="").replace("28, 28, 1)", "28, 28)").replace('layers.Conv2D(8, 3, activation="relu", input_shape', "layers.LSTM(return_sequences=True, units=8, input_shape").replace("28, 28)))", '28, 28)))\nmodel.add(Dense(10, activation="softmax"))'), "return_sequences=True, ", ""),
        # an activation that does nothing
        ("TRN425", keras_script(DENSE, "model.add(layers.ReLU())", OUTPUT), "model.add(layers.ReLU())\n", ""),
        ("TRN425", keras_script(DENSE, "model.add(layers.ReLU())  # twice", OUTPUT), "model.add(layers.ReLU())  # twice", "# twice"),
        ("TRN425", torch_script("nn.Sequential(nn.Linear(8, 32), nn.ReLU(), torch.nn.ReLU(), nn.Linear(32, 1))"), "torch.nn.ReLU()", "torch.nn.Identity()"),
        ("TRN425", module("self.a, self.b = nn.Linear(8, 32), nn.Linear(32, 1)", "self.b(torch.relu(self.a(x).relu()))").replace("        return self.b(torch.relu(self.a(x).relu()))", "        x = self.a(x).relu()\n        x = torch.relu(x)\n        return self.b(x)"), "torch.relu(x)", "x"),
    ],
)  # fmt: skip
def test_a_layer_is_mended_in_place(code: str, script: str, old: str, new: str) -> None:
    found = [one for one in findings(script, code) if one.code == code]
    assert found
    fix = found[0].fix
    assert fix is not None
    repaired = apply(script, fix.edits)
    ast.parse(repaired)
    [row] = {repaired for _ in [0]}
    assert row == script.replace(old, new, 1)


@pytest.mark.parametrize(
    ("code", "script"),
    [
        pytest.param("TRN401", torch_script("nn.Sequential(first := nn.Linear(8, 32), nn.Linear(32, 1))"), id="a name is given in the list"),
        pytest.param("TRN401", module("self.a = nn.Linear(8, 32)\n        self.b = nn.Linear(32, 1)", "self.b(self.a(x))"), id="layers that are not in a list"),
        pytest.param("TRN401", torch_script("nn.Sequential(nn.Linear(\n    8, 32), nn.Linear(32, 1))"), id="over two rows"),
        pytest.param("TRN405", image_script('softmax = Dense(10, activation="softmax")', "model.add(softmax)"), id="made before it is added"),
        pytest.param("TRN405", image_script('model.add(Dense(10, activation="softmax"))', imported="Dropout"), id="no Flatten is imported"),
        pytest.param("TRN410", module("self.l = [torch.nn.Linear(8, 8)]\n        self.b = torch.nn.Linear(8, 1)", "self.b(self.l[0](x).relu())", "torch.nn", ""), id="no name for ModuleList"),
        pytest.param("TRN410", module("self.l = list((nn.Linear(8, 8),))\n        self.b = nn.Linear(8, 1)", "self.b(self.l[0](x).relu())"), id="a list that is not spelled as one"),
        pytest.param("TRN411", module("self.a, n = nn.Linear(8, 16), 16", "nn.Linear(len(x[0]), 1)(self.a(x))"), id="settings of the call"),
        pytest.param("TRN411", module("self.a = nn.Linear(8, 16)", "nn.Linear(16, 1)(self.a(x))").replace("super().__init__()", "nn.Module.__init__(self)"), id="no super in the class"),
        pytest.param("TRN411", "from torch import nn\n\n\ndef two():\n" + "".join(f"    class {name}(nn.Module):\n        def __init__(self):\n            {base}.__init__()\n\n        def forward(self, x):\n            return {made}(x)\n\n" for name, base, made in (("First", "super()", "nn.Identity()"), ("Last", "super(Last, self)  ", "nn.Linear(8, 1)"))) + "    return First(), Last()\n\n\ntwo()\n", id="the constructor above is another class's"),
        pytest.param("TRN413", "from torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self): self.first = nn.Linear(8, 1)\n\n\nmodel = Net()\n", id="a constructor of one row"),
        pytest.param("TRN416", torch_script("nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(1 - 0.05), nn.Linear(32, 1))"), id="a rate that is computed"),
        pytest.param("TRN417", torch_script("nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1),\n    nn.Dropout(0.5))"), id="on two rows"),
        pytest.param("TRN425", keras_script(DENSE, "model.add(layers.ReLU()); " + OUTPUT), id="another statement in the row"),
        pytest.param("TRN425", torch_script("nn.Sequential(nn.Linear(8, 32), nn.ReLU(), *[nn.ReLU(\n)], nn.Linear(32, 1))"), id="a call over two rows"),
    ],
)  # fmt: skip
def test_what_is_spelled_otherwise_is_found_and_left_as_it_is(code: str, script: str) -> None:
    found = [one for one in findings(script, code) if one.code == code]
    assert found
    assert all(one.fix is None for one in found)
