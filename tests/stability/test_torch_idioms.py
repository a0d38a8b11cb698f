"""The same network in two idioms of PyTorch has the same curvature."""

from __future__ import annotations

import pytest

from trainlint.core import Unknown
from trainlint.engine import facts_of
from trainlint.source.read import read_text
from trainlint.stability import stability

SCRIPT = """
import torch
from torch import nn
import torch.nn.functional as F

x = {inputs}
y = {labels}

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {layers}
        self.fc = nn.Linear(8, 4)

    def forward(self, x):
        {forward}

model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=32)
for epoch in range(3):
    for xb, yb in loader:
        optimizer.zero_grad()
        out = model(xb)
        loss = {loss}
        loss.backward()
        optimizer.step()
"""
TABLE, SERIES, TOKENS = "torch.randn(256, 6)", "torch.randn(256, 5, 3)", "torch.randint(0, 20, (256, 5))"
CLASSES, ENTROPY = "torch.randint(0, 4, (256,))", "F.cross_entropy(out, yb)"
LINEAR, STEPS, NAMED = "self.a = nn.Linear(6, 8)", "self.a = nn.Linear(3, 8)", "self.a = nn.Embedding(20, 8)"
HALVES = "q = k = v = self.a(x).view(x.size(0), 5, 2, 4).transpose(1, 2)"
JOINED = "return self.fc(a.transpose(1, 2).reshape(x.size(0), 5, 8).mean(1))"


def sharpness(inputs: str, layers: str, forward: str, loss: str = ENTROPY, labels: str = CLASSES) -> float:
    text = SCRIPT.format(inputs=inputs, labels=labels, layers=layers, forward=forward.replace("\n", "\n        "), loss=loss)
    [run] = facts_of(read_text(text, "train.py")).runs
    found = stability(run)
    assert not isinstance(found, Unknown), found
    assert isinstance(found.sharpness, float)
    return found.sharpness


