"""The ways in which people write PyTorch training, and the facts that a careful reader finds in each."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from tests.interpret.helpers import follow
from trainlint.core import Fact
from trainlint.facts.extract import extract
from trainlint.facts.run import LossFacts, ModelFacts, OptimizerFacts, TrainingRun

IMPORTS = """
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torchvision import datasets, transforms
"""
NET = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(784, 32)
        self.last = nn.Linear(32, 10)
    def forward(self, x):
        x = torch.flatten(x, 1)
        return F.log_softmax(self.last(F.relu(self.first(x))), dim=1)
"""
MNIST = """
transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
train_set = datasets.MNIST("data", train=True, download=True, transform=transform)
train_loader = DataLoader(train_set, batch_size=64, shuffle=True)
"""
TENSORS = """
x, y = torch.randn(96, 4), torch.randn(96, 1)
loader = DataLoader(TensorDataset(x, y), batch_size=16)
"""
MODEL = "model = nn.Linear(4, 1)\n"
LOOP = """
for epoch in range(7):
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(inputs), targets)
        loss.backward()
        optimizer.step()
"""
SGD = "optimizer = optim.SGD(model.parameters(), lr=0.1)\n"
FIT = {"optimizer": "sgd", "rate": 0.1, "origin": "literal", "loss": "mean_squared_error", "batch": 16, "epochs": 7}


def facts(run: TrainingRun) -> dict[str, Any]:
    """What is known of a run, flat; None for what is not."""
    found: dict[str, Any] = {"optimizer": None, "rate": None, "origin": None, "loss": None, "activation": None}
    if isinstance(run.optimizer, OptimizerFacts):
        found["optimizer"] = run.optimizer.name
        found["momentum"] = run.optimizer.momentum.value if isinstance(run.optimizer.momentum, Fact) else None
        found["clip"] = run.optimizer.clip
        if isinstance(run.optimizer.learning_rate, Fact):
            found["rate"] = run.optimizer.learning_rate.value
            found["origin"] = run.optimizer.learning_rate.origin.value
    if isinstance(run.loss, LossFacts):
        found["loss"], found["reduction"] = run.loss.name, run.loss.reduction
    if isinstance(run.model, ModelFacts):
        found["activation"] = run.model.output_activation
    found["batch"] = run.batch_size.value if isinstance(run.batch_size, Fact) else None
    found["batch_origin"] = run.batch_size.origin.value if isinstance(run.batch_size, Fact) else None
    found["epochs"] = run.epochs.value if isinstance(run.epochs, Fact) else None
    found["steps"] = run.steps_per_epoch.value if isinstance(run.steps_per_epoch, Fact) else None
    found["scale"], found["known"] = run.inputs.scale, run.inputs.known
    found["schedule"] = run.schedule.name if run.schedule is not None else None
    return found


def runs(script: str) -> tuple[TrainingRun, ...]:
    return extract(follow(script)).runs


IDIOMS: list[tuple[str, str, dict[str, Any]]] = []


def idiom(name: str, *parts: str, **expected: Any) -> None:
    IDIOMS.append((name, IMPORTS + "\n".join(dedent(part) for part in parts), expected))


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
CLASSIFY = """
for epoch in range(2):
    for images, labels in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
"""
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
idiom(
    "two optimizers of a GAN",
    """
    class Discriminator(nn.Module):
        def __init__(self, ngpu):
            super().__init__()
            self.ngpu = ngpu
            self.main = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
        def forward(self, x):
            if x.is_cuda and self.ngpu > 1:
                out = nn.parallel.data_parallel(self.main, x, range(self.ngpu))
            else:
                out = self.main(x)
            return out.view(-1, 1).squeeze(1)
    real = DataLoader(TensorDataset(torch.randn(64, 8)), batch_size=16)
    netD, netG = Discriminator(1), nn.Sequential(nn.Linear(2, 8), nn.Tanh())
    criterion = nn.BCELoss()
    optimizerD = optim.Adam(netD.parameters(), lr=0.0002, betas=(0.5, 0.999))
    optimizerG = optim.Adam(netG.parameters(), lr=0.0001, betas=(0.5, 0.999))
    for epoch in range(25):
        for i, (data,) in enumerate(real):
            netD.zero_grad()
            label = torch.full((data.size(0),), 1.0)
            errD_real = criterion(netD(data), label)
            errD_real.backward()
            fake = netG(torch.randn(data.size(0), 2))
            label.fill_(0.0)
            errD_fake = criterion(netD(fake.detach()), label)
            errD_fake.backward()
            optimizerD.step()
            netG.zero_grad()
            label.fill_(1.0)
            errG = criterion(netD(fake), label)
            errG.backward()
            optimizerG.step()
    """,
    runs=2, optimizer="adam", rate=0.0002, loss="binary_crossentropy", activation="sigmoid", epochs=25,
)  # fmt: skip
idiom(
    "closure of LBFGS",
    """
    x, y = torch.randn(32, 4), torch.randn(32, 1)
    model, criterion = nn.Linear(4, 1), nn.MSELoss()
    optimizer = optim.LBFGS(model.parameters(), lr=0.8)
    for i in range(15):
        def closure():
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            return loss
        optimizer.step(closure)
    """,
    optimizer="lbfgs", rate=0.8, loss="mean_squared_error", epochs=15, steps=1, batch=32,
)  # fmt: skip
for name, made, schedule in (
    ("StepLR", "StepLR(optimizer, 10)", "step"),
    ("CosineAnnealingLR", "CosineAnnealingLR(optimizer, T_max=7)", "cosine"),
    ("ReduceLROnPlateau", 'ReduceLROnPlateau(optimizer, "min")', "reduce_on_plateau"),
):
    idiom(
        f"schedule {name} every epoch",
        TENSORS,
        MODEL,
        SGD,
        f"scheduler = optim.lr_scheduler.{made}\n",
        LOOP.rstrip() + f"\n    scheduler.step({'loss' if name.startswith('Reduce') else ''})\n",
        **FIT,
        schedule=schedule,
    )
