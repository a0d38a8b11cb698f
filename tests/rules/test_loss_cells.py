"""Every cell of the decision table of losses and outputs, as a script in the framework that has it: its verdict, and none else."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.rules.checking import catalogue, findings

KERAS = """import numpy as np
from tensorflow import keras

x = np.random.rand(600, 8)
y = {labels}
model = keras.Sequential([
    keras.layers.Dense(32, activation="relu", input_shape=(8,)),
    keras.layers.Dense({units}, activation="{activation}"),
])
model.compile(optimizer="adam", loss={loss})
model.fit(x, y, epochs=20)
"""

TORCH = """import torch
from torch import nn, optim

x = torch.rand(600, 8)
y = {labels}
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, {units}){activation})
criterion = {loss}
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(20):
    optimizer.zero_grad()
    criterion(model(x){more}, y).backward()
    optimizer.step()
"""

KERAS_LABELS = {
    "int": "np.random.randint(0, 10, size=600)",
    "column": "np.random.randint(0, 10, size=(600, 1))",
    "onehot": "keras.utils.to_categorical(np.random.randint(0, 10, size=600), 10)",
    "pairs": "keras.utils.to_categorical(np.random.randint(0, 2, size=600), 2)",
    "multihot": "(np.random.rand(600, 10) > 0.7).astype(int)",
    "binary": "np.random.randint(0, 2, size=(600, 1))",
    "pm1": "2 * np.random.randint(0, 2, size=600) - 1",
    "from1": "np.random.randint(1, 3, size=600)",
    "real": "3 * np.random.randn(600, 1)",
    "flat": "np.random.randn(600)",
    "wide": "np.random.randn(600, 10)",
    "unit": "np.random.rand(600, 1)",
    "shares": "np.random.rand(600, 10)",
    "counts": "np.random.poisson(3.0, size=(600, 1))",
    "unknown": "np.load('y.npy')",
}
TORCH_LABELS = {
    "int": "torch.randint(0, 10, (600,))",
    "onehot": "nn.functional.one_hot(torch.randint(0, 10, (600,)), 10).float()",
    "onehot int": "nn.functional.one_hot(torch.randint(0, 10, (600,)), 10)",
    "pairs": "nn.functional.one_hot(torch.randint(0, 2, (600,)), 2).float()",
    "multihot": "torch.randint(0, 2, (600, 10)).float()",
    "binary": "torch.randint(0, 2, (600, 1)).float()",
    "binary flat": "torch.randint(0, 2, (600,)).float()",
    "pm1": "2.0 * torch.randint(0, 2, (600, 1)) - 1",
    "from1": "torch.randint(1, 3, (600, 1)).float()",
    "real": "3 * torch.randn(600, 1)",
    "flat": "torch.randn(600)",
    "wide": "torch.randn(600, 10)",
    "unit": "torch.rand(600, 1)",
    "shares": "torch.rand(600, 10)",
    "classes": "torch.randint(0, 10, (600, 1)).float()",
    "unknown": "torch.load('y.pt')",
}
KERAS_LOSSES = {
    "CCE": '"categorical_crossentropy"',
    "SCCE": '"sparse_categorical_crossentropy"',
    "BCE": '"binary_crossentropy"',
    "CE": "keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
    "CE dense": "keras.losses.CategoricalCrossentropy(from_logits=True)",
    "BCEL": "keras.losses.BinaryCrossentropy(from_logits=True)",
    "MSE": '"mse"',
    "MAE": '"mae"',
    "hinge": '"hinge"',
    "poisson": '"poisson"',
    "KLD": '"kl_divergence"',
}
TORCH_LOSSES = {
    "CE": "nn.CrossEntropyLoss()",
    "NLL": "nn.NLLLoss()",
    "BCE": "nn.BCELoss()",
    "BCEL": "nn.BCEWithLogitsLoss()",
    "MSE": "nn.MSELoss()",
    "MAE": "nn.L1Loss()",
    "poisson": "nn.PoissonNLLLoss()",
    "KLD": "nn.KLDivLoss(reduction='batchmean')",
    "cosine": "nn.CosineEmbeddingLoss()",
    "gaussian": "lambda mean, target: nn.functional.gaussian_nll_loss(mean, target, mean)",
}
TORCH_ACTIVATIONS = {
    "linear": "",
    "softmax": ", nn.Softmax(dim=1)",
    "log_softmax": ", nn.LogSoftmax(dim=1)",
    "sigmoid": ", nn.Sigmoid()",
    "tanh": ", nn.Tanh()",
    "relu": ", nn.ReLU()",
    "elu": ", nn.ELU()",
    "softplus": ", nn.Softplus()",
}

CELLS = """
 1 | keras | CCE      | softmax     |  1 | binary      | 303
 2 | keras | SCCE     | sigmoid     |  1 | binary      | 303
 2 | torch | CE       | linear      |  1 | int         | 303
 3 | keras | BCE      | softmax     |  1 | binary      | 303
 3 | torch | BCE      | softmax     |  1 | binary      | 303
 4 | keras | MSE      | softmax     |  1 | real        | 303
 4 | torch | MSE      | softmax     |  1 | real        | 303
 5 | keras | BCE      | sigmoid     |  1 | real        | 311
 5 | torch | BCE      | sigmoid     |  1 | real        | 311
 6 | keras | CCE      | softmax     | 10 | int         | 305
 7 | keras | CCE      | softmax     | 10 | multihot    | 308
 7 | torch | CE       | linear      | 10 | multihot    | 308
 8 | keras | CCE      | softmax     | 10 | onehot      |
 9 | keras | SCCE     | softmax     | 10 | onehot      | 306