PAIRS = [
    (TABLE, LINEAR, "return self.fc(self.a(x).clamp(min=0))", "return self.fc(F.relu(self.a(x)))"),
    (TABLE, LINEAR, "h = self.a(x)\nreturn self.fc(torch.where(h > 0, h, 0.1 * h))", "return self.fc(F.leaky_relu(self.a(x), 0.1))"),
    (TABLE, LINEAR, "h = self.a(x)\nreturn self.fc(F.normalize(h, dim=1))", "h = self.a(x)\nreturn self.fc(h / h.norm(dim=1, keepdim=True))"),
    (
        TABLE,
        LINEAR,
        "h = self.a(x)\nreturn self.fc(h * torch.rsqrt(h.pow(2).mean(-1, keepdim=True) + 1e-5))",
        "h = self.a(x)\nreturn self.fc(nn.RMSNorm(8, eps=1e-5, elementwise_affine=False)(h))",
    ),
    (TABLE, "self.a = nn.Linear(6, 16)", "return self.fc(F.glu(self.a(x)))", "h = self.a(x)\nreturn self.fc(h[:, :8] * torch.sigmoid(h[:, 8:]))"),
    (TABLE, "self.a = nn.Linear(6, 16)", "return self.fc(self.a(x).view(-1, 8, 2).max(-1).values)", "return self.fc(self.a(x).view(-1, 8, 2).amax(-1))"),
    (
        SERIES,
        STEPS,
        "h = self.a(x)\nreturn self.fc(torch.einsum('bij,bjd->bid', torch.einsum('bid,bjd->bij', h, h), h).mean(1))",
        "h = self.a(x)\nreturn self.fc(torch.bmm(torch.bmm(h, h.transpose(1, 2)), h).mean(1))",
    ),
    (SERIES, STEPS, "return self.fc(self.a(x).max(1)[0])", "return self.fc(F.adaptive_max_pool1d(self.a(x).transpose(1, 2), 1).squeeze(-1))"),
    (
        TOKENS,
        NAMED,
        HALVES + "\na = F.scaled_dot_product_attention(q, k, v, is_causal=True)\n" + JOINED,
        HALVES + "\nm = torch.tril(torch.ones(5, 5))\na = (q @ k.transpose(-2, -1)) / 2\n"
        "a = a.masked_fill(m == 0, float('-inf'))\na = F.softmax(a, dim=-1) @ v\n" + JOINED,
    ),
    (
        TOKENS,
        NAMED,
        HALVES + "\na = F.scaled_dot_product_attention(q, k, v, attn_mask=torch.eye(5) == 0)\n" + JOINED,
        HALVES + "\na = (q @ k.transpose(-2, -1)) / 2 + torch.eye(5) * -1e9\na = F.softmax(a, dim=-1) @ v\n" + JOINED,
    ),
    (
        SERIES,
        STEPS + "\n        self.c = nn.Parameter(torch.zeros(1, 1, 8))",
        "h = torch.cat([self.c.expand(x.size(0), -1, -1), self.a(x)], dim=1)\nreturn self.fc(torch.tanh(h).sum(1))",
        "h = torch.cat([self.c.repeat(x.shape[0], 1, 1), self.a(x)], dim=1)\nreturn self.fc(torch.tanh(h).sum(1))",
    ),
    (
        SERIES,
        "self.l = nn.LSTM(3, 8, batch_first=True)",
        "n = torch.full((x.size(0),), 5)\np = nn.utils.rnn.pack_padded_sequence(x, n, batch_first=True)\nreturn self.fc(self.l(p)[1][0][-1])",
        "return self.fc(self.l(x)[0][:, -1])",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("inputs", "layers", "one", "other"), PAIRS)
def test_two_idioms(inputs, layers, one, other):
    assert sharpness(inputs, layers, one) == pytest.approx(sharpness(inputs, layers, other), rel=1e-3)


@pytest.mark.parametrize(
    ("outputs", "one", "other"),
    [
        ("F.log_softmax(self.fc(self.a(x)), dim=1)", "-out[torch.arange(len(yb)), yb].mean()", "F.nll_loss(out, yb)"),
        ("F.log_softmax(self.fc(self.a(x)), dim=1)", "-out.gather(1, yb.unsqueeze(1)).mean()", "F.nll_loss(out, yb)"),
        ("F.softmax(self.fc(self.a(x)), dim=1)", "((out - F.one_hot(yb, 4)) ** 2).mean()", "F.mse_loss(out, torch.eye(4)[yb])"),
    ],
)
def test_two_idioms_of_a_loss(outputs, one, other):
    first, second = (sharpness(TABLE, LINEAR, f"return {outputs}", loss) for loss in (one, other))
    assert first == pytest.approx(second, rel=0.2)  # one has labels drawn, the other the shares of all classes


def test_scaled_starts():
    """A weight drawn as 0.1 * N(0, 1) or U(-0.1, 0.1) starts as what `nn.init` draws."""
    made = "self.w = nn.Parameter({})\n        {}"
    forward = "return self.fc(x @ self.w)"
    normal = sharpness(TABLE, made.format("torch.randn(6, 8) * 0.1", "pass"), forward)
    assert normal == pytest.approx(sharpness(TABLE, made.format("torch.empty(6, 8)", "nn.init.normal_(self.w, 0, 0.1)"), forward))
    even = sharpness(TABLE, made.format("(torch.rand(6, 8) * 2 - 1) / 10", "pass"), forward)
    assert even == pytest.approx(
        sharpness(TABLE, made.format("torch.empty(6, 8)", "nn.init.uniform_(self.w, -0.1, 0.1)"), forward)
    )


def test_noise_is_drawn_for_each_row():
    """A linear model of inputs of deviation 1 with noise of deviation 1 is one of inputs of deviation sqrt(2)."""
    noisy = sharpness("torch.randn(2048, 8)", "pass", "return self.fc(x + torch.randn_like(x))")
    assert noisy == pytest.approx(sharpness("torch.randn(2048, 8) * 2 ** 0.5", "pass", "return self.fc(x)"), rel=0.25)