idiom(
    "one-cycle schedule every batch",
    TENSORS,
    MODEL,
    SGD,
    "scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.5, total_steps=42, div_factor=25)\n",
    LOOP.rstrip() + "\n        scheduler.step()\n",
    optimizer="sgd",
    rate=0.02,
    origin="schedule",
    schedule="one_cycle",
)
idiom(
    "mixed precision",
    TENSORS, MODEL, SGD,
    """
    scaler = torch.cuda.amp.GradScaler()
    for epoch in range(7):
        for inputs, targets in loader:
            optimizer.zero_grad(set_to_none=True)
            with torch.autocast(device_type="cuda", dtype=torch.float16):
                loss = F.mse_loss(model(inputs), targets)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
    """,
    **FIT, clip=("global_norm", 1.0),
)  # fmt: skip
idiom(
    "with or without mixed precision is one run",
    "import os\n", TENSORS, MODEL, SGD,
    """
    use_amp = "AMP" in os.environ
    scaler = torch.cuda.amp.GradScaler(enabled=use_amp)
    for epoch in range(7):
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = F.mse_loss(model(inputs), targets)
            if use_amp:
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
            else:
                loss.backward()
                optimizer.step()
    """,
    runs=1, optimizer="sgd", rate=0.1, loss="mean_squared_error",
)  # fmt: skip
idiom(
    "spawned processes",
    """
    import torch.multiprocessing as mp
    from torch.nn.parallel import DistributedDataParallel as DDP
    def main(rank, world_size, epochs, batch_size):
        loader = DataLoader(TensorDataset(torch.randn(96, 4), torch.randn(96, 1)), batch_size=batch_size)
        model = DDP(nn.Linear(4, 1).to(rank), device_ids=[rank])
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for epoch in range(epochs):
            for inputs, targets in loader:
                optimizer.zero_grad()
                F.mse_loss(model(inputs.to(rank)), targets.to(rank)).backward()
                optimizer.step()
    if __name__ == "__main__":
        mp.spawn(main, args=(torch.cuda.device_count(), 7, 16), nprocs=2)
    """,
    **FIT, runs=1,
)  # fmt: skip
idiom(
    "processes started by hand",
    """
    import torch.multiprocessing as mp
    def train(rank, lr, model):
        x, y = torch.randn(96, 4), torch.randn(96, 1)
        optimizer = optim.SGD(model.parameters(), lr=lr)
        for _ in range(3):
            optimizer.zero_grad()
            F.mse_loss(model(x), y).backward()
            optimizer.step()
    """,
    MODEL,
    """
    process = mp.Process(target=train, args=(0, 0.1, model))
    process.start()
    process.join()
    """,
    optimizer="sgd", rate=0.1, epochs=3, batch=96, runs=1,
)  # fmt: skip
for name, wrapped in (
    ("torch.compile", "torch.compile(model)"),
    ("DataParallel", "nn.DataParallel(model).cuda()"),
    ("FSDP", "torch.distributed.fsdp.FullyShardedDataParallel(model)"),
    ("jit.script", "torch.jit.script(model)"),
):
    idiom(f"wrapped by {name}", TENSORS, MODEL, f"model = {wrapped}\n", SGD, LOOP, **FIT, activation="linear")
