"""Sizes, rates and numbers that no library takes, and parts of sizes that are not known: every rule gets by with them."""

from __future__ import annotations

import pytest

from tests.rules.checking import catalogue
from trainlint.engine import check_source
from trainlint.settings import Settings
from trainlint.source.read import read_text

DENSE = """import numpy as np
from tensorflow import keras
from shop import size

x, y = np.random.rand(640, {columns}), {labels}
model = keras.Sequential([keras.layers.Dense({units}, kernel_initializer="he_normal"), keras.layers.Dense(32), keras.layers.Dense(1)])
model.compile(keras.optimizers.SGD({rate}, weight_decay=0.01, clipnorm=1.0), "mse")
model.fit(x, y, epochs=20)
"""
SPELLED = {"columns": "8", "labels": "np.random.rand(640)", "units": "16", "rate": "0.01"}
CONVOLUTIONS = """import numpy as np
from tensorflow import keras
from shop import size

x, y = np.random.rand(64, 28, 28, 3), np.random.randint(0, 10, 64)
layers = [keras.layers.Conv2D(16, {kernel}, kernel_initializer="he_normal"), keras.layers.Conv2D({filters}, {kernel})]
model = keras.Sequential([*layers, keras.layers.ReLU(), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10)])
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(x, y, epochs=50)
"""
TORCH = """import torch
from torch import nn
from shop import size

x, y = torch.rand(640, 8), torch.randint(0, 3, (640,))
model = nn.Sequential(nn.Linear(8, {units}), nn.Sigmoid(), nn.Linear(32, 32), nn.Sigmoid(), nn.Linear(32, 3), nn.Softmax(dim=1))
optimizer = torch.optim.SGD(model.parameters(), lr={rate})
for epoch in range(20):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
"""
SIZES = ("0", "-1", "-0.0", "10**400", "2**900", "2**900 + 1j", "()", "[2, 3]", "'a'", "None", "float('nan')", "1e400", "size")
ADAM = """import torch
from torch import nn, optim

model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = optim.Adam(model.parameters(), lr={rate})

def run(loader):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
"""
NO_TARGETS = """import torch

x = torch.arange(1.0, 21.0).reshape(-1, 1)
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(500):
    optimizer.zero_grad()
    torch.nn.functional.mse_loss(model(x), x[:, 1:]).backward()
    optimizer.step()
"""
SCRIPTS = (
    NO_TARGETS,
    *(ADAM.format(rate=rate) for rate in ("1e400", "-1e400", "float('nan')", "0")),
    *(DENSE.format(**{**SPELLED, name: size}) for name in ("columns", "units", "rate") for size in SIZES),
    *(DENSE.format(**{**SPELLED, "labels": labels}) for labels in ("np.arange(640) * 1j", "np.full(640, 2**900)", "-1")),
    *(CONVOLUTIONS.format(filters=size, kernel="3") for size in SIZES),
    *(CONVOLUTIONS.format(filters="8", kernel=f"({size}, 3)") for size in SIZES),
    *(TORCH.format(units=size, rate="0.01") for size in SIZES),
    *(TORCH.format(units="32", rate=size) for size in SIZES),
    DENSE.format(**{**SPELLED, "columns": "1" * 400}),
    DENSE.format(**{**SPELLED, "rate": f"int('{'9' * 400}') + 2**999 + 2**999"}),
)


@pytest.mark.parametrize("text", SCRIPTS)
@pytest.mark.filterwarnings("error")
def test_no_rule_fails(text: str) -> None:
    settings = Settings(select=tuple(sorted(one.code for one in catalogue())), preview=True)
    result = check_source(read_text(text, "train.py"), settings)
    assert not result.failed, result.findings
    assert result.runs == 1
