"""PyTorch scripts as people write them who learn it: each fault at its row, and what looks like it and is right."""

from __future__ import annotations

import pytest

from tests.rules.checking import findings, said
from trainlint.engine import check_source
from trainlint.settings import Settings
from trainlint.source.read import read_text

TORCH = "import torch\nfrom torch import nn, optim\nimport torch.nn.functional as F\n"

LEARNED = (
    TORCH
    + """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 8)
        self.b = nn.Linear(8, 1)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))

rule = nn.GRU(2, 1, batch_first=True)
x = torch.randn(64, 2)
y = (x.sum(1, keepdim=True) > 0).float()
net = Net()
optimizer = optim.SGD(net.parameters(), lr=0.01)
state = torch.zeros(1, 1, 1)
for step in range(100):
    optimizer.zero_grad()
    loss = F.binary_cross_entropy_with_logits(net(x), y)
    loss.backward()
    flat = torch.cat([p.grad.view(-1, 1) for p in net.parameters()]).view(1, -1, 1)
    moves, state = rule(flat.repeat(1, 1, 2), state.detach())
    with torch.no_grad():
        for p, move in zip(net.parameters(), moves.view(-1)):
            CHANGE
"""
)

TABLE = (
    TORCH
    + """
kind = torch.KIND

class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.words = nn.Parameter(torch.rand(50, 8)).type(kind)
        self.head = nn.Parameter(torch.rand(8, 4)).METHOD

    def forward(self, x):
        return self.words[x].mean(1).float() @ self.head.float()

model = Table()
optimizer = optim.Adam(model.parameters(), lr=0.001)
for step in range(1000):
    optimizer.zero_grad()
    F.cross_entropy(model(torch.randint(0, 50, (16, 5))), torch.randint(0, 4, (16,))).backward()
    optimizer.step()
"""
)

PICTURES = """
import torch
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

change = transforms.Compose([transforms.RandomHorizontalFlip(), transforms.ToTensor()])
plain = transforms.ToTensor()
train_loader = DataLoader(datasets.CIFAR10("data", train=True, transform=change), batch_size=64, shuffle=True)
held_loader = DataLoader(datasets.CIFAR10("data", train=False, transform=HELD), batch_size=64)
model = nn.Sequential(nn.Flatten(), nn.Linear(3072, 64), nn.ReLU(), nn.Linear(64, 10))
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=1e-3)

def one_epoch(loader):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()

def score(loader):
    model.eval()
    test_loss = 0
    with torch.no_grad():
        for x, y in loader:
            test_loss += criterion(model(x), y).item()
    return test_loss / len(loader)

for epoch in range(10):
    one_epoch(train_loader)
    print(SCORES)
"""

NOISE = (
    TORCH
    + """
from torch.autograd import Variable

class Trainer:
    def __init__(self, size):
        self.size = size
        self.cuda = torch.cuda.is_available()

    def fit(self):
        net = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 1))
        optimizer = optim.Adam(net.parameters(), lr=1e-3)
        noise = Variable(torch.FloatTensor(self.size, 16))
        if self.cuda:
            noise = noise.cuda()
        for step in range(1000):
            FILL
            loss = net(noise).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

Trainer(8).fit()
"""
)

BINARY = (
    TORCH
    + """
x = torch.randn(200, 2)
y = (x[:, 0] * x[:, 1] > 0).float()
model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 1))
with torch.inference_mode():
    first = model(x).squeeze(1)
BEFORE
criterion = nn.BCEWithLogitsLoss()
optimizer = optim.SGD(model.parameters(), lr=0.1)
for epoch in range(500):
    optimizer.zero_grad()
    criterion(model(x).squeeze(1), y).backward()
    optimizer.step()
AFTER
"""
)

REGIONS = """
def regions(net, labels):
    with torch.inference_mode():
        logits = net(torch.rand(50, 2))
    if len(torch.unique(labels)) > 2:
        return torch.softmax(logits, dim=1).argmax(dim=1)
    return torch.round(torch.sigmoid(logits))

print(regions(model, y))
"""
DECIDED = "with torch.inference_mode():\n    print((model(x).argmax(dim=1) == y).float().mean())"

