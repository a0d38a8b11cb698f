"""Faults of PyTorch scripts that are told only once an idiom is read, each with what makes it right; and idioms that are right."""

from __future__ import annotations

import pytest

from tests.rules.checking import found_and_repaired, of
from tests.rules.torch_scripts import IMPORTS, PASS, SMALL

PICTURES = """from torchvision import datasets, transforms
pictures = datasets.ImageFolder("pictures", transforms.Compose([transforms.CenterCrop(64), transforms.ToTensor()]))
batches = DataLoader(pictures, batch_size=32, shuffle=True)
model = nn.Sequential(nn.Conv2d(3, 8, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
schedule = torch.optim.lr_scheduler.StepLR({})  # warning: TRN11{}
for epoch in range(60):
    model.train()
    for rows, targets in batches:
        optimizer.zero_grad()
        F.cross_entropy(model(rows), targets).backward()
        optimizer.step()
    schedule.step()
"""
"""Nothing tells how many updates an epoch of a folder has; the schedule is stepped once in each of 60."""

TWO_LOSSES = SMALL + PASS.replace("targets)\n", "targets) + 0.1 * F.l1_loss(model(rows), targets)\n")
FAULTS = {
    "a schedule by epochs that never acts": (PICTURES.format("optimizer, 100", 8), {"optimizer, 100": "optimizer, 20"}),
    "a schedule by epochs that ends too early": (PICTURES.format("optimizer, 2, 0.01", 7), {"2, 0.01": "40, 0.01"}),
    "minus a sum of losses": (
        TWO_LOSSES.replace("loss.backward()", "(-loss).backward()  # error: TRN317"),
        {"(-loss)": "loss"},
    ),
    "one over a sum of losses": (
        TWO_LOSSES.replace("loss.backward()", "(1 / loss).backward()  # error: TRN317"),
        {"(1 / loss)": "loss"},
    ),
    "a total by a plain sum": (
        SMALL
        + PASS.replace("20):", "20):\n    total = 0").replace(
            "\n        loss.backward()", "\n        total = total + loss  # warning: TRN509\n        loss.backward()"
        )
        + "    print(total / 10)\n",
        {"total + loss": "total + loss.item()"},
    ),
    "a state carried from window to window": (
        """class Walk(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.LSTM(6, 12, batch_first=True), nn.Linear(12, 1)
    def forward(self, rows, state):
        out, state = self.cell(rows, state)
        return self.head(out), state
model = Walk()
optimizer = torch.optim.Adam(model.parameters())
series, aims = torch.randn(40, 5, 20, 6), torch.randn(40, 5, 20, 1)
state = torch.zeros(1, 5, 12), torch.zeros(1, 5, 12)
for i in range(40):
    optimizer.zero_grad()
    guess, state = model(series[i], state)  # error: TRN509
    loss = F.mse_loss(guess, aims[i])
    loss.backward()
    optimizer.step()
""",
        {"    optimizer.zero_grad()": "    optimizer.zero_grad()\n    state = tuple(one.detach() for one in state)"},
    ),
    "layers behind a cut inside the network": (
        """class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(6, 16), nn.Linear(16, 1)
    def forward(self, rows):
        hidden = torch.relu(self.first(rows)).detach()  # error: TRN316
        return self.last(hidden)
model = Two()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
"""
        + PASS,
        {".detach()": ""},
    ),
    "the head put in after the optimizer": (
        """from torchvision import models
model = models.resnet18(pretrained=True)
optimizer = torch.optim.SGD(model.fc.parameters(), lr=0.001)
model.fc = nn.Linear(512, 3)  # error: TRN607
pictures, classes = torch.randn(64, 3, 224, 224), torch.randint(0, 3, (64,))
for epoch in range(5):
    optimizer.zero_grad()
    F.cross_entropy(model(pictures), classes).backward()
    optimizer.step()
""",
        {
            "lr=0.001)\nmodel.fc = nn.Linear(512, 3)  # error: TRN607": "lr=0.001)",
            "optimizer = ": "model.fc = nn.Linear(512, 3)\noptimizer = ",
        },
    ),
    "the last step of a sequence of the other axis": (
        """class Last(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.LSTM(6, 12), nn.Linear(12, 1)  # error: TRN421
    def forward(self, rows):
        out, _ = self.cell(rows)
        return self.head(out[:, -1])
model = Last()
optimizer = torch.optim.Adam(model.parameters())
x = torch.randn(320, 9, 6)
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
"""
        + PASS,
        {"nn.LSTM(6, 12)": "nn.LSTM(6, 12, batch_first=True)"},
    ),
    "stairs counted in batches": (
        SMALL
        + "schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=6, gamma=0.5)\n"
        + PASS
        + "        schedule.step()  # error: TRN611\n",
        {"        schedule.step()": "    schedule.step()"},
    ),
    "a threshold for probabilities on raw values": (
        SMALL
        + PASS.replace("F.mse_loss", "F.binary_cross_entropy_with_logits")
        + """    with torch.no_grad():
        hits = ((model(x) > 0.5).float() == y).float().mean()  # warning: TRN708
        print(hits)
""",
        {"model(x) >": "torch.sigmoid(model(x)) >"},
    ),
    "a scaled column put back into its table": (
        """from sklearn.preprocessing import StandardScaler
from sklearn.model_selection import train_test_split
table = np.loadtxt("table.csv", delimiter=",")
table[:, :6] = StandardScaler().fit_transform(table[:, :6])  # warning: TRN703
known, unseen, aims, true = train_test_split(table[:, :6], table[:, 6:], test_size=0.2)
model = nn.Linear(6, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
rows, wanted = torch.tensor(known).float(), torch.tensor(aims).float()
for epoch in range(100):
    optimizer.zero_grad()
    F.mse_loss(model(rows), wanted).backward()
    optimizer.step()
print(F.mse_loss(model(torch.tensor(unseen).float()), torch.tensor(true).float()))
""",
        {"table[:, :6] = StandardScaler().fit_transform(table[:, :6])  # warning: TRN703\n": ""},
    ),
}

