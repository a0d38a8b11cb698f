"""A line through the origin on x = 0..19, fitted once a way: the sharpness is 2 mean(x^2) = 247."""

import sys

import torch

KINDS = {
    "sgd": {},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9, "nesterov": True},
    "decay": {"weight_decay": 2.0},
}

x = torch.arange(20.0)
y = 3 * x
for kind in sys.argv[1:]:
    w = torch.tensor([0.5], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.01, **KINDS[kind])
    for _ in range(400):
        optimizer.zero_grad()
        loss = ((w * x - y) ** 2).mean()
        loss.backward()
        optimizer.step()