10 | keras | CCE      | linear      | 10 | onehot      | 301
10 | keras | SCCE     | linear      | 10 | int         | 301
11 | keras | CCE      | relu        | 10 | onehot      | 304
12 | keras | SCCE     | relu        | 10 | int         | 304
13 | keras | SCCE     | tanh        | 10 | int         | 304
14 | keras | CCE      | sigmoid     | 10 | onehot      | 308
15 | keras | SCCE     | softmax     |  9 | int         | 307
15 | keras | SCCE     | softmax     | 50 | int         | 307
16 | keras | SCCE     | softmax     | 10 | int         |
16 | keras | SCCE     | softmax     | 10 | column      |
17 | keras | CCE      | softmax     | 12 | onehot      | 307
18 | torch | CE       | linear      | 10 | onehot int  | 306
18 | torch | NLL      | log_softmax | 10 | onehot int  | 306
18 | keras | CE dense | linear      | 12 | onehot      | 307
18 | keras | CE dense | linear      |  7 | shares      | 307
18 | torch | CE       | linear      | 12 | onehot      | 307
18 | torch | CE       | linear      |  7 | shares      | 307
19 | keras | CE       | softmax     | 10 | int         | 302
19 | torch | CE       | softmax     | 10 | int         | 302
20 | keras | CE       | sigmoid     | 10 | int         | 302
20 | torch | CE       | sigmoid     | 10 | int         | 302
21 | keras | CE       | relu        | 10 | int         | 304
21 | torch | CE       | elu         | 10 | int         | 304
22 | keras | CE       | log_softmax | 10 | int         |
22 | torch | CE       | log_softmax | 10 | int         |
23 | keras | CE       | linear      |  9 | int         | 307
23 | torch | CE       | linear      |  9 | int         | 307
24 | keras | CE       | linear      | 10 | int         |
24 | keras | CE dense | linear      | 10 | onehot      |
24 | torch | CE       | linear      | 10 | int         |
24 | torch | CE       | linear      | 10 | onehot      |
26 | torch | NLL      | linear      | 10 | int         | 312
26 | torch | NLL      | softmax     | 10 | int         | 312
27 | torch | NLL      | log_softmax | 10 | int         |
27 | torch | NLL      | log_softmax |  9 | int         | 307
28 | keras | BCE      | sigmoid     | 10 | int         | 305
28 | torch | BCEL     | linear      | 10 | int         | 305
29 | keras | BCE      | sigmoid     |  1 | pm1         | 313
29 | keras | BCEL     | linear      |  1 | from1       | 313
29 | torch | BCEL     | linear      |  1 | pm1         | 313
29 | torch | BCE      | sigmoid     |  1 | from1       | 313
30 | keras | BCE      | linear      |  1 | binary      | 301
30 | torch | BCE      | linear      |  1 | binary      | 301
31 | keras | BCE      | tanh        |  1 | binary      | 304
31 | torch | BCE      | relu        |  1 | binary      | 304
32 | keras | BCEL     | sigmoid     |  1 | binary      | 302
32 | torch | BCEL     | sigmoid     |  1 | binary      | 302
33 | keras | BCEL     | softmax     |  2 | pairs       | 302
33 | torch | BCEL     | softmax     |  2 | pairs       | 302
34 | keras | BCEL     | relu        |  1 | binary      | 304
34 | torch | BCEL     | tanh        |  1 | binary      | 304
35 | keras | BCE      | sigmoid     |  1 | binary      |
35 | torch | BCE      | sigmoid     |  1 | binary      |
35 | torch | BCE      | sigmoid     |  1 | binary flat | 314
36 | keras | BCE      | sigmoid     | 10 | multihot    |
36 | torch | BCE      | sigmoid     | 10 | multihot    |
37 | keras | BCE      | sigmoid     |  1 | unit        |
37 | torch | BCE      | sigmoid     |  1 | unit        |
38 | keras | BCE      | softmax     |  2 | pairs       |
38 | torch | BCE      | softmax     |  2 | pairs       |
39 | keras | BCE      | softmax     | 10 | onehot      | 308
39 | torch | BCE      | softmax     | 10 | onehot      | 308
40 | keras | BCE      | softmax     | 10 | multihot    | 308
40 | torch | BCE      | softmax     | 10 | multihot    | 308
41 | keras | BCE      | sigmoid     | 10 | onehot      | 308
41 | torch | BCEL     | linear      | 10 | onehot      | 308
42 | keras | BCEL     | linear      |  1 | binary      |
42 | keras | BCEL     | linear      | 10 | multihot    |
42 | torch | BCEL     | linear      |  1 | binary      |
42 | torch | BCEL     | linear      | 10 | multihot    |
43 | keras | BCE      | sigmoid     |  2 | pairs       |
43 | torch | BCEL     | linear      |  2 | pairs       |
44 | keras | MSE      | linear      | 10 | real        | 314
44 | torch | MSE      | linear      | 10 | real        | 314
45 | keras | MSE      | linear      |  1 | flat        |
45 | torch | MSE      | linear      |  1 | flat        | 314
46 | keras | MSE      | sigmoid     |  1 | real        | 309
46 | torch | MSE      | tanh        |  1 | real        | 309
47 | keras | MAE      | relu        |  1 | real        | 309
47 | torch | MAE      | softplus    |  1 | real        | 309
48 | keras | MSE      | relu        |  1 | unit        | 309
48 | torch | MSE      | relu        |  1 | unknown     | 309
49 | keras | MSE      | sigmoid     |  1 | binary      | 310
49 | torch | MSE      | softmax     | 10 | onehot      | 310
50 | keras | MAE      | softmax     | 10 | onehot      | 310
50 | torch | MAE      | sigmoid     |  1 | binary      | 310
51 | keras | MSE      | linear      |  1 | column      | 310
51 | torch | MSE      | linear      |  1 | classes     | 310
52 | keras | MSE      | linear      | 10 | wide        |
52 | keras | MSE      | sigmoid     |  1 | unit        |
52 | torch | MSE      | linear      | 10 | wide        |
52 | torch | MAE      | sigmoid     |  1 | unit        |
53 | keras | poisson  | linear      |  1 | counts      | 319
53 | torch | poisson  | linear      |  1 | unit        |
54 | torch | poisson  | softplus    |  1 | unit        | 319
55 | torch | KLD      | softmax     | 10 | unknown     | 319
55 | torch | KLD      | log_softmax | 10 | unknown     |
57 | torch | gaussian | linear      |  1 | real        | 319
57 | torch | gaussian | softplus    |  1 | unit        |
58 | keras | hinge    | sigmoid     |  1 | pm1         | 304
59 | keras | hinge    | tanh        |  1 | pm1         |
59 | keras | hinge    | linear      |  1 | binary      |
60 | keras | KLD      | softmax     | 10 | onehot      |
61 | keras | KLD      | linear      | 10 | onehot      | 301
62 | torch | cosine   | linear      | 10 | unknown     |
"""
"""Row of the specification, framework, loss, output, units, labels, verdict. Maps and CTC (25, 56) have scripts of their own."""


class Cell(NamedTuple):
    row: str
    framework: str
    loss: str
    activation: str
    units: str
    labels: str
    code: str

    def __str__(self) -> str:
        return "-".join(self[:6]).replace(" ", "_")


def cells() -> list[Cell]:
    return [Cell(*(part.strip() for part in line.split("|"))) for line in CELLS.strip().splitlines()]


def script(cell: Cell) -> str:
    if cell.framework == "keras":
        loss, labels = KERAS_LOSSES[cell.loss], KERAS_LABELS[cell.labels]
        return KERAS.format(labels=labels, units=cell.units, activation=cell.activation, loss=loss)
    loss, labels, activation = TORCH_LOSSES[cell.loss], TORCH_LABELS[cell.labels], TORCH_ACTIVATIONS[cell.activation]
    more = ", model(x)" if cell.loss == "cosine" else ""
    return TORCH.format(labels=labels, units=cell.units, activation=activation, loss=loss, more=more)


FAMILY = tuple(one.code for one in catalogue() if one.code.startswith("TRN3"))


def verdicts(text: str) -> set[str]:
    return {one.code for one in findings(text, *FAMILY) if one.code in FAMILY}


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_cell_has_its_verdict_and_no_other(cell: Cell) -> None:
    assert verdicts(script(cell)) == ({f"TRN{cell.code}"} if cell.code else set())


def test_every_row_has_a_cell() -> None:
    assert {int(cell.row) for cell in cells()} == set(range(1, 63)) - {25, 56}


MAPS = """import torch
from torch import nn, optim

