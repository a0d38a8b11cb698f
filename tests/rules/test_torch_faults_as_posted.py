"""Faults as questions about PyTorch show them, in the forms that earlier tests lack, each with its repair; and what is right."""

from __future__ import annotations

import pytest

from tests.rules.checking import found_and_repaired, of
from tests.rules.torch_scripts import IMPORTS, PASS, SMALL, at_once

SCHEDULE = """schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, steps_per_epoch=len(batches), epochs=20)
"""
PHASES = """loaders = {"train": loader, "val": DataLoader(TensorDataset(x, y), batch_size=32)}
for epoch in range(20):
    for phase in ["train", "val"]:
        if phase == "train":
            model.train()
        else:
            model.eval()
        for rows, targets in loaders[phase]:
            loss = F.mse_loss(model(rows), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()  # error: TRN505
"""

FAULTS = {
    "columns of their own means": (
        """a = np.random.normal([90, 95], [2, 3], (160, 2))  # warning: TRN202
b = np.random.normal([95, 88], [2, 3], (160, 2))
x = torch.tensor(np.vstack([a, b])).float()
y = torch.tensor(np.repeat([0, 1], 160)).float().unsqueeze(1)
model = nn.Sequential(nn.Linear(2, 8), nn.Sigmoid(), nn.Linear(8, 1), nn.Sigmoid())
"""
        + at_once("F.binary_cross_entropy(model(x), y)", epochs=200, rate=0.01),
        {"np.vstack([a, b])": "(np.vstack([a, b]) - 92) / 4"},
    ),
    "windows of double precision": (
        """class Windows(Dataset):
    def __init__(self, series):
        self.rows = np.stack([series[at : at + 6] for at in range(3000)])
        self.next = series[6:3006]
    def __len__(self):
        return len(self.rows)
    def __getitem__(self, at):
        return self.rows[at], self.next[at]
loader = DataLoader(Windows(np.sin(np.linspace(0, 60, 3006))), batch_size=32, shuffle=True)
"""
        + SMALL
        + PASS.replace("model(rows), targets)", "model(rows), targets.unsqueeze(1))  # error: TRN224"),
        {"np.linspace(0, 60, 3006))": "np.linspace(0, 60, 3006)).astype(np.float32)"},
    ),
    "the target before the prediction": (
        """x, y = torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[2.0], [4.0], [6.0]])
model = nn.Linear(1, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for epoch in range(10):
    optimizer.zero_grad()
    loss = F.mse_loss(y, model(x))  # error: TRN314
    loss.backward()
    optimizer.step()
""",
        {"nn.Linear(1, 3)": "nn.Linear(1, 1)"},
    ),
    "a net of skorch in a cross-validation": (
        """from sklearn.model_selection import cross_val_score
from skorch import NeuralNetClassifier
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(dim=-1))
    def forward(self, rows):
        return self.layers(rows)
net = NeuralNetClassifier(Net, criterion=nn.CrossEntropyLoss, max_epochs=20, lr=0.1)  # error: TRN302
print(cross_val_score(net, np.random.rand(300, 6).astype("float32"), np.random.randint(0, 3, 300), cv=5))
""",
        {", nn.Softmax(dim=-1))": ")"},
    ),
    "a schedule of all batches that every epoch steps": (
        "def train(batches):\n    "
        + (SMALL + SCHEDULE + PASS.replace("in loader", "in batches")).replace("\n", "\n    ")
        + "    schedule.step()  # warning: TRN611\ntrain(loader)\n",
        {"        schedule.step()": "            schedule.step()"},
    ),
    "a folder for validation that is cropped at random": (
        """from torchvision import datasets, transforms
crop = transforms.Compose([transforms.RandomResizedCrop(224), transforms.ToTensor()])  # warning: TRN222
plain = transforms.Compose([transforms.Resize((224, 224)), transforms.ToTensor()])
loader = DataLoader(datasets.ImageFolder("birds/train", crop), batch_size=32, shuffle=True)
judged = DataLoader(datasets.ImageFolder("birds/val", crop), batch_size=32)
model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 224 * 224, 5))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
"""
        + PASS.replace("mse_loss", "cross_entropy"),
        {'"birds/val", crop': '"birds/val", plain'},
    ),
    "a phase that evaluates and steps": (
        SMALL + PHASES,
        {
            "            optimizer.zero_grad()\n            loss.backward()\n            optimizer.step()": "            if phase =="
            ' "train":\n                optimizer.zero_grad()\n                loss.backward()\n                optimizer.step()'
        },
    ),
    "a second name for the best model": (
        SMALL
        + "best, best_model = 9.0, None\n"
        + PASS
        + """    if loss.item() < best:
        best, best_model = loss.item(), None
        best_model = model  # error: TRN511
print(best_model(x))
""",
        {"best_model = model ": "best_model = copy.deepcopy(model) "},
    ),
    "a prediction after training with dropout": (
        """model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters())
"""
        + PASS
        + "print(model(torch.tensor([[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]])))  # warning: TRN506\n",
        {"print(model": "model.eval()\nprint(model"},
    ),
    "standardized as a whole and split": (
        """from sklearn.model_selection import train_test_split
table = np.loadtxt("houses.csv", delimiter=",")
a, b = table[:, :6], table[:, 6:]
a = (a - a.mean(axis=0)) / a.std(axis=0)  # error: TRN703
a_train, a_test, b_train, b_test = train_test_split(a, b, test_size=0.2)
loader = DataLoader(TensorDataset(torch.tensor(a_train).float(), torch.tensor(b_train).float()), batch_size=32, shuffle=True)
"""
        + SMALL
        + PASS,
        {"a.mean(axis=0)": "a.mean(axis=1, keepdims=True)", "a.std(axis=0)": "a.std(axis=1, keepdims=True)"},
    ),
    "a series scaled as a whole and cut": (
        """from sklearn.preprocessing import MinMaxScaler
series = np.loadtxt("prices.csv", delimiter=",")[:, :1]
count = int(0.8 * len(series))
scaler = MinMaxScaler()
series = scaler.fit_transform(series)  # error: TRN703
windows = torch.tensor([series[at : at + 7, 0] for at in range(len(series) - 7)], dtype=torch.float32)
seen, unseen = windows[:count], windows[count:]
"""
        + SMALL
        + """for epoch in range(100):
    optimizer.zero_grad()
    F.mse_loss(model(seen[:, :6]), seen[:, 6:]).backward()
    optimizer.step()
print(model(unseen[:, :6]))
""",
        {"scaler.fit_transform(series)": "scaler.fit(series[:count]).transform(series)"},
    ),
    "a dict without the loss": (
        """import pytorch_lightning as pl
class Model(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = nn.Linear(6, 1)
    def training_step(self, batch, index):
        rows, targets = batch
        return {"train_loss": F.mse_loss(self.net(rows), targets)}  # error: TRN503
    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.001)
pl.Trainer(max_epochs=5).fit(Model(), loader)
""",
        {'"train_loss"': '"loss"'},
    ),
    "a transformer tuned as if it were new": (
        """from transformers import AutoModelForSequenceClassification
model = AutoModelForSequenceClassification.from_pretrained("bert-base-uncased", num_labels=2)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)  # warning: TRN114
for epoch in range(3):
    for batch in loader:
        optimizer.zero_grad()
        model(**batch).loss.backward()
        optimizer.step()
""",
        {"lr=2e-3": "lr=2e-5"},
    ),
    "one model for all folds": (
        """from sklearn.model_selection import KFold
from torch.utils.data import Subset
data = TensorDataset(x, y)
folds = KFold(n_splits=5, shuffle=True)
"""
        + SMALL
        + """for train, test in folds.split(range(320)):  # warning: TRN702
    loader = DataLoader(Subset(data, train), batch_size=32, shuffle=True)
"""
        + PASS.replace("for epoch", "    for epoch").replace("\n    ", "\n        ").replace("for rows", "for rows")
        + """    with torch.no_grad():
        for rows, targets in DataLoader(Subset(data, test), batch_size=32):
            print(F.mse_loss(model(rows), targets))
""",
        {
            "    loader = DataLoader(Subset": "    model = nn.Linear(6, 1)\n    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)\n"
            "    loader = DataLoader(Subset"
        },
    ),
    "a class in other capitals": (
        "model = nn.Sequential(nn.Linear(6, 16), nn.LeakyRelu(0.1), nn.Linear(16, 1))  # error: TRN516\n"
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.01)\n" + PASS,
        {"LeakyRelu": "LeakyReLU"},
    ),
}

