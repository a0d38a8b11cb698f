"""The same small regression, trained in all the ways in which a loop is written: the sharpness is one and the same.

Run with the names of the loops to run; each is one run of the probe.
"""

import sys

import torch
import torch.utils.checkpoint
from torch import nn
from torch.nn import functional

STEPS = 40


def data():
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(64, 8, generator=generator)
    return inputs, torch.sin(inputs.sum(1, keepdim=True))


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 1))


X, Y = data()


def plain():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = functional.mse_loss(model(X), Y)
        loss.backward()
        optimizer.step()


def accumulation():
    model = net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(STEPS):
        for part in range(4):
            rows = slice(16 * part, 16 * part + 16)
            (nn.MSELoss()(model(X[rows]), Y[rows]) / 4).backward()
        optimizer.step()
        optimizer.zero_grad()


def closure():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    def evaluate():
        optimizer.zero_grad()
        loss = functional.mse_loss(model(X), Y)
        loss.backward()
        return loss

    for _ in range(STEPS):
        optimizer.step(evaluate)


def lbfgs():
    model = net()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=3)

    def evaluate():
        optimizer.zero_grad()
        loss = functional.mse_loss(model(X), Y)
        loss.backward()
        return loss

    for _ in range(STEPS):
        optimizer.step(evaluate)


def amp():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    scaler = torch.amp.GradScaler("cpu")
    for _ in range(STEPS):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = functional.mse_loss(model(X).float(), Y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 0.01)
        scaler.step(optimizer)
        scaler.update()


def clipped():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, step / 10))
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.mse_loss(model(X), Y).backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.01)
        optimizer.step()
        schedule.step()


def autograd_grad():
    model = net()
    parameters = list(model.parameters())
    optimizer = torch.optim.SGD(parameters, lr=0.05)
    for _ in range(STEPS):
        loss = functional.mse_loss(model(X), Y)
        for one, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
            one.grad = gradient
        optimizer.step()


def by_hand():
    model = net()
    for _ in range(STEPS):
        loss = functional.mse_loss(model(X), Y)
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for one in model.parameters():
                one.sub_(0.001 * one.grad)


def with_func():
    model = net()
    weights = {name: one.detach() for name, one in model.named_parameters()}

    def loss(values):
        return functional.mse_loss(torch.func.functional_call(model, values, (X,)), Y)

    for _ in range(STEPS):
        gradient = torch.func.grad(func=loss)(weights)
        weights = {name: one - 0.001 * gradient[name] for name, one in weights.items()}


def compiled():
    model = torch.compile(net())
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.mse_loss(model(X), Y).backward()
        optimizer.step()


def checkpointed():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    inputs = X.clone().requires_grad_()
    for _ in range(STEPS):
        optimizer.zero_grad()
        hidden = torch.utils.checkpoint.checkpoint(model[:3], inputs, use_reentrant=True)
        functional.mse_loss(model[3:](hidden), Y).backward()
        optimizer.step()


def parallel():
    model = nn.DataParallel(net())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.mse_loss(model(X), Y).backward()
        optimizer.step()


def scripted():
    model = torch.jit.script(net())
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        functional.mse_loss(model(X), Y).backward()
        optimizer.step()


def bare_except():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(STEPS):
        try:
            optimizer.zero_grad()
            ((model(X) - Y) ** 2).mean().backward()
            optimizer.step()
        except:  # noqa: E722, PERF203
            pass


def three_steps():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(3):
        optimizer.zero_grad()
        functional.mse_loss(model(X), Y).backward()
        optimizer.step()


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