x, y = torch.rand(8, 3, 16, 16), torch.randint(0, 5, (8, 16, 16))
model = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 5, 3, padding=1))
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(20):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
"""

KERAS_MAPS = """import numpy as np
from tensorflow import keras

x, y = np.random.rand(8, 16, 16, 3), np.random.randint(0, 5, size=(8, 16, 16))
model = keras.Sequential([
    keras.layers.Conv2D(8, 3, padding="same", activation="relu", input_shape=(16, 16, 3)),
    keras.layers.Conv2D(5, 3, padding="same"),
])
model.compile(optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(x, y, epochs=20)
"""

CTC = """import torch
from torch import nn, optim

x, y = torch.rand(50, 16, 8), torch.randint(1, 20, (16, 30))
sizes, lengths = torch.full((16,), 50), torch.full((16,), 30)
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 20){activation})
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(20):
    optimizer.zero_grad()
    nn.functional.ctc_loss(model(x), y, sizes, lengths).backward()
    optimizer.step()
"""


@pytest.mark.parametrize("text", [MAPS, KERAS_MAPS], ids=["torch", "keras"])
def test_class_scores_on_maps_are_right(text: str) -> None:
    assert verdicts(text) == set()


def test_ctc_wants_log_probabilities() -> None:
    assert verdicts(CTC.format(activation="")) == {"TRN319"}
    assert verdicts(CTC.format(activation=", nn.LogSoftmax(dim=2)")) == set()


STACKED = [
    ("keras", "SCCE", '10, activation="sigmoid"), keras.layers.Activation("softmax"', "int", "302"),
    ("keras", "SCCE", '10, activation="relu"), keras.layers.Softmax(', "int", "304"),
    ("keras", "BCE", '1, activation="relu"), keras.layers.Activation("sigmoid"', "binary", "304"),
    ("torch", "NLL", "10), nn.ReLU(), nn.LogSoftmax(dim=1", "int", "304"),
    ("torch", "NLL", "10), nn.Softmax(dim=1), nn.LogSoftmax(dim=1", "int", "302"),
    ("torch", "BCE", "1), nn.Sigmoid(), nn.Sigmoid(", "binary", "302"),
    ("torch", "BCE", "1), nn.Tanh(), nn.Sigmoid(", "binary", "304"),
    ("torch", "BCE", "10), nn.Sigmoid(), nn.Softmax(dim=1", "multihot", "302"),
    ("keras", "BCE", '10, activation="softmax"), keras.layers.Softmax(', "onehot", "302"),
]


LOG_LOSS = """import tensorflow as tf

