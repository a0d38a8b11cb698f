"""What a name, a comment or a spelling suggests does not make a finding, nor hide one: values that are followed decide."""

from __future__ import annotations

import pytest

from tests.rules.checking import EXPECTED, marked, of

TORCH = """import torch
from torch import nn, optim
import torch.nn.functional as F
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset
x, y = torch.rand(64, 8), torch.rand(64, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)
model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
"""
PASS = """    for a, b in loader:
        optimizer.zero_grad()
        F.mse_loss(model(a), b).backward()
        optimizer.step()
"""
LOOP = "for epoch in range(10):\n" + PASS
BERT = """import torch
from {path} import BertForSequenceClassification as Net
def train(loader):
    net = Net.from_pretrained("bert-base-uncased")
    head = net.classifier
    optimizer = torch.optim.AdamW({of}.parameters(), lr=1e-2){mark}
    for epoch in range(3):
        for batch in loader:
            optimizer.zero_grad()
            net(**batch).loss.backward()
            optimizer.step()
"""
FOLDS = """import numpy as np
from tensorflow import keras
{folds}
x, y = np.random.rand(600, 5), np.random.rand(600, 1)
model = keras.Sequential([keras.layers.Dense(16, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
for train, test in {over}:{mark}
    model.fit(x[train], y[train], epochs=20)
    print(model.evaluate(x[test], y[test]))
"""
CYCLE = """schedule = optim.lr_scheduler.OneCycleLR(optimizer, 0.1, {total})
def train(loader, epochs):
    for epoch in range(epochs):
        for a, b in loader:
            optimizer.zero_grad()
            F.mse_loss(model(a), b).backward()
            optimizer.step()
        schedule.step(){mark}
"""
HALF = """def train(loader):
    for a, b in loader:
        optimizer.zero_grad()
        with torch.autocast("cuda", dtype=torch.float16):
            loss = F.mse_loss(model(a), b){mark}
        {backward}
        optimizer.step()
"""
KERAS_LOOP = """import numpy as np
import tensorflow as tf
from tensorflow import keras
x = np.linspace(0, 1, 64).reshape(64, 1).astype("float32")
error = keras.losses.MeanSquaredError()
layer = keras.layers.Dense(64, "relu", kernel_regularizer=keras.regularizers.l2(100.0), input_shape=(1,))
model = keras.Sequential([layer, keras.layers.Dense(1)])
optimizer = keras.optimizers.SGD(0.01)
for epoch in range(20):
    with tf.GradientTape() as tape:
        loss = error(2 * x, model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
"""
PARTS = """import numpy as np
from library import Loader
class Rows(Loader):
    def shuffle(self):
        order = np.random.permutation(len(self.x))
        self.x = self.x[order]{mark}
        {labels}
rows = Rows(np.random.rand(600, 5), np.random.rand(600, 1))
rows.shuffle()
"""
DROPOUT = """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.last = nn.Linear(8, 1)
    def forward(self, rows):
        return self.last({given})
model = Net()
optimizer = optim.SGD(model.parameters(), lr=0.01)
model.eval(){mark}
"""
BEST = """best, best_model = 9.0, None
for epoch in range(10):
    for a, b in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(a), b)
        loss.backward()
        optimizer.step()
    if loss.item() < best:
        best = loss.item()
        best_model = model{mark}
{after}
"""
CRITERION = """loss = nn.MSELoss()
for epoch in range(10):
    for a, b in loader:
        optimizer.zero_grad()
        loss = loss(model(a), b){mark}
        loss.backward()
        optimizer.step()
{then}
"""
GUESSED = """network = nn.Sequential(nn.Linear(8, 3))
for a, b in loader:
    guess = network(a).argmax(0){mark}
    {then}
"""