BY_HAND = (
    TORCH
    + """
inputs, wanted = torch.randn(64, 1000), torch.randn(64, 10)
first = torch.randn(1000, 100, requires_grad=True)
second = torch.randn(100, 10, requires_grad=True)
rate = RATE
for turn in range(500):
    guess = ACTIVE.mm(second)
    loss = (guess - wanted).pow(2).sum()
    loss.backward()
    with torch.no_grad():
        first -= rate * first.grad
        second -= rate * second.grad
        CLEAR
"""
)
CLEARED = "first.grad.zero_()\n        second.grad.zero_()"

CODES = (
    TORCH
    + """
x = torch.Tensor([[i >> d & 1 for d in range(10)] for i in range(101, 1024)])
y = torch.LongTensor([i % 4 for i in range(101, 1024)])
model = nn.Sequential(nn.Linear(10, 100), nn.ReLU(), nn.Linear(100, 4))
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.05)
for epoch in range(1000):
    for start in range(0, len(x), 128):
        rows, kinds = x[start : start + 128], y[start : start + 128]
        loss = criterion(model(rows), GIVEN)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
)

ONE_ROW = (
    TORCH
    + """
scores = torch.tensor([[0.8, 0.5, 0.2], [0.2, 0.9, 0.3]])
shares = torch.tensor([[1.0, 0, 0], [0, 1, 0]])
kinds = torch.tensor([0.0, 1.0])
criterion = nn.CrossEntropyLoss()
print(criterion(GIVEN))
"""
)

WHOLE = (
    TORCH
    + """
x, y = torch.tensor([[0], [1], [2]]), torch.tensor([[4.0], [5.0], [6.0]])
model = nn.Linear(1, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(1000):
    loss = F.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(model(x))
"""
)

BLOCKS = (
    TORCH
    + """
class Block(nn.Module):
    def __init__(self, given):
        super().__init__()
        self.narrow = nn.Conv2d(given, 16, 1)
        self.middle = nn.Conv2d(16, 24, 3, padding=1)
        self.last = nn.Conv2d(24, 24, 3, padding=1)

    def forward(self, x):
        return self.last(self.middle(self.narrow(x)))

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = Block(8), Block(24)
        self.first, self.head = nn.Conv2d(1, 8, 3), nn.Linear(24, 10)

    def forward(self, x):
        x = F.relu(self.one(F.relu(self.first(x))))
        return self.head(F.relu(self.two(x)).mean((2, 3)))

model = Net()
optimizer = optim.Adam(model.parameters(), lr=0.001)

def train(loader):
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
"""
)


NOTED = (
    TORCH
    + """
FIRST
model = nn.Linear(4, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
x, y = torch.randn(32, 4), torch.randn(32, 1)
note = print
for epoch in range(200):
    optimizer.zero_grad()
    loss = F.mse_loss(model(x), y)
    loss.backward(START)
    optimizer.step()
LAST
"""
)

TWO = (
    TORCH
    + """
class Part(nn.Module):
    def __init__(self, given):
        super().__init__()
        self.a, self.b = nn.Linear(given, 8), nn.Linear(8, 1)

    def forward(self, x):
        return self.b(torch.tanh(self.a(x)))

x = torch.randn(64, 2)
y = (x.sum(1, keepdim=True) > 0).float()
other, net = Part(2), Part(2)
second = optim.Adam(HELD.parameters(), lr=0.001)
first = optim.SGD(net.parameters(), lr=0.01)
for step in range(100):
    first.zero_grad()
    loss = F.binary_cross_entropy_with_logits(net(x) + other(x), y)
    loss.backward()
    first.step()
    USE
"""
)

AVERAGED = """
import torch
from torch import nn

def score(model, loader):
    criterion, total, seen = nn.CrossEntropyLoss(REDUCTION), 0.0, 0
    with torch.no_grad():
        for x, y in loader:
            total += criterion(model(x), y).item()WEIGHT
            seen += COUNT
    total /= BY
    return total
"""

CONFLICT = """
import torch
<<<<<<< HEAD
from torch import nn
=======
from torch import nn, optim
>>>>>>> 38aa34c13f5cc9cf
model = nn.Linear(4, 1)
<<<<<<< HEAD
print(model
=======
print(model)
>>>>>>> 38aa34c13f5cc9cf
"""


PAIRS = (
    TORCH
    + """
import numpy as np

words = "one two three two four five five one six seven".split()
kinds = list(set(words))
index = {w: i for i, w in enumerate(kinds)}
pairs = []
for i in range(1, len(words) - 1):
    for near in [index[words[i - 1]], index[words[i + 1]]]:
        pairs.append([index[words[i]], near])

def draw(data, count):
    given, wanted = [], []
    for i in np.random.choice(range(len(data)), count, replace=False):
        given.append(np.eye(len(kinds))[data[i][0]])
        wanted.append(data[i][1])
    return given, wanted

model = nn.Sequential(nn.Linear(len(kinds), 16), nn.ReLU(), nn.Linear(16, len(kinds)))
optimizer = optim.Adam(model.parameters(), lr=0.001)
for epoch in range(5000):
    given, wanted = draw(pairs, 8)
    optimizer.zero_grad()
    F.cross_entropy(model(torch.Tensor(given)), torch.LongTensor(wanted)).backward()
    optimizer.step()
"""
)

SCHEDULE = (
    TORCH
    + """
model = nn.Linear(8, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
schedule = optim.lr_scheduler.StepLR(optimizer, 20, gamma=0.5)
x = torch.randn(32, 8)
for i in range(100):
    optimizer.zero_grad()
    CALL
    optimizer.step()
    schedule.step()
"""
)


def put(script: str, **parts: str) -> str:
    for name, part in parts.items():
        script = script.replace(name, part)
    return script


RIGHT = {
    "a learned update in place": put(LEARNED, CHANGE="p -= 0.1 * move"),
    "noise that is drawn before each step": put(NOISE, FILL="noise.data.normal_(0, 1)"),
    "parameters in the type that they have": put(TABLE, KIND="FloatTensor", METHOD="float()"),
    "one score for training and held-back data": put(PICTURES, HELD="plain", SCORES="score(train_loader), score(held_loader)"),
    "decisions by the number of classes": put(BINARY, BEFORE="", AFTER=REGIONS),
    "rounded logits that are only shown": put(BINARY, BEFORE='print(f"{torch.round(first[:5])}")', AFTER=""),
    "large weights and a rate that fits them": put(BY_HAND, RATE="1e-6", ACTIVE="inputs.mm(first).clamp(min=0)", CLEAR=CLEARED),
    "labels of a binary code": put(CODES, GIVEN="kinds"),
    "pairs at random": PAIRS,
    "a schedule that is tried out": put(SCHEDULE, CALL='print(optimizer.param_groups[0]["lr"])'),
    "names that are bound by then": put(NOTED, FIRST="", START="", LAST="note(loss)"),
    "a gradient to start from": put(NOTED, FIRST="", START="torch.ones_like(loss)", LAST=""),
    "two optimizers, both used": put(TWO, HELD="other", USE="second.step(); second.zero_grad()"),
    "an optimizer that was tried": put(TWO, HELD="net", USE=""),
    "means over batches": put(AVERAGED, REDUCTION="", WEIGHT="", COUNT="1", BY="seen"),
    "means by the size of their batch": put(AVERAGED, REDUCTION="", WEIGHT=" * len(x)", COUNT="len(x)", BY="seen"),
    "a number of rows of something else": put(AVERAGED, REDUCTION="", WEIGHT="", COUNT="torch.randn(4, 6).shape[0]", BY="seen"),
    "sums over samples": put(AVERAGED, REDUCTION='reduction="sum"', WEIGHT="", COUNT="y.shape[0]", BY="seen"),
    "shares of one row": put(ONE_ROW, GIVEN="scores[0], shares[0]"),
}

WRONG = {
    "no update": (put(LEARNED, CHANGE="print(p.norm(), move)"), "TRN503", 23),
    "memory that nothing fills": (put(NOISE, FILL="pass"), "TRN217", 15),
    "parameters in another type": (put(TABLE, KIND="DoubleTensor", METHOD="float()"), "TRN410", 10),
    "parameters by a method in another type": (put(TABLE, KIND="FloatTensor", METHOD="double()"), "TRN410", 11),
    "a test on training data": (put(PICTURES, HELD="plain", SCORES="score(train_loader)"), "TRN702", 27),
    "held-back pictures mirrored": (
        put(PICTURES, HELD="change", SCORES="score(train_loader), score(held_loader)"),
        "TRN222",
        7,
    ),
    "argmax over one unit": (put(BINARY, BEFORE="", AFTER=DECIDED), "TRN709", 18),
    "rounded logits against labels": (
        put(BINARY, BEFORE="print((torch.round(first) == y).float().mean())", AFTER=""),
        "TRN708",
        10,
    ),
    "large weights in front of tanh": (
        put(BY_HAND, RATE="1e-6", ACTIVE="torch.tanh(inputs.mm(first))", CLEAR=CLEARED),
        "TRN403",
        6,
    ),
    "inputs for labels": (put(CODES, GIVEN="rows"), "TRN314", 13),
    "a name that is bound later": (put(NOTED, FIRST="board = note('start')", START="", LAST=""), "TRN516", 5),
    "a loss that starts its own gradient": (put(NOTED, FIRST="", START="loss", LAST=""), "TRN318", 13),
    "a schedule and no gradients": (put(SCHEDULE, CALL="out = model(x)"), "TRN503", 12),
    "an optimizer that nothing uses": (put(TWO, HELD="other", USE=""), "TRN607", 16),
    "batch means over moved samples": (
        put(AVERAGED, REDUCTION="", WEIGHT="", COUNT='x.to("cpu").size(0)', BY="seen"),
        "TRN715",
        11,
    ),
    "batch means over samples": (put(AVERAGED, REDUCTION="", WEIGHT="", COUNT="len(x)", BY="seen"), "TRN715", 11),
    "batch means over the data set": (
        put(AVERAGED, REDUCTION="", WEIGHT="", COUNT="1", BY="len(loader.dataset)"),
        "TRN715",
        11,
    ),
    "float labels of a batch": (put(ONE_ROW, GIVEN="scores, kinds"), "TRN224", 9),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_left_alone(name: str) -> None:
    assert said(findings(RIGHT[name], *(code for _, code, _ in WRONG.values()))) == set()


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_is_told_at_its_row(name: str) -> None:
    script, code, row = WRONG[name]
    assert (code, row) in said(findings(script, code))


@pytest.mark.parametrize(
    ("script", "code", "rows"),
    [
        (put(BY_HAND, RATE="1e-6", ACTIVE="inputs.mm(first).clamp(min=0)", CLEAR="pass"), "TRN501", [14]),
        (WHOLE, "TRN224", [9]),
        (BLOCKS, "TRN401", [8]),
    ],
    ids=["weights that are never cleared", "a tensor of the wrong type", "a block that is used twice"],
)
def test_one_cause_is_one_finding(script: str, code: str, rows: list[int]) -> None:
    assert [one.span.row for one in findings(script, code) if one.code == code] == rows


def test_a_merge_conflict_is_told_once() -> None:
    settings = Settings(select=("TRN001",))
    found = check_source(read_text(CONFLICT, "train.py"), settings).findings
    assert [(one.span.row, one.message) for one in found] == [(3, "the file holds a merge conflict that nobody has resolved")]


def test_a_parameter_in_its_own_remedy() -> None:
    script, code, _ = WRONG["parameters in another type"]
    message = next(one.message for one in findings(script) if one.code == code)
    assert message.endswith("it never trains. Wrap it in nn.Parameter(...) last")
