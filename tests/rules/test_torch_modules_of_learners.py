"""PyTorch scripts in which several modules, or modules in a list, play together: what is right stays silent beside its fault."""

from __future__ import annotations

import pytest

from tests.rules.checking import findings, said

LIST = """
from torch import nn

class Block(nn.Module):
    def __init__(self, wide, narrow):
        super().__init__()
        self.conv = nn.Conv2d(wide, narrow, 3, padding=1)

    def forward(self, x):
        return self.conv(x).relu()

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 64, 3)
        self.blocks = nn.ModuleList([Block(64, 32), Block(32, 16)])
        self.last = nn.Conv2d(CHANNELS, 2, 1)

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return self.last(x)
"""

PAIR = """
import torch
import torch.nn.functional as F
from torch import nn, optim

class Critic(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(8, 16), nn.Linear(16, 1)

    def forward(self, x):
        return self.last(F.dropout(torch.relu(self.first(x)), 0.3))

maker, critic = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8)), CRITIC
steps_maker = optim.Adam(maker.parameters(), lr=1e-3)
steps_critic = optim.Adam(OWNER.parameters(), lr=1e-3)
judge = nn.BCEWithLogitsLoss()
for step in range(1000):
    fake = maker(torch.randn(32, 4))
    steps_critic.zero_grad()
    (judge(critic(torch.randn(32, 8)), torch.ones(32, 1)) + judge(critic(fake.detach()), torch.zeros(32, 1))).backward()
    steps_critic.step()
    steps_maker.zero_grad()
    judge(critic(fake), torch.ones(32, 1)).backward()
    steps_maker.step()
EVALUATED.eval()
"""
PLAIN = "nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))"

MADE = """
import torch
from sklearn.datasets import MAKER
from torch import nn, optim

x, y, third = MAKER(n_samples=100, n_features=1MORE, random_state=0)
x, y = torch.tensor(x).float(), torch.tensor(y).float().view(-1, 1)
model = nn.Linear(1, 1)
optimizer = optim.SGD(model.parameters(), lr=0.01)
for epoch in range(100):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
"""

REBUILT = """
import torch
from torch import nn, optim

net = nn.Sequential(nn.Linear(8, 8), nn.Sigmoid())
optimizer = optim.Adam(net.parameters(), lr=1e-3)

def train(loader):
    total = 0.0
    for x, _ in loader:
        whole = x.clone().detach()
        loss = nn.functional.mse_loss(net(x), whole)
        total += ADDED
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return total
"""

SAVED = """
import torch
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

def score():
    net, other = [nn.Sequential(nn.Flatten(), nn.Linear(784, 99), LAYER, nn.Linear(99, 10)) for _ in range(2)]
    optimizer = optim.SGD(net.parameters(), lr=0.1)
    BEFORE
    right = 0
    data = datasets.MNIST("data", train=False, transform=transforms.ToTensor())
    for x, y in DataLoader(data, batch_size=64):
        guess = net(x)
        right += (guess.argmax(1) == y).sum().item()
    return right / len(data)

score()
"""

WHOLE = """class Whole(nn.Module):
    def __init__(self, part):
        super().__init__()
        self.part = part

    def forward(self, x):
        return self.part(x)

"""


def put(script: str, **parts: str) -> str:
    """The script with each word in capitals replaced."""
    for word, part in parts.items():
        script = script.replace(word, part)
    return script


@pytest.mark.parametrize(("channels", "rows"), [("16", []), ("32", [17])])
def test_every_module_of_a_list_is_called_in_a_class_that_nobody_makes(channels: str, rows: list[int]) -> None:
    assert [one.span.row for one in findings(put(LIST, CHANNELS=channels), "TRN406")] == rows


def test_a_generator_ends_where_its_critic_begins() -> None:
    assert "TRN401" not in {one.code for one in findings(put(PAIR, CRITIC=PLAIN, OWNER="critic", EVALUATED="maker"), "TRN401")}


def test_two_linear_layers_of_one_network_are_told() -> None:
    double = PLAIN.replace("nn.Tanh()", "nn.Dropout()")
    assert ("TRN401", 14) in said(findings(put(PAIR, CRITIC=double, OWNER="critic", EVALUATED="maker"), "TRN401"))


@pytest.mark.parametrize(("evaluated", "rows"), [("maker", []), ("critic", [12])])
def test_dropout_that_is_always_on_matters_in_the_model_that_is_evaluated(evaluated: str, rows: list[int]) -> None:
    script = put(PAIR, CRITIC="Critic()", OWNER="critic", EVALUATED=evaluated)
    assert [one.span.row for one in findings(script, "TRN412")] == rows


@pytest.mark.parametrize(
    ("maker", "more", "rows"),
    [
        ("make_regression", "", [6]),
        ("make_regression", ", coef=False", [6]),
        ("make_regression", ", coef=True", []),
        ("make_blobs", ", return_centers=True", []),
    ],
)
def test_makers_of_data_give_a_third_part_when_asked(maker: str, more: str, rows: list[int]) -> None:
    assert [one.span.row for one in findings(put(MADE, MAKER=maker, MORE=more), "TRN516")] == rows


@pytest.mark.parametrize(
    ("added", "rows"),
    [("loss", [13]), ("loss.detach()", []), ("loss.item()", []), ("nn.functional.mse_loss(net(x).detach(), whole)", [])],
)
def test_a_target_without_a_graph_leaves_the_loss_its_own(added: str, rows: list[int]) -> None:
    assert [one.span.row for one in findings(put(REBUILT, ADDED=added), "TRN509")] == rows


@pytest.mark.parametrize(
    ("made", "before", "rows"),
    [
        ("nn.Dropout(0.4)", 'net.load_state_dict(torch.load("net.pt"))', [14]),
        ("nn.ReLU()", 'net.load_state_dict(torch.load("net.pt"))', []),
        ("nn.Dropout(0.4)", 'net.load_state_dict(torch.load("net.pt")); net.eval()', []),
        ("nn.Dropout(0.4)", "net.load_state_dict(other.state_dict())", []),
        ("nn.Dropout(0.4)", "pass", []),
    ],
)
def test_saved_weights_are_judged_in_evaluation_mode(made: str, before: str, rows: list[int]) -> None:
    assert [one.span.row for one in findings(put(SAVED, LAYER=made, BEFORE=before), "TRN506")] == rows


def test_saved_weights_that_train_on_are_no_evaluation() -> None:
    script = put(SAVED, LAYER="nn.Dropout(0.4)", BEFORE='net.load_state_dict(torch.load("net.pt"))')
    trained = script.replace("right += (guess.argmax(1) == y).sum().item()", "guess.mean().backward(); optimizer.step()")
    assert trained != script
    assert "TRN506" not in {one.code for one in findings(trained, "TRN506")}


def test_a_part_with_saved_weights_has_the_mode_of_the_whole() -> None:
    script = put(SAVED, LAYER="nn.Dropout(0.4)", BEFORE='net.load_state_dict(torch.load("net.pt"))')
    whole = script.replace("def score", f"{WHOLE}def score").replace("guess = net(x)", "guess = Whole(net)(x)")
    assert "TRN506" not in {one.code for one in findings(whole, "TRN506")}
