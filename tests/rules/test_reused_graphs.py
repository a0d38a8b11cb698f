"""Backward passes through graphs that are gone, or whose weights have changed (TRN518): said of a script just where it raises."""

from __future__ import annotations

import pytest

from tests.rules.checking import findings

HEAD = """import torch
import torch.nn as nn
import torch.nn.functional as F
"""
PAIR = """generator = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 8))
critic = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
g_opt = torch.optim.Adam(generator.parameters(), lr=1e-3)
c_opt = torch.optim.Adam(critic.parameters(), lr=1e-3)
real = torch.randn(32, 8)
for step in range(3):
    made = generator(torch.randn(32, 4))
"""
ACTOR = """class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(6, 16)
        self.value = nn.Linear(16, 1)
        self.policy = nn.Linear(16, 3)

    def forward(self, x):
        x = torch.relu(self.body(x))
        return self.value(x), self.policy(x)


heads = Heads()
optimizer = torch.optim.SGD(heads.parameters(), lr=0.01)
for step in range(3):
    values, scores = heads(torch.randn(32, 6))
    chosen = F.log_softmax(scores, dim=1)[:, 0]
    gains = torch.randn(32, 1)
    optimizer.zero_grad()
"""
TWO = """actor, critic = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3)), nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1))
a_opt = torch.optim.Adam(actor.parameters(), lr=1e-3)
c_opt = torch.optim.Adam(critic.parameters(), lr=1e-3)
for step in range(3):
    states = torch.randn(32, 6)
    chosen = F.log_softmax(actor(states), dim=1)[:, :1]
    value = critic(states)
    gap = torch.randn(32, 1) - value
    c_opt.zero_grad()
    gap.pow(2).mean().backward()
    c_opt.step()
    a_opt.zero_grad()
"""
ADVERSARIES = """    c_opt.zero_grad()
    c_loss = F.softplus(-critic(real)).mean() + F.softplus(critic({0})).mean()
    c_loss.backward({1})
    c_opt.step()
    g_opt.zero_grad()
    F.softplus(-{2}).mean().backward()
    g_opt.step()
"""
RAISE = {
    "the critic's loss frees the generator's graph": PAIR + ADVERSARIES.format("made", "", "critic(made)"),
    "judged before the critic's step": PAIR
    + "    judged = critic(made)\n    c_opt.zero_grad()\n    F.softplus(judged).mean().backward(retain_graph=True)\n    c_opt.step()\n"
    + "    g_opt.zero_grad()\n    F.softplus(-judged).mean().backward()\n    g_opt.step()\n",
    "two heads, two backwards": ACTOR
    + "    F.mse_loss(values, gains).backward()\n    (-chosen * gains[:, 0]).mean().backward()\n    optimizer.step()\n",
    "a step between two losses of one head": ACTOR
    + "    values.mean().backward(retain_graph=True)\n    optimizer.step()\n    values.pow(2).mean().backward()\n    optimizer.step()\n",
    "the advantage keeps its graph": TWO + "    (-chosen * gap).mean().backward()\n    a_opt.step()\n",
}
RUN = {
    "detached for the critic": PAIR + ADVERSARIES.format("made.detach()", "", "critic(made)"),
    "kept, and judged anew": PAIR + ADVERSARIES.format("made", "retain_graph=True", "critic(made)"),
    "made anew": PAIR + ADVERSARIES.format("made", "", "critic(generator(torch.randn(32, 4)))"),
    "the sum of two heads": ACTOR
    + "    (F.mse_loss(values, gains) - (chosen * gains[:, 0]).mean()).backward()\n    optimizer.step()\n",
    "two heads, the graph kept": ACTOR
    + "    F.mse_loss(values, gains).backward(retain_graph=True)\n    (-chosen * gains[:, 0]).mean().backward()\n    optimizer.step()\n",
    "a step that passes over the other head": ACTOR
    + "    F.mse_loss(values, gains).backward(retain_graph=True)\n    optimizer.step()\n"
    + "    (-chosen * gains[:, 0]).mean().backward()\n    optimizer.step()\n",
    "an advantage without its graph": TWO + "    (-chosen * gap.detach()).mean().backward()\n    a_opt.step()\n",
    "an advantage as a number": TWO + "    (-chosen * gap.mean().item()).mean().backward()\n    a_opt.step()\n",
    "an advantage computed without gradients": TWO
    + "    with torch.no_grad():\n        advantage = torch.ones(32, 1) - value\n    (-chosen * advantage).mean().backward()\n    a_opt.step()\n",
    "one of two losses": ACTOR
    + "    if step % 2:\n        loss = F.mse_loss(values, gains)\n    else:\n        loss = (-chosen * gains[:, 0]).mean()\n"
    + "    loss.backward()\n    optimizer.step()\n",
    "one loss or the other": ACTOR
    + "    if step % 2:\n        F.mse_loss(values, gains).backward()\n    else:\n        (-chosen * gains[:, 0]).mean().backward()\n    optimizer.step()\n",
    "one layer, whose weights no gradient needs": "model = nn.Linear(6, 2)\noptimizer = torch.optim.SGD(model.parameters(), lr=0.01)\n"
    "for step in range(3):\n    out = model(torch.randn(32, 6))\n    optimizer.zero_grad()\n"
    "    out[:, 0].mean().backward(retain_graph=True)\n    optimizer.step()\n    out[:, 1].pow(2).mean().backward()\n    optimizer.step()\n",
}


def found(text: str) -> list[str]:
    return [one.message for one in findings(HEAD + text, "TRN518")]


@pytest.mark.parametrize("text", RAISE.values(), ids=RAISE)
def test_what_raises_is_said_once(text: str) -> None:
    (message,) = found(text)
    assert "raises a RuntimeError" in message


@pytest.mark.parametrize("text", RUN.values(), ids=RUN)
def test_what_runs_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.framework
@pytest.mark.parametrize("text", RAISE.values(), ids=RAISE)
def test_pytorch_raises(text: str) -> None:
    with pytest.raises(RuntimeError, match=r"second time|modified by an inplace operation"):
        exec(compile(HEAD + text, "train.py", "exec"), {})


@pytest.mark.framework
@pytest.mark.parametrize("text", RUN.values(), ids=RUN)
def test_pytorch_runs(text: str) -> None:
    names: dict[str, object] = {}
    exec(compile(HEAD + text, "train.py", "exec"), names)
    assert names["step"] == 2