CORRECT = {
    "classes picked from a table by a condition": """from sklearn.datasets import load_iris
iris = load_iris()
kept = iris.target != 2
a, b = torch.tensor(iris.data[kept]).float(), torch.tensor(iris.target[:100]).float()
c = torch.tensor(iris.target[kept]).float()
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for labels in (b, c):
    for epoch in range(100):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(model(a).squeeze(1), labels).backward()
        optimizer.step()
""",
    "one step at a time": """class Walk(nn.Module):
    def __init__(self):
        super().__init__()
        self.cells, self.head = nn.LSTM(6, 8), nn.Linear(8, 1)
    def forward(self, rows):
        return self.head(self.cells(rows)[0])
model = Walk()
optimizer = torch.optim.Adam(model.parameters())
loader = DataLoader(TensorDataset(x.view(-1, 1, 6), y.view(-1, 1, 1)), batch_size=1)
"""
    + PASS,
    "a total of numbers": SMALL
    + PASS.replace("20):", "20):\n    total = 0.0")
    + "        total += float(loss)\n    print(total)\n",
    "a Parameter by its module's path": """class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = nn.parameter.Parameter(torch.ones(6))
    def forward(self, rows):
        return (rows * self.factor).sum(1, keepdim=True)
model = Scale()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
"""
    + PASS,
    "the fit of another library that has Keras's name": """import torchkeras
model = torchkeras.KerasModel(nn.Linear(6, 1), loss_fn=nn.MSELoss(), optimizer=None)
model.fit(train_data=loader, val_data=loader, epochs=5, ckpt_path="a.pt")
""",
    "the best of several models": """best, best_model = 9.0, None
for fold in range(5):
    model = nn.Linear(6, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for rows, targets in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(rows), targets)
        loss.backward()
        optimizer.step()
    if loss.item() < best:
        best_model = model
print(best_model(x))
""",
    "weights of which the optimizer has one": """class Cubic(nn.Module):
    def __init__(self):
        super().__init__()
        self.steep = torch.randn(1, requires_grad=True)
        self.offset = nn.Parameter(torch.randn(1))
    def forward(self, rows):
        return self.steep * rows**3 + self.offset
model = Cubic()
line = torch.linspace(-3, 3, 200).unsqueeze(1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
for epoch in range(500):
    optimizer.zero_grad()
    F.mse_loss(model(line), line**3).backward()
    optimizer.step()
""",
}
SILENT = frozenset({"TRN101", "TRN130", "TRN313", "TRN421", "TRN509", "TRN511", "TRN601"})


@pytest.mark.parametrize(("script", "repairs"), FAULTS.values(), ids=FAULTS.keys())
def test_fault_and_repair(script: str, repairs: dict[str, str]) -> None:
    found_and_repaired(IMPORTS + script, repairs)


@pytest.mark.parametrize("script", CORRECT.values(), ids=CORRECT.keys())
def test_nothing_is_said_of_what_is_right(script: str) -> None:
    assert of(IMPORTS + script, *SILENT) == set()


def test_a_parameter_by_its_modules_path_is_registered() -> None:
    script = IMPORTS + CORRECT["a Parameter by its module's path"]
    assert of(script, "TRN410") == set()