x, y = tf.placeholder(tf.float32, [None, 8]), tf.placeholder(tf.float32, [None, {units}])
output = tf.layers.dense(x, {units}, activation={activation})
train = tf.train.AdamOptimizer(1e-3).minimize(tf.losses.log_loss(y, {given}))
"""


@pytest.mark.parametrize(
    ("units", "activation", "given", "code", "said"),
    [
        (10, "None", "output", "TRN301", "is NaN"),  # tf.losses.log_loss adds its epsilon and clips nothing
        (1, "tf.nn.relu", "output", "TRN304", "infinite"),
        (1, "tf.nn.softmax", "output", "TRN303", "constant 1"),
        (10, "tf.nn.softmax", "tf.nn.softmax(output)", "TRN302", "none of 10 classes can be given more than 0.232"),
        (1, "tf.nn.sigmoid", "output", "", ""),
    ],
)
def test_log_loss_of_tensorflow_1_clips_nothing(units: int, activation: str, given: str, code: str, said: str) -> None:
    found = findings(LOG_LOSS.format(units=units, activation=activation, given=given), "TRN301")
    assert {one.code for one in found} == ({code} if code else set())
    assert all(said in one.message for one in found)


@pytest.mark.parametrize("case", STACKED, ids=lambda case: f"{case[0]}-{case[2]}")
def test_an_activation_under_the_output_activation(case: tuple[str, str, str, str, str]) -> None:
    framework, loss, output, labels, code = case
    cell = Cell("20", framework, loss, "linear", "UNITS", labels, code)
    text = script(cell).replace('UNITS, activation="linear"', output).replace("UNITS", output)
    assert verdicts(text) == {f"TRN{code}"}