CORRECT = {
    "numbered parts of a dense network": """class Dense(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.Sequential()
        for i in range(3):
            self.parts.add_module("part%d" % (i + 1), nn.Linear(6, 6))
            self.parts.add_module("act%d" % (i + 1), nn.ReLU())
        self.parts.add_module("head", nn.Linear(6, 1))
    def forward(self, rows):
        return self.parts(rows)
model = Dense()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
"""
    + PASS,
    "gradients put away one by one": SMALL
    + PASS.replace("        optimizer.zero_grad()\n", "").replace(
        "optimizer.step()", "optimizer.step()\n        for p in model.parameters():\n            p.grad = None"
    ),
    "batches collected by hand": """def collect(samples):
    rows, targets = zip(*samples)
    return torch.stack(rows), torch.stack(targets)
loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True, collate_fn=collect)
"""
    + SMALL
    + PASS,
    "the code of an autoencoder": """model = nn.Sequential(
    nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 14 * 14, 12),
    nn.Linear(12, 8 * 14 * 14), nn.ReLU(), nn.Unflatten(1, (8, 14, 14)), nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1),
)
optimizer = torch.optim.Adam(model.parameters())
pictures = torch.rand(64, 1, 28, 28)
for epoch in range(20):
    optimizer.zero_grad()
    F.mse_loss(model(pictures), pictures).backward()
    optimizer.step()
""",
    "an older way to copy to the device": SMALL.replace("\noptimizer", "\nmodel.cuda()\noptimizer")
    + PASS.replace(
        "        optimizer.zero",
        "        rows, targets = rows.cuda(async=True), targets.cuda(async=True)\n        optimizer.zero",
    ),
    "the model alone is moved, and what it is given": SMALL.replace("\noptimizer", "\nmodel.cuda()\noptimizer")
    + PASS.replace("        optimizer.zero", "        rows, targets = rows.cuda(), targets.cuda()\n        optimizer.zero"),
    "one function for both passes": SMALL
    + """def walk(batches, train):
    model.train(train)
    for rows, targets in batches:
        with torch.set_grad_enabled(train):
            loss = F.mse_loss(model(rows), targets)
        if train:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
for epoch in range(20):
    walk(loader, True)
    walk(DataLoader(TensorDataset(x, y), batch_size=32), False)
""",
    "an optimizer that another library wraps": """from private import make_private
def prepared(noise):
    model = nn.Linear(6, 1)
    plain = torch.optim.SGD(model.parameters(), lr=0.01)
    return model, plain, make_private(plain, noise)
for noise in (0.5, 1.0):
    model, plain, wrapped = prepared(noise)
    for rows, targets in loader:
        plain.zero_grad()
        F.mse_loss(model(rows), targets).backward()
        wrapped.step()
""",
    "rows in another order keep their scale": SMALL.replace("model =", "x = x[torch.randperm(320)]\nmodel =").replace(
        "x = x[", "x, y = (x - x.mean(0)) / x.std(0), y\nx = x["
    )
    + PASS,
}
NOT_FAULTS = {
    "TRN001",
    "TRN224",
    "TRN401",
    "TRN403",
    "TRN406",
    "TRN420",
    "TRN501",
    "TRN503",
    "TRN505",
    "TRN506",
    "TRN517",
    "TRN607",
}


@pytest.mark.parametrize(("script", "repairs"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_and_repair(script: str, repairs: dict[str, str]) -> None:
    found_and_repaired(IMPORTS + script, repairs)


@pytest.mark.parametrize("script", CORRECT.values(), ids=CORRECT.keys())
def test_no_fault_is_found_in_an_idiom_that_is_right(script: str) -> None:
    assert of(IMPORTS + script, *NOT_FAULTS) == set()