SILENT = {
    "TRN511 a file is called as the second name": TORCH + BEST.format(mark="", after='torch.save(model, "best_model.pt")'),
    "TRN114 the head of a pretrained network": BERT.format(path="transformers", of="head", mark=""),
    "TRN515 TRN608 a whole training in each pass of a loop named for epochs": TORCH
    + "for epoch_count in range(5):\n    model = nn.Linear(8, 1)\n    optimizer = optim.Adam(model.parameters())\n"
    + "    for step in range(40):\n"
    + PASS.replace("    ", "        ", 1).replace("\n    ", "\n        "),
    "TRN702 folds of a class that is not known": FOLDS.format(
        folds="from plan import KFold\nkf = KFold(5)", over="kf.split(range(600))", mark=""
    ),
    "TRN709 a comment speaks of what is equal": TORCH + GUESSED.format(mark="  # == the row of each class", then="print(guess)"),
    "TRN611 as many steps as there are stages": TORCH
    + CYCLE.format(total="total_steps=len(stages)", mark="").replace("schedule =", "from plan import stages\nschedule ="),
    "TRN610 a schedule is handed on, a comment names what it shows": TORCH
    + "from engine import fit\ndecay = optim.lr_scheduler.StepLR(optimizer, 30)  # decay.get_last_lr()\nfit(decay)\n"
    + LOOP,
    "TRN122 penalties that nothing adds, among losses of the library": KERAS_LOOP,
    "TRN212 labels are taken in the same order": PARTS.format(mark="", labels="self.y = np.take(self.y, order, axis=0)"),
    "TRN505 a comment speaks of dropout": TORCH
    + DROPOUT.format(given="rows  # not F.dropout(rows, training=self.training)\n        ", mark="")
    + LOOP,
    "TRN318 the name is bound to the criterion again": TORCH
    + CRITERION.format(mark="", then="")
    .replace("        loss.backward()", "        loss.backward()")
    .replace("        optimizer.step()\n", "        optimizer.step()\n        (loss,\n         other) = nn.MSELoss(), 1\n"),
    "TRN415 a layer's output goes on in a list of its own name": """import numpy as np
from tensorflow import keras
from tensorflow.keras import layers
inputs = keras.Input((5,))
h = layers.Dense(48, activation="relu")(inputs)
h = [
    h, inputs]
print(h)
model = keras.Model(inputs, layers.Dense(1)(inputs))
model.compile("adam", "mse")
model.fit(np.random.rand(600, 5), np.random.randn(600, 1), epochs=10)
""",
    "TRN801 a loss that is scaled by hand": TORCH + HALF.format(mark="", backward="(loss * 1024.0).backward()"),
}
FOUND = {
    "TRN511 the second name is read": TORCH + BEST.format(mark="  # error: TRN511", after="print(best_model(x))"),
    "TRN114 a network by the path of its module": BERT.format(
        path="transformers.models.bert.modeling_bert", of="net", mark="  # error: TRN114"
    ),
    "TRN608 a loop over a number by another name": TORCH
    + "for i in range(10):\n    optimizer = optim.Adam(model.parameters(), lr=0.01)  # error: TRN608\n"
    + PASS,
    "TRN702 folds by a name of their own": FOLDS.format(
        folds="from sklearn.model_selection import KFold\nparts = KFold(5).split(range(600))",
        over="parts",
        mark="  # error: TRN702",
    ),
    "TRN611 the number of batches by a name": TORCH
    + CYCLE.format(total="epochs=10, steps_per_epoch=batches", mark="  # error: TRN611").replace(
        "schedule =", "from data import batches_of\nbatches = len(batches_of())\nschedule ="
    ),
    "TRN610 an assignment of several rows": TORCH
    + "decay = (\n    optim.lr_scheduler.StepLR(optimizer, 30)  # error: TRN610\n)\n"
    + LOOP,
    "TRN212 an order that only one array is put in": PARTS.format(mark="  # error: TRN212", labels="print(len(self.y))"),
    "TRN505 dropout that follows the mode": TORCH
    + DROPOUT.format(given="F.dropout(F.relu(rows), training=self.training)", mark="  # error: TRN505")
    + LOOP,
    "TRN801 a scaler of other things": TORCH
    + "from sklearn.preprocessing import StandardScaler\nscaler = StandardScaler()\n"
    + HALF.format(mark="  # error: TRN801", backward="loss.backward()"),
    "TRN805 a comment names what is missing": TORCH
    + "sampler = DistributedSampler(TensorDataset(x, y))  # error: TRN805\n# no sampler.set_epoch(epoch)\n"
    + "loader = DataLoader(TensorDataset(x, y), batch_size=16, sampler=sampler)\n"
    + LOOP,
    "TRN318 a criterion is replaced": TORCH + CRITERION.format(mark="  # error: TRN318", then=""),
    "TRN709 rows on a device in brackets of their own": TORCH
    + "def score(rows):\n    for a, b in rows:\n        a = a.to(torch.device('cuda'))\n"
    + "        print((model(a).argmax(1) == b).sum())  # error: TRN709\n",
    "TRN709 a guess that is compared in another row": TORCH
    + GUESSED.format(mark="  # error: TRN709", then="print((guess == b).sum())"),
}


@pytest.mark.parametrize("case", SILENT)
def test_a_name_makes_no_finding(case: str) -> None:
    codes = [word for word in case.split() if word.startswith("TRN")]
    assert of(SILENT[case], *codes) == set()


@pytest.mark.parametrize("case", FOUND)
def test_a_spelling_hides_no_finding(case: str) -> None:
    code = case.split(maxsplit=1)[0]
    assert of(FOUND[case], code) == marked(FOUND[case], EXPECTED) != set()
