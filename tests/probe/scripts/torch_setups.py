"""Six architectures with three optimizers each, trained one after the other; small enough for a dense Hessian."""

import sys

import torch
from torch import nn
from torch.nn import functional

OPTIMIZERS = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.01),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.9),
    "adam": lambda parameters: torch.optim.Adam(parameters, lr=1e-3),
}


def randn(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def labels(rows, classes):
    return torch.arange(rows) % classes


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.recurrent, self.head = nn.LSTM(3, 5, batch_first=True), nn.Linear(5, 1)

    def forward(self, x):
        return self.head(self.recurrent(x)[0][:, -1])


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.block, self.head = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0, batch_first=True), nn.Linear(4, 1)

    def forward(self, x):
        return self.head(self.block(x)).squeeze(-1)


def mlp():
    net = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 10), nn.ReLU(), nn.Linear(10, 3))
    return net, randn(32, 6, seed=1), labels(32, 3), functional.cross_entropy


def cnn():
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(3, 4, 2), nn.Tanh(), nn.Flatten(), nn.Linear(16, 3)
    )
    return net, randn(16, 1, 8, 8, seed=2), labels(16, 3), functional.cross_entropy


def lstm():
    return Lstm(), randn(12, 6, 3, seed=3), randn(12, 1, seed=4), functional.mse_loss


def transformer():
    return Block(), randn(8, 5, 4, seed=5), randn(8, 5, seed=6), functional.mse_loss


def autoencoder():
    net = nn.Sequential(nn.Linear(8, 5), nn.Tanh(), nn.Linear(5, 2), nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 8), nn.Sigmoid())
    x = torch.sigmoid(randn(24, 8, seed=7))
    return net, x, x, functional.binary_cross_entropy


def discriminator():
    net = nn.Sequential(nn.Linear(4, 12), nn.LeakyReLU(0.2), nn.Linear(12, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Flatten(0))
    x = torch.cat([randn(16, 4, seed=8) + 2, 0.1 * randn(16, 4, seed=9)])
    return net, x, (torch.arange(32) < 16).double(), functional.binary_cross_entropy_with_logits


def setup(architecture):
    """The model and its data in double precision, as initialised in single precision."""
    torch.manual_seed(0)
    net, x, y, loss = globals()[architecture]()
    return net.double(), x, y, loss


def single(value):
    return value.float() if value.is_floating_point() else value


ARCHITECTURES = ("mlp", "cnn", "lstm", "transformer", "autoencoder", "discriminator")


def main(kinds):
    for architecture in ARCHITECTURES:
        for kind in kinds:
            net, x, y, loss = setup(architecture)
            net, x, y = net.float(), single(x), single(y)
            optimizer = OPTIMIZERS[kind](net.parameters())
            for _ in range(30):
                optimizer.zero_grad()
                loss(net(x), y).backward()
                optimizer.step()


if __name__ == "__main__":
    main(sys.argv[1:])