idiom(
    "fully_shard in place",
    "from torch.distributed.fsdp import fully_shard\n",
    TENSORS,
    MODEL,
    "fully_shard(model)\n",
    SGD,
    LOOP,
    **FIT,
    activation="linear",
)
idiom(
    "update by hand with add_",
    MODEL,
    """
    x, y, lr = torch.randn(32, 4), torch.randn(32, 1), 0.25
    for _ in range(40):
        model.zero_grad()
        F.mse_loss(model(x), y).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        for p in model.parameters():
            p.data.add_(p.grad, alpha=-lr)
    """,
    optimizer="sgd", rate=0.25, loss="mean_squared_error", epochs=40,
)  # fmt: skip
idiom(
    "update by hand under no_grad",
    """
    x, y = torch.randn(32, 4), torch.randn(32, 1)
    w = torch.zeros(4, 1, requires_grad=True)
    for _ in range(40):
        loss = ((x @ w - y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= 0.01 * w.grad
            w.grad.zero_()
    """,
    optimizer="sgd", rate=0.01, loss="mean_squared_error", epochs=40, batch=32,
)  # fmt: skip
idiom(
    "policy gradient",
    """
    import gymnasium as gym
    from collections import deque
    env = gym.make("CartPole-v1")
    class Policy(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 2)
            self.saved, self.rewards = [], []
        def forward(self, x):
            return F.softmax(self.layer(x), dim=1)
    policy = Policy()
    optimizer = optim.Adam(policy.parameters(), lr=1e-2)
    def finish():
        returns = deque()
        for r in policy.rewards[::-1]:
            returns.appendleft(r)
        losses = [-p * r for p, r in zip(policy.saved, returns)]
        optimizer.zero_grad()
        loss = torch.cat(losses).sum()
        loss.backward()
        optimizer.step()
    def main():
        while True:
            state, _ = env.reset()
            policy.saved.append(policy(torch.from_numpy(state).float().unsqueeze(0)))
            finish()
    main()
    """,
    optimizer="adam", rate=0.01, runs=1, epochs=None, batch=None,
)  # fmt: skip
LIGHTNING = """
import pytorch_lightning as pl
class Regressor(pl.LightningModule):
    def __init__(self, lr=0.02):
        super().__init__()
        self.save_hyperparameters()
        self.layer = nn.Linear(4, 1)
    def forward(self, x):
        return self.layer(x)
    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.mse_loss(self(x), y)
        self.log("loss", loss)
        return loss
    def configure_optimizers(self):
        optimizer = optim.Adam(self.parameters(), lr=self.hparams.lr)
        return {"optimizer": optimizer, "lr_scheduler": optim.lr_scheduler.StepLR(optimizer, 5)}
"""
idiom(
    "Lightning",
    LIGHTNING,
    TENSORS,
    "pl.Trainer(max_epochs=7).fit(Regressor(lr=0.01), loader)\n",
    optimizer="adam",
    rate=0.01,
    loss="mean_squared_error",
    batch=16,
    epochs=7,
    steps=6,
    schedule="step",
    activation="linear",
    runs=1,
)
idiom("Lightning with a data module", LIGHTNING, """
class Data(pl.LightningDataModule):
    def setup(self, stage=None):
        self.data = TensorDataset(torch.randn(96, 4), torch.randn(96, 1))
    def train_dataloader(self):
        return DataLoader(self.data, batch_size=24)
pl.Trainer(max_epochs=3).fit(Regressor(), datamodule=Data())
""", optimizer="adam", rate=0.02, batch=24, epochs=3)  # fmt: skip
idiom(
    "Lightning module that others fit",
    LIGHTNING,
    optimizer="adam",
    rate=0.02,
    origin="argument-default",
    loss="mean_squared_error",
    batch=None,
    epochs=None,
    runs=1,
)
idiom(
    "Accelerate",
    "from accelerate import Accelerator\n", TENSORS, MODEL, SGD,
    """
    accelerator = Accelerator()
    model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
    for epoch in range(7):
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = F.mse_loss(model(inputs), targets)
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    """,
    **FIT, clip=("global_norm", 1.0),
)  # fmt: skip
HUB = "from transformers import AutoModelForSequenceClassification, Trainer, TrainingArguments\nmodel = AutoModelForSequenceClassification.from_pretrained('bert-base-uncased')\n"
idiom(
    "Transformers with defaults",
    HUB,
    "args = TrainingArguments(output_dir='out')\ntrainer = Trainer(model=model, args=args, train_dataset=None)\ntrainer.train()\n",
    optimizer="adamw",
    rate=5e-5,
    origin="default",
    batch=8,
    batch_origin="default",
    epochs=3,
    loss=None,
)
idiom(
    "Transformers with settings",
    HUB,
    "args = TrainingArguments('out', learning_rate=2e-5, per_device_train_batch_size=16, num_train_epochs=4, weight_decay=0.01)\nTrainer(model=model, args=args).train()\n",
    optimizer="adamw",
    rate=2e-5,
    origin="literal",
    batch=16,
    epochs=4,
)
idiom(
    "optimizer of another library",
    "from timm.optim import create_optimizer_v2\n",
    TENSORS,
    MODEL,
    "optimizer = create_optimizer_v2(model, opt='sgd', lr=0.1)\n",
    LOOP,
    optimizer=None,
    rate=None,
    loss="mean_squared_error",
    batch=16,
    epochs=7,
)
idiom(
    "training function that nobody calls",
    """
    def train(model, optimizer, loader):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
    """,
    runs=1, optimizer=None, loss="cross_entropy", batch=None,
)  # fmt: skip
idiom("a schedule alone is no training", "def advance(scheduler):\n    scheduler.step()\n", runs=0)
idiom(
    "evaluation is no training",
    TENSORS,
    MODEL,
    "model.eval()\nwith torch.no_grad():\n    for x, y in loader:\n        F.mse_loss(model(x), y)\n",
    runs=0,
)
idiom(
    "data set of the script's own whose samples are not known",
    """
    class Images(Dataset):
        def __init__(self, files):
            self.files = files
        def __len__(self):
            return len(self.files)
        def __getitem__(self, index):
            return load(self.files[index])
    import glob
    loader = DataLoader(Images(glob.glob("*.png")), batch_size=16)
    """,
    MODEL, SGD, LOOP, **FIT, scale="unknown",
)  # fmt: skip
idiom(
    "batches that are dicts",
    "from datasets import load_dataset\nloader = DataLoader(load_dataset('imdb')['train'], batch_size=16)\n", MODEL, SGD,
    """
    for epoch in range(7):
        for batch in loader:
            batch = {k: v.cuda() for k, v in batch.items()}
            optimizer.zero_grad()
            loss = F.mse_loss(model(batch["x"]), batch["y"])
            loss.backward()
            optimizer.step()
    """,
    **FIT,
)  # fmt: skip
idiom(
    "collated batches",
    """
    def collate(samples):
        xs, ys = zip(*samples)
        return torch.nn.utils.rnn.pad_sequence(xs, batch_first=True), torch.tensor(ys)
    loader = DataLoader(words(), batch_size=16, collate_fn=collate)
    """,
    MODEL, SGD, LOOP, **FIT, scale="unknown",
)  # fmt: skip
idiom(
    "progress bar",
    "from tqdm import tqdm\n",
    TENSORS,
    MODEL,
    SGD,
    LOOP.replace("in loader", "in tqdm(loader, total=6)"),
    **FIT,
    steps=6,
)
idiom(
    "functional pooling and dropout",
    """
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.last = nn.Conv2d(1, 4, 3), nn.Linear(676, 10)
        def forward(self, x):
            x = F.dropout(F.max_pool2d(F.relu(self.conv(x)), 2), training=self.training)
            return self.last(torch.flatten(x, 1))
    model = Net()
    """,
    MNIST, "loader = train_loader\n", SGD, CLASSIFY, scale="standardized", known="typical", activation="linear", batch=64,
)  # fmt: skip
idiom(
    "activation behind a reshaping layer",
    TENSORS,
    "model = nn.Sequential(nn.Linear(4, 6), nn.Sigmoid(), nn.Unflatten(1, (2, 3)))\n",
    SGD,
    LOOP,
    activation="sigmoid",
)
idiom(
    "rate assigned in the loop",
    TENSORS,
    MODEL,
    SGD,
    LOOP.replace(
        "    for inputs", "    for group in optimizer.param_groups:\n        group['lr'] = 0.1 * 0.5 ** epoch\n    for inputs"
    ),
    schedule="assigned",
)
idiom(
    "named tuple of a batch",
    "from collections import namedtuple\nBatch = namedtuple('Batch', ['x', 'y'])\n",
    MODEL,
    "x, y = torch.randn(96, 4), torch.randn(96, 1)\nloader = [Batch(x, y)]\n",
    SGD,
    LOOP.replace("for inputs, targets in loader", "for batch in loader")
    .replace("inputs", "batch.x")
    .replace("targets", "batch.y"),
    optimizer="sgd",
    rate=0.1,
    loss="mean_squared_error",
    batch=96,
)


@pytest.mark.parametrize(("script", "expected"), [one[1:] for one in IDIOMS], ids=[one[0] for one in IDIOMS])
def test_idiom(script: str, expected: dict[str, Any]) -> None:
    expected = dict(expected)
    found = runs(script)
    count = expected.pop("runs", None)
    assert count is None or len(found) == count
    if expected:
        known = facts(found[0])
        assert {name: known.get(name) for name in expected} == expected


def test_there_are_many_idioms() -> None:
    assert len(IDIOMS) >= 40
