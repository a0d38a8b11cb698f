"""The ways in which people write PyTorch training, and the facts that a careful reader finds in each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.facts import idioms
from tests.facts.idioms import CLASSIFY, FIT, LOOP, MODEL, NET, SGD, TENSORS, check, runs

IDIOMS: list[tuple[str, str, dict[str, Any]]] = []


def idiom(name: str, *parts: str, **expected: Any) -> None:
    IDIOMS.append(idioms.idiom(name, *parts, **expected))


idiom("plain loop", TENSORS, MODEL, SGD, LOOP, **FIT, steps=6, scale="standardized", activation="linear")
idiom(
    "functions called with (args, model, device, loader, optimizer, epoch)",
    NET,
    """
    def train(args, model, device, train_loader, optimizer, epoch):
        model.train()
        for batch_idx, (data, target) in enumerate(train_loader):
            data, target = data.to(device), target.to(device)
            optimizer.zero_grad()
            output = model(data)
            loss = F.nll_loss(output, target)
            loss.backward()
            optimizer.step()

    def test(model, device, test_loader):
        model.eval()
        with torch.no_grad():
            for data, target in test_loader:
                F.nll_loss(model(data.to(device)), target.to(device), reduction="sum").item()

    def main():
        parser = argparse.ArgumentParser()
        parser.add_argument("--batch-size", type=int, default=64)
        parser.add_argument("--epochs", type=int, default=14)
        parser.add_argument("--lr", type=float, default=1.0)
        parser.add_argument("--gamma", type=float, default=0.7)
        parser.add_argument("--no-cuda", action="store_true", default=False)
        args = parser.parse_args()
        use_cuda = not args.no_cuda and torch.cuda.is_available()
        device = torch.device("cuda" if use_cuda else "cpu")
        train_kwargs = {"batch_size": args.batch_size}
        if use_cuda:
            train_kwargs.update({"num_workers": 1, "shuffle": True})
        transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
        first = datasets.MNIST("data", train=True, transform=transform)
        second = datasets.MNIST("data", train=False, transform=transform)
        train_loader = DataLoader(first, **train_kwargs)
        test_loader = DataLoader(second, batch_size=1000)
        model = Net().to(device)
        optimizer = optim.Adadelta(model.parameters(), lr=args.lr)
        scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=args.gamma)
        for epoch in range(1, args.epochs + 1):
            train(args, model, device, train_loader, optimizer, epoch)
            test(model, device, test_loader)
            scheduler.step()

    if __name__ == "__main__":
        main()
    """,
    optimizer="adadelta", rate=1.0, origin="argument-default", loss="nll", batch=64, batch_origin="argument-default", epochs=14,
    steps=938, scale="standardized", known="typical", activation="log_softmax", schedule="step",
)  # fmt: skip
idiom(
    "default rate of Adam",
    TENSORS,
    MODEL,
    "optimizer = optim.Adam(model.parameters())\n",
    LOOP,
    optimizer="adam",
    rate=0.001,
    origin="default",
)
idiom(
    "keyword dict from a branch",
    MODEL,
    """
    x, y = torch.randn(96, 4), torch.randn(96, 1)
    extra = {"num_workers": 1} if torch.cuda.is_available() else {}
    loader = DataLoader(TensorDataset(x, y), batch_size=16, **extra)
    """,
    SGD, LOOP, **FIT,
)  # fmt: skip
idiom(
    "dict config",
    TENSORS, MODEL,
    """
    config = {"optimizer": {"lr": 0.05, "momentum": 0.9}, "epochs": 7}
    optimizer = optim.SGD(model.parameters(), **config["optimizer"])
    """,
    LOOP, optimizer="sgd", rate=0.05, momentum=0.9, epochs=7,
)  # fmt: skip
idiom(
    "dataclass config",
    """
    from dataclasses import dataclass
    @dataclass
    class Config:
        lr: float = 3e-4
        batch_size: int = 8
        epochs: int = 2
    """,
    MODEL,
    """
    config = Config(batch_size=24)
    loader = DataLoader(TensorDataset(torch.randn(96, 4), torch.randn(96, 1)), batch_size=config.batch_size)
    optimizer = optim.AdamW(model.parameters(), lr=config.lr)
    """,
    LOOP, optimizer="adamw", rate=3e-4, batch=24,
)  # fmt: skip
idiom(
    "dataclass config from a file",
    """
    import yaml
    from dataclasses import dataclass
    @dataclass
    class Config:
        lr: float = 3e-4
    config = Config(**yaml.safe_load(open("config.yaml")))
    """,
    TENSORS, MODEL, "optimizer = optim.AdamW(model.parameters(), lr=config.lr)\n", LOOP, optimizer="adamw", rate=None,
)  # fmt: skip
idiom(
    "settings that are passed on are not the defaults",
    """
    def build(model, **kwargs):
        return optim.SGD(model.parameters(), **kwargs)
    import json
    """,
    TENSORS, MODEL, "optimizer = build(model, **json.load(open('o.json')))\n", LOOP, optimizer="sgd", rate=None,
)  # fmt: skip
idiom(
    "class-based trainer",
    """
    class Trainer:
        def __init__(self, model, loader, lr):
            self.model, self.loader = model, loader
            self.optimizer = optim.SGD(self.model.parameters(), lr=lr)
            self.criterion = nn.MSELoss()
        def _step(self, batch):
            inputs, targets = batch
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(inputs), targets)
            loss.backward()
            self.optimizer.step()
        def fit(self, epochs):
            for _ in range(epochs):
                for batch in self.loader:
                    self._step(batch)
    """,
    TENSORS, MODEL, "Trainer(model, loader, 0.1).fit(7)\n", **FIT,
)  # fmt: skip
idiom(
    "model from a function",
    "def build():\n    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())\n",
    TENSORS,
    "model = build()\n",
    SGD,
    LOOP,
    **FIT,
    activation="sigmoid",
)
idiom(
    "loaders from a function",
    """
    def loaders(batch_size=16):
        made = DataLoader(TensorDataset(torch.randn(96, 4), torch.randn(96, 1)), batch_size=batch_size)
        return made, made
    loader, _ = loaders()
    """,
    MODEL, SGD, LOOP, **FIT,
)  # fmt: skip
idiom(
    "optimizer by name",
    TENSORS,
    MODEL,
    'optimizer = getattr(optim, "RMSprop")(model.parameters(), lr=0.01)\n',
    LOOP,
    optimizer="rmsprop",
    rate=0.01,
)
idiom(
    "optimizer from a dict of classes",
    TENSORS,
    MODEL,
    'optimizer = {"sgd": optim.SGD, "adam": optim.Adam}["sgd"](model.parameters(), lr=0.1)\n',
    LOOP,
    **FIT,
)
idiom(
    "optimizer by an unknown name",
    TENSORS,
    MODEL,
    "import os\noptimizer = getattr(optim, os.environ['O'])(model.parameters(), lr=0.1)\n",
    LOOP,
    optimizer=None,
    rate=None,
    batch=16,
    runs=1,
)
idiom(
    "network by name from a module",
    """
    import torchvision.models as models
    model = models.__dict__["resnet18"](num_classes=10)
    loader = DataLoader(datasets.ImageFolder("train", transforms.Compose([
        transforms.RandomResizedCrop(224), transforms.ToTensor(),
        transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])])), batch_size=256)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)
    for epoch in range(90):
        for images, target in loader:
            loss = criterion(model(images), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    """,
    optimizer="sgd", rate=0.1, momentum=0.9, loss="cross_entropy", batch=256, epochs=90, scale="standardized", known="declared",
)  # fmt: skip
FLAT = "model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\n"
for name, dataset, scale in (
    ("bytes become fractions", 'datasets.MNIST("d", transform=transforms.ToTensor())', "unit"),
    ("normalised to -1..1", 'datasets.CIFAR10("d", transform=transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))]))', "unit"),
    ("FashionMNIST standardised", 'datasets.FashionMNIST("d", transform=transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.2860,), (0.3530,))]))', "standardized"),
    ("CIFAR standardised", 'datasets.CIFAR10("d", transform=transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))]))', "standardized"),
    ("fractions times 255", 'datasets.MNIST("d", transform=transforms.Compose([transforms.ToTensor(), transforms.Lambda(lambda x: x.mul(255))]))', "byte"),
):  # fmt: skip
    idiom(
        name,
        f"loader = DataLoader({dataset}, batch_size=50)\n",
        FLAT,
        SGD,
        CLASSIFY,
        scale=scale,
        batch=50,
        loss="cross_entropy",
        activation="linear",
    )


@pytest.mark.parametrize(("script", "expected"), [one[1:] for one in IDIOMS], ids=[one[0] for one in IDIOMS])
def test_idiom(script: str, expected: dict[str, Any]) -> None:
    check(runs(script), expected)
