"""Small trainings of every kind of model and loss. Run with the names of the kinds to train; each is one run of the probe."""

import sys

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

STEPS = 80


def train(model, loss, optimizer, steps=STEPS):
    for _ in range(steps):
        optimizer.zero_grad()
        loss(model).backward()
        optimizer.step()


def randn(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.recurrent = kind(6, 12, num_layers=2, dropout=0.2, batch_first=True)
        self.head = nn.Linear(12, 1)

    def forward(self, x):
        return self.head(self.recurrent(x)[0][:, -1])


def recurrent(kind):
    torch.manual_seed(0)
    model = Recurrent(kind)
    x, y = randn(16, 9, 6), randn(16, 1, seed=2)
    train(model, lambda net: functional.mse_loss(net(x), y), torch.optim.SGD(model.parameters(), lr=0.05))


def lstm():
    recurrent(nn.LSTM)


def gru():
    recurrent(nn.GRU)


def attention():
    torch.manual_seed(0)
    project, head = nn.Linear(8, 24), nn.Linear(8, 1)
    model = nn.ModuleList([project, head])
    x, y = randn(8, 5, 8), randn(8, 5, 1, seed=2)

    def loss(_):
        q, k, v = project(x).view(8, 5, 3, 2, 4).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(8, 5, 8)
        return functional.mse_loss(head(mixed), y)

    train(model, loss, torch.optim.SGD(model.parameters(), lr=0.05))


def encoder():
    torch.manual_seed(0)
    model = nn.Sequential(nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True), nn.Linear(8, 1))
    x, y = randn(8, 5, 8), randn(8, 5, 1, seed=2)
    train(model, lambda net: functional.mse_loss(net(x), y), torch.optim.AdamW(model.parameters(), lr=1e-3))


def convolutional():
    """Batches from a loader with workers' order, batch normalisation, dropout, max pooling."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(36, 3)
    )
    loader = DataLoader(TensorDataset(randn(96, 1, 8, 8), torch.arange(96) % 3), batch_size=16, shuffle=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    for _ in range(STEPS // 6):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            for x, y in loader:
                criterion(model(x), y)


def slices():
    """Batches cut from arrays by random indices, a loss written out by hand."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Dropout(0.2), nn.Linear(16, 1))
    x, y = randn(256, 8), randn(256, 1, seed=2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(STEPS):
        rows = torch.randint(0, 256, (32,))
        optimizer.zero_grad()
        ((model(x[rows]) - y[rows]) ** 2).mean().backward()
        optimizer.step()


def gan():
    torch.manual_seed(0)
    generator = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
    discriminator = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    of_d = torch.optim.Adam(discriminator.parameters(), lr=2e-4, betas=(0.5, 0.999))
    of_g = torch.optim.Adam(generator.parameters(), lr=1e-4, betas=(0.5, 0.999))
    criterion = nn.BCEWithLogitsLoss()
    real = randn(32, 2) + 2
    for _ in range(STEPS):
        of_d.zero_grad()
        fake = generator(torch.randn(32, 4))
        criterion(discriminator(real), torch.ones(32, 1)).backward()
        criterion(discriminator(fake.detach()), torch.zeros(32, 1)).backward()
        of_d.step()
        of_g.zero_grad()
        criterion(discriminator(fake), torch.ones(32, 1)).backward()
        of_g.step()


def ctc():
    """No second derivative in PyTorch: finite differences."""
    torch.manual_seed(0)
    model = nn.LSTM(5, 4)
    x, y = randn(12, 3, 5), torch.tensor([[1, 2], [2, 3], [1, 3]])
    lengths, sizes = torch.full((3,), 12), torch.full((3,), 2)
    train(
        model,
        lambda net: functional.ctc_loss(net(x)[0].log_softmax(-1), y, lengths, sizes),
        torch.optim.SGD(model.parameters(), lr=0.05),
        steps=120,
    )


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 2 * x * gradient


def once():
    """A custom operation whose second derivative would silently be zero."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    x, y = randn(32, 3), randn(32, 1, seed=2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    train(model, lambda net: Square.apply(net(x) - y).mean(), optimizer, steps=120)


def regression():
    """What `once` would be with an ordinary operation."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    x, y = randn(32, 3), randn(32, 1, seed=2)
    train(model, lambda net: functional.mse_loss(net(x), y), torch.optim.SGD(model.parameters(), lr=0.01))


def sparse():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(20, 6, sparse=True), nn.Flatten(), nn.Linear(24, 2))
    x, y = torch.arange(40).view(10, 4) % 20, torch.arange(10) % 2
    train(model, lambda net: functional.cross_entropy(net(x), y), torch.optim.SGD(model.parameters(), lr=0.05))


def bag():
    torch.manual_seed(0)
    model = nn.Sequential(nn.EmbeddingBag(20, 6), nn.Linear(6, 2))
    x, y = torch.arange(40).view(10, 4) % 20, torch.arange(10) % 2
    train(model, lambda net: functional.cross_entropy(net(x), y), torch.optim.SGD(model.parameters(), lr=0.05), steps=120)


def sick():
    """Dead units, a constant column, a frozen layer, an unused one, raw pixels."""
    torch.manual_seed(0)
    first, second, unused = nn.Linear(6, 10), nn.Linear(10, 3), nn.Linear(2, 2)
    with torch.no_grad():
        first.bias[:4] = -5000.0
    model = nn.ModuleList([first, second, unused])
    x = randn(32, 6).abs() * 255
    x[:, 2] = 7
    y = torch.arange(32) % 3
    train(
        model,
        lambda _: functional.cross_entropy(second(functional.relu(first(x))), y),
        torch.optim.Adam(model.parameters(), lr=1e-3),
    )


def complex_weights():
    weight = torch.zeros(3, dtype=torch.complex64, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    train(weight, lambda one: ((one - 1).abs() ** 2).sum(), optimizer)


def half():
    """Weights in bfloat16: double backward works, differences would not."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1)).bfloat16()
    x, y = randn(32, 8).bfloat16(), randn(32, 1, seed=2).bfloat16()
    train(model, lambda net: functional.mse_loss(net(x), y), torch.optim.SGD(model.parameters(), lr=0.01))


def whole():
    """What `half` would be in single precision."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
    x, y = randn(32, 8), randn(32, 1, seed=2)
    train(model, lambda net: functional.mse_loss(net(x), y), torch.optim.SGD(model.parameters(), lr=0.01))


def not_finite():
    model = nn.Linear(3, 1)
    x = randn(32, 3)
    x[0, 0] = float("nan")
    train(model, lambda net: net(x).square().mean(), torch.optim.SGD(model.parameters(), lr=0.01))


def not_zeroed():
    """Gradients pile up: zero_grad was forgotten."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    x, y = randn(32, 3), randn(32, 1, seed=2)
    for _ in range(STEPS):
        functional.mse_loss(model(x), y).backward()
        optimizer.step()


def no_backward():
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(20):
        optimizer.step()


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
